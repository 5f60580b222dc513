"""What a store remembers about itself: its format, its log's end, what was derived from where."""

from __future__ import annotations

from typing import Final

import duckdb

from folkestrom.engine.rows import first_row, is_table
from folkestrom.engine.store_errors import damaged

_TABLE: Final = "meta"
_FORMAT: Final = "format_version"


def create_meta(connection: duckdb.DuckDBPyConnection, version: int) -> None:
    """Make the table, in the caller's transaction."""
    connection.execute(f"CREATE TABLE {_TABLE} (key VARCHAR NOT NULL, value VARCHAR NOT NULL)")
    put(connection, _FORMAT, str(version))


def has_meta(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether this database is a store at all."""
    return is_table(connection, _TABLE)


def format_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Version of the store's layout."""
    (version,) = numbers(connection, _FORMAT, 1)
    return version


def numbers(connection: duckdb.DuckDBPyConnection, key: str, many: int) -> list[int]:
    """The whole numbers from 0 up under a key; zeros when there is nothing.

    Parameters
    ----------
    connection
        The store.
    key
        The key.
    many
        How many there must be.

    Raises
    ------
    StoreError
        When something else stands there: another program has written to the file.
    """
    text = get(connection, key)
    if text is None:
        return [0] * many
    parts = text.split(" ")
    if len(parts) != many or not all(part.isascii() and part.isdigit() for part in parts):
        raise damaged(None, f"what it remembers of {key} is not as it was written")
    return [int(part) for part in parts]


def get(connection: duckdb.DuckDBPyConnection, key: str) -> str | None:
    """The value under a key, or None."""
    row = first_row(connection, f"SELECT value FROM {_TABLE} WHERE key = $key", {"key": key})
    return None if row is None else str(row[0])


def put(connection: duckdb.DuckDBPyConnection, key: str, value: str) -> None:
    """Set the value under a key, in the caller's transaction."""
    connection.execute(f"DELETE FROM {_TABLE} WHERE key = $key", {"key": key})
    connection.execute(f"INSERT INTO {_TABLE} VALUES ($key, $value)", {"key": key, "value": value})
