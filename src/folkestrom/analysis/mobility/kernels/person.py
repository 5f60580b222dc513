"""One person: the mode of the effects, and the quadrature around it.

The effects are u = L z with z standard normal; `root` is L. A person's rows are those from `first`
to `last` of the block at hand. Nothing here makes a view or an array: at this rate that costs more
than the arithmetic.
"""

from __future__ import annotations

import math

from folkestrom.analysis.mobility.kernels.compiled import kernel
from folkestrom.analysis.mobility.kernels.layout import (
    COUNTS,
    DOWN,
    EFFECT,
    GRADIENT,
    STEP,
    TOTALS,
    VALUES,
)
from folkestrom.analysis.mobility.kernels.predictors import exponential

#: Newton has found the mode when a step's gain is smaller than this.
_GAIN = 1e-9
_TURNS = 60
#: After this many rows the product of probabilities is scaled, so that it cannot vanish.
_FLUSH = 16


@kernel
def count_outcomes(y, origin, first, last, small):
    """How often each outcome but the first occurs among a person's rows."""
    a, b, c = 0.0, 0.0, 0.0
    for r in range(origin + first, origin + last):
        if y[r] == 1:
            a += 1.0
        elif y[r] == 2:
            b += 1.0
        elif y[r] == 3:
            c += 1.0
    small[COUNTS, 0], small[COUNTS, 1], small[COUNTS, 2] = a, b, c


@kernel
def _sums_pair(e, first, last, ea, eb, small):
    ga, gb, waa, wab, wbb = 0.0, 0.0, 0.0, 0.0, 0.0
    for r in range(first, last):
        a = e[0, r] * ea
        b = e[1, r] * eb
        inverse = 1.0 / (1.0 + a + b)
        a *= inverse
        b *= inverse
        ga += a
        gb += b
        waa += a * a
        wab += a * b
        wbb += b * b
    small[TOTALS, 0], small[TOTALS, 1] = ga, gb
    small[TOTALS, 2], small[TOTALS, 3], small[TOTALS, 4] = waa, wab, wbb


@kernel
def _sums_triple(e, first, last, ea, eb, ec, small):
    ga, gb, gc = 0.0, 0.0, 0.0
    waa, wab, wac, wbb, wbc, wcc = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for r in range(first, last):
        a = e[0, r] * ea
        b = e[1, r] * eb
        c = e[2, r] * ec
        inverse = 1.0 / (1.0 + a + b + c)
        a *= inverse
        b *= inverse
        c *= inverse
        ga += a
        gb += b
        gc += c
        waa += a * a
        wab += a * b
        wac += a * c
        wbb += b * b
        wbc += b * c
        wcc += c * c
    small[TOTALS, 0], small[TOTALS, 1], small[TOTALS, 5] = ga, gb, gc
    small[TOTALS, 2], small[TOTALS, 3], small[TOTALS, 4] = waa, wab, wbb
    small[TOTALS, 6], small[TOTALS, 7], small[TOTALS, 8] = wac, wbc, wcc


@kernel
def _row_sums(e, first, last, small, information):
    """Gradient and information of a person's rows in the effects u."""
    ea, eb, ec = small[EFFECT, 0], small[EFFECT, 1], small[EFFECT, 2]
    if e.shape[0] == 2:
        _sums_pair(e, first, last, ea, eb, small)
    else:
        _sums_triple(e, first, last, ea, eb, ec, small)
        small[GRADIENT, 2] = small[COUNTS, 2] - small[TOTALS, 5]
        information[2, 2] = small[TOTALS, 5] - small[TOTALS, 8]
        information[0, 2] = information[2, 0] = -small[TOTALS, 6]
        information[1, 2] = information[2, 1] = -small[TOTALS, 7]
    small[GRADIENT, 0] = small[COUNTS, 0] - small[TOTALS, 0]
    small[GRADIENT, 1] = small[COUNTS, 1] - small[TOTALS, 1]
    information[0, 0] = small[TOTALS, 0] - small[TOTALS, 2]
    information[1, 1] = small[TOTALS, 1] - small[TOTALS, 4]
    information[0, 1] = information[1, 0] = -small[TOTALS, 3]


@kernel
def _solve(matrix, n, small, a):
    """small[STEP] = matrix⁻¹ small[DOWN], for at most three equations; `a` is scratch."""
    for i in range(n):
        small[STEP, i] = small[DOWN, i]
        for j in range(n):
            a[i, j] = matrix[i, j]
    for i in range(n):
        for j in range(i + 1, n):
            ratio = a[j, i] / a[i, i]
            for k in range(i, n):
                a[j, k] -= ratio * a[i, k]
            small[STEP, j] -= ratio * small[STEP, i]
    for back in range(n):
        i = n - 1 - back
        for k in range(i + 1, n):
            small[STEP, i] -= a[i, k] * small[STEP, k]
        small[STEP, i] /= a[i, i]


