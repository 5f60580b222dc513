"""What one record shows by itself: each check is a reason, a column and an SQL condition.

The conditions are about the step `coded`: the record in the log's types, and beside it the values
as delivered (`raw_…`). The first condition that is true names the reason. What needs other records
or a history is not looked at here: keys in `intake.conflicts`, targets in `intake.links`, and the
rest is for the register to flag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from folkestrom.intake.columns import Reading, delivered_name, life_names
from folkestrom.intake.reasons import Reason
from folkestrom.model.codes import CODE_LISTS, IDENTITY_KINDS, Kind, Origin, code_names
from folkestrom.model.countries import NO_CODE, NORWAY
from folkestrom.model.report import (
    ANNULMENT_COLUMNS,
    BASIC_UNIT_DIGITS,
    COLUMNS,
    CORRECTABLE_ATTRIBUTES,
    IDENTITY_COLUMNS,
    MUNICIPALITY_DIGITS,
    UNITS,
    Column,
    Type,
)

#: The first day that a date may be. Older ones are slips of the pen in any living register.
EARLIEST: Final = "1800-01-01"
#: The first moment of receipt: no register is kept by a machine before it.
EARLIEST_RECEIPT: Final = "1900-01-01"
#: How far a source's clock may be ahead of the moment at which its report is taken in.
TOLERANCE: Final = timedelta(days=1)

_ALWAYS: Final = tuple(c.name for c in COLUMNS if c.required >= frozenset(Kind))
_DATES: Final = tuple(c.name for c in COLUMNS if c.type == Type.DATE)
#: Columns with municipalities.
PLACED: Final = tuple(c.name for c in COLUMNS if c.codes == "municipality")
_DAY: Final = f"a day such as 2021-02-28, from {EARLIEST} on"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that can be wrong with a record.

    Parameters
    ----------
    reason
        Reason code.
    column
        The column that shows it.
    condition
        SQL over the step `coded`; true when it is wrong, NULL counts as right.
    allowed
        What would have been right.
    kinds
        Kinds of reports that it is about; None: all.
    """

    reason: Reason
    column: str
    condition: str
    allowed: str
    kinds: frozenset[Kind] | None = None


def checks(
    readings: Sequence[Reading], taken_at: datetime, *, each_day: bool = False
) -> list[Check]:
    """Every check of one record, in the order in which they are asked.

    Parameters
    ----------
    readings
        How the file's columns are read; a value that came typed needs no check of its type.
    taken_at
        The moment of the intake.
    each_day
        Whether reports have the codes of places of their own day.
    """
    return [
        *_readable(readings),
        *_present(),
        *_received(taken_at),
        *_possible(readings),
        *_fitting(),
        *_consistent(),
        *(_valid_then() if each_day else ()),
    ]


def sound(listed: Sequence[Check]) -> str:
    """SQL that is true when no check of a list finds anything.

    Checks of some kinds are asked about records of those kinds only: most of them are about few
    records, and intake is as fast as this condition.
    """
    always = [check for check in listed if check.kinds is None]
    branches = [(k, [c for c in listed if c.kinds is not None and k in c.kinds]) for k in Kind]
    cases = "\n".join(f"WHEN {int(k)} THEN {_all_right(own)}" for k, own in branches if own)
    return f"{_all_right(always)}\n  AND CASE kind {cases} ELSE TRUE END"


def first_found(listed: Sequence[Check]) -> str:
    """SQL of the number (from 0) of the first check that finds something; NULL for none."""
    cases = "\n".join(f"WHEN {_found(check)} THEN {n}" for n, check in enumerate(listed))
    return f"CASE {cases} END"


def _all_right(listed: Sequence[Check]) -> str:
    return "\n  AND ".join(f"({check.condition}) IS NOT TRUE" for check in listed)


def _found(check: Check) -> str:
    if check.kinds is None:
        return check.condition
    numbers = ", ".join(str(int(kind)) for kind in sorted(check.kinds))
    return f"kind IN ({numbers}) AND ({check.condition})"


