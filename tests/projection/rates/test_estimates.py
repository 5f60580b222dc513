"""Rates of small cells, beside another program's and beside what they were drawn from."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from folkestrom.projection.rates.estimates import CLOSED_FROM, closed, two_factors


def test_two_factors_are_a_poisson_model_without_interaction() -> None:
    chance = np.random.default_rng(1)
    exposure = chance.uniform(0, 500, (4, 6))
    exposure[2, 3] = 0
    events = chance.poisson(exposure * np.outer([0.1, 0.4, 0.2, 0.05], chance.uniform(0, 1, 6)))
    found = two_factors(events.astype(float), exposure)
    assert (exposure * found).sum(axis=0) == pytest.approx(events.sum(axis=0))
    assert (exposure * found).sum(axis=1) == pytest.approx(events.sum(axis=1))
    row, column = np.indices(exposure.shape)
    there = exposure.ravel() > 0
    design = np.column_stack(
        [np.ones(exposure.size), *(row.ravel() == n for n in range(1, 4)),
         *(column.ravel() == n for n in range(1, 6))]
    )[there].astype(float)  # fmt: skip
    fit = sm.GLM(
        events.ravel()[there], design, family=sm.families.Poisson(),
        exposure=exposure.ravel()[there],
    ).fit(tol=1e-12)  # fmt: skip
    expected = np.exp(design @ fit.params)
    assert found.ravel()[there] == pytest.approx(expected, rel=1e-6)


def test_where_nothing_happened_nothing_is_expected() -> None:
    found = two_factors(np.array([[0.0, 0.0], [0.0, 3.0]]), np.array([[10.0, 5.0], [0.0, 30.0]]))
    assert found.tolist() == [[0.0, 0.0], [0.0, 0.1]]


def test_death_rates_of_the_old_are_those_that_they_were_drawn_from() -> None:
    ages = np.arange(120)
    true = 1 / (1 + np.exp(11.5 - 0.11 * ages))
    exposure = np.where(ages < 104, 4e5 * np.exp(-0.04 * ages), 0)
    deaths = np.random.default_rng(2).poisson(exposure * true).astype(float)
    found = closed(deaths, exposure)
    assert found[CLOSED_FROM:] == pytest.approx(true[CLOSED_FROM:], rel=0.03)
    assert found[50] == deaths[50] / exposure[50]
    assert (np.diff(found[CLOSED_FROM:]) > 0).all()
    assert found[-1] < 1


def test_ages_with_nobody_have_the_rate_of_younger_ones() -> None:
    exposure, deaths = np.zeros(120), np.zeros(120)
    exposure[:60], deaths[:60] = 100, 1
    found = closed(deaths, exposure)
    assert found == pytest.approx(np.full(120, 0.01))
