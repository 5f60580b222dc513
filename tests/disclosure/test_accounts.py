"""No small count can be found from the totals that a table shows, or from the rest of an account.

The attacker solves for the least and the greatest value of a hidden count, knowing every figure
that is shown, every total, and that no count is negative. He shares nothing with the search.
"""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from folkestrom.disclosure.suppression.accounts import (
    Account,
    Equal,
    Layout,
    suppress_account,
    suppress_counts,
)

MINIMUM = 3
SMALL = st.one_of(st.integers(0, 4), st.integers(0, 40))
ACCOUNT = Account(
    {"start": 1, "births": 1, "immigration": 1, "deaths": -1, "emigration": -1, "end": -1},
    ("start", "end"),
)


def bounds(
    equations: list[np.ndarray], known: dict[int, int], size: int, cell: int, least: int = 0
) -> list[float]:
    """The least and the greatest value of a cell, by equations that are 0."""
    limits = [(known[n], known[n]) if n in known else (least, None) for n in range(size)]
    found = []
    for sign in (1, -1):
        goal = np.zeros(size)
        goal[cell] = sign
        solved = linprog(
            goal,
            A_eq=np.array(equations),
            b_eq=np.zeros(len(equations)),
            bounds=limits,
            method="highs",
        )
        found.append(sign * solved.fun if solved.status == 0 else np.inf)
    return found


def with_totals(inner: np.ndarray) -> np.ndarray:
    """A table with a total at the end of every dimension."""
    for axis in range(inner.ndim):
        inner = np.concatenate([inner, inner.sum(axis, keepdims=True)], axis)
    return inner


def sums(shape: tuple[int, ...]) -> list[np.ndarray]:
    """Each line of a table with totals: its cells less its total."""
    numbers = np.arange(np.prod(shape)).reshape(shape)
    found = []
    for axis in range(len(shape)):
        for line in np.moveaxis(numbers, axis, -1).reshape(-1, shape[axis]):
            row = np.zeros(numbers.size)
            row[line[:-1]], row[line[-1]] = 1, -1
            found.append(row)
    return found


@settings(max_examples=40)
@given(st.data(), st.booleans())
def test_totals_that_are_shown_tell_no_small_count(data: st.DataObject, occurring: bool) -> None:
    inner = tuple(data.draw(st.lists(st.integers(2, 4), min_size=1, max_size=2)))
    size = int(np.prod(inner))
    values = data.draw(st.lists(SMALL, min_size=size, max_size=size))
    table = with_totals(np.array(values).reshape(inner))
    shape, counts = table.shape, table.ravel()
    codes = [axis.ravel() for axis in np.indices(shape)]
    summed = sum(
        (code == length - 1).astype(np.int64) for code, length in zip(codes, shape, strict=True)
    )
    # Where only what occurs has a row, everybody knows that a cell without one is empty, and that
    # no other is.
    rows = np.flatnonzero(counts > 0) if occurring else np.arange(counts.size)
    small = (counts > 0) & (counts < MINIMUM)
    of = Layout(
        [code[rows] for code in codes], summed[rows], np.zeros_like(rows), occurring=occurring
    )
    (found,) = suppress_counts([counts[rows]], [small[rows]], of, MINIMUM)
    hidden = np.zeros(counts.size, np.bool_)
    hidden[rows] = found.hidden
    given_away = set(rows[list(found.given_away)].tolist())
    shown = {n: int(counts[n]) for n in np.flatnonzero(~hidden)}
    empty = {n: 0 for n in range(counts.size) if n not in rows}
    least = int(occurring)
    for cell in np.flatnonzero(small).tolist():
        low, high = bounds(sums(shape), shown, counts.size, cell, least)
        free = bounds(sums(shape), empty, counts.size, cell, least)
        assert high - low > 0 or cell in given_away or free[1] - free[0] == 0
        if cell not in given_away:
            assert high >= min(MINIMUM, free[1]) - 1e-6


