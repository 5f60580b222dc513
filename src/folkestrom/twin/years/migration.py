"""Immigration and moves inside the country during one window."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from folkestrom.model.codes import Reason
from folkestrom.twin.lives.marriage import count_groups
from folkestrom.twin.lives.mobility import REASONS
from folkestrom.twin.lives.moves import (
    assign_destinations,
    count_followers,
    draw_by_attraction,
    unit_movers,
)
from folkestrom.twin.lives.origins import (
    EU8_BORN,
    NORDIC_BORN,
    OTHER_BORN,
    WESTERN_BORN,
    deal,
    group_table,
)
from folkestrom.twin.lives.pairing import match
from folkestrom.twin.lives.people import (
    ABROAD,
    LATE_MOVE,
    MOVE,
    NOTHING,
    RESIDENT,
    STAY,
    People,
    spouses,
)
from folkestrom.twin.lives.random import draws
from folkestrom.twin.receipt import reports as r
from folkestrom.twin.years import arrivals
from folkestrom.twin.years.country import Country, place_columns, record_columns
from folkestrom.twin.years.fathers import link_fathers
from folkestrom.twin.years.settlement import drawn_as_immigrants
from folkestrom.twin.years.window import Index, Window, _days, destination, still_to_come

_BACK, _VIA, _UNIT_MOVE, _MOVE_DAY, _EXTRA, _REASON, _LATE = 141, 142, 143, 145, 146, 147, 148
LATE_ARRIVALS = 0.01
MORE_IMMIGRANTS = 0.2  # than their curve, at first; in the last window none
NATURALISING = {NORDIC_BORN: 0.004, EU8_BORN: 0.008, WESTERN_BORN: 0.007, OTHER_BORN: 0.055}
REASON_SHARES = {
    EU8_BORN: (0.66, 0.30, 0.0, 0.04),
    WESTERN_BORN: (0.45, 0.30, 0.0, 0.25),
    OTHER_BORN: (0.12, 0.42, 0.31, 0.15),
}
"""Of newcomers of each group, shares who come for work, family, refuge, education (assumption)."""
_NORDIC, _OTHER = int(Reason.NORDIC), int(Reason.OTHER)


def attraction(country: Country, w: Window) -> NDArray[np.float64]:
    """Return how strongly each municipality draws people, (2, M): immigrants in the second row.

    Its size, central ones more; immigrants have an attraction of their own.
    """
    size = country.targets.municipality_population[min(w.t, country.targets.windows)]
    bonus = np.array([0.0, 1.9, 1.25, 1.0, 0.9, 0.85, 0.85])[country.targets.centrality]
    return np.stack([size * bonus, size * country.immigrant_attraction]) + 1e-9


def bring_back(country: Country, w: Window, wanted: NDArray[np.int64]) -> Index:
    """Let earlier emigrants return: at most the wanted numbers by cell; they keep their person."""
    people, n = country.people, country.size
    away = np.flatnonzero((people.status[:n] == ABROAD) & (people.left_year[:n] < w.year))
    away = away[people.exit_day[away] < w.first_day]
    bend = np.where(
        country.calibration.counted(people, away), np.exp(country.calibration.return_offset), 1.0
    )
    back = arrivals.choose_returns(people, away, bend, wanted.reshape(-1), w.year, country.seed)
    arrivals.settle(people, back, attraction(country, w), country.units, w.year, country.seed)
    people.status[back] = RESIDENT
    country.calibration.take_back(int(country.calibration.counted(people, back).sum()))
    people.outcome[back] = STAY
    day = _days(country, back, w, _BACK, r.IMMIGRATION)
    people.last_residence[back] = day
    people.last_marital[back] = day
    people.reports[back] = np.minimum(people.reports[back] + 1, 250)
    w.out.add(
        r.IMMIGRATION, back, day, **record_columns(country, back),
        partner=_partner(people, back), origin=2, reason=6,
        country=_left_behind(country, back, w.year),
    )  # fmt: skip
    return back


def _partner(people: People, persons: Index) -> Index:
    return np.where(people.marital[persons] == 2, people.partner[persons], -1)


def _left_behind(country: Country, persons: Index, year: int) -> Index:
    """Return where people come from: their country of birth, and natives from anywhere else."""
    born = country.people.birth_country[persons].astype(np.int64)
    return np.where(born == country.codes[0], destination(country, persons, year), born)


def bring_new(country: Country, w: Window, numbers: NDArray[np.int64], back: Index) -> None:
    """Let newcomers immigrate: `numbers` (2, 106) by cell, after those who are `back`."""
    people, seed, targets = country.people, country.seed, country.targets
    have = count_groups(people, country.size, country.last_year)
    citizens = country.citizens()
    goal = min(w.t + 1, targets.windows)
    share, wanted = naturalising(country), None
    if w.calibrated:
        wanted = country.immigrants[goal, 0] - country.origins()[0]
        growth = targets.citizenship[goal] - citizens
        region = country.region[country.codes]
        # The citizens have to come; before the last stock immigrants may be more than wanted.
        slack = country.immigrants[goal, 0] * MORE_IMMIGRANTS * (1.0 - goal / targets.windows)
        least = np.bincount(region[1:], np.maximum(growth, 0).sum(axis=0)[1:], len(wanted))
        wanted = np.clip(least.astype(np.int64), wanted, wanted + slack.astype(np.int64))
        more = wanted - np.bincount(region[1:], growth.sum(axis=0)[1:], len(wanted))
        usual = np.bincount(region[1:], (share * citizens.sum(axis=0))[1:], len(wanted))
        share[1:] *= np.clip(more / np.maximum(usual, 1.0), 0.0, 8.0)[region[1:]]
    new = arrivals.create_newcomers(people, country.size, numbers.reshape(-1), w.year, seed)
    country.size += len(new)
    people.outcome[new] = STAY
    by_sex = np.stack([
        arrivals.plan_citizenship(
            citizens[s], country.targets.citizenship[goal, s], int(numbers[s].sum()), share,
        )
        for s in (0, 1)
    ])  # fmt: skip
    if w.calibrated and w.year == country.migrants.year:
        by_sex = arrivals.as_published(
            by_sex, np.maximum(growth, 0), country.migrants.group, still_to_come(country, w, back)
        )
    countries = (country.codes, country.region)
    arrivals.give_citizenship(people, new, countries, by_sex, wanted, w.year, seed)
    arrivals.settle(people, new, attraction(country, w), country.units, w.year, seed)
    day = arrivals.arrive(
        people, new, country.truth, (partial(w.days, r.IMMIGRATION), w.end_day),
        (w.order, w.start), w.year, seed,
    )  # fmt: skip
    late = (draws(seed, new, w.year, _LATE) < LATE_ARRIVALS) & (w.fraction == 1.0)
    late &= (
        (people.birth[new] < w.first_day - 40)
        & (people.mother[new] < 0)
        & (people.last_child[new] == 0)
    )
    day = np.where(late, w.first_day - 1 - day % 25, day)
    people.last_residence[new] = day
    people.last_marital[new] = day
    _give_statuses(country, w, new, have, goal)
    link_fathers(people, new, w.year, seed)
    reason = _give_reasons(people, new, w.year, seed)
    w.out.add(
        r.IMMIGRATION, new, day, late=late, **record_columns(country, new),
        partner=_partner(people, new), origin=2, reason=reason,
        country=_left_behind(country, new, w.year),
    )  # fmt: skip
    w.newcomers = new


def _give_reasons(people: People, new: Index, year: int, seed: int) -> Index:
    """Give newcomers a reason; children have their mother's refuge, or come for the family."""
    group, mother = people.group[new], people.mother[new]
    u = draws(seed, new, year, _REASON)
    reason = np.where(group == NORDIC_BORN, _NORDIC, _OTHER)
    for g, shares in REASON_SHARES.items():
        picked = 1 + np.searchsorted(np.cumsum(shares[:-1]), u, side="right")
        reason = np.where(group == g, picked, reason)
    follows = np.isin(group, list(REASON_SHARES)) & (mother >= 0)
    of_mother = reason[np.where(follows, np.searchsorted(new, mother), 0)]
    refuge = of_mother == int(Reason.REFUGE)
    reason = np.where(follows, np.where(refuge, int(Reason.REFUGE), int(Reason.FAMILY)), reason)
    people.reason[new] = np.where(reason < len(REASONS), reason, 0)
    return reason


