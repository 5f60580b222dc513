"""Areas: that they add up, that nobody is lost on the way, and what can't be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.errors import UsageError
from folkestrom.projection.areas import Areas, area_factors, destination_shares
from folkestrom.projection.projecting import Projection, project
from tests.projection.test_properties import CELLS, drawn

AREAS = 4
FLOWS = ("births", "deaths", "immigration", "emigration", "changed")


def areas(seed: int, *, alike: bool) -> Areas:
    chance = np.random.default_rng(seed)
    factors = [np.ones(AREAS) if alike else chance.uniform(0.5, 1.5, AREAS) for _ in range(3)]
    shares = chance.uniform(0, 1, (AREAS, len(CELLS.groups)))
    back = chance.uniform(0, 1, AREAS)
    moves = chance.integers(0, 50, (AREAS, AREAS, 2)).astype(float)
    return Areas(
        *factors, chance.uniform(0, 0.6, (AREAS, *CELLS.shape)), shares / shares.sum(axis=0),
        destination_shares(moves, np.ones(AREAS)), np.repeat([0, 1], CELLS.ages // 2),
        back / back.sum(),
    )  # fmt: skip


def closed(found: Projection) -> None:
    before = found.population[:, :-1]
    aged = np.zeros_like(before)
    aged[..., 1:] = before[..., :-1]
    aged[..., -1] += before[..., -1]
    assert found.moves_in is not None
    assert found.moves_out is not None
    account = (
        aged + found.births - found.deaths + found.immigration - found.emigration + found.changed
        + found.moves_in - found.moves_out
    )  # fmt: skip
    assert account == pytest.approx(found.population[:, 1:], rel=1e-12, abs=1e-9)
    assert found.moves_in.sum(axis=0) == pytest.approx(found.moves_out.sum(axis=0), abs=1e-9)
    assert found.moves_in[:, :, ~CELLS.resident].sum() == 0
    assert found.moves_in.sum() > 0
    assert (found.population >= 0).all()


def split(persons: np.ndarray, seed: int) -> np.ndarray:
    parts = np.random.default_rng(seed).uniform(0, 1, (AREAS, *persons.shape))
    return persons * parts / parts.sum(axis=0)


@given(st.integers(0, 300))
def test_with_the_same_rates_everywhere_areas_add_up_to_the_nation(seed: int) -> None:
    persons, rates = drawn(seed)
    nation = project(CELLS, persons, rates.assumptions(CELLS))
    assumed = areas(seed, alike=True).assumptions(CELLS, rates)
    found = project(CELLS, split(persons, seed), assumed)
    closed(found)
    for name in ("population", *FLOWS):
        added = getattr(found, name).sum(axis=0)
        assert added == pytest.approx(getattr(nation, name), rel=1e-12, abs=1e-9), name


@given(st.integers(0, 300))
def test_whatever_their_rates_areas_add_up_to_a_nation_that_they_shall(seed: int) -> None:
    persons, rates = drawn(seed)
    rates = replace(rates, mortality=rates.mortality / 5, emigration=rates.emigration / 5)
    nation = project(CELLS, persons, rates.assumptions(CELLS))
    made = areas(seed, alike=False)
    begun = split(persons, seed)
    found = project(CELLS, begun, made.assumptions(CELLS, rates), nation=nation)
    closed(found)
    for name in ("population", *FLOWS):
        added = getattr(found, name).sum(axis=0)
        assert added == pytest.approx(getattr(nation, name), rel=1e-11, abs=1e-9), name
    apart = project(CELLS, begun, made.assumptions(CELLS, rates))
    assert abs(apart.population.sum(axis=0) - nation.population).max() > 1
    stepwise = [state for state, *_ in made.projected(CELLS, begun, rates, 7, nation)]
    assert np.stack(stepwise, 1) == pytest.approx(found.population[:, 1:], rel=1e-12)


def test_areas_add_up_where_nearly_all_die() -> None:
    persons, rates = drawn(8)
    rates = replace(rates, mortality=rates.mortality * 6)
    nation = project(CELLS, persons, rates.assumptions(CELLS))
    made = areas(8, alike=False)
    # Where most live next to nobody dies, and who lives elsewhere must not die twice.
    made.mortality[:] = [0.1, 0.1, 0.1, 3]
    begun = split(persons, 8) * np.array([2.5, 0.8, 0.6, 0.1])[:, None, None, None]
    begun *= persons / begun.sum(axis=0)
    found = project(CELLS, begun, made.assumptions(CELLS, rates), nation=nation)
    closed(found)
    for name in ("population", *FLOWS):
        added = getattr(found, name).sum(axis=0)
        assert added == pytest.approx(getattr(nation, name), rel=1e-11, abs=1e-9), name


def test_who_moves_is_who_would_and_goes_where_they_go() -> None:
    persons, rates = drawn(1)
    for name in ("mortality", "emigration", "fertility", "immigration"):
        getattr(rates, name)[:] = 0
    made = replace(areas(1, alike=True), moving=np.full((AREAS, 1, 1, 1), 0.3))
    begun = np.zeros((AREAS, *CELLS.shape))
    begun[2] = persons
    found = project(CELLS, begun, made.assumptions(CELLS, rates), steps=1)
    residents = persons[CELLS.resident].sum()
    assert found.moves_out is not None
    # Newborn aside, all meet the same rate, and compete with nobody.
    assert found.moves_out.sum() == pytest.approx(residents * (1 - np.exp(-0.3)))
    native = persons[0, 0, 2] * (1 - np.exp(-0.3)) * made.destinations[0, 2]
    native[2] += persons[0, 0, 2] * np.exp(-0.3)
    assert found.population[:, 1, 0, 0, 3] == pytest.approx(native)


def test_returns_are_to_the_areas_that_they_are_said_to_be_to() -> None:
    persons, rates = drawn(2)
    rates.emigration[:, ~CELLS.resident], rates.immigration[:] = 0, 0
    made = areas(2, alike=True)
    none = np.zeros((AREAS, *CELLS.shape))
    none[0, 0] = persons[0]
    found = project(CELLS, none, made.assumptions(CELLS, rates), steps=1)
    abroad = found.population[:, 1, 3].sum(axis=(-1, -2))
    assert abroad / abroad.sum() == pytest.approx(made.returns)


def test_factors_of_small_areas_are_drawn_to_one() -> None:
    chance = np.random.default_rng(3)
    expected = np.concatenate([np.full(200, 2.0), np.full(200, 2000.0)])
    true = np.exp(chance.normal(0, 0.2, 400))
    counted = chance.poisson(expected * true).astype(float)
    found = area_factors(counted, expected)
    error = np.abs(found - true)
    assert error[:200].mean() < np.abs(counted / expected - true)[:200].mean() / 2
    assert error[200:].mean() < 0.05
    assert (found * expected).sum() == pytest.approx(expected.sum())
    # No more than chance: one rate for all.
    alike = area_factors(chance.poisson(50.0, 50) * 0 + 50.0, np.full(50, 40.0))
    assert alike == pytest.approx(1)


def test_destinations_keep_the_margins_of_the_moves() -> None:
    moves = np.random.default_rng(4).integers(0, 400, (5, 5, 3)).astype(float)
    moves[range(5), range(5)] = 0
    shares = destination_shares(moves, np.ones(5))
    expected = np.einsum("oc,cod->od", moves.sum(axis=1), shares)
    # Two more moves, at most, from each area.
    assert expected == pytest.approx(moves.sum(axis=2), abs=2)
    assert shares.sum(axis=2) == pytest.approx(1)


@pytest.mark.parametrize(
    ("field", "change", "said"),
    [
        ("destinations", lambda one: one * 0.9, "class 0, from area 0: '0.900000' do not add up"),
        ("returns", lambda one: one / 2, "moves, returns: '0.500000' do not add up to 1"),
        ("returns", lambda one: one[:-1], r"destinations: .* has another shape"),
        ("destinations", lambda one: -one, "moves, destinations: has shares that cannot be"),
        ("classes", lambda one: one[:-1], "classes: .* has another shape"),
        ("immigration", lambda one: one / 2, "immigration, group native: .*do not add up"),
        ("moving", lambda one: one[:, :, :, :-1], "shape"),
    ],
)  # fmt: skip
def test_margins_that_do_not_add_up(field: str, change: object, said: str) -> None:
    _, rates = drawn(5)
    made = areas(5, alike=True)
    broken = replace(made, **{field: change(getattr(made, field))})  # type: ignore[operator]
    with pytest.raises(UsageError, match=said):
        broken.assumptions(CELLS, rates)


def test_an_area_that_nobody_can_move_to() -> None:
    _, rates = drawn(6)
    made = areas(6, alike=True)
    made.destinations[:, :, 1] = 0
    made.destinations[:] /= made.destinations.sum(axis=2, keepdims=True)
    with pytest.raises(UsageError, match=r"(?s)'area 1' is an area that nobody can move.*Next:"):
        made.assumptions(CELLS, rates)
