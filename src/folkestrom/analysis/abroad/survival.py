"""How many of those who left would have died meanwhile, at death rates of residents by year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.rates.occurrence import occurrences
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.model.codes import Kind
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.groups import OPEN_AGE
from folkestrom.projection.rates.estimates import closed
from folkestrom.projection.structure import SEXES
from folkestrom.statistics.periods import Period

Days = NDArray[np.datetime64]
Ints = NDArray[np.integer[Any]]

#: Calendar years of which death rates are of one estimate.
_WIDTH: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class DeathRates:
    """Death rates of residents.

    Parameters
    ----------
    last
        The last calendar year; the five up to it have the last rates, and so on backwards.
    rates
        By five years, sex (both together, males, females) and age: (periods, 3, ages).
    """

    last: int
    rates: Floats

    def hazard(self, sex: Ints, born: Days, left: Days, until: date) -> Floats:
        """Death rates added up over the time from each person's leaving to a day.

        Parameters
        ----------
        sex
            0 of unknown, 1 of males, 2 of females.
        born, left
            Days, of each person. Of whom the first is not known, the result is 0.
        until
            The day.
        """
        total, end = np.zeros(len(sex)), np.datetime64(until)
        unknown = np.isnat(born)
        year_of_birth = np.where(unknown, 0, born.astype("M8[Y]").astype(np.int64) + 1970)
        into_year = born - born.astype("M8[Y]").astype("M8[D]")
        first = left.min().astype("M8[Y]").astype(int) + 1970 if len(left) else until.year
        for year in range(first, (until - timedelta(days=1)).year + 1):
            start, stop = np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01")
            since, to = np.maximum(left, start), min(stop, end)
            birthday = np.clip(start + into_year, since, to)
            now = self.rates[self._place(year)]
            for age, days in (
                (year - year_of_birth - 1, birthday - since), (year - year_of_birth, to - birthday)
            ):  # fmt: skip
                lived = np.maximum(days / np.timedelta64(1, "D"), 0) / DAYS_PER_YEAR
                total += lived * now[sex, np.clip(age, 0, OPEN_AGE)]
        return np.where(unknown, 0.0, total)

    def _place(self, year: int) -> int:
        """The place of a year's rates; years outside have those of the nearest."""
        back = (self.last - year) // _WIDTH
        return len(self.rates) - 1 - min(max(back, 0), len(self.rates) - 1)

    def surviving(self, sex: Ints, since: Ints, age: Ints) -> Floats:
        """Share of those of one completed age that reach another, at the last rates.

        Parameters
        ----------
        sex
            As for `hazard`.
        since, age
            The two ages, from their middles.
        """
        past = np.cumsum(self.rates[-1], axis=-1) - self.rates[-1] / 2
        ages = (np.clip(one, 0, OPEN_AGE) for one in (age, since))
        later, earlier = (past[sex, one] for one in ages)
        return np.exp(np.minimum(earlier - later, 0.0))


def death_rates(
    connection: duckdb.DuckDBPyConnection, first: date, day: date, known: date
) -> DeathRates:
    """Death rates of residents from one day to another, by five calendar years.

    Parameters
    ----------
    connection
        An open store.
    first, day
        The days, `[first, day)`.
    known
        The knowledge date.
    """
    names, event = ("sex", "age", "year"), Kind.DEATH.name.lower()
    counted = occurrences(connection, Period(first, day), names, event, known_at=known)
    last = (day - timedelta(days=1)).year
    happened = np.zeros((2, (last - first.year) // _WIDTH + 1, 3, OPEN_AGE + 1))
    for sex, age, year, events, days in counted.data.rows():
        if age is not None and sex in SEXES:
            at = happened.shape[1] - 1 - (last - year) // _WIDTH
            for place in (0, SEXES.index(sex) + 1):
                happened[:, at, place, min(age, OPEN_AGE)] += events, days / DAYS_PER_YEAR
    deaths, lived = happened
    return DeathRates(
        last,
        np.array([[closed(*both) for both in zip(*one, strict=True)]
                  for one in zip(deaths, lived, strict=True)]),
    )  # fmt: skip
