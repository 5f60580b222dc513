"""What past events say of a person: since when here, why, and with how many children.

Each is a history in the shape of a linked variable's, made of the events and stays that are known
on the knowledge day; so it cuts stays, and describes events, as linked variables do. Completed
years are cut at the anniversaries of a day that such a history has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from folkestrom.analysis.rates.anniversaries import anniversary_sql
from folkestrom.analysis.rates.crossing import History, crossed, events_with_history
from folkestrom.engine.steps import Step, step
from folkestrom.model.codes import RECORD_START_KINDS, Kind
from folkestrom.statistics.as_of import age_sql

_KNOWN: Final = "known_from <= $known_at AND known_to > $known_at"
#: What these histories say is all known on the knowledge day, and for good.
_FOR_GOOD: Final = "DATE '0001-01-01' AS known_from, DATE '9999-12-31' AS known_to"
_IMMIGRATION: Final = f"kind = {int(Kind.IMMIGRATION)}"
#: Younger than this is a child, here as in studies.
_ADULT: Final = 18

#: Completed years, and the history of the day since which they are counted.
YEARS_SINCE: Final[dict[str, str]] = {
    "years_since_immigration": "last_immigration",
    "years_since_first_immigration": "first_immigration",
    "years_in_municipality": "moved_in",
}


@step("last_immigration")
def last_immigration() -> str:
    """Day of the last immigration so far."""
    return _spells("event_date", _IMMIGRATION)


@step("first_immigration")
def first_immigration() -> str:
    """Day of the first immigration."""
    return _spells("min(event_date) OVER (PARTITION BY person)", _IMMIGRATION)


@step("immigration_reason")
def immigration_reason() -> str:
    """The reason last stated for an immigration."""
    return _spells("arg_max(reason, order_in_day)", f"{_IMMIGRATION} AND reason IS NOT NULL")


@step("moved_in")
def moved_in() -> str:
    """Day of the last move to the municipality, immigration or birth.

    Nothing of whoever has lived there since the register began.
    """
    starts = ", ".join(str(int(kind)) for kind in sorted(RECORD_START_KINDS))
    moved = f"kind = {int(Kind.MOVE)} AND municipality_from <> municipality_to"
    never = "DATE '0001-01-01'"
    day = f"CASE WHEN kind = {int(Kind.FIRST_REGISTRATION)} THEN {never} ELSE event_date END"
    last = f"max(max({day})) OVER (PARTITION BY person ORDER BY event_date)"
    return _spells(f"nullif({last}, {never})", f"(kind IN ({starts}) OR ({moved}))")


@step("children")
def children() -> str:
    """How many own children under 18 are resident: one more for each stay, until it or they end."""
    adult = anniversary_sql("r.birth_date", str(_ADULT))
    childhoods = f"""
          SELECT a.mother, a.father, r.valid_from AS since, least(r.valid_to, {adult}) AS until
          FROM (SELECT * FROM residence WHERE {_KNOWN}) r
          JOIN (SELECT * FROM attribute WHERE {_KNOWN}) a ON a.person = r.person
          WHERE r.birth_date IS NOT NULL
            AND r.valid_from < $end AND least(r.valid_to, {adult}) > $start - 1"""
    following = "lead(day) OVER (PARTITION BY person ORDER BY day)"
    return f"""
        SELECT person, CAST(sum(change) OVER (PARTITION BY person ORDER BY day) AS INTEGER)
                 AS "value",
               day AS valid_from, coalesce({following}, DATE '9999-12-31') AS valid_to, {_FOR_GOOD}
        FROM (
          SELECT person, day, sum(change) AS change
          FROM (
            SELECT CASE WHEN p.of = 1 THEN mother ELSE father END AS person,
                   CASE WHEN p.change = 1 THEN since ELSE until END AS day, p.change
            FROM ({childhoods}
            ) AS childhoods
            CROSS JOIN (VALUES (1, 1), (1, -1), (2, 1), (2, -1)) AS p(of, change)
            WHERE since < until
          ) AS ends WHERE person IS NOT NULL GROUP BY person, day
        ) AS changes
    """


@step("stays_by_completed_years",
      example={"source": "stays", "carried": ("person",), "day": "moved_in", "shown": "years",
               "years": (2019, 2020)})  # fmt: skip
def stays_by_completed_years(
    source: str, carried: Sequence[str], day: str, shown: str, years: Sequence[int]
) -> str:
    """Stays cut at the anniversaries of a day, with the years completed; nothing without a day.

    A stay finds its anniversaries by how many there are in it: none is compared with every year.
    """
    listed = ", ".join(f"s.{name}" for name in carried)
    at_first, at_last = age_sql("s.since", f"s.{day}"), age_sql("(s.until - 1)", f"s.{day}")
    # A period of so many calendar years has at most one anniversary in each.
    turns = range(max(years) - min(years) + 2)
    pairs = ", ".join(f"({many}, {turn})" for many in turns for turn in range(many + 1))
    begins = anniversary_sql(f"c.{day}", "(c.completed + y.turn)")
    ends = anniversary_sql(f"c.{day}", "(c.completed + y.turn + 1)")
    kept = ", ".join(f"c.{name}" for name in carried)
    return f"""
        SELECT {kept}, greatest(c.since, CASE WHEN y.turn > 0 THEN {begins} END) AS since,
               least(c.until, {ends}) AS until, c.completed + y.turn AS {shown}
        FROM (
          SELECT {listed}, s.since, s.until, {at_first} AS completed,
                 coalesce(({at_last}) - ({at_first}), 0) AS many
          FROM {source} s
        ) AS c JOIN (VALUES {pairs}) AS y(many, turn) ON y.many = c.many
    """


@step("events_with_completed_years",
      example={"source": "flow_rows_dated", "day": "moved_in", "shown": "years"})  # fmt: skip
def events_with_completed_years(source: str, day: str, shown: str) -> str:
    """Events with the years completed since a day, on the day of the event, as ages are."""
    return f"SELECT f.*, {age_sql('f.event_date', f'f.{day}')} AS {shown} FROM {source} f"


_MADE: Final[dict[str, Callable[[], Step]]] = {
    made.__name__: made
    for made in (last_immigration, first_immigration, immigration_reason, moved_in, children)
}


def past_stay_steps(
    source: str, carried: Sequence[str], needs: Iterable[str], years: Sequence[int]
) -> tuple[list[Step], tuple[str, ...]]:
    """Steps to stays cut where what past events say changes, and the columns that they then have.

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
    histories, counted = _wanted(needs)
    for history in histories:
        steps += [_MADE[history.name](), *crossed(history, last, kept)]
        last, kept = steps[-1].name, (*kept, history.shown)
    for name in counted:
        made = stays_by_completed_years(last, kept, YEARS_SINCE[name], name, years)
        steps.append(Step(f"stays_by_{name}", made.sql, made.rule))
        last, kept = steps[-1].name, (*kept, name)
    return steps, kept