def account_of(values: list[int]) -> list[int]:
    start, births, immigration, deaths, emigration = values
    end = start + births + immigration - deaths - emigration
    return [start - min(end, 0), births, immigration, deaths, emigration, max(end, 0)]


@settings(max_examples=40)
@given(st.lists(st.lists(SMALL, min_size=5, max_size=5), min_size=2, max_size=3))
def test_the_rest_of_an_account_tells_no_small_count(rows: list[list[int]]) -> None:
    accounts = np.array([account_of(row) for row in rows]).T
    places = accounts.shape[1]
    of = Layout([np.arange(places)], np.zeros(places, np.int64), np.zeros(places, np.int64))
    small = [(count > 0) & (count < MINIMUM) for count in accounts]
    found = suppress_account(list(accounts), small, of, ACCOUNT, MINIMUM)
    hidden = np.array([one.hidden for one in found])
    equations = []
    signs = list(ACCOUNT.signs.values())
    totals = accounts.sum(1)
    # One more account holds what all add up to, which everybody knows.
    size = 6 * (places + 1)
    known = {6 * places + k: int(totals[k]) for k in range(6)}
    for place in range(places):
        row = np.zeros(size)
        row[6 * place : 6 * place + 6] = signs
        equations.append(row)
    for k in range(6):
        row = np.zeros(size)
        row[k::6] = 1
        row[6 * places + k] = -1
        equations.append(row)
    known |= {
        6 * p + k: int(accounts[k, p])
        for k, p in itertools.product(range(6), range(places))
        if not hidden[k, p]
    }
    for k, p in zip(*np.nonzero(np.array(small)), strict=True):
        given_away = p in found[k].given_away
        least, greatest = bounds(equations, known, size, int(6 * p + k))
        assert given_away or greatest - least > 0


def test_a_small_count_takes_another_of_its_account_with_it() -> None:
    none = np.zeros(1, np.int64)
    counts = [np.array([n]) for n in (900, 2, 7, 9, 5, 895)]
    found = suppress_account(
        counts, [c < MINIMUM for c in counts], Layout([], none, none), ACCOUNT, MINIMUM
    )
    hidden = dict(zip(ACCOUNT.signs, (one.hidden.item() for one in found), strict=True))
    # The least that protects: a flow on either side, and never a population.
    assert hidden["births"]
    assert [n for n, gone in hidden.items() if gone] in (
        ["births", "emigration"],
        ["births", "immigration"],
        ["births", "deaths"],
    )


def test_an_end_that_is_hidden_is_hidden_as_the_next_beginning() -> None:
    codes, times = [np.array([0, 1, 0, 1])], np.array([0, 0, 1, 1])
    counts = [
        np.array([1, 50, 2, 60]),
        np.array([1, 10, 9, 9]),
        np.zeros(4, np.int64),
        np.zeros(4, np.int64),
        np.zeros(4, np.int64),
        np.array([2, 60, 11, 69]),
    ]
    small = [(count > 0) & (count < MINIMUM) for count in counts]
    found = suppress_account(
        counts, small, Layout(codes, np.zeros(4, np.int64), times), ACCOUNT, MINIMUM
    )
    assert found[-1].hidden[:2].tolist() == found[0].hidden[2:].tolist()
    assert found[-1].hidden[0]


def test_equal_counts_are_hidden_together_and_balance_no_account() -> None:
    account = Account({"start": 1, "deaths": -1, "in": 1, "out": -1, "end": -1}, ("start", "end"))
    counts = [np.array(n) for n in ([60, 70], [2, 9], [5, 8], [5, 8], [58, 61])]
    none = np.zeros(2, np.int64)
    of = Layout([np.arange(2)], none, none, whole=np.ones(2, np.bool_))
    small = [(count > 0) & (count < MINIMUM) for count in counts]
    found = suppress_account(counts, small, of, account, MINIMUM, Equal(("in", "out")))
    hidden = dict(zip(account.signs, (one.hidden.tolist() for one in found), strict=True))
    assert hidden["in"] == hidden["out"]
    # Deaths of the first row are start less end, whatever moves there were.
    assert hidden["start"][0] or hidden["end"][0]
