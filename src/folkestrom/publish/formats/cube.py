"""Cells as a cube: every combination of the categories, also those that do not occur.

Formats of statistics banks (JSON-stat, PX) list a cube's figures without their codes, in the order
of its dimensions. A list of rows is none; see `no_cube`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, code_text
from folkestrom.model.specification import Category, Dimension, TableSpecification, Text
from folkestrom.publish.formats.layout import MISSING, SUPPRESSED

#: The formats list empty cells too; more of them than this, and the file serves nobody.
LARGEST: Final = 10_000_000
#: Names of the dimensions of time, and of those of places.
TIMES: Final = frozenset({"date", "period", "year"})
AREAS: Final = frozenset(
    {"county", "municipality", "basic_unit", "first_county", "first_municipality"}
)
#: The dimension of the measures, as statistics banks call it.
CONTENTS: Final = "ContentsCode"
CONTENTS_LABEL: Final = Text("Contents", "Statistikkvariabel")
#: Why a cell has no figure, by the standard symbols of statistics banks.
STATUS: Final = {
    MISSING: Text("Undefined, or not known", "Ikke definert, eller ikke kjent"),
    SUPPRESSED: Text("Not shown, for confidentiality", "Vises ikke, av hensyn til personvernet"),
}
SOURCE: Final = Text("Computed by folkestrom", "Beregnet med folkestrom")

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_TIME_LABELS: Final = {"date": Text("Date", "Dato"), "period": Text("Period", "Periode")}


@dataclass(frozen=True, slots=True)
class Cube:
    """Every cell of a table, in the order of its dimensions; the measures vary fastest.

    Parameters
    ----------
    dimensions
        Those of the table; before them the time of all figures, where no dimension has it.
    categories
        Values of each dimension by its id, in their order.
    values
        The figures; None where there is none.
    status
        Why there is none, by the places of such figures: keys of `STATUS`.
    """

    dimensions: tuple[Dimension, ...]
    categories: dict[str, tuple[Category, ...]]
    values: list[int | float | None]
    status: dict[int, str]


def cube_of(cells: Cells, format: str) -> Cube:
    """Cells as a cube.

    A combination that does not occur counts nobody; what is computed of nobody is undefined there.

    Parameters
    ----------
    cells
        Figures with their specification.
    format
        What it is for, as errors name it.

    Raises
    ------
    UsageError
        The cells are a list, or the cube would be too large.
    """
    spec = cells.specification
    if spec.listing:
        raise no_cube(format)
    own = {d.id: cells.categories(d.id) for d in spec.dimensions}
    dimensions = (*once(spec), *spec.dimensions)
    categories = {d.id: own.get(d.id, d.categories) for d in dimensions}
    cube_size = [*map(len, categories.values()), len(spec.measures)]
    many = int(np.prod(cube_size, dtype=np.int64))
    if many > LARGEST:
        raise UsageError(
            f"would hold {many:,} cells with the empty ones",
            where=format,
            allowed=f"at most {LARGEST:,}",
            next_step="Ask for fewer dimensions, or for --format parquet",
        )
    return Cube(dimensions, categories, *_values(cells, own, cube_size))


def no_cube(format: str) -> UsageError:
    """Why a list is not written: it has no cells by dimensions."""
    return UsageError(
        "holds cells by their dimensions, and this is a list of rows",
        where=format,
        allowed="--format table, json, csv, parquet, xlsx, stata or spss",
        next_step="Ask for --format csv",
    )


def once(spec: TableSpecification) -> tuple[Dimension, ...]:
    """The day or period of all figures as a dimension, where they are not told apart by one."""
    if not spec.time or any(d.id in TIMES for d in spec.dimensions):
        return ()
    id = "date" if _DATE.fullmatch(spec.time) else "period"
    category = Category(spec.time, spec.reference_time)
    return (Dimension(id, _TIME_LABELS[id], (category,)),)


def _values(
    cells: Cells, categories: dict[str, tuple[Category, ...]], size: list[int]
) -> tuple[list[int | float | None], dict[int, str]]:
    """Every cell of the cube, and the status of those without a figure by their places."""
    measures = cells.specification.measures
    place = np.zeros(cells.data.num_rows, np.int64)
    for name, values in categories.items():
        numbers = {category.code: n for n, category in enumerate(values)}
        column = cells.data[name].combine_chunks()
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode("encode")
        codes = [numbers[code_text(code)] for code in column.dictionary.to_pylist()]
        of_rows = np.array(codes, np.int64)[np.from_dlpack(column.indices)]
        place = place * len(values) + of_rows
    empty: list[int | float | None] = [measure.empty for measure in measures]
    cube = empty * int(np.prod(size[:-1], dtype=np.int64))
    for n, measure in enumerate(measures):
        figures = cells.data[measure.id].to_pylist()
        for row, figure in zip(place.tolist(), figures, strict=True):
            cube[row * len(measures) + n] = figure
    hidden = np.zeros(len(cube) // len(measures), np.bool_)
    if cells.suppressed is not None:
        hidden[place] = np.asarray(cells.suppressed.to_numpy(zero_copy_only=False), np.bool_)
    status = {
        at: SUPPRESSED if hidden[at // len(measures)] else MISSING
        for at, value in enumerate(cube)
        if value is None
    }
    return cube, status
