"""What stands before `residence` and `event` where places are asked for in other borders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import duckdb

from folkestrom.engine.rows import catalog_of, is_table
from folkestrom.engine.steps import step
from folkestrom.model.report import UNITS
from folkestrom.register.tables import REPORTED_UNIT

#: Tables of a connection that asks for borders: where places are, and what was asked.
PLACES: Final = "border_place"


ASKED: Final = "asked_borders"
#: Places as they are found, before they have numbers.
FOUND: Final = "found_place"


_ENDS: Final = ("from", "to")


#: A municipality without parts of town is one, of this number.
_PARTS: Final = 100


#: Of a place that gets another code: what it was (−1) and what it is (+1).
_RECODED: Final = """CASE sign WHEN 1 THEN n.municipality ELSE o.municipality END AS municipality,
               coalesce(CASE sign WHEN 1 THEN n.basic_unit ELSE o.basic_unit END, o.key)
                 AS basic_unit"""
_LATER: Final = f"""JOIN {PLACES} n ON n.key = o.key AND n.stock_from = o.stock_to
        CROSS JOIN (VALUES (-1), (1)) AS signs(sign)
        WHERE o.municipality <> n.municipality
           OR coalesce(o.basic_unit, o.key) <> coalesce(n.basic_unit, n.key)"""


@step("residence", reads=["residence"], example={"catalog": "folkestrom", "day": date(2020, 1, 1)})
def residence_in_borders(catalog: str, day: date, *, parts: bool = False) -> str:
    """Who is resident where, with every place as it is in the borders of one day."""
    return f"""
        SELECT r.* REPLACE (
          p.municipality AS municipality,
          coalesce(p.basic_unit, {_unit("r.basic_unit", parts)}) AS basic_unit
        )
        FROM {catalog}.main.residence r JOIN (FROM {PLACES} WHERE {_is_on(day)}) p
          ON p.unit = r.unit
    """


@step("event", reads=["event"], example={"catalog": "folkestrom", "day": date(2020, 1, 1)})
def event_in_borders(catalog: str, day: date, *, parts: bool = False) -> str:
    """Every event, with both of its places as they are in the borders of one day."""
    joins = " ".join(
        f"LEFT JOIN ({_on(day)}) p_{end} ON p_{end}.key = e.basic_unit_{end}" for end in _ENDS
    )
    return f"SELECT e.* REPLACE ({_ends(parts)}) FROM {catalog}.main.event e {joins}"


def _ends(parts: bool) -> str:
    return ", ".join(
        f"""coalesce(p_{end}.municipality, e.municipality_{end}) AS municipality_{end},
          coalesce(p_{end}.basic_unit, {_unit(f"e.basic_unit_{end}", parts)}) AS basic_unit_{end}"""
        for end in _ENDS
    )


def _unit(column: str, parts: bool) -> str:
    """A basic unit that is not classified: as it is reported, or the whole of its municipality."""
    return f"{column} // {UNITS} * {_PARTS}" if parts else column


def _on(day: date) -> str:
    # A join with what is unique by its key is left out where no column of it is asked for.
    listed = "any_value(municipality) AS municipality, any_value(basic_unit) AS basic_unit"
    return f"SELECT key, {listed} FROM {PLACES} WHERE {_is_on(day)} GROUP BY key"


def _is_on(day: date) -> str:
    return f"valid_from <= DATE '{day}' AND valid_to > DATE '{day}'"


@step(
    "cells_in_borders",
    example={"source": "cells", "by": ("municipality",), "day": date(2020, 1, 1)},
)
def cells_in_borders(source: str, by: Sequence[str], day: date) -> str:
    """Persons by basic unit, added up to places in the borders of one day."""
    columns = ", ".join(f"{sql} AS v{n}" for n, sql in enumerate(by))
    listed = ", ".join(str(n + 1) for n in range(len(by)))
    return f"""
        SELECT {columns}, CAST(sum(persons) AS BIGINT) AS persons
        FROM (
          SELECT p.municipality, c.persons FROM {source} c JOIN ({_on(day)}) p ON p.key = c.v0
        ) GROUP BY {listed} ORDER BY {listed}
    """


@step("residence", reads=["residence"], example={"catalog": "folkestrom"})
def residence_as_it_was(catalog: str, *, parts: bool = False) -> str:
    """Who was resident where, each stay cut where its place got another code.

    A code that begins on a day does so for whoever is there at the end of the day before.
    """
    return f"""
        SELECT r.* REPLACE (
          p.municipality AS municipality,
          coalesce(p.basic_unit, {_unit("r.basic_unit", parts)}) AS basic_unit,
          greatest(r.valid_from, p.stock_from) AS valid_from,
          least(r.valid_to, p.stock_to) AS valid_to
        )
        FROM {catalog}.main.residence r
        JOIN {PLACES} p ON p.unit = r.unit
          AND p.stock_from < r.valid_to AND p.stock_to > r.valid_from
    """


@step("event", reads=["event"], example={"catalog": "folkestrom"})
def event_as_it_was(catalog: str, *, parts: bool = False) -> str:
    """Every event, with both of its places as they were on its day."""
    joins = " ".join(
        f"""LEFT JOIN {PLACES} p_{end} ON p_{end}.key = e.basic_unit_{end}
          AND p_{end}.valid_from <= e.event_date AND p_{end}.valid_to > e.event_date"""
        for end in _ENDS
    )
    return f"SELECT e.* REPLACE ({_ends(parts)}) FROM {catalog}.main.event e {joins}"


@step("border_rows", reads=["residence"], example={"catalog": "folkestrom"})
def border_rows(catalog: str, *, places_alone: bool = False) -> str:
    """Residents whose place gets another code on the day after `$eve`: as it was, and as it is.

    `$known_at` is the knowledge date. By places alone, a row is all residents of a basic unit.
    """
    residents = f"""
        FROM {catalog}.main.residence
        WHERE valid_from <= $eve AND valid_to > $eve
          AND known_from <= $known_at AND known_to > $known_at
    """
    counted = "1"
    described = "person, sex, birth_date, country_of_birth, "
    if places_alone:
        residents = f"FROM (SELECT unit, count(*) AS persons {residents} GROUP BY unit)"
        counted, described = "persons", ""
    return f"""
        SELECT {described}sign * {counted} AS sign, {_RECODED}
        FROM (SELECT * {residents}) r
        JOIN {PLACES} o ON o.unit = r.unit AND o.stock_to = $eve
        {_LATER}
    """


@step("border_effects", reads=["residence"], example={"catalog": "folkestrom"})
def border_effects(catalog: str) -> str:
    """What changes of borders in a period add to a place, by every stay that was known meanwhile.

    `$start` and `$end` are the period's days, `$known_start` its first knowledge date.
    """
    return f"""
        SELECT r.person, r.known_from, r.known_to, {_RECODED}, sign AS effect
        FROM {catalog}.main.residence r
        JOIN {PLACES} o ON o.unit = r.unit AND o.stock_to >= $start AND o.stock_to < $end
          AND r.valid_from <= o.stock_to AND r.valid_to > o.stock_to
          AND r.known_to > $known_start
        {_LATER}
    """


def own_tables(connection: duckdb.DuckDBPyConnection) -> str:
    """What names of tables begin with that are asked whatever borders are; mostly nothing."""
    return f"{catalog_of(connection)}.main." if is_table(connection, ASKED) else ""


@step("changing_days")
def changing_days() -> str:
    """Days on which a place gets another code."""
    return f"""
        SELECT DISTINCT valid_from FROM {PLACES}
        WHERE valid_from > $after AND valid_from <= $until ORDER BY valid_from
    """


@step("places_of_units", reads=["reported_unit"])
def places_of_units() -> str:
    """Where basic units are from when to when, with their number in the store's list."""
    return f"SELECT p.*, u.unit FROM {FOUND} p JOIN {REPORTED_UNIT} u ON u.basic_unit = p.key"


@step("first_stay", reads=["residence"])
def first_stay(of: str = "") -> str:
    """The first day of any stay."""
    return f"SELECT min(valid_from) AS first_day FROM {of}residence"
