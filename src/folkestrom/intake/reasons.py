"""Why a record is not accepted; the codes are shown to users and never change meaning."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Reason code of a quarantined record."""

    BROKEN_RECORD = "broken_record"
    MISSING_VALUE = "missing_value"
    BROKEN_TYPE = "broken_type"
    IMPOSSIBLE_DATE = "impossible_date"
    FUTURE_DATE = "future_date"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_CODE = "unknown_code"
    CODE_NOT_VALID = "code_not_valid"
    UNEXPECTED_VALUE = "unexpected_value"
    CONTRADICTION = "contradiction"
    ANNULS_AND_CORRECTS = "annuls_and_corrects"
    SELF_TARGET = "self_target"
    KEY_CONFLICT = "key_conflict"
    OTHER_PERSON = "other_person"
    CYCLE = "cycle"


DESCRIPTIONS: Final[dict[Reason, str]] = {
    Reason.BROKEN_RECORD: "the line is not a record: too few or too many values, or broken JSON",
    Reason.MISSING_VALUE: "a column that reports of this kind must carry is empty",
    Reason.BROKEN_TYPE: "a value is not of its column's type",
    Reason.IMPOSSIBLE_DATE: "no such day, not written YYYY-MM-DD, or before all registers",
    Reason.FUTURE_DATE: "a day later than the local day on which the report was received, or a "
    "report received later than it was taken in",
    Reason.UNKNOWN_KIND: "not a kind of report that the format has",
    Reason.UNKNOWN_CODE: "a value is not in its code list",
    Reason.CODE_NOT_VALID: "a municipality's number is used before or after its life",
    Reason.UNEXPECTED_VALUE: "a column that reports of this kind must leave empty has a value",
    Reason.CONTRADICTION: "two values of the record cannot both be right",
    Reason.ANNULS_AND_CORRECTS: "a report either annuls another one or corrects it, never both",
    Reason.SELF_TARGET: "the report annuls or corrects itself",
    Reason.KEY_CONFLICT: "another report came earlier under the same source and number",
    Reason.OTHER_PERSON: "the report annuls or corrects a report about another person",
    Reason.CYCLE: "reports annul or correct each other in a circle, and this is the last of them",
}

#: What the codes of `link.state` say about the record that points at another one.
LINK_STANDS: Final = 0
LINK_OTHER_PERSON: Final = 1
LINK_CYCLE: Final = 2
#: Sealed before its target turned out to be about another person: it waits for ever.
LINK_VOID: Final = 3

#: States for which a record is refused: the reason, and what would have been right.
REFUSED_LINKS: Final[dict[int, tuple[Reason, str]]] = {
    LINK_OTHER_PERSON: (Reason.OTHER_PERSON, "a report about the same person"),
    LINK_CYCLE: (Reason.CYCLE, "a report that does not lead back to this one"),
}
