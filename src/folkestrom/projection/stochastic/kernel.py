"""The cohort-component method of one draw after the other, compiled; keeps sums and no cells.

`projecting.project` is the method in words, and this gives its numbers. What limits it is
arithmetic: some thirty operations for each cell and step, on arrays that lie in a core's second
cache. All that is compiled is in this file, so that numba's cache on disk cannot be stale.
The method of areas that share in a nation's draw follows, from `share_out` on.

Names of arrays: g groups, s sexes, a ages, c cohorts, by the age group at the end of the step;
j patterns of mortality; k sets of groups, or kinds of destinations; i areas. Rows of a nation have
those of age group a at a + 1, as cohorts of the step do; they end in empty places, up to a multiple
of what the processor takes at a time.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numba import njit

from folkestrom.projection.structure import FEMALE

#: Columns of levels: what the factors of a draw are of.
FERTILITY, IMMIGRATION, EMIGRATION, RETURN = 0, 1, 2, 3
#: Columns of flows.
BIRTHS, DEATHS, ARRIVALS, EXITS = 0, 1, 2, 3
#: Cumulated rates up to here are by the polynomial.
_MOST = 2.0
#: Of Taylor's series of (1 - exp(-t)) / t.
_C = tuple((-1.0) ** n / factorial(n + 1) for n in range(14))
#: Columns of movers that are multiplied at a time.
WIDTH = 256
_FAST = {"contract", "reassoc", "nsz", "arcp"}


def _part(function):
    """Compiled into what calls it: handing arrays over would take as long as a row's arithmetic."""
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
    return njit(_nrt=False, forceinline=True, fastmath=_FAST, **options)(function)


@_part
def taken(t):
    """(1 - exp(-t)) / t of cumulated rates t up to 2: whom each unit of a rate takes.

    Taylor's series of t / 4, whose first term left out is below 5e-17, even powers beside odd ones;
    and twice g(2t) = g(t) (1 + exp(-t)) / 2, where exp(-t) = 1 - t g(t).
    """
    t *= 0.25
    u = t * t
    even = _C[12]
    odd = _C[13]
    even = even * u + _C[10]
    odd = odd * u + _C[11]
    even = even * u + _C[8]
    odd = odd * u + _C[9]
    even = even * u + _C[6]
    odd = odd * u + _C[7]
    even = even * u + _C[4]
    odd = odd * u + _C[5]
    even = even * u + _C[2]
    odd = odd * u + _C[3]
    even = even * u + _C[0]
    odd = odd * u + _C[1]
    g = even + t * odd
    g *= 1 - 0.5 * t * g
    return g * (1 - t * g)


@_part
def cohorts(mortality, t, g, factor, ages, width, dying, most):
    """Death rates that cohorts of a group meet in a step; the highest of each sex."""
    for s in range(dying.shape[0]):
        most[s], before = 0.0, 0.0
        for a in range(ages):
            rate = width * mortality[t, g, s, a] * factor[s, a] / 2
            dying[s, a] = before + rate
            most[s] = max(most[s], dying[s, a])
            before = rate
        dying[s, ages] = 2 * before
        most[s] = max(most[s], dying[s, ages])


@_part
def arrivals(before, half, t, g, s, scale, come, after):
    """Half of those who come are there from the beginning; how many they are."""
    arrive = 0.0
    for c in range(come.size):
        come[c] = half[t, g, s, c] * scale
        after[g, s, c] += come[c]
        before[g, s, c] += come[c]
        arrive += come[c]
    return arrive


@_part
def moved(before, dying, leaving, t, g, s, f, most, stay, away):
    """Who stays and who leaves, by cohort; how many die and how many leave."""
    died, left = 0.0, 0.0
    if most > _MOST:
        for c in range(stay.size):
            total = dying[s, c] + f * leaving[t, g, s, c]
            x = before[g, s, c] * (-np.expm1(-total) / total if total > 0 else 1.0)
            away[c] = x * leaving[t, g, s, c] * f
            stay[c] = before[g, s, c] - x * total
            died += x * dying[s, c]
            left += away[c]
        return died, left
    for c in range(stay.size):
        leave = f * leaving[t, g, s, c]
        total = dying[s, c] + leave
        x = before[g, s, c] * taken(total)
        away[c] = x * leave
        stay[c] = before[g, s, c] - x * total
        died += x * dying[s, c]
        left += away[c]
    return died, left


