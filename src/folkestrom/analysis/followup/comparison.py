"""Tests of whether groups differ: log-rank, and Gray's for cumulative incidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from folkestrom.analysis.followup.counting import count
from folkestrom.analysis.followup.curves import ratio
from folkestrom.analysis.followup.gray import gray_score
from folkestrom.analysis.followup.subjects import Floats, FollowUp
from folkestrom.analysis.inference.distributions import chi2_tail
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.cells import Frame, ShownAsTable, Target, as_frame, with_description


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(ShownAsTable):
    """A test of equal groups.

    Parameters
    ----------
    method
        Its name.
    groups
        The groups compared; arrays have one value for each.
    rows
        Rows of each group.
    observed, expected
        Events, and how many were to be expected if the groups were equal.
    statistic
        Chi-square.
    degrees
        Its degrees of freedom.
    p_value
        P value: the probability of a statistic as large when the groups are equal.
    """

    method: str
    groups: tuple[str, ...]
    rows: Floats
    observed: Floats
    expected: Floats
    statistic: float
    degrees: int
    p_value: float

    def to(self, target: Target) -> Frame:
        """A row a group, as an Arrow table, or for Polars or pandas."""
        columns = {"rows": self.rows, "observed": self.observed, "expected": self.expected}
        return as_frame(pa.table({"group": pa.array(self.groups)} | columns), target)

    def _shown(self) -> pa.Table:
        test = f"chi-square {self.statistic:.3f} of {self.degrees} d.f., p = {self.p_value:.3g}"
        return with_description(self.to("arrow"), {"title": f"{self.method}: {test}"})


def log_rank(follow: FollowUp) -> Comparison:
    """The log-rank test of equal hazards of all causes together (Mantel 1966).

    Groups are compared within the strata, and the strata added up. Late entry is allowed.

    Parameters
    ----------
    follow
        The follow-up, with groups; weights have no place in this test.

    Examples
    --------
    >>> from folkestrom.analysis.followup.subjects import follow_up
    >>> f = follow_up(exit=[1, 2, 3, 4], cause=[1, 1, 1, 1], group=["a", "a", "b", "b"])
    >>> test = log_rank(f)
    >>> round(test.statistic, 4), round(test.p_value, 4)
    (2.8824, 0.0896)
    """
    check_arguments(log_rank, locals())
    _refuse_unfit(follow, "log-rank")
    counts = count(follow, strata=True)
    at_risk, deaths = (
        values.reshape(len(follow.groups), follow.strata, -1)
        for values in (counts.at_risk, counts.deaths)
    )
    total, events = at_risk.sum(axis=0), deaths.sum(axis=0)
    share = ratio(at_risk, np.broadcast_to(total, at_risk.shape))
    size = events * ratio(total - events, np.maximum(total - 1.0, 0.0))
    expected = (share * events).sum(axis=(1, 2))
    shared = np.einsum("gst,hst,st->gh", share, share, size)
    covariance = np.diag((share * size).sum(axis=(1, 2))) - shared
    observed = deaths.sum(axis=(1, 2))
    return _comparison("log-rank", follow, observed, expected, observed - expected, covariance)


def gray_test(follow: FollowUp, cause: str) -> Comparison:
    """Gray's test of equal cumulative incidences of a cause (Gray 1988, with ρ = 0).

    Groups are compared within the strata, and the strata added up.

    Parameters
    ----------
    follow
        The follow-up, with groups, without late entry; weights have no place in this test.
    cause
        Whose incidence is compared.

    Examples
    --------
    >>> from folkestrom.analysis.followup.subjects import follow_up
    >>> f = follow_up(exit=[1, 2, 3, 4, 5, 6], cause=[1, 1, 2, 2, 1, 0],
    ...               group=["a", "a", "a", "b", "b", "b"], causes=["return", "death"])
    >>> gray_test(f, "return").degrees
    1
    """
    check_arguments(gray_test, locals())
    _refuse_unfit(follow, "Gray's test")
    if follow.late and (follow.entry != follow.first).any():
        raise UsageError(
            "is not defined for rows that enter late",
            where="Gray's test",
            column="entry",
            next_step="Compare hazards of the cause by the log-rank test, or the intervals of the "
            "cumulative incidences.",
        )
    number = follow.number(cause)
    counts = count(follow, strata=True)
    shape = (len(follow.groups), follow.strata, -1)
    at_risk = counts.at_risk.reshape(shape)
    events = counts.events[:, :, number].reshape(shape)
    others = counts.events.sum(axis=2).reshape(shape) - events
    score, covariance = np.zeros(len(at_risk)), np.zeros((len(at_risk), len(at_risk)))
    for s in range(follow.strata):
        n, d, o = (np.ascontiguousarray(values[:, s]) for values in (at_risk, events, others))
        gray_score(n, d, o, score, covariance)
    observed = events.sum(axis=(1, 2))
    return _comparison("Gray", follow, observed, observed - score, score, covariance)


def _comparison(
    method: str,
    follow: FollowUp,
    observed: Floats,
    expected: Floats,
    score: Floats,
    covariance: Floats,
) -> Comparison:
    # A group that was never at risk on a day of an event says nothing; the last of the others
    # follows from the rest.
    known = np.flatnonzero(np.diag(covariance) > 0)
    degrees = max(len(known) - 1, 0)
    kept = known[:degrees]
    statistic = 0.0
    if degrees:
        part = covariance[np.ix_(kept, kept)]
        statistic = float(score[kept] @ np.linalg.solve(part, score[kept]))
    rows = np.bincount(follow.group, minlength=len(follow.groups)).astype(np.float64)
    return Comparison(
        method=method,
        groups=follow.groups,
        rows=rows,
        observed=observed,
        expected=expected,
        statistic=statistic,
        degrees=degrees,
        p_value=chi2_tail(statistic, degrees),
    )


def _refuse_unfit(follow: FollowUp, method: str) -> None:
    if len(follow.groups) < 2:
        raise UsageError(
            "compares groups, and there are not two of them",
            where=method,
            column="group",
            next_step="Give follow_up a group for each row.",
        )
    if follow.weighted:
        raise UsageError(
            "has no place for weights: its variance would be wrong",
            where=method,
            column="weight",
            next_step="Test without weights, or compare robust intervals of the curves.",
        )
