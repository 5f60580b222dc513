"""The parts of a page: each is an answer to a question of the statistics bank, as declared."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from folkestrom.app.public.site.grids import (
    PER_CENT,
    below,
    beside,
    compared,
    largest,
    with_changes,
    with_rates,
)
from folkestrom.app.public.site.questions import Marks, Question, declared
from folkestrom.app.public.site.texts import text
from folkestrom.model.specification import Language
from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.statbank.grid import Grid, grid
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.selection import chosen


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a page.

    Parameters
    ----------
    id
        Its name in the page's address, and of its texts.
    question
        What it shows, as it is asked.
    grid
        Its figures as a table.
    picture
        "chart", "map", or empty: it has none.
    compare
        Whether readers choose what it compares.
    changed
        Whether its figures are computed of those of the question, as changes are.
    """

    id: str
    question: Question
    grid: Grid
    picture: str = ""
    compare: bool = False
    changed: bool = False

    @property
    def table(self) -> Published:
        """The table that its figures are of."""
        return self.question.table

    @property
    def address(self) -> str:
        """Where its picture is, without the language and the form."""
        return f"tables/{self.table.definition.id}/{self.picture}"


@cache
def pages() -> dict[str, Any]:
    """Which tables serve which page."""
    return tomllib.loads(files(__package__).joinpath("pages.toml").read_text("utf-8"))


def blocks(
    name: str,
    tables: Mapping[str, Published],
    language: Language,
    *,
    borders: bool = False,
    **marks: str | tuple[str, ...],
) -> Iterator[Block]:
    """The parts of a page that there are figures for.

    Parameters
    ----------
    name
        The page.
    tables
        The tables that are out.
    language
        Of all texts.
    borders
        Whether there are borders for maps.
    **marks
        What stands for marks such as `{place}`.
    """
    for told in pages()[name]:
        table = tables.get(told["table"])
        if table is None or (told.get("borders") and not borders):
            continue
        try:
            yield _block(table, told, language, marks)
        except Problem:
            # What the table has not, such as a municipality among counties.
            continue


def _block(table: Published, told: Mapping[str, Any], language: Language, marks: Marks) -> Block:
    asked = declared(table, told, marks)
    asked = replace(asked, other={n: codes for n, codes in asked.other.items() if all(codes)})
    other = asked.compared()
    parts = told.get("each", [{"title": "", "values": {}}])
    each = [{**told, **p, "values": told["values"] | p["values"]} for p in parts]
    found = below([
        (text(part["title"], language) if part["title"] else "", one)
        for part in each
        for one in _with_total(table, part, language, marks)
    ])  # fmt: skip
    changes = bool(told.get("changes"))
    if changes:
        found = _changes(found, language)
    codes = [content.code for content in asked.chosen().contents]
    if other is not None:
        found = compared(found, grid(table, other, language))
    if asked.per:
        of = codes.index(asked.per)
        found = with_rates(found, (1 - of, of), PER_CENT, text("per-cent", language), language)
    if "largest" in told:
        column = codes.index(told["rank"]) if "rank" in told else 0
        found = largest(found, told["largest"], told.get("without", ()), column)
    picture = "map" if told.get("map") else "chart" if told.get("chart") else ""
    return Block(told["id"], asked, found, picture, bool(told.get("compare")), changes)


def _with_total(
    table: Published, told: Mapping[str, Any], language: Language, marks: Marks
) -> Iterator[Grid]:
    """The rows, and before them their total where it is told which variable it is over."""
    if over := told.get("total"):
        yield _with_sums(table, _leaving(told, over), language, marks)
    yield _with_sums(table, told, language, marks)


def _with_sums(table: Published, told: Mapping[str, Any], language: Language, marks: Marks) -> Grid:
    """The columns, and before them their sum where it is told which variable it is over."""
    total = text("total", language)
    order = [*(_leaving(told, over) for over in told.get("sums", ())), told]
    grids = []
    for one in order:
        asked = declared(table, one, marks).asked
        grids.append(grid(table, chosen(table.definition, asked), language, total=total))
    if len(grids) == 1:
        return grids[0]
    return beside(grids, [total] * (len(grids) - 1) + [""])


def _leaving(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A question without one of its variables."""
    kept = {n: v for n, v in told["values"].items() if n != name}
    lists = {n: v for n, v in told.get("lists", {}).items() if n != name}
    heading = [n for n in told.get("heading", ()) if n != name]
    return {**told, "values": kept, "lists": lists, "heading": heading or None}


def _changes(found: Grid, language: Language) -> Grid:
    """The newest time, and how it differs from those before it, in per cent."""
    times = [head.text for head in found.columns[-1]]
    newest, *before = reversed(times)
    turned = tuple(
        (above, tuple(replace(row, cells=row.cells[::-1], values=row.values[::-1]) for row in rows))
        for above, rows in found.groups
    )
    headed = replace(found, columns=(found.columns[-1][::-1],), groups=turned)
    names = [text("change", language, first=first, last=newest) for first in before]
    return with_changes(headed, names, language)
