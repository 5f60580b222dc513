"""Where people actually live: what every later room then reads as residence, on some days.

The register has where people are registered; another source may say where they live (students, who
is in an institution). A view of a connection stands before `residence`, as that of other borders
does, with dwelling, municipality and basic unit of where they live: on the days that were asked
about, as known on the knowledge date of each. `$eve` is the day, `$known_at` that date.

- Who is married stays at the registered address, but for an institution, which is no dwelling: a
  number of the person's own, below 0, stands for it.
- The municipality is the one that the source says; else that of the dwelling, which is where the
  last of those registered in it is; else the registered one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.engine.rows import catalog_of, is_any
from folkestrom.engine.steps import compose, create_view, parameters_of, step
from folkestrom.households.dwellings import MARRIED_STATUSES
from folkestrom.model.time import OPEN

#: What the register says of where people are, where a view stands before it.
REGISTERED: Final = "registered_residence"
#: Persons of whom another source tells where they live.
TABLE: Final = "actual_residence"
_KNOWN: Final = "known_from <= $known_at AND known_to > $known_at"
_HOLDS: Final = f"valid_from <= $eve AND valid_to > $eve AND {_KNOWN}"


@dataclass(frozen=True, slots=True)
class Sources:
    """Linked tables of where people live.

    Parameters
    ----------
    dwelling
        The table of dwellings; None: there is none.
    municipality
        That of municipalities.
    numbers
        What its numbers stand for; empty: for themselves.
    """

    dwelling: str | None
    municipality: str | None = None
    numbers: tuple[tuple[int, int], ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """Those that there are."""
        return tuple(name for name in (self.dwelling, self.municipality) if name is not None)


_EXAMPLE: Final = Sources("linked_dwelling", "linked_municipality", ((1, 301),))


@step("told", reads=["linked_*"], example={"of": _EXAMPLE})
def told(of: Sources) -> str:
    """Where people live on the day, by the sources: dwelling, municipality, or both."""
    dwelling = f'SELECT person, CAST("value" AS BIGINT) AS dwelling FROM {of.dwelling}'
    whens = " ".join(f"WHEN {number} THEN {place}" for number, place in of.numbers)
    number = 'CAST("value" AS INTEGER)'
    place = f"CASE {number} {whens} END" if of.numbers else number
    municipality = f"SELECT person, {place} AS municipality FROM {of.municipality}"
    if of.municipality is None:
        return f"SELECT *, NULL AS municipality FROM ({dwelling} WHERE {_HOLDS}) AS d"
    if of.dwelling is None:
        return f"SELECT *, NULL AS dwelling FROM ({municipality} WHERE {_HOLDS}) AS m"
    return f"""
        SELECT person, dwelling, municipality
        FROM ({dwelling} WHERE {_HOLDS}) d
        FULL JOIN ({municipality} WHERE {_HOLDS}) m USING (person)
    """


@step("dwelling_places", reads=["residence"], example={"registered": "residence"})
def dwelling_places(registered: str) -> str:
    """Where each of those dwellings is: with who was last registered in it, up to the day."""
    return f"""
        SELECT dwelling, municipality, basic_unit
        FROM (
          SELECT dwelling, municipality, basic_unit, row_number() OVER (
              PARTITION BY dwelling ORDER BY valid_from DESC, position DESC, person) AS place
          FROM {registered}
          WHERE valid_from <= $eve AND {_KNOWN} AND dwelling IN (SELECT dwelling FROM told)
        ) AS ranked WHERE place = 1
    """


@step("moved", reads=["residence", "marital", "linked_*"],
      example={"registered": "residence", "of": _EXAMPLE})  # fmt: skip
def moved(registered: str, of: Sources) -> str:
    """Rows of the day of all of whom a source ever tells, at the place where they live."""
    anybody = " UNION ".join(f"SELECT person FROM {name}" for name in of.tables)
    return f"""
        SELECT r.person, r.municipality, r.basic_unit, r.dwelling,
               t.person IS NOT NULL AND (t.dwelling = 0 OR w.person IS NULL) AS moves,
               t.dwelling AS told_dwelling, t.municipality AS told_municipality,
               p.basic_unit AS unit_there,
               coalesce(t.municipality, p.municipality, r.municipality) AS there,
               p.municipality AS dwelling_there,
               r.sex, r.birth_date, r.country_of_birth, r.position
        FROM (SELECT * FROM {registered} WHERE {_HOLDS} AND person IN ({anybody})) r
        LEFT JOIN told t ON t.person = r.person
        LEFT JOIN dwelling_places p ON p.dwelling = t.dwelling
        LEFT JOIN (
          SELECT DISTINCT person FROM marital
          WHERE marital_status IN ({MARRIED_STATUSES}) AND {_HOLDS}
        ) w ON w.person = r.person
    """


@step("placed")
def placed() -> str:
    """The same as rows of residence, with whether a person lives elsewhere, and is not placed."""
    return """
        SELECT person,
               CAST(CASE WHEN moves THEN there ELSE municipality END AS SMALLINT) AS municipality,
               CASE WHEN NOT moves THEN basic_unit
                    WHEN dwelling_there = there THEN unit_there
                    WHEN municipality = there AND (told_municipality IS NULL
                         OR told_dwelling IS NULL) THEN basic_unit END AS basic_unit,
               CASE WHEN NOT moves THEN dwelling
                    WHEN told_dwelling = 0 THEN -person
                    WHEN told_dwelling IS NOT NULL THEN told_dwelling
                    WHEN municipality = there THEN dwelling END AS dwelling,
               sex, birth_date, country_of_birth, $eve AS valid_from, $eve + 1 AS valid_to,
               $known_at AS known_from, $known_to AS known_to, position, moves,
               moves AND told_dwelling <> 0 AND told_municipality IS NULL
                 AND dwelling_there IS NULL AS nowhere
        FROM moved
    """


@step("registered_residence", reads=["residence"], example={"catalog": "folkestrom"})
def registered(catalog: str) -> str:
    """What the register says, under a name of its own."""
    return f"SELECT * FROM {catalog}.main.residence"


@step("residence", reads=["residence", "actual_residence"])
def actual() -> str:
    """Who is resident where by where they live: those of whom a source tells, on the days."""
    return f"""
        SELECT * FROM {REGISTERED} WHERE person NOT IN (SELECT person FROM {TABLE})
        UNION ALL BY NAME
        SELECT * EXCLUDE (moves, nowhere) FROM {TABLE}
    """


@contextmanager
def put_up(
    connection: duckdb.DuckDBPyConnection, days: Iterable[tuple[date, date]], of: Sources
) -> Iterator[tuple[int, int]]:
    """Let a connection see as residence where people actually live, for as long as the block lasts.

    Parameters
    ----------
    connection
        An open store.
    days
        Days at whose end residents are looked at, each with its knowledge date.
    of
        The linked tables.

    Yields
    ------
    tuple of int
        How many live elsewhere than registered on the last day; and of how many of them it is not
        known where: their place is the registered one.
    """
    wanted = sorted(set(days), key=lambda one: (one[1], one[0]))
    known = sorted({at for _, at in wanted})
    until = dict(pairwise((*known, OPEN)))
    text = compose([told(of), dwelling_places("residence"), moved("residence", of), placed()])
    tables = []
    for eve, at in wanted:
        values = {"eve": eve, "known_at": at, "known_to": until[at]}
        tables.append(connection.sql(text, params=parameters_of(text, values)).to_arrow_table())
    # Where places are asked for in other borders, a view stands there already.
    other = is_any(connection, "duckdb_views() WHERE temporary AND view_name = 'residence'")
    if other:
        connection.execute(f"ALTER VIEW residence RENAME TO {REGISTERED}")
    else:
        create_view(connection, [registered(catalog_of(connection))], temporary=True)
    connection.register(TABLE, pa.concat_tables(tables))
    create_view(connection, [actual()], temporary=True)
    try:
        yield sum(tables[-1]["moves"].to_pylist()), sum(tables[-1]["nowhere"].to_pylist())
    finally:
        connection.execute("DROP VIEW temp.residence")
        end = "ALTER VIEW {} RENAME TO residence" if other else "DROP VIEW temp.{}"
        connection.execute(end.format(REGISTERED))
        connection.unregister(TABLE)
