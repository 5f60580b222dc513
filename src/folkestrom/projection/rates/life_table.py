"""The period life table, of any ages: pure numbers.

Preston, Heuveline and Guillot (2001), *Demography: measuring and modeling population processes*,
chapter 3. How long those live in their first year who die in it (a0) is by Andreev and Kingkade
(2015), as in the Human Mortality Database's protocol (version 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import InputRefused

Floats = NDArray[np.float64]
Sex = Literal["male", "female"]
SEXES: Final[tuple[Sex, Sex]] = ("male", "female")

#: The open age group begins here, or earlier where the data end, but no earlier than the second.
OPEN_AGE: Final = 100
LEAST_OPEN_AGE: Final = 80

#: a0 = constant + slope × m0, for m0 below each bound (Andreev and Kingkade 2015, Table 1-4).
_INFANTS: Final = {
    "male": ((0.02300, 0.14929, -1.99545), (0.08307, 0.02832, 3.26021), (np.inf, 0.29915, 0.0)),
    "female": ((0.01724, 0.14903, -2.05527), (0.06891, 0.04667, 3.88089), (np.inf, 0.31411, 0.0)),
}


@dataclass(frozen=True, slots=True, eq=False)
class LifeTable:
    """Columns of a life table, an array of the ages' length each.

    Parameters
    ----------
    age
        First age of each group; the last group is open.
    rate
        Death rates, per person-year.
    years_of_dying
        Mean years lived in the group by those who die in it (a).
    probability
        Of dying in the group, for who reaches it (q); 1 in the last.
    survivors
        To the first age, of 1 born (l).
    person_years
        Lived in the group, by 1 born (L).
    expectation
        Mean remaining years at the first age (e).
    """

    age: Floats
    rate: Floats
    years_of_dying: Floats
    probability: Floats
    survivors: Floats
    person_years: Floats
    expectation: Floats


def life_table(age: Floats, rate: Floats, years_of_dying: Floats) -> LifeTable:
    """The life table of death rates.

    Parameters
    ----------
    age : array of shape (groups,)
        First ages, in order; the last group is open.
    rate : array of shape (groups,)
        Death rates per person-year, above 0 in the last group.
    years_of_dying : array of shape (groups,)
        Mean years lived in the group by those who die in it; that of the last is not used, but
        follows from its rate.

    Raises
    ------
    InputRefused
        Arrays of other shapes, ages out of order, or rates that are none.

    Examples
    --------
    >>> table = life_table(np.array([0.0, 1.0]), np.array([0.01, 0.02]), np.array([0.5, 0.0]))
    >>> table.probability.round(4).tolist(), table.expectation.round(2).tolist()
    ([0.01, 1.0], [50.5, 50.0])
    """
    age, rate, within = (np.array(values, np.float64) for values in (age, rate, years_of_dying))
    if (
        not age.ndim == 1
        or not age.shape == rate.shape == within.shape
        or not np.all(np.diff(age) > 0)
    ):
        raise InputRefused("are not ages in order, with a number for each", where="life_table")
    if not age.size or not np.all(np.isfinite(rate) & (rate >= 0)) or not rate[-1] > 0:
        raise InputRefused(
            "are not death rates, above 0 in the last group", where="life_table, rate"
        )
    width = np.append(np.diff(age), np.inf)
    within[-1] = 1 / rate[-1]
    closed = width[:-1]
    probability = np.ones_like(rate)
    dying = closed * rate[:-1] / (1 + (closed - within[:-1]) * rate[:-1])
    probability[:-1] = np.minimum(dying, 1)
    survivors = np.cumprod(np.append(1.0, 1 - probability[:-1]))
    deaths = survivors * probability
    person_years = within * deaths
    person_years[:-1] += closed * survivors[1:]
    remaining = np.cumsum(person_years[::-1])[::-1]
    lived = np.divide(remaining, survivors, out=np.zeros_like(rate), where=survivors > 0)
    return LifeTable(age, rate, within, probability, survivors, person_years, lived)


def infant_years(rate: float, sex: Sex) -> float:
    """Mean years lived by those who die before their first birthday (a0).

    Parameters
    ----------
    rate
        Death rate under one year of age.
    sex
        "male" or "female".

    Examples
    --------
    >>> round(infant_years(0.002, "male"), 4)
    0.1453
    """
    constant, slope = next((c, s) for bound, c, s in _INFANTS[sex] if rate < bound)
    return constant + slope * rate


def period_life_table(deaths: Floats, exposure: Floats, sex: Sex) -> LifeTable | None:
    """The life table of a population, by single years of age; None where it is too small for one.

    Those who die in a year of age live half of it, but for infants. The open age group begins at
    `OPEN_AGE`; where an age below that has nobody exposed, or nobody dies from it on, earlier, but
    not before `LEAST_OPEN_AGE`.

    Parameters
    ----------
    deaths, exposure : arrays of shape (ages,)
        Deaths, and person-years, at ages 0, 1, 2 …
    sex
        Whose they are.

    Examples
    --------
    >>> deaths, years = np.full(101, 2.0), np.full(101, 100.0)
    >>> round(float(period_life_table(deaths, years, "female").expectation[0]), 2)
    50.0
    >>> period_life_table(deaths[:70], years[:70], "female") is None
    True
    """
    exposed = exposure > 0
    first = int(np.argmin(exposed)) if not exposed.all() else len(exposed) - 1
    died = np.flatnonzero(deaths > 0)
    start = min(OPEN_AGE, first, int(died[-1]) if died.size else 0)
    if start < LEAST_OPEN_AGE or not exposure[start:].sum() > 0:
        return None
    rate = np.empty(start + 1)
    rate[:-1] = deaths[:start] / exposure[:start]
    rate[-1] = deaths[start:].sum() / exposure[start:].sum()
    within = np.full(start + 1, 0.5)
    within[0] = infant_years(float(rate[0]), sex)
    return life_table(np.arange(start + 1, dtype=np.float64), rate, within)
