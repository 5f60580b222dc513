"""One year's outcome of every resident: stay, another municipality, abroad, or death.

Calibrated, the numbers of deaths and emigrations of a cell (sex × age) are given and persons are
drawn one after the other without replacement, with probabilities proportional to the model's
(sequential sampling: probability = own weight × still to be drawn / weight still to come). Free,
every person draws from the model itself.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from folkestrom.twin.lives.compiled import inner, kernel
from folkestrom.twin.lives.levels import family_level, origin_level, standing_levels, work_levels
from folkestrom.twin.lives.mobility import ADULT, COVID_YEAR
from folkestrom.twin.lives.origins import EU8_BORN as EU8_GROUP
from folkestrom.twin.lives.people import DIE, LEAVE, MOVE, NOTHING, RESIDENT, STAY, spouse
from folkestrom.twin.lives.random import uniform

LATE_SHARE = 0.07
"""Share of emigrations not reported by the year's extraction (assumption of the twin)."""
LATE_MOVES = 0.02
"""Share of moves not reported by the year's extraction (assumption of the twin)."""
ERRONEOUS_SHARE = 0.02
"""Free: reports of leaving and moving in error, annulled a year later, against true ones."""
_DIE, _CHOICE, _LATE, _ERROR = 21, 22, 23, 24
_HEIGHT = 1_000.0  # weight of a child whose mother leaves; a spouse gets _SPOUSE times the own
_SPOUSE = 40.0
TOGETHER, ALONE, REUNITE = 0.96, 0.03, 4.0
"""Calibrated: share of men who move when their wife or cohabitant does, and how much less often
they leave her municipality, or more often another one, than men in no couple."""


class YearColumns(NamedTuple):
    """One window's working columns.

    Attributes
    ----------
    order, start
        Persons of cell c are ``order[start[c]:start[c + 1]]``.
    move, leave, factor
        In that order: probabilities of another municipality and of abroad, and the factor of
        mortality (0 for whoever really has left).
    spouse_factor
        (2, 110): factor of mortality of the married by the spouse's sex and age.
    expected
        Output, (212, 2): sums of the model's probabilities by cell.
    late, erroneous
        Output, by person: 1 where an emigration or a move is not reported in time, where it is
        reported although it did not happen.
    """

    order: NDArray[np.int32]
    start: NDArray[np.int64]
    move: NDArray[np.float32]
    leave: NDArray[np.float32]
    factor: NDArray[np.float32]
    spouse_factor: NDArray[np.float64]
    expected: NDArray[np.float64]
    late: NDArray[np.int8]
    erroneous: NDArray[np.int8]


class YearTotals(NamedTuple):
    """What a window's numbers are, by cell.

    Attributes
    ----------
    deaths, emigrants, late
        (212, 10) deaths by marital status, (212,) true emigrations and how many of them are
        reported late; calibrated only.
    exits_by_status
        (212, 10) emigrations by marital status where fixed, else -1 in the first place.
    death_rate
        (212,) probability of death; free only.
    """

    deaths: NDArray[np.int64]
    emigrants: NDArray[np.int64]
    late: NDArray[np.int64]
    exits_by_status: NDArray[np.int64]
    death_rate: NDArray[np.float64]


class Sums(NamedTuple):
    """A cell's persons, probabilities of leaving and mortality still to come, by marital status."""

    persons: NDArray[np.int64]
    leaving: NDArray[np.float64]
    dying: NDArray[np.float64]


class Tables(NamedTuple):
    """Look-up tables of the mobility truth for the targets' municipalities."""

    age_group: NDArray[np.int8]
    person: NDArray[np.float64]
    work: NDArray[np.float64]
    standing: NDArray[np.float64]
    covid: NDArray[np.float64]
    place: NDArray[np.float64]
    first_place: NDArray[np.float64]


