"""Rows of persons at days, described by the histories: what held then, as known on a day.

A row has `person`, `described_on`, `reference_day` and `known` (the knowledge day). What the
register says is the state at the end of `described_on`, as in every stock: that of 1 January is the
state at the end of 31 December. A linked value is that of the reference day itself, since an
interval from 1 January on says what holds in the new year. Each step adds columns of one history,
by the one filter on four columns that every history is read with. `$low` and `$high` bound the
persons that are worked on together; `$known_first` and `$known_last` the knowledge days that occur.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from folkestrom.engine.steps import Step, step
from folkestrom.model.codes import Kind
from folkestrom.statistics.as_of import age_sql

#: Persons of a part; the rest of the history need not be looked at.
PART: Final = "person >= $low AND person < $high"
#: Rows of a history that are known on any knowledge day that occurs.
EVER_KNOWN: Final = "known_from <= $known_last AND known_to > $known_first"

_STARTS: Final = f"{int(Kind.FIRST_REGISTRATION)}, {int(Kind.BIRTH)}, {int(Kind.IMMIGRATION)}"
#: Younger than this is a child, here.
_ADULT: Final = 18
#: Needs that begin so are of linked variables, and go on with the variable's name.
LINKED: Final = "linked:"
#: Needs that begin so are of linked variables of places.
LINKED_PLACE: Final = "linked_place:"


def _known(history: str) -> str:
    return f"{history}.known_from <= r.known AND {history}.known_to > r.known"


def _holds(history: str, day: str = "described_on") -> str:
    return f"""{history}.person = r.person
          AND {history}.valid_from <= r.{day} AND {history}.valid_to > r.{day}
          AND {_known(history)}"""


def _part_of(history: str, columns: str) -> str:
    return f"""(SELECT person, {columns}, valid_from, valid_to, known_from, known_to
          FROM {history} WHERE {PART} AND {EVER_KNOWN})"""


@step("rows_with_place", example={"source": "rows_of_part"})
def rows_with_place(source: str) -> str:
    """Where the person lived; nothing for who was not resident."""
    return f"""
        SELECT r.*, h.municipality, h.basic_unit
        FROM {source} r
        LEFT JOIN {_part_of("residence", "municipality, basic_unit")} h ON {_holds("h")}
    """


@step("rows_with_attribute", example={"source": "rows_of_part"})
def rows_with_attribute(source: str) -> str:
    """Sex, date and country of birth, which hold for the whole of a life."""
    return f"""
        SELECT r.*, h.sex, h.birth_date, h.country_of_birth
        FROM {source} r
        LEFT JOIN (SELECT * FROM attribute WHERE {PART} AND {EVER_KNOWN}) h
          ON h.person = r.person AND {_known("h")}
    """


@step("rows_with_age", example={"source": "rows_with_attribute"})
def rows_with_age(source: str) -> str:
    """Completed age at the end of the day."""
    return f"SELECT r.*, {age_sql('described_on')} AS age FROM {source} r"


@step("rows_with_marital", example={"source": "rows_of_part"})
def rows_with_marital(source: str) -> str:
    """Marital status; unknown where the register has none."""
    return f"""
        SELECT r.*, coalesce(h.marital_status, 0) AS marital_status
        FROM {source} r
        LEFT JOIN {_part_of("marital", "marital_status")} h ON {_holds("h")}
    """


@step("rows_with_citizenship", example={"source": "rows_of_part"})
def rows_with_citizenship(source: str) -> str:
    """Citizenship; nothing where the register has none."""
    return f"""
        SELECT r.*, h.citizenship
        FROM {source} r
        LEFT JOIN {_part_of("citizenship", "citizenship")} h ON {_holds("h")}
    """


@step("parents_born", example={"source": "rows_of_part"})
def parents_born(source: str) -> str:
    """Countries of birth of the parents of every person in the rows, by knowledge day."""
    return f"""
        SELECT r.person, r.known, m.country_of_birth AS mother_born,
               f.country_of_birth AS father_born
        FROM (SELECT DISTINCT person, known FROM {source}) r
        LEFT JOIN (SELECT * FROM attribute WHERE {PART} AND {EVER_KNOWN}) a
          ON a.person = r.person AND {_known("a")}
        LEFT JOIN attribute m ON m.person = a.mother AND {_known("m")}
        LEFT JOIN attribute f ON f.person = a.father AND {_known("f")}
    """


@step("rows_with_parents", example={"source": "rows_of_part"})
def rows_with_parents(source: str) -> str:
    """Rows with the parents' countries of birth; nothing where that is not known."""
    return f"""
        SELECT r.*, p.mother_born, p.father_born
        FROM {source} r
        LEFT JOIN parents_born p ON p.person = r.person AND p.known = r.known
    """


