"""Why an event of the feed is not read; the codes are shown to users and never change meaning."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Reason code of an event in quarantine."""

    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    LEFT_TO_PEOPLE = "left_to_people"
    NO_DOCUMENT = "no_document"
    BROKEN_DOCUMENT = "broken_document"
    NO_IDENTITY_NUMBER = "no_identity_number"
    COLLISION = "collision"
    MISSING_VALUE = "missing_value"
    UNKNOWN_CODE = "unknown_code"
    HISTORICAL_CHANGE = "historical_change"
    NO_TARGET = "no_target"
    PART_OF_A_START = "part_of_a_start"
    NO_SURVIVOR = "no_survivor"
    TWO_PERSONS = "two_persons"


DESCRIPTIONS: Final[dict[Reason, str]] = {
    Reason.UNKNOWN_EVENT_TYPE: "a type that is not in the table below",
    Reason.LEFT_TO_PEOPLE: "a type whose events a person has to decide on",
    Reason.NO_DOCUMENT: "the event has no document, or it was gone",
    Reason.BROKEN_DOCUMENT: "the document cannot be read: no JSON, or a value of another type",
    Reason.NO_IDENTITY_NUMBER: "a number of a person that is none: length, day, control digits",
    Reason.COLLISION: "another number has the same pseudonym",
    Reason.MISSING_VALUE: "something is missing that the report has to say",
    Reason.UNKNOWN_CODE: "a code that is in no list, or too long",
    Reason.HISTORICAL_CHANGE: "a kind of change that is documented as unused "
    "(`korrigereHistorisk`), or is not known",
    Reason.NO_TARGET: "no report stands that the correction or annulment could mean",
    Reason.PART_OF_A_START: "an annulment of a part of what a record began with",
    Reason.NO_SURVIVOR: "an identity ends as a duplicate, and the document does not say of which",
    Reason.TWO_PERSONS: "numbers that are said to be one person's have reports of two",
}


class UnreadableError(Exception):
    """An event that waits in quarantine; its text names no person.

    Parameters
    ----------
    reason
        Why.
    what
        Which column, type or field.
    """

    def __init__(self, reason: Reason, what: str = "") -> None:
        self.reason = reason
        self.what = what
        super().__init__(f"{reason}: {what}")
