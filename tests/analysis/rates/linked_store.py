"""Linked variables put straight into a store in memory, as linking would leave them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb

from folkestrom.linkage.tables import create_tables
from folkestrom.model.time import OPEN

KNOWN_FROM = date(2000, 1, 1)


def link(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    rows: Iterable[tuple[Any, ...]],
    *,
    key: str = "person",
    known_from: date = KNOWN_FROM,
) -> None:
    """Link rows of whose, which value, from and to; and, where they differ, known from and to."""
    create_tables(connection)
    given = [row if len(row) > 4 else (*row, known_from, OPEN) for row in rows]
    values = [row[1] for row in given]
    texts = sorted({value for value in values if isinstance(value, str)})
    kind = "text" if texts else "whole number"
    if any(isinstance(value, float) for value in values):
        kind = "number"
    column = {"text": "INTEGER", "number": "DOUBLE"}.get(kind, "BIGINT")
    connection.execute(
        f'CREATE TABLE linked_{name} ({key} BIGINT, "value" {column}, valid_from DATE, '
        "valid_to DATE, known_from DATE, known_to DATE)"
    )
    for row in given:
        value = texts.index(row[1]) if texts else row[1]
        connection.execute(
            f"INSERT INTO linked_{name} VALUES (?, ?, ?, ?, ?, ?)", [row[0], value, *row[2:]]
        )
    connection.execute("INSERT INTO linkage VALUES (?, ?, ?)", [name, key, kind])
    for number, level in enumerate(texts):
        connection.execute("INSERT INTO linkage_level VALUES (?, ?, ?)", [name, number, level])
    connection.execute(
        "INSERT INTO linkage_delivery VALUES "
        "(?, 1, FALSE, 'a.csv', 'hash', TIMESTAMP '2000-01-01', ?, 1, 1, 0, 0, 0)",
        [name, known_from],
    )
