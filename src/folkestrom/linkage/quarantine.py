"""Rows that are not accepted: counted, kept as they were delivered, listed and written out."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.engine.paths import literal
from folkestrom.engine.rows import first_number, is_any
from folkestrom.intake.reading.header import QUARANTINE_BYTES
from folkestrom.intake.reading.readers import exact, readable
from folkestrom.intake.reading.writing import write_rows
from folkestrom.linkage.columns import Source
from folkestrom.linkage.counts import LinkCount
from folkestrom.linkage.reasons import MEANINGS, NUMBERS, Reason

_SHOWN: Final = 5
_OUTCOME: Final = """
    SELECT d.file, d.row, coalesce(o.reason, d.reason) AS reason,
           o.other_file, o.other_row, o.other_from, o.other_to
    FROM delivered d LEFT JOIN overlapping o ON o.file = d.file AND o.row = d.row
"""


#: Where the rows of an export of quarantined rows came from, and whether each is accepted now.
_ORIGINS: Final = """
    SELECT f.file AS origin, TRY_CAST(f."row" AS BIGINT) AS line, c.row IS NOT NULL AS is_mended
    FROM read_parquet($path, file_row_number = true) f
    LEFT JOIN coded c ON c.file = $number AND c.row = f.file_row_number + 1
"""
_OF_ORIGIN: Final = """
    h.variable = $variable AND h.delivery < $delivery AND h.file = o.origin AND h."row" = o.line
"""


def count(connection: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> list[LinkCount]:
    """Count what became of every row of every file."""
    rows = connection.execute(
        f"SELECT file, reason, count(*) FROM ({_OUTCOME}) GROUP BY file, reason"
    ).fetchall()
    found = {(int(file), int(reason)): int(many) for file, reason, many in rows}
    counts = []
    for number, source in enumerate(sources):
        accepted = found.get((number, 0), 0)
        unknown = found.get((number, NUMBERS[Reason.UNKNOWN_PERSON]), 0)
        repeats = found.get((number, NUMBERS[Reason.REPEAT]), 0)
        refused = source.rows - accepted - unknown - repeats
        counts.append(
            LinkCount(str(source.file.path), source.rows, accepted, refused, unknown, repeats)
        )
    return counts


def quarantine_rows(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[Source],
    variable: str,
    delivery: int,
    *,
    adds: bool,
) -> dict[str, int]:
    """Keep the rows that are not accepted, as they were delivered; return how many by reason.

    A delivery that replaces the variable replaces what was held of it, too.
    """
    if not adds:
        connection.execute("DELETE FROM linkage_held WHERE variable = ?", [variable])
    names = "".join(f" WHEN {number} THEN '{reason}'" for reason, number in NUMBERS.items())
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE held_back AS
        SELECT *, CASE reason{names} END AS reason_name
        FROM ({_OUTCOME}) WHERE reason NOT IN (0, {NUMBERS[Reason.REPEAT]})
        """
    )
    for number, source in enumerate(sources):
        _quarantine_file(connection, number, source, variable, delivery)
    _name_others(connection, sources, variable, delivery)
    rows = connection.execute(
        "SELECT reason_name, count(*) FROM held_back GROUP BY reason_name ORDER BY 2 DESC, 1"
    ).fetchall()
    return {str(reason): int(many) for reason, many in rows}


def release_mended(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[Source],
    variable: str,
    delivery: int,
) -> int:
    """Let go of rows held from earlier deliveries that this one, which adds, has mended.

    A row is mended by one that is accepted for the same person (or municipality) and the same days,
    in the same row of a file of the same name, if it had no other person, or from its row of a file
    of quarantined rows, which says where it came from.

    Parameters
    ----------
    connection
        The store, in a transaction; `coded` holds the accepted rows.
    sources
        The files.
    variable, delivery
        The variable, and the number of this delivery.

    Returns
    -------
    How many there were.
    """
    mended = first_number(
        connection,
        """
        DELETE FROM linkage_held h
        USING (
          SELECT c.*, parse_filename(($files)[c.file + 1]) AS name FROM coded c
        ) c
        WHERE h.variable = $variable AND h.delivery < $delivery
          AND (
            (parse_filename(h.file) = c.name AND h."row" = c.row
              AND coalesce(TRY_CAST(trim(h.person) AS BIGINT), c."key") = c."key")
            OR (
              TRY_CAST(trim(h.person) AS BIGINT) = c."key"
              AND TRY_CAST(h."from" AS DATE) = c.valid_from
              AND coalesce(TRY_CAST(h."to" AS DATE), DATE '9999-12-31') = c.valid_to
            )
          )
        """,
        {
            "files": [str(source.file.path) for source in sources],
            "variable": variable,
            "delivery": delivery,
        },
    )
    for number, source in enumerate(sources):
        if source.is_of_held_rows:
            mended += _release_origins(connection, number, source, variable, delivery)
    return mended


def _release_origins(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    source: Source,
    variable: str,
    delivery: int,
) -> int:
    """Let go of the rows that an export of quarantined rows brings again; how many are mended.

    The others are quarantined anew, as rows of the file that they came from.
    """
    given = {
        "path": literal(source.parquet),
        "number": number,
        "variable": variable,
        "delivery": delivery,
    }
    mended = first_number(
        connection,
        f"SELECT count(*) FROM linkage_held h JOIN ({_ORIGINS}) o ON {_OF_ORIGIN} AND o.is_mended",
        given,
    )
    connection.execute(f"DELETE FROM linkage_held h USING ({_ORIGINS}) o WHERE {_OF_ORIGIN}", given)
    return mended


