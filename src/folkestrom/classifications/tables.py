"""The units: municipalities and counties, each row with the days it holds for and its source.

Codes and names are facts, cited in the column `source` (Statistics Norway's Klass 131 for
municipalities, 104 for counties). The files hold the division of 2020-2023: 356 municipalities in
11 counties. Names that changed inside it are rows of their own.

Basic units, the level below, are not listed. Those of a synthetic country are synthetic: numbered
inside each municipality, without a name and without a place on a map.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import resources
from typing import Final

import polars as pl

from folkestrom.errors import UsageError

#: The division that the files hold: from its first day to the day after its last.
FIRST_DAY: Final = date(2020, 1, 1)
END_DAY: Final = date(2024, 1, 1)


@cache
def municipality_names() -> pl.DataFrame:
    """Every name of every municipality.

    Columns: `code` (four digits), `name`, `county` (two digits), `valid_from`, `valid_to` (half
    open) and `source`. One row a code and spell.
    """
    return _read("municipalities.csv")


@cache
def county_names() -> pl.DataFrame:
    """Every county: `code` (two digits), `name`, `valid_from`, `valid_to`, `source`."""
    return _read("counties.csv")


def municipalities(day: date) -> pl.DataFrame:
    """Municipalities on a day, by code: `code`, `name`, `county`, `county_name`.

    Days before the first division known have its borders: figures are in the borders of 2020-2023.

    Examples
    --------
    >>> units = municipalities(date(2021, 1, 1))
    >>> units.height, units["county"].n_unique()
    (356, 11)
    """
    at = day_of_division(day)
    counties = _valid(county_names(), at).select(county="code", county_name="name")
    return (
        _valid(municipality_names(), at)
        .select("code", "name", "county")
        .join(counties, on="county", how="left", maintain_order="left")
    )


def counties(day: date) -> pl.DataFrame:
    """Counties on a day, by code: `code`, `name`."""
    return _valid(county_names(), day_of_division(day)).select("code", "name")


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
            allowed="a four-digit code of the division of 2020-2023",
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
    return basic_unit // 10_000


def county_of(municipality: int) -> int:
    """The county of a municipality in the division of 2020-2023: its first two digits.

    Examples
    --------
    >>> county_of(301), county_of(5444)
    (3, 54)
    """
    return municipality // 100


def _read(name: str) -> pl.DataFrame:
    path = resources.files("folkestrom.classifications") / "data" / name
    text = pl.read_csv(path.read_bytes(), infer_schema=False)
    return text.with_columns(pl.col("valid_from", "valid_to").str.to_date()).sort(
        "code", "valid_from"
    )


def _valid(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    return frame.filter((pl.col("valid_from") <= day) & (pl.col("valid_to") > day))


def day_of_division(day: date) -> date:
    """The day, or the first day of the division for an earlier one."""
    if day >= END_DAY:
        raise UsageError(
            "is after the borders that are known",
            value=day,
            allowed=f"a day before {END_DAY}",
            next_step="Ask for an earlier day.",
        )
    return max(day, FIRST_DAY)
