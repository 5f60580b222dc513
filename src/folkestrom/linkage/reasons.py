"""Why a row of a variable's file is not accepted."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Reasons, in the order in which they are looked for."""

    BROKEN_RECORD = "broken_record"
    BROKEN_KEY = "broken_key"
    UNKNOWN_CODE = "unknown_code"
    BROKEN_DATE = "broken_date"
    FROM_NOT_BEFORE_TO = "from_not_before_to"
    MISSING_VALUE = "missing_value"
    NOT_A_NUMBER = "not_a_number"
    NOT_FINITE = "not_finite"
    UNKNOWN_PERSON = "unknown_person"
    OVERLAPS = "overlaps"
    OVERLAPS_EARLIER = "overlaps_earlier"
    REPEAT = "repeat"


#: What each means, for messages and the manual.
MEANINGS: Final[dict[Reason, str]] = {
    Reason.BROKEN_RECORD: "the line is no record",
    Reason.BROKEN_KEY: "the person is missing, or is not a whole number",
    Reason.UNKNOWN_CODE: "the municipality is not in the list",
    Reason.BROKEN_DATE: "a day is missing, or is not a calendar date such as 2021-02-28",
    Reason.FROM_NOT_BEFORE_TO: "`from` is not before `to`",
    Reason.MISSING_VALUE: "there is no value",
    Reason.NOT_A_NUMBER: "the value is not a number, and most others are",
    Reason.NOT_FINITE: "the value is not a finite number",
    Reason.UNKNOWN_PERSON: "the register has no such person: the row is kept apart",
    Reason.OVERLAPS: "another row of the person has some of the same days",
    Reason.OVERLAPS_EARLIER: "a value that was linked before has some of the same days",
    Reason.REPEAT: "the same row is there already",
}

#: The number of each in tables of work; 0 is an accepted row.
NUMBERS: Final = {reason: number for number, reason in enumerate(Reason, start=1)}
