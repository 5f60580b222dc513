"""The compiled method gives the numbers of `project`, in every draw and whatever the rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.projecting import Projection, project
from folkestrom.projection.stochastic.simulation import Factors, Sums, simulate
from folkestrom.projection.structure import Structure
from tests.projection.test_properties import CELLS, GROUPS, drawn

SETS = {"residents": CELLS.resident, "new": CELLS.part("immigrants"), "abroad": ~CELLS.resident}
FLOWS = ("births", "deaths", "immigration", "emigration")


def figures(sums: Sums) -> dict[str, Floats]:
    return {"population": sums.population} | {name: getattr(sums, name) for name in FLOWS}


def same(found: Mapping[str, Floats], expected: Projection) -> None:
    """Sums of every set, beside those of all cells."""
    for k, of in enumerate(SETS.values()):
        persons = expected.population[..., of, :, :].sum(axis=-3)
        assert found["population"][:, :, k] == pytest.approx(persons, rel=1e-12, abs=1e-9)
        for name in FLOWS:
            happened = getattr(expected, name)[..., of, :, :].sum(axis=(-1, -2, -3))
            assert found[name][..., k] == pytest.approx(happened, rel=1e-12, abs=1e-9)


def chance_factors(seed: int, draws: int, steps: int) -> Factors:
    chance = np.random.default_rng(seed)
    levels = np.exp(chance.normal(0, 0.3, (draws, steps, 4)))
    patterns = chance.normal(0, 1, (3, 2, CELLS.ages))
    return Factors(levels, patterns, chance.normal(0, 0.2, (draws, steps, 3)))


@pytest.mark.parametrize("seed", range(8))
def test_every_draw_is_a_projection(seed: int) -> None:
    persons, rates = drawn(seed)
    factors = chance_factors(seed, 5, 7)
    found = simulate(CELLS, persons, rates, SETS, factors, steps=7, figures=figures)
    same(found, project(CELLS, persons, factors.applied(rates, CELLS).assumptions(CELLS)))


@pytest.mark.parametrize(
    ("change", "late"),
    [
        ({}, True),
        ({}, False),
        # Above the rates that the polynomial is for.
        ({"mortality": np.full((1, 1, 1, 1), 5.0)}, True),
        # One death rate for all groups, and nothing at all of others.
        ({"mortality": np.geomspace(0.01, 1, 12)[None, None, None].repeat(2, 2)}, True),
        ({"emigration": np.zeros((1, 1, 1, 1)), "mortality": np.zeros((1, 1, 1, 1))}, True),
        # Mothers of every age group, the first and the open one too.
        ({"fertility": np.full((1, 1, 12), 0.2)}, True),
        (
            {"immigration": -0.001 * np.eye(4)[0][None, :, None, None] * np.ones((1, 4, 2, 12))},
            True,
        ),
    ],
)
def test_one_run_without_draws(change: dict[str, Any], late: bool) -> None:
    persons, rates = drawn(1)
    rates = replace(rates, **change)
    found = simulate(CELLS, persons + 50, rates, SETS, steps=9, figures=figures, late_mothers=late)
    assumed = rates.assumptions(CELLS)
    expected = project(CELLS, persons + 50, assumed, steps=9, late_mothers=late)
    happened = {
        one.name: getattr(expected, one.name)[None]
        for one in fields(Projection)
        if isinstance(getattr(expected, one.name), np.ndarray)
    }
    same(found, replace(expected, **happened))


def test_steps_of_several_years() -> None:
    cells = Structure(GROUPS, ages=12, width=5)
    persons, rates = drawn(3)
    found = simulate(cells, persons, rates, SETS, steps=7, figures=figures)
    expected = project(cells, persons, rates.assumptions(cells))
    assert found["population"][0, :, 0] == pytest.approx(expected.residents, rel=1e-12)


def test_draws_are_the_same_however_many_are_made_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    persons, rates = drawn(4)
    factors = chance_factors(4, 23, 7)
    whole = simulate(CELLS, persons, rates, SETS, factors, steps=7, figures=figures)
    sizes: list[int] = []

    def counted(sums: Sums) -> dict[str, Floats]:
        sizes.append(len(sums.births))
        return figures(sums)

    monkeypatch.setattr("folkestrom.projection.stochastic.simulation._CHUNK", 40_000)
    parts = simulate(CELLS, persons, rates, SETS, factors, steps=7, figures=counted)
    assert max(sizes) < 10
    assert sum(sizes) == 23
    for name, values in whole.items():
        assert (parts[name] == values).all()


def test_more_who_go_than_are_there() -> None:
    persons, rates = drawn(5)
    away = replace(rates, immigration=np.full((1, 4, 2, 12), -200.0))
    with pytest.raises(UsageError, match=r"(?s)takes away more than are there.*Next: Assume"):
        simulate(CELLS, persons, away, SETS, steps=7, figures=figures)


def test_rates_that_cannot_be() -> None:
    persons, rates = drawn(6)
    with pytest.raises(UsageError, match="is none that can be"):
        simulate(
            CELLS, persons, replace(rates, mortality=-rates.mortality), SETS, steps=1,
            figures=figures,
        )  # fmt: skip
    with pytest.raises(UsageError, match="has another shape"):
        simulate(CELLS, persons[1:], rates, SETS, steps=1, figures=figures)
    assert isinstance(rates, Rates)
