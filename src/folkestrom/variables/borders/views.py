"""What stands before `residence` and `event` where places are asked for in other borders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from folkestrom.engine.rows import catalog_of, is_table
from folkestrom.engine.steps import step
from folkestrom.model.report import UNITS

#: Tables of a connection that asks for borders: where places are, and what was asked.
PLACES: Final = "border_place"


ASKED: Final = "asked_borders"


#: A municipality without parts of town is one, of this number.
_PARTS: Final = 100


@step("residence", reads=["residence"], example={"catalog": "folkestrom", "divided": (1507,)})
def residence_in_borders(catalog: str, divided: Sequence[int], *, parts: bool = False) -> str:
    """Who is resident where, with every place as it is in the borders of one day.

    Basic units are looked up in the municipalities of which some are elsewhere than the rest.
    """
    return f"""
        SELECT r.* REPLACE (
          CAST(coalesce(u.municipality, m.municipality, r.municipality) AS SMALLINT)
            AS municipality,
          coalesce(u.basic_unit, {_unit("r.basic_unit", parts)}) AS basic_unit
        )
        FROM {catalog}.main.residence r
        LEFT JOIN ({_unique()}) m ON m.key = r.municipality
        LEFT JOIN ({_unique()}) u ON u.key = {_divided("r.municipality", "r.basic_unit", divided)}
    """


@step("event", reads=["event"], example={"catalog": "folkestrom", "divided": (1507,)})
def event_in_borders(catalog: str, divided: Sequence[int], *, parts: bool = False) -> str:
    """Every event, with both of its places as they are in the borders of one day."""
    ends = ("from", "to")
    replaced = ", ".join(
        f"""CAST(coalesce(u_{end}.municipality, m_{end}.municipality, e.municipality_{end})
            AS SMALLINT) AS municipality_{end},
          coalesce(u_{end}.basic_unit, {_unit(f"e.basic_unit_{end}", parts)}) AS basic_unit_{end}"""
        for end in ends
    )
    joins = "\n".join(
        f"LEFT JOIN ({_unique()}) m_{end} ON m_{end}.key = e.municipality_{end} "
        f"LEFT JOIN ({_unique()}) u_{end} ON u_{end}.key = "
        + _divided(f"e.municipality_{end}", f"e.basic_unit_{end}", divided)
        for end in ends
    )
    return f"SELECT e.* REPLACE ({replaced}) FROM {catalog}.main.event e {joins}"


def _divided(municipality: str, unit: str, divided: Sequence[int]) -> str:
    """A basic unit, of some municipalities; most rows then need no second search."""
    if not divided:
        return "NULL::INTEGER"
    listed = ", ".join(map(str, divided))
    return f"CASE WHEN {municipality} IN ({listed}) THEN {unit} END"


def _unit(column: str, parts: bool) -> str:
    """A basic unit that is not classified: as it is reported, or the whole of its municipality."""
    return f"{column} // {UNITS} * {_PARTS}" if parts else column


def _unique() -> str:
    # A join with what is unique by its key is left out where no column of it is asked for.
    listed = "any_value(municipality) AS municipality, any_value(basic_unit) AS basic_unit"
    return f"SELECT key, {listed} FROM {PLACES} GROUP BY key"


@step("residence", reads=["residence"], example={"catalog": "folkestrom"})
def residence_as_it_was(catalog: str, *, parts: bool = False) -> str:
    """Who was resident where, each stay cut where its place got another code.

    A code that begins on a day does so for whoever is there at the end of the day before.
    """
    return f"""
        SELECT r.* REPLACE (
          CAST(coalesce(p.municipality, r.municipality) AS SMALLINT) AS municipality,
          coalesce(p.basic_unit, {_unit("r.basic_unit", parts)}) AS basic_unit,
          greatest(r.valid_from, coalesce(p.stock_from, r.valid_from)) AS valid_from,
          least(r.valid_to, coalesce(p.stock_to, r.valid_to)) AS valid_to
        )
        FROM {catalog}.main.residence r
        LEFT JOIN {PLACES} k ON k.key = r.basic_unit AND k.first
        LEFT JOIN {PLACES} p ON p.key = coalesce(k.key, r.municipality)
          AND p.stock_from < r.valid_to AND p.stock_to > r.valid_from
    """


@step("event", reads=["event"], example={"catalog": "folkestrom"})
def event_as_it_was(catalog: str, *, parts: bool = False) -> str:
    """Every event, with both of its places as they were on its day."""
    replaced, joins = [], []
    for end in ("from", "to"):
        replaced.append(
            f"CAST(coalesce(p_{end}.municipality, e.municipality_{end}) AS SMALLINT) "
            f"AS municipality_{end}, "
            f"coalesce(p_{end}.basic_unit, {_unit(f'e.basic_unit_{end}', parts)}) "
            f"AS basic_unit_{end}"
        )
        joins.append(f"""
        LEFT JOIN {PLACES} k_{end} ON k_{end}.key = e.basic_unit_{end} AND k_{end}.first
        LEFT JOIN {PLACES} p_{end} ON p_{end}.key = coalesce(k_{end}.key, e.municipality_{end})
          AND p_{end}.valid_from <= e.event_date AND p_{end}.valid_to > e.event_date""")
    return f"""
        SELECT e.* REPLACE ({", ".join(replaced)})
        FROM {catalog}.main.event e {" ".join(joins)}
    """


@step("border_rows", reads=["residence"], example={"catalog": "folkestrom"})
def border_rows(catalog: str) -> str:
    """Residents whose place gets another code on the day after `$eve`: as it was, and as it is.

    `$known_at` is the knowledge date.
    """
    columns = "r.person, r.sex, r.birth_date, r.country_of_birth"
    joined = f"""
        FROM {catalog}.main.residence r
        LEFT JOIN {PLACES} k ON k.key = r.basic_unit AND k.first
        JOIN {PLACES} o ON o.key = coalesce(k.key, r.municipality) AND o.stock_to = $eve
        JOIN {PLACES} n ON n.key = o.key AND n.stock_from = $eve
        WHERE r.valid_from <= $eve AND r.valid_to > $eve
          AND r.known_from <= $known_at AND r.known_to > $known_at
          AND (o.municipality <> n.municipality
            OR coalesce(o.basic_unit, r.basic_unit) <> coalesce(n.basic_unit, r.basic_unit))
    """
    return " UNION ALL ".join(
        f"""SELECT {columns}, {sign} AS sign, {of}.municipality,
               coalesce({of}.basic_unit, r.basic_unit) AS basic_unit {joined}"""
        for sign, of in ((-1, "o"), (1, "n"))
    )


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


@step("first_stay", reads=["residence"])
def first_stay() -> str:
    """The first day of any stay."""
    return "SELECT min(valid_from) AS first_day FROM residence"
