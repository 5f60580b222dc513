"""What intake hands on: the report log, and the records kept beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.engine.rows import first_number, first_row, is_any, is_table
from folkestrom.engine.store_errors import damaged

#: Columns that the store gives a report, before those of the record itself.
LABELS: Final[dict[str, str]] = {
    "position": "BIGINT NOT NULL",
    "batch": "INTEGER NOT NULL",
    "key_hash": "UBIGINT NOT NULL",
    "known_from": "DATE NOT NULL",
}

#: Columns of the record, in the log's types: codes are numbers.
CONTENT: Final[dict[str, str]] = {
    "source": "SMALLINT NOT NULL",
    # Numbers of reports hardly repeat: the search for a compression would cost a fifth of intake.
    "source_report_id": "VARCHAR NOT NULL USING COMPRESSION uncompressed",
    "received_at": "TIMESTAMP NOT NULL",
    "person": "BIGINT NOT NULL",
    "kind": "TINYINT NOT NULL",
    "event_date": "DATE",
    "municipality_from": "SMALLINT",
    "municipality": "SMALLINT",
    "basic_unit_from": "INTEGER",
    "basic_unit": "INTEGER",
    "dwelling": "BIGINT",
    "country": "SMALLINT",
    "country_of_birth": "SMALLINT",
    "citizenship": "SMALLINT",
    "marital_status": "TINYINT",
    "sex": "TINYINT",
    "birth_date": "DATE",
    "mother": "BIGINT",
    "father": "BIGINT",
    "partner": "BIGINT",
    "survivor": "BIGINT",
    "origin": "TINYINT",
    "reason": "TINYINT",
    "value": "VARCHAR",
    "annuls": "VARCHAR",
    "corrects": "VARCHAR",
}

#: The position of the report that is annulled or corrected, once that report has come.
TARGET: Final = {"target": "BIGINT"}

#: Every column of the log, in order.
REPORT: Final[dict[str, str]] = {**LABELS, **CONTENT, **TARGET}
REPORT_COLUMNS: Final = tuple(REPORT)
CONTENT_COLUMNS: Final = tuple(CONTENT)

_OTHERS: Final[dict[str, dict[str, str]]] = {
    # Names of the sources, so that the log holds a number for each.
    "source": {"code": "SMALLINT NOT NULL", "name": "VARCHAR NOT NULL"},
    # One row an intake.
    "batch": {
        "batch": "INTEGER NOT NULL",
        "taken_at": "TIMESTAMP NOT NULL",
        "withdrawn": "BIGINT NOT NULL",
        "reinstated": "BIGINT NOT NULL",
    },
    # One row a file of an intake. Row r of the file has the position first_position + r - 1.
    "delivery": {
        "batch": "INTEGER NOT NULL",
        "file": "VARCHAR NOT NULL",
        "digest": "VARCHAR NOT NULL",
        "first_position": "BIGINT NOT NULL",
        "read": "BIGINT NOT NULL",
        "accepted": "BIGINT NOT NULL",
        "quarantined": "BIGINT NOT NULL",
        "repeats": "BIGINT NOT NULL",
    },
    # Well-formed records kept out of the log because of what they point at; their report's row.
    "refused": {name: kind.split(" USING")[0] for name, kind in REPORT.items()},
    # One row a record, in the log or refused, that annuls or corrects another one.
    "link": {
        "position": "BIGINT NOT NULL",
        "source": "SMALLINT NOT NULL",
        "key_hash": "UBIGINT NOT NULL",
        "person": "BIGINT NOT NULL",
        "known_from": "DATE NOT NULL",
        "received_at": "TIMESTAMP NOT NULL",
        "target_id": "VARCHAR NOT NULL",
        "target_hash": "UBIGINT NOT NULL",
        "target": "BIGINT",
        "state": "TINYINT NOT NULL",
    },
    # Records that were not accepted, as they were delivered; closed when mended or let in.
    "quarantine": {
        "id": "BIGINT NOT NULL",
        "batch": "INTEGER NOT NULL",
        "file": "VARCHAR NOT NULL",
        "row": "BIGINT NOT NULL",
        "reason": "VARCHAR NOT NULL",
        "column_name": "VARCHAR",
        "value": "VARCHAR",
        "allowed": "VARCHAR",
        "record": "VARCHAR NOT NULL",
        "digest": "VARCHAR NOT NULL",
        "position": "BIGINT NOT NULL",
        "closed_by": "INTEGER",
    },
}

#: Of a quarantined line that is no text: its bytes. (Older stores have no such table.)
LINES: Final = "quarantine_line"


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the empty tables of a new store, in the caller's transaction."""
    for name, columns in {"report": REPORT, **_OTHERS}.items():
        listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        connection.execute(f"CREATE TABLE {name} ({listed})")
    create_lines(connection)


def create_lines(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of lines that are no text, in the caller's transaction, if it is missing."""
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {LINES} (id BIGINT NOT NULL, line BLOB NOT NULL)"
    )


def lacks_columns(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the log is older than some of its columns."""
    there = first_number(
        connection, "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'report'"
    )
    return there < len(REPORT)


def add_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the tables of an older log the columns that it lacks; no report has a value in them."""
    for table, columns in (("report", REPORT), ("refused", _OTHERS["refused"])):
        for name, kind in columns.items():
            if "NOT NULL" not in kind:
                connection.execute(f'ALTER TABLE {table} ADD COLUMN IF NOT EXISTS "{name}" {kind}')


def has_lines(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the store has that table."""
    return is_any(connection, "duckdb_tables() WHERE table_name = $name", {"name": LINES})


def require_tables(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Refuse a store that has lost a table: another program has written to its file."""
    if not is_table(connection, "report", *_OTHERS):
        lost = [name for name in ("report", *_OTHERS) if not is_table(connection, name)]
        raise damaged(folder, f"it has no table {', '.join(sorted(lost))}")


def count_rows(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many reports and batches the log has, and how many reports wait for their target."""
    counted = {
        "reports": "report",
        "batches": "batch",
        "waiting_targets": "link WHERE target IS NULL",
    }
    return {
        name: first_number(connection, f"SELECT count(*) FROM {what}")
        for name, what in counted.items()
    }


def last_known(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The last day on which something of the log became known; None of an empty one."""
    row = first_row(connection, "SELECT max(known_from) FROM report")
    return row[0] if row else None
