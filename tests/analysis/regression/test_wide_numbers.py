"""Covariates of any size and unit, against likelihoods written down by logarithms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp

from folkestrom.analysis.regression import (
    CoxFit,
    HazardFit,
    cox,
    fine_gray,
    hazards_by_period,
    person_periods,
    proportionality_test,
)
from folkestrom.columns import table_of


def table(far: float, *, late: bool, strata: bool, seed: int = 1, n: int = 300) -> dict[str, Any]:
    """Rows of follow-up; one in the middle is far off, and begins late where some do."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    stop = np.ceil(rng.exponential(100 / np.exp(0.7 * x))) + 2.0
    if far:
        x[150] = far
    start = np.floor(rng.random(n) * stop * 0.5) if late else np.zeros(n)
    start[150] = np.floor(stop[150] * 0.9) if late else 0.0
    event = rng.choice([0, 1, 2], n, p=[0.25, 0.55, 0.2])
    event[150] = 1
    stratum = np.arange(n) * 3 // n if strata else np.zeros(n, int)
    return {
        "start": start, "stop": stop, "event": event, "x": x,
        "stratum": [f"s{k}" for k in stratum], "group": np.arange(n) // 2,
    }  # fmt: skip


def partial_likelihood(data: dict[str, Any], beta: float) -> float:
    """With ties as Breslow has them, risk set by risk set."""
    stratum, eta = np.array(data["stratum"]), beta * data["x"]
    value = 0.0
    for s in np.unique(stratum):
        own = stratum == s
        for t in np.unique(data["stop"][own & (data["event"] == 1)]):
            at_risk = own & (data["start"] < t) & (data["stop"] >= t)
            dies = own & (data["stop"] == t) & (data["event"] == 1)
            value += eta[dies].sum() - dies.sum() * logsumexp(eta[at_risk])
    return float(value)


def fitted(data: dict[str, Any], **options: Any) -> CoxFit:
    return cox(
        data, start="start", stop="stop", event="event", cause=1, covariates=["x"],
        strata="stratum", **options,
    )  # fmt: skip


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("strata", [False, True])
@pytest.mark.parametrize("far", [0.0, 60.0, 300.0, 900.0])
def test_one_far_off_hides_nobody(far: float, strata: bool, late: bool) -> None:
    data = table(far, late=late, strata=strata)
    fit = fitted(data, ties="breslow")
    assert fit.converged_, fit.message_
    beta, error = fit.theta[0], fit.bse_["x"]
    assert fit.log_likelihood_ == pytest.approx(partial_likelihood(data, beta), abs=1e-8)
    h = error / 100
    low, middle, high = (partial_likelihood(data, beta + s) for s in (-h, 0.0, h))
    assert (high - low) / (2 * h) * error == pytest.approx(0.0, abs=1e-3)
    assert -(high - 2 * middle + low) / h**2 * error**2 == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_partial_likelihoods_hold_over_hundreds_of_logarithms(beta: float) -> None:
    """Away from the maximum too: score, information and score residuals."""
    data = table(300.0, late=True, strata=True)
    partial = fitted(data, ties="breslow").partial
    # The model's own number is a multiple of x.
    scale = partial.sets.design.coefficients()[0, 0]
    state = partial.at(np.array([beta / scale]))
    expected = partial_likelihood(data, beta)
    assert state.value == pytest.approx(expected, rel=1e-9)
    h = 1e-4
    low, high = (partial_likelihood(data, beta + s) for s in (-h, h))
    assert state.gradient[0] / scale == pytest.approx((high - low) / (2 * h), rel=1e-4, abs=1e-4)
    each = np.arange(300)
    # Residuals of the scores: their sum is the score, row by row as by hand.
    own = partial.meat(state, each)[0, 0]
    by_hand = (residuals_by_hand(data, beta) ** 2).sum()
    assert own / scale**2 == pytest.approx(by_hand, rel=1e-6)


