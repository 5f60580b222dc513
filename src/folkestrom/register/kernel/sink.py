"""Where kernels put the rows of the derived tables: one array of numbers a table."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit

from folkestrom.model.codes import MaritalStatus
from folkestrom.register.kernel.rows import NULL8, NULL16, NULL32, NULL64, Integers
from folkestrom.register.kernel.rules import BIRTH, EMIGRATION, LAST_START
from folkestrom.register.tables import TABLES

STAY, MARITAL, CITIZENSHIP, ATTRIBUTE, EVENT, FLAG, IDENTITY = range(7)
NEVER_MARRIED = int(MaritalStatus.NEVER_MARRIED)
#: In `Sink.counts`, after the tables' row counts: whether a table had no room left.
FULL: Final = len(TABLES)


class Sink(NamedTuple):
    """Rows of every table as `[column, row]`, and how many there are."""

    stay: Integers
    marital: Integers
    citizenship: Integers
    attribute: Integers
    event: Integers
    flag: Integers
    identity: Integers
    counts: Integers


#: A whole number, as Python has it and as kernels do.
Number = int | np.int64


class Attributes(NamedTuple):
    """What is known of a person apart from events, with the report that began the record."""

    start: Number
    sex: Number
    birth_date: Number
    country_of_birth: Number
    mother: Number
    father: Number
    origin: Number
    begins: Number  # the day on which the record does


#: A person without a record.
NOBODY: Final = Attributes(-1, 0, NULL32, NULL16, NULL64, NULL64, NULL8, NULL32)
#: The municipality and basic unit of a person who is not resident.
ABROAD: Final[tuple[Number, Number]] = (NULL16, NULL32)


def new_sink(capacity: int) -> Sink:
    """An empty sink with room for `capacity` rows in each table."""
    arrays = [np.empty((len(table.columns), capacity), np.int64) for table in TABLES]
    return Sink._make([*arrays, np.zeros(FULL + 1, np.int64)])


def grown(sink: Sink) -> Sink:
    """The same rows with twice the room."""
    larger = new_sink(2 * sink.stay.shape[1])
    for number in range(len(TABLES)):
        count = sink.counts[number]
        larger[number][:, :count] = sink[number][:, :count]
    larger.counts[:FULL] = sink.counts[:FULL]
    return larger


@njit(inline="always")
def _room(sink: Sink, table: int, capacity: int) -> int:
    """The next row of a table, or -1 when it is full: the person is then done again."""
    row = sink.counts[table]
    if row >= capacity:
        sink.counts[FULL] = 1
        return -1
    sink.counts[table] = row + 1
    return int(row)


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def put_stay(
    sink: Sink,
    report: Any,
    known: Attributes,
    valid_from: int,
    valid_to: int,
    known_from: int,
    known_to: int,
) -> None:
    """A stay opened by a report."""
    out, i = sink.stay, _room(sink, STAY, sink.stay.shape[1])
    if i < 0:
        return
    out[0, i] = report.person
    out[1, i] = report.municipality
    out[2, i] = report.basic_unit
    out[3, i] = report.dwelling
    out[4, i] = known.sex
    out[5, i] = known.birth_date
    out[6, i] = known.country_of_birth
    out[7, i] = valid_from
    out[8, i] = valid_to
    out[9, i] = known_from
    out[10, i] = known_to
    out[11, i] = report.position


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def put_marital(
    sink: Sink, report: Any, valid_from: int, valid_to: int, known_from: int, known_to: int
) -> None:
    """A marital status opened by a report."""
    out, i = sink.marital, _room(sink, MARITAL, sink.marital.shape[1])
    if i < 0:
        return
    given = report.marital_status > 0
    stated = given or report.kind > LAST_START
    default = NEVER_MARRIED if report.kind == BIRTH else 0
    out[0, i] = report.person
    out[1, i] = report.marital_status if given else default
    out[2, i] = report.partner if stated else NULL64
    out[3, i] = valid_from
    out[4, i] = valid_to
    out[5, i] = known_from
    out[6, i] = known_to
    out[7, i] = report.position


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def put_citizenship(
    sink: Sink, report: Any, valid_from: int, valid_to: int, known_from: int, known_to: int
) -> None:
    """A citizenship opened by a report."""
    out, i = sink.citizenship, _room(sink, CITIZENSHIP, sink.citizenship.shape[1])
    if i < 0:
        return
    out[0, i] = report.person
    out[1, i] = report.citizenship
    out[2, i] = valid_from
    out[3, i] = valid_to
    out[4, i] = known_from
    out[5, i] = known_to
    out[6, i] = report.position


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def put_attribute(
    sink: Sink, start: Any, known: Attributes, open_day: int, known_from: int, known_to: int
) -> None:
    """What is fixed about a person whose record a report began."""
    out, i = sink.attribute, _room(sink, ATTRIBUTE, sink.attribute.shape[1])
    if i < 0:
        return
    out[0, i] = start.person
    out[1, i] = known.sex
    out[2, i] = known.birth_date
    out[3, i] = known.country_of_birth
    out[4, i] = known.mother
    out[5, i] = known.father
    out[6, i] = known.origin
    out[7, i] = known.begins
    out[8, i] = open_day
    out[9, i] = known_from
    out[10, i] = known_to
    out[11, i] = start.position


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def put_event(
    sink: Sink,
    report: Any,
    known: Attributes,
    home: tuple[Number, Number],
    when: tuple[Number, Number],
    known_from: int,
    known_to: int,
) -> None:
    """An applied report, leaving `home` (municipality and basic unit), with its place in time.

    `when` is the day, and which of the person's events of that day it is.
    """
    out, i = sink.event, _room(sink, EVENT, sink.event.shape[1])
    if i < 0:
        return
    gone = report.kind >= EMIGRATION
    out[0, i] = report.position
    out[1, i] = report.person
    out[2, i] = report.kind
    out[3, i] = when[0]
    out[4, i] = when[1]
    out[5, i] = report.known_from
    out[6, i] = home[0]
    out[7, i] = NULL16 if gone else report.municipality
    out[8, i] = home[1]
    out[9, i] = NULL32 if gone else report.basic_unit
    out[10, i] = report.country
    out[11, i] = report.reason
    out[12, i] = known.sex
    out[13, i] = known.birth_date
    out[14, i] = known_from
    out[15, i] = known_to


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def put_flag(sink: Sink, report: Any, reason: int, known_from: int, known_to: int) -> None:
    """A report that stands and is not applied; of a ruling, the merge stands as the mother."""
    out, i = sink.flag, _room(sink, FLAG, sink.flag.shape[1])
    if i < 0:
        return
    out[0, i] = report.position if report.position >= 0 else report.mother
    out[1, i] = report.person
    out[2, i] = reason
    out[3, i] = known_from
    out[4, i] = known_to


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def put_identity(sink: Sink, merge: Any, known_from: int, known_to: int) -> None:
    """An identity that a merge ends; of a ruling, the merge stands as the mother."""
    out, i = sink.identity, _room(sink, IDENTITY, sink.identity.shape[1])
    if i < 0:
        return
    out[0, i] = merge.person
    out[1, i] = merge.partner
    out[2, i] = known_from
    out[3, i] = known_to
    out[4, i] = merge.position if merge.position >= 0 else merge.mother


def rows_of(sink: Sink, table: int) -> Integers:
    """The rows that a table has got, as `[column, row]`."""
    return sink[table][:, : sink.counts[table]]
