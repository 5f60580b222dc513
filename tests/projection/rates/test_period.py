"""Life tables of counts: several ways out against closed forms, intervals against draws."""

from __future__ import annotations

import numpy as np
import pytest

from folkestrom.errors import InputRefused
from folkestrom.projection.rates.life_table import Floats, life_table, without
from folkestrom.projection.rates.period import (
    Choices,
    decrements,
    ever_errors,
    expectation_errors,
    observed,
)

AGE = np.arange(101.0)
DEATH = 5e-5 * np.exp(0.09 * AGE)
EMIGRATION = 0.03 * np.exp(-(((AGE - 25) / 15) ** 2)) + 1e-4
EXPOSURE = np.full(101, 4000.0)
BOTH = Choices("female")


def test_constant_forces_are_those_of_the_exponential_distribution() -> None:
    # Narrow groups, so that half of a group is when one leaves it.
    age = np.arange(0, 400.0)
    rate = np.stack([np.full(400, 0.010), np.full(400, 0.015)])
    found = decrements(age, rate, Choices(None))
    assert found.table.expectation[[0, 100]] == pytest.approx([40, 40])
    assert found.ever[:, 0] == pytest.approx([0.4, 0.6])
    rest = without(found.table, rate[1] / rate.sum(axis=0))
    assert rest.expectation[0] == pytest.approx(100, rel=1e-4)


def test_one_leaves_by_one_way_and_by_one_only() -> None:
    found = decrements(AGE, np.stack([DEATH, EMIGRATION]), BOTH)
    assert found.ever.sum(axis=0) == pytest.approx(np.ones(101))
    assert found.probability.sum(axis=0) == pytest.approx(found.table.probability)
    assert (found.ever[1, 40:] < found.ever[1, 20]).all()


def test_without_a_cause_that_takes_nobody_nothing_changes() -> None:
    table = life_table(AGE, DEATH, np.full(101, 0.5))
    same = without(table, np.zeros(101))
    for name in ("rate", "years_of_dying", "probability", "survivors", "expectation"):
        assert getattr(same, name) == pytest.approx(getattr(table, name))
    with pytest.raises(InputRefused):
        without(table, np.ones(101))


def test_standard_errors_are_those_of_counts_drawn_again_and_again() -> None:
    chance = np.random.default_rng(1)
    true = np.stack([DEATH, EMIGRATION])
    expected = true * EXPOSURE
    drawn = chance.poisson(expected, (1500, *expected.shape))
    drawn[:, 0, -1] = np.maximum(drawn[:, 0, -1], 1)
    found = decrements(AGE, drawn / EXPOSURE, BOTH)
    once = decrements(AGE, true, BOTH)
    errors = expectation_errors(once.table, expected.sum(axis=0))
    at = [0, 30, 65, 90]
    assert errors[at] == pytest.approx(found.table.expectation.std(axis=0)[at], rel=0.08)
    ever = ever_errors(once, expected)
    assert ever[1, at[:3]] == pytest.approx(found.ever.std(axis=0)[1, at[:3]], rel=0.08)
    assert ever[0, 0] == pytest.approx(ever[1, 0])


def test_intervals_cover_what_counts_were_drawn_from() -> None:
    chance = np.random.default_rng(2)
    true = decrements(AGE, DEATH[None], BOTH).table.expectation[0]
    hit = 0
    for _ in range(300):
        found = observed(chance.poisson(DEATH * EXPOSURE)[None].astype(float), EXPOSURE, BOTH)
        assert found is not None
        table = decrements(found.age, found.rate, BOTH).table
        error = expectation_errors(table, found.events.sum(axis=0))[0]
        hit += bool(abs(table.expectation[0] - true) < 1.96 * error)
    assert 0.91 < hit / 300 < 0.99


def counts(nobody_before: int = 0) -> tuple[Floats, Floats]:
    deaths, lived = np.full((1, 121), 2.0), np.full(121, 100.0)
    lived[:nobody_before] = 0
    return deaths * (lived > 0), lived


def test_a_table_begins_where_from_then_on_somebody_was_there() -> None:
    deaths, lived = counts(nobody_before=17)
    single = observed(deaths, lived, Choices("male"))
    groups = observed(deaths, lived, Choices("male", abridged=True))
    assert single is not None and groups is not None  # noqa: PT018
    assert single.age[0] == 17
    assert groups.age[:2].tolist() == [15, 20]
    assert groups.exposure[0] == 300


@pytest.mark.parametrize(("open_age", "opened"), [(100, 100), (85, 85), (110, 110), (60, 60)])
def test_the_open_group_begins_where_it_is_said(open_age: int, opened: int) -> None:
    found = observed(*counts(), Choices("male", open_age=open_age))
    assert found is not None
    assert found.age[-1] == opened
    assert found.events.sum() == 242


def test_closing_follows_the_model_that_deaths_were_drawn_from() -> None:
    age = np.arange(121)
    true = 1 / (1 + np.exp(11.5 - 0.11 * age))
    lived = 4e5 * np.exp(-0.04 * age)
    lived[105:] = 0
    deaths = np.random.default_rng(2).poisson(lived * true).astype(float)
    choices = Choices("female", closing="kannisto", open_age=95)
    found = observed(deaths[None], lived, choices)
    assert found is not None
    whole = life_table(age.astype(float), true, np.full(121, 0.5))
    made = decrements(found.age, found.rate, choices).table
    assert made.expectation[-1] == pytest.approx(whole.expectation[95], rel=0.02)
    assert made.expectation[0] == pytest.approx(whole.expectation[0], abs=0.2)
