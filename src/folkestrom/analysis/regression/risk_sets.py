"""Who is at risk when: rows of follow-up placed among the times of events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.analysis.regression.design_matrix import DesignMatrix
from folkestrom.errors import InputRefused

Floats: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.int32]

#: Places of times and strata up to this many are looked up in a table, beyond it by bisection.
_LARGEST_TABLE = 1 << 26


@dataclass(frozen=True, slots=True, eq=False)
class Spells:
    """Rows of follow-up over (start, stop], in the order of the table.

    Attributes
    ----------
    start
        Empty when all are at risk from the beginning.
    stop, event
        When they end, and whether by the event.
    stratum
        Numbers of strata; empty when there is one.
    strata
        Names of the strata.
    weight
        Empty when all count as one.
    strata_by
        The columns that strata are made of.
    """

    start: npt.NDArray[Any]
    stop: npt.NDArray[Any]
    event: npt.NDArray[np.bool_]
    stratum: npt.NDArray[np.int64]
    strata: tuple[str, ...]
    weight: Floats
    strata_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RiskSets:
    """Rows in the order in which they end, among numbered times of events.

    Attributes
    ----------
    time
        Times of events, those of one stratum after those of another.
    starts
        Number of the first time of each stratum, and of all.
    rows
        Which row of the table each is; rows that are never at risk of an event are left out.
    first, last
        At risk at times from `first` up to, not including, `last`.
    end
        The end of the row's stratum.
    event, weight
        As given.
    tail
        Weight after the end; empty in a model without.
    fading
        By time: what tails are multiplied by.
    late
        Rows that begin later than their stratum, by `first`.
    design
        Their covariates.
    """

    time: npt.NDArray[Any]
    starts: Places
    rows: npt.NDArray[np.int64]
    first: Places
    last: Places
    end: Places
    event: npt.NDArray[np.bool_]
    weight: Floats
    tail: Floats
    fading: Floats
    late: npt.NDArray[np.int64]
    design: DesignMatrix

    @property
    def times(self) -> int:
        """How many times."""
        return len(self.time)

    @property
    def stratum_of_time(self) -> npt.NDArray[np.int64]:
        """Number of the stratum of each time."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


@dataclass(frozen=True, slots=True, eq=False)
class Tails:
    """What happens to those who had a competing event.

    Attributes
    ----------
    weight
        For each row of the table the weight with which it stays at risk; 0 for most.
    fading
        By time of event: what it is multiplied by.
    """

    weight: Floats
    fading: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Times of events, by stratum.

    Attributes
    ----------
    time, starts
        As of `RiskSets`.
    first, last
        By row of the table.
    """

    time: npt.NDArray[Any]
    starts: Places
    first: Places
    last: Places


def grid_of(spells: Spells) -> Grid:
    """Number the times of events, and place rows among them."""
    if not spells.event.any():
        raise InputRefused(
            "no row has an event: there is nothing to explain", where="regression", column="event"
        )
    several = np.unique(spells.stop[spells.event])
    width = len(several) + 1
    strata = max(len(spells.strata), 1)
    base = spells.stratum * width if len(spells.stratum) else np.int64(0)
    stops = base + _ranks(several, spells.stop)
    grid = np.unique(stops[spells.event])
    time = several[grid % width - 1]
    starts = np.searchsorted(grid, np.arange(strata + 1) * width).astype(np.int32)
    last = _places(grid, stops, strata * width)
    if len(spells.start):
        first = _places(grid, base + _ranks(several, spells.start), strata * width)
    elif len(spells.stratum):
        first = starts[spells.stratum]
    else:
        first = np.zeros(len(last), np.int32)
    return Grid(time, starts, first, last)


def risk_sets(
    spells: Spells, design: DesignMatrix, grid: Grid, tails: Tails | None = None
) -> RiskSets:
    """Sort rows by their ends, and leave out those that are never at risk of an event."""
    end = grid.starts[1:][spells.stratum] if len(spells.stratum) else grid.starts[1:]
    end = np.broadcast_to(end, grid.last.shape)
    used = grid.last > grid.first
    tail = np.zeros(0)
    if tails is not None:
        tail = np.where(grid.last < end, tails.weight, 0.0)
        used |= tail > 0
    if len(spells.weight):
        used &= spells.weight > 0
    rows = np.flatnonzero(used)
    rows = rows[np.argsort(grid.last[rows], kind="stable")]
    first, last, end = grid.first[rows], grid.last[rows], np.ascontiguousarray(end[rows])
    return RiskSets(
        time=grid.time,
        starts=grid.starts,
        rows=rows,
        first=first,
        last=last,
        end=end,
        event=spells.event[rows],
        weight=spells.weight[rows] if len(spells.weight) else np.zeros(0),
        tail=tail[rows] if len(tail) else tail,
        fading=tails.fading if tails is not None else np.zeros(0),
        late=_late(grid.starts, first, last, end),
        design=design.take(rows),
    )


def thinned(sets: RiskSets, every: int) -> RiskSets:
    """Every so many of the rows, in their order, among the same times."""
    kept = np.arange(0, len(sets.rows), every)
    columns = ("rows", "first", "last", "end", "event", "weight", "tail")
    taken = {n: v[kept] if len(v := getattr(sets, n)) else v for n in columns}
    late = _late(sets.starts, taken["first"], taken["last"], taken["end"])
    return replace(sets, **taken, late=late, design=sets.design.take(kept))


def _late(starts: Places, first: Places, last: Places, end: Places) -> npt.NDArray[np.int64]:
    """Rows that begin after the first time of their stratum, in the order in which they do."""
    begin = starts[np.searchsorted(starts, end, side="left") - 1]
    late = np.flatnonzero((first > begin) & (last > first))
    return late[np.argsort(first[late], kind="stable")]


def _ranks(several: npt.NDArray[Any], values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """How many of the times are no later than each value."""
    whole = several.dtype.kind in "iu" and values.dtype.kind in "iu"
    low, high = several[0], several[-1]
    if not whole or int(high) - int(low) > _LARGEST_TABLE:
        return np.searchsorted(several, values, side="right")
    table = np.cumsum(np.bincount(several - low, minlength=int(high - low) + 1))
    held = np.clip(values, low - 1, high).astype(np.int64) - int(low)
    return np.where(held < 0, 0, table[held])


def _places(grid: npt.NDArray[np.int64], keys: npt.NDArray[np.int64], most: int) -> Places:
    if most > _LARGEST_TABLE:
        return np.searchsorted(grid, keys, side="right").astype(np.int32)
    table = np.cumsum(np.bincount(grid, minlength=most)).astype(np.int32)
    return table[keys]