def naturalising(country: Country) -> NDArray[np.float64]:
    """Return the model's yearly share that naturalises, by citizenship."""
    groups = group_table()[country.codes]
    return np.array([NATURALISING.get(int(g), 0.0) for g in groups])


def _give_statuses(
    country: Country, w: Window, new: Index, have: NDArray[np.int64], goal: int
) -> None:
    """Give newcomers marital statuses by sex and cohort group, and match those who come married."""
    people, seed = country.people, country.seed
    people.marital[new] = 1
    group = np.minimum((country.last_year - 1 - people.birth_year[new]) // 5, 20)
    for sex in (0, 1):
        for g in range(21):
            mine = new[(people.sex[new] == sex) & (group == g)]
            adult = 5 * g + 2 - (country.last_year - 1 - w.year) >= 18
            numbers = arrivals.newcomer_statuses(
                have[sex, g], country.targets.marital[goal, sex, g], len(mine), adult
            )
            people.marital[mine] = deal(
                np.arange(10), numbers, draws(seed, mine, w.year, _REASON + 9)
            )
    married = new[people.marital[new] == 2]
    a, b = match(
        people,
        married[people.sex[married] == 0],
        married[people.sex[married] == 1],
        seed,
        w.year,
    )
    people.partner[a] = b
    people.partner[b] = a
    for place in (people.municipality, people.unit, people.first_municipality):
        place[a] = place[b]


def move_people(country: Country, w: Window) -> None:
    """Let people move to another municipality, with children and (calibrated) husbands."""
    people, seed = country.people, country.seed
    listed = w.order[: w.start[-1]].astype(np.int64)
    movers = listed[people.outcome[listed] == MOVE]
    _postpone(country, w, movers[w.late[movers] == 1])
    movers = movers[w.late[movers] == 0]
    household = np.zeros(country.size, np.int16)
    count_followers(people, w.order, w.start[-1], w.children, w.late, household)
    heads = movers[people.leader[movers] < 0]
    followers = movers[people.leader[movers] >= 0]
    babies = w.children[people.status[w.children] == RESIDENT]
    babies = babies[
        (people.outcome[people.mother[babies]] == MOVE) & (w.late[people.mother[babies]] == 0)
    ]
    if w.calibrated:
        heads, arrivals_needed = _balance(country, w, heads, np.concatenate([followers, babies]))
    size = 1 + household[heads].astype(np.int64)
    rank = np.lexsort((draws(seed, heads, w.year, _MOVE_DAY + 50), -size))
    heads, size = heads[rank], size[rank]
    origin = people.municipality[heads].astype(np.int64)
    if w.calibrated:
        goal, _ = assign_destinations(
            heads, origin, size, _wish(people, heads), arrivals_needed, country.county,
            *_drawn(country, heads), seed, w.year,
        )  # fmt: skip
    else:
        goal = draw_by_attraction(
            heads, origin, np.cumsum(attraction(country, w), axis=1),
            drawn_as_immigrants(people, heads), country.county, seed, w.year,
        )  # fmt: skip
    _carry_out(country, w, heads[goal >= 0], goal[goal >= 0], followers, babies)


def _wish(people: People, heads: Index) -> Index:
    """Return where a wife, husband or cohabitant lives, -1 for those who have none elsewhere."""
    other = spouses(people, heads)
    there = (other >= 0) & (people.status[other] == RESIDENT) & (people.outcome[other] == STAY)
    return np.where(there, people.municipality[other], -1).astype(np.int64)


def _drawn(country: Country, heads: Index) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return who moves as immigrants do, and how likely they take to each municipality."""
    accepted = country.immigrant_attraction / country.immigrant_attraction.max()
    return drawn_as_immigrants(country.people, heads) == 1, accepted


def _balance(country: Country, w: Window, heads: Index, others: Index) -> tuple[Index, Index]:
    """Return movers and the arrivals each municipality needs, more movers where it must be."""
    people = country.people
    moving = people.municipality[np.concatenate([heads, others])]
    leaving = np.bincount(moving, minlength=len(country.units))
    target = country.targets.municipality_population[w.t + 1]
    needed = target - country.residents() + leaving
    places = np.flatnonzero(needed < 0)
    if len(places):
        extra = _more_movers(country, w, places, -needed[places])
        needed += np.bincount(people.municipality[extra], minlength=len(needed))
        heads = np.concatenate([heads, extra])
    return heads, np.maximum(needed, 0)


def _first_of_each(place: Index, key: NDArray[np.float64], places: Index, numbers: Index) -> Index:
    """Return positions: of each place the `numbers` with the smallest keys."""
    order = np.lexsort((key, place))
    low = np.searchsorted(place[order], places, side="left")
    high = np.searchsorted(place[order], places, side="right")
    parts = [order[a : min(a + n, b)] for a, b, n in zip(low, high, numbers, strict=True)]
    return np.concatenate(parts)


def _more_movers(country: Country, w: Window, places: Index, numbers: Index) -> Index:
    """Choose adults without children who move out of municipalities that would be too large."""
    people = country.people
    pool = w.order[: w.start[-1]]
    pool = pool[np.isin(people.municipality[pool], places)].astype(np.int64)
    pool = pool[(people.outcome[pool] == STAY) & (people.pending[pool] == NOTHING)]
    pool = pool[(people.status[pool] == RESIDENT) & (people.last_child[pool] == 0)]
    pool = pool[
        (w.year - people.birth_year[pool] >= 19) & (people.last_residence[pool] < w.first_day)
    ]
    key = draws(country.seed, pool, w.year, _EXTRA) + 1.0 * (spouses(people, pool) >= 0)
    chosen = pool[_first_of_each(people.municipality[pool].astype(np.int64), key, places, numbers)]
    people.outcome[chosen] = MOVE
    people.leader[chosen] = -1
    return chosen


def _postpone(country: Country, w: Window, persons: Index) -> None:
    """Let moves happen without a report until the next window."""
    people = country.people
    heads = persons[people.leader[persons] < 0]
    rest = persons[people.leader[persons] >= 0]
    goal = draw_by_attraction(
        heads, people.municipality[heads].astype(np.int64),
        np.cumsum(attraction(country, w), axis=1), drawn_as_immigrants(people, heads),
        country.county, country.seed, w.year,
    )  # fmt: skip
    people.pending_municipality[heads] = goal
    people.pending_day[heads] = _days(country, heads, w, _MOVE_DAY)
    rest = rest[people.pending_municipality[people.leader[rest]] != people.municipality[rest]]
    people.pending_municipality[rest] = people.pending_municipality[people.leader[rest]]
    people.pending_day[rest] = people.pending_day[people.leader[rest]]
    both = np.concatenate([heads, rest])
    people.pending[both] = LATE_MOVE
    people.pending_due[both] = w.year + 1
    people.outcome[both] = STAY


def _carry_out(
    country: Country, w: Window, heads: Index, goal: Index, followers: Index, babies: Index
) -> None:
    """Move households: heads on a day of the year, the others with them, newborn where they can."""
    people = country.people
    target = np.full(country.size, -1, np.int16)
    target[heads] = goal
    day = np.zeros(country.size, np.int32)
    day[heads] = _days(country, heads, w, _MOVE_DAY)
    followers = followers[target[people.leader[followers]] >= 0]
    target[followers] = target[people.leader[followers]]
    day[followers] = day[people.leader[followers]]
    mothers = people.mother[babies]
    babies, mothers = babies[target[mothers] >= 0], mothers[target[mothers] >= 0]
    target[babies], day[babies] = target[mothers], day[mothers]
    moved = len(heads) + len(followers) + int((people.birth[babies] < day[babies]).sum())
    via = _stop_on_the_way(country, w, heads, goal, day, moved)
    unit = np.zeros(country.size, np.int16)
    arrivals_unit = 1 + (
        draws(country.seed, heads, w.year, _MOVE_DAY + 1) * country.units[goal]
    ).astype(np.int16)
    unit[heads] = arrivals_unit
    unit[followers] = unit[people.leader[followers]]
    unit[babies] = unit[mothers]
    born_after = people.birth[babies] >= day[babies]
    silent = babies[born_after]
    people.municipality[silent], people.unit[silent] = target[silent], unit[silent]
    moving = np.concatenate([heads[~np.isin(heads, via)], followers])
    report = np.concatenate([moving, via])
    before = place_columns(country, report, "_from")
    people.municipality[report] = target[report]
    people.unit[report] = unit[report]
    people.last_residence[report] = day[report]
    people.reports[report] = np.minimum(people.reports[report] + 1, 250)
    w.out.add(r.MOVE, report, day[report], **before, **place_columns(country, report))
    w.moving_babies = babies[~born_after]
    w.baby_target, w.baby_unit, w.baby_day = target, unit, day


def move_babies(country: Country, w: Window) -> None:
    """Move the newborn that were born before their mother moved (after their birth's report)."""
    people, babies = country.people, w.moving_babies
    before = place_columns(country, babies, "_from")
    people.municipality[babies] = w.baby_target[babies]
    people.unit[babies] = w.baby_unit[babies]
    people.last_residence[babies] = w.baby_day[babies]
    people.reports[babies] = 2
    w.out.add(r.MOVE, babies, w.baby_day[babies], **before, **place_columns(country, babies))


def even_out(country: Country, w: Window) -> None:
    """Move single adults where households could not be fitted, so that municipalities are met."""
    people = country.people
    surplus = country.residents() - country.targets.municipality_population[w.t + 1]
    places = np.repeat(np.arange(len(surplus)), np.maximum(-surplus, 0))
    if not len(places):
        return
    crowded = np.flatnonzero(surplus > 0)
    persons = _any_adults(country, w, crowded, surplus[crowded])
    if len(persons) < len(places):
        country.notes.append(f"{w.year}: municipalities are off by {len(places) - len(persons)}")
        places = places[: len(persons)]
    before = place_columns(country, persons, "_from")
    people.municipality[persons] = places
    people.unit[persons] = 1
    day = _days(country, persons, w, _EXTRA + 60)
    people.last_residence[persons] = day
    people.outcome[persons] = MOVE
    people.leader[persons] = -1
    w.out.add(r.MOVE, persons, day, **before, **place_columns(country, persons))


def _any_adults(country: Country, w: Window, places: Index, numbers: Index) -> Index:
    """Choose residents of municipalities, first adults without children, never frozen ones."""
    people = country.people
    pool = w.order[: w.start[-1]]
    pool = pool[np.isin(people.municipality[pool], places)].astype(np.int64)
    pool = pool[(people.outcome[pool] <= MOVE) & (people.pending[pool] == NOTHING)]
    pool = pool[(people.status[pool] == RESIDENT) & (people.last_residence[pool] < w.end_day - 1)]
    key = draws(country.seed, pool, w.year, _EXTRA + 90)
    key += 1.0 * (people.unit_year[pool] == w.year) + 1.0 * (spouses(people, pool) >= 0)
    key += 2.0 * (people.last_child[pool] > 0) + 4.0 * (w.year - people.birth_year[pool] < 19)
    return pool[_first_of_each(people.municipality[pool].astype(np.int64), key, places, numbers)]


def _stop_on_the_way(
    country: Country, w: Window, heads: Index, goal: Index, day: NDArray[np.int32], moved: int
) -> Index:
    """Let some heads move twice, first somewhere else; returns who did.

    Six in a hundred, or as many as are missing to the year's moves when `moved` persons move once.
    """
    people = country.people
    u = draws(country.seed, heads, w.year, _VIA)
    last = people.last_residence[heads]
    stop = ((u * 1e6).astype(np.int64)) % len(country.units)
    fit = (w.erroneous[heads] == 0) & (day[heads] > np.maximum(last, w.first_day) + 20)
    fit &= (stop != goal) & (stop != people.municipality[heads])
    persons, stop, u = heads[fit], stop[fit], u[fit]
    known = int(country.targets.moves[w.t]) if w.calibrated else 0
    missing = known - moved - w.out.count(r.MOVE)
    twice = np.argsort(u, kind="stable")[: max(missing, 0)] if known else np.flatnonzero(u < 0.06)
    persons, stop = persons[twice], stop[twice]
    before = place_columns(country, persons, "_from")
    people.municipality[persons] = stop
    people.unit[persons] = 1
    low = np.maximum(people.last_residence[persons].astype(np.int64) + 1, w.first_day)
    first = low + (draws(country.seed, persons, w.year, _VIA + 60) * (day[persons] - low)).astype(
        np.int64
    )
    w.out.add(r.MOVE, persons, first, **before, **place_columns(country, persons))
    people.last_residence[persons] = first
    return persons


def move_inside(country: Country, w: Window) -> None:
    """Let people move between basic units of their municipality."""
    people = country.people
    n = int(w.start[-1])
    out, new, day = np.empty(n, np.int64), np.empty(n, np.int16), np.empty(n, np.int32)
    found, adults = unit_movers(
        people, w.order, n, w.year, country.seed, w.first_day, w.end_day,
        country.units, out, new, day,
    )  # fmt: skip
    persons, day = out[:found], day[:found]
    old = people.unit[persons].copy()
    old[:adults] = people.leader[persons[:adults]]
    people.leader[persons[:adults]] = -1
    people.unit[persons] = new[:found]
    after = place_columns(country, persons)
    code = after["unit"] // 10_000 * 10_000
    people.last_residence[persons] = day
    people.reports[persons] = np.minimum(people.reports[persons] + 1, 250)
    w.out.add(
        r.MOVE, persons, day, municipality_from=after["municipality"], unit_from=code + old, **after
    )
    _take_babies(country, w)


def _take_babies(country: Country, w: Window) -> None:
    """Let the newborn live where their mother has moved inside the municipality."""
    people, babies = country.people, w.children
    mothers = people.mother[babies]
    follow = (people.status[babies] == RESIDENT) & (people.unit_year[mothers] == w.year)
    follow &= people.municipality[babies] == people.municipality[mothers]
    babies, mothers = babies[follow], mothers[follow]
    day = people.last_residence[mothers]
    born_after = people.birth[babies] >= day
    people.unit[babies[born_after]] = people.unit[mothers[born_after]]
    babies, mothers, day = babies[~born_after], mothers[~born_after], day[~born_after]
    w.baby_target[babies], w.baby_unit[babies] = people.municipality[babies], people.unit[mothers]
    w.baby_day[babies] = day
    w.moving_babies = np.concatenate([w.moving_babies, babies])
