"""Rates and propensities: a published case, identities, and what tables may not be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from folkestrom.analysis.rates import propensities, rates
from folkestrom.analysis.rates.rates import rates_of
from folkestrom.errors import InputRefused, UsageError
from tests.oracle.demography.reading import two_countries

CELLS = pl.DataFrame(
    {
        "county": ["03", "03", "11", "11"],
        "age": ["young", "old", "young", "old"],
        "events": [30, 5, 12, 9],
        "days": [365_242.5, 730_485.0, 365_242.5, 1_460_970.0],
    }
)


def test_rates_of_the_case_on_the_average_composition() -> None:
    """Preston, Heuveline & Guillot (2001), box 2.3: crude rates and directly standardised ones."""
    table = two_countries().rename({"deaths": "events", "population": "days"})
    shares = table.with_columns(weight=pl.col("days") / pl.col("days").sum().over("country"))
    found = rates(
        table, by="country", unit="years", standardise_by="age",
        standard=shares.select("age", "weight"),
    ).data.sort("country")  # fmt: skip
    assert found["rate"].to_list() == pytest.approx([7.42304163993903, 10.547560591581])
    assert found["standardised"].to_list() == pytest.approx(
        [11.8819968634999, 7.37409375228167], rel=1e-12
    )


def test_a_group_in_its_own_composition_is_itself() -> None:
    found = rates(CELLS, by="county", standardise_by="age", standard={"county": "03"}).data
    own = found.filter(pl.col("county") == "03").row(0, named=True)
    assert own["standardised"] == pytest.approx(own["rate"])
    assert own["ratio"] == pytest.approx(1)
    assert own["coverage"] == pytest.approx(1)


def test_direct_standardisation_by_hand() -> None:
    found = rates(CELLS, by="county", standardise_by="age").data
    # The standard has 2 000 young and 6 000 old person-years.
    assert found["standardised"].to_list() == pytest.approx(
        [30 * 0.25 + 2.5 * 0.75, 12 * 0.25 + 2.25 * 0.75]
    )


def test_indirect_standardisation_by_hand() -> None:
    found = rates(CELLS, by="county", standardise_by="age", method="indirect").data
    young, old = 42 / 2, 14 / 6
    expected = [young + 2 * old, young + 4 * old]
    assert found["expected"].to_list() == pytest.approx(expected)
    assert found["ratio"].to_list() == pytest.approx([35 / expected[0], 21 / expected[1]])
    assert (found["expected"].sum()) == pytest.approx(56)


def test_strata_without_anybody_are_left_out_and_said() -> None:
    table = CELLS.filter((pl.col("county") == "03") | (pl.col("age") == "old"))
    found = rates(table, by="county", standardise_by="age").data
    assert found["coverage"].to_list() == pytest.approx([1, 6 / 7])
    # Over the old alone, the standard's rate is 14 in 6 000.
    assert found["ratio"][1] == pytest.approx(9 / 4 / (14 / 6))


def test_the_same_from_every_kind_of_table() -> None:
    expected = rates(CELLS, by="county").data
    for table in (CELLS.lazy(), CELLS.to_arrow(), pd.DataFrame(CELLS.to_dict(as_series=False))):
        assert rates(table, by=["county"]).data.equals(expected)
    assert rates(CELLS, by="county").to("pandas")["events"].tolist() == [35, 21]


def test_episodes_have_their_days() -> None:
    table = pl.DataFrame(
        {"start": ["2020-01-01", "2020-03-01"], "stop": ["2021-01-01", "2020-03-11"],
         "event": ["abroad", None]}
    ).with_columns(pl.col("start", "stop").str.to_date())  # fmt: skip
    found = rates(table, "event", outcome="abroad").data.row(0, named=True)
    assert found["events"] == 1
    assert found["person_years"] == pytest.approx(376 / 365.2425)


def test_nobody_exposed_has_no_rate() -> None:
    table = pl.DataFrame({"sex": ["f", "m"], "events": [0, 1], "days": [0, 365_242]})
    assert rates(table, by="sex").data["rate"].to_list()[0] is None


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"by": "contry"}, "Did you mean 'county'"),
        ({"by": "county", "standardise_by": "county"}, "cannot tell groups apart and"),
        ({"standard": {"county": "03"}}, "needs something to be standardised by"),
        ({"standardise_by": "age", "standard": {"county": "99"}}, "cannot be the standard"),
        ({"standardise_by": "age", "method": "both"}, "direct, indirect"),
        ({"unit": "weeks"}, "days, years"),
        ({"events": "county"}, "holds texts"),
        ({"level": 95}, "between 0 and 1"),
    ],
)
def test_bad_questions(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        rates(CELLS, **asked)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), None])
def test_bad_exposure(value: float | None) -> None:
    table = pl.DataFrame({"events": [1], "days": pl.Series([value], dtype=pl.Float64)})
    with pytest.raises(InputRefused, match=r"row 1, column days: .*is (negative|missing)"):
        rates(table)


def panel(persons: int, years: int, seed: int, spread: float = 1.5) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 2, persons)
    chance = 1 / (1 + np.exp(-(-1.5 + 0.8 * group + spread * rng.normal(size=persons))))
    return pl.DataFrame(
        {
            "person": np.repeat(np.arange(persons), years),
            "year": np.tile(np.arange(years), persons),
            "group": np.repeat(np.where(group, "b", "a"), years),
            "sex": np.repeat(rng.choice(["f", "m"], persons), years),
            "outcome": (rng.random(persons * years) < np.repeat(chance, years)).astype(int),
        }
    )


def test_errors_of_shares_are_clustered_by_person() -> None:
    statsmodels = pytest.importorskip("statsmodels.api")
    table = panel(400, 6, 1).filter(pl.col("group") == "a")
    found = propensities(table).data.row(0, named=True)
    y = table["outcome"].to_numpy().astype(float)
    theirs = statsmodels.OLS(y, np.ones((len(y), 1))).fit(
        cov_type="cluster", cov_kwds={"groups": table["person"].to_numpy()}
    )
    # Theirs has one more correction, (n − 1)/(n − k), which is 1 here.
    assert found["se"] == pytest.approx(theirs.bse[0], rel=1e-9)
    assert found["design_effect"] > 1.5


def test_shares_cover() -> None:
    truth = propensities(panel(200_000, 5, 99), "group").data["propensity"].to_list()
    hits = []
    for seed in range(100):
        found = propensities(panel(150, 5, seed), "group").data
        hits += [
            low <= value <= high
            for low, high, value in zip(
                found["propensity_lower"], found["propensity_upper"], truth, strict=True
            )
        ]
    # 200 intervals, each twice as wide as if rows were independent; those would cover 80 per cent.
    assert 0.91 <= np.mean(hits) <= 0.985


def test_standardised_shares() -> None:
    table = panel(300, 4, 5)
    found = propensities(table, "group", standardise_by="sex").data
    weights = table.group_by("sex").len().sort("sex")["len"].to_numpy() / table.height
    for row in found.rows(named=True):
        own = table.filter(pl.col("group") == row["group"])
        shares = own.group_by("sex").agg(pl.col("outcome").mean()).sort("sex")["outcome"]
        assert row["standardised"] == pytest.approx(float(weights @ shares.to_numpy()))
        assert row["standardised_lower"] < row["standardised"] < row["standardised_upper"]
    whole = propensities(table, standardise_by="sex").data.row(0, named=True)
    assert whole["standardised"] == pytest.approx(whole["propensity"])


def test_outcomes_that_are_not_there() -> None:
    table = panel(10, 2, 1).with_columns(pl.lit("stay").alias("outcome"))
    with pytest.raises(UsageError, match="is no outcome of the panel"):
        propensities(table, value="abroad")
    with pytest.raises(InputRefused, match="column outcome: is missing"):
        propensities(table.with_columns(pl.lit(None, pl.String).alias("outcome")), value="stay")
    for outcome in ("stay", True):
        empty = table.with_columns(outcome=pl.lit(outcome)).clear()
        with pytest.raises(InputRefused, match="propensities: has no rows") as refused:
            propensities(empty, value=outcome)
        assert "Allowed" not in str(refused.value)


@pytest.mark.parametrize("method", ["direct", "indirect"])
def test_what_is_compared_with_a_standard_without_events_is_undefined(method: Any) -> None:
    cells = {"group": ["a", "b"], "sex": ["f", "f"], "events": [0, 0], "person_years": [3, 0]}
    found = rates_of(pl.DataFrame(cells), ("group",), ("sex",), method=method).data
    names = ("ratio", "ratio_lower", "ratio_upper")
    assert all(found[name].to_list() == [None, None] for name in names)
    assert found["rate"].to_list() == [0.0, None]
    assert not any(
        found[name].is_nan().any() for name in found.columns if found[name].dtype.is_float()
    )
