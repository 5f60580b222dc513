"""Orders: reports by person for the whole log, and the two orders inside one person's reports."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from folkestrom.register.kernel.rows import Integers, Reports

#: The order of receipt decides which of two reports is the later; that of life, how they replay.
BY_KNOWLEDGE: Final = 0
BY_LIFE: Final = 1

_DIGIT_BITS: Final = 11
_DIGITS: Final = 1 << _DIGIT_BITS
#: Buckets of the first pass: few enough that each is written in long runs, many enough that the
#: rows of one fit into a core's cache.
_BUCKET_BITS: Final = 9
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


def group_by_person(persons: NDArray[np.int64], threads: int = 1) -> Grouping:
    """Group rows by person, keeping inside each person the order of the log.

    The rows are spread over buckets by the leading bits of the pseudonym, and each bucket, which
    fits into a core's cache, is sorted by the rest. Threads take equal parts of the rows, then of
    the buckets; what comes out does not depend on their number.
    """
    rows = len(persons)
    if not rows:
        return Grouping(np.empty(0, np.uint32), np.zeros(1, np.int64))
    least = np.int64(persons.min())
    bits = (int(persons.max()) - int(least)).bit_length()
    shift = max(0, bits - _BUCKET_BITS)
    parts = [rows * part // threads for part in range(threads + 1)]
    keys = np.empty(rows, np.uint64)
    order, places = np.empty(rows, np.uint32), np.empty(rows, np.uint32)
    with ThreadPoolExecutor(threads) as pool:
        count = partial(_count_buckets, persons, least, shift)
        counts = np.array(list(pool.map(count, parts[:-1], parts[1:])))
        ends = np.cumsum(counts.T).reshape(counts.T.shape).T
        spread = partial(_spread, persons, least, shift, keys, order)
        list(pool.map(spread, parts[:-1], parts[1:], ends - counts))
        bounds = np.concatenate((np.zeros(1, np.int64), ends[-1]))
        cuts = np.searchsorted(bounds, parts)
        sort = partial(_sort_buckets, keys, order, places, bounds, shift)
        list(pool.map(sort, cuts[:-1], cuts[1:]))
    changes = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    return Grouping(places, np.concatenate((np.zeros(1, np.int64), changes, np.array([rows]))))


@njit(cache=True, nogil=True)
def _count_buckets(
    persons: NDArray[np.int64], least: int, shift: int, first: int, last: int
) -> Integers:
    counts = np.zeros(1 << _BUCKET_BITS, np.int64)
    for i in range(first, last):
        counts[np.uint64(persons[i] - least) >> np.uint64(shift)] += 1
    return counts


@njit(cache=True, nogil=True)
def _spread(
    persons: NDArray[np.int64],
    least: int,
    shift: int,
    keys: NDArray[np.uint64],
    order: NDArray[np.uint32],
    first: int,
    last: int,
    place: Integers,
) -> None:
    """Put rows into their buckets, from where each bucket begins for them."""
    place = place.copy()
    for i in range(first, last):
        key = np.uint64(persons[i] - least)
        bucket = key >> np.uint64(shift)
        keys[place[bucket]] = key
        order[place[bucket]] = i
        place[bucket] += 1


@njit(cache=True, nogil=True)
def _sort_buckets(
    keys: NDArray[np.uint64],
    order: NDArray[np.uint32],
    places: NDArray[np.uint32],
    bounds: Integers,
    bits: int,
    first: int,
    last: int,
) -> None:
    """Sort buckets by the trailing bits of their keys, and write where each row has come."""
    longest = 0
    for bucket in range(first, last):
        longest = max(longest, bounds[bucket + 1] - bounds[bucket])
    spare_keys, spare_order = np.empty(longest, np.uint64), np.empty(longest, np.uint32)
    place = np.empty(_DIGITS, np.int64)
    for bucket in range(first, last):
        low, high = bounds[bucket], bounds[bucket + 1]
        for shift in range(0, bits, _DIGIT_BITS):
            _sort_by_digit(keys[low:high], order[low:high], spare_keys, spare_order, place, shift)
        for i in range(low, high):
            places[order[i]] = i


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _sort_by_digit(
    keys: Any, order: Any, spare_keys: Any, spare_order: Any, place: Any, shift: int
) -> None:
    place[:] = 0
    mask = np.uint64(_DIGITS - 1)
    for i in range(len(keys)):
        place[(keys[i] >> np.uint64(shift)) & mask] += 1
        spare_keys[i], spare_order[i] = keys[i], order[i]
    before = 0
    for digit in range(_DIGITS):
        before, place[digit] = before + place[digit], before
    for i in range(len(keys)):
        digit = (spare_keys[i] >> np.uint64(shift)) & mask
        keys[place[digit]], order[place[digit]] = spare_keys[i], spare_order[i]
        place[digit] += 1


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def comes_before(rows: Reports, one: int, other: int, by: int) -> bool:
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
def sort_reports(rows: Reports, order: Any, spare: Any, count: int, by: int) -> None:
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
def _insertion_sort(rows: Reports, order: Any, low: int, high: int, by: int) -> None:
    for i in range(low + 1, high):
        moved, j = order[i], i
        while j > low and comes_before(rows, moved, order[j - 1], by):
            order[j] = order[j - 1]
            j -= 1
        order[j] = moved


@njit(inline="always")
def _merge(
    rows: Reports, order: Any, spare: Any, low: int, middle: int, high: int, by: int
) -> None:
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
