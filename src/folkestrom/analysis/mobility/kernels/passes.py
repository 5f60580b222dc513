"""A pass over a range of persons: log-likelihood and gradient."""

from __future__ import annotations

from folkestrom.analysis.mobility.kernels.compiled import kernel
from folkestrom.analysis.mobility.kernels.layout import last_of_block, make_room
from folkestrom.analysis.mobility.kernels.mode import count_outcomes, find_mode
from folkestrom.analysis.mobility.kernels.nodes import (
    place_nodes,
    residuals,
    root_score,
    weigh_nodes,
)
from folkestrom.analysis.mobility.kernels.predictors import add_rows, exponentials


@kernel
def integrate(
    y, origin, a, b, root, modes, person, points, log_weights, index, nodes,
    e, rest, bits, scratch, inverse, grow, bent, sums, weight,
    axes, curvature, solved, vectors, info, small,
):  # fmt: skip
    """A person's log-likelihood; leaves residuals, posterior weights and nodes in the arrays.

    The arrays are those of `Room`, one by one: taking one out of it counts a reference, which
    threads would wait for at this rate.
    """
    count_outcomes(y, origin, a, b, small)
    find_mode(a, b, root, modes, person, e, small, info, curvature, solved)
    common = place_nodes(
        root, modes, person, points, log_weights, index, nodes,
        curvature, small, vectors, solved, axes, scratch, bits, grow, weight,
    )  # fmt: skip
    log_sum = weigh_nodes(y, origin, a, b, e, grow, inverse, weight, sums)
    residuals(y, origin, a, b, e, grow, inverse, weight, bent, rest)
    return common + log_sum


@kernel
def _scale(rest, a, b, by):
    for j in range(rest.shape[0]):
        for r in range(a, b):
            rest[j, r] *= by


@kernel
def value_and_gradient(
    first, last, rows, table, root, modes, points, log_weights, index, nodes, total, root_total
):
    """Log-likelihood of the persons of a range; adds its gradient to the totals.

    `total` has a row for each position of the coefficient table, `root_total` the entries of
    L. `modes` are where Newton starts, and become where it ended.
    """
    start, outcome, person_weight = rows.start, rows.outcome, rows.weight
    equations, n = root.shape
    room = make_room(first, last, start, equations, n, points.shape[0], index.shape[1])
    e, rest, bits, scratch, inverse, grow, bent, sums, weight = room[:9]
    axes, curvature, solved, vectors, info, small = room[9:]
    value = 0.0
    i = first
    while i < last:
        stop = last_of_block(i, last, start)
        origin = start[i]
        count = start[stop] - origin
        exponentials(origin, count, rows, table, e, bits)
        for person in range(i, stop):
            a, b = start[person] - origin, start[person + 1] - origin
            count_outcomes(outcome, origin, a, b, small)
            find_mode(a, b, root, modes, person, e, small, info, curvature, solved)
            one = place_nodes(
                root, modes, person, points, log_weights, index, nodes,
                curvature, small, vectors, solved, axes, scratch, bits, grow, weight,
            )  # fmt: skip
            one += weigh_nodes(outcome, origin, a, b, e, grow, inverse, weight, sums)
            residuals(outcome, origin, a, b, e, grow, inverse, weight, bent, rest)
            w = person_weight[person] if person_weight.shape[0] > 0 else 1.0
            value += w * one
            if w != 1.0:
                _scale(rest, a, b, w)
            root_score(
                modes, person, points, index, nodes, w, axes, weight, bent, sums, small, root_total
            )
        add_rows(origin, count, rows, rest, total)
        i = stop
    return value
