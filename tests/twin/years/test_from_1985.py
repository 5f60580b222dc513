"""A country from 1985: channels of the day, published clean-ups, quarters as published."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import polars as pl
import pytest

import folkestrom
from folkestrom.twin import Result, create
from tests.twin.quarters_reading import FLOWS, compare

#: Foreign citizens found by clean-ups (Statistics Norway, About the statistics, Population), and
#: of them in Oslo; None: not told.
CLEAN_UPS = {1993: (2950, 1600), 1994: None, 1995: None, 1997: None, 1998: None}
SCALE = 0.01


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("1985") / "out"
    return create(folder, scale=SCALE, first_year=1985, variables=False)


@pytest.fixture(scope="module")
def reports(country: Result) -> pl.DataFrame:
    """All reports but the first registrations, with the day in Oslo of their receipt."""
    frame = pl.read_parquet(country.report_folder / "*.parquet").filter(
        pl.col("kind") != "first_registration"
    )
    return frame.with_columns(
        received=pl.col("received_at").dt.convert_time_zone("Europe/Oslo").dt.date()
    )


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [(1985, 1994, (11, 11)), (1996, 1997, (11, 11)), (1998, 2020, (226, 236))],
)
def test_reports_come_by_the_channel_of_their_time(
    reports: pl.DataFrame, first: int, last: int, days: tuple[int, int]
) -> None:
    inside = reports.filter(pl.col("received").dt.year().is_between(first, last))
    # At the end of January comes what has happened since the last delivery before the extraction.
    usual = inside.filter(pl.col("received").dt.month() > 1)
    of_year = usual.group_by(year=pl.col("received").dt.year()).agg(
        pl.col("received").n_unique(), pl.col("received").dt.weekday().max().alias("weekday")
    )
    assert days[0] <= of_year["received"].min() <= of_year["received"].max() <= days[1]
    assert of_year["weekday"].max() == 5
    holidays = usual.filter(
        ((pl.col("received").dt.month() == 5) & pl.col("received").dt.day().is_in([1, 17]))
        | (pl.col("received").is_in([dt.date(2000, 4, 24), dt.date(2005, 3, 25)]))
    )
    assert holidays.is_empty()


def test_small_offices_send_on_fewer_days(country: Result, reports: pl.DataFrame) -> None:
    sizes = dict(
        zip(
            country.targets.municipality_codes.tolist(),
            (country.targets.municipality_population[-1] / SCALE).tolist(),
            strict=True,
        )
    )
    small = [f"{code:04d}" for code, size in sizes.items() if size < 2_000]
    deaths = reports.filter(
        (pl.col("kind") == "death") & pl.col("corrects").is_null(),
        (pl.col("received").dt.year() >= 2005) & (pl.col("received").dt.month() > 1),
        pl.col("municipality_from").cast(pl.String).is_in(small),
    )
    assert len(deaths) > 100
    assert set(deaths["received"].dt.weekday()) == {2, 4}


def test_clean_ups_find_who_had_left_in_the_years_before(
    country: Result, reports: pl.DataFrame
) -> None:
    leavers = pl.read_parquet(country.folder / "truth" / "leavers.parquet")
    found = leavers.filter(pl.col("clean_up") & (pl.col("reported").dt.year() < 2000))
    found = found.with_columns(
        year=pl.col("reported").dt.year(), left_year=pl.col("left").dt.year()
    )
    assert set(found["year"]) == set(CLEAN_UPS)
    of_1993 = found.filter(pl.col("year") == 1993)
    assert len(of_1993) == pytest.approx(2950 * SCALE, abs=1)
    assert of_1993["left_year"].n_unique() >= 5
    assert of_1993["left_year"].max() < 1993
    left = reports.filter(
        (pl.col("kind") == "emigration") & pl.col("person").is_in(of_1993["person"].to_list()),
        (pl.col("received").dt.year() == 1993) & pl.col("corrects").is_null(),
    )
    oslo = left.filter(pl.col("municipality_from").cast(pl.String) == "0301")
    assert len(oslo) == pytest.approx(1600 * SCALE, abs=1)
    assert left["received"].n_unique() == 1


#: Events can come a little too late for their quarter by chance: one in a hundred newcomers, say,
#: came before the year. No more is missing than four standard deviations of as many.
BY_CHANCE = 0.01


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_quarters_are_those_published(seed: int, reference: Path, tmp_path: Path) -> None:
    twin = create(
        tmp_path / "out", scale=SCALE, first_year=2001, last_year=2006, variables=False,
        reference=reference, seed=seed,
    )  # fmt: skip
    store = folkestrom.open(tmp_path / "store")
    store.intake(twin.report_folder)
    rows = list(compare(store, reference, 2001, 2005))
    assert [row.period for row in rows] == ["2001Q1", "2003Q1-Q3", "2003Q4", "2004Q1-Q2", "2004Q4"]
    missing = 0.0
    for row in rows:
        for name, published, counted in zip(FLOWS, row.published[2:], row.counted[2:], strict=True):
            # Sums since 1 January are rounded, so that a quarter is off by one at most.
            wanted = published * SCALE
            room = 4 * math.sqrt(BY_CHANCE * wanted) if name in FLOWS[2:] else 0.0
            # What the first three quarters lack is in the fourth.
            more = room if row.period.endswith("Q4") else 0.0
            assert -1.01 - room < counted - wanted < 1.01 + more
            missing += max(abs(counted - wanted) - 1.01, 0.0)
    assert bool(twin.notes) or missing == 0.0
    preliminary = store.changes(year=2003, preliminary=True)
    # The four quarters as published, which the final figures of the year are not.
    wanted_of = {"births": 56_496, "deaths": 42_788, "immigration": 35_938, "emigration": 24_691}
    for name, number in wanted_of.items():
        assert abs(preliminary[name][0].as_py() - number * SCALE) <= 0.5
