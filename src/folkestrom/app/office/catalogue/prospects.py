"""What a projection needs beside tables that there are: emigrants abroad, and mothers' groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final, TypeVar

import duckdb
import pyarrow as pa

from folkestrom.analysis.abroad.emigrants import emigrant_steps
from folkestrom.analysis.rates.event_rows import births_by_mother
from folkestrom.engine.steps import Step, compose, parameters_of
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.model.specification import Category, Measure, TableSpecification, Text
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.projection.groups import DURATIONS
from folkestrom.statistics.changes import PERIOD
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.flows import BIRTHS, Window, counted_events
from folkestrom.statistics.periods import split
from folkestrom.statistics.population import DATE, Moment, cells, coded, fetch
from folkestrom.statistics.record_keys import names_of_sums, rows_with_keys
from folkestrom.variables.description import EVENT_ROWS, described
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.variable import Variable, needs_of, notes

_Time = TypeVar("_Time")
#: The code of who never immigrated.
_NEVER: Final = "none"
ABROAD: Final = Measure("emigrants", Text("Persons", "Personer"), Text("persons", "personer"))
_METHOD_ABROAD: Final = Text(
    "Persons who have emigrated, and have neither returned nor died as far as the register knew a "
    "month after the date. Who left before the register began is not among them.",
    "Personer som har utvandret, og som verken er kommet tilbake eller døde så langt registeret "
    "visste en måned etter datoen. De som dro før registeret begynte, er ikke med.",
)
_METHOD_BIRTHS: Final = Text(
    "Live births by the mother's immigrant group and completed age at the birth, as known a month "
    "after the year. Births to mothers who are not in the register are not among them.",
    "Levendefødte etter mors innvandrergruppe og fylte alder ved fødselen, slik det var kjent en "
    "måned etter året. Fødsler av mødre som ikke er i registeret, er ikke med.",
)


def duration_code(code: str) -> str:
    """Completed years since immigration; the last is open.

    Examples
    --------
    >>> duration_code("3"), duration_code("27"), duration_code("unknown")
    ('03', '10+', 'none')
    """
    if not code.isdecimal():
        return _NEVER
    return f"{int(code):02}" if int(code) < DURATIONS else f"{DURATIONS}+"


def durations() -> tuple[Category, ...]:
    """Completed years since immigration, and that there is none."""
    years = [Category(duration_code(str(n)), Text(f"{n} years", f"{n} år"))
             for n in range(DURATIONS)]  # fmt: skip
    last = Text(f"{DURATIONS} years or more", f"{DURATIONS} år eller mer")
    never = Text("No immigration in the register", "Ingen innvandring i registeret")
    return (*years, Category(duration_code(str(DURATIONS)), last), Category(_NEVER, never))


def emigrants_abroad(connection: duckdb.DuckDBPyConnection, times: Sequence[date],
                     by: Sequence[str], *, keys: bool = False) -> Cells:  # fmt: skip
    """Emigrants on days, as known at their extractions."""
    known = coverage(connection).knowledge(PUBLISHED, EXTRACTION_MONTHS)

    def counted(day: date, chosen: Sequence[Variable]) -> pa.Table:
        steps = emigrant_steps(chosen, keys=keys)
        return _as(ABROAD, fetch(connection, steps, Moment(day, known.day(day)).parameters))

    made = TableSpecification(
        id="emigrants", title=Text("Emigrants abroad", "Utvandrede i utlandet"),
        dimensions=(DATE,), measures=(ABROAD,), method=_METHOD_ABROAD,
    )  # fmt: skip
    return counted_cells(made, {day: day for day in times}, by, counted, keys=keys)


def births_of_mothers(connection: duckdb.DuckDBPyConnection, times: Sequence[date],
                      by: Sequence[str], *, keys: bool = False) -> Cells:  # fmt: skip
    """Births of years by the mother, as known at their extractions."""
    known = coverage(connection).knowledge(PUBLISHED, EXTRACTION_MONTHS)
    periods = split(times[0], times[-1], "year")

    def counted(end: date, chosen: Sequence[Variable]) -> pa.Table:
        period = next(one for one in periods if one.end == end)
        steps: list[Step] = [counted_events(), births_by_mother().named("flow_rows")]
        steps += described(steps[-1].name, needs_of(chosen), EVENT_ROWS)
        steps += [rows_with_keys(steps[-1].name, events=True)] if keys else []
        steps.append(cells(steps[-1].name, tuple(one.sql for one in chosen), keys=keys))
        window = Window(period.start, period.end, known.day(period.start), known.day(period.end))
        values = window.parameters | {"known_at": window.known_end}
        return _as(BIRTHS, fetch(connection, steps, parameters_of(compose(steps), values)))

    made = TableSpecification(
        id="births", title=Text("Live births", "Levendefødte"), dimensions=(PERIOD,),
        measures=(BIRTHS,), method=_METHOD_BIRTHS,
    )  # fmt: skip
    return counted_cells(made, {one.code: one.end for one in periods}, by, counted, keys=keys)


def _as(measure: Measure, found: pa.Table) -> pa.Table:
    """Counts of persons under the name of a measure."""
    return found.rename_columns(
        [name.replace("persons", measure.id) for name in found.column_names]
    )


def counted_cells(
    made: TableSpecification, times: Mapping[Any, _Time], by: Sequence[str],
    counted: Callable[[_Time, Sequence[Variable]], pa.Table], *, keys: bool,
) -> Cells:  # fmt: skip
    """Counts of all times as one table.

    Parameters
    ----------
    made
        Its specification, with the dimension of times alone.
    times
        What is asked for, by the code of each time.
    by
        Names of variables.
    counted
        The counts of one time, with the variables in columns v0, v1 …
    keys
        With sums of record keys.
    """
    (time,), measures = made.dimensions, [measure.id for measure in made.measures]
    chosen = [VARIABLES[name] for name in by]
    types = dict.fromkeys(measures, pa.int32()) | names_of_sums(measures * keys)
    tables = []
    for code, of in times.items():
        found = coded(counted(of, chosen), chosen, types)
        column = pa.repeat(pa.scalar(code), found.num_rows)
        tables.append(found.add_column(0, time.id, column))
    dimensions = (time, *(one.dimension for one in chosen))
    footnotes = (*made.footnotes, *notes(chosen))
    data = pa.concat_tables(tables).unify_dictionaries()
    return Cells(replace(made, dimensions=dimensions, footnotes=footnotes), data)
