"""Forecasts of Norway's real series, made again from each year since 1990, beside what came."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from folkestrom.projection.stochastic.history import History
from folkestrom.projection.stochastic.scores import covered, crps
from tests.projection.norway import levels
from tests.projection.norway.levels import FIRST

AHEAD = (1, 5, 10)
ORIGINS = range(1990, 2013)


@pytest.fixture(scope="module")
def history(reference: Path) -> History:
    return levels.history(reference)


def test_levels_are_forecast_better_than_by_no_change(history: History) -> None:
    found: dict[tuple[str, int], list[tuple[float, float, float]]] = {}
    for origin in ORIGINS:
        model, values, _ = history.until(origin).fitted(120)
        draws = model.draw(500, max(AHEAD), np.random.default_rng(origin))
        for n, name in enumerate(model.names[3:], start=3):
            level = np.log(history.levels[name])
            for ahead in AHEAD:
                seen = level[origin - FIRST + ahead - 1]
                given = draws[:, ahead - 1, n]
                found.setdefault((name, ahead), []).append(
                    (float(crps(given, seen)), abs(values[-1, n] - seen),
                     float(covered(given, seen, 0.8)))
                )  # fmt: skip
    scores = {key: np.mean(many, axis=0) for key, many in found.items()}
    assert all(score < naive for score, naive, _ in scores.values())
    # Of the few forecasts without a year in common none was far off but those of immigration: no
    # series of before 2004 tells that the European Union grows.
    shares = {key: share for key, (_, _, share) in scores.items()}
    assert min(share for (name, _), share in shares.items() if name != "immigration") > 0.7
    assert 0.3 < shares["immigration", 10] < 0.7


def test_mortality_of_the_old(history: History) -> None:
    assert history.mortality is not None
    assert history.lower is not None
    group = list(history.lower).index(75)
    seen = np.log(history.mortality)
    hits = []
    for origin in ORIGINS:
        model, values, patterns = history.until(origin).fitted(120)
        draws = model.draw(500, max(AHEAD), np.random.default_rng(origin))[..., :3]
        now = origin - FIRST
        for ahead in AHEAD:
            change = draws[:, ahead - 1] - values[-5:, :3].mean(axis=0)
            base = seen[now - 5 : now, :, group].mean(axis=0)
            given = base + np.tensordot(change, patterns[..., 75], 1)
            hits.append(covered(given, seen[now + ahead - 1, :, group], 0.8))
    men, women = np.mean(hits, axis=0)
    # Men's death rates fell faster after 1990 than they ever had.
    assert 0.5 < men < 0.9
    assert women > 0.8
