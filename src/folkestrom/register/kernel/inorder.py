"""The common case: reports that came in the order of events, with nothing annulled or corrected.

One walk suffices, without looking back: every row is final as soon as the next report has come.
`folkestrom.register.kernel.timeline` does the same for any history; tests hold the two together.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from folkestrom.register.kernel.knowledge import attributes_of
from folkestrom.register.kernel.ordering import BY_LIFE, comes_before
from folkestrom.register.kernel.rows import NO_TARGET, NULL16, Integers, Packed
from folkestrom.register.kernel.rules import objection
from folkestrom.register.kernel.sink import (
    ABROAD,
    NOBODY,
    Known,
    Sink,
    put_attribute,
    put_citizenship,
    put_event,
    put_flag,
    put_marital,
    put_residence,
)
from folkestrom.register.tables import OPEN_DAY


@njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def is_in_order(rows: Packed, order: Integers, count: int) -> bool:
    """Whether reports, in the order of knowledge, are plain and also in the order of life."""
    for k in range(count):
        row = rows[order[k]]
        if row.kind == 4 or row.kind >= 10 or row.target != NO_TARGET:
            return False
        if k > 0 and comes_before(rows, order[k], order[k - 1], BY_LIFE):
            return False
    return True


@njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def sweep_in_order(rows: Packed, order: Integers, count: int, sink: Sink) -> None:
    """Emit the rows of a person whose reports are in order."""
    start, died = -1, False
    home, status, citizenship = -1, -1, -1
    known = NOBODY
    for k in range(count):
        here = order[k]
        row = rows[here]
        reason = objection(row, start >= 0, home >= 0, died, known.birth_date)
        if reason:
            put_flag(sink, row, reason, row.known_from, OPEN_DAY)
            continue
        if row.kind <= 3 and start < 0:
            start = here
            known = attributes_of(row, here)
            put_attribute(sink, row, known, OPEN_DAY, row.known_from, OPEN_DAY)
            status = here
        elif row.kind == 6 or (row.kind <= 3 and row.marital_status > 0):
            _close_marital(sink, rows[status], row)
            status = here
        if row.kind == 7 or (row.kind <= 3 and row.citizenship != NULL16):
            if citizenship >= 0:
                _close_citizenship(sink, rows[citizenship], row)
            citizenship = here
        if row.kind not in (6, 7):
            left = (rows[home].municipality, rows[home].basic_unit) if home >= 0 else ABROAD
            put_event(sink, row, known, left, row.known_from, OPEN_DAY)
            if home >= 0:
                _close_residence(sink, rows[home], row, known)
            home = here if row.kind < 8 else -1
        if row.kind == 9:
            died = True
            _close_marital(sink, rows[status], row)
            if citizenship >= 0:
                _close_citizenship(sink, rows[citizenship], row)
    if home >= 0:
        put_residence(sink, rows[home], known, OPEN_DAY, rows[home].known_from, OPEN_DAY)
    if start >= 0 and not died:
        put_marital(sink, rows[status], OPEN_DAY, rows[status].known_from, OPEN_DAY)
        if citizenship >= 0:
            opened = rows[citizenship]
            put_citizenship(sink, opened, OPEN_DAY, opened.known_from, OPEN_DAY)


# A spell that a later report closes was open as known before that report, if that was a day or
# more, and has its end from then on; a spell without a day in it is nowhere.


@njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _close_residence(sink: Sink, opened: Any, closing: Any, known: Known) -> None:
    if opened.known_from < closing.known_from:
        put_residence(sink, opened, known, OPEN_DAY, opened.known_from, closing.known_from)
    if opened.event_date < closing.event_date:
        put_residence(sink, opened, known, closing.event_date, closing.known_from, OPEN_DAY)


@njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _close_marital(sink: Sink, opened: Any, closing: Any) -> None:
    if opened.known_from < closing.known_from:
        put_marital(sink, opened, OPEN_DAY, opened.known_from, closing.known_from)
    if opened.event_date < closing.event_date:
        put_marital(sink, opened, closing.event_date, closing.known_from, OPEN_DAY)


@njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _close_citizenship(sink: Sink, opened: Any, closing: Any) -> None:
    if opened.known_from < closing.known_from:
        put_citizenship(sink, opened, OPEN_DAY, opened.known_from, closing.known_from)
    if opened.event_date < closing.event_date:
        put_citizenship(sink, opened, closing.event_date, closing.known_from, OPEN_DAY)