def _readable(readings: Sequence[Reading]) -> Iterator[Check]:
    """A value that is there is one of its column's type or code list."""
    for reading in readings:
        if reading.parsed:
            column = reading.column
            raw = delivered_name(column.name)
            condition = f"{raw} IS NOT NULL AND {column.name} IS NULL"
            yield Check(_unreadable(column), column.name, condition, _allowed(column))
    for name in ("person", "dwelling", "mother", "father", "partner", "survivor"):
        yield Check(Reason.BROKEN_TYPE, name, f"{name} <= 0", "a positive whole number")


def _present() -> Iterator[Check]:
    """What reports of a kind must carry is there."""
    for name in _ALWAYS:
        yield Check(Reason.MISSING_VALUE, name, f"{name} IS NULL", "a value in every report")
    yield Check(
        Reason.MISSING_VALUE,
        "source_report_id",
        "strlen(source_report_id) = 0",
        "a value in every report",
    )
    for column in COLUMNS:
        needing = sorted(column.required)
        if needing and column.name not in _ALWAYS:
            allowed = f"a value in reports of kind {_names(needing)}"
            missing = f"{column.name} IS NULL"
            kinds = frozenset(needing)
            yield Check(Reason.MISSING_VALUE, column.name, missing, allowed, kinds)
    empty = " AND ".join(f"{name} IS NULL" for name in CORRECTABLE_ATTRIBUTES)
    yield Check(
        Reason.MISSING_VALUE,
        CORRECTABLE_ATTRIBUTES[0],
        empty,
        f"a value in one of {', '.join(CORRECTABLE_ATTRIBUTES)}",
        frozenset({Kind.ATTRIBUTE_CORRECTION}),
    )


def _received(taken_at: datetime) -> Iterator[Check]:
    """A report is received in the age of registers, and before it is taken in."""
    latest = (taken_at + TOLERANCE).astimezone(UTC).replace(tzinfo=None)
    yield Check(
        Reason.IMPOSSIBLE_DATE,
        "received_at",
        f"received_at < TIMESTAMP '{EARLIEST_RECEIPT}'",
        f"a moment from {EARLIEST_RECEIPT} on",
    )
    yield Check(
        Reason.FUTURE_DATE,
        "received_at",
        f"received_at > TIMESTAMP '{latest}'",
        f"a moment before the report is taken in; the clocks may differ by {TOLERANCE.days} day",
    )


def _possible(readings: Sequence[Reading]) -> Iterator[Check]:
    """No day is before all registers, or after the day on which it was told."""
    delivered = {r.column.name for r in readings if not r.delivered.startswith("NULL")}
    for name in (n for n in _DATES if n in delivered):
        yield Check(Reason.IMPOSSIBLE_DATE, name, f"{name} < DATE '{EARLIEST}'", _DAY)
        yield Check(
            Reason.FUTURE_DATE,
            name,
            f"{name} > received_day",
            "a day not later than the local day (Europe/Oslo) of received_at",
        )


def _fitting() -> Iterator[Check]:
    """The columns agree with each other."""
    both = "annuls IS NOT NULL AND corrects IS NOT NULL"
    yield Check(Reason.ANNULS_AND_CORRECTS, "corrects", both, "at most one of annuls, corrects")
    for name in ("annuls", "corrects"):
        itself = f"{name} = source_report_id"
        yield Check(Reason.SELF_TARGET, name, itself, "the source_report_id of another report")
    annulment = frozenset({Kind.ANNULMENT})
    others = frozenset(Kind) - annulment
    empty = "empty, except in annulments"
    yield Check(Reason.UNEXPECTED_VALUE, "annuls", "annuls IS NOT NULL", empty, others)
    empty = f"empty: an annulment carries {', '.join(ANNULMENT_COLUMNS)} and nothing else"
    for name in (c.name for c in COLUMNS if c.name not in ANNULMENT_COLUMNS):
        yield Check(Reason.UNEXPECTED_VALUE, name, f"{name} IS NOT NULL", empty, annulment)
    empty = f"empty: a merge or split carries {', '.join(IDENTITY_COLUMNS)} and nothing else"
    for name in (c.name for c in COLUMNS if c.name not in (*IDENTITY_COLUMNS, "annuls")):
        yield Check(Reason.UNEXPECTED_VALUE, name, f"{name} IS NOT NULL", empty, IDENTITY_KINDS)
    empty = "empty, except in merges"
    others = frozenset(Kind) - annulment - {Kind.MERGE}
    yield Check(Reason.UNEXPECTED_VALUE, "survivor", "survivor IS NOT NULL", empty, others)


