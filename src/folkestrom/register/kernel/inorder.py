"""The common case: reports that came in the order of events, with nothing annulled or corrected.

One walk suffices, without looking back: every row is final as soon as the next report has come.
`folkestrom.register.kernel.timeline` does the same for any history; tests hold the two together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from folkestrom.register.kernel.knowledge import attributes_of
from folkestrom.register.kernel.ordering import BY_LIFE, comes_before
from folkestrom.register.kernel.rows import NO_TARGET, NULL32, Integers, Reports
from folkestrom.register.kernel.rules import (
    ANNULMENT,
    ATTRIBUTE_CORRECTION,
    CITIZENSHIP_CHANGE,
    DEATH,
    EMIGRATION,
    IMMIGRATION,
    LAST_START,
    MARITAL_CHANGE,
    begins,
    gives_citizenship,
    gives_status,
    objection,
)
from folkestrom.register.kernel.sink import (
    ABROAD,
    NOBODY,
    Attributes,
    Sink,
    put_attribute,
    put_citizenship,
    put_event,
    put_flag,
    put_marital,
    put_stay,
)
from folkestrom.register.tables import OPEN_DAY


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def is_in_order(rows: Reports, order: Integers, count: int) -> bool:
    """Whether reports, in the order of knowledge, are plain and also in the order of life.

    The first begins the record on its own day, and no day has both an arrival and a departure,
    whose order depends on the state.
    """
    first = rows[order[0]]
    if first.kind > LAST_START or begins(first, first.birth_date) != first.event_date:
        return False
    arrived = NULL32
    for k in range(count):
        row = rows[order[k]]
        if row.kind == ATTRIBUTE_CORRECTION or row.kind >= ANNULMENT or row.target != NO_TARGET:
            return False
        if k > 0 and comes_before(rows, order[k], order[k - 1], BY_LIFE):
            return False
        if row.kind == IMMIGRATION:
            arrived = row.event_date
        elif row.kind == EMIGRATION and row.event_date == arrived:
            return False
    return True


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def sweep_in_order(rows: Reports, order: Integers, count: int, sink: Sink) -> None:
    """Emit the rows of a person whose reports are in order."""
    start, died = -1, False
    home, status, citizenship = -1, -1, -1
    known, day, nth = NOBODY, NULL32, 0
    for k in range(count):
        here = order[k]
        row = rows[here]
        reason = objection(row, row.event_date, start >= 0, home >= 0, died, known.birth_date)
        if reason:
            put_flag(sink, row, reason, row.known_from, OPEN_DAY)
            continue
        if start < 0:
            start = here
            known = attributes_of(row, here)
            put_attribute(sink, row, known, OPEN_DAY, row.known_from, OPEN_DAY)
        died = row.kind == DEATH
        if row.kind not in (MARITAL_CHANGE, CITIZENSHIP_CHANGE):
            nth = nth + 1 if row.event_date == day else 1
            day = row.event_date
            home = _move_on(sink, rows, home, here, known, nth)
        if died or gives_status(row, status >= 0):
            _close_marital(sink, rows, status, row)
            status = -1 if died else here
        if died or gives_citizenship(row, citizenship >= 0):
            _close_citizenship(sink, rows, citizenship, row)
            citizenship = -1 if died else here
    if home >= 0:
        opened = rows[home]
        put_stay(sink, opened, known, opened.event_date, OPEN_DAY, opened.known_from, OPEN_DAY)
    if status >= 0:
        opened = rows[status]
        put_marital(sink, opened, opened.event_date, OPEN_DAY, opened.known_from, OPEN_DAY)
    if citizenship >= 0:
        opened = rows[citizenship]
        put_citizenship(sink, opened, opened.event_date, OPEN_DAY, opened.known_from, OPEN_DAY)


# A spell that a later report closes was open as known before that report, if that was a day or
# more, and has its end from then on; a spell without a day in it is nowhere.


@njit(inline="always")
def _move_on(sink: Sink, rows: Reports, home: int, here: int, known: Attributes, nth: int) -> int:
    """Count the event, end the stay at hand, and return the report that opens the next, if any."""
    row = rows[here]
    left = ABROAD
    if home >= 0:
        left = (np.int64(rows[home].municipality), np.int64(rows[home].basic_unit))
        _close_stay(sink, rows[home], row, known)
    when = (np.int64(row.event_date), nth)
    put_event(sink, row, known, left, when, row.known_from, OPEN_DAY)
    return here if row.kind < EMIGRATION else -1


@njit(inline="always")
def _close_stay(sink: Sink, opened: Any, closing: Any, known: Attributes) -> None:
    begun, ended = opened.event_date, closing.event_date
    if opened.known_from < closing.known_from:
        put_stay(sink, opened, known, begun, OPEN_DAY, opened.known_from, closing.known_from)
    if begun < ended:
        put_stay(sink, opened, known, begun, ended, closing.known_from, OPEN_DAY)


@njit(inline="always")
def _close_marital(sink: Sink, rows: Reports, status: int, closing: Any) -> None:
    if status >= 0:
        opened = rows[status]
        begun, ended = opened.event_date, closing.event_date
        if opened.known_from < closing.known_from:
            put_marital(sink, opened, begun, OPEN_DAY, opened.known_from, closing.known_from)
        if begun < ended:
            put_marital(sink, opened, begun, ended, closing.known_from, OPEN_DAY)


@njit(inline="always")
def _close_citizenship(sink: Sink, rows: Reports, citizenship: int, closing: Any) -> None:
    if citizenship >= 0:
        opened = rows[citizenship]
        begun, ended = opened.event_date, closing.event_date
        if opened.known_from < closing.known_from:
            put_citizenship(sink, opened, begun, OPEN_DAY, opened.known_from, closing.known_from)
        if begun < ended:
            put_citizenship(sink, opened, begun, ended, closing.known_from, OPEN_DAY)
