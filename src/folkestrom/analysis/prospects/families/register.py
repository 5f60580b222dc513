"""What a register knows of families: who lives with whom, and what happened in the years before."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom.analysis.microsimulation.family_kernel import DIVORCED, MARRIED, NEVER, WIDOWED
from folkestrom.analysis.rates.event_rows import StatusChange
from folkestrom.engine.steps import step
from folkestrom.model.codes import Kind, MaritalStatus
from folkestrom.model.identities import naming
from folkestrom.statistics.population import Moment, fetch, residents

#: How long those who came are donors of what those who will come are like.
_RECENT: Final = timedelta(days=2 * 365)
#: What the simulation tells apart of marital statuses: the separated are among the divorced.
STATUS_OF: Final = {
    status: {"NEVER": NEVER, "UNKNOWN": NEVER, "MARRIED": MARRIED, "REGISTERED": MARRIED,
             "WIDOWED": WIDOWED, "SURVIVING": WIDOWED}.get(status.name.split("_")[0], DIVORCED)
    for status in MaritalStatus
}  # fmt: skip


def _numbers(of: int) -> tuple[int, ...]:
    return tuple(int(status) for status, simulated in STATUS_OF.items() if simulated == of)


def _change(to: int) -> StatusChange:
    numbers = _numbers(to)
    return StatusChange("marital", "marital_status", Kind.MARITAL_CHANGE, numbers, numbers)


MARRIAGE, WIDOWHOOD, DIVORCE = _change(MARRIED), _change(WIDOWED), _change(DIVORCED)
_MARRIED: Final = f"marital_status IN ({', '.join(map(str, _numbers(MARRIED)))})"
_NEVER: Final = ", ".join(map(str, _numbers(NEVER)))


def _known(alias: str, at: str = "$known_end") -> str:
    return f"{alias}.known_from <= {at} AND {alias}.known_to > {at}"


@step("statuses", reads=["marital", "identity"])
def statuses() -> str:
    """Marital status and spouse at the end of the day before the reference date."""
    return f"""
        SELECT person, marital_status, CASE WHEN {_MARRIED} THEN partner END AS spouse
        FROM {naming("marital", ["partner"], "$known_at")} AS named
        WHERE valid_from <= $eve AND valid_to > $eve
    """


@step("families", reads=["attribute", "event", "identity"])
def families() -> str:
    """Each person's marital status, spouse, and the parent whom a child lives with.

    Spouses are two who name each other; they live apart if in different municipalities. A child
    is who has never married, and lives in the same basic unit as the mother, or else the father.
    """
    return f"""
        SELECT a.person, coalesce(m.marital_status, 0) AS marital_status, o.person AS spouse,
               coalesce(h.municipality <> s.municipality, FALSE) AS apart,
               CASE WHEN coalesce(m.marital_status, 0) NOT IN ({_NEVER}) THEN NULL
                    WHEN mother.basic_unit = h.basic_unit THEN a.mother
                    WHEN father.basic_unit = h.basic_unit THEN a.father END AS parent,
               mother.person IS NOT NULL OR father.person IS NOT NULL AS has_parent,
               i.person IS NOT NULL AS recent
        FROM {naming("attribute", ["mother", "father"], "$known_at")} a
        LEFT JOIN statuses m ON m.person = a.person
        LEFT JOIN statuses o ON o.person = m.spouse AND o.spouse = a.person
        LEFT JOIN residents h ON h.person = a.person
        LEFT JOIN residents s ON s.person = o.person
        LEFT JOIN residents mother ON mother.person = a.mother
        LEFT JOIN residents father ON father.person = a.father
        LEFT JOIN (
          SELECT DISTINCT person FROM event e
          WHERE kind = {int(Kind.IMMIGRATION)} AND event_date > $recent AND event_date <= $eve
            AND {_known("e", "$known_at")}
        ) i ON i.person = a.person
    """


@step(
    "with_partners", reads=["marital", "attribute", "identity", "residence"],
    example={"source": "flow_rows", "before": True},
)  # fmt: skip
def with_partners(source: str, before: bool = False) -> str:
    """Each change of status with its partner: days of age of both, and whether the other was here.

    The partner is the one whom the new status names, or the one before; who was resident in the
    year before was here.
    """
    spell = "h.valid_to" if before else "h.valid_from"
    return f"""
        SELECT c.sex, c.event_date - c.birth_date AS days, o.sex AS other_sex,
               c.event_date - o.birth_date AS other_days, q.person IS NOT NULL AS here,
               a.country_of_birth, o.country_of_birth AS other_country_of_birth
        FROM {source} c
        JOIN {naming("marital", ["partner"], "$known_end")} h
          ON h.person = c.person AND {spell} = c.event_date
        JOIN attribute a ON a.person = c.person AND {_known("a")}
        LEFT JOIN attribute o ON o.person = h.partner AND {_known("o")}
        LEFT JOIN (
          SELECT person, min(valid_from) AS since, max(valid_to) AS until
          FROM residence r WHERE {_known("r")} GROUP BY person
        ) q ON q.person = h.partner AND q.since < c.event_date AND q.until >= c.event_date - 365
        WHERE c.birth_date IS NOT NULL
        ORDER BY c.person, c.event_date
    """


@step("left_with", reads=["marital", "attribute", "identity", "residence"])
def left_with() -> str:
    """How many emigrants had a spouse here or, under 18, a mother, and how many left with them.

    With them is in the same year; here is resident at its beginning.
    """
    began = "make_date(year(e.event_date), 1, 1)"

    def who(person: str, alias: str) -> str:
        return f"""
        LEFT JOIN residence {alias} ON {alias}.person = {person} AND {alias}.valid_from < {began}
          AND {alias}.valid_to >= {began} AND {_known(alias)}
        LEFT JOIN gone {alias}_left ON {alias}_left.person = {alias}.person
          AND {alias}_left.year = year(e.event_date)"""

    young = "e.event_date - e.birth_date < 6574"  # Days of 18 years.
    return f"""
        SELECT count(s.person) AS spouses, count(s_left.person) AS couples,
               count(CASE WHEN {young} THEN n.person END) AS children,
               count(CASE WHEN {young} THEN n_left.person END) AS followers
        FROM counted_events e
        JOIN {naming("attribute", ["mother"], "$known_end")} a ON a.person = e.person
        LEFT JOIN {naming("marital", ["partner"], "$known_end")} m
          ON m.person = e.person AND m.valid_from < e.event_date
          AND m.valid_to >= e.event_date AND m.{_MARRIED}
        {who("m.partner", "s")}
        {who("a.mother", "n")}
    """


@step("gone")
def gone() -> str:
    """Who left in which year."""
    return "SELECT DISTINCT person, year(event_date) AS year FROM counted_events"


def linked(
    connection: duckdb.DuckDBPyConnection, day: date, known: date, persons: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """Families of individuals, by the columns of `Lives`, and `has_parent` and `recent`.

    Parameters
    ----------
    connection
        An open store.
    day, known
        The day at whose beginning they are looked at, and its knowledge date.
    persons
        The individuals' pseudonyms, in their order.
    """
    moment = Moment(day, known)
    values = moment.parameters | {"recent": day - _RECENT}
    frame = pl.DataFrame(fetch(connection, [residents(), statuses(), families()], values))
    places = pl.DataFrame({"person": persons, "place": np.arange(len(persons), dtype=np.int32)})
    found = places.join(frame, "person", "left", maintain_order="left")
    for name in ("spouse", "parent"):
        of = places.rename({"person": name, "place": f"{name}_place"})
        found = found.join(of, name, "left", maintain_order="left")
    spouse, parent = (
        found[f"{name}_place"].fill_null(-1).to_numpy().copy() for name in ("spouse", "parent")
    )
    # Who has a child, or a spouse, is no child in the household of the parents.
    parent[parent[parent >= 0]] = -1
    status = np.array([STATUS_OF[one] for one in MaritalStatus])
    return {
        "marital": status[found["marital_status"].to_numpy()],
        "spouse": spouse, "parent": parent, "apart": found["apart"].to_numpy().astype(np.int8),
        "has_parent": found["has_parent"].to_numpy(), "recent": found["recent"].to_numpy(),
    }  # fmt: skip
