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

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from folkestrom.classifications.areas import county_name, municipality_name
from folkestrom.classifications.basic_units import unit_places
from folkestrom.classifications.code_lists import county_code, municipality_code
from folkestrom.classifications.conversion import Shares, border_days, shares_of, traced
from folkestrom.classifications.reported import reported_borders
from folkestrom.classifications.tables import county_names, municipality_names
from folkestrom.engine.rows import first_row, is_table, lent
from folkestrom.engine.steps import Step, create_view, run, step
from folkestrom.engine.store_derived import largest_unit
from folkestrom.errors import UsageError
from folkestrom.model.report import COUNTY_DIGITS, MUNICIPALITY_DIGITS
from folkestrom.model.specification import Text, same
from folkestrom.variables.variable import Variable

#: Tables of a connection that asks for borders: where places are, and what was asked.
PLACES: Final = "border_place"
ASKED: Final = "asked_borders"
#: Where codes of places begin and end that never changed.
#: The level between municipalities and basic units.
PART_OF_TOWN: Final = "part_of_town"
_ALWAYS: Final = (date(1, 1, 1), date(9999, 12, 31))
_UNIT: Final = 10_000
#: A municipality without parts of town is one, of this number.
_PARTS: Final = 100
#: Marks what is an estimate; footnotes list so many of them.
_MARK: Final = "≈"
_LISTED: Final = 20


@step("store_catalog")
def store_catalog() -> str:
    """The name under which the engine has the store's file."""
    return "SELECT current_database() AS catalog"


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
    return f"{column} // {_UNIT} * {_PARTS}" if parts else column


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


def catalog_of(connection: duckdb.DuckDBPyConnection) -> str:
    """The name under which the store's own tables are found, whatever stands before them."""
    ((name,),) = run(connection, [store_catalog()]).fetchall()
    return f'"{name}"'


def own_tables(connection: duckdb.DuckDBPyConnection) -> str:
    """What names of tables begin with that are asked whatever borders are; mostly nothing."""
    return f"{catalog_of(connection)}.main." if is_table(connection, ASKED) else ""


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
        rows, rough = _as_it_was(connection, reported, known)
        views: tuple[Callable[..., Step], ...] = (residence_as_it_was, event_as_it_was)
    else:
        rows, rough = _on(connection, reported, asked, known)
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
        divided = rows.filter(pl.col("key") >= _UNIT)["key"] // _UNIT
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


