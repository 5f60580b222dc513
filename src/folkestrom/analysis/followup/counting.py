"""Counting: at risk, events by cause and censored on every day, in one pass over the rows.

A row is at risk on the days after its entry, up to and including its exit. On a day with both
events and censorings, those who are censored are therefore at risk of that day's events; those
who enter on a day are not at risk of its events.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from folkestrom.analysis.followup.kernels import spread, tally
from folkestrom.analysis.followup.subjects import Floats, FollowUp, Integers
from folkestrom.columns import check_arguments
from folkestrom.engine.settings import EngineSettings
from folkestrom.errors import ResourceError
from folkestrom.model.cells import Frame, ShownAsTable, Target, as_frame

#: Parts that rows are counted in: a fixed number, so that sums of weights are the same whatever
#: the number of threads.
_PARTS = 8
_ROWS_OF_A_PART = 1 << 18
#: Bytes of the tables that parts are counted into.
_MOST_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Counts(ShownAsTable):
    """What happened on each day from `first + 1` on, in each group.

    Where rows have weights, `at_risk`, `events` and `censored` are sums of weights.

    Parameters
    ----------
    first
        The day before the first one; day `t` stands at `t - first`.
    groups
        Names of the groups; (None,) when there is one only.
    causes
        Names of the causes.
    rows_at_risk
        Group × day: rows at risk.
    rows_left
        Group × day × (censored, cause 1, …): rows.
    at_risk
        Group × day.
    events
        Group × day × cause.
    censored
        Group × day.
    """

    first: int
    groups: tuple[str | None, ...]
    causes: tuple[str, ...]
    rows_at_risk: npt.NDArray[np.int64]
    rows_left: npt.NDArray[np.int64]
    at_risk: Floats
    events: Floats
    censored: Floats

    @property
    def deaths(self) -> Floats:
        """Group × day: events of all causes together; exactly `at_risk` when nobody is left."""
        total: Floats = self.events.sum(axis=2)
        all_leave = self.rows_left[:, :, 1:].sum(axis=2) == self.rows_at_risk
        return np.where(all_leave, self.at_risk, total)

    def days(self, group: int) -> Integers:
        """Where the days stand on which rows of a group left."""
        return np.flatnonzero(self.rows_left[group].any(axis=1))

    def to(self, target: Target) -> Frame:
        """A row a group and day on which a person left, as Arrow, or for Polars or pandas."""
        parts = [self._table(g) for g in range(len(self.groups))]
        return as_frame(pa.concat_tables(parts), target)

    def _table(self, group: int) -> pa.Table:
        days = self.days(group)
        name = self.groups[group]
        columns: dict[str, Any] = {} if name is None else {"group": pa.array([name] * len(days))}
        columns["time"] = days + self.first
        columns["at_risk"] = self.at_risk[group, days]
        for k, cause in enumerate(self.causes):
            columns[cause] = self.events[group, days, k]
        columns["censored"] = self.censored[group, days]
        return pa.table(columns)


def count(follow: FollowUp, *, strata: bool = False) -> Counts:
    """Count who is at risk, who has which event and who is censored, by group and day.

    Parameters
    ----------
    follow
        The follow-up.
    strata
        Count by group and stratum: groups of the result are the strata of the first group, then
        those of the second, and so on.

    Examples
    --------
    >>> from folkestrom.analysis.followup.subjects import follow_up
    >>> counts = count(follow_up(exit=[2, 4, 4], cause=[1, 1, 0], entry=[0, 0, 2]))
    >>> counts.to("arrow").to_pydict()
    {'time': [2, 4], 'at_risk': [2.0, 2.0], 'event': [1.0, 1.0], 'censored': [0.0, 1.0]}
    """
    check_arguments(count, locals())
    place, names = _places(follow, strata)
    shape = (len(names), follow.last - follow.first + 1, len(follow.causes) + 1)
    refuse_if_large(shape, 1)
    entered, left = _counted(follow, place, shape, weighted=False)
    at_risk = _at_risk(entered, left)
    weighted, weighted_left = at_risk.astype(np.float64), left.astype(np.float64)
    if follow.weighted:
        weighted_entered, weighted_left = _counted(follow, place, shape, weighted=True)
        weighted = np.where(at_risk > 0, _at_risk(weighted_entered, weighted_left), 0.0)
    return Counts(
        first=follow.first,
        groups=names,
        causes=follow.causes,
        rows_at_risk=at_risk,
        rows_left=left,
        at_risk=weighted,
        events=weighted_left[:, :, 1:],
        censored=weighted_left[:, :, 0],
    )


def spread_over_days(follow: FollowUp, features: Floats) -> tuple[Floats, Floats]:
    """Squared weights by day of entry, and × `features` of that day by day and cause of exit.

    Parameters
    ----------
    follow
        The follow-up.
    features
        Group × day of entry × feature.

    Returns
    -------
    tuple
        Group × day of entry; group × day of exit × (censored, cause 1, …) × feature.
    """
    groups, days, width = features.shape
    shape = (groups, days, len(follow.causes) + 1)
    refuse_if_large(shape, width)

    def fill(bounds: tuple[int, int]) -> tuple[Floats, Floats]:
        entered, left = np.zeros(shape[:2]), np.zeros((*shape, width))
        rows = (bounds, follow.entry, follow.exit, follow.cause, follow.group, follow.weight)
        spread(*rows, follow.first, features, entered, left)
        return entered, left

    return _in_parts(follow.rows, 8 * width * int(np.prod(shape)), fill)


def _places(follow: FollowUp, strata: bool) -> tuple[npt.NDArray[np.int32], tuple[str | None, ...]]:
    if not strata or follow.strata == 1:
        return follow.group, follow.names
    names = tuple(name for name in follow.names for _ in range(follow.strata))
    if not len(follow.group):
        return follow.stratum, names
    return follow.group * np.int32(follow.strata) + follow.stratum, names


def _counted(
    follow: FollowUp, place: npt.NDArray[np.int32], shape: tuple[int, int, int], weighted: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    def fill(bounds: tuple[int, int]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        entered: npt.NDArray[Any] = np.zeros(shape[:2], np.float64 if weighted else np.int64)
        left: npt.NDArray[Any] = np.zeros(shape, entered.dtype)
        rows = (bounds, follow.entry, follow.exit, follow.cause, place)
        tally(*rows, follow.weight if weighted else np.zeros(0), follow.first, entered, left)
        return entered, left

    return _in_parts(follow.rows, 8 * int(np.prod(shape)), fill)


def _in_parts(
    rows: int,
    size: int,
    fill: Callable[[tuple[int, int]], tuple[npt.NDArray[Any], npt.NDArray[Any]]],
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Fill tables from parts of the rows, in threads, and add them up in the order of the rows."""
    parts = max(1, min(_PARTS, rows // _ROWS_OF_A_PART, _MOST_BYTES // max(size, 1)))
    edges = [rows * k // parts for k in range(parts + 1)]
    first, *others = pairwise(edges)
    if not others:
        return fill(first)
    with ThreadPoolExecutor(EngineSettings.from_environment().threads) as pool:
        tables = pool.map(fill, [first, *others])
        entered, left = next(tables)
        for one, other in tables:
            entered += one
            left += other
    return entered, left


def _at_risk(entered: npt.NDArray[Any], left: npt.NDArray[Any]) -> npt.NDArray[Any]:
    # From the end: those who leave on the day or later, but for those who enter then. Where few
    # are left at the end, sums of weights lose nothing.
    leaving = np.cumsum(left.sum(axis=2)[:, ::-1], axis=1)[:, ::-1]
    entering = np.cumsum(entered[:, ::-1], axis=1)[:, ::-1]
    found: npt.NDArray[Any] = leaving - entering
    return found


def refuse_if_large(shape: tuple[int, ...], width: int) -> None:
    """Say so where groups × days would need more memory than a table of days should."""
    if 8 * width * int(np.prod(shape, dtype=object)) > _MOST_BYTES:
        raise ResourceError(
            f"{shape[0]} groups over {shape[1]} days need more than {_MOST_BYTES >> 30} GiB",
            where="follow-up",
            allowed="times in whole days, and groups of which there are some hundreds at most",
            next_step="Count in days (not seconds), or compare fewer groups at a time.",
        )
