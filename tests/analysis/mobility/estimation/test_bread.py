"""Observed information from some of the persons: labelled, and near that of all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from folkestrom.analysis.mobility import MobilityFit, fit_mobility, make_panel, regression_table
from folkestrom.errors import UsageError
from tests.analysis.mobility.panels import draw


@pytest.fixture(scope="module")
def fits() -> dict[float, MobilityFit]:
    """Clustered errors with the information of all persons, and of half of them."""
    drawn = draw(4_000, 4, seed=5)
    weight = np.repeat(np.random.default_rng(6).uniform(0.5, 2, 4_000), 4)
    panel = make_panel(
        drawn.person, drawn.outcome, drawn.terms, outcomes=drawn.outcomes, weight=weight
    )
    return {b: fit_mobility(panel, standard_errors="clustered", bread=b) for b in (1.0, 0.5)}


def test_errors_from_some_are_near_those_from_all(fits: dict[float, MobilityFit]) -> None:
    assert fits[0.5].converged_
    some, every = (np.array(list(fits[b].bse_.values())) for b in (0.5, 1.0))
    assert np.all(np.abs(some / every - 1) < 0.15)
    # Scaled from half to all: not all of them fall to one side.
    assert 0.9 < np.median(some / every) < 1.1
    assert np.any(some != every)


def test_errors_from_some_say_so(fits: dict[float, MobilityFit], tmp_path: Path) -> None:
    fit = fits[0.5]
    assert fit.bread_persons == 2_000
    assert "standard errors: clustered, information from 2000 persons" in fit.summary()
    assert "information from" not in fits[1.0].summary()
    assert "clustered (sandwich), information from 2,000 of 4,000 persons" in regression_table(fit)
    fit.save(tmp_path / "fit.json")
    assert MobilityFit.load(tmp_path / "fit.json").bread_persons == 2_000


@pytest.mark.parametrize("bread", [0.0, -1.0, 1.5, float("nan")])
def test_a_share_lies_between_nothing_and_all(bread: float) -> None:
    with pytest.raises(UsageError, match=r"is no share|bread: is not a number"):
        fit_mobility(draw(50, 2).panel, bread=bread)


def test_products_of_scores_have_no_part() -> None:
    with pytest.raises(UsageError, match="bhhh"):
        fit_mobility(draw(50, 2).panel, standard_errors="bhhh", bread=0.5)
