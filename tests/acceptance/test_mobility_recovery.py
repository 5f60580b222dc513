"""Maximum likelihood finds the mobility truth again in countries of one in a hundred."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from folkestrom.twin import create
from tests.twin.mobility_reading import read_panel, z_scores

pytestmark = pytest.mark.acceptance

SEEDS = (31, 32, 33)


def test_intervals_cover_the_stated_coefficients_as_often_as_they_say(tmp_path: Path) -> None:
    scores = []
    for seed in SEEDS:
        done = create(
            tmp_path / str(seed), scale=0.01, seed=seed, calibrated=False, variables=False
        )
        scores.append(z_scores(read_panel(done.folder / "truth")))
    z = np.concatenate(scores)
    assert len(z) > 300
    # Of 330 standard normal numbers one beyond this has a chance of 1 in 450.
    assert np.abs(z).max() < 4.5
    assert 0.91 < np.mean(np.abs(z) < 1.96) < 0.99
    assert 0.85 < np.mean(np.abs(z) < 1.645) < 0.95
    assert 0.75 < np.mean(z**2) < 1.3
    assert abs(np.mean(z)) < 0.25
