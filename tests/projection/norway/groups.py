"""Norway by group: natives, those of them abroad, and immigrants by years since they came.

How many of a stock leave at which duration is in none of our published tables. Three numbers say
it: the rate at once, the rate in the long run, and how fast one becomes the other. They are fitted
so that immigrants of 1 January 2006 by length of stay and immigration since give those of 2009 by
length of stay (Statistics Norway, tables 14 of 11 May 2006 and 30 April 2009), the stock of
2007-2022 (Directorate of Integration and Diversity), and the emigration of foreigners of 2006-2019,
which is three quarters of all (19 860 of 26 744 in 2020, Statistics Norway). A factor of sex and
age, the same for all groups, makes the emigrants of 2013-2015 as old as Eurostat has them.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from folkestrom.projection.assumptions import Rates
from folkestrom.projection.projecting import project
from folkestrom.projection.structure import Group, Structure
from tests.projection.norway.series import AGES, Series, read

Floats = NDArray[np.float64]
LONGEST, OPEN = 20, 119
FIRST_YEAR, SCALED, BEGIN = 2022, 2006, 1958
#: Foreign citizens among who left in 2020.
FOREIGN = 19_860 / 26_744
BASE = range(2015, 2020)
#: How much a length of stay in 2009 weighs, beside a stock or a flow of one of some 15 years each.
WEIGHT = 4.0
#: Immigrants by completed years since they first came: 0-4, 5-9, 10-14, 15-19, and 20 and more.
BANDS = np.minimum(np.arange(LONGEST + 1) // 5, 4)
STAY_2006 = (102_455, 60_554, 43_678, 42_264, 18_907 + 50_656)
STAY_2009 = (162_969, 81_042, 43_824, 42_734, 33_628 + 58_398)


def structure(natives: bool = True) -> Structure:
    """Immigrants by years since they came, after natives and those abroad if these are wanted."""
    immigrants = [
        Group(f"immigrants_{n}", part_of=("immigrants",), children=(("native", 1.0),) * natives,
              next=f"immigrants_{min(n + 1, LONGEST)}", alike="immigrants")
        for n in range(LONGEST + 1)
    ]  # fmt: skip
    own = [Group("native", leaves_to="abroad"), Group("abroad", leaves_to="native",
           resident=False, children=(("abroad", 1.0),))]  # fmt: skip
    return Structure(tuple([*own, *immigrants] if natives else immigrants), OPEN + 1)


def padded(by_age: Floats) -> Floats:
    """To the ages of the projection; the last known one is that of all above."""
    return np.concatenate(
        [by_age, np.repeat(by_age[..., -1:], OPEN + 1 - by_age.shape[-1], axis=-1)], axis=-1
    )


def placed(persons: Floats) -> Floats:
    """Persons, in the ages of the projection."""
    more = np.zeros((*persons.shape[:-1], OPEN + 1 - persons.shape[-1]))
    return np.concatenate([persons, more], axis=-1)


@dataclass(frozen=True)
class Known:
    """What is published of those who come and leave."""

    series: Series
    foreigners: dict[int, float]
    natives: dict[int, float]
    stock: dict[int, float]

    def foreign_immigration(self, year: int) -> float:
        """Foreigners who came: by the register's total, shared out as Eurostat has them."""
        nearest = min(self.foreigners, key=lambda one: (abs(one - year), one))
        foreign, native = self.foreigners[nearest], self.natives[nearest]
        return self.series.immigration[year] * foreign / (foreign + native)


@cache
def known(reference: Path) -> Known:
    """From the files."""
    series = read(reference)
    came: dict[str, dict[int, float]] = {"Foreign country and stateless": {}, "Norway": {}}
    path = reference / "migration" / "immigration_by_citizenship_nordic.csv"
    with path.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["geo"] == "Norway" and row["Country of citizenship"] in came:
                numbers = came[row["Country of citizenship"]]
                numbers[int(row["year"])] = float(row["Migrants number"])
    stock: dict[int, float] = {}
    path = reference / "migration" / "imdi_befolkning_opprinnelsesland_tidy.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["enhet"] == "Personer":
                year = int(row["aar"])
                stock[year] = stock.get(year, 0.0) + float(row["antall"] or 0)
    foreign, native = came.values()
    return Known(series, foreign, native, stock)


def in_bands(persons: Floats) -> Floats:
    """Immigrants by the lengths of stay of the tables."""
    return np.bincount(BANDS, persons.sum(axis=(1, 2)))


