"""Why a person is, or is not, counted: the reports, the rules, and what would change it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import duckdb

from folkestrom.engine.steps import run, step
from folkestrom.model.codes import Kind
from folkestrom.model.specification import Text
from folkestrom.register.flags import FlagReason
from folkestrom.residence.deciding import Rulebook, standing_steps, verdict_steps
from folkestrom.residence.decisions import why
from folkestrom.residence.law import RESIDENT, Rule, rules
from folkestrom.residence.tables import Decision, ResidenceReason


@dataclass(frozen=True, slots=True)
class Reported:
    """One event of the person's story, as the register has it.

    Parameters
    ----------
    kind
        What was reported.
    day
        When it happened.
    known
        From when on the register knew.
    municipality, country
        Where to or, of those who left, where from; None where it says nothing.
    """

    kind: Kind
    day: date
    known: date
    municipality: int | None
    country: int | None


@dataclass(frozen=True, slots=True)
class RuledStay:
    """One stay, and what the rules make of it.

    Parameters
    ----------
    country, municipality
        Where it is.
    begins, ends
        First day, and the day on which it ended as far as known.
    ground
        Why.
    counted_from
        From when its months are counted: the first day of the consecutive stays that it is one of.
    outcome, since
        What it makes of the person, and from when.
    rule, where
        The rule that decides, and the one that says where in Norway.
    """

    country: str
    municipality: int | None
    begins: date
    ends: date | None
    ground: str
    counted_from: date
    outcome: str
    since: date
    rule: Rule | None = None
    where: Rule | None = None


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the rules of residence say of a person.

    Parameters
    ----------
    resident
        Whether the person is counted.
    municipality
        Where, if so.
    rule
        The rule; None where no stay began before.
    stays
        Every stay, as known.
    """

    resident: bool
    municipality: int | None
    rule: Rule | None
    stays: tuple[RuledStay, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A person's story, the decision, and what would have to be different.

    Parameters
    ----------
    day, known_at
        The reference date and the knowledge date.
    registered
        The register's decision.
    story
        The events that it rests on, in their order.
    unfit_merges
        Of merges of this identity that are reported and do not hold, why.
    ruled
        What the rules say; None without stays.
    """

    day: date
    known_at: date
    registered: Decision
    story: tuple[Reported, ...]
    unfit_merges: tuple[FlagReason, ...] = ()
    ruled: Ruled | None = None


#: What would have to be different for the register to decide otherwise.
DIFFERS_REGISTERED = {
    True: Text(
        "a report of an emigration or a death, or an annulment of the arrival, known by then",
        "melding om utvandring eller dødsfall, eller en annullering av ankomsten, kjent innen da",
    ),
    False: Text(
        "a report of a birth or an immigration after what ended it, or an annulment of that, known "
        "by then",
        "melding om fødsel eller innvandring etter det som avsluttet den, eller en annullering av "
        "det, kjent innen da",
    ),
}

#: And where the person is continued as another.
DIFFERS_MERGED = Text(
    "a split of the identity, or an annulment of the merge, known by then",
    "splitting av identiteten, eller en annullering av sammenslåingen, kjent innen da",
)


def differs(decision: Decision) -> Text:
    """What would have to be different for the register to decide otherwise."""
    if decision.reason == ResidenceReason.MERGED:
        return DIFFERS_MERGED
    return DIFFERS_REGISTERED[decision.resident]


@step("story", reads=["event"])
def story() -> str:
    """The events of one person before the day, as known on the knowledge date."""
    return """
        SELECT kind, event_date, first_known, coalesce(municipality_to, municipality_from), country
        FROM event
        WHERE person = $person AND event_date < $day
          AND known_from <= $known_at AND known_to > $known_at
        ORDER BY event_date, order_in_day
    """


@step("unfit_merges", reads=["flag"])
def unfit_merges() -> str:
    """Merges of one person that are known on the knowledge date and do not hold, and why."""
    reasons = f"{FlagReason.CIRCULAR_MERGE:d}, {FlagReason.SURVIVOR_WITHOUT_RECORD:d}"
    return f"""
        SELECT reason_code FROM flag
        WHERE person = $person AND reason_code IN ({reasons})
          AND known_from <= $known_at AND known_to > $known_at
        ORDER BY position
    """


@step("persons_verdicts")
def persons_verdicts() -> str:
    """What the rules make of each stay of one person."""
    return """
        SELECT country, municipality, from_date, ended, ground, chain_from, outcome,
               since, rule, where_rule
        FROM verdicts WHERE person = $person ORDER BY from_date, since
    """


@step("persons_standing")
def persons_standing() -> str:
    """What the rules say of one person on the day."""
    return "SELECT outcome, municipality, rule, last_rule FROM standing_on WHERE person = $person"


def explain(
    connection: duckdb.DuckDBPyConnection,
    person: int,
    day: date,
    known_at: date,
    book: Rulebook | None = None,
) -> Explanation:
    """Explain why a person is, or is not, counted in the population of a day.

    Parameters
    ----------
    connection
        An open store; with stays read into it if there is a rulebook.
    person
        The person's pseudonym.
    day
        The reference date; what counts is the state at the end of the day before.
    known_at
        The knowledge date.
    book
        The rules to ask beside the register; None: none.
    """
    asked = {"person": person, "day": day, "known_at": known_at}
    told = run(connection, [story()], asked).fetchall()
    events = tuple(Reported(Kind(kind), *rest) for kind, *rest in told)
    unfit = run(connection, [unfit_merges()], asked).fetchall()
    ruled = None if book is None else _ruled(connection, book, asked)
    return Explanation(
        day, known_at, why(connection, person, day, known_at), events,
        tuple(FlagReason(code) for (code,) in unfit), ruled,
    )  # fmt: skip


def _ruled(
    connection: duckdb.DuckDBPyConnection, book: Rulebook, asked: dict[str, object]
) -> Ruled:
    every = rules()
    rows = run(connection, [*verdict_steps(book), persons_verdicts()], asked).fetchall()
    stays = tuple(
        replace(RuledStay(*told), rule=every[rule], where=None if where is None else every[where])
        for *told, rule, where in rows
    )
    found = run(connection, [*standing_steps(book), persons_standing()], asked).fetchall()
    if not found:
        return Ruled(False, None, None, stays)
    outcome, municipality, rule, last = found[0]
    number = last if rule is None else rule
    resident = outcome == RESIDENT
    return Ruled(resident, municipality if resident else None, every[number], stays)
