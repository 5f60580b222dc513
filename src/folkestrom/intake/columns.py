"""How each column of a file becomes a column of the log: one SQL expression a column.

What a value does not fit becomes NULL, and `intake.checks` asks for every NULL that was not NULL in
the file. Nothing is repaired: an almost right value is a wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from folkestrom.classifications.areas import lives, municipality_codes
from folkestrom.intake.tables import CONTENT
from folkestrom.model.codes import CODE_LISTS, code_names
from folkestrom.model.countries import COUNTRIES
from folkestrom.model.report import BASIC_UNIT_DIGITS, COLUMNS, MUNICIPALITY_DIGITS, Column, Type

TEXT = "VARCHAR"
_ZONED = "TIMESTAMP WITH TIME ZONE"
#: Moments by the nanosecond, as pandas writes them.
NANOSECONDS = frozenset({"TIMESTAMP_NS", "TIMESTAMPTZ_NS"})
_MOMENTS = frozenset({"TIMESTAMP", _ZONED, "TIMESTAMP_S", "TIMESTAMP_MS", *NANOSECONDS})
_WHOLE_NUMBERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
)
#: Of these, the ones that say nothing of a zone: they are UTC.
ZONELESS = _MOMENTS - {_ZONED, "TIMESTAMPTZ_NS"}
#: How a day is written, and a moment: ISO 8601, with the zone, so that local time is never taken
#: for UTC. The engine's own casts would take words such as `epoch`, names of zones and spaces too.
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ZONE = "(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
_MOMENT = rf"{_DAY}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{{1,9}})?)?{_ZONE}"
#: The years that are written with four digits; arithmetic with later moments could overflow.
_YEARS = ("0001-01-01 00:00:00", "9999-12-31 00:00:00")
#: Texts that some sources number: read as text whatever the file's type.
_NUMBERED = frozenset({"source_report_id", "annuls", "corrects", "value"})


@dataclass(frozen=True, slots=True)
class Reading:
    """How one column is read.

    Parameters
    ----------
    column
        The column of the format.
    delivered
        SQL of the value as delivered, in `delivered` terms; NULL where the file has no such column.
    coded
        SQL of the value in the log's type, over the name of the delivered value.
    parsed
        Whether a value that is there can fail to become one of the log.
    """

    column: Column
    delivered: str
    coded: str
    parsed: bool


def delivered_name(column: str) -> str:
    """Name of a column's value as delivered, beside its value in the log's type."""
    return f"raw_{column}"


def accepted_types(column: Column) -> str:
    """Parquet types that a column may have, for messages."""
    if column.type == Type.STRING:
        return "string" if column.name not in _NUMBERED else "string or an integer type"
    if column.type == Type.INT64:
        return "int64, another integer type, or string"
    return f"{column.type}, or string"


def fits(column: Column, found: str) -> bool:
    """Whether a file may deliver a column in a type, named as DuckDB names it."""
    if found == TEXT or found.startswith("ENUM"):
        return True
    if column.type == Type.DATE:
        return found == "DATE"
    if column.type == Type.TIMESTAMP:
        return found in _MOMENTS
    return found in _WHOLE_NUMBERS and (column.type == Type.INT64 or column.name in _NUMBERED)


def readings(
    found: Mapping[str, str], sources: Mapping[str, int], borders: date | None = None
) -> list[Reading]:
    """How to read files that have the columns `found`, name to DuckDB type.

    Parameters
    ----------
    found
        Columns of the files.
    sources
        Code of each source that the files may name.
    borders
        The day whose codes of places all reports have; None: those of their own day.
    """
    known = municipality_codes(borders)
    return [_reading(column, found.get(column.name), sources, known) for column in COLUMNS]


def _reading(
    column: Column, found: str | None, sources: Mapping[str, int], known: Sequence[str]
) -> Reading:
    name = delivered_name(column.name)
    target = CONTENT[column.name].split(" ")[0]
    if found is None:
        return Reading(column, f"NULL::{TEXT}", f"NULL::{target}", parsed=False)
    delivered = f'"{column.name}"'
    if found.startswith("ENUM") or (column.name in _NUMBERED and found != TEXT):
        delivered, found = f"{delivered}::{TEXT}", TEXT
    if found == TEXT:
        # As in text files: an empty text is no value.
        delivered = f"nullif({delivered}, '')"
    if column.name == "source":
        return Reading(column, delivered, _source(sources, name, target), parsed=False)
    if column.codes is not None:
        return Reading(column, delivered, _coded(column.codes, name, target, known), parsed=True)
    # A moment can be infinite, or of no year that is written with four digits, in any type.
    parsed = column.type == Type.TIMESTAMP or (found == TEXT and column.type != Type.STRING)
    return Reading(column, delivered, _typed(column.type, name, found), parsed)


def _typed(kind: Type, name: str, found: str) -> str:
    if kind == Type.STRING or (kind == Type.DATE and found == "DATE"):
        return name
    if kind == Type.DATE:
        return f"CASE WHEN regexp_full_match({name}, '{_DAY}') THEN TRY_CAST({name} AS DATE) END"
    if kind == Type.INT64:
        if found != TEXT:
            return f"{name}::BIGINT"
        # A cast alone would round '1.5' and take '1e3'.
        whole = f"regexp_full_match({name}, '-?[0-9]{{1,19}}')"
        return f"CASE WHEN {whole} THEN TRY_CAST({name} AS BIGINT) END"
    return _moment(name, found)


def _moment(name: str, found: str) -> str:
    if found == TEXT:
        written = f"regexp_full_match({name}, '{_MOMENT}')"
        return f"CASE WHEN {written} THEN TRY_CAST({name} AS TIMESTAMPTZ)::TIMESTAMP END"
    if found in NANOSECONDS:
        return f"make_timestamp({whole_microseconds(name)})"
    first, last = _YEARS
    if found in ZONELESS:
        moment = f"TRY_CAST({name} AS TIMESTAMP)"
        return f"CASE WHEN {moment} BETWEEN TIMESTAMP '{first}' AND '{last}' THEN {moment} END"
    # The connection's zone is UTC; this way costs a fifth of the cast, which asks for the zone.
    moment = f"make_timestamp(epoch_us({name}))"
    return f"CASE WHEN {name} BETWEEN TIMESTAMPTZ '{first}Z' AND '{last}Z' THEN {moment} END"


def whole_microseconds(name: str) -> str:
    """Microseconds begun by a moment that is read by the nanosecond, as an SQL expression.

    What is beyond them is cut off, before 1970 too, as in moments written as text; a cast would
    round, and let a report of the last instant of a day be one of the next.
    """
    count = f"epoch_ns({name})"
    return f"{count} // 1000 - CASE WHEN {count} % 1000 < 0 THEN 1 ELSE 0 END"


def _coded(codes: str, name: str, target: str, known: Sequence[str]) -> str:
    if codes == "country":
        return _place(list(COUNTRIES), name, 1, target)
    if codes == "municipality":
        return _number(name, "", target, known)
    if codes == "basic_unit":
        more = BASIC_UNIT_DIGITS - MUNICIPALITY_DIGITS
        return _number(name, f"[0-9]{{{more}}}", target, known)
    names = code_names(CODE_LISTS[codes])
    return _place(list(names), name, min(names.values()), target)


def _place(values: list[str], name: str, first: int, target: str) -> str:
    """The place of a text in a list; the engine works this out once a dictionary entry."""
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    place = f"list_position([{listed}]::{TEXT}[], {name})"
    return f"({place} + {first - 1})::{target}"


def _source(sources: Mapping[str, int], name: str, target: str) -> str:
    """The code of a source; a file names few of all the sources there are."""
    codes = ", ".join(str(code) for code in sources.values())
    return f"([{codes}]::{target}[])[{_place(list(sources), name, 1, 'INTEGER')}]"


def _number(name: str, more: str, target: str, known: Sequence[str]) -> str:
    # A function of one text, and a cast: the engine works both out once a dictionary entry.
    return f"TRY_CAST(regexp_extract({name}, '^(?:{'|'.join(known)}){more}$') AS {target})"


def life_columns(column: str) -> list[str]:
    """SQL of the days on which the life of a delivered municipality's number begins and ends.

    Of a number that was given twice, those of its last life, and the end of the one before.

    Parameters
    ----------
    column
        The column of the record.
    """
    codes, *days = zip(*lives(), strict=True)
    listed = ", ".join(f"'{code}'" for code in codes)
    place = f"list_position([{listed}]::{TEXT}[], {delivered_name(column)})"
    names = life_names(column)
    return [
        f"('[{', '.join('NULL' if d is None else str(d) for d in side)}]'::DATE[])[{place}] AS {n}"
        for n, side in zip(names, days, strict=True)
    ]


def life_names(column: str) -> tuple[str, str, str]:
    """Names of those columns."""
    return f"{column}_begins", f"{column}_ends", f"{column}_ended_first"