@_part
def add(persons, after, g, s):
    """Persons by cohort are added to a group."""
    for c in range(persons.size - 1):
        after[g, s, c + 1] += persons[c]


@_part
def births_of(before, come, stayed, fertility, t, g, span, late):
    """Twice the births of a group by woman's year, of mothers at both ends of the step."""
    found, last = 0.0, fertility.shape[2] - 1
    for a in range(span[1] + 1):
        there = before[g, FEMALE, a + 1] + late * come[a + 1]
        found += (there + stayed[a]) * fertility[t, g, a]
    if span[1] == last:
        found += stayed[last + 1] * fertility[t, g, last]
    return found


@_part
def clear(after, newborn, flows):
    """Nobody is anywhere, and nothing has happened."""
    for g in range(after.shape[0]):
        newborn[g] = 0.0
        for n in range(flows.shape[1]):
            flows[g, n] = 0.0
        for s in range(after.shape[1]):
            for a in range(after.shape[2]):
                after[g, s, a] = 0.0


@_part
def one(before, after, cells, rates, at, levels, d, t, g, s, work, flows):
    """One sex of a group a step on; the least number of persons, by cohort."""
    to, abroad, resident, children, span, width, _, late, net = cells
    _, leaving, most_leave, fertility, half, some = rates
    come, dying, most, stay, away, newborn, infants = work
    f = levels[d, t, EMIGRATION if resident[g] else RETURN]
    comes, least = some[at[3], g], 0.0
    if comes:
        scale = levels[d, t, IMMIGRATION]
        flows[g, ARRIVALS] += 2 * arrivals(before, half, at[3], g, s, scale, come, after)
    if net:
        for c in range(stay.size):
            least = min(least, before[g, s, c])
    # The first cohort is of one newborn: what comes of it are shares.
    before[g, s, 0] = 1.0
    highest = most[s] + f * most_leave[at[1], g, s]
    died, left = moved(before, dying, leaving, at[1], g, s, f, highest, stay, away)
    infants[g, s, 0], infants[g, s, 1] = stay[0], away[0]
    flows[g, DEATHS] += died - (1 - stay[0] - away[0])
    flows[g, EXITS] += left - away[0]
    stay[0] = 0.0
    add(stay, after, to[g], s)
    if abroad[g] >= 0:
        flows[abroad[g], ARRIVALS] += left - away[0]
        away[0] = 0.0
        add(away, after, abroad[g], s)
    if s == FEMALE:
        late = late if comes else 0.0
        born = births_of(before, come, stay, fertility, at[2], g, span, late)
        born *= width * levels[d, t, FERTILITY] / 2
        for h in range(newborn.size):
            newborn[h] += born * children[g, h]
    return least


@_part
def step(before, after, cells, rates, at, levels, d, t, factor, work, flows):
    """All groups a step on; the least that a cell has."""
    mortality, ages, width = rates[0], rates[3].shape[2], cells[5]
    least = 0.0
    clear(after, work[5], flows)
    for g in range(before.shape[0]):
        if g == 0 or mortality.shape[1] > 1:
            cohorts(mortality, at[0], g, factor, ages, width, work[1], work[2])
        for s in range(before.shape[1]):
            low = one(before, after, cells, rates, at, levels, d, t, g, s, work, flows)
            least = min(least, low)
    add_newborn(after, cells, work[5], work[6], flows)
    return min(least, close(after, ages, cells[8]))


@_part
def close(after, ages, net):
    """Who grows older than the open age group stays there; the least that a cell has."""
    least = 0.0
    for g in range(after.shape[0]):
        for s in range(after.shape[1]):
            after[g, s, ages] += after[g, s, ages + 1]
            after[g, s, ages + 1] = 0.0
            if net:
                for a in range(ages):
                    least = min(least, after[g, s, a + 1])
    return least


