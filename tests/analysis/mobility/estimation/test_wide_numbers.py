"""Covariates of any size and unit: likelihoods without a limit, and results in their own unit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from folkestrom.analysis.mobility import (
    MobilityFit,
    fit_mobility,
    interaction,
    make_panel,
    mobility,
    number,
)
from folkestrom.analysis.mobility.estimation.covariance import Covariance
from folkestrom.analysis.mobility.estimation.likelihood import Likelihood
from folkestrom.analysis.mobility.estimation.quadrature import product_rule
from folkestrom.analysis.mobility.results.posterior import forecasts, posterior
from tests.analysis.mobility import oracle
from tests.analysis.mobility.panels import draw

FAR = np.array([-1, -1, -1, 1, 1, 1, 1, -1] * 2 + [250.0])
MOVED = np.array([0, 0, 1, 1, 1, 0, 1, 0] * 2 + [1])


def test_a_predictor_of_275_counts_in_full() -> None:
    panel = make_panel(np.arange(17), MOVED, [number("x", FAR)], outcomes=["stay", "move"])
    fit = fit_mobility(panel, effects="none")
    assert fit.log_likelihood_ == pytest.approx(-8.99736, abs=5e-6)
    assert fit.theta == pytest.approx([0.0, math.log(3)], abs=1e-6)
    # Four of sixteen went against their odds of 3, and the seventeenth is certain.
    assert fit.log_likelihood_ == pytest.approx(12 * math.log(3 / 4) + 4 * math.log(1 / 4))


def likelihood_at(
    person: NDArray[Any], y: NDArray[Any], x: NDArray[Any], theta: NDArray[Any], n: int, e: bool
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Value, gradient and information at parameters of the intercepts and one number."""
    names = ("stay", "move", "abroad", "elsewhere")[: n + 1]
    panel = make_panel(person, y, [number("x", x)], outcomes=names)
    shape = Covariance("unstructured" if e else "none", n)
    likelihood = Likelihood(panel, shape, np.array([0, 1]), 1)
    rule = product_rule({1: 41, 2: 21, 3: 11}[n] if e else 7, shape.effects)
    value, gradient = likelihood.value_and_gradient(theta, rule)
    assert likelihood.with_products(theta, rule)[0] == pytest.approx(value, rel=1e-12)
    return value, gradient, likelihood.information(theta, rule)


