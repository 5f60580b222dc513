"""Rounding that keeps sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.errors import UserError
from folkestrom.twin.targets.rounding import largest_remainder, systematic, systematic_offsets
from folkestrom.twin.targets.scale import round_to_total

values = st.lists(st.floats(0, 1e5), min_size=1, max_size=40)


@given(values, st.integers(-(10**6), 10**6))
def test_largest_remainder_adds_up(weights: list[float], total: int) -> None:
    if sum(weights) <= 0:
        weights = [*weights, 1.0]
    out = largest_remainder(weights, total)
    assert out.sum() == total
    exact = total * np.array(weights) / sum(weights)
    assert np.abs(out - exact).max() <= 1 + 1e-6


def test_nothing_can_be_spread_over_nothing_but_nothing() -> None:
    assert largest_remainder([0.0, 0.0], 0).tolist() == [0, 0]
    with pytest.raises(UserError, match="cannot be spread"):
        largest_remainder([0.0, 0.0], 3)


@given(values)
def test_systematic_rounding_keeps_every_run(exact: list[float]) -> None:
    exact = [round(value, 3) for value in exact]
    total = round(sum(exact))
    out = systematic(exact, total)
    assert out.sum() == total
    runs = np.cumsum(out) - np.cumsum(exact)
    assert runs.max() - runs.min() < 2 + 1e-6
    assert np.abs(out - np.array(exact)).max() < 1


def test_a_total_out_of_reach_is_refused() -> None:
    with pytest.raises(UserError, match="rounded up or down"):
        systematic([0.5, 0.5], 3)


@given(values, st.data())
def test_round_to_total_turns_only_neighbours(exact: list[float], data: st.DataObject) -> None:
    cells = np.array([round(value, 3) for value in exact])
    low, high = int(np.floor(cells).sum()), int(np.ceil(cells).sum())
    total = data.draw(st.integers(low, high))
    offsets = np.array(
        data.draw(st.lists(st.floats(0, 0.999), min_size=len(cells), max_size=len(cells)))
    )
    out = round_to_total(cells, offsets, total)
    assert out.sum() == total
    assert np.abs(out - cells).max() < 1


def test_offsets_make_a_shrinking_cell_shrink() -> None:
    start = np.array([10.4, 3.7, 8.2, 5.7])
    offsets = systematic_offsets(start, 28)
    before = np.floor(start + offsets)
    for factor in (0.9, 0.7, 0.3, 0.05):
        after = np.floor(start * factor + offsets)
        assert (after <= before).all()
        before = after
