"""The files a researcher would link: wealth, background, arrival, reason, centrality."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from folkestrom.twin import Result
from folkestrom.twin.lives.income import TAIL_INDEX as INCOME_INDEX
from folkestrom.twin.lives.income import income_of, share_above
from folkestrom.twin.lives.wealth import TAIL_INDEX, wealth_effects

MILLION = 1_000_000
BOUNDS = (0, MILLION, 5 * MILLION, 20 * MILLION, 50 * MILLION)
GROUPS = ("below_0", "0-1", "1-5", "5-20", "20-50", "50+")
FIFTHS = (200_000, 345_000, 505_000, 685_000)
SPELLS = (
    "education", "employment", "income", "income_amount", "wealth", "background", "arrival",
    "stillbirths",
)  # fmt: skip


@pytest.fixture(scope="module")
def panel(free: Path) -> pl.DataFrame:
    frame = pl.read_parquet(free / "truth" / "panel.parquet")
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String)).with_columns(
        day=pl.date(pl.col("year"), 1, 1)
    )


def linked(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """The panel with a variable's value on 1 January of each row's year."""
    spells = pl.read_parquet(path).sort("person", "from")
    found = frame.sort("person", "day").join_asof(
        spells, left_on="day", right_on="from", by="person", check_sortedness=False
    )
    return found.with_columns(value=pl.when(pl.col("day") < pl.col("to")).then("value"))


@pytest.mark.parametrize("name", SPELLS)
def test_spells_of_a_person_follow_each_other(name: str, free: Path) -> None:
    spells = pl.read_parquet(free / "variables" / f"{name}.parquet").sort("person", "from")
    assert spells["value"].null_count() == 0
    assert (spells["from"] < spells["to"]).all()
    same = spells["person"] == spells["person"].shift(1)
    assert (spells["from"] >= spells["to"].shift(1)).filter(same).all()


def test_wealth_in_nok_is_in_the_group_that_the_truth_says(free: Path, panel: pl.DataFrame) -> None:
    found = linked(panel, free / "variables" / "wealth.parquet")
    group = np.searchsorted(BOUNDS, found["value"].to_numpy(), side="right")
    assert np.array_equal(np.array(GROUPS)[group], found["wealth"].to_numpy())


@pytest.fixture(scope="module")
def incomes(free: Path, panel: pl.DataFrame) -> pl.DataFrame:
    return linked(panel, free / "variables" / "income_amount.parquet")


def test_income_in_nok_is_in_the_fifth_that_the_truth_says(incomes: pl.DataFrame) -> None:
    amounts = incomes["value"].to_numpy()
    assert (amounts >= 0).all()
    assert (amounts % 100 == 0).all()
    fifth = np.searchsorted(FIFTHS, amounts, side="right") + 1
    assert (pl.Series(fifth).cast(pl.String) == incomes["income"].str.strip_prefix("fifth_")).all()
    # The fifths of the truth are about, not exactly, those of the year's adults.
    place = (pl.col("value").rank("ordinal") - 1) * 5 // pl.len() + 1
    ranked = incomes.select(place.over("year").cast(pl.String))["value"]
    assert 0.96 < (ranked == incomes["income"].str.strip_prefix("fifth_")).mean() < 1


def test_tenths_of_income_have_the_shares_of_the_published_shape(incomes: pl.DataFrame) -> None:
    # Statistics Norway, Tax return statistics 2000, table 10: shares of gross income in 1999.
    published = (0.8, 3.3, 4.8, 6.2, 7.9, 9.5, 11.1, 12.8, 15.3, 28.4)
    amounts = np.sort(incomes.filter(pl.col("year") == 2019)["value"].to_numpy())
    tenths = np.array([part.sum() for part in np.array_split(amounts, 10)]) / amounts.sum()
    assert 100 * tenths == pytest.approx(np.array(published), abs=0.6)
    assert amounts.mean() == pytest.approx(488_600, rel=0.03)
    uppermost = amounts[int(0.95 * len(amounts)) :].sum() / amounts.sum()
    assert uppermost == pytest.approx(0.188, abs=0.012)


def test_the_upper_tail_of_income_is_pareto() -> None:
    above = np.array([1e-1, 1e-3, 1e-5])
    amounts = np.array([income_of(share) for share in above])
    assert np.diff(np.log(amounts)) / np.diff(np.log(above)) == pytest.approx(-1 / INCOME_INDEX)
    assert income_of(0.1 + 1e-12) == pytest.approx(amounts[0])


@given(
    latent=st.floats(-6, 6),
    age=st.integers(18, 110),
    education=st.integers(0, 3),
    group=st.integers(0, 5),
)
@example(0.85, 45, 3, 2)
@example(math.nextafter(0.85, 1), 18, 0, 5)
@example(-0.25, 45, 3, 2)
@example(-6.0, 18, 0, 5)
@example(6.0, 45, 3, 2)
def test_no_bend_takes_an_income_out_of_its_fifth(
    latent: float, age: int, education: int, group: int
) -> None:
    fifth = int(np.searchsorted((-0.85, -0.25, 0.25, 0.85), latent, side="left"))
    amount = math.floor(income_of(share_above(latent, fifth, age, education, group)) / 100) * 100
    assert np.searchsorted(FIFTHS, amount, side="right") == fifth
    assert 0 <= amount < 100 * 2**31


def test_income_rises_to_middle_age_and_with_education_and_is_less_of_the_born_elsewhere(
    incomes: pl.DataFrame,
) -> None:
    median, mean = pl.col("value").median(), pl.col("value").mean()
    ages = dict(incomes.group_by("age").agg(mean).iter_rows())
    order = ["18-24", "25-29", "30-34", "35-39", "40-49"]
    assert [ages[a] for a in order] == sorted(ages[a] for a in order)
    assert ages["67+"] < 0.7 * ages["50-66"]
    levels = dict(incomes.group_by("education").agg(median).iter_rows())
    order = ["basic", "upper_secondary", "bachelor", "master"]
    assert [levels[e] for e in order] == sorted(levels[e] for e in order)
    origin = pl.col("origin").str.split(" ").list.first()
    groups = dict(incomes.group_by(origin).agg(median).iter_rows())
    assert groups["other"] < 0.9 * groups["native"]


@pytest.fixture(scope="module")
def fortunes(free: Path, panel: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Net wealth of the adults of 2015, in order."""
    found = linked(panel.filter(pl.col("year") == 2015), free / "variables" / "wealth.parquet")
    return np.sort(found["value"].to_numpy())


