"""Whose description changes with what is known: few persons, who are described on each date.

Everybody else is described once, however many knowledge dates are asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from folkestrom.engine.steps import step
from folkestrom.model.identities import naming_always
from folkestrom.model.knowledge import ALWAYS_KNOWN, EVER_KNOWN, changing
from folkestrom.variables.description import EVENT_ROWS, PERSON_DAYS, RESIDENTS, Rows
from folkestrom.variables.knowledge.places import of_places
from folkestrom.variables.sources import (
    AGE,
    ATTRIBUTE,
    BIRTHPLACE,
    CHILDREN,
    CITIZENSHIP,
    HISTORIES,
    MARITAL,
    MATERNITY,
    MOTHER,
    PARENTS,
    RESIDENCE,
    YEAR,
    Completed,
    History,
    Source,
)

#: The table of these persons.
TABLE: Final = "persons_redescribed"

_TOLD: Final = "kin_as_known"

#: What residents, and events, have by themselves, whatever is known of anything else.
_OWN: Final[dict[str, set[Source]]] = {
    RESIDENTS.name: {AGE, ATTRIBUTE, BIRTHPLACE, RESIDENCE},
    EVENT_ROWS.name: {AGE, ATTRIBUTE, RESIDENCE},
}


def described_by(needs: Sequence[Source], rows: Rows) -> list[Source]:
    """What describes persons in rows and changes with what is known.

    Parameters
    ----------
    needs
        What variables need.
    rows
        Residents or events.
    """
    without = {*_OWN[rows.name], YEAR, *of_places(needs)}
    return [n for n in needs if n not in without and not isinstance(n, Completed)]


@step(_TOLD, reads=["attribute", "identity"])
def kin_as_known() -> str:
    """Births and parents of persons, these by the numbers that go on, by times of knowledge.

    A merge of identities is one more thing that becomes known of those whom it names.
    """
    return f"""
        SELECT person, birth_date, country_of_birth, mother, father, known_from, known_to
        FROM {naming_always("attribute", ("mother", "father"))} AS told WHERE {EVER_KNOWN}
    """


@step(
    TABLE,
    reads=["event", *HISTORIES],
    example={"source": "residents_as_known", "needs": (MARITAL, CITIZENSHIP, PARENTS)},
)
def redescribed(source: str, needs: Sequence[Source], rows: Rows = RESIDENTS) -> str:
    """Persons of a source of whom what describes them is not the same on all knowledge dates.

    Residents are described on one day; persons in events on days of a period, and whatever becomes
    known of their histories in between counts.
    """
    told = [need for need in needs if isinstance(need, History)]
    parts = [_of(h.table, h.stored, h.holds, rows) for h in told if not h.made]
    if any(history.made and history is not CHILDREN for history in told):
        until = "$eve + 1" if rows is RESIDENTS else "$end"
        parts.append(
            f"SELECT person FROM event WHERE event_date < {until} AND {EVER_KNOWN} "
            f"AND NOT ({ALWAYS_KNOWN})"
        )
    of_kin = changing(_TOLD, ("birth_date", "country_of_birth", "mother", "father"))
    if {PARENTS, MOTHER} & {*needs}:
        own = " OR ".join(f"{who} IN ({of_kin})" for who in ("person", "mother", "father"))
        parts.append(f"SELECT person FROM {_TOLD} WHERE {own}")
    if MATERNITY in needs:
        wed = _of("marital", ("marital_status",), "on", rows)
        mothers = f"SELECT mother FROM {_TOLD} WHERE person IN ({of_kin}) UNION {wed}"
        parts.append(f"SELECT person FROM {_TOLD} WHERE mother IN ({mothers})")
    if CHILDREN in needs:
        kin = f"({of_kin} UNION {_of('residence', ('birth_date',), 'on', rows)})"
        # Children of residents are residents; who is born later is nobody's child on the day.
        there = f" AND person IN (SELECT person FROM {source})" if rows is RESIDENTS else ""
        parts.append(
            f"SELECT unnest([mother, father]) AS person FROM {_TOLD} WHERE person IN {kin}{there}"
        )
    changed = " UNION ".join(parts)
    return f"SELECT person FROM ({changed}) WHERE person IN (SELECT person FROM {source})"


def _of(table: str, columns: Sequence[str], holds: str, rows: Rows) -> str:
    """Persons whose history changes in the time in which it describes rows."""
    if holds == "always":
        return changing(table, columns)
    if rows is not RESIDENTS:
        return changing(table, columns, ("$start - 1", "$end"))
    day = RESIDENTS.reference_day if holds == "reference" else RESIDENTS.day
    return changing(table, columns, (day, f"{day} + 1"))


@step("quiet_rows", example={"source": "residents_as_known"})
def quiet_rows(source: str) -> str:
    """Rows of everybody else."""
    return f"SELECT * FROM {source} WHERE person NOT IN (SELECT person FROM {TABLE})"


@step("rows_on_dates", example={"source": "residents_as_known", "days": 3})
def rows_on_dates(source: str, days: int, rows: Rows = RESIDENTS) -> str:
    """Rows of these persons, once for each knowledge date `$known_0` … on which they are there."""
    dates = ", ".join(f"($known_{n})" for n in range(days))
    day, on = ("$eve AS described_on, ", "$eve + 1") if rows is RESIDENTS else ("", "described_on")
    return f"""
        SELECT r.* EXCLUDE (known_from, known_to), {day}{on} AS reference_day,
               k.known, k.known AS known_from, k.known + 1 AS known_to
        FROM {source} r
        JOIN (VALUES {dates}) AS k(known) ON r.known_from <= k.known AND r.known_to > k.known
        WHERE person IN (SELECT person FROM {TABLE})
    """


#: How those rows are described: all persons at once.
ON_DATES: Final = {
    RESIDENTS.name: replace(
        PERSON_DAYS, name=RESIDENTS.name, year=RESIDENTS.year, first_day="$eve",
        have=RESIDENTS.have | {"reference_day"},
    ),
    EVENT_ROWS.name: replace(
        EVENT_ROWS, known="r.known", have=EVENT_ROWS.have | {"reference_day"}, many=True
    ),
}  # fmt: skip
EVERYBODY: Final = {"low": -(2**63), "high": 2**63 - 1}


def parameters(of: dict[str, object], known: Sequence[date]) -> dict[str, object]:
    """Values of all these steps: those of the question, and its knowledge dates in order."""
    dates: dict[str, object] = {f"known_{n}": day for n, day in enumerate(known)}
    first_last = {"known_first": known[0], "known_last": known[-1]}
    # Who is described once is described as known on the first of them.
    once = {"known_at": known[0], "known_end": known[0]}
    return of | dates | first_last | once | EVERYBODY
