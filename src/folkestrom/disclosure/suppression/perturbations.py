"""Feasible perturbations: changes of some cells that every total leaves open.

A table with some cells suppressed could be any table with the same totals and the same cells
shown, in which no count is negative. The difference from the true table is a feasible
perturbation, here a move. A cell is protected as far as moves of suppressed cells take it up and
down; the cheapest one is found by linear programming (Kelly, Golden & Assad 1992).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from folkestrom.disclosure.suppression.lines import Codes, Counts, Mask, effective, lines

Floats = npt.NDArray[np.float64]

#: What one person more of a move is worth: more than any suppressions cost.
_WORTH: Final = 1e5
#: Nodes of a search for whole numbers, and the most cells that one is made among.
_NODES: Final = 20
_SEARCHED: Final = 150
_NO_LIMIT: Final = 2**53


@dataclass(frozen=True, slots=True)
class Table:
    """Counts and their lines.

    Parameters
    ----------
    counts
        The true counts, of n cells.
    codes
        The dimensions that tell cells apart.
    lines
        For each of them the line of every cell.
    most
        What everybody knows each count to be at most.
    dear
        Cells that are suppressed only where nothing else protects: other tables show them.
    least
        What everybody knows each count to be at least.
    """

    counts: Counts
    codes: tuple[Codes, ...]
    lines: tuple[Codes, ...]
    most: Counts
    dear: Mask
    least: Counts


@dataclass(frozen=True, slots=True)
class ProtectionLevel:
    """How far a cell must be able to move.

    Parameters
    ----------
    cell
        Its number.
    sign
        1: up; -1: down.
    amount
        By how much, at least.
    """

    cell: int
    sign: int
    amount: int


@dataclass(frozen=True, slots=True, eq=False)
class Perturbation:
    """Changes of cells that keep every total.

    Parameters
    ----------
    cells
        The cells that change, in order.
    change
        By how much each of them does.
    forth, back
        How many times it can be made, and made the other way round.
    """

    cells: Codes
    change: Counts
    forth: int
    back: int

    def reach(self, level: ProtectionLevel) -> int:
        """How far it takes the cell of a level in the direction of the level.

        Parameters
        ----------
        level
            The level.
        """
        at = int(np.searchsorted(self.cells, level.cell))
        if at == len(self.cells) or self.cells[at] != level.cell:
            return 0
        way = int(self.change[at]) * level.sign
        return way * self.forth if way > 0 else -way * self.back


def table(
    counts: Counts,
    codes: Sequence[Codes],
    most: Counts | None = None,
    dear: Mask | None = None,
    least: Counts | None = None,
) -> Table:
    """Counts with their lines.

    Parameters
    ----------
    counts
        Counts of the cells.
    codes
        For each dimension the code of every cell.
    most
        What each count is known to be at most.
    dear
        Cells that are suppressed only where nothing else protects; None: there are none.
    least
        What each count is known to be at least; None: 0.

    Examples
    --------
    >>> table(np.array([1, 2]), [np.array([0, 1]), np.array([0, 0])]).lines
    (array([0, 0]),)
    """
    kept = effective(codes)
    limit = np.full(len(counts), _NO_LIMIT) if most is None else np.maximum(most, counts)
    known = np.zeros(len(counts), np.bool_) if dear is None else dear
    whole = counts.astype(np.int64)
    floor = np.zeros(len(counts), np.int64) if least is None else np.minimum(least, whole)
    return Table(whole, tuple(kept), tuple(lines(kept)), limit.astype(np.int64), known, floor)


def cheapest(
    of: Table, level: ProtectionLevel, among: Codes, cost: Floats, free: Mask | None = None
) -> Perturbation | None:
    """The move of least cost that meets a level, or comes nearest to it.

    Parameters
    ----------
    of
        The table.
    level
        How far a cell must move.
    among
        The cells that may change, in order; the level's is one of them.
    cost
        For each cell of the table what a change of it by one costs.
    free
        Cells that are suppressed already, which a search for whole numbers may use; without them
        there is no such search.

    Returns
    -------
    Perturbation or None
        In whole numbers; None where the cell cannot move.

    Notes
    -----
    Solved as linear programme. Totals over two dimensions or fewer have solutions in whole numbers;
    over three they may not: such a one is multiplied, or else searched for by branch and bound,
    among the cells that it changes, then with those that are suppressed, and then among all.

    Examples
    --------
    >>> given = table(np.array([1, 20, 30]), [np.arange(3)])
    >>> move = cheapest(given, ProtectionLevel(0, 1, 4), np.arange(3), np.ones(3))
    >>> move.cells.tolist(), move.change.tolist(), move.forth, move.back
    ([0, 1], [4, -4], 5, 0)
    """
    found = _solve(of, level, among, cost)
    whole = np.rint(found)
    if np.abs(found - whole).max(initial=0.0) <= 1e-6:
        return _move(of, among, whole)
    multiple = _multiplied(of, level, among, found)
    if multiple is not None or free is None:
        return None if multiple is None else _move(of, among, multiple)
    best: Perturbation | None = None
    moved = np.abs(found) > 1e-7
    for cells in (among[moved], among[moved | free[among]], among):
        if len(cells) > _SEARCHED and best is not None:
            break
        move = _move(of, cells, np.rint(_solve(of, level, cells, cost, whole=True)))
        if best is None or (move is not None and move.reach(level) > best.reach(level)):
            best = move
        if best is not None and best.reach(level) >= level.amount:
            break
    return best


def _solve(
    of: Table, level: ProtectionLevel, among: Codes, cost: Floats, *, whole: bool = False
) -> Floats:
    # Imported here: it takes a second, and most commands suppress nothing.
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp

    size = len(among)
    equations = _equations(of, among)
    counts = of.counts[among]
    weights = np.tile(cost[among], 2)
    upper = np.concatenate([of.most[among] - counts, counts - of.least[among]]).astype(np.float64)
    at = int(np.searchsorted(among, level.cell))
    wanted, other = (at, at + size) if level.sign > 0 else (at + size, at)
    weights[wanted], upper[other] = -_WORTH, 0.0
    upper[wanted] = min(upper[wanted], level.amount)
    if whole:
        solved = milp(
            weights,
            integrality=np.ones(2 * size),
            bounds=Bounds(0, upper),
            constraints=LinearConstraint(equations, 0, 0),
            # What suppressions cost is a small part: a move that goes far enough is good enough.
            options={"node_limit": _NODES, "mip_rel_gap": 1e-3},
        )
    else:
        solved = linprog(
            weights,
            A_eq=equations,
            b_eq=np.zeros(equations.shape[0]),
            bounds=np.column_stack([np.zeros(2 * size), upper]),
            method="highs-ds",
            options={"presolve": False},  # few pivots from the true table: presolving takes longer
        )
    if solved.x is None:
        return np.zeros(size)
    return np.asarray(solved.x[:size] - solved.x[size:], np.float64)


def _equations(of: Table, among: Codes) -> Any:
    """One row a line: ups less downs are none."""
    from scipy.sparse import csc_matrix

    rows: list[Codes] = []
    height = 0
    for line in of.lines:
        found, place = np.unique(line[among], return_inverse=True)
        rows.append(place + height)
        height += len(found)
    many, size = len(of.lines), len(among)
    places = np.column_stack(rows).ravel()
    return csc_matrix(
        (
            np.repeat([1.0, -1.0], many * size),
            np.concatenate([places, places]),
            np.arange(0, 2 * many * size + 1, many),
        ),
        shape=(height, 2 * size),
    )


def _multiplied(of: Table, level: ProtectionLevel, among: Codes, found: Floats) -> Floats | None:
    """A somewhat larger move in whole numbers along the same cells."""
    at = int(np.searchsorted(among, level.cell))
    for amount in range(level.amount + 1, 3 * level.amount + 1):
        larger = found * (amount / abs(found[at])) if found[at] else found
        whole = np.rint(larger)
        after = of.counts[among] + whole
        if (
            np.abs(larger - whole).max() <= 1e-6
            and (after >= of.least[among]).all()
            and (after <= of.most[among]).all()
        ):
            return whole
    return None


def _move(of: Table, among: Codes, change: Floats) -> Perturbation | None:
    moved = np.flatnonzero(change)
    cells, by = among[moved], change[moved].astype(np.int64)
    for line in of.lines:
        if np.bincount(line[cells], by).any():
            return None
    counts, most = of.counts[cells] - of.least[cells], of.most[cells]
    up, down = by > 0, by < 0
    if not up.any():
        return None
    room = most - of.counts[cells]
    forth = min((counts[down] // -by[down]).min(), (room[up] // by[up]).min())
    back = min((counts[up] // by[up]).min(), (room[down] // -by[down]).min())
    return Perturbation(cells, by, int(forth), int(back)) if forth > 0 or back > 0 else None
