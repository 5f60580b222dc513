"""What a projection starts from, counted in a store: the population, and events with exposure."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from folkestrom.analysis.abroad.emigrants import emigrant_steps
from folkestrom.analysis.prospects.groups import (
    DURATION,
    GROUP,
    IMMIGRANTS,
    durations_of,
    place,
    structure,
)
from folkestrom.analysis.rates.events import EVENTS, event_steps
from folkestrom.analysis.rates.occurrence import Occurrences, occurrences
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.engine.steps import compose, parameters_of
from folkestrom.model.specification import Measure
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.counts import Counts
from folkestrom.projection.groups import ABROAD, BORN_HERE, DURATIONS, OPEN_AGE
from folkestrom.projection.start import Start
from folkestrom.projection.structure import SEXES, Structure
from folkestrom.statistics.flows import BIRTHS, DEATHS, IMMIGRATION, Window, flows
from folkestrom.statistics.periods import Period
from folkestrom.statistics.population import Moment, coded, fetch, stock_steps
from folkestrom.variables.registry import VARIABLES

_SEX, _AGE = VARIABLES["sex"], VARIABLES["age"]
#: What emigration and person-years are counted by.
_LEAVING: Final = ("sex", "age", GROUP.name, DURATION.name)


def start(
    connection: duckdb.DuckDBPyConnection,
    day: date,
    known: date,
    years: int,
    durations: int = DURATIONS,
    *,
    smooth: bool = False,
) -> Start:
    """The population of a day, and the rates of the years before it.

    Parameters
    ----------
    connection
        An open store.
    day
        The day at whose beginning the projection starts.
    known
        The knowledge date of all of it.
    years
        How many years before it rates are of.
    durations
        Completed years since immigration that immigrants are told apart by.
    smooth
        Whether rates are smooth from one year of age to the next.
    """
    base = Period(date(day.year - years, day.month, day.day), day)
    mothers = _mothers(connection, base, known)
    happened = _flows(connection, base, known)
    cells = structure(_share(happened, mothers), durations)
    population, left_out = _population(connection, Moment(day, known), cells)
    earlier, _ = _population(connection, Moment(base.start, known), cells)
    leaving = occurrences(connection, base, _LEAVING, "emigration", known_at=known)
    lived, emigration = _lived(leaving, cells)
    abroad = ~cells.resident
    lived[abroad] = (population + earlier)[abroad] / 2 * years
    emigration[abroad], immigration = _coming(happened, cells)
    counts = Counts(
        cells, years, lived, _of(happened, DEATHS, cells), emigration, immigration,
        _births(mothers, cells), _newborn(happened), smooth,
    )  # fmt: skip
    return Start(cells, population, counts, counts.rates(), left_out)


def _population(
    connection: duckdb.DuckDBPyConnection, moment: Moment, cells: Structure
) -> tuple[Floats, int]:
    """Residents and emigrants of a day by the groups, and residents of unknown sex or age."""
    of_residents, of_emigrants = (_SEX, _AGE, GROUP, DURATION), (_SEX, _AGE, GROUP)
    found = fetch(connection, stock_steps(of_residents), moment.parameters)
    residents = pl.DataFrame(coded(found, of_residents, {"persons": pa.int64()}))
    found = fetch(connection, emigrant_steps(of_emigrants), moment.parameters)
    emigrants = pl.DataFrame(coded(found, of_emigrants, {"persons": pa.int64()}))
    array, durations = np.zeros(cells.shape), durations_of(cells)
    for sex, age, group, years, persons in _known(residents):
        array[place(group, years, durations), SEXES.index(sex), min(age, OPEN_AGE)] += persons
    codes = [group.code for group in cells.groups]
    for sex, age, group, persons in _known(emigrants):
        if group not in IMMIGRANTS:
            at = codes.index(BORN_HERE[place(group, None)] + ABROAD)
            array[at, SEXES.index(sex), min(age, OPEN_AGE)] += persons
    return array, int(residents["persons"].sum() - array[cells.resident].sum())


def _known(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Rows whose sex and age are known."""
    kept = frame.with_columns(pl.col("sex").cast(pl.String), pl.col(GROUP.name).cast(pl.String))
    return kept.filter(pl.col("age").is_not_null() & pl.col("sex").is_in(SEXES)).rows()


