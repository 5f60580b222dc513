"""Whose spouse dies: bends mortality so that as many are widowed as the targets say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives.compiled import kernel
from folkestrom.twin.years.cells import AGES, NEWBORN, OLDEST
from folkestrom.twin.years.country import Country
from folkestrom.twin.years.window import Window

MARRIED_DIE, SINGLE_DIE = 0.85, 1.2
"""Mortality of the married and the others against the average, used to spread deaths by status."""


def mortality_by_status() -> NDArray[np.float64]:
    """Return the (10,) relative mortality by marital status."""
    weight = np.full(10, SINGLE_DIE)
    weight[[2, 6]] = MARRIED_DIE
    return weight


def group_of_row(country: Country, w: Window) -> NDArray[np.int64]:
    """Return the cohort group of the rows 0 … 105 of one sex."""
    groups = np.minimum((np.arange(AGES) + country.last_year - w.year) // 5, 20)
    groups[NEWBORN] = min((country.last_year - 1 - w.year) // 5, 20)
    groups[104] = 20
    return np.asarray(groups)


@kernel
def _spouse_groups(status, pending, marital, partner, birth_year, size, last_year):
    """Return each person's spouse's cohort group if a loss would make a registered widow(er).

    -1 for everybody else; -2 for the married whose spouse is not in the register.
    """
    out = np.full(size, -1, np.int8)
    for p in range(size):
        if status[p] != 1 or marital[p] != 2 or pending[p] != 0:
            continue
        out[p] = -2
        q = partner[p]
        if q >= 0 and status[q] == 1 and pending[q] == 0 and partner[q] == p:
            out[p] = min((last_year - 1 - birth_year[q]) // 5, 20)
    return out


@kernel
def _expected_losses(group, sex, order, start, rate):
    """Return how many of each sex and cohort group lose their spouse, given death rates by cell."""
    out = np.zeros((2, 21))
    for c in range(212):
        for j in range(start[c], start[c + 1]):
            g = group[order[j]]
            if g >= 0:
                out[1 - sex[order[j]], g] += rate[c]
    return out


@kernel
def _mean_factor(group, sex, order, start, factor):
    """Return the mean factor of each cell's married."""
    out = np.ones(212)
    for c in range(212):
        total, married = 0.0, 0
        for j in range(start[c], start[c + 1]):
            g = group[order[j]]
            if g != -1:
                total += factor[1 - sex[order[j]], g] if g >= 0 else 1.0
                married += 1
        if married > 0:
            out[c] = total / married
    return out


def spouse_groups(country: Country, w: Window) -> NDArray[np.int8]:
    """Return each person's spouse's cohort group (see `_spouse_groups`)."""
    if len(w.spouse_group) == country.size:
        return w.spouse_group
    p = country.people
    w.spouse_group = _spouse_groups(
        p.status, p.pending, p.marital, p.partner, p.birth_year, country.size, country.last_year
    )
    return w.spouse_group


