"""Marital changes of a window: how many of which kind in each cohort group, and who."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives.compiled import kernel
from folkestrom.twin.lives.people import LEAVE, RESIDENT, People
from folkestrom.twin.lives.random import draws

GROUPS = 21
NEVER, MARRIED, WIDOWED, DIVORCED, SEPARATED = 1, 2, 3, 4, 5
PARTNER, SEPARATED_PARTNER, DIVORCED_PARTNER, SURVIVING_PARTNER = 6, 7, 8, 9
UNKNOWN = 0
_CHOOSE = 91
REMARRY = 0.03
"""Uncalibrated: share of the divorced below 65 who marry again in a year."""


@kernel
def count_groups(people, size, last_year):
    """Count residents by sex, cohort group and marital status: (2, 21, 10)."""
    out = np.zeros((2, 21, 10), np.int64)
    for p in range(size):
        if people.status[p] == 1:
            group = min((last_year - 1 - people.birth_year[p]) // 5, 20)
            if group >= 0:
                out[people.sex[p], group, people.marital[p]] += 1
    return out


@kernel
def list_pools(people, size, last_year, year, closes):
    """List those who can change marital status this year by (sex, group, status).

    Returns the list and the (421,) edges. Left out: who dies or leaves this year, whose
    leaving or moving is unreported, children of known status, and who had an event of status
    after `closes`.
    """
    edges = np.zeros(421, np.int64)
    keys = np.empty(size, np.int16)
    for p in range(size):
        group = (last_year - 1 - people.birth_year[p]) // 5
        fit = people.status[p] == 1 and people.outcome[p] < 2 and people.pending[p] == 0
        adult = year - people.birth_year[p] >= 18
        fit = fit and group >= 0 and (adult or people.marital[p] == 0)
        fit = fit and people.last_marital[p] < closes
        keys[p] = (people.sex[p] * 21 + min(group, 20)) * 10 + people.marital[p] if fit else -1
        if fit:
            edges[keys[p] + 1] += 1
    for k in range(420):
        edges[k + 1] += edges[k]
    place = edges[:-1].copy()
    out = np.empty(edges[420], np.int32)
    for p in range(size):
        if keys[p] >= 0:
            out[place[keys[p]]] = p
            place[keys[p]] += 1
    return out, edges


def transitions(
    have: NDArray[np.int64], want: NDArray[np.int64], remarrying: float
) -> dict[tuple[int, int], int]:
    """Return how many change from one status to another, so that `have` becomes `want`.

    Parameters
    ----------
    have, want
        (10,) counts with the same sum.
    remarrying
        Share of the divorced who marry again in the year.
    """
    need = (want - have).tolist()
    flows: dict[tuple[int, int], int] = {}

    def move(old: int, new: int, number: int) -> None:
        if number > 0:
            flows[old, new] = flows.get((old, new), 0) + number
            need[old] += number
            need[new] -= number

    for status, back in (
        (SEPARATED_PARTNER, PARTNER),
        (DIVORCED_PARTNER, MARRIED),
        (SURVIVING_PARTNER, MARRIED),
    ):
        move(PARTNER, status, need[status])
        move(status, back, -need[status])
    move(NEVER, PARTNER, need[PARTNER])
    move(PARTNER, MARRIED, -need[PARTNER])
    move(NEVER, UNKNOWN, need[UNKNOWN])
    move(UNKNOWN, NEVER, -need[UNKNOWN])
    move(MARRIED, WIDOWED, need[WIDOWED])
    move(WIDOWED, MARRIED, -need[WIDOWED])
    again = round(remarrying * int(have[DIVORCED]))
    divorces = max(0, need[DIVORCED] + again)
    again = divorces - need[DIVORCED]
    move(SEPARATED, DIVORCED, divorces)
    move(DIVORCED, MARRIED, again)
    move(MARRIED, SEPARATED, need[SEPARATED])
    move(SEPARATED, MARRIED, -need[SEPARATED])
    move(NEVER, MARRIED, -need[NEVER])
    move(MARRIED, NEVER, need[NEVER])
    return flows


@kernel
def choose_couples(people, men, quota_m, quota_w, status, last_year):
    """Return husbands from `men` (in random order) whose couple fits both quotas by group."""
    out = np.empty(men.size, np.int64)
    found = 0
    total_m, total_w = quota_m.sum(), quota_w.sum()
    for i in range(men.size):
        if total_m == 0 or total_w == 0:
            break
        p = men[i]
        q = people.partner[p]
        if q < 0 or people.status[q] != 1 or people.marital[q] != status or people.sex[q] != 1:
            continue
        if people.outcome[q] >= 2 or people.pending[q] != 0 or people.partner[q] != p:
            continue
        a = min((last_year - 1 - people.birth_year[p]) // 5, 20)
        b = min((last_year - 1 - people.birth_year[q]) // 5, 20)
        if a >= 0 and b >= 0 and quota_m[a] > 0 and quota_w[b] > 0:
            quota_m[a] -= 1
            quota_w[b] -= 1
            total_m -= 1
            total_w -= 1
            out[found] = p
            found += 1
    return out[:found]


@dataclass
class Changes:
    """Marital changes of a window: persons, their new status and partner, in blocks."""

    persons: list[NDArray[np.int64]] = field(default_factory=list)
    status: list[NDArray[np.int64]] = field(default_factory=list)
    partner: list[NDArray[np.int64]] = field(default_factory=list)

    def add(
        self, persons: NDArray[np.int64], status: int, partner: NDArray[np.int64] | int = -1
    ) -> None:
        """Add persons who change to `status`."""
        self.persons.append(persons)
        self.status.append(np.full(len(persons), status))
        self.partner.append(np.broadcast_to(np.asarray(partner, np.int64), persons.shape))

    def all(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return persons, statuses and partners."""
        if not self.persons:
            empty = np.empty(0, np.int64)
            return empty, empty, empty
        return (
            np.concatenate(self.persons), np.concatenate(self.status), np.concatenate(self.partner),
        )  # fmt: skip


