"""Daily counts against their season: what is expected of a day, of the days before it alone.

Counts are looked at as 2 √(x + ⅜), which gives Poisson counts of all sizes a spread of 1 (Anscombe
1948, *Biometrika* 35, 246–254). Of the days before, effects of the sort of day (weekday, holiday)
and of the month are swept out by medians (Tukey 1977, *Exploratory Data Analysis*, chapter 11); the
level is the median of what is left of the last weeks, and the spread their median absolute
deviation × 1.4826, at least 1. Single wrong days move no median, so that an error of last week
hides none of today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Days of which effects are learned, of which the level is, and without which there is none.
WINDOW: Final = 3 * 365
LEVEL: Final = 28
FEWEST: Final = 28
#: Spreads from which a day is an alarm: of 10 series, two days in 100 years if all were normal.
WIDTH: Final = 5.0
_YEAR: Final = 400
_SWEEPS: Final = 3


@dataclass(frozen=True, slots=True)
class Season:
    """What is expected of days; each of shape (days asked for, series).

    Parameters
    ----------
    expected, low, high
        The count, and counts between which it is inside. NaN where too few days come before.
    score
        How many spreads the count is from what is expected.
    """

    expected: Floats
    low: Floats
    high: Floats
    score: Floats


def season(
    counts: NDArray[np.int64], sorts: NDArray[np.int64], months: NDArray[np.int64],
    asked: Sequence[int], width: float = WIDTH,
) -> Season:  # fmt: skip
    """Compare days with those before them.

    Parameters
    ----------
    counts
        Counts of successive days, shape (days, series); days without any are 0.
    sorts, months
        The sort of each day, and its month: numbers from 0 on, shape (days,).
    asked
        Which of the days to compare.
    width
        Spreads from what is expected to the ends of the interval.

    Examples
    --------
    >>> days = np.arange(120)
    >>> counts = np.where(days % 7 > 4, 10, 100)[:, None] + days[:, None] % 3
    >>> counts[119] = 250
    >>> found = season(counts, days % 7, days // 31, [118, 119])
    >>> found.expected.round().ravel().tolist(), (found.score > 5).ravel().tolist()
    ([11.0, 101.0], [False, True])
    """
    roots = 2 * np.sqrt(counts + 0.375)
    shape = (len(asked), counts.shape[1])
    middle, spread = np.full(shape, np.nan), np.full(shape, np.nan)
    for n, day in enumerate(asked):
        start = max(day - WINDOW, 0)
        if day - start >= FEWEST:
            groups = [sorts[start : day + 1]]
            # The months before a first year are no season yet.
            groups += [months[start : day + 1]] if day - start > _YEAR else []
            middle[n], spread[n] = _expected(roots[start:day], groups)
    low, high = middle - width * spread, middle + width * spread
    score = (roots[list(asked)] - middle) / spread
    return Season(_count(middle), _count(low), _count(high), score)


def _expected(before: Floats, groups: Sequence[NDArray[np.int64]]) -> tuple[Floats, Floats]:
    """Middle and spread of the last day of the groups, as roots, of the days before it."""
    left = before - np.median(before, axis=0)
    middle = np.median(before, axis=0)
    for _ in range(_SWEEPS):
        for group in groups:
            effects = np.zeros((group.max() + 1, before.shape[1]))
            for one in np.unique(group[:-1]):
                effects[one] = np.median(left[group[:-1] == one], axis=0)
            left = left - effects[group[:-1]]
            middle = middle + effects[group[-1]]
    last = left[-LEVEL:]
    level = np.median(last, axis=0)
    recent = left[-2 * LEVEL :]
    spread = 1.4826 * np.median(np.abs(recent - np.median(recent, axis=0)), axis=0)
    return middle + level, np.maximum(spread, 1.0)


def _count(root: Floats) -> Floats:
    return np.asarray(np.maximum(np.maximum(root, 0) ** 2 / 4 - 0.375, 0))
