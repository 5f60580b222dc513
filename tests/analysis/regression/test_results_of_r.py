"""Results of R's package survival, which was told to stop at 1e-13 of the log-likelihood.

The program stops when its step is below 1e-5 of a standard error; Newton's method is then nearer by
some orders.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.followup import count, follow_up
from folkestrom.analysis.regression import CoxFit, cox, fine_gray, proportionality_test
from tests.oracle.survival.reading import data, result

STOPPED = 2e-7
WRITTEN = 1e-12


def near(fit: CoxFit, coefficients: list[float], errors: list[float]) -> None:
    """Coefficients are met to a part of their standard errors."""
    distance = (fit.theta - np.array(coefficients)) / np.array(errors)
    assert np.abs(distance).max() < STOPPED


def meets(fit: CoxFit, wanted: dict[str, Any]) -> None:
    assert fit.converged_
    near(fit, wanted["coef"], wanted["se"])
    np.testing.assert_allclose(fit.log_likelihood_, wanted["loglik"], rtol=WRITTEN)
    np.testing.assert_allclose(list(fit.bse_.values()), wanted["se"], rtol=STOPPED)
    np.testing.assert_allclose(fit.log_likelihood_null_, wanted["loglik_null"], rtol=WRITTEN)
    assert fit.rows == wanted["n"]
    assert fit.events == wanted["nevent"]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_ties(ties: Any) -> None:
    wanted = result(f"cox_lung_age_sex_{ties}")
    fit = cox(data("lung"), stop="time", event="died", covariates=["age", "sex"], ties=ties)
    meets(fit, wanted)
    for name, test in (("lr", fit.likelihood_ratio_test()), ("score", fit.score_test())):
        np.testing.assert_allclose(test.statistic, wanted[name]["stat"], rtol=1e-11)
        np.testing.assert_allclose(test.p, wanted[name]["p"], rtol=1e-10)
        assert test.freedom == wanted[name]["df"]
    # R prints Wald's statistic with two decimals.
    np.testing.assert_allclose(fit.wald_test().statistic, wanted["wald"]["stat"], atol=0.005)
    table = fit.coefficients()
    names = {"z": "z", "p": "p", "ratio": "exp_coef", "ratio_low": "conf_low"}
    for name, theirs in (names | {"ratio_high": "conf_high"}).items():
        np.testing.assert_allclose(table[name].to_numpy(), wanted[theirs], rtol=1e-6)


def test_strata() -> None:
    wanted = result("cox_strata")
    known = data("lung").drop_nulls("ecog")
    fit = cox(known, stop="time", event="died", covariates=["age", "ecog"], strata="sex")
    meets(fit, wanted)
    score, ratio = fit.score_test(), fit.likelihood_ratio_test()
    np.testing.assert_allclose(score.statistic, wanted["score"]["stat"], rtol=1e-11)
    np.testing.assert_allclose(ratio.statistic, wanted["lr"]["stat"], rtol=1e-11)


@pytest.mark.parametrize(
    ("rows", "name", "ties"),
    [("spells", "cox_changing", "breslow"), ("pbcseq", "cox_visits", "efron")],
)
def test_covariates_that_change(rows: str, name: str, ties: Any) -> None:
    """At times that are no whole numbers, and at visits."""
    wanted = result(name)
    covariates = wanted["names"]
    spells = data(rows)
    meets(
        cox(spells, start="start", stop="stop", event="event", covariates=covariates, ties=ties),
        wanted,
    )


def test_fine_and_gray() -> None:
    wanted = result("fine_gray")
    d = data("cohort").with_columns(
        end=pl.when(pstat=0).then("futime").otherwise("ptime"),
        cause=pl.when(pstat=1).then(1).otherwise(2 * pl.col("death")),
    )
    fit = fine_gray(
        d, stop="end", event="cause", cause=1, covariates=["age", "sex"], ties="breslow"
    )
    assert list(fit.names_) == ["age", "sex[M]"]
    near(fit, wanted["coef"], wanted["naive_se"])
    np.testing.assert_allclose(list(fit.naive_bse_.values()), wanted["naive_se"], rtol=STOPPED)
    np.testing.assert_allclose(list(fit.bse_.values()), wanted["robust_se"], rtol=STOPPED)


def test_late_entry_counts_the_same_at_risk() -> None:
    rows = result("counting_truncation")["data"]
    fit = cox(
        {**rows, "x": [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]},
        start="start", stop="stop", event="event", covariates=["x"], ties="breslow",
    )  # fmt: skip
    null = fit.partial.at(np.zeros(1))
    counts = count(follow_up(rows["stop"], rows["event"], entry=rows["start"]))
    days = fit.partial.sets.time - counts.first
    np.testing.assert_allclose(null.at_risk, counts.at_risk[0, days], rtol=1e-14)


@pytest.mark.parametrize("clock", ["km", "rank", "log", "identity"])
@pytest.mark.parametrize("name", ["lung", "strata", "weighted", "spells"])
def test_proportionality_by_each_clock(name: str, clock: Any) -> None:
    options: dict[str, Any] = {"stop": "time", "event": "died", "covariates": ["age", "sex"]}
    rows = data("spells" if name == "spells" else "lung")
    if name == "strata":
        rows = rows.drop_nulls("ecog")
        options |= {"covariates": ["age", "ecog"], "strata": "sex"}
    elif name == "weighted":
        weights = result("km_robust_lung_weighted")["weights"]
        rows = rows.with_columns(w=pl.Series(weights))
        options |= {"weight": "w", "ties": "breslow"}
    elif name == "spells":
        options = {"start": "start", "stop": "stop", "event": "event", "ties": "breslow",
                   "covariates": ["age", "moved"]}  # fmt: skip
    found = proportionality_test(cox(rows, **options), clock)
    np.testing.assert_allclose(found["chi2"], result(f"clocks_{name}")[clock], rtol=2e-6)
