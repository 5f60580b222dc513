"""Stays cut where a history changes, and events with what held just before them.

A history may have days of which it says nothing. Those are spells too, without a value: so every
day of a stay is in one piece, and what is summed over all values is what it was without them. The
days before, between and after a history's spells follow from its first day, its last one and how
many there are in all; only where these don't agree are the spells looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from folkestrom.analysis.study.describe import LINKED, LINKED_PLACE, place_column
from folkestrom.engine.steps import Step, step
from folkestrom.linkage.catalogue import table_of
from folkestrom.model.codes import RECORD_START_KINDS

_KNOWN: Final = "known_from <= $known_at AND known_to > $known_at"
_PERIOD: Final = "valid_from < $end AND valid_to > $start"

#: Need of variables that depend on the calendar year of the day that they are looked at.
BY_YEAR: Final = "reference_day"
#: Need of variables of the place where a person's record began.
FIRST_PLACE: Final = "first_municipality"


@dataclass(frozen=True, slots=True)
class History:
    """A history that variables read.

    Parameters
    ----------
    name
        What its steps are called after.
    table, column
        Where it stands.
    key
        Whose it is: "person", or "municipality".
    of
        The column of stays and events that names them.
    shown
        What the value is called there.
    """

    name: str
    table: str
    column: str
    key: str
    of: str
    shown: str

    @property
    def spells(self) -> str:
        """Name of the step to its spells."""
        return f"spells_of_{self.name}"


MARITAL: Final = History(
    "marital", "marital", "marital_status", "person", "person", "marital_status"
)
CITIZENSHIP: Final = History(
    "citizenship", "citizenship", "citizenship", "person", "person", "citizenship"
)


def linked_histories(needs: Iterable[str]) -> tuple[History, ...]:
    """The linked variables among needs.

    Parameters
    ----------
    needs
        "linked:income", "linked_place:centrality", "linked_place:centrality:first_municipality".

    Examples
    --------
    >>> [h.shown for h in linked_histories(["age", "linked:income"])]
    ['linked_income']
    """
    found = []
    for need in sorted(needs):
        _, _, rest = need.partition(":")
        if need.startswith(LINKED):
            table = table_of(rest)
            found.append(History(table, table, '"value"', "person", "person", table))
        elif need.startswith(LINKED_PLACE):
            name, _, place = rest.partition(":")
            place = place or "municipality"
            column, table = place_column(name, place), table_of(name)
            found.append(History(column, table, '"value"', "municipality", place, column))
    return tuple(found)


@step("history_bounds", example={"table": "marital"})
def history_bounds(table: str, key: str = "person") -> str:
    """First and last day of everybody's history in the period, and how many days it speaks of."""
    return f"""
        SELECT {key}, min(greatest(valid_from, $start)) AS since,
               max(least(valid_to, $end)) AS until,
               sum(least(valid_to, $end) - greatest(valid_from, $start)) AS covered
        FROM {table} WHERE {_PERIOD} AND {_KNOWN}
        GROUP BY {key}
    """


@step("history_spells", example={"name": "marital", "table": "marital", "column": "marital_status"})
def history_spells(name: str, table: str, column: str, key: str = "person") -> str:
    """A history's spells in the period, and spells with no value for all days that it leaves out.

    Without a value are the days before the first spell, those after the last one, and, of who has
    fewer days than lie between the two, those between spells.
    """
    bounds = f"bounds_of_{name}"
    known = f"FROM {table} WHERE {_PERIOD} AND {_KNOWN}"
    nothing = f"SELECT {key}, NULL AS shown"
    following = f"lead(h.valid_from) OVER (PARTITION BY h.{key} ORDER BY h.valid_from)"
    return f"""
        SELECT {key}, {column} AS shown, valid_from, valid_to {known}
        UNION ALL
        {nothing}, DATE '0001-01-01' AS valid_from, since AS valid_to FROM {bounds}
        UNION ALL
        {nothing}, until AS valid_from, DATE '9999-12-31' AS valid_to FROM {bounds}
        UNION ALL
        {nothing}, valid_to AS valid_from, following AS valid_to
        FROM (
          SELECT h.{key}, h.valid_to, {following} AS following
          FROM (SELECT {key}, valid_from, valid_to {known}) h
          JOIN {bounds} b ON b.{key} = h.{key} AND b.covered <> b.until - b.since
        ) AS pairs WHERE valid_to < following
    """


@step(
    "stays_with_history",
    example={
        "source": "stays",
        "carried": ("person",),
        "spells": "spells_of_marital",
        "shown": "x",
    },
)
def stays_with_history(
    source: str,
    carried: Sequence[str],
    spells: str,
    shown: str,
    value: str = "h.shown",
    key: str = "person",
    of: str = "person",
) -> str:
    """Stays cut where a history changes; nothing for the days of which it says nothing.

    Who has no spell at all keeps the stay as it is: `greatest` and `least` pass nulls over.
    """
    return f"""
        SELECT {", ".join(f"s.{name}" for name in carried)}, {value} AS {shown},
               greatest(s.since, h.valid_from) AS since, least(s.until, h.valid_to) AS until
        FROM {source} s LEFT JOIN {spells} h
          ON h.{key} = s.{of} AND h.valid_from < s.until AND h.valid_to > s.since
    """