def past_event_steps(source: str, needs: Iterable[str]) -> list[Step]:
    """Steps to events with what past events say of the person.

    Parameters
    ----------
    source
        Events with the day as of which persons are described.
    needs
        What variables need.
    """
    steps: list[Step] = []
    last = source
    histories, counted = _wanted(needs)
    for history in histories:
        made = events_with_history(last, history.table, history.shown)
        steps += [_MADE[history.name](), Step(f"events_with_{history.name}", made.sql, made.rule)]
        last = steps[-1].name
    for name in counted:
        made = events_with_completed_years(last, YEARS_SINCE[name], name)
        steps.append(Step(f"events_with_{name}", made.sql, made.rule))
        last = steps[-1].name
    return steps


def _wanted(needs: Iterable[str]) -> tuple[list[History], list[str]]:
    """Histories, and completed years by name; days first, of which those are counted."""
    wanted = set(needs)
    counted = [name for name in YEARS_SINCE if name in wanted]
    wanted |= {YEARS_SINCE[name] for name in counted}
    histories = [
        History(name, name, '"value"', "person", "person", name) for name in _MADE if name in wanted
    ]
    return histories, counted


def _spells(value: str, condition: str) -> str:
    """Spells from each day with such an event to the next."""
    following = "lead(event_date) OVER (PARTITION BY person ORDER BY event_date)"
    return f"""
        SELECT person, {value} AS "value", event_date AS valid_from,
               coalesce({following}, DATE '9999-12-31') AS valid_to, {_FOR_GOOD}
        FROM event WHERE {condition} AND {_KNOWN}
        GROUP BY person, event_date
    """
