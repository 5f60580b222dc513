"""Reports that the rules' decisions amount to, for a register without an authority's decisions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.engine.steps import Step, compose, step
from folkestrom.errors import InputRefused
from folkestrom.model.time import OPEN
from folkestrom.residence.deciding import Rulebook, numbers, verdict_steps
from folkestrom.residence.law import (
    BEFORE,
    EMIGRATED,
    FAMILY,
    RESIDENT,
    UNCHANGED,
    Base,
    NordicLimit,
    Rule,
    nordic_limits,
    rules,
)

#: Who reports: the rules themselves.
SOURCE: Final = "residence_rules"
_NEEDED: Final = ("sex", "birth_date", "country_of_birth", "citizenship")
#: Conditions of rules that hold once a stay has lasted.
_LASTING: Final = re.compile(r"\b(half_year|a_year|long_there)\b")
#: Kinds that begin a record.
_STARTS: Final = "kind IN ('immigration', 'birth', 'first_registration')"
_REASONS: Final = {"work": "work", "study": "education", "family": "family", "asylum": "refuge",
                   "protection": "refuge"}  # fmt: skip


@step("decisions_in_order", example={"base": "registered", "limits": nordic_limits("law")})
def decisions_in_order(base: Base, limits: Sequence[NordicLimit]) -> str:
    """Decisions that change something, with the days on which outcome and place are decided.

    What was meant is decided when the stay of the chain begins that is meant to last so long; what
    lasted, on the eve of the day on which the chain has lasted long enough; permits, unknown
    whereabouts and joint homes from their own day.
    """
    lasting = _numbers(rule for rule in rules() if _LASTING.search(rule.when))
    at_once = _numbers(rule for rule in rules() if rule.outcome == FAMILY or base == "usual")
    return f"""
        SELECT *,
               CASE WHEN rule NOT IN ({lasting}) THEN since
                    ELSE greatest(since, least(meant_on, long_on)) END AS outcome_on,
               CASE WHEN where_rule IN ({at_once})
                      OR coalesce(intended_to, DATE '{OPEN}') >= half_year_at THEN from_date
                    ELSE (half_year_at - INTERVAL 1 DAY)::DATE END AS place_on
        FROM (
          SELECT *, (long_at - INTERVAL 1 DAY)::DATE AS long_on,
                 min(from_date) FILTER (coalesce(intended_to, DATE '{OPEN}') >= long_at)
                   OVER (PARTITION BY person, chain) AS meant_on
          FROM (
            SELECT *,
                   ({_long_at(base, limits)})::DATE AS long_at,
                   (from_date + INTERVAL 6 MONTH)::DATE AS half_year_at,
                   lag(CASE WHEN country <> 'NO' THEN country END IGNORE NULLS) OVER in_time
                     AS country_before,
                   first_value(municipality IGNORE NULLS) OVER in_time AS first_municipality
            FROM verdicts
            WINDOW in_time AS (PARTITION BY person ORDER BY from_date, stay)
          ) AS v
        ) AS v
        WHERE outcome <> '{UNCHANGED}' OR country = 'NO'
    """


def _long_at(base: Base, limits: Sequence[NordicLimit]) -> str:
    """The first end of a chain of stays that is long enough for the rules of its country."""
    if base == "usual":
        return "chain_from + INTERVAL 12 MONTH"
    cases = " ".join(
        f"WHEN '{one.country}' THEN chain_from + INTERVAL {one.months} MONTH"
        f" + INTERVAL {int(one.more)} DAY"
        for one in limits
        if one.country != "NO"
    )
    return f"CASE country {cases} ELSE chain_from + INTERVAL 6 MONTH END"


def _numbers(chosen: Iterable[Rule]) -> str:
    names = {rule.name for rule in chosen}
    return ", ".join(str(n) for n, rule in enumerate(rules()) if rule.name in names)


@step("told_reports")
def told_reports() -> str:
    """Arrivals, departures and, of residents, moves between municipalities."""
    reasons = " ".join(f"WHEN '{ground}' THEN '{code}'" for ground, code in _REASONS.items())
    return f"""
        SELECT person, from_date,
               CASE WHEN outcome = '{EMIGRATED}' THEN 'emigration'
                    WHEN before = '{RESIDENT}' THEN 'move'
                    WHEN ground <> 'birth' OR before IS NOT NULL THEN 'immigration'
                    WHEN birth_date = since THEN 'birth' ELSE 'first_registration' END AS kind,
               CASE kind WHEN 'move' THEN from_date ELSE since END AS event_date,
               CASE kind WHEN 'move' THEN place_on ELSE outcome_on END AS decided_on,
               municipality_now AS municipality,
               CASE WHEN outcome = '{EMIGRATED}' THEN country
                    ELSE coalesce(country_before, 'XX') END AS country,
               CASE ground {reasons} ELSE 'other' END AS reason,
               sex, birth_date, country_of_birth, citizenship, death_date
        FROM (
          SELECT *, lag(municipality_now) OVER in_time AS municipality_before,
                 lag(CASE WHEN outcome <> '{UNCHANGED}' THEN outcome END IGNORE NULLS)
                   OVER in_time AS before
          FROM (
            SELECT *,
                   CASE WHEN left_on IS NULL OR kept_on >= left_on
                          THEN coalesce(last_value(place IGNORE NULLS) OVER in_time,
                                        first_municipality)
                        ELSE first_value(municipality IGNORE NULLS) OVER since_then
                     END AS municipality_now
            FROM (
              SELECT *, max(CASE WHEN outcome = '{EMIGRATED}' THEN since END) OVER in_time
                          AS left_on,
                     max(CASE WHEN place IS NOT NULL OR where_rule IN ({numbers(BEFORE)})
                           THEN from_date END) OVER in_time AS kept_on
              FROM decisions_in_order
              WINDOW in_time AS (PARTITION BY person ORDER BY since, from_date)
            ) AS d
            WINDOW in_time AS (PARTITION BY person ORDER BY since, from_date),
                   since_then AS (PARTITION BY person, left_on ORDER BY since, from_date)
          ) AS d
          WINDOW in_time AS (PARTITION BY person ORDER BY since, from_date)
        ) AS d
        WHERE (outcome = '{EMIGRATED}' AND before = '{RESIDENT}')
           OR (outcome = '{RESIDENT}' AND before IS DISTINCT FROM '{RESIDENT}')
           OR (outcome <> '{EMIGRATED}' AND before = '{RESIDENT}'
               AND municipality_now <> municipality_before)
    """


def _identifier(of: str) -> str:
    """What stays the same when a file is read again with further stays; it names nobody."""
    return f"left(sha256(concat(person, ' ', {of})), 16)"


@step("decision_reports")
def decision_reports() -> str:
    """Those as records of the register, and the deaths."""
    return f"""
        SELECT '{SOURCE}' AS source,
               {_identifier("from_date || country || kind")} AS source_report_id,
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
        SELECT DISTINCT '{SOURCE}' AS source, {_identifier("'death'")} AS source_report_id,
               death_date::TIMESTAMP + INTERVAL 12 HOUR AS received_at, person, 'death' AS kind,
               death_date AS event_date
        FROM told_reports WHERE death_date < $known_at
    """


def reports(
    connection: duckdb.DuckDBPyConnection, book: Rulebook, file: Path, known_at: date
) -> pa.Table:
    """Reports of what the rules decide on the stays that were read, received before a day.

    Parameters
    ----------
    connection
        A connection with stays read into it.
    book
        The rules.
    file
        The file of stays, for errors.
    known_at
        The knowledge date: what would be decided only later is not reported.

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
    steps: list[Step] = [
        *verdict_steps(book), decisions_in_order(book.base, nordic_limits(book.reading)),
        told_reports(), decision_reports(),
    ]  # fmt: skip
    return connection.sql(compose(steps), params={"known_at": known_at}).to_arrow_table()
