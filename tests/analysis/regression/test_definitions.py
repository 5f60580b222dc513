"""Against the definitions: slow loops, differences, and models that must coincide."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.followup import aalen_johansen, follow_up, nelson_aalen
from folkestrom.analysis.mobility import factor, interaction
from folkestrom.analysis.regression import cox, fine_gray, proportionality_test
from tests.analysis.regression.slowly import log_likelihood, made_up, matrix, slope

NAMES = ["place", "age"]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_cox_is_at_the_top_of_the_likelihood(ties: Any, weighted: bool, seed: int) -> None:
    data = made_up(120, seed)
    fit = cox(
        data, start="start", stop="stop", event="event", covariates=NAMES, strata="sex", ties=ties,
        weight="weight" if weighted else None,
    )  # fmt: skip

    def value(theta: np.ndarray) -> float:
        return log_likelihood(
            theta, matrix(data), data["stop"], data["event"], start=data["start"],
            weight=data["weight"] if weighted else None, efron=ties == "efron",
            stratum=data["sex"] == "f",
        )  # fmt: skip

    assert fit.names_ == ("place[suburb]", "place[village]", "age")
    np.testing.assert_allclose(fit.log_likelihood_, value(fit.theta), rtol=1e-12)
    np.testing.assert_allclose(fit.log_likelihood_null_, value(np.zeros(3)), rtol=1e-12)
    np.testing.assert_allclose(slope(value, fit.theta), 0, atol=1e-4)
    # Differences of differences: steps of 1e-4 leave about five digits.
    second = -slope(lambda t: slope(value, t, 1e-4), fit.theta, 1e-4)
    np.testing.assert_allclose(np.linalg.inv(second), fit.naive_vcov, rtol=2e-3, atol=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_score_residuals_are_what_a_row_adds_to_the_slope(ties: Any) -> None:
    """The infinitesimal jackknife: how the estimates move as one cluster's weight does."""
    data = made_up(60, 5)
    data["weight"] = np.ones(60)
    options: Any = {
        "start": "start", "stop": "stop", "event": "event", "covariates": NAMES, "ties": ties,
        "weight": "weight",
    }  # fmt: skip
    fit = cox(data, cluster="person", **options)
    moves = []
    for person in np.unique(data["person"]):
        theta = []
        for step in (1e-3, -1e-3):
            # Ties of events of unequal weight share the mean weight, in Efron's approximation:
            # only that makes the jackknife differ, by what ties weigh.
            weight = np.where(data["person"] == person, 1 + step, 1.0)
            theta.append(cox(data | {"weight": weight}, **options).theta)
        moves.append((theta[0] - theta[1]) / 2e-3)
    jackknife = np.array(moves).T @ np.array(moves)
    tolerance = 1e-4 if ties == "breslow" else 0.05
    np.testing.assert_allclose(fit.vcov, jackknife, rtol=tolerance, atol=1e-6)
    assert fit.clusters == 30


def test_without_covariates_the_hazard_is_nelson_and_aalens() -> None:
    data = made_up(200, 2)
    zero = np.tile([0.0, 1.0], 100)
    fit = cox(
        data | {"x": zero}, start="start", stop="stop", event="event", covariates=["x"],
        ties="breslow",
    )  # fmt: skip
    null = fit.partial.at(np.zeros(1))
    curve = nelson_aalen(
        follow_up(data["stop"], data["event"].astype(int), entry=data["start"])
    ).of()
    np.testing.assert_allclose(
        np.cumsum(null.hazard[:, 0]), curve.at(fit.partial.sets.time), rtol=1e-12
    )


def test_baselines_of_profiles_are_proportional_and_within_strata() -> None:
    data = made_up(200, 2)
    fit = cox(data, start="start", stop="stop", event="event", covariates=NAMES, strata="sex")
    city, village = (fit.cumulative_hazard({"place": p, "age": 30}) for p in ("city", "village"))
    ratio = village["estimate"] / city["estimate"]
    np.testing.assert_allclose(ratio, np.exp(fit.params_["place[village]"]), rtol=1e-12)
    assert city["stratum"].unique().sort().to_list() == ["f", "m"]
    assert city.group_by("stratum").agg(pl.col("estimate").is_sorted())["estimate"].all()
    assert (city["lower"] < city["estimate"]).all()
    assert (city["estimate"] < city["upper"]).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_without_covariates_fine_and_gray_is_aalen_and_johansen(weighted: bool, seed: int) -> None:
    """With late entry too: the product limit of the weighted hazards (Geskus 2011)."""
    data = made_up(300, seed)
    fit = fine_gray(
        data, start="start", stop="stop", event="cause", cause=1, covariates=["age"],
        ties="breslow", weight="weight" if weighted else None,
    )  # fmt: skip
    null = fit.partial.at(np.zeros(1))
    follow = follow_up(
        data["stop"], data["cause"], entry=data["start"], causes=["a", "b"],
        weight=data["weight"] if weighted else None,
    )  # fmt: skip
    wanted = aalen_johansen(follow).of(outcome="a").at(fit.partial.sets.time)
    np.testing.assert_allclose(1 - np.cumprod(1 - null.hazard[:, 0]), wanted, rtol=1e-11)


