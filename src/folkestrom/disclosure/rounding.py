"""Small counts rounded to 0 or a base, so that a table stays whole and adds up.

Every count from 1 to below the base becomes 0 or the base; larger ones stay. Totals are the sums of
what is shown, so that they are never between 1 and the base either. Which counts go up is chosen so
that totals change little, as in Langsrud & Heldal (2018), *Privacy in Statistical Databases*: the
search here is our own, and simpler.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom import columns
from folkestrom.columns import check_arguments, table_of
from folkestrom.disclosure.suppression.complementary import Codes, lines
from folkestrom.errors import InputRefused, UsageError

Counts: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

#: Rounds of exchanges; each makes the totals better, and few are ever needed.
_MOST_EXCHANGES = 1000


@dataclass(frozen=True, slots=True)
class Utility:
    """How far rounded counts are from the true ones.

    Parameters
    ----------
    largest, mean_absolute, root_mean_square
        Differences.
    hellinger
        1 less the Hellinger distance by the square root of the sum (Shlomo, Antal & Elliot 2015,
        *J. Off. Stat.* 31); 1 is no change.
    """

    largest: int
    mean_absolute: float
    root_mean_square: float
    hellinger: float


def utility(original: npt.ArrayLike, rounded: npt.ArrayLike) -> Utility:
    """How much rounding changed counts.

    Parameters
    ----------
    original, rounded
        Counts.

    Examples
    --------
    >>> found = utility([1, 2, 3, 4, 5, 6], [0, 3, 3, 3, 6, 6])
    >>> found.largest, round(found.mean_absolute, 4), round(found.hellinger, 4)
    (1, 0.6667, 0.8297)
    """
    check_arguments(utility, locals())
    given = table_of({"original": original, "rounded": rounded}, "utility")
    f, g = (columns.amounts(given.column(name)) for name in given.names)
    if not f.size:
        raise InputRefused("there are no counts", where="utility", column="original")
    differences = g - f
    distance = np.sqrt(((np.sqrt(f) - np.sqrt(g)) ** 2).sum() / 2)
    return Utility(
        int(abs(differences).max(initial=0)),
        float(abs(differences).mean()),
        float(np.sqrt((differences**2).mean())),
        float(1 - distance / np.sqrt(f.sum())) if f.sum() else 1.0,
    )


def round_small(counts: npt.ArrayLike, codes: Sequence[Codes], base: int) -> Counts:
    """Counts with the small ones rounded to 0 or the base.

    Parameters
    ----------
    counts
        Counts of the cells of a table.
    codes
        For each dimension the code of every cell, from 0; its totals are kept near.
    base
        The base.

    Returns
    -------
    numpy.ndarray
        Rounded counts: each less than the base from the true one, and their sum at most half a
        base from the true sum.

    Examples
    --------
    >>> codes = [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])]
    >>> round_small([1, 2, 2, 9], codes, 3).tolist()
    [0, 3, 3, 9]
    """
    check_arguments(round_small, locals())
    original = columns.occurrences(columns.column_of(counts, "counts", "round_small"))
    if base < 1:
        raise UsageError("is no base", where="round_small, base", value=base, allowed="1, 2, 3 …")
    for number, code in enumerate(codes):
        if np.shape(code) != original.shape or np.asarray(code).dtype.kind not in "iu":
            raise InputRefused(
                f"{number + 1} are not one whole number for each of the {len(original)} counts",
                where="round_small", column="codes",
            )  # fmt: skip
    small = np.flatnonzero((original > 0) & (original < base))
    rounded = original.copy()
    rounded[small] = 0
    if not len(small):
        return rounded
    total = int(original[small].sum())
    ups = min((2 * total + base) // (2 * base), len(small))
    groups = [*lines(codes), np.zeros(len(original), np.int64)] if len(codes) else []
    problem = _Totals(original, groups, small, base)
    rounded[problem.choose(ups)] = base
    return rounded


class _Totals:
    """Differences of the totals, as small counts go up or down."""

    def __init__(self, original: Counts, groups: list[Codes], small: Codes, base: int) -> None:
        self.base = base
        self.small = small
        self.values = original[small].astype(np.float64)
        self.groups = [np.unique(group[small], return_inverse=True)[1] for group in groups]
        self.up = np.zeros(len(small), np.bool_)
        # True less rounded, of every total and of the cells themselves.
        self.lacking = [np.bincount(group, self.values) for group in self.groups]

    def choose(self, ups: int) -> Codes:
        """The cells that go up: the best one after the other, then exchanged while that helps."""
        for _ in range(ups):
            self._set(int(np.argmax(np.where(self.up, -np.inf, self._gains()))), up=True)
        for _ in range(_MOST_EXCHANGES):
            if not self._exchange():
                break
        return self.small[self.up]

    def _gains(self) -> Floats:
        """How much the squared differences shrink when a cell goes up."""
        b = self.base
        gain: Floats = self.values**2 - (b - self.values) ** 2
        for group, lacking in zip(self.groups, self.lacking, strict=True):
            gain = gain + (2 * b * lacking - b * b)[group]
        return gain

    def _losses(self) -> Floats:
        """How much they shrink when a cell that is up goes down again."""
        b = self.base
        gain: Floats = (b - self.values) ** 2 - self.values**2
        for group, lacking in zip(self.groups, self.lacking, strict=True):
            gain = gain - (2 * b * lacking + b * b)[group]
        return gain

    def _exchange(self) -> bool:
        if self.up.all() or not self.up.any():
            return False
        down = int(np.argmax(np.where(self.up, self._losses(), -np.inf)))
        first = self._losses()[down]
        self._set(down, up=False)
        gains = np.where(self.up, -np.inf, self._gains())
        gains[down] = -np.inf
        best = int(np.argmax(gains))
        if first + gains[best] > 1e-9:
            self._set(best, up=True)
            return True
        self._set(down, up=True)
        return False

    def _set(self, cell: int, *, up: bool) -> None:
        self.up[cell] = up
        change = -self.base if up else self.base
        for group, lacking in zip(self.groups, self.lacking, strict=True):
            lacking[group[cell]] += change
