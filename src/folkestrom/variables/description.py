"""Rows of persons described by histories: what held on a day, as known on a day.

Every figure looks at persons in this way. A stock looks at residents on one day, flows at each
event on the day that its kind says, studies at person-years and episodes on days and as known on
days of their own; what differs is in `Rows`, and the filter on four columns is written once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from folkestrom.engine.steps import Step, step
from folkestrom.model.calendar import age_sql
from folkestrom.model.codes import Kind
from folkestrom.model.identities import naming, naming_always
from folkestrom.model.knowledge import EVER_KNOWN
from folkestrom.variables.past import (
    MADE,
    PART,
    children_on_day,
    children_then,
    past_events,
    rows_with_children,
    rows_with_past,
)
from folkestrom.variables.sources import (
    ATTRIBUTE,
    BIRTHPLACE,
    CHILDREN,
    HISTORIES,
    MARITAL,
    MATERNITY,
    MOTHER,
    PARENTS,
    REFERENCE_DAY,
    YEAR,
    Completed,
    History,
    Source,
)


@dataclass(frozen=True, slots=True)
class Rows:
    """As of when rows `r` of one sort are described, each an SQL expression.

    Parameters
    ----------
    name
        What steps are called after.
    day
        What holds at the end of this day describes the person.
    known
        The knowledge date.
    reference_day
        The day of linked values: an interval from 1 January on says what holds in the new year.
    completed_on
        The day at the end of which years are completed.
    year
        The calendar year.
    first_day
        No row is described as of an earlier day.
    have
        Columns that the rows have.
    many
        Whether rows have days and knowledge dates of their own, and some persons, from `$low` to
        before `$high`, are worked on together; `$known_first` and `$known_last` are the knowledge
        dates that occur.
    """

    name: str
    day: str
    known: str
    reference_day: str
    completed_on: str
    year: str
    first_day: str
    have: frozenset[str] = field(default_factory=frozenset)
    many: bool = False


_OF_RESIDENTS: Final = frozenset(
    {"person", "municipality", "basic_unit", "sex", "birth_date", "country_of_birth"}
)

#: Residents on a day: the state at the end of the day before it, `$eve`, known on `$known_at`.
RESIDENTS: Final = Rows(
    "residents", "$eve", "$known_at", "($eve + 1)", "$eve", "year($eve + 1)", "$eve",
    _OF_RESIDENTS,
)  # fmt: skip
#: Events: who leaves, moves or dies is described as of the day before, who comes as of the day.
EVENT_ROWS: Final = Rows(
    "flow_rows",
    "r.described_on",
    "$known_end",
    "r.described_on",
    "r.event_date",
    "year(r.event_date)",
    "(SELECT min(described_on) FROM flow_rows)",
    frozenset({"person", "municipality", "basic_unit", "sex", "birth_date", "country", "reason"}),
)
#: Person-years and episodes, with the days and the knowledge date in columns.
PERSON_DAYS: Final = Rows(
    "rows",
    "r.described_on",
    "r.known",
    "r.reference_day",
    "r.described_on",
    "year(r.reference_day)",
    "$described_first",
    frozenset({"person", "reference_day", "kind", "country", "went_to"}),
    many=True,
)
#: Stays, cut where what describes them changes: only what always holds is joined to them.
STAYS: Final = Rows("stays", "", "$known_at", "", "", "", "$start - 1", _OF_RESIDENTS)


@step(
    "rows_with_history",
    reads=HISTORIES,
    example={"source": "residents", "columns": ("marital_status",)},
)
def rows_with_history(
    source: str,
    columns: Sequence[str],
    history: History = MARITAL,
    rows: Rows = RESIDENTS,
) -> str:
    """Rows with what a history says of the person, or of the person's place, on the day.

    What holds then, as known on the knowledge date; nothing, or the number of what is unknown,
    where the history has no row.
    """
    stored = dict(zip(history.columns, history.stored, strict=True))
    listed = ", ".join(history.shown(column, f"h.{stored[column]}") for column in columns)
    bounded = rows.many and history.key == "person"
    table = f"(SELECT * FROM {history.table} WHERE {PART} AND {EVER_KNOWN})"
    return f"""
        SELECT r.*, {listed}
        FROM {source} r
        LEFT JOIN {table if bounded else history.table} h ON h.{history.key} = r.{history.of}
          AND {_holds(history, rows)}
    """


def _known(rows: Rows, alias: str) -> str:
    return f"{alias}.known_from <= {rows.known} AND {alias}.known_to > {rows.known}"


def _holds(history: History, rows: Rows) -> str:
    known = _known(rows, "h")
    if history.holds == "always":
        return known
    day = rows.day if history.holds == "on" else rows.reference_day
    return f"h.valid_from <= {day} AND h.valid_to > {day} AND {known}"


#: Parents, by the numbers that go on.
_PARENTS = ("mother", "father")


@step("parents_born", reads=["attribute", "identity"], example={"source": "residents"})
def parents_born(source: str, rows: Rows = RESIDENTS) -> str:
    """Countries of birth of the parents, by knowledge date; nothing of who has no known parent."""
    if rows.many:
        return f"""
        SELECT r.*, m.country_of_birth AS mother_born, f.country_of_birth AS father_born
        FROM (SELECT DISTINCT person, known FROM {source}) r
        JOIN (
          SELECT * FROM {naming_always("attribute", _PARENTS)} AS told WHERE {PART} AND {EVER_KNOWN}
        ) a ON a.person = r.person AND {_known(rows, "a")}
        LEFT JOIN attribute m ON m.person = a.mother AND {_known(rows, "m")}
        LEFT JOIN attribute f ON f.person = a.father AND {_known(rows, "f")}
    """
    # All persons, rather than those of the rows: these would have to be found among them first.
    born = f"SELECT person, country_of_birth FROM attribute h WHERE {_known(rows, 'h')}"
    return f"""
        SELECT a.person, m.country_of_birth AS mother_born, f.country_of_birth AS father_born
        FROM {naming("attribute", _PARENTS, rows.known)} a
        LEFT JOIN ({born}) m ON m.person = a.mother
        LEFT JOIN ({born}) f ON f.person = a.father
        WHERE a.mother IS NOT NULL OR a.father IS NOT NULL
    """


@step("rows_with_parents", example={"source": "residents"})
def rows_with_parents(source: str, rows: Rows = RESIDENTS) -> str:
    """Rows with the parents' countries of birth; nothing where that is not known."""
    known = " AND p.known = r.known" if rows.many else ""
    return f"""
        SELECT r.*, p.mother_born, p.father_born
        FROM {source} r LEFT JOIN parents_born p ON p.person = r.person{known}
    """