@_part
def add_newborn(after, cells, newborn, infants, flows):
    """Newborn go to their group, or die or leave before the step ends."""
    to, abroad, share = cells[0], cells[1], cells[6]
    for g in range(after.shape[0]):
        for s in range(after.shape[1]):
            born = newborn[g] * share[s]
            stay, left = infants[g, s, 0] * born, infants[g, s, 1] * born
            after[to[g], s, 1] += stay
            flows[g, BIRTHS] += born
            flows[g, DEATHS] += born - stay - left
            flows[g, EXITS] += left
            if abroad[g] >= 0:
                after[abroad[g], s, 1] += left
                flows[abroad[g], ARRIVALS] += left


@_part
def keep(state, member, persons, d, t):
    """Persons of sets of groups by sex and age."""
    for g in range(state.shape[0]):
        for s in range(state.shape[1]):
            for k in range(member.shape[0]):
                if member[k, g]:
                    for a in range(state.shape[2]):
                        persons[d, t, k, s, a] += state[g, s, a]


@_part
def count(flows, member, happened, d, t):
    """What happened to sets of groups."""
    for k in range(member.shape[0]):
        for g in range(flows.shape[0]):
            if member[k, g]:
                for n in range(flows.shape[1]):
                    happened[d, t, k, n] += flows[g, n]


@_part
def change_mortality(patterns, index, d, t, factor):
    """What death rates by sex and age are multiplied by."""
    for s in range(factor.shape[0]):
        for a in range(factor.shape[1]):
            x = 0.0
            for j in range(patterns.shape[0]):
                x += patterns[j, s, a] * index[d, t, j]
            factor[s, a] = np.exp(x)


@njit(cache=True, nogil=True, error_model="numpy")
def walk(start, cells, rates, levels, patterns, index, member, persons, happened, least):
    """Fill persons (draws, steps + 1, k, s, a), happened (draws, steps, k, 4), least (draws)."""
    groups, sexes, length = start.shape
    draws, steps = happened.shape[:2]
    before, after = np.empty_like(start), np.empty_like(start)
    factor = np.ones((sexes, rates[0].shape[3]))
    work = (np.zeros(length), np.zeros((sexes, length)), np.zeros(sexes),
            np.zeros(length), np.zeros(length), np.empty(groups),
            np.empty((groups, sexes, 2)))  # fmt: skip
    flows = np.empty((groups, 4))
    for d in range(draws):
        before[:] = start
        keep(before, member, persons, d, 0)
        for t in range(steps):
            if patterns.shape[0]:
                change_mortality(patterns, index, d, t, factor)
            at = (min(t, rates[0].shape[0] - 1), min(t, rates[1].shape[0] - 1),
                  min(t, rates[3].shape[0] - 1), min(t, rates[4].shape[0] - 1))  # fmt: skip
            low = step(before, after, cells, rates, at, levels, d, t, factor, work, flows)
            least[d] = min(least[d], low)
            before, after = after, before
            keep(before, member, persons, d, t + 1)
            count(flows, member, happened, d, t)


@_part
def share_out(begun, died, gone, deaths, exits):
    """Who dies and who leaves in areas (rows), scaled to those of the nation by age group.

    As `projecting._added_up`: where an area had nobody left by it, in proportion to its persons.
    """
    areas, ages = begun.shape
    for a in range(ages):
        there, dead, left = 0.0, 0.0, 0.0
        for i in range(areas):
            there += begun[i, a]
            dead += died[i, a]
            left += gone[i, a]
        d = deaths[a] / dead if dead > 0 else 0.0
        e = exits[a] / left if left > 0 else 0.0
        short = False
        for i in range(areas):
            died[i, a] *= d
            gone[i, a] *= e
            short |= begun[i, a] - gone[i, a] - died[i, a] < 0
        if short:
            for i in range(areas):
                died[i, a] = begun[i, a] * deaths[a] / there
                gone[i, a] = min(begun[i, a] * exits[a] / there, begun[i, a] - died[i, a])


@_part
def take(there, t, dying, leaving, f, e, died, gone, i, a):
    """Of a cohort, who dies and who leaves: they are added to an age group of an area."""
    total = f * dying[t] + e * leaving[t]
    x = there * (-np.expm1(-total) / total if total > _MOST else taken(total))
    died[i, a] += x * f * dying[t]
    gone[i, a] += x * e * leaving[t]