@step("past_events", example={"source": "rows_of_part"})
def past_events(source: str) -> str:
    """What events up to the day say: immigrations, the first place, and since when in this one.

    Since when in the municipality is not known of whoever has lived there since the register began.
    """
    immigration, move = int(Kind.IMMIGRATION), int(Kind.MOVE)
    first = int(Kind.FIRST_REGISTRATION)
    when = "struct_pack(day := e.event_date, nth := e.order_in_day)"
    return f"""
        SELECT r.person, r.described_on, r.known,
          max(e.event_date) FILTER (e.kind = {immigration}) AS immigrated,
          min(e.event_date) FILTER (e.kind = {immigration}) AS first_immigrated,
          arg_max(e.reason, {when}) FILTER (e.kind = {immigration}) AS immigration_reason,
          nullif(max(CASE WHEN e.kind = {first} THEN DATE '0001-01-01' ELSE e.event_date END),
                 DATE '0001-01-01') AS moved_in,
          arg_min(e.municipality_to, {when}) FILTER (e.kind IN ({_STARTS})) AS first_municipality
        FROM (SELECT DISTINCT person, described_on, known FROM {source}) r
        JOIN (
          SELECT * FROM event
          WHERE {PART} AND {EVER_KNOWN}
            AND (kind IN ({_STARTS}) OR (kind = {move} AND municipality_from <> municipality_to))
        ) e ON e.person = r.person AND e.event_date <= r.described_on AND {_known("e")}
        GROUP BY r.person, r.described_on, r.known
    """


@step("rows_with_past", example={"source": "rows_of_part"})
def rows_with_past(source: str) -> str:
    """Rows with what past events say."""
    return f"""
        SELECT r.*, p.immigrated, p.first_immigrated, p.immigration_reason, p.moved_in,
               p.first_municipality
        FROM {source} r
        LEFT JOIN past_events p
          ON p.person = r.person AND p.described_on = r.described_on AND p.known = r.known
    """


@step("children_there", example={"source": "rows_of_part"})
def children_there(source: str) -> str:
    """How many own children under 18 are resident in the country at the end of the day."""
    return f"""
        SELECT r.person, r.described_on, r.known, count(*) AS children
        FROM (SELECT DISTINCT person, described_on, known FROM {source}) r
        JOIN (SELECT * FROM stays_of_children WHERE parent >= $low AND parent < $high) c
          ON c.parent = r.person
          AND c.valid_from <= r.described_on AND c.valid_to > r.described_on AND {_known("c")}
        WHERE {age_sql("r.described_on", "c.birth_date")} < {_ADULT}
        GROUP BY r.person, r.described_on, r.known
    """


@step("rows_with_children", example={"source": "rows_of_part"})
def rows_with_children(source: str) -> str:
    """Rows with the number of children."""
    return f"""
        SELECT r.*, coalesce(c.children, 0) AS children
        FROM {source} r
        LEFT JOIN children_there c
          ON c.person = r.person AND c.described_on = r.described_on AND c.known = r.known
    """


