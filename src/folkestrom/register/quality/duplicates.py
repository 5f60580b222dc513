"""Likely duplicates: two numbers in the register that may be one person's.

Two lives are compared where birth date, sex and country of birth are known and the same, one ended
by emigration before the other began by immigration or first registration, and no parent differs
that both have: who comes back should have the number of before. What else agrees is a rule, the
first that holds. Its score says how much there is to a pair, not that it is one person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.engine.steps import Step, compose, step
from folkestrom.model.cells import Cells
from folkestrom.model.identities import naming
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What agrees of two lives, beside birth date, sex and country of birth.

    Parameters
    ----------
    name
        Its name.
    score
        How much it says, of 100: a matter of judgement, for sorting pairs.
    holds
        Its condition on `comparable_lives`, as SQL.
    label
        The rule, in words.
    """

    name: str
    score: int
    holds: str
    label: Text


#: In the order in which they are tried; the first that holds is the pair's.
RULES: Final = (
    Rule(
        "parents", 95, "mother = other_mother AND father = other_father",
        Text("Same mother and father", "Samme mor og far"),
    ),
    Rule(
        "partner", 90, "shares_partner",
        Text("Same partner at some time", "Samme partner på et tidspunkt"),
    ),
    Rule(
        "parent", 85, "mother = other_mother OR father = other_father",
        Text("Same mother or father", "Samme mor eller far"),
    ),
    Rule(
        "country_soon", 50, "went_to = came_from AND began <= ended + 1826",
        Text(
            "Came from the country that the other had left for, within 5 years",
            "Kom fra landet som den andre dro til, innen 5 år",
        ),
    ),
    Rule(
        "country", 30, "went_to = came_from",
        Text(
            "Came from the country that the other had left for, later",
            "Kom fra landet som den andre dro til, senere",
        ),
    ),
    Rule(
        "life", 10, "TRUE",
        Text("Came after the other had left", "Kom etter at den andre hadde dratt"),
    ),
)  # fmt: skip

SPECIFICATION: Final = TableSpecification(
    id="duplicates",
    title=Text("Likely duplicates of persons", "Mulige dubletter av personer"),
    dimensions=(
        Dimension(
            "rule",
            Text("What agrees", "Det som stemmer"),
            tuple(Category(rule.name, rule.label) for rule in RULES),
        ),
    ),
    measures=(
        Measure("score", Text("Score", "Poeng"), Text("of 100", "av 100"), empty=None),
        Measure("pairs", Text("Pairs", "Par"), Text("pairs", "par")),
    ),
    contents=Text(
        "Pairs of numbers with the same birth date, sex and country of birth whose lives in the "
        "register follow each other, by the first rule that holds.",
        "Par av numre med samme fødselsdato, kjønn og fødeland der det ene livet i registeret "
        "følger etter det andre, etter den første regelen som gjelder.",
    ),
    method=Text("As known on {known}.", "Slik det var kjent {known}."),
    knowledge_time=same("{known}"),
    listing=True,
)


@step("ranked_lives", reads=["event"])
def ranked_lives() -> str:
    """Each person's events as known on a day, from the first and from the last."""
    return """
        SELECT person, kind, event_date, country,
          row_number() OVER (PARTITION BY person ORDER BY event_date, order_in_day) AS from_first,
          row_number() OVER (
            PARTITION BY person ORDER BY event_date DESC, order_in_day DESC
          ) AS from_last
        FROM event
        WHERE known_from <= $known_at AND known_to > $known_at
    """


@step("described_lives", reads=["attribute", "identity"])
def described_lives() -> str:
    """First and last events with what is fixed of the person; only where that is known."""
    return f"""
        SELECT l.person, l.kind, l.event_date, l.country, l.from_first, l.from_last,
               a.birth_date, a.sex, a.country_of_birth, a.mother, a.father
        FROM ranked_lives l
        JOIN {naming("attribute", ["mother", "father"], "$known_at")} a ON a.person = l.person
        WHERE a.birth_date IS NOT NULL AND a.sex <> 0 AND a.country_of_birth IS NOT NULL
          AND ((l.from_last = 1 AND l.kind = 8) OR (l.from_first = 1 AND l.kind IN (1, 3)))
    """


