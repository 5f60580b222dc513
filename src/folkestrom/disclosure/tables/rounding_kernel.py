"""Choosing which small counts go up, so that published sums change little; compiled.

Cells are in compressed rows: the published sums of cell i are `sums[first[i]:first[i + 1]]`, in
order; the cells of sum p are `cells[begin[p]:begin[p + 1]]`.
"""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True)
def start(order, values, base, first, sums, up, off):
    """Every cell in order goes to where the sums, as they are by then, change the least."""
    for i in order:
        down, high = -values[i], base - values[i]
        better = 0
        for k in range(first[i], first[i + 1]):
            d = off[sums[k]]
            better += (2 * d + high) * high - (2 * d + down) * down
        up[i] = better < 0
        change = high if up[i] else down
        for k in range(first[i], first[i + 1]):
            off[sums[k]] += change


@njit(cache=True, nogil=True)
def gain(i, base, first, sums, up, off):
    """What the other direction of a cell adds to the squared changes of sums."""
    step = -base if up[i] else base
    found = 0
    for k in range(first[i], first[i + 1]):
        found += (2 * off[sums[k]] + step) * step
    return found


@njit(cache=True, nogil=True)
def flip(i, base, first, sums, up, off):
    """The other direction of a cell."""
    step = -base if up[i] else base
    up[i] = not up[i]
    for k in range(first[i], first[i + 1]):
        off[sums[k]] += step


@njit(cache=True, nogil=True)
def shared(i, j, first, sums):
    """How many sums two cells have in common."""
    a, b, found = first[i], first[j], 0
    while a < first[i + 1] and b < first[j + 1]:
        if sums[a] == sums[b]:
            found += 1
            a += 1
            b += 1
        elif sums[a] < sums[b]:
            a += 1
        else:
            b += 1
    return found


@njit(cache=True, nogil=True)
def partner(i, base, first, sums, begin, cells, up, off, work):
    """The cell of one sum with this one that is best flipped with it, or -1; and work left."""
    own, best, found = gain(i, base, first, sums, up, off), 0, -1
    for k in range(first[i], first[i + 1]):
        p = sums[k]
        for at in range(begin[p], begin[p + 1]):
            j = cells[at]
            work -= 1
            if up[j] != up[i]:
                both = own + gain(j, base, first, sums, up, off)
                both -= 2 * base * base * shared(i, j, first, sums)
                work -= first[j + 1] - first[j]
                if both < best:
                    best, found = both, j
            if work <= 0:
                return found, work
    return found, work


@njit(cache=True, nogil=True)
def improve(order, base, first, sums, begin, cells, up, off, work):
    """Cells flipped, alone or two of one sum against each other, while that helps."""
    helped = True
    while helped:
        helped = False
        for i in order:
            if gain(i, base, first, sums, up, off) < 0:
                flip(i, base, first, sums, up, off)
                helped = True
            elif work > 0:
                wrong = False
                for k in range(first[i], first[i + 1]):
                    wrong |= off[sums[k]] > 0 if up[i] else off[sums[k]] < 0
                if wrong:
                    j, work = partner(i, base, first, sums, begin, cells, up, off, work)
                    if j >= 0:
                        flip(i, base, first, sums, up, off)
                        flip(j, base, first, sums, up, off)
                        helped = True
    return work
