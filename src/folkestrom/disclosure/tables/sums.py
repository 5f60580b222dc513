"""Sums along the axes of a table, kept beside its cells: what a reader may ask for.

An axis is extended by its sums, so that every figure that can be asked for has a place of its own.
A relation says that one place of an axis is the sum of others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

#: Places that one sum is of.
Parts: TypeAlias = tuple[int, ...]


def with_sums(cells: npt.NDArray[Any], sums: Sequence[Sequence[Parts]]) -> npt.NDArray[Any]:
    """Cells, and after them along every axis its sums; in the type of the cells.

    Parameters
    ----------
    cells
        Counts, or sums of keys, which are taken modulo 2³² by their type.
    sums
        For each axis, the places of each sum.

    Examples
    --------
    >>> with_sums(np.array([[1, 2], [3, 4]]), [[(0, 1)], [(0, 1)]]).tolist()
    [[1, 2, 3], [3, 4, 7], [4, 6, 10]]
    """
    for axis, parts in enumerate(sums):
        if parts:
            added = [
                np.add.reduce(cells.take(of, axis), axis, dtype=cells.dtype, keepdims=True)
                for of in parts
            ]
            cells = np.concatenate([cells, *added], axis)
    return cells


def along(axis: int, place: int | Parts | slice) -> tuple[Any, ...]:
    """An index of that place or those places of an axis.

    Parameters
    ----------
    axis, place
        The axis, and where on it.
    """
    return (*[slice(None)] * axis, list(place) if isinstance(place, tuple) else place)


def relations(
    sizes: Sequence[int],
    sums: Sequence[Sequence[Parts]],
    nested: Sequence[Sequence[tuple[int, Parts]]],
) -> Iterator[tuple[int, int, Parts]]:
    """Every relation of an extended table: the axis, the place of the sum, and those of its parts.

    Parameters
    ----------
    sizes
        How many cells each axis has without its sums.
    sums
        As for `with_sums`.
    nested
        For each axis, cells that are sums of other cells, as a county is of municipalities.
    """
    for axis, (size, of) in enumerate(zip(sizes, sums, strict=True)):
        for number, parts in enumerate(of):
            yield axis, size + number, parts
        for place, parts in nested[axis]:
            yield axis, place, parts
