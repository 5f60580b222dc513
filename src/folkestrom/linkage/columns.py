"""The columns of a variable's file, and what kind of values it has."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import duckdb
import pyarrow as pa

from folkestrom.engine.paths import literal
from folkestrom.engine.rows import first_row
from folkestrom.errors import InputRefused
from folkestrom.intake.columns import NANOSECONDS, whole_microseconds
from folkestrom.intake.reading.files import Format, InputFile
from folkestrom.intake.reading.readers import look_into
from folkestrom.intake.reading.text_files import ColumnLayout, convert

Key = Literal["person", "municipality"]
Kind = Literal["text", "number", "whole number"]

_KEYS: Final[tuple[Key, ...]] = ("person", "municipality")
_REST: Final = ("value", "from", "to")
#: What an export of quarantined rows has beside these: the reason of each, and its origin.
ORIGIN: Final = ("reason", "file", "row")
_ALIKE: Final = 0.5
_NUMBER: Final = r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_WHOLE: Final = r"[+-]?(0|[1-9][0-9]{0,17})"
_STRANGE: Final = r"[+-]?(nan|inf|infinity)"
_INTEGERS: Final = frozenset(
    "TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER BOOLEAN".split()
)
_NUMBERS: Final = ("FLOAT", "DOUBLE", "DECIMAL", "HUGEINT", "UBIGINT", "UHUGEINT")


@dataclass(frozen=True, slots=True)
class Source:
    """One file, ready to be read as Parquet.

    Parameters
    ----------
    file
        The file as it was given.
    parquet
        What is read: itself, or what it was converted to.
    rows
        How many records it holds.
    types
        Types of its columns, as DuckDB names them.
    broken
        Lines that are no records: their number and their bytes.
    zones
        The zones in which moments were written, by column; UTC where there is none.
    """

    file: InputFile
    parquet: Path
    rows: int
    types: dict[str, str]
    broken: dict[int, bytes] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Whose values these are."""
        return "person" if "person" in self.types else "municipality"

    @property
    def is_of_held_rows(self) -> bool:
        """Whether it is an export of quarantined rows, mended: it has the origin of each."""
        return set(ORIGIN) <= set(self.types)


def look_at(connection: duckdb.DuckDBPyConnection, file: InputFile, to: Path) -> Source:
    """Look at a file: that it is whole, and has the columns of a variable.

    Parameters
    ----------
    connection
        A connection in memory.
    file
        The file.
    to
        Where to convert it to, if it is text.
    """
    if file.format != Format.PARQUET:
        to.parent.mkdir(mode=0o700, exist_ok=True)
        found = convert(connection, file, to, shape=ColumnLayout(_check_names, _kept))
        return Source(file, to, found.rows, found.columns, found.broken)
    schema, rows, described = look_into(connection, file)
    kinds = {field.name: field.type for field in schema}
    zones = {n: k.tz for n, k in kinds.items() if pa.types.is_timestamp(k) and k.tz}
    types = dict(described)
    _check_names(file.path, list(types))
    kept = {name: types[name] for name in _kept(list(types))}
    return Source(file, file.path, rows, kept, zones=zones)


def _kept(names: Sequence[str]) -> dict[str, str]:
    origin = ORIGIN if set(ORIGIN) <= set(names) else ()
    return {name: "VARCHAR" for name in names if name in (*_KEYS, *_REST, *origin)}


def _check_names(path: Path, names: Sequence[str]) -> None:
    """Refuse a file that lacks a column, or has both keys; other columns are not read."""
    keys = [key for key in _KEYS if key in names]
    if len(keys) == 2:
        raise InputRefused(
            "has persons and municipalities: a value is of one of them",
            where=str(path),
            next_step="Leave one of the two columns out.",
        )
    for name in (*(keys or _KEYS[:1]), *_REST):
        if name not in names:
            near = difflib.get_close_matches(name, names, 1, _ALIKE)
            near += [other for other in names if other.endswith(f"_{name}")]
            # A name that looks like a value may be one, and a person's.
            meant = [other for other in near if not any(map(str.isdigit, other))]
            advice = f"Is it {meant[0]!r}? Rename that column" if meant else "Add the column"
            raise InputRefused(
                f"has no column {name!r}",
                where=str(path),
                allowed="person (or municipality), value, from, to; other columns are not read",
                next_step=f"{advice}. Nothing of this delivery was kept.",
            )
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputRefused(
            "is there twice", where=str(path), column=twice[0], next_step="Keep one of the two."
        )


