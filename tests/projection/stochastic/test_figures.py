"""Figures of draws are those of each draw projected by itself; several intervals of one draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from folkestrom.analysis.prospects.likely import Likely, likely_outlook
from folkestrom.analysis.prospects.measures import INDICATORS, Future
from folkestrom.analysis.prospects.outlook import outlook
from folkestrom.errors import UsageError
from folkestrom.projection.changes import Change
from folkestrom.projection.projecting import project
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.stochastic.figures import ASSUMED, figures_of
from folkestrom.projection.stochastic.limits import COMPONENTS, Limit, Limits
from folkestrom.projection.stochastic.simulation import Factors
from tests.analysis.prospects.test_compared import START
from tests.projection.test_levels import CELLS, PEOPLE, rates

#: What tells groups apart in fertility and in mortality, from the third year on.
APART = Scenario("apart", (
    Change("fertility", "multiply", 2, ("new",), first=2022),
    Change("mortality", "multiply", 0.6, ("new",), first=2022),
))  # fmt: skip


def test_assumptions_of_each_draw_are_those_of_its_projection() -> None:
    chance, draws, steps = np.random.default_rng(3), 4, 6
    factors = Factors(
        np.exp(chance.normal(0, 0.3, (draws, steps, 4))),
        chance.normal(0, 1, (2, 2, CELLS.ages)), chance.normal(0, 0.2, (draws, steps, 2)),
    )  # fmt: skip
    shown = [0, 3, 5]
    found, _ = figures_of(CELLS, PEOPLE, rates(), APART, 2020, shown, factors, ASSUMED)
    plain = APART.applied(rates(), CELLS, 2020, steps, PEOPLE)
    for draw in range(draws):
        drawn = factors.applied(plain, CELLS, slice(draw, draw + 1))
        own = replace(drawn, mortality=drawn.mortality[0], emigration=drawn.emigration[0],
                      fertility=drawn.fertility[0], immigration=drawn.immigration[0])  # fmt: skip
        future = Future(project(CELLS, PEOPLE, own.assumptions(CELLS), steps=steps), own)
        for name in ("population", "births", "old_age_dependency", *ASSUMED):
            expected = INDICATORS[name].of(future)[shown]
            assert found[name][draw] == pytest.approx(expected, rel=1e-9), name


def test_assumptions_are_shown_with_their_intervals() -> None:
    still = Limits(tuple(Limit(name, 2025, 1.0, 1.0, 1.0) for name in COMPONENTS))
    wide = Limits((*still.limits[:1], Limit("fertility", 2025, 0.8, 1.0, 1.2), *still.limits[2:]))
    plain = outlook(START, 2020, 2040, [APART], every=5, indicators=ASSUMED).data
    for limits in (still, wide):
        drawn = likely_outlook(START, 2020, 2040, Likely(4000, limits=limits), [APART], every=5,
                               indicators=ASSUMED).data  # fmt: skip
        for name in ASSUMED:
            lower, upper = (drawn[f"{name}_{end}"].to_numpy() for end in ("lower", "upper"))
            expected = plain[name].to_numpy()
            if limits is still or name != "total_fertility":
                assert lower == pytest.approx(expected, abs=0.11)
                assert upper == pytest.approx(expected, abs=0.11)
            else:
                # From 2025 on a factor of 0.8 to 1.2 for four of five; medians are as they were.
                at = [n for n, year in enumerate(drawn["year"].to_pylist()) if int(year) >= 2025]
                assert lower[at] == pytest.approx(0.8 * expected[at], rel=0.03)
                assert upper[at] == pytest.approx(1.2 * expected[at], rel=0.03)


def test_other_figures_are_not_drawn() -> None:
    with pytest.raises(UsageError, match="'growth' is no figure that is drawn"):
        likely_outlook(START, 2020, 2040, Likely(4), indicators=["growth"])
