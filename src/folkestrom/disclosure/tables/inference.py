"""What a reader infers of protected counts: bounds from all figures that are shown together.

Every figure that is shown bounds the true count behind it. Sums bound their parts, and parts their
sums; another table may tell a sum exactly. Bounds are narrowed from one relation to the next
until nothing changes (differencing); for single small counts also by linear programming.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array

from folkestrom.disclosure.tables.policy import Policy
from folkestrom.disclosure.tables.sums import Parts, along

Counts: TypeAlias = npt.NDArray[np.int32]
Relation: TypeAlias = tuple[int, int, Parts]

#: Stands for no upper bound; sums of a few thousand of these still fit.
UNBOUNDED: Final = 400_000
_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the greatest true count behind each figure.

    Parameters
    ----------
    lower, upper
        Of every cell of an extended table.
    """

    lower: Counts
    upper: Counts

    def told(self, true: npt.NDArray[Any], small: int) -> npt.NDArray[np.bool_]:
        """Small counts that the bounds leave no other value.

        Other tables may count otherwise: bounds that leave another value tell a wrong one.
        """
        found: npt.NDArray[np.bool_] = (
            (true > 0) & (true <= small) & (self.lower == self.upper) & (self.lower == true)
        )
        return found


def bounds_of(policy: Policy, shown: npt.NDArray[Any], hidden: npt.NDArray[np.bool_]) -> Bounds:
    """Bounds that each figure sets by itself.

    Parameters
    ----------
    policy
        How the table is protected, which a reader knows.
    shown
        The figures.
    hidden
        Which of them are not shown.
    """
    lower = shown.astype(np.int32)
    upper = lower.copy()
    if policy.kind == "cell keys":
        lower, upper = _before(policy, lower)
    elif policy.kind == "rounding":
        lower, upper = np.maximum(lower - policy.small, 0), upper + policy.small
    lower[hidden] = 0
    upper[hidden] = UNBOUNDED
    return Bounds(lower, upper)


def _before(policy: Policy, shown: Counts) -> tuple[Counts, Counts]:
    """The least and the greatest count that may become each that is shown."""
    table, d = policy.perturbations, policy.largest
    top = int(table.count.max()) + d
    lower, upper = np.full(top + 1, UNBOUNDED, np.int32), np.zeros(top + 1, np.int32)
    for count in range(top + d + 1):
        of = table.count == min(count, table.count.max())
        for change in table.change[of & (table.upper > table.lower)].tolist():
            if count + change <= top:
                lower[count + change] = min(lower[count + change], count)
                upper[count + change] = max(upper[count + change], count)
    at = np.minimum(shown, top)
    beyond = shown - at
    return lower[at] + beyond, upper[at] + beyond


def narrow(bounds: Bounds, relations: Sequence[Relation]) -> Bounds:
    """Bounds that follow from sums and their parts.

    Parameters
    ----------
    bounds
        Those that each figure sets by itself, and what other tables tell.
    relations
        Which place of which axis is the sum of which others.
    """
    lower, upper = bounds.lower.copy(), bounds.upper.copy()
    for _ in range(_ROUNDS):
        before = int(upper.sum(dtype=np.int64) - lower.sum(dtype=np.int64))
        for axis, place, parts in relations:
            whole, of = along(axis, place), along(axis, parts)
            low, high = lower[of], upper[of]
            low_sum, high_sum = (
                part.sum(axis=axis, dtype=np.int64, keepdims=True) for part in (low, high)
            )
            least = np.maximum(lower[whole], low_sum.squeeze(axis)).astype(np.int32)
            most = np.minimum(upper[whole], high_sum.squeeze(axis)).astype(np.int32)
            lower[whole], upper[whole] = least, most
            low_other, high_other = low_sum - low, high_sum - high
            lower[of] = np.maximum(low, np.expand_dims(least, axis) - high_other)
            upper[of] = np.minimum(high, np.expand_dims(most, axis) - low_other)
        if int(upper.sum(dtype=np.int64) - lower.sum(dtype=np.int64)) == before:
            break
    return Bounds(lower, upper)


def programmed(bounds: Bounds, relations: Sequence[Relation], cell: tuple[int, ...]) -> Parts:
    """The least and the greatest value of one cell of a small table, by linear programming.

    Parameters
    ----------
    bounds
        Bounds of every cell.
    relations
        Which place of which axis is the sum of which others.
    cell
        The cell.
    """
    shape = bounds.lower.shape
    numbers = np.arange(bounds.lower.size).reshape(shape)
    rows, columns, values, row = [], [], [], 0
    for axis, place, parts in relations:
        whole = numbers[along(axis, place)].ravel()
        each = np.arange(row, row + len(whole))
        for sign, of in ((-1.0, whole), *((1.0, numbers[along(axis, p)].ravel()) for p in parts)):
            rows.append(each)
            columns.append(of)
            values.append(np.full(len(of), sign))
        row += len(whole)
    equations = csr_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(row, bounds.lower.size),
    )
    limits = np.stack([bounds.lower.ravel(), bounds.upper.ravel()], axis=1)
    found = []
    for sign in (1.0, -1.0):
        objective = np.zeros(bounds.lower.size)
        objective[numbers[cell]] = sign
        solved = linprog(objective, A_eq=equations, b_eq=np.zeros(row), bounds=limits)
        value = sign * solved.fun if solved.success else limits[numbers[cell]][0 if sign > 0 else 1]
        found.append(int(np.ceil(value - 1e-6) if sign > 0 else np.floor(value + 1e-6)))
    return found[0], found[1]


def precision(
    true: npt.NDArray[Any], relations: Sequence[Relation], exact: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """How many independent estimates there are of each cell, and their precision together.

    The cell by itself is one, of precision 1. Its parts added up are another where more than one
    of them counts anybody (the noise of the same persons is the same), and so is a sum less its
    other parts. Noise is added once a figure, so that the variance grows with their number.

    Parameters
    ----------
    true
        True counts.
    relations
        Which place of which axis is the sum of which others.
    exact
        Cells that another table tells exactly.

    Returns
    -------
    tuple of arrays
        Estimates, and precision as a multiple of that of one figure.
    """
    many, together = np.ones(true.shape, np.int8), np.ones(true.shape, np.float32)
    for axis, place, parts in relations:
        whole, of = along(axis, place), along(axis, parts)
        occurring = (true[of] > 0).sum(axis=axis, dtype=np.int32)
        split = occurring > 1
        many[whole] += split
        together[whole] += np.where(split, 1 / np.maximum(occurring, 1), 0).astype(np.float32)
        noisy = np.where(exact[whole], occurring - 1, occurring)
        added = np.where(split, 1 / np.maximum(noisy, 1), 0).astype(np.float32)
        many[of] += np.expand_dims(split, axis)
        together[of] += np.expand_dims(added, axis)
    return many, together
