"""No small count can be found from what is shown and the totals of the table.

The attackers here share nothing with the search for companions: one lists every table of whole
counts that agrees with what is shown, one solves for the least and the greatest count of a cell.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from folkestrom.disclosure.suppression import protection
from folkestrom.disclosure.suppression.complementary import (
    Suppression,
    complement,
    determined,
    lines,
    suppress,
)

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


def agreeing(counts: np.ndarray, hidden: np.ndarray, codes: list[np.ndarray]) -> np.ndarray:
    """Every table of whole counts, none negative, with the same totals and the same cells shown."""
    sums = np.vstack([np.equal.outer(np.unique(line), line) for line in lines(codes)])
    unknown = np.flatnonzero(hidden)
    tables = np.where(hidden, 0, counts)[None, :]
    left = (sums[:, unknown] @ counts[unknown])[None, :]
    for place, cell in enumerate(unknown.tolist()):
        mine = sums[:, cell]
        room = left[:, mine].min(axis=1) + 1
        row = np.repeat(np.arange(len(tables)), room)
        value = np.arange(len(row)) - np.repeat(room.cumsum() - room, room)
        tables, left = tables[row], left[row] - np.outer(value, mine)
        tables[:, cell] = value
        full = mine & ~sums[:, unknown[place + 1 :]].any(axis=1)
        fits = (left[:, full] == 0).all(axis=1)
        tables, left = tables[fits], left[fits]
    return tables


def held(counts: np.ndarray, primary: np.ndarray, codes: list[np.ndarray], minimum: int) -> None:
    """What `suppress` promises, against every table that agrees with what is shown."""
    found = suppress(counts, primary, codes, minimum)
    assert found.hidden[primary].all()
    shown = agreeing(counts, found.hidden, codes)
    nothing = agreeing(counts, np.ones(len(counts), np.bool_), codes)
    assert (shown == counts).all(axis=1).any()
    away = []
    for cell in np.flatnonzero(primary).tolist():
        count, possible, ideal = int(counts[cell]), shown[:, cell], nothing[:, cell]
        up = minimum if count < minimum else count + minimum
        assert possible.max() >= min(up, ideal.max())
        assert possible.min() <= max(count - minimum, ideal.min())
        if ideal.min() == ideal.max():
            away.append(cell)
    assert found.given_away == tuple(away)
    assert not found.by_lines


def small_tables(shapes: list[tuple[int, ...]], largest: int) -> st.SearchStrategy[tuple]:
    return st.sampled_from(shapes).flatmap(
        lambda shape: st.tuples(
            st.just(shape),
            st.lists(
                st.integers(0, largest),
                min_size=int(np.prod(shape)),
                max_size=int(np.prod(shape)),
            ),
        )
    )


@settings(max_examples=40)
@given(small_tables([(2, 2), (2, 3), (3, 3), (2, 4), (5,)], 7), st.sampled_from([2, 3]))
def test_every_count_keeps_its_room_in_two_dimensions(
    table: tuple[tuple[int, ...], list[int]], minimum: int
) -> None:
    shape, values = table
    counts = np.array(values, np.int64)
    held(counts, (counts > 0) & (counts < minimum), codes_of(shape), minimum)


@settings(max_examples=40)
@given(small_tables([(2, 2, 2), (2, 2, 3), (2, 3, 3)], 5), st.sampled_from([2, 3]))
def test_every_count_keeps_its_room_in_three_dimensions(
    table: tuple[tuple[int, ...], list[int]], minimum: int
) -> None:
    shape, values = table
    counts = np.array(values, np.int64)
    held(counts, (counts > 0) & (counts < minimum), codes_of(shape), minimum)


@settings(max_examples=25)
@given(small_tables([(2, 3), (3, 3), (2, 2, 3)], 7), st.integers(0, 8))
def test_zeros_and_groups_that_are_not_shown_keep_theirs(
    table: tuple[tuple[int, ...], list[int]], group: int
) -> None:
    """Counts of 0 are too small as well, and one cell of any size belongs to a hidden group."""
    shape, values = table
    counts = np.array(values, np.int64)
    primary = counts < 2
    primary[group % len(counts)] = True
    held(counts, primary, codes_of(shape), 2)


@settings(max_examples=25)
@given(TABLES, st.sampled_from([3, 5]))
def test_no_small_count_is_found_by_subtraction(
    table: tuple[tuple[int, ...], list[int]], minimum: int
) -> None:
    shape, values = table
    counts, codes = np.array(values, np.int64), codes_of(shape)
    small = (counts > 0) & (counts < minimum)
    found = suppress(counts, small, codes, minimum)
    assert found.hidden[small].all()
    if not small.any():
        assert not found.hidden.any()
    wide = [code for code in codes if code.max()] or codes[:1]
    for cell in subtracted(counts, found.hidden, wide):
        # Only where nothing more would help: its count follows from the totals alone.
        assert not small[cell] or cell in found.given_away


@settings(max_examples=20)
@given(st.lists(st.integers(0, 40), min_size=12, max_size=12))
def test_no_equation_gives_a_small_count_away(values: list[int]) -> None:
    counts, codes = np.array(values, np.int64), codes_of((3, 4))
    small = (counts > 0) & (counts < 5)
    found = suppress(counts, small, codes, 5)
    alone = set(found.given_away)
    assert not [c for c in determined(found.hidden, codes) if small[c] and c not in alone]
    assert not [c for c in subtracted(counts, found.hidden, codes) if small[c] and c not in alone]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3), min_size=4, max_size=9))
def test_determined_is_what_has_one_solution(values: list[int]) -> None:
    """Compared with all tables with the same totals, over whole numbers below and above zero."""
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


def bounds(
    counts: np.ndarray, hidden: np.ndarray, codes: list[np.ndarray], cell: int
) -> tuple[float, float]:
    """The least and the greatest count of a cell, for a reader who solves for both."""
    sums = np.vstack([np.equal.outer(np.unique(line), line) for line in lines(codes)]).astype(float)
    known = [(0, None) if h else (int(c), int(c)) for c, h in zip(counts, hidden, strict=True)]
    wanted = np.zeros(len(counts))
    wanted[cell] = 1
    least, greatest = (
        linprog(sign * wanted, A_eq=sums, b_eq=sums @ counts, bounds=known).fun for sign in (1, -1)
    )
    return round(least, 6), round(-greatest, 6)


def sparse(shape: tuple[int, ...], seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return draw.negative_binomial(0.15, 0.15 / 4.15, int(np.prod(shape))).astype(np.int64)


def test_bounds_that_follow_because_no_count_is_negative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two small counts of a ring hold one another down, though every line of it sums to enough."""
    counts, codes = np.array([2, 9, 50, 50, 20, 1, 30, 50, 40]), codes_of((3, 3))
    found = suppress(counts, counts < 5, codes, 5)
    for cell in (0, 5):
        least, greatest = bounds(counts, found.hidden, codes, cell)
        assert least == 0
        assert greatest >= 5
    monkeypatch.setattr("folkestrom.disclosure.suppression.complementary.MOST_PRIMARY", 0)
    ring = suppress(counts, counts < 5, codes, 5).hidden
    assert np.flatnonzero(ring).tolist() == [0, 1, 4, 5, 6, 8]
    assert bounds(counts, ring, codes, 0) == (0, 3)


