"""Where places are in the borders of a day, or from when to when as it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

import duckdb
import numpy as np
import polars as pl

from folkestrom.classifications.code_lists import county_code, municipality_code
from folkestrom.classifications.conversion import Shares, border_days, shares_of, traced
from folkestrom.classifications.tables import municipality_names
from folkestrom.engine.steps import run
from folkestrom.engine.store_derived import largest_unit
from folkestrom.model.report import UNITS
from folkestrom.variables.borders.views import first_stay

#: From when to when codes of places hold that never changed.
_ALWAYS: Final = (date(1, 1, 1), date(9999, 12, 31))


def _rough(shares: Iterable[Shares]) -> list[str]:
    """Municipalities and counties that persons are divided between by weights."""
    found: set[str] = set()
    for several in shares:
        for decode, unit in ((municipality_code, 1), (county_code, 100)):
            codes = {code // unit for code in several}
            found |= {decode(code) for code in codes if len(codes) > 1}
    return sorted(found)


def places_on(
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
    for at in {starts[code] for code in (units // UNITS).tolist()}:
        own = units[np.isin(units // UNITS, [c for c, d in starts.items() if d == at])]
        traces = traced(own // UNITS, own % UNITS, [at, day])
        rows.append(_rows(own, traces[-1:], [_ALWAYS]))
    rough = [shares[code] for code in set((units // UNITS).tolist())]
    if known is not None:
        here = known.filter((pl.col("valid_from") <= day) & (pl.col("valid_to") > day))
        named = pl.Series([whole.get(u // UNITS, 0) for u in here["key"].to_list()], dtype=pl.Int32)
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
    known_largest = largest_unit(connection)
    largest = UNITS - 1 if known_largest is None else known_largest
    numbers = np.arange(largest + 1, dtype=np.int64)
    units = (np.array(codes, np.int64)[:, None] * UNITS + numbers).reshape(-1)
    return units if known is None else np.setdiff1d(units, known["key"].to_numpy())


def as_it_was(
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
    for code in sorted(set((units // UNITS).tolist())):
        own = units[units // UNITS == code]
        rows.append(_rows(own, _traces(own, starts[code], seen, reported), spells))
    rough = [s for code in set((units // UNITS).tolist()) for s in shares[code]]
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
    codes, numbers = units // UNITS, units % UNITS
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
