"""Targets from nothing but the sources' own tables.

The stock of 1 January 2021 meets Table 1 and Table 2 at once, the stocks of 2020, 2016 and 2011
give Table 1's percentages to the decimal, and 2020 has the key figures' account. Everything between
and before is a back-cast by schedules (`targets_backcast`), and says so. What lies before 2000 is a
back-cast of its own, from the stock of 2000.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UserError
from folkestrom.twin.targets import published, schedules
from folkestrom.twin.targets.backcast import (
    Backcast,
    BackcastProblem,
    Constraint,
    emigrants,
    told_births,
    told_totals,
)
from folkestrom.twin.targets.citizenship import Citizenships, citizenship_targets
from folkestrom.twin.targets.definition import (
    AGES,
    Ints,
    Targets,
    cohort_base,
    cohort_group_population,
)
from folkestrom.twin.targets.expected import percent_change
from folkestrom.twin.targets.marital import final_marital, marital_trajectories
from folkestrom.twin.targets.municipalities import Municipalities, embedded_municipalities
from folkestrom.twin.targets.rounding import largest_remainder

Floats = NDArray[np.float64]
#: (low, high) ages of a group of Table 1 -> residents.
Groups = dict[tuple[int, int], int]

#: The first year of all, and the first that the sources' own tables reach back to.
EARLIEST: Final = 1985
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = published.YEAR
_YEARS: Final = tuple(range(FIRST_YEAR, LAST_YEAR + 1))
_LAST: Final = len(_YEARS) - 1

NOTES: Final = (
    "stocks before 2021 and flows before 2020: a back-cast by schedules; only 2020 is published",
    "adjustment is 0 in every year but 2020, where it is 94",
    "men among the persons of unknown marital status: 1 242, spread over the ages in proportion",
)


def embedded_targets(first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> Targets:
    """Targets that give the page's Tables 1-3 and key figures, cell by cell.

    Parameters
    ----------
    first_year
        Year of the first 1 January, from 1985.
    last_year
        Year of the last: 2021, the only one that the page's tables are about.
    """
    if last_year != LAST_YEAR or not EARLIEST <= first_year < LAST_YEAR:
        raise UserError(
            "is not a span that the embedded tables cover",
            where="years",
            value=f"{first_year}-{last_year}",
            allowed=f"from {EARLIEST} or later to {LAST_YEAR}",
            next_step="Choose years inside that span, or give a reference folder.",
        )
    population, births = _whole_stocks()
    years = _YEARS
    if first_year < FIRST_YEAR:
        before, born = _earlier_stocks()
        population, births = (
            np.concatenate(pair) for pair in ((before, population), (born, births))
        )
        years = (*range(EARLIEST, FIRST_YEAR), *years)
    start = first_year - years[0]
    return _assemble(years[start:], population[start:], births[start:])


def _assemble(years: tuple[int, ...], population: Ints, births: Ints) -> Targets:
    totals = population.sum(axis=(1, 2))
    deaths = _deaths(years, population, births)
    emigration = np.array([emigrants(year) for year in years[:-1]], dtype=np.int64)
    adjustment = np.zeros(len(years) - 1, dtype=np.int64)
    key = published.key_figures()
    deaths[-1], emigration[-1] = key["deaths"], key["emigration"]
    adjustment[-1] = key["statistical_adjustment"]
    growth = np.diff(totals)
    immigration = growth - births.sum(axis=1) + deaths + emigration - adjustment
    places = embedded_municipalities(years, totals)
    final, _ = final_marital(years[-1], cohort_group_population(population)[-1])
    citizens = citizenship_targets(years, population, immigration)
    return Targets(
        years=years,
        population=population,
        births=births,
        deaths=deaths,
        immigration=immigration,
        emigration=emigration,
        adjustment=adjustment,
        **spread(years, population, final, places, citizens, published.event_targets(years)),
        source="embedded",
        notes=(*NOTES, *places.notes, *citizens.notes),
    )


def spread(
    years: tuple[int, ...],
    population: Ints,
    final: Ints,
    places: Municipalities,
    citizens: Citizenships,
    events: dict[str, Ints],
) -> dict[str, Any]:
    """What `Targets` say of municipalities, marital status, citizenship and other events."""
    changes = events["marriages"], events["divorces"]
    return {
        **events,
        "municipality_codes": places.codes,
        "municipality_population": places.population,
        "centrality": places.centrality,
        "county": (places.codes // 100).astype(np.int8),
        "marital": marital_trajectories(years, population, final, *changes),
        "citizenship_codes": citizens.codes,
        "citizenship": citizens.counts,
        "immigration_citizenship": citizens.immigration,
    }


def final_groups() -> Ints:
    """int64[2, 21]: residents on 1 January 2021 by sex and age group, the unknown included."""
    by_age = published.unknown_marital_by_age()
    men = largest_remainder(by_age, published.UNKNOWN_MARITAL_BY_SEX[0])
    unknown = np.stack([men, by_age - men])
    return np.asarray(published.table2_counts().sum(axis=2) + unknown, dtype=np.int64)


def _deaths(years: tuple[int, ...], population: Ints, births: Ints) -> Ints:
    """int64[T]: deaths that the mortality schedule expects."""
    base = cohort_base(population, births)
    return np.array(
        [
            round(float((base[t] * schedules.death_probabilities(year)).sum()))
            for t, year in enumerate(years[:-1])
        ],
        dtype=np.int64,
    )


@cache
def _whole_stocks() -> tuple[Ints, Ints]:
    """Stocks int64[22, 2, 106] and births int64[21, 2], whole numbers that meet the page."""
    groups = final_groups()
    known = np.full((_LAST, 2), np.nan)
    known[-1] = largest_remainder(
        [schedules.BIRTHS_MALE, 1 - schedules.BIRTHS_MALE], published.key_figures()["births"]
    )
    problem = BackcastProblem(_YEARS, groups.astype(np.float64), known)
    fixed = [*_final_constraints(groups), *_total_constraints()]
    free = problem.solve(fixed)
    earlier = {span: _table1_groups(span, free) for span in published.TABLE1_SPANS}
    answer = problem.solve(
        fixed
        + [
            Constraint(_LAST - span, low, high, float(count))
            for span, cells in earlier.items()
            for (low, high), count in cells.items()
        ]
    )
    population = np.stack(
        [_round_stock(answer.population[t], earlier.get(_LAST - t)) for t in range(_LAST)]
        + [_round_final(answer.population[-1], groups)]
    )
    births = np.round(np.round(answer.births, 6)).astype(np.int64)
    births[-1] = known[-1]
    # The answer is kept for the next call, so nobody may change it.
    population.flags.writeable = births.flags.writeable = False
    return population, births


@cache
def _earlier_stocks() -> tuple[Ints, Ints]:
    """Stocks int64[15, 2, 106] and births int64[15, 2] of 1985-1999, which lead to that of 2000."""
    end = _whole_stocks()[0][0]
    years = tuple(range(EARLIEST, FIRST_YEAR + 1))
    last = len(years) - 1
    births = told_births(years[:-1])
    problem = BackcastProblem(years, published.five_year(end).astype(np.float64), births)
    fixed = [
        Constraint(last, age, age + 1, float(end[sex, age]), sex)
        for sex in range(2)
        for age in range(AGES)
    ]
    totals = told_totals(int(end.sum()))
    fixed += [Constraint(year - EARLIEST, 0, AGES, total) for year, total in totals.items()]
    answer = problem.solve(fixed)
    population = np.stack([_round_stock(answer.population[t], None) for t in range(last)])
    return population, np.round(births).astype(np.int64)


def _boundaries() -> list[tuple[int, int]]:
    """Ages below which the residents of 2021 are known, with their number (Tables 1 and 2)."""
    below = {0: 0}
    count = 0
    for name, ages in published.TABLE1_GROUPS.items():
        count += published.table1_population()[name]
        below[ages.stop] = count
    count = 0
    for group, size in enumerate(final_groups().sum(axis=0).tolist()):
        count += size
        below[min(5 * group + 5, AGES) if group < 20 else AGES] = count
    return sorted(below.items())


def _final_constraints(groups: Ints) -> list[Constraint]:
    """The last stock by sex and five-year group, and between all known boundaries of age."""
    starts = [*range(0, 101, 5), AGES]
    known = _boundaries()
    by_sex = [
        Constraint(_LAST, starts[g], starts[g + 1], float(groups[sex, g]), sex)
        for sex in range(2)
        for g in range(groups.shape[1])
    ]
    both = [
        Constraint(_LAST, low, high, float(end - start))
        for (low, start), (high, end) in pairwise(known)
    ]
    return by_sex + both


def _total_constraints() -> list[Constraint]:
    """Totals of 2020 (published) and of 2016 and 2011 (Table 1's percentages)."""
    now = published.table1_population()["total"]
    totals = {1: published.key_figures()["population_start"]}
    for span in published.TABLE1_SPANS[1:]:
        totals[span] = sum(_printed_range(now, published.table1_changes()["total", span])) // 2
    return [Constraint(_LAST - span, 0, AGES, float(n)) for span, n in totals.items()]


def _printed_range(now: int, percent: float) -> tuple[int, int]:
    """Smallest and largest earlier count for which the change prints as `percent`."""
    middle = round(now / (1 + percent / 100))
    low = high = middle
    while percent_change(now, low - 1) == percent:
        low -= 1
    while percent_change(now, high + 1) == percent:
        high += 1
    return low, high


def _table1_groups(span: int, free: Backcast) -> Groups:
    """Earlier residents by group: what the schedules say, moved into the printed range.

    The group that lost its percentages is left to the total.
    """
    now, changes = published.table1_population(), published.table1_changes()
    stock = free.population[_LAST - span]
    out: Groups = {}
    for name, ages in published.TABLE1_GROUPS.items():
        if name == published.TABLE1_WITHOUT_CHANGE:
            continue
        low, high = _printed_range(now[name], changes[name, span])
        # A little inside, so that a target changed by a few persons prints the same.
        inside = (high - low) // 8
        here = round(float(stock[:, ages].sum()))
        out[ages.start, ages.stop] = min(max(here, low + inside), high - inside)
    return out


def _round_stock(stock: Floats, groups: Groups | None) -> Ints:
    """Whole numbers with the given counts of groups; what is in none adds to the total's rest."""
    out = np.zeros(stock.shape, dtype=np.int64)
    rest = np.ones(AGES, dtype=bool)
    for (low, high), count in (groups or {}).items():
        out[:, low:high] = largest_remainder(stock[:, low:high], count)
        rest[low:high] = False
    total = round(float(stock.sum()))
    out[:, rest] = largest_remainder(stock[:, rest], total - int(out.sum()))
    return out


def _round_final(stock: Floats, groups: Ints) -> Ints:
    """Whole numbers that meet Table 1 for both sexes and Table 2 (and the unknown) by sex."""
    known = _boundaries()
    out = np.zeros(stock.shape, dtype=np.int64)
    for g in range(groups.shape[1]):
        first, last = 5 * g, 5 * g + 5 if g < 20 else AGES
        inside = [(a, b, n - m) for (a, m), (b, n) in pairwise(known)
                  if first <= a and b <= last]  # fmt: skip
        men = largest_remainder([stock[0, a:b].sum() for a, b, _ in inside], int(groups[0, g]))
        for (low, high, both), count in zip(inside, men.tolist(), strict=True):
            out[0, low:high] = largest_remainder(stock[0, low:high], count)
            out[1, low:high] = largest_remainder(stock[1, low:high], both - count)
    return out
