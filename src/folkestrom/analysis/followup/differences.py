"""Differences and ratios between groups, of what curves come down to at one time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from folkestrom.analysis.followup.curves import Curve, Curves, Variance, ratio
from folkestrom.analysis.followup.incidence import aalen_johansen
from folkestrom.analysis.followup.subjects import Floats, FollowUp
from folkestrom.analysis.followup.summaries import restricted_mean
from folkestrom.analysis.followup.survival import kaplan_meier
from folkestrom.analysis.inference.distributions import (
    chi2_test,
    critical_value,
    two_sided,
    wald_statistic,
)
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.cells import Frame, Target, as_frame
from folkestrom.model.names import check_code


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """An estimate of each group, less that of one of them.

    Parameters
    ----------
    method
        What is compared.
    at
        The time.
    groups
        The groups compared; arrays have one value for each.
    reference
        Number of the group that the others are compared with.
    estimate, covariance
        Of each group; group × group.
    level
        Coverage of the intervals.
    """

    method: str
    at: float
    groups: tuple[str, ...]
    reference: int
    estimate: Floats
    covariance: Floats
    level: float

    @property
    def statistic(self) -> float:
        """Wald's chi-square of all groups being equal."""
        difference, spread = self._against(np.ones(len(self.groups)))
        kept = np.flatnonzero(np.diag(spread) > 0)
        return wald_statistic(difference[kept], spread[np.ix_(kept, kept)]) if len(kept) else 0.0

    @property
    def degrees(self) -> int:
        """Its degrees of freedom."""
        _, spread = self._against(np.ones(len(self.groups)))
        return int((np.diag(spread) > 0).sum())

    @property
    def p_value(self) -> float:
        """P value: the probability of a statistic as large when the groups are equal."""
        return chi2_test(self.statistic, self.degrees).p

    def to(self, target: Target) -> Frame:
        """A row a group, as an Arrow table, or for Polars or pandas.

        Columns group, at, estimate, se; difference to the reference with difference_se, lower,
        upper and p; ratio, ratio_lower and ratio_upper, symmetric on the scale of logarithms.
        """
        check_arguments(Differences.to, locals())
        z, own = critical_value(self.level), self.estimate
        difference, spread = self._against(np.ones(len(own)))
        se = np.sqrt(np.diag(spread))
        known = own > 0 if own[self.reference] > 0 else np.zeros(len(own), np.bool_)
        ratios = np.where(known, ratio(own, np.full(len(own), own[self.reference])), np.nan)
        _, logs = self._against(ratio(np.ones(len(own)), own))
        reach = np.exp(z * np.sqrt(np.diag(logs)))
        columns = {
            "estimate": own,
            "se": np.sqrt(np.diag(self.covariance)),
            "difference": difference,
            "difference_se": se,
            "lower": difference - z * se,
            "upper": difference + z * se,
            "p": np.array([two_sided(t) for t in ratio(difference, se).tolist()]),
            "ratio": ratios,
            "ratio_lower": ratios / reach,
            "ratio_upper": ratios * reach,
        }
        for name in list(columns)[2:]:
            columns[name] = columns[name].copy()
            columns[name][self.reference] = np.nan
        # Two groups without any spread say nothing about each other.
        columns["p"][se == 0] = np.nan
        told = {name: pa.array(values, from_pandas=True) for name, values in columns.items()}
        held = {"group": pa.array(self.groups), "at": [self.at] * len(self.groups)}
        return as_frame(pa.table(held | told), target)

    def _against(self, scale: Floats) -> tuple[Floats, Floats]:
        """Scaled estimates less that of the reference, and the covariance of these."""
        turn = np.diag(scale)
        turn[:, self.reference] -= scale[self.reference]
        return turn @ self.estimate, turn @ self.covariance @ turn.T