@inner
def probabilities(people, p, year, seed, tables):
    """Return the model's probabilities (another municipality, abroad) of person `p` in `year`."""
    age = year - 1 - people.birth_year[p]
    woman = people.sex[p]
    education, work, income = work_levels(people, p, year, seed)
    family = family_level(people.marital[p], people.last_child[p], year)
    origin = origin_level(people.group[p], people.arrival_year[p], year)
    i = ((woman * 9 + tables.age_group[min(age, 120)]) * 4 + family) * 18 + origin
    k = (education * 2 + work) * 5 + income
    wealth, of_immigrant, reason = standing_levels(people, p, year, seed, education)
    m = (wealth * 3 + of_immigrant) * 5 + reason
    here = people.municipality[p]
    first = people.first_municipality[p]
    v1 = tables.person[0, i] + tables.work[0, k] + tables.standing[0, m]
    v1 = v1 + tables.place[0, here] + tables.first_place[0, first]
    v2 = tables.person[1, i] + tables.work[1, k] + tables.standing[1, m]
    v2 = v2 + tables.place[1, here] + tables.first_place[1, first]
    if year == COVID_YEAR:
        v1 += tables.covid[0, here]
        v2 += tables.covid[1, here]
    e1 = math.exp(v1 + people.taste_move[p])
    e2 = math.exp(v2 + people.taste_abroad[p])
    total = 1.0 + e1 + e2
    return e1 / total, e2 / total


@kernel
def expected_leaving(people, persons, year, seed, tables, out):
    """Sum residents' probabilities of emigration among `persons` by cell (see `cells`)."""
    for p in persons:
        if people.status[p] == RESIDENT and people.pending[p] == NOTHING:
            row = min(max(year - 1 - people.birth_year[p], 0), 104)
            _, leave = probabilities(people, p, year, seed, tables)
            out[people.sex[p] * 106 + row] += leave


@kernel
def apportion(total, weights, caps):
    """Split an integer in proportion to weights (cumulative rounding), none above its cap."""
    size = weights.size
    out = np.zeros(size, np.int64)
    mass = 0.0
    for k in range(size):
        mass += weights[k] if caps[k] > 0 else 0.0
    running, before, left = 0.0, 0, total
    for k in range(size):
        if caps[k] > 0 and mass > 0.0:
            running += weights[k]
            upto = math.floor(total * min(running / mass, 1.0) + 0.5)
            out[k] = min(upto - before, caps[k])
            before = upto
            left -= out[k]
    while left > 0:
        best = -1
        for k in range(size):
            if out[k] < caps[k] and (best < 0 or caps[k] - out[k] > caps[best] - out[best]):
                best = k
        if best < 0:
            break
        out[best] += 1
        left -= 1
    return out


@inner
def _beside(people, p, q, a, b, u):
    """Return the probabilities of a man beside his wife or cohabitant `q`, who may lead him."""
    if people.outcome[q] == LEAVE:
        return a, b * _SPOUSE
    if people.outcome[q] == MOVE and u < TOGETHER:
        people.leader[p] = q
        return a, b
    if people.municipality[q] == people.municipality[p]:
        return a * ALONE, b * 0.5  # couples move together, so seldom alone
    return min(a * REUNITE, 0.5), b