@step("stays_of_children")
def stays_of_children() -> str:
    """Every stay of somebody under 18, once for each parent in the register.

    Made once for a study. Stays and parents meet in the time in which both are known.
    """
    stays = f"""
        SELECT r.valid_from, r.valid_to, r.birth_date,
               greatest(r.known_from, a.known_from) AS known_from,
               least(r.known_to, a.known_to) AS known_to, a.mother, a.father
        FROM residence r JOIN attribute a ON a.person = r.person
          AND a.known_from < r.known_to AND r.known_from < a.known_to
        WHERE r.birth_date > $described_first - INTERVAL {_ADULT + 1} YEAR
          AND r.valid_to > $described_first
          AND r.known_from <= $known_last AND r.known_to > $known_first
          AND a.known_from <= $known_last AND a.known_to > $known_first
    """
    listed = "birth_date, valid_from, valid_to, known_from, known_to"
    return f"""
        SELECT mother AS parent, {listed} FROM ({stays}) WHERE mother IS NOT NULL
        UNION ALL
        SELECT father AS parent, {listed} FROM ({stays}) WHERE father IS NOT NULL
    """


@step("rows_with_linked", example={"source": "rows_of_part", "name": "income"})
def rows_with_linked(source: str, name: str) -> str:
    """A linked variable's value on the reference day; nothing where it has none."""
    return f"""
        SELECT r.*, h."value" AS linked_{name}
        FROM {source} r
        LEFT JOIN {_part_of(f"linked_{name}", '"value"')} h ON {_holds("h", day="reference_day")}
    """


@step("rows_with_linked_place", example={"source": "rows_with_place", "name": "centrality"})
def rows_with_linked_place(source: str, name: str, place: str = "municipality") -> str:
    """The value that a linked variable of municipalities has for one of the person's places."""
    return f"""
        SELECT r.*, h."value" AS {place_column(name, place)}
        FROM {source} r
        LEFT JOIN linked_{name} h ON h.municipality = r.{place}
          AND h.valid_from <= r.reference_day AND h.valid_to > r.reference_day
          AND {_known("h")}
    """


_PLAIN: Final[dict[str, tuple[Callable[[str], Step], ...]]] = {
    "place": (rows_with_place,),
    "attribute": (rows_with_attribute,),
    "age": (rows_with_age,),
    "marital": (rows_with_marital,),
    "citizenship": (rows_with_citizenship,),
    "parents": (parents_born, rows_with_parents),
    "past": (past_events, rows_with_past),
    "children": (children_there, rows_with_children),
}
_FIRST_PLACE: Final = ":first_municipality"
#: What a need stands on.
_FIRST: Final = {"age": ("attribute",)}


def described(source: str, needs: Iterable[str], have: Iterable[str] = ()) -> list[Step]:
    """Steps to rows with what their variables need; the last one has it all.

    Parameters
    ----------
    source
        Rows to describe.
    needs
        What is needed.
    have
        What the rows have already.
    """
    wanted = set(needs)
    for need in list(wanted):
        wanted.update(_FIRST.get(need, ()))
        if need.startswith(LINKED_PLACE):
            wanted.add("past" if need.endswith(_FIRST_PLACE) else "place")
    wanted -= set(have)
    steps: list[Step] = []
    last = source
    for need, makers in _PLAIN.items():
        if need in wanted:
            steps += [make(last) for make in makers]
            last = steps[-1].name
    for need in sorted(wanted):
        if need.startswith((LINKED, LINKED_PLACE)):
            made = _linked(last, need)
            steps.append(made)
            last = made.name
    return steps


def _linked(source: str, need: str) -> Step:
    kind, name, *place = need.split(":")
    if f"{kind}:" == LINKED:
        made = rows_with_linked(source, name)
    else:
        made = rows_with_linked_place(source, name, *place)
    return Step("_".join((made.name, name, *place)), made.sql, made.rule)


def place_column(name: str, place: str) -> str:
    """The column that a linked variable of municipalities makes, for one of a person's places."""
    return f"linked_{name}" if place == "municipality" else f"linked_{name}_of_{place}"


def needs_of(needs: Iterable[Sequence[str] | frozenset[str]]) -> frozenset[str]:
    """Every need of several variables."""
    return frozenset[str]().union(*needs)
