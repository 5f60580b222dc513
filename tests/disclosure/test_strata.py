"""Weighted sums of strata: shown where they tell no small stratum."""

from __future__ import annotations

from itertools import product
from math import comb, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.disclosure import RESEARCH, STATISTICS, Rules
from folkestrom.disclosure.strata import MOST_TOLD_APART, sums_hide_strata


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        ([2, 2], False),
        ([0, 4], True),
        ([3, 9], True),
        ([2, 90_000], False),
        ([1, 2, 30, 40, 50], False),
        ([1, 2] * 20, True),
        ([0] * 40 + [2], False),
        ([], True),
    ],
)
def test_small_strata_are_hidden_among_many_only(events: list[int], shown: bool) -> None:
    assert sums_hide_strata(events, STATISTICS) is shown


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60))
def test_the_number_of_ways_is_exact(events: list[int]) -> None:
    ways = comb(sum(events) + len(events) - 1, len(events) - 1)
    # Of logarithms in floating point, only what is near the limit may differ.
    if abs(log(ways) - log(MOST_TOLD_APART)) > 1e-6:
        small = any(0 < count < 5 for count in events)
        assert sums_hide_strata(events, RESEARCH) is (not small or ways >= MOST_TOLD_APART)


def test_ways_are_counted_one_by_one() -> None:
    ways = sum(sum(lie) == 6 for lie in product(range(7), repeat=4))
    assert ways == comb(6 + 3, 3)


def test_events_of_few_persons_are_few() -> None:
    assert not sums_hide_strata([4, 9], STATISTICS, persons=[2, 9])
    # Persons who were counted elsewhere already are persons still.
    assert not sums_hide_strata([4, 9], STATISTICS, persons=[0, 9])
    assert sums_hide_strata([0, 9], STATISTICS, persons=[0, 9])


def test_zeros_where_the_rules_say_so() -> None:
    strict = Rules("strict", minimum_cell=3, zeros=True)
    assert not sums_hide_strata([0, 4], strict)
    assert sums_hide_strata([0, 4], Rules("persons alone", minimum_population=100))


def test_strata_that_are_in_no_sum_hide_nothing() -> None:
    many = [1, 2] * 20
    assert sums_hide_strata(many, STATISTICS, weights=[1.0, 2.0] * 20)
    assert not sums_hide_strata(many, STATISTICS, weights=[1.0] * 2 + [0.0] * 38)
    # One event of the group where the standard has nobody: what is left of the group's events.
    assert not sums_hide_strata([9, 1], STATISTICS, weights=[1.0, 0.0])


def test_a_stratum_that_decides_the_sum_is_not_hidden() -> None:
    """One with few person-years: each of its events is seen in the rate."""
    counts, weights = [2] + [30] * 40, [1000.0] + [0.5, 0.7] * 20
    rate = sum(count * weight for count, weight in zip(counts, weights, strict=True))
    seen = [n for n in range(9) if 0.5 * (1202 - n) <= rate - 1000 * n <= 0.7 * (1202 - n)]
    assert seen == [2]
    assert sums_hide_strata(counts, STATISTICS)
    assert not sums_hide_strata(counts, STATISTICS, weights=weights)
    assert sums_hide_strata(counts, STATISTICS, weights=[5.0, *weights[1:]])
    # Which stratum it is does not matter where its count may be shown.
    assert sums_hide_strata([3, *counts[1:]], STATISTICS, weights=weights)


def test_more_sums_need_more_ways() -> None:
    assert not sums_hide_strata([1, 2] * 20, STATISTICS, sums=2)
    assert sums_hide_strata([10, 2] * 40, STATISTICS, sums=2)
