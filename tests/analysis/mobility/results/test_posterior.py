"""Effects of persons, forecasts and fit by cell, against integrals taken by brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.mobility import MobilityFit, compare, fit_mobility, mobility, vuong_test
from folkestrom.analysis.mobility.panel.panel import terms_of_panel
from folkestrom.analysis.mobility.results.integration import predictor_of
from folkestrom.analysis.mobility.results.posterior import forecasts, posterior
from folkestrom.errors import UsageError
from tests.analysis.mobility.conftest import OUTCOMES, draw_table
from tests.analysis.mobility.panels import draw


def on_a_grid(fit: MobilityFit, person: int) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Log-likelihood, posterior mean and sd of a person, and probabilities by row, on a grid."""
    panel = fit.rows_of(None).panel
    rows = slice(*panel.rows.start[person : person + 2].tolist())
    outcome = panel.rows.outcome[rows]
    predictor = predictor_of(fit.model, terms_of_panel(panel, rows), outcome.size)
    grid = np.linspace(-8, 8, 161)
    z = np.stack(np.meshgrid(grid, grid)).reshape(2, -1)
    weight = np.exp(-0.5 * (z**2).sum(axis=0))
    weight /= weight.sum()
    u = fit.model.root @ z
    foretold = []
    value = 0.0
    for eta, y in zip(predictor, outcome, strict=True):
        powers = np.vstack([np.ones(z.shape[1]), np.exp(eta[:, None] + u)])
        probabilities = powers / powers.sum(axis=0)
        foretold.append(probabilities @ weight)
        value += float(np.log(foretold[-1][y]))
        weight = weight * probabilities[y] / foretold[-1][y]
    mean = u @ weight
    return value, mean, np.sqrt((u - mean[:, None]) ** 2 @ weight), np.array(foretold)


def test_posteriors_are_those_of_brute_force(fit: MobilityFit) -> None:
    found = fit.effects_of_persons()
    held = posterior(fit.model, fit.rows_of(None).panel)
    for person in (0, 1, 17, 60, 399):
        value, mean, sd, _ = on_a_grid(fit, person)
        assert held.log_likelihoods[person] == pytest.approx(value, abs=1e-7)
        row = found.row(person, named=True)
        assert [row["mean(move)"], row["mean(abroad)"]] == pytest.approx(mean.tolist(), abs=1e-7)
        assert [row["sd(move)"], row["sd(abroad)"]] == pytest.approx(sd.tolist(), abs=1e-7)
    assert held.log_likelihoods.sum() == pytest.approx(fit.log_likelihood_, abs=1e-5)
    assert found.columns[0] == "person_number"
    assert found["person_number"].to_list() == list(range(400))


@pytest.mark.parametrize("outcomes", [2, 4])
def test_likelihoods_of_persons_add_up_with_one_effect_and_with_three(outcomes: int) -> None:
    drawn = draw(150, 4, seed=outcomes, outcomes=outcomes)
    fit = fit_mobility(drawn.panel, effects="diagonal", tolerance=0.01)
    held = posterior(fit.model, drawn.panel)
    assert held.log_likelihoods.sum() == pytest.approx(fit.log_likelihood_, abs=1e-3)
    # What is known of a person spreads less than what is known of the population, on average.
    prior = np.diag(fit.covariance.matrix(fit.theta[fit.model.coefficients :]))
    within = held.covariances.diagonal(axis1=1, axis2=2).mean(axis=0)
    assert (within < prior).all()
    between = held.means.var(axis=0)
    assert np.allclose(within + between, prior, rtol=0.25)


def test_forecasts_multiply_to_the_likelihood(fit: MobilityFit) -> None:
    panel = fit.rows_of(None).panel
    found = forecasts(fit.model, panel)
    for person in (0, 17, 399):
        rows = slice(*panel.rows.start[person : person + 2].tolist())
        assert np.allclose(found[rows], on_a_grid(fit, person)[3], atol=1e-6)
    chosen = found[np.arange(panel.size), panel.rows.outcome]
    assert np.log(chosen).sum() == pytest.approx(fit.log_likelihood_, abs=1e-3)
    assert np.allclose(found.sum(axis=1), 1)


def test_cells_of_the_model_fit_without_effects(plain: MobilityFit) -> None:
    for cells in (["sex", "immigrant"], ["place"]):
        for expected in ("history", "population"):
            found = plain.fit_by_cell(cells, expected=expected)  # type: ignore[arg-type]
            # The scores of levels are zero, and so are the differences.
            assert np.allclose(found["observed"], found["expected"], atol=1e-3)
    other = plain.fit_by_cell(["year"])
    assert other["observed"].sum() == other["rows"].sum() / 3 == 1600
    assert not np.allclose(other["observed"], other["expected"], atol=1e-3)
    misfit = (other["observed"] - other["expected"]) ** 2 / other["expected"]
    assert np.allclose(other["chi2"], misfit)


