"""Rounding that keeps sums: largest remainder and systematic (cumulative) rounding."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from folkestrom.errors import UserError


def largest_remainder(weights: ArrayLike, total: int) -> NDArray[np.int64]:
    """Integers in proportion to `weights` that add to `total`.

    Ties go to the earlier place, so that the result depends on nothing but the arguments.

    Examples
    --------
    >>> largest_remainder([1, 1, 1], 4).tolist()
    [2, 1, 1]
    """
    values = np.asarray(weights, dtype=np.float64)
    size = values.sum()
    if size <= 0:
        if total == 0:
            return np.zeros(values.shape, dtype=np.int64)
        raise UserError(
            f"{total} cannot be spread over cells that are all empty",
            where="targets",
            next_step="Give a target that its cells can hold.",
        )
    exact = np.abs(total) * values / size
    # A remainder that differs in the fifteenth digit is a tie, whatever the machine says.
    exact = np.round(exact, 9)
    whole = np.floor(exact).astype(np.int64)
    missing = int(abs(total) - whole.sum())
    order = np.argsort(-(exact - whole).ravel(), kind="stable")
    flat = whole.ravel()
    flat[order[:missing]] += 1
    signed = flat if total >= 0 else -flat
    return np.asarray(signed.reshape(values.shape), dtype=np.int64)


def systematic(values: ArrayLike, total: int) -> NDArray[np.int64]:
    """Round each value up or down so that every run of neighbours is off by less than one.

    `total` is the sum wanted: the sum of `values`, rounded up or down.

    Examples
    --------
    >>> systematic([0.5, 0.5, 0.5, 0.5], 2).tolist()
    [1, 0, 1, 0]
    """
    shifted = np.asarray(values, dtype=np.float64) + systematic_offsets(values, total)
    return np.asarray(np.floor(shifted + 1e-9), dtype=np.int64)


def systematic_offsets(values: ArrayLike, total: int) -> NDArray[np.float64]:
    """float64 in [0, 1): the offset of each value for which ``floor(value + offset)`` adds up.

    The offsets serve again for the same units at other times: a unit whose value grows then never
    shrinks by rounding, and the other way round.
    """
    exact = np.asarray(values, dtype=np.float64)
    ends = np.round(np.cumsum(exact), 9)
    start = _start(float(ends[-1]) if ends.size else 0.0, total)
    before = np.concatenate([[0.0], ends[:-1]]) + start
    return before - np.floor(before + 1e-9)


def _start(end: float, total: int) -> float:
    """A shift, one half if that will do, for which the cumulated sum ends at `total`."""
    low, high = max(total - end, 0.0), min(total + 1 - end, 1.0)
    if low >= high:
        raise UserError(
            f"{total} is not {end:g} rounded up or down",
            where="targets",
            next_step="Give a total that the cells can add to.",
        )
    return 0.5 if low <= 0.5 < high else (low + high) / 2
