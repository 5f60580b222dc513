"""Dwellings: who lives where, and the moves inside a municipality that change a household.

Nothing else is changed: persons, events and moves between municipalities are those of a country
without dwellings. Reports that start a record or move a person get a dwelling; moves are added.
Nobody moves twice in a year for a household's sake, nor who has moved, come or been born in it:
such reports can be annulled a year later, and what builds upon them would then hang in the air.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives.people import NOTHING, RESIDENT, People, spouses
from folkestrom.twin.lives.random import draws
from folkestrom.twin.receipt import reports as r
from folkestrom.twin.receipt.reports import Rows
from folkestrom.twin.years.country import Country, place_columns
from folkestrom.twin.years.window import Index, Window

Flags = NDArray[np.bool_]
HOME_FIRST: Final = (0.9, 4.5, 0.04)
"""Adults of the first stock at their parents': share at 18, years in which what is above the last
share falls by a factor e (fitted, see the manual)."""
CUSTODY: Final = 0.15
"""Share of mothers whose children live with their father after a separation (assumption)."""
MEN_LEAVE: Final = 0.65
"""Share of separations after which the man leaves the home (assumption)."""
SHARING: Final = 0.76
"""Share of those of 19 to 39 moving alone who share a dwelling, by threes (fitted)."""
CARE_AGES: Final = (75, 80, 85, 90)
CARE_FIRST: Final = (0.007, 0.023, 0.07, 0.17)
CARE: Final = (0.0028, 0.008, 0.027, 0.069)
"""By age from those ages on: share of the first stock in an institution, and who enters in a year
(fitted)."""
TO_CHILDREN = 0.01
RETURN_AGES: Final = (19, 40, 50, 65)
TO_PARENTS: Final = (0.9, 0.6, 0.2, 0.0)
"""Shares who move in a year to a child's, of the single from 70 on, and, by age from those ages on,
to their parents', of those who live with neither partner, parent nor child (fitted)."""
_HOME, _CUSTODY, _SHARE, _CARE, _DAY, _PARTING, _UNIT, _JOIN, _OLD, _BACK = range(201, 211)
_SIDES: Final = ("left", "right")
_STARTS = (r.FIRST_REGISTRATION, r.BIRTH, r.IMMIGRATION, r.MOVE)
_STATUS_ONLY = (r.ATTRIBUTE, r.MARITAL, r.CITIZENSHIP)


def together(people: People, persons: Index) -> Index:
    """Return the spouse or cohabitant in the same municipality, -1 if there is none."""
    q = spouses(people, persons)
    other = np.maximum(q, 0)
    fits = (q >= 0) & (spouses(people, other) == persons)
    fits &= (people.status[persons] == RESIDENT) & (people.status[other] == RESIDENT)
    fits &= people.municipality[other] == people.municipality[persons]
    married = (people.marital[persons] == 2) & (people.marital[other] == 2)
    return np.where(fits & (married | (people.partner[persons] < 0)), q, -1)


def age_of(people: People, persons: Index, year: int) -> Index:
    """Return completed ages on 31 December of `year`."""
    return year - people.birth_year[persons].astype(np.int64)


def parent_of(country: Country, persons: Index) -> Index:
    """Return the parent in the municipality whom a child lives with, -1 if there is none."""
    people = country.people
    mother, father = (getattr(people, n)[persons].astype(np.int64) for n in ("mother", "father"))
    here = [
        (q >= 0)
        & (people.status[q] == RESIDENT)
        & (people.municipality[q] == people.municipality[persons])
        for q in (mother, father)
    ]
    apart = together(people, np.maximum(mother, 0)) != father
    fathers = apart & (draws(country.seed, mother, 0, _CUSTODY) < CUSTODY)
    first = here[1] & (fathers | ~here[0])
    return np.where(first, father, np.where(here[0], mother, -1))


def _by_age(ages: Index, begins: tuple[int, ...], shares: tuple[float, ...]) -> NDArray[np.float64]:
    return np.array((0.0, *shares))[np.searchsorted(begins, ages, side="right")]


