"""Key figures: those of the newest year, and a place's rates beside the nation's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from folkestrom.app.public.site.blocks import pages
from folkestrom.app.public.site.grids import PER_THOUSAND, compared, with_rates
from folkestrom.app.public.site.questions import Question, declared
from folkestrom.app.public.site.texts import text
from folkestrom.model.specification import Language
from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.statbank.grid import Grid, Head, grid
from folkestrom.publish.statbank.problems import Problem


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


@dataclass(frozen=True, slots=True)
class Rates:
    """Changes of a place per 1,000 of its population, beside the nation's.

    Parameters
    ----------
    question
        What they are asked by.
    grid
        The figures and the rates.
    """

    question: Question
    grid: Grid


def rates(tables: Mapping[str, Published], place: str, language: Language) -> Rates | None:
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
    base, contents = told["base"], told["contents"]
    grids = []
    for one in (place, pages()["places"]["nation"]):
        values = {"Region": one, "Tid": "TOP(1)", "ContentsCode": [base, *contents]}
        question = declared(table, {"values": values, "heading": ["Region", "Tid"]}, {})
        try:
            grids.append(_rated(grid(table, question.chosen(), language), base, language))
        except Problem:
            return None
    both = [place, pages()["places"]["nation"]]
    asked = declared(table, {"values": values | {"Region": both}, "heading": ["Region", "Tid"]}, {})
    found = compared(*grids)
    names = (replace(head, text=head.text.partition(", ")[0]) for head in found.columns[0])
    time = tuple(grids[0].fixed[-1:])
    return Rates(asked, replace(found, columns=(tuple(names), found.columns[1]), fixed=time))


def _rated(found: Grid, base: str, language: Language) -> Grid:
    """Each row's figure, and it per 1,000 of the row that all are divided by."""
    rows = {row.code: row for row in found.groups[0][1]}
    of = rows.pop(base)
    made = tuple(
        replace(row, cells=row.cells + of.cells, values=row.values + of.values)
        for row in rows.values()
    )
    number = Head(text("number", language))
    wide = replace(found, columns=((number, number),), groups=(("", made),))
    rated = with_rates(wide, (0, 1), PER_THOUSAND, text("per-1000", language), language)
    line = (rated.columns[-1][0], rated.columns[-1][2])
    kept = tuple(
        replace(row, cells=(row.cells[0], row.cells[2]), values=row.values[:1])
        for row in rated.groups[0][1]
    )
    return replace(rated, columns=(line,), groups=(("", kept),), units=())
