"""Model schedules and smooth rates, beside what counts were drawn from and a second program."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

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
    assert smoothed(events, lived, 1e-9) == pytest.approx(
        np.exp(basis @ splines.params), rel=1e-3, abs=1e-12
    )
    line = np.column_stack([np.ones(100), np.arange(100)])
    straight = sm.GLM(events, line, family=family, offset=offset).fit(tol=1e-12)
    assert smoothed(events, lived, 1e12) == pytest.approx(np.exp(line @ straight.params), rel=1e-3)


def test_smooth_rates_are_nearer_the_truth_than_counted_ones() -> None:
    first, last, parameters = TRUE["siler"]
    true = SCHEDULES["siler"].rate(np.arange(first, last) + 0.5, np.array(parameters))
    events, lived = counts(300)
    found = smoothed(events, lived)
    assert found.min() > 0
    off, counted = (np.abs(rate - true)[5:].sum() for rate in (found, events / lived))
    assert off < 0.7 * counted
    lived[40:50] = events[40:50] = 0
    assert smoothed(events, lived)[45] == pytest.approx(true[45], rel=0.5)
    with pytest.raises(InputRefused):
        smoothed(np.zeros(10), np.ones(10))


@pytest.mark.parametrize("without", [40, 70, 95])
def test_ages_at_which_nobody_died_have_small_rates(without: int) -> None:
    events, lived = counts(3000)
    events[:without] = 0
    for penalty in (None, 0.1, 1.0, 1e3):
        found = smoothed(events, lived, penalty)
        assert np.isfinite(found).all()
        assert 0 < found[: without - 10].max() < events.sum() / lived.sum()
