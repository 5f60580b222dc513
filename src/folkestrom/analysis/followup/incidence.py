"""Cumulative incidence of competing causes."""

from __future__ import annotations

import numpy as np

from folkestrom.analysis.followup.counting import count
from folkestrom.analysis.followup.curves import Curves, Interval, Scale, Variance, chosen, ratio
from folkestrom.analysis.followup.influence import Integral, robust_variances
from folkestrom.analysis.followup.product_integral import product_integral
from folkestrom.analysis.followup.subjects import Floats, FollowUp
from folkestrom.analysis.followup.survival import Survival, curve_of, survival
from folkestrom.columns import check_arguments


def aalen_johansen(
    follow: FollowUp,
    *,
    interval: Interval = "log",
    level: float = 0.95,
    variance: Variance | None = None,
) -> Curves:
    """The share that has had each event, where the first one ends the follow-up.

    For each group first the survival without any event, then the cumulative incidence of each
    cause: the sum of S(s−) d(s)/n(s) (Aalen & Johansen 1978). They add up to 1.

    Parameters
    ----------
    follow
        The follow-up.
    interval, level
        As of `kaplan_meier`.
    variance
        "greenwood": Greenwood's extended to several causes, the default without weights. Or
        robust, the default with weights.

    Examples
    --------
    >>> from folkestrom.analysis.followup.subjects import follow_up
    >>> f = follow_up(exit=[1, 2, 3, 4], cause=[1, 2, 0, 1], causes=["return", "death"])
    >>> curves = aalen_johansen(f)
    >>> curves.of(outcome="return").estimate.tolist()
    [0.25, 0.25, 0.25, 0.75]
    >>> curves.of(outcome="death").estimate.tolist()
    [0.0, 0.25, 0.25, 0.25]
    """
    check_arguments(aalen_johansen, locals())
    scale = Scale(interval, level)
    found = survival(count(follow))
    if chosen(variance, follow.weighted) == "robust":
        shares, variances = _robust(follow, found)
    else:
        shares, variances = _greenwood(found)
    errors = np.sqrt(variances)
    outcomes = ["survival", *follow.causes]
    return Curves(
        tuple(
            curve_of(
                found.counts,
                g,
                outcome,
                shares[g, :, k],
                errors[g, :, k],
                scale,
                number=k - 1 if k else None,
            )
            for g in range(len(shares))
            for k, outcome in enumerate(outcomes)
        )
    )


def _greenwood(found: Survival) -> tuple[Floats, Floats]:
    """Group × day × (survival, cause 1, …): shares, and their variances."""
    counts = found.counts
    groups, days, causes = counts.events.shape
    shares, variances = np.zeros((2, groups, days, causes + 1))
    start = np.zeros(causes + 1)
    start[0] = 1.0
    for g in range(groups):
        at_risk = np.zeros((causes + 1, days))
        at_risk[0] = counts.at_risk[g]
        moves = np.zeros((causes + 1, days, causes + 1))
        moves[0, :, 1:] = counts.events[g]
        none = np.zeros((causes + 1, causes + 1))
        product_integral(at_risk, moves, start, none, shares[g], variances[g])
    return shares, np.maximum(variances, 0.0)


def _robust(follow: FollowUp, found: Survival) -> tuple[Floats, Floats]:
    integrals = [incidence_integral(found, k) for k in range(len(follow.causes))]
    logs, variances = robust_variances(follow, found.hazard, found.unit, integrals)
    shares = np.stack([found.value, *(i.value for i in integrals)], axis=2)
    return shares, np.stack([found.value**2 * logs, *variances], axis=2)


def incidence_integral(found: Survival, number: int) -> Integral:
    """Cumulative incidence of a cause, with what its robust variance needs."""
    counts = found.counts
    own = ratio(found.before, counts.at_risk)
    steps = own * counts.events[:, :, number]
    before = np.concatenate([np.zeros((len(steps), 1)), found.hazard[:, :-1]], axis=1)
    drift = steps * before - ratio(steps, counts.at_risk)
    return Integral(np.cumsum(steps, axis=1), np.cumsum(drift, axis=1), own, number + 1)
