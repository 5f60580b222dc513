"""One person: rows at the nodes, posterior weights, residuals.

`work` and `inverse` are single arrays with offsets known when compiled, and every index is masked
as not negative: only so do the loops over nodes run in vectors.
"""

from __future__ import annotations

import numpy as np

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel
from folkestrom.analysis.mobility.estimation.kernels.elementary import exponential_of, logarithm_of
from folkestrom.analysis.mobility.estimation.kernels.layout import (
    AREA,
    BENT,
    COUNTS,
    EVERY,
    FIELD,
    GROW,
    LANES,
    LINEAR,
    LOG,
    POSITIVE,
    REACH,
    REFERENCE,
    SUMS,
)
from folkestrom.analysis.mobility.estimation.kernels.mode import find_mode
from folkestrom.analysis.mobility.estimation.kernels.nodes import place_nodes


@kernel
def _four_rows(e, r, work, at, inverse, q, packs):
    """Inverse denominators of four rows at all nodes of a chunk, with one division for all."""
    at &= POSITIVE
    q &= POSITIVE
    grow, more, sums = GROW * FIELD, (GROW + 1) * FIELD, SUMS * FIELD
    n0, a0, b0 = e[0, r], e[1, r], e[2, r]
    n1, a1, b1 = e[0, r + 1], e[1, r + 1], e[2, r + 1]
    n2, a2, b2 = e[0, r + 2], e[1, r + 2], e[2, r + 2]
    n3, a3, b3 = e[0, r + 3], e[1, r + 3], e[2, r + 3]
    for k in range(8 * packs):
        g, h = work[at + grow + k], work[at + more + k]
        s = n0 + a0 * g + b0 * h
        t = n1 + a1 * g + b1 * h
        u = n2 + a2 * g + b2 * h
        v = n3 + a3 * g + b3 * h
        early, late = s * t, u * v
        both = 1.0 / (early * late)
        work[at + k] *= both
        early *= both
        late *= both
        p0, p1, p2, p3 = late * t, late * s, early * v, early * u
        inverse[q + k] = p0
        inverse[q + LANES + k] = p1
        inverse[q + 2 * LANES + k] = p2
        inverse[q + 3 * LANES + k] = p3
        work[at + sums + k] += a0 * p0 + a1 * p1 + a2 * p2 + a3 * p3
        work[at + sums + FIELD + k] += b0 * p0 + b1 * p1 + b2 * p2 + b3 * p3


@kernel
def _two_rows(e, r, work, at, inverse, q, packs):
    """As `_four_rows`, for two."""
    at &= POSITIVE
    q &= POSITIVE
    grow, more, sums = GROW * FIELD, (GROW + 1) * FIELD, SUMS * FIELD
    n0, a0, b0 = e[0, r], e[1, r], e[2, r]
    n1, a1, b1 = e[0, r + 1], e[1, r + 1], e[2, r + 1]
    for k in range(8 * packs):
        g, h = work[at + grow + k], work[at + more + k]
        s = n0 + a0 * g + b0 * h
        t = n1 + a1 * g + b1 * h
        both = 1.0 / (s * t)
        work[at + k] *= both
        p0, p1 = both * t, both * s
        inverse[q + k] = p0
        inverse[q + LANES + k] = p1
        work[at + sums + k] += a0 * p0 + a1 * p1
        work[at + sums + FIELD + k] += b0 * p0 + b1 * p1


@kernel
def _two_rows_of_three(e, r, work, at, inverse, q, packs):
    """As `_two_rows`, with three equations."""
    at &= POSITIVE
    q &= POSITIVE
    grow, sums = GROW * FIELD, SUMS * FIELD
    n0, a0, b0, c0 = e[0, r], e[1, r], e[2, r], e[3, r]
    n1, a1, b1, c1 = e[0, r + 1], e[1, r + 1], e[2, r + 1], e[3, r + 1]
    for k in range(8 * packs):
        g, h = work[at + grow + k], work[at + grow + FIELD + k]
        i = work[at + grow + 2 * FIELD + k]
        s = n0 + a0 * g + b0 * h + c0 * i
        t = n1 + a1 * g + b1 * h + c1 * i
        both = 1.0 / (s * t)
        work[at + k] *= both
        p0, p1 = both * t, both * s
        inverse[q + k] = p0
        inverse[q + LANES + k] = p1
        work[at + sums + k] += a0 * p0 + a1 * p1
        work[at + sums + FIELD + k] += b0 * p0 + b1 * p1
        work[at + sums + 2 * FIELD + k] += c0 * p0 + c1 * p1


@kernel
def _total(work, at, packs):
    at &= POSITIVE
    total = 0.0
    for k in range(8 * packs):
        total += work[at + k]
    return total


