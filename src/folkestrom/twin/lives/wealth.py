"""Net wealth: a lognormal body and a Pareto tail, rising with age, education and income.

Net wealth is ``exp(latent) - DEBT``. The latent number is a sum: what age, education, the person's
income effect and immigrant background make of it; a normal effect of the person; an exponential
one that is steep from `TAIL_FROM` on, so that the upper tail is Pareto with index `TAIL_INDEX`; and
a shock that lasts four years. Amounts are in NOK of 2020: with time only a person's age changes.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from folkestrom.twin.lives.compiled import inner, kernel
from folkestrom.twin.lives.random import bits, draws, normals, shock

BOUNDS = (0, 1_000_000, 5_000_000, 20_000_000, 50_000_000)
"""NOK at which the groups of the mobility truth begin, the first apart."""
UNIT = 1_000
"""NOK; amounts are rounded down to this."""
MOST = 2**31 - 1
"""In units, as many as a column holds: NOK 2 million million."""
TAIL_INDEX = 1.45
"""In the published table the mean of the top one in a thousand is 3.2 times the least of them; of a
Pareto tail that is index / (index - 1)."""
TAIL_SOURCE = (
    "Statistics Norway, Income and wealth statistics for households 2015, net wealth by deciles"
)
TAIL_FROM = 2.5
DEBT = 600_000.0
_NORMAL, _BODY = 0.7, 0.1
_START, _UNTIL_40, _UNTIL_67, _EDUCATION, _INCOME = 13.0, 0.045, 0.02, 0.1, 0.5
_SHOCK, _SHOCK_YEARS = 0.2, 4
_FOREIGN, _EU8, _OTHER = -0.2, -0.4, -0.5
_TASTE, _TAIL, _YEARS = 26, 28, 29
_0, _1, _2, _3, _4 = (math.log(bound + DEBT) for bound in BOUNDS)
PARTS = {
    "constant": _START,
    "year of age from 18 to 40": _UNTIL_40,
    "year of age from 40 to 67": _UNTIL_67,
    "step of education": _EDUCATION,
    "the person's income effect": _INCOME,
    "Norwegian-born of immigrants, Nordic, Western": _FOREIGN,
    "born in the eight EU countries": _EU8,
    "born elsewhere": _OTHER,
    "standard deviation of the person's normal effect": _NORMAL,
    "of the person's exponential effect, below where the tail begins": _BODY,
    "where the tail begins": TAIL_FROM,
    "standard deviation of the shock": _SHOCK,
    "years that a shock lasts": _SHOCK_YEARS,
    "debt": DEBT,
}
LEAST = 1
"""Level of those below 18: they have no wealth of their own."""


def wealth_effects(persons: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Draw what of persons' wealth stays with them: a normal number and one with a long tail."""
    exponential = -np.log1p(-draws(seed, persons, 0, _TAIL))
    tail = np.maximum(exponential - TAIL_FROM, 0.0)
    body = exponential - tail
    normal = normals(seed, persons, 0, _TASTE)
    return np.asarray(_NORMAL * normal + _BODY * body + tail / TAIL_INDEX)


@njit(inline="always")
def wealth_word(seed: int, p: int, year: int) -> int:
    """Return the random bits of a person's shock: new ones every so many years."""
    return bits(seed, p, (year + (p & (_SHOCK_YEARS - 1))) // _SHOCK_YEARS, _YEARS)


@njit(inline="always")
def log_wealth(taste, income_taste, group, age, education, word):
    """Return the logarithm of net wealth plus `DEBT` of an adult.

    The word is `wealth_word`'s. Only numbers are given: to hand over all columns costs more than
    what is done here.
    """
    latent = _START + taste + _INCOME * income_taste
    latent += _UNTIL_40 * (min(age, 40) - 18) + _UNTIL_67 * (min(max(age, 40), 67) - 40)
    latent += _EDUCATION * education
    latent += _FOREIGN if group == 1 or group == 2 or group == 4 else 0.0
    latent += (_EU8 if group == 3 else 0.0) + (_OTHER if group == 5 else 0.0)
    return latent + _SHOCK * shock(word)


@njit(inline="always")
def wealth_level(latent: float) -> int:
    """Return the group of net wealth, 0 … 5."""
    low = (1 if latent >= _0 else 0) + (1 if latent >= _1 else 0) + (1 if latent >= _2 else 0)
    return low + (1 if latent >= _3 else 0) + (1 if latent >= _4 else 0)


@njit(inline="always")
def immigrant_wealth_level(group: int, level: int) -> int:
    """Return 1 or 2 for immigrants in the two wealthiest groups, else 0."""
    return level - 3 if group > 1 and level > 3 else 0


@kernel
def list_wealth(people, persons, educations, year, seed, out):
    """Fill `out` (n,) with the net wealth of adults, rounded down, in units of `UNIT`."""
    for j in range(persons.size):
        out[j] = _units(people, persons[j], educations[j], year, seed)


@inner
def _units(people, p, education, year, seed):
    age = year - 1 - people.birth_year[p]
    taste, income_taste, group = people.wealth_taste[p], people.income_taste[p], people.group[p]
    word = wealth_word(seed, p, year)
    latent = log_wealth(taste, income_taste, group, age, education, word)
    return min(math.floor((math.exp(latent) - DEBT) / UNIT), MOST)
