"""The stock: everybody who lives in the country on the first 1 January."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives import origins
from folkestrom.twin.lives.compiled import inner, kernel
from folkestrom.twin.lives.mobility import Mobility
from folkestrom.twin.lives.origins import NATIVE, NORWAY, NORWEGIAN_BORN
from folkestrom.twin.lives.pairing import match
from folkestrom.twin.lives.people import RESIDENT, People, is_spaced, remember_birth, spouse
from folkestrom.twin.lives.random import draws, integer, permutation, uniform, uniforms

_DAY, _PLACE, _UNIT, _STATUS, _FOREIGN, _BORN, _ARRIVAL, _NATURALISED = (
    61,
    62,
    63,
    64,
    65,
    66,
    67,
    79,
)
PARENTS_KNOWN_SINCE = 1953
"""Year of birth from which parents are registered (assumption; the family links of the census of
1960 reach 85 per cent of those born in 1940 and 20 of those born in 1930: Næss et al.,
International Journal of Public Health, 2013). Mothers who had died before the first stock have
no record: others stand in for them."""


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
    origins.give_unit(people, persons, units, seed, year, _UNIT)
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
        people.marital[others] = origins.deal(np.arange(10), number, mixed[others])


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
    """Deal citizenships by sex, the foreign ones mostly to young adults.

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
            people.citizenship[chosen] = origins.deal(codes, number, mixed[chosen])


def give_birthplaces(
    people: People,
    size: int,
    countries: tuple[NDArray[np.int64], NDArray[np.int8]],
    shares: NDArray[np.float64],
    wanted: NDArray[np.int64],
    attraction: NDArray[np.float64],
    seed: int,
    year: int,
) -> None:
    """Let foreign citizens, adults first, and Norwegian ones be born abroad until all are wanted.

    `countries` and `shares` are as in `born_somewhere`; `wanted` is (R,) immigrants by region.
    """
    region = countries[1]
    u = uniforms(seed, 0, size, year, _BORN)
    age = year - 1 - people.birth_year[:size].astype(np.float64)
    native = people.citizenship[:size] == NORWAY
    people.birth_country[:size] = NORWAY
    abroad = np.flatnonzero(~native)
    abroad = abroad[np.argsort(u[abroad] + (age[abroad] < 18), kind="stable")]
    places = origins.birthplaces(people.citizenship[abroad])
    born = origins.ranks(region[places]) < wanted[region[places]]
    people.birth_country[abroad[born]] = places[born]
    short = wanted - np.bincount(region[places[born]], minlength=len(wanted))
    drawn = attraction[people.municipality[:size]]
    weight = (0.02 + np.exp(-(((age - 40.0) / 16.0) ** 2))) * drawn * native
    key = -np.log1p(-uniforms(seed, 0, size, year, _NATURALISED)) / np.maximum(weight, 1e-12)
    chosen = np.sort(np.argpartition(key, int(short.sum()))[: short.sum()])
    people.birth_country[chosen] = origins.born_somewhere(countries, shares, short, u[chosen])
    people.group[:size] = origins.group_table()[people.birth_country[:size]]
    born_abroad = np.flatnonzero(people.group[:size] > NORWEGIAN_BORN)
    stay = 1 + (-np.log1p(-draws(seed, born_abroad, year, _ARRIVAL)) * 9.0).astype(np.int64)
    longest = np.maximum(age[born_abroad].astype(np.int64), 1)
    people.arrival_year[born_abroad] = year - np.minimum(stay, longest)


@kernel
def _find_mothers(people, size, first, year, seed):
    """Give everybody who can have one a mother of the municipality, and her husband or cohabitant.

    Norwegian citizens born here have a parent who is born here too. Immigrants have none.
    """
    for p in range(size):
        native = people.birth_country[p] == NORWAY and people.citizenship[p] == NORWAY
        age, m = year - 1 - people.birth_year[p], people.municipality[p]
        for attempt in range(12 if people.birth_year[p] >= PARENTS_KNOWN_SINCE else 0):
            a = age + 20 + integer(seed, p, attempt, 68, 9) + integer(seed, p, attempt, 69, 9)
            many = first[106 + a, m + 1] - first[106 + a, m] if a <= 104 else 0
            if many <= 0:
                continue
            q = first[106 + a, m] + integer(seed, p, attempt, 70, many)
            if not is_spaced(people, q, people.birth[p]):
                continue
            if (
                age < 18
                and spouse(people, q) < 0
                and attempt < 8
                and integer(seed, p, 0, 80, 4) > 0
            ):
                continue
            abroad = people.birth_country[q] != NORWAY
            h = spouse(people, q)
            h = h if h >= 0 and people.birth_year[h] + 16 < people.birth_year[p] else -1
            near = h >= 0 and people.birth_country[h] == NORWAY
            if abroad != native or (native and near):
                _link(people, p, q, h if native or not near else -1)
                break


