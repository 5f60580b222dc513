"""Finds partners: men and women of one municipality matched by age and immigrant group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives.origins import NORWEGIAN_BORN
from folkestrom.twin.lives.people import People
from folkestrom.twin.lives.random import normals

Index = NDArray[np.int64]
_AGE_NOISE, _OLDER = 41, 2.5
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
