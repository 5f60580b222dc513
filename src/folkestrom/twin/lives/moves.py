"""Destinations of those who move to another municipality, and who moves inside one."""

from __future__ import annotations

import numpy as np

from folkestrom.twin.lives.compiled import inner, kernel
from folkestrom.twin.lives.people import spouse
from folkestrom.twin.lives.random import integer, uniform

_NEAR, _COUNTY, _PICK, _SWAP, _TAKE = 81, 82, 600, 83, 640
SAME_COUNTY = 0.56


@kernel
def _take(bag, sizes, county, slot):
    """Remove one slot of a county's bag and return its municipality."""
    m = bag[county, slot]
    sizes[county] -= 1
    bag[county, slot] = bag[county, sizes[county]]
    return m


@kernel
def _draw(person, origin, size, left, bag, sizes, county, choosy, accepted, seed, year):
    """Return a destination with room for the household, or -1."""
    counties = sizes.size
    for attempt in range(16):
        near = uniform(seed, person, year, _NEAR) < SAME_COUNTY and attempt < 8
        c = county[origin]
        if not near or sizes[c] == 0:
            total = 0
            for k in range(counties):
                total += sizes[k]
            if total == 0:
                return -1
            ticket = integer(seed, person, year, _PICK + 2 * attempt, total)
            c = 0
            while ticket >= sizes[c]:
                ticket -= sizes[c]
                c += 1
        slot = integer(seed, person, year, _PICK + 2 * attempt + 1, sizes[c])
        m = bag[c, slot]
        if left[m] == 0:
            _take(bag, sizes, c, slot)  # its places went to households already
        elif m != origin and left[m] >= size:
            refused = uniform(seed, person, year, _TAKE + attempt) >= accepted[m]
            if choosy and refused and attempt < 12:
                continue
            _take(bag, sizes, c, slot)
            return m
    return -1


@kernel
def assign_destinations(
    persons, origin, size, wish, arrivals, county, choosy, accepted, seed, year
):
    """Give every moving household a destination so that arrivals are met exactly.

    Parameters
    ----------
    persons, origin, size
        Heads of households in any order, their municipality, members (largest first is best).
    wish
        Where each goes if there is room; -1: anywhere.
    arrivals
        (M,) persons to arrive in each municipality; the sum is the sum of `size`.
    county
        (M,) county index of each municipality.
    choosy, accepted
        Who prefers some municipalities (immigrants), and (M,) the probability that such a one takes
        a place there when it is offered.

    Returns
    -------
    array
        Destination of each household; -1 where none could be found (it stays).
    """
    counties = county.max() + 1
    left = arrivals.copy()
    total = np.zeros(counties, np.int64)
    for m in range(left.size):
        total[county[m]] += left[m]
    bag = np.empty((counties, max(total.max(), 1)), np.int32)
    sizes = np.zeros(counties, np.int64)
    for m in range(left.size):
        for _ in range(left[m]):
            bag[county[m], sizes[county[m]]] = m
            sizes[county[m]] += 1
    out = np.full(persons.size, -1, np.int64)
    for i in range(persons.size):
        p, m = persons[i], wish[i]
        if m < 0 or left[m] < size[i] or m == origin[i]:
            m = _draw(
                p, origin[i], size[i], left, bag, sizes, county, choosy[i], accepted, seed, year
            )
        if m < 0:
            for k in range(left.size):
                if left[k] >= size[i] and k != origin[i]:
                    m = k
                    break
        if m >= 0:
            out[i] = m
            left[m] -= size[i]
    _swap_in(persons, origin, size, out, left, seed, year)
    return out, left


