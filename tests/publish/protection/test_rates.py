"""Limits of rates: of counts that were changed at random, and of counts that were not."""

from __future__ import annotations

import numpy as np
import pytest

from folkestrom.analysis.rates import poisson_interval
from folkestrom.disclosure import perturb
from folkestrom.disclosure.tables.ptable import perturbation_table
from folkestrom.publish.protection.rates import limits, unchanged


def test_limits_of_unchanged_counts_are_the_exact_ones() -> None:
    counts = np.array([[0, 1, 2, 7], [40, 900, 30_000, 0]])
    for found, exact in zip(limits(counts, unchanged()), poisson_interval(counts), strict=True):
        assert found == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize("mean", [0.5, 1.0, 3.0, 6.0, 20.0, 150.0])
def test_limits_of_changed_counts_cover_the_mean_as_often_as_they_say(mean: float) -> None:
    rng = np.random.default_rng(7)
    changes = perturbation_table()
    shown = perturb(rng.poisson(mean, 40_000), rng.random(40_000), changes)
    lower, upper = limits(shown, changes)
    assert (lower > mean).mean() < 0.0275
    assert (upper < mean).mean() < 0.0275
    # Without regard to the noise they would be too narrow.
    narrow = limits(shown, unchanged())
    assert (upper - lower).mean() > (narrow[1] - narrow[0]).mean()
