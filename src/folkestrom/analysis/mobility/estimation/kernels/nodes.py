"""One person: the nodes around the mode of the effects.

Names are those of `mode`; nothing here makes a view or an array either.
"""

from __future__ import annotations

import math

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel
from folkestrom.analysis.mobility.estimation.kernels.elementary import exponential, logarithm_of
from folkestrom.analysis.mobility.estimation.kernels.layout import (
    AREA,
    COUNTS,
    EFFECT,
    EVERY,
    FIELD,
    GROW,
    LANES,
    LOG,
    POSITIVE,
    REACH,
    REFERENCE,
    VALUES,
)

#: So far from its reference an effect may be at a node for denominators of two rows, and of four,
#: to be multiplied. Farther, there is no likelihood: nothing is cut that would bias it.
_FARTHEST, _FAR = 330.0, 165.0
#: Logarithms of weights may add up to so much.
_LARGEST = 600.0
#: A row's denominator is the largest of its parts times no more than four: logarithm of that.
_PARTS = 1.4


@kernel
def _turn(a, vectors, n, p, q):
    """One rotation of Jacobi's method, which makes a[p, q] zero."""
    theta = 0.5 * (a[q, q] - a[p, p]) / a[p, q]
    t = 1.0 / (abs(theta) + math.sqrt(theta * theta + 1.0))
    t = -t if theta < 0.0 else t
    c = 1.0 / math.sqrt(t * t + 1.0)
    s = t * c
    for k in range(n):
        x, w = a[k, p], a[k, q]
        a[k, p] = c * x - s * w
        a[k, q] = s * x + c * w
    for k in range(n):
        x, w = a[p, k], a[q, k]
        a[p, k] = c * x - s * w
        a[q, k] = s * x + c * w
    for k in range(n):
        x, w = vectors[k, p], vectors[k, q]
        vectors[k, p] = c * x - s * w
        vectors[k, q] = s * x + c * w


@kernel
def _eigen(matrix, n, small, vectors, a):
    """Eigenvalues and vectors of a symmetric matrix of at most three rows."""
    for i in range(n):
        for j in range(n):
            vectors[i, j] = 1.0 if i == j else 0.0
            a[i, j] = matrix[i, j]
    for _ in range(1 if n == 2 else 8):
        for p in range(n):
            for q in range(p + 1, n):
                if abs(a[p, q]) > 1e-300:
                    _turn(a, vectors, n, p, q)
    for i in range(n):
        small[VALUES, i] = a[i, i]


@kernel
def _line(work, at, factor, scratch, p, count):
    # A line's last eight may reach into the next line, which is written after it, or into lanes
    # without a node.
    for first in range(0, count, 8):
        for k in range(first, first + 8):
            work[at + k] = factor * scratch[0, p + k]


@kernel
def _lay_out(work, scratch, lines, width, equations, n, small):
    """From products over dimensions to nodes: a line of nodes at a time."""
    for line in range(lines.shape[0]):
        for q in range(equations + 1):
            factor = 1.0 if q == 0 else small[EFFECT, q - 1]
            for d in range(n - 1):
                factor *= scratch[0, (d * (equations + 1) + q) * width + lines[line, 3 + d]]
            at = (lines[line, 0] + (q if q == 0 else GROW + q - 1) * FIELD) & POSITIVE
            p = (((n - 1) * (equations + 1) + q) * width + lines[line, 1]) & POSITIVE
            _line(work, at, factor, scratch, p, lines[line, 2])


@kernel
def _lay_out_two(work, scratch, lines, width, small):
    """As `_lay_out`, for two effects and two equations, written out."""
    ea, eb = small[EFFECT, 0], small[EFFECT, 1]
    for line in range(lines.shape[0]):
        i = lines[line, 3]
        w, a, b = scratch[0, i], ea * scratch[0, width + i], eb * scratch[0, 2 * width + i]
        at = lines[line, 0] & POSITIVE
        p = (3 * width + lines[line, 1]) & POSITIVE
        q, r = (p + width) & POSITIVE, (p + 2 * width) & POSITIVE
        _line(work, at, w, scratch, p, lines[line, 2])
        _line(work, at + GROW * FIELD, a, scratch, q, lines[line, 2])
        _line(work, at + (GROW + 1) * FIELD, b, scratch, r, lines[line, 2])


