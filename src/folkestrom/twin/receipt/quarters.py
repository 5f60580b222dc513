"""Lets a window's reports be received so that its quarters count what was published of them.

The published figure of a quarter has what happened in it or before, and became known between its
extraction and the one before (the rules of 2000). So a report moves from one quarter's figures to
the next when it is received after the extraction in place of before; a correction that comes after
it is counted a second time; and what was annulled by mistake then, and restored since, is counted
in the year alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.model.codes import Kind
from folkestrom.twin.lives.random import uniforms
from folkestrom.twin.receipt.channels import DAY, Deliveries

Ints = NDArray[np.int64]
FLOWS: Final = (Kind.BIRTH, Kind.DEATH, Kind.IMMIGRATION, Kind.EMIGRATION)
_NOT, _LATER, _AGAIN = -1, 9, 3600
#: Days before an extraction from which the next delivery may come after it, and after it within
#: which a report that just misses it comes.
_MARGIN, _SOON = 8, 40
_CHOICE, _MOMENT = 171, 172


@dataclass(eq=False)
class Receipts:
    """A window's reports, as far as their receipt goes.

    Attributes
    ----------
    seed
        Of the country.
    year, opens
        The window's, and the extraction at its beginning, seconds UTC.
    channel
        How reports come.
    person, kind, day, relation, target
        Columns of the reports; the target of a report of the window is its row, others are below 0.
    received
        int64[n], seconds UTC: altered in place.
    restored
        Rows that get annulled and restored; the times of the two, of each.
    corrected
        Rows that correct a first report, received when they were; when they are received now.
    missing
        How many could not be had.
    """

    seed: int
    year: int
    opens: int
    channel: Deliveries
    person: NDArray[np.int32]
    kind: NDArray[np.int8]
    day: NDArray[np.int32]
    relation: NDArray[np.int8]
    target: Ints
    received: Ints
    restored: list[tuple[Ints, Ints, Ints]] = field(default_factory=list)
    corrected: list[tuple[Ints, Ints]] = field(default_factory=list)
    missing: int = 0

    def __post_init__(self) -> None:
        """Draw the order in which reports are chosen, and who can be."""
        inside = (self.relation > 0) & (self.target >= 0)
        self.revising = np.flatnonzero(inside)
        self.event = np.searchsorted(_firsts(self.year), self.day, side="right")
        self.bounds = _extractions(self.year)
        self.key = uniforms(self.seed, 0, len(self.day), self.year, _CHOICE)
        # Who has but one report has nothing that would become known before it.
        alone = np.bincount(self.person)[self.person] == 1
        self.simple = alone & (self.relation == 0)

    def quarter(self) -> Ints:
        """int64[n]: the quarter, from 0, whose published figure counts a report; -1 if none."""
        known = np.searchsorted(self.bounds, self.received, side="right")
        quarter = np.maximum(self.event, known)
        superseded = np.full(len(quarter), _LATER)
        superseded[self.target[self.revising]] = known[self.revising]
        # What is reported twice counts once, annulled or not yet.
        doubled = self.revising[self.kind[self.revising] == Kind.ANNULMENT]
        superseded[self.target[doubled]] = _NOT
        return np.where(np.isin(self.kind, FLOWS) & (superseded > quarter), quarter, _NOT)

    def first(self, rows: Ints, number: int) -> Ints:
        """Return so many of the rows, by chance; notes how many are missing."""
        self.missing += max(number - len(rows), 0)
        return rows[np.argsort(self.key[rows], kind="stable")[:number]]

    def between(self, rows: Ints, low: Ints, high: Ints) -> Ints:
        """Return times of receipt of rows between some moments."""
        u = uniforms(self.seed, int(rows[0]) if len(rows) else 0, len(rows), self.year, _MOMENT)
        low = np.minimum(low, high - 1)
        moments = low + (u * (high - low)).astype(np.int64)
        return np.clip(self.channel.receive(moments), low, high + _MARGIN * DAY - 1)


def _firsts(year: int) -> Ints:
    months = [np.datetime64(f"{year:04d}-{month:02d}-01") for month in (4, 7, 10)]
    return np.array(months).astype(np.int64)


def _extractions(year: int) -> Ints:
    """Return 1 May, 1 August and 1 November 00:00 in Oslo, seconds UTC."""
    months = [np.datetime64(f"{year:04d}-{month:02d}-01") for month in (5, 8, 11)]
    return np.array(months).astype(np.int64) * DAY - np.array([7200, 7200, 3600])


def meet(receipts: Receipts, published: Ints) -> None:
    """Move receipts until quarters count what was published.

    Parameters
    ----------
    receipts
        The reports.
    published
        int64[4, 4]: births, deaths, immigrations and emigrations from 1 January to each quarter's
        end as published, the fourth the sum of the quarters; -1 where nothing is to be met.
    """
    for kind, wanted in zip(FLOWS, published, strict=True):
        if wanted[3] >= 0:
            _meet_sum(receipts, kind, int(wanted[3]))
        for k in np.flatnonzero(wanted[:3] >= 0):
            _meet_quarter(receipts, kind, int(k), int(wanted[k]))


def _meet_sum(receipts: Receipts, kind: Kind, wanted: int) -> None:
    """Let more or fewer corrections come in time, or reports be restored, for a year's sum."""
    quarter = receipts.quarter()
    again = receipts.revising[receipts.kind[receipts.revising] == kind]
    before = receipts.target[again]
    known = np.searchsorted(receipts.bounds, receipts.received[before], side="right")
    first = np.maximum(receipts.event[before], known)
    twice = (quarter[before] != _NOT) & (quarter[again] != _NOT)
    over = int(((quarter != _NOT) & (receipts.kind == kind)).sum()) - wanted
    chosen = np.flatnonzero(twice) if over > 0 else np.flatnonzero(~twice & (first < 3))
    chosen = chosen[: abs(over)]
    rows, bound = again[chosen], receipts.bounds[first[chosen]]
    low = receipts.received[before[chosen]] + _AGAIN
    if over > 0:
        high = np.maximum(bound - _MARGIN * DAY, low)
        receipts.received[rows] = np.minimum(receipts.between(rows, low, high), bound - 1)
        _restore(receipts, kind, over - len(rows))
    else:
        receipts.received[rows] = receipts.between(rows, bound, bound + _SOON * DAY)
        more, bound = _counted_early(receipts, kind, -over - len(rows))
        receipts.corrected.append((more, receipts.between(more, bound, bound + _SOON * DAY)))


