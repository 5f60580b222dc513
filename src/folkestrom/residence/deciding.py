"""Decisions of the rules on stays, in SQL: of millions of stays, or of one person's.

Each stay is asked the rules of its part in their order; the first whose condition holds decides.
What a person is on a day is what the last decision that changes something says; where, the last one
that says where. A stay counts as known on a date if it began before; its end, likewise. What was
meant at the beginning decides at once, what lasted when it has lasted long enough. Months are
counted over a chain of consecutive stays on one side of the border; where in Norway is asked of
each stay by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from folkestrom.engine.steps import Step, step
from folkestrom.model.time import OPEN
from folkestrom.residence.law import (
    BEFORE,
    EMIGRATED,
    FAMILY,
    HERE,
    MOST_NIGHTS,
    UNCHANGED,
    Base,
    NordicLimit,
    Reading,
    Rule,
    Side,
    nordic_limits,
    rules,
    sides,
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
            if rule.part == part and self.asks(rule)
        ]

    def asks(self, row: Rule | Side) -> bool:
        """Whether a rule, or another row of the data, belongs to the base and the reading."""
        return self.base in row.bases and self.reading in row.readings

    def side(self) -> str:
        """SQL of the side of the border on which a stay is."""
        return _cases((side.when, side.name) for side in sides() if self.asks(side))

    def notice(self) -> str:
        """SQL of the day of a notice that ends a foreigner's lawful stay, where it counts."""
        for _, rule in self.rules("abroad"):
            if rule.name == "no_lawful_stay":
                return (
                    f"CASE WHEN country = 'NO' AND citizenship <> 'NO' "
                    f"AND unlawful_from >= DATE '{rule.valid_from}' THEN unlawful_from END"
                )
        return "NULL::DATE"


def _lasted(book: Rulebook, columns: str) -> str:
    """Columns of stays that began before the knowledge date, and how long as far as known.

    A notice from the immigration authority ends a foreigner's lawful stay.
    """
    return f"""
        SELECT {columns}, country = 'NO' AS here, {book.side()} AS side, ended,
               coalesce(ended, DATE '{OPEN}') AS told, reached,
               greatest(coalesce(intended_to, DATE '{OPEN}'), reached) AS lasting
        FROM (
          SELECT *, CASE WHEN last_day < $known_at THEN last_day END AS ended,
                 least(last_day, death_date, $known_at) AS reached
          FROM (
            SELECT *, {_nordic(nordic_limits(book.reading))} AS nordic,
                   least(to_date, {book.notice()}) AS last_day
            FROM residence_stay
            WHERE from_date < $known_at
          ) AS s
        ) AS s
    """


@step("begun", reads=["residence_stay"], example={"book": Rulebook()})
def begun(book: Rulebook) -> str:
    """Stays that began before the knowledge date, and what is before and after each.

    A stay `continues` the one before, and that one `goes_on`, if both are on one side without a
    gap.
    """
    # Only what is looked at in the order of time: sorting whole stays takes three times as long.
    # One window over all takes half as long as a window for each person.
    return f"""
        SELECT stay, person, here, from_date, told, reached, lasting,
               CASE WHEN person = person_after THEN from_after END AS next_from,
               coalesce(person = person_before AND side = side_before AND told_before >= from_date,
                        FALSE) AS continues,
               coalesce(person = person_after AND side = side_after AND told >= from_after,
                        FALSE) AS goes_on
        FROM (
          SELECT *,
                 lead(from_date) OVER in_time AS from_after,
                 lead(person) OVER in_time AS person_after,
                 lead(side) OVER in_time AS side_after,
                 lag(person) OVER in_time AS person_before,
                 lag(told) OVER in_time AS told_before,
                 lag(side) OVER in_time AS side_before
          FROM ({_lasted(book, "stay, person, from_date")}) AS s
          WINDOW in_time AS (ORDER BY person, from_date, stay)
        ) AS s
    """