def test_three_dimensions_do_not_take_the_whole_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """37 small counts in 220 cells: line by line, 157 cells went; and some bounds were too near."""
    counts, codes = sparse((11, 4, 5), 1), codes_of((11, 4, 5))
    small = (counts > 0) & (counts < 5)
    assert small.sum() == 37
    found = suppress(counts, small, codes, 5)
    assert found.hidden.sum() <= 105
    for cell in np.flatnonzero(small).tolist():
        least, greatest = bounds(counts, found.hidden, codes, cell)
        assert least == 0
        if greatest < 5:
            assert greatest == bounds(counts, np.ones(220, np.bool_), codes, cell)[1]
    monkeypatch.setattr("folkestrom.disclosure.suppression.complementary.MOST_PRIMARY", 0)
    before = suppress(counts, small, codes, 5)
    assert before.by_lines == tuple(np.flatnonzero(small).tolist())
    assert before.hidden.sum() > 1.4 * found.hidden.sum()


def test_the_same_table_is_suppressed_in_the_same_way() -> None:
    counts, codes = sparse((4, 3, 4), 2), codes_of((4, 3, 4))
    small = (counts > 0) & (counts < 5)
    assert small.any()
    first, second = (suppress(counts, small, codes, 5) for _ in range(2))
    assert (first.hidden == second.hidden).all()


def test_work_that_runs_out_leaves_the_rest_to_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, codes = sparse((6, 4, 5), 2), codes_of((6, 4, 5))
    small = (counts > 0) & (counts < 5)
    monkeypatch.setattr(protection, "MOST_WORK", 2000)
    found = suppress(counts, small, codes, 5)
    assert found.by_lines
    assert small[list(found.by_lines)].all()
    assert not set(subtracted(counts, found.hidden, codes)) & set(found.by_lines)


def test_a_cell_that_equals_its_total_is_said_and_costs_no_other() -> None:
    counts, codes = np.array([3, 0, 0, 40, 0, 30, 20, 10, 0]), codes_of((3, 3))
    assert suppress(np.array([2]), np.array([True]), [np.zeros(1, np.int64)], 5).given_away == (0,)
    # The other two columns of the first row could hold the 3 as far as totals say.
    found = suppress(counts, counts == 3, codes, 5)
    assert not found.given_away
    assert bounds(counts, found.hidden, codes, 0) == (0, 3)


def test_a_dimension_of_one_code_has_no_totals() -> None:
    counts = np.array([2, 9, 30])
    found = suppress(counts, counts < 5, [np.arange(3), np.zeros(3, np.int64)], 5)
    assert found.hidden.tolist() == [True, True, False]
    assert not found.given_away
    assert determined(found.hidden, [np.arange(3), np.zeros(3, np.int64)]) == []


def test_what_counts_are_known_to_be_at_most() -> None:
    """Of 12, 9 and 40 the first can only have the companion that has room below its own limit."""
    counts, most = np.array([12, 9, 40]), np.array([14, 10, 100])
    primary = np.array([True, False, False])
    assert suppress(counts, primary, [np.arange(3)], 5).hidden.tolist() == [True, True, False]
    found = suppress(counts, primary, [np.arange(3)], 5, most=most)
    assert found.hidden.tolist() == [True, False, True]


def test_without_dimensions_only_the_primary_cells_go() -> None:
    primary = np.array([True, False])
    found = suppress(np.array([1, 1]), primary, [], 5)
    assert isinstance(found, Suppression)
    assert found.hidden.tolist() == [True, False]
