"""Replaying events from where something changed until the state is what it was before.

A day that has both immigration and emigration is replayed as a whole, since its order depends on
the state: of each of its events, the first that fits comes next.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from folkestrom.register.kernel.memory import (
    CHANGED,
    CITIZEN,
    DAY,
    DIED,
    EVENTS,
    HOME,
    NONE,
    NTH,
    REGISTERED,
    START,
    STATES,
    STATUS,
    TOUCHED,
    Memory,
)
from folkestrom.register.kernel.ordering import sort_numbers
from folkestrom.register.kernel.rows import NULL16, NULL32, Reports
from folkestrom.register.kernel.rules import (
    BEFORE_BIRTH,
    CITIZENSHIP_CHANGE,
    DEATH,
    EMIGRATION,
    IMMIGRATION,
    LAST_START,
    MARITAL_CHANGE,
    MOVE,
    gives_citizenship,
    gives_status,
    objection,
)
from folkestrom.register.kernel.sink import Attributes
from folkestrom.register.tables import OPEN_DAY


@njit(inline="always")
def replay_changes(rows: Reports, work: Memory, known: Attributes) -> None:
    """Replay from each event that came to stand, ceased to, or must be judged anew."""
    changes = work.number[CHANGED]
    sort_numbers(work.changed, changes)
    done = 0
    while done < changes:
        first = work.event[work.changed[done]].first_of_day
        _take_state_before(work, first)
        done = _replay_from(rows, work, known, first, done)
    work.number[CHANGED] = 0


@njit(inline="always")
def _take_state_before(work: Memory, r: int) -> None:
    earlier = r - 1
    while earlier >= 0 and not work.event[earlier].active:
        earlier -= 1
    if earlier >= 0:
        earlier = work.event[earlier].last_of_day
        for i in range(STATES):
            work.current[i] = work.state[earlier, i]
    else:
        work.current[HOME], work.current[STATUS], work.current[CITIZEN] = -1, -1, -1
        work.current[REGISTERED], work.current[DIED] = 0, 0
        work.current[DAY], work.current[NTH] = NONE, 0


@njit(inline="always")
def _replay_from(rows: Reports, work: Memory, known: Attributes, r: int, done: int) -> int:
    """Replay until the state is settled; return how many of the changes are behind."""
    events = work.number[EVENTS]
    while r < events:
        last = work.event[r].last_of_day
        changed, is_active = 0, False
        for i in range(r, last + 1):
            changed += work.event[i].is_changed
            work.event[i].is_changed = 0
            touch(work, i)
            if work.event[i].active:
                is_active = True
            else:
                _withdraw(work, i)
        done += changed
        if is_active:
            if last == r:
                _replay_one(rows, work, known, r)
            else:
                _replay_day(rows, work, known, r, last)
            settled = not changed and _same_state(work, last)
            _keep_state(work, last)
            if settled:
                return done
        r = last + 1
        while r < events and _is_idle(work, r):
            r += 1
    for spell in range(3):
        if work.current[spell] >= 0:
            _end(work, spell, OPEN_DAY)
    return done


@njit(inline="always")
def _is_idle(work: Memory, r: int) -> bool:
    event = work.event[r]
    return bool(not event.active and not event.is_changed and event.last_of_day == r)


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _replay_day(rows: Reports, work: Memory, known: Attributes, first: int, last: int) -> None:
    """Replay a day on which a person came and left: of what is left of it, the first that fits.

    Events lie by kind. An immigration fits a person who is not resident, and waits otherwise until
    an emigration was applied; it does not wait for death.
    """
    arrival = first
    while arrival <= last and rows[work.order[work.life[arrival]]].kind < IMMIGRATION:
        if work.event[arrival].active:
            _replay_one(rows, work, known, arrival)
        arrival += 1
    other = arrival
    while other <= last and rows[work.order[work.life[other]]].kind == IMMIGRATION:
        other += 1
    arrivals = other
    while arrival < arrivals or other <= last:
        waits = work.current[HOME] >= 0 and other <= last
        if waits and rows[work.order[work.life[other]]].kind == DEATH:
            waits = False
        if arrival < arrivals and (not waits or not work.event[arrival].active):
            r, arrival = arrival, arrival + 1
        else:
            r, other = other, other + 1
        if work.event[r].active:
            _replay_one(rows, work, known, r)


@njit(inline="always")
def _keep_state(work: Memory, r: int) -> None:
    for i in range(STATES):
        work.state[r, i] = work.current[i]


@njit(inline="always")
def _same_state(work: Memory, r: int) -> bool:
    same = True
    for i in range(STATES):
        same &= work.state[r, i] == work.current[i]
    return same


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def touch(work: Memory, r: int) -> None:
    """Put an event on the list of those whose rows may differ from what is out, once."""
    if not work.event[r].is_touched:
        work.event[r].is_touched = 1
        work.touched[work.number[TOUCHED]] = r
        work.number[TOUCHED] += 1


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _withdraw(work: Memory, r: int) -> None:
    work.event[r].applied, work.event[r].reason = 0, 0
    for spell in range(3):
        work.ends[r, spell] = NONE


@njit(inline="always")
def _replay_one(rows: Reports, work: Memory, known: Attributes, r: int) -> None:
    """Apply one event to the current state, or say why not."""
    row, now = rows[work.order[work.life[r]]], work.current
    day = known.begins if r == work.number[START] else np.int64(row.event_date)
    work.event[r].day = day
    is_resident, is_dead = now[HOME] >= 0, now[DIED] != 0
    reason = objection(row, day, now[REGISTERED] != 0, is_resident, is_dead, known.birth_date)
    if reason:
        _withdraw(work, r)
        work.event[r].reason = reason
        return
    work.event[r].reason = BEFORE_BIRTH if row.event_date < day else 0
    work.event[r].applied = row.kind not in (MARITAL_CHANGE, CITIZENSHIP_CHANGE)
    if work.event[r].applied:
        _note_left(rows, work, r)
        _number(work, r, day)
    _open(work, HOME, r, day, row.kind <= LAST_START or row.kind == MOVE)
    _open(work, STATUS, r, day, gives_status(row, now[REGISTERED] != 0))
    _open(work, CITIZEN, r, day, gives_citizenship(row, now[CITIZEN] >= 0))
    if row.kind >= EMIGRATION:
        _end(work, HOME, day)
    if row.kind == DEATH:
        _end(work, STATUS, day)
        _end(work, CITIZEN, day)
        now[DIED] = 1
    now[REGISTERED] = 1


@njit(inline="always")
def _number(work: Memory, r: int, day: int) -> None:
    """Number an event among those of its day."""
    nth = work.current[NTH] + 1 if work.current[DAY] == day else 1
    work.current[DAY], work.current[NTH] = day, nth
    work.event[r].nth = nth


@njit(inline="always")
def _note_left(rows: Reports, work: Memory, r: int) -> None:
    home = work.current[HOME]
    if home >= 0:
        left = rows[work.order[work.life[home]]]
        work.event[r].left_municipality = left.municipality
        work.event[r].left_unit = left.basic_unit
    else:
        work.event[r].left_municipality, work.event[r].left_unit = NULL16, NULL32


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _open(work: Memory, spell: int, r: int, day: int, opens: bool) -> None:
    """Let an event open a spell. When it ends is left as it was: the replay may settle before."""
    if opens:
        _end(work, spell, day)
        work.current[spell] = r
    else:
        work.ends[r, spell] = NONE


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _end(work: Memory, spell: int, day: int) -> None:
    opened = work.current[spell]
    if opened >= 0:
        work.ends[opened, spell] = day
        work.current[spell] = -1
        touch(work, opened)
