"""The lines of a table: the cells that one total sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Mask: TypeAlias = npt.NDArray[np.bool_]
Codes: TypeAlias = npt.NDArray[np.int64]
Counts: TypeAlias = npt.NDArray[np.int64]


def lines(codes: Sequence[Codes]) -> list[Codes]:
    """The number of the line that every cell is in, for each dimension.

    Parameters
    ----------
    codes
        For each dimension the code of every cell, from 0.

    Examples
    --------
    >>> [line.tolist() for line in lines([np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])])]
    [[0, 1, 0, 1], [0, 0, 1, 1]]
    """
    found = []
    for left_out in range(len(codes)):
        number = np.zeros(len(codes[0]), np.int64)
        for other, code in enumerate(codes):
            if other != left_out:
                number = number * (int(code.max(initial=0)) + 1) + code
        found.append(np.unique(number, return_inverse=True)[1].astype(np.int64))
    return found


def effective(codes: Sequence[Codes]) -> list[Codes]:
    """The dimensions that tell cells apart: a total over one code alone is no total.

    Parameters
    ----------
    codes
        For each dimension the code of every cell.

    Examples
    --------
    >>> [code.tolist() for code in effective([np.array([0, 1]), np.array([3, 3])])]
    [[0, 1]]
    """
    return [code for code in codes if len(np.unique(code)) > 1] or list(codes[:1])
