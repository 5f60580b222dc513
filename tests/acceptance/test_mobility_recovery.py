"""Maximum likelihood finds the mobility truth again in countries of one in a hundred."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from folkestrom.twin import create
from tests.acceptance.mobility_countries import fit, live, most_common
from tests.twin.mobility_reading import read_panel, z_scores

SEEDS = (31, 32, 33)
#: Countries of their own, so that no seed has been looked at while the twin was made.
FIRST_SEED = 5_001
COUNTRIES = 200
#: Half the width of a 95 % interval, in standard errors.
REACH = 1.959964


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


def test_the_model_with_effects_covers_every_parameter_as_often_as_it_says() -> None:
    # Neither coefficients nor effects are known to it: all of them are estimated, and the
    # covariance of the effects with them.
    errors: dict[str, list[float]] = {}
    # The same parameters in every country, whichever levels are the most common there.
    references = most_common(live(FIRST_SEED))
    for seed in range(FIRST_SEED, FIRST_SEED + COUNTRIES):
        found, truth = fit(live(seed), references)
        assert found.converged_, (seed, found.message_)
        for name, value in found.params_.items():
            errors.setdefault(name, []).append((value - truth[name]) / found.bse_[name])
    z = np.array(list(errors.values()))
    assert z.shape[0] > 120
    covered = np.abs(z) < REACH
    each = dict(zip(errors, covered.mean(axis=1).round(3).tolist(), strict=True))
    assert 0.94 <= covered.mean() <= 0.96, each
    assert {name: share for name, share in each.items() if not 0.89 <= share <= 0.99} == {}
