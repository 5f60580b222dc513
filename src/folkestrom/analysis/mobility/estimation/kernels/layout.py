"""What the kernels are handed: the rows, the parameters, the rule, and room to work in."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel

#: Rows whose predictors are kept at hand; a person's rows are never divided.
BLOCK = 1024
#: Indices are masked with it: what is known not to be negative runs in vectors.
POSITIVE = 0x3FFFFFFF
#: Nodes are taken in chunks of so many, in vectors of eight.
LANES = 48
#: Rows of a person are taken in fours and pairs, so that each person has an even number.
_EVEN = 1


class Cells(NamedTuple):
    """The same panel with fewer things to look up: several factors make one cell.

    Cells of factors that never change within a person lie person by person, the others row by
    row. `codes16`, `numbers` and how these count are as in `Rows`, with offsets in the table of
    cells.
    """

    start: Any
    outcome: Any
    of_person: Any
    offset_person: Any
    of_row: Any
    offset_row: Any
    codes16: Any
    offset16: Any
    numbers: Any
    centre: Any
    scale: Any
    offset_n: Any
    weight: Any


class Nodes(NamedTuple):
    """A product rule, laid out so that neighbouring nodes are neighbours in memory.

    Nodes lie in chunks of `LANES`, of which eight times `packs` are used. The nodes of a line
    differ in the last dimension only; `lines` has for each where it is written, its first point,
    its length, and the points of the other dimensions. `counts` are the nodes of each chunk,
    `where` every node's points, chunk by chunk.
    """

    packs: Any
    points: Any
    log_weights: Any
    lines: Any
    counts: Any
    where: Any


class Room(NamedTuple):
    """Arrays that a thread works in, allocated once.

    `e` has for every row of a block, and every outcome, exp(x'b + reference − the largest of
    them): one outcome has 1, and no row overflows. Beside it, until it holds residuals, `rest` has
    the predictors x'b of all outcomes but the first.
    """

    e: Any
    rest: Any
    at: Any
    tally: Any
    work: Any
    inverse: Any
    scratch: Any
    axes: Any
    curvature: Any
    solved: Any
    vectors: Any
    information: Any
    small: Any


#: Rows of `Room.small`. Effects at the mode are exp(u − reference).
EFFECT, COUNTS, GRADIENT, DOWN, STEP, VALUES, TOTALS, REFERENCE, REACH = 0, 1, 2, 3, 4, 5, 6, 7, 8
#: Of each person of a block: counts of outcomes but the first, and the sum of the logarithms of `e`
#: of what occurred. In the row of references: by how much these are less since they were moved.
LINEAR = 3
#: In the row of reaches: after how many rows weights are turned into logarithms; 0 for never.
EVERY = 0
#: What `Room.work` holds for every chunk of nodes: posterior weights, exp(u − reference) by
#: equation, sums over rows by equation, weight times that exponential by equation, and, of long
#: histories, logarithms of weights.
WEIGHT, GROW, SUMS, BENT, LOG, FIELDS = 0, 1, 4, 7, 10, 11
#: Numbers between two arrays of a room: more than a vector loop may reach ahead.
_GAP = 128
#: How far these lie apart, and all of a chunk's.
FIELD = 2 * LANES
AREA = FIELDS * FIELD


@kernel
def longest_person(first, last, start):
    """The largest number of rows that one person of a range has."""
    longest = 1
    for i in range(first, last):
        longest = max(longest, start[i + 1] - start[i])
    return longest


@kernel
def evened(rows):
    """How much room so many rows of a person take."""
    return rows + (rows & _EVEN)


@kernel
def _carve(block, used, lines, columns):
    """A table out of a block of numbers, and how much of the block is used then."""
    size = lines * columns
    return block[used : used + size].reshape((lines, columns)), used + size + _GAP


@kernel
def make_room(first, last, start, root, nodes):
    """Room for the persons of a range, and for the nodes of a rule.

    All of it lies in one block. Whether a compiled loop runs in vectors is decided by how far what
    it writes lies from what it reads, and sums differ in their last bits: arrays that each lie
    where there was room would make a result that is not the same twice.
    """
    equations, effects = root.shape
    points, chunks = nodes.points.shape[0], nodes.counts.shape[0]
    longest = evened(longest_person(first, last, start))
    rows = max(BLOCK, longest + 7)
    exponents = effects * (equations + 1) * points + 64
    sizes = (
        (2 * equations + 1) * rows + (LINEAR + 1) * rows + chunks * AREA
        + chunks * longest * LANES + exponents + 2 * effects * effects + 27 + 81 + 13 * _GAP
    )  # fmt: skip
    block = np.zeros(sizes)
    e, used = _carve(block, 0, equations + 1, rows)
    rest, used = _carve(block, used, equations, rows)
    tally, used = _carve(block, used, rows, LINEAR + 1)
    work, used = _carve(block, used, 1, chunks * AREA)
    inverse, used = _carve(block, used, 1, chunks * longest * LANES)
    scratch, used = _carve(block, used, 1, exponents)
    axes, used = _carve(block, used, effects, effects)
    curvature, used = _carve(block, used, effects, effects)
    solved, used = _carve(block, used, 3, 3)
    vectors, used = _carve(block, used, 3, 3)
    information, used = _carve(block, used, 3, 3)
    small, used = _carve(block, used, 9, 9)
    return Room(
        e, rest, np.empty(rows + 1, dtype=np.int64), tally, work.ravel(), inverse.ravel(),
        scratch, axes, curvature, solved, vectors, information, small,
    )  # fmt: skip


@kernel
def last_of_block(i, last, start):
    """Where the block of persons that begins with person i ends; one person at least."""
    stop = i + 1
    held = evened(start[i + 1] - start[i])
    while stop < last:
        held += evened(start[stop + 1] - start[stop])
        if held > BLOCK:
            break
        stop += 1
    return stop


@kernel
def scale(rest, a, b, by):
    """Multiply the residuals of some rows of a block."""
    for j in range(rest.shape[0]):
        for r in range(a, b):
            rest[j, r] *= by
