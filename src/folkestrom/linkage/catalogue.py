"""Linked variables as a store holds them: their names, what they are of, and their levels.

A linked variable is a history like the register's own: `linked_<name>` with `person` (or
`municipality`), `value`, `valid_from`, `valid_to`, `known_from` and `known_to`. What it is stands
in `linkage`, the texts behind the numbers of a text variable in `linkage_level`, and what was
delivered when in `linkage_delivery`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import duckdb

from folkestrom.engine.rows import first_number, is_any, is_table

#: Kinds of values.
TEXT: Final = "text"
NUMBER: Final = "number"
WHOLE_NUMBER: Final = "whole number"

Key = Literal["person", "municipality"]


@dataclass(frozen=True, slots=True)
class Linked:
    """One linked variable.

    Parameters
    ----------
    name
        What it is called.
    key
        Whose values they are: "person" or "municipality".
    kind
        "text", "number" or "whole number".
    levels
        Of texts: level and its number, in order.
    first_known
        First knowledge date on which any of it was known.
    deliveries
        Hashes of the files that it is made of, with the day from which each is known.
    """

    name: str
    key: Key
    kind: str
    levels: tuple[tuple[str, int], ...]
    first_known: date
    deliveries: tuple[tuple[str, date], ...]

    @property
    def table(self) -> str:
        """Name of its history."""
        return table_of(self.name)


def table_of(name: str) -> str:
    """Name of a linked variable's history in the store."""
    return f"linked_{name}"


def has_linkage(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether anything was ever linked."""
    return is_table(connection, "linkage") and is_any(connection, "linkage")


def linked_variables(connection: duckdb.DuckDBPyConnection) -> dict[str, Linked]:
    """Every linked variable of a store, by name."""
    if not has_linkage(connection):
        return {}
    levels: dict[str, list[tuple[str, int]]] = {}
    for name, level, number in connection.execute(
        'SELECT variable, level, "number" FROM linkage_level ORDER BY variable, level'
    ).fetchall():
        levels.setdefault(name, []).append((level, number))
    deliveries: dict[str, list[tuple[str, date]]] = {}
    for name, digest, known in connection.execute(
        "SELECT variable, digest, known_from FROM linkage_delivery "
        "ORDER BY variable, delivery, file"
    ).fetchall():
        deliveries.setdefault(name, []).append((digest, known))
    rows = connection.execute('SELECT variable, "key", kind FROM linkage ORDER BY variable')
    return {
        name: Linked(
            name,
            key,
            kind,
            tuple(levels.get(name, ())),
            min(known for _, known in deliveries[name]),
            tuple(deliveries[name]),
        )
        for name, key, kind in rows.fetchall()
    }


def counts_of(connection: duckdb.DuckDBPyConnection, linked: Linked) -> tuple[int, int, int]:
    """How many rows of a linked variable hold, how many wait, and how many deliveries it had."""
    held = f"SELECT count(*) FROM {linked.table} WHERE known_to = DATE '9999-12-31'"
    waiting = "SELECT count(*) FROM linkage_held WHERE variable = $name"
    deliveries = "SELECT max(delivery) FROM linkage_delivery WHERE variable = $name"
    named = {"name": linked.name}
    return (
        first_number(connection, held),
        first_number(connection, waiting, named),
        first_number(connection, deliveries, named),
    )
