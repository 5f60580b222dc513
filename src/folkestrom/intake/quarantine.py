"""Quarantined records: listed, written out to be mended, and let go when they come back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.engine.rows import first_number, first_row
from folkestrom.errors import InputRefused, UsageError
from folkestrom.intake.header import EXPORT_COLUMNS, QUARANTINE_ID
from folkestrom.model.report import COLUMNS

_FORMATS: Final[dict[str, str]] = {
    ".csv": "FORMAT csv, HEADER true",
    ".ndjson": "FORMAT json, ARRAY false",
    ".jsonl": "FORMAT json, ARRAY false",
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
}


def list_open(connection: duckdb.DuckDBPyConnection, limit: int | None = None) -> pa.Table:
    """What waits in quarantine: where it came from and what is wrong, without the records.

    Parameters
    ----------
    connection
        The store.
    limit
        How many at most; None: all.
    """
    found: pa.Table = connection.sql(
        'SELECT id, file, "row", reason, column_name AS "column", "value", allowed '
        "FROM quarantine WHERE closed_by IS NULL ORDER BY id LIMIT $limit",
        params={"limit": limit},
    ).to_arrow_table()
    return found


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
    options = _FORMATS.get(to.suffix.lower())
    if options is None:
        raise UsageError(
            "does not end like a format that records are written in",
            value=str(to),
            allowed=", ".join(_FORMATS),
        )
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
    is_line = "reason = 'broken_record'"
    line = f"CASE WHEN {is_line} THEN record END AS {EXPORT_COLUMNS[-1]}"
    texts = ", ".join(
        f"CASE WHEN NOT ({is_line}) THEN json_extract_string(record, '$.{c.name}') END AS {c.name}"
        for c in COLUMNS
    )
    return f"SELECT {marks}, {line}, {texts} FROM quarantine WHERE closed_by IS NULL ORDER BY id"


_EXPORT: Final = _export_sql()


def reopen(connection: duckdb.DuckDBPyConnection, paths: Sequence[str], batch: int) -> None:
    """Close the quarantined records that come back in files, in the caller's transaction.

    What is still wrong with them goes to quarantine again, as they are now.

    Parameters
    ----------
    connection
        The store.
    paths
        Parquet files with the mended records.
    batch
        The intake that brings them back.
    """
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE coming_back AS "
        f"SELECT DISTINCT {QUARANTINE_ID}::VARCHAR AS text, "
        f"TRY_CAST({QUARANTINE_ID} AS BIGINT) AS id "
        f"FROM read_parquet([{listed}], union_by_name = true) WHERE {QUARANTINE_ID} IS NOT NULL"
    )
    stranger = first_row(
        connection,
        "SELECT text FROM coming_back WHERE id IS NULL OR id NOT IN "
        "(SELECT q.id FROM quarantine q WHERE q.closed_by IS NULL) ORDER BY id LIMIT 1",
    )
    if stranger is not None:
        raise InputRefused(
            "is not the number of a record that waits in quarantine",
            column=QUARANTINE_ID,
            value=stranger[0],
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
