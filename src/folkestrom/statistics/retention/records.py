"""What is kept and what was done with it: the list of extracts, and a log whose lines are chained.

Each line of the log is a JSON object with a checksum of the line before and its own, so that none
can be changed or taken out without all later ones; who keeps the last one elsewhere sees that none
was taken from the end.
"""

from __future__ import annotations

import getpass
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from folkestrom.engine.rows import first_row, is_table
from folkestrom.engine.store import extracts_folder
from folkestrom.statistics.flows import Window
from folkestrom.statistics.retention.extract import Extract, checksum

_TABLES: Final = {
    "extract": "name VARCHAR NOT NULL, covers VARCHAR NOT NULL, period_start DATE NOT NULL, "
    "period_end DATE NOT NULL, known_start DATE NOT NULL, known_end DATE NOT NULL, "
    '"rows" BIGINT NOT NULL, checksum VARCHAR NOT NULL, drawn_on DATE NOT NULL, '
    "is_held BOOLEAN NOT NULL",
    "retention_log": "number BIGINT NOT NULL, line VARCHAR NOT NULL, checksum VARCHAR NOT NULL",
}


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that are missing."""
    for name, columns in _TABLES.items():
        connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")


def extracts(connection: duckdb.DuckDBPyConnection) -> dict[str, Extract]:
    """All extracts that were drawn, by their names."""
    if not is_table(connection, "extract"):
        return {}
    rows = connection.execute("SELECT * FROM extract ORDER BY known_end, name").fetchall()
    return {
        name: Extract(name, covers, Window(*days), many, digest, drawn_on, is_held)
        for name, covers, *days, many, digest, drawn_on, is_held in rows
    }


def put(connection: duckdb.DuckDBPyConnection, one: Extract) -> None:
    """Set what the list has of an extract, in the caller's transaction."""
    connection.execute("DELETE FROM extract WHERE name = $name", {"name": one.name})
    values = [one.name, one.covers, *one.window.parameters.values(), one.rows, one.checksum,
              one.drawn_on, one.is_held]  # fmt: skip
    connection.execute(f"INSERT INTO extract VALUES ({', '.join('?' for _ in values)})", values)


def add_line(connection: duckdb.DuckDBPyConnection, done: str, **what: object) -> None:
    """Say in the log what was done, when and by whom, in the caller's transaction."""
    last = first_row(connection, "SELECT number, checksum FROM retention_log ORDER BY number DESC")
    number, before = last or (0, "")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    line = json.dumps({"at": at, "by": _user(), "done": done, **what}, default=str)
    values = [number + 1, line, _chained(before, number + 1, line)]
    connection.execute("INSERT INTO retention_log VALUES (?, ?, ?)", values)


def log_lines(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The lines of the log, in order, each with its number and its checksum."""
    return [
        {"number": number, **json.loads(line), "line_checksum": digest}
        for number, line, digest in _lines(connection)
    ]


def broken_lines(connection: duckdb.DuckDBPyConnection) -> int:
    """How many lines of the log are not as they were written, or do not follow the one before."""
    before, broken = "", 0
    for expected, (number, line, digest) in enumerate(_lines(connection), 1):
        broken += digest != _chained(before, expected, line) or number != expected
        before = digest
    return broken


def _lines(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, str, str]]:
    if not is_table(connection, "retention_log"):
        return []
    return connection.execute("SELECT * FROM retention_log ORDER BY number").fetchall()


def _chained(before: str, number: int, line: str) -> str:
    return hashlib.sha256(f"{before} {number} {line}".encode()).hexdigest()


def changed_files(connection: duckdb.DuckDBPyConnection, store: Path) -> int:
    """How many of the files that should be kept are gone, or have other rows than were drawn."""
    held = [one for one in extracts(connection).values() if one.is_held]
    return sum(not _is_as_drawn(connection, extracts_folder(store) / x.file_name, x) for x in held)


def _is_as_drawn(connection: duckdb.DuckDBPyConnection, file: Path, drawn: Extract) -> bool:
    try:
        return checksum(connection, file) == drawn.checksum
    except duckdb.Error:  # it is gone, or is no Parquet file any more
        return False


def unlisted(connection: duckdb.DuckDBPyConnection, store: Path) -> list[Path]:
    """Files of extracts that the list has not: an interrupted command left them."""
    listed = {one.file_name for one in extracts(connection).values() if one.is_held}
    folder = extracts_folder(store)
    return [one for one in folder.iterdir() if one.name not in listed] if folder.is_dir() else []


def discard_unlisted(connection: duckdb.DuckDBPyConnection, store: Path) -> None:
    """Remove files of extracts that the list has not."""
    for file in unlisted(connection, store):
        file.unlink()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
