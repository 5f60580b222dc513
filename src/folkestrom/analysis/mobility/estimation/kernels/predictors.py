"""From rows to exp(x'b), and from residuals back to scores.

There are two or three equations: with one, the second is a dummy whose exp(x'b) is zero, so that
the code has two shapes and not three.
"""

from __future__ import annotations

import numpy as np

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel
from folkestrom.analysis.mobility.estimation.kernels.elementary import exponential
from folkestrom.analysis.mobility.estimation.kernels.layout import LINEAR

#: The predictor of what never happens; times zero it is zero.
NEVER = -1e300


@kernel
def _predict_pair(
    first, stop, start, outcome, of_person, offset_person, of_row, offset_row,
    codes16, offset16, numbers, centre, scale, offset_n, table, e, rest, at, tally,
):  # fmt: skip
    held = 0
    for person in range(first, stop):
        base_a, base_b = table[0, 0], table[0, 1]
        for f in range(of_person.shape[1]):
            p = offset_person[f] + np.int64(of_person[person, f])
            base_a += table[p, 0]
            base_b += table[p, 1]
        at[person - first] = held
        ones, twos, linear = 0.0, 0.0, 0.0
        for row in range(start[person], start[person + 1]):
            a, b = base_a, base_b
            for f in range(of_row.shape[1]):
                p = offset_row[f] + np.int64(of_row[row, f])
                a += table[p, 0]
                b += table[p, 1]
            for f in range(codes16.shape[0]):
                p = offset16[f] + np.int64(codes16[f, row])
                a += table[p, 0]
                b += table[p, 1]
            for f in range(numbers.shape[0]):
                x = (numbers[f, row] - centre[f]) * scale[f]
                a += table[offset_n + f, 0] * x
                b += table[offset_n + f, 1] * x
            top = max(0.0, a, b)
            rest[0, held], rest[1, held] = a, b
            e[0, held], e[1, held], e[2, held] = -top, a - top, b - top
            one = 1.0 if outcome[row] == 1 else 0.0
            two = 1.0 if outcome[row] == 2 else 0.0
            ones += one
            twos += two
            linear += (one * a + two * b) - top
            held += 1
        if held & 1:
            rest[0, held], rest[1, held] = NEVER, NEVER
            e[0, held], e[1, held], e[2, held] = 0.0, NEVER, NEVER
            held += 1
        k = person - first
        tally[k, 0], tally[k, 1], tally[k, LINEAR] = ones, twos, linear
    at[stop - first] = held
    return held


@kernel
def _predict_triple(
    first, stop, start, outcome, of_person, offset_person, of_row, offset_row,
    codes16, offset16, numbers, centre, scale, offset_n, table, e, rest, at, tally,
):  # fmt: skip
    held = 0
    for person in range(first, stop):
        k = person - first
        at[k] = held
        for j in range(LINEAR + 1):
            tally[k, j] = 0.0
        base_a, base_b, base_c = table[0, 0], table[0, 1], table[0, 2]
        for f in range(of_person.shape[1]):
            p = offset_person[f] + np.int64(of_person[person, f])
            base_a += table[p, 0]
            base_b += table[p, 1]
            base_c += table[p, 2]
        for row in range(start[person], start[person + 1]):
            a, b, c = base_a, base_b, base_c
            for f in range(of_row.shape[1]):
                p = offset_row[f] + np.int64(of_row[row, f])
                a += table[p, 0]
                b += table[p, 1]
                c += table[p, 2]
            for f in range(codes16.shape[0]):
                p = offset16[f] + np.int64(codes16[f, row])
                a += table[p, 0]
                b += table[p, 1]
                c += table[p, 2]
            for f in range(numbers.shape[0]):
                x = (numbers[f, row] - centre[f]) * scale[f]
                a += table[offset_n + f, 0] * x
                b += table[offset_n + f, 1] * x
                c += table[offset_n + f, 2] * x
            top = max(0.0, a, b, c)
            rest[0, held], rest[1, held], rest[2, held] = a, b, c
            e[0, held], e[1, held], e[2, held], e[3, held] = -top, a - top, b - top, c - top
            if outcome[row] > 0:
                tally[k, outcome[row] - 1] += 1.0
            tally[k, LINEAR] += e[outcome[row], held]
            held += 1
        if held & 1:
            rest[0, held], rest[1, held], rest[2, held] = NEVER, NEVER, NEVER
            e[0, held], e[1, held], e[2, held], e[3, held] = 0.0, NEVER, NEVER, NEVER
            held += 1
    at[stop - first] = held
    return held


