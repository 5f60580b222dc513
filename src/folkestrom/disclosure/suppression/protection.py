"""Complementary suppressions of the small counts of a table, found by linear programming.

For every primary cell, the cheapest feasible perturbations are sought that take it up and down by
its protection level; the cells that they change are its complementary suppressions. What one cell
needs is free for the next. Then suppressions are removed that the others can do without.

After Kelly, Golden & Assad (1992), *Networks* 22; for tables of any dimension Fischetti &
Salazar-González (2001), *Management Science* 47, whose exact solution is not attempted here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from folkestrom.disclosure.suppression.lines import Codes, Counts, Mask
from folkestrom.disclosure.suppression.perturbations import (
    Floats,
    Perturbation,
    ProtectionLevel,
    Table,
    cheapest,
)

#: Primary cells that programmes are solved for.
MOST_PRIMARY: Final = 500
#: Cells of a table that is solved as a whole where a part of it has no move.
MOST_CELLS: Final = 10_000
#: Cells in all programmes together; what is left of it after protection goes to removing.
MOST_WORK: Final = 300_000
#: What a programme costs beside its cells, in cells.
_EACH: Final = 300
#: Cells that are looked through for complementary suppressions in the time of one in a programme.
_LOOKED_THROUGH: Final = 300
#: Cells of a larger table among which suppressions are sought first, with many primary cells and
#: few.
_WINDOWS: Final = (150, 400)
#: Rounds of removing.
_ROUNDS: Final = 2
#: A change of a cell that is suppressed already, and of an empty one.
_SUPPRESSED, _EMPTY = 0.01, 1000.0
#: How many times what a cell costs that other tables show.
_DEAR: Final = 100.0


@dataclass(frozen=True, slots=True)
class Protection:
    """Cells to suppress, and what they do not achieve.

    Parameters
    ----------
    hidden
        The cells to suppress.
    still
        Primary cells that no other table with the same totals changes.
    left
        Primary cells that not everything was sought for, as the work limit was reached.
    """

    hidden: Mask
    still: tuple[int, ...]
    left: tuple[int, ...]


def protection_levels(
    counts: Counts, primary: Mask, minimum: int, least: Counts | None = None
) -> list[ProtectionLevel]:
    """How far every primary cell must be able to move.

    A count below the minimum: up to it and down to 0, or to what everybody knows it to be at least.
    A larger one: by the minimum up and down.

    Parameters
    ----------
    counts
        Counts of the cells.
    primary
        Cells that must not be shown.
    minimum
        The least count that is shown.
    least
        What each count is known to be at least.

    Returns
    -------
    list of ProtectionLevel
        Upwards first, and larger counts first: their suppressions serve the smaller ones.

    Examples
    --------
    >>> protection_levels(np.array([1, 20]), np.array([True, False]), 5)
    [ProtectionLevel(cell=0, sign=1, amount=4), ProtectionLevel(cell=0, sign=-1, amount=1)]
    """
    level = max(minimum, 1)
    found = []
    for cell in np.flatnonzero(primary).tolist():
        count = int(counts[cell])
        found.append(ProtectionLevel(cell, 1, level - count if count < level else level))
        below = count - (0 if least is None else int(least[cell]))
        if below:
            found.append(ProtectionLevel(cell, -1, min(below, level)))
    return sorted(found, key=lambda one: (-one.sign, -counts[one.cell], one.cell))


def protect(of: Table, primary: Mask, minimum: int) -> Protection:
    """The cells to suppress so that no primary cell can be told from totals.

    Parameters
    ----------
    of
        The table.
    primary
        Cells that must not be shown.
    minimum
        The least count that is shown.

    Examples
    --------
    >>> from folkestrom.disclosure.suppression.perturbations import table
    >>> codes = [np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 0, 1, 2])]
    >>> given = table(np.array([1, 20, 90, 30, 40, 95]), codes)
    >>> protect(given, given.counts < 5, 5).hidden.tolist()
    [True, True, False, True, True, False]
    """
    pattern = _Pattern(of, primary)
    asked = protection_levels(of.counts, primary, minimum, of.least)
    left = [one.cell for one in asked if not pattern.meet(one)]
    for _ in range(_ROUNDS):
        if not pattern.removed():
            break
    still = set(np.flatnonzero(primary).tolist()) - pattern.moving() - set(left)
    return Protection(pattern.hidden(), tuple(sorted(still)), tuple(sorted(set(left))))


class _Pattern:
    """The moves that protect so far, and the cells that they suppress."""

    def __init__(self, of: Table, primary: Mask) -> None:
        self.of = of
        self.primary = primary
        # A little more for every next cell, so that of equal ones the first is taken.
        order = 1 + 1e-4 * np.arange(len(primary)) / max(len(primary), 1)
        weight = np.where(of.counts == 0, _EMPTY, 1 + np.log1p(of.counts)) * order
        self.weight: Floats = np.where(of.dear, _DEAR * weight, weight)
        self.used = np.zeros(len(primary), np.int64)
        self.serves: dict[Perturbation, dict[ProtectionLevel, int]] = {}
        self.of_cell: dict[int, list[Perturbation]] = {}
        self.work = 0
        # So that work lasts for all: about one programme and a half for each primary cell.
        fair = MOST_WORK / (1.5 * max(int(primary.sum()), 1)) - _EACH
        self.window = int(np.clip(fair, *_WINDOWS))
        self.sizes = [int(code.max()) + 1 for code in of.codes]
        self.widths = _widths(self.sizes, self.window)

    def hidden(self) -> Mask:
        return self.primary | (self.used > 0)

    def moving(self) -> set[int]:
        return {one.cell for served in self.serves.values() for one in served}

    def meet(self, level: ProtectionLevel) -> bool:
        """Meet a level as far as the table can; False where that was not found out."""
        possible = min(level.amount, _room(self.of, level))
        if possible <= 0:
            return True
        asked = ProtectionLevel(level.cell, level.sign, possible)
        move = self._known(asked)
        if move is None:
            if self.work >= MOST_WORK:
                return False
            move = self._found(asked)
        reach = 0 if move is None else min(possible, move.reach(level))
        if move is not None:
            self._add(move, level, reach)
        return reach == possible or len(self.primary) <= MOST_CELLS

    def removed(self) -> int:
        """Remove complementary suppressions that others can do without, the dearest first."""
        complementary = np.flatnonzero(self.hidden() & ~self.primary)
        count = 0
        for cell in complementary[np.argsort(-self.weight[complementary], kind="stable")].tolist():
            if self.work >= MOST_WORK:
                break
            count += self.used[cell] > 0 and self._without(cell)
        return int(count)

    def _without(self, cell: int) -> bool:
        """Serve everything without a cell and without new ones, if it can be done."""
        gone = [(move, self.serves[move]) for move in self.serves if cell in move.cells]
        hidden = self.hidden()
        hidden[cell] = False
        for before, _ in gone:
            self._drop(before)
        added: list[tuple[Perturbation, ProtectionLevel]] = []
        for level, amount in ((d, a) for _, served in gone for d, a in served.items()):
            asked = ProtectionLevel(level.cell, level.sign, amount)
            move = self._known(asked)
            if move is None:
                move = self._solved(asked, _near(self, asked, hidden), search=False)
            if move is None or move.reach(asked) < amount:
                for one, undone in reversed(added):
                    self._release(one, undone)
                self._restore(gone)
                return False
            self._add(move, level, amount)
            added.append((move, level))
        return True

    def _known(self, level: ProtectionLevel) -> Perturbation | None:
        for move in self.of_cell.get(level.cell, ()):
            if move.reach(level) >= level.amount:
                return move
        return None

    def _found(self, level: ProtectionLevel) -> Perturbation | None:
        """A move within a window; where that is too narrow, in the whole table."""
        best: Perturbation | None = None
        everything = np.ones(len(self.primary), np.bool_)
        for among in _widening(_near(self, level, everything), len(self.primary)):
            move = self._solved(level, among)
            if move is not None and (best is None or move.reach(level) > best.reach(level)):
                best = move
            if best is not None and best.reach(level) >= level.amount:
                break
        return best

    def _solved(
        self, level: ProtectionLevel, among: Codes, *, search: bool = True
    ) -> Perturbation | None:
        self.work += _EACH + len(among) + len(self.primary) // _LOOKED_THROUGH
        hidden = self.hidden()
        cost = np.where(hidden, _SUPPRESSED, self.weight)
        return cheapest(self.of, level, among, cost, hidden if search else None)

    def _add(self, move: Perturbation, level: ProtectionLevel, amount: int) -> None:
        if move not in self.serves:
            self.serves[move] = {}
            self.used[move.cells] += 1
            for cell in move.cells[self.primary[move.cells]].tolist():
                self.of_cell.setdefault(cell, []).append(move)
        self.serves[move][level] = amount

    def _drop(self, move: Perturbation) -> None:
        del self.serves[move]
        self.used[move.cells] -= 1
        for cell in move.cells[self.primary[move.cells]].tolist():
            self.of_cell[cell].remove(move)

    def _restore(self, gone: list[tuple[Perturbation, dict[ProtectionLevel, int]]]) -> None:
        for move, served in gone:
            for level, amount in served.items():
                self._add(move, level, amount)

    def _release(self, move: Perturbation, level: ProtectionLevel) -> None:
        del self.serves[move][level]
        if not self.serves[move]:
            self._drop(move)


def _room(of: Table, level: ProtectionLevel) -> int:
    """How far a cell can go at most, by the totals of its own lines."""
    count = int(of.counts[level.cell])
    if level.sign < 0:
        return count - int(of.least[level.cell])
    free = of.counts - of.least
    others = [int(free[line == line[level.cell]].sum() - free[level.cell]) for line in of.lines]
    return min(*others, int(of.most[level.cell]) - count)


def _widening(near: Codes, size: int) -> Iterator[Codes]:
    yield near
    if len(near) < size <= MOST_CELLS:
        yield np.arange(size)


def _near(pattern: _Pattern, level: ProtectionLevel, allowed: Mask) -> Codes:
    """Cells that may be suppressed with it: of codes cheap beside the cell, or well used."""
    keep = allowed.copy()
    keep[level.cell] = True
    if keep.sum() <= pattern.window:
        return np.flatnonzero(keep)
    hidden = pattern.hidden()
    cost = np.where(hidden, _SUPPRESSED, pattern.weight)
    for code, line, size, width in zip(
        pattern.of.codes, pattern.of.lines, pattern.sizes, pattern.widths, strict=True
    ):
        if width == size:
            continue
        beside = np.flatnonzero((line == line[level.cell]) & allowed)
        cheap = code[beside[np.argsort(cost[beside], kind="stable")]]
        used = np.bincount(code[hidden], minlength=size)
        popular = np.argsort(-used, kind="stable")
        own = code[level.cell : level.cell + 1]
        taken = _first([own, cheap[: width // 2], popular, cheap], width)
        keep &= np.isin(code, taken)
    return np.flatnonzero(keep)


def _first(choices: Iterable[Codes], width: int) -> list[int]:
    found: dict[int, None] = {}
    for codes in choices:
        for code in codes.tolist():
            if len(found) == width:
                return list(found)
            found[code] = None
    return list(found)


def _widths(sizes: list[int], window: int) -> list[int]:
    """How many codes of each dimension, for about as many cells as the window has."""
    widths = list(sizes)
    while math.prod(widths) > window and max(widths) > 2:
        widths[int(np.argmax(widths))] -= 1
    return widths
