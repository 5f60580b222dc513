"""Marginal effects, contrasts, intervals: against brute force and differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.mobility import (
    MobilityFit,
    factor,
    fit_mobility,
    interaction,
    make_panel,
    mobility,
    number,
)
from folkestrom.errors import UsageError
from tests.analysis.mobility.conftest import FORMULA, OUTCOMES

PROFILE = {"sex": "woman", "immigrant": True, "place": "urban", "age": 35.0, "income": 0.5}
NATIVE = PROFILE | {"immigrant": False, "income": -0.5}


def brute_probabilities(fit: MobilityFit, table: pl.DataFrame, whole: pl.DataFrame) -> np.ndarray:
    """Probabilities averaged over the effects on a fine grid, from names of coefficients."""
    from formulaic import model_matrix

    text = pl.col("immigrant").cast(pl.String)
    spec = model_matrix(FORMULA.split("~")[1], whole.with_columns(text).to_pandas()).model_spec
    columns = spec.get_model_matrix(table.with_columns(text).to_pandas())
    names = {
        "Intercept": "(intercept)",
        "sex[T.woman]": "sex[woman]",
        "immigrant[T.true]": "immigrant[true]",
        "place[T.rural]": "place[rural]",
        "place[T.urban]": "place[urban]",
        "sex[T.woman]:immigrant[T.true]": "sex:immigrant[woman:true]",
    }
    predictor = np.column_stack(
        [
            sum(
                fit.params_[f"{o}: {names.get(c, c)}"] * np.asarray(columns[c], dtype=float)
                for c in columns.columns
            )
            for o in OUTCOMES[1:]
        ]
    )
    grid = np.linspace(-6.5, 6.5, 40)
    z = np.stack(np.meshgrid(grid, grid)).reshape(2, -1)
    weight = np.exp(-0.5 * (z**2).sum(axis=0))
    sigma = np.array(
        [
            [fit.params_["var(move)"], fit.params_["cov(move,abroad)"]],
            [fit.params_["cov(move,abroad)"], fit.params_["var(abroad)"]],
        ]
    )
    u = np.linalg.cholesky(sigma) @ z
    powers = np.exp(predictor[:, :, None] + u)
    total = 1 + powers.sum(axis=1)
    later = (powers / total[:, None]) @ (weight / weight.sum())
    return np.column_stack([1 - later.sum(axis=1), later])


def effects_by(found: pl.DataFrame, name: str, level: str | None = None) -> pl.DataFrame:
    found = found.filter(pl.col("covariate") == name)
    return found if level is None else found.filter(pl.col("level") == level)


def test_with_effects_they_are_those_of_brute_force(fit: MobilityFit, table: pl.DataFrame) -> None:
    found = fit.marginal_effects()
    for name, level, reference in (
        ("sex", "woman", "man"), ("place", "urban", "capital"), ("immigrant", True, False),
    ):  # fmt: skip
        one, other = (
            brute_probabilities(fit, table.with_columns(pl.lit(value).alias(name)), table)
            for value in (level, reference)
        )
        part = effects_by(found, name, str(level).lower())
        assert np.allclose(part["effect"], (one - other).mean(axis=0), atol=1e-7), name
    for name, step in (("income", 1e-4), ("age", 1e-3)):
        inside = table.filter(pl.col("age").is_between(21, 68)) if name == "age" else table
        one, other = (
            brute_probabilities(fit, inside.with_columns(pl.col(name) + shift), table)
            for shift in (step, -step)
        )
        held = found if name == "income" else fit.marginal_effects(["age"], data=inside)
        slope = ((one - other) / (2 * step)).mean(axis=0)
        assert np.allclose(effects_by(held, name)["effect"], slope, atol=1e-6), name
    # Probabilities of all outcomes add up to one.
    assert np.allclose(
        found.group_by("covariate", "level").agg(pl.col("effect").sum())["effect"], 0
    )


def numeric_errors(fit: MobilityFit, figure: Callable[[MobilityFit], Any]) -> np.ndarray:
    """Standard errors of what a fit gives, by differences in each parameter."""
    slopes = []
    for k in range(fit.theta.size):
        step = 1e-5 * np.eye(fit.theta.size)[k]
        ahead, behind = (
            np.asarray(figure(replace(fit, theta=fit.theta + s))) for s in (step, -step)
        )
        slopes.append((ahead - behind) / 2e-5)
    jacobian = np.array(slopes)
    return np.sqrt(np.einsum("ki,kl,li->i", jacobian, fit.vcov, jacobian))


def test_delta_errors_are_those_of_numeric_derivatives(
    fit: MobilityFit, table: pl.DataFrame
) -> None:
    formula = "outcome ~ sex * income"
    small = mobility(table, formula, person="id", outcomes=OUTCOMES)
    found = small.marginal_effects(sample=100)
    numeric = numeric_errors(small, lambda f: f.marginal_effects(sample=100)["effect"])
    assert np.allclose(found["standard_error"], numeric, rtol=1e-4)
    probabilities = fit.predict([PROFILE])
    numeric = numeric_errors(fit, lambda f: f.predict([PROFILE])["chance"])
    assert np.allclose(probabilities["standard_error"], numeric, rtol=1e-6)


def test_contrasts_are_differences_and_ratios_of_probabilities(fit: MobilityFit) -> None:
    found = fit.contrasts(PROFILE, NATIVE)
    one, other = (fit.predict([p])["chance"].to_numpy() for p in (PROFILE, NATIVE))
    assert np.allclose(found["difference"], one - other)
    assert np.allclose(found["ratio"], one / other)
    numeric = numeric_errors(fit, lambda f: f.contrasts(PROFILE, NATIVE)["difference"])
    assert np.allclose(found["standard_error"], numeric, rtol=1e-5)
    logs = numeric_errors(fit, lambda f: np.log(f.contrasts(PROFILE, NATIVE)["ratio"]))
    assert np.allclose(np.log(found["ratio_high"] / found["ratio"]), 1.959964 * logs, rtol=1e-5)
    same = fit.contrasts(PROFILE, PROFILE)
    assert np.allclose(same["standard_error"], 0, atol=1e-12)


def test_profiles_are_averaged_over_the_effects(fit: MobilityFit, table: pl.DataFrame) -> None:
    row = pl.DataFrame([PROFILE])
    assert np.allclose(fit.predict([PROFILE])["chance"], brute_probabilities(fit, row, table)[0])
    # A table, a single profile and a list of profiles are read alike.
    assert fit.predict(row).equals(fit.predict([PROFILE]))
    assert fit.predict(PROFILE).equals(fit.predict([PROFILE]))
    assert fit.predict(row.to_pandas()).equals(fit.predict([PROFILE]))


def test_simulated_intervals_agree_with_the_delta_method(fit: MobilityFit) -> None:
    delta = fit.predict([PROFILE, NATIVE])
    drawn = fit.predict([PROFILE, NATIVE], intervals="simulated", draws=4_000, seed=3)
    assert drawn["chance"].equals(delta["chance"])
    assert np.allclose(drawn["standard_error"], delta["standard_error"], rtol=0.1)
    for end in ("low", "high"):
        off = (drawn[end] - delta[end]) / delta["standard_error"]
        assert off.abs().max() < 0.25
    again = fit.predict([PROFILE, NATIVE], intervals="simulated", draws=4_000, seed=3)
    assert again.equals(drawn)
    # One set of parameters is the chance itself.
    fixed = replace(fit, vcov=np.zeros_like(fit.vcov))
    still = fixed.predict([PROFILE], intervals="simulated", draws=2)
    assert np.allclose(still["low"], delta["chance"][:3])


def test_a_sample_of_rows_says_so(fit: MobilityFit) -> None:
    whole = fit.marginal_effects(["sex"])
    part = fit.marginal_effects(["sex"], sample=400)
    assert whole["sampling_error"].to_list() == [0.0] * 3
    assert part["rows"].to_list() == [400] * 3
    assert part["of_rows"].to_list() == [1600] * 3
    assert (part["sampling_error"] > 0).all()
    assert ((part["effect"] - whole["effect"]).abs() < 4 * part["sampling_error"]).all()


def test_averages_over_some_rows_alone(fit: MobilityFit, table: pl.DataFrame) -> None:
    some = fit.marginal_effects(["sex"], where={"immigrant": True, "place": "urban"})
    kept = table.filter(pl.col("immigrant") & (pl.col("place") == "urban"))
    assert np.allclose(some["effect"], fit.marginal_effects(["sex"], data=kept)["effect"])
    with pytest.raises(UsageError, match="Did you mean 'urban'"):
        fit.marginal_effects(where={"place": "urbn"})
    with pytest.raises(UsageError, match="Did you mean 'income'"):
        fit.marginal_effects(["incme"])


def test_weights_count_in_averages(table: pl.DataFrame) -> None:
    weighted = table.with_columns(w=(pl.col("id") % 2 + 1).cast(pl.Float64))
    twice = pl.concat(
        [table, table.filter(pl.col("id") % 2 == 1).with_columns(pl.col("id") + 10_000)]
    )
    formula = "outcome ~ sex + income"
    one = mobility(weighted, formula, person="id", outcomes=OUTCOMES, weight="w", effects="none")
    two = mobility(twice, formula, person="id", outcomes=OUTCOMES, effects="none")
    assert np.allclose(one.marginal_effects()["effect"], two.marginal_effects()["effect"])


def test_a_panel_of_terms_gives_the_same(table: pl.DataFrame) -> None:
    sex = factor("sex", table["sex"].to_numpy().astype(str))
    immigrant = factor("immigrant", table["immigrant"].cast(pl.Int8), levels=["false", "true"])
    income = number("income", table["income"])
    codes = table["outcome"].replace_strict({o: k for k, o in enumerate(OUTCOMES)})
    terms = [sex, immigrant, *interaction(sex, immigrant), income, *interaction(sex, income)]
    panel = make_panel(table["id"], codes, terms, outcomes=OUTCOMES)
    mine = fit_mobility(panel, effects="none").marginal_effects(data=panel)
    formula = "outcome ~ sex * immigrant + sex * income"
    theirs = mobility(table, formula, person="id", outcomes=OUTCOMES, effects="none")
    assert np.allclose(mine["effect"], theirs.marginal_effects()["effect"], atol=1e-9)
    assert np.allclose(mine["standard_error"], theirs.marginal_effects()["standard_error"])
    alone = make_panel(table["id"], codes, interaction(sex, income), outcomes=OUTCOMES)
    with pytest.raises(UsageError, match="no covariate itself"):
        fit_mobility(alone, effects="none").marginal_effects(data=alone)


def test_a_plain_number_has_no_range_to_lie_outside_of(
    table: pl.DataFrame, fit: MobilityFit
) -> None:
    small = mobility(table, "outcome ~ sex * income", person="id", outcomes=OUTCOMES)
    assert 3 in table.head(200)["id"]
    beyond = table.with_columns(
        pl.when(pl.col("id") == 3).then(9.0).otherwise("income").alias("income")
    )
    far = table.with_columns(pl.lit(40.0).alias("income"))
    for rows in (beyond.head(200), far.head(200), beyond.head(1)):
        found = small.marginal_effects(data=rows)
        assert not np.isnan(
            found.select("effect", "standard_error", "low", "high").to_numpy()
        ).any()
        # The derivative is that of the probabilities themselves.
        one, other = (
            probabilities(small, rows.with_columns(pl.col("income") + step))
            for step in (1e-4, -1e-4)
        )
        held = effects_by(found, "income")["effect"]
        assert np.allclose(held, (one - other) / 2e-4, atol=1e-7)
    # So has none of the others' columns that a number may stand in.
    assert np.isfinite(fit.marginal_effects(data=beyond)["effect"].to_numpy()).all()


def probabilities(fit: MobilityFit, rows: pl.DataFrame) -> np.ndarray:
    profiles = rows.select("sex", "income").to_dicts()
    found = fit.predict(profiles)["chance"].to_numpy().reshape(len(profiles), -1)
    return np.asarray(found.mean(axis=0))


def test_derivatives_do_not_depend_on_how_far_the_farthest_row_is(table: pl.DataFrame) -> None:
    """Steps are taken in logits, not in spans of the column."""
    codes = table["outcome"].replace_strict({o: k for k, o in enumerate(OUTCOMES)}).to_numpy()
    values = table["income"].to_numpy().copy()
    effects = []
    for far in (values[0], 1e9):
        income = values.copy()
        income[0] = far
        panel = make_panel(table["id"], codes, [number("income", values)], outcomes=OUTCOMES)
        given = make_panel(table["id"], codes, [number("income", income)], outcomes=OUTCOMES)
        found = fit_mobility(panel, effects="none").marginal_effects(data=given)
        assert np.isfinite(found["effect"].to_numpy()).all()
        effects.append(found["effect"].to_numpy())
    assert np.allclose(effects[0], effects[1], atol=1 / len(values))


def test_beyond_a_spline_the_value_and_its_range_are_named(
    table: pl.DataFrame, fit: MobilityFit
) -> None:
    older = table.with_columns(age=pl.col("age") + 30.0)
    for ask in (
        lambda: fit.marginal_effects(data=older),
        lambda: fit.marginal_effects(["age"], data=older),
        lambda: fit.predict(older.head(3)),
        lambda: fit.contrasts(PROFILE | {"age": 120.0}, PROFILE),
    ):
        with pytest.raises(UsageError, match=r"column age.*out of the range of bs\(age, df=4\)"):
            ask()
    # A spline that was told how to go on does, and so do its derivatives.
    formula = 'outcome ~ sex + bs(age, df=4, extrapolation="extend")'
    on = mobility(table, formula, person="id", outcomes=OUTCOMES, effects="none")
    found = effects_by(on.marginal_effects(data=older), "age")["effect"].to_numpy()
    assert np.isfinite(found).all()
    one, other = (
        on.predict(older.with_columns(pl.col("age") + step))["chance"].to_numpy()
        for step in (1e-3, -1e-3)
    )
    slope = (one - other).reshape(-1, len(OUTCOMES)).mean(axis=0) / 2e-3
    inside = older["age"].is_between(69.5, 70.5).any()
    assert np.allclose(found, slope, atol=1e-6 if not inside else 1e-4)