def profile(facts: Known, parameters: Any = None) -> Floats:
    """Emigration by sex and age, relative to its mean over those who immigrate.

    Without parameters of the durations all are taken to leave alike.
    """
    series = facts.series
    people = np.mean([series.population[y] for y in (2013, 2014, 2015)], axis=0)
    weight = people
    if parameters is not None:
        there = history(facts, parameters, profile(facts))[0][2014 - SCALED]
        leave = by_duration(parameters)[:, None, None] * there
        natives = np.maximum(placed(people) - there.sum(axis=0), 0)
        shape = profile(facts)
        of_immigrants, of_natives = (shape * leave).sum(), (shape * natives).sum()
        factor = (1 - FOREIGN) / FOREIGN * of_immigrants / of_natives
        weight = (leave.sum(axis=0) + factor * natives)[:, :AGES]
    rate = series.leaving / np.maximum(weight, 1e-9)
    # Above 80 nearly nobody leaves, and one emigrant would be a rate.
    rate[:, 80:] = rate[:, 75:80].mean(axis=1, keepdims=True)
    come = series.immigrants(2014)
    return padded(np.asarray(rate / ((rate * come).sum() / come.sum())))


def by_duration(parameters: Any) -> Floats:
    """Emigration rates of immigrants by completed years since they came."""
    first, last, years = parameters
    return np.asarray(last + (first - last) * np.exp(-(np.arange(LONGEST + 1) + 0.5) / years))


def mortality(series: Series, years: range) -> Floats:
    """By sex and age; of one year after the other."""
    lived = np.concatenate([series.population[y] + series.population[y + 1] for y in years]) / 2
    died = np.concatenate([series.deaths[y] for y in years])
    return padded(np.minimum(died / np.maximum(lived, 1), 1.0).reshape(len(years), 2, AGES))


def history(facts: Known, parameters: Any, shape_of_age: Floats) -> tuple[Floats, Floats]:
    """Immigrants on each 1 January from `SCALED` on: (years, durations, 2, ages); and who left.

    By then they are as many as were counted, and as long in the country as who came since 1958.
    """
    series, cells = facts.series, structure(natives=False)
    years = range(BEGIN, FIRST_YEAR)
    ages = series.immigrants(2014)
    shape = placed(ages / ages.sum())
    come = np.zeros((len(years), *cells.shape))
    for n, year in enumerate(years):
        own = series.immigrants(year) if year >= 1986 else ages
        shape = placed(own / own.sum())
        come[n, 0] = facts.foreign_immigration(year) * shape
    leave = by_duration(parameters)[:, None, None] * shape_of_age
    none = np.zeros((1, 1, OPEN + 1))
    died = mortality(series, range(1995, 1996))[:, None]
    first, then = come[: SCALED - BEGIN], come[SCALED - BEGIN :]
    early = project(cells, np.zeros(cells.shape),
                    Rates(died, leave[None], none, first).assumptions(cells))  # fmt: skip
    begun = early.population[-1] * (STAY_2006 / in_bands(early.population[-1]))[BANDS, None, None]
    died = mortality(series, range(2014, 2015))[:, None]
    found = project(cells, begun, Rates(died, leave[None], none, then).assumptions(cells))
    return found.population, found.emigration.sum(axis=(1, 2, 3))


@cache
def fitted(reference: Path) -> tuple[tuple[float, float, float], Floats]:
    """The three numbers of emigration by duration, and the factors of sex and age."""
    facts = known(reference)
    stocks = [y for y in sorted(facts.stock) if y > SCALED]
    flows = range(SCALED, 2020)

    def residuals(parameters: Floats, shape: Floats) -> Floats:
        population, left = history(facts, np.exp(parameters), shape)
        ours = population.sum(axis=(1, 2, 3))
        of_stock = [ours[y - SCALED] / facts.stock[y] - 1 for y in stocks]
        of_flow = [left[y - SCALED] / (FOREIGN * facts.series.emigration[y]) - 1 for y in flows]
        of_stay = in_bands(population[2009 - SCALED]) / STAY_2009 - 1
        return np.array([*of_stock, *of_flow, *(WEIGHT * of_stay)])

    shape, begin = profile(facts), np.log([0.12, 0.02, 4.0])
    for _ in range(2):
        bounds = np.log([0.01, 0.0005, 0.5]), np.log([0.6, 0.1, 30.0])
        begin = least_squares(
            residuals, begin, bounds=bounds, args=(shape,), xtol=1e-3, ftol=1e-3
        ).x
        shape = profile(facts, np.exp(begin))
    first, last, years = np.exp(begin)
    return (float(first), float(last), float(years)), shape
