"""Models of series: beside another program, and on series whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.stochastic.mortality import mortality_index
from folkestrom.projection.stochastic.scores import covered
from folkestrom.projection.stochastic.series import fit_levels

SPREAD = np.array([0.02, 0.1, 0.05])
COVARIANCE = np.outer(SPREAD, SPREAD) * [[1, 0.3, 0.4], [0.3, 1, 0.2], [0.4, 0.2, 1]]
KINDS = [("drift",), ("walk", "autoregression"), ("walk", "autoregression")]


def series(chance: np.random.Generator, years: int) -> Floats:
    """A random walk with drift, an autoregression with slope 0.5, a random walk."""
    errors = chance.multivariate_normal(np.zeros(3), COVARIANCE, years + 100)
    found = np.zeros_like(errors)
    for year in range(1, len(found)):
        found[year] = [-0.02, 0, 0] + found[year - 1] * [1, 0.5, 1] + errors[year]
    return found[100:]


def test_equations_are_those_of_least_squares() -> None:
    values = series(np.random.default_rng(1), 60)
    model = fit_levels(["d", "a", "w"], values, KINDS)
    assert model.kinds == ("drift", "autoregression", "walk")
    assert model.coefficients[0, 0] == pytest.approx(np.diff(values[:, 0]).mean())
    fit = OLS(values[1:, 1], np.column_stack([np.ones(59), values[:-1, 1]])).fit()
    corrected = fit.params[1] + (1 + 3 * fit.params[1]) / 59
    assert model.coefficients[1, 1] == pytest.approx(corrected)
    assert model.covariance[1, 1] == pytest.approx(fit.scale + 1e-12)
    draws = model.draw(40_000, 1, np.random.default_rng(2))[:, 0, 1]
    expected = np.array([1, values[-1, 1]])
    spread = fit.scale * 57 / 55 * (1 + expected @ fit.normalized_cov_params @ expected)
    assert draws.var() == pytest.approx(spread, rel=0.05)


def test_errors_are_correlated_as_they_were() -> None:
    model = fit_levels(["d", "a", "w"], series(np.random.default_rng(3), 400), KINDS)
    step = model.draw(20_000, 1, np.random.default_rng(4))[:, 0]
    assert np.corrcoef(step.T) == pytest.approx(
        np.array([[1, 0.3, 0.4], [0.3, 1, 0.2], [0.4, 0.2, 1]]), abs=0.1
    )


def test_intervals_have_what_comes_as_often_as_they_say() -> None:
    chance = np.random.default_rng(5)
    hits = []
    for _ in range(200):
        whole = series(chance, 70)
        model = fit_levels(["d", "a", "w"], whole[:50], KINDS)
        draws = model.draw(200, 20, chance)
        hits.append(covered(draws[:, [0, 9, 19]], whole[[50, 59, 69]], 0.8))
    assert np.mean(hits, axis=0) == pytest.approx(np.full((3, 3), 0.8), abs=0.1)


def test_the_same_seed_gives_the_same_draws() -> None:
    model = fit_levels(["d", "a", "w"], series(np.random.default_rng(6), 40), KINDS)
    one, same, other = (model.draw(10, 5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_autoregressions_stay_stationary() -> None:
    steep = 0.97 ** np.arange(30) + np.random.default_rng(7).normal(0, 0.01, 30)
    model = fit_levels(["a"], steep[:, None], [("autoregression",)])
    draws = model.draw(2000, 300, np.random.default_rng(8))
    assert np.abs(draws).max() < 50


def test_too_short() -> None:
    with pytest.raises(UsageError, match=r"(?s)too short for the model.*at least 12.*--series"):
        fit_levels(["w"], np.zeros((11, 1)), [("walk",)])


def test_mortality_is_an_index_times_a_pattern_and_what_sexes_have_of_their_own() -> None:
    chance = np.random.default_rng(9)
    common = -0.02 * np.arange(30) + chance.normal(0, 0.03, 30).cumsum()
    pattern = np.array([1.5, 1.2, 0.8, 0.5])
    own = chance.normal(0, 0.05, 30)
    logs = np.log([[[0.01, 0.002, 0.01, 0.1]], [[0.008, 0.001, 0.006, 0.09]]])[:, 0][None]
    logs = logs + np.outer(common, pattern)[:, None] + np.zeros((30, 2, 4))
    logs[:, 0] += np.outer(own, [0, 0.5, 0, 0])
    logs[:, 1] -= np.outer(own, [0, 0.5, 0, 0])
    found = mortality_index(np.exp(logs), np.ones(4))
    assert found.index[:, 0] - found.index[0, 0] == pytest.approx(common - common[0], abs=1e-9)
    assert found.patterns[0] == pytest.approx(np.stack([pattern] * 2))
    again = np.tensordot(found.index, found.patterns, 1)
    assert again == pytest.approx(logs - logs.mean(axis=0), abs=1e-9)
    assert found.by_age(np.array([0, 1, 40, 80]), 120).shape == (3, 2, 120)
    assert found.by_age(np.array([0, 1, 40, 80]), 120)[0, 0, [0, 1, 39, 40, 119]] == pytest.approx(
        [1.5, 1.2, 1.2, 0.8, 0.5]
    )
