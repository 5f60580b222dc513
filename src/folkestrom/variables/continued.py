"""Linked values of merged identities: whoever goes on has them.

A researcher's files name persons by the numbers of their day. Where an identity has been merged
into another, its values are those of the person as whom it is continued, for as long as the merge
is known: views of a connection stand before the linked histories.
"""

from __future__ import annotations

from typing import Final

import duckdb

from folkestrom.engine.rows import catalog_of
from folkestrom.engine.steps import create_view, run, step
from folkestrom.linkage.catalogue import linked_variables
from folkestrom.model.identities import naming_always

_CONCERNED: Final = "(SELECT person FROM identity UNION SELECT survivor FROM identity)"
_EXAMPLE: Final = {"catalog": "folkestrom", "table": "linked_income"}


def put_up(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a connection see linked values of merged identities by the number that goes on.

    Parameters
    ----------
    connection
        An open store.
    """
    catalog = catalog_of(connection)
    for linked in linked_variables(connection).values():
        if linked.key == "person" and run(connection, [concerned(linked.table)]).fetchall():
            create_view(connection, [continued(catalog, linked.table).named(linked.table)],
                        temporary=True)  # fmt: skip


@step("concerned", reads=["linked_*", "identity"], example={"table": "linked_income"})
def concerned(table: str) -> str:
    """Whether any merged identity has a linked value."""
    return f"SELECT person FROM {table} WHERE person IN (SELECT person FROM identity) LIMIT 1"


@step("continued", reads=["linked_*", "identity"], example=_EXAMPLE)
def continued(catalog: str, table: str) -> str:
    """A linked history in which a merged identity's values are those of whoever goes on.

    On a day for which several numbers of one person have a value, that of the number that goes on
    holds; else that of the lowest number.
    """
    table = f"{catalog}.main.{table}"
    concerned = f"SELECT *, person AS number FROM {table} WHERE person IN {_CONCERNED}"
    cuts = {
        name: f"""
          SELECT person, day AS {name}_from,
                 lead(day) OVER (PARTITION BY person ORDER BY day) AS {name}_to
          FROM (SELECT person, {name}_from AS day FROM told
                UNION SELECT person, {name}_to AS day FROM told) AS {name}_days"""
        for name in ("valid", "known")
    }
    return f"""
        SELECT person, "value", valid_from, valid_to, known_from, known_to FROM {table}
        WHERE person NOT IN {_CONCERNED}
        UNION ALL
        SELECT person, "value", valid_from, valid_to, known_from, known_to FROM (
          WITH told AS (SELECT * FROM {naming_always(f"({concerned})", ["person"])})
          SELECT t.person, v.valid_from, v.valid_to, k.known_from, k.known_to,
                 arg_min(t."value", CASE WHEN t.number = t.person THEN 0 ELSE t.number END)
                   AS "value"
          FROM told t
          JOIN ({cuts["valid"]}
          ) v ON v.person = t.person AND t.valid_from <= v.valid_from AND t.valid_to >= v.valid_to
          JOIN ({cuts["known"]}
          ) k ON k.person = t.person AND t.known_from <= k.known_from AND t.known_to >= k.known_to
          GROUP BY t.person, v.valid_from, v.valid_to, k.known_from, k.known_to
        ) AS of_several
    """