def difference_at(
    follow: FollowUp,
    day: int,
    *,
    cause: str | None = None,
    reference: str | None = None,
    level: float = 0.95,
    variance: Variance | None = None,
) -> Differences:
    """Differences between groups in survival, or in the incidence of a cause, on a day.

    Intervals of differences are symmetric; whether one has 0 in it, and p, say the same.

    Parameters
    ----------
    follow
        The follow-up, with groups.
    day
        The day; a person of every group must be followed so far.
    cause
        Whose cumulative incidence is compared; by default survival is.
    reference
        The group that others are compared with; the first by default.
    level
        Coverage of the intervals.
    variance
        As of `kaplan_meier`.

    Examples
    --------
    >>> from folkestrom.analysis.followup.subjects import follow_up
    >>> f = follow_up(exit=[1, 2, 3, 9, 1, 9, 9, 9], cause=[1, 1, 1, 0, 1, 0, 0, 0],
    ...               group=["a"] * 4 + ["b"] * 4)
    >>> found = difference_at(f, 5)
    >>> found.to("polars").select("group", "estimate", "difference", "ratio").rows()
    [('a', 0.25, None, None), ('b', 0.75, 0.5, 3.0)]
    >>> round(found.p_value, 4)
    0.1025
    """
    check_arguments(difference_at, locals())
    if cause is None:
        curves, method = kaplan_meier(follow, variance=variance), "survival"
    else:
        curves = aalen_johansen(follow, variance=variance)
        method = f"incidence of {follow.causes[follow.number(cause)]}"
    return _between(
        follow, method, day, reference, level,
        lambda: _on_day(curves, cause or "survival", day),
    )  # fmt: skip


def restricted_mean_difference(
    follow: FollowUp,
    until: int,
    *,
    reference: str | None = None,
    level: float = 0.95,
    variance: Variance | None = None,
) -> Differences:
    """Differences between groups in the mean time until a day that is lived without an event.

    Parameters
    ----------
    follow
        The follow-up, with groups.
    until, variance
        As of `restricted_mean`.
    reference, level
        As of `difference_at`.

    Examples
    --------
    >>> from folkestrom.analysis.followup.subjects import follow_up
    >>> f = follow_up(exit=[1, 2, 3, 9, 1, 9, 9, 9], cause=[1, 1, 1, 0, 1, 0, 0, 0],
    ...               group=["a"] * 4 + ["b"] * 4)
    >>> restricted_mean_difference(f, 4).to("polars")["difference"].to_list()
    [None, 0.75]
    """
    check_arguments(restricted_mean_difference, locals())

    def made() -> tuple[Floats, Floats]:
        found = restricted_mean(follow, until, variance=variance)
        return found.mean, found.se

    return _between(follow, "restricted mean", until, reference, level, made)


def reference_of(groups: tuple[str, ...], reference: str | None) -> int:
    """The number of the group that others are compared with.

    Parameters
    ----------
    groups
        Their names.
    reference
        One of them; the first if None.
    """
    if reference is None:
        return 0
    said = "is none of the groups compared"
    return groups.index(check_code(reference, groups, said, where="reference"))


def _between(
    follow: FollowUp,
    method: str,
    at: int,
    reference: str | None,
    level: float,
    made: Callable[[], tuple[Floats, Floats]],
) -> Differences:
    """Groups have no row in common, and so no covariance."""
    if len(follow.groups) < 2:
        raise UsageError(
            "compares groups, and there are not two of them", where=method, column="group",
            next_step="Give follow_up a group for each row.",
        )  # fmt: skip
    number = reference_of(follow.groups, reference)
    estimate, se = made()
    return Differences(method, at, follow.groups, number, estimate, np.diag(se**2), level)


def _on_day(curves: Curves, outcome: str, day: int) -> tuple[Floats, Floats]:
    chosen = [curve for curve in curves if curve.outcome == outcome]
    for curve in chosen:
        if day > curve.until:
            raise UsageError(
                f"is not a day within the follow-up of group {curve.group}", where="difference_at",
                column="day", value=day, allowed=f"up to {int(curve.until)}",
            )  # fmt: skip
    estimate, se = np.array([_value(curve, day) for curve in chosen]).T
    return estimate, se


def _value(curve: Curve, day: int) -> tuple[float, float]:
    errors = replace(curve, estimate=curve.se, start=0.0)
    return float(curve.at(day)), float(errors.at(day))
