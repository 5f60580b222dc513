"""Key figures: those of the newest year, and a place's rates beside the nation's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from folkestrom.app.public.site.blocks import pages
from folkestrom.app.public.site.grids import Grid, Head, Row, grid
from folkestrom.app.public.site.questions import Question, declared
from folkestrom.app.public.site.texts import text
from folkestrom.model.specification import Language
from folkestrom.publish.formats.layout import number_text
from folkestrom.publish.statbank.dataset import SYMBOLS, Published
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.tables.figures import MISSING, SUPPRESSED

_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One figure with the one before it.

    Parameters
    ----------
    code, label
        What it is.
    figure, before
        As they are printed; empty: there was none.
    term
        Whether it is a part of the one above it.
    """

    code: str
    label: str
    figure: str
    before: str = ""
    term: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """The newest national account.

    Parameters
    ----------
    time, before
        Its year, and the one before it.
    question
        What it is asked by.
    figures
        Its terms.
    end
        The population when it ends.
    day
        The day of that.
    front
        Those of the front page.
    """

    time: str
    before: str
    question: Question
    figures: tuple[KeyFigure, ...]
    end: KeyFigure
    day: str
    front: tuple[KeyFigure, ...]


def account(tables: Mapping[str, Published], language: Language) -> Account | None:
    """The newest national account; None: no such table is out.

    Parameters
    ----------
    tables
        The tables that are out.
    language
        Of all texts.
    """
    told = pages()["account"]
    table = tables.get(told["table"])
    if table is None:
        return None
    values = {"Tid": "TOP(2)", "ContentsCode": told["contents"]}
    question = declared(table, {"values": values, "heading": ["ContentsCode"]}, {})
    try:
        asked = question.chosen()
    except Problem:
        return None
    *earlier, newest = grid(table, asked, language).groups[0][1]
    found = {}
    for n, content in enumerate(asked.contents):
        before = earlier[0].cells[n] if earlier else ""
        term = content.code in told["terms"]
        label = content.label.of(language)
        found[content.code] = KeyFigure(content.code, label, newest.cells[n], before, term)
    times = [value.code for value in asked.along[-1].values]
    end = times[-1]
    if end.isdecimal():
        end = text("day-1-january", language, year=int(end) + 1)
    return Account(
        times[-1], times[0] if earlier else "", question,
        tuple(found[code] for code in told["contents"]), found[told["end"]], end,
        tuple(found[code] for code in told["front"]),
    )  # fmt: skip


def rates(tables: Mapping[str, Published], place: str, language: Language) -> Grid | None:
    """Changes of a place per 1,000 of its population, beside the nation's; None: no table has them.

    Parameters
    ----------
    tables
        The tables that are out.
    place
        The place.
    language
        Of all texts.
    """
    told = pages()["rates"]
    table = tables.get(told["table"])
    if table is None:
        return None
    places = [place, pages()["places"]["nation"]]
    values = {"Region": places, "Tid": "TOP(1)", "ContentsCode": [told["base"], *told["contents"]]}
    asked_for = {"values": values, "heading": ["Region", "Tid"]}
    try:
        asked = declared(table, asked_for, {}).chosen()
    except Problem:
        return None
    found = grid(table, asked, language)
    rows = {row.code: row for row in found.groups[0][1]}
    base = rows[told["base"]]
    made = tuple(_rate(rows[code], base, language) for code in told["contents"])
    # The place first, whatever the order of the table.
    turn = found.columns[-1][0].text != _label(table, place, language)
    symbols = {cell for row in made for cell in row.cells} & set(SYMBOLS.values())
    columns = (Head(text("number", language)), Head(text("per-1000", language)))
    heads = found.columns[-1][::-1] if turn else found.columns[-1]
    line = (replace(heads[0], span=2), replace(heads[1], span=2))
    rows_made = tuple(_turned(row) if turn else row for row in made)
    return replace(
        found, columns=(line, columns * 2), groups=(("", rows_made),), symbols=frozenset(symbols),
        units=(),
    )  # fmt: skip


def _label(table: Published, place: str, language: Language) -> str:
    region = table.definition.variables[0]
    return next(v.label.of(language) for v in region.values if v.code == place)


def _rate(row: Row, base: Row, language: Language) -> Row:
    """Each figure, and beside it the rate."""
    cells = []
    for figure, value, of in zip(row.cells, row.values, base.values, strict=True):
        if value is not None and of:
            rate = number_text(_THOUSAND * value / of + 0.0, 1, language)
        else:
            rate = SYMBOLS[SUPPRESSED if SYMBOLS[SUPPRESSED] == figure else MISSING]
        cells += [figure, rate]
    return replace(row, cells=tuple(cells), values=())


def _turned(row: Row) -> Row:
    half = len(row.cells) // 2
    return replace(row, cells=row.cells[half:] + row.cells[:half])
