"""Households, families, couples and children of several days at once, as tables for the public.

A household's record is that of its oldest person, a family's and a couple's that of its reference
person: households and families of the same persons have the same record key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.engine.steps import Step, step
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.model.specification import Dimension, Text
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.homes import Population, live
from folkestrom.statistics.households.counted import (
    IN_HOUSEHOLDS,
    KEYS,
    PRIVATE,
    SPECIFICATION,
    UNITS,
    Counted,
)
from folkestrom.statistics.population import DATE, Moment, coded, fetch, residents
from folkestrom.statistics.record_keys import SUFFIX, key_sum, names_of_sums, rows_with_keys
from folkestrom.variables.description import RESIDENTS, described
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.sources import AGE
from folkestrom.variables.variable import Variable, needs_of, notes

#: Which rows count, for each measure.
_CONDITIONS: Final = {
    unit.measure.id: f"({unit.counts}) AND ({unit.among})" for unit in UNITS.values()
} | {IN_HOUSEHOLDS.id: PRIVATE}
_MEASURES: Final = {unit.measure.id: unit.measure for unit in UNITS.values()} | {
    IN_HOUSEHOLDS.id: IN_HOUSEHOLDS
}


@step("unit_cells", example={"source": "residents", "keys": ("sex",), "measures": ("children",)})
def unit_cells(
    source: str, keys: Sequence[str], measures: Sequence[str], *, with_keys: bool = False
) -> str:
    """Units of several sorts by each combination of the variables that occurs among any of them."""
    columns = "".join(f"{sql} AS v{n}, " for n, sql in enumerate(keys))
    places = ", ".join(str(n + 1) for n in range(len(keys)))
    counts = ", ".join(
        f"count(*) FILTER (WHERE {_CONDITIONS[name]}) AS {name}"
        + (f", {key_sum(_CONDITIONS[name])} AS {name}{SUFFIX}" if with_keys else "")
        for name in measures
    )
    some = " OR ".join(f"({_CONDITIONS[name]})" for name in measures)
    return f"""
        SELECT {columns}{counts}
        FROM {source} WHERE {some} {f"GROUP BY {places} ORDER BY {places}" if keys else ""}
    """


def units(
    connection: duckdb.DuckDBPyConnection,
    days: Sequence[date],
    by: Sequence[str],
    counts: Sequence[Counted | str],
    *,
    population: Population = "register",
    keys: bool = False,
) -> Cells:
    """Units of several sorts on days, as published.

    Parameters
    ----------
    connection
        An open store.
    days
        Reference dates.
    by
        Names of variables.
    counts
        What is counted: of `counted.UNITS`, or "private_persons", those in private households.
    population
        Whom it is of; see `population`.
    keys
        With the sum of the record keys beside each count, in a session that has them.
    """
    known = coverage(connection).knowledge(PUBLISHED, EXTRACTION_MONTHS)
    chosen = [VARIABLES[name] for name in by]
    moments = [Moment(day, known.day(day)) for day in days]
    eves = [(moment.day - timedelta(days=1), moment.known_at) for moment in moments]
    steps = _steps(chosen, counts, keys=keys)
    types = dict.fromkeys(counts, pa.int32()) | names_of_sums([*counts] * keys)
    tables = []
    with live(connection, population, eves, amounts=False) as lived:
        for moment in moments:
            found = coded(fetch(connection, steps, moment.parameters), chosen, types)
            dates = pa.repeat(pa.scalar(moment.day, pa.date32()), found.num_rows)
            tables.append(found.add_column(0, DATE.id, dates))
    dimensions: tuple[Dimension, ...] = (DATE, *(variable.dimension for variable in chosen))
    filled = replace(SPECIFICATION, title=Text("", "")).fill(
        when=f"{days[0]} – {days[-1]}", known=str(moments[-1].known_at)
    )
    made = replace(
        filled, dimensions=dimensions, measures=tuple(_MEASURES[name] for name in counts),
        footnotes=(*filled.footnotes, *lived, *notes(chosen)),
    )  # fmt: skip
    return Cells(made, pa.concat_tables(tables).unify_dictionaries())


def _steps(chosen: Sequence[Variable], counts: Sequence[str], *, keys: bool) -> list[Step]:
    steps = [residents()]
    needs = needs_of(chosen)
    steps += described(steps[-1].name, [*needs, KEYS], RESIDENTS)
    if AGE not in needs:
        steps += described(steps[-1].name, [AGE], RESIDENTS)
    steps += [rows_with_keys(steps[-1].name)] if keys else []
    sql = [variable.sql for variable in chosen]
    return [*steps, unit_cells(steps[-1].name, sql, counts, with_keys=keys)]
