"""Curves: estimates by day with their standard errors and intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from folkestrom import columns
from folkestrom.analysis.followup.subjects import Floats, Integers
from folkestrom.analysis.inference.distributions import critical_value
from folkestrom.columns import check_arguments, is_level
from folkestrom.errors import UsageError
from folkestrom.model.cells import Frame, ShownAsTable, Target, as_frame
from folkestrom.model.names import suggestion

Interval = Literal["log", "log-log", "plain"]
Variance = Literal["greenwood", "robust"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Curve(ShownAsTable):
    """A step function of days, and what it was estimated from.

    Parameters
    ----------
    group
        Name of the group; None when there is one only.
    outcome
        What the estimate is of: survival, cumulative hazard, a cause or a state.
    start
        The value before the first day.
    until
        The last day for which there is an estimate: that of the last exit, or infinite when
        nobody is left who could still have an event.
    time
        Days on which a person left.
    at_risk, events, censored
        Rows, or sums of their weights, on those days.
    estimate
        The value from that day on, until the next.
    se
        Its standard error.
    lower, upper
        Its interval; NaN where the transformation has none.
    """

    group: str | None
    outcome: str
    start: float
    until: float
    time: Integers
    at_risk: Floats
    events: Floats
    censored: Floats
    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats

    def at(self, days: npt.ArrayLike) -> Floats:
        """The estimate on some days; NaN after `until`."""
        check_arguments(Curve.at, locals())
        (wanted,) = columns.arrays("at", signed=True, days=days)
        values = np.concatenate([[self.start], self.estimate])
        found = values[np.searchsorted(self.time, wanted, side="right")]
        return np.where(wanted <= self.until, found, np.nan)

    def to(self, target: Target) -> Frame:
        """A row a day, as an Arrow table, or for Polars or pandas."""
        check_arguments(Curve.to, locals())
        return as_frame(self.table(), target)

    def table(self) -> pa.Table:
        """A row a day; what is not known is null."""
        rows = len(self.time)
        columns: dict[str, Any] = {}
        if self.group is not None:
            columns["group"] = pa.array([self.group] * rows, pa.string())
        columns["outcome"] = pa.array([self.outcome] * rows, pa.string())
        columns |= {"time": self.time, "at_risk": self.at_risk, "events": self.events}
        columns["censored"] = self.censored
        for name, values in (
            ("estimate", self.estimate),
            ("se", self.se),
            ("lower", self.lower),
            ("upper", self.upper),
        ):
            columns[name] = pa.array(values, from_pandas=True)
        return pa.table(columns)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Curves(ShownAsTable):
    """Curves of several groups or outcomes.

    Parameters
    ----------
    curves
        One a group and outcome.
    """

    curves: tuple[Curve, ...]

    def __iter__(self) -> Iterator[Curve]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    def of(self, group: str | None = None, outcome: str | None = None) -> Curve:
        """The one curve of a group and outcome; either may be left out where there is one only."""
        check_arguments(Curves.of, locals())
        found = [
            c
            for c in self.curves
            if (group is None or c.group == str(group))
            and (outcome is None or c.outcome == outcome)
        ]
        if len(found) == 1:
            return found[0]
        near = None
        for name, known in (
            (group, {str(c.group) for c in self.curves}),
            (outcome, {c.outcome for c in self.curves}),
        ):
            if name is not None and str(name) not in known:
                near = suggestion(name, sorted(known))
        raise UsageError(
            "names no curve" if not found else "names several curves",
            where="follow-up",
            value=", ".join(str(part) for part in (group, outcome) if part is not None),
            allowed=[f"{c.group}, {c.outcome}" if c.group else c.outcome for c in self.curves],
            next_step=near,
        )

    def to(self, target: Target) -> Frame:
        """A row a curve and day, as an Arrow table, or for Polars or pandas."""
        check_arguments(Curves.to, locals())
        return as_frame(pa.concat_tables([c.table() for c in self.curves]), target)


@dataclass(frozen=True, slots=True)
class Scale:
    """How intervals are made.

    Parameters
    ----------
    interval
        The scale on which they are symmetric.
    level
        Their coverage.
    top
        The largest value that the estimate can have.
    """

    interval: Interval
    level: float
    top: float = 1.0

    def __post_init__(self) -> None:
        if self.interval not in get_args(Interval):
            raise UsageError(
                "is not a kind of interval",
                where="follow-up",
                column="interval",
                value=self.interval,
                allowed=get_args(Interval),
            )
        if not is_level(self.level):
            raise UsageError(
                "is not a level",
                where="follow-up",
                column="level",
                value=self.level,
                allowed="a number between 0 and 1, such as 0.95",
            )


def bounds(estimate: Floats, se: Floats, scale: Scale) -> tuple[Floats, Floats]:
    """Lower and upper ends of intervals; NaN where the transformation has none.

    Examples
    --------
    >>> low, high = bounds(np.array([0.5]), np.array([0.1]), Scale("plain", 0.95))
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.304, 0.696)
    """
    z = critical_value(scale.level)
    if scale.interval == "plain":
        return np.maximum(estimate - z * se, 0.0), np.minimum(estimate + z * se, scale.top)
    low, high = np.full(len(estimate), np.nan), np.full(len(estimate), np.nan)
    if scale.interval == "log":
        known = estimate > 0
        p, s = estimate[known], se[known]
        low[known], high[known] = p * np.exp(-z * s / p), p * np.exp(z * s / p)
    else:
        known = (estimate > 0) & (estimate < 1)
        p, s = estimate[known], se[known]
        shift = z * s / (p * np.log(p))
        low[known], high[known] = p ** np.exp(-shift), p ** np.exp(shift)
    return low, np.minimum(high, scale.top)


def chosen(variance: str | None, weighted: bool) -> Variance:
    """The variance asked for; by default robust where rows have weights, else Greenwood's."""
    if variance is None:
        return "robust" if weighted else "greenwood"
    return "robust" if variance == "robust" else "greenwood"


def ratio(above: Floats, below: Floats) -> Floats:
    """One by the other, and 0 where the other is."""
    return np.divide(above, below, out=np.zeros(np.shape(above)), where=below > 0)
