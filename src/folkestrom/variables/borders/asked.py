"""Places in the borders of a day, or of each day: what every later room then reads as residence.

Reports carry codes of their day, or of one day (`classifications.reported`). Where figures are
asked for in other borders, views of a connection stand before `residence` and `event`, with every
municipality and basic unit as it is in those borders; whoever reads the two need not know. A change
of borders is no event: nobody moves by it.

- In the borders of one day, each code is what its place is on that day: of a basic unit by the
  store's classification of basic units if it has one, else of the municipality, and where this has
  several successors, of the unit in about their shares (`classifications.conversion.traced`).
- As it was, each stay is cut where its place gets another code. A change of 1 January takes effect
  at the end of the day before: the population of 1 January is in the borders of that day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.classifications.areas import county_name, municipality_name, names_on
from folkestrom.classifications.basic_units import UNIT_PLACES
from folkestrom.classifications.code_lists import county_code, municipality_code
from folkestrom.classifications.divisions.division import COUNTIES, MUNICIPALITIES
from folkestrom.classifications.reported import reported_borders
from folkestrom.engine.rows import catalog_of, first_row, is_table, lent
from folkestrom.engine.steps import compose, create_view, run
from folkestrom.errors import UsageError
from folkestrom.model.report import COUNTY_DIGITS, MUNICIPALITY_DIGITS
from folkestrom.model.specification import Text, same
from folkestrom.variables.borders.places import as_table, converted, estimated, places
from folkestrom.variables.borders.views import (
    ASKED,
    FOUND,
    PLACES,
    changing_days,
    event_as_it_was,
    event_in_borders,
    places_of_units,
    residence_as_it_was,
    residence_in_borders,
)
from folkestrom.variables.variable import Variable

#: The level between municipalities and basic units.
PART_OF_TOWN: Final = "part_of_town"


#: Marks what is an estimate; footnotes list so many of them.
_MARK: Final = "≈"


_LISTED: Final = 20


def put_up(
    connection: duckdb.DuckDBPyConnection, asked: date | None, *, parts: bool = False
) -> None:
    """Let a connection see residence and events in borders, for as long as it is open.

    Parameters
    ----------
    connection
        An open store.
    asked
        The day whose borders are asked for; None: those of each day.
    parts
        Parts of town in place of basic units.
    """
    catalog = catalog_of(connection)
    if parts and not is_table(connection, UNIT_PLACES):
        raise UsageError(
            "is not known: the store has no classification of basic units",
            where="by",
            value="part_of_town",
            next_step="Load it with `folkestrom classifications load --from DIR`",
        )
    unit = PART_OF_TOWN if parts else "basic_unit"
    rows = places(connection, reported_borders(connection), asked, unit)
    told = pa.table({"day": pa.array([asked], pa.date32()), "parts": [parts]})
    with lent(connection, **{FOUND: as_table(rows), "put": told}):
        listed = compose([places_of_units()])
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {PLACES} AS {listed}")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {ASKED} AS FROM put")
    if asked is None:
        create_view(connection, [event_as_it_was(catalog, parts=parts)], temporary=True)
        create_view(connection, [residence_as_it_was(catalog, parts=parts)], temporary=True)
    elif parts or converted(rows):
        create_view(connection, [event_in_borders(catalog, asked, parts=parts)], temporary=True)
        create_view(connection, [residence_in_borders(catalog, asked, parts=parts)], temporary=True)


@contextmanager
def places_of_days(
    connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, object]
) -> Iterator[None]:
    """Let a connection that sees places as they were look them up once for a whole question.

    Where no place changes in the days of a question, no stay need be cut.

    Parameters
    ----------
    connection
        An open store; one that sees other borders, or none, is left as it is.
    parameters
        Values of the question: `$eve` of a stock, or `$start` and `$end` of a period.
    """
    days = _days(parameters)
    if not days or not has_borders_of_each_day(connection) or days_of_changes(connection, *days):
        yield
        return
    catalog = catalog_of(connection)
    _, parts = _asked(connection)
    view = residence_in_borders(catalog, days[0], parts=parts)
    create_view(connection, [view], temporary=True)
    try:
        yield
    finally:
        create_view(connection, [residence_as_it_was(catalog, parts=parts)], temporary=True)


def unbroken(
    connection: duckdb.DuckDBPyConnection, start: date, end: date
) -> list[tuple[date, date]]:
    """The parts of a period in each of which borders are the same on all days."""
    days = days_of_changes(connection, start, end) if has_borders_of_each_day(connection) else []
    return [(a, b) for a, b in pairwise([start, *days, end]) if a < b]


def _days(parameters: Mapping[str, object]) -> tuple[date, date] | None:
    """The first and the last day of stocks that a question is about."""
    eve, start, end = (parameters.get(name) for name in ("eve", "start", "end"))
    if isinstance(eve, date):
        return eve + timedelta(days=1), eve + timedelta(days=1)
    if isinstance(start, date) and isinstance(end, date):
        return start, end
    return None


def note_of_borders(connection: duckdb.DuckDBPyConnection, variable: Variable) -> Variable:
    """A place in the borders that a connection asks for: names of that day, and what is rough.

    Parameters
    ----------
    connection
        An open store.
    variable
        A variable of its vocabulary; what is no place stays as it is.
    """
    if not _is_place(variable):
        return variable
    if variable.name == PART_OF_TOWN:
        there = is_table(connection, ASKED)
        day = _asked(connection)[0] if there else reported_borders(connection)
        put_up(connection, day, parts=True)
    if not is_table(connection, ASKED):
        return variable
    day, _ = _asked(connection)
    rough = estimated(connection, reported_borders(connection), day)
    names = _names(variable, day)
    digits: dict[object, int]
    digits = {municipality_code: MUNICIPALITY_DIGITS, county_code: COUNTY_DIGITS}
    marked = [code for code in rough if len(code) == digits.get(variable.decode)]

    def label(code: str) -> Text:
        return same(f"{names.get(code, code)}{f' {_MARK}' if code in marked else ''}")

    dimension = variable.dimension
    if names:
        dimension = replace(dimension, labels=label)
    return replace(variable, dimension=dimension, note=_note(day, marked))


def has_borders_of_each_day(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a connection sees places as they were, so that borders change within a period."""
    return is_table(connection, ASKED) and _asked(connection)[0] is None


