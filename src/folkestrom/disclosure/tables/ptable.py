"""The perturbation table (p-table) of the cell-key method, by maximum entropy.

For every count the distribution of the change has mean 0 and the stated variance, does not exceed
the largest change, and never ends at a small count or below 0; among all such distributions it is
the one of largest entropy (Marley & Leaver 2011; Giessing 2016). A distribution of that kind is
exp(a v + b v²) of the change v, and a and b are found by Newton's method. Larger changes of either
sign are never likelier than smaller ones, as in R's package ptable: where they would be, those
beside each other are equally likely.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from folkestrom.columns import check_arguments
from folkestrom.disclosure.cell_keys import Floats, PerturbationTable
from folkestrom.errors import UsageError

_ITERATIONS: Final = 200
_TOLERANCE: Final = 1e-11


def perturbation_table(
    largest: int = 5, variance: float = 3.0, never: int = 2, stay: float | None = None
) -> PerturbationTable:
    """The perturbation table of maximum entropy.

    Parameters
    ----------
    largest
        The largest change, D.
    variance
        Variance of the change of every count but 0, V.
    never
        Counts from 1 to this are never shown, js.
    stay
        Probability that a count above `never` stays as it is; None: it follows from the rest.

    Returns
    -------
    PerturbationTable
        Rows for the counts from 0 on; the last is for all larger ones.

    Raises
    ------
    UsageError
        No distribution has these properties.

    Examples
    --------
    >>> table = perturbation_table(2, 1.08, 1)
    >>> table.change[table.count == 1].tolist(), table.upper[table.count == 1].round(8).tolist()
    ([-1, 1, 2], [0.51333333, 0.97333333, 1.0])
    """
    check_arguments(perturbation_table, locals())
    _check(largest, variance, never, stay)
    counts, changes, lower, upper = [0], [0], [0.0], [1.0]
    for count in range(1, largest + never + 1 + (never > 0)):
        v = np.arange(-min(largest, count), largest + 1)
        v = v[(count + v == 0) | (count + v > never)]
        probabilities = _distribution(v, variance, stay if count > never else None, count)
        ends = np.minimum(probabilities.cumsum(), 1.0)
        ends[-1] = 1.0
        counts += [count] * len(v)
        changes += v.tolist()
        lower += [0.0, *ends[:-1].tolist()]
        upper += ends.tolist()
    return PerturbationTable.of(counts, changes, lower, upper)


def _check(largest: int, variance: float, never: int, stay: float | None) -> None:
    for name, value, least in (("largest", largest, 1), ("never", never, 0)):
        if value < least:
            raise UsageError(
                "is not a number of persons", where=name, value=value, allowed=f"{least}, 2, 3 …"
            )
    if not (math.isfinite(variance) and 0 < variance < largest**2):
        raise UsageError(
            "is no variance of such changes", where="variance", value=variance,
            allowed=f"above 0, below {largest**2}",
        )  # fmt: skip
    if stay is not None and not 0 <= stay < 1:
        raise UsageError(
            "is not a probability of staying", where="stay", value=stay,
            allowed="from 0 to below 1",
        )  # fmt: skip


def _distribution(
    v: np.ndarray[tuple[int], np.dtype[np.int64]], variance: float, stay: float | None, count: int
) -> Floats:
    """Probabilities of the changes."""
    free = v != 0 if stay is not None else np.ones(len(v), np.bool_)
    mass = 1.0 - (stay or 0.0)
    moved = _monotone(v[free].astype(np.float64), variance / mass)
    if moved is None:
        raise UsageError(
            f"have no distribution for count {count}: with mean 0, this variance, and larger "
            "changes no likelier than smaller ones",
            where="largest, variance, never, stay",
            next_step="Allow larger changes, another variance, or smaller counts to be shown",
        )
    found = np.full(len(v), stay or 0.0)
    found[free] = mass * moved
    return found


def _monotone(v: Floats, variance: float) -> Floats | None:
    """Maximum entropy, with changes beside each other equally likely where they must be."""
    block = np.arange(len(v))
    while True:
        size = np.bincount(block)
        moments = np.stack([np.bincount(block, v), np.bincount(block, v * v)]) / size
        found = _entropic(moments, size.astype(np.float64), variance)
        if found is None:
            return None
        p = found[block]
        rising = np.where(v[1:] < 0, p[:-1] > p[1:], p[1:] > p[:-1]) & (v[:-1] * v[1:] > 0)
        wrong = np.flatnonzero(rising & (abs(np.diff(p)) > _TOLERANCE))
        if not len(wrong):
            return p
        block[block > block[wrong[0]]] -= 1


def _entropic(x: Floats, size: Floats, variance: float) -> Floats | None:
    """Probability of one member of each block; None where no distribution has those moments."""
    target = np.array([0.0, variance])
    theta = np.zeros(2)
    value, p = _dual(theta, x, size, target)
    for _ in range(_ITERATIONS):
        gradient = x @ p - target
        if abs(gradient).max() < _TOLERANCE:
            break
        spread = (x * p) @ x.T - np.outer(x @ p, x @ p)
        step = np.linalg.lstsq(spread, gradient, rcond=None)[0]
        # Halved until the dual function, which is convex, goes down.
        for _ in range(60):
            new, q = _dual(theta - step, x, size, target)
            if new <= value + 1e-15:
                break
            step = step / 2
        theta, value, p = theta - step, new, q
    return p / size if abs(x @ p - target).max() < 1e-8 else None


def _dual(theta: Floats, x: Floats, size: Floats, target: Floats) -> tuple[float, Floats]:
    """The dual function, and the probability of each block."""
    power = theta @ x
    top = power.max()
    weights = size * np.exp(power - top)
    total = weights.sum()
    return float(top + np.log(total) - theta @ target), weights / total