def test_fine_and_gray_on_rows_written_out() -> None:
    """Weights after a competing event as rows of their own, in a weighted Cox regression."""
    data = made_up(150, 7)
    keep = data["start"] == 0
    data = {name: values[keep] for name, values in data.items()}
    times = np.unique(data["stop"][data["cause"] == 1])
    rows = []
    for i, (stop, cause) in enumerate(zip(data["stop"], data["cause"], strict=True)):
        own = {"i": i, "place": data["place"][i], "age": data["age"][i]}
        rows.append(own | {"start": 0, "stop": stop, "event": cause == 1, "w": 1.0})
        if cause == 2:
            rows += [
                own | {"start": t - 0.5, "stop": t, "event": False, "w": _kept(data, stop, t)}
                for t in times[times > stop]
            ]
    options: Any = {"stop": "stop", "covariates": NAMES, "ties": "breslow"}
    written = cox(
        pl.DataFrame(rows).filter(pl.col("w") > 0), start="start", event="event", weight="w",
        cluster="i", **options,
    )  # fmt: skip
    fit = fine_gray(data, event="cause", cause=1, **options)
    np.testing.assert_allclose(fit.theta, written.theta, rtol=1e-7)
    np.testing.assert_allclose(fit.naive_vcov, written.naive_vcov, rtol=1e-7)
    np.testing.assert_allclose(fit.vcov, written.vcov, rtol=1e-7)


def _kept(data: dict[str, np.ndarray], since: float, until: float) -> float:
    """Kaplan and Meier's share still not censored, of those who were not."""
    share = 1.0
    for u in np.unique(data["stop"][data["cause"] == 0]):
        if since <= u < until:
            own = data["stop"] == u
            at_risk = (data["stop"] >= u).sum() - (own & (data["cause"] > 0)).sum()
            share *= 1 - (own & (data["cause"] == 0)).sum() / at_risk
    return share


@pytest.mark.parametrize("clock", ["identity", "log", "rank"])
def test_proportionality_is_the_score_test_of_the_larger_model(clock: Any) -> None:
    """Rows split at every time of an event, with covariates × time beside the covariates."""
    data = made_up(50, 11)
    fit = cox(data, start="start", stop="stop", event="event", covariates=NAMES)
    times = fit.partial.sets.time
    # Twice the mean rank, less one.
    ranks = [(data["stop"] < t).sum() + (data["stop"] <= t).sum() for t in times]
    g = {"identity": times, "log": np.log(times), "rank": np.array(ranks)}[clock]
    x = matrix(data)
    parts = [
        (i, k) for i, k in itertools.product(range(50), range(len(times)))
        if data["start"][i] < times[k] <= data["stop"][i]
    ]  # fmt: skip
    rows, when = (np.array(column) for column in zip(*parts, strict=True))
    ends = times[when]
    event = data["event"][rows] & (data["stop"][rows] == ends)
    wide = np.column_stack([x[rows], x[rows] * g[when][:, None]])
    scale = wide.std(axis=0)
    theta = np.concatenate([fit.theta, np.zeros(3)]) * scale

    def value(at: np.ndarray) -> float:
        return log_likelihood(at, wide / scale, ends, event, start=ends - 0.5)

    score = slope(value, theta)
    second = -slope(lambda t: slope(value, t, 1e-4), theta, 1e-4)
    left = second[3:, 3:] - second[3:, :3] @ np.linalg.solve(second[:3, :3], second[:3, 3:])
    wanted = [*(score[3:] ** 2 / np.diag(left)), score[3:] @ np.linalg.solve(left, score[3:])]
    found = proportionality_test(fit, clock)
    np.testing.assert_allclose(found["chi2"].to_numpy(), wanted, rtol=5e-3)
    assert found["freedom"].to_list() == [1, 1, 1, 3]


def test_order_of_rows_batches_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    data = made_up(70_000, 3)
    options: Any = {
        "start": "start", "stop": "stop", "event": "event", "covariates": NAMES,
        "cluster": "person",
    }  # fmt: skip
    fit = cox(data, **options)
    monkeypatch.setenv("FOLKESTROM_THREADS", "1")
    assert cox(data, **options).theta.tolist() == fit.theta.tolist()
    order = np.random.default_rng(1).permutation(70_000)
    other = cox({name: values[order] for name, values in data.items()}, **options)
    np.testing.assert_allclose(other.theta, fit.theta, rtol=1e-9)
    np.testing.assert_allclose(other.vcov, fit.vcov, rtol=1e-9)


def test_terms_of_the_mobility_model_are_taken() -> None:
    data = made_up(400, 4)
    place = factor("place", data["place"], reference="village")
    sex = factor("sex", data["sex"])
    fit = cox(
        data, stop="stop", start="start", event="event",
        covariates=[place, sex, *interaction(place, sex), "age"],
    )  # fmt: skip
    assert fit.names_[:3] == ("place[city]", "place[suburb]", "sex[m]")
    assert fit.names_[3:] == ("place:sex[city:m]", "place:sex[suburb:m]", "age")
    assert fit.converged_
    # Both ways to say the same: a coefficient less another, or with another reference.
    plain = cox(data, stop="stop", start="start", event="event", covariates=["place"])
    turned = cox(data, stop="stop", start="start", event="event", covariates=[place])
    difference = turned.params_["place[suburb]"] - turned.params_["place[city]"]
    np.testing.assert_allclose(plain.params_["place[suburb]"], difference, rtol=1e-6)
