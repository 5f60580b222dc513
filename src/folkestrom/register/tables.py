"""What the register hands on: seven tables, their grain, key, time columns and every column.

Every date is a local day and every interval half-open, `[from, to)`. 9999-12-31 is the end of
time. `known_from` and `known_to` are knowledge dates: a row is there as known at E when
`known_from <= E < known_to`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

#: Raised whenever a rule changes what the tables hold, or they are named anew: tables of another
#: version are rebuilt.
METHOD_VERSION: Final = 6

#: 9999-12-31 as a day number since 1970-01-01, the way kernels and Arrow count.
OPEN_DAY: Final = 2_932_896

_NUMPY: Final[dict[str, str]] = {
    "TINYINT": "i1",
    "SMALLINT": "i2",
    "INTEGER": "i4",
    "BIGINT": "i8",
    "DATE": "i4",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Parameters
    ----------
    name
        Its name.
    type
        SQL type.
    description
        What it says, in English.
    nullable
        Whether it may be NULL: not known, or not applicable.
    """

    name: str
    type: str
    description: str
    nullable: bool = False

    @property
    def dtype(self) -> np.dtype[np.signedinteger[Any]]:
        """The array type of its values; dates are days since 1970-01-01."""
        return np.dtype(_NUMPY[self.type])


