"""What separation and combinations are called, and that numbers near to each other are fitted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.decomposition import oaxaca
from folkestrom.analysis.design.collinearity import orthogonalise
from folkestrom.analysis.design.model_matrix import model_matrix
from folkestrom.analysis.mobility import MobilityFit, fit_mobility, make_panel, mobility, number
from folkestrom.analysis.regression import (
    HazardFit,
    cox,
    fine_gray,
    hazards_by_period,
    person_periods,
)
from folkestrom.errors import UserError

RNG = np.random.default_rng(1)
N = 400
YEAR = RNG.integers(2010, 2014, N).astype(float)
AGE = RNG.uniform(20, 60, N)
FLAG = RNG.integers(0, 2, N).astype(float)
OUTCOME = RNG.integers(0, 2, N)
STOP = RNG.integers(1, 40, N).astype(float)
Columns = Mapping[str, Any]


def logit(
    x: Columns, y: Any, outcomes: Sequence[str] = ("stay", "move"), **options: Any
) -> MobilityFit:
    person = options.pop("person", np.arange(len(y)))
    terms = [number(name, values) for name, values in x.items()]
    panel = make_panel(person, y, terms, outcomes=outcomes)
    return fit_mobility(panel, **{"effects": "none"} | options)


def of_cox(x: Columns, event: Any) -> HazardFit:
    return cox({"t": STOP, "e": event} | x, stop="t", event="e", covariates=[*x])


def of_fine_gray(x: Columns, event: Any) -> HazardFit:
    other = np.where(event == 0, np.arange(len(event)) % 2 * 2, 1)
    return fine_gray({"t": STOP, "e": other} | x, stop="t", event="e", cause=1, covariates=[*x])


def of_periods(x: Columns, event: Any) -> HazardFit:
    data = {"t": STOP, "e": event} | x
    return hazards_by_period(person_periods(data, stop="t", event="e", covariates=[*x], length=8))


MODELS = [logit, of_cox, of_fine_gray, of_periods]


def seventeen(far: float = 250.0) -> tuple[Any, Any]:
    x = np.array([-1, -1, -1, 1, 1, 1, 1, -1] * 2 + [far])
    return x, np.array([0, 0, 1, 1, 1, 0, 1, 0] * 2 + [1])


@pytest.mark.parametrize("far", [250.0, 1e4, 1e7, 1e12])
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e12])
def test_one_value_far_out_is_no_separation(far: float, unit: float) -> None:
    """Of the others a quarter move at -1 and three quarters at 1."""
    x, y = seventeen(far)
    fit = logit({"x": x * unit}, y)
    assert fit.converged_, fit.message_
    assert fit.log_likelihood_ == pytest.approx(-8.99736, abs=1e-5)
    slope = fit.params_["move: x"] * unit
    assert [fit.params_["move: (intercept)"], slope] == pytest.approx([0, np.log(3)], abs=1e-6)


def test_complete_quasi_complete_and_overlapping() -> None:
    """The three configurations of Albert and Anderson (1984)."""
    x = np.arange(1.0, 11.0)
    complete = logit({"x": x}, (x > 5) * 1)
    assert "x tells move from stay without error in" in complete.message_
    quasi = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    tied = np.where(x == 6, 5.0, x)
    fit = logit({"x": tied}, quasi)
    assert "x tells move from stay without error in 8 of 10 rows" in fit.message_
    assert not fit.converged_
    overlap = np.array([0, 0, 0, 1, 0, 1, 0, 1, 1, 1])
    assert logit({"x": x}, overlap).converged_


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("silent", [0.0, 1.0])
def test_zero_and_one_are_named_with_the_value(model: Any, silent: float) -> None:
    event = np.where(silent == FLAG, 0, OUTCOME)
    fit = model({"age": AGE, "flag": FLAG}, event)
    assert not fit.converged_
    assert fit.message_.startswith("flag tells ")
    assert f"where it is {silent:g} (separation)" in fit.message_


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("unit", [1e-9, 1e12])
def test_a_combination_is_named_with_its_direction(model: Any, unit: float) -> None:
    """Neither alone tells anything; their difference does."""
    noise = RNG.integers(-500, 500, N).astype(float)
    event = OUTCOME if model is logit else np.ones(N, int)
    score = event * 3.0 if model is logit else -np.floor(STOP)
    if model is of_periods:
        event, score = OUTCOME, OUTCOME * 3.0
    x = {"age": AGE, "noise": noise * unit, "both": (noise + score) * unit}
    fit = model(x, event)
    assert not fit.converged_
    assert re.search(r"noise, both together \(- noise \+ ([.0-9]+ × )?both\)", fit.message_), (
        fit.message_
    )
    assert "their coefficients have no finite estimate" in fit.message_


def test_the_outcome_is_named() -> None:
    y = np.where(FLAG == 1, RNG.integers(0, 2, N), RNG.integers(0, 3, N))
    fit = logit({"age": AGE, "flag": FLAG}, y, ("stay", "move", "abroad"))
    assert fit.message_.startswith("flag tells abroad from other outcomes without error")
    never = np.where(FLAG == 1, RNG.integers(1, 3, N), RNG.integers(0, 3, N))
    fit = logit({"age": AGE, "flag": FLAG}, never, ("stay", "move", "abroad"))
    assert fit.message_.startswith("flag tells stay from other outcomes without error")


def test_separation_with_effects_of_persons() -> None:
    y = np.where(FLAG == 1, 0, OUTCOME)
    fit = logit({"flag": FLAG}, y, person=np.arange(N) // 4, effects="diagonal")
    assert not fit.converged_
    assert fit.message_.startswith("flag tells move from stay")


def test_what_a_penalty_determines_is_no_separation() -> None:
    fit = logit({"flag": FLAG}, np.where(FLAG == 1, 0, OUTCOME), penalty=1e-4)
    assert fit.converged_, fit.message_


def test_effects_that_are_large_are_finite() -> None:
    """One in a thousand is told: a coefficient of 14 with a finite estimate."""
    x = np.repeat([0.0, 1.0], 4000)
    y = np.repeat([0, 1, 0, 1], [3999, 1, 1, 3999])
    fit = logit({"x": x}, y)
    assert fit.converged_, fit.message_
    assert fit.params_["move: x"] == pytest.approx(2 * np.log(3999), rel=1e-8)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("power", [2, 3])
def test_powers_of_a_year_are_no_combination(model: Any, power: int) -> None:
    years = {f"p{p}": YEAR**p for p in range(1, power + 1)}
    centred = {f"p{p}": (YEAR - 2011) ** p for p in range(1, power + 1)}
    fit, other = model(years, OUTCOME), model(centred, OUTCOME)
    assert fit.converged_, fit.message_
    assert fit.log_likelihood_ == pytest.approx(other.log_likelihood_, abs=1e-6)
    name = next(n for n in fit.params_ if n.endswith(f"p{power}"))
    assert fit.params_[name] == pytest.approx(other.params_[name], rel=1e-4)
    assert fit.bse_[name] == pytest.approx(other.bse_[name], rel=1e-4)


def test_powers_in_a_formula_and_their_interactions() -> None:
    table = pl.DataFrame({
        "id": np.arange(N), "yr": YEAR.astype(int), "sex": np.where(FLAG == 1, "m", "f"),
        "y": np.where(OUTCOME == 1, "go", "stay"),
    })  # fmt: skip
    options: dict[str, Any] = {"person": "id", "effects": "none", "outcomes": ["stay", "go"]}
    for formula in ("y ~ yr + I(yr^2)", "y ~ sex * yr + sex * I(yr^2)"):
        fit = mobility(table, formula, **options)
        assert fit.converged_, fit.message_
        centred = table.with_columns(yr=pl.col("yr") - 2011)
        other = mobility(centred, formula, **options)
        assert fit.log_likelihood_ == pytest.approx(other.log_likelihood_, abs=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_combinations_are_named_whatever_their_unit(model: Any) -> None:
    for unit, origin in ((1e-9, 0.0), (1.0, 2020.0), (1e12, 1e12)):
        with pytest.raises(UserError, match=r"copy: is a combination of .*age"):
            model({"year": YEAR, "age": AGE, "copy": origin - AGE * unit}, OUTCOME)
        with pytest.raises(UserError, match="flat"):
            model({"age": AGE, "flat": np.full(N, 0.1 + origin)}, OUTCOME)


def test_decompositions() -> None:
    table = pl.DataFrame({
        "person": np.arange(N), "group": np.where(FLAG == 1, "a", "b"), "outcome": OUTCOME,
        "yr": YEAR, "squared": YEAR**2, "age": AGE * 1e12,
    })  # fmt: skip
    found = oaxaca(table, "group", ("a", "b"), ["yr", "squared", "age"])
    centred = table.with_columns(
        yr=pl.col("yr") - 2011, squared=(pl.col("yr") - 2011) ** 2, age=pl.col("age") / 1e12
    )
    other = oaxaca(centred, "group", ("a", "b"), ["yr", "squared", "age"])
    for name in ("explained", "unexplained"):
        assert found.of(name)["estimate"] == pytest.approx(other.of(name)["estimate"], abs=1e-8)
    bad = table.with_columns(age=pl.col("outcome") * 1e-9)
    with pytest.raises(UserError, match="age tells events from others without error"):
        oaxaca(bad, "group", ("a", "b"), ["yr", "age"])
    with pytest.raises(UserError, match="'yr, copy' determine each other"):
        oaxaca(table.with_columns(copy=1e9 * pl.col("yr") + 1), "group", ("a", "b"), ["yr", "copy"])
    # A decimal number's middle value without events is no level.
    middle = table.with_columns(yr=pl.col("yr") % 3, outcome=pl.when(pl.col("yr") % 3 == 1).then(0)
                                .otherwise("outcome"))  # fmt: skip
    assert oaxaca(middle, "group", ("a", "b"), ["yr"]).of("explained")["estimate"] is not None


def test_a_combination_of_some_rows_only_is_none() -> None:
    """One row of many, beyond those looked at first, makes the difference."""
    rows = 60_000
    x = np.arange(rows) % 97.0
    other = 2 * x
    other[31_337] += 1
    matrix = np.column_stack([np.ones(rows), x, other])
    columns = model_matrix(matrix, ["(intercept)", "x", "other"], [False, True, True])
    assert orthogonalise(columns).combinations == {}
