"""Who is left after clean-ups, beside a closed form and draws; spreading keeps the totals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.quality.delays.clean_ups import left_after, spread_back

NAN = math.nan


def test_three_clean_ups_have_a_closed_form() -> None:
    """Junge & Libosvárský (1965): the likelihood's maximum for three removals."""
    counts = [1650.0, 1010.0, 540.0]
    x, t = 2 * counts[0] + counts[1], sum(counts)
    root = math.sqrt(t * t + 6 * x * t - 3 * x * x)
    total = (6 * x * x - 3 * x * t - t * t + t * root) / (18 * (x - t))
    found = left_after(np.array([counts]), draws=20_000)
    assert np.median(found.ever) == pytest.approx(total, rel=0.01)


def test_intervals_hold_who_is_left() -> None:
    """Three cohorts, of whom each clean-up finds four in ten."""
    generator = np.random.default_rng(1)
    held = []
    for seed in range(200):
        counts, hidden = np.full((3, 3), NAN), 0
        for cohort in range(3):
            left = 150
            for clean_up in range(cohort, 3):
                counts[cohort, clean_up] = generator.binomial(left, 0.4)
                left -= int(counts[cohort, clean_up])
            hidden += left
        low, high = np.quantile(left_after(counts, 500, seed).hidden.sum(axis=1), [0.025, 0.975])
        held.append(low <= hidden <= high)
    assert 0.92 < np.mean(held) < 0.98


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([[30.0]], "too few clean-ups"),
        ([[30.0, NAN], [NAN, 20.0]], "too few clean-ups"),
        ([[0.0, 0.0, 40.0]], "find no fewer"),
    ],
)
def test_clean_ups_that_say_nothing_are_refused(counts: list[list[float]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        left_after(np.array(counts))


def test_what_is_spread_adds_up() -> None:
    generator = np.random.default_rng(2)
    found, delays = generator.integers(0, 50, 12).astype(float), generator.random(12)
    spread = spread_back(found, delays)
    assert spread.sum() == pytest.approx(found.sum())
    alone = np.zeros(12)
    alone[7] = 100
    share = delays / delays.sum()
    assert [spread_back(alone, delays)[11 + 7 - d] for d in range(12)] == pytest.approx(100 * share)
