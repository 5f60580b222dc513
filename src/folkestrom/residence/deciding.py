"""Decisions of the rules on stays, in SQL: of millions of stays, or of one person's.

Each stay is asked the rules of its part in their order; the first whose condition holds decides.
What a person is on a day is what the last decision that changes something says; where, the last one
that says where. A stay counts as known on a date if it began before; its end, likewise. What was
meant at the beginning decides at once, what lasted when it has lasted long enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from folkestrom.engine.steps import Step, step
from folkestrom.model.time import OPEN
from folkestrom.residence.law import (
    EMIGRATED,
    FAMILY,
    HERE,
    RESIDENT,
    UNCHANGED,
    Base,
    NordicLimit,
    Reading,
    Rule,
    nordic_limits,
    rules,
)

#: Countries of the European Economic Area, where a commuter may keep the home.
EEA = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS",
    "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip

#: What speaks for settling abroad (Act of 9 December 2016 no. 88, s. 4-3); a column and the value.
CRITERIA = (
    "dwelling_abroad",
    "NOT dwelling_norway",
    "NOT work_norway",
    "NOT family_norway",
    "NOT visits_norway",
)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of a population base by a reading.

    Parameters
    ----------
    base
        "registered" or "usual".
    reading
        "page" or "law".
    """

    base: Base = "registered"
    reading: Reading = "law"

    def rules(self, part: str) -> list[tuple[int, Rule]]:
        """The rules of a part, each with its number among all."""
        return [
            (number, rule)
            for number, rule in enumerate(rules())
            if rule.part == part and self.base in rule.bases and self.reading in rule.readings
        ]


@step("begun", reads=["residence_stay"])
def begun() -> str:
    """Stays that began before the knowledge date, each with its end where that is known.

    `told_to` is the day until which any stay that began by then is told of.
    """
    return f"""
        SELECT *,
               lead(from_date) OVER in_time AS next_from,
               max(coalesce(ended, DATE '{OPEN}')) OVER in_time AS told_to
        FROM (
          SELECT *, CASE WHEN to_date < $known_at THEN to_date END AS ended
          FROM residence_stay
          WHERE from_date < $known_at
        ) AS s
        WINDOW in_time AS (PARTITION BY person ORDER BY from_date, stay)
    """


@step("followed")
def followed() -> str:
    """Those stays, and unknown whereabouts from the end of what is told to the next stay."""
    return """
        SELECT * FROM begun
        UNION ALL BY NAME
        SELECT person, stay, 'XX' AS country, told_to AS from_date, 'unknown' AS ground,
               citizenship, next_from AS to_date, next_from AS ended, death_date
        FROM begun
        WHERE country = 'NO' AND told_to < coalesce(next_from, $known_at)
          AND (death_date IS NULL OR death_date > told_to)
    """


@step("told", example={"limits": nordic_limits("law")})
def told(limits: Sequence[NordicLimit]) -> str:
    """What the rules ask of a stay: how long it was meant to last or has lasted, and where else."""
    stated = " + ".join(f"(({one}) IS NOT NULL)::INTEGER" for one in CRITERIA)
    spoken = " + ".join(f"coalesce({one}, FALSE)::INTEGER" for one in CRITERIA)
    nordic = ", ".join(f"'{limit.country}'" for limit in limits if limit.country != "NO")
    eea = ", ".join(f"'{code}'" for code in EEA)
    return f"""
        SELECT s.*,
               {_lasts("6")} AS half_year,
               {_lasts("12")} AS a_year,
               CASE country {_long_there(limits)} ELSE FALSE END AS long_there,
               country IN ({nordic}) AS nordic,
               coalesce(family_country IN ({eea}), FALSE) AS family_in_eea,
               permit_from IS NOT NULL AND (permit_to IS NULL
                 OR permit_to >= permit_from + INTERVAL 6 MONTH) AS permit_half_year,
               reached > from_date + INTERVAL 2 YEAR AS two_years,
               reached > from_date + INTERVAL 5 YEAR AS five_years,
               CASE WHEN ({stated}) = 0 THEN intended_to IS NULL
                 ELSE 2 * ({spoken}) > ({stated}) END AS settled
        FROM (
          SELECT *, greatest(coalesce(intended_to, DATE '{OPEN}'), reached) AS lasting
          FROM (
            SELECT *, least(coalesce(ended, $known_at), coalesce(death_date, $known_at)) AS reached,
                   family_country = 'NO' AS family_norway
            FROM followed
          ) AS s
        ) AS s
    """


def _lasts(months: str, more: str = "=") -> str:
    """A stay was meant to last so many months, or has done so."""
    return f"(lasting >{more} from_date + INTERVAL {months} MONTH)"