def _restore(receipts: Receipts, kind: Kind, number: int) -> None:
    """Choose reports that are annulled before their quarter is drawn, and restored afterwards."""
    rows, bound = _counted_early(receipts, kind, number)
    annulled = receipts.between(rows, receipts.received[rows] + _AGAIN, bound - _MARGIN * DAY)
    restored = receipts.between(rows, bound, bound + _SOON * DAY)
    receipts.restored.append((rows, np.minimum(annulled, bound - 1), restored))


def _counted_early(receipts: Receipts, kind: Kind, number: int) -> tuple[Ints, Ints]:
    """Choose reports that one of the first three quarters counts, and return its extraction too."""
    quarter = receipts.quarter()
    fit = receipts.simple & (receipts.kind == kind) & (quarter >= 0) & (quarter < 3)
    fit &= receipts.received < receipts.bounds[np.clip(quarter, 0, 2)] - 2 * _MARGIN * DAY
    rows = receipts.first(np.flatnonzero(fit), number)
    receipts.simple[rows] = False
    return rows, receipts.bounds[quarter[rows]]


def _meet_quarter(receipts: Receipts, kind: Kind, k: int, wanted: int) -> None:
    """Let reports come before a quarter's extraction, or after it, until its sum is met."""
    quarter = receipts.quarter()
    for rows, _, _ in receipts.restored:
        quarter[rows] = _NOT
    mine = receipts.kind == kind
    over = int((mine & (quarter >= 0) & (quarter <= k)).sum()) - wanted
    for rows, received in receipts.corrected:
        again = receipts.kind[rows] == kind
        over += int((again & (np.searchsorted(receipts.bounds, received, "right") <= k)).sum())
    mine &= receipts.simple
    bound = receipts.bounds[k]
    if over > 0:
        rows = receipts.first(np.flatnonzero(mine & (quarter == k)), over)
        low, high = np.full(len(rows), bound), np.full(len(rows), bound + _SOON * DAY)
    else:
        late = np.flatnonzero(mine & (quarter == k + 1) & (receipts.event <= k))
        rows = receipts.first(late, -over)
        start = receipts.day[rows].astype(np.int64) * DAY + 8 * 3600
        low = np.maximum(start, receipts.bounds[k - 1] if k else receipts.opens)
        high = np.full(len(rows), bound - _MARGIN * DAY)
    moments = receipts.between(rows, low, high)
    receipts.received[rows] = moments if over > 0 else np.minimum(moments, bound - 1)
