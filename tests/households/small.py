"""Small registers of who lives where, by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb

from folkestrom.register.tables import BY_NAME
from tests.reference.register import OPEN

KNOWN = date(2020, 1, 1)
#: The table that the register hands on.
DWELLING = """CREATE TABLE dwelling (person BIGINT, dwelling BIGINT, valid_from DATE,
  valid_to DATE, known_from DATE, known_to DATE, position BIGINT)"""


def register(
    persons: Iterable[dict[str, Any]],
    homes: Iterable[tuple[int, int, date, date]],
    marriages: Iterable[tuple[int, int, int | None, date, date]] = (),
) -> duckdb.DuckDBPyConnection:
    """A register of persons, of who lives where, and who is married to whom, known from 2020 on."""
    connection = duckdb.connect()
    connection.execute(DWELLING)
    for name in ("marital", "attribute"):
        connection.execute(BY_NAME[name].create_sql())
    for who in persons:
        connection.execute(
            "INSERT INTO attribute (person, sex, birth_date, mother, father, valid_from, valid_to, "
            "known_from, known_to, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            [who["person"], who.get("sex", 0), who.get("born"), who.get("mother"),
             who.get("father"), date(1900, 1, 1), OPEN, KNOWN, OPEN],
        )  # fmt: skip
    for home in homes:
        connection.execute("INSERT INTO dwelling VALUES (?, ?, ?, ?, ?, ?, 1)",
                           [*home, KNOWN, OPEN])  # fmt: skip
    for marriage in marriages:
        connection.execute("INSERT INTO marital VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
                           [*marriage, KNOWN, OPEN])  # fmt: skip
    return connection
