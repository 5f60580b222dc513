"""How good forecasts by draws were, once it is known what happened."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Floats


def crps(draws: ArrayLike, observed: ArrayLike) -> Floats:
    """The continuous ranked probability score of draws: the less the better.

    E|X - y| - E|X - X'| / 2, in units of the figure (Gneiting and Raftery 2007, *Strictly proper
    scoring rules, prediction, and estimation*, JASA 102: 359-378), by the fair estimator, of pairs
    of different draws (Ferro 2014), so that it does not depend on how many there are. Of one draw
    it is the absolute error.

    Parameters
    ----------
    draws
        (draws, …).
    observed
        (…).

    Examples
    --------
    >>> float(crps([[1.0], [3.0]], [2.0])[0])
    0.0
    """
    found, seen = np.sort(np.asarray(draws, np.float64), axis=0), np.asarray(observed, np.float64)
    _check(found, seen)
    many = len(found)
    error = np.abs(found - seen).mean(axis=0)
    if many == 1:
        return np.asarray(error)
    weight = (2 * np.arange(1, many + 1) - many - 1).reshape(-1, *[1] * seen.ndim)
    return np.asarray(error - (weight * found).sum(axis=0) / (many * (many - 1)))


def interval(draws: ArrayLike, coverage: float) -> tuple[Floats, Floats]:
    """Ends of the central interval of draws.

    Parameters
    ----------
    draws
        (draws, …).
    coverage
        The share within, between 0 and 1.

    Examples
    --------
    >>> [round(float(end), 6) for end in interval(range(101), 0.8)]
    [10.0, 90.0]
    """
    if not 0 < coverage < 1:
        raise UsageError(
            "is no share of an interval", where="coverage", value=coverage,
            allowed="a number between 0 and 1",
        )  # fmt: skip
    lower, upper = np.quantile(np.asarray(draws), [(1 - coverage) / 2, (1 + coverage) / 2], axis=0)
    return lower, upper


def middle_and_ends(draws: ArrayLike, intervals: Sequence[float]) -> list[Floats]:
    """The median, and the ends of each interval, one interval after the other.

    Parameters
    ----------
    draws
        (draws, …).
    intervals
        Per cent of draws between the ends of each.

    Examples
    --------
    >>> [round(float(one), 6) for one in middle_and_ends(range(101), [50, 80])]
    [50.0, 25.0, 75.0, 10.0, 90.0]
    """
    ends = (end for level in intervals for end in interval(draws, level / 100))
    return [np.median(np.asarray(draws), axis=0), *ends]


def covered(draws: ArrayLike, observed: ArrayLike, coverage: float) -> Floats:
    """Whether what happened lies in the central interval: its mean is the coverage that was.

    Parameters
    ----------
    draws, observed
        As for `crps`.
    coverage
        Of the interval, between 0 and 1.

    Examples
    --------
    >>> covered(np.arange(101)[:, None], [95.0], 0.8).tolist()
    [False]
    """
    found, seen = np.asarray(draws, np.float64), np.asarray(observed, np.float64)
    _check(found, seen)
    lower, upper = interval(found, coverage)
    return np.asarray((seen >= lower) & (seen <= upper))


def _check(draws: Floats, observed: Floats) -> None:
    if draws.shape[1:] != observed.shape or not len(draws):
        raise UsageError(
            "has another shape", where="draws", value=str(draws.shape),
            allowed=f"(draws, {', '.join(map(str, observed.shape))})",
        )  # fmt: skip
