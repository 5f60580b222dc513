"""The rules of one report against the state it meets; kernels ask here and nowhere else."""

from __future__ import annotations

from typing import Any

from numba import njit

from folkestrom.model.codes import Kind
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

ALREADY_REGISTERED = int(FlagReason.ALREADY_REGISTERED)
IMMIGRATION_OF_RESIDENT = int(FlagReason.IMMIGRATION_OF_RESIDENT)
MOVE_OF_NONRESIDENT = int(FlagReason.MOVE_OF_NONRESIDENT)
EMIGRATION_OF_NONRESIDENT = int(FlagReason.EMIGRATION_OF_NONRESIDENT)
NO_RECORD = int(FlagReason.NO_RECORD)
AFTER_DEATH = int(FlagReason.AFTER_DEATH)
DEATH_BEFORE_BIRTH = int(FlagReason.DEATH_BEFORE_BIRTH)
TARGET_NOT_COME = int(FlagReason.TARGET_NOT_COME)


@njit(inline="always")
def objection(row: Any, registered: bool, resident: bool, died: bool, birth_date: int) -> int:
    """Why an event that stands is not applied to this state; 0 when it is."""
    kind = row.kind
    if died:
        return AFTER_DEATH
    if kind <= BIRTH:
        return ALREADY_REGISTERED if registered else 0
    if kind == IMMIGRATION:
        return IMMIGRATION_OF_RESIDENT if resident else 0
    if kind == MOVE:
        return 0 if resident else MOVE_OF_NONRESIDENT
    if kind == EMIGRATION:
        return 0 if resident else EMIGRATION_OF_NONRESIDENT
    if not registered:
        return NO_RECORD
    if kind == DEATH and birth_date != NULL32 and row.event_date < birth_date:
        return DEATH_BEFORE_BIRTH
    return 0


@njit(inline="always")
def gives_status(row: Any, registered: bool) -> bool:
    """Whoever starts a record gets a marital status; who comes back, where one is given."""
    starts = row.kind <= LAST_START and (row.marital_status > 0 or not registered)
    return row.kind == MARITAL_CHANGE or starts


@njit(inline="always")
def gives_citizenship(row: Any) -> bool:
    """Whether a report opens a citizenship."""
    starts = row.kind <= LAST_START and row.citizenship != NULL16
    return row.kind == CITIZENSHIP_CHANGE or starts