def residuals_by_hand(data: dict[str, Any], beta: float) -> NDArray[np.float64]:
    stratum, x = np.array(data["stratum"]), data["x"]
    found = np.zeros(len(x))
    for s in np.unique(stratum):
        own = stratum == s
        for t in np.unique(data["stop"][own & (data["event"] == 1)]):
            at_risk = own & (data["start"] < t) & (data["stop"] >= t)
            dies = own & (data["stop"] == t) & (data["event"] == 1)
            share = np.where(at_risk, beta * x, -np.inf)
            share = np.exp(share - logsumexp(share))
            mean = share @ x
            found += (dies - dies.sum() * share) * (x - mean)
    return found


@pytest.mark.parametrize("power", [-9, 9])
def test_the_unit_of_a_number_changes_only_its_coefficient(power: int) -> None:
    def fits(scale: float) -> list[HazardFit]:
        data = table(0.0, late=True, strata=True)
        data["x"] = (data["x"] + 2.0) * scale
        closed = table(0.0, late=False, strata=False)
        closed["x"] = np.round(closed["x"] + 2.0, 1) * scale
        closed["left"] = (closed["event"] == 1).astype(int)
        counted = person_periods(closed, stop="stop", event="left", covariates=["x"], length=50)
        both = person_periods(closed, stop="stop", event="event", covariates=["x"], length=50)
        return [
            fitted(data),
            fitted(data, cluster="group"),
            fine_gray(closed, stop="stop", event="event", cause=1, covariates=["x"]),
            hazards_by_period(counted),
            hazards_by_period(counted, link="cloglog"),
            hazards_by_period(both),
        ]

    scale = 10.0**power
    for one, other in zip(fits(1.0), fits(scale), strict=True):
        assert one.converged_
        assert other.converged_
        assert other.log_likelihood_ == pytest.approx(one.log_likelihood_, abs=1e-9)
        unit = np.array([scale if name.endswith("x") else 1.0 for name in one.names_])
        assert np.allclose(other.theta * unit, one.theta, rtol=1e-6)
        assert np.allclose(
            np.sqrt(np.diag(other.vcov)) * unit, np.sqrt(np.diag(one.vcov)), rtol=1e-6
        )
        assert other.wald_test(["x"]).statistic == pytest.approx(one.wald_test(["x"]).statistic)
        if isinstance(one, CoxFit) and isinstance(other, CoxFit):
            a, b = (proportionality_test(f)["chi2"][0] for f in (one, other))
            assert a == pytest.approx(b)
            profiles = one.cumulative_hazard({"x": 3.0}), other.cumulative_hazard({"x": 3 * scale})
            for column in ("estimate", "se"):
                assert np.allclose(*(p[column] for p in profiles), rtol=1e-6)


@pytest.mark.parametrize("eta", [-800.0, -40.0, -1e-3, 3.0, 40.0])
def test_complementary_log_logs_have_no_limit(eta: float) -> None:
    data = {"stop": [1, 1, 1, 1], "left": [1, 0, 1, 0], "x": [0, 0, 1, 1]}
    counted = person_periods(data, stop="stop", event="left", covariates=["x"], length=1)
    from folkestrom.analysis.regression.covariates import orthogonal_design
    from folkestrom.analysis.regression.discrete_time import _Model, _terms, _usable

    cells, _ = _usable(counted, ("event",))
    counts = cells.select("event").to_numpy().astype(float)
    at_risk, terms = cells["at_risk"].to_numpy(), _terms(counted, cells)
    design = orthogonal_design(table_of(cells, "cells"), terms, weight=at_risk, whole=("period",))
    model = _Model(design, at_risk, counts, "cloglog")
    state = model.at(np.array([0.0, eta]))
    hazard = math.exp(eta)
    chance = eta - hazard / 2 if eta < -30 else math.log(-math.expm1(-hazard))
    assert state.value == pytest.approx(2 * chance - 2 * hazard, rel=1e-12)
    assert np.isfinite(state.gradient).all()
    assert np.isfinite(model.information(state)).all()
