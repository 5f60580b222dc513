"""Robust variances: what each row's weight does to an estimate, squared and added up.

The infinitesimal jackknife. A row that entered on day a and left on day b contributes to log S
(up to its sign) the residual

    G(t) = δ u(b) − (H(b) − H(a))     from its exit on (δ: it had an event),
    G(t) = −(H(t) − H(a))             while it is at risk,

with u = 1/(n − d) and H the sum of d/(n (n − d)). For the cumulative hazard u = 1/n, and H is the
sum of d/n². An integral ∫ S(s−) dq(s), which is a cumulative incidence for q the cumulative hazard
of a cause and a restricted mean for q = s, has the derivative

    ∫ −S(s−) G(s−) dq(s)  +  what the row itself adds to q.

Both are sums of a function of the day of entry and one of the day of exit, so that squares can
be added up from sums by day: one pass over the rows, one over the days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from folkestrom.analysis.followup.counting import spread_over_days
from folkestrom.analysis.followup.subjects import Floats, FollowUp


@dataclass(frozen=True, slots=True, eq=False)
class Integral:
    """An integral of S(s−) whose variance is wanted; arrays are group × day.

    Parameters
    ----------
    value
        F: the integral up to each day.
    drift
        A: the sum of S(s−) H(s−) dq(s), less S(s−) dq(s) / n(s) where q is a hazard.
    own
        S(s−) / n(s), which a row's own event of the cause adds; zeros when q is not a hazard.
    cause
        Number of the cause, from 1; 0 when q is not a hazard.
    """

    value: Floats
    drift: Floats
    own: Floats
    cause: int


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums of squared weights × functions of the day of entry."""

    entered: Floats
    left: Floats
    features: Floats

    def active(self, feature: int) -> Floats:
        """The sum over those who have entered and not left, by group and day."""
        inflow = self.entered * self.features[:, :, feature]
        outflow = self.left[:, :, :, feature].sum(axis=2)
        found: Floats = np.cumsum(inflow - outflow, axis=1)
        return found


def robust_variances(
    follow: FollowUp, hazard: Floats, unit: Floats, integrals: Sequence[Integral] = ()
) -> tuple[Floats, list[Floats]]:
    """Robust variance of log S or of a cumulative hazard, and of integrals of S.

    Parameters
    ----------
    follow
        The rows.
    hazard, unit
        H and u of the module's text: group × day.
    integrals
        What else.

    Returns
    -------
    tuple
        Variances by group and day.
    """
    starts = [hazard * i.value - i.drift for i in integrals]
    features = [np.ones_like(hazard), hazard, hazard * hazard]
    for start in starts:
        features += [start, start * start, start * hazard]
    stacked = np.ascontiguousarray(np.stack(features, axis=2))
    entered, left = spread_over_days(follow, stacked)
    sums = _Sums(entered, left, stacked)
    event = np.arange(left.shape[2]) > 0
    residual = event * unit[:, :, None] - hazard[:, :, None]
    gone = np.cumsum(
        (left[..., 0] * residual**2 + 2 * left[..., 1] * residual + left[..., 2]).sum(axis=2),
        axis=1,
    )
    still = [sums.active(k) for k in range(3)]
    level = gone + hazard**2 * still[0] - 2 * hazard * still[1] + still[2]
    found = []
    for k, integral in enumerate(integrals):
        found.append(_integral_variance(sums, unit, residual, gone, still, integral, 3 + 3 * k))
    return np.maximum(level, 0.0), found


def _integral_variance(
    sums: _Sums,
    unit: Floats,
    residual: Floats,
    gone: Floats,
    still: list[Floats],
    integral: Integral,
    place: int,
) -> Floats:
    value, left = integral.value, sums.left
    hazard = sums.features[:, :, 1]
    causes = np.arange(left.shape[2])
    own = (causes == integral.cause) * (integral.cause > 0) * integral.own[:, :, None]
    at_exit = (integral.drift - value * hazard)[:, :, None] + own
    at_exit = at_exit + (causes > 0) * (unit * value)[:, :, None]
    ones, levels = left[..., 0], left[..., 1]
    starts, squares, products = (left[..., place + k] for k in range(3))
    squared = (ones * at_exit**2 + 2 * at_exit * starts + squares).sum(axis=2)
    crossed = ones * at_exit * residual + at_exit * levels + residual * starts + products
    exited = (
        np.cumsum(squared, axis=1)
        - 2 * value * np.cumsum(crossed.sum(axis=2), axis=1)
        + value**2 * gone
    )
    drift = integral.drift
    active = (
        drift**2 * still[0]
        + value**2 * still[2]
        + sums.active(place + 1)
        - 2 * drift * value * still[1]
        + 2 * drift * sums.active(place)
        - 2 * value * sums.active(place + 2)
    )
    found: Floats = np.maximum(exited + active, 0.0)
    return found
