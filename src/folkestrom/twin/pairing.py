"""Finds partners: men and women of one municipality matched by age."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.people import People
from folkestrom.twin.random import normals

Index = NDArray[np.int64]
_AGE_NOISE, _OLDER = 41, 2.5
"""The husband is 2.5 years older on average, with a spread of the noise drawn here."""


def _ranks(place: Index, age: NDArray[np.float64]) -> tuple[Index, Index]:
    """Return the order by (place, age) and, in that order, the rank inside the place."""
    order = np.lexsort((age, place))
    sorted_place = place[order]
    first = np.searchsorted(sorted_place, sorted_place, side="left")
    return order, np.arange(len(order)) - first


def match(
    people: People, men: Index, women: Index, seed: int, year: int, local: bool = True
) -> tuple[Index, Index]:
    """Pair as many men and women as possible, by age inside each municipality, then anywhere.

    Parameters
    ----------
    people
        The state.
    men, women
        Indices of those who look for a partner.
    seed, year
        For the noise in the age difference.
    local
        Leave those without a match in their municipality alone when True.

    Returns
    -------
    tuple of arrays
        Husbands and wives, of equal length; the rest have no partner in the register.
    """
    if not len(men) or not len(women):
        return men[:0], women[:0]
    ages = [
        -people.birth_year[p] + shift + 2.0 * normals(seed, p, year, _AGE_NOISE)
        for p, shift in ((men, 0.0), (women, _OLDER))
    ]
    place_m = people.municipality[men].astype(np.int64) if local else np.zeros(len(men), np.int64)
    place_w = people.municipality[women].astype(np.int64) if local else np.zeros(len(women), np.int64)
    order_m, rank_m = _ranks(place_m, ages[0])
    order_w, rank_w = _ranks(place_w, ages[1])
    key_m = place_m[order_m] * 10_000_000 + rank_m
    key_w = place_w[order_w] * 10_000_000 + rank_w
    _, at_m, at_w = np.intersect1d(key_m, key_w, assume_unique=True, return_indices=True)
    return men[order_m[at_m]], women[order_w[at_w]]


def match_everywhere(
    people: People, men: Index, women: Index, seed: int, year: int
) -> tuple[Index, Index]:
    """Pair inside municipalities first, then the remaining across the country."""
    a, b = match(people, men, women, seed, year)
    rest_m = np.setdiff1d(men, a, assume_unique=True)
    rest_w = np.setdiff1d(women, b, assume_unique=True)
    c, d = match(people, rest_m, rest_w, seed, year, local=False)
    return np.concatenate([a, c]), np.concatenate([b, d])
