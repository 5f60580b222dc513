"""Hazards by period: against rows written out, Cox's regression, and another program."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from folkestrom.analysis.mobility import factor, fit_mobility, make_panel, number
from folkestrom.analysis.regression import PersonPeriods, cox, hazards_by_period, person_periods
from folkestrom.errors import UsageError
from tests.analysis.regression.slowly import made_up, slope

NAMES = ["place", "age"]
LENGTH = 6


def spells(rows: int = 1500, seed: int = 1) -> dict[str, Any]:
    data: dict[str, Any] = made_up(rows, seed)
    names = np.array(["", "return", "death"], dtype=object)[data["cause"]]
    return data | {"end": [n or None for n in names], "age": data["age"].round(-1)}


def counted(data: dict[str, Any], event: str = "event", **options: Any) -> PersonPeriods:
    # Rows can be written out of whole periods only.
    given: Any = {"start": "start", "covariates": NAMES, "length": LENGTH, "lost": 0.0} | options
    return person_periods(data, stop="stop", event=event, **given)


def written_out(data: dict[str, Any]) -> pl.DataFrame:
    """A row a person and period at risk, by the rule in words."""
    rows = []
    for i in range(len(data["stop"])):
        start, stop, ended = data["start"][i], data["stop"][i], bool(data["event"][i])
        for p in range(math.ceil(start / LENGTH), math.ceil(stop / LENGTH)):
            event = bool(ended and stop <= (p + 1) * LENGTH)
            if event or stop >= (p + 1) * LENGTH:
                rows.append(
                    {
                        "period": p, "place": data["place"][i], "age": data["age"][i],
                        "event": event, "outcome": data["end"][i] if event else "stay",
                    }
                )  # fmt: skip
    return pl.DataFrame(rows)


def informative(rows: pl.DataFrame, *outcomes: str) -> pl.DataFrame:
    """Rows of periods in which some, not all, have an event, and some of each."""
    each = [(pl.col("outcome") == o).any().over("period") for o in outcomes]
    return rows.filter(
        *each, pl.col("event").any().over("period"), (~pl.col("event")).any().over("period")
    )


def test_cells_are_the_rows_written_out() -> None:
    data = spells()
    cells = counted(data).cells
    keys = ["period", *NAMES]
    wanted = (
        written_out(data)
        .group_by(keys)
        .agg(at_risk=pl.len().cast(float), event=pl.col("event").sum().cast(float))
        .sort(keys)
    )
    assert cells.sort(keys).rows() == wanted.rows()


def test_batches_and_factors_give_the_same_cells() -> None:
    data = spells()
    whole = counted(data).cells
    batches = pl.DataFrame(data, strict=False).to_arrow().to_batches(max_chunksize=100)
    assert len(batches) > 10
    parts = counted(pa.Table.from_batches([b]) for b in batches).cells  # type: ignore[arg-type]
    assert parts.rows() == whole.rows()
    place = factor("place", data["place"], reference="village")
    cells = counted(data, covariates=[place, "age"])
    assert cells.cells.cast({"place": pl.String}).sort("period", *NAMES).rows() == whole.rows()
    fit = hazards_by_period(cells)
    assert fit.names_[:2] == ("place[city]", "place[suburb]")


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_the_likelihood_is_that_of_rows_and_at_its_top(link: Any) -> None:
    data = spells(400)
    fit = hazards_by_period(counted(data), link=link)
    rows = informative(written_out(data))
    used = sorted(rows["period"].unique().to_list())
    x = np.column_stack(
        [
            rows["place"] == "suburb", rows["place"] == "village", rows["age"],
            *(rows["period"] == p for p in used),
        ]
    ).astype(float)  # fmt: skip
    # Numbers count from their mean, so that intercepts are of it.
    x[:, 2] -= x[:, 2].mean()
    event = rows["event"].to_numpy()

    def value(theta: np.ndarray) -> float:
        eta = x @ theta
        hazard = np.exp(eta)
        chance = hazard / (1 + hazard) if link == "logit" else 1 - np.exp(-hazard)
        return float(np.log(np.where(event, chance, 1 - chance)).sum())

    np.testing.assert_allclose(fit.log_likelihood_, value(fit.theta), rtol=1e-12)
    np.testing.assert_allclose(slope(value, fit.theta), 0, atol=1e-4)
    assert fit.converged_
    assert fit.rows == len(rows)


def test_complementary_log_log_of_short_periods_is_coxs_regression() -> None:
    """Days are the periods: only what ties are taken for makes a difference, and that is small."""
    data = spells(4000)
    days = hazards_by_period(counted(data, length=1), link="cloglog")
    fit = cox(data, start="start", stop="stop", event="event", covariates=NAMES)
    error = np.array(list(fit.bse_.values()))
    assert np.abs(days.theta[:3] - fit.theta).max() < 0.05 * error.max()
    np.testing.assert_allclose(list(days.bse_.values())[:3], error, rtol=0.02)


def test_complementary_log_log_means_the_same_whatever_the_period() -> None:
    """Its ratios are of hazards in continuous time; those of the logit move with the period."""
    generator = np.random.default_rng(2)
    x = generator.integers(0, 2, 60_000)
    # Followed for twelve months, so that no period is cut.
    months = generator.exponential(12 / np.exp(0.8 * x))
    data = {"stop": np.minimum(months, 12), "event": months < 12, "x": x.astype(str)}
    found = {
        (link, length): hazards_by_period(
            person_periods(data, stop="stop", event="event", covariates=["x"], length=length),
            link=link,
        ).params_["x[1]"]
        for link in ("cloglog", "logit")
        for length in (1, 12)
    }
    assert abs(found["cloglog", 1] - 0.8) < 0.04
    assert abs(found["cloglog", 12] - 0.8) < 0.04
    assert found["logit", 12] > found["logit", 1] + 0.2


def test_several_causes_are_the_mobility_model_without_effects() -> None:
    data = spells()
    fit = hazards_by_period(counted(data, "end"))
    rows = informative(written_out(data), "return", "death")
    outcomes = ["stay", "death", "return"]
    panel = make_panel(
        np.arange(len(rows)),
        np.array([outcomes.index(o) for o in rows["outcome"]]),
        [
            factor("place", rows["place"].to_numpy()),
            number("age", rows["age"].to_numpy()),
            factor("period", rows["period"].to_numpy().astype(str)),
        ],
        outcomes=outcomes,
    )
    other = fit_mobility(panel, effects="none", tolerance=1e-8)
    np.testing.assert_allclose(fit.log_likelihood_, other.log_likelihood_, rtol=1e-10)
    for cause in ("return", "death"):
        for name in ("place[suburb]", "place[village]", "age"):
            key = f"{cause}: {name}"
            np.testing.assert_allclose(fit.params_[key], other.params_[key], rtol=1e-5)
            np.testing.assert_allclose(fit.bse_[key], other.bse_[key], rtol=1e-5)


def test_one_of_several_causes() -> None:
    data = spells()
    fit = hazards_by_period(counted(data, "end"), cause="return", link="cloglog")
    # Who died is out of the period they died in, as if it had not been seen whole.
    rows = written_out(data).filter(pl.col("outcome") != "death")
    with_event = informative(rows, "return")
    assert fit.rows == len(with_event)
    assert fit.events == int((with_event["outcome"] == "return").sum())


def test_covariates_that_change_within_a_period_are_those_at_its_beginning() -> None:
    data = {
        "person": [1, 1, 2], "start": [0, 8, 0], "stop": [8, 20, 12], "left": [0, 1, 0],
        "place": ["a", "b", "a"],
    }  # fmt: skip
    cells = person_periods(
        data, start="start", stop="stop", event="left", covariates=["place"], length=6,
        person="person",
    ).cells  # fmt: skip
    assert cells.rows() == [
        (0, "a", 2.0, 0.0), (1, "a", 2.0, 0.0), (2, "b", 1.0, 0.0), (3, "b", 1.0, 1.0),
    ]  # fmt: skip


def test_weights_are_persons() -> None:
    data = spells(300)
    twice = {k: np.concatenate([np.asarray(v, dtype=object)] * 2).tolist() for k, v in data.items()}
    doubled = counted(data | {"w": np.full(300, 2.0)}, weight="w")
    assert doubled.cells.rows() == counted(twice).cells.rows()


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_statsmodels(link: Any) -> None:
    sm = pytest.importorskip("statsmodels.api", reason="statsmodels is not installed")
    data = spells()
    fit = hazards_by_period(counted(data), link=link)
    rows = informative(written_out(data))
    used = sorted(rows["period"].unique().to_list())
    x = np.column_stack(
        [
            rows["place"] == "suburb", rows["place"] == "village", rows["age"],
            *(rows["period"] == p for p in used),
        ]
    ).astype(float)  # fmt: skip
    links = sm.families.links
    family = sm.families.Binomial(link=links.Logit() if link == "logit" else links.CLogLog())
    other = sm.GLM(rows["event"].to_numpy().astype(float), x, family=family).fit(tol=1e-12)
    np.testing.assert_allclose(fit.theta[:3], other.params[:3], rtol=1e-6)
    np.testing.assert_allclose(list(fit.bse_.values())[:3], other.bse[:3], rtol=1e-6)
    np.testing.assert_allclose(fit.log_likelihood_, other.llf, rtol=1e-10)


def test_hazards_without_covariates_are_those_of_a_life_table() -> None:
    data = spells(400, 3)
    table = pl.DataFrame({k: data[k] for k in ("start", "stop", "event")})
    found = counted(data, covariates=[], lost=0.5).cells
    for period, at_risk, events in found.rows():
        low, high = period * LENGTH, (period + 1) * LENGTH
        there = table.filter(pl.col("start") <= low, pl.col("stop") > low)
        left = there.filter(pl.col("stop") <= high)
        lost = left.filter(~pl.col("event"), pl.col("stop") < high).height
        assert at_risk == there.height - lost / 2
        assert events == left["event"].sum()


def test_staggered_entry_does_not_raise_the_last_hazards() -> None:
    # One hazard for all; those who come late are seen for a short time only.
    rng = np.random.default_rng(4)
    begun = rng.uniform(0, 100, 40_000)
    waiting = rng.exponential(80.0, begun.size)
    seen = np.minimum(waiting, 100 - begun)
    data = {"stop": seen, "event": waiting <= 100 - begun}
    found = person_periods(data, stop="stop", event="event", covariates=[], length=10)
    hazard = (found.cells["event"] / found.cells["at_risk"]).to_numpy()
    error = np.sqrt(hazard * (1 - hazard) / found.cells["at_risk"].to_numpy())
    assert hazard == pytest.approx(1 - np.exp(-10 / 80), abs=4 * error.max())
    assert np.all(np.abs(hazard - (1 - np.exp(-10 / 80))) < 4 * error)
    without = person_periods(data, stop="stop", event="event", covariates=[], length=10, lost=0)
    last = without.cells.row(-1)
    # Left out, they would: in the last period nobody can be followed to the end.
    assert last[2] == last[1]


def test_what_the_lost_count_is_a_share() -> None:
    with pytest.raises(UsageError, match="is no share of a period"):
        counted(spells(50), lost=1.5)
