"""What pages compute of printed tables: sums beside them, rates, changes, the largest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from folkestrom.model.specification import Language
from folkestrom.publish.formats.layout import number_text
from folkestrom.publish.statbank.dataset import SYMBOLS
from folkestrom.publish.statbank.grid import Grid, Head, Row
from folkestrom.publish.tables.figures import MISSING, SUPPRESSED


@dataclass(frozen=True, slots=True)
class Rate:
    """How a quotient is written: so many times it, with so many decimals."""

    factor: int
    decimals: int


PER_CENT: Final = Rate(100, 2)
PER_THOUSAND: Final = Rate(1000, 1)


def beside(grids: Sequence[Grid], headings: Sequence[str]) -> Grid:
    """Tables of the same rows as one.

    Parameters
    ----------
    grids
        The tables.
    headings
        What heads those of one column; empty: its own heading.
    """
    first = grids[0]
    columns = [
        (Head(heading),) if heading and len(one.columns[-1]) == 1 else one.columns[-1]
        for one, heading in zip(grids, headings, strict=True)
    ]
    rows = tuple(
        Row(
            same[0].heads,
            tuple(text for row in same for text in row.cells),
            tuple(value for row in same for value in row.values),
            same[0].code,
        )
        for same in zip(*(one.groups[0][1] for one in grids), strict=True)
    )
    symbols = frozenset[str]().union(*(one.symbols for one in grids))
    line = tuple(head for part in columns for head in part)
    return replace(first, columns=(line,), groups=(("", rows),), symbols=symbols)


def compared(first: Grid, second: Grid) -> Grid:
    """Two tables of the same rows and columns, each under what all its figures are of.

    Parameters
    ----------
    first, second
        The tables.
    """
    both = beside([first, second], ["", ""])
    above = tuple(Head(", ".join(one.fixed), len(one.columns[-1])) for one in (first, second))
    return replace(both, columns=(above, both.columns[-1]), fixed=())


def with_rates(
    found: Grid, columns: tuple[int, int], rate: Rate, heading: str, language: Language
) -> Grid:
    """The table, and how much one column is by another.

    Parameters
    ----------
    found
        The table.
    columns
        The column, and the one that it is divided by.
    rate
        How the quotient is written.
    heading
        Of the new column.
    language
        Of all texts.
    """
    what, of = columns

    def rated(row: Row) -> Row:
        value, base = row.values[what], row.values[of]
        if value is None or not base:
            hidden = SYMBOLS[SUPPRESSED] in (row.cells[what], row.cells[of])
            return replace(row, cells=(*row.cells, SYMBOLS[SUPPRESSED if hidden else MISSING]))
        text = number_text(rate.factor * value / base + 0.0, rate.decimals, language)
        return replace(row, cells=(*row.cells, text))

    groups = tuple((above, tuple(map(rated, rows))) for above, rows in found.groups)
    symbols = frozenset(c for _, rows in groups for r in rows for c in r.cells) & frozenset(
        SYMBOLS.values()
    )
    line = (*found.columns[-1], Head(heading))
    return replace(found, columns=(line,), groups=groups, symbols=symbols)


def below(grids: Sequence[tuple[str, Grid]]) -> Grid:
    """Tables of the same columns under each other; those that have the same above them are one.

    Parameters
    ----------
    grids
        What stands above each, and the table.
    """
    found: dict[str, tuple[Row, ...]] = {}
    for above, one in grids:
        found[above] = (*found.get(above, ()), *one.groups[0][1])
    widest = max((one for _, one in grids), key=lambda one: bool(one.stubs[0]))
    symbols = frozenset[str]().union(*(one.symbols for _, one in grids))
    return replace(widest, groups=tuple(found.items()), symbols=symbols)


def largest(found: Grid, many: int, without: Sequence[str] = (), column: int = 0) -> Grid:
    """The rows whose figures in one column are largest.

    Parameters
    ----------
    found
        The table.
    many
        How many rows are kept.
    without
        Codes of rows that are left out first.
    column
        Which column.
    """
    rows, heads = [], [Head("")] * len(found.stubs)
    for row in found.groups[0][1]:
        # What stood above several rows stands in each: they are torn apart.
        heads[len(heads) - len(row.heads) :] = [Head(head.text) for head in row.heads]
        if row.code not in without:
            rows.append(replace(row, heads=tuple(heads)))
    # A hidden figure has no rank: it stands behind all that are shown.

    def size(row: Row) -> float:
        value = row.values[column]
        return -math.inf if value is None else value

    rows.sort(key=size, reverse=True)
    kept = tuple(row for row in rows[:many] if row.values[column] != 0)
    symbols = frozenset(text for row in kept for text in row.cells) & found.symbols
    return replace(
        found, groups=(("", kept),), left_out=len(rows) - len(kept), symbols=symbols
    )  # fmt: skip


def with_changes(found: Grid, headings: Sequence[str], language: Language) -> Grid:
    """The first column, and the per cent by which it differs from each of the others.

    Parameters
    ----------
    found
        The table.
    headings
        Of the columns that the others become.
    language
        Of all texts.
    """
    symbols = set(found.symbols)

    def change(row: Row) -> Row:
        now, *others = row.values
        texts = []
        for before, symbol in zip(others, row.cells[1:], strict=True):
            if now is None or before is None:
                hidden = SYMBOLS[SUPPRESSED] in (symbol, row.cells[0])
                texts.append(SYMBOLS[SUPPRESSED if hidden else MISSING])
            elif before == 0:
                texts.append(SYMBOLS[MISSING])
            else:
                texts.append(number_text(100 * (now - before) / before + 0.0, 1, language))
        symbols.update(set(texts) & set(SYMBOLS.values()))
        return replace(row, cells=(row.cells[0], *texts), values=(now, *[None] * len(others)))

    groups = tuple((above, tuple(map(change, rows))) for above, rows in found.groups)
    line = (found.columns[-1][0], *map(Head, headings))
    return replace(found, columns=(line,), groups=groups, symbols=frozenset(symbols))
