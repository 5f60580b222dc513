"""Whether the targets agree with one another, and whether people can exist who meet them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from folkestrom.errors import UserError
from folkestrom.twin.targets import published
from folkestrom.twin.targets.definition import (
    AGE_GROUPS,
    SEXES,
    Ints,
    Targets,
    cohort_group_population,
)

#: Contradictions told in one message; the rest are counted.
_SHOWN = 12


def contradictions(targets: Targets) -> list[str]:
    """Every contradiction among the targets, in words, with by how much."""
    shapes = list(_shapes(targets))
    if shapes:
        return shapes
    return [
        *_negative(targets),
        *_accounts(targets),
        *_margins(targets),
        *_cohorts(targets),
        *_never_married(targets),
        *_citizenships(targets),
    ]


def check_consistency(targets: Targets) -> None:
    """Raise a `UserError` that names the targets that contradict one another, and by how much."""
    found = contradictions(targets)
    if not found:
        return
    shown = "; ".join(found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    counted = "one contradiction" if len(found) == 1 else f"{len(found)} contradictions"
    raise UserError(
        f"{counted}: {shown}{more}",
        where=f"targets ({targets.source})",
        next_step="Change the targets named so that they agree.",
    )


def _shapes(targets: Targets) -> Iterator[str]:
    stocks, windows = len(targets.years), targets.windows
    places, citizenships = len(targets.municipality_codes), len(targets.citizenship_codes)
    wanted = {
        "population": (stocks, 2, 106),
        "births": (windows, 2),
        "deaths": (windows,),
        "immigration": (windows,),
        "emigration": (windows,),
        "adjustment": (windows,),
        "marriages": (windows,),
        "divorces": (windows,),
        "stillbirths": (windows,),
        "moves": (windows,),
        "municipality_population": (stocks, places),
        "centrality": (places,),
        "county": (places,),
        "marital": (stocks, 2, len(AGE_GROUPS), 10),
        "citizenship": (stocks, 2, citizenships),
        "immigration_citizenship": (windows, citizenships),
    }
    for name, shape in wanted.items():
        given = getattr(targets, name).shape
        if given != shape:
            yield f"{name} has shape {given}, not {shape}"


def _negative(targets: Targets) -> Iterator[str]:
    names = ("population", "births", "deaths", "immigration", "emigration")
    for name in (*names, "municipality_population", "marital", "citizenship"):
        lowest = int(getattr(targets, name).min())
        if lowest < 0:
            yield f"{name} has a negative cell ({lowest})"


def _accounts(targets: Targets) -> Iterator[str]:
    total = targets.total
    for t, year in enumerate(targets.years[:-1]):
        births, deaths = int(targets.births[t].sum()), int(targets.deaths[t])
        net = int(targets.immigration[t] - targets.emigration[t])
        end = int(total[t]) + births - deaths + net + int(targets.adjustment[t])
        gap = int(total[t + 1]) - end
        if gap:
            yield (
                f"the account of {year}: population {total[t]} + births {births} - deaths {deaths} "
                f"+ net migration {net} + adjustment {targets.adjustment[t]} = {end}, but the "
                f"population of 1 January {year + 1} is {total[t + 1]} ({gap:+d})"
            )


def _margins(targets: Targets) -> Iterator[str]:
    by_sex = targets.population.sum(axis=2)
    groups = cohort_group_population(targets.population)
    for t, year in enumerate(targets.years):
        gap = int(targets.municipality_population[t].sum() - targets.total[t])
        if gap:
            yield f"municipalities on 1 January {year}: {gap:+d} against the nation"
        for sex, name in enumerate(SEXES):
            gap = int(targets.citizenship[t, sex].sum() - by_sex[t, sex])
            if gap:
                yield f"citizenships of {name}s on 1 January {year}: {gap:+d} against the sex total"
            off = targets.marital[t, sex].sum(axis=1) - groups[t, sex]
            for group in np.flatnonzero(off):
                yield (
                    f"marital statuses of {name}s of cohort group {AGE_GROUPS[group]} on "
                    f"1 January {year}: {off[group]:+d} against the residents"
                )


def _cohorts(targets: Targets) -> Iterator[str]:
    """Growth of cohorts needs immigrants, decline needs deaths or emigrants; enough of each."""
    residual = targets.cohort_residual
    for t, year in enumerate(targets.years[:-1]):
        # An adjustment can be put where it helps, so it counts for either side.
        adjustment = int(targets.adjustment[t])
        grown = int(np.maximum(residual[t], 0).sum()) - max(adjustment, 0)
        shrunk = int(np.maximum(-residual[t], 0).sum()) - max(-adjustment, 0)
        arrive = int(targets.immigration[t])
        leave = int(targets.deaths[t] + targets.emigration[t])
        if grown > arrive:
            yield f"cohorts grow by {grown} in {year}, and {arrive} immigrate ({grown - arrive:+d})"
        if shrunk > leave:
            yield f"cohorts shrink by {shrunk} in {year}, and {leave} die or emigrate"


def _never_married(targets: Targets) -> Iterator[str]:
    """Nobody becomes never-married but by birth or immigration (or by losing an unknown status)."""
    never = targets.marital[:, :, :, 1]
    born = _births_of_groups(targets)
    for t, year in enumerate(targets.years[:-1]):
        grown = np.maximum(never[t + 1] - never[t] - born[t], 0)
        room = int(targets.immigration[t]) + max(int(targets.adjustment[t]), 0)
        if int(grown.sum()) > room:
            yield f"never-married grow by {grown.sum()} beyond births in {year}, {room} immigrate"


def _citizenships(targets: Targets) -> Iterator[str]:
    """Nobody becomes a foreign citizen but by birth or immigration."""
    home = targets.citizenship_codes.index("NO")
    foreign = np.delete(targets.citizenship, home, axis=2)
    for t, year in enumerate(targets.years[:-1]):
        grown = int(np.maximum(foreign[t + 1] - foreign[t], 0).sum())
        room = int(targets.immigration[t] + targets.births[t].sum())
        room += max(int(targets.adjustment[t]), 0)
        if grown > room:
            yield f"foreign citizenships grow by {grown} in {year}, {room} are born or immigrate"


def _births_of_groups(targets: Targets) -> Ints:
    """int64[T, 2, 21]: births of each window by the cohort group that they join."""
    out = np.zeros((targets.windows, 2, len(AGE_GROUPS)), dtype=np.int64)
    for t in range(targets.windows):
        group = min((targets.windows - t - 1) // 5, len(AGE_GROUPS) - 1)
        out[t, :, group] = targets.births[t]
    return out


def check_published(population: Ints, table3: dict[tuple[str, str], int]) -> list[str]:
    """Contradictions among the published tables themselves, for a stock that should meet them.

    Table 1 against Table 2, the rows of Table 3 against its totals, and the key figures' identity.
    """
    found = [*_table1_against_table2(), *_table3_sums(table3), *_key_identity()]
    total = published.key_figures()["population_end"]
    if int(population.sum()) != total:
        found.append(f"the stock is {population.sum()}, the key figures say {total}")
    return found


def _table1_against_table2() -> Iterator[str]:
    one = published.table1_population()
    rows = sum(one[name] for name in published.TABLE1_GROUPS)
    if rows != one["total"]:
        yield f"Table 1: the groups add to {rows}, the total is {one['total']}"
    two = published.table2_counts().sum() + published.unknown_marital_by_age().sum()
    if int(two) != one["total"]:
        yield f"Table 2 with the unknown has {two}, Table 1 {one['total']}"
    unknown = int(published.unknown_marital_by_age().sum())
    by_sex = sum(published.UNKNOWN_MARITAL_BY_SEX)
    if unknown != by_sex:
        yield f"unknown marital status: {unknown} by age, {by_sex} by sex"


def _table3_sums(table3: dict[tuple[str, str], int]) -> Iterator[str]:
    for row in ("total", *published.TABLE3_CITIZENSHIPS):
        gap = table3["male", row] + table3["female", row] - table3["both", row]
        if gap:
            yield f"Table 3, {row}: men and women are {gap:+d} against both sexes"
    for sex in ("both", "male", "female"):
        listed = sum(table3[sex, row] for row in published.TABLE3_CITIZENSHIPS)
        if listed > table3[sex, "total"]:
            yield f"Table 3, {sex}: the fifteen exceed the total"


def _key_identity() -> Iterator[str]:
    key = published.key_figures()
    end = (
        key["population_start"] + key["births"] - key["deaths"] + key["immigration"]
        - key["emigration"] + key["statistical_adjustment"]
    )  # fmt: skip
    if end != key["population_end"]:
        yield f"key figures: the account ends at {end}, the population is {key['population_end']}"
