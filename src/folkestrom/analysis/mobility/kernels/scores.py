"""Each person's score, and the sum of their products."""

from __future__ import annotations

import numpy as np

from folkestrom.analysis.mobility.kernels.compiled import kernel
from folkestrom.analysis.mobility.kernels.layout import last_of_block, make_room
from folkestrom.analysis.mobility.kernels.nodes import root_score
from folkestrom.analysis.mobility.kernels.passes import integrate
from folkestrom.analysis.mobility.kernels.predictors import exponentials

#: Persons whose scores are multiplied at a time, side by side in memory.
BATCH = 64


@kernel
def _add(scores, lane, position, free, real, rest, r, by):
    if free[position] >= 0:
        for j in range(real):
            scores[free[position] * real + j, lane] += by * rest[j, r]


@kernel
def _score_of_rows(origin, a, b, rows, free, real, rest, scores, lane, weight):
    for r in range(a, b):
        row = origin + r
        _add(scores, lane, 0, free, real, rest, r, weight)
        for f in range(rows.codes8.shape[0]):
            p = rows.offset8[f] + np.int64(rows.codes8[f, row])
            _add(scores, lane, p, free, real, rest, r, weight)
        for f in range(rows.codes16.shape[0]):
            p = rows.offset16[f] + np.int64(rows.codes16[f, row])
            _add(scores, lane, p, free, real, rest, r, weight)
        for f in range(rows.numbers.shape[0]):
            by = weight * rows.numbers[f, row]
            _add(scores, lane, rows.offset_n + f, free, real, rest, r, by)


@kernel
def _multiply_out(scores, out):
    """Add the products of the scores, summed over persons; the lower half."""
    for c in range(out.shape[0]):
        for d in range(c + 1):
            s = 0.0
            for lane in range(BATCH):
                s += scores[c, lane] * scores[d, lane]
            out[c, d] += s


@kernel
def _clear(scores):
    for c in range(scores.shape[0]):
        for lane in range(scores.shape[1]):
            scores[c, lane] = 0.0


@kernel
def _share(weight, person, squared):
    """What a person's score is multiplied by, so that products carry the weight once or twice."""
    w = weight[person] if weight.shape[0] > 0 else 1.0
    return w if squared else np.sqrt(w)


@kernel
def score_products(
    first, last, rows, table, root, modes, points, log_weights, index, nodes,
    real, free, squared, out, every,
):  # fmt: skip
    """Add the products of persons' scores to `out`, its lower half.

    Parameters are ordered as for `information`. A person's weight counts once in a product, or
    `squared`. `every`, where it is not empty, gets the scores themselves, a column a person.
    """
    equations, n = root.shape
    start, outcome = rows.start, rows.outcome
    room = make_room(first, last, start, equations, n, points.shape[0], index.shape[1])
    e, rest, bits, scratch, inverse, grow, bent, sums, weight = room[:9]
    axes, curvature, solved, vectors, info, small = room[9:]
    parameters = max(out.shape[0], every.shape[0])
    scores, own = np.zeros((parameters, BATCH)), np.empty((equations, n))
    lane = 0
    i = first
    while i < last:
        stop = last_of_block(i, last, start)
        origin = start[i]
        exponentials(origin, start[stop] - origin, rows, table, e, bits)
        for person in range(i, stop):
            a, b = start[person] - origin, start[person + 1] - origin
            integrate(
                outcome, origin, a, b, root, modes, person, points, log_weights, index, nodes,
                e, rest, bits, scratch, inverse, grow, bent, sums, weight,
                axes, curvature, solved, vectors, info, small,
            )  # fmt: skip
            w = _share(rows.weight, person, squared)
            own[:, :] = 0.0
            root_score(modes, person, points, index, nodes, w, axes, weight, bent, sums, small, own)
            _score_of_rows(origin, a, b, rows, free, real, rest, scores, lane, w)
            for j in range(real):
                for d in range(n):
                    scores[parameters - real * n + j * n + d, lane] = own[j, d]
            if every.shape[0] > 0:
                every[:, person - first] = scores[:, lane]
            lane += 1
            if lane == BATCH:
                _multiply_out(scores, out)
                _clear(scores)
                lane = 0
        i = stop
    _multiply_out(scores, out)