@kernel
def _multiply(work, at, by, packs):
    at &= POSITIVE
    for k in range(8 * packs):
        work[at + k] *= by


@kernel
def _clear(work, at, packs):
    at &= POSITIVE
    for k in range(8 * packs):
        work[at + k] = 0.0


@kernel
def _to_logarithms(work, at, packs):
    """Add the logarithms of a chunk's weights to what is held of them, and begin with 1 again."""
    at &= POSITIVE
    for k in range(8 * packs):
        work[at + LOG * FIELD + k] += logarithm_of(work[at + k])
        work[at + k] = 1.0


@kernel
def _weigh_chunk(first, last, e, work, at, inverse, q, every, packs):
    """Divide the weights of a chunk of nodes by all rows' denominators."""
    held = 0
    r = first
    while r < last:
        step = 2
        if e.shape[0] == 4:
            _two_rows_of_three(e, r, work, at, inverse, q, packs)
        elif r + 4 <= last and every != 2:
            step = 4
            _four_rows(e, r, work, at, inverse, q, packs)
        else:
            _two_rows(e, r, work, at, inverse, q, packs)
        r, q, held = r + step, q + step * LANES, held + step
        if every > 0 and (held + 4 > every or r == last):
            _to_logarithms(work, at, packs)
            held = 0


@kernel
def _from_logarithms(work, counts, packs):
    """Weights from their logarithms, the largest being 1; returns the largest logarithm."""
    top = -np.inf
    for chunk in range(counts.shape[0]):
        for k in range(counts[chunk]):
            top = max(top, work[chunk * AREA + LOG * FIELD + k])
    for chunk in range(counts.shape[0]):
        for k in range(8 * packs):
            at = chunk * AREA + k
            work[at] = exponential_of(work[at + LOG * FIELD] - top)
    return top


@kernel
def _weigh(first, last, e, work, inverse, counts, every, packs):
    """Turn the nodes' weights into the posterior ones; returns the log of their sum before."""
    stretch = inverse.shape[0] // counts.shape[0]
    for chunk in range(counts.shape[0]):
        at = chunk * AREA
        for j in range(e.shape[0] - 1):
            _clear(work, at + (SUMS + j) * FIELD, packs)
        _weigh_chunk(first, last, e, work, at, inverse, chunk * stretch, every, packs)
    top = _from_logarithms(work, counts, packs) if every > 0 else 0.0
    total = 0.0
    for chunk in range(counts.shape[0]):
        total += _total(work, chunk * AREA, packs)
    for chunk in range(counts.shape[0]):
        _multiply(work, chunk * AREA, 1.0 / total, packs)
    return top + logarithm_of(total)


@kernel
def _bend(work, at, grow, bent, packs):
    """Posterior weight times exp(u), of one equation."""
    at &= POSITIVE
    grow &= POSITIVE
    bent &= POSITIVE
    for k in range(8 * packs):
        work[bent + k] = work[at + k] * work[grow + k]


@kernel
def _rest_of_two_rows(e, r, work, at, inverse, q, rest, packs):
    """Take the posterior mean probabilities, of a chunk of nodes, from two rows' residuals."""
    at &= POSITIVE
    q &= POSITIVE
    bent = BENT * FIELD
    x0, x1, y0, y1 = 0.0, 0.0, 0.0, 0.0
    for k in range(8 * packs):
        g, h = work[at + bent + k], work[at + bent + FIELD + k]
        p, o = inverse[q + k], inverse[q + LANES + k]
        x0 += g * p
        y0 += h * p
        x1 += g * o
        y1 += h * o
    rest[0, r] -= e[1, r] * x0
    rest[1, r] -= e[2, r] * y0
    rest[0, r + 1] -= e[1, r + 1] * x1
    rest[1, r + 1] -= e[2, r + 1] * y1


@kernel
def _rest_of_two_rows_third(e, r, work, at, inverse, q, rest, packs):
    at &= POSITIVE
    q &= POSITIVE
    bent = (BENT + 2) * FIELD
    x0, x1 = 0.0, 0.0
    for k in range(8 * packs):
        g = work[at + bent + k]
        x0 += g * inverse[q + k]
        x1 += g * inverse[q + LANES + k]
    rest[2, r] -= e[3, r] * x0
    rest[2, r + 1] -= e[3, r + 1] * x1