@kernel
def _set_effect(root, modes, person, small):
    for j in range(root.shape[0]):
        u = 0.0
        for k in range(root.shape[1]):
            u += root[j, k] * modes[person, k]
        small[EFFECT, j] = math.exp(u)


@kernel
def _project(root, information, modes, person, small, curvature):
    """From gradient and information in u to those of the posterior in z."""
    equations, n = root.shape
    for k in range(n):
        s = -modes[person, k]
        for j in range(equations):
            s += root[j, k] * small[GRADIENT, j]
        small[DOWN, k] = s
        for h in range(n):
            s = 1.0 if h == k else 0.0
            for j in range(equations):
                for i in range(equations):
                    s += root[j, k] * information[j, i] * root[i, h]
            curvature[k, h] = s


@kernel
def _find_mode_of_two(first, last, root, modes, person, e, small, curvature):
    """As `find_mode`, for two effects, written out: most of a person's time was loops of two."""
    l00, l01, l10, l11 = root[0, 0], root[0, 1], root[1, 0], root[1, 1]
    x, w = modes[person, 0], modes[person, 1]
    longest = 1.0
    ea, eb = math.exp(l00 * x + l01 * w), math.exp(l10 * x + l11 * w)
    for turn in range(_TURNS):
        _sums_pair(e, first, last, ea, eb, small)
        ga = small[COUNTS, 0] - small[TOTALS, 0]
        gb = small[COUNTS, 1] - small[TOTALS, 1]
        iaa = small[TOTALS, 0] - small[TOTALS, 2]
        ibb = small[TOTALS, 1] - small[TOTALS, 4]
        iab = -small[TOTALS, 3]
        dx = l00 * ga + l10 * gb - x
        dw = l01 * ga + l11 * gb - w
        caa = 1.0 + l00 * (iaa * l00 + iab * l10) + l10 * (iab * l00 + ibb * l10)
        cab = l00 * (iaa * l01 + iab * l11) + l10 * (iab * l01 + ibb * l11)
        cbb = 1.0 + l01 * (iaa * l01 + iab * l11) + l11 * (iab * l01 + ibb * l11)
        inverse = 1.0 / (caa * cbb - cab * cab)
        sx = inverse * (cbb * dx - cab * dw)
        sw = inverse * (caa * dw - cab * dx)
        length = max(abs(l00 * sx + l01 * sw), abs(l10 * sx + l11 * sw))
        scale = 1.0 if length <= longest else longest / length
        x += scale * sx
        w += scale * sw
        ea, eb = math.exp(l00 * x + l01 * w), math.exp(l10 * x + l11 * w)
        if sx * dx + sw * dw < _GAIN:
            break
        if turn > 15:
            longest *= 0.7
    modes[person, 0], modes[person, 1] = x, w
    small[EFFECT, 0], small[EFFECT, 1] = ea, eb
    curvature[0, 0], curvature[0, 1] = caa, cab
    curvature[1, 0], curvature[1, 1] = cab, cbb


@kernel
def find_mode(first, last, root, modes, person, e, small, information, curvature, solved):
    """Move a person's z to the mode of the posterior; leaves its curvature and exp(u).

    Newton, each step no longer than one unit of the logit scale and, after fifteen, shorter
    every time, so that it always ends. The posterior of z has no second mode.
    """
    equations, n = root.shape
    if n == 2 and equations == 2:
        _find_mode_of_two(first, last, root, modes, person, e, small, curvature)
        return
    longest = 1.0
    _set_effect(root, modes, person, small)
    for turn in range(_TURNS if n > 0 else 0):
        _row_sums(e, first, last, small, information)
        _project(root, information, modes, person, small, curvature)
        _solve(curvature, n, small, solved)
        length = 0.0
        gain = 0.0
        for k in range(n):
            gain += small[STEP, k] * small[DOWN, k]
        for j in range(equations):
            u = 0.0
            for k in range(n):
                u += root[j, k] * small[STEP, k]
            length = max(length, abs(u))
        scale = 1.0 if length <= longest else longest / length
        for k in range(n):
            modes[person, k] += scale * small[STEP, k]
        _set_effect(root, modes, person, small)
        if gain < _GAIN:
            break
        if turn > 15:
            longest *= 0.7


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
    if n == 2 and equations == 2:
        _take_pair(grow, weight, scratch, order, index, nodes, small)
        return common
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