@step("first_places")
def first_places() -> str:
    """Where everybody's record began: by birth, immigration or first registration."""
    starts = ", ".join(str(int(kind)) for kind in sorted(RECORD_START_KINDS))
    return f"""
        SELECT person,
               arg_min(municipality_to, struct_pack(day := event_date, nth := order_in_day))
                 AS first_municipality
        FROM event
        WHERE kind IN ({starts}) AND {_KNOWN}
        GROUP BY person
    """


@step("rows_with_first_place", example={"source": "stays"})
def rows_with_first_place(source: str) -> str:
    """Stays or events with the place where the person's record began."""
    return f"""
        SELECT s.*, f.first_municipality
        FROM {source} s LEFT JOIN first_places f ON f.person = s.person
    """


@step("stays_by_year", example={"source": "stays", "carried": ("person",), "years": (2019, 2020)})
def stays_by_year(source: str, carried: Sequence[str], years: Sequence[int]) -> str:
    """Stays cut at the turns of the year, each piece with a day of its year.

    A stay finds its years by how many turns it spans: no stay is compared with every year.
    """
    spans = range(max(years) - min(years) + 1)
    listed = ", ".join(f"({turns}, {turn})" for turns in spans for turn in range(turns + 1))
    year = "(year(s.since) + y.turn)"
    begins = f"greatest(s.since, make_date({year}, 1, 1))"
    return f"""
        SELECT {", ".join(f"s.{name}" for name in carried)},
               {begins} AS since, least(s.until, make_date({year} + 1, 1, 1)) AS until,
               {begins} AS {BY_YEAR}
        FROM {source} s JOIN (VALUES {listed}) AS y(turns, turn)
          ON y.turns = year(s.until - 1) - year(s.since)
    """


@step(
    "events_with_history",
    example={"source": "flow_rows_dated", "table": "linked_income", "shown": "linked_income"},
)
def events_with_history(
    source: str, table: str, shown: str, key: str = "person", of: str = "person"
) -> str:
    """Events with the value that held on the day as of which the person is described.

    That is the day before, for who leaves, moves or dies: the last day of the exposure that the
    event ends.
    """
    return f"""
        SELECT f.*, h."value" AS {shown}
        FROM {source} f LEFT JOIN {table} h
          ON h.{key} = f.{of}
          AND h.valid_from <= f.described_on AND h.valid_to > f.described_on
          AND h.known_from <= $known_end AND h.known_to > $known_end
    """


@step("events_with_reference_day", example={"source": "flow_rows_dated"})
def events_with_reference_day(source: str) -> str:
    """Events with the day whose calendar year counts: that as of which the person is described."""
    return f"SELECT f.*, f.described_on AS {BY_YEAR} FROM {source} f"


def spells_steps(history: History) -> list[Step]:
    """Steps to the spells of a history, under its name.

    Parameters
    ----------
    history
        The history.
    """
    bounds = history_bounds(history.table, history.key)
    spells = history_spells(history.name, history.table, history.column, history.key)
    return [
        Step(f"bounds_of_{history.name}", bounds.sql, bounds.rule),
        Step(history.spells, spells.sql, spells.rule),
    ]


def crossed(
    history: History, source: str, carried: Sequence[str], value: str = "h.shown"
) -> list[Step]:
    """Steps to stays cut where a history changes, with its value.

    Parameters
    ----------
    history
        The history.
    source, carried
        Stays, and those of their columns that are kept.
    value
        What is made of the value.
    """
    made = stays_with_history(
        source, carried, history.spells, history.shown, value, history.key, history.of
    )
    return [*spells_steps(history), Step(f"stays_with_{history.name}", made.sql, made.rule)]


def linked_event_steps(source: str, needs: Iterable[str]) -> list[Step]:
    """Steps to events with what linked variables say of them.

    Parameters
    ----------
    source
        Events with the day as of which persons are described.
    needs
        What variables need.
    """
    steps: list[Step] = []
    last = source
    if FIRST_PLACE in needs:
        steps += [first_places(), _named("events_with_first_place", rows_with_first_place(last))]
        last = steps[-1].name
    for history in linked_histories(needs):
        made = events_with_history(last, history.table, history.shown, history.key, history.of)
        steps.append(_named(f"events_with_{history.name}", made))
        last = steps[-1].name
    if BY_YEAR in needs:
        steps.append(events_with_reference_day(last))
    return steps


def linked_stay_steps(
    source: str, carried: Sequence[str], needs: Iterable[str], years: Sequence[int]
) -> tuple[list[Step], tuple[str, ...]]:
    """Steps to stays cut where linked variables change, and the columns that they then have.

    Parameters
    ----------
    source, carried
        Stays, and their columns.
    needs
        What variables need.
    years
        Calendar years of the period.
    """
    steps: list[Step] = []
    last, kept = source, tuple(carried)
    if FIRST_PLACE in needs:
        steps += [first_places(), _named("stays_with_first_place", rows_with_first_place(last))]
        last, kept = steps[-1].name, (*kept, FIRST_PLACE)
    for history in linked_histories(needs):
        steps += crossed(history, last, kept)
        last, kept = steps[-1].name, (*kept, history.shown)
    if BY_YEAR in needs:
        steps.append(stays_by_year(last, kept, years))
        kept = (*kept, BY_YEAR)
    return steps, kept


def _named(name: str, made: Step) -> Step:
    return Step(name, made.sql, made.rule)