def test_z_has_the_spread_it_should_have() -> None:
    """Cells that the model does not know, on data drawn from it: z is standard normal."""
    table = draw_table(3_000, 4, seed=8)
    rng = np.random.default_rng(1)
    table = table.with_columns(cell=pl.Series(rng.integers(0, 300, table.height)))
    formula = "outcome ~ sex * immigrant + age + income"
    fit = mobility(table, formula, person="id", outcomes=OUTCOMES, tolerance=0.05)
    for expected in ("history", "population"):
        z = fit.fit_by_cell(["cell"], expected=expected)["z"].to_numpy()  # type: ignore[arg-type]
        assert abs(z.mean()) < 0.1
        assert 0.9 < z.std() < 1.1


def test_history_is_right_where_an_outcome_ends_the_years() -> None:
    table = draw_table(3_000, 6, seed=5)
    gone = (pl.col("outcome") == "abroad").cast(pl.Int32).cum_sum().over("id")
    stopped = table.filter(gone - (pl.col("outcome") == "abroad").cast(pl.Int32) == 0)
    formula = "outcome ~ sex * immigrant + age + income"
    fit = mobility(stopped, formula, person="id", time="year", outcomes=OUTCOMES, tolerance=0.05)
    history = fit.fit_by_cell(["year"]).filter(pl.col("outcome") == "abroad")
    population = fit.fit_by_cell(["year"], expected="population")
    late = population.filter((pl.col("outcome") == "abroad") & (pl.col("year") == "2015"))
    assert history["z"].abs().max() < 3
    # Those still there in the last year are those who are not inclined to leave.
    assert late["z"][0] < -4


def test_the_penalty_is_the_number_of_parameters_where_the_model_is_true() -> None:
    table = draw_table(1_500, 4, seed=9)
    formula = "outcome ~ sex + immigrant + income"
    fit = mobility(table, formula, person="id", outcomes=OUTCOMES, tolerance=0.05)
    found = fit.information_criteria()
    assert found.penalty == pytest.approx(fit.theta.size, rel=0.15)
    assert found.aic == fit.aic_
    assert found.tic == pytest.approx(2 * found.penalty - 2 * fit.log_likelihood_)
    # The same years under four numbers of persons: as clusters they count once.
    copied = pl.concat(
        [table.with_columns(pl.col("id") + 10_000 * k, first=pl.col("id")) for k in range(4)]
    )
    many = mobility(copied, formula, person="id", outcomes=OUTCOMES, tolerance=0.05)
    alone, clustered = many.information_criteria(), many.information_criteria("first")
    assert clustered.penalty == pytest.approx(4 * alone.penalty, rel=1e-6)
    assert (alone.clusters, clustered.clusters) == (6_000, 1_500)


def test_theories_are_compared(fit: MobilityFit, table: pl.DataFrame) -> None:
    income = mobility(table, "outcome ~ income", person="id", outcomes=OUTCOMES)
    life = mobility(table, "outcome ~ sex + bs(age, df=4)", person="id", outcomes=OUTCOMES)
    found = compare([income, life, fit], names=["income gap", "life course", "all"])
    assert found["by"].unique().to_list() == ["tic"]
    assert found["delta"][0] == 0
    assert found["delta"].is_sorted()
    assert found["weight"].sum() == pytest.approx(1)
    for name, one in (("income gap", income), ("all", fit)):
        row = found.row(by_predicate=pl.col("model") == name, named=True)
        assert row["tic"] == pytest.approx(one.information_criteria().tic)
    z, p = vuong_test(income, life)
    assert (z, p) == pytest.approx((-vuong_test(life, income)[0], p))
    gain = income.log_likelihood_ - life.log_likelihood_
    assert np.sign(z) == np.sign(gain)
    without = [replace(one, observed=None) for one in (income, life)]
    assert compare(without)["by"].unique().to_list() == ["aic"]
    again = compare(without, ["a", "b"], data=table)
    assert again["tic"].to_list() == pytest.approx(compare([income, life])["tic"].to_list())
    other = mobility(table.head(800), "outcome ~ income", person="id", outcomes=OUTCOMES)
    with pytest.raises(UsageError, match="same rows"):
        compare([income, other])


def test_clusters_are_what_persons_keep(fit: MobilityFit) -> None:
    with pytest.raises(UsageError, match="differs between the years"):
        fit.information_criteria("year")
    with pytest.raises(UsageError, match="2 values for 400 persons"):
        fit.information_criteria([1, 2])
    with pytest.raises(UsageError, match="no person random effects"):
        replace(fit, covariance=replace(fit.covariance, structure="none")).effects_of_persons()