def _last_on(person: Index, day: Index, of: Index, on: Index) -> Index:
    """Return the position of each `of`'s last row on or before the day `on`, -1 if none.

    `person` and `day` are rows in order of (person, day).
    """
    scale = 1 << 20
    shift = 1 << 18
    at = np.searchsorted(person * scale + day + shift, of * scale + on + shift, side="right") - 1
    return np.where((at >= 0) & (person[np.maximum(at, 0)] == of), at, -1)


@dataclass
class Dwellings:
    """Where everybody lives.

    Attributes
    ----------
    institutions
        The lowest numbers of dwellings are institutions', one for each municipality.
    """

    institutions: int = 0
    _next: int = 0
    _couple: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    _unit: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    _place: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))

    def settle(self, country: Country) -> None:
        """Give everybody of the first stock a dwelling."""
        people, n, year = country.people, country.size, country.targets.years[0]
        self.institutions = self._next = len(country.units)
        everybody = np.arange(n)
        age, pair = age_of(people, everybody, year - 1), together(people, everybody)
        parent = parent_of(country, everybody)
        first, fall, least = HOME_FIRST
        share = least + (first - least) * np.exp(-(age - 18) / fall)
        at_home = (age < 18) | (draws(country.seed, everybody, 0, _HOME) < share)
        at_home &= (parent >= 0) & (pair < 0)
        at_home &= (age < 18) | (people.marital[:n] == 1)
        root = np.where(at_home, parent, np.where((pair >= 0) & (people.sex[:n] == 0), pair, -1))
        root = np.where(root >= 0, root, everybody)
        for _ in range(3):
            root = root[root]
        alone = (np.bincount(root, minlength=n)[root] == 1) & (age >= 19) & (age < 40)
        alone &= draws(country.seed, everybody, 0, _SHARE) < SHARING
        sharers = np.flatnonzero(alone)
        sharers = sharers[np.argsort(people.municipality[sharers], kind="stable")]
        root[sharers] = _threes(sharers, people.municipality[sharers])
        _, number = np.unique(root, return_inverse=True)
        people.dwelling[:n] = self._next + number
        self._next += int(number.max()) + 1
        people.unit[:n] = people.unit[root]
        care = draws(country.seed, everybody, 0, _CARE) < _by_age(age, CARE_AGES, CARE_FIRST)
        people.dwelling[:n][care] = people.municipality[:n][care]
        people.unit[:n][care] = 1
        self._couple = np.full(len(people.birth), -1, np.int32)
        self._remember(country)

    def rearrange(self, country: Country, w: Window, rows: Rows) -> Rows | None:
        """Put dwellings into a window's reports and return the moves to be added, if any."""
        before = country.people.dwelling[: country.size].copy()
        self._label(country, w.year, rows, before)
        if w.fraction < 1.0:
            return None
        moves = _Moves(country, w, rows, self)
        moves.follow_parents(before)
        moves.part(self._couple)
        moves.join_couples()
        moves.join_parents()
        moves.find_foster_homes()
        moves.enter_institutions()
        moves.join_children()
        moves.return_home()
        self._remember(country)
        return moves.rows()

    def new(self, count: int) -> Index:
        """Return numbers of dwellings that nobody has lived in."""
        self._next += count
        return np.arange(self._next - count, self._next)

    def _remember(self, country: Country) -> None:
        """Keep who lives together as a couple, and everybody's municipality and basic unit."""
        people, n = country.people, country.size
        everybody = np.arange(n)
        old = self._couple[:n].astype(np.int64)
        waiting = (old >= 0) & (people.dwelling[old] == people.dwelling[:n])
        pair = together(people, everybody)
        shared = (pair >= 0) & (people.dwelling[pair] == people.dwelling[:n])
        self._couple[:n] = np.where(shared, pair, np.where(waiting, old, -1))
        self._unit, self._place = people.unit.copy(), people.municipality.copy()

    def _label(self, country: Country, year: int, rows: Rows, before: NDArray[np.int32]) -> None:
        """Give a dwelling to every report that starts a record or moves a person.

        Who moves on the same day to the same municipality as wife, cohabitant or mother shares
        hers; who comes alone joins her if she lives there; everybody else finds a new one.
        """
        people = country.people
        index = np.flatnonzero(np.isin(rows.kind, _STARTS) & (rows.relation == 0))
        if not len(index):
            return
        index = index[np.lexsort((rows.day[index], rows.person[index]))]
        p, day = rows.person[index].astype(np.int64), rows.day[index].astype(np.int64)
        place = rows.content["municipality"][index].astype(np.int64)
        minor = age_of(people, p, year) <= 18
        parent = np.where(people.mother[p] >= 0, people.mother[p], people.father[p])
        lead = np.where(minor, parent, np.where(people.sex[p] == 0, spouses(people, p), -1))
        lead = lead.astype(np.int64)
        root = np.where(lead >= 0, lead, p)
        own = root == p
        found = np.full(len(index), -1, np.int64)
        unit = rows.content["unit"][index].astype(np.int64) % 10_000
        found[own] = self.new(int(own.sum()))
        self._share(country, year, (p, day, place, np.flatnonzero(own)), found, unit)
        # Who follows looks for the leader's dwelling of that day.
        at = _last_on(p, day, root, day)
        ready = (at >= 0) & own[at]
        mine = ~own & ready & (place[at] == place)
        found[mine], unit[mine] = found[at[mine]], unit[at[mine]]
        known = ~own & (at < 0) & (before[root] >= 0) & (self._place[root] == place)
        known &= (people.status[root] == RESIDENT) & (people.municipality[root] == place)
        known &= ~np.isin(root, rows.person[rows.relation == r.ANNULS])
        found[known], unit[known] = before[root[known]], self._unit[root[known]]
        rest = np.flatnonzero(found < 0)
        keys = np.stack([root[rest], day[rest], place[rest]])
        one, at, group = np.unique(keys, axis=1, return_index=True, return_inverse=True)
        group = group.reshape(-1)
        found[rest], unit[rest] = self.new(one.shape[1])[group], unit[rest[at]][group]
        first = np.append(True, p[1:] != p[:-1])
        earlier = np.where(first, -1, np.append(-1, found[:-1]))
        earlier[first] = before[p[first]]
        rows.content["dwelling"][index], rows.content["dwelling_from"][index] = found, earlier
        code = rows.content["unit"][index]
        rows.content["unit"][index] = code - code % 10_000 + unit
        last = np.append(p[1:] != p[:-1], True) & (people.municipality[p] == place)
        people.dwelling[p[last]], people.unit[p[last]] = found[last], unit[last]

    def _share(
        self,
        country: Country,
        year: int,
        own: tuple[Index, Index, Index, Index],
        found: Index,
        unit: Index,
    ) -> None:
        """Let some of the young who move alone share the dwelling of one of them."""
        p, day, place, chosen = own
        people = country.people
        last = np.append(p[1:] != p[:-1], True)[chosen]
        age = age_of(people, p[chosen], year)
        fit = last & (age >= 19) & (age < 40) & (spouses(people, p[chosen]) < 0)
        fit &= people.last_child[p[chosen]] == 0
        fit &= draws(country.seed, p[chosen], year, _SHARE) < SHARING
        chosen = chosen[fit]
        chosen = chosen[np.lexsort((day[chosen], place[chosen]))]
        head = _threes(chosen, place[chosen])
        found[chosen], unit[chosen] = found[head], unit[head]


