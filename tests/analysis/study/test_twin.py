"""The panel of an uncalibrated twin is the panel that the twin itself wrote."""

from __future__ import annotations

import polars as pl
import pytest

import folkestrom
from folkestrom.analysis.study import Groups, Panel, Study, Who
from folkestrom.app.office.api import Store
from folkestrom.twin import create

NAMES = ("sex", "county", "education", "employment", "income")
MADE = {
    "ages": Groups("age", starts=(0, 6, 18, 25, 30, 35, 40, 50, 67)),
    "first_immigration_known": Groups("immigration_year", starts=(0,)),
    "fifth": Groups("income_amount", starts=(0, 200_000, 345_000, 505_000, 685_000)),
    "tenth": Groups("income_amount", quantiles=10),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store that has taken in a twin's reports and variables."""
    folder = create(tmp_path_factory.mktemp("twin") / "free", scale=0.001, calibrated=False).folder
    store = folkestrom.open(folder / "store")
    store.intake(folder / "reports")
    for name in (*NAMES[2:], "income_amount"):
        store.link(folder / "variables" / f"{name}.parquet", name, known_from="2000-01-01")
    return store


@pytest.fixture(scope="module")
def panels(store: Store) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The twin's truth, and the panel of the store that took in its reports."""
    panel = Panel(2000, 2020, variables=[*NAMES, "age", *MADE])
    study = Study(
        "The twin's panel",
        known_at="published",
        who=[Who("age", from_=18)],
        panel=panel,
        groups=MADE,
    )
    found = store.study(study).panel("polars")
    assert isinstance(found, pl.DataFrame)
    return pl.read_parquet(store.path.parent / "truth" / "panel.parquet"), found


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


def test_amounts_of_income_make_the_fifths_of_the_truth_and_tenths_of_each_year(
    panels: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    # The few of whom the stock did not know have no value of any variable.
    found = panels[1].filter(pl.col("income").cast(pl.String) != "unknown")
    assert found.height > 0.999 * panels[1].height
    number = {"0-199999": "1", "200000-344999": "2", "345000-504999": "3", "505000-684999": "4"}
    fifth = found["fifth"].cast(pl.String).replace_strict(number, default="5")
    assert (fifth == found["income"].cast(pl.String).str.strip_prefix("fifth_")).all()
    sizes = found.group_by("year", "tenth").len()
    assert sizes.height == 21 * 10
    # Who dies in the year is not in the panel; more of the first tenths do.
    share = sizes["len"] / sizes.select(pl.col("len").sum().over("year"))["len"]
    assert share.is_between(0.085, 0.115).all()
    ordered = found.with_columns(pl.col("tenth").cast(pl.String).cast(pl.Int8))
    both = ordered.select(pl.corr("tenth", fifth.cast(pl.Int8).alias("fifth"), method="spearman"))
    assert both.item() > 0.97


def test_rates_by_tenths_of_income(store: Store) -> None:
    found = store.rates(
        "2000-01-01", "2021-01-01", ["tenth"], groups={"tenth": MADE["tenth"]}, to="polars"
    )
    tenths = found.filter(pl.col("tenth").cast(pl.String) != "unknown")
    assert tenths.height == 10
    years = tenths["person_years"]
    assert years.min() > 0.9 * years.mean()
    assert years.max() < 1.1 * years.mean()