def _consistent() -> Iterator[Check]:
    """The values can all be right at once."""
    for unit, place in (("basic_unit", "municipality"), ("basic_unit_from", "municipality_from")):
        yield Check(
            Reason.CONTRADICTION,
            unit,
            f"{unit} // {UNITS} <> {place}",
            f"a basic unit whose first {MUNICIPALITY_DIGITS} digits are those of {place}",
        )
    for name in ("mother", "father", "partner", "survivor"):
        another = "the pseudonym of another person than the report's own"
        yield Check(Reason.CONTRADICTION, name, f"{name} = person", another)
    birth = frozenset({Kind.BIRTH})
    day, began = "birth_date <> event_date", f"origin <> {int(Origin.BIRTH)}"
    yield Check(Reason.CONTRADICTION, "birth_date", day, "the event_date", birth)
    yield Check(Reason.CONTRADICTION, "origin", began, "birth, as the kind of the report", birth)
    yield Check(
        Reason.CONTRADICTION,
        "country",
        f"country = {NO_CODE}",
        f"a country other than {NORWAY}, moved from or to",
        frozenset({Kind.IMMIGRATION, Kind.EMIGRATION}),
    )


def _valid_then() -> Iterator[Check]:
    """The number of a municipality is one of the day of the event.

    A first registration tells of the population of the day after, which is in that day's borders.
    """
    told = f"event_date + (kind = {int(Kind.FIRST_REGISTRATION)})::INTEGER"
    for name in PLACED:
        begins, ends, ended_first = life_names(name)
        early = f"{told} < {begins} AND coalesce(event_date >= {ended_first}, TRUE)"
        condition = f"({early}) OR event_date >= {ends}"
        allowed = "the number that the municipality had on event_date"
        yield Check(Reason.CODE_NOT_VALID, name, condition, allowed)


def _unreadable(column: Column) -> Reason:
    if column.name == "kind":
        return Reason.UNKNOWN_KIND
    if column.codes is not None:
        return Reason.UNKNOWN_CODE
    return Reason.IMPOSSIBLE_DATE if column.type == Type.DATE else Reason.BROKEN_TYPE


def _allowed(column: Column) -> str:
    if column.codes == "country":
        return "an ISO 3166-1 alpha-2 code such as NO, XS (stateless) or XX (unknown)"
    if column.codes == "municipality":
        return f"{MUNICIPALITY_DIGITS} digits of a municipality that is known, such as 0301"
    if column.codes == "basic_unit":
        return (
            f"{BASIC_UNIT_DIGITS} digits, the first {MUNICIPALITY_DIGITS} of a municipality that "
            "is known, such as 03010101"
        )
    if column.codes is not None:
        return ", ".join(code_names(CODE_LISTS[column.codes]))
    if column.type == Type.DATE:
        return _DAY
    if column.type == Type.TIMESTAMP:
        return "a moment such as 2021-01-31T22:59:00Z or 2021-01-31T23:59:00+01:00"
    return "a whole number"


def _names(kinds: Iterable[Kind]) -> str:
    return ", ".join(kind.name.lower() for kind in kinds)
