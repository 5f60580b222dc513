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

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import duckdb
import polars as pl
import pyarrow as pa

from folkestrom.classifications.areas import county_name, municipality_name
from folkestrom.classifications.basic_units import unit_places
from folkestrom.classifications.code_lists import county_code, municipality_code
from folkestrom.classifications.reported import reported_borders
from folkestrom.classifications.tables import county_names, municipality_names
from folkestrom.engine.rows import catalog_of, first_row, is_table, lent
from folkestrom.engine.steps import Step, create_view, run
from folkestrom.errors import UsageError
from folkestrom.model.report import COUNTY_DIGITS, MUNICIPALITY_DIGITS, UNITS
from folkestrom.model.specification import Text, same
from folkestrom.variables.borders.places import as_it_was, places_on
from folkestrom.variables.borders.views import (
    ASKED,
    PLACES,
    changing_days,
    event_as_it_was,
    event_in_borders,
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
    reported = reported_borders(connection)
    catalog = catalog_of(connection)
    known = unit_places(connection)
    if parts and known is None:
        raise UsageError(
            "is not known: the store has no classification of basic units",
            where="by",
            value="part_of_town",
            next_step="Load it with `folkestrom classifications load --from DIR`",
        )
    if known is not None:
        unit = "part_of_town" if parts else "basic_unit"
        known = known.select(
            "key", "municipality", pl.col(unit).alias("basic_unit"), "valid_from", "valid_to"
        )
    if asked is None:
        rows, rough = as_it_was(connection, reported, known)
        views: tuple[Callable[..., Step], ...] = (residence_as_it_was, event_as_it_was)
    else:
        rows, rough = places_on(connection, reported, asked, known)
        views = (residence_in_borders, event_in_borders)
    told = pa.table(
        {
            "day": pa.array([asked], pa.date32()),
            "rough": pa.array([rough], pa.list_(pa.string())),
        }
    )
    for name, table in ((PLACES, rows.to_arrow()), (ASKED, told)):
        with lent(connection, put=table):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM put")
    if rows.height:
        divided = rows.filter(pl.col("key") >= UNITS)["key"] // UNITS
        where = {} if asked is None else {"divided": sorted(divided.unique().to_list())}
        for view in views:
            create_view(connection, [view(catalog, parts=parts, **where)], temporary=True)


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
        asked = first_row(connection, f"FROM {ASKED}") if is_table(connection, ASKED) else None
        put_up(connection, asked[0] if asked else reported_borders(connection), parts=True)
    if not is_table(connection, ASKED):
        return variable
    row = first_row(connection, f"FROM {ASKED}")
    day, rough = (row[0], row[1]) if row else (None, [])
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
    if not is_table(connection, ASKED):
        return False
    row = first_row(connection, f"FROM {ASKED}")
    return row is not None and row[0] is None


def days_of_changes(connection: duckdb.DuckDBPyConnection, after: date, until: date) -> list[date]:
    """Days in (after, until] on which places of a connection that sees them as they were change."""
    within = {"after": after, "until": until}
    found = run(connection, [changing_days()], within).fetchall()
    return [day for (day,) in found]


def _is_place(variable: Variable) -> bool:
    return variable.area > 0 or variable.decode in (municipality_code, county_code)


def _names(variable: Variable, day: date | None) -> dict[str, str]:
    if variable.decode is municipality_code:
        listed, named = municipality_names(), municipality_name
    elif variable.decode is county_code:
        listed, named = county_names(), county_name
    else:
        return {}
    if day is not None:
        at = (pl.col("valid_from") <= day) & (pl.col("valid_to") > day)
        return dict(listed.filter(at).select("code", "name").iter_rows())
    return {code: named(code) for code in listed["code"].unique().to_list()}


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