def kind_of(connection: duckdb.DuckDBPyConnection, source: Source) -> Kind | None:
    """What kind of values a file has; None when it has none at all.

    A typed column says so itself. Texts are numbers if more than half of them look like numbers, as
    codes with a leading zero never do; digits of one length, of which some begin with a zero, are
    codes all of them, as those of municipalities.
    """
    name = source.types["value"]
    if name in _INTEGERS and name != "BOOLEAN":
        return "whole number"
    if name.startswith(_NUMBERS):
        return "number"
    row = first_row(
        connection,
        f"""
        SELECT count("value"),
          count(*) FILTER (regexp_full_match(lower(trim("value"::VARCHAR)), '{_WHOLE}')),
          count(*) FILTER (regexp_full_match(lower(trim("value"::VARCHAR)),
                                             '({_NUMBER})|({_STRANGE})')),
          bool_and(regexp_full_match(trim("value"::VARCHAR), '[0-9]+'))
            AND min(length(trim("value"::VARCHAR))) = max(length(trim("value"::VARCHAR)))
            AND bool_or(regexp_full_match(trim("value"::VARCHAR), '0[0-9]+'))
        FROM read_parquet($path)
        """,
        {"path": literal(source.parquet)},
    )
    many, whole, numbers, codes = row or (0, 0, 0, False)
    if not many:
        return None
    if codes or 2 * numbers <= many:
        return "text"
    return "whole number" if whole == numbers else "number"


def day_sql(source: Source, name: str) -> str:
    """A day of a file's column, as an SQL expression; nothing where it is not one.

    Of a moment it is the day that was written, in the zone of its column, at midnight.
    """
    kind = source.types[name]
    column = f'f."{name}"'
    if kind == "DATE":
        return f"CASE WHEN isfinite({column}) THEN {column} END"
    if kind.startswith("TIMESTAMP"):
        if kind in NANOSECONDS:
            column = f"timezone('UTC', make_timestamp({whole_microseconds(column)}))"
        local = f"({_written(column, source.zones.get(name, 'UTC'))})"
        return f"CASE WHEN {local}::TIME = TIME '00:00:00' THEN {local}::DATE END"
    text = f"trim({column}::VARCHAR)"
    return (
        f"CASE WHEN regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') "
        f"THEN TRY_CAST({text} AS DATE) END"
    )


def _written(column: str, zone: str) -> str:
    """A moment as it was written in its zone, a name or an offset such as +01:00."""
    offset = re.fullmatch(r"([+-])(\d\d):(\d\d)", zone)
    if offset is None:
        quoted = zone.replace("'", "''")
        return f"{column}::TIMESTAMP" if zone == "UTC" else f"timezone('{quoted}', {column})"
    sign, hours, minutes = offset.groups()
    return f"{column}::TIMESTAMP + to_minutes({sign}{60 * int(hours) + int(minutes)})"


def empty_sql(source: Source, name: str) -> str:
    """Whether a column of a row has nothing in it, as an SQL expression; blanks are nothing."""
    column, kind = f'f."{name}"', source.types[name]
    if kind in _INTEGERS or kind.startswith((*_NUMBERS, "DATE", "TIMESTAMP")):
        return f"{column} IS NULL"
    return f"({column} IS NULL OR trim({column}::VARCHAR) = '')"


def key_sql(source: Source) -> str:
    """The person or municipality of a row, as an SQL expression; nothing where it is neither."""
    column = f'f."{source.key}"'
    if source.types[source.key] in _INTEGERS:
        return f"{column}::BIGINT"
    text = f"trim({column}::VARCHAR)"
    # Pseudonyms are of 63 bits: up to 19 digits, of which not all are numbers of that size.
    return (
        f"CASE WHEN regexp_full_match({text}, '[0-9]{{1,19}}') THEN TRY_CAST({text} AS BIGINT) END"
    )


def value_sql(source: Source, kind: Kind) -> str:
    """The value of a row, as an SQL expression; nothing where it is not one of that kind."""
    column = 'f."value"'
    if kind == "text":
        return f"nullif(trim({column}::VARCHAR), '')"
    to = "BIGINT" if kind == "whole number" else "DOUBLE"
    typed = source.types["value"] in _INTEGERS or source.types["value"].startswith(_NUMBERS)
    if typed:
        return f"TRY_CAST({column} AS {to})"
    text = f"lower(trim({column}::VARCHAR))"
    return (
        f"CASE WHEN regexp_full_match({text}, '({_NUMBER})|({_STRANGE})') "
        f"THEN TRY_CAST({text} AS {to}) END"
    )
