"""What a curve comes down to: restricted means and quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from folkestrom.analysis.followup.counting import count
from folkestrom.analysis.followup.curves import Curve, Scale, Variance, bounds, chosen
from folkestrom.analysis.followup.influence import Integral, robust_variances
from folkestrom.analysis.followup.subjects import Floats, FollowUp, Integers
from folkestrom.analysis.followup.survival import Survival, survival
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.cells import Frame, ShownAsTable, Target, as_frame

_TIE = math.sqrt(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Quantile:
    """The day on which a share has had the event; NaN where the curve does not come so far.

    Parameters
    ----------
    probability
        The share.
    time
        The day.
    lower, upper
        Where the ends of the curve's intervals come so far (Brookmeyer & Crowley 1982).
    """

    probability: float
    time: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RestrictedMeans(ShownAsTable):
    """Days without an event, on average, before a given day: arrays have one value a group.

    Parameters
    ----------
    groups
        Names of the groups; (None,) when there is one only.
    until
        The day.
    mean, se
        Days, and the standard error.
    lower, upper
        Interval.
    """

    groups: tuple[str | None, ...]
    until: int
    mean: Floats
    se: Floats
    lower: Floats
    upper: Floats

    def to(self, target: Target) -> Frame:
        """A row a group, as an Arrow table, or for Polars or pandas."""
        columns = {"mean": self.mean, "se": self.se, "lower": self.lower, "upper": self.upper}
        group = {} if self.groups == (None,) else {"group": pa.array(self.groups)}
        until = {"until": [self.until] * len(self.groups)}
        return as_frame(pa.table(group | until | columns), target)


def quantile(curve: Curve, probability: float = 0.5) -> Quantile:
    """The day on which a share has had the event.

    A curve that lies exactly at the share for a while gives the middle of that time.

    Parameters
    ----------
    curve
        Survival, or a cumulative incidence.
    probability
        The share, above 0 and below 1.

    Examples
    --------
    >>> from folkestrom.analysis.followup.subjects import follow_up
    >>> from folkestrom.analysis.followup.survival import kaplan_meier
    >>> quantile(kaplan_meier(follow_up(exit=[1, 2, 4, 8], cause=[1, 1, 1, 1])).of()).time
    3.0
    """
    check_arguments(quantile, locals())
    if not 0 < probability < 1:
        raise UsageError(
            "is not a share that can be reached",
            where="follow-up",
            column="probability",
            value=probability,
            allowed="a number between 0 and 1",
        )
    rising = curve.start == 0.0
    ends = (curve.upper, curve.lower) if rising else (curve.lower, curve.upper)
    had = (values if rising else 1.0 - values for values in (curve.estimate, *ends))
    time, lower, upper = (_reached(curve.time, values, probability) for values in had)
    return Quantile(probability, time, lower, upper)


def _reached(time: Integers, had: Floats, share: float) -> float:
    known = ~np.isnan(had)
    time, had = time[known], had[known]
    reached = np.flatnonzero(had >= share - _TIE)
    if not len(reached):
        return math.nan
    first = reached[0]
    beyond = np.flatnonzero(had > share + _TIE)
    if had[first] > share + _TIE or not len(beyond):
        return float(time[first])
    return float(time[first] + time[beyond[0]]) / 2


def restricted_mean(
    follow: FollowUp, until: int, *, level: float = 0.95, variance: Variance | None = None
) -> RestrictedMeans:
    """Mean number of days before `until` that are lived without an event: the area under S.

    Counted from day 0, or from the first day of entry if that is earlier.

    Parameters
    ----------
    follow
        The follow-up.
    until
        The day; a person of every group must be followed so far.
    level
        Coverage of the intervals, which are symmetric.
    variance
        As of `kaplan_meier`.

    Examples
    --------
    >>> from folkestrom.analysis.followup.subjects import follow_up
    >>> restricted_mean(follow_up(exit=[1, 2, 4, 8], cause=[1, 1, 1, 1]), 4).mean.tolist()
    [2.75]
    """
    check_arguments(restricted_mean, locals())
    scale = Scale("plain", level, math.inf)
    found = survival(count(follow))
    end = until - follow.first
    _refuse_unfollowed(found, until, end)
    area, drift = (_areas(values) for values in (found.before, _drift(found)))
    last = min(end, area.shape[1] - 1)
    beyond = (end - last) * found.value[:, last]
    if chosen(variance, follow.weighted) == "robust":
        none = np.zeros_like(area)
        integral = Integral(area, drift, none, 0)
        _, (spread,) = robust_variances(follow, found.hazard, found.unit, [integral])
        squared = spread[:, last]
    else:
        steps = np.diff(found.hazard[:, : last + 1], axis=1, prepend=0.0)
        remaining = area[:, last : last + 1] - area[:, : last + 1]
        squared = (remaining**2 * steps).sum(axis=1)
    mean = area[:, last] + beyond + max(follow.first, 0)
    se = np.sqrt(squared)
    lower, upper = bounds(mean, se, scale)
    return RestrictedMeans(found.counts.groups, until, mean, se, lower, upper)


def _areas(before: Floats) -> Floats:
    """Sums of S just before each day, which is its height over the day that ends there."""
    heights = before.copy()
    heights[:, 0] = 0.0
    areas: Floats = np.cumsum(heights, axis=1)
    return areas


def _drift(found: Survival) -> Floats:
    before = np.concatenate([np.zeros((len(found.hazard), 1)), found.hazard[:, :-1]], axis=1)
    drift: Floats = found.before * before
    return drift


def _refuse_unfollowed(found: Survival, until: int, end: int) -> None:
    counts = found.counts
    for g, name in enumerate(counts.groups):
        days = counts.days(g)
        last = int(days[-1]) if len(days) else 0
        if end < 1 or (end > last and found.value[g, last] > 0):
            raise UsageError(
                f"is not a day within the follow-up{f' of group {name}' if name else ''}",
                where="follow-up",
                column="until",
                value=until,
                allowed=f"{counts.first + 1} to {counts.first + last}",
            )
