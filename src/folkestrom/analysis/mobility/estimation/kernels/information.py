"""Observed information, person by person.

With r the residuals at a node and X the rows' design, a person's observed information is
X' (E[W] − Cov[r]) X, expectation and covariance over the posterior of the effects, W the logit's
own weights (Louis 1982). Only the positions at which the person's rows stand are touched. The
covariance is taken between rows or, of persons with more rows than positions, between positions.
"""

from __future__ import annotations

import numpy as np

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel
from folkestrom.analysis.mobility.estimation.kernels.integral import integrate
from folkestrom.analysis.mobility.estimation.kernels.layout import (
    AREA,
    COUNTS,
    FIELD,
    GROW,
    LANES,
    SUMS,
    last_of_block,
    longest_person,
    make_room,
)
from folkestrom.analysis.mobility.estimation.kernels.predictors import exponentials
from folkestrom.analysis.mobility.estimation.kernels.references import uncounted


@kernel
def _stand(row, at, rows, free, slot, place, value, held, count):
    """Note the free positions of one row; `held` lists the person's, `slot` finds them there."""
    wide = rows.codes8.shape[0]
    wider = rows.codes16.shape[0]
    for f in range(1 + wide + wider + rows.numbers.shape[0]):
        x = 1.0
        p = 0
        if f > wide + wider:
            p = rows.offset_n + f - 1 - wide - wider
            m = f - 1 - wide - wider
            x = (rows.numbers[m, row] - rows.centre[m]) * rows.scale[m]
        elif f > wide:
            p = rows.offset16[f - 1 - wide] + np.int64(rows.codes16[f - 1 - wide, row])
        elif f > 0:
            p = rows.offset8[f - 1] + np.int64(rows.codes8[f - 1, row])
        place[at, f] = -1
        value[at, f] = x
        if free[p] >= 0:
            if slot[p] < 0:
                slot[p] = count
                held[count] = p
                count += 1
            place[at, f] = slot[p]
    return count


@kernel
def _node_residuals(
    outcome, origin, length, first, where, counts, modes, person, real,
    e, work, inverse, axes, small, out, weight,
):  # fmt: skip
    """Residuals at every node, of each row and real equation, then of each entry of L."""
    n = axes.shape[0]
    stretch = inverse.shape[0] // counts.shape[0]
    base = length * real
    for chunk in range(counts.shape[0]):
        at, q, to = chunk * AREA, chunk * stretch, chunk * LANES
        for k in range(LANES):
            weight[to + k] = work[at + k]
        for t in range(length):
            for j in range(real):
                hit = 1.0 if outcome[origin + t] == j + 1 else 0.0
                grow = at + (GROW + j) * FIELD
                for k in range(LANES):
                    chance = e[j + 1, first + t] * work[grow + k] * inverse[q + t * LANES + k]
                    out[t * real + j, to + k] = hit - chance
        for d in range(n):
            z = base + real * n + d
            mode = modes[person, d]
            x = axes[d, 0]
            y = axes[d, 1] if n > 1 else 0.0
            v = axes[d, 2] if n > 2 else 0.0
            w = 3 * chunk * LANES
            for k in range(LANES):
                moved = x * where[w + k] + y * where[w + LANES + k] + v * where[w + 2 * LANES + k]
                out[z, to + k] = mode + moved
            for j in range(real):
                count = small[COUNTS, j]
                grow, sums = at + (GROW + j) * FIELD, at + (SUMS + j) * FIELD
                for k in range(LANES):
                    rest = count - work[grow + k] * work[sums + k]
                    out[base + j * n + d, to + k] = out[z, to + k] * rest


@kernel
def _centre(values, size, weight, nodes, mean):
    for i in range(size):
        s = 0.0
        for k in range(nodes):
            s += weight[k] * values[i, k]
        mean[i] = s


@kernel
def _less_covariance(values, size, weight, nodes, mean, scaled, out):
    """Minus the posterior covariance of the values."""
    for i in range(size):
        for k in range(nodes):
            scaled[k] = weight[k] * (values[i, k] - mean[i])
        for j in range(i + 1):
            s = 0.0
            for k in range(nodes):
                s += scaled[k] * values[j, k]
            out[i, j] = -s
            out[j, i] = -s


@kernel
def _weigh_products(values, p, q, hit_p, hit_q, same, weight, nodes, scaled):
    """Posterior weight times the logit's own weight of two equations of a row, node by node."""
    for k in range(nodes):
        chance = hit_p - values[p, k]
        scaled[k] = weight[k] * chance * (same - hit_q + values[q, k])


@kernel
def _sum_with(values, row, scaled, nodes):
    s = 0.0
    for k in range(nodes):
        s += scaled[k] * values[row, k]
    return s


@kernel
def _sum_with_both(values, row, other, scaled, nodes):
    s = 0.0
    for k in range(nodes):
        s += scaled[k] * values[row, k] * values[other, k]
    return s