class Pools:
    """Who can still change status this window, by sex, cohort group and status."""

    def __init__(
        self, people: People, size: int, last_year: int, year: int, closes: int, seed: int
    ):
        self.people, self.seed, self.year = people, seed, year
        self._list, self._edges = list_pools(people, size, last_year, year, closes)
        self._used = np.zeros(size, np.bool_)

    def members(self, sex: int, group: int, status: int) -> NDArray[np.int64]:
        """Return the unused members of a pool."""
        k = (sex * GROUPS + group) * 10 + status
        part = self._list[self._edges[k] : self._edges[k + 1]]
        return np.asarray(part[~self._used[part]], np.int64)

    def changed(self, sex: int, group: int, status: int, closes: int) -> NDArray[np.int64]:
        """Return members, used or not, who have a status now and can change it once more."""
        k = (sex * GROUPS + group) * 10
        part = self._list[self._edges[k] : self._edges[k + 10]]
        mine = self.people.marital[part] == status
        return np.asarray(part[mine & (self.people.last_marital[part] < closes)], np.int64)

    def use(self, persons: NDArray[np.int64]) -> None:
        """Mark persons as done."""
        self._used[persons] = True

    def fresh(self, persons: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return who has not been used."""
        return np.asarray(~self._used[persons])

    def choose(
        self, sex: int, group: int, status: int, number: int, prefer: str = ""
    ) -> NDArray[np.int64]:
        """Take `number` members at random, those who live in no couple without marriage first.

        Those without a resident partner come first on request.
        """
        pool = self.members(sex, group, status)
        key = draws(self.seed, pool, self.year, _CHOOSE + status)
        key = key + np.where(self.people.mate[pool] < 0, 0.0, 2.0)
        if prefer:
            partner = self.people.partner[pool]
            outside = (partner < 0) | (self.people.status[partner] != RESIDENT)
            outside |= self.people.outcome[partner] >= LEAVE
            key = key + np.where(outside, 0.0, 1.0)
            if prefer == "only":
                pool, key = pool[outside], key[outside]
        if number < len(pool):
            pool = pool[np.argpartition(key, number)[:number]]
        self.use(pool)
        return pool