def test_tenths_of_wealth_have_the_shares_of_the_published_shape(
    fortunes: npt.NDArray[np.int64],
) -> None:
    # Statistics Norway, Income and wealth statistics for households 2015: shares of net wealth.
    published = (-4.2, -0.3, 0.3, 1.9, 4.2, 6.6, 9.5, 13.0, 18.5, 50.6)
    parts = np.array([part.sum() for part in np.array_split(fortunes, 10)]) / fortunes.sum()
    assert 100 * parts == pytest.approx(np.array(published), abs=3.0)
    uppermost = fortunes[int(0.95 * len(fortunes)) :].sum() / fortunes.sum()
    assert 100 * uppermost == pytest.approx(37.2, abs=3.0)
    assert fortunes.mean() == pytest.approx(2_000_000, rel=0.1)


@pytest.mark.parametrize("name", ["wealth", "income_amount"])
def test_hardly_anybody_has_the_same_amount_as_somebody_else(
    name: str, free: Path, panel: pl.DataFrame
) -> None:
    found = linked(panel.filter(pl.col("year") == 2020), free / "variables" / f"{name}.parquet")
    counted = found["value"].value_counts()
    # Of income, some have none.
    assert counted["count"].max() / found.height < 0.01
    sizes = found.with_columns(
        tenth=(10 * (pl.col("value").rank("min") - 1) // found.height).cast(pl.Int8)
    )["tenth"].value_counts()
    assert len(sizes) == 10
    assert (sizes["count"] / found.height).is_between(0.099, 0.101).all()


def test_amounts_of_wealth_are_in_thousands_of_kroner(free: Path) -> None:
    spells = pl.read_parquet(free / "variables" / "wealth.parquet")
    assert (spells["value"] % 1_000 == 0).all()
    assert spells["value"].min() >= -600_000


def test_the_upper_tail_of_wealth_is_pareto() -> None:
    # The effects that stay with a person are the logarithm of a factor: a Pareto tail of wealth is
    # an exponential one here, whose excess over any height has the mean 1 / index.
    effects = np.sort(wealth_effects(np.arange(1_000_000), seed=5))
    for part in (0.995, 0.998, 0.999):
        tail = effects[int(part * len(effects)) :]
        error = 1 / np.sqrt(len(tail))
        assert 1 / (tail - tail[0]).mean() == pytest.approx(TAIL_INDEX, rel=4 * error)


def test_some_thousands_have_fifty_million(panel: pl.DataFrame) -> None:
    # Of a country of one in a hundred: a few dozen.
    wealthy = panel.filter(pl.col("wealth") == "50+", pl.col("year") == 2020)
    assert 30 < len(wealthy) < 100
    assert panel.filter(pl.col("wealth") == "50+")["completed_age"].mean() > 45


def test_wealth_rises_with_age_and_income_and_is_less_among_immigrants(
    panel: pl.DataFrame, free: Path
) -> None:
    found = linked(panel, free / "variables" / "wealth.parquet")
    median = pl.col("value").median()
    ages = found.group_by("age").agg(median).sort("age")
    order = ["18-24", "25-29", "30-34", "35-39", "40-49", "50-66"]
    values = dict(ages.iter_rows())
    assert [values[a] for a in order] == sorted(values[a] for a in order)
    native = found.filter(pl.col("age") == "40-49").with_columns(n=pl.col("origin") == "native")
    incomes = dict(native.filter("n").group_by("income").agg(median).iter_rows())
    assert incomes["fifth_1"] < incomes["fifth_3"] < incomes["fifth_5"]
    both = dict(native.group_by("n").agg(median).iter_rows())
    assert both[False] < both[True]
    below = found["value"].to_numpy() < 0
    assert 0.1 < below.mean() < 0.3


def test_background_and_arrival_are_those_of_the_truth(free: Path, panel: pl.DataFrame) -> None:
    background = linked(panel, free / "variables" / "background.parquet")
    group = background["origin"].str.split(" ").list.first()
    assert (background["value"].cast(pl.String) == group).all()
    arrival = linked(panel, free / "variables" / "arrival.parquet")
    abroad = ~arrival["origin"].is_in(["native", "norwegian_born"])
    assert (arrival["value"].is_not_null() == abroad).all()
    came = arrival.filter(abroad)
    stay = (came["year"] - came["value"]).to_numpy()
    steps = np.array(["0-2", "3-5", "6-10", "11+"])[np.searchsorted([2, 5, 10], stay)]
    assert np.array_equal(steps, came["origin"].str.split(" ").list.last().to_numpy())


def test_stillbirths_are_as_many_as_published_and_nine_months_from_any_birth(free: Path) -> None:
    found = pl.read_parquet(free / "variables" / "stillbirths.parquet")
    found = found.select("person", year=pl.col("from").dt.year())
    scale = json.loads((free / "truth" / "model.json").read_text(encoding="utf-8"))["scale"]
    number = dict(found.group_by("year").len().iter_rows())
    for year, published in {
        2000: 225,
        2006: 201,
        2011: 198,
        2016: 183,
        2019: 123,
        2020: 133,
    }.items():
        assert abs(number.get(year, 0) - scale * published) <= 0.5
    births = pl.read_parquet(
        free / "reports" / "*.parquet", columns=["kind", "mother", "event_date"]
    ).filter(pl.col("kind").cast(pl.String) == "birth")
    both = found.join(births, left_on="person", right_on="mother")
    assert len(both) > 10, "some have other children"
    assert ((both["event_date"].dt.year() - both["year"]).abs() > 1).all()


def test_the_reason_is_the_one_of_the_first_immigration(free: Path, panel: pl.DataFrame) -> None:
    reports = pl.read_parquet(free / "reports" / "*.parquet").with_columns(
        pl.col("kind", "reason").cast(pl.String)
    )
    began = reports.filter(pl.col("kind").is_in(["first_registration", "birth", "immigration"]))
    began = began.sort("received_at").group_by("person", maintain_order=True).first()
    stated = began.select("person", pl.col("reason"))
    found = panel.join(stated, on="person", how="left")
    known = pl.col("reason_right").is_in(["work", "family", "refuge", "education"])
    expected = found.select(pl.when(known).then("reason_right").otherwise(pl.lit("none")))
    same = (expected.to_series() == found["reason"]).mean()
    assert same > 0.999  # the first report received may be an error that was annulled
    counts = dict(found["reason"].value_counts().iter_rows())
    assert min(counts[name] for name in ("work", "family", "refuge", "education")) > 3_000


def test_children_do_not_come_for_work(free: Path) -> None:
    reports = pl.read_parquet(free / "reports" / "*.parquet").with_columns(
        pl.col("kind", "reason").cast(pl.String)
    )
    came = reports.filter(pl.col("kind") == "immigration", pl.col("mother").is_not_null())
    children = came.filter(
        pl.col("event_date").dt.year() - pl.col("birth_date").dt.year() < 17,
        pl.col("reason").is_in(["work", "family", "refuge", "education"]),
    )
    assert set(children["reason"]) == {"family", "refuge"}


def test_covid_is_2020_and_knows_oslo(panel: pl.DataFrame) -> None:
    in_2020 = pl.col("covid") != "other_year"
    assert set(panel.filter(in_2020)["year"]) == {2020}
    assert set(panel.filter(~in_2020)["year"]) == set(range(2000, 2020))
    oslo = panel.filter(pl.col("covid") == "2020_oslo")["county"]
    elsewhere = panel.filter(pl.col("covid") == "2020_elsewhere")["county"]
    assert set(oslo) == {"03"}
    assert "03" not in set(elsewhere)


def test_every_municipality_has_a_centrality(free: Path, panel: pl.DataFrame) -> None:
    classes = pl.read_parquet(free / "municipalities" / "centrality.parquet")
    assert len(classes) == 356
    assert classes["municipality"].is_unique().all()
    assert set(classes["value"]) == {1, 2, 3, 4, 5, 6}
    assert set(classes["from"]) == {dt.date(2000, 1, 1)}
    first = pl.read_parquet(free / "reports" / "*.parquet").filter(
        pl.col("kind").cast(pl.String) == "first_registration", pl.col("municipality").is_not_null()
    )
    home = first.select("person", pl.col("municipality").cast(pl.String)).unique("person")
    found = panel.filter(pl.col("year") == 2000).join(home, on="person").join(
        classes, on="municipality"
    )  # fmt: skip
    assert len(found) > 30_000
    right = found["value"].cast(pl.String) == found["centrality"]
    assert right.mean() > 0.999  # reports of the stock that were corrected


def test_calibrated_variables_are_there_too(small: Result) -> None:
    wealth = pl.read_parquet(small.folder / "variables" / "wealth.parquet")
    assert len(wealth) > 10_000
    model = json.loads((small.folder / "truth" / "model.json").read_text(encoding="utf-8"))
    told = model["mobility"]["coefficients"]
    assert told["wealth"]["levels"] == list(GROUPS)
    at_50 = told["wealth"]["abroad"][-1]
    # Wealth of NOK 50 million and more counts for natives; much less for immigrants.
    assert at_50 > 0.3
    assert told["immigrant_wealth"]["abroad"][-1] < -0.5 * at_50
    found = {row["name"]: row for row in model["parameters"]}
    assert found["index of the Pareto tail of net wealth"]["value"] == 1.45
    assert found["index of the Pareto tail of income"]["value"] == 2.3
