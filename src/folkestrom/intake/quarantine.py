"""Quarantined records: listed, written out to be mended, and let go when they come back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.engine.rows import first_number, first_row
from folkestrom.errors import InputRefused, UsageError
from folkestrom.intake.header import EXPORT_COLUMNS, QUARANTINE_ID, QUARANTINE_LINE
from folkestrom.intake.load import Placed
from folkestrom.intake.reasons import Reason
from folkestrom.model.file_format import format_of
from folkestrom.model.report import BASIC_UNIT_DIGITS, COLUMNS

_FORMATS: Final = {
    ".csv": "FORMAT csv, HEADER true",
    ".ndjson": "FORMAT json, ARRAY false",
    ".jsonl": "FORMAT json, ARRAY false",
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
}


def list_open(connection: duckdb.DuckDBPyConnection, limit: int | None = None) -> pa.Table:
    """What waits in quarantine: where it came from and what is wrong, without the records.

    Long numbers within the offending values are left out: where a file's columns have slipped, a
    person's number stands in any of them. The exported file has the values whole.

    Parameters
    ----------
    connection
        The store.
    limit
        How many at most; None: all.
    """
    found: pa.Table = connection.sql(
        f'SELECT id, file, "row", reason, column_name AS "column", {_SHOWN} AS "value", allowed '
        "FROM quarantine WHERE closed_by IS NULL ORDER BY id LIMIT $limit",
        params={"limit": limit},
    ).to_arrow_table()
    return found


#: So many digits in a row may be a person's number, except in columns of longer codes.
_MANY_DIGITS: Final = 5
_LONG_CODES: Final = ", ".join(f"'{c.name}'" for c in COLUMNS if c.codes == "basic_unit")
_SHOWN: Final = (
    f"CASE WHEN column_name IN ({_LONG_CODES}) "
    f"THEN regexp_replace(\"value\", '[0-9]{{{BASIC_UNIT_DIGITS + 1},}}', '…', 'g') "
    f"ELSE regexp_replace(\"value\", '[0-9]{{{_MANY_DIGITS},}}', '…', 'g') END"
)


def count_by_reason(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many records wait for each reason."""
    rows = connection.execute(
        "SELECT reason, count(*) FROM quarantine WHERE closed_by IS NULL "
        "GROUP BY reason ORDER BY count(*) DESC, reason"
    ).fetchall()
    return {str(reason): int(many) for reason, many in rows}


def export(connection: duckdb.DuckDBPyConnection, to: Path) -> int:
    """Write what waits in quarantine to a file that can be mended and taken in again.

    The file holds the records themselves, and so belongs to the office.

    Parameters
    ----------
    connection
        The store.
    to
        The file; its ending says the format.
    """
    options = format_of(to, _FORMATS, "the file")
    if not to.parent.is_dir():
        raise UsageError(
            "is not a folder", value=str(to.parent), next_step="Make the folder first."
        )
    target = str(to).replace("'", "''")
    return first_number(connection, f"COPY ({_EXPORT}) TO '{target}' ({options})")


def _export_sql() -> str:
    labels = ["id", "reason", "column_name", '"value"', "allowed", "file", '"row"']
    marks = ", ".join(
        f"{label} AS {name}" for label, name in zip(labels, EXPORT_COLUMNS, strict=False)
    )
    is_line = f"reason = '{Reason.BROKEN_RECORD}'"
    line = f"CASE WHEN {is_line} THEN record END AS {QUARANTINE_LINE}"
    texts = ", ".join(
        f"CASE WHEN NOT ({is_line}) THEN json_extract_string(record, '$.{c.name}') END AS {c.name}"
        for c in COLUMNS
    )
    return f"SELECT {marks}, {line}, {texts} FROM quarantine WHERE closed_by IS NULL ORDER BY id"


_EXPORT: Final = _export_sql()


def reopen(connection: duckdb.DuckDBPyConnection, placed: Sequence[Placed], batch: int) -> None:
    """Close the quarantined records that come back in files, in the caller's transaction.

    Which they are is left in `coming_back`. What is still wrong with them goes to quarantine again,
    as they are now.

    Parameters
    ----------
    connection
        The store.
    placed
        The files with the mended records; `arriving` has their names.
    batch
        The intake that brings them back.
    """
    for p in placed:
        connection.execute(_COMING_BACK.format(first=p.first), {"path": str(p.delivery.parquet)})
    stranger = first_row(
        connection,
        "SELECT a.file, c.position - a.first + 1 FROM coming_back c "
        "JOIN arriving a ON c.position BETWEEN a.first AND a.last "
        "WHERE c.id IS NULL OR c.id NOT IN (SELECT q.id FROM quarantine q "
        "WHERE q.closed_by IS NULL) ORDER BY c.position LIMIT 1",
    )
    if stranger is not None:
        # Without the value: where columns have slipped, it may be a person's number.
        raise InputRefused(
            "is not the number of a record that waits in quarantine",
            where=stranger[0],
            row=stranger[1],
            column=QUARANTINE_ID,
            allowed="the numbers that folkestrom quarantine list shows",
            next_step="Write the records out again (folkestrom quarantine export FILE); this one "
            "may have been taken in already. Nothing of this intake was kept.",
        )
    of_these = "id IN (SELECT c.id FROM coming_back c)"
    positions = f"SELECT position FROM quarantine WHERE {of_these}"
    connection.execute(
        "INSERT INTO gone SELECT position, FALSE FROM refused WHERE position IN (" + positions + ")"
    )
    connection.execute(f"DELETE FROM refused WHERE position IN ({positions})")
    connection.execute(f"UPDATE quarantine SET closed_by = {batch} WHERE {of_these}")


# A cast alone would round '1.5'.
_COMING_BACK: Final = f"""
    INSERT INTO coming_back
    SELECT
      {{first}} + file_row_number,
      CASE WHEN regexp_full_match({QUARANTINE_ID}::VARCHAR, '[0-9]{{{{1,18}}}}')
        THEN TRY_CAST({QUARANTINE_ID} AS BIGINT) END
    FROM read_parquet($path, file_row_number = true)
    WHERE nullif({QUARANTINE_ID}::VARCHAR, '') IS NOT NULL
"""