@kernel
def _lay_out_logarithms(work, scratch, lines, width, equations, n):
    """Logarithms of the nodes' weights, where rows are many; the weights themselves become 1."""
    for line in range(lines.shape[0]):
        before = 0.0
        for d in range(n - 1):
            before += scratch[0, d * (equations + 1) * width + lines[line, 3 + d]]
        at = lines[line, 0] + LOG * FIELD
        p = (n - 1) * (equations + 1) * width + lines[line, 1]
        for k in range(lines[line, 2]):
            work[at + k] = before + scratch[0, p + k]
    for d in range(n):
        for a in range(width):
            scratch[0, d * (equations + 1) * width + a] = 0.0


@kernel
def _reach(rows, reach, weights, small):
    """From how far effects and weights reach, after how many rows weights become logarithms."""
    each = reach + _PARTS
    small[REACH, EVERY] = 0.0
    if rows * each + weights > _LARGEST:
        small[REACH, EVERY] = 2.0 if reach > _FAR else max(4.0, math.floor(_LARGEST / each))
    return 0.0 if reach <= _FARTHEST else math.nan


@kernel
def _greatest(scratch, first, width):
    """The largest logarithm of a weight along an axis."""
    found = 0.0
    for a in range(width):
        found = max(found, abs(scratch[0, first + a]))
    return found


@kernel
def _clear_rest(work, counts, equations):
    """No weight for lanes without a node, nor for those that a line's last eight reached.

    Effects there are those of the reference, so that denominators are not zero.
    """
    for chunk in range(counts.shape[0]):
        at = chunk * AREA
        for k in range(counts[chunk], LANES):
            work[at + k] = 0.0
            for j in range(equations):
                work[at + (GROW + j) * FIELD + k] = 1.0


@kernel
def _at_mode(work, counts, equations, small):
    _clear_rest(work, counts, equations)
    work[0] = 1.0
    work[LOG * FIELD] = 0.0
    for j in range(equations):
        work[(GROW + j) * FIELD] = small[EFFECT, j]


@kernel
def _slopes(root, axes, d, points, scratch, position, small):
    """How u changes along an axis, equation by equation; returns how the probabilities do."""
    width = points.shape[0]
    all_of_them = 0.0
    for j in range(root.shape[0]):
        slope = 0.0
        for k in range(root.shape[1]):
            slope += root[j, k] * axes[k, d]
        all_of_them += small[COUNTS, j] * slope
        for a in range(width):
            scratch[0, position + (j + 1) * width + a] = slope * points[a]
    return all_of_them