@kernel
def _residuals(outcome, origin, rows, first, last, e, work, inverse, counts, rest, packs):
    """Outcome less posterior mean probability, of each equation and row."""
    stretch = inverse.shape[0] // counts.shape[0]
    for j in range(rest.shape[0]):
        for r in range(first, last):
            rest[j, r] = 0.0
    for r in range(rows):
        if outcome[origin + r] > 0:
            rest[outcome[origin + r] - 1, first + r] = 1.0
    for chunk in range(counts.shape[0]):
        at, q = chunk * AREA, chunk * stretch
        for j in range(rest.shape[0]):
            _bend(work, at, at + (GROW + j) * FIELD, at + (BENT + j) * FIELD, packs)
        for r in range(first, last, 2):
            _rest_of_two_rows(e, r, work, at, inverse, q, rest, packs)
            if rest.shape[0] == 3:
                _rest_of_two_rows_third(e, r, work, at, inverse, q, rest, packs)
            q += 2 * LANES


@kernel
def integrate(
    outcome, start, person, k, root, modes, points, log_weights, lines, counts, packs, enough,
    e, rest, at, tally, work, inverse, scratch,
    axes, curvature, solved, vectors, info, small,
):  # fmt: skip
    """A person's log-likelihood; leaves residuals, posterior weights and nodes in the arrays.

    The person is number `k` of the block. The arrays are those of `Room` and `Nodes`, one by
    one: taking one out of it counts a reference, which threads would wait for at this rate.
    """
    first, last = at[k], at[k + 1]
    small[COUNTS, 0], small[COUNTS, 1], small[COUNTS, 2] = tally[k, 0], tally[k, 1], tally[k, 2]
    find_mode(first, last, root, modes, person, e, rest, enough, small, info, curvature, solved)
    one = tally[k, LINEAR] + small[REFERENCE, LINEAR]
    one += place_nodes(
        last - first, root, modes, person, points, log_weights, lines, counts,
        curvature, small, vectors, solved, axes, scratch, work,
    )  # fmt: skip
    every = np.int64(small[REACH, EVERY])
    one += _weigh(first, last, e, work, inverse, counts, every, packs)
    origin = start[person]
    rows = start[person + 1] - origin
    _residuals(outcome, origin, rows, first, last, e, work, inverse, counts, rest, packs)
    return one


@kernel
def _root_of_chunk(where, count, n, work, at, bent, sums, w, j, share, axes, out, packs):
    """A chunk's part of `root_score`, the nodes' distance from the mode; the mean residual."""
    at &= POSITIVE
    bent &= POSITIVE
    sums &= POSITIVE
    w &= POSITIVE
    x, v, u = 0.0, 0.0, 0.0
    mean = 0.0
    for k in range(8 * packs):
        r = count * work[at + k] - work[bent + k] * work[sums + k]
        mean += r
        x += where[w + k] * r
        v += where[w + LANES + k] * r
        u += where[w + 2 * LANES + k] * r
    for h in range(n):
        moved = axes[h, 0] * x
        if n > 1:
            moved += axes[h, 1] * v
        if n > 2:
            moved += axes[h, 2] * u
        out[j, h] += share * moved
    return mean


@kernel
def _root_of_two(where, ones, twos, work, at, w, axes, modes, person, share, out, packs):
    """As `_root_of_chunk`, for two effects and both equations at once, mean and all."""
    at &= POSITIVE
    w &= POSITIVE
    mean, x, v = 0.0, 0.0, 0.0
    other, y, u = 0.0, 0.0, 0.0
    for k in range(8 * packs):
        p, q = where[w + k], where[w + LANES + k]
        weight = work[at + k]
        r = ones * weight - work[at + BENT * FIELD + k] * work[at + SUMS * FIELD + k]
        s = twos * weight - work[at + (BENT + 1) * FIELD + k] * work[at + (SUMS + 1) * FIELD + k]
        mean += r
        x += p * r
        v += q * r
        other += s
        y += p * s
        u += q * s
    for h in range(2):
        out[0, h] += share * (mean * modes[person, h] + axes[h, 0] * x + axes[h, 1] * v)
        out[1, h] += share * (other * modes[person, h] + axes[h, 0] * y + axes[h, 1] * u)


@kernel
def root_score(modes, person, where, counts, packs, share, axes, work, small, out):
    """Add a person's score in the entries of L: posterior mean of (sum of residuals) z."""
    equations, n = out.shape
    if n == 2 and equations == 2:
        for chunk in range(counts.shape[0]):
            _root_of_two(
                where, small[COUNTS, 0], small[COUNTS, 1], work, chunk * AREA, 3 * chunk * LANES,
                axes, modes, person, share, out, packs,
            )  # fmt: skip
        return
    for j in range(equations if n > 0 else 0):
        for chunk in range(counts.shape[0]):
            at = chunk * AREA
            mean = _root_of_chunk(
                where, small[COUNTS, j], n, work, at, at + (BENT + j) * FIELD,
                at + (SUMS + j) * FIELD, 3 * chunk * LANES, j, share, axes, out, packs,
            )  # fmt: skip
            for d in range(n):
                out[j, d] += share * mean * modes[person, d]
