"""What holds whatever the data: gradients, order of persons, the binary logit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.mobility import factor, fit_mobility, interaction, make_panel, number
from folkestrom.analysis.mobility.estimation.covariance import STRUCTURES, Covariance
from folkestrom.analysis.mobility.estimation.identification import identify
from folkestrom.analysis.mobility.estimation.likelihood import Likelihood
from folkestrom.analysis.mobility.estimation.quadrature import product_rule
from tests.analysis.mobility.panels import draw


def likelihood_of(outcomes: int, structure: str, seed: int) -> tuple[Likelihood, np.ndarray]:
    drawn = draw(60, 4, seed=seed, outcomes=outcomes)
    made = drawn.panel
    free = identify(made, effects=True, penalised=True).free
    likelihood = Likelihood(made, Covariance(structure, outcomes - 1), free)
    rng = np.random.default_rng(seed)
    return likelihood, rng.normal(0, 0.4, likelihood.parameters)


@settings(max_examples=25)
@given(st.integers(2, 4), st.sampled_from(STRUCTURES), st.integers(0, 10_000))
def test_the_gradient_is_the_numeric_derivative(outcomes: int, structure: str, seed: int) -> None:
    likelihood, theta = likelihood_of(outcomes, structure, seed)
    effects = likelihood.covariance.effects
    rule = product_rule({3: 11}.get(effects, 21), effects)
    _, gradient = likelihood.value_and_gradient(theta, rule)
    bread = likelihood.information(theta, rule)
    h = 1e-4
    for k in range(theta.size):
        ahead, behind = (
            likelihood.value_and_gradient(theta + step * np.eye(theta.size)[k], rule)
            for step in (h, -h)
        )
        assert gradient[k] == pytest.approx((ahead[0] - behind[0]) / (2 * h), abs=2e-3)
        numeric = (behind[1] - ahead[1]) / (2 * h)
        assert np.allclose(bread[k], numeric, atol=5e-3)


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_the_order_of_persons_and_rows_does_not_matter(seed: int) -> None:
    drawn = draw(150, 4, seed=seed)
    mixed = np.random.default_rng(seed).permutation(drawn.person.size)
    renamed = np.random.default_rng(seed + 1).permutation(150)
    income = drawn.terms[-1]
    a, b = (
        fit_mobility(
            make_panel(
                p, drawn.outcome[o], [number("x", income.values[o])], outcomes=drawn.outcomes
            ),  # type: ignore[union-attr]
            effects="diagonal",
        )
        for p, o in ((drawn.person, slice(None)), (renamed[drawn.person[mixed]], mixed))
    )
    assert a.log_likelihood_ == pytest.approx(b.log_likelihood_, abs=1e-6)
    assert np.allclose(a.theta[:4], b.theta[:4], atol=1e-4)


def test_two_outcomes_are_the_binary_logit() -> None:
    drawn = draw(400, 3, seed=5, outcomes=2)
    fit = fit_mobility(drawn.panel, effects="none")
    columns = [np.ones(drawn.person.size)]
    for term in drawn.terms[:3]:
        columns += [(term.codes == k) + 0.0 for k in range(1, len(term.levels))]  # type: ignore[union-attr]
    x = np.column_stack([*columns, drawn.terms[3].values])  # type: ignore[union-attr]
    beta = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ beta))
        information = (x.T * (p * (1 - p))) @ x
        beta += np.linalg.solve(information, x.T @ (drawn.outcome - p))
    value = float(np.log(np.where(drawn.outcome == 1, p, 1 - p)).sum())
    assert fit.log_likelihood_ == pytest.approx(value, abs=1e-9)
    assert np.allclose(fit.theta, beta, atol=1e-8)
    assert np.allclose(fit.vcov, np.linalg.inv(information), atol=1e-8)


def test_a_factor_is_the_same_as_its_columns() -> None:
    drawn = draw(200, 4, seed=7)
    place = drawn.terms[2]
    columns = [number(f"p{k}", (place.codes == k) + 0.0) for k in (1, 2)]  # type: ignore[union-attr]
    wide = factor("wide", place.codes, levels=[str(k) for k in range(300)])  # type: ignore[union-attr]
    fits = [
        fit_mobility(make_panel(drawn.person, drawn.outcome, terms, outcomes=drawn.outcomes))
        for terms in ([place], columns, [wide])
    ]
    for other in fits[1:]:
        assert np.allclose(fits[0].theta, other.theta, atol=1e-6)
        assert fits[0].log_likelihood_ == pytest.approx(other.log_likelihood_, abs=1e-8)


def test_interactions_predict_what_their_cells_do() -> None:
    drawn = draw(2_000, 3, seed=8)
    sex, place = drawn.terms[0], drawn.terms[2]
    made = make_panel(
        drawn.person,
        drawn.outcome,
        [sex, place, *interaction(sex, place), *interaction(sex, drawn.terms[3])],
        outcomes=drawn.outcomes,
    )
    fit = fit_mobility(made, effects="none")
    assert fit.converged_
    profile = {"sex": "woman", "place": "urban", "income": 0.0}
    names = ("(intercept)", "sex[woman]", "place[urban]", "sex:place[woman:urban]")
    powers = [1.0] + [
        float(np.exp(sum(fit.params_[f"{o}: {n}"] for n in names))) for o in drawn.outcomes[1:]
    ]
    expected = np.array(powers) / sum(powers)
    assert np.allclose(fit.predict([profile])["chance"], expected)
    sloped = fit.predict([profile | {"income": 1.0}])["chance"]
    assert not np.allclose(sloped, expected)


def test_scores_add_up_to_the_gradient_and_their_products_to_bhhh() -> None:
    drawn = draw(200, 4, seed=3)
    weight = np.repeat(np.random.default_rng(1).uniform(0.5, 2, 200), 4)
    made = make_panel(
        drawn.person, drawn.outcome, drawn.terms, outcomes=drawn.outcomes, weight=weight
    )
    free = identify(made, effects=True).free
    rule = product_rule(7, 2)
    for structure in ("unstructured", "exchangeable"):
        likelihood = Likelihood(made, Covariance(structure, 2), free)
        theta = np.random.default_rng(2).normal(0, 0.4, likelihood.parameters)
        _, gradient = likelihood.value_and_gradient(theta, rule)
        scores = likelihood.cluster_scores(theta, rule, np.arange(200))
        assert np.allclose(scores.sum(axis=0), gradient)
        value, again, squared = likelihood.with_products(theta, rule, squared=True)
        assert np.allclose(scores.T @ scores, squared)
        assert np.allclose(again, gradient)
        assert np.isclose(value, likelihood.value_and_gradient(theta, rule)[0], rtol=1e-12)
        once = likelihood.with_products(theta, rule)[2]
        assert np.allclose((scores.T / weight[::4]) @ scores, once)
