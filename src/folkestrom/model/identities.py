"""Persons whom a person's history names: kin and spouses, by the number that goes on.

A mother, a father or a partner is told by the number of the day of the report. Where that identity
has been merged, the history means the person as whom it is continued. Whatever looks persons up
by the number of others asks here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_BEGINNING, _END = "DATE '0001-01-01'", "DATE '9999-12-31'"
_EARLIER: Final = "lag(known_to) OVER (PARTITION BY person ORDER BY known_from)"
#: Whoever was ever merged, at all times of knowledge: as whom that number is to be read.
_READ_AS: Final = f"""(
          SELECT person, survivor, known_from, known_to FROM identity
          UNION ALL
          SELECT person, person AS survivor, known_from, known_to FROM (
            SELECT person, coalesce({_EARLIER}, {_BEGINNING}) AS known_from,
                   known_from AS known_to
            FROM identity
            UNION ALL
            SELECT person, max(known_to) AS known_from, {_END} AS known_to
            FROM identity GROUP BY person
          ) AS gaps WHERE known_from < known_to
        )"""


def naming(history: str, columns: Sequence[str], known: str) -> str:
    """A history as known on one date, with columns that name persons by the number that goes on.

    Parameters
    ----------
    history
        Its table; a step that uses it reads `identity` too.
    columns
        The columns that name persons.
    known
        The knowledge date, as SQL.
    """
    dated = "{0}.known_from <= " + known + " AND {0}.known_to > " + known
    joins = "".join(
        f"""
          LEFT JOIN identity {column}_i ON {column}_i.person = h.{column}
            AND {dated.format(f"{column}_i")}"""
        for column in columns
    )
    return f"""(
          SELECT h.* EXCLUDE ({", ".join(columns)}), {_named(columns)}
          FROM {history} h{joins}
          WHERE {dated.format("h")}
        )"""


def naming_always(history: str, columns: Sequence[str]) -> str:
    """A history at all times of knowledge, with columns that name persons as `naming` does.

    A row of a person who was merged meanwhile is cut into one for each time of knowledge.

    Parameters
    ----------
    history
        Its table; a step that uses it reads `identity` too.
    columns
        The columns that name persons.
    """
    known = {
        name: f"{of}({', '.join(f'coalesce({c}_i.{name}, h.{name})' for c in columns)}, h.{name})"
        for name, of in (("known_from", "greatest"), ("known_to", "least"))
    }
    listed = ", ".join(f"{sql} AS {name}" for name, sql in known.items())
    joins = "".join(
        f"""
          LEFT JOIN {_READ_AS} {column}_i ON {column}_i.person = h.{column}
            AND {column}_i.known_from < h.known_to AND h.known_from < {column}_i.known_to"""
        for column in columns
    )
    return f"""(
          SELECT h.* EXCLUDE ({", ".join((*columns, *known))}), {_named(columns)}, {listed}
          FROM {history} h{joins}
          WHERE {known["known_from"]} < {known["known_to"]}
        )"""


def _named(columns: Sequence[str]) -> str:
    return ", ".join(f"coalesce({name}_i.survivor, h.{name}) AS {name}" for name in columns)
