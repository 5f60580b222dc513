"""Any history at all: late reports, annulments, corrections, one knowledge date after another.

A person's events lie in the order of life. On each knowledge date some of them come to stand or
cease to. From each of these the replay runs on only until the state is again what it was before,
so a report at the end costs one step, however many lie before it. What differs at the end of the
day from what was put out is closed at that day, and opened with its new values.
"""

from __future__ import annotations

from numba import njit

from folkestrom.register.kernel import emission
from folkestrom.register.kernel.knowledge import known_attributes
from folkestrom.register.kernel.memory import (
    CHANGED,
    CORRECTIONS,
    EVENTS,
    IDENTITIES,
    MERGE_TOLD,
    MERGED,
    NONE,
    START,
    TOLD_SINCE,
    TOUCHED,
    Memory,
)
from folkestrom.register.kernel.ordering import BY_LIFE, sort_reports
from folkestrom.register.kernel.replay import replay_changes
from folkestrom.register.kernel.rows import Reports
from folkestrom.register.kernel.rules import (
    ANNULMENT,
    ATTRIBUTE_CORRECTION,
    EMIGRATION,
    IMMIGRATION,
    LAST_START,
    MERGE,
    SPLIT,
)
from folkestrom.register.kernel.sink import NOBODY, Attributes, Sink
from folkestrom.register.kernel.standing import prepare_aims, resolve_tree


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def sweep_any_order(rows: Reports, work: Memory, count: int, sink: Sink) -> None:
    """Emit the rows of a person whose `count` reports `work.order` lists by knowledge."""
    _prepare(rows, work, count)
    known, since, k = NOBODY, 0, 0
    while k < count:
        day = rows[work.order[k]].known_from
        first = k
        while k < count and rows[work.order[k]].known_from == day:
            work.report[k].known = 1
            k += 1
        _change_standing(rows, work, first, k, day, sink)
        _change_identity(rows, work, day, sink)
        now = known_attributes(rows, work)
        if now.birth_date != known.birth_date or now.start != known.start:
            _judge_anew(rows, work, known, now)
        replay_changes(rows, work, now)
        since = _put_out(rows, work, known, now, since, day, sink)
        known = now
    emission.put_rest(rows, work, count, known, since, sink)


@njit(inline="always")
def _put_out(
    rows: Reports,
    work: Memory,
    known: Attributes,
    now: Attributes,
    since: int,
    day: int,
    sink: Sink,
) -> int:
    """Close and open what changed; return since when the attributes are what they are."""
    emission.put_orphans(rows, work, now.start >= 0 or work.number[MERGED] > 0, day, sink)
    if now != known:
        emission.put_attributes(rows, work, known, since, day, sink)
        since = day
    emission.put_changes(rows, work, known, now, day, sink)
    return since


@njit(inline="always")
def _prepare(rows: Reports, work: Memory, count: int) -> None:
    events, corrections, identities = 0, 0, 0
    for k in range(count):
        kind = rows[work.order[k]].kind
        work.report[k].known, work.report[k].stands, work.report[k].stood = 0, 0, 0
        work.report[k].waits, work.report[k].orphan = NONE, NONE
        work.report[k].place = -1
        if kind == ATTRIBUTE_CORRECTION:
            work.report[corrections].correction = k
            corrections += 1
        elif kind < ANNULMENT:
            work.life[events] = work.order[k]
            events += 1
        elif kind > ANNULMENT:
            work.report[identities].identity = k
            identities += 1
    work.number[IDENTITIES], work.number[MERGED] = identities, 0
    work.number[MERGE_TOLD], work.number[TOLD_SINCE] = -1, NONE
    work.number[CORRECTIONS], work.number[EVENTS] = corrections, events
    work.number[START], work.number[CHANGED], work.number[TOUCHED] = events, 0, 0
    _place_in_life(rows, work, count, events)
    for r in range(events):
        _clear(work, r)
    _find_days_of_both(rows, work, events)
    prepare_aims(rows, work, count)


@njit(inline="always")
def _place_in_life(rows: Reports, work: Memory, count: int, events: int) -> None:
    # `life` is sorted as rows, then turned into reports by way of each row's own number.
    sort_reports(rows, work.life, work.spare, events, BY_LIFE)
    first = work.order[0]
    for k in range(count):
        first = min(first, work.order[k])
    for k in range(count):
        work.spare[work.order[k] - first] = k
    for r in range(events):
        k = work.spare[work.life[r] - first]
        work.life[r] = k
        work.report[k].place = r