@inner
def _weigh(people, work, c, lo, hi, year, seed, calibrated, bend, tables, sums):
    """Fill the probabilities of one cell's persons and the sums by marital status."""
    for j in range(lo, hi):
        p = work.order[j]
        people.leader[p] = -1
        people.outcome[p] = STAY
        work.move[j] = 0.0
        work.leave[j] = 0.0
        work.factor[j] = 0.0
        if people.pending[p] != NOTHING:
            continue
        a, b = probabilities(people, p, year, seed, tables)
        work.expected[c, 0] += a
        work.expected[c, 1] += b
        age = year - 1 - people.birth_year[p]
        if calibrated and people.group[p] == EU8_GROUP and people.arrival_year[p] >= bend[1]:
            b *= bend[0]
        if calibrated:
            b *= bend[2][people.citizenship[p]]
        mother = people.mother[p]
        q = spouse(people, p)
        if age < ADULT and mother >= 0 and people.status[mother] == RESIDENT:
            people.leader[p] = mother
            if people.outcome[mother] == LEAVE:
                b = _HEIGHT if calibrated else 1.0
            else:
                b = b * 0.05 if calibrated else 0.0
            a = 0.0
        elif calibrated and people.sex[p] == 0 and q >= 0 and people.status[q] == RESIDENT:
            a, b = _beside(people, p, q, a, b, uniform(seed, p, year, _CHOICE + 60))
        work.move[j] = a
        work.leave[j] = b
        work.factor[j] = 1.0
        k = people.marital[p]
        if (k == 2 or k == 6) and q >= 0 and people.status[q] == RESIDENT:
            age_of_spouse = min(max(year - 1 - people.birth_year[q], 0), 109)
            work.factor[j] = work.spouse_factor[people.sex[q], age_of_spouse]
        sums.persons[k] += 1
        sums.leaving[k] += b
        sums.dying[k] += work.factor[j]


@kernel
def year_outcomes(people, cells, work, given, year, seed, calibrated, fraction, bend, tables):
    """Draw the outcome of everybody in the given cells.

    Parameters
    ----------
    people, tables
        The state, and the look-up tables of the mobility truth.
    cells
        Cells to do.
    work, given
        See `YearColumns` and `YearTotals`.
    calibrated
        Whether numbers are given; else everybody draws from the model itself.
    fraction
        Part of the year that the window covers (free only).
    bend
        By what factor the leaving of those born in the eight EU countries is bent who came in a
        year or later, the year, and a factor for each citizenship (calibrated only).
    """
    for c in cells:
        lo, hi = work.start[c], work.start[c + 1]
        sums = Sums(np.zeros(10, np.int64), np.zeros(10), np.zeros(10))
        work.expected[c] = 0.0
        _weigh(people, work, c, lo, hi, year, seed, calibrated, bend, tables, sums)
        if calibrated:
            if given.exits_by_status[c, 0] >= 0:
                going = given.exits_by_status[c].copy()
            else:
                room = sums.persons - given.deaths[c]
                going = apportion(given.emigrants[c], sums.leaving, room)
            _draw_exact(people, work, lo, hi, year, seed, given.deaths[c].copy(), going, sums)
        else:
            _draw_free(people, work, lo, hi, year, seed, fraction, given.death_rate[c])
        _mark_late(people, work, lo, hi, year, seed, calibrated, given.late[c])


@kernel
def weigh_by_group(people, cells, work, year, seed, bend, tables, group, first, out):
    """Sum by cell and group of citizenship, `group`, what `year_outcomes` draws emigrants by.

    Nobody being drawn yet (`first`), children leave as likely as their mothers.
    """
    for c in cells:
        lo, hi = work.start[c], work.start[c + 1]
        sums = Sums(np.zeros(10, np.int64), np.zeros(10), np.zeros(10))
        _weigh(people, work, c, lo, hi, year, seed, True, bend, tables, sums)
        out[c] = 0.0
        for j in range(lo, hi):
            p = work.order[j]
            leave, mother = work.leave[j], people.leader[p]
            if first and mother >= 0:
                leave = probabilities(people, mother, year, seed, tables)[1]
                eu8 = people.group[mother] == EU8_GROUP and people.arrival_year[mother] >= bend[1]
                leave *= bend[0] if eu8 else 1.0
            out[c, group[people.citizenship[p]]] += leave


