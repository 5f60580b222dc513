"""Where immigrants live: read back from the reports of calibrated countries, and of a free one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from folkestrom.twin import Result, create
from folkestrom.twin.targets.embedded import embedded_targets
from folkestrom.twin.years.settlement import (
    ATTRACTION,
    OSLO_ATTRACTION,
    immigrant_attraction,
)
from tests.twin.leaving_reading import STARTS, Reports, read_reports


@pytest.fixture(scope="module")
def hundredth(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("settlement") / "hundredth"
    return create(folder, scale=0.01, seed=11)


@pytest.fixture(scope="module")
def reports(hundredth: Result) -> Reports:
    return read_reports(hundredth.report_folder)


def _residents(reports: Reports, year: int) -> pl.DataFrame:
    return (
        reports.persons(year)
        .filter(pl.col("ended").is_in(STARTS))
        .with_columns(
            immigrant=pl.col("born_in") != "NO",
            oslo=pl.col("municipality").str.slice(0, 2) == "03",
        )
    )


@pytest.mark.parametrize("year", [2000, 2010, 2021])
def test_immigrants_are_concentrated_in_oslo_from_the_first_stock_on(
    reports: Reports, year: int
) -> None:
    people = _residents(reports, year)
    nation = people["immigrant"].mean()
    oslo = people.filter("oslo")["immigrant"].mean()
    assert isinstance(nation, float)
    assert isinstance(oslo, float)
    # The published ratio of 2021 is 1.7.
    assert 1.5 < oslo / nation < 2.5


def test_central_municipalities_have_more_immigrants_than_remote_ones(
    hundredth: Result, reports: Reports
) -> None:
    centrality = pl.read_parquet(hundredth.folder / "municipalities" / "centrality.parquet")
    people = _residents(reports, 2021).join(
        centrality.with_columns(pl.col("municipality").cast(pl.String)), on="municipality"
    )
    shares = people.filter(~pl.col("oslo")).group_by("value").agg(pl.col("immigrant").mean())
    of = dict(shares.iter_rows())
    assert of[1] > of[2] > of[3] > max(of[4], of[5], of[6])


def test_the_countries_municipalities_keep_their_sizes(hundredth: Result, reports: Reports) -> None:
    targets = hundredth.targets
    counted = dict(_residents(reports, 2021).group_by("municipality").len().iter_rows())
    codes = [f"{code:04d}" for code in targets.municipality_codes.tolist()]
    assert [counted.get(code, 0) for code in codes] == targets.municipality_population[-1].tolist()


def test_norwegian_born_children_of_immigrants_live_there_too(
    hundredth: Result, reports: Reports
) -> None:
    group = pl.read_parquet(hundredth.folder / "truth" / "persons.parquet").select(
        pl.col("person").cast(pl.String), pl.col("group").cast(pl.String)
    )
    people = _residents(reports, 2021).with_columns(pl.col("person").cast(pl.String))
    people = people.join(group, on="person").with_columns(child=pl.col("group") == "norwegian_born")
    oslo, all_of_them = people.filter("oslo")["child"].mean(), people["child"].mean()
    assert isinstance(oslo, float)
    assert isinstance(all_of_them, float)
    assert oslo > 1.4 * all_of_them > 0


def test_so_it_is_when_nothing_is_calibrated(free: Path) -> None:
    people = _residents(read_reports(free / "reports"), 2021)
    shares = dict(people.group_by("oslo").agg(pl.col("immigrant").mean()).iter_rows())
    assert shares[True] > 1.5 * shares[False]


def test_the_attraction_is_in_the_truth(hundredth: Result) -> None:
    model = json.loads((hundredth.folder / "truth" / "model.json").read_text(encoding="utf-8"))
    given = {row["name"]: row for row in model["parameters"]}
    by_class = given["attraction of municipalities for immigrants, by centrality class"]
    assert by_class["value"] == list(ATTRACTION)
    assert by_class["source"] == "assumption of the twin"
    assert given["attraction of Oslo for immigrants"]["value"] == OSLO_ATTRACTION


def test_oslo_draws_most() -> None:
    targets = embedded_targets(2020, 2021)
    drawn = immigrant_attraction(targets)
    oslo = targets.municipality_codes == 301
    assert drawn[oslo].item() == drawn.max()
    assert (drawn[~oslo] < drawn.max()).all()
    assert np.isin(drawn[~oslo], ATTRACTION).all()
