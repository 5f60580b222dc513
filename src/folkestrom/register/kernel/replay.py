"""Replaying events from where something changed until the state is what it was before."""

from __future__ import annotations

from numba import njit

from folkestrom.register.kernel.ordering import sort_numbers
from folkestrom.register.kernel.rows import NULL16, NULL32, Packed
from folkestrom.register.kernel.rules import (
    CITIZENSHIP_CHANGE,
    DEATH,
    EMIGRATION,
    LAST_START,
    MARITAL_CHANGE,
    MOVE,
    gives_citizenship,
    gives_status,
    objection,
)
from folkestrom.register.kernel.sink import Known
from folkestrom.register.kernel.work import (
    CHANGED,
    CITIZEN,
    DIED,
    EVENTS,
    HOME,
    NONE,
    REGISTERED,
    STATUS,
    TOUCHED,
    Work,
)
from folkestrom.register.tables import OPEN_DAY


@njit(inline="always")
def replay_changes(rows: Packed, work: Work, known: Known) -> None:
    """Replay from each event that came to stand, ceased to, or must be judged anew."""
    changes = work.number[CHANGED]
    sort_numbers(work.changed, changes)
    done = 0
    while done < changes:
        first = work.changed[done]
        _take_state_before(work, first)
        done = _replay_from(rows, work, known, first, done)
    work.number[CHANGED] = 0


@njit(inline="always")
def _take_state_before(work: Work, r: int) -> None:
    earlier = r - 1
    while earlier >= 0 and not work.event[earlier].active:
        earlier -= 1
    if earlier >= 0:
        for i in range(5):
            work.current[i] = work.state[earlier, i]
    else:
        work.current[HOME], work.current[STATUS], work.current[CITIZEN] = -1, -1, -1
        work.current[REGISTERED], work.current[DIED] = 0, 0


@njit(inline="always")
def _replay_from(rows: Packed, work: Work, known: Known, r: int, done: int) -> int:
    """Replay until the state is settled; return how many of the changes are behind."""
    events = work.number[EVENTS]
    while r < events:
        changed = work.event[r].is_changed
        if changed:
            work.event[r].is_changed = 0
            done += 1
        touch(work, r)
        if work.event[r].active:
            _replay_one(rows, work, known, r)
            settled = not changed and _same_state(work, r)
            _keep_state(work, r)
            if settled:
                return done
        else:
            _withdraw(work, r)
        r += 1
        while r < events and not work.event[r].active and not work.event[r].is_changed:
            r += 1
    for spell in range(3):
        if work.current[spell] >= 0:
            _end(work, spell, OPEN_DAY)
    return done


@njit(inline="always")
def _keep_state(work: Work, r: int) -> None:
    for i in range(5):
        work.state[r, i] = work.current[i]


@njit(inline="always")
def _same_state(work: Work, r: int) -> bool:
    same = True
    for i in range(5):
        same &= work.state[r, i] == work.current[i]
    return same


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def touch(work: Work, r: int) -> None:
    """Put an event on the list of those whose rows may differ from what is out, once."""
    if not work.event[r].is_touched:
        work.event[r].is_touched = 1
        work.touched[work.number[TOUCHED]] = r
        work.number[TOUCHED] += 1


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _withdraw(work: Work, r: int) -> None:
    work.event[r].applied, work.event[r].reason = 0, 0
    for spell in range(3):
        work.ends[r, spell] = NONE


@njit(inline="always")
def _replay_one(rows: Packed, work: Work, known: Known, r: int) -> None:
    """Apply one event to the current state, or say why not."""
    row, now = rows[work.order[work.life[r]]], work.current
    reason = objection(row, now[REGISTERED] != 0, now[HOME] >= 0, now[DIED] != 0, known.birth_date)
    if reason:
        _withdraw(work, r)
        work.event[r].reason = reason
        return
    work.event[r].reason = 0
    work.event[r].applied = row.kind not in (MARITAL_CHANGE, CITIZENSHIP_CHANGE)
    if work.event[r].applied:
        _note_left(rows, work, r)
    _open(work, HOME, r, row.event_date, row.kind <= LAST_START or row.kind == MOVE)
    _open(work, STATUS, r, row.event_date, gives_status(row, now[REGISTERED] != 0))
    _open(work, CITIZEN, r, row.event_date, gives_citizenship(row))
    if row.kind >= EMIGRATION:
        _end(work, HOME, row.event_date)
    if row.kind == DEATH:
        _end(work, STATUS, row.event_date)
        _end(work, CITIZEN, row.event_date)
        now[DIED] = 1
    now[REGISTERED] = 1


@njit(inline="always")
def _note_left(rows: Packed, work: Work, r: int) -> None:
    home = work.current[HOME]
    if home >= 0:
        left = rows[work.order[work.life[home]]]
        work.event[r].left_municipality = left.municipality
        work.event[r].left_unit = left.basic_unit
    else:
        work.event[r].left_municipality, work.event[r].left_unit = NULL16, NULL32


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _open(work: Work, spell: int, r: int, day: int, opens: bool) -> None:
    """Let an event open a spell. When it ends is left as it was: the replay may settle before."""
    if opens:
        _end(work, spell, day)
        work.current[spell] = r
    else:
        work.ends[r, spell] = NONE


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _end(work: Work, spell: int, day: int) -> None:
    opened = work.current[spell]
    if opened >= 0:
        work.ends[opened, spell] = day
        work.current[spell] = -1
        touch(work, opened)
