"""The cohort-component method of one draw after the other, compiled; keeps sums and no cells.

`projecting.project` is the method in words, and this gives its numbers. What limits it is
arithmetic: some thirty operations for each cell and step, on arrays that lie in a core's second
cache. All that is compiled is in this file, so that numba's cache on disk cannot be stale.

Names of arrays: g groups, s sexes, a ages, c cohorts, by the age group at the end of the step;
j patterns of mortality; k sets of groups. Rows of persons have those of age group a at a + 1, as
cohorts of the step have them; they end in empty places, up to a multiple of what the processor
takes at a time.
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