def still_quarantined(
    connection: duckdb.DuckDBPyConnection, variable: str, digests: Sequence[str]
) -> int:
    """How many rows of files that were delivered before are held for what is wrong with them.

    Parameters
    ----------
    connection
        The store.
    variable
        The variable.
    digests
        Digests of the files.
    """
    return first_number(
        connection,
        """
        SELECT count(*) FROM linkage_held h
        SEMI JOIN (
          SELECT delivery, file FROM linkage_delivery
          WHERE variable = $variable AND digest IN (SELECT unnest($digests))
        ) d ON d.delivery <= h.delivery AND d.file = h.file
        WHERE h.variable = $variable AND h.reason <> $unknown
        """,
        {"variable": variable, "digests": list(digests), "unknown": Reason.UNKNOWN_PERSON},
    )


def _quarantine_file(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    source: Source,
    variable: str,
    delivery: int,
) -> None:
    texts = {name: f'f."{name}"::VARCHAR' for name in (source.key, "value", "from", "to")}
    broken = "".join(
        f" WHEN {at} THEN {_quoted(readable(text))}" for at, text in source.broken.items()
    )
    value, line = texts["value"], "NULL"
    file, row = "$file", "h.row"
    if source.is_of_held_rows:
        file, row = "coalesce(f.file, $file)", 'coalesce(TRY_CAST(f."row" AS BIGINT), h.row)'
    if broken:
        value = f"CASE h.row{broken} ELSE {value} END"
    inexact = {at: exact(text) for at, text in source.broken.items()}
    lines = "".join(
        f" WHEN {at} THEN '{b64encode(text).decode()}'" for at, text in inexact.items() if text
    )
    if lines:
        line = f"CASE h.row{lines} END"
    connection.execute(
        f"""
        INSERT INTO linkage_held
        SELECT $variable, $delivery, h.reason_name, {file}, {row}, {texts[source.key]}, {value},
          {texts["from"]}, {texts["to"]}, h.other_file::VARCHAR, h.other_row, h.other_from,
          h.other_to, {line}
        FROM read_parquet($path, file_row_number = true) f
        JOIN held_back h ON h.file = $number AND h.row = f.file_row_number + 1
        ORDER BY h.row
        """,
        {
            "variable": variable,
            "delivery": delivery,
            "file": str(source.file.path),
            "path": literal(source.parquet),
            "number": number,
        },
    )


def _name_others(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[Source], variable: str, delivery: int
) -> None:
    for number, source in enumerate(sources):
        connection.execute(
            "UPDATE linkage_held SET other_file = $file WHERE variable = $variable "
            "AND delivery = $delivery AND other_file = $number",
            {
                "file": str(source.file.path),
                "variable": variable,
                "delivery": delivery,
                "number": str(number),
            },
        )


def examples(
    connection: duckdb.DuckDBPyConnection, variable: str, delivery: int
) -> tuple[str, ...]:
    """Some rows of a delivery that were not accepted, in words, without anybody's number."""
    rows = connection.execute(
        """
        SELECT reason, file, "row", "from", "to", other_file, other_row, other_from, other_to
        FROM linkage_held WHERE variable = $variable AND delivery = $delivery
        QUALIFY row_number() OVER (PARTITION BY reason ORDER BY file, "row") <= $shown
        ORDER BY reason, file, "row"
        """,
        {"variable": variable, "delivery": delivery, "shown": _SHOWN},
    ).fetchall()
    return tuple(_in_words(*row) for row in rows)


def _in_words(
    reason: str,
    file: str,
    row: int,
    start: str | None,
    end: str | None,
    *other: object,
) -> str:
    said = f"{file}, row {row}: {MEANINGS[Reason(reason)]}"
    other_file, other_row, other_from, other_to = other
    if reason == Reason.OVERLAPS:
        place = f"{other_file}, row {other_row}"
        return f"{said}: [{start}, {end or '…'}) and [{other_from}, {other_to}) of {place}"
    if reason == Reason.OVERLAPS_EARLIER:
        return f"{said}: [{start}, {end or '…'}) and [{other_from}, {other_to})"
    if reason == Reason.FROM_NOT_BEFORE_TO:
        return f"{said}: [{start}, {end})"
    return said


def export_quarantined(connection: duckdb.DuckDBPyConnection, variable: str, to: Path) -> int:
    """Write the rows that were not accepted to a file that can be mended and linked again.

    The file holds persons' values, and so belongs to the office. Where a line is no record and has
    bytes that are no UTF-8, `quarantine_bytes` has all of them, in base 64.
    """
    name = variable.replace("'", "''")
    key = "person"
    row = connection.execute('SELECT "key" FROM linkage WHERE variable = ?', [variable]).fetchall()
    if row:
        key = str(row[0][0])
    has_bytes = is_any(
        connection,
        "duckdb_columns() WHERE table_name = 'linkage_held' AND column_name = $name",
        {"name": QUARANTINE_BYTES},
    )
    line = QUARANTINE_BYTES if has_bytes else f"NULL::VARCHAR AS {QUARANTINE_BYTES}"
    return write_rows(
        connection,
        f"""SELECT reason, file, "row", person AS "{key}", "value", "from", "to", {line}
        FROM linkage_held WHERE variable = '{name}' ORDER BY delivery, file, "row\"""",
        to,
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
