"""Levels of the components in years that are known, as rates expect them of who was there."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.stochastic.history import History
from folkestrom.projection.structure import FEMALE

#: Age groups of mortality, before they are put together.
_LOWER: Final = np.array([0, 1, *range(5, 100, 5)], np.intp)
#: Who died, at least, of a sex and age group in every year.
_LEAST_DEATHS: Final = 5
#: A year without any event counts as half of one: logarithms are taken.
_HALF: Final = 0.5


def levels_of_years(
    first: int, rates: Rates, lived: Floats, died: Floats, born: Floats, came: Floats, left: Floats
) -> History:
    """Events of each year by those that rates expect of who was there; immigrants as they came.

    Parameters
    ----------
    first
        The first year.
    rates
        Of the projection, of one step.
    lived
        Person-years of residents, by population group: (years, groups, 2, ages).
    died
        Deaths: (years, 2, ages).
    born, came, left
        Births, immigrants and emigrants: (years,).

    Examples
    --------
    >>> lived, none = np.full((2, 1, 2, 120), 100.0), np.zeros((1, 1, 1, 1))
    >>> rates = Rates(none + 0.1, none + 0.01, none[..., 0] + 0.005, none)
    >>> deaths, events = np.full((2, 2, 120), 20.0), np.array([30.0, 60.0])
    >>> found = levels_of_years(2001, rates, lived, deaths, events, events, events)
    >>> found.levels["fertility"].tolist(), found.mortality[0, 0, :2].tolist()
    ([0.5, 1.0], [2.0, 2.0])
    """
    births = (lived[:, :, FEMALE] * rates.fertility[0]).sum(axis=(1, 2))
    exits = (lived * rates.emigration[0]).sum(axis=(1, 2, 3))
    levels = {"fertility": _level(born, births), "immigration": np.maximum(came, _HALF),
              "emigration": _level(left, exits)}  # fmt: skip
    return History(first, levels, *_mortality(died, (lived * rates.mortality[0]).sum(axis=1)))


def _level(events: Floats, expected: Floats) -> Floats:
    return np.maximum(events, _HALF) / np.maximum(expected, 1e-9)


def _mortality(died: Floats, expected: Floats) -> tuple[Floats, NDArray[np.intp], Floats]:
    """Deaths by those expected, of age groups put together until enough died.

    With their first ages, and how many die there.
    """
    deaths, lives = (np.add.reduceat(one, _LOWER, axis=-1) for one in (died, expected))
    bounds, end = [], len(_LOWER)
    for start in range(len(_LOWER) - 1, -1, -1):
        if deaths[..., start:end].sum(axis=-1).min() >= _LEAST_DEATHS:
            bounds.append(start)
            end = start
    # Too few young ones are with the youngest group that has enough.
    starts = np.array([0, *bounds[::-1][1:]], np.intp)
    grouped, by = (np.add.reduceat(one, starts, axis=-1) for one in (deaths, lives))
    return _level(grouped, by), _LOWER[starts], by.sum(axis=(0, 1))
