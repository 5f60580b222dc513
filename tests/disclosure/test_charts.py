"""Flow charts through the gate: nothing small can be found by subtraction."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.disclosure import Rules
from folkestrom.disclosure.charts import ProtectedChart, release_chart
from folkestrom.errors import UsageError

STATISTICS = Rules("ours", minimum_cell=3)
FIVE = Rules("five", minimum_cell=5)


class Chart(NamedTuple):
    rows: list[int]
    persons: list[int]
    outcomes: list[int]
    losing: list[int]
    ended: list[int]

    @property
    def dropped(self) -> list[int]:
        return [0, *(a - b for a, b in pairwise(self.rows))]


SIZES = st.one_of(st.integers(0, 8), st.integers(0, 300))


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    """Persons with some rows each, who lose them at the steps or have an outcome."""
    steps, kinds = draw(st.integers(0, 5)), draw(st.integers(1, 4))
    many = [draw(SIZES) for _ in range(steps + kinds)]
    repeated = draw(st.sampled_from([1, 1, 4]))
    fates = np.repeat(np.arange(steps + kinds), many)
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(len(fates))
    person = np.empty(len(fates), np.int64)
    person[order if draw(st.booleans()) else np.arange(len(fates))] = (
        np.arange(len(fates)) // repeated
    )

    def of(mask: np.ndarray) -> int:
        return len(np.unique(person[mask]))

    return Chart(
        [int((fates >= k).sum()) for k in range(steps + 1)],
        [of(fates >= k) for k in range(steps + 1)],
        [int((fates == steps + k).sum()) for k in range(kinds)],
        [0, *(of(fates == k) for k in range(steps))],
        [of(fates == steps + k) for k in range(kinds)],
    )


def gate(chart: Chart, rules: Rules) -> ProtectedChart:
    rows, persons, outcomes, losing, ended = chart
    return release_chart(rows, persons, outcomes, rules, losing=losing, ended=ended)


def equations(chart: Chart, found: ProtectedChart) -> np.ndarray:
    """What a reader knows, over the unknown drops, outcomes, persons lost and persons left."""
    m, j = len(chart.rows) - 1, len(chart.outcomes)
    size = m + j + m + 1
    known = []
    for k in range(m + 1):
        if found.rows[k] is not None:
            known.append(box(chart, k))
        if found.persons[k] is not None:
            known.append(people(chart, k))
        if chart.rows[k] == chart.persons[k]:
            known.append(box(chart, k) - people(chart, k))  # nobody twice: that may be known
        if k and found.dropped[k] is not None:
            known.append(np.eye(size)[k - 1])
    known += [np.eye(size)[m + k] for k in range(j) if found.outcomes[k] is not None]
    return np.array(known) if known else np.zeros((1, size))


def box(chart: Chart, k: int) -> np.ndarray:
    m, j = len(chart.rows) - 1, len(chart.outcomes)
    return np.array([*(i >= k for i in range(m)), *[1] * j, *[0] * (m + 1)], float)


def people(chart: Chart, k: int) -> np.ndarray:
    m, j = len(chart.rows) - 1, len(chart.outcomes)
    return np.array([*[0] * (m + j), *(i >= k for i in range(m)), 1], float)


def sensitive(chart: Chart, found: ProtectedChart, small: int) -> dict[str, np.ndarray]:
    """What must not be found: small counts, and small sums of neighbours and of what is hidden."""
    m, size = len(chart.rows) - 1, 2 * (len(chart.rows) - 1) + len(chart.outcomes) + 1
    told = {}

    def tell(name: str, count: int, of: np.ndarray) -> None:
        if 0 < count < small:
            told[name] = of

    for k in range(m + 1):
        tell(f"rows {k}", min(chart.rows[k], chart.persons[k]), box(chart, k))
        tell(f"persons {k}", chart.persons[k], people(chart, k))
        for after in range(k + 1, m + 1):
            gap = box(chart, k) - box(chart, after)
            tell(f"between {k} and {after}", chart.rows[k] - chart.rows[after], gap)
            gap = people(chart, k) - people(chart, after)
            tell(f"lost from {k} to {after}", chart.persons[k] - chart.persons[after], gap)
    for k in range(m):
        tell(f"dropped {k + 1}", min(chart.dropped[k + 1], chart.losing[k + 1]), np.eye(size)[k])
    for k, many in enumerate(chart.outcomes):
        tell(f"outcome {k}", min(many, chart.ended[k]), np.eye(size)[m + k])
    hidden = [k for k, many in enumerate(found.outcomes) if many is None]
    total = np.eye(size)[[m + k for k in hidden]].sum(axis=0) if hidden else np.zeros(size)
    tell("hidden outcomes", sum(chart.outcomes[k] for k in hidden), total)
    return told


@given(charts(), st.sampled_from([STATISTICS, FIVE]))
def test_no_small_number_can_be_solved_for(chart: Chart, rules: Rules) -> None:
    found = gate(chart, rules)
    known = equations(chart, found)
    rank = np.linalg.matrix_rank(known)
    for name, of in sensitive(chart, found, rules.minimum_cell).items():
        assert np.linalg.matrix_rank(np.vstack([known, of])) > rank, name


@given(charts(), st.sampled_from([STATISTICS, FIVE]))
def test_what_is_shown_is_true_and_nothing_is_hidden_needlessly(chart: Chart, rules: Rules) -> None:
    found = gate(chart, rules)
    for true, shown in (
        (chart.rows, found.rows),
        (chart.persons, found.persons),
        (chart.dropped, found.dropped),
        (chart.outcomes, found.outcomes),
    ):
        assert all(b is None or a == b for a, b in zip(true, shown, strict=True))
    if not sensitive(chart, found, rules.minimum_cell) and chart.rows == chart.persons:
        assert None not in (*found.rows, *found.persons, *found.dropped, *found.outcomes)
        assert "no cell was affected" in found.note.en


@given(charts())
def test_rounded_charts_add_up_to_what_is_never_small(chart: Chart) -> None:
    found = gate(chart, Rules("rounded", rounding_base=3))
    rows = [many for many in found.rows if many is not None]
    ended = [many for many in found.outcomes if many is not None]
    assert len(rows) == len(chart.rows)
    assert rows[-1] == sum(ended)
    assert [a - b for a, b in pairwise(rows)] == list(found.dropped[1:])
    assert not {1, 2} & {*rows, *ended, *found.dropped}
    assert set(found.persons) == {None}
    for true, shown, people in zip(chart.outcomes, ended, chart.ended, strict=True):
        assert abs(true - shown) < 3 if people >= 3 or true < 3 else shown in (0, 3)


def test_what_lies_between_two_hidden_drops_is_hidden_with_them() -> None:
    rows = [1000, 998, 700, 600]
    found = release_chart(rows, rows, [500, 100], STATISTICS)
    assert found.rows == (1000, None, 700, 600)
    assert found.persons == found.rows
    assert found.dropped == (0, None, None, 100)
    assert "counts of 1-2, or from which they are derivable, suppressed: 4" in found.note.en


def test_years_of_few_persons_are_few() -> None:
    rows, persons = [1000, 978, 700], [100, 98, 80]
    found = release_chart(rows, persons, [690, 10], STATISTICS, losing=[0, 2, 40], ended=[79, 1])
    assert found.dropped == (0, None, None)
    assert found.outcomes == (None, None)


def test_few_persons_are_not_told_of_at_all() -> None:
    research = Rules("ours", minimum_population=1000, minimum_cell=5)
    found = release_chart([5000, 4000, 900], [5000, 4000, 900], [890, 10], research)
    assert found.rows == (5000, 4000, None)
    assert found.dropped == (0, 1000, None)
    assert found.outcomes == (None, None)
    assert "population below 1000 not shown: 1" in found.note.en
    found = release_chart([9, 9], [9, 9], [9], Rules("r", minimum_population=10, rounding_base=3))
    assert found.rows == (None, None)


def test_the_whole_country_is_shown_where_nothing_is_small() -> None:
    found = release_chart([90, 80], [60, 50], [70, 10], "statistics")
    assert (found.rows, found.persons) == ((90, 80), (60, 50))
    assert (found.dropped, found.outcomes) == ((0, 10), (70, 10))


@pytest.mark.parametrize(
    ("rows", "persons", "outcomes"),
    [([], [], []), ([2, 3], [2, 2], [3]), ([3, 2], [2], [2]), ([3, 2], [3, 2], [1])],
)
def test_what_is_no_chart(rows: list[int], persons: list[int], outcomes: list[int]) -> None:
    with pytest.raises(UsageError, match="flow chart"):
        release_chart(rows, persons, outcomes, STATISTICS)
