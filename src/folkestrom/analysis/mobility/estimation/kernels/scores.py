"""Each person's score, and the sum of their products."""

from __future__ import annotations

import numpy as np

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel
from folkestrom.analysis.mobility.estimation.kernels.integral import integrate, root_score
from folkestrom.analysis.mobility.estimation.kernels.layout import last_of_block, make_room, scale
from folkestrom.analysis.mobility.estimation.kernels.predictors import add_rows, exponentials
from folkestrom.analysis.mobility.estimation.kernels.references import uncounted

#: Persons whose scores are multiplied at a time, side by side in memory.
BATCH = 256
#: Rows and columns of products that are taken together.
TILE = 4


@kernel
def _add(scores, lane, position, free, real, rest, r, by):
    if free[position] >= 0:
        for j in range(real):
            scores[free[position] * real + j, lane] += by * rest[j, r]


@kernel
def _score_of_rows(origin, length, first, rows, free, real, rest, scores, lane, weight):
    for t in range(length):
        row, r = origin + t, first + t
        _add(scores, lane, 0, free, real, rest, r, weight)
        for f in range(rows.codes8.shape[0]):
            p = rows.offset8[f] + np.int64(rows.codes8[f, row])
            _add(scores, lane, p, free, real, rest, r, weight)
        for f in range(rows.codes16.shape[0]):
            p = rows.offset16[f] + np.int64(rows.codes16[f, row])
            _add(scores, lane, p, free, real, rest, r, weight)
        for f in range(rows.numbers.shape[0]):
            by = weight * (rows.numbers[f, row] - rows.centre[f]) * rows.scale[f]
            _add(scores, lane, rows.offset_n + f, free, real, rest, r, by)


@kernel
def _tile(scores, c, d, out):
    """Products of four parameters with two others, over the persons of a batch."""
    s00, s01, s10, s11 = 0.0, 0.0, 0.0, 0.0
    s20, s21, s30, s31 = 0.0, 0.0, 0.0, 0.0
    for lane in range(BATCH):
        x, y = scores[d, lane], scores[d + 1, lane]
        a, b = scores[c, lane], scores[c + 1, lane]
        s00 += a * x
        s01 += a * y
        s10 += b * x
        s11 += b * y
        a, b = scores[c + 2, lane], scores[c + 3, lane]
        s20 += a * x
        s21 += a * y
        s30 += b * x
        s31 += b * y
    out[c, d] += s00
    out[c, d + 1] += s01
    out[c + 1, d] += s10
    out[c + 1, d + 1] += s11
    out[c + 2, d] += s20
    out[c + 2, d + 1] += s21
    out[c + 3, d] += s30
    out[c + 3, d + 1] += s31


@kernel
def _multiply_out(scores, out):
    """Add the products of the scores, summed over persons; the lower half, and some beyond."""
    for c in range(0, out.shape[0], TILE):
        for d in range(0, c + TILE, 2):
            _tile(scores, c, d, out)


@kernel
def _clear(scores):
    for c in range(scores.shape[0]):
        for lane in range(scores.shape[1]):
            scores[c, lane] = 0.0


# Not compiled: it would be a second time, with all that it calls.
def score_products(
    first, last, rows, cells, table, root, modes, enough, nodes, real, free, squared,
    parameters, out, every, total, root_total,
):  # fmt: skip
    """Log-likelihood of the persons of a range; adds the products of their scores to `out`.

    Only to its lower half; and the gradient to the totals, as `value_and_gradient` does.

    Parameters are ordered as for `information`; `out` has rows and columns to spare, up to a
    multiple of `TILE`. A person's weight counts once in a product, or `squared`. `every`, where
    it is not empty, gets the scores themselves, a column a person.
    """
    room = make_room(first, last, rows.start, root, nodes)
    scores = np.zeros((max(out.shape[0], parameters), BATCH))
    own = np.empty(root.shape)
    return _add_products(
        first, last, rows, cells, table, root, modes, enough, nodes, real, free, squared,
        parameters, out, every, total, root_total, room, scores, own,
    )  # fmt: skip


@kernel
def _add_products(
    first, last, rows, cells, table, root, modes, enough, nodes, real, free, squared,
    parameters, out, every, total, root_total, room, scores, own,
):  # fmt: skip
    rows, cells, nodes, room = uncounted(rows), uncounted(cells), uncounted(nodes), uncounted(room)
    table, root, modes, free = uncounted(table), uncounted(root), uncounted(modes), uncounted(free)
    out, every, scores, own = uncounted(out), uncounted(every), uncounted(scores), uncounted(own)
    total, root_total = uncounted(total), uncounted(root_total)
    n = root.shape[1]
    start, outcome = rows.start, rows.outcome
    packs, points, log_weights, lines, counts, where = nodes
    e, rest, at, tally, work, inverse, scratch = room[:7]
    axes, curvature, solved, vectors, info, small = room[7:]
    value = 0.0
    lane = 0
    i = first
    while i < last:
        stop = last_of_block(i, last, start)
        exponentials(i, stop, cells, table, e, rest, at, tally)
        for person in range(i, stop):
            origin, length = start[person], start[person + 1] - start[person]
            one = integrate(
                outcome, start, person, person - i, root, modes,
                points, log_weights, lines, counts, packs, enough,
                e, rest, at, tally, work, inverse, scratch,
                axes, curvature, solved, vectors, info, small,
            )  # fmt: skip
            weight = rows.weight[person] if rows.weight.shape[0] > 0 else 1.0
            value += weight * one
            # So that products carry the weight once or twice.
            w = weight if squared else np.sqrt(weight)
            own[:, :] = 0.0
            root_score(modes, person, where, counts, packs, w, axes, work, small, own)
            _score_of_rows(origin, length, at[person - i], rows, free, real, rest, scores, lane, w)
            scale(rest, at[person - i], at[person - i + 1], weight)
            for j in range(real):
                for d in range(n):
                    root_total[j, d] += weight / w * own[j, d] if w > 0.0 else 0.0
                    scores[parameters - real * n + j * n + d, lane] = own[j, d]
            if every.shape[0] > 0:
                for k in range(parameters):  # set as a whole it takes seconds to compile
                    every[k, person - first] = scores[k, lane]
            lane += 1
            if lane == BATCH:
                _multiply_out(scores, out)
                _clear(scores)
                lane = 0
        add_rows(i, stop, cells, rest, at, total)
        i = stop
    _multiply_out(scores, out)
    return value