@kernel
def _add_curvature(y, origin, a, length, real, n, values, weight, nodes, scaled, out):
    """Add the posterior mean of the logit's own weights, within each row and against L."""
    base = length * real
    z = base + real * n
    for t in range(length):
        for j in range(real):
            for i in range(real):
                hit_j = 1.0 if y[origin + a + t] == j + 1 else 0.0
                hit_i = 1.0 if y[origin + a + t] == i + 1 else 0.0
                p, q = t * real + j, t * real + i
                same = 1.0 if i == j else 0.0
                _weigh_products(values, p, q, hit_j, hit_i, same, weight, nodes, scaled)
                s = 0.0
                for k in range(nodes):
                    s += scaled[k]
                out[p, q] += s
                for d in range(n):
                    s = _sum_with(values, z + d, scaled, nodes)
                    out[base + j * n + d, q] += s
                    out[q, base + j * n + d] += s
                    for h in range(n):
                        s = _sum_with_both(values, z + d, z + h, scaled, nodes)
                        out[base + j * n + d, base + i * n + h] += s


@kernel
def _gather(values, length, real, effects, place, value, width, span, nodes, out):
    """X' times the residuals at every node, and below them what belongs to the entries of L."""
    for c in range(span):
        for k in range(nodes):
            out[c, k] = 0.0
    for t in range(length):
        for f in range(width):
            c = place[t, f]
            if c >= 0:
                for j in range(real):
                    for k in range(nodes):
                        out[c * real + j, k] += value[t, f] * values[t * real + j, k]
    for v in range(effects):
        for k in range(nodes):
            out[span + v, k] = values[length * real + v, k]


@kernel
def _spread_weight(s, i, j, real, place, value, width, out):
    """Add a row's weight of two equations to all pairs of its positions; the lower half."""
    for f in range(width):
        for g in range(width):
            if place[f] >= 0 and place[g] >= 0:
                c, d = place[f] * real + j, place[g] * real + i
                if d <= c:
                    out[c, d] += s * value[f] * value[g]


@kernel
def _add_curvature_at(
    y, origin, length, real, n, values, weight, nodes, scaled, place, value, width, span, out
):
    """As `_add_curvature`, at the person's positions."""
    z = length * real + real * n
    for t in range(length):
        for j in range(real):
            for i in range(real):
                hit_j = 1.0 if y[origin + t] == j + 1 else 0.0
                hit_i = 1.0 if y[origin + t] == i + 1 else 0.0
                p, q = t * real + j, t * real + i
                same = 1.0 if i == j else 0.0
                _weigh_products(values, p, q, hit_j, hit_i, same, weight, nodes, scaled)
                s = 0.0
                for k in range(nodes):
                    s += scaled[k]
                _spread_weight(s, i, j, real, place[t], value[t], width, out)
                for d in range(n):
                    s = _sum_with(values, z + d, scaled, nodes)
                    for f in range(width):
                        if place[t, f] >= 0:
                            out[span + j * n + d, place[t, f] * real + i] += s * value[t, f]
                    for h in range(n):
                        s = _sum_with_both(values, z + d, z + h, scaled, nodes)
                        out[span + j * n + d, span + i * n + h] += s


@kernel
def _clear(matrix, lines, columns):
    for c in range(lines):
        for d in range(columns):
            matrix[c, d] = 0.0


@kernel
def _spread_right(matrix, length, real, effects, place, value, width, span, left):
    """The matrix times X: from rows and equations to the person's positions, at the right."""
    base = length * real
    size = base + effects
    _clear(left, size, span + effects)
    for p in range(size):
        for s in range(length):
            for f in range(width):
                c = place[s, f]
                if c >= 0:
                    for i in range(real):
                        left[p, c * real + i] += value[s, f] * matrix[p, s * real + i]
        for v in range(effects):
            left[p, span + v] = matrix[p, base + v]


@kernel
def _spread_left(left, length, real, effects, place, value, width, span, out):
    """X' times the matrix: the same at the left, of the lower half."""
    wide = span + effects
    _clear(out, wide, wide)
    for t in range(length):
        for f in range(width):
            c = place[t, f]
            if c >= 0:
                for j in range(real):
                    by = value[t, f]
                    for d in range(c * real + j + 1):
                        out[c * real + j, d] += by * left[t * real + j, d]
    for v in range(effects):
        for d in range(span + v + 1):
            out[span + v, d] = left[length * real + v, d]


@kernel
def _add_block(local, column, span, weight, out):
    """Add the lower half of a person's block: above or below the diagonal, as columns lie."""
    for c in range(span):
        at = column[c]
        for d in range(c + 1):
            out[at, column[d]] += weight * local[c, d]


@kernel
def _reflect(matrix):
    """Add what lies above the diagonal to what lies below, and mirror it."""
    for c in range(matrix.shape[0]):
        for d in range(c):
            both = matrix[c, d] + matrix[d, c]
            matrix[c, d] = both
            matrix[d, c] = both


@kernel
def _find_columns(origin, a, b, rows, free, slot, place, value, held_list):
    """Positions of a person's rows; returns how many different ones there are."""
    held = 0
    for t in range(b - a):
        held = _stand(origin + a + t, t, rows, free, slot, place, value, held_list, held)
    for c in range(held):
        slot[held_list[c]] = -1
    return held