@step("rows_with_mother", reads=["attribute", "identity"], example={"source": "flow_rows"})
def rows_with_mother(source: str, rows: Rows = EVENT_ROWS) -> str:
    """Births with the mother's completed age on the day, and her country of birth.

    Nothing for other events, and where the mother is not in the register.
    """
    age = age_sql("r.event_date", "m.birth_date")
    told = naming("attribute", ["mother"], rows.known)
    if rows.many:
        told = naming_always("attribute", ["mother"])
    return f"""
        SELECT r.*, CASE WHEN m.birth_date IS NOT NULL THEN {age} END AS mother_age,
               m.country_of_birth AS mother_country_of_birth
        FROM {source} r
        LEFT JOIN {told} a
          ON r.kind = {int(Kind.BIRTH)} AND a.person = r.person AND {_known(rows, "a")}
        LEFT JOIN attribute m ON m.person = a.mother AND {_known(rows, "m")}
    """


@step(
    "rows_with_maternity",
    reads=["attribute", "identity", "marital"],
    example={"source": "flow_rows"},
)
def rows_with_maternity(source: str, rows: Rows = EVENT_ROWS) -> str:
    """Births with the mother's marital status on the day, and which of her live births they are.

    Of twins the one is a birth before the other. Nothing for other events, and where the mother is
    not in the register.
    """
    told = naming("attribute", ["mother"], rows.known)
    if rows.many:
        told = naming_always(f"(SELECT * FROM attribute WHERE {EVER_KNOWN})", ["mother"])
    birth = f"r.kind = {int(Kind.BIRTH)}"
    born = "coalesce({0}.birth_date, DATE '9999-12-31')"
    return f"""
        SELECT r.*, w.marital_status AS mother_marital_status, o.birth_order
        FROM {source} r
        LEFT JOIN (
          WITH told AS (SELECT person, mother, birth_date, known_from, known_to FROM {told} AS h)
          SELECT r.person, r.known, a.mother, CAST(count(*) AS INTEGER) AS birth_order
          FROM (SELECT DISTINCT person, {rows.known} AS known FROM {source} r WHERE {birth}) r
          JOIN told a ON a.person = r.person AND a.known_from <= r.known AND a.known_to > r.known
          JOIN told b ON b.mother = a.mother AND b.known_from <= r.known AND b.known_to > r.known
            AND ({born.format("b")} < {born.format("a")}
              OR ({born.format("b")} = {born.format("a")} AND b.person <= a.person))
          GROUP BY r.person, r.known, a.mother
        ) o ON {birth} AND o.person = r.person AND o.known = {rows.known}
        LEFT JOIN marital w ON w.person = o.mother AND w.valid_from <= r.event_date
          AND w.valid_to > r.event_date AND {_known(rows, "w")}
    """


