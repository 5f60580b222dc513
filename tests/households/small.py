"""Small registers of who lives where, by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb

from folkestrom.register.tables import BY_NAME
from folkestrom.residence.publish import publish
from tests.reference.register import OPEN

KNOWN = date(2020, 1, 1)


def register(
    persons: Iterable[dict[str, Any]],
    homes: Iterable[tuple[int, int, date, date]],
    marriages: Iterable[tuple[int, int, int | None, date, date]] = (),
    abodes: Iterable[tuple[int, int, date, date]] = (),
) -> duckdb.DuckDBPyConnection:
    """A register of persons, of who lives where, and who is married to whom, known from 2020 on."""
    connection = empty()
    tell(connection, (KNOWN, OPEN), persons, homes, marriages)
    for abode in abodes:
        connection.execute("INSERT INTO linked_abode VALUES (?, ?, ?, ?, ?, ?)",
                           [*abode, KNOWN, OPEN])  # fmt: skip
    publish(connection)
    return connection


def empty() -> duckdb.DuckDBPyConnection:
    """A register of nobody."""
    connection = duckdb.connect()
    for name in ("stay", "marital", "attribute", "identity"):
        connection.execute(BY_NAME[name].create_sql())
    connection.execute("""CREATE TABLE linked_abode (
        person BIGINT, "value" BIGINT, valid_from DATE, valid_to DATE, known_from DATE,
        known_to DATE)""")
    return connection


def tell(
    connection: duckdb.DuckDBPyConnection,
    known: tuple[date, date],
    persons: Iterable[dict[str, Any]],
    homes: Iterable[tuple[int, int, date, date]],
    marriages: Iterable[tuple[int, int, int | None, date, date]] = (),
) -> None:
    """Write what is known for a time."""
    for who in persons:
        connection.execute(
            "INSERT INTO attribute (person, sex, birth_date, mother, father, valid_from, valid_to, "
            "known_from, known_to, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            [who["person"], who.get("sex", 0), who.get("born"), who.get("mother"),
             who.get("father"), date(1900, 1, 1), OPEN, *known],
        )  # fmt: skip
    for home in homes:
        connection.execute(
            "INSERT INTO stay (person, dwelling, valid_from, valid_to, known_from, known_to, "
            "municipality, basic_unit, sex, position, unit) "
            "VALUES (?, ?, ?, ?, ?, ?, 301, 301, 0, 1, 1)",
            [*home, *known],
        )
    for marriage in marriages:
        connection.execute("INSERT INTO marital VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
                           [*marriage, *known])  # fmt: skip
