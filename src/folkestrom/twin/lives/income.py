"""Yearly income in NOK: the amount that goes with the fifth of the mobility truth.

The truth draws a latent number and knows the fifth only. Its share below, within the fifth, is the
place of the amount: bent a little by age, education and background, and read off a distribution of
persons' gross income. So nobody's amount lies outside the fifth that the truth uses, and nothing is
drawn that was not drawn before. Amounts are in NOK of 2019; with time only the person changes.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from folkestrom.twin.lives.compiled import inner, kernel
from folkestrom.twin.lives.levels import FIFTHS, INCOME_YEAR, latent_income
from folkestrom.twin.lives.random import bits

TENTHS = (
    0.0, 100_000.0, 200_000.0, 270_000.0, 345_000.0, 425_000.0, 505_000.0, 585_000.0, 685_000.0,
    785_000.0,
)  # fmt: skip
"""NOK at which the tenths begin: about the mean of 2019 times what lies midway between the means of
neighbouring tenths of 1999, as a share of that year's mean."""
SHAPE_SOURCE = (
    "Statistics Norway, Tax return statistics 2000, table 10: gross income of residents 17 years"
    " and older by tenths, 1999; and their mean of 2019, NOK 488 600 (Skatt for personer)"
)
UNIT = 100
"""NOK; amounts are rounded down to this."""
TAIL_INDEX = 2.3
"""Of the uppermost tenth. In the table its mean is 2.8 times the mean of all, that of the uppermost
twentieth 3.8 and that of the uppermost hundredth 7.9 times; here 2.8, 3.8 and 7.7."""
TAIL_SOURCE = "Jagielski, Czyżewski, Kutner and Stanley, Physica A (2017): Norway 2010-2013"
_START, _UNTIL_45, _RETIRED, _EDUCATION = -0.8, 0.05, -0.4, 0.1
_NEAR, _FAR = 0.1, -0.4
PARTS = {
    "constant": _START,
    "year of age from 18 to 45": _UNTIL_45,
    "67 years and older": _RETIRED,
    "step of education": _EDUCATION,
    "Nordic, Western": _NEAR,
    "born in the eight EU countries, or elsewhere": _FAR,
}
"""What bends the place within the fifth: the share below is raised to exp(-sum)."""
_LEAST = 1e-12
_TENTHS = np.array(TENTHS)


@njit(inline="always")
def _above(latent):
    """Return the share of a standard normal distribution above; the latent number nearly has it."""
    return 0.5 * math.erfc(latent * math.sqrt(0.5))


_ABOVE = np.array([1.0, *(0.5 * math.erfc(bound * math.sqrt(0.5)) for bound in FIFTHS), 0.0])


@njit(inline="always")
def share_above(latent, fifth, age, education, group):
    """Return the share of adults with a higher income: from (4 - fifth) / 5 to (5 - fifth) / 5.

    Counted from above, so that the highest incomes have all their digits.
    """
    bend = _START + _UNTIL_45 * (min(age, 45) - 18) + (_RETIRED if age >= 67 else 0.0)
    bend += _EDUCATION * education + (_NEAR if group == 2 or group == 4 else 0.0)
    bend += _FAR if group == 3 or group == 5 else 0.0
    low, high = _ABOVE[fifth], _ABOVE[fifth + 1]
    place = min(max((_above(latent) - high) / (low - high), _LEAST), 1.0 - _LEAST)
    return (4 - fifth - math.expm1(math.exp(-bend) * math.log1p(-place))) / 5.0


@njit(inline="always")
def income_of(above):
    """Return the NOK that a share of adults is above: `TENTHS`, and a Pareto tail."""
    if above <= 0.1:
        return _TENTHS[9] * (10.0 * above) ** (-1.0 / TAIL_INDEX)
    place = 10.0 * (1.0 - above)
    tenth = min(int(place), 8)
    return _TENTHS[tenth] + (place - tenth) * (_TENTHS[tenth + 1] - _TENTHS[tenth])


@kernel
def list_incomes(people, persons, levels, year, seed, out):
    """Fill `out` (n,) with the year's income of adults, rounded down, in units of `UNIT`.

    The levels (3, n) are those of education, employment and income.
    """
    for j in range(persons.size):
        out[j] = _units(people, persons[j], levels[0, j], levels[1, j], levels[2, j], year, seed)


@inner
def _units(people, p, education, work, fifth, year, seed):
    age = year - 1 - people.birth_year[p]
    word = bits(seed, p, year, INCOME_YEAR)
    latent = latent_income(people.income_taste[p], age, education, work, word)
    return int(income_of(share_above(latent, fifth, age, education, people.group[p])) / UNIT)
