"""Which published figures count a person: those that can't be derived without the reports.

The person's rows stand before the whole tables for a while, so that the figures' own steps count
them alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import duckdb

from folkestrom.engine.rows import catalog_of, first_row
from folkestrom.engine.steps import step
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.flows import FLOWS, Window, flows
from folkestrom.statistics.periods import split
from folkestrom.statistics.population import Moment, stock
from folkestrom.statistics.regimes.clock import TODAYS, Clock
from folkestrom.statistics.regimes.regime import in_force

_ALONE: Final = ("residence", "event")
_FIRST: Final = """
    SELECT least((SELECT min(valid_from) FROM residence), (SELECT min(event_date) FROM event))
"""


@dataclass(frozen=True, slots=True)
class LostFigure:
    """A published figure of the nation that is another one without a person's reports.

    Parameters
    ----------
    of
        Its year, quarter or day.
    figure
        "population", or the flow.
    known_at
        Its knowledge date.
    change
        What it differs by.
    """

    of: str
    figure: str
    known_at: date
    change: int


@step("rows_of_person", reads=_ALONE, example={"table": "event"})
def rows_of_person(table: str) -> str:
    """The rows of one person."""
    return f"SELECT * FROM {table} WHERE person = $person"


def lost_figures(connection: duckdb.DuckDBPyConnection, person: int) -> list[LostFigure]:
    """Published figures, by year and by quarter, that count a person, and by how much.

    Parameters
    ----------
    connection
        A connection of its own to an open store: its tables are hidden from it afterwards.
    person
        Pseudonym of the person.
    """
    limits = coverage(connection)
    knowledge = limits.knowledge(PUBLISHED)
    for table in _ALONE:
        text = rows_of_person(f"{catalog_of(connection)}.main.{table}").sql
        connection.execute(f"CREATE TEMP TABLE {table} AS {text}", {"person": person})
    ((first,),) = [first_row(connection, _FIRST) or (None,)]
    if first is None:
        return []

    def is_drawn(day: date) -> bool:
        return day >= limits.first and knowledge.reaches(day) and knowledge.day(day) <= limits.last

    begin, end = date(max(first.year, limits.first.year), 1, 1), date(limits.last.year + 1, 1, 1)
    found: list[LostFigure] = []
    for period in (*split(begin, end, "year"), *split(begin, end, "quarter")):
        rules = in_force(period.start) if period.is_quarter else TODAYS
        if not rules.flows or not is_drawn(period.start):
            continue
        if not period.is_quarter or period.quarter > 1:  # 1 January is the year's
            found += _population(connection, Moment(period.start, knowledge.day(period.start)))
        if is_drawn(period.end):
            found += _flows(connection, Clock(knowledge, regime=rules).window(period), period.code)
    return found


def _population(connection: duckdb.DuckDBPyConnection, moment: Moment) -> Iterator[LostFigure]:
    if many := stock(connection, moment, [])["persons"][0].as_py():
        yield LostFigure(str(moment.day), "population", moment.known_at, -many)


def _flows(
    connection: duckdb.DuckDBPyConnection, window: Window, code: str
) -> Iterator[LostFigure]:
    counted = flows(connection, window, [])
    for flow in FLOWS:
        if many := counted[flow.id][0].as_py():
            yield LostFigure(code, flow.id, window.known_end, -many)
