"""Curves of counts: no small count can be found between two shown times."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.disclosure import Rules
from folkestrom.disclosure.curves import ThinnedCurves, applied, smallest_group, thin
from folkestrom.disclosure.records import disclosure_note
from folkestrom.errors import UsageError

Counts = npt.NDArray[np.int64]


@st.composite
def left(draw: st.DrawFn) -> tuple[Counts, Counts, Counts, int, bool]:
    """Cumulative counts of two events and of those lost, who is still there, and a rule."""
    rows = draw(st.integers(1, 12))
    each = st.lists(st.sampled_from([0, 0, 1, 2, 4, 5, 9, 40]), min_size=rows, max_size=rows)
    columns = [np.cumsum(draw(each)) for _ in range(3)]
    steps = np.column_stack(columns)
    still = steps[-1].sum() - steps[:-1].sum(axis=1)
    return steps[:, :2], steps[:, 2:], still, draw(st.integers(0, 8)), draw(st.booleans())


def differences(values: Counts, found: ThinnedCurves) -> Counts:
    """Counts between neighbouring shown times, from the start and to the end."""
    edges = [-1, *np.flatnonzero(found.times), len(values) - 1]
    at = [np.zeros_like(values[0]) if row < 0 else values[row] for row in edges]
    return np.array([high - low for low, high in pairwise(at)])


@given(left())
def test_no_small_count_lies_between_two_shown_times(
    case: tuple[Counts, Counts, Counts, int, bool],
) -> None:
    events, others, still, minimum, zeros = case
    found = thin(events, others, still, minimum, zeros=zeros)
    smallest = 0 if zeros else 1
    small = range(smallest, minimum)
    if not found.times.any():
        return
    assert not np.isin(differences(events[:, found.kinds], found), small).any()
    # What is shown gives the lost and the events without a curve only together.
    rest = others[:, 0] + events[:, ~found.kinds].sum(axis=1)
    assert not np.isin(differences(rest[:, None], found), small).any()
    assert not np.isin(still[found.times], small).any()


@given(left())
def test_only_what_has_to_be_is_left_out(case: tuple[Counts, Counts, Counts, int, bool]) -> None:
    """A time that could be added to the shown ones is shown already."""
    events, others, still, minimum, zeros = case
    found = thin(events, others, still, minimum, zeros=zeros)
    smallest = 0 if zeros else 1
    rest = others[:, 0] + events[:, ~found.kinds].sum(axis=1)
    shown = np.column_stack([events[:, found.kinds], rest])
    if np.isin(shown[-1], range(smallest, minimum)).any():
        assert not found.times.any()
        return
    for row in np.flatnonzero(~found.times):
        more = found.times.copy()
        more[row] = True
        between = differences(shown, ThinnedCurves(more, found.kinds))
        assert np.isin(between, range(smallest, minimum)).any()


@given(left(), st.data())
def test_what_is_asked_for_does_not_depend_on_what_else_is_drawn(
    case: tuple[Counts, Counts, Counts, int, bool], data: st.DataObject
) -> None:
    events, others, still, minimum, zeros = case
    first = np.array(data.draw(st.lists(st.booleans(), min_size=len(still), max_size=len(still))))
    rows = [*np.flatnonzero(first), len(events) - 1]
    alone = thin(events[rows], others[rows], still[first.astype(bool)], minimum, zeros=zeros)
    both = thin(events, others, still, minimum, zeros=zeros, first=first)
    assert both.times[first.astype(bool)].tolist() == alone.times.tolist()


def test_by_hand() -> None:
    days = [1, 2, 3, 4, 5]
    events = np.array([[2, 0], [7, 0], [9, 6], [14, 6], [20, 6], [26, 11]])
    lost = np.array([[0], [0], [0], [8], [8], [30]])
    still = 67 - events[:-1].sum(axis=1) - lost[:-1, 0]
    found = thin(events, lost, still, 5)
    # Day 1: 2 events. Day 2: 7. Day 3: 2 more. Day 4: 7 of the first, 6 of the second, 8 lost.
    assert [d for d, shown in zip(days, found.times, strict=True) if shown] == [2, 4, 5]
    assert found.kinds.tolist() == [True, True]
    # With zeros day 2 has too few of the second event, and day 5 too few of it after day 4.
    assert np.flatnonzero(thin(events, lost, still, 5, zeros=True).times).tolist() == [3]


def test_a_rare_event_has_no_curve_and_hides_among_the_lost() -> None:
    events = np.array([[10, 1], [20, 3], [30, 3]])
    lost = np.array([[2], [20], [40]])
    found = thin(events, lost, [60, 30], 5)
    assert found.kinds.tolist() == [True, False]
    # On the first day 2 lost and 1 rare event: 3 that would be found.
    assert found.times.tolist() == [False, True]


def test_late_entries_are_held_to_the_minimum_too() -> None:
    events, lost = np.array([[5], [10], [20]]), np.array([[0], [0], [10]])
    entered = np.array([[20], [22], [30]])
    assert thin(events, np.column_stack([lost, entered]), [15, 12], 5).times.tolist() == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("events", "others", "at_risk", "column"),
    [
        ([[1], [0]], [[0], [0]], [1], "events"),
        ([[1]], [[0], [0]], [1], "events"),
        ([[1], [1]], [[0]], [1], "others"),
        ([[1.5], [2.0]], [[0], [0]], [1], "events"),
    ],
)
def test_what_are_no_counts_is_refused(events: Any, others: Any, at_risk: Any, column: str) -> None:
    with pytest.raises(UsageError, match=f"thin, column {column}"):
        thin(events, others, at_risk, 5)


def test_readers_are_told_what_was_done() -> None:
    rules = Rules("ours", minimum_cell=5, minimum_population=100)
    note = disclosure_note(rules, applied(rules, groups=2, times=3))
    assert note.en == (
        'Disclosure control "ours": groups of fewer than 100 persons not shown: 2; '
        "times left out, so that no count between two of them is 1-4: 3."
    )
    zeros = Rules("ours", minimum_cell=5, zeros=True, whole_percent_below=50)
    assert (
        "kurver for 0-4 hendelser er ikke vist: 1"
        in disclosure_note(zeros, applied(zeros, kinds=1)).no
    )
    assert smallest_group(rules) == 100
    assert smallest_group(zeros) == 5
