"""What linking hands on: a history a variable, and what was delivered, refused and held apart."""

from __future__ import annotations

from typing import Final

import duckdb

from folkestrom.intake.reading.header import QUARANTINE_BYTES

_TABLES: Final[dict[str, dict[str, str]]] = {
    # One row a linked variable.
    "linkage": {
        "variable": "VARCHAR NOT NULL",
        "key": "VARCHAR NOT NULL",
        "kind": "VARCHAR NOT NULL",
    },
    # The texts behind the numbers of a text variable; numbers are only ever added.
    "linkage_level": {
        "variable": "VARCHAR NOT NULL",
        "number": "INTEGER NOT NULL",
        "level": "VARCHAR NOT NULL",
    },
    # One row a file of a delivery.
    "linkage_delivery": {
        "variable": "VARCHAR NOT NULL",
        "delivery": "INTEGER NOT NULL",
        "adds": "BOOLEAN NOT NULL",
        "file": "VARCHAR NOT NULL",
        "digest": "VARCHAR NOT NULL",
        "linked_at": "TIMESTAMP NOT NULL",
        "known_from": "DATE NOT NULL",
        "read": "BIGINT NOT NULL",
        "accepted": "BIGINT NOT NULL",
        "refused": "BIGINT NOT NULL",
        "unknown": "BIGINT NOT NULL",
        "repeats": "BIGINT NOT NULL",
    },
    # Rows of the standing deliveries that were not accepted, as they were delivered.
    "linkage_held": {
        "variable": "VARCHAR NOT NULL",
        "delivery": "INTEGER NOT NULL",
        "reason": "VARCHAR NOT NULL",
        "file": "VARCHAR NOT NULL",
        "row": "BIGINT NOT NULL",
        "person": "VARCHAR",
        "value": "VARCHAR",
        "from": "VARCHAR",
        "to": "VARCHAR",
        "other_file": "VARCHAR",
        "other_row": "BIGINT",
        "other_from": "DATE",
        "other_to": "DATE",
        QUARANTINE_BYTES: "VARCHAR",
    },
}


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that are still missing, in the caller's transaction."""
    for name, columns in _TABLES.items():
        listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({listed})")
    # A store of an earlier version has the table without it.
    added = f"ADD COLUMN IF NOT EXISTS {QUARANTINE_BYTES} VARCHAR"
    connection.execute(f"ALTER TABLE linkage_held {added}")
