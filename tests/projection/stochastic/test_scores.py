"""Scores beside their closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.projection.stochastic.scores import covered, crps, interval


def normal(value: float) -> float:
    """The score of a standard normal forecast: Gneiting and Raftery (2007), equation 21."""
    density = math.exp(-(value**2) / 2) / math.sqrt(2 * math.pi)
    below = (1 + math.erf(value / math.sqrt(2))) / 2
    return value * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi)


@pytest.mark.parametrize("observed", [-2.0, 0.0, 0.7, 4.0])
def test_of_a_normal_forecast(observed: float) -> None:
    draws = np.random.default_rng(1).standard_normal((200_000, 1))
    assert float(crps(draws, [observed])[0]) == pytest.approx(normal(observed), abs=0.006)


def test_of_few_draws_it_is_as_of_many_on_average() -> None:
    draws = np.random.default_rng(2).standard_normal((3, 200_000))
    assert float(crps(draws, np.full(200_000, 0.7)).mean()) == pytest.approx(normal(0.7), abs=0.006)


def test_of_few_draws_by_all_pairs() -> None:
    draws = np.random.default_rng(3).normal(5, 2, (7, 4))
    observed = np.array([1.0, 5.0, 6.0, 20.0])
    pairs = [np.abs(a - b) for i, a in enumerate(draws) for b in draws[i + 1 :]]
    expected = np.abs(draws - observed).mean(axis=0) - np.mean(pairs, axis=0) / 2
    assert crps(draws, observed) == pytest.approx(expected)
    assert crps(draws[:1], observed) == pytest.approx(np.abs(draws[0] - observed))


def test_intervals_cover_what_they_say() -> None:
    chance = np.random.default_rng(4)
    draws, observed = chance.standard_normal((500, 5000)), chance.standard_normal(5000)
    assert covered(draws, observed, 0.8).mean() == pytest.approx(0.8, abs=0.02)
    lower, upper = interval(draws[:, :1], 0.5)
    assert -0.9 < lower[0] < -0.5 < 0.5 < upper[0] < 0.9


def test_what_cannot_be_scored() -> None:
    with pytest.raises(UsageError, match="has another shape"):
        crps(np.zeros((3, 2)), np.zeros(3))
    with pytest.raises(UsageError, match="is no share of an interval"):
        covered(np.zeros((3, 2)), np.zeros(2), 80)
