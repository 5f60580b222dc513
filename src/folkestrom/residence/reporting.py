"""Reports that the rules' decisions amount to, for a register without an authority's decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.engine.steps import Step, compose, step
from folkestrom.errors import InputRefused
from folkestrom.residence.deciding import Rulebook, verdict_steps
from folkestrom.residence.law import EMIGRATED, RESIDENT, UNCHANGED, nordic_limits

#: Who reports: the rules themselves.
SOURCE: Final = "residence_rules"
_NEEDED: Final = ("sex", "birth_date", "country_of_birth", "citizenship")
#: Kinds that begin a record.
_STARTS: Final = "kind IN ('immigration', 'birth', 'first_registration')"
_REASONS: Final = {"work": "work", "study": "education", "family": "family", "asylum": "refuge",
                   "protection": "refuge"}  # fmt: skip


@step("decisions_in_order", example={"months": 6, "limits": nordic_limits("law")})
def decisions_in_order(months: int, limits: tuple[object, ...]) -> str:
    """Decisions that change something, with the day from which each is taken.

    What was meant is decided when the stay begins; what lasted, on the eve of the day on which it
    has lasted long enough; permits and unknown whereabouts from their own day.
    """
    cases = " ".join(
        f"WHEN '{one.country}' THEN {one.months}"  # type: ignore[attr-defined]
        for one in limits
        if one.country != "NO"  # type: ignore[attr-defined]
    )
    more = ", ".join(f"'{one.country}'" for one in limits if one.more)  # type: ignore[attr-defined]
    strict = f"country IN ({more})" if more else "FALSE"
    return f"""
        SELECT *,
               CASE WHEN country = 'XX' THEN since
                    WHEN intended_to IS NULL OR intended_to > long_at
                      OR (intended_to = long_at AND NOT {strict}) THEN greatest(since, from_date)
                    ELSE greatest(since, (long_at - INTERVAL 1 DAY + CASE WHEN {strict}
                      THEN INTERVAL 1 DAY ELSE INTERVAL 0 DAY END)::DATE) END AS decided_on
        FROM (
          SELECT *, (from_date + CASE country {cases} ELSE {months} END * INTERVAL 1 MONTH)::DATE
                      AS long_at,
                 lag(country) OVER (PARTITION BY person ORDER BY from_date, stay) AS country_before
          FROM verdicts
        ) AS v
        WHERE outcome <> '{UNCHANGED}' OR place IS NOT NULL
    """


@step("told_reports")
def told_reports() -> str:
    """Arrivals, departures and, of residents, moves between municipalities."""
    reasons = " ".join(f"WHEN '{ground}' THEN '{code}'" for ground, code in _REASONS.items())
    return f"""
        SELECT person, stay,
               CASE WHEN outcome = '{EMIGRATED}' THEN 'emigration'
                    WHEN before = '{RESIDENT}' THEN 'move'
                    WHEN ground = 'birth' AND birth_date = since THEN 'birth'
                    WHEN ground = 'birth' THEN 'first_registration' ELSE 'immigration' END AS kind,
               CASE WHEN outcome = '{UNCHANGED}' THEN from_date ELSE since END AS event_date,
               decided_on,
               coalesce(place, place_before, municipality) AS municipality,
               CASE WHEN outcome = '{EMIGRATED}' THEN country
                    ELSE coalesce(country_before, 'XX') END AS country,
               CASE ground {reasons} ELSE 'other' END AS reason,
               sex, birth_date, country_of_birth, citizenship, death_date
        FROM (
          SELECT *,
                 lag(CASE WHEN outcome <> '{UNCHANGED}' THEN outcome END IGNORE NULLS)
                   OVER in_time AS before,
                 lag(place IGNORE NULLS) OVER in_time AS place_before
          FROM decisions_in_order
          WINDOW in_time AS (PARTITION BY person ORDER BY since, from_date)
        ) AS d
        WHERE (outcome = '{EMIGRATED}' AND before = '{RESIDENT}')
           OR (outcome = '{RESIDENT}' AND before IS DISTINCT FROM '{RESIDENT}')
           OR (outcome <> '{EMIGRATED}' AND before = '{RESIDENT}'
               AND place IS DISTINCT FROM place_before AND place IS NOT NULL)
    """


@step("decision_reports")
def decision_reports() -> str:
    """Those as records of the register, and the deaths."""
    return f"""
        SELECT '{SOURCE}' AS source, stay || '-' || kind AS source_report_id,
               decided_on::TIMESTAMP + INTERVAL 12 HOUR AS received_at, person, kind, event_date,
               CASE WHEN kind <> 'emigration' THEN lpad(municipality::VARCHAR, 4, '0')
                 END AS municipality,
               CASE WHEN kind <> 'emigration'
                 THEN lpad((municipality * 10000)::VARCHAR, 8, '0') END AS basic_unit,
               CASE WHEN kind IN ('immigration', 'emigration') THEN country END AS country,
               CASE WHEN {_STARTS} THEN country_of_birth
                 END AS country_of_birth,
               CASE WHEN {_STARTS} THEN citizenship END AS citizenship,
               CASE WHEN {_STARTS} THEN sex END AS sex,
               CASE WHEN {_STARTS} THEN birth_date END AS birth_date,
               CASE WHEN {_STARTS} THEN kind END AS origin,
               CASE WHEN kind = 'immigration' THEN reason END AS reason
        FROM told_reports
        UNION ALL BY NAME
        SELECT DISTINCT '{SOURCE}' AS source, 'death-' || min(stay) OVER (PARTITION BY person)
                 AS source_report_id,
               death_date::TIMESTAMP + INTERVAL 12 HOUR AS received_at, person, 'death' AS kind,
               death_date AS event_date
        FROM told_reports WHERE death_date IS NOT NULL
    """


def reports(connection: duckdb.DuckDBPyConnection, book: Rulebook, file: Path) -> pa.Table:
    """Reports of what the rules decide on the stays that were read, as all of them are known now.

    Parameters
    ----------
    connection
        A connection with stays read into it.
    book
        The rules.
    file
        The file of stays, for errors.

    Raises
    ------
    InputRefused
        Stays without what a report of an arrival must carry.
    """
    for name in _NEEDED:
        query = f"SELECT min(stay) FROM residence_stay WHERE country = 'NO' AND {name} IS NULL"
        ((row,),) = connection.execute(query).fetchall()
        if row is not None:
            raise InputRefused(
                "is missing, and reports of arrivals need it", where=str(file), row=row,
                column=name, next_step="Add it to every stay in Norway.",
            )  # fmt: skip
    months = 6 if book.base == "registered" else 12
    limits = nordic_limits(book.reading) if book.base == "registered" else ()
    steps: list[Step] = [
        *verdict_steps(book), decisions_in_order(months, limits), told_reports(),
        decision_reports(),
    ]  # fmt: skip
    known = {"known_at": "9999-01-01"}
    return connection.sql(compose(steps), params=known).to_arrow_table()
