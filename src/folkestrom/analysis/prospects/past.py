"""Levels of the components in the years that a register knows, as its rates expect them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from folkestrom.analysis.prospects.groups import DURATION, GROUP, durations_of, place
from folkestrom.analysis.rates.events import EVENTS, event_steps
from folkestrom.analysis.rates.occurrence import occurrences
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.engine.steps import compose, parameters_of
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.groups import OPEN_AGE
from folkestrom.projection.stochastic.history import History
from folkestrom.projection.stochastic.past import levels_of_years
from folkestrom.projection.structure import SEXES, Structure
from folkestrom.statistics.periods import Period
from folkestrom.statistics.population import coded, fetch
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.variable import Variable

_YEAR, _SEX, _AGE = VARIABLES["year"], VARIABLES["sex"], VARIABLES["age"]


def history(
    connection: duckdb.DuckDBPyConnection, cells: Structure, rates: Rates, begins: date, end: date,
    known: date,
) -> History:  # fmt: skip
    """Events of each year by those that rates expect of who was there; immigrants as they came.

    Parameters
    ----------
    connection
        An open store.
    cells
        Groups of the projection.
    rates
        Of the projection, of one step.
    begins, end
        The first day that the register knows, and the start of the projection.
    known
        Knowledge date.
    """
    first = begins.year + (begins > date(begins.year, 1, 1))
    years = end.year - first
    if years < 1:
        return History(first, {name: np.zeros(0) for name in ("fertility",)})
    period = Period(date(first, 1, 1), end)
    by = ("year", "sex", "age", GROUP.name, DURATION.name)
    found = occurrences(connection, period, by, "emigration", known_at=known).data
    told = durations_of(cells)
    lived, left = np.zeros((years, *cells.shape)), np.zeros(years)
    frame = found.with_columns(pl.col("sex").cast(pl.String), pl.col(GROUP.name).cast(pl.String))
    for year, sex, age, group, duration, events, days in frame.rows():
        left[year - first] += events
        if sex in SEXES and age is not None:
            at = place(group, duration, told), SEXES.index(sex), min(age, OPEN_AGE)
            lived[(year - first, *at)] += days / DAYS_PER_YEAR
    died = np.zeros((years, len(SEXES), OPEN_AGE + 1))
    for year, sex, age, events in _events(connection, period, "death", (_YEAR, _SEX, _AGE), known):
        if str(sex) in SEXES and age is not None:
            died[year - first, SEXES.index(str(sex)), min(age, OPEN_AGE)] += events
    born, came = (
        _by_year(_events(connection, period, name, (_YEAR,), known), first, years)
        for name in ("childbirth", "immigration")
    )
    return levels_of_years(first, rates, lived, died, born, came, left)


def _events(
    connection: duckdb.DuckDBPyConnection, period: Period, name: str, by: Sequence[Variable],
    known: date,
) -> list[tuple[int, ...]]:  # fmt: skip
    """Events by variables, and how many."""
    steps = event_steps(EVENTS[name], by)
    values = {"start": period.start, "end": period.end, "known_at": known, "known_start": known,
              "known_end": known}  # fmt: skip
    found = fetch(connection, steps, parameters_of(compose(steps), values))
    return pl.DataFrame(coded(found, by, {"events": pa.int64()})).rows()


def _by_year(rows: Sequence[tuple[int, ...]], first: int, years: int) -> Floats:
    found = np.zeros(years)
    for year, events in rows:
        found[year - first] += events
    return found
