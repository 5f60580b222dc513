"""What the rules make of stays, counted: against the register, and by two population bases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

import duckdb
import pyarrow as pa

from folkestrom.engine.steps import Step, compose, materialise, step
from folkestrom.model.cells import Cells
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.residence.deciding import Rulebook, crossings, standing_steps, verdict_steps
from folkestrom.residence.law import BASES, RESIDENT, UNCHANGED, rules

_RULE: Final = Dimension(
    "rule",
    Text("Rule", "Regel"),
    (*(Category(rule.name, rule.label) for rule in rules()), Category("none", Text("–", "–"))),
)
_NUMBERED: Final = {number: rule.name for number, rule in enumerate(rules())}

_FINDING: Final = Dimension(
    "finding",
    Text("Register and rules", "Register og regler"),
    (
        Category("agrees", Text("Agree", "Stemmer overens")),
        Category("against", Text("Registered, and not resident by the rules",
                                 "Registrert, og ikke bosatt etter reglene")),
        Category("missing", Text("Resident by the rules, and not registered",
                                 "Bosatt etter reglene, og ikke registrert")),
        Category("elsewhere", Text("Registered in another municipality than by the rules",
                                   "Registrert i en annen kommune enn etter reglene")),
        Category("dead", Text("Registered, and dead by the stays",
                              "Registrert, og død etter oppholdene")),
    ),
)  # fmt: skip

_PLACE: Final = Dimension(
    "municipality",
    Text("Municipality", "Kommune"),
)


@step("registered_on", reads=["residence"])
def registered_on() -> str:
    """Where the register has whom, at the end of the day before `$day`, as known on `$known_at`."""
    return """
        SELECT person, municipality FROM residence
        WHERE valid_from < $day AND valid_to >= $day
          AND known_from <= $known_at AND known_to > $known_at
    """


@step("compared", reads=["residence_stay"])
def compared() -> str:
    """Persons of whom stays are told, with what the register and the rules say of them.

    The rules say nothing of the dead: those whom the register still has are a finding of their own.
    """
    return f"""
        SELECT coalesce(r.municipality, s.municipality) AS municipality,
               coalesce(CASE WHEN s.outcome = '{RESIDENT}' AND r.municipality <> s.municipality
                             THEN s.where_rule END, s.rule, s.last_rule) AS rule,
               CASE WHEN s.outcome = '{RESIDENT}' AND r.person IS NULL THEN 'missing'
                    WHEN s.outcome = '{RESIDENT}' AND r.municipality <> s.municipality
                      THEN 'elsewhere'
                    WHEN s.outcome IS DISTINCT FROM '{RESIDENT}' AND r.person IS NOT NULL
                      THEN 'against'
                    ELSE 'agrees' END AS finding
        FROM standing_on s LEFT JOIN registered_on r ON r.person = s.person
        UNION ALL
        SELECT municipality, NULL AS rule, 'dead' AS finding FROM registered_on
        WHERE person IN (
          SELECT person FROM residence_stay WHERE death_date < $day AND death_date < $known_at
            AND from_date < $known_at
        )
    """


@step("audited", example={"by": ("municipality",)})
def audited(by: tuple[str, ...]) -> str:
    """Those persons by finding, rule and, where asked for, municipality of registration."""
    columns = ", ".join((*by, "finding", "rule"))
    return f"SELECT {columns}, count(*) AS persons FROM compared GROUP BY ALL ORDER BY ALL"


AUDIT: Final = TableSpecification(
    id="residence_audit",
    title=Text(
        "Registered residence against the rules. {when}",
        "Registrert bosetting mot reglene. {when}",
    ),
    dimensions=(),
    measures=(Measure("persons", Text("Persons", "Personer"), Text("persons", "personer")),),
    contents=Text(
        "Persons of whom stays are told, by whether the register agrees with the rules of "
        "residence, and by the rule that decides; the dead only where the register still has them.",
        "Personer det er meldt opphold for, etter om registeret stemmer med bosettingsreglene, og "
        "etter regelen som avgjør; døde bare der registeret fortsatt har dem.",
    ),
    reference_time=Text("{when}", "{when}"),
    method=Text(
        "Rules of residence ({method}) on stays, and the register, both as known on {known}.",
        "Bosettingsreglene ({method}) på opphold, og registeret, begge slik de var kjent {known}.",
    ),
    knowledge_time=same("{known}"),
)


def audit(
    connection: duckdb.DuckDBPyConnection,
    book: Rulebook,
    day: date,
    known_at: date,
    by: tuple[str, ...] = (),
) -> Cells:
    """Whom the register counts against the rules, and whom it does not count though they say so.

    Parameters
    ----------
    connection
        An open store, with stays read into it.
    book
        The rules.
    day
        The reference date; what counts is the state at the end of the day before.
    known_at
        The knowledge date.
    by
        ("municipality",) or nothing.
    """  # fmt: skip
    steps: list[Step] = [
        *standing_steps(book), registered_on(), compared(), audited(by),
    ]  # fmt: skip
    found = _fetched(connection, steps, {"day": day, "known_at": known_at})
    columns: dict[str, Any] = {
        name: [f"{code:04d}" for code in found[name].to_pylist()] for name in by
    }
    columns["finding"] = found["finding"]
    columns["rule"] = _names(found["rule"])
    columns["persons"] = found["persons"].cast(pa.int64())
    filled = AUDIT.fill(when=day, known=known_at, method=_method(book))
    places = (_PLACE,) if by else ()
    specification = replace(
        filled, dimensions=(*places, _FINDING, _RULE), footnotes=_laws(columns["rule"])
    )
    return Cells(specification, pa.table(columns))


# --- Two population bases ---


@step("crossings_of_both")
def crossings_of_both() -> str:
    """Immigrations and emigrations of a year by either base, each with the other's rule on it.

    The base that does not count it names the rule that decided there; where both do, or the other
    knows of no such stay (a notice), the law's.
    """
    return f"""
        SELECT coalesce(r.outcome, u.outcome) AS outcome,
               r.stay IS NOT NULL AS registered, u.stay IS NOT NULL AS usual,
               CASE WHEN r.stay IS NULL THEN rv.rule ELSE coalesce(CASE WHEN u.stay IS NULL
                    THEN uv.rule END, r.rule) END AS rule
        FROM (SELECT * FROM registered_crossings WHERE since >= $start AND since < $end) AS r
        FULL JOIN (SELECT * FROM usual_crossings WHERE since >= $start AND since < $end) AS u
          ON u.stay = r.stay AND u.country = r.country AND u.outcome = r.outcome
        LEFT JOIN registered_verdicts rv ON rv.stay = u.stay AND rv.country = u.country
        LEFT JOIN usual_verdicts uv ON uv.stay = r.stay AND uv.country = r.country
        WHERE coalesce(r.outcome, u.outcome) <> '{UNCHANGED}'
    """


@step("bridged")
def bridged() -> str:
    """How many each base counts, by what decides."""
    return """
        SELECT CASE outcome WHEN 'resident' THEN 'immigration' ELSE 'emigration' END AS event,
               CASE WHEN registered AND usual THEN 'both' WHEN registered THEN 'registered_only'
                    ELSE 'usual_only' END AS counted,
               rule,
               count(*) FILTER (registered) AS registered,
               count(*) FILTER (usual) AS usual
        FROM crossings_of_both
        GROUP BY ALL ORDER BY ALL
    """


_EVENT: Final = Dimension(
    "event",
    Text("Event", "Hendelse"),
    (
        Category("immigration", Text("Immigrations", "Innvandringer")),
        Category("emigration", Text("Emigrations", "Utvandringer")),
    ),
)
_COUNTED: Final = Dimension(
    "counted",
    Text("Counted", "Regnet med"),
    (
        Category("both", Text("By both", "Av begge")),
        Category("registered_only", Text("By the law only", "Bare etter loven")),
        Category("usual_only", Text("By usual residence only", "Bare etter vanlig bosted")),
    ),
)
BRIDGE: Final = TableSpecification(
    id="population_bases",
    title=Text(
        "Migration by two population bases. {when}",
        "Inn- og utvandring etter to befolkningsbegreper. {when}",
    ),
    dimensions=(_EVENT, _COUNTED, _RULE),
    measures=(
        Measure("registered", Text("By the law (six months)", "Etter loven (seks måneder)"),
                Text("events", "hendelser")),
        Measure("usual", Text("By usual residence (twelve months)",
                              "Etter vanlig bosted (tolv måneder)"),
                Text("events", "hendelser")),
    ),
    contents=Text(
        "Immigrations and emigrations by the law of population registration and by usual "
        "residence, of the same stays, with the rule that makes the difference.",
        "Inn- og utvandringer etter folkeregisterloven og etter vanlig bosted, for de samme "
        "oppholdene, med regelen som gjør forskjellen.",
    ),
    reference_time=Text("{when}", "{when}"),
    method=Text(
        "The law's rules ({method}), and usual residence by Regulation (EU) 2025/2458, as known "
        "on {known}.",
        "Lovens regler ({method}), og vanlig bosted etter forordning (EU) 2025/2458, slik de var "
        "kjent {known}.",
    ),
    knowledge_time=same("{known}"),
)  # fmt: skip


def bridge(
    connection: duckdb.DuckDBPyConnection, book: Rulebook, start: date, end: date, known_at: date
) -> Cells:
    """Migration of a period by the law and by usual residence, with what makes the difference.

    Parameters
    ----------
    connection
        A connection with stays read into it.
    book
        The law's rules; the reading is used for both bases.
    start, end
        The period, `[start, end)`.
    known_at
        The knowledge date.
    """
    for base in BASES:
        made = compose(verdict_steps(Rulebook(base, book.reading)))
        crossed = crossings().sql.replace("FROM verdicts", f"FROM {base}_verdicts")
        steps = [
            Step(f"{base}_verdicts", made, "What the rules of a base make of each stay."),
            Step(f"{base}_crossings", crossed, "Immigrations and emigrations by a base."),
        ]
        materialise(connection, steps, {"known_at": known_at}, trace=[])
    steps = [crossings_of_both(), bridged()]
    found = _fetched(connection, steps, {"start": start, "end": end})
    columns: dict[str, Any] = {name: found[name] for name in ("event", "counted")}
    columns["rule"] = _names(found["rule"])
    columns |= {name: found[name].cast(pa.int64()) for name in ("registered", "usual")}
    when = f"{start} – {end}"
    filled = BRIDGE.fill(when=when, known=known_at, method=_method(book))
    return Cells(replace(filled, footnotes=_laws(columns["rule"])), pa.table(columns))


def _laws(names: pa.Array) -> tuple[Text, ...]:
    """The rules that a table names, in words, with their source."""
    named = set(names.to_pylist())
    return tuple(
        Text(
            f"{rule.label.en}: {rule.text.en} ({rule.citation.en})",
            f"{rule.label.no}: {rule.text.no} ({rule.citation.no})",
        )
        for rule in rules()
        if rule.name in named
    )


def _method(book: Rulebook) -> str:
    return f"{book.base}, {book.reading}"


def _names(column: pa.ChunkedArray) -> pa.Array:
    """Names of rules by their numbers."""
    return pa.array(["none" if n is None else _NUMBERED[n] for n in column.to_pylist()])


def _fetched(
    connection: duckdb.DuckDBPyConnection, steps: list[Step], parameters: dict[str, object]
) -> pa.Table:
    return connection.sql(compose(steps), params=parameters).to_arrow_table()
