"""A person's levels of the mobility truth's variables, and the work that variable files tell of.

The model, the panel and the variable files all take them from these functions, so that none can say
another thing.
"""

from __future__ import annotations

from numba import njit

from folkestrom.twin.lives.compiled import inner, kernel
from folkestrom.twin.lives.random import bits, shock
from folkestrom.twin.lives.wealth import (
    LEAST,
    immigrant_wealth_level,
    log_wealth,
    wealth_level,
    wealth_word,
)

WORK_YEAR, INCOME_YEAR = 14, 17
FIFTHS = (-0.85, -0.25, 0.25, 0.85)
"""Latent income at which the second to fifth of the truth's fifths begin."""
_F1, _F2, _F3, _F4 = FIFTHS
LISTED = (
    "family", "origin", "education", "employment", "income", "wealth", "immigrant_wealth", "reason",
)  # fmt: skip
"""What `list_levels` lists."""


@njit(inline="always")
def education_level(final: int, age: int) -> int:
    """Return the completed education: the final level, reached with age."""
    reached = (1 if age >= 19 else 0) + (1 if age >= 23 else 0) + (1 if age >= 26 else 0)
    return min(final, reached)


@njit(inline="always")
def employed(taste: float, age: int, education: int, group: int, word: int) -> int:
    """Return 1 when employed: a person effect plus a yearly shock."""
    latent = 0.7 + 0.25 * education + taste + 0.5 * shock(word)
    latent -= (
        (0.7 if group == 5 else 0.0) + (0.6 if age < 25 else 0.0) + (0.5 if age >= 60 else 0.0)
    )
    return 1 if latent > 0.0 and age >= 18 and age < 67 else 0


@njit(inline="always")
def latent_income(taste: float, age: int, education: int, work: int, word: int) -> float:
    """Return a person effect, age, education, work and a yearly shock added up."""
    latent = taste + 0.4 * shock(word) - 1.25 + 0.35 * education + 1.2 * work
    return latent + ((0.4 if age >= 67 else 0.0) - (0.7 if age < 25 else 0.0))


@njit(inline="always")
def income_fifth(taste: float, age: int, education: int, work: int, word: int) -> int:
    """Return the income fifth 0 … 4."""
    latent = latent_income(taste, age, education, work, word)
    fifth = (1 if latent > _F1 else 0) + (1 if latent > _F2 else 0)
    fifth += (1 if latent > _F3 else 0) + (1 if latent > _F4 else 0)
    return fifth if age >= 18 else 0


@njit(inline="always")
def family_level(marital: int, last_child: int, year: int) -> int:
    """Return single / couple / couple with children / single with children."""
    together = marital == 2 or marital == 6
    children = last_child > 0 and year - last_child < 18
    return (2 if children else 1) if together else (3 if children else 0)


@njit(inline="always")
def origin_level(group: int, arrival_year: int, year: int) -> int:
    """Return the level of immigrant group × duration of residence."""
    stay = year - arrival_year
    step = (1 if stay > 2 else 0) + (1 if stay > 5 else 0) + (1 if stay > 10 else 0)
    return group if group < 2 else 2 + (group - 2) * 4 + step


@njit(inline="always")
def work_levels(people, p, year, seed):
    """Return education, employment and income of person `p` in `year`."""
    age = year - 1 - people.birth_year[p]
    education = education_level(people.education[p], age)
    word = bits(seed, p, year, WORK_YEAR)
    work = employed(people.work_taste[p], age, education, people.group[p], word)
    word = bits(seed, p, year, INCOME_YEAR)
    income = income_fifth(people.income_taste[p], age, education, work, word)
    return education, work, income


@njit(inline="always")
def standing_levels(people, p, year, seed, education):
    """Return wealth, wealth of immigrants, and reason for immigration of `p` in `year`."""
    age = year - 1 - people.birth_year[p]
    taste, income_taste, group = people.wealth_taste[p], people.income_taste[p], people.group[p]
    latent = log_wealth(taste, income_taste, group, age, education, wealth_word(seed, p, year))
    wealth = wealth_level(latent) if age >= 18 else LEAST
    return wealth, immigrant_wealth_level(group, wealth), people.reason[p]


@kernel
def list_levels(people, persons, year, seed, out):
    """Fill `out` (8, n) with the levels of `LISTED`, in that order, of persons."""
    for j in range(persons.size):
        _list_one(people, persons[j], year, seed, out, j)


@inner
def _list_one(people, p, year, seed, out, j):
    out[0, j] = family_level(people.marital[p], people.last_child[p], year)
    out[1, j] = origin_level(people.group[p], people.arrival_year[p], year)
    education, work, income = work_levels(people, p, year, seed)
    out[2, j], out[3, j], out[4, j] = education, work, income
    wealth, of_immigrant, reason = standing_levels(people, p, year, seed, education)
    out[5, j], out[6, j], out[7, j] = wealth, of_immigrant, reason
