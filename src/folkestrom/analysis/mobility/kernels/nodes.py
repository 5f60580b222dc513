"""One person: the quadrature around the mode of the effects.

Names are those of `mode`; nothing here makes a view or an array either.
"""

from __future__ import annotations

import math

from folkestrom.analysis.mobility.kernels.compiled import kernel
from folkestrom.analysis.mobility.kernels.layout import COUNTS, EFFECT, VALUES
from folkestrom.analysis.mobility.kernels.predictors import exponential

#: After this many rows the product of probabilities is scaled, so that it cannot vanish.
_FLUSH = 16


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
def _take(product, row, scratch, position, index, d):
    for k in range(product.shape[1]):
        product[row, k] *= scratch[0, position + index[d, k]]


@kernel
def _take_weight(weight, scratch, position, index, d):
    for k in range(weight.shape[0]):
        weight[k] *= scratch[0, position + index[d, k]]


@kernel
def _take_pair(grow, weight, scratch, order, index, nodes, small):
    """The products of two effects and two equations at once."""
    ea, eb = small[EFFECT, 0], small[EFFECT, 1]
    for k in range(weight.shape[0]):
        i, h = index[0, k], 3 * order + index[1, k]
        weight[k] = scratch[0, i] * scratch[0, h]
        grow[0, k] = ea * scratch[0, order + i] * scratch[0, order + h]
        grow[1, k] = eb * scratch[0, 2 * order + i] * scratch[0, 2 * order + h]
    for k in range(nodes, weight.shape[0]):
        weight[k] = 0.0


@kernel
def _at_mode(weight, grow, small, nodes):
    for k in range(weight.shape[0]):
        weight[k] = 1.0 if k < nodes else 0.0
    for j in range(grow.shape[0]):
        for k in range(weight.shape[0]):
            grow[j, k] = small[EFFECT, j]


@kernel
def _slopes(root, axes, d, points, scratch, position):
    """How u changes along an axis: what is to be exponentiated, equation by equation."""
    order = points.shape[0]
    for j in range(root.shape[0]):
        slope = 0.0
        for k in range(root.shape[1]):
            slope += root[j, k] * axes[k, d]
        for a in range(order):
            scratch[0, position + (j + 1) * order + a] = slope * points[a]


@kernel
def _exponents_of_two(root, modes, person, points, log_weights, curvature, axes, scratch):
    """As the loops of `place_nodes`, for two effects, written out; returns the common factor."""
    order = points.shape[0]
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
    shift, shift_other = x * a00 + w * a10, x * a01 + w * a11
    bend, bend_other = 1.0 - 1.0 / first, 1.0 - 1.0 / second
    s00, s10 = root[0, 0] * a00 + root[0, 1] * a10, root[1, 0] * a00 + root[1, 1] * a10
    s01, s11 = root[0, 0] * a01 + root[0, 1] * a11, root[1, 0] * a01 + root[1, 1] * a11
    for a in range(order):
        p = points[a]
        scratch[0, a] = log_weights[a] + p * (p * bend - shift)
        scratch[0, order + a] = s00 * p
        scratch[0, 2 * order + a] = s10 * p
        scratch[0, 3 * order + a] = log_weights[a] + p * (p * bend_other - shift_other)
        scratch[0, 4 * order + a] = s01 * p
        scratch[0, 5 * order + a] = s11 * p
    return -0.5 * (x * x + w * w + math.log(first * second * math.pi * math.pi))


@kernel
def place_nodes(
    root, modes, person, points, log_weights, index, nodes,
    curvature, small, vectors, solved, axes, scratch, bits, grow, weight,
):  # fmt: skip
    """exp(u) of every node and equation, the node's weight; the log of the common factor.

    In the axes of the curvature both are products over dimensions, so that there are few
    exponentials. `axes` becomes the matrix A with z = mode + A x.
    """
    equations, n = root.shape
    order = points.shape[0]
    if n == 2 and equations == 2:
        common = _exponents_of_two(
            root, modes, person, points, log_weights, curvature, axes, scratch
        )
        exponential(scratch, 0, 6 * order, bits)
        _take_pair(grow, weight, scratch, order, index, nodes, small)
        return common
    _eigen(curvature, n, small, vectors, solved)
    common = 0.0
    position = 0
    for d in range(n):
        value = small[VALUES, d]
        half = math.sqrt(2.0 / value)
        shift = 0.0
        for k in range(n):
            axes[k, d] = vectors[k, d] * half
            shift += modes[person, k] * axes[k, d]
        common -= 0.5 * (modes[person, d] * modes[person, d] + math.log(value * math.pi))
        bend = 1.0 - 1.0 / value
        for a in range(order):
            x = points[a]
            scratch[0, position + a] = log_weights[a] + x * (x * bend - shift)
        _slopes(root, axes, d, points, scratch, position)
        position += order * (equations + 1)
    exponential(scratch, 0, position, bits)
    _at_mode(weight, grow, small, nodes)
    for d in range(n):
        position = d * order * (equations + 1)
        _take_weight(weight, scratch, position, index, d)
        for j in range(equations):
            _take(grow, j, scratch, position + (j + 1) * order, index, d)
    return common


