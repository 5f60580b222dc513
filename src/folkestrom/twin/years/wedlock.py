"""Marital changes and naturalisations of one window, so that the year's targets are met."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives import marriage as m
from folkestrom.twin.lives.origins import NORWAY
from folkestrom.twin.lives.pairing import match
from folkestrom.twin.lives.people import ABROAD, LEAVE, NEVER, NOTHING, RESIDENT
from folkestrom.twin.lives.random import draws, permutation
from folkestrom.twin.receipt import reports as r
from folkestrom.twin.years.country import Country
from folkestrom.twin.years.migration import naturalising
from folkestrom.twin.years.window import Index, Window

Flows = dict[tuple[int, int], dict[tuple[int, int], int]]

PARENTS_FIRST = 0.115
"""How far, of 1, couples with a child below 18 come before others who marry (assumption)."""
_DAY, _PARTNER_DAY, _WIDOW, _NATURALISE, _MEN = 151, 152, 153, 154, 155


def report_partners_late(country: Country, w: Window) -> None:
    """Report what was missed in the window before, for those it still concerns."""
    people = country.people
    for persons, status, day in country.partner_reports:
        before = {3: m.MARRIED, 9: m.PARTNER, 5: m.MARRIED, 4: m.SEPARATED}
        old = np.array([before[int(s)] for s in status], np.int64)
        fits = (people.status[persons] == RESIDENT) & (people.marital[persons] == old)
        fits &= people.last_marital[persons] <= day
        p, s, d = persons[fits], status[fits], day[fits]
        people.marital[p] = s
        people.last_marital[p] = d
        w.out.add(r.MARITAL, p, d, late=True, marital=s)
    country.partner_reports.clear()


def bereave(country: Country, dead: Index) -> tuple[Index, Index, NDArray[np.int32]]:
    """Make widows and widowers; returns who is to be reported, status and day."""
    people = country.people
    partner = people.partner[dead].astype(np.int64)
    bound = np.isin(people.marital[dead], (m.MARRIED, m.PARTNER)) & (partner >= 0)
    dead, partner = dead[bound], partner[bound]
    mutual = people.partner[partner] == dead
    dead, partner = dead[mutual], partner[mutual]
    alive = people.status[partner] != 3
    dead, partner = dead[alive], partner[alive]
    new = np.where(people.marital[partner] == m.PARTNER, 9, 3)
    day = people.exit_day[dead]
    here = (people.status[partner] == RESIDENT) & (people.pending[partner] == NOTHING)
    here &= people.outcome[partner] < LEAVE
    abroad = partner[~here & (people.status[partner] != RESIDENT)]
    people.marital[abroad] = 3
    people.partner[abroad] = -1
    day = np.maximum(day, people.last_marital[partner])
    return partner[here], new[here], day[here]


def change_statuses(country: Country, w: Window, dead: Index) -> None:
    """Carry out the window's marital changes."""
    people, seed = country.people, country.seed
    widows, new, day = bereave(country, dead)
    people.marital[widows] = new
    have = m.count_groups(people, country.size, country.last_year)
    want = target_statuses(country, w, have)
    widows, new, day = _hold_back(country, w, widows, new, day, have, want)
    people.last_marital[widows] = day
    w.out.add(r.MARITAL, widows, day, marital=new)
    pools = m.Pools(people, country.size, country.last_year, w.year, w.end_day - 2, seed)
    pools.use(widows)
    again = _marrying_again(country, w, have, want)
    flows = {
        (s, g): m.transitions(have[s, g], want[s, g], again if _age(country, w, g) < 65 else 0.0)
        for s in (0, 1)
        for g in range(m.GROUPS)
        if have[s, g].sum()
    }
    changes = m.Changes()
    _couples(country, w, pools, flows, m.MARRIED, m.SEPARATED, changes)
    _couples(country, w, pools, flows, m.SEPARATED, m.DIVORCED, changes)
    _weddings(country, w, pools, flows, changes)
    _others(pools, flows, changes)
    _report(country, w, changes)
    if w.calibrated and w.t + 1 == country.targets.windows:
        _mend(country, w, pools, want)


