"""One person: the mode of the effects.

The effects are u = L z with z standard normal; `root` is L. A person's rows are those from `first`
to `last` of the block at hand. Nothing here makes a view or an array: at this rate that costs more
than the arithmetic.
"""

from __future__ import annotations

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel
from folkestrom.analysis.mobility.estimation.kernels.elementary import exponential_of
from folkestrom.analysis.mobility.estimation.kernels.layout import (
    COUNTS,
    DOWN,
    EFFECT,
    GRADIENT,
    LINEAR,
    POSITIVE,
    REFERENCE,
    STEP,
    TOTALS,
)

#: Newton steps at the most, and after how many they become shorter every time.
_TURNS, _PATIENCE = 80, 60
#: Farther from their reference, effects become the reference.
_NEAR = 60.0


@kernel
def _refer(first, last, a, b, c, rest, e, small):
    """Take a person's `e` anew, with effects a, b, c as the reference."""
    for r in range(first, last):
        before = max(rest[0, r] + small[REFERENCE, 0], rest[1, r] + small[REFERENCE, 1])
        top = max(rest[0, r] + a, rest[1, r] + b)
        if e.shape[0] == 4:
            before = max(before, rest[2, r] + small[REFERENCE, 2])
            top = max(top, rest[2, r] + c)
        top = max(top, 0.0)
        small[REFERENCE, LINEAR] += max(before, 0.0) - top
        e[0, r] = exponential_of(-top)
        e[1, r] = exponential_of(rest[0, r] + a - top)
        e[2, r] = exponential_of(rest[1, r] + b - top)
        if e.shape[0] == 4:
            e[3, r] = exponential_of(rest[2, r] + c - top)
    small[REFERENCE, 0], small[REFERENCE, 1], small[REFERENCE, 2] = a, b, c


@kernel
def _begin(small):
    for j in range(LINEAR + 1):
        small[REFERENCE, j] = 0.0


@kernel
def _sums_pair(e, first, last, ea, eb, small):
    # Persons have an even number of rows: two share a division.
    ga, gb, waa, wab, wbb = 0.0, 0.0, 0.0, 0.0, 0.0
    for r in range(first & POSITIVE, last & POSITIVE, 2):
        a, c = e[1, r] * ea, e[1, r + 1] * ea
        b, d = e[2, r] * eb, e[2, r + 1] * eb
        s, t = e[0, r] + a + b, e[0, r + 1] + c + d
        both = 1.0 / (s * t)
        a, b = a * (both * t), b * (both * t)
        c, d = c * (both * s), d * (both * s)
        ga += a + c
        gb += b + d
        waa += a * a + c * c
        wab += a * b + c * d
        wbb += b * b + d * d
    small[TOTALS, 0], small[TOTALS, 1] = ga, gb
    small[TOTALS, 2], small[TOTALS, 3], small[TOTALS, 4] = waa, wab, wbb


@kernel
def _sums_triple(e, first, last, ea, eb, ec, small):
    ga, gb, gc = 0.0, 0.0, 0.0
    waa, wab, wac, wbb, wbc, wcc = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for r in range(first, last):
        a = e[1, r] * ea
        b = e[2, r] * eb
        c = e[3, r] * ec
        inverse = 1.0 / (e[0, r] + a + b + c)
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
    if e.shape[0] == 3:
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
def _effect(root, modes, person, j):
    u = 0.0
    for k in range(root.shape[1]):
        u += root[j, k] * modes[person, k]
    return u


@kernel
def _set_effect(first, last, root, modes, person, rest, e, small):
    a, b, c = _effect(root, modes, person, 0), _effect(root, modes, person, 1), 0.0
    off = max(abs(a - small[REFERENCE, 0]), abs(b - small[REFERENCE, 1]))
    if e.shape[0] == 4:
        c = _effect(root, modes, person, 2)
        off = max(off, abs(c - small[REFERENCE, 2]))
    if off > _NEAR:
        _refer(first, last, a, b, c, rest, e, small)
    small[EFFECT, 0] = exponential_of(a - small[REFERENCE, 0])
    small[EFFECT, 1] = exponential_of(b - small[REFERENCE, 1])
    if e.shape[0] == 4:
        small[EFFECT, 2] = exponential_of(c - small[REFERENCE, 2])


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
def _longest(along, scale, turn, longest, grow):
    """How long the next step may be, and how that grows, after a step that was cut by `scale`.

    `along` is the gradient in the direction of that step: below zero, it led too far.
    """
    if along < 0.0:
        return max(1.0, 0.5 * longest), 1.0
    if scale < 1.0:
        longest *= grow
    return (0.7 if turn > _PATIENCE else 1.0) * longest, grow


@kernel
def _find_mode_of_two(first, last, root, modes, person, e, rest, enough, small, curvature):
    """As `find_mode`, for two effects, written out: most of a person's time was loops of two."""
    l00, l01, l10, l11 = root[0, 0], root[0, 1], root[1, 0], root[1, 1]
    x, w = modes[person, 0], modes[person, 1]
    longest, grow, scale, sx, sw, gain = 1.0, 2.0, 1.0, 0.0, 0.0, 0.0
    for turn in range(_TURNS + 1):
        ua, ub = l00 * x + l01 * w, l10 * x + l11 * w
        if max(abs(ua - small[REFERENCE, 0]), abs(ub - small[REFERENCE, 1])) > _NEAR:
            _refer(first, last, ua, ub, 0.0, rest, e, small)
        ea = exponential_of(ua - small[REFERENCE, 0])
        eb = exponential_of(ub - small[REFERENCE, 1])
        if turn == _TURNS or (turn > 0 and gain < enough):
            break
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
        longest, grow = _longest(sx * dx + sw * dw, scale, turn, longest, grow)
        inverse = 1.0 / (caa * cbb - cab * cab)
        sx = inverse * (cbb * dx - cab * dw)
        sw = inverse * (caa * dw - cab * dx)
        length = max(abs(l00 * sx + l01 * sw), abs(l10 * sx + l11 * sw))
        scale = 1.0 if length <= longest else longest / length
        x += scale * sx
        w += scale * sw
        gain = sx * dx + sw * dw
    modes[person, 0], modes[person, 1] = x, w
    small[EFFECT, 0], small[EFFECT, 1] = ea, eb
    curvature[0, 0], curvature[0, 1] = caa, cab
    curvature[1, 0], curvature[1, 1] = cab, cbb


@kernel
def find_mode(
    first, last, root, modes, person, e, rest, enough, small, information, curvature, solved
):
    """Move a person's z to the mode of the posterior; leaves its curvature and exp(u).

    Ends with the step whose gain in log density is smaller than `enough`. Newton, each step at
    first no longer than one unit of the logit scale, then twice as long each time while the way
    leads on, and half as long, no less than one unit, each time that it leads back. The posterior
    of z has no second mode.
    """
    equations, n = root.shape
    _begin(small)
    if n == 2 and equations == 2:
        _find_mode_of_two(first, last, root, modes, person, e, rest, enough, small, curvature)
        return
    longest, grow, scale = 1.0, 2.0, 1.0
    for k in range(n):
        small[STEP, k] = 0.0
    _set_effect(first, last, root, modes, person, rest, e, small)
    for turn in range(_TURNS if n > 0 else 0):
        _row_sums(e, first, last, small, information)
        _project(root, information, modes, person, small, curvature)
        along = 0.0
        for k in range(n):
            along += small[STEP, k] * small[DOWN, k]
        longest, grow = _longest(along, scale, turn, longest, grow)
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
        _set_effect(first, last, root, modes, person, rest, e, small)
        if gain < enough:
            break
