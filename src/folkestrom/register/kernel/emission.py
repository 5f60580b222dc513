"""Putting out what changed on a knowledge date, and at the end all that is still so."""

from __future__ import annotations

from typing import Any

from numba import njit

from folkestrom.register.kernel.memory import (
    CITIZEN,
    CORRECTIONS,
    EVENTS,
    HOME,
    MERGE_TOLD,
    NONE,
    TOLD_SINCE,
    TOUCHED,
    Memory,
)
from folkestrom.register.kernel.replay import touch
from folkestrom.register.kernel.rows import Reports
from folkestrom.register.kernel.rules import MERGE, NO_RECORD, TARGET_NOT_COME
from folkestrom.register.kernel.sink import (
    Attributes,
    Sink,
    put_attribute,
    put_citizenship,
    put_event,
    put_flag,
    put_identity,
    put_marital,
    put_stay,
)
from folkestrom.register.kernel.standing import is_waiting
from folkestrom.register.tables import OPEN_DAY


@njit(inline="always")
def put_changes(
    rows: Reports, work: Memory, known: Attributes, now: Attributes, day: int, sink: Sink
) -> None:
    """Close at `day` what is no longer so, and open what is.

    `known` is what was known until then and `now` what is: where they differ in what rows carry,
    the rows are closed and opened anew though nothing else in them changed.
    """
    counted_anew = known.sex != now.sex or known.birth_date != now.birth_date
    restated = counted_anew or known.country_of_birth != now.country_of_birth
    if restated:
        _touch_all(work)
    for i in range(work.number[TOUCHED]):
        r = work.touched[i]
        work.event[r].is_touched = 0
        row = rows[work.order[work.life[r]]]
        moved = work.event[r].day != work.event[r].out_day
        for spell in range(3):
            end = work.ends[r, spell]
            if end == work.event[r].day:
                end = NONE
            if end != work.out_ends[r, spell] or moved or (restated and spell == HOME):
                _put_spell(work, row, r, spell, known, day, sink)
                work.out_ends[r, spell], work.out_since[r, spell] = end, day
        if counted_anew or moved or not _same_event(work, r):
            _put_event(work, row, r, known, day, sink)
            work.event[r].out_applied, work.event[r].out_applied_since = work.event[r].applied, day
            work.event[r].out_nth = work.event[r].nth
            work.event[r].out_municipality = work.event[r].left_municipality
            work.event[r].out_unit = work.event[r].left_unit
        if work.event[r].reason != work.event[r].out_reason:
            _put_reason(work, row, r, day, sink)
            work.event[r].out_reason, work.event[r].out_reason_since = work.event[r].reason, day
        work.event[r].out_day = work.event[r].day
    work.number[TOUCHED] = 0


@njit(inline="always")
def _touch_all(work: Memory) -> None:
    """Look at every event's rows: something that is in all of them changed."""
    for r in range(work.number[EVENTS]):
        touch(work, r)


@njit(inline="always")
def _same_event(work: Memory, r: int) -> bool:
    if work.event[r].applied != work.event[r].out_applied:
        return False
    event = work.event[r]
    same_place = event.left_municipality == event.out_municipality
    same_place &= event.left_unit == event.out_unit
    return bool(not event.applied or (same_place and event.nth == event.out_nth))


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _put_spell(
    work: Memory, row: Any, r: int, spell: int, known: Attributes, day: int, sink: Sink
) -> None:
    end, since = work.out_ends[r, spell], work.out_since[r, spell]
    if end == NONE:
        return
    begun = work.event[r].out_day
    if spell == HOME:
        put_stay(sink, row, known, begun, end, since, day)
    elif spell == CITIZEN:
        put_citizenship(sink, row, begun, end, since, day)
    else:
        put_marital(sink, row, begun, end, since, day)


@njit(inline="always")
def _put_event(work: Memory, row: Any, r: int, known: Attributes, day: int, sink: Sink) -> None:
    if work.event[r].out_applied:
        left = (work.event[r].out_municipality, work.event[r].out_unit)
        when = (work.event[r].out_day, work.event[r].out_nth)
        put_event(sink, row, known, left, when, work.event[r].out_applied_since, day)


@njit(inline="always")
def _put_reason(work: Memory, row: Any, r: int, day: int, sink: Sink) -> None:
    if work.event[r].out_reason:
        put_flag(sink, row, work.event[r].out_reason, work.event[r].out_reason_since, day)


@njit(inline="always")
def put_attributes(
    rows: Reports, work: Memory, known: Attributes, since: int, day: int, sink: Sink
) -> None:
    """Close at `day` what was known apart from events since another day."""
    if known.start >= 0:
        put_attribute(sink, rows[work.order[known.start]], known, OPEN_DAY, since, day)


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def put_waiting(rows: Reports, work: Memory, k: int, day: int, sink: Sink) -> None:
    """Flag a report whose target has not come, or end the flag."""
    if is_waiting(rows, work, k):
        if work.report[k].waits == NONE:
            work.report[k].waits = day
    elif work.report[k].waits != NONE:
        put_flag(sink, rows[work.order[k]], TARGET_NOT_COME, work.report[k].waits, day)
        work.report[k].waits = NONE


@njit(inline="always")
def put_orphans(rows: Reports, work: Memory, registered: bool, day: int, sink: Sink) -> None:
    """Flag attribute corrections of a person without a record, or end the flags."""
    for i in range(work.number[CORRECTIONS]):
        k = work.report[i].correction
        if work.report[k].stands and not registered:
            if work.report[k].orphan == NONE:
                work.report[k].orphan = day
        elif work.report[k].orphan != NONE:
            put_flag(sink, rows[work.order[k]], NO_RECORD, work.report[k].orphan, day)
            work.report[k].orphan = NONE


@njit(inline="always")
def put_merged(rows: Reports, work: Memory, day: int, sink: Sink) -> None:
    """Close at `day` the merge that stood until then, if one did, or its flag."""
    if work.number[MERGE_TOLD] >= 0:
        merge = rows[work.order[work.number[MERGE_TOLD]]]
        if merge.kind == MERGE:
            put_identity(sink, merge, work.number[TOLD_SINCE], day)
        else:
            put_flag(sink, merge, merge.reason, work.number[TOLD_SINCE], day)


@njit(inline="always")
def put_rest(
    rows: Reports, work: Memory, count: int, known: Attributes, since: int, sink: Sink
) -> None:
    """Put out all that is still so as known at the end of time."""
    for r in range(work.number[EVENTS]):
        row = rows[work.order[work.life[r]]]
        for spell in range(3):
            _put_spell(work, row, r, spell, known, OPEN_DAY, sink)
        _put_event(work, row, r, known, OPEN_DAY, sink)
        _put_reason(work, row, r, OPEN_DAY, sink)
    put_attributes(rows, work, known, since, OPEN_DAY, sink)
    put_merged(rows, work, OPEN_DAY, sink)
    for k in range(count):
        if work.report[k].waits != NONE:
            put_flag(sink, rows[work.order[k]], TARGET_NOT_COME, work.report[k].waits, OPEN_DAY)
        if work.report[k].orphan != NONE:
            put_flag(sink, rows[work.order[k]], NO_RECORD, work.report[k].orphan, OPEN_DAY)