def _marrying_again(
    country: Country, w: Window, have: NDArray[np.int64], want: NDArray[np.int64]
) -> float:
    """Return the share of the divorced below 65 who marry again: as the year's divorces ask."""
    if not w.calibrated:
        return m.REMARRY
    young = np.array([_age(country, w, g) < 65 for g in range(m.GROUPS)])
    lasting = np.maximum((want - have)[:, :, m.DIVORCED], 0).sum()
    there = max(int(have[:, young, m.DIVORCED].sum()), 1)
    return float(np.clip((2 * country.targets.divorces[w.t] - lasting) / there, 0.0, 0.2))


def _age(country: Country, w: Window, group: int) -> int:
    return 5 * group + 2 - (country.last_year - 1 - w.year)


def target_statuses(country: Country, w: Window, have: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the statuses aimed at; free, the targets' shares of whoever lives here."""
    goal = country.targets.marital[min(w.t + 1, country.targets.windows)]
    if w.calibrated:
        return goal
    out = have.copy()
    for s in (0, 1):
        for g in range(m.GROUPS):
            total, old = int(have[s, g].sum()), int(goal[s, g].sum())
            if total and old:
                edges = np.rint(np.cumsum(goal[s, g]) * (total / old)).astype(np.int64)
                out[s, g] = np.diff(edges, prepend=0)
    return out


def _hold_back(
    country: Country, w: Window, widows: Index, new: Index, day: NDArray[np.int32],
    have: NDArray[np.int64], want: NDArray[np.int64],
) -> tuple[Index, Index, NDArray[np.int32]]:  # fmt: skip
    """Leave some widowhoods to be reported in the next window, where targets have no room."""
    people = country.people
    group = np.minimum((country.last_year - 1 - people.birth_year[widows]) // 5, 20)
    key = draws(country.seed, widows, w.year, _WIDOW)
    hold = np.zeros(len(widows), np.bool_)
    for s in (0, 1):
        for g in range(m.GROUPS):
            excess = int(have[s, g, 3] - want[s, g, 3])
            mine = np.flatnonzero((people.sex[widows] == s) & (group == g) & (new == 3))
            if excess > 0 and len(mine):
                chosen = mine[np.argsort(key[mine], kind="stable")[:excess]]
                hold[chosen] = True
                have[s, g, 3] -= len(chosen)
                have[s, g, 2] += len(chosen)
    people.marital[widows[hold]] = m.MARRIED
    country.partner_reports.append((widows[hold], new[hold], day[hold]))
    return widows[~hold], new[~hold], day[~hold]


def _couples(
    country: Country, w: Window, pools: m.Pools, flows: Flows,
    old: int, new: int, changes: m.Changes,
) -> None:  # fmt: skip
    """Separate or divorce couples together, and who has a partner outside the register alone.

    What cannot be met so waits for the next window. Only in the last one, whose statuses are
    published, a person may be separated whose partner is not.
    """
    prefer = "first" if w.calibrated and w.t == country.targets.windows - 1 else "only"
    people = country.people
    quota = np.zeros((2, m.GROUPS), np.int64)
    for (s, g), flow in flows.items():
        quota[s, g] = flow.get((old, new), 0)
    men = np.concatenate([pools.members(0, g, old) for g in range(m.GROUPS)])
    men = men[permutation(country.seed, len(men), w.year, _MEN + new)]
    men = men[: 2_000 + 40 * int(quota[0].sum())]
    left = quota.copy()
    husbands = m.choose_couples(people, men, left[0], left[1], old, country.last_year)
    wives = people.partner[husbands].astype(np.int64)
    used = pools.fresh(wives)
    husbands, wives = husbands[used], wives[used]
    for s, persons in ((0, husbands), (1, wives)):
        pools.use(persons)
        changes.add(persons, new)
        group = np.minimum((country.last_year - 1 - people.birth_year[persons]) // 5, 20)
        quota[s] -= np.bincount(group, minlength=m.GROUPS)
    for s in (0, 1):
        for g in range(m.GROUPS):
            if quota[s, g] > 0:
                changes.add(pools.choose(s, g, old, int(quota[s, g]), prefer=prefer), new)


def _weddings(
    country: Country, w: Window, pools: m.Pools, flows: Flows,
    changes: m.Changes,
) -> None:  # fmt: skip
    """Marry couples first, then others to each other, the rest to partners outside the register."""
    quota = _marry_cohabitants(country, w, pools, flows, changes)
    chosen: tuple[list[Index], list[Index]] = ([], [])
    for (s, g), flow in flows.items():
        for old in (m.NEVER, m.WIDOWED, m.DIVORCED):
            number = flow.get((old, m.MARRIED), 0)
            number = int(quota[s, g]) if old == m.NEVER else number
            if number:
                chosen[s].append(pools.choose(s, g, old, number))
    men, women = (np.concatenate(c) if c else np.empty(0, np.int64) for c in chosen)
    grooms, brides = match(country.people, men, women, country.seed, w.year)
    changes.add(grooms, m.MARRIED, brides)
    changes.add(brides, m.MARRIED, grooms)
    changes.add(np.setdiff1d(men, grooms), m.MARRIED)
    changes.add(np.setdiff1d(women, brides), m.MARRIED)


def _marry_cohabitants(
    country: Country, w: Window, pools: m.Pools, flows: Flows, changes: m.Changes
) -> NDArray[np.int64]:
    """Marry never-married couples who live together; returns how many, (2, 21), still have to."""
    people = country.people
    quota = np.zeros((2, m.GROUPS), np.int64)
    for (s, g), flow in flows.items():
        quota[s, g] = flow.get((m.NEVER, m.MARRIED), 0)
    men = np.concatenate([pools.members(0, g, m.NEVER) for g in range(m.GROUPS)])
    men = men[people.mate[men] >= 0]
    men = men[pools.fresh(people.mate[men].astype(np.int64))]
    parents = w.year - people.last_child[people.mate[men]] < 18
    key = draws(country.seed, men, w.year, _MEN) - PARENTS_FIRST * parents
    men = men[np.argsort(key, kind="stable")]
    couples = people._replace(partner=people.mate)
    grooms = m.choose_couples(
        couples, men, quota[0].copy(), quota[1].copy(), m.NEVER, country.last_year
    )
    brides = people.mate[grooms].astype(np.int64)
    free = people.last_marital[brides] < w.end_day - 2
    grooms, brides = grooms[free], brides[free]
    for s, persons, others in ((0, grooms, brides), (1, brides, grooms)):
        pools.use(persons)
        changes.add(persons, m.MARRIED, others)
        group = np.minimum((country.last_year - 1 - people.birth_year[persons]) // 5, 20)
        quota[s] -= np.bincount(group, minlength=m.GROUPS)
    return quota


def _others(pools: m.Pools, flows: Flows, changes: m.Changes) -> None:
    """Carry out the remaining changes one by one."""
    done = {(m.MARRIED, m.SEPARATED), (m.SEPARATED, m.DIVORCED)}
    done |= {(old, m.MARRIED) for old in (m.NEVER, m.WIDOWED, m.DIVORCED)}
    for (s, g), flow in flows.items():
        for (old, new), number in flow.items():
            if (old, new) not in done:
                prefer = {m.MARRIED: "only", m.SEPARATED: "first"}.get(old, "")
                changes.add(pools.choose(s, g, old, number, prefer=prefer), new)


def _mend(country: Country, w: Window, pools: m.Pools, want: NDArray[np.int64]) -> None:
    """Change the status of the last few who are over the targets to one that is short."""
    have = m.count_groups(country.people, country.size, country.last_year)
    changes = m.Changes()
    for s, g in np.argwhere((have != want).any(axis=2)):
        over = np.repeat(np.arange(10), np.maximum(have[s, g] - want[s, g], 0))
        short = np.repeat(np.arange(10), np.maximum(want[s, g] - have[s, g], 0))
        for old in np.unique(over).tolist():
            pool = pools.changed(int(s), int(g), old, w.end_day - 2)
            # Nobody is widowed whose spouse is in the register, and may be alive.
            linked = country.people.partner[pool] >= 0
            pool = pool[np.argsort(linked, kind="stable")]
            # The widowed first, since they must be among the first of the pool.
            wished = short[over == old]
            wished = wished[np.argsort(wished != m.WIDOWED, kind="stable")]
            for person, new in zip(pool, wished.tolist(), strict=False):
                if new != m.WIDOWED or country.people.partner[person] < 0:
                    changes.add(np.array([person]), new)
    _report(country, w, changes)


def _report(country: Country, w: Window, changes: m.Changes) -> None:
    """Set the new statuses, on a day of the year that both of a couple can have."""
    people = country.people
    persons, status, partner = changes.all()
    both = np.where(partner >= 0, np.minimum(persons, partner), persons)
    separated = (status == m.SEPARATED) | (status == m.DIVORCED)
    spouse = people.partner[persons]
    both = np.where(separated & (spouse >= 0), np.minimum(persons, spouse), both)
    other = np.where(partner >= 0, partner, np.where(spouse >= 0, spouse, persons))
    low = np.maximum(people.last_marital[persons], people.last_marital[other]).astype(np.int64) + 1
    low = np.clip(low, w.first_day, w.end_day - 1)
    u = draws(country.seed, both, w.year, _DAY)
    day = low + (u * (w.end_day - low)).astype(np.int64)
    _tell_partners_abroad(country, persons, status)
    people.marital[persons] = status
    wed = status == m.MARRIED
    people.partner[persons[wed]] = partner[wed]
    people.partner[persons[np.isin(status, (3, 4, 8, 9))]] = -1
    people.last_marital[persons] = day
    w.out.add(r.MARITAL, persons, day, marital=status, partner=np.where(wed, partner, -1))


def _tell_partners_abroad(country: Country, persons: Index, status: Index) -> None:
    """Let those abroad whom residents part from be parted too, or be dead and never return."""
    people = country.people
    ends = np.isin(status, (m.WIDOWED, m.DIVORCED, m.SEPARATED))
    mine, new = persons[ends], status[ends]
    partner = people.partner[mine].astype(np.int64)
    abroad = (partner >= 0) & (people.status[partner] == ABROAD)
    abroad &= people.partner[partner] == mine
    partner, new = partner[abroad], new[abroad]
    people.marital[partner] = new
    people.partner[partner[new != m.SEPARATED]] = -1
    people.left_year[partner[new == m.WIDOWED]] = NEVER


def naturalise(country: Country, w: Window) -> None:
    """Let foreign citizens become Norwegian: as many as are above the target, or by the model."""
    people, n = country.people, country.size
    have = country.citizens()
    goal = country.targets.citizenship[min(w.t + 1, country.targets.windows)]
    share = naturalising(country)
    chosen = []
    resident = (people.status[:n] == RESIDENT) & (people.citizenship[:n] != NORWAY)
    resident &= (people.pending[:n] == NOTHING) & (people.outcome[:n] < LEAVE)
    # The children of the year, where a citizenship has nobody else and its last count is to be met.
    is_last = w.t + 1 == country.targets.windows
    children = np.flatnonzero(resident & (people.birth[:n] >= w.first_day) & is_last)
    resident &= people.birth[:n] < w.first_day
    pool = np.flatnonzero(resident)
    pool = pool[people.last_residence[pool] < w.end_day - 1]
    since = w.year - people.arrival_year[pool]
    key = draws(country.seed, pool, w.year, _NATURALISE) + np.where(since < 6, 1.0, 0.0)
    order = np.lexsort((key, people.citizenship[pool], people.sex[pool]))
    pool = pool[order]
    block = people.sex[pool].astype(np.int64) * 40_000 + people.citizenship[pool]
    for s in (0, 1):
        for c, code in enumerate(country.codes.tolist()):
            if c == 0:
                continue
            number = int(have[s, c] - goal[s, c]) if w.calibrated else int(share[c] * have[s, c])
            low, high = np.searchsorted(block, (s * 40_000 + code, s * 40_000 + code + 1))
            chosen.append(pool[low : min(low + max(number, 0), high)])
            alike = (people.sex[children] == s) & (people.citizenship[children] == code)
            chosen.append(children[alike][: max(number - int(high - low), 0)])
    persons = np.concatenate(chosen)
    # Nobody before coming, or coming back.
    low_day = np.maximum(people.last_residence[persons].astype(np.int64), w.first_day)
    low_day = np.minimum(low_day, w.end_day - 1)
    u = draws(country.seed, persons, w.year, _NATURALISE + 50)
    day = low_day + (u * (w.end_day - low_day)).astype(np.int64)
    people.citizenship[persons] = NORWAY
    w.out.add(r.CITIZENSHIP, persons, day, citizenship=NORWAY)
