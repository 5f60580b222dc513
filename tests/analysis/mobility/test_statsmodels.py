"""Without effects of persons, estimates and marginal effects are those of statsmodels."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.mobility import MobilityFit, mobility
from tests.analysis.design.test_formula import dense
from tests.analysis.mobility.conftest import FORMULA, OUTCOMES


def test_estimates_are_those_of_statsmodels(table: pl.DataFrame, plain: MobilityFit) -> None:
    from statsmodels.discrete.discrete_model import MNLogit

    names, columns = dense(FORMULA, table)
    codes = table["outcome"].replace_strict({o: k for k, o in enumerate(OUTCOMES)}).to_numpy()
    theirs = MNLogit(codes, columns).fit(disp=0, method="newton", maxiter=50)
    assert plain.converged_
    assert plain.log_likelihood_ == pytest.approx(theirs.llf, abs=1e-8)
    for j, outcome in enumerate(OUTCOMES[1:]):
        for k, name in enumerate(names):
            key = f"{outcome}: {name}"
            assert plain.params_[key] == pytest.approx(theirs.params[k, j], abs=1e-6), key
            assert plain.bse_[key] == pytest.approx(theirs.bse[k, j], abs=1e-6), key


def test_marginal_effects_are_those_of_statsmodels(table: pl.DataFrame) -> None:
    from statsmodels.discrete.discrete_model import MNLogit

    codes = table["outcome"].replace_strict({o: k for k, o in enumerate(OUTCOMES)}).to_numpy()
    table = table.with_columns(woman=(pl.col("sex") == "woman").cast(pl.Int8))
    # statsmodels has standard errors of discrete changes for as many columns as outcomes only.
    for names, discrete in ((["sex", "income"], True), (["woman", "age", "income"], False)):
        formula = f"outcome ~ {' + '.join(names)}"
        fit = mobility(table, formula, person="id", outcomes=OUTCOMES, effects="none")
        held = [table["woman"] if name == "sex" else table[name] for name in names]
        columns = np.column_stack([np.ones(table.height), *held])
        fitted = MNLogit(codes, columns).fit(disp=0, method="newton")
        theirs = fitted.get_margeff(dummy=discrete)
        mine = fit.marginal_effects()
        for k, name in enumerate(names):
            part = mine.filter(pl.col("covariate") == name)
            assert np.allclose(part["effect"], theirs.margeff[k], atol=1e-5), name
            assert np.allclose(part["standard_error"], theirs.margeff_se[k], atol=1e-5), name
