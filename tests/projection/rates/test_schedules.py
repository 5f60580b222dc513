"""Model schedules and smooth rates, beside what counts were drawn from and a second program."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize

from folkestrom.errors import InputRefused
from folkestrom.projection.rates.life_table import Floats
from folkestrom.projection.rates.schedules import SCHEDULES, Name, fit_schedule
from folkestrom.projection.rates.smoothing import basis_and_penalty, smoothed

TRUE: dict[Name, tuple[int, int, tuple[float, ...]]] = {
    "gompertz-makeham": (0, 100, (3e-5, 0.1, 5e-4)),
    "siler": (0, 100, (0.01, 1.5, 4e-4, 2e-5, 0.105)),
    "hadwiger": (15, 50, (1.7, 4.2, 31.0)),
    "rogers-castro": (0, 100, (0.02, 0.1, 0.06, 0.1, 20.0, 0.4, 0.003)),
}


def drawn(name: Name, exposure: float, seed: int) -> tuple[Floats, Floats, int]:
    first, last, parameters = TRUE[name]
    lived = np.full(last - first, exposure)
    rate = SCHEDULES[name].rate(np.arange(first, last) + 0.5, np.array(parameters))
    return np.random.default_rng(seed).poisson(lived * rate).astype(float), lived, first


@pytest.mark.parametrize("name", TRUE)
def test_parameters_are_those_that_counts_were_drawn_from(name: Name) -> None:
    events, lived, first = drawn(name, 1e6, 4)
    found = fit_schedule(name, events, lived, first)
    assert found.wild == ()
    assert found.remark == ""
    for parameter, true in zip(SCHEDULES[name].parameters, TRUE[name][2], strict=True):
        off = (found.parameters[parameter] - true) / found.standard_errors[parameter]
        assert abs(off) < 3.5
        assert found.parameters[parameter] == pytest.approx(true, rel=0.15)
    # Of a Poisson model that is true, the deviance is about its degrees of freedom.
    freedom = events.size - len(TRUE[name][2])
    assert abs(found.deviance - freedom) < 4 * np.sqrt(2 * freedom)


def test_standard_errors_are_those_of_repeated_draws() -> None:
    fits = [fit_schedule("hadwiger", *drawn("hadwiger", 2000, seed)) for seed in range(60)]
    for parameter in ("total", "shape", "centre"):
        values = [fit.parameters[parameter] for fit in fits]
        said = np.mean([fit.standard_errors[parameter] for fit in fits])
        assert np.std(values) == pytest.approx(said, rel=0.25)


@pytest.mark.parametrize("name", TRUE)
def test_rates_and_their_errors_are_those_of_repeated_draws(name: Name) -> None:
    first, last, parameters = TRUE[name]
    true = SCHEDULES[name].rate(np.arange(first, last) + 0.5, np.array(parameters))
    fits = [fit_schedule(name, *drawn(name, 2e5, seed)) for seed in range(30)]
    off = np.array([np.log(fit.rates / true) for fit in fits])
    said = np.mean([fit.errors for fit in fits], axis=0)
    assert np.median(off.std(axis=0) / said) == pytest.approx(1, abs=0.25)
    inside = np.mean([np.abs(one) < 1.96 * fit.errors for one, fit in zip(off, fits, strict=True)])
    # Of 200 draws it is 0.943 to 0.954; ages of one draw go together, so that 30 tell it less well.
    assert inside == pytest.approx(0.95, abs=0.06)
    assert {fit.freedom for fit in fits} == {last - first - len(parameters)}


@pytest.mark.parametrize("name", TRUE)
def test_an_optimiser_without_slopes_finds_nothing_likelier(name: Name) -> None:
    events, lived, first = drawn(name, 3e4, 11)
    found = fit_schedule(name, events, lived, first)
    age, start = first + np.arange(events.size) + 0.5, np.log(TRUE[name][2])

    def loss(theta: Floats) -> float:
        expected = lived * SCHEDULES[name].rate(age, np.exp(theta))
        return float((expected - events * np.log(expected)).sum())

    search = {"maxiter": 40_000, "maxfev": 40_000, "xatol": 1e-7, "fatol": 1e-9, "adaptive": True}
    near = minimize(loss, start, method="Nelder-Mead", options=search)
    near = minimize(loss, near.x, method="Nelder-Mead", options=search)
    own = np.log([*found.parameters.values()])
    assert loss(own) <= near.fun + 1e-6
    assert own == pytest.approx(near.x, abs=2e-3)


def test_hadwiger_is_a_log_linear_model() -> None:
    # log f = k - 1.5 log x - b²c (1/x) - (b²/c) x.
    events, lived, first = drawn("hadwiger", 500, 6)
    found = fit_schedule("hadwiger", events, lived, first)
    age = first + np.arange(events.size) + 0.5
    glm = sm.GLM(
        events, np.column_stack([np.ones_like(age), 1 / age, age]),
        family=sm.families.Poisson(), offset=np.log(lived) - 1.5 * np.log(age),
    ).fit(tol=1e-13)  # fmt: skip
    _, inverse, linear = glm.params
    assert found.parameters["centre"] == pytest.approx(np.sqrt(inverse / linear), rel=1e-5)
    assert found.parameters["shape"] == pytest.approx((inverse * linear) ** 0.25, rel=1e-5)
    assert found.deviance == pytest.approx(glm.deviance, rel=1e-8)
    # Of log centre = (log β₁ - log β₂) / 2, by the delta method.
    slope = np.array([0, 0.5 / inverse, -0.5 / linear])
    error = np.sqrt(slope @ glm.cov_params() @ slope)
    assert np.sqrt(found.covariance[2, 2]) == pytest.approx(error, rel=1e-4)


def test_births_are_fitted_at_ages_too_that_have_none() -> None:
    age, true = np.arange(81) + 0.5, {"total": 1.8, "shape": 4.0, "centre": 30.0}
    lived, spread = np.full(81, 1e5), 30 / age
    rates = 1.8 * 4 / 30 / np.sqrt(np.pi) * spread**1.5 * np.exp(-16 * (spread + age / 30 - 2))
    assert rates[0] == 0
    found = fit_schedule("hadwiger", lived * rates, lived)
    assert found.parameters == pytest.approx(true, rel=1e-4)
    assert found.rates == pytest.approx(rates, rel=1e-3, abs=1e-12)
    assert np.isfinite(found.errors).all()
    assert not found.wild


def test_parameters_that_nothing_tells_are_said() -> None:
    # Deaths by Gompertz alone: of the part that does not grow with age nothing is known.
    age = np.arange(30, 90) + 0.5
    lived = np.full(60, 1000.0)
    events = np.random.default_rng(1).poisson(lived * 3e-5 * np.exp(0.1 * age)).astype(float)
    found = fit_schedule("siler", events, lived, 30)
    assert set(found.wild) >= {"a1", "b1"}
    assert "do not tell a1, b1" in found.remark
    assert "b3" not in found.wild


def test_events_at_too_few_ages_are_refused() -> None:
    events = np.zeros(60)
    events[:3] = 1
    with pytest.raises(InputRefused, match="too few ages"):
        fit_schedule("siler", events, np.ones(60))
    with pytest.raises(InputRefused, match="of nobody"):
        fit_schedule("siler", np.ones(60), np.zeros(60))
    with pytest.raises(InputRefused, match="is not a schedule"):
        fit_schedule("weibull", np.ones(60), np.ones(60))  # type: ignore[arg-type]


def counts(exposure: float) -> tuple[Floats, Floats]:
    events, lived, _ = drawn("siler", exposure, 8)
    return events, lived


def test_smooth_rates_between_two_log_linear_models() -> None:
    events, lived = counts(3000)
    family, offset = sm.families.Poisson(), np.log(lived)
    basis, _ = basis_and_penalty(100)
    splines = sm.GLM(events, basis, family=family, offset=offset).fit(tol=1e-12, maxiter=200)
    assert smoothed(events, lived, 1e-9).rates == pytest.approx(
        np.exp(basis @ splines.params), rel=1e-3, abs=1e-12
    )
    line = np.column_stack([np.ones(100), np.arange(100)])
    straight = sm.GLM(events, line, family=family, offset=offset).fit(tol=1e-12)
    assert smoothed(events, lived, 1e12).rates == pytest.approx(
        np.exp(line @ straight.params), rel=1e-3
    )


def test_intervals_of_smooth_rates_have_the_truth_in_them_as_often_as_they_say() -> None:
    first, last, parameters = TRUE["rogers-castro"]
    true = SCHEDULES["rogers-castro"].rate(np.arange(first, last) + 0.5, np.array(parameters))
    inside, badly = [], []
    for seed in range(60):
        events, lived, _ = drawn("rogers-castro", 5000, seed)
        found = smoothed(events, lived)
        inside.append(np.abs(np.log(found.rates / true)) < 1.96 * found.errors)
        assert 70 < found.freedom < 98
        badly.append(found.deviance / found.freedom)
    # Over all ages, as Nychka (1988) has it; somewhat fewer, since smoothing is biased at a peak.
    assert 0.88 < np.mean(inside) < 0.98
    assert np.mean(badly) == pytest.approx(1.1, abs=0.1)


def test_errors_of_smooth_rates_without_a_penalty_are_those_of_a_model_of_splines() -> None:
    events, lived = counts(3000)
    basis, _ = basis_and_penalty(100)
    splines = sm.GLM(events, basis, family=sm.families.Poisson(), offset=np.log(lived)).fit(
        tol=1e-12, maxiter=200
    )
    old = np.arange(50, 100)
    wanted = np.sqrt(((basis @ splines.cov_params()) * basis).sum(axis=1))
    found = smoothed(events, lived, 1e-9)
    assert found.errors[old] == pytest.approx(wanted[old], rel=0.01)
    assert found.deviance == pytest.approx(splines.deviance, abs=0.1)
    assert found.freedom == pytest.approx(splines.df_resid, abs=1)


def test_smooth_rates_are_nearer_the_truth_than_counted_ones() -> None:
    first, last, parameters = TRUE["siler"]
    true = SCHEDULES["siler"].rate(np.arange(first, last) + 0.5, np.array(parameters))
    events, lived = counts(300)
    found = smoothed(events, lived).rates
    assert found.min() > 0
    off, counted = (np.abs(rate - true)[5:].sum() for rate in (found, events / lived))
    assert off < 0.7 * counted
    lived[40:50] = events[40:50] = 0
    assert smoothed(events, lived).rates[45] == pytest.approx(true[45], rel=0.5)
    with pytest.raises(InputRefused):
        smoothed(np.zeros(10), np.ones(10))


@pytest.mark.parametrize("without", [40, 70, 95])
def test_ages_at_which_nobody_died_have_small_rates(without: int) -> None:
    events, lived = counts(3000)
    events[:without] = 0
    for penalty in (None, 0.1, 1.0, 1e3):
        found = smoothed(events, lived, penalty).rates
        assert np.isfinite(found).all()
        assert 0 < found[: without - 10].max() < events.sum() / lived.sum()
