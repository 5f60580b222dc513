"""The units: municipalities and counties, each row with the days it holds for and its source.

Codes and names are facts, cited in the column `source`: Statistics Norway's Klass 131 for
municipalities from 1971 on, the Norwegian Tax Administration's list of historical municipality
numbers before that, Klass 104 for counties. From 1 January 1960 to the division of 2024, which is
that of 2025 too; later changes are a store's own (`divisions`). A name that changed is a row of its
own.

Basic units, the level below, are not among the program's own lists: an office loads them into its
store (`folkestrom classifications`). Those of a synthetic country are synthetic: numbered inside
each municipality, without a name and without a place on a map.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl

from folkestrom.classifications.areas import listed_day
from folkestrom.classifications.divisions.division import (
    COUNTIES,
    MUNICIPALITIES,
    Division,
    in_force,
    listed,
)
from folkestrom.errors import UsageError
from folkestrom.model.report import UNITS


def municipality_names() -> pl.DataFrame:
    """Every name of every municipality.

    Columns: `code` (four digits), `name`, `county` (two digits), `valid_from`, `valid_to` (half
    open) and `source`. One row a code and spell.
    """
    county = pl.col("code").str.head(2).alias("county")
    return _read(in_force(), MUNICIPALITIES).with_columns(county)


def county_names() -> pl.DataFrame:
    """Every county: `code` (two digits), `name`, `valid_from`, `valid_to`, `source`."""
    return _read(in_force(), COUNTIES)


def municipalities(day: date) -> pl.DataFrame:
    """Municipalities on a day, by code: `code`, `name`, `county`, `county_name`.

    Examples
    --------
    >>> units = municipalities(date(2021, 1, 1))
    >>> units.height, units["county"].n_unique()
    (356, 11)
    >>> municipalities(date(2005, 1, 1)).height, municipalities(date(2024, 1, 1)).height
    (433, 357)
    """
    at = listed_day(day)
    counties = _valid(county_names(), at).select(county="code", county_name="name")
    return (
        _valid(municipality_names(), at)
        .select("code", "name", "county")
        .join(counties, on="county", how="left", maintain_order="left")
    )


def counties(day: date) -> pl.DataFrame:
    """Counties on a day, by code: `code`, `name`."""
    return _valid(county_names(), listed_day(day)).select("code", "name")


def municipality_name(code: str | int, day: date) -> str:
    """Name of a municipality on a day.

    Examples
    --------
    >>> municipality_name("0301", date(2021, 1, 1)), municipality_name(5001, date(2023, 5, 1))
    ('Oslo', 'Trondheim - Tråante')
    """
    wanted = f"{int(code):04d}"
    found = municipalities(day).filter(pl.col("code") == wanted)
    if found.is_empty():
        raise UsageError(
            "is not a municipality",
            value=wanted,
            allowed=f"a four-digit code of the division of {day}",
            next_step="Look the code up in Statistics Norway's Klass 131.",
        )
    return str(found["name"][0])


def municipality_of(basic_unit: int) -> int:
    """The municipality of a basic unit: its first four digits.

    Examples
    --------
    >>> municipality_of(3010101)
    301
    """
    return basic_unit // UNITS


def county_of(municipality: int) -> int:
    """The county of a municipality: its first two digits.

    Examples
    --------
    >>> county_of(301), county_of(5444)
    (3, 54)
    """
    return municipality // 100


@cache
def _read(division: Division, name: str) -> pl.DataFrame:
    return (
        pl.DataFrame(listed(division, name))
        .with_columns(pl.col("valid_from", "valid_to").str.to_date())
        .sort("code", "valid_from")
    )


def _valid(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    return frame.filter((pl.col("valid_from") <= day) & (pl.col("valid_to") > day))
