"""The flow chart of a study, as it may be shown: boxes that follow from each other by subtraction.

A box holds rows and the persons they are of; what is left out between two boxes is their
difference, and the last box is the sum of the outcomes. A number that is left out can be shown
where both of its boxes are; between two boxes that are shown, nothing small was left out in all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from folkestrom.disclosure.records import (
    DisclosureRecord,
    complementary_suppressions,
    disclosure_note,
    rounded_counts,
    small_counts,
    small_groups,
)
from folkestrom.disclosure.rounding import round_small
from folkestrom.disclosure.rules import Rules, named
from folkestrom.disclosure.suppression.complementary import complement
from folkestrom.errors import UsageError
from folkestrom.model.specification import Text

#: A box more is worth this; the first one, where a study begins, a little more than another.
_BOX: Final = 2
_FIRST: Final = 3

Numbers = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class ProtectedChart:
    """Numbers of a flow chart that may be shown; None: not shown.

    Parameters
    ----------
    rows, persons
        Of each box.
    dropped
        Rows that were left out before it; of the first box 0.
    outcomes
        What came of the last box.
    rules
        The rules.
    applied
        What each of them did, in numbers of the chart.
    """

    rows: Numbers
    persons: Numbers
    dropped: Numbers
    outcomes: Numbers
    rules: Rules
    applied: tuple[DisclosureRecord, ...]

    @property
    def note(self) -> Text:
        """What was done, for readers, in English and Norwegian."""
        return disclosure_note(self.rules, self.applied)


@dataclass(frozen=True, slots=True)
class _Chart:
    """The true numbers."""

    rows: Sequence[int]
    persons: Sequence[int]
    outcomes: Sequence[int]
    losing: Sequence[int]
    ended: Sequence[int]

    @property
    def dropped(self) -> list[int]:
        return [0, *(before - after for before, after in pairwise(self.rows))]

    def check(self) -> None:
        sizes = len(self.rows) == len(self.persons) == len(self.losing) > 0
        if (
            not sizes
            or len(self.outcomes) != len(self.ended)
            or min(self.dropped) < 0
            or sum(self.outcomes) != self.rows[-1]
        ):
            raise UsageError("are not those of a flow chart", where="rows, persons, outcomes")


def release_chart(
    rows: Sequence[int],
    persons: Sequence[int],
    outcomes: Sequence[int],
    rules: Rules | str,
    *,
    losing: Sequence[int] | None = None,
    ended: Sequence[int] | None = None,
) -> ProtectedChart:
    """Protect the flow chart of a study for publication.

    Parameters
    ----------
    rows, persons
        Rows of each box, in order and never rising, and the persons they are of.
    outcomes
        Rows of the last box by outcome.
    rules
        Rules, or their name. With rounding, boxes are the sums of what is shown below them, and
        persons are not shown: they may be as many as the true rows.
    losing, ended
        Persons that the rows left out before each box, and those of each outcome, are of: they must
        not be few either. None: as many as rows.

    Raises
    ------
    UsageError
        Numbers that are no flow chart.

    Examples
    --------
    >>> found = release_chart([500, 498, 300], [400, 398, 260], [250, 49, 1], "statistics")
    >>> found.rows, found.dropped, found.outcomes
    ((500, None, 300), (0, None, None), (250, None, None))
    """
    given = named(rules) if isinstance(rules, str) else rules
    fallen = [0, *(before - after for before, after in pairwise(rows))]
    chart = _Chart(rows, persons, outcomes, losing or fallen, ended or outcomes)
    chart.check()
    return _rounded(chart, given) if given.rounding_base else _suppressed(chart, given)


def _small(number: int, rules: Rules) -> bool:
    return number < rules.minimum_cell and (number > 0 or rules.zeros)


def _suppressed(chart: _Chart, rules: Rules) -> ProtectedChart:
    rows, persons = chart.rows, chart.persons
    last = len(rows) - 1
    few = [many < rules.minimum_population for many in persons]
    allowed = [
        number
        for number in range(len(rows))
        if not (few[number] or _small(rows[number], rules) or _small(persons[number], rules))
    ]

    def near(before: int, after: int) -> bool:
        # Persons may be counted in several steps: those of one of them are there at least.
        least = max(chart.losing[before + 1 : after + 1])
        return _small(min(rows[before] - rows[after], least), rules)

    def near_in_persons(before: int, after: int) -> bool:
        return _small(persons[before] - persons[after], rules)

    boxes = _chain(allowed, [number for number in allowed if number == last], near)
    # Where nobody has two rows, the persons are known with the rows.
    alike = [number for number in boxes if rows[number] == persons[number]]
    rest = [number for number in boxes if not _small(rows[number] - persons[number], rules)]
    told = _chain(sorted({*alike, *rest}), alike, near_in_persons)
    shown = [number == 0 or {number - 1, number} <= set(boxes) for number in range(len(rows))]
    ended = _outcomes(chart, rules) if last in boxes else [False] * len(chart.outcomes)
    everything = range(len(rows))
    found = (
        _only(rows, [number in boxes for number in everything]),
        _only(persons, [number in told for number in everything]),
        _only(chart.dropped, shown),
        _only(chart.outcomes, ended),
    )
    behind = (
        [*map(min, rows, persons)],
        persons,
        [*map(min, chart.dropped, chart.losing)],
        [*map(min, chart.outcomes, chart.ended)],
    )
    gone = [
        of
        for true, kept in zip(behind, found, strict=True)
        for of, number in zip(true, kept, strict=True)
        if number is None
    ]
    hit = sum(_small(number, rules) for number in gone)
    applied = [small_groups(rules, sum(few))] if rules.minimum_population else []
    applied += [small_counts(rules, hit)] if rules.minimum_cell else []
    applied.append(complementary_suppressions(len(gone) - hit))
    return ProtectedChart(found[0], found[1], found[2], found[3], rules, tuple(applied))


def _chain(
    allowed: Sequence[int], forced: Sequence[int], near: Callable[[int, int], bool]
) -> list[int]:
    """As many places as can be shown when no two neighbours of them may lie too near.

    Parameters
    ----------
    allowed, forced
        Places that may, and that must be shown.
    near
        Whether the difference of two is too small.
    """
    best: dict[int, tuple[int, list[int]]] = {}
    for place in allowed:
        first = max((must for must in forced if must < place), default=-1)
        before = [one for other, one in best.items() if other >= first and not near(other, place)]
        if first < 0:
            before.append((0, []))
        if before:
            value, path = max(before, key=lambda one: one[0])
            best[place] = value + (_BOX if place else _FIRST), [*path, place]
    last = max(forced, default=-1)
    ends = [one for place, one in best.items() if place >= last]
    return max(ends, key=lambda one: one[0], default=(0, []))[1]


def _outcomes(chart: _Chart, rules: Rules) -> list[bool]:
    """Which outcomes are shown of a last box that is."""
    counts = np.asarray(chart.outcomes, np.int64)
    people = np.minimum(counts, np.asarray(chart.ended, np.int64))
    small = np.array([_small(int(number), rules) for number in people], np.bool_)
    hidden = complement(counts, small, [np.arange(len(counts))], rules.minimum_cell)
    # What is hidden is known in all, and must not be of few persons.
    for place in np.argsort(people, kind="stable"):
        if not hidden.any() or not _small(int(people[hidden].max()), rules):
            break
        hidden[place] = hidden[place] or counts[place] > 0
    return [not gone for gone in hidden.tolist()]


def _rounded(chart: _Chart, rules: Rules) -> ProtectedChart:
    rows, drops, outcomes = chart.rows, chart.dropped, chart.outcomes
    fewer = [0, *_round(drops[1:], chart.losing[1:], rules)]
    kept = [many >= rules.minimum_population for many in chart.persons]
    ended = _round(outcomes, chart.ended, rules)
    boxes = [sum(ended)]
    if not kept[-1]:
        # Nothing of what came of them is shown: the last box that is begins the sums.
        whole = max((number for number, show in enumerate(kept) if show), default=0)
        boxes = _round([rows[whole]], [chart.persons[whole]], rules) + [0] * (len(rows) - 1 - whole)
    for number in range(len(rows) - len(boxes), 0, -1):
        boxes.insert(0, boxes[0] + fewer[number])
    shown = [show and (not number or kept[number - 1]) for number, show in enumerate(kept)]
    changed = sum(a != b for a, b in zip((*drops, *outcomes), (*fewer, *ended), strict=True))
    applied = [small_groups(rules, len(kept) - sum(kept))] if rules.minimum_population else []
    applied.append(rounded_counts(rules, changed))
    return ProtectedChart(
        _only(boxes, kept),
        (None,) * len(rows),
        _only(fewer, [number == 0 or show for number, show in enumerate(shown)]),
        _only(ended, [kept[-1]] * len(ended)),
        rules,
        tuple(applied),
    )


def _round(counts: Sequence[int], people: Sequence[int], rules: Rules) -> list[int]:
    """Small counts, and those of few persons, as 0 or the base: sums are of what is shown."""
    base = rules.rounding_base
    values = [min(pair) if pair[1] < base else pair[0] for pair in zip(counts, people, strict=True)]
    rounded: list[int] = round_small(values, [np.arange(len(values))], base).tolist()
    return rounded


def _only(numbers: Sequence[int], shown: Sequence[bool]) -> Numbers:
    return tuple(number if show else None for number, show in zip(numbers, shown, strict=True))
