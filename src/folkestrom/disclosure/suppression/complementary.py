"""Suppression of small counts, and of others with them, so that no total gives them away.

The totals of every dimension are taken as known, whether the table shows them or another one does,
and that no count is negative. Whoever knows this can compute bounds for every suppressed cell.
Complementary suppressions are chosen so that these are wide enough; in tables too large for that,
line by line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from folkestrom.disclosure.suppression.lines import Codes, Counts, Mask, effective, lines
from folkestrom.disclosure.suppression.perturbations import table
from folkestrom.disclosure.suppression.protection import MOST_PRIMARY, protect

__all__ = ["Codes", "Mask", "Suppression", "complement", "determined", "lines", "suppress"]

#: Connected suppressed cells that equations are solved for; more of them are left to the lines.
LARGEST: Final = 600
#: Times that equations are solved again after more was suppressed.
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Suppression:
    """What to suppress, and how far that protects.

    Parameters
    ----------
    hidden
        The cells to suppress.
    given_away
        Primary cells, by number, whose counts follow from totals even so, as they would if the
        whole table were suppressed: those that equal a total of theirs, for instance.
    by_lines
        Primary cells for which only their lines were looked at, as there were too many.
    """

    hidden: Mask
    given_away: tuple[int, ...]
    by_lines: tuple[int, ...]


def suppress(
    counts: Counts,
    primary: Mask,
    codes: Sequence[Codes],
    minimum: int,
    *,
    most: Counts | None = None,
    dear: Mask | None = None,
    least: Counts | None = None,
) -> Suppression:
    """Suppress the primary cells, and others that keep them from being found.

    Parameters
    ----------
    counts
        Counts of the cells.
    primary
        Cells that must not be shown.
    codes
        For each dimension the code of every cell; without any, nothing is summed. One with a
        single code has no totals of its own.
    minimum
        Among the tables that agree with what is shown there is one in which a primary count
        below this is at least this, and one in which it is 0; one in which a larger one is
        smaller by this, and one in which it is larger by this. Where no table with the same
        totals has so much, as much as one has.
    most
        What each count is known to be at most, where that is known.
    dear
        Cells that are suppressed only where nothing else protects, as other tables show them.
    least
        What each count is known to be at least, where that is known.

    Returns
    -------
    Suppression
        The same for the same table.

    Examples
    --------
    >>> codes = [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])]
    >>> counts = np.array([1, 20, 30, 40])
    >>> suppress(counts, counts < 5, codes, 5).hidden.tolist()
    [True, True, True, True]
    >>> counts = np.array([1, 0, 3, 0])
    >>> suppress(counts, counts == 1, codes, 5)
    Suppression(hidden=array([ True, False, False, False]), given_away=(0,), by_lines=())
    """
    if not primary.any() or not codes:
        return Suppression(primary.copy(), (), ())
    kept = effective(codes)
    if int(primary.sum()) > MOST_PRIMARY:
        hidden, left = primary, tuple(np.flatnonzero(primary).tolist())
        still: tuple[int, ...] = ()
    else:
        found = protect(table(counts, codes, most, dear, least), primary, minimum)
        hidden, left, still = found.hidden, found.left, found.still
    if left:
        free = counts if least is None else counts - least
        hidden = _by_lines(free, primary, hidden, kept, minimum)
        given = {cell for cell in determined(hidden, kept) if primary[cell]}
        still = tuple(sorted(given.union(still)))
    return Suppression(hidden, still, left)


def complement(
    counts: npt.NDArray[np.int64], primary: Mask, codes: Sequence[Codes], minimum: int
) -> Mask:
    """All cells to suppress: the primary ones, and others that keep them from being found.

    Parameters
    ----------
    counts, primary, codes, minimum
        As for `suppress`.

    Returns
    -------
    numpy.ndarray
        A mask that holds `primary`.

    Examples
    --------
    >>> codes = [np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 0, 1, 2])]
    >>> counts = np.array([1, 20, 90, 30, 40, 95])
    >>> complement(counts, counts < 5, codes, 5).tolist()
    [True, True, False, True, True, False]
    """
    return suppress(counts, primary, codes, minimum).hidden


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
    groups = [line[unknown] for line in lines(effective(codes))]
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


def _by_lines(
    counts: Counts, primary: Mask, start: Mask, codes: Sequence[Codes], minimum: int
) -> Mask:
    """In each line at least two counts, and the minimum together; then what equations ask for."""
    hidden = start.copy()
    members = [list(_members(line)) for line in lines(codes)]
    for _ in range(_ROUNDS):
        before = -1
        while hidden.sum() > before:
            before = int(hidden.sum())
            for cells in (cells for dimension in members for cells in dimension):
                _protect(cells, counts, hidden, minimum)
        found = [cell for cell in determined(hidden, codes) if primary[cell]]
        if not sum(_widen(cell, counts, hidden, members) for cell in found):
            break
    return hidden


def _members(line: Codes) -> Iterator[Codes]:
    order = np.argsort(line, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(line[order])) + 1)


def _protect(cells: Codes, counts: Counts, hidden: Mask, minimum: int) -> None:
    """Suppress the smallest others of a line until nothing in it can be subtracted."""
    if not hidden[cells].any():
        return
    for cell in _by_size(cells[~hidden[cells]], counts):
        suppressed = cells[hidden[cells]]
        if len(suppressed) > 1 and counts[suppressed].sum() >= minimum:
            return
        hidden[cell] = True


def _widen(cell: int, counts: Counts, hidden: Mask, members: list[list[Codes]]) -> bool:
    """Suppress one more cell in a line of a cell that equations give away."""
    for dimension in members:
        for cells in dimension:
            shown = cells[~hidden[cells]]
            if cell in cells and len(shown):
                hidden[_by_size(shown, counts)[0]] = True
                return True
    return False


def _by_size(cells: Codes, counts: Counts) -> Codes:
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
