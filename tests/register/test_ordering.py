"""Reports are put side by side by person, in the order of the log inside each person."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from folkestrom.engine.settings import EngineSettings, connect, memory_of, threads_of
from folkestrom.register.kernel.ordering import group_by_person

ANY_PSEUDONYM = st.integers(-(2**63), 2**63 - 1)


def expected(persons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(persons, kind="stable")
    counts = np.unique(persons, return_counts=True)[1]
    return np.argsort(order), np.concatenate(([0], np.cumsum(counts)))


@given(
    st.lists(st.one_of(st.integers(0, 5), st.integers(0, 100_000), ANY_PSEUDONYM), max_size=60),
    st.integers(1, 5),
)
def test_groups_like_a_stable_sort(persons: list[int], threads: int) -> None:
    numbers = np.array(persons, np.int64)
    found = group_by_person(numbers, threads)
    places, starts = expected(numbers)
    np.testing.assert_array_equal(found.places, places)
    np.testing.assert_array_equal(found.starts, starts)


@pytest.mark.parametrize("highest", [3, 10**6, 2**63 - 1])
def test_many_rows_come_out_the_same_with_any_number_of_threads(highest: int) -> None:
    random = np.random.default_rng(1)
    persons = random.integers(-highest - 1, highest, 5_000)[random.integers(0, 5_000, 50_000)]
    places, starts = expected(persons)
    for threads in (1, 2, 3):
        found = group_by_person(persons, threads)
        np.testing.assert_array_equal(found.places, places)
        np.testing.assert_array_equal(found.starts, starts)


def test_a_connection_says_its_limits() -> None:
    with connect(settings=EngineSettings(memory="512MiB", threads=3)) as connection:
        assert threads_of(connection) == 3
        assert memory_of(connection) == 2**29
