"""A pass over a range of persons: log-likelihood and gradient."""

from __future__ import annotations

import math

import numpy as np

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel
from folkestrom.analysis.mobility.estimation.kernels.integral import integrate, root_score
from folkestrom.analysis.mobility.estimation.kernels.layout import last_of_block, make_room, scale
from folkestrom.analysis.mobility.estimation.kernels.predictors import add_rows, exponentials
from folkestrom.analysis.mobility.estimation.kernels.references import uncounted


# Not compiled: it would be a second time, with all that it calls.
def value_and_gradient(first, last, cells, table, root, modes, enough, nodes, total, root_total):
    """Log-likelihood of the persons of a range; adds its gradient to the totals.

    `total` has a row for each row of the table of cells, `root_total` the entries of L. `modes`
    are where Newton starts, and become where it ended.
    """
    room = make_room(first, last, cells.start, root, nodes)
    return _pass(first, last, cells, table, root, modes, enough, nodes, total, root_total, room)


@kernel
def _pass(first, last, cells, table, root, modes, enough, nodes, total, root_total, room):
    cells, nodes, room = uncounted(cells), uncounted(nodes), uncounted(room)
    table, root, modes = uncounted(table), uncounted(root), uncounted(modes)
    total, root_total = uncounted(total), uncounted(root_total)
    start, outcome, person_weight = cells.start, cells.outcome, cells.weight
    packs, points, log_weights, lines, counts, where = nodes
    e, rest, at, tally, work, inverse, scratch = room[:7]
    axes, curvature, solved, vectors, info, small = room[7:]
    value = 0.0
    i = first
    while i < last:
        stop = last_of_block(i, last, start)
        exponentials(i, stop, cells, table, e, rest, at, tally)
        for person in range(i, stop):
            one = integrate(
                outcome, start, person, person - i, root, modes,
                points, log_weights, lines, counts, packs, enough,
                e, rest, at, tally, work, inverse, scratch,
                axes, curvature, solved, vectors, info, small,
            )  # fmt: skip
            w = person_weight[person] if person_weight.shape[0] > 0 else 1.0
            value += w * one
            if w != 1.0:
                scale(rest, at[person - i], at[person - i + 1], w)
            root_score(modes, person, where, counts, packs, w, axes, work, small, root_total)
        add_rows(i, stop, cells, rest, at, total)
        i = stop
    return value


@kernel
def group_passes(
    first, last, bounds, shifts, logs, cells, table, root, modes, enough, nodes,
    values, slopes, totals, root_totals,
):  # fmt: skip
    """Log-likelihoods of groups of persons whose predictors are shifted, at each of some shifts.

    The persons of group g begin at `bounds[g]`. `slopes` become the derivatives in the shifts;
    `totals` and `root_totals`, of the groups from `first` on, the gradients' means over the shifts,
    weighted by exp(value + `logs`).
    """
    room = make_room(bounds[first], bounds[last], cells.start, root, nodes)
    shifted, total, root_total = table.copy(), np.empty_like(table), np.empty_like(root)
    for g in range(first, last):
        top, mass = -math.inf, 0.0
        for q in range(shifts.shape[1]):
            values[g, q] = 0.0
            slopes[g, q, :] = 0.0
            if logs[g, q] == -math.inf:
                continue
            for j in range(shifts.shape[2]):
                shifted[0, j] = table[0, j] + shifts[g, q, j]
            total[:, :] = 0.0
            root_total[:, :] = 0.0
            value = _pass(
                bounds[g], bounds[g + 1], cells, shifted, root, modes, enough, nodes,
                total, root_total, room,
            )  # fmt: skip
            values[g, q] = value
            for j in range(shifts.shape[2]):
                slopes[g, q, j] = total[0, j]
            value += logs[g, q]
            if value > top:
                less = math.exp(top - value)
                _mix(totals[g - first], less, total, 0.0)
                _mix(root_totals[g - first], less, root_total, 0.0)
                top, mass = value, mass * less
            share = math.exp(value - top)
            mass += share
            _mix(totals[g - first], 1.0, total, share)
            _mix(root_totals[g - first], 1.0, root_total, share)
        _mix(totals[g - first], 1.0 / mass, total, 0.0)
        _mix(root_totals[g - first], 1.0 / mass, root_total, 0.0)


@kernel
def _mix(held, share, more, part):
    """Multiply what is held, and add a part of something else."""
    for i in range(held.shape[0]):
        for j in range(held.shape[1]):
            held[i, j] = share * held[i, j] + part * more[i, j]
