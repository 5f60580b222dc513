"""Persons with hundreds and thousands of rows, against quadrature written down independently."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from folkestrom.analysis.mobility import Panel, fit_mobility, make_panel, number
from folkestrom.analysis.mobility.estimation.covariance import Covariance
from folkestrom.analysis.mobility.estimation.likelihood import Likelihood
from folkestrom.analysis.mobility.estimation.quadrature import product_rule
from folkestrom.analysis.mobility.results.posterior import forecasts, posterior
from tests.analysis.mobility import oracle

NAMES = ("stay", "move", "abroad", "elsewhere")


def draw(
    persons: int, rows: int, root: NDArray[np.float64], seed: int = 1, more: float = 0.0
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], Panel]:
    """Persons, outcomes, a number and the panel of both."""
    rng = np.random.default_rng(seed)
    equations = len(root)
    person = np.repeat(np.arange(persons), rows)
    x = rng.normal(size=person.size)
    eta = more + np.linspace(-0.5, -1.0, equations) + 0.3 * x[:, None]
    eta += (rng.normal(size=(persons, root.shape[1])) @ root.T)[person]
    drawn = np.hstack([np.zeros((person.size, 1)), eta]) + rng.gumbel(
        size=(person.size, equations + 1)
    )
    y = drawn.argmax(axis=1)
    panel = make_panel(person, y, [number("x", x)], outcomes=NAMES[: equations + 1])
    return person, y, x, panel


def lower(*entries: float) -> NDArray[np.float64]:
    n = {1: 1, 3: 2, 6: 3}[len(entries)]
    root = np.zeros((n, n))
    root[np.tril_indices(n)] = entries
    return root


# Plain quadrature of two effects and more takes a second and more of the longest histories.
@pytest.mark.parametrize(
    ("entries", "rows"),
    [
        *product([(0.01,), (0.8,), (4.0,)], [3, 60, 365, 3_000]),
        *product([(0.05, -0.02, 0.04), (0.9, 0.5, 0.7), (3.0, -2.0, 2.5)], [3, 60, 365]),
        *product([(0.8, 0.3, 0.7, -0.2, 0.1, 0.6)], [3, 60, 365]),
        ((3.0, -2.0, 2.5), 3_000),
    ],
)
def test_likelihoods_are_those_of_plain_quadrature(rows: int, entries: tuple[float, ...]) -> None:
    root = lower(*entries)
    person, y, x, panel = draw(3, rows, root, seed=rows)
    # One who always does the same is as far from the others as can be.
    y[person == 0] = 0
    panel = make_panel(person, y, [number("x", x)], outcomes=panel.outcomes)
    n = len(root)
    likelihood = Likelihood(panel, Covariance("unstructured", n), np.array([0, 1]), 1)
    coefficients = np.column_stack([np.linspace(-0.4, -0.9, n), np.full(n, 0.25)])
    theta = np.concatenate([coefficients.ravel(), root[np.tril_indices(n)]])
    eta = coefficients[:, 0] + x[:, None] * coefficients[:, 1]
    order = {1: 41, 2: 31, 3: 15}[n]
    value, gradient = likelihood.value_and_gradient(theta, product_rule(order, n))
    expected = oracle.log_likelihood(person, y, eta, root, {3: 15}.get(n, 41))
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-5 if n < 3 else 1e-3)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize(("persons", "rows"), [(60, 365), (30, 3_000), (5, 20_000)])
def test_few_points_suffice(persons: int, rows: int) -> None:
    person, y, x, panel = draw(persons, rows, lower(0.9))
    fit = fit_mobility(panel)
    assert fit.converged_, fit.message_
    assert fit.order <= 11
    assert fit.notes == ()

    def value(theta: NDArray[np.float64]) -> float:
        eta = (theta[0] + theta[1] * x)[:, None]
        return oracle.log_likelihood(person, y, eta, theta[2:].reshape(1, 1), 11)

    assert fit.log_likelihood_ == pytest.approx(value(fit.theta), abs=1e-6)


@pytest.mark.parametrize("entries", [(0.9,), (0.9, 0.5, 0.7)])
def test_standard_errors_are_those_of_plain_quadrature(entries: tuple[float, ...]) -> None:
    person, y, x, panel = draw(12 if len(entries) == 1 else 5, 365, lower(*entries))
    fit = fit_mobility(panel)
    assert fit.converged_, fit.message_
    assert fit.order <= 15
    k = fit.model.coefficients

    def value(theta: NDArray[np.float64]) -> float:
        eta = theta[0:k:2] + x[:, None] * theta[1:k:2]
        return oracle.log_likelihood(
            person, y, eta, lower(*theta[k:]), 9 if len(entries) == 1 else 7
        )

    assert fit.log_likelihood_ == pytest.approx(value(fit.theta), abs=1e-6)
    errors = np.sqrt(np.diag(fit.vcov))
    bread = -oracle.second_derivatives(value, fit.theta, errors / 10)
    assert np.allclose(errors, np.sqrt(np.diag(np.linalg.inv(bread))), rtol=1e-3)


@pytest.mark.parametrize("entries", [(1.0,), (1.0, 0.5, 0.8)])
@pytest.mark.parametrize("rows", [365, 1_000])
def test_outcomes_that_are_the_rule_are_fitted_like_the_base(
    entries: tuple[float, ...], rows: int
) -> None:
    """What happens nearly every day and what hardly does are the same, named the other way."""
    person, y, x, panel = draw(30, rows, lower(*entries), more=3.0)
    fit = fit_mobility(panel)
    assert fit.converged_, fit.message_
    assert fit.order <= 15
    turned = make_panel(
        person, np.array([1, 0, 2])[y], [number("x", x)],
        outcomes=[NAMES[k] for k in (1, 0, 2)][: len(panel.outcomes)],
    )  # fmt: skip
    other = fit_mobility(turned)
    assert other.converged_, other.message_
    # With two effects, and another base, covariances of effects are others of the same family.
    assert fit.log_likelihood_ == pytest.approx(other.log_likelihood_, abs=1e-4)
    if len(entries) == 1:
        assert fit.bse_["var(move)"] == pytest.approx(other.bse_["var(stay)"], rel=1e-3)


@pytest.mark.parametrize("outcomes", [2, 3])
def test_many_rows_have_the_information_of_differences(outcomes: int) -> None:
    root = lower(0.9) if outcomes == 2 else lower(0.9, 0.5, 0.7)
    *_, panel = draw(4, 500, root)
    effects = outcomes - 1
    likelihood = Likelihood(panel, Covariance("unstructured", effects), np.array([0, 1]), 1)
    theta = np.concatenate([np.tile([-0.5, 0.3], effects), root[np.tril_indices(effects)]])
    rule = product_rule(15, effects)
    bread = likelihood.information(theta, rule)
    for k in range(theta.size):
        step = 1e-5 * np.eye(theta.size)[k]
        ahead, behind = (likelihood.value_and_gradient(theta + s, rule)[1] for s in (step, -step))
        assert np.allclose(bread[k], (behind - ahead) / 2e-5, rtol=1e-4, atol=1e-3)


def test_forecasts_of_long_histories_multiply_to_the_likelihood() -> None:
    for root, rows in ((lower(0.9), 1_000), (lower(3.0), 60), (lower(0.9, 0.5, 0.7), 500)):
        *_, panel = draw(12, rows, root)
        fit = fit_mobility(panel)
        assert fit.converged_, fit.message_
        found = forecasts(fit.model, panel)
        chosen = found[np.arange(panel.size), panel.rows.outcome]
        each = np.add.reduceat(np.log(chosen), panel.rows.start[:-1])
        assert np.allclose(each, posterior(fit.model, panel).log_likelihoods, rtol=0, atol=5e-3)
        assert each.sum() == pytest.approx(fit.log_likelihood_, abs=0.01)


def test_the_result_does_not_depend_on_threads() -> None:
    *_, panel = draw(600, 150, lower(0.9, 0.5, 0.7))
    likelihood = Likelihood(panel, Covariance("unstructured", 2), np.array([0, 1]))
    theta = np.array([-0.5, 0.3, -1.0, 0.3, 0.9, 0.5, 0.7])
    values = []
    for threads in (1, 2, 3):
        likelihood.threads = threads
        likelihood.modes[:] = 0.0
        value, gradient = likelihood.value_and_gradient(theta, product_rule(7, 2))
        values.append((value, gradient.tobytes()))
    assert values[0] == values[1] == values[2]
