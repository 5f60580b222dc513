"""Countries of the twin: immigrant groups, and what a newcomer brings along."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkestrom.model.countries import COUNTRY_CODES, NO_CODE, NORDIC, STATELESS, UNKNOWN
from folkestrom.twin.lives.mobility import Mobility
from folkestrom.twin.lives.people import People
from folkestrom.twin.lives.random import draws, normals
from folkestrom.twin.lives.wealth import wealth_effects

EU8 = frozenset({"PL", "LV", "LT", "EE", "CZ", "SK", "HU", "SI"})
"""Poland, Latvia, Lithuania, Estonia, Czechia, Slovakia, Hungary, Slovenia (the source's list)."""

WESTERN = frozenset(
    "AD AT AU BE CA CH CY DE ES FR GB GR IE IT LI LU MC MT NL NZ PT SM US VA".split()
)
NATIVE, NORWEGIAN_BORN, NORDIC_BORN, EU8_BORN, WESTERN_BORN, OTHER_BORN = range(6)
NORWAY = NO_CODE

_TASTE_1, _TASTE_2, _EDUCATION, _WORK, _INCOME = 51, 53, 55, 56, 58
EDUCATION_STEPS = (0.24, 0.64, 0.88)
"""Shares of men with at most basic, upper secondary, bachelor's education (assumption)."""


def group_table() -> NDArray[np.int8]:
    """Return the immigrant group of those born in each country (index = country code)."""
    table = np.full(max(COUNTRY_CODES.values()) + 1, OTHER_BORN, np.int8)
    for members, group in ((NORDIC, NORDIC_BORN), (EU8, EU8_BORN), (WESTERN, WESTERN_BORN)):
        table[[COUNTRY_CODES[c] for c in members if c in COUNTRY_CODES]] = group
    table[NO_CODE] = NATIVE
    return table


def give_tastes(people: People, persons: NDArray[np.int64], truth: Mobility, seed: int) -> None:
    """Draw what stays with a person: random intercepts, education, effects on work and income."""
    a = normals(seed, persons, 0, _TASTE_1)
    b = normals(seed, persons, 0, _TASTE_2)
    r = truth.correlation
    people.taste_move[persons] = truth.deviations[0] * a
    women = people.sex[persons] == 1
    u = draws(seed, persons, 0, _EDUCATION) + 0.06 * women
    people.education[persons] = np.searchsorted(EDUCATION_STEPS, u, side="right")
    people.work_taste[persons] = 0.8 * normals(seed, persons, 0, _WORK)
    people.income_taste[persons] = 0.6 * normals(seed, persons, 0, _INCOME)
    people.wealth_taste[persons] = wealth_effects(persons, seed)
    people.taste_abroad[persons] = truth.deviations[1] * (r * a + np.sqrt(1.0 - r * r) * b)


def give_unit(
    people: People,
    persons: NDArray[np.int64],
    units: NDArray[np.int16],
    seed: int,
    year: int,
    purpose: int,
) -> None:
    """Put persons into a random basic unit of their municipality."""
    many = units[people.municipality[persons]]
    people.unit[persons] = 1 + (draws(seed, persons, year, purpose) * many).astype(np.int16)


def deal(
    codes: NDArray[np.int64], counts: NDArray[np.int64], key: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Deal codes with given counts to positions in the order of a random key.

    Parameters
    ----------
    codes, counts
        What, and how many of each; the counts sum to the length of `key`.
    key
        One random number a position.
    """
    out = np.empty(len(key), np.int64)
    out[np.argsort(key, kind="stable")] = np.repeat(codes, counts)
    return out


def ranks(key: NDArray[Any]) -> NDArray[np.int64]:
    """Return each one's rank among those with the same key, in order of appearance."""
    order = np.argsort(key, kind="stable")
    out = np.empty(len(key), np.int64)
    out[order] = np.arange(len(key)) - np.searchsorted(key[order], key[order])
    return out


def birthplaces(citizenship: NDArray[Any]) -> NDArray[np.int64]:
    """Return the country of birth of who has a citizenship; the stateless are from Palestine."""
    none = np.isin(citizenship, [COUNTRY_CODES[STATELESS], COUNTRY_CODES[UNKNOWN]])
    return np.where(none, COUNTRY_CODES["PS"], citizenship)


def by_region(
    people: People, persons: NDArray[np.int64], region: NDArray[np.int8]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return persons sorted by the region of birth, and where each region begins."""
    of = region[people.birth_country[persons]]
    order = np.argsort(of, kind="stable")
    return persons[order], np.searchsorted(of[order], np.arange(region.max() + 2))


def born_somewhere(
    countries: tuple[NDArray[np.int64], NDArray[np.int8]],
    shares: NDArray[np.float64],
    numbers: NDArray[np.int64],
    key: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Deal regions with given `numbers` (R,) in the order of a random key, and countries in them.

    `countries` are codes (C,) and the region of every code, `shares` (C,) how frequent they are.
    """
    codes, region = countries
    of = deal(np.arange(len(numbers)), numbers, key)
    out = np.empty(len(key), np.int64)
    for r in np.flatnonzero(numbers):
        mine = codes[region[codes] == r]
        total = np.cumsum(shares[region[codes] == r] + 1e-9)
        u = key[of == r] * 7919.0 % 1.0
        pick = np.searchsorted(total, u * total[-1], side="right")
        out[of == r] = birthplaces(mine[np.minimum(pick, len(mine) - 1)])
    return out
