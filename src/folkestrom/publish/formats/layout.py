"""Cells laid out as a printed table: rows, columns, headings, notes, in one language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, Final

from folkestrom.model.cells import Cells, code_text
from folkestrom.model.specification import (
    Category,
    Dimension,
    Language,
    Measure,
    TableSpecification,
)

#: What stands for a figure that there is none of, and for one that is not shown.
MISSING: Final = ".."
SUPPRESSED: Final = ":"
#: More measures than this go down instead of across, where there are no more cells than this.
MOST_ACROSS: Final = 6

_CONTENTS: Final = {"en": "Contents", "no": "Innhold"}
_KNOWN: Final = {"en": "As known on {day}", "no": "Slik det var kjent {day}"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of figures.

    Parameters
    ----------
    heading
        Its heading.
    measure
        What its figures count; None where each row has its own measure.
    """

    heading: str
    measure: Measure | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what it is about, and its figures.

    Parameters
    ----------
    labels
        One label a dimension that goes down.
    values
        One figure a column; None where there is none.
    measure
        What its figures count, where that goes by rows.
    """

    labels: tuple[str, ...]
    values: tuple[Any, ...]
    measure: Measure | None = None

    def decimals(self, column: Column) -> int:
        """Decimals of the figure in a column."""
        measure = self.measure or column.measure
        return measure.decimals if measure else 0


@dataclass(frozen=True, slots=True)
class Layout:
    """A table ready to be drawn.

    Parameters
    ----------
    title
        Title.
    known
        What it says of the day on which that was known.
    stubs
        Headings of the label columns.
    columns
        Columns of figures.
    rows
        Rows in order.
    notes
        Footnotes.
    left_out
        Rows that are not shown.
    """

    title: str
    known: str
    stubs: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    left_out: int = 0


def lay_out(cells: Cells, language: Language, most: int | None = None) -> Layout:
    """Arrange cells as their specification says.

    Parameters
    ----------
    cells
        Figures with their specification.
    language
        Language of every text.
    most
        How many rows at most; None: all.
    """
    spec = cells.specification
    if spec.wide is not None and not spec.dimensions and len(spec.wide.measures) > 1:
        return _turned(cells, language)
    across = spec.columns or spec.wide
    if not across and len(spec.measures) > MOST_ACROSS and cells.data.num_rows <= MOST_ACROSS:
        return _turned(cells, language)
    down = tuple(d for d in spec.dimensions if d.id not in spec.columns)
    columns, found, count = _across(cells, language) if spec.columns else _long(cells, language)
    labels = [_Names(dimension, language) for dimension in down]
    rows = tuple(
        Row(tuple(names[code] for names, code in zip(labels, codes, strict=True)), values)
        for codes, values in islice(found, most)
    )
    return Layout(
        title=spec.title.of(language),
        known=_known(spec, language),
        stubs=tuple(dimension.label.of(language) for dimension in down),
        columns=columns,
        rows=rows,
        notes=tuple(note.of(language) for note in spec.footnotes),
        left_out=count - len(rows),
    )


def number_text(value: Any, decimals: int, language: Language) -> str:
    """A figure as it is printed: groups of three, and the language's decimal mark.

    Examples
    --------
    >>> number_text(-3.1, 1, Language.NO), number_text(5391369, 0, Language.EN)
    ('-3,1', '5 391 369')
    >>> number_text(-0.04, 1, Language.EN)
    '0.0'
    """
    if value is None:
        return MISSING
    if value == SUPPRESSED:
        return SUPPRESSED
    text = f"{value:z,.{decimals}f}".replace(",", " ")
    return text.replace(".", ",") if language is Language.NO else text


def headed(spec: TableSpecification, language: Language) -> Iterator[str]:
    """What stands around a table: its title, what was known, its notes."""
    yield spec.title.of(language)
    if known := _known(spec, language):
        yield known
    for number, note in enumerate(spec.footnotes, start=1):
        yield f"{number} {note.of(language)}"


def _known(spec: TableSpecification, language: Language) -> str:
    day, vintage = spec.knowledge_time.of(language), spec.vintage.of(language)
    known = _KNOWN[language.value].format(day=day) if day else ""
    return f"{known} ({vintage})" if known and vintage else known or vintage


def _turned(cells: Cells, language: Language) -> Layout:
    """Few cells of many measures: the measures go down, and the cells across.

    So they do where categories went across and nothing is left that goes down.
    """
    spec = cells.specification
    names = [_Names(dimension, language) for dimension in spec.dimensions]
    found = list(_rows(cells))
    measures, ids = spec.measures, [measure.id for measure in spec.measures]
    if spec.wide is None:
        headings = [" ".join(n[code_text(row[n.dimension.id])] for n in names) for row in found]
        values = [[row[id] for row in found] for id in ids]
    else:
        measures = spec.wide.measures
        headings = [category.of(language) for category in spec.wide.categories]
        values = [[row[id] for row in found for id in ids[n :: len(measures)]]
                  for n in range(len(measures))]  # fmt: skip
    columns = tuple(Column(heading, None) for heading in headings)
    rows = tuple(
        Row((m.label.of(language),), tuple(of), m) for m, of in zip(measures, values, strict=True)
    )
    return Layout(
        title=spec.title.of(language),
        known=_known(spec, language),
        stubs=(_CONTENTS[language.value],),
        columns=columns,
        rows=rows,
        notes=tuple(note.of(language) for note in spec.footnotes),
    )


_Found = tuple[tuple[Column, ...], Iterator[tuple[tuple[str, ...], tuple[Any, ...]]], int]


def _long(cells: Cells, language: Language) -> _Found:
    """Every row as it comes; the measures go across."""
    spec = cells.specification
    columns = tuple(Column(m.label.of(language), m) for m in spec.measures)
    names = [dimension.id for dimension in spec.dimensions]
    measures = [measure.id for measure in spec.measures]
    found = (
        (tuple(code_text(row[name]) for name in names), tuple(row[name] for name in measures))
        for row in _rows(cells)
    )
    return columns, found, cells.data.num_rows


def _across(cells: Cells, language: Language) -> _Found:
    """Some dimensions go across: a column for each combination of their categories."""
    spec = cells.specification
    (measure,) = spec.measures
    categories = [cells.categories(name) for name in spec.columns]
    headings = list(product(*categories))
    dimensions = [spec.dimension(name) for name in spec.columns]
    columns = tuple(
        Column(
            " ".join(
                dimension.printed(category).of(language)
                for dimension, category in zip(dimensions, heading, strict=True)
            ),
            measure,
        )
        for heading in headings
    )
    keys = [tuple(category.code for category in heading) for heading in headings]
    down = [d.id for d in spec.dimensions if d.id not in spec.columns]
    table: dict[tuple[str, ...], dict[tuple[str, ...], Any]] = {}
    for row in _rows(cells):
        place = table.setdefault(tuple(code_text(row[name]) for name in down), {})
        place[tuple(code_text(row[name]) for name in spec.columns)] = row[measure.id]
    none = measure.empty
    found = (
        (codes, tuple(values.get(key, none) for key in keys)) for codes, values in table.items()
    )
    return columns, found, len(table)


def _rows(cells: Cells) -> Iterator[dict[str, Any]]:
    """Rows as dictionaries, with a mark for what must not be shown."""
    if cells.suppressed is None:
        yield from cells.rows()
        return
    names = [measure.id for measure in cells.specification.measures]
    for row, hidden in zip(cells.rows(), cells.suppressed.to_pylist(), strict=True):
        yield row | {n: SUPPRESSED for n in names if hidden and row[n] is None}


class _Names(dict[str, str]):
    """Labels by code, made as they are asked for: there may be thousands of places."""

    def __init__(self, dimension: Dimension, language: Language) -> None:
        super().__init__({c.code: dimension.printed(c).of(language) for c in dimension.categories})
        self.dimension = dimension
        self.language = language

    def __missing__(self, code: str) -> str:
        category = Category(code, self.dimension.labels(code))
        self[code] = self.dimension.printed(category).of(self.language)
        return self[code]
