"""Smooth rates of a projection: nearer those that counts were drawn from, and totals that stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from folkestrom.projection.areas import AreaCounts
from folkestrom.projection.counts import Counts
from folkestrom.projection.rates.estimates import CLOSED_FROM
from folkestrom.projection.rates.schedules import SCHEDULES
from folkestrom.projection.structure import FEMALE, Group, Structure

CELLS = Structure((
    Group("native", alike="born here", leaves_to="away"), Group("child", alike="born here"),
    Group("new", ("immigrants",), alike="immigrants"),
    Group("old", ("immigrants",), alike="immigrants"),
    Group("away", resident=False, leaves_to="native", alike="abroad"),
))  # fmt: skip
MIDDLE = np.arange(120) + 0.5
LEAVING = SCHEDULES["rogers-castro"].rate(
    MIDDLE, np.array([0.01, 0.1, 0.05, 0.1, 21.0, 0.35, 0.002])
)
DYING = np.minimum(SCHEDULES["siler"].rate(
    MIDDLE, np.array([0.01, 1.5, 4e-4, 2e-5, 0.105])), 1)  # fmt: skip
BEARING = np.where((MIDDLE > 15) & (MIDDLE < 50), SCHEDULES["hadwiger"].rate(
    MIDDLE, np.array([1.7, 4.2, 31.0])), 0)  # fmt: skip
FACTORS = np.array([0.5, 1.0, 3.0, 1.0, 2.0])


def counts(seed: int) -> Counts:
    chance = np.random.default_rng(seed)
    lived = np.zeros(CELLS.shape)
    lived[:, :, :100] = np.array([900.0, 100, 60, 90, 40])[:, None, None]
    here = CELLS.resident[:, None, None]
    return Counts(
        CELLS, 5, lived, chance.poisson(lived * DYING * here).astype(float),
        chance.poisson(lived * LEAVING * FACTORS[:, None, None]).astype(float),
        np.zeros(CELLS.shape),
        chance.poisson(lived[:, FEMALE] * BEARING * CELLS.resident[:, None]).astype(float),
    )  # fmt: skip


def test_smooth_rates_are_nearer_those_that_counts_were_drawn_from() -> None:
    off = {"mortality": np.zeros(2), "emigration": np.zeros(2), "fertility": np.zeros(2)}
    # Of emigration by age only: how much groups leave is told no better.
    truth = {"mortality": DYING[1:85], "emigration": LEAVING[:80] / LEAVING[:80].sum(),
             "fertility": BEARING[15:50]}  # fmt: skip
    for seed in range(10):
        for n, smooth in enumerate((False, True)):
            rates = replace(counts(seed), smooth=smooth).rates()
            leaving = rates.emigration[0, :, :, :80]
            found = {
                "mortality": rates.mortality[0, 0, :, 1:85],
                "emigration": leaving / leaving.sum(axis=-1, keepdims=True),
                "fertility": rates.fertility[0, :4, 15:50],
            }
            for name, one in found.items():
                off[name][n] += np.abs(one - truth[name]).mean()
    for name, (plain, smooth) in off.items():
        # Five years of age together are smooth too, but for the steps between them.
        assert smooth < (0.9 if name == "emigration" else 0.8) * plain, name


def test_totals_of_groups_stay_and_what_is_not_smoothed_is_as_it_was() -> None:
    counted = counts(3)
    plain, smooth = counted.rates(), replace(counted, smooth=True).rates()
    expected = (counted.lived * smooth.emigration[0]).sum(axis=(1, 2))
    assert expected == pytest.approx(counted.emigration.sum(axis=(1, 2)))
    deaths = counted.deaths[CELLS.resident].sum(axis=0)
    lived = counted.lived[CELLS.resident].sum(axis=0)
    ages = slice(1, CLOSED_FROM)
    for sex in (0, 1):
        own = (smooth.mortality[0, 0, sex] * lived[sex])[ages].sum()
        assert own == pytest.approx(deaths[sex, ages].sum(), rel=1e-3)
    born = (smooth.fertility[0] * counted.lived[:, FEMALE]).sum()
    assert born == pytest.approx(counted.births.sum(), rel=1e-3)
    for kept in ([0], slice(CLOSED_FROM, None)):
        assert (plain.mortality[..., kept] == smooth.mortality[..., kept]).all()
    assert (smooth.fertility[0, :, :15] == 0).all()
    # Smooth: second differences of the logarithms are small, and rates are by single year.
    profile = np.log(smooth.emigration[0, 0, 0, :90])
    assert np.abs(np.diff(profile, 2)).max() < 0.2
    assert len(np.unique(smooth.emigration[0, 0, 0, 20:25])) == 5
    assert len(np.unique(plain.emigration[0, 0, 0, 20:25])) == 1


def test_nobody_who_leaves_or_bears_has_no_rates() -> None:
    none = np.zeros(CELLS.shape)
    empty = replace(counts(1), emigration=none, births=none[:, 0], smooth=True).rates()
    assert empty.emigration.sum() == empty.fertility.sum() == 0


def test_areas_have_the_smooth_rates_times_a_factor() -> None:
    counted = replace(counts(2), smooth=True)
    lived = np.stack([0.7 * counted.lived, 0.3 * counted.lived])
    events = np.array([1.0, 3.0])
    moving = np.random.default_rng(4).poisson(0.02 * counted.lived).astype(float)
    origins = np.zeros((2, 2, 5))
    origins[0, 1], origins[1, 0] = 3, 2
    came = np.ones((2, len(CELLS.groups)))
    made = AreaCounts(
        lived, 40 * events, 60 * events, 50 * events, came, moving, origins
    ).areas(counted)  # fmt: skip
    profile = made.moving[0, 0, 0] / made.moving[1, 0, 0]
    assert profile[:90] == pytest.approx(profile[0])
    assert len(np.unique(made.moving[0, 0, 0, 20:25])) == 5
