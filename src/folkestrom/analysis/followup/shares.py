"""Cumulative incidence beside the crude share, for cohorts that were followed unequally long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from folkestrom.analysis.followup.counting import Counts, count
from folkestrom.analysis.followup.curves import Curve, Interval, Variance
from folkestrom.analysis.followup.incidence import aalen_johansen
from folkestrom.analysis.followup.subjects import FollowUp
from folkestrom.analysis.followup.summaries import quantile
from folkestrom.analysis.followup.survival import kaplan_meier
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.cells import Frame, ShownAsTable, Target, as_frame


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class IncidenceAndShares(ShownAsTable):
    """A row a group, cause and day asked for.

    Parameters
    ----------
    data
        Columns group (where there are groups), cause, rows, events, crude_share, days_at_risk,
        median_followed, until, at_risk, incidence, se, lower, upper.
    """

    data: pa.Table

    def to(self, target: Target) -> Frame:
        """The rows as an Arrow table, or for Polars or pandas."""
        return as_frame(self.data, target)


def incidence_and_shares(
    follow: FollowUp,
    at: Sequence[int],
    *,
    interval: Interval = "log-log",
    level: float = 0.95,
    variance: Variance | None = None,
) -> IncidenceAndShares:
    """Cumulative incidence on some days, beside the crude share of those seen so far.

    The crude share divides all events by all rows: of two cohorts with the same hazards the one
    that arrived earlier, and was followed longer, has the larger one. The incidence compares what
    had happened after the same time. `median_followed` says how unequal the follow-up is: it
    is the median of the time until censoring, by Kaplan and Meier's estimate with events and
    censorings exchanged (Schemper & Smith 1996).

    Parameters
    ----------
    follow
        The follow-up, with groups or without.
    at
        Days of follow-up at which the incidence is wanted; null where nobody is followed so far.
    interval, level, variance
        As of `aalen_johansen`.

    Examples
    --------
    >>> from folkestrom.analysis.followup.subjects import follow_up
    >>> f = follow_up(exit=[1, 3, 2, 2], cause=[1, 1, 1, 0], group=["y", "y", "z", "z"])
    >>> table = incidence_and_shares(f, at=[2]).to("polars")
    >>> table.select("group", "crude_share", "incidence").rows()
    [('y', 1.0, 0.5), ('z', 0.5, 0.5)]
    """
    check_arguments(incidence_and_shares, locals())
    if not len(at):
        raise UsageError("no day is asked for", where="follow-up", column="at")
    curves = aalen_johansen(follow, interval=interval, level=level, variance=variance)
    counts = count(follow)
    exchanged = replace(follow, cause=(follow.cause == 0).astype(np.int8), causes=("censored",))
    followed = [quantile(curve).time for curve in kaplan_meier(exchanged, variance="greenwood")]
    rows = [
        _row(counts, curves.of(name, cause), (g, number), followed[g], day)
        for g, name in enumerate(counts.groups)
        for number, cause in enumerate(counts.causes)
        for day in at
    ]
    names = [name for name in rows[0] if name != "group" or follow.groups]
    columns = {name: pa.array([row[name] for row in rows], from_pandas=True) for name in names}
    return IncidenceAndShares(pa.table(columns))


def _row(
    counts: Counts, curve: Curve, place: tuple[int, int], followed: float, day: int
) -> dict[str, str | int | float | None]:
    group, number = place
    left = counts.rows_left[group]
    # Each row counts by its weight, where rows have one.
    events = float(counts.events[group, :, number].sum())
    everyone = float(counts.events[group].sum() + counts.censored[group].sum())
    nothing = day < counts.first or day > curve.until
    at = int(np.searchsorted(curve.time, day, side="right")) - 1
    index = min(max(day - counts.first, 0), left.shape[0] - 1)

    def value(
        column: np.ndarray[tuple[int], np.dtype[np.float64]], start: float | None = None
    ) -> float | None:
        if nothing:
            return None
        return float(column[at]) if at >= 0 else start

    return {
        "group": curve.group,
        "cause": curve.outcome,
        "rows": int(left.sum()),
        "events": int(left[:, number + 1].sum()),
        "crude_share": events / everyone if everyone else None,
        "days_at_risk": float(counts.at_risk[group].sum()),
        "median_followed": followed,
        "until": day,
        "at_risk": 0 if nothing else int(counts.rows_at_risk[group, index]),
        "incidence": value(curve.estimate, 0.0),
        "se": value(curve.se, 0.0),
        "lower": value(curve.lower),
        "upper": value(curve.upper),
    }