@kernel
def _swap_in(persons, origin, size, out, left, seed, year):
    """Place singles whose only free destination is their own municipality, by exchange."""
    n = persons.size
    for i in range(n):
        if out[i] >= 0 or size[i] != 1:
            continue
        m = -1
        for k in range(left.size):
            if left[k] > 0:
                m = k
                break
        if m < 0:
            return
        if m != origin[i]:
            out[i] = m
            left[m] -= 1
            continue
        for attempt in range(2000):
            j = integer(seed, persons[i], year, _SWAP + 7 * attempt, n)
            if size[j] == 1 and out[j] >= 0 and out[j] != origin[i] and origin[j] != m:
                out[i] = out[j]
                out[j] = m
                left[m] -= 1
                break


@kernel
def draw_by_attraction(persons, origin, cumulative, row, county, seed, year):
    """Return free destinations: by the attraction of row[i] of `cumulative`, nearer preferred."""
    out = np.empty(persons.size, np.int64)
    for i in range(persons.size):
        total = cumulative[row[i], -1]
        near = uniform(seed, persons[i], year, _NEAR) < SAME_COUNTY
        m = origin[i]
        for attempt in range(60):
            u = uniform(seed, persons[i], year, _PICK + attempt) * total
            m = np.searchsorted(cumulative[row[i]], u, side="right")
            if m != origin[i] and (not near or attempt > 40 or county[m] == county[origin[i]]):
                break
        if m == origin[i]:
            m = (m + 1) % cumulative.shape[1]
        out[i] = m
    return out


@kernel
def count_followers(people, order, count, children, late, household):
    """Count each mover's household: those of the list who follow, and the year's newborn."""
    for j in range(count):
        p = order[j]
        leader = people.leader[p]
        if people.outcome[p] == 1 and leader >= 0 and late[p] == 0:
            household[leader] += 1
    for i in range(children.size):
        c = children[i]
        m = people.mother[c]
        if people.status[c] == 1 and people.outcome[m] == 1 and late[m] == 0:
            household[m] += 1


@inner
def _moves_inside(people, p, step, year, seed, first_day, end_day, units):
    """Return the unit and the day of a move inside the municipality in a round, 0 without one."""
    if people.status[p] != 1 or people.outcome[p] != 0 or people.pending[p] != 0:
        return 0, 0
    age = year - 1 - people.birth_year[p]
    m = people.mother[p] if age < 18 else spouse(people, p)
    led = m >= 0 and people.status[m] == 1 and (age < 18 or people.sex[p] == 0)
    led = led and (age < 18 or people.municipality[m] == people.municipality[p])
    round_ = 2 if age < 18 else (1 if led else 0)
    many = units[people.municipality[p]]
    if round_ != step or many < 2 or people.last_residence[p] >= first_day:
        return 0, 0
    if led:
        if people.unit_year[m] != year or people.municipality[m] != people.municipality[p]:
            return 0, 0
        return np.int64(people.unit[m]), np.int64(people.pending_day[m])
    rate = (0.17 if m >= 0 else 0.03) if age < 30 else (0.08 if age < 45 else 0.035)
    if step == 2:
        rate = 0.03
    if uniform(seed, p, year, 143) >= rate:
        return 0, 0
    unit = 1 + integer(seed, p, year, 144, many)
    if unit == people.unit[p]:
        unit = unit % many + 1
    return unit, first_day + integer(seed, p, year, 149, end_day - first_day)


@kernel
def unit_movers(people, order, count, year, seed, first_day, end_day, units, out, new, day):
    """Choose who moves inside the municipality.

    Men go with their wife or cohabitant, children under 18 with their mother.
    """
    found = 0
    for step in range(3):
        for j in range(count):
            p = order[j]
            unit, when = _moves_inside(people, p, step, year, seed, first_day, end_day, units)
            if unit > 0:
                out[found], new[found], day[found] = p, unit, when
                people.unit_year[p] = year
                people.pending_day[p] = when
                found += 1
        if step == 0:
            adults = found
            for i in range(adults):
                people.leader[out[i]] = people.unit[out[i]]
                people.unit[out[i]] = new[i]
    return found, adults
