"""Counts that tell whether a panel can be fitted."""

from __future__ import annotations

import numpy as np

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel


@kernel
def count_levels(first, last, rows, counts):
    """Rows at every position of the coefficient table, by outcome; persons of weight 0 left out."""
    start, outcome, codes8, codes16 = rows.start, rows.outcome, rows.codes8, rows.codes16
    offset8, offset16 = rows.offset8, rows.offset16
    for person in range(first, last):
        if rows.weight.shape[0] > 0 and rows.weight[person] == 0.0:
            continue
        for r in range(start[person], start[person + 1]):
            y = outcome[r]
            counts[0, y] += 1
            for f in range(codes8.shape[0]):
                counts[offset8[f] + np.int64(codes8[f, r]), y] += 1
            for f in range(codes16.shape[0]):
                counts[offset16[f] + np.int64(codes16[f, r]), y] += 1


@kernel
def count_changers(start, outcome):
    """How many persons have more than one row, and how many have more than one outcome."""
    several, changers = 0, 0
    for person in range(start.shape[0] - 1):
        a, b = start[person], start[person + 1]
        if b - a > 1:
            several += 1
            for r in range(a + 1, b):
                if outcome[r] != outcome[a]:
                    changers += 1
                    break
    return several, changers


@kernel
def add_squares(rows, mass, sums):
    """Add weights of rows, and by number the sum of its squares × weights."""
    for person in range(rows.start.shape[0] - 1):
        weight = rows.weight[person] if rows.weight.shape[0] > 0 else 1.0
        a, b = rows.start[person], rows.start[person + 1]
        mass[0] += weight * (b - a)
        for f in range(rows.numbers.shape[0]):
            total = 0.0
            for r in range(a, b):
                x = (rows.numbers[f, r] - rows.centre[f]) * rows.scale[f]
                total += x * x
            sums[f] += weight * total


@kernel
def cross_products(first, last, rows, free, out):
    """Add the products of the free positions' columns, over the rows of a range of persons."""
    start, numbers = rows.start, rows.numbers
    wide, wider = rows.codes8.shape[0], rows.codes16.shape[0]
    width = 1 + wide + wider + numbers.shape[0]
    place, value = np.empty(width, dtype=np.int64), np.ones(width)
    for r in range(start[first], start[last]):
        place[0] = free[0]
        for f in range(wide):
            place[1 + f] = free[rows.offset8[f] + np.int64(rows.codes8[f, r])]
        for f in range(wider):
            place[1 + wide + f] = free[rows.offset16[f] + np.int64(rows.codes16[f, r])]
        for f in range(numbers.shape[0]):
            place[1 + wide + wider + f] = free[rows.offset_n + f]
            value[1 + wide + wider + f] = (numbers[f, r] - rows.centre[f]) * rows.scale[f]
        for f in range(width):
            for g in range(width):
                if place[f] >= 0 and place[g] >= 0:
                    out[place[f], place[g]] += value[f] * value[g]