@kernel
def _columns(held_list, held, free, real, effects, parameters, column):
    """Where each of a person's parameters stands among all of them."""
    for c in range(held):
        for j in range(real):
            column[c * real + j] = free[held_list[c]] * real + j
    for v in range(effects):
        column[held * real + v] = parameters - effects + v


# Not compiled: it would be a second time, with all that it calls.
def information(first, last, rows, cells, table, root, modes, enough, nodes, real, free, bread):
    """Add the observed information of a range of persons to `bread`.

    `table` is that of cells. `free` numbers the free positions of `rows`, −1 elsewhere;
    parameters are ordered by position, then equation, then the entries of L by row.
    """
    n = root.shape[1]
    effects = real * n
    room = make_room(first, last, rows.start, root, nodes)
    longest = longest_person(first, last, rows.start)
    width = 1 + rows.codes8.shape[0] + rows.codes16.shape[0] + rows.numbers.shape[0]
    size = longest * real + effects
    most = min(longest * width, free.shape[0]) * real + effects
    # Persons with more rows than positions never need a matrix of rows.
    side = min(size, most)
    held_nodes = nodes.counts.shape[0] * LANES
    slots = (
        np.empty((longest, width), dtype=np.int64), np.empty((longest, width)),
        np.full(free.shape[0], -1), np.empty(free.shape[0], dtype=np.int64),
        np.empty(most, dtype=np.int64),
    )  # fmt: skip
    matrices = (
        np.empty((size + n, held_nodes)), np.empty(held_nodes), np.empty(max(size + n, most)),
        np.empty(held_nodes), np.empty((side, side)), np.empty((side, most)),
        np.empty((most, most)), np.empty((most, held_nodes)),
    )  # fmt: skip
    own = np.zeros_like(bread)
    _add_information(
        first, last, rows, cells, table, root, modes, enough, nodes, real, free, own, room,
        slots, matrices,
    )  # fmt: skip
    _reflect(own)
    bread += own


@kernel
def _add_information(
    first, last, rows, cells, table, root, modes, enough, nodes, real, free, bread, room,
    slots, matrices,
):  # fmt: skip
    """As `information`, each pair of parameters on one side of the diagonal or the other."""
    rows, cells, nodes, room = uncounted(rows), uncounted(cells), uncounted(nodes), uncounted(room)
    table, root, modes, free = uncounted(table), uncounted(root), uncounted(modes), uncounted(free)
    bread, slots, matrices = uncounted(bread), uncounted(slots), uncounted(matrices)
    n = root.shape[1]
    effects, parameters, held_nodes = real * n, bread.shape[0], nodes.counts.shape[0] * LANES
    start, outcome = rows.start, rows.outcome
    packs, points, log_weights, lines, counts, where = nodes
    e, rest, at, tally, work, inverse, scratch = room[:7]
    axes, curvature, solved, vectors, info, small = room[7:]
    place, value, slot, held_list, column = slots
    values, weight, mean, scaled, matrix, left, local, gathered = matrices
    width = place.shape[1]
    i = first
    while i < last:
        stop = last_of_block(i, last, start)
        exponentials(i, stop, cells, table, e, rest, at, tally)
        for person in range(i, stop):
            origin, length = start[person], start[person + 1] - start[person]
            integrate(
                outcome, start, person, person - i, root, modes,
                points, log_weights, lines, counts, packs, enough,
                e, rest, at, tally, work, inverse, scratch,
                axes, curvature, solved, vectors, info, small,
            )  # fmt: skip
            w = rows.weight[person] if rows.weight.shape[0] > 0 else 1.0
            held = _find_columns(origin, 0, length, rows, free, slot, place, value, held_list)
            _columns(held_list, held, free, real, effects, parameters, column)
            span = held * real + effects
            rank = length * real + effects
            _node_residuals(
                outcome, origin, length, at[person - i], where, counts, modes, person, real,
                e, work, inverse, axes, small, values, weight,
            )  # fmt: skip
            held *= real
            if rank > span:
                _gather(
                    values, length, real, effects, place, value, width, held, held_nodes, gathered
                )
                _centre(gathered, span, weight, held_nodes, mean)
                _less_covariance(gathered, span, weight, held_nodes, mean, scaled, local)
                _add_curvature_at(
                    outcome, origin, length, real, n, values, weight, held_nodes, scaled,
                    place, value, width, held, local,
                )  # fmt: skip
            else:
                _centre(values, rank, weight, held_nodes, mean)
                _less_covariance(values, rank, weight, held_nodes, mean, scaled, matrix)
                _add_curvature(
                    outcome, origin, 0, length, real, n, values, weight, held_nodes, scaled, matrix
                )
                _spread_right(matrix, length, real, effects, place, value, width, held, left)
                _spread_left(left, length, real, effects, place, value, width, held, local)
            _add_block(local, column, span, w, bread)
        i = stop
