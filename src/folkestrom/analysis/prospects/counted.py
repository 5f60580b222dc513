"""What a projection starts from, counted in a store: the population, and events with exposure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from folkestrom.analysis.indicators.fertility import CHILDBEARING, fertility_rates
from folkestrom.analysis.prospects.emigrants import emigrant_steps
from folkestrom.analysis.prospects.groups import (
    ABROAD,
    BORN_HERE,
    DURATION,
    GROUP,
    IMMIGRANTS,
    OPEN_AGE,
    place,
    structure,
)
from folkestrom.analysis.prospects.rates import Floats, closed, two_factors
from folkestrom.analysis.rates.occurrence import Occurrences, occurrences
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.projection.assumptions import Rates
from folkestrom.projection.structure import SEXES, Structure
from folkestrom.statistics.flows import BIRTHS, IMMIGRATION, Window, flows
from folkestrom.statistics.periods import Period
from folkestrom.statistics.population import Moment, coded, fetch, stock_steps
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.variable import Variable

_SEX, _AGE = VARIABLES["sex"], VARIABLES["age"]
#: What is counted of the years before, and by what.
_COUNTED: Final = {
    "childbirth": ["age", GROUP.name],
    "death": ["sex", "age"],
    "emigration": ["sex", "age", GROUP.name, DURATION.name],
}
#: Years of age whose emigrants are counted together.
_WIDTH: Final = 5
#: Males per female at birth where none are counted: as in most populations.
SEX_RATIO: Final = 1.06


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What a projection starts from.

    Parameters
    ----------
    structure
        Its groups.
    population
        Persons, those abroad too: (groups, 2, ages).
    rates
        Those of the years before, to be kept in all years to come.
    left_out
        Residents of unknown sex or age, who are in none of the cells.
    """

    structure: Structure
    population: Floats
    rates: Rates
    left_out: int


def start(connection: duckdb.DuckDBPyConnection, day: date, known: date, years: int) -> Start:
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
    """
    base = Period(date(day.year - years, day.month, day.day), day)
    counted = {
        event: occurrences(connection, base, by, event, known_at=known)
        for event, by in _COUNTED.items()
    }
    mothers = counted["childbirth"]
    coming = _flows(connection, base, known, (_SEX, _AGE, GROUP))
    cells = structure(_share(coming, mothers))
    population, left_out = _population(connection, Moment(day, known), cells)
    earlier, _ = _population(connection, Moment(base.start, known), cells)
    abroad = (population + earlier)[~cells.resident] / 2 * years
    immigration, returning = _coming(coming, cells, abroad, years)
    emigration = _emigration(counted["emigration"], cells)
    emigration[~cells.resident] = returning
    mortality = np.stack([closed(*_of_ages(counted["death"].data, sex)) for sex in SEXES])
    rates = Rates(
        mortality[None, None], emigration[None], _fertility(mothers, cells)[None],
        immigration[None], _males_per_female(coming),
    )  # fmt: skip
    return Start(cells, population, rates, left_out)


def _population(
    connection: duckdb.DuckDBPyConnection, moment: Moment, cells: Structure
) -> tuple[Floats, int]:
    """Residents and emigrants of a day by the groups, and residents of unknown sex or age."""
    of_residents, of_emigrants = (_SEX, _AGE, GROUP, DURATION), (_SEX, _AGE, GROUP)
    found = fetch(connection, stock_steps(of_residents), moment.parameters)
    residents = pl.DataFrame(coded(found, of_residents, {"persons": pa.int64()}))
    found = fetch(connection, emigrant_steps(of_emigrants), moment.parameters)
    emigrants = pl.DataFrame(coded(found, of_emigrants, {"persons": pa.int64()}))
    array = np.zeros(cells.shape)
    for sex, age, group, years, persons in _known(residents):
        array[place(group, years), SEXES.index(sex), min(age, OPEN_AGE)] += persons
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


def _of_ages(data: pl.DataFrame, sex: str | None = None) -> tuple[Floats, Floats]:
    """Events and person-years by single year of age, of one sex or of all."""
    events, exposure = np.zeros(OPEN_AGE + 1), np.zeros(OPEN_AGE + 1)
    of_sex = data if sex is None else data.filter(pl.col("sex").cast(pl.String) == sex)
    for age, happened, days in of_sex.select("age", "events", "days").rows():
        if age is not None:
            events[min(age, OPEN_AGE)] += happened
            exposure[min(age, OPEN_AGE)] += days / DAYS_PER_YEAR
    return events, exposure


def _flows(
    connection: duckdb.DuckDBPyConnection, base: Period, known: date, by: Sequence[Variable]
) -> pl.DataFrame:
    """Births and immigrations of the years before, by variables."""
    window = Window(base.start, base.end, known, known)
    counts = {BIRTHS.id: pa.int64(), IMMIGRATION.id: pa.int64()}
    return pl.DataFrame(coded(flows(connection, window, by), by, counts))


def _share(coming: pl.DataFrame, mothers: Occurrences) -> float:
    """Share of immigrant women's newborn that have two immigrant parents."""
    of_immigrants = int(mothers.data.filter(_of_groups(*IMMIGRANTS))["events"].sum())
    theirs = coming.filter(_of_groups("norwegian_born"))
    return min(int(theirs[BIRTHS.id].sum()) / of_immigrants, 1.0) if of_immigrants else 1.0