@kernel
def _pair_of_rows(e, r, grow, inverse, at, weight, sums):
    """Inverse denominators of two rows at all nodes, with one division for both."""
    a0, b0, a1, b1 = e[0, r], e[1, r], e[0, r + 1], e[1, r + 1]
    for k in range(weight.shape[0]):
        s = 1.0 + a0 * grow[0, k] + b0 * grow[1, k]
        t = 1.0 + a1 * grow[0, k] + b1 * grow[1, k]
        both = 1.0 / (s * t)
        p = both * t
        q = both * s
        inverse[at, k] = p
        inverse[at + 1, k] = q
        weight[k] *= both
        sums[0, k] += a0 * p + a1 * q
        sums[1, k] += b0 * p + b1 * q


@kernel
def _row_of_two(e, r, grow, inverse, at, weight, sums):
    a, b = e[0, r], e[1, r]
    for k in range(weight.shape[0]):
        p = 1.0 / (1.0 + a * grow[0, k] + b * grow[1, k])
        inverse[at, k] = p
        weight[k] *= p
        sums[0, k] += a * p
        sums[1, k] += b * p


@kernel
def _row_of_three(e, r, grow, inverse, at, weight, sums):
    a, b, c = e[0, r], e[1, r], e[2, r]
    for k in range(weight.shape[0]):
        p = 1.0 / (1.0 + a * grow[0, k] + b * grow[1, k] + c * grow[2, k])
        inverse[at, k] = p
        weight[k] *= p
        sums[0, k] += a * p
        sums[1, k] += b * p
        sums[2, k] += c * p


@kernel
def _rows_of_pair(e, first, r, stop, grow, inverse, weight, sums):
    while r + 1 < stop:
        _pair_of_rows(e, r, grow, inverse, r - first, weight, sums)
        r += 2
    if r < stop:
        _row_of_two(e, r, grow, inverse, r - first, weight, sums)


@kernel
def _rows_of_triple(e, first, r, stop, grow, inverse, weight, sums):
    for s in range(r, stop):
        _row_of_three(e, s, grow, inverse, s - first, weight, sums)


@kernel
def _multiply(weight, grow, j, scale):
    for k in range(weight.shape[0]):
        weight[k] *= grow[j, k] * scale


@kernel
def _rescale(weight):
    """Divide by the sum; returns its logarithm."""
    total = 0.0
    for k in range(weight.shape[0]):
        total += weight[k]
    inverse = 1.0 / total
    for k in range(weight.shape[0]):
        weight[k] *= inverse
    return math.log(total)


@kernel
def weigh_nodes(y, origin, first, last, e, grow, inverse, weight, sums):
    """Turn the nodes' weights into the posterior ones; returns the log of their sum before.

    Leaves the inverse denominators of each row in `inverse` and their sums, weighted by
    exp(x'b), in `sums`.
    """
    for j in range(sums.shape[0]):
        for k in range(sums.shape[1]):
            sums[j, k] = 0.0
    log_sum = 0.0
    r = first
    while r < last:
        stop = min(last, r + _FLUSH)
        if e.shape[0] == 2:
            _rows_of_pair(e, first, r, stop, grow, inverse, weight, sums)
        else:
            _rows_of_triple(e, first, r, stop, grow, inverse, weight, sums)
        for s in range(r, stop):
            j = y[origin + s]
            if j > 0:
                _multiply(weight, grow, j - 1, e[j - 1, s])
        if stop < last:
            log_sum += _rescale(weight)
        r = stop
    return log_sum + _rescale(weight)


@kernel
def residuals(y, origin, first, last, e, grow, inverse, weight, bent, rest):
    """Outcome less posterior mean probability, of each equation and row.

    `bent` becomes the posterior weight times exp(u) of each equation and node.
    """
    equations = e.shape[0]
    for j in range(equations):
        for k in range(weight.shape[0]):
            bent[j, k] = weight[k] * grow[j, k]
    for r in range(first, last):
        for j in range(equations):
            s = 0.0
            for k in range(weight.shape[0]):
                s += bent[j, k] * inverse[r - first, k]
            rest[j, r] = -e[j, r] * s
        if y[origin + r] > 0:
            rest[y[origin + r] - 1, r] += 1.0


@kernel
def root_score(modes, person, points, index, nodes, share, axes, weight, bent, sums, small, out):
    """Add a person's score in the entries of L: posterior mean of (sum of residuals) z."""
    equations, n = out.shape
    for j in range(equations if n > 0 else 0):
        count = small[COUNTS, j]
        mean = count
        for k in range(nodes):
            mean -= bent[j, k] * sums[j, k]
        for d in range(n):
            out[j, d] += share * mean * modes[person, d]
        for d in range(n):
            s = 0.0
            for k in range(nodes):
                s += points[index[d, k]] * (count * weight[k] - bent[j, k] * sums[j, k])
            for h in range(n):
                out[j, h] += share * axes[h, d] * s
