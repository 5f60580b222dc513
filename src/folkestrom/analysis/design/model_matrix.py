"""The columns of a design as numbers, some rows at a time, whatever holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.int64]

#: Numbers that are spread out at a time: 32 MiB.
_AT_A_TIME = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class ModelMatrix:
    """Columns of a design.

    Attributes
    ----------
    names
        Names of the coefficients.
    numbers
        Which of the columns are numbers; the others are the constant, or tell levels.
    one
        Multiples of the columns that add up to 1 in every row.
    rows
        How many rows there are.
    read
        The columns of some rows, by the rows' numbers: rows × columns.

    Examples
    --------
    >>> values = np.array([[1.0, 5.0], [1.0, 7.0]])
    >>> made = model_matrix(values, ["(intercept)", "age"], [False, True])
    >>> made.read(np.array([1])).tolist()
    [[1.0, 7.0]]
    """

    names: tuple[str, ...]
    numbers: npt.NDArray[np.bool_]
    one: Floats
    rows: int
    read: Callable[[Indices], Floats]

    @property
    def size(self) -> int:
        """How many columns."""
        return len(self.names)

    def spread(self) -> Indices:
        """Numbers of rows from the first to the last, as many as are read at a time."""
        most = max(_AT_A_TIME // (4 * self.size), 4 * self.size, 100)
        return np.unique(np.linspace(0, self.rows - 1, min(self.rows, most)).astype(np.int64))

    def blocks(self) -> Iterator[tuple[Indices, Floats]]:
        """All rows, a block at a time: their numbers, and their columns."""
        length = max(_AT_A_TIME // self.size, 1)
        for first in range(0, self.rows, length):
            rows = np.arange(first, min(first + length, self.rows))
            yield rows, self.read(rows)


def model_matrix(matrix: Floats, names: Sequence[str], numbers: Sequence[bool]) -> ModelMatrix:
    """The columns of a matrix, of which the first is the constant.

    Parameters
    ----------
    matrix
        Rows × columns.
    names
        Names of the coefficients.
    numbers
        Which of the columns are numbers.

    Examples
    --------
    >>> model_matrix(np.ones((3, 1)), ["(intercept)"], [False]).rows
    3
    """
    one = np.eye(1, matrix.shape[1])[0]
    return ModelMatrix(tuple(names), np.array(numbers), one, len(matrix), lambda rows: matrix[rows])


def location_and_scale(sample: Floats, numbers: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The median of each column of numbers, and the lower quartile of distances from it.

    Levels have 0 and 1. One value far out changes neither.

    Parameters
    ----------
    sample
        Rows × columns.
    numbers
        Which of the columns are numbers.

    Examples
    --------
    >>> sample = np.array([[1.0, 20], [0, 30], [0, 40], [1, 35], [1, 1e9]])
    >>> location_and_scale(sample, np.array([False, True]))
    (array([ 0., 35.]), array([1., 5.]))
    """
    origin, unit = np.zeros(sample.shape[1]), np.ones(sample.shape[1])
    for k in np.flatnonzero(numbers):
        origin[k] = np.median(sample[:, k])
        away = np.abs(sample[:, k] - origin[k])
        if away.any():
            unit[k] = np.quantile(away[away > 0], 0.25, method="lower")
    return origin, unit
