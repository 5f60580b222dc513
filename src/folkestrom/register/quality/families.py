"""Kin that cannot be: what no report shows by itself, and no order of events contradicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.engine.steps import run, step
from folkestrom.model.cells import Cells
from folkestrom.model.codes import Kind
from folkestrom.model.identities import naming
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)


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


@dataclass(frozen=True, slots=True)
class Rule:
    """What cannot be of a family, or hardly can.

    Parameters
    ----------
    name
        Its name.
    source
        The step whose rows it looks at.
    breaks
        When a row breaks it, as SQL.
    label
        The rule in words.
    """

    name: str
    source: str
    breaks: str
    label: Text


_AGE: Final = "datediff('month', parent_born, born) - CAST(day(born) < day(parent_born) AS INTEGER)"
#: Ages of mothers are those at which births are looked at by hand; twins may be born over midnight.
RULES: Final = (
    Rule("own_parent", "parents", "person = parent",
         Text("Parent of oneself", "Forelder til seg selv")),
    Rule("parent_not_older", "parents", "person <> parent AND parent_born >= born",
         Text("Not younger than a parent", "Ikke yngre enn en forelder")),
    Rule("mother_young", "parents", f"mother AND parent_born < born AND {_AGE} < 12 * 12",
         Text("Born when the mother was below 12", "Født da moren var under 12 år")),
    Rule("mother_old", "parents", f"mother AND {_AGE} >= 56 * 12",
         Text("Born when the mother was above 55", "Født da moren var over 55 år")),
    Rule("father_young", "parents", f"NOT mother AND parent_born < born AND {_AGE} < 12 * 12",
         Text("Born when the father was below 12", "Født da faren var under 12 år")),
    Rule("mother_dead", "parents", "mother AND born > parent_died",
         Text("Born after the mother's death", "Født etter morens død")),
    Rule("mother_male", "parents", "mother AND parent_sex = 1",
         Text("Mother registered as a man", "Mor registrert som mann")),
    Rule("one_parent_twice", "parents", "mother AND parent = other_parent",
         Text("One person is mother and father", "Én person er mor og far")),
    Rule("siblings_close", "siblings", "days BETWEEN 3 AND 179",
         Text("Siblings of one mother born days or months apart",
              "Søsken med samme mor født med dager eller måneder imellom")),
    Rule("own_spouse", "couples", "person = partner",
         Text("Married to oneself", "Gift med seg selv")),
    Rule("two_spouses", "couples", "claims > 1",
         Text("Spouse of two at once", "Ektefelle til to samtidig")),
    Rule("spouse_elsewhere", "couples", "person <> partner AND partners_partner <> person",
         Text("Whose spouse has another spouse", "Ektefellen har en annen ektefelle")),
    Rule("married_child", "couples", "married < born + INTERVAL 16 YEAR",
         Text("Married before the age of 16", "Gift før fylte 16 år")),
)  # fmt: skip
SPECIFICATION: Final = TableSpecification(
    id="impossible-families",
    title=Text("Families that cannot be", "Familier som ikke kan være"),
    dimensions=(
        Dimension("rule", Text("Rule", "Regel"), tuple(Category(r.name, r.label) for r in RULES)),
    ),
    measures=(Measure("persons", Text("Persons", "Personer"), Text("persons", "personer")),),
    contents=Text(
        "Persons whose parents, siblings or spouse, as they are registered, break a rule. Most are "
        "wrong numbers or dates in a report; a few are true.",
        "Personer der foreldre, søsken eller ektefelle slik de er registrert, bryter en regel. De "
        "fleste er feil numre eller datoer i en melding; noen få er sanne.",
    ),
    method=Text("As known on {known}.", "Slik det var kjent {known}."),
    knowledge_time=same("{known}"),
    listing=True,
)

_KNOWN: Final = "known_from <= $known_at AND known_to > $known_at"


@step("described", reads=["attribute"])
def described() -> str:
    """Everybody's sex and birth date as known on a day."""
    return f"""
        SELECT person, arg_max(sex, valid_from) AS sex, arg_max(birth_date, valid_from) AS born
        FROM attribute WHERE {_KNOWN} GROUP BY person
    """


@step("parents", reads=["attribute", "identity", "event"])
def parents() -> str:
    """Each person with each registered parent."""
    named = " UNION ALL ".join(
        f"SELECT DISTINCT person, {one} AS parent, {other} AS other_parent, {is_mother} AS mother "
        f"FROM {naming('attribute', ['mother', 'father'], '$known_at')} AS {one}s "
        f"WHERE {one} IS NOT NULL"
        for one, other, is_mother in (("mother", "father", "TRUE"), ("father", "mother", "FALSE"))
    )
    return f"""
        SELECT n.person, n.parent, n.other_parent, n.mother, c.born, p.born AS parent_born,
               p.sex AS parent_sex, d.died AS parent_died
        FROM ({named}) AS n
        JOIN described c ON c.person = n.person
        LEFT JOIN described p ON p.person = n.parent
        LEFT JOIN (
          SELECT person, min(event_date) AS died FROM event
          WHERE kind = {int(Kind.DEATH)} AND {_KNOWN} GROUP BY person
        ) AS d ON d.person = n.parent
    """


@step("siblings")
def siblings() -> str:
    """Children of a mother with the days since the one before."""
    return """
        SELECT person,
               born - lag(born) OVER (PARTITION BY parent ORDER BY born, person) AS days
        FROM parents WHERE mother
    """


@step("couples", reads=["marital", "identity", "stay"])
def couples() -> str:
    """Residents who are married or in a partnership, and how many say so of the same partner.

    Of who has left, the register keeps the last marital status whatever happens abroad.
    """
    now = f"""
        SELECT person, partner, valid_from AS married
        FROM {naming("marital", ["partner"], "$known_at")} AS named
        WHERE partner IS NOT NULL AND valid_from <= $known_at AND valid_to > $known_at
          AND person IN (
            SELECT person FROM stay
            WHERE {_KNOWN} AND valid_from <= $known_at AND valid_to > $known_at
          )
    """
    return f"""
        SELECT m.person, m.partner, m.married, d.born, o.partner AS partners_partner,
               c.claims
        FROM ({now}) AS m JOIN described d ON d.person = m.person
        LEFT JOIN ({now}) AS o ON o.person = m.partner
        LEFT JOIN (
          SELECT partner, count(DISTINCT person) AS claims FROM ({now}) AS n GROUP BY partner
        ) AS c ON c.partner = m.person
    """


@step("broken_rules")
def broken_rules() -> str:
    """Persons by the number of each rule that they break."""
    return " UNION ALL ".join(
        f"SELECT {n} AS rule, count(DISTINCT person) AS persons FROM {rule.source} "
        f"WHERE {rule.breaks}"
        for n, rule in enumerate(RULES)
    )


def impossible_families(connection: duckdb.DuckDBPyConnection, known_at: date) -> Cells:
    """How many persons break each rule.

    Parameters
    ----------
    connection
        An open store.
    known_at
        Knowledge date.
    """
    steps = [described(), parents(), siblings(), couples(), broken_rules()]
    found = dict(run(connection, steps, {"known_at": known_at}).fetchall())
    rows = {
        "rule": [rule.name for rule in RULES],
        "persons": pa.array([found.get(n, 0) for n in range(len(RULES))], pa.int64()),
    }
    return Cells(SPECIFICATION.fill(known=known_at), pa.table(rows))
