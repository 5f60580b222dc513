"""Suppression of small counts, and of others with them, so that no total gives them away.

The totals of every dimension are taken as known, whether the table shows them or another one does.
A line is the cells that one such total sums. Whoever knows it finds a cell by subtraction when
it is the only one suppressed, and small counts together when their sum is small. Over several
lines, equations may still have one solution: that is looked for too, by linear algebra.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Mask: TypeAlias = npt.NDArray[np.bool_]
Codes: TypeAlias = npt.NDArray[np.int64]

#: Connected suppressed cells that equations are solved for; more of them are left to the lines.
LARGEST: Final = 1500


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


def complement(
    counts: npt.NDArray[np.int64], primary: Mask, codes: Sequence[Codes], minimum: int
) -> Mask:
    """All cells to suppress: the primary ones, and others that keep them from being found.

    Parameters
    ----------
    counts
        Counts of the cells.
    primary
        Cells that must not be shown.
    codes
        For each dimension the code of every cell; without any, nothing is summed.
    minimum
        What is suppressed in a line adds up to at least this, where the line allows it.

    Returns
    -------
    numpy.ndarray
        A mask that holds `primary`.

    Examples
    --------
    >>> codes = [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])]
    >>> counts = np.array([1, 20, 30, 40])
    >>> complement(counts, counts < 5, codes, 5).tolist()
    [True, True, True, True]
    """
    hidden = primary.copy()
    members = [list(_members(line)) for line in lines(codes)] if codes else []
    while True:
        before = hidden.sum()
        for dimension in members:
            for cells in dimension:
                _protect(cells, counts, hidden, minimum)
        if hidden.sum() > before:
            continue
        for cell in determined(hidden, codes):
            if primary[cell] and _widen(cell, counts, hidden, members):
                break
        else:
            return hidden


def determined(hidden: Mask, codes: Sequence[Codes]) -> list[int]:
    """Suppressed cells whose counts follow from the totals and the cells that are shown.

    Parameters
    ----------
    hidden
        Which cells are suppressed.
    codes
        For each dimension the code of every cell.

    Examples
    --------
    >>> codes = [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])]
    >>> determined(np.array([True, True, False, False]), codes)
    [0, 1]
    >>> determined(np.array([True, True, True, True]), codes)
    []
    """
    unknown = np.flatnonzero(hidden)
    if not len(unknown) or not codes:
        return []
    groups = [line[unknown] for line in lines(codes)]
    found: list[int] = []
    for part in _components(groups, len(unknown)):
        if len(part) > LARGEST:
            continue
        equations = np.vstack([_equations(group[part]) for group in groups])
        # A cell is determined when no change of the unknowns that keeps all totals moves it.
        _, values, vectors = np.linalg.svd(equations, full_matrices=True)
        rank = int((values > 1e-9).sum())
        free = np.abs(vectors[rank:]).max(axis=0, initial=0.0)
        found += unknown[part[free < 1e-9]].tolist()
    return sorted(found)


def _members(line: Codes) -> Iterator[Codes]:
    order = np.argsort(line, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(line[order])) + 1)


def _protect(cells: Codes, counts: npt.NDArray[np.int64], hidden: Mask, minimum: int) -> None:
    """Suppress the smallest others of a line until nothing in it can be subtracted."""
    if not hidden[cells].any():
        return
    for cell in _by_size(cells[~hidden[cells]], counts):
        suppressed = cells[hidden[cells]]
        if len(suppressed) > 1 and counts[suppressed].sum() >= minimum:
            return
        hidden[cell] = True


def _widen(
    cell: int, counts: npt.NDArray[np.int64], hidden: Mask, members: list[list[Codes]]
) -> bool:
    """Suppress one more cell in a line of a cell that equations give away."""
    for dimension in members:
        for cells in dimension:
            shown = cells[~hidden[cells]]
            if cell in cells and len(shown):
                hidden[_by_size(shown, counts)[0]] = True
                return True
    return False


def _by_size(cells: Codes, counts: npt.NDArray[np.int64]) -> Codes:
    # Empty cells last: that nobody is there is often known.
    return cells[np.lexsort((counts[cells], counts[cells] == 0))]


def _components(groups: Sequence[Codes], size: int) -> Iterator[Codes]:
    """Suppressed cells that lines connect."""
    label = np.arange(size)
    while True:
        before = label.copy()
        for group in groups:
            least = np.full(int(group.max()) + 1, size)
            np.minimum.at(least, group, label)
            label = np.minimum(label, least[group])
        if (label == before).all():
            break
    for part in np.unique(label):
        yield np.flatnonzero(label == part)


def _equations(group: Codes) -> npt.NDArray[Any]:
    found, place = np.unique(group, return_inverse=True)
    return np.equal.outer(np.arange(len(found)), place).astype(np.float64)