def _threes(items: Index, group: NDArray[np.integer]) -> Index:
    """Return for each item the first of its three, counted inside its group (sorted)."""
    if not len(items):
        return items
    begin = np.searchsorted(group, group, side="left")
    rank = np.arange(len(items)) - begin
    return items[begin + rank // 3 * 3]


class _Moves:
    """The moves inside municipalities of one window, found one reason after the other."""

    def __init__(self, country: Country, w: Window, rows: Rows, homes: Dwellings) -> None:
        self.country, self.w, self.homes = country, w, homes
        people, n = country.people, country.size
        self.everybody = np.arange(n)
        self.free = (people.status[:n] == RESIDENT) & (people.pending[:n] == NOTHING)
        self.free &= people.dwelling[:n] >= 0
        self.free[rows.person[~np.isin(rows.kind, _STATUS_ONLY)]] = False
        self.age = age_of(people, self.everybody, w.year)
        self.pair = together(people, self.everybody)
        self.parent = parent_of(country, self.everybody)
        minors = np.flatnonzero((self.age <= 18) & (people.status[:n] == RESIDENT))
        self.minors = minors[self.pair[minors] < 0]
        self._blocks: list[tuple[Index, ...]] = []

    def _go(self, persons: Index, dwelling: Index, unit: Index, day: Index) -> None:
        people = self.country.people
        old = people.dwelling[persons].astype(np.int64), people.unit[persons].astype(np.int64)
        self._blocks.append((persons, day, dwelling, unit, *old))
        people.dwelling[persons], people.unit[persons] = dwelling, unit
        self.free[persons] = False

    def _take_along(self, heads: Index, dwelling: Index, unit: Index, day: Index) -> None:
        """Let heads move, and the children with them who live with them."""
        people = self.country.people
        at = np.full(self.country.size, -1, np.int64)
        at[heads] = np.arange(len(heads))
        homes = people.dwelling[: self.country.size].astype(np.int64)
        self._go(heads, dwelling, unit, day)
        old = self._blocks[-1][4]
        for parent in (people.mother, people.father):
            minors = self.minors[self.free[self.minors]]
            head = parent[minors].astype(np.int64)
            minors, head = minors[head >= 0], head[head >= 0]
            place = at[head]
            minors, head, place = (x[place >= 0] for x in (minors, head, place))
            stays = self.parent[minors]
            with_other = (stays >= 0) & (stays != head) & (at[stays] < 0)
            with_other &= homes[np.maximum(stays, 0)] == homes[minors]
            goes = (homes[minors] == old[place]) & ~with_other
            minors, place = minors[goes], place[goes]
            self._go(minors, dwelling[place], unit[place], day[place])

    def _days(self, key: Index, purpose: int, after: Index | None = None) -> Index:
        """Return days of the window, after the days `after`; a household's key has one day."""
        low = np.full(len(key), self.w.first_day)
        if after is not None:
            low = np.clip(after + 1, self.w.first_day, self.w.end_day - 1)
        u = draws(self.country.seed, key, self.w.year, _DAY + 10 * purpose)
        return low + (u * (self.w.end_day - low)).astype(np.int64)

    def _units(self, persons: Index) -> Index:
        """Return a random basic unit of the municipality of each person."""
        many = self.country.units[self.country.people.municipality[persons]]
        return 1 + (draws(self.country.seed, persons, self.w.year, _UNIT) * many).astype(np.int64)

    def _home(self, of: Index) -> tuple[Index, Index]:
        people = self.country.people
        return people.dwelling[of].astype(np.int64), people.unit[of].astype(np.int64)

    def follow_parents(self, before: NDArray[np.int32]) -> None:
        """Let grown-up children at home move with their mother (else father), and men who lag."""
        people, known = self.country.people, len(before)
        for parent in (people.mother, people.father):
            p = self.everybody[:known]
            p = p[self.free[:known] & (self.age[:known] > 18) & (self.pair[:known] < 0)]
            q = parent[p].astype(np.int64)
            p, q = p[(q >= 0) & (q < known)], q[(q >= 0) & (q < known)]
            fits = (before[p] == before[q]) & (people.dwelling[q] != before[q])
            fits &= (people.status[q] == RESIDENT) & (before[p] >= self.homes.institutions)
            fits &= people.municipality[p] == people.municipality[q]
            p, q = p[fits], q[fits]
            day = np.clip(people.last_residence[q], self.w.first_day, self.w.end_day - 1)
            self._go(p, *self._home(q), day.astype(np.int64))

    def part(self, couple: NDArray[np.int32]) -> None:
        """Let one of a former couple leave, mostly the man, with the children who live with him."""
        people, n = self.country.people, self.country.size
        women = np.flatnonzero((couple[:n] >= 0) & (people.sex[:n] == 1))
        men = couple[women].astype(np.int64)
        over = (self.pair[women] != men) & (people.dwelling[women] == people.dwelling[men])
        over &= (people.status[women] == RESIDENT) & (people.status[men] == RESIDENT)
        women, men = women[over], men[over]
        man = draws(self.country.seed, women, self.w.year, _PARTING) < MEN_LEAVE
        man = (man & self.free[men]) | ~self.free[women]
        parting = np.where(man, men, women)
        parting = parting[self.free[parting]]
        day = self._days(parting, 1)
        self._take_along(parting, self.homes.new(len(parting)), self._units(parting), day)

    def join_couples(self) -> None:
        """Let couples move in together: to one who has a home alone, or to a new one."""
        people, n = self.country.people, self.country.size
        women = np.flatnonzero((self.pair >= 0) & (people.sex[:n] == 1))
        women = women[people.dwelling[women] != people.dwelling[self.pair[women]]]
        men = self.pair[women]
        home = people.dwelling[women] >= self.homes.institutions
        home &= people.dwelling[men] >= self.homes.institutions
        women, men = women[home], men[home]
        hers, his = self._alone(women), self._alone(men)
        u = draws(self.country.seed, women, self.w.year, _JOIN)
        to_her = hers & self.free[men] & (~his | (u < 0.6) | ~self.free[women])
        to_him = ~to_her & his & self.free[women]
        new = ~to_her & ~to_him & self.free[men] & self.free[women]
        for chosen, mover, other in ((to_her, men, women), (to_him, women, men)):
            p, q = mover[chosen], other[chosen]
            day = self._days(p, 2, people.last_residence[q].astype(np.int64))
            self._take_along(p, *self._home(q), day)
        p, q = women[new], men[new]
        dwelling, unit, day = self.homes.new(len(p)), self._units(p), self._days(p, 2)
        both = np.concatenate([p, q])
        self._take_along(both, *(np.tile(x, 2) for x in (dwelling, unit, day)))

    def _alone(self, persons: Index) -> Flags:
        """Return who lives with nobody but own children below 18."""
        people, n = self.country.people, self.country.size
        there = people.status[:n] == RESIDENT
        homes = people.dwelling[:n].astype(np.int64)
        count = np.bincount(homes[there & (homes >= 0)], minlength=int(homes.max()) + 1)
        children = np.zeros(n, np.int64)
        for parent in (people.mother, people.father):
            q = parent[self.minors].astype(np.int64)
            with_them = (q >= 0) & (homes[q] == homes[self.minors])
            children += np.bincount(q[with_them], minlength=n)
        return count[homes[persons]] == 1 + children[persons]

    def join_parents(self) -> None:
        """Let children below 18 who live with no parent join one in the municipality."""
        people = self.country.people
        p = self.minors[self.free[self.minors]]
        p = p[self.parent[p] >= 0]
        apart = people.dwelling[p] != people.dwelling[self.parent[p]]
        for parent in (people.mother, people.father):
            q = parent[p]
            gone = (q < 0) | (people.status[q] != RESIDENT)
            apart &= gone | (people.dwelling[q] != people.dwelling[p])
        p = p[apart]
        p = p[people.dwelling[self.parent[p]] >= self.homes.institutions]
        q = self.parent[p]
        day = self._days(q, 3, people.last_residence[q].astype(np.int64))
        self._go(p, *self._home(q), day)

    def find_foster_homes(self) -> None:
        """Let children below 18 with no parent in the municipality live with a couple there."""
        people, n = self.country.people, self.country.size
        p = self.minors[self.free[self.minors]]
        homes = people.dwelling[:n].astype(np.int64)
        adults = (self.age > 18) & (people.status[:n] == RESIDENT)
        cared_for = np.bincount(homes[adults], minlength=int(homes.max()) + 1) > 0
        p = p[(self.parent[p] < 0) & ~cared_for[homes[p]]]
        women = np.flatnonzero((self.pair >= 0) & (people.sex[:n] == 1) & (self.age < 65))
        women = women[np.argsort(people.municipality[women], kind="stable")]
        place = people.municipality[women]
        low, high = (np.searchsorted(place, people.municipality[p], side) for side in _SIDES)
        p, low, high = p[high > low], low[high > low], high[high > low]
        family = np.where(people.mother[p] >= 0, people.mother[p], p)
        u = draws(self.country.seed, family, self.w.year, _JOIN)
        q = women[low + (u * (high - low)).astype(np.int64)]
        day = self._days(family, 6, people.last_residence[q].astype(np.int64))
        self._go(p, *self._home(q), day)

    def enter_institutions(self) -> None:
        """Let old people enter the institution of their municipality."""
        people, n = self.country.people, self.country.size
        chance = _by_age(self.age, CARE_AGES, CARE)
        u = draws(self.country.seed, self.everybody, self.w.year, _CARE)
        p = np.flatnonzero((u < chance) & self.free)
        p = p[people.dwelling[p] >= self.homes.institutions]
        place = people.municipality[:n][p].astype(np.int64)
        self._go(p, place, np.ones(len(p), np.int64), self._days(p, 4))

    def join_children(self) -> None:
        """Let some who are old and single move to a child's."""
        people, n = self.country.people, self.country.size
        u = draws(self.country.seed, self.everybody, self.w.year, _OLD)
        old = (self.age >= 70) & self.free & (self.pair < 0) & (u < TO_CHILDREN)
        old &= people.dwelling[:n] >= self.homes.institutions
        for parent in (people.mother, people.father):
            q = parent[:n].astype(np.int64)
            child = np.flatnonzero((q >= 0) & old[q] & (people.status[:n] == RESIDENT))
            child = child[people.municipality[child] == people.municipality[q[child]]]
            child = child[people.dwelling[child] >= self.homes.institutions]
            mine, first = np.unique(q[child], return_index=True)
            keep = self.free[mine] & (people.dwelling[mine] != people.dwelling[child[first]])
            mine, child = mine[keep], child[first[keep]]
            day = self._days(mine, 5, people.last_residence[child].astype(np.int64))
            self._go(mine, *self._home(child), day)

    def return_home(self) -> None:
        """Let some of those who live with neither partner nor child move back to their parents'."""
        people, n = self.country.people, self.country.size
        family = people.dwelling[:n] < self.homes.institutions
        for parent in (people.mother, people.father):
            q = parent[:n].astype(np.int64)
            with_them = np.flatnonzero((q >= 0) & (people.dwelling[q] == people.dwelling[:n]))
            family[with_them] = family[q[with_them]] = True
        p = np.flatnonzero(self.free & (self.pair < 0) & (self.parent >= 0) & ~family)
        chance = _by_age(self.age[p], RETURN_AGES, TO_PARENTS)
        p = p[draws(self.country.seed, p, self.w.year, _BACK) < chance]
        p = p[people.dwelling[self.parent[p]] >= self.homes.institutions]
        q = self.parent[p]
        day = self._days(p, 7, people.last_residence[q].astype(np.int64))
        self._go(p, *self._home(q), day)

    def rows(self) -> Rows | None:
        """Return the moves as reports."""
        if not self._blocks:
            return None
        p, day, dwelling, unit, old, old_unit = (
            np.concatenate(x) for x in zip(*self._blocks, strict=True)
        )
        out = r.Collector()
        here = place_columns(self.country, p)
        code = here["unit"] // 10_000 * 10_000
        here["unit"] = code + unit
        out.add(
            r.MOVE, p, day, municipality_from=here["municipality"], unit_from=code + old_unit,
            **here, dwelling=dwelling, dwelling_from=old,
        )  # fmt: skip
        return out.rows()
