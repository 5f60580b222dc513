"""Audits of the derived tables: what must hold whatever the log says.

Each audit is a SELECT of the rows that break a rule; none is the right answer. `$of` chooses whose
rows are looked at: every person with a number divisible by it, so that 1 looks at all, and a prime
like 97 at a sample that is spread over the country and takes seconds at full size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from folkestrom.engine.steps import Step, run, step
from folkestrom.register.tables import ATTRIBUTE, BY_NAME, REPORTED_UNIT, TABLES, Table

#: Histories in which a person is one thing at a time.
HISTORIES = ("stay", "marital", "citizenship", "attribute")
SAMPLE = 97


@dataclass(frozen=True, slots=True)
class Finding:
    """An audit and how many rows break its rule.

    Parameters
    ----------
    audit
        Its name.
    table
        The table it is about.
    rows
        How many rows break the rule.
    rule
        The rule, in words.
    """

    audit: str
    table: str
    rows: int
    rule: str


@step("empty_intervals", reads=tuple(BY_NAME), example={"table": ATTRIBUTE})
def empty_intervals(table: Table) -> str:
    """No interval is empty or turned round: it starts before it ends."""
    conditions = ["known_from >= known_to"]
    if "valid_from" in table.names:
        conditions.append("valid_from >= valid_to")
    return f"SELECT person FROM {table.name} WHERE {' OR '.join(conditions)}"


@step("two_at_once", reads=[*HISTORIES], example={"table": "stay"})
def two_at_once(table: str) -> str:
    """On one day, as known on one day, a person is one thing: no two rows share a day in both."""
    return f"""
        SELECT a.person
        FROM {table} a JOIN {table} b ON b.person = a.person
        WHERE a.person % $of = 0 AND b.person % $of = 0
          AND (a.valid_from < b.valid_from
               OR (a.valid_from = b.valid_from AND a.known_from < b.known_from)
               OR (a.valid_from = b.valid_from AND a.known_from = b.known_from
                   AND a.position < b.position))
          AND a.valid_from < b.valid_to AND b.valid_from < a.valid_to
          AND a.known_from < b.known_to AND b.known_from < a.known_to
    """


@step("unopened_stays", reads=["event", "stay"])
def unopened_stays() -> str:
    """Every stay is opened by an event that counts for as long as the stay is known."""
    return """
        SELECT r.person
        FROM stay r
        LEFT JOIN event e ON e.person % $of = 0
          AND e.position = r.position AND e.event_date = r.valid_from
          AND e.municipality_to = r.municipality AND e.basic_unit_to = r.basic_unit
          AND e.known_from < r.known_to AND r.known_from < e.known_to
        WHERE r.person % $of = 0
        GROUP BY r.person, r.position, r.valid_from, r.known_from, r.known_to
        HAVING r.known_to - r.known_from <> sum(CASE WHEN e.person IS NULL THEN 0 ELSE
          least(r.known_to, e.known_to) - greatest(r.known_from, e.known_from) END)
    """


@step("unknown_persons", reads=[*HISTORIES], example={"table": "stay"})
def unknown_persons(table: str) -> str:
    """Whoever is somewhere, or something, has attributes for as long as that is known."""
    return f"""
        SELECT h.person
        FROM {table} h
        LEFT JOIN attribute a ON a.person % $of = 0 AND a.person = h.person
          AND a.known_from < h.known_to AND h.known_from < a.known_to
        WHERE h.person % $of = 0
        GROUP BY h.person, h.position, h.valid_from, h.known_from, h.known_to
        HAVING h.known_to - h.known_from <> sum(CASE WHEN a.person IS NULL THEN 0 ELSE
          least(h.known_to, a.known_to) - greatest(h.known_from, a.known_from) END)
    """


@step("lives_after_death", reads=[*HISTORIES, "event"], example={"table": "stay"})
def lives_after_death(table: str) -> str:
    """While a death is known, nothing of the person lasts beyond its day."""
    return f"""
        SELECT h.person
        FROM {table} h JOIN event e ON e.person = h.person
        WHERE h.person % $of = 0 AND e.person % $of = 0 AND e.kind = 9 AND h.valid_to > e.event_date
          AND e.known_from < h.known_to AND h.known_from < e.known_to
    """


@step("residents_before_birth", reads=["stay"])
def residents_before_birth() -> str:
    """Nobody is resident before the date of birth, as known then."""
    return "SELECT person FROM stay WHERE person % $of = 0 AND valid_from < birth_date"


@step("known_too_early", reads=[*HISTORIES, "report"], example={"table": "stay"})
def known_too_early(table: str) -> str:
    """No row is known before the report behind it, which is in the log and the same person's."""
    return f"""
        SELECT h.person
        FROM {table} h
        LEFT JOIN report r ON r.person % $of = 0 AND r.position = h.position AND r.person = h.person
        WHERE h.person % $of = 0 AND (r.position IS NULL OR h.known_from < r.known_from)
    """


@step("wrong_units", reads=["stay", "reported_unit"])
def wrong_units() -> str:
    """The number of a stay's basic unit is that of the store's list."""
    return f"""
        SELECT person FROM stay LEFT JOIN {REPORTED_UNIT} u USING (basic_unit)
        WHERE person % $of = 0 AND stay.unit IS DISTINCT FROM u.unit
    """


def audits() -> list[tuple[str, Step]]:
    """Every audit, with the table that it is about."""
    found = [(table.name, empty_intervals(table)) for table in TABLES]
    found += [(name, two_at_once(name)) for name in HISTORIES]
    found += [("stay", unopened_stays()), ("stay", residents_before_birth())]
    found.append(("stay", wrong_units()))
    found += [(name, unknown_persons(name)) for name in HISTORIES if name != "attribute"]
    found += [(name, lives_after_death(name)) for name in HISTORIES if name != "attribute"]
    found += [(name, known_too_early(name)) for name in BY_NAME]
    return found


def audit(
    connection: duckdb.DuckDBPyConnection,
    of: int = SAMPLE,
    chosen: Sequence[tuple[str, Step]] | None = None,
) -> list[Finding]:
    """Run audits.

    Parameters
    ----------
    connection
        The store.
    of
        Look at one person in so many; 1 looks at all.
    chosen
        Audits to run, as `audits` gives them; by default all.

    Returns
    -------
    list of Finding
        One an audit, those that found nothing too.
    """
    findings = []
    for table, asked in audits() if chosen is None else chosen:
        findings.append(Finding(asked.name, table, count_broken(connection, asked, of), asked.rule))
    return findings


def count_broken(connection: duckdb.DuckDBPyConnection, asked: Step, of: int = SAMPLE) -> int:
    """How many rows an audit finds.

    Parameters
    ----------
    connection
        The store.
    asked
        The audit.
    of
        As for `audit`.
    """
    counted = Step("counted", f"SELECT count(*) FROM {asked.name}", asked.rule)
    ((rows,),) = run(connection, [asked, counted], {"of": of}).fetchall()
    return int(rows)
