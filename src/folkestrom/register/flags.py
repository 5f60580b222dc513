"""Why a report that stands is not applied, or not yet; and what would mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from folkestrom.model.specification import Text


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
    CIRCULAR_MERGE = 10
    SURVIVOR_WITHOUT_RECORD = 11


@dataclass(frozen=True, slots=True)
class Flag:
    """A reason in words.

    Parameters
    ----------
    is_
        What is reported, and does not fit.
    mended_by
        What would make it fit.
    """

    is_: Text
    mended_by: Text


_RESIDENT_BEFORE: Final = Text(
    "the arrival that is missing, or an annulment of this report",
    "ankomsten som mangler, eller en annullering av denne meldingen",
)
_START_MISSING: Final = Text(
    "the birth, immigration or first registration that is missing",
    "fødselen, innvandringen eller førstegangsregistreringen som mangler",
)
_DATES: Final = Text(
    "a correction of the one or of the other date", "en retting av den ene eller den andre datoen"
)

FLAGS: Final[dict[FlagReason, Flag]] = {
    FlagReason.ALREADY_REGISTERED: Flag(
        Text(
            "a birth or first registration of a person with a record",
            "fødsel eller førstegangsregistrering av en person som er registrert",
        ),
        Text(
            "an annulment of one of the two, or another person's number in it",
            "en annullering av en av de to, eller nummeret til en annen person i den",
        ),
    ),
    FlagReason.IMMIGRATION_OF_RESIDENT: Flag(
        Text(
            "an immigration of a person who is resident", "innvandring av en person som er bosatt"
        ),
        Text(
            "the emigration before it that is missing, or an annulment of this report",
            "utvandringen før den som mangler, eller en annullering av denne meldingen",
        ),
    ),
    FlagReason.MOVE_OF_NONRESIDENT: Flag(
        Text("a move of a person who is not resident", "flytting av en person som ikke er bosatt"),
        _RESIDENT_BEFORE,
    ),
    FlagReason.EMIGRATION_OF_NONRESIDENT: Flag(
        Text(
            "an emigration of a person who is not resident",
            "utvandring av en person som ikke er bosatt",
        ),
        _RESIDENT_BEFORE,
    ),
    FlagReason.NO_RECORD: Flag(
        Text(
            "a death, a change or an attribute correction without a record",
            "dødsfall, endring eller retting av en person som ikke er registrert",
        ),
        _START_MISSING,
    ),
    FlagReason.AFTER_DEATH: Flag(
        Text(
            "an event that comes after the person's death", "en hendelse etter personens dødsfall"
        ),
        Text(
            "an annulment or correction of the death, or of this report",
            "en annullering eller retting av dødsfallet, eller av denne meldingen",
        ),
    ),
    FlagReason.DEATH_BEFORE_BIRTH: Flag(
        Text("a death before the date of birth", "dødsfall før fødselsdatoen"), _DATES
    ),
    FlagReason.TARGET_NOT_COME: Flag(
        Text(
            "the report to be annulled or corrected has not come; an annulment waits, a correction "
            "counts as a report of its own",
            "meldingen som skal annulleres eller rettes, er ikke kommet; en annullering venter, en "
            "retting teller som en egen melding",
        ),
        Text(
            "the report that it points at, by the same source",
            "meldingen som den viser til, fra samme kilde",
        ),
    ),
    FlagReason.BEFORE_BIRTH: Flag(
        Text(
            "an event before the date of birth; the one that starts the record is applied, on the "
            "date of birth",
            "en hendelse før fødselsdatoen; den som begynner registreringen, brukes på "
            "fødselsdatoen",
        ),
        _DATES,
    ),
    FlagReason.CIRCULAR_MERGE: Flag(
        Text(
            "a merge of identities that leads back to the identity itself, and is the last to be "
            "known of those that do",
            "en sammenslåing av identiteter som leder tilbake til identiteten selv, og som ble "
            "kjent sist av dem som gjør det",
        ),
        Text(
            "an annulment or correction of the wrong one of these merges, or a split",
            "en annullering eller retting av den sammenslåingen som er feil, eller en splitting",
        ),
    ),
    FlagReason.SURVIVOR_WITHOUT_RECORD: Flag(
        Text(
            "a merge into a person without a record, nor continued as one who has",
            "en sammenslåing med en person som ikke er registrert, eller videreført som en som "
            "er det",
        ),
        Text(
            "the start of that person's record, or a correction of the merge",
            "meldingen som begynner registreringen av den personen, eller en retting av "
            "sammenslåingen",
        ),
    ),
}