@_part
def aged(before, half, dying, leaving, factors, here, g, s, begun, died, gone):
    """Cohorts of a group's sex by the age group at the end, and who of them dies and leaves."""
    mortality, _, exit, come = factors
    areas, ages = begun.shape
    for i in range(areas):
        f, e = (mortality[i], exit[i]) if here else (1.0, 1.0)
        for a in range(ages):
            begun[i, a], died[i, a], gone[i, a] = 0.0, 0.0, 0.0
        for c in range(1, ages + 1):
            a = min(c, ages - 1)
            there = before[i, g, s, c - 1] + come[i, g] * half[g, s, c - 1]
            begun[i, a] += there
            take(there, c, dying[g, s], leaving[g, s], f, e, died, gone, i, a)


@_part
def born_by_area(before, end, half, fertility, factors, children, width, g, newborn):
    """Newborn by their group, of a group's women at both ends of the step."""
    _, bearing, _, come = factors
    for i in range(before.shape[0]):
        born = 0.0
        for a in range(before.shape[3]):
            later = end[i, g, FEMALE, a] if a > 0 else 0.0
            mothers = before[i, g, FEMALE, a] + later + 2 * come[i, g] * half[g, FEMALE, a]
            born += width * mothers / 2 * fertility[g, a] * bearing[i]
        for h in range(newborn.shape[1]):
            newborn[i, h] += born * children[g, h]


@_part
def infants_of(newborn, births, share, dying, leaving, factors, here, g, s, begun, died, gone):
    """Newborn of a group and sex, scaled to those of the nation, and who dies and leaves."""
    mortality, _, exit, _ = factors
    whole = newborn[:, g].sum() * share[s]
    scale = births[g, s] / whole if whole > 0 else 0.0
    for i in range(newborn.shape[0]):
        born = newborn[i, g] * share[s] * scale
        begun[i, 0], died[i, 0], gone[i, 0] = born, 0.0, 0.0
        f, e = (mortality[i], exit[i]) if here else (1.0, 1.0)
        take(born, 0, dying[g, s], leaving[g, s], f, e, died, gone, i, 0)


@njit(cache=True, nogil=True, error_model="numpy")
def survive(before, cells, rates, factors, nation, end, after, newborn, flows):
    """A step of areas until anyone moves: fill end, after (by who returns), newborn, flows.

    Arrays: before, end, after (i, g, s, a); newborn (i, g); flows (i, 4), of residents.
    """
    abroad, resident, children, width, share, returns = cells
    dying, leaving, fertility, half = rates
    births, deaths, exits = nation
    areas, groups, sexes, ages = before.shape
    begun, died, gone = np.empty((areas, ages)), np.empty((areas, ages)), np.empty((areas, ages))
    newborn[:], after[:] = 0.0, 0.0
    for g in range(groups):
        here = resident[g]
        for s in range(sexes):
            aged(before, half, dying, leaving, factors, here, g, s, begun, died, gone)
            share_out(begun[:, 1:], died[:, 1:], gone[:, 1:], deaths[g, s, 1:], exits[g, s, 1:])
            settle(begun, died, gone, g, s, 1, abroad, resident, returns, exits, end, after, flows)
        born_by_area(before, end, half, fertility, factors, children, width, g, newborn)
    first = begun[:, :1], died[:, :1], gone[:, :1]
    for g in range(groups):
        for s in range(sexes):
            infants_of(newborn, births, share, dying, leaving, factors, resident[g], g, s, *first)
            share_out(*first, deaths[g, s, :1], exits[g, s, :1])
            if resident[g]:
                flows[:, BIRTHS] += begun[:, 0]
            settle(*first, g, s, 0, abroad, resident, returns, exits, end, after, flows)


@_part
def settle(begun, died, gone, g, s, first, abroad, resident, returns, exits, end, after, flows):
    """Who stays, who returns or is from now on abroad, and what is counted of residents."""
    areas, ages = begun.shape
    to = abroad[g]
    for i in range(areas):
        for a in range(first, ages):
            end[i, g, s, a] = begun[i, a] - died[i, a] - gone[i, a]
            if resident[g]:
                flows[i, DEATHS] += died[i, a]
                flows[i, EXITS] += gone[i, a]
            if to >= 0 and resident[to]:
                after[i, to, s, a] += gone[i, a]
                flows[i, ARRIVALS] += gone[i, a]
            elif to >= 0:
                after[i, to, s, a] += returns[i] * exits[g, s, a]


