"""The history of a linked variable: what is new is opened, what it replaces is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import duckdb

from folkestrom.engine.rows import first_number

_OPEN: Final = "DATE '9999-12-31'"
_TYPES: Final = {"text": "INTEGER", "number": "DOUBLE", "whole number": "BIGINT"}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a history.

    Parameters
    ----------
    table
        The history.
    key
        Its column of persons or municipalities.
    kind
        Kind of its values.
    known_from
        First knowledge date of the change.
    adds
        Whether what stands goes on beside what is new.
    is_first
        Whether there is no history yet.
    """

    table: str
    key: str
    kind: str
    known_from: date
    adds: bool
    is_first: bool


def write_history(connection: duckdb.DuckDBPyConnection, change: Change) -> tuple[int, int, int]:
    """Work the rows of `coded` in; return how many rows were opened, closed, and go on.

    A row that is delivered again with the same days and value goes on: nothing new became known of
    it. A row that no longer is delivered is closed on the change's knowledge date. What was known
    from that very day on never was known at all, and leaves.
    """
    key = "SMALLINT" if change.key == "municipality" else "BIGINT"
    columns = f"""
        "key"::{key} AS {change.key}, "value"::{_TYPES[change.kind]} AS "value",
        valid_from, valid_to
    """
    fresh = f"SELECT {columns}, $day::DATE AS known_from, {_OPEN} AS known_to FROM coded"
    given = {"day": change.known_from}
    if change.is_first:
        connection.execute(f"CREATE TABLE {change.table} AS {fresh}", given)
        return first_number(connection, f"SELECT count(*) FROM {change.table}"), 0, 0
    _compare(connection, change)
    closing = "FALSE" if change.adds else "NOT again"
    connection.execute(
        f"""
        CREATE TABLE {change.table}_next AS
        SELECT {columns}, known_from, known_to
        FROM (
          SELECT "key", "value", valid_from, valid_to, known_from,
            CASE WHEN known_to = {_OPEN} AND {closing} THEN $day::DATE ELSE known_to END AS known_to
          FROM earlier
          UNION ALL
          SELECT c."key", c."value", c.valid_from, c.valid_to, $day::DATE, {_OPEN}
          FROM coded c
          WHERE NOT EXISTS (SELECT 1 FROM earlier e WHERE {_SAME} AND e.known_to = {_OPEN})
        )
        WHERE known_from < known_to
        ORDER BY "key", valid_from, known_from
        """,
        given,
    )
    counts = _counts(connection, change)
    connection.execute(f"DROP TABLE {change.table}")
    connection.execute(f"ALTER TABLE {change.table}_next RENAME TO {change.table}")
    return counts


_SAME: Final = (
    'e."key" = c."key" AND e.valid_from = c.valid_from AND e.valid_to = c.valid_to '
    'AND e."value" = c."value"'
)


def _compare(connection: duckdb.DuckDBPyConnection, change: Change) -> None:
    """The history as it is, and whether the delivery has each row again."""
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE earlier AS
        SELECT e.*, EXISTS (SELECT 1 FROM coded c WHERE {_SAME}) AS again
        FROM (SELECT {change.key}::BIGINT AS "key", * EXCLUDE ({change.key}) FROM {change.table}) e
        """
    )


def _counts(connection: duckdb.DuckDBPyConnection, change: Change) -> tuple[int, int, int]:
    current = f"known_to = {_OPEN}"
    before = first_number(connection, f"SELECT count(*) FROM earlier WHERE {current}")
    kept = before
    if not change.adds:
        kept = first_number(connection, f"SELECT count(*) FROM earlier WHERE {current} AND again")
    after = first_number(connection, f"SELECT count(*) FROM {change.table}_next WHERE {current}")
    return after - kept, before - kept, kept