@step("consecutive")
def consecutive() -> str:
    """Stays that continue another or go on in one, with the number of the chain that they are."""
    # Not with FILTER: over all stays at once DuckDB then counts every row anew.
    return """
        SELECT stay, from_date, lasting, reached,
               count(CASE WHEN NOT continues THEN 1 END) OVER (ORDER BY person, from_date, stay)
                 AS number
        FROM begun WHERE continues OR goes_on
    """


@step("chains")
def chains() -> str:
    """Of those stays the chain: its first day, and its last."""
    return """
        SELECT c.stay, chain, chain_from, chain_lasting, chain_reached
        FROM consecutive c JOIN (
          SELECT number, min(stay) AS chain, min(from_date) AS chain_from,
                 max(lasting) AS chain_lasting, max(reached) AS chain_reached
          FROM consecutive GROUP BY number
        ) n ON n.number = c.number
    """


@step("gaps")
def gaps() -> str:
    """Of stays in Norway that end before the next begins, the day until which any is told of."""
    return """
        SELECT b.stay, b.next_from, max(o.told) AS told_to
        FROM begun b JOIN begun o ON o.person = b.person AND o.from_date <= b.from_date
        WHERE b.here AND b.told < coalesce(b.next_from, $known_at)
        GROUP BY b.stay, b.next_from
    """


@step("followed", reads=["residence_stay"], example={"book": Rulebook()})
def followed(book: Rulebook) -> str:
    """Those stays with their chains, and what follows a stay in Norway with nothing told after it.

    From the end of what is told to the next stay whereabouts are unknown; from the day of a notice
    on, the stay is not lawful.
    """
    return f"""
        SELECT b.*, coalesce(c.chain, b.stay) AS chain,
               coalesce(c.chain_from, b.from_date) AS chain_from,
               coalesce(c.chain_lasting, b.lasting) AS chain_lasting,
               coalesce(c.chain_reached, b.reached) AS chain_reached
        FROM ({_lasted(book, "*")}) AS b LEFT JOIN chains c ON c.stay = b.stay
        UNION ALL BY NAME
        SELECT *, from_date AS chain_from, reached AS chain_reached FROM (
          SELECT t.person, t.stay, 'XX' AS country, told_to AS from_date,
                 CASE WHEN told_to = {book.notice()} THEN 'unlawful' ELSE 'unknown' END AS ground,
                 citizenship, next_from AS to_date, next_from AS ended, death_date,
                 least(next_from, death_date, $known_at) AS reached, FALSE AS nordic
          FROM gaps g JOIN residence_stay t ON t.stay = g.stay
          WHERE told_to < coalesce(next_from, $known_at)
            AND (death_date IS NULL OR death_date > told_to)
        ) AS s
    """


@step("alternating", reads=["residence_stay"])
def alternating() -> str:
    """Of stays with nights told, the municipality of most nights when they begin; none: elsewhere.

    More than at each other place that the person has then, and than all that are not told of; of
    several with as many, the one they had first.
    """
    return """
        SELECT stay, CASE WHEN max(nights) > 365 - sum(nights)
                 THEN arg_max(municipality, nights * 100000 - had_for) END AS most_nights
        FROM (
          SELECT s.stay, o.municipality, sum(o.nights) AS nights,
                 min(o.from_date - DATE '1900-01-01') AS had_for
          FROM residence_stay s JOIN residence_stay o ON o.person = s.person
          WHERE s.country = 'NO' AND s.nights IS NOT NULL
            AND o.country = 'NO' AND o.nights IS NOT NULL
            AND o.from_date <= s.from_date AND (o.to_date IS NULL OR o.to_date > s.from_date)
          GROUP BY s.stay, o.municipality
        ) AS s
        GROUP BY stay
    """