@njit(cache=True, nogil=True, error_model="numpy")
def leave_areas(end, moving, toward, kinds_to, level, columns, classes, resident, going, out):
    """Who moves: taken from end, and put by kind of destination into columns of their classes.

    Arrays: moving (areas, g, s, a) of cohorts; toward (kinds, areas, g, s, a), or of length 1 if
    there is one kind; kinds_to (kinds, classes, areas), what shares of a kind add up to; going
    (kinds, areas, columns); columns (g, a), where those of males stand; out (areas,).
    """
    areas, groups, sexes, ages = end.shape
    kinds = going.shape[0]
    for i in range(areas):
        for g in range(groups):
            if not resident[g]:
                continue
            for s in range(sexes):
                for a in range(ages):
                    t = moving[i, g, s, a] * level[i]
                    share = t * taken(t) if t <= _MOST else -np.expm1(-t)
                    movers = end[i, g, s, a] * share
                    end[i, g, s, a] -= movers
                    out[i] += movers
                    whole, c, at = 0.0, classes[a], columns[g, s, a]
                    for k in range(kinds):
                        own = toward[k, i, g, s, a] if kinds > 1 else 1.0
                        whole += own * kinds_to[k, c, i]
                    for k in range(kinds):
                        own = toward[k, i, g, s, a] if kinds > 1 else 1.0
                        going[k, i, at] = movers * own / whole if whole > 0 else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def reach_areas(end, coming, attraction, columns, cells, half, come, after, flows, into):
    """Who stayed, who moved here and who came, by the group that they are in a step later."""
    to, resident = cells
    areas, groups, sexes, ages = end.shape
    for i in range(areas):
        for g in range(groups):
            for s in range(sexes):
                for a in range(ages):
                    persons = end[i, g, s, a]
                    if resident[g]:
                        moved = coming[i, columns[g, s, a]] * attraction[i]
                        into[i] += moved
                        persons += moved
                        flows[i, ARRIVALS] += 2 * come[i, g] * half[g, s, a]
                    after[i, to[g], s, a] += persons
                    after[i, g, s, a] += come[i, g] * half[g, s, a]


@_part
def four_rows(shares, d, o, x, sums):
    """Four destinations' sums of four origins at a time, whose shares stay in registers."""
    a0, a1, a2, a3 = shares[d, o], shares[d, o + 1], shares[d, o + 2], shares[d, o + 3]
    d += 1
    b0, b1, b2, b3 = shares[d, o], shares[d, o + 1], shares[d, o + 2], shares[d, o + 3]
    d += 1
    c0, c1, c2, c3 = shares[d, o], shares[d, o + 1], shares[d, o + 2], shares[d, o + 3]
    d += 1
    e0, e1, e2, e3 = shares[d, o], shares[d, o + 1], shares[d, o + 2], shares[d, o + 3]
    for j in range(sums.shape[1]):
        x0, x1, x2, x3 = x[o, j], x[o + 1, j], x[o + 2, j], x[o + 3, j]
        sums[0, j] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3
        sums[1, j] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3
        sums[2, j] += c0 * x0 + c1 * x1 + c2 * x2 + c3 * x3
        sums[3, j] += e0 * x0 + e1 * x1 + e2 * x2 + e3 * x3


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def multiply(shares, movers, coming):
    """The product of two matrices, on one thread: BLAS has threads of its own, which wait busily.

    Rows of all three and columns of the first are so many that four divides them.
    """
    sums, block = np.empty((4, WIDTH)), np.zeros((movers.shape[0], WIDTH))
    for first in range(0, movers.shape[1], WIDTH):
        many = min(WIDTH, movers.shape[1] - first)
        block[:, :many] = movers[:, first : first + many]
        for d in range(0, shares.shape[0], 4):
            sums[:] = 0.0
            for o in range(0, shares.shape[1], 4):
                four_rows(shares, d, o, block, sums)
            coming[d : d + 4, first : first + many] = sums[:, :many]
