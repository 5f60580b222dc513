"""The composition by several factors, taken apart so that no factor comes first.

A composition by factors is a product, one part a factor. The part of factor i is the geometric
mean, over all orders of the factors, of its distribution given those before it; for two and three
factors these are Das Gupta's (1993) formulas for cross-classified data. What changes when
factor i passes from one population to the other is averaged over all orders too (Shapley 1953).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import factorial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int64]


def composition_changes(codes: Sequence[Codes], one: Floats, other: Floats) -> Floats:
    """What each factor contributes to the difference in composition, cell by cell.

    Parameters
    ----------
    codes
        For each of P factors the code of every cell, from 0.
    one, other
        Exposure of both populations in every cell.

    Returns
    -------
    numpy.ndarray
        P × cells; the rows add up to the difference of the shares.

    Examples
    --------
    >>> codes = [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])]
    >>> one, other = np.array([4.0, 4, 1, 1]), np.array([1.0, 1, 1, 1])
    >>> composition_changes(codes, one, other).round(3).tolist()
    [[0.15, 0.15, -0.15, -0.15], [0.0, 0.0, 0.0, 0.0]]
    """
    mine, theirs = _parts(codes, one), _parts(codes, other)
    count = len(codes)
    changes = np.zeros_like(mine)
    for i in range(count):
        others = [j for j in range(count) if j != i]
        for size in range(count):
            weight = factorial(size) * factorial(count - 1 - size) / factorial(count)
            for swapped in combinations(others, size):
                rest = np.ones_like(one)
                for j in others:
                    rest = rest * (mine[j] if j in swapped else theirs[j])
                changes[i] += weight * rest * (mine[i] - theirs[i])
    return changes


def _parts(codes: Sequence[Codes], exposure: Floats) -> Floats:
    """The part of each factor in the composition: P × cells, with the shares as their product."""
    count = len(codes)
    margins = {
        chosen: _margin([codes[j] for j in chosen], exposure)
        for size in range(count + 1)
        for chosen in combinations(range(count), size)
    }
    parts = np.ones((count, len(exposure)))
    for i in range(count):
        others = [j for j in range(count) if j != i]
        for size in range(count):
            weight = factorial(size) * factorial(count - 1 - size) / factorial(count)
            for given in combinations(others, size):
                whole = margins[given]
                joint = margins[tuple(sorted((*given, i)))]
                # Nobody there: the cell is empty, and so is its share.
                ratio = np.divide(joint, whole, out=np.zeros_like(whole), where=whole > 0)
                parts[i] *= ratio**weight
    return parts


def _margin(codes: Sequence[Codes], exposure: Floats) -> Floats:
    """The sum over all cells with the same codes, for every cell."""
    number = np.zeros(len(exposure), np.int64)
    for code in codes:
        number = number * (int(code.max(initial=0)) + 1) + code
    _, places = np.unique(number, return_inverse=True)
    return np.bincount(places, exposure).astype(np.float64)[places]
