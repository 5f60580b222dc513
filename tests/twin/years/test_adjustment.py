"""The adjustment is forced by what was annulled and corrected, and nothing of that is planted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from folkestrom.twin import Result, create
from folkestrom.twin.targets.change import with_change
from folkestrom.twin.targets.definition import Targets
from folkestrom.twin.targets.embedded import embedded_targets
from tests.twin.targets.series import write_series

NET = 7
YEAR = 2020


def forced(targets: Targets) -> Targets:
    """The targets of a country whose adjustment of 2020 is seven."""
    change = NET - int(targets.adjustment[-1])
    cell = ("", "value", "statistical_adjustment")
    return with_change(targets, "key-figures", cell, change)


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("adjustment") / "out"
    return create(folder, scale=0.02, first_year=2017, variables=False, change=forced)


@pytest.fixture(scope="module")
def revisions(country: Result) -> pl.DataFrame:
    """What each window revises, by the truth, with the revised reports' places."""
    truth = pl.read_parquet(country.folder / "truth" / "revisions.parquet")
    reports = pl.read_parquet(country.report_folder / "*.parquet")
    places = reports.select(
        pl.col("source_report_id").alias("target"),
        county=pl.coalesce("municipality", "municipality_from").cast(pl.String).str.slice(0, 2),
    )
    return truth.join(places, on="target", how="left").with_columns(
        pl.col("kind", "relation").cast(pl.String)
    )


def test_the_net_is_forced_and_the_gross_is_twenty_times_as_large(revisions: pl.DataFrame) -> None:
    window = revisions.filter(pl.col("window") == YEAR)
    assert window["adjustment"].sum() == NET
    assert len(window.filter(pl.col("adjustment") != 0)) >= 20 * NET
    early = revisions.filter(pl.col("window") < YEAR)
    assert (
        early.group_by("window").agg(pl.col("adjustment").sum())["adjustment"].to_list() == [0] * 3
    )


def test_revisions_are_spread_over_kinds_months_and_counties(revisions: pl.DataFrame) -> None:
    window = revisions.filter((pl.col("window") == YEAR) & (pl.col("adjustment") != 0))
    kinds = Counter(window.select("kind", "relation").iter_rows())
    assert {kind for kind, _ in kinds} == {"birth", "death", "immigration", "emigration"}
    assert {relation for _, relation in kinds} == {"annuls", "corrects"}
    months = Counter(window["received_at"].dt.month())
    assert len(months) == 12
    assert max(months.values()) < 0.35 * len(window)
    happened = Counter(window["event_date"].dt.month())
    assert len(happened) == 12
    assert window["county"].n_unique() >= 9


def test_counties_are_revised_in_proportion_to_their_reports(
    country: Result, revisions: pl.DataFrame
) -> None:
    reports = pl.read_parquet(country.report_folder / "*.parquet").filter(
        pl.col("kind").cast(pl.String).is_in(["birth", "death", "immigration", "emigration"]),
        pl.col("event_date").dt.year().is_between(2017, 2019),
    )
    county = pl.coalesce("municipality", "municipality_from").cast(pl.String).str.slice(0, 2)
    share = Counter(reports.select(county=county)["county"])
    revised = revisions.filter(pl.col("window") > 2017, pl.col("adjustment") != 0)
    found = Counter(revised["county"])
    names = sorted(share)
    expected = np.array([share[n] for n in names]) * len(revised) / sum(share.values())
    observed = np.array([found[n] for n in names])
    # Chi-square with 10 degrees of freedom: 29.6 has a chance of one in a thousand.
    assert ((observed - expected) ** 2 / expected).sum() < 29.6


def test_an_annulment_names_a_report_of_the_same_person_that_came_before(country: Result) -> None:
    reports = pl.read_parquet(country.report_folder / "*.parquet")
    pairs = reports.with_columns(target=pl.coalesce("annuls", "corrects")).drop_nulls("target")
    targets = reports.select(
        pl.col("source_report_id").alias("target"),
        pl.col("person").alias("person_before"),
        pl.col("received_at").alias("before"),
        pl.col("kind").alias("kind_before"),
        pl.col("annuls", "corrects").name.suffix("_before"),
    )
    joined = pairs.join(targets, on="target", how="left")
    assert joined["person_before"].null_count() == 0
    assert (joined["person"] == joined["person_before"]).all()
    assert (joined["before"] <= joined["received_at"]).all()
    assert joined["annuls_before"].null_count() == len(joined)
    corrections = joined.drop_nulls("corrects")
    assert (corrections["kind"] == corrections["kind_before"]).all()
    assert joined["target"].is_unique().all()
    empty = joined.drop_nulls("annuls").drop(
        "source", "source_report_id", "received_at", "person", "kind", "annuls", "target",
        *(name for name in joined.columns if name.endswith("before")),
    )  # fmt: skip
    assert all(empty[name].null_count() == len(empty) for name in empty.columns)


def test_reference_series_force_every_year(tmp_path: Path) -> None:
    targets = embedded_targets()
    # As far apart as the published years' adjustments are.
    moved = np.linspace(-230, 294, len(targets.immigration)).round().astype(int)
    moved[::2] *= -1
    series = replace(targets, immigration=targets.immigration + moved)
    folder = write_series(series, tmp_path / "series")
    done = create(tmp_path / "out", scale=0.02, reference=folder, variables=False)
    assert set(np.sign(done.targets.adjustment)) >= {-1, 1}
    truth = pl.read_parquet(done.folder / "truth" / "revisions.parquet")
    by_year = truth.group_by("window").agg(
        net=pl.col("adjustment").sum(), gross=(pl.col("adjustment") != 0).sum()
    )
    nets = dict(by_year.select("window", "net").iter_rows())
    gross = dict(by_year.select("window", "gross").iter_rows())
    wanted = dict(zip(done.targets.years, done.targets.adjustment.tolist(), strict=False))
    assert {y: nets.get(y, 0) for y in wanted} == wanted
    assert all(gross[y] >= 20 * abs(net) for y, net in wanted.items())