def factors(
    country: Country, w: Window, totals: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the death factor of the married by the spouse's sex and age, and what follows.

    Parameters
    ----------
    totals
        (212, 10) residents by cell and marital status.

    Returns
    -------
    factor
        (2, 110): by the spouse's sex and age on 1 January.
    mean
        (212,): mean over each cell's married.
    widowed
        (2, 21): expected new widows and widowers by sex and cohort group.
    """
    plan = w.planned
    weight = mortality_by_status()
    dying = plan.deaths.reshape(-1)
    rates = dying / np.maximum((totals * weight).sum(axis=1), 1.0)
    of = spouse_groups(country, w)
    sex = country.people.sex
    losses = _expected_losses(of, sex, w.order, w.start, rates * weight[2])
    goal = country.targets.marital[w.t + 1]
    group = group_of_row(country, w)
    leaving = plan.emigration.reshape(-1) / np.maximum(totals.sum(axis=1), 1)
    by_group = np.ones((2, 21))
    for s in (0, 1):
        for g in range(21):
            cells = s * AGES + np.flatnonzero(group == g)
            widowed = totals[cells, 3]
            kept = float((widowed * (1.0 - rates[cells] * weight[3] - leaving[cells])).sum())
            need = float(goal[s, g, 3]) - kept
            if losses[s, g] > 0:
                by_group[s, g] = np.clip(need / losses[s, g], 0.4, 5.0)
    mean = _mean_factor(of, sex, w.order, w.start, by_group)
    age = np.arange(110)
    at_end = np.minimum((age + country.last_year - w.year) // 5, 20)
    return by_group[:, at_end], mean, by_group * losses


@kernel
def _after_outcomes(people, of, order, count, late, last_year):
    """Return the stock by sex, group and status after deaths and leaving, and the new widowed."""
    after = np.zeros((2, 21, 10), np.int64)
    new = np.zeros((2, 21), np.int64)
    for j in range(count):
        p = order[j]
        gone = people.outcome[p] == 3 or (people.outcome[p] == 2 and late[p] == 0)
        g = min((last_year - 1 - people.birth_year[p]) // 5, 20)
        if not gone and g >= 0:
            after[people.sex[p], g, people.marital[p]] += 1
        if people.outcome[p] == 3:
            q = people.partner[p]
            h = of[p]
            if h >= 0 and people.outcome[q] < 2:
                new[people.sex[q], h] += 1
    return after, new


@kernel
def _exchange(people, order, lo, hi, number):
    """Let `number` married of a cell die instead of widowed ones; returns how many did."""
    done = 0
    j = lo
    for i in range(lo, hi):
        if done >= number:
            break
        p = order[i]
        if people.outcome[p] != 3 or people.marital[p] != 3:
            continue
        while j < hi:
            q = order[j]
            j += 1
            spouse = people.partner[q]
            losing = spouse >= 0 and people.outcome[spouse] == 3
            staying = people.outcome[q] == 0 and people.pending[q] == 0 and not losing
            if people.marital[q] == 2 and staying:
                people.outcome[p] = 0
                people.outcome[q] = 3
                people.leader[q] = -1
                done += 1
                break
    return done


@kernel
def _who_dies_instead(people, of, order, lo, hi, short, spare):
    """Return a person of the cell whose death can be spared, or -1.

    A married one whose death makes no widow(er), or one too many; else, if `spare`, a widowed one.
    """
    widowed = -1
    for j in range(lo, hi):
        p = order[j]
        if people.outcome[p] != 3:
            continue
        if people.marital[p] == 2:
            q = people.partner[p]
            if of[p] < 0 or people.outcome[q] >= 2 or short[people.sex[q], of[p]] < 0:
                return p
        elif people.marital[p] == 3 and spare:
            widowed = p
    return widowed


@kernel
def _swap(people, of, order, start, c, groups, short, new, year):
    """Let spouses of a cell's married die in place of others of their age.

    Parameters
    ----------
    c, groups
        The cell of those who are to be widowed, and the cohort group of each row.
    short, new
        (2, 21): how many more should be widowed (below 0, how many fewer can be), and how many
        are this year. Updated.
    """
    sex, group = c // 106, groups[c % 106]
    for j in range(start[c], start[c + 1]):
        p = order[j]
        if short[sex, group] <= 0:
            return
        q = people.partner[p]
        if of[p] < 0 or people.outcome[p] >= 2 or people.outcome[q] != 0:
            continue
        other, row = people.sex[q], min(max(year - 1 - people.birth_year[q], 0), 104)
        lo, hi = start[other * 106 + row], start[other * 106 + row + 1]
        # One widowed person too many: one of the year's new ones is reported a year later.
        spare = new[other, groups[row]] > 0
        spared = _who_dies_instead(people, of, order, lo, hi, short, spare)
        if spared < 0:
            continue
        spouse = people.partner[spared]
        if people.marital[spared] == 3:
            short[other, groups[row]] -= 1
            new[other, groups[row]] -= 1
        elif of[spared] >= 0 and people.outcome[spouse] < 2:
            short[people.sex[spouse], of[spared]] += 1
        people.outcome[spared] = 0
        people.outcome[q] = 3
        people.leader[q] = -1
        short[sex, group] -= 1


def exchange_deaths(country: Country, w: Window) -> None:
    """Where too few would be widowed at the year's end, let other people of the same age die.

    First married people in place of widowed ones; then spouses of those who should be widowed, in
    place of others whose death makes no widow(er), or one too many. Only for cohorts of 60 and
    older, who can't be matched or immigrate in numbers.
    """
    people = country.people
    of, count = spouse_groups(country, w), int(w.start[-1])
    after, new = _after_outcomes(people, of, w.order, count, w.late, country.last_year)
    short = country.targets.marital[w.t + 1, :, :, 3] - after[:, :, 3] - new
    group = group_of_row(country, w)
    cells = [(s * AGES + row, s, int(group[row])) for s in (0, 1) for row in range(OLDEST, 59, -1)]
    for c, s, g in cells:
        if short[s, g] > 0:
            short[s, g] -= _exchange(people, w.order, w.start[c], w.start[c + 1], short[s, g])
    for c, _, _ in cells:
        _swap(people, of, w.order, w.start, c, group, short, new, w.year)
