"""Municipalities and counties from 1960 on."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from importlib import resources

import polars as pl
import pytest

from folkestrom.classifications.areas import FIRST_DAY, county_name
from folkestrom.classifications.areas import municipality_name as latest_name
from folkestrom.classifications.tables import (
    counties,
    county_names,
    county_of,
    municipalities,
    municipality_name,
    municipality_names,
    municipality_of,
)
from folkestrom.errors import UsageError


@pytest.mark.parametrize(
    ("day", "many", "in_counties"),
    [
        (date(1972, 1, 1), 444, 19),
        (date(2002, 1, 1), 434, 19),
        (date(2013, 1, 1), 428, 19),
        (date(2017, 1, 1), 426, 19),
        (date(2018, 1, 1), 422, 18),
        (date(2020, 1, 1), 356, 11),
        (date(2023, 12, 31), 356, 11),
        (date(2024, 1, 1), 357, 15),
    ],
)
def test_as_many_municipalities_and_counties_as_there_were(
    day: date, many: int, in_counties: int
) -> None:
    """The numbers are those that Statistics Norway states for each year."""
    units = municipalities(day)
    assert units.height == many
    assert units["code"].is_unique().all()
    assert units.null_count().sum_horizontal().item() == 0
    assert set(units["county"]) == set(counties(day)["code"])
    assert counties(day).height == in_counties


def test_every_row_has_its_days_and_its_source() -> None:
    for frame in (municipality_names(), county_names()):
        assert (frame["valid_from"] < frame["valid_to"]).all()
        assert frame["source"].str.contains("Klass|historiskeKommunenummer").all()
        spells = frame.sort("code", "valid_from").with_columns(
            before=pl.col("valid_to").shift(1).over("code")
        )
        joined = spells.filter(pl.col("before").is_not_null())
        # A number may be given to another municipality years later: 0712 was Skoger, then Larvik.
        assert (joined["before"] <= joined["valid_from"]).all()


def test_names_are_those_of_the_day() -> None:
    assert municipality_name("5001", date(2021, 1, 1)) == "Trondheim"
    assert municipality_name("5001", date(2023, 1, 1)) == "Trondheim - Tråante"


def test_codes_carry_their_county() -> None:
    units = municipalities(date(2021, 1, 1))
    assert all(int(c) == county_of(int(m)) for m, c in units.select("code", "county").iter_rows())
    assert municipality_of(54_441_234) == 5444


def test_days_before_the_lists_are_refused() -> None:
    with pytest.raises(UsageError, match="borders"):
        municipalities(FIRST_DAY - timedelta(days=1))


def test_unknown_codes_are_refused() -> None:
    with pytest.raises(UsageError, match="'1508' is not a municipality"):
        municipality_name("1508", date(2021, 1, 1))


def test_the_twin_has_the_same_municipalities() -> None:
    """The twin may not import this room, so its ranking repeats the codes."""
    path = resources.files("folkestrom.twin.targets") / "data" / "municipality_rank_2021.csv"
    with path.open(encoding="utf-8") as stream:
        ranked = [row["code"] for row in csv.DictReader(stream)]
    assert sorted(ranked) == municipalities(date(2021, 1, 1))["code"].to_list()


def test_names_for_tables() -> None:
    assert latest_name("1103") == "Stavanger"
    assert county_name("03") == "Oslo"