@step("told", example={"limits": nordic_limits("law")})
def told(limits: Sequence[NordicLimit]) -> str:
    """What the rules ask of a stay: how long it was meant to last or has lasted, and where else.

    `half_year`, `a_year`, `long_there` and the years of unknown whereabouts are those of its chain;
    `half_year_there` is of the stay by itself.
    """
    stated = " + ".join(f"(({one}) IS NOT NULL)::INTEGER" for one in CRITERIA)
    spoken = " + ".join(f"coalesce({one}, FALSE)::INTEGER" for one in CRITERIA)
    eea = ", ".join(f"'{code}'" for code in EEA)
    return f"""
        SELECT s.*,
               chain_lasting >= chain_from + INTERVAL 6 MONTH AS half_year,
               chain_lasting >= chain_from + INTERVAL 12 MONTH AS a_year,
               lasting >= from_date + INTERVAL 6 MONTH AS half_year_there,
               CASE country {_long_there(limits)} ELSE FALSE END AS long_there,
               coalesce(family_country IN ({eea}), FALSE) AS family_in_eea,
               permit_from IS NOT NULL AND (permit_to IS NULL
                 OR permit_to >= permit_from + INTERVAL 6 MONTH) AS permit_half_year,
               CASE country WHEN 'XX' THEN chain_reached > chain_from + INTERVAL 2 YEAR
                 END AS two_years,
               CASE country WHEN 'XX' THEN chain_reached > chain_from + INTERVAL 5 YEAR
                 END AS five_years,
               CASE WHEN country = 'NO' THEN NULL
                 WHEN ({stated}) = 0 THEN intended_to IS NULL
                 ELSE 2 * ({spoken}) > ({stated}) END AS settled,
               n.most_nights
        FROM (SELECT *, family_country = 'NO' AS family_norway FROM followed) AS s
        LEFT JOIN alternating n ON n.stay = s.stay
    """


def _nordic(limits: Sequence[NordicLimit]) -> str:
    listed = ", ".join(f"'{limit.country}'" for limit in limits if limit.country != "NO")
    return f"country IN ({listed})"


