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
    lower, upper = gamma_interval(events * 0.2, events * 0.04, np.full(4, 0.2))
    np.testing.assert_allclose((lower / 0.2, upper / 0.2), poisson_interval(events), rtol=1e-9)


def test_gamma_limits_cover() -> None:
    rng = np.random.default_rng(3)
    weights = np.array([0.5, 1.0, 2.0, 4.0])
    expected = np.array([4.0, 3.0, 2.0, 1.0])
    truth = (weights * expected).sum()
    draws = rng.poisson(expected, (20_000, 4))
    lower, upper = gamma_interval(draws @ weights, draws @ weights**2, np.full(20_000, 4.0))
    covered = ((lower <= truth) & (truth <= upper)).mean()
    # Conservative, as their authors say; a symmetric normal interval covers 89 per cent here.
    assert 0.95 <= covered < 0.99


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
