"""The panel of an uncalibrated twin is the panel that the twin itself wrote."""

from __future__ import annotations

import polars as pl
import pytest

import folkestrom
from folkestrom.analysis.study import Groups, Panel, Study, Who
from folkestrom.twin import create

NAMES = ("sex", "county", "education", "employment", "income")


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The twin's truth, and the panel of the store that took in its reports."""
    folder = create(tmp_path_factory.mktemp("twin") / "free", scale=0.001, calibrated=False).folder
    store = folkestrom.open(folder / "store")
    store.intake(folder / "reports")
    for name in NAMES[2:]:
        store.link(folder / "variables" / f"{name}.parquet", name, known_from="2000-01-01")
    panel = Panel(2000, 2020, variables=[*NAMES, "age", "ages", "first_immigration_known"])
    study = Study(
        "The twin's panel",
        known_at="published",
        who=[Who("age", from_=18)],
        panel=panel,
        groups={
            "ages": Groups("age", starts=(0, 6, 18, 25, 30, 35, 40, 50, 67)),
            "first_immigration_known": Groups("immigration_year", starts=(0,)),
        },
    )
    found = store.study(study).panel("polars")
    assert isinstance(found, pl.DataFrame)
    return pl.read_parquet(folder / "truth" / "panel.parquet"), found


def test_every_row_of_the_truth_is_there_with_its_registered_outcome(
    panels: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    truth, found = panels
    both = truth.join(found, on=["person", "year"], how="left", suffix="_found")
    assert truth.height > 60_000
    assert both["outcome"].null_count() == 0
    text = pl.String
    assert (both["outcome"].cast(text) == both["registered_outcome"].cast(text)).all()
    for name in NAMES:
        assert (both[name].cast(text) == both[f"{name}_found"].cast(text)).all(), name
    assert (both["completed_age"] == both["age_found"]).all()
    assert (both["age"].cast(text) == both["ages"].cast(text)).all()


def test_what_is_there_beside_had_come_before_the_year_and_was_reported_late(
    panels: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    truth, found = panels
    more = found.join(truth, on=["person", "year"], how="anti")
    assert 0 < more.height < 30
    # All are immigrants of the year before, whom the stock of 1 January did not know yet.
    assert (more["first_immigration_known"].cast(pl.String) == "0+").all()
    first = found.group_by("person").agg(pl.col("year").min().alias("first"))
    joined = more.join(first, on="person")
    assert (joined["year"] == joined["first"]).mean() > 0.8


def test_persons_and_years_are_in_order(panels: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    _, found = panels
    keys = found.select("person", "year")
    assert keys.equals(keys.sort("person", "year"))
    assert keys.is_unique().all()
