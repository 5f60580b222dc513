"""Intervals: their definitions, other libraries' results, and how often they cover the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from folkestrom.analysis.rates import gamma_interval, poisson_interval, share_interval
from folkestrom.errors import UsageError


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_limits_of_a_count_are_where_the_tails_are(level: float) -> None:
    events = np.array([1, 2, 5, 40, 3000])
    lower, upper = poisson_interval(events, level)
    tail = (1 - level) / 2
    np.testing.assert_allclose(stats.poisson.sf(events - 1, lower), tail, rtol=1e-8)
    np.testing.assert_allclose(stats.poisson.cdf(events, upper), tail, rtol=1e-8)


def test_no_event_has_a_lower_limit_of_nothing() -> None:
    lower, upper = poisson_interval([0])
    assert lower[0] == 0
    assert upper[0] == pytest.approx(-np.log(0.025))


def test_gamma_limits_with_equal_weights_are_those_of_the_count() -> None:
    events = np.array([0.0, 1, 7, 250])
    lower, upper = gamma_interval(events * 0.2, events * 0.04, 0.2, 0.04)
    np.testing.assert_allclose((lower / 0.2, upper / 0.2), poisson_interval(events), rtol=1e-9)


def test_gamma_limits_are_those_of_their_authors() -> None:
    """Tiwari, Clegg & Zou (2006): mean and variance get the mean weight and the mean square."""
    events, weights = np.array([3, 0, 4, 1]), np.array([0.5, 1.0, 2.0, 4.0])
    y, v = events @ weights, events @ weights**2
    lower, upper = gamma_interval(y, v, weights.mean(), (weights**2).mean(), 0.9)
    more, wider = y + 7.5 / 4, v + 21.25 / 4
    assert lower == pytest.approx(stats.gamma.ppf(0.05, y**2 / v, scale=v / y))
    assert upper == pytest.approx(stats.gamma.ppf(0.95, more**2 / wider, scale=wider / more))


@pytest.mark.parametrize("expected", [0.5, 3, 20, 100, 500])
@pytest.mark.parametrize(("strata", "spread"), [(20, 0.0), (20, 1.0), (200, 1.5)])
def test_gamma_limits_cover(strata: int, spread: float, expected: float) -> None:
    rng = np.random.default_rng(17)
    exposure = np.exp(rng.normal(0, spread, strata))
    weights = exposure**-0.7 * np.exp(rng.normal(0, 0.7, strata))
    events = exposure * np.exp(rng.normal(0, 0.7, strata))
    events *= expected / events.sum()
    truth = events @ weights
    draws = rng.poisson(events, (4_000, strata))
    y, v = draws @ weights, draws @ weights**2
    lower, upper = gamma_interval(y, v, weights.mean(), (weights**2).mean())
    # 4 000 draws tell 95 per cent from 94; limits of sums of such weights are not exact.
    assert ((lower <= truth) & (truth <= upper)).mean() > 0.93
    # An event of the largest weight instead of the mean one is what Fay and Feuer add.
    theirs = gamma_interval(y, v, weights.max(), weights.max() ** 2)[1]
    assert (upper <= theirs + 1e-9).all()
    if spread > 1 and expected < 100:
        assert np.median(theirs) > 4 * np.median(upper)


def test_the_upper_limit_does_not_vanish_where_one_weight_is_far_above_the_rest() -> None:
    """A thousand strata of 5 person-years in all, one of them a thousandth of the others."""
    exposure = np.ones(1000)
    exposure[0] = 0.001
    exposure *= 5 / exposure.sum()
    weights = 0.001 / exposure
    upper = gamma_interval(0.0, 0.0, weights.mean(), (weights**2).mean())[1]
    crude = poisson_interval(0)[1] / 5
    assert crude < upper < 2.5 * crude


def test_no_stratum_no_limits() -> None:
    assert np.isnan(gamma_interval(0.0, 0.0, 0.0, 0.0)[1])


@pytest.mark.parametrize(("method", "other"), [("wilson", "wilson"), ("clopper-pearson", "beta")])
def test_limits_of_shares_are_those_of_statsmodels(method: str, other: str) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    y, n = np.array([0, 1, 7, 50, 100]), np.full(5, 100)
    theirs = np.array(proportion.proportion_confint(y, n, 0.05, other))
    theirs[0][y == 0] = 0.0
    theirs[1][y == n] = 1.0
    np.testing.assert_allclose(share_interval(y, n, 0.95, method), theirs, atol=1e-12)


def test_a_share_of_nobody_has_no_limits() -> None:
    for method in ("wilson", "clopper-pearson"):
        assert np.isnan(share_interval([0], [0], 0.95, method)).all()


@pytest.mark.parametrize("level", [0, 1, 95, -0.1])
def test_no_level(level: float) -> None:
    with pytest.raises(UsageError, match=r"such as 0\.95"):
        poisson_interval([1], level)


def test_no_method() -> None:
    with pytest.raises(UsageError, match="clopper-pearson"):
        share_interval([1], [2], 0.95, "wald")  # type: ignore[arg-type]
