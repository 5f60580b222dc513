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

from folkestrom.disclosure.applied import (
    Applied,
    companions,
    note_of,
    rounded_counts,
    small_counts,
    small_groups,
)
from folkestrom.disclosure.rounding import round_small
from folkestrom.disclosure.rules import Rules, named
from folkestrom.disclosure.suppression import complement
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
    applied: tuple[Applied, ...]

    @property
    def note(self) -> Text:
        """What was done, for readers, in English and Norwegian."""
        return note_of(self.rules, self.applied)


def release_chart(
    rows: Sequence[int],
    persons: Sequence[int],
    outcomes: Sequence[int],
    rules: Rules | str,
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
    if (
        len(rows) != len(persons)
        or not rows
        or any(after > before for before, after in pairwise(rows))
        or sum(outcomes) != rows[-1]
    ):
        raise UsageError("are not those of a flow chart", where="rows, persons, outcomes")
    if given.rounding_base:
        return _rounded(rows, persons, outcomes, given)
    return _suppressed(rows, persons, outcomes, given)


def _small(rules: Rules) -> Callable[[int], bool]:
    def small(number: int) -> bool:
        return number < rules.minimum_cell and (number > 0 or rules.zeros)

    return small


def _suppressed(
    rows: Sequence[int], persons: Sequence[int], outcomes: Sequence[int], rules: Rules
) -> ProtectedChart:
    small = _small(rules)
    last = len(rows) - 1
    few = [many < rules.minimum_population for many in persons]
    allowed = [
        number
        for number in range(len(rows))
        if not few[number] and not small(rows[number]) and not small(persons[number])
    ]
    boxes = _chain(rows, allowed, [number for number in allowed if number == last], small)
    # Where nobody has two rows, the persons are known with the rows.
    alike = [number for number in boxes if rows[number] == persons[number]]
    rest = [number for number in boxes if not small(rows[number] - persons[number])]
    told = _chain(persons, sorted({*alike, *rest}), alike, small)
    drops = _drops(rows)
    shown = [number == 0 or {number - 1, number} <= set(boxes) for number in range(len(rows))]
    ended = _outcomes(outcomes, rules) if last in boxes else [False] * len(outcomes)
    found = [
        _only(rows, [number in boxes for number in range(len(rows))]),
        _only(persons, [number in told for number in range(len(rows))]),
        _only(drops, shown),
        _only(outcomes, ended),
    ]
    applied = [small_groups(rules, sum(few))] if rules.minimum_population else []
    gone = [
        one
        for true, kept in zip((rows, persons, drops, outcomes), found, strict=True)
        for one, number in zip(true, kept, strict=True)
        if number is None
    ]
    hit = sum(small(number) for number in gone)
    applied += [small_counts(rules, hit)] if rules.minimum_cell else []
    applied.append(companions(len(gone) - hit))
    return ProtectedChart(found[0], found[1], found[2], found[3], rules, tuple(applied))


def _chain(
    counts: Sequence[int],
    allowed: Sequence[int],
    forced: Sequence[int],
    small: Callable[[int], bool],
) -> list[int]:
    """As many places as can be shown with no small difference between neighbours of them.

    Parameters
    ----------
    counts
        Numbers that never rise.
    allowed, forced
        Places that may, and that must be shown.
    small
        Whether a number is too small.
    """
    best: dict[int, tuple[int, list[int]]] = {}
    for place in allowed:
        worth = _BOX if place else _FIRST
        before = [
            best[other]
            for other in best
            if not small(counts[other] - counts[place])
            and not any(other < must < place for must in forced)
        ]
        if not any(must < place for must in forced):
            before.append((0, []))
        if before:
            value, path = max(before, key=lambda one: one[0])
            best[place] = value + worth, [*path, place]
    ends = [one for place, one in best.items() if not any(must > place for must in forced)]
    return max(ends, key=lambda one: one[0], default=(0, []))[1]


def _outcomes(outcomes: Sequence[int], rules: Rules) -> list[bool]:
    counts = np.asarray(outcomes, np.int64)
    small = np.array([_small(rules)(number) for number in outcomes], np.bool_)
    gone = complement(counts, small, [np.arange(len(counts))], rules.minimum_cell)
    return [not hidden for hidden in gone.tolist()]


def _rounded(
    rows: Sequence[int], persons: Sequence[int], outcomes: Sequence[int], rules: Rules
) -> ProtectedChart:
    drops = _drops(rows)
    fewer = [0, *_round(drops[1:], rules)]
    kept = [many >= rules.minimum_population for many in persons]
    ended: list[int] = _round(outcomes, rules)
    boxes = [sum(ended)]
    if not kept[-1]:
        # Nothing of what came of them is shown: the last box that is begins the sums.
        whole = max((number for number, show in enumerate(kept) if show), default=0)
        boxes = _round([rows[whole]], rules) + [0] * (len(rows) - 1 - whole)
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


def _round(counts: Sequence[int], rules: Rules) -> list[int]:
    values = np.asarray(counts, np.int64)
    rounded: list[int] = round_small(values, [np.arange(len(values))], rules.rounding_base).tolist()
    return rounded


def _drops(rows: Sequence[int]) -> list[int]:
    return [0, *(before - after for before, after in pairwise(rows))]


def _only(numbers: Sequence[int], shown: Sequence[bool]) -> Numbers:
    return tuple(number if show else None for number, show in zip(numbers, shown, strict=True))
