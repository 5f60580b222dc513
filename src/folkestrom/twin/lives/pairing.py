"""Finds partners: men and women of one municipality matched by age and immigrant group.

Couples without marriage are found, and part, each year.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives.origins import NORWEGIAN_BORN
from folkestrom.twin.lives.people import NOTHING, RESIDENT, People
from folkestrom.twin.lives.random import draws, normals

Index = NDArray[np.int64]
_AGE_NOISE, _OLDER, _SEEK, _PART = 41, 2.5, 43, 45
"""The husband is 2.5 years older on average, with a spread of the noise drawn here."""


def _ranks(place: Index, age: NDArray[np.float64]) -> tuple[Index, Index]:
    """Return the order by (place, age) and, in that order, the rank inside the place."""
    order = np.lexsort((age, place))
    sorted_place = place[order]
    first = np.searchsorted(sorted_place, sorted_place, side="left")
    return order, np.arange(len(order)) - first


_BAND = 3.0
_WIDEST = 15.0
"""Width of the age bands in years, and the widest difference that is still matched."""


def _same_rank(keys: list[Index], ages: list[NDArray[np.float64]]) -> tuple[Index, Index]:
    """Return positions of men and women with the same rank by age under the same key."""
    orders, ranks = zip(*(_ranks(k, a) for k, a in zip(keys, ages, strict=True)), strict=True)
    men, women = (k[o] * 10_000_000 + n for k, o, n in zip(keys, orders, ranks, strict=True))
    _, at_m, at_w = np.intersect1d(men, women, assume_unique=True, return_indices=True)
    at_m, at_w = orders[0][at_m], orders[1][at_w]
    near = np.abs(ages[0][at_m] - ages[1][at_w]) < _WIDEST
    return at_m[near], at_w[near]


def match(
    people: People, men: Index, women: Index, seed: int, year: int, everywhere: bool = True
) -> tuple[Index, Index]:
    """Pair men and women: by age band inside each municipality, then by age there, then anywhere.

    Inside an age band immigrants are paired within their group.

    Parameters
    ----------
    people
        The state.
    men, women
        Indices of those who look for a partner.
    seed, year
        For the noise in the age difference.
    everywhere
        Whether those without a match in their municipality look across the country.

    Returns
    -------
    tuple of arrays
        Husbands and wives, of equal length; the rest have no partner in the register.
    """
    sides = [men, women]
    ages = [
        year - people.birth_year[p] + shift + 2.0 * normals(seed, p, year, _AGE_NOISE)
        for p, shift in ((men, 0.0), (women, _OLDER))
    ]
    found: list[tuple[Index, Index]] = []
    passes = [(True, 0.0), (True, _BAND / 2), (True, None)]
    passes += [(False, 0.0), (False, _BAND / 2)] if everywhere else []
    for local, offset in passes:
        if not len(sides[0]) or not len(sides[1]):
            break
        keys = [_key(people, p, a, local, offset) for p, a in zip(sides, ages, strict=True)]
        pair = _same_rank(keys, ages)
        found.append((sides[0][pair[0]], sides[1][pair[1]]))
        for i in (0, 1):
            free = np.ones(len(sides[i]), np.bool_)
            free[pair[i]] = False
            sides[i], ages[i] = sides[i][free], ages[i][free]
    if not found:
        return men[:0], women[:0]
    return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])


def _key(
    people: People, persons: Index, age: NDArray[np.float64], local: bool, offset: float | None
) -> Index:
    """Return who may be paired: the same municipality (if local) and age band (if an offset)."""
    key = np.zeros(len(persons), np.int64)
    if local:
        key += 100 * (1 + people.municipality[persons].astype(np.int64))
    if offset is not None:
        key += ((age + offset) / _BAND).astype(np.int64)
    if local and offset is not None:
        group = people.group[persons].astype(np.int64)
        key += 100_000 * np.where(group > NORWEGIAN_BORN, group, 0)
    return key


AGES = (18, 20, 25, 30, 35, 40, 50, 60, 75)
"""Where age bands of those who live together without marriage begin, and the last ends."""
COHABITING = (0.06, 0.30, 0.50, 0.52, 0.45, 0.25, 0.13, 0.05)
"""Share of the unmarried in a couple in the first stock, by age band (fitted, see the manual)."""
SEEKING = (0.032, 0.088, 0.21, 0.225, 0.19, 0.085, 0.026, 0.01)
"""Share of the unmarried in no couple who look for one in a year, by age band (fitted)."""
PARTING = (0.25, 0.17, 0.11, 0.07, 0.055, 0.04, 0.03, 0.02)
"""Share of couples that part in a year, by the woman's age band (fitted); with children less."""
PARENTS_SEEK, PARENTS_PART = 0.5, 0.08
"""Seeking and parting of those with a child below 18, against others of their age (fitted)."""
_UNMARRIED = (1, 3, 4)


def live_together(
    people: People, size: int, shares: tuple[float, ...], year: int, seed: int
) -> None:
    """Let unmarried men and women become couples: `shares` by age band look for a partner."""
    age = year - 1 - people.birth_year[:size].astype(np.int64)
    fit = (people.status[:size] == RESIDENT) & (people.pending[:size] == NOTHING)
    fit &= (people.partner[:size] < 0) & (people.mate[:size] < 0) & (age >= AGES[0])
    pool = np.flatnonzero(fit & (age < AGES[-1]) & np.isin(people.marital[:size], _UNMARRIED))
    share = np.array(shares)[np.searchsorted(AGES, age[pool], side="right") - 1]
    share = np.where(year - people.last_child[pool] < 18, PARENTS_SEEK, 1.0) * share
    pool = pool[draws(seed, pool, year, _SEEK) < share]
    woman = people.sex[pool] == 1
    men, women = match(people, pool[~woman], pool[woman], seed, year, everywhere=False)
    mothers = people.mother[men], people.mother[women]
    strangers = (mothers[0] != mothers[1]) | (mothers[0] < 0)
    men, women = men[strangers], women[strangers]
    people.mate[men], people.mate[women] = women, men


def part(people: People, size: int, year: int, seed: int) -> None:
    """End couples without marriage: by a wedding, a death, a move of one, or since they part."""
    women = np.flatnonzero((people.mate[:size] >= 0) & (people.sex[:size] == 1))
    men = people.mate[women].astype(np.int64)
    over = (people.partner[women] >= 0) | (people.partner[men] >= 0)
    over |= (people.status[women] != RESIDENT) | (people.status[men] != RESIDENT)
    over |= people.municipality[women] != people.municipality[men]
    over |= ~np.isin(people.marital[women], _UNMARRIED) | ~np.isin(people.marital[men], _UNMARRIED)
    age = np.clip(year - 1 - people.birth_year[women].astype(np.int64), AGES[0], AGES[-1] - 1)
    chance = np.array(PARTING)[np.searchsorted(AGES, age, side="right") - 1]
    parents = year - people.last_child[women].astype(np.int64) < 18
    over |= draws(seed, women, year, _PART) < np.where(parents, PARENTS_PART, 1.0) * chance
    people.mate[women[over]] = people.mate[men[over]] = -1
