"""Figures that are weighted sums of strata: whether these can be found from them.

A standardised rate is a sum of the events of a group's strata, each with a weight that follows from
person-years and the standard, which a reader may know. With two strata, the group's events and its
standardised rate are two equations with two unknowns.
"""

from __future__ import annotations

from math import lgamma, log
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.disclosure.rules import Rules

Counts: TypeAlias = npt.NDArray[np.int64]

#: In so many ways must events lie in strata, for each sum that is shown. A standardised rate, its
#: ratio and their limits are at most six figures of a few digits each, most of which follow from
#: the others: they tell far fewer cases apart than this, so that many ways agree with them.
MOST_TOLD_APART: Final = 10**20


def sums_hide_strata(
    events: npt.ArrayLike,
    rules: Rules,
    *,
    persons: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    sums: int = 1,
) -> bool:
    """Whether weighted sums of a group's strata may be shown.

    They may where no stratum is too small to be shown itself, or where the events can lie in the
    strata in at least `MOST_TOLD_APART` ways, and no small stratum decides a sum by its weight.

    Parameters
    ----------
    events
        Events in each stratum of one group.
    rules
        Rules of disclosure control.
    persons
        How many persons they are of; None: as many.
    weights
        What an event of each stratum adds to the sum, on any scale; 0: the sum is not of it, and
        what is left of the group's events tells of it. None: they are not looked at.
    sums
        How many sums are shown, each with figures that follow from it or from its squares.

    Notes
    -----
    N events lie in S strata in ``(N + S - 1)! / (N! (S - 1)!)`` ways. A stratum decides a sum if it
    is seen from the sum that the stratum is not empty, or that it has fewer events than the
    minimum: its weight is then far from the others'. Squares of weights, which limits depend on,
    are not looked at.

    Examples
    --------
    >>> from folkestrom.disclosure.rules import STATISTICS
    >>> sums_hide_strata([2, 2], STATISTICS), sums_hide_strata([3, 9], STATISTICS)
    (False, True)
    >>> sums_hide_strata([1, 2] * 20, STATISTICS)
    True
    """
    counts = np.asarray(events, np.int64)
    known = counts
    if persons is not None:
        # Who is counted elsewhere already leaves events with no persons: they are a person's.
        known = np.minimum(counts, np.maximum(np.asarray(persons, np.int64), counts > 0))
    small = (known < rules.minimum_cell) & ((known > 0) | rules.zeros)
    if not small.any():
        return True
    if weights is None:
        return _ways(int(counts.sum()), len(counts)) >= sums * log(MOST_TOLD_APART)
    weight = np.asarray(weights, np.float64)
    of = weight > 0
    if _ways(int(counts[of].sum()), int(of.sum())) < sums * log(MOST_TOLD_APART):
        return False
    least = np.flatnonzero(small[of]).tolist()
    return all(_hidden(counts[of], weight[of], at, rules.minimum_cell) for at in least)


def _hidden(counts: Counts, weights: npt.NDArray[np.float64], at: int, minimum: int) -> bool:
    """Whether a stratum may have no events, and the minimum, for all that a sum tells."""
    others = np.delete(weights, at)
    total, events = float((counts * weights).sum()), int(counts.sum())
    for there in (0, minimum):
        rest, left = events - there, total - there * float(weights[at])
        if not rest * others.min() <= left <= rest * others.max():
            return False
    return True


def _ways(events: int, strata: int) -> float:
    """The logarithm of the number of ways in which so many events can lie in so many strata."""
    if not strata:
        return 0.0
    return lgamma(events + strata) - lgamma(events + 1) - lgamma(strata)