@njit(inline="always")
def _clear(work: Memory, r: int) -> None:
    work.event[r].active, work.event[r].applied, work.event[r].reason = 0, 0, 0
    work.event[r].is_changed, work.event[r].is_touched = 0, 0
    work.event[r].out_applied, work.event[r].out_reason = 0, 0
    work.event[r].first_of_day, work.event[r].last_of_day = r, r
    for spell in range(3):
        work.ends[r, spell] = NONE
        work.out_ends[r, spell] = NONE


@njit(inline="always")
def _change_standing(
    rows: Reports, work: Memory, first: int, last: int, day: int, sink: Sink
) -> None:
    """Let the reports of a day be known, and note which come to stand or cease to."""
    for k in range(first, last):
        tree = work.report[k].tree
        if tree < 0:
            work.report[k].stands = 1
            _note_change(rows, work, k)
            continue
        resolve_tree(rows, work, tree)
        for i in range(work.report[tree].first_member, work.report[tree + 1].first_member):
            _note_change(rows, work, work.report[i].member)
            emission.put_waiting(rows, work, work.report[i].member, day, sink)


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _note_change(rows: Reports, work: Memory, k: int) -> None:
    if work.report[k].stands == work.report[k].stood:
        return
    work.report[k].stood = work.report[k].stands
    r = work.report[k].place
    if r >= 0:
        work.event[r].active = 0 if work.number[MERGED] else work.report[k].stands
        _mark_changed(work, r)
        if rows[work.order[k]].kind <= LAST_START:
            _find_start(rows, work, r)


@njit(inline="always")
def _change_identity(rows: Reports, work: Memory, day: int, sink: Sink) -> None:
    """While the last standing report about the identity is a merge, no event of it stands."""
    told = -1
    for i in range(work.number[IDENTITIES]):
        k = work.report[i].identity
        if work.report[k].stands:
            told = k if rows[work.order[k]].kind != SPLIT else -1
    if told == work.number[MERGE_TOLD]:
        return
    emission.put_merged(rows, work, day, sink)
    work.number[MERGE_TOLD], work.number[TOLD_SINCE] = told, day
    merged = int(told >= 0 and rows[work.order[told]].kind == MERGE)
    if merged == work.number[MERGED]:
        return
    work.number[MERGED] = merged
    work.number[START] = work.number[EVENTS]
    for r in range(work.number[EVENTS]):
        stands = work.report[work.life[r]].stands
        work.event[r].active = 0 if merged else stands
        if stands:
            _mark_changed(work, r)
            if not merged and rows[work.order[work.life[r]]].kind <= LAST_START:
                work.number[START] = min(work.number[START], r)


@njit(inline="always")
def _find_start(rows: Reports, work: Memory, r: int) -> None:
    """Keep the first standing start of a record, given that the one at `r` changed."""
    if work.event[r].active:
        work.number[START] = min(work.number[START], r)
    elif work.number[START] == r:
        while r < work.number[EVENTS] and not (
            work.event[r].active and rows[work.order[work.life[r]]].kind <= LAST_START
        ):
            r += 1
        work.number[START] = r


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _mark_changed(work: Memory, r: int) -> None:
    if not work.event[r].is_changed:
        work.event[r].is_changed = 1
        work.changed[work.number[CHANGED]] = r
        work.number[CHANGED] += 1


@njit(inline="always")
def _judge_anew(rows: Reports, work: Memory, known: Attributes, now: Attributes) -> None:
    """Look again at what is before one date of birth and not before the other, and at the start."""
    for r in range(work.number[EVENTS]):
        if work.event[r].active:
            day, k = rows[work.order[work.life[r]]].event_date, work.life[r]
            is_start = k in (known.start, now.start)
            if is_start or (day < known.birth_date) != (day < now.birth_date):
                _mark_changed(work, r)


@njit(inline="always")
def _find_days_of_both(rows: Reports, work: Memory, events: int) -> None:
    """Find the days on which a person came and left; kinds lie in their order within a day."""
    r = 0
    while r < events:
        day, first = rows[work.order[work.life[r]]].event_date, r
        came, left = False, False
        while r < events and rows[work.order[work.life[r]]].event_date == day:
            kind = rows[work.order[work.life[r]]].kind
            came |= kind == IMMIGRATION
            left |= kind == EMIGRATION
            r += 1
        if came and left:
            for i in range(first, r):
                work.event[i].first_of_day, work.event[i].last_of_day = first, r - 1