def fixed_borders(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The day whose borders a connection was asked for; None: it was not asked for one."""
    return _asked(connection)[0] if is_table(connection, ASKED) else None


def _asked(connection: duckdb.DuckDBPyConnection) -> tuple[date | None, bool]:
    """The day that was asked for, and whether parts of town stand in place of basic units."""
    row = first_row(connection, f"FROM {ASKED}")
    return row or (None, False)


def where_places_are(connection: duckdb.DuckDBPyConnection) -> str:
    """The smallest table with every municipality that a connection sees."""
    return PLACES if is_table(connection, ASKED) else "residence"


def days_of_changes(connection: duckdb.DuckDBPyConnection, after: date, until: date) -> list[date]:
    """Days in (after, until] on which places of a connection that sees them as they were change."""
    within = {"after": after, "until": until}
    found = run(connection, [changing_days()], within).fetchall()
    return [day for (day,) in found]


def _is_place(variable: Variable) -> bool:
    return variable.area > 0 or variable.decode in (municipality_code, county_code)


def _names(variable: Variable, day: date | None) -> dict[str, str]:
    if variable.decode is municipality_code:
        listed, named = MUNICIPALITIES, municipality_name
    elif variable.decode is county_code:
        listed, named = COUNTIES, county_name
    else:
        return {}
    names = names_on(listed, day)
    return names if day is not None else {code: named(code) for code in names}


def _note(day: date | None, rough: Sequence[str]) -> Text:
    en = "In the borders of each day." if day is None else f"In the borders of {day}."
    no = "I grensene på hver dag." if day is None else f"I grensene {day}."
    if rough:
        listed = ", ".join(rough[:_LISTED]) + (" …" if len(rough) > _LISTED else "")
        en += f" {_MARK}: where basic units do not tell, persons are divided by weights: {listed}."
        no += (
            f" {_MARK}: der grunnkretsene ikke sier det, er personer fordelt med vekter: {listed}."
        )
    return Text(en, no)