def _long_there(limits: Sequence[NordicLimit]) -> str:
    return " ".join(
        f"WHEN '{one.country}' THEN {_lasts(str(one.months), '' if one.more else '=')}"
        for one in limits
        if one.country != "NO"
    )


@step("decided", example={"norway": Rulebook().rules("norway"),
                          "abroad": Rulebook().rules("abroad"),
                          "where": Rulebook().rules("where")})  # fmt: skip
def decided(
    norway: list[tuple[int, Rule]], abroad: list[tuple[int, Rule]], where: list[tuple[int, Rule]]
) -> str:
    """Of each stay, the number of the rule that decides, and of the one that says where."""
    return f"""
        SELECT *,
               CASE WHEN country = 'NO' THEN {_first(norway)} ELSE {_first(abroad)} END AS rule,
               CASE WHEN country = 'NO' THEN {_first(where)} END AS where_rule
        FROM told
    """


def _first(asked: list[tuple[int, Rule]]) -> str:
    cases = "\n".join(f"WHEN {_holds(rule)} THEN {number}" for number, rule in asked)
    return f"CASE {cases} END"


def _holds(rule: Rule) -> str:
    conditions = [f"({rule.when})"]
    if rule.valid_from > date.min:
        conditions.append(f"{rule.since} >= DATE '{rule.valid_from}'")
    if rule.valid_to < OPEN:
        conditions.append(f"{rule.since} < DATE '{rule.valid_to}'")
    return " AND ".join(conditions)


@step("verdicts")
def verdicts() -> str:
    """Of each stay, what its rules make of the person, from when, and where in Norway."""
    every = list(enumerate(rules()))

    def numbers(outcome: str) -> str:
        return ", ".join(str(n) for n, rule in every if rule.outcome == outcome)

    later = "\n".join(
        f"WHEN {n} THEN {rule.since}" for n, rule in every if rule.since != "from_date"
    )
    return f"""
        SELECT *,
               CASE WHEN rule IN ({numbers(RESIDENT)}) THEN '{RESIDENT}'
                    WHEN rule IN ({numbers(EMIGRATED)}) THEN '{EMIGRATED}'
                    ELSE '{UNCHANGED}' END AS outcome,
               (CASE rule {later} ELSE from_date END)::DATE AS since,
               CASE WHEN where_rule IN ({numbers(HERE)}) THEN municipality
                    WHEN where_rule IN ({numbers(FAMILY)}) THEN family_municipality END AS place
        FROM decided
    """


@step("standing_on")
def standing_on() -> str:
    """What each person is at the end of the day before `$day`: resident or not, where, why.

    Where nothing says where, it is where the person lived before or, lacking that, the first place.
    """
    changed = f"outcome <> '{UNCHANGED}' AND since < $day"
    # One number sorts several times as fast as a pair of days.
    order = "(since - DATE '0001-01-01') * 10000000 + (from_date - DATE '0001-01-01')"
    return f"""
        SELECT person,
               arg_max(outcome, {order}) FILTER ({changed}) AS outcome,
               max(since) FILTER ({changed}) AS since,
               arg_max(rule, {order}) FILTER ({changed}) AS rule,
               coalesce(arg_max(rule, {order}) FILTER (
                          ground <> 'unknown' OR outcome <> '{UNCHANGED}'),
                        arg_max(rule, {order})) AS last_rule,
               coalesce(arg_max(place, from_date) FILTER (place IS NOT NULL),
                        arg_min(municipality, from_date) FILTER (municipality IS NOT NULL)
               ) AS municipality,
               arg_max(where_rule, from_date) FILTER (where_rule IS NOT NULL) AS where_rule
        FROM verdicts
        WHERE from_date < $day AND (death_date IS NULL OR death_date >= $day)
        GROUP BY person
    """


@step("crossings")
def crossings() -> str:
    """Each change from resident to not, or the other way round: immigrations and emigrations."""
    return f"""
        SELECT * FROM (
          SELECT *, lag(outcome, 1, '{EMIGRATED}') OVER (
                      PARTITION BY person ORDER BY since, from_date) AS before
          FROM verdicts
          WHERE outcome <> '{UNCHANGED}' AND (death_date IS NULL OR since <= death_date)
        ) AS v
        WHERE outcome <> before
    """


def verdict_steps(book: Rulebook) -> list[Step]:
    """Steps from stays to what the rules make of each, as known on `$known_at`."""
    parts = [book.rules(part) for part in ("norway", "abroad", "where")]
    return [begun(), followed(), told(nordic_limits(book.reading)), decided(*parts), verdicts()]