def _males_per_female(coming: pl.DataFrame) -> float:
    sex = pl.col("sex").cast(pl.String)
    males, females = (int(coming.filter(sex == one)[BIRTHS.id].sum()) for one in SEXES)
    return males / females if males and females else SEX_RATIO


def _fertility(mothers: Occurrences, cells: Structure) -> Floats:
    """Births by woman and year: of immigrants, and of all others; nobody's abroad count."""
    first, last = CHILDBEARING
    array = np.zeros((len(cells.groups), OPEN_AGE + 1))
    immigrants, theirs = cells.part("immigrants"), _of_groups(*IMMIGRANTS)
    for rows, kept in ((~immigrants, ~theirs), (immigrants, theirs)):
        found = fertility_rates(*_of_ages(mothers.data.filter(kept)))
        array[rows, first : last + 1] = np.nan_to_num(found)
    array[~cells.resident] = 0
    return array


def _emigration(leaving: Occurrences, cells: Structure) -> Floats:
    """Emigration by group and duration and by sex and age, of immigrants and of those born here."""
    events, exposure = np.zeros(cells.shape), np.zeros(cells.shape)
    for sex, age, group, years, happened, days in _known(leaving.data):
        at = place(group, years), SEXES.index(sex), min(age, OPEN_AGE)
        events[at] += happened
        exposure[at] += days / DAYS_PER_YEAR
    array = np.zeros(cells.shape)
    immigrants = cells.part("immigrants")
    for rows in (immigrants, ~immigrants & cells.resident):
        factors = two_factors(*(_in_fives(one[rows]) for one in (events, exposure)))
        array[rows] = _in_ones(factors.reshape(rows.sum(), len(SEXES), -1))
    return array


def _coming(
    coming: pl.DataFrame, cells: Structure, abroad: Floats, years: int
) -> tuple[Floats, Floats]:
    """Immigrants of a year, by group at once; and the rate at which those born here return."""
    counts = np.zeros(cells.shape)
    returned = np.zeros_like(abroad)
    for sex, age, group, happened in _known(coming.drop(BIRTHS.id)):
        at = SEXES.index(sex), min(age, OPEN_AGE)
        if group not in IMMIGRANTS:
            returned[place(group, None), *at] += happened
        else:
            counts[place(group, 0), *at] += happened / years
    rates = two_factors(_in_fives(returned), _in_fives(abroad))
    return counts, _in_ones(rates.reshape(len(BORN_HERE), len(SEXES), -1))


def _in_fives(array: Floats) -> Floats:
    """Five years of age together: (groups, 2 * ages / 5)."""
    return array.reshape(len(array), -1, _WIDTH).sum(axis=-1)


def _in_ones(array: Floats) -> Floats:
    """The same rate at each of five ages."""
    return np.repeat(array, _WIDTH, axis=-1)
