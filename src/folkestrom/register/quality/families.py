"""Kin that cannot be: what no report shows by itself, and no order of events contradicts."""

from __future__ import annotations

from datetime import date

import duckdb

from folkestrom.engine.steps import run, step
from folkestrom.model.identities import naming
from folkestrom.model.specification import Text


@step("impossible_kin", reads=["marital", "attribute", "identity"])
def impossible_kin() -> str:
    """Persons whom the register has as their own spouse or parent, or as no younger than a parent.

    None of that is used for families; they are counted, so that an office looks at the reports.
    """
    known = "known_from <= $known_at AND known_to > $known_at"
    kin = " UNION ALL ".join(
        f"SELECT person, birth_date, {parent} AS parent "
        f"FROM {naming('attribute', [parent], '$known_at')} AS {parent}s"
        for parent in ("mother", "father")
    )
    return f"""
        SELECT
          (SELECT count(DISTINCT person) FROM {naming("marital", ["partner"], "$known_at")} AS m
           WHERE partner = person) AS spouses,
          (SELECT count(DISTINCT c.person)
           FROM ({kin}) AS c JOIN (SELECT person, birth_date FROM attribute WHERE {known}) AS p
             ON p.person = c.parent
           WHERE p.birth_date >= c.birth_date) AS children
    """


def impossible_kin_note(connection: duckdb.DuckDBPyConnection, known_at: date) -> list[Text]:
    """How many there are, as a footnote; none where there are none.

    Parameters
    ----------
    connection
        An open store.
    known_at
        Knowledge date.
    """
    ((spouses, children),) = run(connection, [impossible_kin()], {"known_at": known_at}).fetchall()
    if not spouses and not children:
        return []
    return [
        Text(
            f"Not used, since it cannot be: {spouses} persons married to themselves, "
            f"{children} no younger than a parent.",
            f"Ikke brukt, siden det ikke kan være: {spouses} personer gift med seg "
            f"selv, {children} som ikke er yngre enn en forelder.",
        )
    ]
