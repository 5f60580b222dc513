"""Who is resident where, as every later room reads it."""

from __future__ import annotations

import duckdb

from folkestrom.engine.rows import is_any
from folkestrom.engine.steps import create_view, step


@step("residence", reads=["stay"])
def residence() -> str:
    """Who is resident where, from when to when, as known from when to when.

    By the rule that decides today, a registered report, residents are the register's stays.
    """
    return """
        SELECT person, municipality, basic_unit, dwelling, sex, birth_date, country_of_birth,
               valid_from, valid_to, known_from, known_to, position, unit
        FROM stay
    """


def publish(connection: duckdb.DuckDBPyConnection) -> None:
    """Put up the table that all later rooms read as who is resident where.

    Parameters
    ----------
    connection
        The store, in the caller's transaction, with the register's tables.
    """
    # Before version 3 of the register's method, a table of the register had the name.
    if is_any(connection, "duckdb_tables() WHERE table_name = 'residence'"):
        connection.execute("DROP TABLE residence")
    create_view(connection, [residence()])