@kernel
def exponentials(first, stop, cells, table, e, rest, at, tally):
    """`e` and `rest` for every row of a block of persons, with no effects as the reference.

    Leaves in `at` where each person's rows begin, in `tally` what outcomes occurred.
    """
    looked_up = (
        cells.start, cells.outcome, cells.of_person, cells.offset_person, cells.of_row,
        cells.offset_row, cells.codes16, cells.offset16, cells.numbers, cells.centre, cells.scale,
        cells.offset_n,
    )  # fmt: skip
    if table.shape[1] == 2:
        held = _predict_pair(first, stop, *looked_up, table, e, rest, at, tally)
    else:
        held = _predict_triple(first, stop, *looked_up, table, e, rest, at, tally)
    for j in range(e.shape[0]):
        exponential(e, j, held)


@kernel
def _add_pair(
    first, stop, start, of_person, offset_person, of_row, offset_row,
    codes16, offset16, numbers, centre, scale, offset_n, rest, at, total,
):  # fmt: skip
    all_a, all_b = 0.0, 0.0
    for person in range(first, stop):
        sum_a, sum_b = 0.0, 0.0
        held = at[person - first]
        for row in range(start[person], start[person + 1]):
            a, b = rest[0, held], rest[1, held]
            held += 1
            sum_a += a
            sum_b += b
            for f in range(of_row.shape[1]):
                p = offset_row[f] + np.int64(of_row[row, f])
                total[p, 0] += a
                total[p, 1] += b
            for f in range(codes16.shape[0]):
                p = offset16[f] + np.int64(codes16[f, row])
                total[p, 0] += a
                total[p, 1] += b
            for f in range(numbers.shape[0]):
                x = (numbers[f, row] - centre[f]) * scale[f]
                total[offset_n + f, 0] += a * x
                total[offset_n + f, 1] += b * x
        for f in range(of_person.shape[1]):
            p = offset_person[f] + np.int64(of_person[person, f])
            total[p, 0] += sum_a
            total[p, 1] += sum_b
        all_a += sum_a
        all_b += sum_b
    total[0, 0] += all_a
    total[0, 1] += all_b


@kernel
def _add_triple(
    first, stop, start, of_person, offset_person, of_row, offset_row,
    codes16, offset16, numbers, centre, scale, offset_n, rest, at, total,
):  # fmt: skip
    for person in range(first, stop):
        sum_a, sum_b, sum_c = 0.0, 0.0, 0.0
        held = at[person - first]
        for row in range(start[person], start[person + 1]):
            a, b, c = rest[0, held], rest[1, held], rest[2, held]
            held += 1
            sum_a += a
            sum_b += b
            sum_c += c
            for f in range(of_row.shape[1]):
                p = offset_row[f] + np.int64(of_row[row, f])
                total[p, 0] += a
                total[p, 1] += b
                total[p, 2] += c
            for f in range(codes16.shape[0]):
                p = offset16[f] + np.int64(codes16[f, row])
                total[p, 0] += a
                total[p, 1] += b
                total[p, 2] += c
            for f in range(numbers.shape[0]):
                x = (numbers[f, row] - centre[f]) * scale[f]
                total[offset_n + f, 0] += a * x
                total[offset_n + f, 1] += b * x
                total[offset_n + f, 2] += c * x
        total[0, 0] += sum_a
        total[0, 1] += sum_b
        total[0, 2] += sum_c
        for f in range(of_person.shape[1]):
            p = offset_person[f] + np.int64(of_person[person, f])
            total[p, 0] += sum_a
            total[p, 1] += sum_b
            total[p, 2] += sum_c


@kernel
def add_rows(first, stop, cells, rest, at, total):
    """Add the rows' residuals to the scores of the cells that they stand in."""
    looked_up = (
        cells.start, cells.of_person, cells.offset_person, cells.of_row, cells.offset_row,
        cells.codes16, cells.offset16, cells.numbers, cells.centre, cells.scale, cells.offset_n,
    )  # fmt: skip
    if total.shape[1] == 2:
        _add_pair(first, stop, *looked_up, rest, at, total)
    else:
        _add_triple(first, stop, *looked_up, rest, at, total)
