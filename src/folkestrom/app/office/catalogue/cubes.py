"""Cells of statistics as a table for the public: its definition, and its figures as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise, starmap
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from folkestrom.app.office.catalogue.declared import NATION, Column, Declared, Times
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, code_text
from folkestrom.model.specification import Category, Measure, Text, same
from folkestrom.publish.tables.definition import (
    TIME,
    CodeList,
    Content,
    Definition,
    Group,
    Variable,
)
from folkestrom.publish.tables.figures import MISSING, SUPPRESSED, Figures
from folkestrom.statistics.flows import INTERNAL_IN, INTERNAL_OUT
from folkestrom.statistics.periods import Period
from folkestrom.statistics.record_keys import SUFFIX

_COUNTRY_AS_A_WHOLE: Final = Category(NATION, Text("The whole country", "Hele landet"))
_LEVELS: Final = {
    "county": Text("Counties", "Fylker"),
    "municipality": Text("Municipalities", "Kommuner"),
    "part_of_town": Text("Parts of town", "Bydeler"),
    "basic_unit": Text("Basic units", "Grunnkretser"),
}
_YEAR: Final = Text("year", "år")
_QUARTER: Final = Text("quarter", "kvartal")
_FIRST_OF_JANUARY: Final = same("1.1.")


@dataclass(frozen=True, slots=True)
class Level:
    """Cells of one level of places.

    Parameters
    ----------
    place
        The variable of the places; empty: the nation.
    cells
        The cells.
    """

    place: str
    cells: Cells


def cube(
    declared: Declared, levels: Sequence[Level], times: Sequence[date]
) -> tuple[Definition, Figures, dict[str, NDArray[np.uint32]]]:
    """A table of the cells of all its levels, and the sums of record keys where those have them.

    Parameters
    ----------
    declared
        The table.
    levels
        Its cells, from the nation on.
    times
        The days of its stocks, or where its periods begin and end.
    """
    variables = (
        *(_variable(column, levels) for column in declared.columns),
        _time(declared.timing, times),
    )
    if not all(variable.values for variable in variables):
        raise UsageError(
            "has no cells: nothing that it counts occurred", where="table", value=declared.id,
            next_step="Leave the table out, or take in what it counts",
        )  # fmt: skip
    measures = [m for m in levels[0].cells.specification.measures if m.id in declared.contents]
    spec = levels[-1].cells.specification
    definition = Definition(
        id=declared.id,
        title=declared.title,
        subject=declared.subject,
        subject_label=declared.subject_label,
        variables=variables,
        contents=tuple(_content(declared, measure) for measure in measures),
        resembles=declared.resembles,
        notes=(*declared.notes, *spec.footnotes),
        method=spec.method,
    )
    return definition, *_figures(declared, definition, measures, levels)


def _content(declared: Declared, measure: Measure) -> Content:
    reference = _FIRST_OF_JANUARY if declared.timing == "stock" else Text("Year", "Hele året")
    if declared.timing == "quarter":
        reference = Text("Quarter", "Kvartal")
    # Who moves between municipalities of a county is in none of the county's moves.
    within = measure.id in (INTERNAL_IN.id, INTERNAL_OUT.id)
    adds = measure.empty == 0 and measure.decimals == 0 and not within
    code = declared.contents[measure.id]
    is_stock = declared.timing == "stock" or measure.id.startswith("population_")
    return Content(
        code, measure.label, measure.unit, measure.decimals, "Stock" if is_stock else "Flow",
        reference, adds,
    )  # fmt: skip


def _variable(column: Column, levels: Sequence[Level]) -> Variable:
    if column.levels:
        return _places(column, levels)
    values: dict[str, Category] = {value.code: value for value in column.values}
    for level in levels:
        occur = {code_text(c) for c in pc.unique(level.cells.data[column.of]).to_pylist()}
        for category in level.cells.categories(column.of):
            if category.code in occur:
                code = column.code(category.code)
                values.setdefault(code, Category(code, category.label))
    return Variable(
        column.id, column.label, tuple(values.values()), "", column.eliminated_by,
        column.code_lists,
    )  # fmt: skip


def _places(column: Column, levels: Sequence[Level]) -> Variable:
    """The nation and, by levels, the places that occur; each level is a code list too."""
    values, lists = [_COUNTRY_AS_A_WHOLE], []
    for level in levels:
        if not level.place:
            continue
        found = level.cells.categories(level.place)
        values += found
        groups = tuple(Group(c.code, c.label, (c.code,)) for c in found)
        lists.append(CodeList(f"vs_{_LEVELS[level.place].no}", _LEVELS[level.place], groups))
    return Variable(
        column.id, column.label, tuple(values), "geo", column.eliminated_by, tuple(lists)
    )


def time_code(code: str) -> str:
    """A date or period as statistics banks write it.

    Examples
    --------
    >>> time_code("2021-01-01"), time_code("2020"), time_code("2020Q3"), time_code("2020M02")
    ('2021', '2020', '2020K3', '2020M02')
    """
    return code[:4] if code.endswith("-01-01") else code.replace("Q", "K")


def _time(timing: Times, times: Sequence[date]) -> Variable:
    """Every day or period that was asked for, whether anything occurs in it or not."""
    if timing == "stock":
        codes = [time_code(day.isoformat()) for day in times]
    else:
        codes = [time_code(period.code) for period in starmap(Period, pairwise(times))]
    label = _QUARTER if timing == "quarter" else _YEAR
    return Variable(TIME, label, tuple(Category(c, same(c)) for c in codes), "time")


def _time_column(cells: Cells) -> str:
    return next(d.id for d in cells.specification.dimensions if d.id in ("date", "period"))


def _figures(
    declared: Declared, definition: Definition, measures: Sequence[Measure], levels: Sequence[Level]
) -> tuple[Figures, dict[str, NDArray[np.uint32]]]:
    empty = {m.id: m.empty is None for m in measures}
    values: dict[str, NDArray[Any]] = {
        declared.contents[m.id]: np.zeros(
            definition.shape, np.float64 if m.decimals or empty[m.id] else np.int32
        )
        for m in measures
    }
    keys = {
        declared.contents[m.id]: np.zeros(definition.shape, np.uint32)
        for m in measures
        if m.id + SUFFIX in levels[0].cells.data.column_names
    }
    # What does not occur counts nobody; a rate or a mean of nobody is undefined.
    status = np.full(definition.shape, MISSING if any(empty.values()) else 0, np.uint8)
    for level in levels:
        at = _at(declared, definition, level)
        data = level.cells.data
        reset = np.zeros(len(at), np.uint8)
        if level.cells.suppressed is not None:
            hidden = level.cells.suppressed.to_numpy(zero_copy_only=False)
            reset[hidden] = SUPPRESSED
        for measure in measures:
            column = data[measure.id]
            reset[column.is_null().to_numpy() & (reset == 0)] = MISSING
            numbers = pc.fill_null(column, 0).to_numpy()
            target = values[declared.contents[measure.id]]
            np.add.at(target.reshape(-1), at, numbers.astype(target.dtype))
            if (code := declared.contents[measure.id]) in keys:
                np.add.at(keys[code].reshape(-1), at, data[measure.id + SUFFIX].to_numpy())
        status.reshape(-1)[at] = reset
    return Figures(values, status if status.any() else None), keys


def _at(declared: Declared, definition: Definition, level: Level) -> NDArray[np.intp]:
    """The place of each row among the cells of the table."""
    cells = level.cells
    at: NDArray[np.intp] = np.zeros(cells.data.num_rows, np.intp)
    for column, variable in zip(declared.columns, definition.variables, strict=False):
        of = level.place if column.levels else column.of
        code = str if column.levels else column.code
        at = at * len(variable.values) + _along(cells, of, code, variable)
    time = definition.time
    return at * len(time.values) + _along(cells, _time_column(cells), time_code, time)


def _along(cells: Cells, name: str, code: Any, variable: Variable) -> NDArray[np.intp] | int:
    """The place of each row among the values of one variable."""
    places = {value.code: n for n, value in enumerate(variable.values)}
    if not name:
        return places[NATION]
    column = cells.data[name].combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode("encode")
    of_codes = [places[code(code_text(own))] for own in column.dictionary.to_pylist()]
    along: NDArray[np.intp] = np.array(of_codes, np.intp)[np.asarray(column.indices)]
    return along
