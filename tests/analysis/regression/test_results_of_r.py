"""Results of R's package survival.

R stops when the log-likelihood changes by less than 1e-9 of itself, so that its own estimates are
right to some 1e-9 in log-likelihood and, since that is flat at its top, to 1e-8 or so in
coefficients. Log-likelihoods agree to the digits that were printed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.followup import count, follow_up
from folkestrom.analysis.regression import CoxFit, cox, fine_gray
from tests.analysis.followup.reading import Cases
from tests.analysis.regression.slowly import trial

STOPPED = 5e-8
PRINTED = 1e-12


def meets(fit: CoxFit, wanted: dict[str, Any]) -> None:
    assert fit.converged_
    np.testing.assert_allclose(fit.theta, wanted["coef"], rtol=STOPPED)
    np.testing.assert_allclose(fit.log_likelihood_, wanted["loglik"], rtol=PRINTED)
    if "se" in wanted:
        np.testing.assert_allclose(list(fit.bse_.values()), wanted["se"], rtol=STOPPED)
    if "loglik_null" in wanted:
        np.testing.assert_allclose(fit.log_likelihood_null_, wanted["loglik_null"], rtol=PRINTED)
    assert fit.rows == wanted["n"]
    assert fit.events == wanted["nevent"]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_ties(cases: Cases, ties: Any) -> None:
    wanted = cases.result(f"cox_lung_age_sex_{ties}")
    fit = cox(trial("lung"), stop="time", event="died", covariates=["age", "sex"], ties=ties)
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


def test_strata(cases: Cases) -> None:
    wanted = cases.result("cox_strata")
    known = trial("lung").drop_nulls("ecog")
    fit = cox(known, stop="time", event="died", covariates=["age", "ecog"], strata="sex")
    meets(fit, wanted)
    np.testing.assert_allclose(fit.score_test().statistic, wanted["score"], rtol=1e-11)
    np.testing.assert_allclose(fit.likelihood_ratio_test().statistic, wanted["lr"], rtol=1e-11)


def test_covariates_that_change_and_times_that_are_no_whole_numbers(cases: Cases) -> None:
    wanted = cases.result("cox_timevarying")
    names = ["age", "surgery", "transplant"]
    data = {name: wanted[name] for name in ("start", "stop", "event", *names)}
    meets(
        cox(data, start="start", stop="stop", event="event", covariates=names, ties="breslow"),
        wanted,
    )


def test_covariates_that_change_at_visits(cases: Cases) -> None:
    wanted = cases.result("tvc_pbcseq")
    fit = cox(
        trial("pbcseq"), start="start", stop="stop", event="event", covariates=wanted["names"]
    )
    meets(fit, wanted)


def test_fine_and_gray(cases: Cases) -> None:
    wanted = cases.result("finegray_mgus2_pcm")
    d = pl.DataFrame(cases.gammopathy()).with_columns(
        end=pl.when(pstat=0).then("futime").otherwise("ptime"),
        cause=pl.when(pstat=1).then(1).otherwise(2 * pl.col("death")),
    )
    fit = fine_gray(
        d, stop="end", event="cause", cause=1, covariates=["age", "sex"], ties="breslow"
    )
    assert list(fit.names_) == ["age", "sex[M]"]
    np.testing.assert_allclose(fit.theta, wanted["coef"], rtol=STOPPED)
    np.testing.assert_allclose(list(fit.naive_bse_.values()), wanted["naive_se"], rtol=STOPPED)
    np.testing.assert_allclose(list(fit.bse_.values()), wanted["robust_se"], rtol=STOPPED)


def test_late_entry_counts_the_same_at_risk(cases: Cases) -> None:
    data = cases.result("counting_truncation")["data"]
    fit = cox(
        {**data, "x": [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]},
        start="start", stop="stop", event="event", covariates=["x"], ties="breslow",
    )  # fmt: skip
    null = fit.partial.at(np.zeros(1))
    counts = count(follow_up(data["stop"], data["event"], entry=data["start"]))
    days = fit.partial.sets.time - counts.first
    np.testing.assert_allclose(null.at_risk, counts.at_risk[0, days], rtol=1e-14)
