"""Orders: reports by person for the whole log, and the two orders inside one person's reports."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from folkestrom.register.kernel.rows import Integers, Packed

#: The order of receipt decides which of two reports is the later; that of life, how they replay.
BY_KNOWLEDGE: Final = 0
BY_LIFE: Final = 1

_DIGIT_BITS: Final = 11
_BUCKETS: Final = 1 << _DIGIT_BITS
_SHORT: Final = 24


class Grouping(NamedTuple):
    """Where each row of the log goes when they are put side by side by person.

    Parameters
    ----------
    places
        For each row, in the order of the log, its place.
    starts
        For each person, in ascending order of pseudonym, the first of their places, and at the
        end the number of rows.
    """

    places: NDArray[np.uint32]
    starts: Integers


def group_by_person(persons: NDArray[np.int64]) -> Grouping:
    """Group rows by person, keeping inside each person the order of the log."""
    if not len(persons):
        return Grouping(np.empty(0, np.uint32), np.zeros(1, np.int64))
    least = int(persons.min())
    keys = (persons - least).astype(np.uint64)
    digits = max(1, -(-int(keys.max()).bit_length() // _DIGIT_BITS))
    ordered, order = _radix_sort(keys, digits)
    changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    starts = np.concatenate((np.zeros(1, np.int64), changes, np.array([len(persons)])))
    return Grouping(_inverse(order), starts)


@njit(cache=True, nogil=True)
def _radix_sort(
    keys: NDArray[np.uint64], digits: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    rows = len(keys)
    counts = np.zeros((digits, _BUCKETS), np.int64)
    for i in range(rows):
        key = keys[i]
        for digit in range(digits):
            counts[digit, (key >> np.uint64(digit * _DIGIT_BITS)) & np.uint64(_BUCKETS - 1)] += 1
    order = np.arange(rows).astype(np.uint32)
    other_keys, other_order = np.empty_like(keys), np.empty_like(order)
    for digit in range(digits):
        place = np.zeros(_BUCKETS, np.int64)
        for bucket in range(1, _BUCKETS):
            place[bucket] = place[bucket - 1] + counts[digit, bucket - 1]
        shift = np.uint64(digit * _DIGIT_BITS)
        for i in range(rows):
            bucket = (keys[i] >> shift) & np.uint64(_BUCKETS - 1)
            other_keys[place[bucket]] = keys[i]
            other_order[place[bucket]] = order[i]
            place[bucket] += 1
        keys, other_keys = other_keys, keys
        order, other_order = other_order, order
    return keys, order


@njit(cache=True, nogil=True)
def _inverse(order: NDArray[np.uint32]) -> NDArray[np.uint32]:
    places = np.empty_like(order)
    for place in range(len(order)):
        places[order[place]] = place
    return places


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def comes_before(rows: Packed, one: int, other: int, by: int) -> bool:
    """Whether one of two reports of a person comes before the other, in one of the two orders."""
    a, b = rows[one], rows[other]
    if by == BY_LIFE:
        if a.event_date != b.event_date:
            return bool(a.event_date < b.event_date)
        if a.kind != b.kind:
            return bool(a.kind < b.kind)
    elif a.known_from != b.known_from:
        return bool(a.known_from < b.known_from)
    if a.received_at != b.received_at:
        return bool(a.received_at < b.received_at)
    return bool(a.key_hash < b.key_hash)


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def sort_reports(rows: Packed, order: Any, spare: Any, count: int, by: int) -> None:
    """Sort the first `count` row numbers of `order`: in linear time when they nearly are."""
    if count <= _SHORT:
        _insertion_sort(rows, order, 0, count, by)
        return
    for low in range(0, count, _SHORT):
        _insertion_sort(rows, order, low, min(low + _SHORT, count), by)
    width = _SHORT
    while width < count:
        for low in range(0, count - width, 2 * width):
            middle, high = low + width, min(low + 2 * width, count)
            if comes_before(rows, order[middle], order[middle - 1], by):
                _merge(rows, order, spare, low, middle, high, by)
        width *= 2


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _insertion_sort(rows: Packed, order: Any, low: int, high: int, by: int) -> None:
    for i in range(low + 1, high):
        moved, j = order[i], i
        while j > low and comes_before(rows, moved, order[j - 1], by):
            order[j] = order[j - 1]
            j -= 1
        order[j] = moved


@njit(inline="always")
def _merge(rows: Packed, order: Any, spare: Any, low: int, middle: int, high: int, by: int) -> None:
    for i in range(low, middle):
        spare[i] = order[i]
    left, right, to = low, middle, low
    while left < middle:
        if right < high and comes_before(rows, order[right], spare[left], by):
            order[to] = order[right]
            right += 1
        else:
            order[to] = spare[left]
            left += 1
        to += 1


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def sort_numbers(numbers: Any, count: int) -> None:
    """Sort the first `count` numbers of an array; a shell sort, which allocates nothing."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, count):
            moved, j = numbers[i], i
            while j >= gap and numbers[j - gap] > moved:
                numbers[j] = numbers[j - gap]
                j -= gap
            numbers[j] = moved
        gap //= 3