@inner
def _link(people, p, mother, father):
    """Make two persons the parents of `p`; there may be no father."""
    people.mother[p], people.father[p] = mother, father
    people.last_child[mother] = max(people.last_child[mother], people.birth_year[p])
    remember_birth(people, mother, people.birth[p])
    if father >= 0:
        people.last_child[father] = max(people.last_child[father], people.birth_year[p])


@inner
def _be_norwegian_born(people, p, q, men, lo, hi, seed):
    """Make `p` a child of an immigrant and her husband, if he is one, or a man of her region.

    Return whether there is one.
    """
    f = spouse(people, q)
    fits = f >= 0 and people.birth_country[f] != NORWAY
    fits = fits and people.birth_year[f] + 16 < people.birth_year[p]
    for attempt in range(40 if hi > lo else 0):
        if fits:
            break
        f = men[lo + integer(seed, p, attempt, 72, hi - lo)]
        fits = 18 <= people.birth_year[p] - people.birth_year[f] <= 50
        fits = fits and (people.municipality[f] == people.municipality[q] or attempt > 25)
    if fits:
        _link(people, p, q, f)
        people.group[p] = NORWEGIAN_BORN
    return fits


@kernel
def _make_norwegian_born(people, size, first, region, lists, wanted, year, seed):
    """Give two immigrants as parents to foreign citizens born here, then to as many as are wanted.

    `lists` are women and unmarried men born abroad, sorted by region, and where regions begin.
    """
    women, female, men, male = lists
    left = wanted.copy()
    for p in range(size):
        q = people.mother[p]
        if people.citizenship[p] != NORWAY and people.birth_country[p] == NORWAY and q >= 0:
            r = region[people.birth_country[q]]
            left[r] -= _be_norwegian_born(people, p, q, men, male[r], male[r + 1], seed)
    for r in range(wanted.size):
        lo, hi = female[r], female[r + 1]
        for n in range(200 * wanted[r] if hi > lo else 0):
            q = women[lo + integer(seed, n, r, 73, hi - lo)]
            older = 20 + integer(seed, n, r, 74, 9) + integer(seed, n, r, 75, 9)
            a = year - 1 - people.birth_year[q] - older
            if left[r] <= 0 or a < 0 or uniform(seed, n, r, 76) > math.exp(-a / 12.0):
                continue
            cell, m = 106 * integer(seed, n, r, 77, 2) + a, people.municipality[q]
            many = first[cell, m + 1] - first[cell, m]
            p = first[cell, m] + integer(seed, n, r, 78, max(many, 1))
            native = people.group[p] == NATIVE and people.citizenship[p] == NORWAY
            if many > 0 and native and is_spaced(people, q, people.birth[p]):
                left[r] -= _be_norwegian_born(people, p, q, men, male[r], male[r + 1], seed)


def give_parents(
    people: People,
    size: int,
    municipalities: int,
    region: NDArray[np.int8],
    wanted: NDArray[np.int64],
    year: int,
    seed: int,
) -> None:
    """Link everybody born since parents are registered to parents of the same municipality.

    `wanted` is (R,) Norwegian-born to immigrant parents by the mother's region.
    """
    age = np.minimum(year - 1 - people.birth_year[:size].astype(np.int64), 105)
    key = (people.sex[:size].astype(np.int64) * 106 + age) * municipalities
    key += people.municipality[:size]
    cells = np.arange(212)[:, None] * municipalities + np.arange(municipalities + 1)
    first = np.searchsorted(key, cells)
    _find_mothers(people, size, first, year, seed)
    abroad = np.flatnonzero(people.birth_country[:size] != NORWAY)
    women = abroad[(people.sex[abroad] == 1) & (age[abroad] >= 20) & (age[abroad] < 60)]
    men = abroad[(people.sex[abroad] == 0) & (people.partner[abroad] < 0)]
    lists = (*origins.by_region(people, women, region), *origins.by_region(people, men, region))
    _make_norwegian_born(people, size, first, region, lists, wanted, year, seed)


def finish_stock(people: People, size: int, truth: Mobility, seed: int, year: int) -> None:
    """Draw tastes and set the days before which nothing more can happen."""
    origins.give_tastes(people, np.arange(size), truth, seed)
    people.last_residence[:size] = day_number(year) - 1
    people.last_marital[:size] = day_number(year) - 1
    people.reports[:size] = 1
