"""Monotone partial likelihoods: covariates that tell events from others at risk without error.

A direction is one in which a partial likelihood never falls if, at each time of events, those
with an event have the greatest linear predictor of all at risk (Jacobsen 1989). With Fine and
Gray's weights, all whose weight is not zero are at risk. With exact ties those with an event at
one time are told together, and are compared with the others at risk only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.analysis.design.model_matrix import ModelMatrix
from folkestrom.analysis.design.separation import (
    MOST_ADDED,
    NOTHING,
    Scaled,
    SeparatedRows,
    find_separation,
    finite_maximum_near,
    scaled,
)
from folkestrom.analysis.inference.newton import Maximum, inverse
from folkestrom.analysis.regression.partial_likelihood import ExactPartial, Partial, State
from folkestrom.engine.kernels import kernel

Floats: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.int64]
Places: TypeAlias = npt.NDArray[np.int32]


def near_maximum(partial: Partial, found: Maximum[State]) -> bool:
    """Whether a maximum must be near where a maximisation ended.

    Parameters
    ----------
    partial
        The likelihood.
    found
        Where the maximisation ended.
    """
    errors = np.sqrt(np.abs(np.diag(inverse(found.information))))
    reach = 2 * partial.sets.design.reach(errors) * partial.together
    return finite_maximum_near(found.end.gradient, found.information, reach)


def separated(partial: Partial, columns: ModelMatrix) -> str:
    """Which covariates have no finite estimate, and why; empty where all have one.

    Parameters
    ----------
    partial
        The likelihood.
    columns
        The covariates of its rows as they are given.
    """
    told = find_separation(_AtRisk(partial, scaled(columns)), np.arange(columns.size) > 0)
    return told.message(("others at risk", "events"), "times of events") if told else ""


@dataclass(frozen=True, slots=True, eq=False)
class _AtRisk:
    """What directions must satisfy: pairs of a row with an event, and another at risk then."""

    partial: Partial
    scaled: Scaled

    def gradient(self) -> Floats:
        """The likelihood's gradient where all have the same hazard."""
        null = self.partial.at(np.zeros(self.partial.sets.design.size))
        own = self.partial.own - null.expected
        found = np.zeros(self.scaled.columns.size)
        for rows, values in self.scaled.blocks():
            found += own[rows] @ values
        found[0] = 0.0
        return found[None, :]

    def broken(self, direction: Floats) -> Floats:
        """Pairs in which the row without the event is ahead, the worst of them."""
        predictor, size = self._predictor(direction)
        event, other = self._last_event(predictor), self._first_at_risk(predictor)
        ahead = _relative(predictor, size, other, event)
        times = np.flatnonzero(ahead > NOTHING)
        times = times[np.argsort(-ahead[times])[:MOST_ADDED]]
        return self.scaled.read(event[times]) - self.scaled.read(other[times])

    def separated_rows(self, direction: Floats) -> SeparatedRows:
        """Times at which a person at risk is behind all who have the event."""
        predictor, size = self._predictor(direction)
        event, other = self._last_event(predictor), self._first_at_risk(-predictor)
        times = np.flatnonzero(_relative(predictor, size, event, other) > NOTHING)
        rows = np.flatnonzero(self._behind(predictor, size, event))
        return SeparatedRows(
            len(times), self.partial.sets.times, frozenset({1}), frozenset({0}), rows
        )

    def _behind(self, predictor: Floats, size: Floats, event: Indices) -> npt.NDArray[np.bool_]:
        """Rows that are behind an event's at some time at which they are at risk."""
        sets = self.partial.sets
        order = np.argsort(predictor[event], kind="stable")
        place = np.empty(sets.times, np.int64)
        place[order] = np.arange(sets.times)
        found = np.zeros(len(predictor), np.bool_)
        spans = [(sets.first, self._last)]
        if len(sets.tail):
            spans.append((sets.last, np.where(sets.tail > 0, sets.end, sets.last)))
        rows = np.arange(len(predictor))
        for first, last in spans:
            best = event[order[_greatest(place, first, last)]]
            ahead = _relative(predictor, size, best, rows)
            found |= (last > first) & (ahead > NOTHING)
        return found

    @property
    def _last(self) -> Places:
        """Where rows are no longer at risk beside those with an event."""
        sets = self.partial.sets
        if not isinstance(self.partial, ExactPartial):
            return sets.last
        return np.where(sets.event, sets.last - 1, sets.last).astype(np.int32)

    def _predictor(self, direction: Floats) -> tuple[Floats, Floats]:
        """Linear predictors of rows, and the size of their parts."""
        predictor = np.empty(self.scaled.columns.rows)
        size = np.empty_like(predictor)
        for rows, values in self.scaled.blocks():
            predictor[rows] = values @ direction[0]
            size[rows] = np.abs(values) @ np.abs(direction[0])
        return predictor, size

    def _last_event(self, predictor: Floats) -> Indices:
        """By time the row with an event that has the least predictor."""
        sets = self.partial.sets
        events = np.flatnonzero(sets.event)
        events = events[np.argsort(-predictor[events], kind="stable")]
        found = np.zeros(sets.times, np.int64)
        found[sets.last[events] - 1] = events
        return found

    def _first_at_risk(self, predictor: Floats) -> Indices:
        """By time the row at risk that has the greatest predictor."""
        sets = self.partial.sets
        order = np.argsort(-predictor, kind="stable")
        found = np.full(sets.times, -1, np.int64)
        paint(order, sets.first, self._last, np.zeros(sets.times, np.bool_), found)
        # Where all at risk have the event, nobody is left to be compared with.
        found = np.where(found < 0, self._last_event(predictor), found)
        if len(sets.tail):
            after = np.full(sets.times, -1, np.int64)
            order = order[sets.tail[order] > 0]
            paint(order, sets.last, sets.end, sets.fading <= 0, after)
            later = (after >= 0) & (predictor[after] > predictor[found])
            found = np.where(later, after, found)
        return found


def _relative(predictor: Floats, size: Floats, first: Indices, second: Indices) -> Floats:
    """How far the first rows are ahead of the second, of the size of what is compared."""
    whole = size[first] + size[second]
    away = predictor[first] - predictor[second]
    return np.divide(away, whole, out=np.zeros_like(away), where=whole > 0)


def _greatest(values: Indices, first: Places, last: Places) -> Indices:
    """The greatest of values between two places, the second not included; 0 if none is."""
    tables = [values]
    while 2 ** len(tables) <= len(values):
        half = 2 ** (len(tables) - 1)
        tables.append(np.maximum(tables[-1][:-half], tables[-1][half:]))
    length = np.maximum(last - first, 0)
    found = np.zeros(len(first), np.int64)
    for k, table in enumerate(tables):
        own = np.flatnonzero((length >= 2**k) & (length < 2 ** (k + 1)))
        found[own] = np.maximum(table[first[own]], table[last[own] - 2**k])
    return found


@kernel
def paint(
    order: Indices,
    first: Places,
    last: Places,
    closed: npt.NDArray[np.bool_],
    found: Indices,
) -> None:
    """The first row, in an order, that is at risk at each time which is not closed."""
    times = len(found)
    free = np.arange(times + 1)
    for t in range(times):
        if closed[t]:
            free[t] = t + 1
    for i in order:
        t = first[i]
        while True:
            end = t
            while free[end] != end:
                end = free[end]
            while free[t] != end and t != end:
                free[t], t = end, free[t]
            if end >= last[i]:
                break
            found[end] = i
            free[end] = end + 1
            t = end