def _of_groups(*codes: str) -> pl.Expr:
    """Whether a row is of one of those immigrant groups; of an unknown one it is of none."""
    return pl.col(GROUP.name).cast(pl.String).is_in(codes).fill_null(False)


def _flows(connection: duckdb.DuckDBPyConnection, base: Period, known: date) -> pl.DataFrame:
    """Births, deaths and immigrations of the years before, by sex, age and group."""
    window = Window(base.start, base.end, known, known)
    by = (_SEX, _AGE, GROUP)
    counts = {flow.id: pa.int64() for flow in (BIRTHS, DEATHS, IMMIGRATION)}
    return pl.DataFrame(coded(flows(connection, window, by), by, counts))


def _mothers(connection: duckdb.DuckDBPyConnection, base: Period, known: date) -> pl.DataFrame:
    """Births of the years before, by the mother's age and group."""
    steps, by = event_steps(EVENTS["childbirth"], (_AGE, GROUP)), (_AGE, GROUP)
    values = {"start": base.start, "end": base.end, "known_at": known, "known_start": known,
              "known_end": known}  # fmt: skip
    found = fetch(connection, steps, parameters_of(compose(steps), values))
    return pl.DataFrame(coded(found, by, {"events": pa.int64()}))


def _share(happened: pl.DataFrame, mothers: pl.DataFrame) -> float:
    """Share of immigrant women's newborn that have two immigrant parents."""
    of_immigrants = int(mothers.filter(_of_groups(*IMMIGRANTS))["events"].sum())
    theirs = int(happened.filter(_of_groups("norwegian_born"))[BIRTHS.id].sum())
    return min(theirs / of_immigrants, 1.0) if of_immigrants else 1.0


def _newborn(happened: pl.DataFrame) -> tuple[float, float]:
    sex = pl.col("sex").cast(pl.String)
    males, females = (int(happened.filter(sex == one)[BIRTHS.id].sum()) for one in SEXES)
    return males, females


def _births(mothers: pl.DataFrame, cells: Structure) -> Floats:
    """By the mother's group and age; which immigrants' it is makes no difference to rates."""
    array, durations = np.zeros((len(cells.groups), OPEN_AGE + 1)), durations_of(cells)
    named = mothers.with_columns(pl.col(GROUP.name).cast(pl.String))
    for age, group, events in named.filter(pl.col("age").is_not_null()).rows():
        array[place(group, None, durations), min(age, OPEN_AGE)] += events
    return array


def _lived(leaving: Occurrences, cells: Structure) -> tuple[Floats, Floats]:
    """Person-years and emigrations of residents."""
    days, events, durations = np.zeros(cells.shape), np.zeros(cells.shape), durations_of(cells)
    for sex, age, group, years, happened, lived in _known(leaving.data):
        at = place(group, years, durations), SEXES.index(sex), min(age, OPEN_AGE)
        events[at] += happened
        days[at] += lived
    return days / DAYS_PER_YEAR, events


def _of(happened: pl.DataFrame, flow: Measure, cells: Structure) -> Floats:
    """Events by group, sex and age; of immigrants whenever they came."""
    array, durations = np.zeros(cells.shape), durations_of(cells)
    for sex, age, group, events in _known(happened.select("sex", "age", GROUP.name, flow.id)):
        array[place(group, None, durations), SEXES.index(sex), min(age, OPEN_AGE)] += events
    return array


def _coming(happened: pl.DataFrame, cells: Structure) -> tuple[Floats, Floats]:
    """Those born here who come back, by groups abroad; and immigrants, who come to year 0."""
    came, durations = _of(happened, IMMIGRATION, cells), durations_of(cells)
    back = came[[place(code, None) for code in BORN_HERE]]
    immigrants = np.zeros(cells.shape)
    for code in IMMIGRANTS:
        immigrants[place(code, 0, durations)] = came[place(code, None, durations)]
    return back, immigrants
