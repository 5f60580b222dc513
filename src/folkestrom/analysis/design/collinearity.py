"""Which columns of a design are combinations of others, and columns that are easier to fit.

A number is made orthogonal to the levels and to the numbers before it, more than once (Giraud,
Langou & Rozložník 2005, *Computers & Mathematics with Applications* 50). It is a combination of
them when what is left is no more than the rounding of what it is the difference of. Neither units
nor offsets nor how far a column's values lie apart matter to that: rows count the less the farther
they are out, so that a number is made orthogonal, and of the size of 1, near its median.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.analysis.design.model_matrix import Indices, ModelMatrix, location_and_scale

Floats: TypeAlias = npt.NDArray[np.float64]

#: What is left of a combination, in roundings of its parts.
_ROUNDING = 64 * np.finfo(np.float64).eps
#: Of products: a column counts as a combination when less than this part of it is left over.
_LEFT_OVER = 1e-10
#: A column of a combination whose part in it is smaller is not named.
_NO_PART = 1e-7
#: Rows that break a combination of some rows, of which so many are looked at with those.
_MOST_ADDED = 1000
#: So many names of a combination are written out.
_MOST_LISTED = 6


@dataclass(frozen=True, slots=True, eq=False)
class Orthogonal:
    """Numbers made orthogonal.

    Attributes
    ----------
    turn
        Column × number: what multiples of the columns, numbers less their origin, each new number
        is. Zero where the number is a combination of others.
    origin
        The median of each number.
    combinations
        For each column that is a combination of others: of which.
    inflation
        How much longer than what is left of it a number is, at most, near the medians.
    """

    turn: Floats
    origin: Floats
    combinations: dict[int, list[int]]
    inflation: float

    def values(self, values: Floats, columns: ModelMatrix) -> Floats:
        """The new columns of some rows.

        Parameters
        ----------
        values
            The columns: rows × columns.
        columns
            The columns that were made orthogonal.
        """
        found = values.copy()
        found[:, columns.numbers] -= self.origin
        found[:, columns.numbers] = found @ self.turn
        return found

    def coefficients(self, columns: ModelMatrix) -> Floats:
        """By which the new columns' coefficients are multiplied to be the columns' own.

        Parameters
        ----------
        columns
            The columns that were made orthogonal.
        """
        numbers = columns.numbers
        found = np.diag(np.where(numbers, 0.0, 1.0))
        found[:, numbers] = self.turn
        found[:, numbers] -= np.outer(columns.one, self.origin @ self.turn[numbers])
        return found


def orthogonalise(columns: ModelMatrix) -> Orthogonal:
    """Make numbers orthogonal to levels and to each other.

    It is done by rows spread over all of them; a combination that they show is looked for in
    the others, and rows that break it are added.

    Parameters
    ----------
    columns
        The columns.

    Examples
    --------
    >>> from folkestrom.analysis.design.model_matrix import model_matrix
    >>> year = np.array([2010.0, 2011, 2012, 2013, 2010])
    >>> names = ["(intercept)", "year", "squared", "twice"]
    >>> matrix = np.column_stack([np.ones(5), year, year**2, 2 * year])
    >>> found = orthogonalise(model_matrix(matrix, names, [False, True, True, True]))
    >>> {names[k]: [names[o] for o in others] for k, others in found.combinations.items()}
    {'twice': ['year']}
    """
    rows = columns.spread()
    while True:
        sample = columns.read(rows)
        origin, unit = location_and_scale(sample, columns.numbers)
        centred = sample - origin
        weight = _weight(centred, unit)
        # Whole numbers are not rounded; of others, what was taken off is too.
        whole = (sample == np.floor(sample)).all(axis=0) & (np.abs(sample) < 2.0**53).all(axis=0)
        held = np.abs(centred) + np.where(whole, 0.0, np.abs(sample))
        size = (held * weight).max(axis=0)
        turn, relations = _orthogonal(centred * weight, size, columns.numbers)
        more = rows[:0]
        if len(rows) < columns.rows:
            more = np.setdiff1d(_breaking(columns, (origin, unit, size), relations), rows)
        if not len(more):
            found = {k: _parts(relation * size, k) for k, relation in relations.items()}
            grown = np.linalg.norm(centred * weight, axis=0)[columns.numbers]
            grown = grown * np.abs(turn[columns.numbers].diagonal()) / np.sqrt(len(rows))
            return Orthogonal(turn, origin[columns.numbers], found, float(max(grown, default=1.0)))
        rows = np.union1d(rows, more)


def _weight(centred: Floats, unit: Floats) -> Floats:
    """What rows count, the less the farther they are out."""
    return np.asarray(1 / np.maximum((np.abs(centred) / unit).max(axis=1, keepdims=True), 1.0))


def _orthogonal(
    centred: Floats, size: Floats, numbers: npt.NDArray[np.bool_]
) -> tuple[Floats, dict[int, Floats]]:
    """New numbers as multiples of columns, and multiples of columns that add up to zero."""
    basis, made = _of_levels(centred, numbers)
    turn = np.zeros((len(size), int(numbers.sum())))
    relations: dict[int, Floats] = {}
    for m, k in enumerate(np.flatnonzero(numbers).tolist()):
        scale = np.abs(centred[:, k]).max() or 1.0
        left, parts = centred[:, k] / scale, np.eye(1, len(size), k)[0] / scale
        for _ in range(3):
            along = basis.T @ left
            left -= basis @ along
            parts -= made @ along
        if np.abs(left).max() <= _ROUNDING * float(np.abs(parts) @ size):
            relations[k] = parts * scale
            continue
        length = float(np.linalg.norm(left))
        basis = np.column_stack([basis, left / length])
        made = np.column_stack([made, parts / length])
        turn[:, m] = parts / length * np.sqrt(len(left))
    return turn, relations


def _of_levels(sample: Floats, numbers: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """An orthonormal basis of all that levels can tell, and its columns as multiples of theirs."""
    levels = np.flatnonzero(~numbers)
    values = sample[:, levels]
    length = np.linalg.norm(values, axis=0)
    scale = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
    products = (values.T @ values) * np.outer(scale, scale)
    sizes, vectors = np.linalg.eigh(products)
    kept = sizes > _LEFT_OVER
    made = np.zeros((sample.shape[1], int(kept.sum())))
    made[levels] = scale[:, None] * vectors[:, kept] / np.sqrt(sizes[kept])
    return sample @ made, made


def _breaking(
    columns: ModelMatrix, sizes: tuple[Floats, Floats, Floats], relations: dict[int, Floats]
) -> Indices:
    """Rows in which what should be zero is not."""
    found: list[Indices] = []
    origin, unit, size = sizes
    for rows, values in columns.blocks() if relations else ():
        centred = values - origin
        weight = _weight(centred, unit)[:, 0]
        for relation in relations.values():
            rounding = _ROUNDING * float(np.abs(relation) @ size)
            found.append(rows[np.abs(centred @ relation) * weight > rounding])
        if sum(map(len, found)) >= _MOST_ADDED:
            break
    return np.concatenate(found)[:_MOST_ADDED] if found else np.zeros(0, np.int64)


def _parts(shares: Floats, k: int) -> list[int]:
    least = _NO_PART * abs(float(shares[k]))
    return [int(j) for j in np.flatnonzero(np.abs(shares) > least) if j != k]


def listed(names: Sequence[str]) -> str:
    """The first names of many.

    Parameters
    ----------
    names
        Names of columns.

    Examples
    --------
    >>> listed("abcdefgh")
    'a, b, c, d, e, f and 2 more'
    """
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def linear_dependencies(products: Floats) -> dict[int, list[int]]:
    """Columns that are combinations of earlier ones, and of which, from products of columns.

    Parameters
    ----------
    products
        Sums of products of columns, none of them near a combination but for levels.

    Examples
    --------
    >>> x = np.array([[1.0, 1, 1], [1, 0, 1], [1, 0, 1]])
    >>> linear_dependencies(x.T @ x)
    {2: [0]}
    """
    size = np.sqrt(np.diag(products))
    scale = np.where(size > 0, size, 1.0)
    left = products / np.outer(scale, scale)
    # What is swept leaves its coefficients in the columns of those still to come.
    found: dict[int, list[int]] = {}
    swept: list[int] = []
    for k in range(size.size):
        if size[k] == 0:
            continue
        if left[k, k] < _LEFT_OVER:
            found[k] = [j for j in swept if abs(left[j, k]) > 1e-5]
            continue
        pivot = left[k, k]
        row = left[k] / pivot
        column = left[:, k].copy()
        left -= np.outer(column, row)
        left[k] = row
        left[:, k] = -column / pivot
        left[k, k] = 1.0 / pivot
        swept.append(k)
    return found
