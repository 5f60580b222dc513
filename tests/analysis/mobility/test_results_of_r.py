"""The logit with an effect of each person, as R's package lme4 has it by quadrature."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.mobility import mobility

ORACLE = Path(__file__).parents[2] / "oracle" / "mobility"


def test_estimates_errors_and_variance() -> None:
    """lme4 takes standard errors from differences of its deviance, to four digits or so."""
    wanted = json.loads((ORACLE / "results.json").read_text(encoding="utf-8"))
    panel = pl.read_csv(ORACLE / "panel.csv").with_columns(pl.col("left").cast(pl.String))
    fit = mobility(panel, "left ~ age + abroad", person="person", outcomes=["0", "1"])
    assert fit.converged_
    *coefficients, variance = fit.params_.values()
    assert coefficients == pytest.approx(wanted["coef"], abs=2e-5)
    assert variance == pytest.approx(wanted["variance"], rel=1e-4)
    errors = list(fit.bse_.values())[: len(coefficients)]
    np.testing.assert_allclose(errors, wanted["se"], rtol=1e-3)
