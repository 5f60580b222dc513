"""Accounts that close, growth that is stable, and nobody who is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.indicators import composition, old_age_dependency, persons_between
from folkestrom.projection.projecting import Projection, project
from folkestrom.projection.structure import FEMALE, MALE, Group, Structure

GROUPS = (
    Group("native", leaves_to="abroad"),
    Group("new", part_of=("immigrants",), next="settled", children=(("native", 1.0),)),
    Group("settled", part_of=("immigrants",), children=(("native", 0.75), ("settled", 0.25))),
    Group("abroad", resident=False, leaves_to="native"),
)
CELLS = Structure(GROUPS, ages=12, width=1)


def drawn(seed: int, steps: int = 7) -> tuple[Floats, Rates]:
    chance = np.random.default_rng(seed)
    shape = (steps, *CELLS.shape)
    fertility = chance.uniform(0, 0.4, (steps, len(GROUPS), CELLS.ages))
    fertility[:, -1] = 0
    come = chance.uniform(0, 50, shape)
    come[:, -1] = 0
    rates = Rates(chance.uniform(0, 0.5, shape), chance.uniform(0, 0.5, shape), fertility, come)
    return chance.uniform(0, 1000, CELLS.shape), rates


def closed(found: Projection) -> None:
    """In every cell of every step: who was there, and what happened to them."""
    before = found.population[:-1]
    aged = np.zeros_like(before)
    aged[..., 1:] = before[..., :-1]
    aged[..., -1] += before[..., -1]
    account = (
        aged + found.births - found.deaths + found.immigration - found.emigration + found.changed
    )
    assert account == pytest.approx(found.population[1:], rel=1e-12, abs=1e-9)
    assert found.changed.sum(axis=-3) == pytest.approx(0, abs=1e-9)
    for part in (found.population, found.births, found.deaths, found.immigration):
        assert (part >= -1e-12).all()


@given(st.integers(0, 1000))
def test_accounts_close(seed: int) -> None:
    persons, rates = drawn(seed)
    closed(project(CELLS, persons, rates.assumptions(CELLS)))


@given(st.integers(0, 1000))
def test_draws_are_projections_of_their_own(seed: int) -> None:
    persons, rates = drawn(seed)
    two = np.stack([rates.emigration, rates.emigration / 2])
    both = Rates(rates.mortality, two, rates.fertility, rates.immigration)
    found = project(CELLS, persons, both.assumptions(CELLS))
    for draw in range(2):
        alone = Rates(rates.mortality, two[draw], rates.fertility, rates.immigration)
        expected = project(CELLS, persons, alone.assumptions(CELLS))
        # Not to the bit: a vector's last values may be computed by another instruction.
        assert found.population[draw] == pytest.approx(expected.population, rel=1e-13)
        assert found.emigration[draw] == pytest.approx(expected.emigration, rel=1e-13)


def test_stable_growth_is_the_dominant_eigenvalue() -> None:
    cells = Structure(ages=8, width=5)
    fertility = np.array([0, 0, 0, 0.05, 0.1, 0.08, 0.02, 0])
    none = np.zeros((1, 1, 1, 1))
    mortality = np.geomspace(0.001, 0.3, 8)[None, None, None]
    rates = Rates(np.repeat(mortality, 400, 0), none, fertility[None, None], none, 1.0)
    assumed = rates.assumptions(cells)
    # Leslie's matrix of females alone: half of the newborn, of both ends of the step.
    leslie = np.zeros((8, 8))
    stay = assumed.stay[0, 0, FEMALE]
    for age in range(8):
        older = min(age + 1, 7)
        leslie[older, age] += stay[age + 1]
        mothers = fertility[age] + stay[age + 1] * fertility[older]
        leslie[0, age] += 5 * mothers / 2 / 2 * stay[0]
    found = project(cells, np.ones((1, 2, 8)), assumed).residents[:, FEMALE].sum(axis=-1)
    growth = found[-1] / found[-2]
    assert growth == pytest.approx(max(abs(np.linalg.eigvals(leslie))), rel=1e-9)


def test_who_leaves_is_followed_and_comes_back() -> None:
    cells = Structure((Group("here", leaves_to="abroad"),
                       Group("abroad", resident=False, leaves_to="here")), ages=3)  # fmt: skip
    none = np.zeros((1, 1, 1, 1))
    leaving = np.zeros((1, 2, 1, 1))
    leaving[0, 0], leaving[0, 1] = 0.2, 0.5
    rates = Rates(none, np.repeat(leaving, 300, 0), none[0], none)
    persons = np.zeros(cells.shape)
    persons[0] = 100
    found = project(cells, persons, rates.assumptions(cells))
    assert found.population.sum(axis=(-1, -2, -3)) == pytest.approx(600)
    # In the long run as many leave as return.
    assert found.emigration[-1, 0].sum() == pytest.approx(found.immigration[-1, 0].sum())
    share = found.residents[-1].sum() / 600
    left, returned = 1 - np.exp(-0.2), 1 - np.exp(-0.5)
    assert share == pytest.approx(returned / (left + returned))


def test_newborn_are_of_their_mothers_childrens_group_and_of_both_sexes() -> None:
    persons, rates = drawn(1)
    persons[[0, 3]], rates.immigration[:] = 0, 0
    rates.emigration[:], rates.mortality[:] = 0, 0
    found = project(CELLS, persons, rates.assumptions(CELLS))
    births = found.births[0]
    assert births[[1, 3]].sum() == 0
    assert births[:, MALE].sum() / births[:, FEMALE].sum() == pytest.approx(1.06)
    of_settled = 4 * births[2].sum()
    women = persons[2, FEMALE]
    aged = np.zeros_like(women)
    aged[1:], aged[-1] = women[:-1], women[-1] + women[-2]
    # Nobody dies or leaves: mothers are the mean of both ends, each at the rate of that age.
    expected = ((women + aged) / 2 * rates.fertility[0, 2]).sum()
    assert of_settled == pytest.approx(expected)


def test_ages_in_part_of_a_group() -> None:
    persons = np.ones((2, 4)) * [10, 20, 30, 40]
    cells = Structure(ages=4, width=10)
    assert persons_between(persons, cells, 5, 25) == pytest.approx(2 * (5 + 20 + 15))
    assert old_age_dependency(persons, cells, 30, 10) == pytest.approx(40 / 50)
    # Of nobody there is no share, and nothing is warned of.
    nobody = composition(np.zeros((2, 120)), np.array(0.0), Structure(ages=120))
    assert all(np.isnan(figure) for figure in nobody.values())
    with pytest.raises(UsageError, match="above the age from which all are one group"):
        old_age_dependency(persons, cells)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("mortality", -0.1, r"mortality\[0, 0, 0, 0\]: '-0.1' is none that can be"),
        ("fertility", np.nan, "fertility"),
        ("emigration", np.inf, "emigration"),
    ],
)
def test_rates_that_cannot_be(field: str, value: float, said: str) -> None:
    _, rates = drawn(2)
    getattr(rates, field)[0, 0, ..., 0] = value
    with pytest.raises(UsageError, match=said):
        rates.assumptions(CELLS)


def test_other_shapes_and_groups_that_are_none() -> None:
    persons, rates = drawn(3)
    with pytest.raises(UsageError, match=r"population: .* has another shape"):
        project(CELLS, persons[:, :, :-1], rates.assumptions(CELLS))
    with pytest.raises(UsageError, match=r"mortality: .* has another shape"):
        rates.assumptions(Structure(GROUPS, ages=13))
    with pytest.raises(UsageError, match=r"(?s)'nativ' is no group.*Did you mean 'native'"):
        Structure((Group("native"), Group("new", next="nativ")))
    with pytest.raises(UsageError, match=r"(?s)new: children: .*0.5.* are no shares of all"):
        Structure((Group("native"), Group("new", children=(("native", 0.5),))))
    with pytest.raises(UsageError, match="name of their own"):
        Structure((Group("a"), Group("a")))
    rates.immigration[2, 1, FEMALE, 4] = -1e6
    with pytest.raises(UsageError, match=r"step 2, group new, female, age group 4.*takes away"):
        project(CELLS, persons, rates.assumptions(CELLS))
