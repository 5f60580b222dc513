"""What the kernels are handed: the rows, the parameters, the rule, and room to work in."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from folkestrom.analysis.mobility.kernels.compiled import kernel

#: Rows whose predictors are kept at hand; a person's rows are never divided.
BLOCK = 1024


class Rows(NamedTuple):
    """The panel as arrays. A person's rows lie together; codes are column by column.

    Position p of the coefficient table is the intercept (0), a level of a factor (its offset
    plus the code), or a number.
    """

    start: Any
    outcome: Any
    codes8: Any
    offset8: Any
    codes16: Any
    offset16: Any
    numbers: Any
    offset_n: Any
    weight: Any


class Room(NamedTuple):
    """Arrays that a thread works in, allocated once."""

    e: Any
    rest: Any
    bits: Any
    scratch: Any
    inverse: Any
    grow: Any
    bent: Any
    sums: Any
    weight: Any
    axes: Any
    curvature: Any
    solved: Any
    vectors: Any
    information: Any
    small: Any


#: Rows of `Room.small`.
EFFECT, COUNTS, GRADIENT, DOWN, STEP, VALUES, TOTALS = 0, 1, 2, 3, 4, 5, 6


@kernel
def longest_person(first, last, start):
    """The largest number of rows that one person of a range has."""
    longest = 1
    for i in range(first, last):
        longest = max(longest, start[i + 1] - start[i])
    return longest


@kernel
def make_room(first, last, start, equations, effects, order, padded):
    """Room for the persons of a range and a rule with so many nodes."""
    longest = longest_person(first, last, start)
    rows = max(BLOCK, longest)
    exponents = effects * (equations + 1) * order
    return Room(
        np.empty((equations, rows)),
        np.empty((equations, rows)),
        np.empty(max(rows, exponents), dtype=np.int64),
        np.empty((1, exponents)),
        np.empty((longest, padded)),
        np.empty((equations, padded)),
        np.empty((equations, padded)),
        np.empty((equations, padded)),
        np.empty(padded),
        np.empty((effects, effects)),
        np.empty((effects, effects)),
        np.empty((3, 3)),
        np.empty((3, 3)),
        np.empty((3, 3)),
        np.zeros((7, 9)),
    )


@kernel
def last_of_block(i, last, start):
    """Where the block of persons that begins with person i ends; one person at least."""
    stop = i + 1
    while stop < last and start[stop + 1] - start[i] <= BLOCK:
        stop += 1
    return stop
