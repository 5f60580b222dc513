"""Levels of the components in the years that a register knows, as its rates expect them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date
from typing import Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from folkestrom.analysis.prospects.by_area import AreaStart, happened, origins_of, residents_of
from folkestrom.analysis.prospects.groups import DURATION, GROUP, durations_of, place
from folkestrom.analysis.rates.events import EVENTS, event_steps
from folkestrom.analysis.rates.occurrence import occurrences
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.engine.steps import compose, parameters_of
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.groups import OPEN_AGE
from folkestrom.projection.start import Start
from folkestrom.projection.stochastic.by_area import AreaFactors
from folkestrom.projection.stochastic.deviations import AreaModel, fit_deviations
from folkestrom.projection.stochastic.history import History
from folkestrom.projection.stochastic.past import levels_of_years
from folkestrom.projection.structure import FEMALE, SEXES, Structure
from folkestrom.statistics.changes import PERIOD
from folkestrom.statistics.flows import BIRTHS, DEATHS, EMIGRATION
from folkestrom.statistics.moves import moves
from folkestrom.statistics.periods import Period
from folkestrom.statistics.population import coded, fetch
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.variable import Variable

_YEAR, _SEX, _AGE = VARIABLES["year"], VARIABLES["sex"], VARIABLES["age"]
#: Components whose factors are drawn towards the nation's; of the others what was counted is taken.
_DRAWN_TO_NATION: Final = ("mortality", "fertility", "emigration", "moves_out")


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


def area_model(
    connection: duckdb.DuckDBPyConnection, begun: Start, parts: AreaStart, begins: date, day: date,
    known: date, steps: int, seed: int,
) -> AreaModel:  # fmt: skip
    """How far areas' levels go from their factors, fitted to the years before the start.

    Parameters
    ----------
    connection
        An open store.
    begun, parts
        What the projection of the nation and of areas starts from.
    begins, day, known
        The first day that the register knows, the start, and the knowledge date.
    steps, seed
        Of draws.

    Raises
    ------
    UsageError
        Too few years.
    """
    first = begins.year + (begins > date(begins.year, 1, 1))
    series: dict[str, list[tuple[Floats, Floats]]] = defaultdict(list)
    periods = [Period(date(year, 1, 1), date(year + 1, 1, 1)) for year in range(first, day.year)]
    frame = pl.DataFrame(moves(connection, periods, ("age", parts.level), known).data)
    coded = frame.with_columns(pl.col(PERIOD.id).cast(pl.String))
    before = residents_of(connection, date(first, 1, 1), known, begun.structure, parts)
    for period in periods:
        after = residents_of(connection, period.end, known, begun.structure, parts)
        origins = origins_of(coded.filter(pl.col(PERIOD.id) == period.code), parts.codes)
        counted = happened(connection, period, known, begun.structure, parts.codes, parts.level)
        lived = (before + after) / 2
        for name, *pair in _year(begun, parts, lived, *counted, origins):
            series[name].append((pair[0], pair[1]))
        before = after
    fitted = {}
    for one in fields(AreaFactors):
        pairs = np.reshape(series[one.name], (-1, 2, len(parts.codes)))
        fitted[one.name] = fit_deviations(
            pairs[:, 0], pairs[:, 1], round(begun.counts.years),
            drawn_to_nation=one.name in _DRAWN_TO_NATION,
        )  # fmt: skip
    return AreaModel(fitted, steps, seed)


def _year(
    begun: Start, parts: AreaStart, lived: Floats, events: dict[str, Floats], came: Floats,
    origins: Floats,
) -> Iterator[tuple[str, Floats, Floats]]:  # fmt: skip
    """Events of a year by area, and those that the nation's rates, or areas' shares, expect."""
    cells, rates, whom = begun.structure, begun.rates, (1, 2, 3)
    women, own = lived[:, :, FEMALE], parts.areas
    yield "mortality", events[DEATHS.id], (lived * rates.mortality[0]).sum(axis=whom)
    yield "fertility", events[BIRTHS.id], (women * rates.fertility[0]).sum(axis=(1, 2))
    yield "emigration", events[EMIGRATION.id], (lived * rates.emigration[0]).sum(axis=whom)
    immigrants = came[:, cells.resident]
    shared = own.immigration[:, cells.resident] @ immigrants.sum(axis=0)
    yield "immigration", immigrants.sum(axis=1), shared
    yield "moves_out", origins.sum(axis=(1, 2)), (lived * parts.moving).sum(axis=whom)
    to = np.einsum("oc,cod->d", origins.sum(axis=1), own.destinations)
    yield "moves_in", origins.sum(axis=(0, 2)), to