def _rough(shares: Iterable[Shares]) -> list[str]:
    """Municipalities and counties that persons are divided between by weights."""
    found: set[str] = set()
    for several in shares:
        for decode, unit in ((municipality_code, 1), (county_code, 100)):
            codes = {code // unit for code in several}
            found |= {decode(code) for code in codes if len(codes) > 1}
    return sorted(found)


def _on(
    connection: duckdb.DuckDBPyConnection,
    reported: date | None,
    day: date,
    known: pl.DataFrame | None,
) -> tuple[pl.DataFrame, list[str]]:
    """Where places are on a day: codes that are another one there; and which are estimates."""
    starts = _meant(reported, day)
    shares = {code: shares_of(code, at, day) for code, at in starts.items()}
    whole = {code: next(iter(to)) for code, to in shares.items() if len(to) == 1}
    rows = [_rows([*whole], [[*whole.values()]], [_ALWAYS])]
    units = _units(connection, [code for code in shares if code not in whole], known)
    for at in {starts[code] for code in (units // _UNIT).tolist()}:
        own = units[np.isin(units // _UNIT, [c for c, d in starts.items() if d == at])]
        traces = traced(own // _UNIT, own % _UNIT, [at, day])
        rows.append(_rows(own, traces[-1:], [_ALWAYS]))
    rough = [shares[code] for code in set((units // _UNIT).tolist())]
    if known is not None:
        here = known.filter((pl.col("valid_from") <= day) & (pl.col("valid_to") > day))
        named = pl.Series([whole.get(u // _UNIT, 0) for u in here["key"].to_list()], dtype=pl.Int32)
        moved = (pl.col("municipality") != named) | (pl.col("basic_unit") != pl.col("key"))
        rows.append(here.filter(moved))
    found = pl.concat(rows).filter(
        (pl.col("key") != pl.col("municipality")) | pl.col("basic_unit").is_not_null()
    )
    return found, _rough(rough)


def _meant(reported: date | None, day: date) -> dict[int, date]:
    """The day as of which each code means a place, to be found again on another one."""
    if reported is not None:
        at = (pl.col("valid_from") <= reported) & (pl.col("valid_to") > reported)
        return {int(code): reported for code in municipality_names().filter(at)["code"]}
    lives = municipality_names().group_by("code").agg(pl.min("valid_from"), pl.max("valid_to"))
    last = timedelta(days=1)
    return {
        int(code): min(max(day, begins), ends - last) for code, begins, ends in lives.iter_rows()
    }


def _units(
    connection: duckdb.DuckDBPyConnection, codes: Sequence[int], known: pl.DataFrame | None
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Every number that a basic unit of some municipalities may have, but those classified.

    To look up which numbers occur would take longer than the questions that are asked.
    """
    numbers = np.arange(largest_unit(connection) + 1, dtype=np.int64)
    units = (np.array(codes, np.int64)[:, None] * _UNIT + numbers).reshape(-1)
    return units if known is None else np.setdiff1d(units, known["key"].to_numpy())


def _as_it_was(
    connection: duckdb.DuckDBPyConnection, reported: date | None, known: pl.DataFrame | None
) -> tuple[pl.DataFrame, list[str]]:
    """Where places are from when to when, of all that ever change; and which are estimates."""
    ((first,),) = run(connection, [first_stay()]).fetchall()
    days = border_days(first or _ALWAYS[0])
    spells = [*zip((_ALWAYS[0], *days), (*days, _ALWAYS[1]), strict=True)]
    # Of the time before the first change, the day before it; of any later one, its first day.
    seen = [day - timedelta(days=1) for day in days[:1]] + [*days]
    starts = _meant(reported, _ALWAYS[1]) if reported is not None else _begun(seen)
    shares = {code: [_then(code, at, day, reported) for day in seen] for code, at in starts.items()}
    whole = [code for code, there in shares.items() if all(len(s) == 1 for s in there)]
    places = [[next(iter(shares[code][n])) for code in whole] for n in range(len(seen))]
    rows = [_rows(whole, places, spells)]
    units = _units(connection, [code for code in shares if code not in set(whole)], known)
    for code in sorted(set((units // _UNIT).tolist())):
        own = units[units // _UNIT == code]
        rows.append(_rows(own, _traces(own, starts[code], seen, reported), spells))
    rough = [s for code in set((units // _UNIT).tolist()) for s in shares[code]]
    if known is not None:
        rows.append(known)
    return _changing(pl.concat(rows)), _rough(rough)


def _begun(seen: Sequence[date]) -> dict[int, date]:
    """Municipalities that exist in a time, each with its first day in it."""
    if not seen:
        return {}
    lives = municipality_names().group_by("code").agg(pl.max("valid_from"), pl.max("valid_to"))
    return {
        int(code): max(begins, seen[0])
        for code, begins, ends in lives.iter_rows()
        if ends > seen[0]
    }


def _then(code: int, at: date, day: date, reported: date | None) -> dict[int, float]:
    """Where a place is on a day; codes of their own day mean nothing before they begin."""
    if reported is None and day <= at:
        return {code: 1.0}
    return shares_of(code, at, day)


def _traces(
    units: np.ndarray[tuple[int], np.dtype[np.int64]],
    at: date,
    seen: Sequence[date],
    reported: date | None,
) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    codes, numbers = units // _UNIT, units % _UNIT
    later = [day for day in seen if day > at]
    earlier = [day for day in reversed(seen) if day <= at]
    before = (
        [codes for _ in earlier] if reported is None else traced(codes, numbers, [at, *earlier])[1:]
    )
    return [*reversed(before), *traced(codes, numbers, [at, *later])[1:]]


def _rows(
    keys: Iterable[int],
    places: Sequence[Iterable[int]],
    spells: Sequence[tuple[date, date]],
) -> pl.DataFrame:
    """A row a key and spell, with the municipality that it is then; its unit as it is reported."""
    listed = list(keys)
    frames = [
        pl.DataFrame(
            {"key": listed, "municipality": list(place)},
            {"key": pl.Int32, "municipality": pl.Int32},
        ).with_columns(
            pl.lit(None, pl.Int32).alias("basic_unit"),
            pl.lit(begins).alias("valid_from"),
            pl.lit(ends).alias("valid_to"),
        )
        for place, (begins, ends) in zip(places, spells, strict=True)
    ]
    return pl.concat(frames)


def _changing(rows: pl.DataFrame) -> pl.DataFrame:
    """Spells of places that change, each as long as it is the same, with what stocks go by."""
    ordered = rows.sort("key", "valid_from")
    same_place = pl.struct("municipality", pl.col("basic_unit").fill_null(0))
    spell = (same_place.rle_id().over("key")).alias("spell")
    merged = (
        ordered.with_columns(spell)
        .group_by("key", "spell", maintain_order=True)
        .agg(
            pl.first("municipality"), pl.first("basic_unit"),
            pl.min("valid_from"), pl.max("valid_to"),
        )
    )  # fmt: skip
    reported = (pl.col("municipality") == pl.col("key")) & pl.col("basic_unit").is_null()
    changing = merged.filter((pl.len().over("key") > 1) | ~reported)
    one_day = pl.duration(days=1)

    def stock(column: str) -> pl.Expr:
        day = pl.col(column)
        edge = day.is_in([_ALWAYS[0], _ALWAYS[1]])
        return pl.when(edge).then(day).otherwise(day - one_day).alias(f"stock_{column[6:]}")

    return changing.with_columns(
        stock("valid_from"), stock("valid_to"), (pl.col("spell") == 0).alias("first")
    ).drop("spell")
