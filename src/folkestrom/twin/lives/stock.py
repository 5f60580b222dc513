"""The stock: everybody who lives in the country on the first 1 January."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives.compiled import kernel
from folkestrom.twin.lives.mobility import Mobility
from folkestrom.twin.lives.origins import (
    NATIVE,
    NORWAY,
    NORWEGIAN_BORN,
    OTHER_BORN,
    deal,
    give_tastes,
    give_unit,
    group_table,
)  # fmt: skip
from folkestrom.twin.lives.pairing import match
from folkestrom.twin.lives.people import RESIDENT, People
from folkestrom.twin.lives.random import draws, integer, permutation, uniforms

_DAY, _PLACE, _UNIT, _STATUS, _FOREIGN, _BORN, _ARRIVAL, _MOTHER = 61, 62, 63, 64, 65, 66, 67, 68


def day_number(year: int, month: int = 1, day: int = 1) -> int:
    """Return the day since 1970-01-01."""
    return int(np.datetime64(f"{year:04d}-{month:02d}-{day:02d}").astype(np.int64))


def year_starts(years: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the day of 1 January of each year."""
    return np.asarray(
        (years - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    )


def give_birth_days(people: People, persons: NDArray[np.int64], seed: int) -> None:
    """Draw a birth day inside the birth year."""
    years = people.birth_year[persons].astype(np.int64)
    first = year_starts(years)
    length = year_starts(years + 1) - first
    people.birth[persons] = first + (draws(seed, persons, 0, _DAY) * length).astype(np.int64)


def create_stock(
    people: People,
    counts: NDArray[np.int64],
    municipality_counts: NDArray[np.int64],
    units: NDArray[np.int16],
    year: int,
    seed: int,
) -> int:
    """Create residents by sex, single age and municipality, listed in that order.

    Parameters
    ----------
    counts
        (2, 106) by sex and single age.
    municipality_counts
        (M,) with the same sum.

    Returns
    -------
    int
        How many.
    """
    size = int(counts.sum())
    if int(municipality_counts.sum()) != size:
        raise AssertionError("municipalities and nation differ")
    cell = np.repeat(np.arange(counts.size), counts.reshape(-1))
    place = np.repeat(np.arange(len(municipality_counts)), municipality_counts)
    place = place[permutation(seed, size, year, _PLACE)]
    order = np.lexsort((place, cell))
    cell, place = cell[order], place[order]
    persons = np.arange(size)
    age = cell % 106
    old = age == 105
    u = uniforms(seed, 0, size, year, _DAY)
    age = np.where(old, 105 + np.minimum((-np.log1p(-u) * 1.3).astype(np.int64), 6), age)
    people.sex[:size] = cell // 106
    people.birth_year[:size] = year - 1 - age
    people.municipality[:size] = place
    people.first_municipality[:size] = place
    people.status[:size] = RESIDENT
    give_birth_days(people, persons, seed)
    give_unit(people, persons, units, seed, year, _UNIT)
    return size


def give_marital_status(
    people: People, size: int, counts: NDArray[np.int64], last_year: int, seed: int, year: int
) -> None:
    """Deal marital statuses by cohort group, the never married to the youngest of a group.

    Parameters
    ----------
    counts
        (2, 21, 10) by sex, cohort group (see `Targets.marital`) and status.
    """
    group = np.minimum((last_year - 1 - people.birth_year[:size]) // 5, 20)
    age = (year - 1 - people.birth_year[:size]).astype(np.float64)
    key = group.astype(np.int64) + 21 * people.sex[:size]
    young_first = age + 4.0 * uniforms(seed, 0, size, year, _STATUS)
    order = np.lexsort((young_first, key))
    mixed = uniforms(seed, 0, size, year, _STATUS + 100)
    edges = np.searchsorted(key[order], np.arange(43))
    for cell in range(42):
        part = order[edges[cell] : edges[cell + 1]]
        number = counts[cell // 21, cell % 21].copy()
        if int(number.sum()) != len(part):
            raise AssertionError("marital targets and stock differ")
        single, others = part[: number[1]], part[number[1] :]
        number[1] = 0
        people.marital[single] = 1
        people.marital[others] = deal(np.arange(10), number, mixed[others])


def give_partners(people: People, size: int, seed: int, year: int) -> None:
    """Match married men and women of the same municipality."""
    married = np.flatnonzero(people.marital[:size] == 2)
    men = married[people.sex[married] == 0]
    women = married[people.sex[married] == 1]
    husbands, wives = match(people, men, women, seed, year)
    people.partner[husbands] = wives
    people.partner[wives] = husbands


def give_citizenship(
    people: People,
    size: int,
    codes: NDArray[np.int64],
    counts: NDArray[np.int64],
    attraction: NDArray[np.float64],
    seed: int,
    year: int,
) -> None:
    """Deal citizenships by sex, the foreign ones mostly to young adults; origins follow.

    Parameters
    ----------
    codes, counts
        (C,) country codes, Norway first, and (2, C) numbers by sex.
    attraction
        (M,) how strongly each municipality draws immigrants.
    """
    age = year - 1 - people.birth_year[:size].astype(np.float64)
    drawn = attraction[people.municipality[:size]]
    weight = (0.15 + np.exp(-(((age - 33.0) / 14.0) ** 2))) * drawn
    key = -np.log1p(-uniforms(seed, 0, size, year, _FOREIGN)) / weight
    mixed = uniforms(seed, 0, size, year, _FOREIGN + 100)
    people.citizenship[:size] = NORWAY
    for sex in (0, 1):
        members = np.flatnonzero(people.sex[:size] == sex)
        number = counts[sex].copy()
        number[0] = 0
        total = int(number.sum())
        if total:
            chosen = members[np.argpartition(key[members], total - 1)[:total]]
            people.citizenship[chosen] = deal(codes, number, mixed[chosen])
    _give_origin(people, size, codes, counts, drawn, seed, year)


def _give_origin(
    people: People,
    size: int,
    codes: NDArray[np.int64],
    counts: NDArray[np.int64],
    drawn: NDArray[np.float64],
    seed: int,
    year: int,
) -> None:
    groups = group_table()
    u = uniforms(seed, 0, size, year, _BORN)
    foreign = people.citizenship[:size] != NORWAY
    age = year - 1 - people.birth_year[:size]
    people.birth_country[:size] = NORWAY
    abroad = foreign & (u < np.where(age < 8, 0.55, 0.96))
    people.birth_country[:size][abroad] = people.citizenship[:size][abroad]
    naturalised = np.flatnonzero(~foreign & (u < 0.025 * drawn / drawn.mean()) & (age >= 8))
    other = groups[codes] == OTHER_BORN
    share = np.cumsum(counts.sum(axis=0)[other].astype(np.float64))
    if len(naturalised) and len(share) and share[-1] > 0:
        pick = np.searchsorted(share / share[-1], draws(seed, naturalised, year, _BORN + 100))
        people.birth_country[naturalised] = codes[other][np.minimum(pick, len(share) - 1)]
    people.group[:size] = groups[people.birth_country[:size]]
    people.group[:size][foreign & (people.birth_country[:size] == NORWAY)] = NORWEGIAN_BORN
    born_abroad = np.flatnonzero(people.group[:size] > NORWEGIAN_BORN)
    stay = 1 + (-np.log1p(-draws(seed, born_abroad, year, _ARRIVAL)) * 9.0).astype(np.int64)
    people.arrival_year[born_abroad] = year - np.minimum(stay, np.maximum(age[born_abroad], 1))


@kernel
def _find_mothers(people, size, first, year, seed, oldest_child, native, norwegian_born):
    """Give every child of the stock a mother of its municipality, and her husband as father."""
    places = first.shape[1] - 1
    for p in range(size):
        age = year - 1 - people.birth_year[p]
        if age >= oldest_child:
            continue
        m = people.municipality[p]
        for attempt in range(12):
            older = 20 + integer(seed, p, attempt, 68, 9) + integer(seed, p, attempt, 69, 9)
            a = age + older
            if a > 104:
                continue
            lo, hi = first[106 + a, m], first[106 + a, m + 1]
            if hi <= lo:
                continue
            q = lo + integer(seed, p, attempt, 70, hi - lo)
            foreign = people.group[q] > norwegian_born
            if people.group[p] == native and foreign and attempt < 6:
                continue
            if people.group[p] > native and not foreign and attempt < 6:
                continue
            people.mother[p] = q
            born = people.birth_year[p]
            people.last_child[q] = max(people.last_child[q], born)
            husband = people.partner[q]
            if husband >= 0 and people.birth_year[husband] + 16 < born:
                people.father[p] = husband
                people.last_child[husband] = max(people.last_child[husband], born)
            break
    return places


def give_mothers(people: People, size: int, municipalities: int, year: int, seed: int) -> None:
    """Link children under 30 to mothers (and their husbands) of the same municipality."""
    age = np.minimum(year - 1 - people.birth_year[:size].astype(np.int64), 105)
    key = (people.sex[:size].astype(np.int64) * 106 + age) * municipalities + people.municipality[
        :size
    ]
    edges = np.searchsorted(key, np.arange(212 * municipalities + 1))
    first = np.empty((212, municipalities + 1), np.int64)
    for row in range(212):
        first[row] = edges[row * municipalities : (row + 1) * municipalities + 1]
    _find_mothers(people, size, first, year, seed, 30, NATIVE, NORWEGIAN_BORN)


def finish_stock(people: People, size: int, truth: Mobility, seed: int, year: int) -> None:
    """Draw tastes and set the days before which nothing more can happen."""
    give_tastes(people, np.arange(size), truth, seed)
    people.last_residence[:size] = day_number(year) - 1
    people.last_marital[:size] = day_number(year) - 1
    people.reports[:size] = 1
