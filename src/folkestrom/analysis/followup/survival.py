"""Kaplan–Meier's survival and Nelson and Aalen's cumulative hazard."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from folkestrom.analysis.followup.counting import Counts, count
from folkestrom.analysis.followup.curves import (
    Curve,
    Curves,
    Interval,
    Scale,
    Variance,
    bounds,
    chosen,
    ratio,
)
from folkestrom.analysis.followup.influence import robust_variances
from folkestrom.analysis.followup.subjects import Floats, FollowUp
from folkestrom.columns import check_arguments


@dataclass(frozen=True, slots=True, eq=False)
class Survival:
    """Survival from all causes together, on every day: arrays are group × day.

    Parameters
    ----------
    counts
        What it was estimated from.
    value
        S after the day's events.
    before
        S just before them.
    hazard
        The sum of d / (n (n − d)): Greenwood's variance of log S.
    unit
        1 / (n − d), and 0 where nobody is left.
    """

    counts: Counts
    value: Floats
    before: Floats
    hazard: Floats
    unit: Floats


def survival(counts: Counts) -> Survival:
    """The product over days of 1 − d/n, and Greenwood's sum (Kaplan & Meier 1958)."""
    at_risk, deaths = counts.at_risk, counts.deaths
    value = np.cumprod(1.0 - ratio(deaths, at_risk), axis=1, dtype=np.float64)
    before = np.concatenate([np.ones((len(value), 1)), value[:, :-1]], axis=1)
    unit = ratio(np.ones_like(at_risk), np.where(at_risk > 0, at_risk - deaths, 0.0))
    hazard = np.cumsum(ratio(deaths, at_risk) * unit, axis=1)
    return Survival(counts, value, before, hazard, unit)


def kaplan_meier(
    follow: FollowUp,
    *,
    interval: Interval = "log",
    level: float = 0.95,
    variance: Variance | None = None,
) -> Curves:
    """Survival without an event of any cause (Kaplan & Meier 1958), for each group.

    Parameters
    ----------
    follow
        The follow-up.
    interval
        The scale on which intervals are symmetric.
    level
        Their coverage.
    variance
        Greenwood's, the default without weights; or robust, the default with weights.

    Examples
    --------
    >>> from folkestrom.analysis.followup.subjects import follow_up
    >>> curve = kaplan_meier(follow_up(exit=[1, 2, 3, 4], cause=[1, 0, 1, 0])).of()
    >>> curve.estimate.tolist()
    [0.75, 0.75, 0.375, 0.375]
    >>> curve.at([0, 3, 5]).tolist()
    [1.0, 0.375, nan]
    """
    check_arguments(kaplan_meier, locals())
    scale = Scale(interval, level)
    counts = count(follow)
    found = survival(counts)
    logs = found.hazard
    if chosen(variance, follow.weighted) == "robust":
        logs, _ = robust_variances(follow, found.hazard, found.unit)
    se = found.value * np.sqrt(logs)
    return Curves(
        tuple(
            curve_of(counts, g, "survival", found.value[g], se[g], scale)
            for g in range(len(counts.groups))
        )
    )


def nelson_aalen(
    follow: FollowUp,
    *,
    cause: str | None = None,
    interval: Interval = "log",
    level: float = 0.95,
    variance: Variance | None = None,
) -> Curves:
    """The cumulative hazard, the sum of d/n (Nelson 1969, Aalen 1978), for each group.

    Parameters
    ----------
    follow
        The follow-up.
    cause
        The hazard of one cause; by default of all together.
    interval, level
        As of `kaplan_meier`; the log scale or the plain one.
    variance
        "greenwood": the sum of d/n², Aalen's, the default without weights. Or robust.

    Examples
    --------
    >>> from folkestrom.analysis.followup.subjects import follow_up
    >>> curve = nelson_aalen(follow_up(exit=[1, 2, 4], cause=[1, 0, 1])).of()
    >>> curve.estimate.round(4).tolist()
    [0.3333, 0.3333, 1.3333]
    """
    check_arguments(nelson_aalen, locals())
    scale = Scale(interval, level, math.inf)
    number = None if cause is None else follow.number(cause)
    counts = count(follow)
    events = counts.deaths if number is None else counts.events[:, :, number]
    unit = ratio(np.ones_like(counts.at_risk), counts.at_risk)
    value = np.cumsum(events * unit, axis=1)
    spread = np.cumsum(events * unit**2, axis=1)
    if chosen(variance, follow.weighted) == "robust":
        spread, _ = robust_variances(_only(follow, number), spread, unit)
    se = np.sqrt(spread)
    outcome = "hazard" if cause is None else f"hazard of {cause}"
    return Curves(
        tuple(
            curve_of(counts, g, outcome, value[g], se[g], scale, number=number)
            for g in range(len(counts.groups))
        )
    )


def _only(follow: FollowUp, number: int | None) -> FollowUp:
    """The follow-up with events of other causes as censorings."""
    if number is None:
        return follow
    cause = np.where(follow.cause == number + 1, follow.cause, np.int8(0))
    return replace(follow, cause=cause)


def curve_of(
    counts: Counts,
    group: int,
    outcome: str,
    value: Floats,
    se: Floats,
    scale: Scale,
    *,
    number: int | None = None,
) -> Curve:
    """A curve on the days on which a person left, from one on every day.

    Parameters
    ----------
    counts
        What it was estimated from.
    group
        Number of the group.
    outcome
        What it is of.
    value, se
        On every day.
    scale
        Scale and level of the intervals.
    number
        Number of the cause whose events are shown; None for all together.
    """
    days = counts.days(group)
    events = counts.events[group, days]
    nobody_left = not len(days) or counts.rows_left[group, days[-1], 0] == 0
    lower, upper = bounds(value[days], se[days], scale)
    return Curve(
        group=counts.groups[group],
        outcome=outcome,
        start=1.0 if outcome == "survival" else 0.0,
        until=math.inf if nobody_left else float(days[-1] + counts.first),
        time=days + counts.first,
        at_risk=counts.at_risk[group, days],
        events=events.sum(axis=1) if number is None else events[:, number],
        censored=counts.censored[group, days],
        estimate=value[days],
        se=se[days],
        lower=lower,
        upper=upper,
    )
