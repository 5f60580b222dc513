"""A pass over a range of persons: log-likelihood and gradient."""

from __future__ import annotations

from folkestrom.analysis.mobility.kernels.compiled import kernel
from folkestrom.analysis.mobility.kernels.layout import last_of_block, make_room
from folkestrom.analysis.mobility.kernels.person import (
    count_outcomes,
    find_mode,
    place_nodes,
    residuals,
    root_score,
    weigh_nodes,
)
from folkestrom.analysis.mobility.kernels.predictors import add_rows, exponentials


@kernel
def integrate(y, origin, a, b, root, modes, person, points, log_weights, index, nodes, room):
    """A person's log-likelihood; leaves residuals, posterior weights and nodes in `room`."""
    count_outcomes(y, origin, a, b, room.small)
    find_mode(a, b, root, modes, person, room)
    common = place_nodes(root, modes, person, points, log_weights, index, nodes, room)
    log_sum = weigh_nodes(y, origin, a, b, room)
    residuals(y, origin, a, b, room)
    return common + log_sum


@kernel
def value_and_gradient(
    first, last, rows, table, root, modes, points, log_weights, index, nodes, total, root_total
):
    """Log-likelihood of the persons of a range; adds its gradient to the totals.

    `total` has a row for each position of the coefficient table, `root_total` the entries of
    L. `modes` are where Newton starts, and become where it ended.
    """
    start, outcome = rows.start, rows.outcome
    equations, n = root.shape
    room = make_room(first, last, start, equations, n, points.shape[0], index.shape[1])
    e, rest = room.e, room.rest
    value = 0.0
    i = first
    while i < last:
        stop = last_of_block(i, last, start)
        origin = start[i]
        count = start[stop] - origin
        exponentials(origin, count, rows, table, e, room.bits)
        for person in range(i, stop):
            a, b = start[person] - origin, start[person + 1] - origin
            one = integrate(
                outcome, origin, a, b, root, modes, person, points, log_weights, index, nodes, room
            )
            w = rows.weight[person] if rows.weight.shape[0] > 0 else 1.0
            value += w * one
            if w != 1.0:
                for j in range(equations):
                    for r in range(a, b):
                        rest[j, r] *= w
            root_score(modes, person, points, index, nodes, w, room, root_total)
        add_rows(origin, count, rows, rest, total)
        i = stop
    return value
