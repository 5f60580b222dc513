"""Births of a window: mothers by age and family, fathers, and the children themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from folkestrom.twin.lives.compiled import kernel
from folkestrom.twin.lives.origins import NATIVE, NORWAY, NORWEGIAN_BORN, by_region, ranks
from folkestrom.twin.lives.people import (
    DIE,
    LEAVE,
    RESIDENT,
    People,
    next_birth,
    remember_birth,
    spouse,
    spouses,
)
from folkestrom.twin.lives.random import draws, integer, uniform, uniforms

_MOTHER, _FATHER, _CHILD_DAY, _BOY, _OTHER = 71, 73, 75, 76, 180
FIRST_AGE, _LAST_AGE = 15, 49
COHABITING, ALONE = 2.3, 0.12
"""Fertility of women in couples without marriage and of those in none; the married have 1.6."""


@njit(inline="always")
def _fertility_weight(people, p, year, days, fertility, factor):
    weight = fertility[year - 1 - people.birth_year[p]]
    if people.outcome[p] == DIE or people.outcome[p] == LEAVE or people.pending[p] != 0:
        weight = 0.0
    if people.marital[p] == 2 or people.mate[p] >= 0:
        weight *= 1.6 if people.mate[p] < 0 else COHABITING
    else:
        weight *= ALONE
    weight *= factor[people.birth_country[p]]
    gap = year - people.last_child[p]
    if people.last_child[p] > 0 and gap <= 1:
        weight *= 0.02
    elif people.last_child[p] > 0 and gap <= 4:
        weight *= 2.0
    first, end = days
    return weight * max(end - next_birth(people, p, first), 0) / (end - first)


@kernel
def choose_mothers(people, order, start, year, days, seed, fertility, factor, total):
    """Return `total` mothers, drawn in proportion to fertility by age, birthplace and family.

    `days` are the window's first day and the one after its last.
    """
    mass = 0.0
    left = 0
    for c in range(106 + 15, 106 + 50):
        for j in range(start[c], start[c + 1]):
            weight = _fertility_weight(people, order[j], year, days, fertility, factor)
            mass += weight
            left += 1 if weight > 0.0 else 0
    out = np.empty(total, np.int64)
    found = 0
    for c in range(106 + 15, 106 + 50):
        for j in range(start[c], start[c + 1]):
            p = order[j]
            weight = _fertility_weight(people, p, year, days, fertility, factor)
            if weight <= 0.0 or found >= total:
                continue
            need = total - found
            if need >= left or uniform(seed, p, year, _MOTHER) * mass < weight * need:
                out[found] = p
                found += 1
            mass -= weight
            left -= 1
    return out[:found]


@kernel
def find_fathers(people, mothers, order, start, year, seed):
    """Return the fathers: husband or cohabitant, else an unmarried man nearby, or unknown (-1)."""
    out = np.full(mothers.size, -1, np.int64)
    for i in range(mothers.size):
        m = mothers[i]
        q = spouse(people, m)
        if q >= 0 and people.sex[q] == 0 and people.status[q] == RESIDENT:
            out[i] = q
            continue
        if uniform(seed, m, year, _FATHER) < 0.02:
            continue
        for attempt in range(30):
            age = year - 1 - people.birth_year[m] + integer(seed, m, year, 300 + attempt, 8) - 2
            if age < 17 or age > 70:
                continue
            lo, hi = start[age], start[age + 1]
            if hi <= lo:
                continue
            f = order[lo + integer(seed, m, year, 400 + attempt, hi - lo)]
            near = people.municipality[f] == people.municipality[m] or attempt > 20
            if (
                near
                and spouse(people, f) < 0
                and people.outcome[f] < LEAVE
                and people.pending[f] == 0
            ):
                out[i] = f
                break
    return out


@kernel
def _space(people, mothers, days, first):
    """Exchange days of birth so that no mother gives birth too soon after the last time."""
    for i in range(mothers.size):
        low = next_birth(people, mothers[i], first)
        for k in range(1, mothers.size):
            if days[i] >= low:
                break
            j = (i + k) % mothers.size
            if days[j] >= low and days[i] >= next_birth(people, mothers[j], first):
                days[i], days[j] = days[j], days[i]
        days[i] = max(days[i], low)
    for i in range(mothers.size):
        remember_birth(people, mothers[i], days[i])


def deal_sexes(mothers: int, boys: int, seed: int, year: int) -> NDArray[np.int8]:
    """Return the sex of each child, exactly `boys` of them male."""
    sexes = np.ones(mothers, np.int8)
    if boys:
        sexes[np.argsort(uniforms(seed, 0, mothers, year, _BOY), kind="stable")[:boys]] = 0
    return sexes


def create_children(
    people: People,
    count: int,
    mothers: NDArray[np.int64],
    fathers: NDArray[np.int64],
    sexes: NDArray[np.int8],
    day: Callable[[NDArray[np.float64]], NDArray[np.int64]],
    first_day: int,
    year: int,
    seed: int,
    norway: int,
) -> NDArray[np.int64]:
    """Create the children, born on the `day` of uniform numbers, and return their indices."""
    children = count + np.arange(len(mothers))
    days = day(draws(seed, children, year, _CHILD_DAY))
    _space(people, mothers, days, first_day)
    people.birth[children] = days
    people.birth_year[children] = year
    people.sex[children] = sexes
    people.status[children] = RESIDENT
    for name in ("municipality", "unit"):
        getattr(people, name)[children] = getattr(people, name)[mothers]
    people.first_municipality[children] = people.municipality[mothers]
    people.marital[children] = 1
    people.mother[children] = mothers
    people.father[children] = fathers
    people.birth_country[children] = norway
    _inherit(people, children, mothers, fathers, norway)
    people.last_residence[children] = people.birth[children]
    people.last_marital[children] = people.birth[children]
    people.reports[children] = 1
    people.last_child[mothers] = year
    return children


def choose_fathers(
    people: People,
    children: NDArray[np.int64],
    men: NDArray[np.int64],
    region: NDArray[np.int8],
    wanted: NDArray[np.int64],
    foreign: NDArray[np.bool_],
    year: int,
    seed: int,
) -> None:
    """Let as many of the year's children as wanted have two parents born abroad.

    Husbands and cohabitants stay fathers while they can; the others are exchanged for men of the
    other kind. `men` are unmarried residents born abroad, `wanted` is (R,) by the mother's region,
    and `foreign` are children who have to be foreign citizens: they come first.
    """
    father = people.father[children].astype(np.int64)
    abroad = (father >= 0) & (people.birth_country[father] != NORWAY)
    natives = father[(father >= 0) & ~abroad]
    naturalised = foreign & (people.citizenship[father] == NORWAY)
    husband = (father >= 0) & (father == spouses(people, people.mother[children].astype(np.int64)))
    score = np.where(abroad, 0.0, 2.0) + np.where(abroad != husband, 1.0, 0.0)
    score += draws(seed, children, year, _FATHER + 1) - 4.0 * foreign
    of = region[people.birth_country[people.mother[children]]]
    of_mother = np.flatnonzero(of >= 0)
    of_mother = of_mother[np.argsort(score[of_mother], kind="stable")]
    chosen = np.zeros(len(children), np.bool_)
    chosen[of_mother] = ranks(of[of_mother]) < wanted[of[of_mother]]
    men, start = by_region(people, men, region)
    for r in range(len(wanted)):
        mine, others = (of == r) & chosen, men[start[r] : start[r + 1]]
        _exchange(people, children[mine & ~abroad & ~foreign], others, year, seed)
        others = others[people.citizenship[others] != NORWAY]
        _exchange(people, children[mine & foreign & (~abroad | naturalised)], others, year, seed)
    _exchange(people, children[(of >= 0) & ~chosen & abroad], natives, year, seed)
    mothers, fathers = people.mother[children], people.father[children]
    _inherit(people, children, mothers.astype(np.int64), fathers.astype(np.int64), NORWAY)


def _exchange(
    people: People, children: NDArray[np.int64], men: NDArray[np.int64], year: int, seed: int
) -> None:
    """Give children another father: of a few men the one nearest in age to the mother."""
    if not len(children) or not len(men):
        return
    some = [(draws(seed, children, year, _OTHER + n) * len(men)).astype(np.int64) for n in range(6)]
    found = men[np.stack(some)]
    mothers = people.birth_year[people.mother[children]].astype(np.int64)
    apart = np.abs(people.birth_year[found].astype(np.int64) - mothers + 2)
    people.father[children] = found[apart.argmin(axis=0), np.arange(len(children))]


def _inherit(
    people: People,
    children: NDArray[np.int64],
    mothers: NDArray[np.int64],
    fathers: NDArray[np.int64],
    norway: int,
) -> None:
    """Give citizenship (Norwegian if either parent's is) and immigrant group by the parents."""
    of_mother = people.citizenship[mothers]
    of_father = np.where(fathers >= 0, people.citizenship[fathers], of_mother)
    either = (of_mother == norway) | (of_father == norway)
    people.citizenship[children] = np.where(either, norway, of_mother)
    both = (people.birth_country[mothers] != norway) & (fathers >= 0)
    both &= people.birth_country[fathers] != norway
    people.group[children] = np.where(both, NORWEGIAN_BORN, NATIVE)
