"""What the sources say about emigration, read back from the reports of calibrated countries."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from folkestrom.twin import Result, create
from tests.twin.leaving_reading import Reports, read_reports
from tests.twin.other_figures import standing, with_last

LEFT = 0.32
#: Emigrations of 2020 by citizenship: Statistics Norway, migration statistics of 26 April 2021.
BY_CITIZENSHIP = {
    "NO": 6884, "PL": 2931, "LT": 1246, "SE": 1482, "DE": 699, "DK": 981, "RO": 436, "ES": 492,
    "GB": 419, "SY": 387, "IN": 1028, "PH": 1042,
}  # fmt: skip


@pytest.fixture(scope="module")
def hundredth(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("emigration") / "hundredth"
    return create(folder, scale=0.01, seed=7, variables=False)


@pytest.fixture(scope="module")
def reports(hundredth: Result) -> Reports:
    return read_reports(hundredth.report_folder)


@pytest.fixture(scope="module")
def adults(reports: Reports) -> pl.DataFrame:
    """Adult residents of four years, and who of them left."""
    return pl.concat([reports.emigration(year) for year in range(2017, 2021)])


def test_of_the_eight_countries_arrivals_32_per_cent_have_left_again(reports: Reports) -> None:
    arrived, left = reports.left_again(2021)
    assert arrived > 2_400
    assert left / arrived == pytest.approx(LEFT, abs=0.01)


def test_the_share_has_grown_from_year_to_year(reports: Reports) -> None:
    shares = [left / arrived for arrived, left in map(reports.left_again, range(2009, 2022, 3))]
    assert shares == sorted(shares)
    assert shares[0] < 0.2


def test_more_than_one_in_a_hundred_leave_oslo_in_a_year_and_fewer_leave_elsewhere(
    adults: pl.DataFrame,
) -> None:
    county = pl.col("municipality").str.slice(0, 2)
    rates = dict(adults.group_by(county).agg(pl.col("left").mean()).iter_rows())
    oslo = rates.pop("03")
    assert oslo > 0.01
    assert max(rates.values()) < oslo


def test_immigrants_leave_more_often_than_natives(adults: pl.DataFrame) -> None:
    native = pl.col("born_in") == "NO"
    rates = dict(adults.group_by(native).agg(pl.col("left").mean()).iter_rows())
    assert rates[False] > 5 * rates[True] > 0


def test_the_offsets_are_in_the_truth(hundredth: Result) -> None:
    model = json.loads((hundredth.folder / "truth" / "model.json").read_text(encoding="utf-8"))
    years = {row["year"]: row for row in model["offsets_by_origin"]["years"]}
    assert sorted(years) == list(range(2004, 2021))
    assert years[2004]["log_offset_leaving"] == 0
    # In the first years few have come, and hardly any may leave: the offset may be at its bound.
    assert all(abs(row["log_offset_leaving"]) < 1.0 for row in years.values() if row["year"] > 2008)
    assert years[2020]["share_aimed_at"] == LEFT


def test_it_is_steered_by_what_the_register_says(hundredth: Result, reports: Reports) -> None:
    model = json.loads((hundredth.folder / "truth" / "model.json").read_text(encoding="utf-8"))
    last = model["offsets_by_origin"]["years"][-1]
    arrived, left = reports.left_again(2020)
    # Reports of earlier leaving that come in the year are known to it already.
    assert arrived == pytest.approx(last["arrived"], abs=5)
    assert left <= last["left_again"] <= left + 20


def test_a_country_that_begins_after_the_enlargement_is_not_steered(tmp_path: Path) -> None:
    done = create(tmp_path / "late", scale=0.002, first_year=2018, variables=False)
    model = json.loads((done.folder / "truth" / "model.json").read_text(encoding="utf-8"))
    assert model["offsets_by_origin"]["years"] == []


def test_a_free_country_is_not_bent(free: Path) -> None:
    model = json.loads((free / "truth" / "model.json").read_text(encoding="utf-8"))
    assert model["offsets_by_origin"]["years"] == []


def test_free_about_as_many_leave_and_move_as_when_calibrated(
    free: Path, hundredth: Result, reports: Reports
) -> None:
    drawn, bent = read_reports(free / "reports").away(), reports.away()
    published = hundredth.targets.emigration.tolist()
    assert sum(drawn["left"]) == pytest.approx(sum(published), rel=0.1)
    for year, left in zip(drawn["left"], published, strict=True):
        assert year == pytest.approx(left, rel=0.4)
    assert sum(drawn["moved"]) == pytest.approx(sum(bent["moved"]), rel=0.05)
    for one, other in zip(drawn["moved"], bent["moved"], strict=True):
        assert one == pytest.approx(other, rel=0.15)


def test_each_citizenship_leaves_as_often_as_published(tmp_path: Path) -> None:
    scale = 0.05
    twin = create(tmp_path / "out", scale=scale, seed=3, first_year=2019, variables=False)
    known = standing(twin.folder)
    left = known.filter("counted", pl.col("kind") == "emigration")
    citizenship = with_last(left, "person", known, "citizenship")
    number = dict(citizenship.value_counts().iter_rows())
    off = {code: number[code] - scale * told for code, told in BY_CITIZENSHIP.items()}
    assert max(map(abs, off.values())) < 3
