"""Cells as the rows and columns of a printed table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from folkestrom.model.specification import Category, Language
from folkestrom.publish.formats.cube import CONTENTS_LABEL
from folkestrom.publish.formats.layout import number_text
from folkestrom.publish.statbank.dataset import SYMBOLS, Published, answered
from folkestrom.publish.statbank.selection import Chosen
from folkestrom.publish.tables.definition import CONTENTS
from folkestrom.publish.tables.figures import MISSING, SUPPRESSED


@dataclass(frozen=True, slots=True)
class Rate:
    """How a quotient is written: so many times it, with so many decimals."""

    factor: int
    decimals: int


PER_CENT: Final = Rate(100, 2)
PER_THOUSAND: Final = Rate(1000, 1)


@dataclass(frozen=True, slots=True)
class Head:
    """One heading, and how many rows or columns it stands for."""

    text: str
    span: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """Headings that begin at a row, its figures as they are printed, and as numbers."""

    heads: tuple[Head, ...]
    cells: tuple[str, ...]
    values: tuple[float | None, ...]
    code: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A printed table.

    Parameters
    ----------
    stubs
        What the headings of rows are.
    columns
        Headings of columns, one line after the other.
    groups
        Rows with what stands above them; mostly one, and nothing above it.
    fixed
        What all figures are of: variables of one value.
    units
        What they count.
    left_out
        Rows that have no room.
    symbols
        Which symbols stand for figures.
    """

    stubs: tuple[str, ...]
    columns: tuple[tuple[Head, ...], ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    fixed: tuple[str, ...]
    units: tuple[str, ...]
    left_out: int = 0
    symbols: frozenset[str] = frozenset()

    @property
    def width(self) -> int:
        """How many columns there are, with those of headings."""
        return len(self.stubs) + sum(head.span for head in self.columns[-1])


def grid(
    table: Published, asked: Chosen, language: Language, *, most: int = 0, total: str = ""
) -> Grid:
    """Cells as rows and columns.

    Parameters
    ----------
    table, asked
        The cells.
    language
        Of all texts.
    most
        The most cells that are shown; 0: all.
    total
        Heading of the row where nothing goes down.
    """
    labels = {one.variable.id: one.values for one in asked.shown}
    labels[CONTENTS] = tuple(Category(c.code, c.label) for c in asked.contents)
    names = {one.variable.id: one.variable.label.of(language) for one in asked.shown}
    names[CONTENTS] = CONTENTS_LABEL.of(language).lower()
    several = {name for name, values in labels.items() if len(values) > 1}
    down = [name for name in asked.stub if name in several]
    across = [name for name in asked.heading if name in several]
    alone = [name for name in (*asked.stub, *asked.heading) if name not in several]

    def size(of: Sequence[str]) -> int:
        return math.prod(len(labels[name]) for name in of)

    rows, width = size(down), max(size(across), 1)
    shown = rows if not most else min(rows, max(1, most // width))
    order = [*down, *across, *alone]
    texts, values = _printed(table, asked, order, language, shown * width)
    printed = tuple(
        Row(
            _heads(down, labels, n, language) or (Head(total),),
            tuple(texts[n * width : (n + 1) * width]),
            tuple(values[n * width : (n + 1) * width]),
            labels[down[-1]][n % len(labels[down[-1]])].code if down else "",
        )
        for n in range(shown)
    )
    return Grid(
        tuple(names[name] for name in down) or ("",),
        tuple(_columns(across, labels, language)) or ((_only(asked, language),),),
        (("", printed),),
        tuple(labels[name][0].label.of(language) for name in alone if name != CONTENTS),
        tuple(dict.fromkeys(c.unit.of(language) for c in asked.contents)),
        rows - shown,
        frozenset(texts) & frozenset(SYMBOLS.values()),
    )


def _only(asked: Chosen, language: Language) -> Head:
    """What heads a single column."""
    return Head(asked.contents[0].label.of(language))


def _printed(
    table: Published, asked: Chosen, order: Sequence[str], language: Language, most: int
) -> tuple[list[str], list[float | None]]:
    """The first figures in that order, as they are printed, and as numbers."""
    own = [CONTENTS, *(one.variable.id for one in asked.shown)]
    axes = [own.index(name) for name in order]
    contents, values, status = zip(*answered(table.figures, asked), strict=True)
    decimals = [np.full(v.shape, c.decimals) for c, v in zip(contents, values, strict=True)]
    # Only what is shown is printed: there may be hundreds of thousands.
    numbers, why, places = (
        np.stack(arrays).transpose(axes).ravel()[:most].tolist()
        for arrays in (values, status, decimals)
    )
    cells = list(zip(numbers, why, places, strict=True))
    texts = [SYMBOLS[s] if s else number_text(v, d, language) for v, s, d in cells]
    return texts, [None if s else v for v, s, _ in cells]


def _heads(
    down: Sequence[str], labels: dict[str, tuple[Category, ...]], n: int, language: Language
) -> tuple[Head, ...]:
    """The headings that begin at a row."""
    heads, span = [], 1
    for name in reversed(down):
        values = labels[name]
        if n % span == 0:
            heads.append(Head(values[n // span % len(values)].label.of(language), span))
        span *= len(values)
    return tuple(reversed(heads))


def _columns(
    across: Sequence[str], labels: dict[str, tuple[Category, ...]], language: Language
) -> list[tuple[Head, ...]]:
    lines, before = [], 1
    after = math.prod(len(labels[name]) for name in across)
    for name in across:
        after //= len(labels[name])
        heads = [Head(value.label.of(language), after) for value in labels[name]]
        lines.append(tuple(heads * before))
        before *= len(heads)
    return lines


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
    rows = [row for row in found.groups[0][1] if row.code not in without]
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