@dataclass(frozen=True, slots=True)
class Table:
    """One derived table.

    Parameters
    ----------
    name
        Its name in the store.
    grain
        What one row is.
    key
        Columns that identify a row.
    columns
        Every column, in order.
    ends
        The column by which current rows lie together in the file, so that a query about a late
        day skips what had ended before; None where queries don't ask so.
    years
        How many years of that column, and of `known_to` for superseded rows, lie together.
    listed
        A column more, which numbers what another column has by a list of the store.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    ends: str | None = None
    years: int = 4
    listed: Column | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    def index(self, name: str) -> int:
        """Place of a column."""
        return self.names.index(name)

    def create_sql(self) -> str:
        """The statement that makes the table, empty, in place of any earlier one."""
        columns = ", ".join(
            f"{c.name} {c.type}{'' if c.nullable else ' NOT NULL'}"
            for c in (*self.columns, *filter(None, [self.listed]))
        )
        return f"CREATE OR REPLACE TABLE {self.name} ({columns})"


_PERSON = Column("person", "BIGINT", "Pseudonym of the person.")
_VALID = (
    Column("valid_from", "DATE", "First day on which it held."),
    Column("valid_to", "DATE", "First day on which it no longer held."),
)
_KNOWN = (
    Column("known_from", "DATE", "First knowledge date on which this was what is known."),
    Column("known_to", "DATE", "First knowledge date on which it no longer was."),
)
_OPENED = Column("position", "BIGINT", "Log position of the report that opened the spell.")
_SEX = Column("sex", "TINYINT", "Legal sex as known in this knowledge interval; 0 unknown.")
_BORN = Column("birth_date", "DATE", "Date of birth, likewise.", nullable=True)
_BIRTHPLACE = Column("country_of_birth", "SMALLINT", "Country of birth, likewise.", nullable=True)

STAY: Final = Table(
    "stay",
    "one unbroken stay in one dwelling or, where that is not told, at one basic unit, as known in "
    "one unbroken time of knowledge",
    ("person", "valid_from", "known_from", "position"),
    (
        _PERSON,
        Column("municipality", "SMALLINT", "Municipality of residence."),
        Column("basic_unit", "INTEGER", "Basic statistical unit of residence."),
        Column("dwelling", "BIGINT", "Pseudonym of the dwelling.", nullable=True),
        _SEX,
        _BORN,
        _BIRTHPLACE,
        *_VALID,
        *_KNOWN,
        _OPENED,
    ),
    ends="valid_to",
    years=1,
    listed=Column("unit", "INTEGER", "Number of the basic unit in the store's list of them."),
)

MARITAL: Final = Table(
    "marital",
    "one unbroken time with one marital status and partner; ends at death",
    ("person", "valid_from", "known_from", "position"),
    (
        _PERSON,
        Column("marital_status", "TINYINT", "Legal marital status; 0 unknown."),
        Column("partner", "BIGINT", "Pseudonym of the partner, if in the register.", nullable=True),
        *_VALID,
        *_KNOWN,
        _OPENED,
    ),
    ends="valid_to",
)

CITIZENSHIP: Final = Table(
    "citizenship",
    "one unbroken time with one citizenship; ends at death",
    ("person", "valid_from", "known_from", "position"),
    (_PERSON, Column("citizenship", "SMALLINT", "Citizenship."), *_VALID, *_KNOWN, _OPENED),
    ends="valid_to",
)

ATTRIBUTE: Final = Table(
    "attribute",
    "what is fixed about a person, as known in one unbroken time of knowledge; holds from the "
    "start of the record on, and death does not end it",
    ("person", "known_from"),
    (
        _PERSON,
        _SEX,
        _BORN,
        _BIRTHPLACE,
        Column("mother", "BIGINT", "Pseudonym of the mother, if in the register.", nullable=True),
        Column("father", "BIGINT", "Pseudonym of the father, if in the register.", nullable=True),
        Column("origin", "TINYINT", "How the record began.", nullable=True),
        *_VALID,
        *_KNOWN,
        _OPENED,
    ),
)

EVENT: Final = Table(
    "event",
    "one applied report of a start of record, move, emigration or death, in the unbroken time of "
    "knowledge in which it stands with these values",
    ("position", "known_from"),
    (
        Column("position", "BIGINT", "Log position of the report."),
        _PERSON,
        Column("kind", "TINYINT", "Kind of the report."),
        Column("event_date", "DATE", "Day on which it happened."),
        Column("order_in_day", "INTEGER", "Which of the person's events of that day, from 1."),
        Column("first_known", "DATE", "Knowledge date on which the report itself became known."),
        Column("municipality_from", "SMALLINT", "Municipality left, as replayed.", nullable=True),
        Column("municipality_to", "SMALLINT", "Municipality come to.", nullable=True),
        Column("basic_unit_from", "INTEGER", "Basic unit left, as replayed.", nullable=True),
        Column("basic_unit_to", "INTEGER", "Basic unit come to.", nullable=True),
        Column("country", "SMALLINT", "Country come from or gone to.", nullable=True),
        Column("reason", "TINYINT", "Stated reason.", nullable=True),
        _SEX,
        _BORN,
        *_KNOWN,
    ),
    ends="event_date",
    years=1,
)

FLAG: Final = Table(
    "flag",
    "one report that stands and is not applied as it is: not at all, on another day, or before its "
    "target has come",
    ("position", "reason_code", "known_from"),
    (
        Column("position", "BIGINT", "Log position of the report."),
        _PERSON,
        Column("reason_code", "TINYINT", "Why; see the list of reasons."),
        *_KNOWN,
    ),
)

IDENTITY: Final = Table(
    "identity",
    "one identity that is continued as another person, as known in one unbroken time of knowledge; "
    "nothing else of it is known then",
    ("person", "known_from"),
    (
        _PERSON,
        Column("survivor", "BIGINT", "Pseudonym of the person as whom it is continued in the end."),
        *_KNOWN,
        Column("position", "BIGINT", "Log position of the merge of this identity."),
    ),
)

#: Every derived table, in the order in which kernels number them.
TABLES: Final = (STAY, MARITAL, CITIZENSHIP, ATTRIBUTE, EVENT, FLAG, IDENTITY)
BY_NAME: Final = {table.name: table for table in TABLES}

#: Every basic unit that any report has, each once, numbered from 1: `basic_unit`, `unit`. What is
#: looked up by such numbers is found without hashing.
REPORTED_UNIT: Final = "reported_unit"
