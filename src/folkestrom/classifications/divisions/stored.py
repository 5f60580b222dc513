"""The division that a store holds: changes of municipalities later than the program's own lists."""

from __future__ import annotations

from typing import Final

import duckdb

from folkestrom.classifications.divisions.division import (
    CHANGES,
    COUNTIES,
    MUNICIPALITIES,
    Division,
)
from folkestrom.engine.rows import is_table
from folkestrom.engine.steps import run, step

_TABLE: Final = "division_row"


@step("division", reads=[_TABLE])
def stored_division() -> str:
    """Rows of the lists of areas that a store has, in their order."""
    return f"SELECT list, fields FROM {_TABLE} ORDER BY list, fields"


def of_store(connection: duckdb.DuckDBPyConnection) -> Division:
    """The division of a store."""
    if not is_table(connection, _TABLE):
        return Division()
    rows = run(connection, [stored_division()]).fetchall()
    return Division(
        **{
            name: tuple(tuple(fields) for of, fields in rows if of == name)
            for name in (MUNICIPALITIES, COUNTIES, CHANGES)
        }
    )


def put(connection: duckdb.DuckDBPyConnection, division: Division) -> None:
    """Let a store know a division, in place of the one that it knew."""
    connection.execute(f"CREATE OR REPLACE TABLE {_TABLE} (list VARCHAR, fields VARCHAR[])")
    rows = [
        (name, list(row))
        for name in (MUNICIPALITIES, COUNTIES, CHANGES)
        for row in getattr(division, name)
    ]
    if rows:
        connection.executemany(f"INSERT INTO {_TABLE} VALUES (?, ?)", rows)