@kernel
def _exponents_of_two(
    rows, root, modes, person, points, log_weights, curvature, axes, scratch, small
):
    """As the loops of `place_nodes`, for two effects, written out; returns the common factor."""
    width = points.shape[0]
    x, w = modes[person, 0], modes[person, 1]
    caa, cab, cbb = curvature[0, 0], curvature[0, 1], curvature[1, 1]
    t = 0.0
    if abs(cab) > 1e-300:
        theta = 0.5 * (cbb - caa) / cab
        t = 1.0 / (abs(theta) + math.sqrt(theta * theta + 1.0))
        t = -t if theta < 0.0 else t
    c = 1.0 / math.sqrt(t * t + 1.0)
    s = t * c
    first, second = caa - t * cab, cbb + t * cab
    half, other = math.sqrt(2.0 / first), math.sqrt(2.0 / second)
    a00, a10, a01, a11 = c * half, -s * half, s * other, c * other
    axes[0, 0], axes[1, 0], axes[0, 1], axes[1, 1] = a00, a10, a01, a11
    s00, s10 = root[0, 0] * a00 + root[0, 1] * a10, root[1, 0] * a00 + root[1, 1] * a10
    s01, s11 = root[0, 0] * a01 + root[0, 1] * a11, root[1, 0] * a01 + root[1, 1] * a11
    ones, twos = small[COUNTS, 0], small[COUNTS, 1]
    tilt = ones * s00 + twos * s10 - x * a00 - w * a10
    other_tilt = ones * s01 + twos * s11 - x * a01 - w * a11
    bend, other_bend = 1.0 - 1.0 / first, 1.0 - 1.0 / second
    for a in range(width):
        p = points[a]
        scratch[0, a] = log_weights[a] + p * (p * bend + tilt)
        scratch[0, width + a] = s00 * p
        scratch[0, 2 * width + a] = s10 * p
        scratch[0, 3 * width + a] = log_weights[a] + p * (p * other_bend + other_tilt)
        scratch[0, 4 * width + a] = s01 * p
        scratch[0, 5 * width + a] = s11 * p
    ua, ub = root[0, 0] * x + root[0, 1] * w, root[1, 0] * x + root[1, 1] * w
    volume = logarithm_of(first * second * math.pi * math.pi)
    # Points lie around zero, the first and the last of a rule farthest from it.
    most = abs(points[0])
    reach = max(
        abs(ua - small[REFERENCE, 0]) + most * (abs(s00) + abs(s01)),
        abs(ub - small[REFERENCE, 1]) + most * (abs(s10) + abs(s11)),
    )
    weights = _greatest(scratch, 0, width) + _greatest(scratch, 3 * width, width)
    common = ones * ua + twos * ub - 0.5 * (x * x + w * w + volume)
    return common + _reach(rows, reach, weights, small)


@kernel
def place_nodes(
    rows, root, modes, person, points, log_weights, lines, counts,
    curvature, small, vectors, solved, axes, scratch, work,
):  # fmt: skip
    """exp(u − reference) of every node and equation, the node's weight; log of the common factor.

    In the axes of the curvature both are products over dimensions, so that there are few
    exponentials. What the outcomes that occurred owe to u is in the weight already; where there
    are many, weights so far from 1 that would not multiply are kept as logarithms. `axes` becomes
    the matrix A with z = mode + A x.
    """
    equations, n = root.shape
    width = points.shape[0]
    if n == 0:
        _at_mode(work, counts, equations, small)
        return _reach(rows, 0.0, 0.0, small)
    if n == 2 and equations == 2:
        common = _exponents_of_two(
            rows, root, modes, person, points, log_weights, curvature, axes, scratch, small
        )
        if small[REACH, EVERY] > 0.0:
            _lay_out_logarithms(work, scratch, lines, width, equations, n)
        exponential(scratch, 0, 6 * width)
        _lay_out_two(work, scratch, lines, width, small)
        _clear_rest(work, counts, 2)
        return common
    _eigen(curvature, n, small, vectors, solved)
    common, weights = 0.0, 0.0
    position = 0
    for d in range(n):
        value = small[VALUES, d]
        half = math.sqrt(2.0 / value)
        shift = 0.0
        for k in range(n):
            axes[k, d] = vectors[k, d] * half
            shift += modes[person, k] * axes[k, d]
        common -= 0.5 * (modes[person, d] * modes[person, d] + logarithm_of(value * math.pi))
        tilt = _slopes(root, axes, d, points, scratch, position, small) - shift
        bend = 1.0 - 1.0 / value
        for a in range(width):
            x = points[a]
            scratch[0, position + a] = log_weights[a] + x * (x * bend + tilt)
        weights += _greatest(scratch, position, width)
        position += width * (equations + 1)
    reach = 0.0
    for j in range(equations):
        u, along = 0.0, 0.0
        for d in range(n):
            u += root[j, d] * modes[person, d]
            along += abs(scratch[0, (d * (equations + 1) + j + 1) * width])
        common += small[COUNTS, j] * u
        reach = max(reach, abs(u - small[REFERENCE, j]) + along)
    common += _reach(rows, reach, weights, small)
    if small[REACH, EVERY] > 0.0:
        _lay_out_logarithms(work, scratch, lines, width, equations, n)
    exponential(scratch, 0, position)
    _lay_out(work, scratch, lines, width, equations, n, small)
    _clear_rest(work, counts, equations)
    return common
