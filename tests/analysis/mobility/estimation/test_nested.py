"""Two nested levels of effects: the likelihood, the fit, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp

from folkestrom.analysis.mobility import (
    MobilityFit,
    fit_mobility,
    make_panel,
    mobility,
    regression_table,
    vuong_test,
)
from folkestrom.analysis.mobility.estimation.covariance import Covariance
from folkestrom.analysis.mobility.estimation.likelihood import Likelihood
from folkestrom.analysis.mobility.estimation.nested import NestedLikelihood
from folkestrom.analysis.mobility.estimation.quadrature import product_rule
from folkestrom.analysis.mobility.panel.panel import Panel, PersonGroups, terms_of_panel
from folkestrom.analysis.mobility.results.integration import Model, predictor_of
from folkestrom.errors import InputRefused, UsageError
from tests.analysis.mobility.panels import Drawn, draw

Array = NDArray[np.float64]


def nested(
    drawn: Drawn, groups: int, outer: int, structure: str = "unstructured"
) -> NestedLikelihood:
    panel = drawn.panel
    own = np.random.default_rng(5).integers(0, groups, panel.persons)
    panel = replace(panel, groups=PersonGroups("group", own))
    covariance = Covariance(structure, len(panel.outcomes) - 1, "group")
    return NestedLikelihood(panel, covariance, free_of(panel), outer=outer)


def free_of(panel: Panel) -> NDArray[np.int64]:
    return np.array([p for p, held in enumerate(panel.positions) if not held.reference])


def some_parameters(likelihood: NestedLikelihood, *effects: float) -> Array:
    theta = np.random.default_rng(2).normal(0, 0.3, likelihood.parameters)
    theta[likelihood.coefficients :] = effects
    return theta


def on_a_grid(likelihood: NestedLikelihood, theta: Array, points: int) -> float:
    """The integrals by the trapezoid rule over all effects, those of a group outside."""
    panel, covariance = likelihood.panel, likelihood.covariance
    model = Model(panel.outcomes, panel.positions, likelihood.free, {}, covariance, theta)
    eta = predictor_of(model, terms_of_panel(panel), panel.size)
    of_persons, of_groups = (
        covariance.of_persons.root(own) for own in covariance.by_level(theta[model.coefficients :])
    )
    line = np.linspace(-7.5, 7.5, points)
    mesh = np.meshgrid(*[line] * model.equations)
    z = np.stack([axis.ravel() for axis in mesh], axis=1)
    logs = -0.5 * (z**2).sum(axis=1) + model.equations * np.log(
        (line[1] - line[0]) / np.sqrt(2 * np.pi)
    )
    assert panel.groups is not None
    total, start = 0.0, panel.rows.start
    for group in np.unique(panel.groups.of_person):
        given = logs.copy()
        for i in np.flatnonzero(panel.groups.of_person == group):
            rows = slice(start[i], start[i + 1])
            hit = panel.rows.outcome[rows].astype(int)
            effects = (z @ of_groups.T)[:, None, :] + (z @ of_persons.T)[None]
            given += logsumexp(_history(eta[rows], hit, effects) + logs, axis=1)
        total += float(logsumexp(given))
    return total


def _history(eta: Array, outcome: NDArray[np.int64], effects: Array) -> Array:
    """Logarithm of the probability of some years, at any effects."""
    total = np.zeros(effects.shape[:-1])
    for one, y in zip(eta, outcome, strict=True):
        logits = np.concatenate([np.zeros((*total.shape, 1)), one + effects], axis=-1)
        total += logits[..., y] - np.log(np.exp(logits).sum(axis=-1))
    return total


@pytest.mark.parametrize(
    ("outcomes", "persons", "points", "effects"),
    [(2, 12, 61, (0.9, 0.7)), (3, 5, 19, (0.7, 0.2, 0.6, 0.6, -0.3, 0.4))],
)
def test_the_likelihood_is_the_integral(
    outcomes: int, persons: int, points: int, effects: tuple[float, ...]
) -> None:
    likelihood = nested(draw(persons, 3, seed=3, outcomes=outcomes), 3, outer=15)
    theta = some_parameters(likelihood, *effects)
    value, _ = likelihood.value_and_gradient(theta, product_rule(21, outcomes - 1))
    assert value == pytest.approx(on_a_grid(likelihood, theta, points), rel=1e-7)


@pytest.mark.parametrize("structure", ["unstructured", "exchangeable", "diagonal"])
def test_the_gradient_is_that_of_the_value(structure: str) -> None:
    likelihood = nested(draw(40, 4, seed=3), 8, 15, structure)
    effects = (0.8, 0.2, 0.6, 0.5, 0.2, 0.4) if structure == "unstructured" else (0.6, 0.2) * 2
    theta, rule = some_parameters(likelihood, *effects), product_rule(15, 2)
    _, gradient = likelihood.value_and_gradient(theta, rule)

    def value(at: Array) -> float:
        return likelihood.value_and_gradient(at, rule)[0]

    steps = 1e-5 * np.eye(theta.size)
    by_difference = [(value(theta + h) - value(theta - h)) / 2e-5 for h in steps]
    np.testing.assert_allclose(gradient, by_difference, atol=1e-6)
    again, summed, products = likelihood.with_products(theta, rule)
    assert again == pytest.approx(value(theta), rel=1e-12)
    np.testing.assert_allclose(summed, gradient, atol=1e-9)
    clusters = likelihood.panel.groups.of_person  # type: ignore[union-attr]
    scores = likelihood.cluster_scores(theta, rule, clusters)
    np.testing.assert_allclose(scores.T @ scores, products, atol=1e-9)


def test_the_information_is_the_fall_of_the_gradient() -> None:
    likelihood = nested(draw(60, 4, seed=3), 8, 11)
    theta, rule = some_parameters(likelihood, 0.8, 0.2, 0.6, 0.5, 0.2, 0.4), product_rule(11, 2)

    def gradient(at: Array) -> Array:
        return likelihood.value_and_gradient(at, rule)[1]

    steps = 1e-5 * np.eye(theta.size)
    wanted = [(gradient(theta - h) - gradient(theta + h)) / 2e-5 for h in steps]
    found = likelihood.information(theta, rule)
    np.testing.assert_allclose(found, np.array(wanted), atol=1e-3)


def test_without_effects_of_persons_groups_are_what_persons_were() -> None:
    drawn = draw(120, 3, seed=7)
    likelihood = nested(drawn, 30, outer=21)
    theta = some_parameters(likelihood, 0.0, 0.0, 0.0, 0.7, 0.2, 0.5)
    groups = likelihood.panel.groups.of_person  # type: ignore[union-attr]
    joined = make_panel(
        np.repeat(groups, 3), drawn.outcome, drawn.terms, outcomes=likelihood.panel.outcomes
    )
    k, rule = likelihood.coefficients, product_rule(21, 2)
    one = Likelihood(joined, likelihood.covariance.of_persons, likelihood.free)
    wanted, slope = one.value_and_gradient(np.concatenate([theta[:k], theta[-3:]]), rule)
    value, gradient = likelihood.value_and_gradient(theta, rule)
    assert value == pytest.approx(wanted, rel=1e-9)
    np.testing.assert_allclose(np.delete(gradient, [k, k + 1, k + 2]), slope, atol=1e-5)


def test_without_effects_of_groups_persons_are_all() -> None:
    likelihood = nested(draw(120, 3, seed=7), 30, outer=5)
    theta, rule = some_parameters(likelihood, 0.7, 0.2, 0.5, 0.0, 0.0, 0.0), product_rule(11, 2)
    alone = Likelihood(likelihood.panel, likelihood.covariance.of_persons, likelihood.free)
    wanted, slope = alone.value_and_gradient(theta[:-3], rule)
    value, gradient = likelihood.value_and_gradient(theta, rule)
    assert value == pytest.approx(wanted, rel=1e-11)
    np.testing.assert_allclose(gradient, [*slope, 0.0, 0.0, 0.0], atol=1e-6)


def test_narrow_posteriors_need_few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    likelihood = nested(draw(800, 4, seed=9), 2, outer=15)
    theta, rule = some_parameters(likelihood, 0.7, 0.2, 0.5, 0.3, 0.1, 0.2), product_rule(7, 2)
    value, gradient = likelihood.value_and_gradient(theta, rule)
    monkeypatch.setattr("folkestrom.analysis.mobility.estimation.nested._ENOUGH", (15, 15, 15))
    wanted, slope = likelihood.value_and_gradient(theta, rule)
    assert value == pytest.approx(wanted, abs=1e-5)
    np.testing.assert_allclose(gradient, slope, rtol=1e-5, atol=1e-3)


SIGMA = np.array([[0.64, 0.3], [0.3, 0.5]])
OVER = np.array([[0.3, 0.1], [0.1, 0.2]])


def table_of(groups: int, persons: int, years: int, seed: int, over: Array = OVER) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    size = groups * persons
    shared = rng.multivariate_normal(np.zeros(2), over, groups)
    own = rng.multivariate_normal(np.zeros(2), SIGMA, size) + np.repeat(shared, persons, axis=0)
    sex = np.repeat(rng.integers(0, 2, size), years)
    predictor = np.repeat(own, years, axis=0) + [-1.0, -1.5] + sex[:, None] * [0.4, -0.3]
    drawn = np.column_stack([np.zeros(size * years), predictor])
    drawn += rng.gumbel(size=drawn.shape)
    names = np.array(["stay", "move", "leave"])
    return pl.DataFrame(
        {
            "person": np.repeat(rng.permutation(size), years),
            "area": np.repeat(np.arange(groups), persons * years),
            "region": np.repeat(np.arange(groups) // 2, persons * years),
            "sex": pl.Series(np.array(["man", "woman"])[sex]),
            "outcome": pl.Series(names[drawn.argmax(axis=1)]).cast(pl.Enum(names.tolist())),
        }
    )


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return table_of(60, 15, 5, seed=4)


@pytest.fixture(scope="module")
def fit(table: pl.DataFrame) -> MobilityFit:
    return mobility(table, "outcome ~ sex", person="person", within="area", tolerance=0.01)


def test_a_fit_finds_what_it_was_drawn_from(fit: MobilityFit) -> None:
    assert fit.converged_, fit.message_
    truth = {
        "move: (intercept)": -1.0, "leave: (intercept)": -1.5, "move: sex[woman]": 0.4,
        "leave: sex[woman]": -0.3, "var(move)": 0.64, "var(leave)": 0.5, "cov(move,leave)": 0.3,
        "var(move)[area]": 0.3, "var(leave)[area]": 0.2, "cov(move,leave)[area]": 0.1,
    }  # fmt: skip
    assert set(truth) == set(fit.params_)
    for name, true in truth.items():
        assert abs(fit.params_[name] - true) < 3 * fit.bse_[name], name
        assert 0.01 < fit.bse_[name] < 0.25


def test_the_result_depends_on_neither_threads_nor_the_order_of_groups(
    table: pl.DataFrame, fit: MobilityFit
) -> None:
    one = mobility(
        table, "outcome ~ sex", person="person", within="area", tolerance=0.01, threads=1
    )
    assert (one.theta == fit.theta).all()
    assert (one.vcov == fit.vcov).all()
    other = table.with_columns(area=(59 - pl.col("area")).cast(pl.String))
    turned = mobility(other, "outcome ~ sex", person="person", within="area", tolerance=0.01)
    assert turned.log_likelihood_ == pytest.approx(fit.log_likelihood_, abs=1e-4)
    assert turned.params_ == pytest.approx(fit.params_, abs=1e-3)


def test_two_levels_are_better_than_one_where_there_are_two(
    table: pl.DataFrame, fit: MobilityFit
) -> None:
    alone = mobility(table, "outcome ~ sex", person="person")
    test = fit.lr_test(alone)
    assert (test.freedom, test.p < 1e-6) == (3, True)
    assert "boundary" in test.note
    with pytest.raises(UsageError, match="persons are not independent"):
        vuong_test(fit, alone)


def test_no_variance_between_groups_is_found_where_there_is_none() -> None:
    made = table_of(40, 10, 5, seed=1, over=np.zeros((2, 2)))
    options = {"person": "person", "effects": "equal", "tolerance": 0.01}
    alone = mobility(made, "outcome ~ sex", **options)  # type: ignore[arg-type]
    both = mobility(made, "outcome ~ sex", within="area", **options)  # type: ignore[arg-type]
    assert both.params_["var(move)[area]"] < 0.02
    assert -1e-3 < both.log_likelihood_ - alone.log_likelihood_ < 2
    assert both.params_["move: sex[woman]"] == pytest.approx(
        alone.params_["move: sex[woman]"], abs=0.01
    )


def test_errors_are_clustered_by_groups_or_what_holds_whole_groups(
    table: pl.DataFrame, fit: MobilityFit
) -> None:
    def errors(**options: str) -> MobilityFit:
        return mobility(
            table, "outcome ~ sex", person="person", within="area", tolerance=0.01,
            standard_errors="clustered", **options,
        )  # fmt: skip

    robust, wider = errors(), errors(cluster="region")
    assert (robust.clusters, wider.clusters) == (60, 30)
    assert robust.params_ == fit.params_
    ratio = np.array(list(robust.bse_.values())) / list(fit.bse_.values())
    assert np.all((ratio > 0.6) & (ratio < 1.6))
    split = table.with_columns(region=pl.col("person") % 7)
    with pytest.raises(UsageError, match="divides 60 groups of area"):
        mobility(
            split, "outcome ~ sex", person="person", within="area",
            standard_errors="clustered", cluster="region",
        )  # fmt: skip


def test_probabilities_are_averaged_over_both_levels(fit: MobilityFit) -> None:
    one = replace(fit, covariance=fit.covariance.of_persons, groups=None)
    k = fit.model.coefficients
    whole = np.linalg.cholesky(fit.covariance.matrix(fit.theta[k:]))
    theta = np.append(fit.theta[:k], whole[np.tril_indices(2)])
    sum_of_both = replace(one, theta=theta, vcov=fit.vcov[: theta.size, : theta.size])
    profile = [{"sex": "woman"}]
    found = fit.predict(profile)
    wanted = sum_of_both.predict(profile)
    assert found["chance"].to_list() == pytest.approx(wanted["chance"].to_list(), abs=1e-7)
    simulated = fit.predict(profile, intervals="simulated", draws=4_000)
    for column in ("low", "high"):
        assert simulated[column].to_list() == pytest.approx(found[column].to_list(), abs=0.004)


def test_what_the_rows_say(table: pl.DataFrame, fit: MobilityFit, tmp_path: Path) -> None:
    assert fit.fit_by_cell(["sex"])["z"].null_count() == 6
    fit.save(tmp_path / "fit.json")
    held = MobilityFit.load(tmp_path / "fit.json")
    assert (held.params_, held.groups) == (fit.params_, 60)
    criteria = held.information_criteria(data=table)
    assert criteria.clusters == 60
    assert 5 < criteria.penalty < 16
    assert criteria.bic == pytest.approx(held.bic_)


def test_how_it_is_shown(fit: MobilityFit) -> None:
    assert "unstructured, within 60 groups of area" in fit.summary()
    assert set(fit.correlations_) == {"corr(move,leave)", "corr(move,leave)[area]"}
    shown = regression_table(fit, labels={"area": "first municipality"})
    assert "Random effects of first municipality: variance" in shown
    assert "Random effects of first municipality: correlation with move" in shown
    assert "persons within 60 groups of first municipality" in shown


def test_a_fit_that_is_interrupted_goes_on(table: pl.DataFrame, tmp_path: Path) -> None:
    path, said = tmp_path / "fit.npz", []

    def stop(line: str) -> None:
        if line.startswith("3 points for groups"):
            raise KeyboardInterrupt

    options = {"person": "person", "within": "area", "tolerance": 0.01, "checkpoint": path}
    with pytest.raises(KeyboardInterrupt):
        mobility(table, "outcome ~ sex", say=stop, **options)  # type: ignore[arg-type]
    resumed = mobility(table, "outcome ~ sex", say=said.append, **options)  # type: ignore[arg-type]
    assert resumed.converged_
    assert all("points for groups" in line for line in said)


def test_crossed_effects_are_refused_with_how_many_persons_cross(table: pl.DataFrame) -> None:
    crossing = table.with_columns(
        area=pl.when(pl.col("person") < 3).then(pl.int_range(pl.len()) % 5).otherwise("area")
    )
    with pytest.raises(UsageError, match="not the same in all years of 3 persons") as refused:
        mobility(crossing, "outcome ~ sex", person="person", within="area")
    assert "first value" in str(refused.value)


def test_what_cannot_be_told_is_refused(table: pl.DataFrame) -> None:
    panel = draw(200, 3, seed=1).panel
    with pytest.raises(InputRefused, match="the same for all persons"):
        fit_mobility(panel, within=np.ones(200))
    with pytest.raises(InputRefused, match="one person in each group"):
        fit_mobility(panel, within=np.arange(200))
    with pytest.raises(UsageError, match="there are no effects"):
        fit_mobility(panel, within=np.arange(200) % 4, effects="none")
    with pytest.raises(UsageError, match="draws persons"):
        fit_mobility(panel, within=np.arange(200) % 4, bread=0.5)
    with pytest.raises(UsageError, match="more groups than parameters"):
        fit_mobility(panel, within=np.arange(200) % 20, standard_errors="bhhh")
    with pytest.raises(UsageError, match="has 39 values for 200 persons"):
        fit_mobility(panel, within=np.arange(39))
    missing = table.with_columns(area=pl.when(pl.col("person") > 0).then("area"))
    with pytest.raises(InputRefused, match="is missing"):
        mobility(missing, "outcome ~ sex", person="person", within="area")


def test_few_groups_are_noted(table: pl.DataFrame) -> None:
    few = table.filter(pl.col("area") < 5)
    fit = mobility(
        few, "outcome ~ sex", person="person", within="area", effects="equal", tolerance=0.01
    )
    assert any("from 5 groups, which say little" in note for note in fit.notes)
