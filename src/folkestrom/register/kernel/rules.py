"""The rules of one report against the state it meets; kernels ask here and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from folkestrom.model.codes import Kind
from folkestrom.model.countries import COUNTRY_CODES, UNKNOWN
from folkestrom.register.flags import FlagReason
from folkestrom.register.kernel.rows import NULL16, NULL32

FIRST_REGISTRATION = int(Kind.FIRST_REGISTRATION)
BIRTH = int(Kind.BIRTH)
IMMIGRATION = int(Kind.IMMIGRATION)
#: The three kinds that start a record have the smallest numbers.
LAST_START = IMMIGRATION
ATTRIBUTE_CORRECTION = int(Kind.ATTRIBUTE_CORRECTION)
MOVE = int(Kind.MOVE)
MARITAL_CHANGE = int(Kind.MARITAL_CHANGE)
CITIZENSHIP_CHANGE = int(Kind.CITIZENSHIP_CHANGE)
EMIGRATION = int(Kind.EMIGRATION)
DEATH = int(Kind.DEATH)
ANNULMENT = int(Kind.ANNULMENT)
MERGE = int(Kind.MERGE)
SPLIT = int(Kind.SPLIT)
#: Of a row that no source sends: a merge does not hold, for the reason that stands in it.
UNFIT_MERGE = max(int(kind) for kind in Kind) + 1

ALREADY_REGISTERED = int(FlagReason.ALREADY_REGISTERED)
IMMIGRATION_OF_RESIDENT = int(FlagReason.IMMIGRATION_OF_RESIDENT)
MOVE_OF_NONRESIDENT = int(FlagReason.MOVE_OF_NONRESIDENT)
EMIGRATION_OF_NONRESIDENT = int(FlagReason.EMIGRATION_OF_NONRESIDENT)
NO_RECORD = int(FlagReason.NO_RECORD)
AFTER_DEATH = int(FlagReason.AFTER_DEATH)
DEATH_BEFORE_BIRTH = int(FlagReason.DEATH_BEFORE_BIRTH)
TARGET_NOT_COME = int(FlagReason.TARGET_NOT_COME)
BEFORE_BIRTH = int(FlagReason.BEFORE_BIRTH)

UNKNOWN_COUNTRY = COUNTRY_CODES[UNKNOWN]


@njit(inline="always")
def begins(row: Any, birth_date: int) -> Any:
    """The day on which a record begins: a birth on the date of birth, and no other one before."""
    if birth_date != NULL32 and (row.kind == BIRTH or birth_date > row.event_date):
        return birth_date
    return np.int64(row.event_date)


@njit(inline="always")
def objection(
    row: Any, day: int, registered: bool, resident: bool, died: bool, birth_date: int
) -> int:
    """Why an event of a day that stands is not applied to this state; 0 when it is."""
    kind = row.kind
    if died:
        return AFTER_DEATH
    if day < birth_date:
        return DEATH_BEFORE_BIRTH if kind == DEATH else BEFORE_BIRTH
    if kind <= BIRTH:
        return ALREADY_REGISTERED if registered else 0
    if kind == IMMIGRATION:
        return IMMIGRATION_OF_RESIDENT if resident else 0
    if kind == MOVE:
        return 0 if resident else MOVE_OF_NONRESIDENT
    if kind == EMIGRATION:
        return 0 if resident else EMIGRATION_OF_NONRESIDENT
    return 0 if registered else NO_RECORD


@njit(inline="always")
def gives_status(row: Any, registered: bool) -> bool:
    """Whoever starts a record gets a marital status; who comes back, where one is given."""
    starts = row.kind <= LAST_START and (row.marital_status > 0 or not registered)
    return row.kind == MARITAL_CHANGE or starts


@njit(inline="always")
def gives_citizenship(row: Any, has_one: bool) -> bool:
    """Whether a report opens a citizenship: who comes back with an unknown one keeps the known."""
    is_known = row.citizenship != NULL16 and row.citizenship != UNKNOWN_COUNTRY
    is_given = is_known or (row.citizenship != NULL16 and not has_one)
    return row.kind == CITIZENSHIP_CHANGE or (row.kind <= LAST_START and is_given)
