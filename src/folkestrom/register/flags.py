"""Why a report that stands is not applied, or not yet."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class FlagReason(IntEnum):
    """What needs history to be seen; looked at again whenever knowledge changes."""

    ALREADY_REGISTERED = 1
    IMMIGRATION_OF_RESIDENT = 2
    MOVE_OF_NONRESIDENT = 3
    EMIGRATION_OF_NONRESIDENT = 4
    NO_RECORD = 5
    AFTER_DEATH = 6
    DEATH_BEFORE_BIRTH = 7
    TARGET_NOT_COME = 8
    BEFORE_BIRTH = 9


DESCRIPTIONS: Final[dict[FlagReason, str]] = {
    FlagReason.ALREADY_REGISTERED: "a birth or first registration of a person with a record",
    FlagReason.IMMIGRATION_OF_RESIDENT: "an immigration of a person who is resident",
    FlagReason.MOVE_OF_NONRESIDENT: "a move of a person who is not resident",
    FlagReason.EMIGRATION_OF_NONRESIDENT: "an emigration of a person who is not resident",
    FlagReason.NO_RECORD: "a death, a change or an attribute correction without a record",
    FlagReason.AFTER_DEATH: "an event that comes after the person's death",
    FlagReason.DEATH_BEFORE_BIRTH: "a death before the date of birth",
    FlagReason.TARGET_NOT_COME: "the report to be annulled or corrected has not come; an "
    "annulment waits, a correction counts as a report of its own",
    FlagReason.BEFORE_BIRTH: "an event before the date of birth; the one that starts the record is "
    "applied, on the date of birth",
}
