"""Immigration of a window: who returns, and who comes for the first time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives import origins
from folkestrom.twin.lives.compiled import kernel
from folkestrom.twin.lives.mobility import Mobility
from folkestrom.twin.lives.origins import NATIVE, NORWAY
from folkestrom.twin.lives.people import RESIDENT, People, is_spaced, remember_birth
from folkestrom.twin.lives.random import draws, integer
from folkestrom.twin.lives.stock import PARENTS_KNOWN_SINCE, give_birth_days
from folkestrom.twin.targets.rounding import largest_remainder
from folkestrom.twin.years.settlement import drawn_as_immigrants

Index = NDArray[np.int64]
_RETURN, _CITIZEN, _BORN, _PLACE, _DAY, _UNIT = 101, 102, 104, 105, 106, 108
RETURN_SHARE = 0.17
"""Share of immigrations that are returns of earlier emigrants (assumption of the twin)."""


def choose_returns(
    people: People,
    away: Index,
    bend: NDArray[np.float64],
    numbers: NDArray[np.int64],
    year: int,
    seed: int,
) -> Index:
    """Choose who returns, sooner after leaving rather than later.

    Parameters
    ----------
    away
        Emigrants abroad.
    bend
        A factor of each one's probability.
    numbers
        (212,) wanted returns by cell; a quarter of those away is the most that return.
    """
    age = np.minimum(year - 1 - people.birth_year[away].astype(np.int64), 104)
    cell = people.sex[away].astype(np.int64) * 106 + age
    u = draws(seed, away, year, _RETURN)
    weight = bend * np.exp(-0.25 * (year - people.left_year[away].astype(np.float64)))
    key = -np.log1p(-u) / weight
    order = np.lexsort((key, cell))
    sorted_cell = cell[order]
    rank = np.arange(len(order)) - np.searchsorted(sorted_cell, sorted_cell)
    most = np.minimum(numbers, np.bincount(sorted_cell, minlength=212) // 4)
    return np.asarray(away[order[rank < most[sorted_cell]]])


def newcomer_statuses(
    have: NDArray[np.int64], want: NDArray[np.int64], number: int, adult: bool
) -> NDArray[np.int64]:
    """Return the (10,) marital statuses of a group's newcomers.

    As many with unknown status as the target misses, never married and divorced as the target's
    share, or as many as it cannot do without; the others married.
    """
    out = np.zeros(10, np.int64)
    out[0] = min(max(int(want[0] - have[0]), 0), number)
    number -= int(out[0])
    if not adult:
        out[1] = number
        return out
    share = want[1] / max(int(want.sum()), 1)
    out[1] = min(max(round(number * share), int(want[1] - have[1])), number)
    rest = number - int(out[1])
    out[4] = min(round(number * int(want[4]) / max(int(want.sum()), 1)), rest)
    out[2] = rest - out[4]
    return out


def plan_citizenship(
    have: NDArray[np.int64], want: NDArray[np.int64], number: int, naturalising: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the newcomers of one sex by citizenship, so that what is too many can naturalise.

    Parameters
    ----------
    have, want
        (C,) residents before newcomers, and the target; Norway first.
    number
        Newcomers.
    naturalising
        (C,) share that becomes Norwegian in a year, by the model.
    """
    least = np.maximum(want - have, 0)
    least[0] = 0
    wish = np.maximum(want - have + np.rint(naturalising * have).astype(np.int64), least)
    wish[0] = 0
    room = number - int(np.ceil(0.04 * number))
    room = max(room, min(int(least.sum()), number))
    extra = wish - least
    if wish.sum() > room:
        left = max(room - int(least.sum()), 0)
        scaled = np.floor(extra * (left / max(int(extra.sum()), 1))).astype(np.int64)
        wish = least + scaled
    elif number - int(wish.sum()) > 0.14 * number:
        spare = number - int(wish.sum()) - int(0.14 * number)
        others = wish * (np.arange(len(wish)) > 0)
        if others.sum():
            wish = wish + np.floor(others * (spare / int(others.sum()))).astype(np.int64)
    over = int(wish.sum()) - number
    while over > 0:  # contradictory only at tiny scales: the largest give way
        big = int(np.argmax(wish))
        wish[big] -= 1
        over -= 1
    wish[0] = number - int(wish[1:].sum())
    return wish


