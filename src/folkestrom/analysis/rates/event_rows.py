"""Rows of events that are no flows: births by their mothers, changes of a person's status.

They have the columns of the rows of flows, and are described as those are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from folkestrom.engine.steps import step
from folkestrom.model.codes import PARTNERED_STATUSES, Kind, MaritalStatus
from folkestrom.model.countries import NO_CODE
from folkestrom.model.identities import naming
from folkestrom.statistics.flows import ENDS

_COLUMNS: Final = """CAST(NULL AS SMALLINT) AS country, CAST(NULL AS TINYINT) AS reason,
               r.sex, r.birth_date"""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A change of a status that a person has.

    Parameters
    ----------
    history
        The history that has it.
    column
        The status in it.
    kind
        Kind of the report that tells it.
    not_before
        Statuses before it of which it is no change.
    after
        Statuses that it leads to.
    """

    history: str
    column: str
    kind: Kind
    not_before: tuple[int, ...]
    after: tuple[int, ...]


_DIVORCED: Final = (int(MaritalStatus.DIVORCED), int(MaritalStatus.DIVORCED_PARTNER))
MARRIAGE: Final = StatusChange(
    "marital", "marital_status", Kind.MARITAL_CHANGE,
    tuple(sorted(int(status) for status in PARTNERED_STATUSES)),
    (int(MaritalStatus.MARRIED), int(MaritalStatus.REGISTERED_PARTNER)),
)  # fmt: skip
DIVORCE: Final = StatusChange(
    "marital", "marital_status", Kind.MARITAL_CHANGE, _DIVORCED, _DIVORCED
)
NATURALISATION: Final = StatusChange(
    "citizenship", "citizenship", Kind.CITIZENSHIP_CHANGE, (NO_CODE,), (NO_CODE,)
)


def _known(alias: str) -> str:
    return f"{alias}.known_from <= $known_end AND {alias}.known_to > $known_end"


@step("births_by_mother", reads=["attribute", "identity"])
def births_by_mother() -> str:
    """Every birth of the period, as something that happens to the mother, where the child is born.

    Who is born to a mother who is not in the register, or unknown, is not among them.
    """
    return f"""
        SELECT m.person, b.kind, b.event_date, b.country, b.reason, m.sex, m.birth_date,
               b.event_date - 1 AS described_on, FALSE AS arriving,
               b.municipality_to AS municipality, b.basic_unit_to AS basic_unit
        FROM counted_events b
        JOIN {naming("attribute", ["mother"], "$known_end")} a ON a.person = b.person
        JOIN attribute m ON m.person = a.mother AND {_known("m")}
        WHERE b.kind = {int(Kind.BIRTH)}
    """


@step("returns", reads=["residence"])
def returns() -> str:
    """Every immigration of the period of who was resident before, at the place of arrival."""
    return f"""
        SELECT e.person, e.kind, e.event_date, e.country, e.reason, e.sex, e.birth_date,
               e.event_date AS described_on, TRUE AS arriving,
               e.municipality_to AS municipality, e.basic_unit_to AS basic_unit
        FROM counted_events e
        WHERE e.kind = {int(Kind.IMMIGRATION)} AND EXISTS (
          SELECT 1 FROM residence r
          WHERE r.person = e.person AND r.valid_from < e.event_date AND {_known("r")}
        )
    """


@step("moves_into", example={"level": 1, "number": 3})
def moves_into(level: int, number: int) -> str:
    """Every move of the period into one county (level 1) or municipality (2), at the place left."""
    left, reached = ENDS[level]
    return f"""
        SELECT person, kind, event_date, country, reason, sex, birth_date,
               event_date - 1 AS described_on, FALSE AS arriving,
               municipality_from AS municipality, basic_unit_from AS basic_unit
        FROM counted_events
        WHERE kind = {int(Kind.MOVE)} AND {reached} = {int(number)} AND {left} <> {int(number)}
    """


@step("couples", reads=["marital", "identity"], example={"source": "flow_rows"})
def couples(source: str, *, end: bool = False) -> str:
    """Number of couples whose status changed: who shares partner and day with another counts once.

    The partner is the one whom the new status names; where couples end, as by divorce, whom the
    last status named that named anybody. Who has none in the register counts alone.
    """
    named = "<=" if end else "="
    return f"""
        SELECT count(DISTINCT (least(person, other), greatest(person, other), event_date)) AS events
        FROM (
          SELECT c.person, c.event_date, coalesce(
              arg_max(h.partner, h.valid_from) FILTER (WHERE h.partner IS NOT NULL), c.person)
              AS other
          FROM {source} c
          JOIN {naming("marital", ["partner"], "$known_end")} h
            ON h.person = c.person AND h.valid_from {named} c.event_date
          GROUP BY c.person, c.event_date
        )
    """


@step("status_changes", reads=["marital", "citizenship", "residence"], example={"of": MARRIAGE})
def status_changes(of: StatusChange) -> str:
    """Every change of a status in the period of those resident at the end of the day before.

    A status that came with a person's first record is no change, and neither is one that follows a
    status of the same sort, as reconciliation after separation is no marriage.
    """
    after, before = (", ".join(map(str, codes)) for codes in (of.after, of.not_before))
    return f"""
        SELECT r.person, {int(of.kind)} AS kind, h.valid_from AS event_date, {_COLUMNS},
               h.valid_from - 1 AS described_on, FALSE AS arriving, r.municipality, r.basic_unit
        FROM {of.history} h
        JOIN {of.history} p
          ON p.person = h.person AND p.valid_to = h.valid_from AND {_known("p")}
        JOIN residence r
          ON r.person = h.person AND r.valid_from < h.valid_from AND r.valid_to >= h.valid_from
          AND {_known("r")}
        WHERE h.valid_from >= $start AND h.valid_from < $end AND {_known("h")}
          AND h.{of.column} IN ({after}) AND p.{of.column} NOT IN ({before})
    """
