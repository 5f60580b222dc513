"""Tests of whether groups differ: log-rank, weighted too, and Gray's for cumulative incidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

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
from folkestrom.model.names import without_effect

Emphasis = Literal["log-rank", "gehan", "tarone-ware", "peto", "fleming-harrington"]
_METHODS: Final = {
    "log-rank": "log-rank",
    "gehan": "Gehan-Breslow",
    "tarone-ware": "Tarone-Ware",
    "peto": "Peto-Peto",
    "fleming-harrington": "Fleming-Harrington",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
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
        Events, and how many were to be expected if the groups were equal; each counted as many
        times as the test says.
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


def log_rank(
    follow: FollowUp,
    emphasis: Emphasis = "log-rank",
    *,
    rho: float | None = None,
    gamma: float | None = None,
) -> Comparison:
    """The log-rank test of equal hazards of all causes together, plain (Mantel 1966) or weighted.

    Groups are compared within the strata, and the strata added up. Late entry is allowed. A
    weighted test counts what is observed and expected on a day so many times, by all groups of a
    stratum together.

    Parameters
    ----------
    follow
        The follow-up, with groups; weights of rows have no place in this test.
    emphasis
        Which days count more. gehan: by the number at risk (Gehan 1965, Breslow 1970);
        tarone-ware: by its square root (Tarone & Ware 1977); peto: by Peto and Peto's estimate of
        survival, which is little changed by how many are censored; fleming-harrington: by
        S(t−)^ρ (1 − S(t−))^γ (Fleming & Harrington 1991).
    rho, gamma
        ρ and γ, neither negative; 0 by default, which is the log-rank test. (1, 0) has early
        differences count more, (0, 1) late ones.

    Examples
    --------
    >>> from folkestrom.analysis.followup.subjects import follow_up
    >>> f = follow_up(exit=[1, 2, 3, 4], cause=[1, 1, 1, 1], group=["a", "a", "b", "b"])
    >>> test = log_rank(f)
    >>> round(test.statistic, 4), round(test.p_value, 4)
    (2.8824, 0.0896)
    >>> late = log_rank(f, "fleming-harrington", rho=0, gamma=1)
    >>> late.method, round(late.p_value, 4)
    ('Fleming-Harrington (0, 1)', 0.1573)
    """
    check_arguments(log_rank, locals())
    powers = _powers(emphasis, rho, gamma)
    _refuse_unfit(follow, "log-rank")
    counts = count(follow, strata=True)
    at_risk, deaths = (
        values.reshape(len(follow.groups), follow.strata, -1)
        for values in (counts.at_risk, counts.deaths)
    )
    total, events = at_risk.sum(axis=0), deaths.sum(axis=0)
    share = ratio(at_risk, np.broadcast_to(total, at_risk.shape))
    size = events * ratio(total - events, np.maximum(total - 1.0, 0.0))
    times = _times(emphasis, total, events, powers)
    expected = (share * events * times).sum(axis=(1, 2))
    size = size * times**2
    shared = np.einsum("gst,hst,st->gh", share, share, size)
    covariance = np.diag((share * size).sum(axis=(1, 2))) - shared
    observed = (deaths * times).sum(axis=(1, 2))
    method = _METHODS[emphasis]
    if emphasis == "fleming-harrington":
        method += f" ({powers[0]:g}, {powers[1]:g})"
    return _comparison(method, follow, observed, expected, observed - expected, covariance)


def _powers(emphasis: str, rho: float | None, gamma: float | None) -> tuple[float, float]:
    if emphasis != "fleming-harrington":
        for name, power in (("rho", rho), ("gamma", gamma)):
            if power is not None:
                raise without_effect(
                    name,
                    power,
                    f"of the emphasis {emphasis!r}",
                    "Take emphasis='fleming-harrington'.",
                )
        return 0.0, 0.0
    for name, power in (("rho", rho), ("gamma", gamma)):
        if power is not None and not 0 <= power < np.inf:
            raise UsageError(
                "is no power that weights have", where="log-rank", column=name, value=power,
                allowed="0 and above",
            )  # fmt: skip
    return rho or 0.0, gamma or 0.0


def _times(emphasis: str, total: Floats, events: Floats, powers: tuple[float, float]) -> Floats:
    """Stratum × day: how many times a day counts."""
    if emphasis == "gehan":
        return total
    if emphasis == "tarone-ware":
        return np.sqrt(total)
    if emphasis == "peto":
        return np.cumprod(1.0 - ratio(events, total + 1.0), axis=1, dtype=np.float64)
    left = np.cumprod(1.0 - ratio(events, total), axis=1, dtype=np.float64)
    before = np.concatenate([np.ones((len(left), 1)), left[:, :-1]], axis=1)
    return np.asarray(before ** powers[0] * (1.0 - before) ** powers[1], np.float64)


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
