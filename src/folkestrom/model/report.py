"""The report record: the one format that sources deliver and the log keeps.

`COLUMNS` is the format's only definition; the reader, the checks and the format's page in
the manual are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from folkestrom.model.codes import RECORD_START_KINDS, Kind

#: The source of reports of invented persons: the twin's. Figures of its stores say so.
SYNTHETIC_SOURCE: Final = "twin"


class Type(StrEnum):
    """Type of a column, named as in Parquet; CSV and NDJSON write the same values as text."""

    STRING = "string"
    INT64 = "int64"
    DATE = "date32"
    TIMESTAMP = "timestamp[us, UTC]"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the report record.

    Parameters
    ----------
    name
        Column name in every file format.
    type
        Its type.
    description
        What it says, in English.
    required
        Kinds whose reports must carry it.
    codes
        Name of the code list of its values: one of `CODE_LISTS`, or "country", "municipality",
        "basic_unit".
    """

    name: str
    type: Type
    description: str
    required: frozenset[Kind] = field(default_factory=frozenset)
    codes: str | None = None


_EVERY = frozenset(Kind)
_PLACED = RECORD_START_KINDS | {Kind.MOVE}
_EVENTS = _EVERY - {Kind.ANNULMENT}

COLUMNS: Final[tuple[Column, ...]] = (
    Column(
        "source",
        Type.STRING,
        "Who delivers: a register, an office, a system. `twin`: all persons are invented, and "
        "every output says so.",
        _EVERY,
    ),
    Column(
        "source_report_id",
        Type.STRING,
        "The source's own number of the report. With `source` it is the report's key: the same "
        "key with the same content is a repeat, with other content it is quarantined.",
        _EVERY,
    ),
    Column(
        "received_at",
        Type.TIMESTAMP,
        "When the register received the report: a date and a time with its zone, `Z` or an "
        "offset such as `+01:00`. A report is known from the next local midnight (Europe/Oslo) "
        "on.",
        _EVERY,
    ),
    Column("person", Type.INT64, "Pseudonym of the person; positive.", _EVERY),
    Column("kind", Type.STRING, "What the report tells.", _EVERY, "kind"),
    Column(
        "event_date",
        Type.DATE,
        "Local day on which it happened. A birth counts on the date of birth as known, and no "
        "event before it.",
        _EVENTS,
    ),
    Column(
        "municipality_from",
        Type.STRING,
        "Municipality left, as the source states it; the register trusts its own state.",
        codes="municipality",
    ),
    Column(
        "municipality",
        Type.STRING,
        "Municipality of residence from the event on.",
        _PLACED,
        "municipality",
    ),
    Column("basic_unit_from", Type.STRING, "Basic statistical unit left.", codes="basic_unit"),
    Column(
        "basic_unit",
        Type.STRING,
        "Basic statistical unit of residence from the event on.",
        _PLACED,
        "basic_unit",
    ),
    Column(
        "dwelling",
        Type.INT64,
        "Pseudonym of the dwelling of residence from the event on, which stands for its address "
        "and dwelling number; empty where it is not known.",
    ),
    Column(
        "country",
        Type.STRING,
        "Country moved from (immigration) or to (emigration).",
        frozenset({Kind.IMMIGRATION, Kind.EMIGRATION}),
        "country",
    ),
    Column("country_of_birth", Type.STRING, "Country of birth.", RECORD_START_KINDS, "country"),
    Column(
        "citizenship",
        Type.STRING,
        "Citizenship from the event on. Who comes back with `XX` keeps the one that is known.",
        RECORD_START_KINDS | {Kind.CITIZENSHIP_CHANGE},
        "country",
    ),
    Column(
        "marital_status",
        Type.STRING,
        "Marital status from the event on. A record that starts without one, or with `unknown`, "
        "is never married (births) or unknown. Widowhood is a report of its own.",
        frozenset({Kind.MARITAL_CHANGE}),
        "marital_status",
    ),
    Column("sex", Type.STRING, "Legal sex.", RECORD_START_KINDS, "sex"),
    Column("birth_date", Type.DATE, "Date of birth.", RECORD_START_KINDS),
    Column("mother", Type.INT64, "Pseudonym of the mother, where she is in the register."),
    Column("father", Type.INT64, "Pseudonym of the father, where he is in the register."),
    Column(
        "partner",
        Type.INT64,
        "Pseudonym of the spouse or partner; empty when that person is not in the register, "
        "for instance because they live abroad.",
    ),
    Column(
        "survivor",
        Type.INT64,
        "Of a merge: pseudonym of the person as whom the identity that ends is continued.",
        frozenset({Kind.MERGE}),
    ),
    Column("origin", Type.STRING, "How the record began.", RECORD_START_KINDS, "origin"),
    Column(
        "reason",
        Type.STRING,
        "Stated reason for the migration.",
        frozenset({Kind.IMMIGRATION}),
        "reason",
    ),
    Column("value", Type.STRING, "Free for the source; kept, not interpreted."),
    Column(
        "annuls",
        Type.STRING,
        "`source_report_id` of the report, of the same source and person, that never should "
        "have been.",
        frozenset({Kind.ANNULMENT}),
    ),
    Column(
        "corrects",
        Type.STRING,
        "`source_report_id` of the report, of the same source and person, that this one "
        "replaces. A correction is complete in itself. Never together with `annuls`.",
    ),
)

#: Columns by name, in the order of the record.
BY_NAME: Final[dict[str, Column]] = {column.name: column for column in COLUMNS}

#: An attribute correction carries at least one of these.
CORRECTABLE_ATTRIBUTES: Final = ("sex", "birth_date", "country_of_birth", "mother", "father")

#: An annulment carries these and nothing else.
ANNULMENT_COLUMNS: Final = (
    "source",
    "source_report_id",
    "received_at",
    "person",
    "kind",
    "event_date",
    "annuls",
)

#: A merge or a split carries these and nothing else; only a merge, who survives.
IDENTITY_COLUMNS: Final = (*ANNULMENT_COLUMNS[:-1], "survivor", "corrects")

#: Length of the text codes of places.
MUNICIPALITY_DIGITS: Final = 4
COUNTY_DIGITS: Final = 2
BASIC_UNIT_DIGITS: Final = 8
#: Basic units are numbered inside each municipality; so many numbers there are.
UNITS: Final = 10 ** (BASIC_UNIT_DIGITS - MUNICIPALITY_DIGITS)


def required_columns(kind: Kind) -> tuple[str, ...]:
    """Names of the columns that reports of a kind must carry.

    Examples
    --------
    >>> [name for name in required_columns(Kind.MOVE) if name not in required_columns(Kind.DEATH)]
    ['municipality', 'basic_unit']
    """
    return tuple(column.name for column in COLUMNS if kind in column.required)