@step("rows_with_calendar", example={"source": "residents", "columns": {"age": "1"}})
def rows_with_calendar(source: str, columns: Mapping[str, str]) -> str:
    """Rows with completed years since a day, such as ages, and with the calendar year."""
    listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return f"SELECT r.*, {listed} FROM {source} r"


def columns_of(needs: Iterable[Source]) -> frozenset[str]:
    """The columns of several sources."""
    return frozenset(column for source in needs for column in source.columns)


def described(
    source: str, needs: Iterable[Source], rows: Rows, have: Iterable[str] = ()
) -> list[Step]:
    """Steps to rows with what their variables need; the last one has it all.

    Parameters
    ----------
    source
        Rows to describe.
    needs
        What is needed, and what that is made of, in order; see `needs_of`.
    rows
        As of when they are described.
    have
        Columns that these rows have beside those that all of their sort have.
    """
    steps: list[Step] = []
    calendar: dict[str, str] = {}
    there = {*rows.have, *have}
    for wanted in _by_table(needs):
        missing = [column for column in wanted.columns if column not in there]
        if not missing:
            continue
        last = steps[-1].name if steps else source
        if wanted in (YEAR, REFERENCE_DAY) or isinstance(wanted, Completed):
            calendar |= _calendar(wanted, rows)
        else:
            steps += _joined(wanted, missing, last, rows)
        past = rows.many and isinstance(wanted, History) and wanted.made and wanted is not CHILDREN
        there |= {*missing, *(MADE.keys() - {CHILDREN.name} if past else ())}
    if calendar:
        steps.append(
            rows_with_calendar(steps[-1].name if steps else source, calendar).named(
                f"{rows.name}_with_calendar"
            )
        )
    return steps


def _by_table(needs: Iterable[Source]) -> list[Source]:
    """What is needed, with what stands in the same table as one: that is joined once."""
    found = list(needs)
    if ATTRIBUTE in found and BIRTHPLACE in found:
        found.remove(BIRTHPLACE)
        columns = ATTRIBUTE.columns + BIRTHPLACE.columns
        found[found.index(ATTRIBUTE)] = replace(ATTRIBUTE, columns=columns, stored=columns)
    return found


def _calendar(source: Source, rows: Rows) -> dict[str, str]:
    if isinstance(source, Completed):
        return {source.name: age_sql(rows.completed_on, f"r.{source.since}")}
    return {source.name: rows.year if source is YEAR else rows.reference_day}


def _joined(source: Source, columns: Sequence[str], last: str, rows: Rows) -> list[Step]:
    if source is PARENTS:
        return [parents_born(last, rows), rows_with_parents(last, rows)]
    if source is MOTHER:
        return [rows_with_mother(last, rows)]
    if source is MATERNITY:
        return [rows_with_maternity(last, rows)]
    if not isinstance(source, History):
        raise TypeError(f"rows of {rows.name} have no {source.name}")
    if source.made and rows.many:
        if source is CHILDREN:
            return [children_then(last), rows_with_children(last)]
        return [past_events(last), rows_with_past(last)]
    made = rows_with_history(last, columns, source, rows).named(f"{rows.name}_with_{source.name}")
    if not source.made:
        return [made]
    if source is CHILDREN and rows.first_day == rows.day:
        return [children_on_day(rows.known, rows.day).named(source.name), made]
    first = MADE[source.name]
    return [first(rows.known, rows.first_day) if source is CHILDREN else first(rows.known), made]