def as_published(
    planned: NDArray[np.int64],
    least: NDArray[np.int64],
    group: NDArray[np.int64],
    wanted: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Return newcomers by sex and citizenship, as many of each group as wanted.

    Parameters
    ----------
    planned, least
        (2, C): how they would come, Norway first, and how many have to for the stocks to be met.
    group, wanted
        (C,) group of each citizenship, 0 for Norway's, and newcomers by group. Norwegians make up
        for what others are too many or too few.
    """
    out = np.zeros_like(planned)
    for g in range(1, len(wanted)):
        mine = group == g
        more = max(round(float(wanted[g])) - int(least[:, mine].sum()), 0)
        weights = np.maximum(planned - least, 0)[:, mine] + 0.01
        out[:, mine] = least[:, mine] + largest_remainder(weights, more)
    out[:, 0] = planned.sum(axis=1) - out.sum(axis=1)
    # A sex that would have too many leaves some to the other, of the citizenship it has most of.
    for sex in (0, 1):
        while out[sex, 0] < 0:
            most = 1 + int(np.argmax((out - least)[sex, 1:]))
            out[sex, [0, most]] += 1, -1
            out[1 - sex, [0, most]] += -1, 1
    fits = (out[:, 0] >= 0).all() and (out[:, 1:] >= least[:, 1:]).all()
    return out if fits else planned


def create_newcomers(
    people: People, count: int, numbers: NDArray[np.int64], year: int, seed: int
) -> Index:
    """Create `numbers` (212,) persons by cell with a birth day; everything else comes later."""
    cell = np.repeat(np.arange(212), numbers)
    persons = count + np.arange(len(cell))
    row = cell % 106
    people.sex[persons] = cell // 106
    people.birth_year[persons] = np.where(row == 105, year, year - 1 - row)
    people.status[persons] = RESIDENT
    give_birth_days(people, persons, seed)
    return persons


def give_citizenship(
    people: People,
    persons: Index,
    countries: tuple[Index, NDArray[np.int8]],
    numbers: NDArray[np.int64],
    wanted: NDArray[np.int64] | None,
    year: int,
    seed: int,
) -> None:
    """Deal citizenships (2, C) to newcomers by sex, and where they were born.

    `countries` are as in `born_somewhere`; `wanted` is (R,) immigrants by region, or None: all
    who are no Norwegian citizens.
    """
    codes, region = countries
    key = draws(seed, persons, year, _CITIZEN)
    for sex in (0, 1):
        mine = people.sex[persons] == sex
        people.citizenship[persons[mine]] = origins.deal(codes, numbers[sex], key[mine])
    u = draws(seed, persons, year, _BORN)
    places = origins.birthplaces(people.citizenship[persons])
    own, over = region[places].astype(np.int64), np.empty(0, np.int64)
    if wanted is not None:
        # Adults first, and those whose leaving is steered. Who is one too many, or a Norwegian
        # citizen, may be of another region.
        first = 2.0 * (origins.group_table()[places] == origins.EU8_BORN)
        first -= year - people.birth_year[persons] < 18
        ranked = np.argsort(u - first, kind="stable")
        ranked = ranked[own[ranked] >= 0]
        over = ranked[origins.ranks(own[ranked]) >= wanted[own[ranked]]]
        spare = np.concatenate([over, np.flatnonzero(own < 0)])
        short = np.maximum(wanted - np.bincount(own[own >= 0], minlength=len(wanted)), 0)
        short = np.diff(np.minimum(np.cumsum(np.append(0, short)), len(spare)))
        shares = numbers.sum(axis=0).astype(np.float64)
        moved = spare[: short.sum()]
        places[moved] = origins.born_somewhere(countries, shares, short, u[moved])
        over = over[len(moved) :]
    people.birth_country[persons] = places
    people.group[persons] = origins.group_table()[places]
    # They have a mother who was born here: see `find_mothers`.
    people.group[persons[over]] = NATIVE
    people.arrival_year[persons] = np.where(people.group[persons] > 1, year, 0)


def settle(
    people: People,
    persons: Index,
    attraction: NDArray[np.float64],
    units: NDArray[np.int16],
    year: int,
    seed: int,
) -> None:
    """Give newcomers and returners a municipality by its attraction, and a basic unit.

    Parameters
    ----------
    attraction
        (2, M): to all others, and to immigrants.
    """
    alike = drawn_as_immigrants(people, persons)
    u = draws(seed, persons, year, _PLACE)
    for row, weights in enumerate(attraction):
        mine, total = persons[alike == row], np.cumsum(weights)
        place = np.searchsorted(total, u[alike == row] * total[-1], side="right")
        people.municipality[mine] = np.minimum(place, len(total) - 1)
    origins.give_unit(people, persons, units, seed, year, _UNIT)


@kernel
def link_children(people, children, women, edges, codes, year, seed):
    """Let children arrive with a woman of the same citizenship, old enough to be their mother.

    `women` are sorted by citizenship; edges[i]:edges[i + 1] are those of codes[i].
    """
    for i in range(children.size):
        p = children[i]
        at = np.searchsorted(codes, people.citizenship[p])
        if at >= codes.size or codes[at] != people.citizenship[p]:
            continue
        lo, hi = edges[at], edges[at + 1]
        if hi <= lo:
            continue
        for attempt in range(12):
            q = women[lo + integer(seed, p, year, 700 + attempt, hi - lo)]
            older = people.birth_year[p] - people.birth_year[q]
            alike = (people.birth_country[q] == NORWAY) == (people.group[p] == NATIVE)
            if 18 <= older <= 44 and alike and is_spaced(people, q, people.birth[p]):
                people.mother[p] = q
                people.municipality[p] = people.municipality[q]
                people.unit[p] = people.unit[q]
                people.last_child[q] = max(people.last_child[q], people.birth_year[p])
                remember_birth(people, q, people.birth[p])
                break


@kernel
def find_mothers(people, persons, order, start, year, seed):
    """Give natives who come a mother among the residents born here; children live with her."""
    for p in persons:
        born = people.birth_year[p]
        look = people.group[p] == NATIVE and people.mother[p] < 0
        for attempt in range(12 if look and born >= PARENTS_KNOWN_SINCE else 0):
            c = min(106 + year - 1 - born + 20 + integer(seed, p, year, 720 + attempt, 17), 210)
            many = start[c + 1] - start[c]
            q = order[start[c] + integer(seed, p, year, 740 + attempt, many)] if many > 0 else p
            fits = people.birth_country[q] == NORWAY and people.status[q] == RESIDENT and many > 0
            if fits and is_spaced(people, q, people.birth[p]):
                people.mother[p] = q
                people.last_child[q] = max(people.last_child[q], born)
                remember_birth(people, q, people.birth[p])
                if year - born <= 18:
                    people.municipality[p], people.unit[p] = people.municipality[q], people.unit[q]
                break
        if look and people.mother[p] < 0:
            people.birth_country[p] = NORWAY


def arrive(
    people: People,
    persons: Index,
    truth: Mobility,
    days: tuple[Callable[..., Index], int],
    residents: tuple[NDArray[np.int32], Index],
    year: int,
    seed: int,
) -> NDArray[np.int32]:
    """Finish newcomers: tastes, mothers (`residents` by cell), the day of arrival (returned).

    `days` are the days of uniform numbers (see `Window.days`), and the window's end.
    """
    origins.give_tastes(people, persons, truth, seed)
    age = year - 1 - people.birth_year[persons]
    women = persons[(people.sex[persons] == 1) & (age >= 18)]
    women = women[np.argsort(people.citizenship[women], kind="stable")]
    codes = np.unique(people.citizenship[women])
    edges = np.searchsorted(people.citizenship[women], np.append(codes, np.int16(32767)))
    children = persons[age < 18]
    link_children(people, children, women, edges, codes, year, seed)
    find_mothers(people, persons, *residents, year, seed)
    people.first_municipality[persons] = people.municipality[persons]
    day_of, last = days
    mother = people.mother[persons]
    leader = np.where((age < 18) & np.isin(mother, persons), mother, persons)
    leader = np.searchsorted(persons, leader)
    size = np.bincount(leader, minlength=len(persons))
    day = day_of(draws(seed, persons, year, _DAY), size=size)[leader]
    born = people.birth[persons].astype(np.int64)
    day = np.maximum(day, np.minimum(born, last - 1))
    people.last_residence[persons] = day
    people.last_marital[persons] = day
    people.reports[persons] = 1
    return day.astype(np.int32)