@settings(max_examples=40)
@given(
    st.integers(1, 3),
    st.booleans(),
    st.floats(0, 4),
    st.integers(0, 10_000),
)
def test_likelihoods_of_any_predictor_are_those_of_logarithms(
    n: int, effects: bool, power: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    person, x = np.repeat(np.arange(4), 3), rng.normal(size=12) * 10**power
    y = rng.integers(0, n + 1, 12)
    coefficients = rng.normal(size=(n, 2))
    entries = rng.normal(0, 0.5, n * (n + 1) // 2 if effects else 0)
    root = np.zeros((n, n if effects else 0))
    if effects:
        root[np.tril_indices(n)] = entries
    theta = np.concatenate([coefficients.ravel(), entries])
    value, gradient, bread = likelihood_at(person, y, x, theta, n, effects)
    eta = coefficients[:, 0] + x[:, None] * coefficients[:, 1]
    expected = oracle.log_likelihood(person, y, eta, root, {1: 41, 2: 21, 3: 11}[n])
    # With three effects corners of the rule are left out, which weigh as little as its own error.
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-6 if n < 3 else 1e-4)
    assert np.isfinite(gradient).all()
    assert np.isfinite(bread).all()


@pytest.mark.parametrize("n", [1, 2])
def test_effects_as_far_off_as_predictors_are_found(n: int) -> None:
    """Rows that only effects of hundreds explain."""
    person, x = np.repeat([0, 1], 500), np.repeat([1.0, -1.0], 500)
    y = np.where(person == 0, 0, 1)
    y[::50] = 1 - y[::50]
    eta = np.zeros((1_000, n)) + 200.0 * x[:, None]
    root = np.eye(n) * 4.0
    theta = np.concatenate([np.tile([0.0, 200.0], n), root[np.tril_indices(n)]])
    value, gradient, _ = likelihood_at(person, y, x, theta, n, e=True)
    order = {1: 41, 2: 21}[n]
    assert value == pytest.approx(oracle.log_likelihood(person, y, eta, root, order), rel=1e-7)
    assert np.isfinite(gradient).all()


def test_no_likelihood_is_better_than_a_wrong_one() -> None:
    person, y, x = np.repeat([0, 1], 3), np.zeros(6, int), np.zeros(6)
    panel = make_panel(person, y, [number("x", x)], outcomes=["stay", "move"])
    likelihood = Likelihood(panel, Covariance("unstructured", 1), np.array([0]), 1)
    value, _ = likelihood.value_and_gradient(np.array([-1e6, 1e4]), product_rule(41, 1))
    assert not math.isfinite(value)


def fitted(power: float, shift: float, **options: Any) -> MobilityFit:
    drawn = draw(150, 5, seed=4, outcomes=3)
    income = (drawn.terms[3].values + shift) * 10.0**power  # type: ignore[union-attr]
    sex, scaled = drawn.terms[0], number("income", income)
    terms = [sex, scaled, *interaction(sex, scaled)]
    panel = make_panel(drawn.person, drawn.outcome, terms, outcomes=drawn.outcomes)
    return fit_mobility(panel, **options)


@pytest.mark.parametrize("power", [-9, -3, 4, 9])
@pytest.mark.parametrize(
    "options", [{"effects": "none"}, {}, {"standard_errors": "clustered"}, {"penalty": 2.0}]
)
def test_the_unit_of_a_number_changes_only_its_coefficients(
    power: int, options: dict[str, Any]
) -> None:
    one, other = fitted(0, 2.0, **options), fitted(power, 2.0, **options)
    assert one.converged_
    assert other.converged_
    assert other.log_likelihood_ == pytest.approx(one.log_likelihood_, abs=1e-9)
    scale = np.array([10.0**power if "income" in name else 1.0 for name in one.names_])
    assert np.allclose(other.theta * scale, one.theta, rtol=1e-7, atol=1e-9)
    covariance = other.cov_params_ * np.outer(scale, scale)
    assert np.allclose(covariance, one.cov_params_, rtol=1e-6, atol=1e-12)
    assert other.order == one.order


def test_what_is_asked_of_a_fit_does_not_depend_on_the_unit(tmp_path: Path) -> None:
    drawn = draw(150, 5, seed=4, outcomes=3)
    income = drawn.terms[3].values  # type: ignore[union-attr]
    fits = {}
    for power in (0, 9, -9):
        table = pl.DataFrame(
            {
                "id": drawn.person,
                "outcome": np.array(drawn.outcomes)[drawn.outcome],
                "income": (income + 3) * 10.0**power,
                "sex": drawn.terms[0].codes,  # type: ignore[union-attr]
            }
        ).with_columns(pl.col("sex").cast(pl.String))
        fit = mobility(table, "outcome ~ sex * income", person="id", outcomes=drawn.outcomes)
        fit.save(tmp_path / "fit.json")
        loaded = MobilityFit.load(tmp_path / "fit.json")
        assert loaded.theta.tolist() == fit.theta.tolist()
        profile = {"sex": "1", "income": 3.5 * 10.0**power}
        base = profile | {"income": 2.0 * 10.0**power}
        effects = loaded.marginal_effects(data=table)
        per_unit = np.where(effects["covariate"] == "income", 10.0**power, 1.0)
        fits[power] = [
            loaded.predict([profile]).drop("outcome").to_numpy(),
            loaded.predict([profile], intervals="simulated", seed=2).drop("outcome").to_numpy(),
            loaded.contrasts(profile, base).drop("outcome").to_numpy(),
            effects.select("effect", "standard_error", "low").to_numpy() * per_unit[:, None],
            np.array([loaded.wald_test(["income"]).statistic]),
            np.array([fit.information_criteria().penalty]),
            fit.effects_of_persons().to_numpy(),
        ]
    for power in (9, -9):
        for mine, theirs in zip(fits[power], fits[0], strict=True):
            assert np.isfinite(mine).all()
            assert np.allclose(mine, theirs, rtol=1e-5, atol=1e-9)


def test_years_as_they_are_written_are_fitted_like_centred_ones() -> None:
    from statsmodels.discrete.discrete_model import MNLogit

    drawn = draw(400, 4, seed=6)
    year = np.tile([2010.0, 2011.0, 2012.0, 2013.0], 400)
    wealth = 3e9 + 1e6 * drawn.terms[3].values  # type: ignore[union-attr]
    terms = [number("year", year), number("wealth", wealth)]
    panel = make_panel(drawn.person, drawn.outcome, terms, outcomes=drawn.outcomes)
    fit = fit_mobility(panel, effects="none")
    columns = np.column_stack([np.ones(year.size), year - 2011.5, (wealth - 3e9) / 1e6])
    theirs = MNLogit(drawn.outcome, columns).fit(disp=0, method="newton", maxiter=50)
    assert fit.log_likelihood_ == pytest.approx(theirs.llf, abs=1e-9)
    for j, outcome in enumerate(drawn.outcomes[1:]):
        for k, (name, scale) in enumerate((("year", 1.0), ("wealth", 1e6)), 1):
            key = f"{outcome}: {name}"
            assert fit.params_[key] * scale == pytest.approx(theirs.params[k, j], abs=1e-7)
            assert fit.bse_[key] * scale == pytest.approx(theirs.bse[k, j], abs=1e-7)
    profile = {"year": 2012.0, "wealth": 3e9}
    row = theirs.predict(np.array([[1.0, 0.5, 0.0]]))[0]
    assert np.allclose(fit.predict([profile])["chance"], row, atol=1e-8)


def test_a_fit_of_wide_numbers_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    drawn = draw(200, 4, seed=3)
    wealth = number("wealth", 1e9 * (2 + drawn.terms[3].values))  # type: ignore[union-attr]
    panel = make_panel(drawn.person, drawn.outcome, [wealth], outcomes=drawn.outcomes)

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt(line)

    path = tmp_path / "fit.npz"
    with pytest.raises(KeyboardInterrupt):
        fit_mobility(panel, checkpoint=path, say=interrupt)
    assert path.exists()
    resumed, straight = fit_mobility(panel, checkpoint=path), fit_mobility(panel)
    assert resumed.theta == pytest.approx(straight.theta, rel=1e-6, abs=1e-12)


def test_predictions_of_what_is_certain_have_no_gaps() -> None:
    panel = make_panel(np.arange(17), MOVED, [number("x", FAR)], outcomes=["stay", "move"])
    fit = fit_mobility(panel, effects="none")
    for x in (250.0, 1e4, -1e6, 1e9):
        found = fit.predict([{"x": x}])
        assert np.isfinite(found.drop("outcome").to_numpy()).all()
        assert found["chance"].sum() == pytest.approx(1.0)
        ratios = fit.contrasts({"x": x}, {"x": -1.0})
        assert not np.isnan(ratios.drop("outcome").to_numpy()).any()
    probabilities = fit.predict([{"x": -200.0}])["chance"]
    assert probabilities[1] == pytest.approx(math.exp(-200 * math.log(3)), rel=1e-5)


def test_posteriors_and_forecasts_of_far_predictors_are_those_of_logarithms() -> None:
    drawn = draw(30, 6, seed=2)
    x = drawn.terms[3].values * 400  # type: ignore[union-attr]
    panel = make_panel(drawn.person, drawn.outcome, [number("x", x)], outcomes=drawn.outcomes)
    fit = fit_mobility(panel)
    wide = fit.model.__class__(
        **{**fit.model.__dict__, "theta": np.array([-1.0, 0.9, -1.5, -0.8, 1.0, 0.4, 0.9])}
    )
    coefficients = wide.theta[:4].reshape(2, 2)
    eta = coefficients[:, 0] + x[:, None] * coefficients[:, 1]
    found = posterior(wide, panel).log_likelihoods
    for k in range(30):
        rows = slice(6 * k, 6 * k + 6)
        expected = oracle.log_likelihood_of(eta[rows], drawn.outcome[rows], wide.root, 15)
        assert found[k] == pytest.approx(expected, rel=1e-6)
    probabilities = forecasts(wide, panel)
    assert np.isfinite(probabilities).all()
    assert np.allclose(probabilities.sum(axis=1), 1.0)
