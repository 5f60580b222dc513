"""From rows to exp(x'b), and from residuals back to scores.

There are two or three equations: with one, the second is a dummy whose exp(x'b) is 1e-304, so
that the code has two shapes and not three.
"""

from __future__ import annotations

import numpy as np

from folkestrom.analysis.mobility.kernels.compiled import exact_kernel, kernel

#: Adding it rounds to an integer, which then stands in the last bits.
_MAGIC = 6755399441055744.0
_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10


@exact_kernel
def exponential(x, row, count, bits):
    """Replace the first numbers of a row by their exponentials, in vectors; `bits` is scratch.

    Within 2 units of the last place. Arguments beyond ±700 count as ±700.
    """
    scale = bits.view(np.float64)
    for i in range(count):
        a = min(max(x[row, i], -700.0), 700.0)
        shifted = a * _LOG2_E + _MAGIC
        scale[i] = shifted
        k = shifted - _MAGIC
        r = (a - k * _LN2_HIGH) - k * _LN2_LOW
        p = 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        x[row, i] = p * r + 1.0
    for i in range(count):
        bits[i] = (bits[i] + 1023) << 52
    for i in range(count):
        x[row, i] *= scale[i]


@kernel
def _predict_pair(first, count, codes8, offset8, codes16, offset16, numbers, offset_n, table, e):
    for r in range(count):
        row = first + r
        a, b = table[0, 0], table[0, 1]
        for f in range(codes8.shape[0]):
            p = offset8[f] + np.int64(codes8[f, row])
            a += table[p, 0]
            b += table[p, 1]
        for f in range(codes16.shape[0]):
            p = offset16[f] + np.int64(codes16[f, row])
            a += table[p, 0]
            b += table[p, 1]
        for f in range(numbers.shape[0]):
            x = numbers[f, row]
            a += table[offset_n + f, 0] * x
            b += table[offset_n + f, 1] * x
        e[0, r] = a
        e[1, r] = b


@kernel
def _predict_triple(first, count, codes8, offset8, codes16, offset16, numbers, offset_n, table, e):
    for r in range(count):
        row = first + r
        a, b, c = table[0, 0], table[0, 1], table[0, 2]
        for f in range(codes8.shape[0]):
            p = offset8[f] + np.int64(codes8[f, row])
            a += table[p, 0]
            b += table[p, 1]
            c += table[p, 2]
        for f in range(codes16.shape[0]):
            p = offset16[f] + np.int64(codes16[f, row])
            a += table[p, 0]
            b += table[p, 1]
            c += table[p, 2]
        for f in range(numbers.shape[0]):
            x = numbers[f, row]
            a += table[offset_n + f, 0] * x
            b += table[offset_n + f, 1] * x
            c += table[offset_n + f, 2] * x
        e[0, r] = a
        e[1, r] = b
        e[2, r] = c


@kernel
def exponentials(first, count, rows, table, e, bits):
    """exp(x'b) for every row of a block and every equation."""
    predict = (rows.codes8, rows.offset8, rows.codes16, rows.offset16, rows.numbers)
    if table.shape[1] == 2:
        _predict_pair(first, count, *predict, rows.offset_n, table, e)
    else:
        _predict_triple(first, count, *predict, rows.offset_n, table, e)
    for j in range(table.shape[1]):
        exponential(e, j, count, bits)


@kernel
def _add_pair(first, count, codes8, offset8, codes16, offset16, numbers, offset_n, rest, total):
    for r in range(count):
        row = first + r
        a, b = rest[0, r], rest[1, r]
        total[0, 0] += a
        total[0, 1] += b
        for f in range(codes8.shape[0]):
            p = offset8[f] + np.int64(codes8[f, row])
            total[p, 0] += a
            total[p, 1] += b
        for f in range(codes16.shape[0]):
            p = offset16[f] + np.int64(codes16[f, row])
            total[p, 0] += a
            total[p, 1] += b
        for f in range(numbers.shape[0]):
            x = numbers[f, row]
            total[offset_n + f, 0] += a * x
            total[offset_n + f, 1] += b * x


@kernel
def _add_triple(first, count, codes8, offset8, codes16, offset16, numbers, offset_n, rest, total):
    for r in range(count):
        row = first + r
        a, b, c = rest[0, r], rest[1, r], rest[2, r]
        total[0, 0] += a
        total[0, 1] += b
        total[0, 2] += c
        for f in range(codes8.shape[0]):
            p = offset8[f] + np.int64(codes8[f, row])
            total[p, 0] += a
            total[p, 1] += b
            total[p, 2] += c
        for f in range(codes16.shape[0]):
            p = offset16[f] + np.int64(codes16[f, row])
            total[p, 0] += a
            total[p, 1] += b
            total[p, 2] += c
        for f in range(numbers.shape[0]):
            x = numbers[f, row]
            total[offset_n + f, 0] += a * x
            total[offset_n + f, 1] += b * x
            total[offset_n + f, 2] += c * x


@kernel
def add_rows(first, count, rows, rest, total):
    """Add the rows' residuals to the scores of the positions that they stand at."""
    design = (rows.codes8, rows.offset8, rows.codes16, rows.offset16, rows.numbers)
    if total.shape[1] == 2:
        _add_pair(first, count, *design, rows.offset_n, rest, total)
    else:
        _add_triple(first, count, *design, rows.offset_n, rest, total)