@step("partners", reads=["marital", "identity"])
def partners() -> str:
    """Everybody's partners, as known on a day."""
    return f"""
        SELECT DISTINCT person, partner FROM {naming("marital", ["partner"], "$known_at")} AS named
        WHERE partner IS NOT NULL
    """


@step("same_partner")
def same_partner() -> str:
    """Who has had the same partner."""
    return """
        SELECT DISTINCT a.person, b.person AS other_person
        FROM partners a JOIN partners b ON b.partner = a.partner AND b.person <> a.person
    """


@step("comparable_lives")
def comparable_lives() -> str:
    """Who left, and who began later with the same birth date, sex and country of birth."""
    return """
        SELECT e.person, b.person AS other_person, e.event_date AS ended, b.event_date AS began,
               e.country AS went_to, b.country AS came_from,
               e.mother, e.father, b.mother AS other_mother, b.father AS other_father,
               p.person IS NOT NULL AS shares_partner
        FROM described_lives e
        JOIN described_lives b ON b.birth_date = e.birth_date AND b.sex = e.sex
          AND b.country_of_birth = e.country_of_birth
          AND b.person <> e.person AND b.event_date >= e.event_date
        LEFT JOIN same_partner p ON p.person = e.person AND p.other_person = b.person
        WHERE e.from_last = 1 AND e.kind = 8 AND b.from_first = 1 AND b.kind IN (1, 3)
          AND coalesce(e.mother = b.mother, TRUE) AND coalesce(e.father = b.father, TRUE)
    """


@step("ruled_pairs", example={"rules": (("TRUE", 10),)})
def ruled_pairs(rules: Sequence[tuple[str, int]]) -> str:
    """Pairs with the first rule that holds, by its place, and its score."""
    cases = " ".join(f"WHEN {holds} THEN {n}" for n, (holds, _) in enumerate(rules))
    scores = " ".join(f"WHEN {n} THEN {score}" for n, (_, score) in enumerate(rules))
    return f"""
        SELECT person, other_person, ended, began, rule, CASE rule {scores} END AS score
        FROM (
          SELECT person, other_person, ended, began, CASE {cases} END AS rule FROM comparable_lives
        ) AS ruled
    """


@step("pairs_by_rule")
def pairs_by_rule() -> str:
    """How many pairs each rule has."""
    return "SELECT rule, count(*) AS pairs FROM ruled_pairs GROUP BY rule"


@step("likely_pairs")
def likely_pairs() -> str:
    """Pairs of at least a score, the most likely first."""
    return """
        SELECT person, other_person, rule, score, ended, began
        FROM ruled_pairs WHERE score >= $least
        ORDER BY score DESC, began, person, other_person
    """


def count_duplicates(connection: duckdb.DuckDBPyConnection, known_at: date) -> Cells:
    """How many pairs of numbers may be one person's, by rule; the likeliest rule first.

    Parameters
    ----------
    connection
        An open store.
    known_at
        Knowledge date.
    """
    query = compose([*_pairs(), pairs_by_rule()])
    found = dict(connection.execute(query, {"known_at": known_at}).fetchall())
    rows = {
        "rule": [rule.name for rule in RULES],
        "score": [rule.score for rule in RULES],
        "pairs": [found.get(n, 0) for n in range(len(RULES))],
    }
    return Cells(SPECIFICATION.fill(known=known_at), pa.table(rows))


def list_duplicates(
    connection: duckdb.DuckDBPyConnection, known_at: date, least: int = 0
) -> pa.Table:
    """The pairs, the likeliest first: rows of persons, for the office.

    Parameters
    ----------
    connection
        An open store.
    known_at
        Knowledge date.
    least
        Least score.
    """
    query = compose([*_pairs(), likely_pairs()])
    asked = {"known_at": known_at, "least": least}
    found = connection.sql(query, params=asked).to_arrow_table()
    at = found.column_names.index("rule")
    names = pa.array([rule.name for rule in RULES]).take(found["rule"].combine_chunks())
    return found.set_column(at, "rule", names.dictionary_encode())


def _pairs() -> list[Step]:
    ruled = ruled_pairs([(rule.holds, rule.score) for rule in RULES])
    lives = [ranked_lives(), described_lives(), partners(), same_partner(), comparable_lives()]
    return [*lives, ruled]
