"""One year's outcome of every resident: stay, another municipality, abroad, or death.

Calibrated, the numbers of deaths and emigrations of a cell (sex × age) are given and persons are
drawn one after the other without replacement, with chances proportional to the model's (sequential
sampling: chance = own weight × still to be drawn / weight still to come). Free, every person draws
from the model itself.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from folkestrom.twin.people import DIE, LEAVE, MOVE, NOTHING, STAY, People
from folkestrom.twin.random import bits, uniform

_WORK_YEAR, _INCOME_YEAR, _DIE, _CHOICE, _LATE = 14, 17, 21, 22, 23
_HEIGHT = 1_000.0  # weight of a child whose mother leaves; a spouse gets _SPOUSE times the own
_SPOUSE = 40.0


@njit(inline="always")
def shock(word: int) -> float:
    """Return a nearly normal number from 64 random bits: four 16-bit uniforms added up."""
    total = (word & 0xFFFF) + ((word >> 16) & 0xFFFF) + ((word >> 32) & 0xFFFF) + (word >> 48)
    return (float(total) * (1.0 / 65536.0) - 2.0) * 1.7320508075688772


@njit(inline="always")
def education_level(final: int, age: int) -> int:
    """Return the completed education: the final level, reached with age."""
    reached = (1 if age >= 19 else 0) + (1 if age >= 23 else 0) + (1 if age >= 26 else 0)
    return min(final, reached)


@njit(inline="always")
def employed(taste: float, age: int, education: int, group: int, word: int) -> int:
    """Return 1 when employed: a person effect plus a yearly shock."""
    latent = 0.7 + 0.25 * education + taste + 0.5 * shock(word)
    latent -= (
        (0.7 if group == 5 else 0.0) + (0.6 if age < 25 else 0.0) + (0.5 if age >= 60 else 0.0)
    )
    return 1 if latent > 0.0 and age >= 18 and age < 67 else 0


@njit(inline="always")
def income_fifth(taste: float, age: int, education: int, work: int, word: int) -> int:
    """Return the income fifth 0 … 4: a person effect, age, education, work, a yearly shock."""
    latent = taste + 0.4 * shock(word) - 1.25 + 0.35 * education + 1.2 * work
    latent += (0.4 if age >= 67 else 0.0) - (0.7 if age < 25 else 0.0)
    fifth = (1 if latent > -0.85 else 0) + (1 if latent > -0.25 else 0)
    fifth += (1 if latent > 0.25 else 0) + (1 if latent > 0.85 else 0)
    return fifth if age >= 18 else 0


@njit(inline="always")
def family_level(marital: int, last_child: int, year: int) -> int:
    """Return single / couple / couple with children / single with children."""
    together = marital == 2 or marital == 6
    children = last_child > 0 and year - last_child < 18
    return (2 if children else 1) if together else (3 if children else 0)


@njit(inline="always")
def origin_level(group: int, arrival_year: int, year: int) -> int:
    """Return the level of immigrant group × duration of stay."""
    stay = year - arrival_year
    step = (1 if stay > 2 else 0) + (1 if stay > 5 else 0) + (1 if stay > 10 else 0)
    return group if group < 2 else 2 + (group - 2) * 4 + step


@njit(inline="always")
def chances(people, p, year, seed, age_group, person_table, work_table, place, first_place):
    """Return the model's probabilities (another municipality, abroad) of person `p` in `year`."""
    age = year - 1 - people.birth_year[p]
    woman = people.sex[p]
    group = people.group[p]
    education = education_level(people.education[p], age)
    work = employed(people.work_taste[p], age, education, group, bits(seed, p, year, _WORK_YEAR))
    income = income_fifth(
        people.income_taste[p], age, education, work, bits(seed, p, year, _INCOME_YEAR)
    )
    family = family_level(people.marital[p], people.last_child[p], year)
    origin = origin_level(group, people.arrival_year[p], year)
    i = ((woman * 9 + age_group[min(age, 120)]) * 4 + family) * 18 + origin
    k = (education * 2 + work) * 5 + income
    here = people.municipality[p]
    first = people.first_municipality[p]
    v1 = person_table[0, i] + work_table[0, k] + place[0, here] + first_place[0, first]
    v2 = person_table[1, i] + work_table[1, k] + place[1, here] + first_place[1, first]
    e1 = math.exp(v1 + people.taste_move[p])
    e2 = math.exp(v2 + people.taste_abroad[p])
    total = 1.0 + e1 + e2
    return e1 / total, e2 / total


@njit(cache=True, nogil=True)
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
            upto = int(math.floor(total * min(running / mass, 1.0) + 0.5))
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


@njit(cache=True, nogil=True)
def _weigh(
    people, order, lo, hi, year, seed, calibrated, eu8_factor, age_group, person_table, work_table,
    place, first_place, move, leave, factor, spouse_factor, count, mass, die_mass,
):  # fmt: skip
    """Fill the chances of one cell's persons and the sums by marital status."""
    for j in range(lo, hi):
        p = order[j]
        people.leader[p] = -1
        people.outcome[p] = STAY
        move[j] = 0.0
        leave[j] = 0.0
        factor[j] = 0.0
        if people.pending[p] != NOTHING:
            continue
        a, b = chances(
            people, p, year, seed, age_group, person_table, work_table, place, first_place
        )
        age = year - 1 - people.birth_year[p]
        if calibrated and people.group[p] == 3:
            b *= eu8_factor
        mother = people.mother[p]
        q = people.partner[p]
        if age < 18 and mother >= 0 and people.status[mother] == 1:
            people.leader[p] = mother
            if people.outcome[mother] == LEAVE:
                b = _HEIGHT if calibrated else 1.0
            else:
                b = b * 0.05 if calibrated else 0.0
            a = 0.0
        elif calibrated and people.sex[p] == 0 and q >= 0 and people.status[q] == 1:
            if people.outcome[q] == LEAVE:
                b *= _SPOUSE
            elif people.outcome[q] == MOVE and uniform(seed, p, year, _CHOICE + 60) < 0.85:
                people.leader[p] = q
            else:
                a *= 0.4  # couples mostly move together, so seldom alone
        move[j] = a
        leave[j] = b
        factor[j] = 1.0
        k = people.marital[p]
        if (k == 2 or k == 6) and q >= 0 and people.status[q] == 1:
            factor[j] = spouse_factor[people.sex[q], cohort_group(people.birth_year[q], year)]
        count[k] += 1
        mass[k] += b
        die_mass[k] += factor[j]


