"""The rules of one report against the state it meets; kernels ask here and nowhere else."""

from __future__ import annotations

from typing import Any

from numba import njit

from folkestrom.register.flags import FlagReason
from folkestrom.register.kernel.rows import NULL32

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
    if kind <= 2:
        return ALREADY_REGISTERED if registered else 0
    if kind == 3:
        return IMMIGRATION_OF_RESIDENT if resident else 0
    if kind == 5:
        return 0 if resident else MOVE_OF_NONRESIDENT
    if kind == 8:
        return 0 if resident else EMIGRATION_OF_NONRESIDENT
    if not registered:
        return NO_RECORD
    if kind == 9 and birth_date != NULL32 and row.event_date < birth_date:
        return DEATH_BEFORE_BIRTH
    return 0
