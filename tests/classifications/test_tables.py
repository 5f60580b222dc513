"""Municipalities and counties of 2020-2023."""

from __future__ import annotations

import csv
from datetime import date
from importlib import resources

import polars as pl
import pytest

from folkestrom.classifications.areas import county_name
from folkestrom.classifications.areas import municipality_name as latest_name
from folkestrom.classifications.conversion import conversion
from folkestrom.classifications.tables import (
    END_DAY,
    counties,
    county_names,
    county_of,
    municipalities,
    municipality_name,
    municipality_names,
    municipality_of,
)
from folkestrom.errors import UsageError


@pytest.mark.parametrize("day", [date(1995, 5, 1), date(2020, 1, 1), date(2023, 12, 31)])
def test_356_municipalities_in_11_counties(day: date) -> None:
    units = municipalities(day)
    assert units.height == 356
    assert units["code"].is_unique().all()
    assert units.null_count().sum_horizontal().item() == 0
    assert set(units["county"]) == set(counties(day)["code"])
    assert counties(day).height == 11


def test_every_row_has_its_days_and_its_source() -> None:
    for frame in (municipality_names(), county_names()):
        assert (frame["valid_from"] < frame["valid_to"]).all()
        assert frame["source"].str.contains("Klass").all()
        spells = frame.sort("code", "valid_from").with_columns(
            before=pl.col("valid_to").shift(1).over("code")
        )
        joined = spells.filter(pl.col("before").is_not_null())
        assert (joined["before"] == joined["valid_from"]).all()


def test_names_are_those_of_the_day() -> None:
    assert municipality_name("5001", date(2021, 1, 1)) == "Trondheim"
    assert municipality_name("5001", date(2023, 1, 1)) == "Trondheim - Tråante"


def test_codes_carry_their_county() -> None:
    units = municipalities(date(2021, 1, 1))
    assert all(int(c) == county_of(int(m)) for m, c in units.select("code", "county").iter_rows())
    assert municipality_of(54_441_234) == 5444


def test_days_after_the_division_are_refused() -> None:
    with pytest.raises(UsageError, match="borders"):
        municipalities(END_DAY)


def test_unknown_codes_are_refused() -> None:
    with pytest.raises(UsageError, match="'1508' is not a municipality"):
        municipality_name("1508", date(2021, 1, 1))


def test_conversion_is_the_identity() -> None:
    table = conversion(date(2006, 1, 1), date(2021, 1, 1))
    assert table.height == 356
    assert (table["code_from"] == table["code_to"]).all()
    assert table["exact"].all()


def test_the_twin_has_the_same_municipalities() -> None:
    """The twin may not import this room, so its ranking repeats the codes."""
    path = resources.files("folkestrom.twin.targets") / "data" / "municipality_rank_2021.csv"
    with path.open(encoding="utf-8") as stream:
        ranked = [row["code"] for row in csv.DictReader(stream)]
    assert sorted(ranked) == municipalities(date(2021, 1, 1))["code"].to_list()


def test_names_for_tables() -> None:
    assert latest_name("1103") == "Stavanger"
    assert county_name("03") == "Oslo"