def _long_there(limits: Sequence[NordicLimit]) -> str:
    return " ".join(
        f"WHEN '{one.country}' THEN chain_lasting >{'' if one.more else '='} "
        f"chain_from + INTERVAL {one.months} MONTH"
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
    return _cases((_holds(rule), number) for number, rule in asked)


def _cases(rows: Iterable[tuple[str, object]]) -> str:
    cases = "\n".join(f"WHEN {when} THEN {then}" for when, then in rows)
    return f"CASE {cases} END"


def _holds(rule: Rule) -> str:
    conditions = [f"({rule.when})"]
    if rule.valid_from > date.min:
        conditions.append(f"{rule.since} >= DATE '{rule.valid_from}'")
    if rule.valid_to < OPEN:
        conditions.append(f"{rule.since} < DATE '{rule.valid_to}'")
    return " AND ".join(conditions)


def numbers(outcome: str) -> str:
    """The numbers of the rules of an outcome, as SQL lists them."""
    return ", ".join(str(n) for n, rule in enumerate(rules()) if rule.outcome == outcome)


def _outcome(rule: str) -> str:
    # A case of constants is looked up; a list of numbers is joined, which takes twice as long.
    cases = " ".join(
        f"WHEN {n} THEN '{one.outcome}'" for n, one in enumerate(rules()) if one.part != "where"
    )
    return f"CASE {rule} {cases} END"


@step("verdicts")
def verdicts() -> str:
    """Of each stay, what its rules make of the person, from when, and where in Norway."""
    later = "\n".join(
        f"WHEN {n} THEN {rule.since}" for n, rule in enumerate(rules()) if rule.since != "from_date"
    )
    return f"""
        SELECT *,
               {_outcome("rule")} AS outcome,
               (CASE rule {later} ELSE from_date END)::DATE AS since,
               CASE WHEN where_rule IN ({numbers(HERE)}) THEN municipality
                    WHEN where_rule IN ({numbers(FAMILY)}) THEN family_municipality
                    WHEN where_rule IN ({numbers(MOST_NIGHTS)}) THEN most_nights END AS place
        FROM decided
    """


@step("last_decisions")
def last_decisions() -> str:
    """Of each person, what decided last before `$day`, and what last said where; each as a number.

    A number that begins with its days finds the last of them several times as fast as a pair.
    `last_known` is the last rule at all, of unknown whereabouts only where there is no other.
    """
    changed = f"outcome <> '{UNCHANGED}' AND since < $day"
    return f"""
        SELECT person,
               max(in_order) FILTER ({changed}) AS decided,
               max(in_order + CASE WHEN ground <> 'unknown' OR outcome <> '{UNCHANGED}'
                                THEN 10000000000000000 ELSE 0 END) AS last_known,
               max(day * 10000 + place) AS last_place,
               min(day * 10000 + municipality) AS first_place,
               max(day * 100 + where_rule) AS last_where,
               max(since) FILTER (outcome = '{EMIGRATED}' AND since < $day) AS left_on,
               max(from_date) FILTER (place IS NOT NULL OR where_rule IN ({numbers(BEFORE)}))
                 AS place_from
        FROM (
          SELECT *, ((since - DATE '0001-01-01') * 10000000 + day) * 100 + rule AS in_order
          FROM (
            SELECT *, from_date - DATE '0001-01-01' AS day FROM verdicts
            WHERE from_date < $day AND (death_date IS NULL OR death_date >= $day)
          ) AS v
        ) AS v
        GROUP BY person
    """


@step("returned_to", reads=["residence_stay"])
def returned_to() -> str:
    """Where who came back without any stay that says where since first stayed."""
    return """
        SELECT s.person, arg_min(t.municipality, t.from_date) AS municipality
        FROM last_decisions s JOIN residence_stay t ON t.person = s.person
        WHERE s.left_on IS NOT NULL AND coalesce(s.place_from < s.left_on, TRUE)
          AND s.decided // 1000000000 >= s.left_on - DATE '0001-01-01'
          AND t.country = 'NO' AND t.from_date >= s.left_on
          AND t.from_date < $day AND t.from_date < $known_at
        GROUP BY s.person
    """


@step("standing_on")
def standing_on() -> str:
    """What each person is at the end of the day before `$day`: resident or not, where, why.

    Where nothing says where, it is where the person lived before or, lacking that, the first place;
    of who emigrated since, the first place after.
    """
    return f"""
        SELECT s.person, {_outcome("decided % 100")} AS outcome,
               DATE '0001-01-01' + (decided // 1000000000)::INTEGER AS since,
               decided % 100 AS rule, last_known % 100 AS last_rule,
               coalesce(r.municipality, coalesce(last_place, first_place) % 10000) AS municipality,
               last_where % 100 AS where_rule
        FROM last_decisions s LEFT JOIN returned_to r ON r.person = s.person
    """


def standing_steps(book: Rulebook) -> list[Step]:
    """Steps from stays to what each person is on `$day`, as known on `$known_at`."""
    return [*verdict_steps(book), last_decisions(), returned_to(), standing_on()]


@step("crossings")
def crossings() -> str:
    """Each change from resident to not, or the other way round: immigrations and emigrations.

    Who is born here comes by birth, not from abroad.
    """
    return f"""
        SELECT * FROM (
          SELECT *, lag(outcome) OVER (PARTITION BY person ORDER BY since, from_date) AS before
          FROM verdicts
          WHERE outcome <> '{UNCHANGED}' AND (death_date IS NULL OR since <= death_date)
        ) AS v
        WHERE outcome <> coalesce(before, '{EMIGRATED}')
          AND (before IS NOT NULL OR ground <> 'birth')
    """


def verdict_steps(book: Rulebook) -> list[Step]:
    """Steps from stays to what the rules make of each, as known on `$known_at`."""
    parts = [book.rules(part) for part in ("norway", "abroad", "where")]
    return [begun(book), consecutive(), chains(), gaps(), followed(book), alternating(),
            told(nordic_limits(book.reading)), decided(*parts), verdicts()]  # fmt: skip
