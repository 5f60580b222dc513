"""No small count can be found from what is shown and the totals of the table."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.disclosure.suppression import complement, determined, lines

SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=3)
TABLES = SHAPES.flatmap(
    lambda shape: st.tuples(
        st.just(tuple(shape)),
        st.lists(
            st.one_of(st.integers(0, 6), st.integers(0, 60)),
            min_size=int(np.prod(shape)),
            max_size=int(np.prod(shape)),
        ),
    )
)


def codes_of(shape: tuple[int, ...]) -> list[np.ndarray]:
    return [axis.ravel().astype(np.int64) for axis in np.indices(shape)]


def subtracted(counts: np.ndarray, hidden: np.ndarray, codes: list[np.ndarray]) -> dict[int, int]:
    """What a reader finds who fills in cells as long as a total has one suppressed cell."""
    known = {int(c): int(counts[c]) for c in np.flatnonzero(~hidden)}
    found: dict[int, int] = {}
    while True:
        news = {}
        for line in lines(codes):
            for number in np.unique(line):
                cells = np.flatnonzero(line == number)
                unknown = [int(c) for c in cells if int(c) not in known]
                if len(unknown) == 1:
                    total = int(counts[cells].sum())
                    news[unknown[0]] = total - sum(known.get(int(c), 0) for c in cells)
        if not news:
            return found
        known |= news
        found |= news


@given(TABLES, st.sampled_from([3, 5]))
def test_no_small_count_is_found_by_subtraction(
    table: tuple[tuple[int, ...], list[int]], minimum: int
) -> None:
    shape, values = table
    counts, codes = np.array(values, np.int64), codes_of(shape)
    small = (counts > 0) & (counts < minimum)
    hidden = complement(counts, small, codes, minimum)
    assert hidden[small].all()
    if not small.any():
        assert not hidden.any()
    for cell in subtracted(counts, hidden, codes):
        # Only where nothing more could be suppressed: a line of this cell is suppressed whole.
        assert not small[cell] or any(hidden[line == line[cell]].all() for line in lines(codes))


@given(st.lists(st.integers(0, 40), min_size=12, max_size=12))
def test_no_equation_gives_a_small_count_away(values: list[int]) -> None:
    counts, codes = np.array(values, np.int64), codes_of((3, 4))
    small = (counts > 0) & (counts < 5)
    hidden = complement(counts, small, codes, 5)
    assert not [cell for cell in determined(hidden, codes) if small[cell]]
    assert not [cell for cell in subtracted(counts, hidden, codes) if small[cell]]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3), min_size=4, max_size=9))
def test_determined_is_what_has_one_solution(values: list[int]) -> None:
    """Held against all tables with the same totals, over whole numbers below and above zero."""
    hidden = np.array([value > 0 for value in values])[:4]
    codes = codes_of((2, 2))
    moves = [
        m for m in itertools.product(range(-2, 3), repeat=4)
        if not any(m[c] for c in range(4) if not hidden[c])
        and m[0] + m[1] == m[2] + m[3] == m[0] + m[2] == m[1] + m[3] == 0
    ]  # fmt: skip
    free = {c for c in range(4) if any(m[c] for m in moves)}
    assert determined(hidden, codes) == [c for c in range(4) if hidden[c] and c not in free]


def test_suppressed_counts_of_a_line_are_not_small_together() -> None:
    counts = np.array([1, 1, 40, 50])
    hidden = complement(counts, counts < 5, [np.arange(4)], 5)
    assert hidden.tolist() == [True, True, True, False]


def test_the_smallest_that_will_do_is_suppressed() -> None:
    counts = np.array([2, 90, 7, 0])
    hidden = complement(counts, counts == 2, [np.arange(4)], 5)
    assert hidden.tolist() == [True, False, True, False]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_nothing_small_suppresses_nothing(size: int) -> None:
    counts = np.full(size, 9)
    assert not complement(counts, counts < 5, [np.arange(size)], 5).any()