@njit(inline="always")
def cohort_group(birth_year, year):
    """Return the row of `spouse_factor`: age on 1 January, at most 109."""
    return min(max(year - 1 - birth_year, 0), 109)


@njit(cache=True, nogil=True)
def year_outcomes(
    people, cells, start, order, deaths, leavers, exits_by_status, late_quota, late_share,
    year, seed, calibrated, fraction, death_rate, move_factor, eu8_factor, age_group, person_table, work_table,
    place, first_place, move, leave, factor, spouse_factor, late,
):  # fmt: skip
    """Draw the outcome of everybody in the given cells.

    Parameters
    ----------
    cells, start, order
        Cells to do; persons of cell c are order[start[c]:start[c + 1]].
    deaths
        (cells, 10) numbers of deaths by marital status; ignored when free.
    leavers
        (cells,) numbers of true emigrations; ignored when free.
    exits_by_status
        (cells, 10) emigrations by marital status where fixed, else -1 in the first place.
    late_quota, late_share
        Emigrations that are not reported in time: (cells,) numbers, and the share when free.
    fraction
        Part of the year that the window covers (free mode).
    death_rate
        (cells,) probability of death (free mode).
    late
        Output: 1 where an emigration or a move is not reported in time.
    """
    for c in cells:
        lo, hi = start[c], start[c + 1]
        count = np.zeros(10, np.int64)
        mass = np.zeros(10)
        die_mass = np.zeros(10)
        _weigh(
            people, order, lo, hi, year, seed, calibrated, eu8_factor, age_group, person_table,
            work_table, place, first_place, move, leave, factor, spouse_factor, count, mass,
            die_mass,
        )  # fmt: skip
        if calibrated:
            room = count - deaths[c]
            if exits_by_status[c, 0] >= 0:
                going = exits_by_status[c].copy()
            else:
                going = apportion(leavers[c], mass, room)
            _draw_exact(
                people, order, lo, hi, year, seed, deaths[c].copy(), going, count, mass, die_mass,
                move, leave, factor, move_factor,
            )  # fmt: skip
        else:
            _draw_free(
                people, order, lo, hi, year, seed, fraction, death_rate[c], move, leave, factor
            )
        _mark_late(people, order, lo, hi, year, seed, calibrated, late_quota[c], late_share, late)


@njit(cache=True, nogil=True)
def _mark_late(people, order, lo, hi, year, seed, calibrated, quota, late_share, late):
    """Choose whose leaving (exactly `quota` if calibrated) or moving is not reported in time."""
    mass, left = 0.0, 0
    for j in range(lo, hi):
        p = order[j]
        late[p] = 0
        if people.outcome[p] == LEAVE:
            mass += _late_weight(people, p, late)
            left += 1
    for j in range(lo, hi):
        p = order[j]
        leader = people.leader[p]
        if leader >= 0 and (people.outcome[p] == MOVE or not calibrated):
            if people.outcome[p] == people.outcome[leader]:
                late[p] = late[leader]
        elif people.outcome[p] == MOVE:
            late[p] = 1 if uniform(seed, p, year, _LATE) < 0.02 else 0
        elif people.outcome[p] == LEAVE and not calibrated:
            late[p] = 1 if uniform(seed, p, year, _LATE) < late_share else 0
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


@njit(cache=True, nogil=True)
def _draw_exact(
    people, order, lo, hi, year, seed, dying, going, count, mass, die_mass, move, leave, factor,
    move_factor,
):  # fmt: skip
    """Draw exactly `dying` deaths and `going` emigrations by marital status."""
    for j in range(lo, hi):
        if factor[j] == 0.0:
            continue
        p = order[j]
        k = people.marital[p]
        n = count[k]
        count[k] -= 1
        weight, other = factor[j], leave[j]
        chance = weight * dying[k] / max(die_mass[k], 1e-300)
        die_mass[k] -= weight
        going_chance = other * going[k] / max(mass[k], 1e-300)
        mass[k] -= other
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
        elif uniform(seed, p, year, _CHOICE + 50) < move_factor * move[j]:
            people.outcome[p] = MOVE


@njit(cache=True, nogil=True)
def _draw_free(people, order, lo, hi, year, seed, fraction, rate, move, leave, factor):
    """Draw from the model itself."""
    for j in range(lo, hi):
        if factor[j] == 0.0:
            continue
        p = order[j]
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
        if u < leave[j] * fraction:
            people.outcome[p] = LEAVE
        elif u < (leave[j] + move[j]) * fraction:
            people.outcome[p] = MOVE


def empty_workspace(capacity: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the chance arrays (another municipality, abroad, death factor)."""
    return (
        np.zeros(capacity, np.float32),
        np.zeros(capacity, np.float32),
        np.zeros(capacity, np.float32),
    )


__all__ = ["People", "apportion", "chances", "empty_workspace", "year_outcomes"]