@inner
def _mark_late(people, work, lo, hi, year, seed, calibrated, quota):  # noqa: C901 - who follows whom has that many cases
    """Choose whose leaving (exactly `quota` if calibrated) or moving is not reported in time."""
    late = work.late
    mass, left = 0.0, 0
    for j in range(lo, hi):
        p = work.order[j]
        late[p] = 0
        if people.outcome[p] == LEAVE:
            mass += _late_weight(people, p, late)
            left += 1
    for j in range(lo, hi):
        p = work.order[j]
        leader = people.leader[p]
        if work.erroneous[p]:
            continue
        if leader >= 0 and (people.outcome[p] == MOVE or not calibrated):
            if people.outcome[p] == people.outcome[leader]:
                late[p] = late[leader]
        elif people.outcome[p] == MOVE:
            late[p] = 1 if uniform(seed, p, year, _LATE) < LATE_MOVES else 0
        elif people.outcome[p] == LEAVE and not calibrated:
            late[p] = 1 if uniform(seed, p, year, _LATE) < LATE_SHARE else 0
        elif people.outcome[p] == LEAVE and quota > 0:
            weight = _late_weight(people, p, late)
            if quota >= left or uniform(seed, p, year, _LATE) * mass < weight * quota:
                late[p] = 1
                quota -= 1
            mass -= weight
            left -= 1


@njit(inline="always")
def _late_weight(people, p, late):
    """Return the weight of `p` among those reported late: children follow their mother."""
    leader = people.leader[p]
    return 1.0 if leader < 0 else (50.0 if late[leader] == 1 else 0.02)


@inner
def _draw_exact(people, work, lo, hi, year, seed, dying, going, sums):
    """Draw exactly `dying` deaths and `going` emigrations by marital status."""
    for j in range(lo, hi):
        if work.factor[j] == 0.0:
            continue
        p = work.order[j]
        k = people.marital[p]
        n = sums.persons[k]
        sums.persons[k] -= 1
        weight, other = work.factor[j], work.leave[j]
        chance = weight * dying[k] / max(sums.dying[k], 1e-300)
        sums.dying[k] -= weight
        going_chance = other * going[k] / max(sums.leaving[k], 1e-300)
        sums.leaving[k] -= other
        if dying[k] + going[k] >= n:  # nobody left to spare
            chance = chance if going[k] > 0 else 1.0
            going_chance = 1.0
        if dying[k] > 0 and uniform(seed, p, year, _DIE) < chance:
            people.outcome[p] = DIE
            dying[k] -= 1
        elif going[k] > 0 and uniform(seed, p, year, _CHOICE) < going_chance:
            people.outcome[p] = LEAVE
            going[k] -= 1
        elif people.leader[p] >= 0:
            if people.outcome[people.leader[p]] == MOVE:
                people.outcome[p] = MOVE
            else:
                people.leader[p] = -1
        elif uniform(seed, p, year, _CHOICE + 50) < work.move[j]:
            people.outcome[p] = MOVE


@inner
def _draw_free(people, work, lo, hi, year, seed, fraction, rate):
    """Draw from the model itself; and, of those who stay, whose leaving is reported in error."""
    for j in range(lo, hi):
        if work.factor[j] == 0.0:
            continue
        p = work.order[j]
        if uniform(seed, p, year, _DIE) < rate * fraction:
            people.outcome[p] = DIE
            continue
        leader = people.leader[p]
        if leader >= 0:
            if people.outcome[leader] == MOVE or people.outcome[leader] == LEAVE:
                people.outcome[p] = people.outcome[leader]
            else:
                people.leader[p] = -1
            continue
        u = uniform(seed, p, year, _CHOICE)
        if u < work.leave[j] * fraction:
            people.outcome[p] = LEAVE
        elif u < (work.leave[j] + work.move[j]) * fraction:
            people.outcome[p] = MOVE
        elif fraction == 1.0 and _unattached(people, p, year):
            u = uniform(seed, p, year, _ERROR)
            if u < ERRONEOUS_SHARE * (work.leave[j] + work.move[j]):
                people.outcome[p] = LEAVE if u < ERRONEOUS_SHARE * work.leave[j] else MOVE
                work.erroneous[p] = 1


@njit(inline="always")
def _unattached(people, p, year):
    """Return whether nobody's place or family depends on where `p` is registered."""
    fertile = people.sex[p] == 1 and year - people.birth_year[p] <= 50
    return spouse(people, p) < 0 and people.last_child[p] == 0 and not fertile
