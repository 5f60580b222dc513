"""Passes over rows and days, compiled.

Days are counted from the first day of entry. The layout of tables is group × day (× cause), so
that what one row touches lies together.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.engine.kernels import kernel

Integers: TypeAlias = npt.NDArray[np.integer[Any]]
Floats: TypeAlias = npt.NDArray[np.float64]


@kernel
def survey(entry: Integers, exit: Integers) -> tuple[np.int64, np.int64, int]:
    """First entry, last exit, and how many rows do not leave after they enter."""
    first = np.int64(0)
    last = np.int64(exit[0])
    wrong = 0
    if len(entry):
        first = np.int64(entry[0])
        for i in range(len(exit)):
            first = min(first, np.int64(entry[i]))
            last = max(last, np.int64(exit[i]))
            wrong += entry[i] >= exit[i]
    else:
        for i in range(len(exit)):
            last = max(last, np.int64(exit[i]))
            wrong += exit[i] <= 0
    return first, last, wrong


@kernel
def tally(
    bounds: tuple[int, int],
    entry: Integers,
    exit: Integers,
    cause: npt.NDArray[np.int8],
    place: npt.NDArray[np.int32],
    weight: Floats,
    first: int,
    entered: npt.NDArray[Any],
    left: npt.NDArray[Any],
) -> None:
    """Add up rows from `bounds[0]` up to `bounds[1]` by day of entry, and by day and cause of exit.

    `place` is the group of each row; when it is empty there is one. When `entry` is empty all
    enter on the first day; when `weight` is empty every row counts 1.
    """
    for i in range(bounds[0], bounds[1]):
        g = place[i] if len(place) else 0
        a = entry[i] - first if len(entry) else 0
        w = weight[i] if len(weight) else 1.0
        left[g, exit[i] - first, cause[i]] += w
        entered[g, a] += w


@kernel
def spread(
    bounds: tuple[int, int],
    entry: Integers,
    exit: Integers,
    cause: npt.NDArray[np.int8],
    place: npt.NDArray[np.int32],
    weight: Floats,
    first: int,
    features: Floats,
    entered: Floats,
    left: Floats,
) -> None:
    """Add up squared weights by day of entry, and × features of that day by day and cause of exit.

    `features` is group × day × feature; `left` is group × day × cause × feature.
    """
    for i in range(bounds[0], bounds[1]):
        g = place[i] if len(place) else 0
        a = entry[i] - first if len(entry) else 0
        b = exit[i] - first
        c = cause[i]
        w = weight[i] * weight[i] if len(weight) else 1.0
        entered[g, a] += w
        for k in range(features.shape[2]):
            left[g, b, c, k] += w * features[g, a, k]
