"""Decisions as queries on the register's tables; nothing is stored."""

from __future__ import annotations

from datetime import date

import duckdb

from folkestrom.engine.steps import Step, run, step
from folkestrom.model.codes import Kind
from folkestrom.residence.rules import REGISTERED_REPORT_NAME
from folkestrom.residence.tables import Decision, ResidenceReason


@step("decisions", reads=["known_report", "residence"])
def decisions() -> str:
    """Every stay, with the rule that makes it count and the report that opened it."""
    return f"""
        SELECT
          r.person, r.municipality, r.basic_unit, r.valid_from, r.valid_to,
          r.known_from, r.known_to,
          '{REGISTERED_REPORT_NAME}' AS rule,
          r.position,
          p.kind
        FROM residence r JOIN known_report p ON p.position = r.position
    """


@step("last_events", reads=["event"])
def last_events() -> str:
    """The last event of one person before the day that counts as known on the knowledge date."""
    return """
        SELECT e.kind, e.event_date, e.municipality_to, e.basic_unit_to, e.position
        FROM event e
        WHERE e.person = $person AND e.event_date < $day
          AND e.known_from <= $known_at AND e.known_to > $known_at
        ORDER BY e.event_date DESC, e.order_in_day DESC
        LIMIT 1
    """


@step("merged_identities", reads=["identity"])
def merged_identities() -> str:
    """The merge that ends a person's identity, as known on the knowledge date."""
    return """
        SELECT position FROM identity
        WHERE person = $person AND known_from <= $known_at AND known_to > $known_at
    """


def why(connection: duckdb.DuckDBPyConnection, person: int, day: date, known_at: date) -> Decision:
    """Why a person is, or is not, counted in the population of a day.

    Parameters
    ----------
    connection
        The store.
    person
        The person's pseudonym.
    day
        The reference date; what counts is the state at the end of the day before.
    known_at
        The knowledge date.

    Returns
    -------
    Decision
        The decision, with its rule and report.
    """
    asked = {"person": person, "day": day, "known_at": known_at}
    steps: list[Step] = [last_events()]
    found = run(connection, steps, asked).fetchall()
    if not found:
        merged = run(
            connection, [merged_identities()], {"person": person, "known_at": known_at}
        ).fetchall()
        reason = ResidenceReason.MERGED if merged else ResidenceReason.NO_RECORD
        position, kind = (merged[0][0], Kind.MERGE) if merged else (None, None)
        return Decision(False, reason, REGISTERED_REPORT_NAME, position=position, kind=kind)
    kind, since, municipality, basic_unit, position = found[0]
    reason = {Kind.EMIGRATION: ResidenceReason.EMIGRATED, Kind.DEATH: ResidenceReason.DIED}.get(
        Kind(kind), ResidenceReason.REGISTERED
    )
    return Decision(
        resident=reason == ResidenceReason.REGISTERED,
        reason=reason,
        rule=REGISTERED_REPORT_NAME,
        municipality=municipality,
        basic_unit=basic_unit,
        since=since,
        position=position,
        kind=Kind(kind),
    )
