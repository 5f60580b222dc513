"""Code lists of the report record.

The integers are stored in every register and used in kernels, so none ever changes meaning;
new codes get new numbers. Files carry the lower-case names.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Kind(IntEnum):
    """What a report tells.

    The number is also the rank of reports on one day: what starts a record comes first, death
    last; of what is left of a day, the first that fits comes next. An annulment, a merge
    and a split have no place in the order of events.
    """

    FIRST_REGISTRATION = 1
    BIRTH = 2
    IMMIGRATION = 3
    ATTRIBUTE_CORRECTION = 4
    MOVE = 5
    MARITAL_CHANGE = 6
    CITIZENSHIP_CHANGE = 7
    EMIGRATION = 8
    DEATH = 9
    ANNULMENT = 10
    MERGE = 11
    SPLIT = 12


class Sex(IntEnum):
    """Legal sex."""

    UNKNOWN = 0
    MALE = 1
    FEMALE = 2


class MaritalStatus(IntEnum):
    """Legal marital status; partners are registered partners."""

    UNKNOWN = 0
    NEVER_MARRIED = 1
    MARRIED = 2
    WIDOWED = 3
    DIVORCED = 4
    SEPARATED = 5
    REGISTERED_PARTNER = 6
    SEPARATED_PARTNER = 7
    DIVORCED_PARTNER = 8
    SURVIVING_PARTNER = 9


class Origin(IntEnum):
    """How a person's record began."""

    BIRTH = 1
    IMMIGRATION = 2
    FIRST_REGISTRATION = 3


class Reason(IntEnum):
    """Stated reason for a migration."""

    WORK = 1
    FAMILY = 2
    REFUGE = 3
    EDUCATION = 4
    NORDIC = 5
    RETURN = 6
    ADMINISTRATIVE = 7
    OTHER = 8


#: Kinds that begin a spell of residence.
RECORD_START_KINDS: Final = frozenset({Kind.FIRST_REGISTRATION, Kind.BIRTH, Kind.IMMIGRATION})
#: Kinds that tell of the identity, not of the person's life.
IDENTITY_KINDS: Final = frozenset({Kind.MERGE, Kind.SPLIT})

#: Marital statuses in which a person has a partner.
PARTNERED_STATUSES: Final = frozenset(
    {
        MaritalStatus.MARRIED,
        MaritalStatus.SEPARATED,
        MaritalStatus.REGISTERED_PARTNER,
        MaritalStatus.SEPARATED_PARTNER,
    }
)

#: Every code list of the record by name, as `Column.codes` refers to them.
CODE_LISTS: Final[dict[str, type[IntEnum]]] = {
    "kind": Kind,
    "sex": Sex,
    "marital_status": MaritalStatus,
    "origin": Origin,
    "reason": Reason,
}


def code_names(codes: type[IntEnum]) -> dict[str, int]:
    """Names as written in files, with their codes, in the order of the codes.

    Examples
    --------
    >>> code_names(Sex)
    {'unknown': 0, 'male': 1, 'female': 2}
    """
    return {member.name.lower(): int(member) for member in codes}
