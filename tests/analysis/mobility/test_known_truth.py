"""A panel drawn from the model gives its parameters back."""

from __future__ import annotations

import numpy as np
import pytest

from folkestrom.analysis.mobility import MobilityFit, fit_mobility
from folkestrom.analysis.mobility.estimation.likelihood import Likelihood
from folkestrom.analysis.mobility.estimation.quadrature import product_rule
from tests.analysis.mobility.panels import Drawn, draw


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return draw(20_000, 5)


@pytest.fixture(scope="module")
def fit(drawn: Drawn) -> MobilityFit:
    return fit_mobility(drawn.panel)


def test_the_truth_is_recovered(drawn: Drawn, fit: MobilityFit) -> None:
    assert fit.converged_
    assert set(fit.params_) == set(drawn.truth)
    off = {n: (fit.params_[n] - true) / fit.bse_[n] for n, true in drawn.truth.items()}
    assert max(map(abs, off.values())) < 4, off
    # As many standard errors as there should be, not fewer because they are too large.
    assert 0.4 < float(np.sqrt(np.mean(np.square(list(off.values()))))) < 1.6


def test_three_kinds_of_standard_errors_agree_where_the_model_is_true(
    drawn: Drawn, fit: MobilityFit
) -> None:
    likelihood = Likelihood(drawn.panel, fit.covariance, fit.free)
    rule = product_rule(fit.order, 2)
    products = likelihood.with_products(fit.theta, rule)[2]
    observed = np.sqrt(np.diag(fit.vcov))
    bhhh = np.sqrt(np.diag(np.linalg.inv(products)))
    sandwich = np.sqrt(np.diag(fit.vcov @ products @ fit.vcov))
    assert np.abs(bhhh / observed - 1).max() < 0.06
    assert np.abs(sandwich / observed - 1).max() < 0.06


def test_the_result_does_not_depend_on_the_number_of_threads() -> None:
    panel = draw(2_000, 5).panel
    one, three = (fit_mobility(panel, threads=t) for t in (1, 3))
    assert np.array_equal(one.theta, three.theta)
    assert np.array_equal(one.vcov, three.vcov)
    assert one.log_likelihood_ == three.log_likelihood_


def test_predicted_chances_are_those_of_the_truth(drawn: Drawn, fit: MobilityFit) -> None:
    profile = {"sex": "woman", "age": "30-39", "place": "capital", "income": 0.5}
    found = fit.predict([profile])
    rng = np.random.default_rng(5)
    truth = drawn.truth
    names = ("municipality", "abroad")
    cov = truth["cov(municipality,abroad)"]
    spread = np.array([[truth["var(municipality)"], cov], [cov, truth["var(abroad)"]]])
    predictor = rng.multivariate_normal([0, 0], spread, 400_000)
    for j, o in enumerate(names):
        parts = ("(intercept)", "sex[woman]", "age[30-39]", "place[capital]")
        predictor[:, j] += sum(truth[f"{o}: {p}"] for p in parts) + 0.5 * truth[f"{o}: income"]
    powers = np.exp(np.column_stack([np.zeros(len(predictor)), predictor]))
    probabilities = (powers / powers.sum(axis=1, keepdims=True)).mean(axis=0)
    for row, chance in zip(found.iter_rows(named=True), probabilities, strict=True):
        assert abs(row["chance"] - chance) < 4 * row["standard_error"] + 0.002
        assert row["low"] < row["chance"] < row["high"]
    assert found["chance"].sum() == pytest.approx(1)


def test_three_effects_are_recovered_too() -> None:
    drawn = draw(2_000, 5, seed=4, outcomes=4)
    fit = fit_mobility(drawn.panel, tolerance=0.02)
    assert fit.converged_
    off = {n: (fit.params_[n] - true) / fit.bse_[n] for n, true in drawn.truth.items()}
    assert max(map(abs, off.values())) < 4, off
