"""Marital status of cohort groups over time, ending exactly at the published Table 2.

For each sex and cohort group the share of a status at an earlier date is its final share times the
ratio of a parametric curve at the group's mean age then and at the end. Whatever the curves leave
is married. Curves of what accumulates (ever married, divorced, widowed) rise with age, so that the
share of never-married never rises and its number grows no faster than immigration can bring.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UserError
from folkestrom.twin.targets import published
from folkestrom.twin.targets.definition import (
    AGE_GROUPS,
    AGES,
    MARITAL_CODES,
    SEXES,
    Ints,
    age_group,
    cohort_group_population,
)
from folkestrom.twin.targets.rounding import largest_remainder
from folkestrom.twin.targets.schedules import ever_married

Floats = NDArray[np.float64]
#: A share by mean age, year and sex.
Curve = Callable[[Floats, int, int], Floats]

UNKNOWN, NEVER, MARRIED, WIDOWED, DIVORCED, SEPARATED = range(6)
PARTNER, SEPARATED_PARTNER, DIVORCED_PARTNER, SURVIVING_PARTNER = range(6, MARITAL_CODES)

#: Registered partnership existed from 1 August 1993; since 2009 none is entered (the Marriage Act
#: became the same for all) and many are turned into marriages.
PARTNERSHIP_FIRST: Final = 1993
PARTNERSHIP_LAST: Final = 2008
#: Registered partners at the height, as a multiple of those of 2021 (an assumption).
_PARTNER_PEAK: Final = 2.2
_ADULT: Final = 20.0
_OF_AGE: Final = 18.0
#: As many a year marry a person who isn't in the register; and a few more than the shares say have
#: to marry, since others come, leave and die (both found in countries made).
_OUTSIDE: Final = 2_700.0
_FIRST_MARRIAGES: Final = 1.02


def final_marital(year: int, group_population: Ints) -> tuple[Ints, tuple[str, ...]]:
    """int64[2, 21, 10] at the last 1 January, and what to note about it.

    In 2021 Table 2 plus the persons of unknown status; in another year Table 2's shares.
    """
    known = published.table2_counts()
    if year == published.YEAR:
        known[:, :, UNKNOWN] = group_population - known.sum(axis=2)
        if (known < 0).any():
            sex, group = np.argwhere((known < 0).any(axis=2))[0]
            raise UserError(
                f"Table 2 has {-int(known[sex, group, UNKNOWN])} more {SEXES[sex]}s of age "
                f"{AGE_GROUPS[group]} than there are residents",
                where="targets",
            )
        return known, ()
    known[:, :, UNKNOWN] = largest_remainder(
        published.unknown_marital_by_age()[None, :] * np.ones((2, 1)),
        sum(published.UNKNOWN_MARITAL_BY_SEX),
    )
    out = np.zeros_like(known)
    for sex in range(2):
        for group in range(len(AGE_GROUPS)):
            total = int(group_population[sex, group])
            out[sex, group] = largest_remainder(known[sex, group], total)
    note = f"marital status on 1 January {year} has the shares by sex and age of 2021 (Table 2)"
    return out, (note,)


def marital_trajectories(
    years: tuple[int, ...], population: Ints, final: Ints, marriages: Ints, divorces: Ints
) -> Ints:
    """int64[T+1, 2, 21, 10] whose codes add to each cohort group's residents.

    Parameters
    ----------
    years, population
        As in `Targets`.
    final
        int64[2, 21, 10] at the last 1 January.
    marriages, divorces
        int64[T]: how many of the window have to lead from one date to the next.
    """
    groups = cohort_group_population(population)
    ages = _mean_ages(population)
    size = np.maximum(final.sum(axis=2, keepdims=True), 1)
    final_shares = final / size
    out = np.zeros((*groups.shape, MARITAL_CODES), dtype=np.int64)
    ever = _ever_married(years, groups, ages, final_shares, marriages, divorces)
    for t, year in enumerate(years[:-1]):
        shares = _shares(year, years[-1], ages[t], ages[-1], final_shares, ever[t])
        out[t] = _round_codes(shares, groups[t])
    out[-1] = final
    return out


def _mean_ages(population: Ints) -> Floats:
    """float64[T+1, 2, 21]: mean exact age of each cohort group (its nominal age where empty)."""
    windows = len(population) - 1
    exact = np.arange(AGES) + 0.5
    out = np.empty((windows + 1, 2, len(AGE_GROUPS)))
    for t in range(windows + 1):
        of = age_group(windows, t)
        for group in range(len(AGE_GROUPS)):
            inside = of == group
            people = population[t][:, inside]
            count = people.sum(axis=1)
            nominal = 5.0 * group + 2.5 - (windows - t)
            out[t, :, group] = np.where(
                count > 0, (people * exact[inside]).sum(axis=1) / np.maximum(count, 1), nominal
            )
    return out


def _ever_married(
    years: tuple[int, ...], groups: Ints, ages: Floats, final: Floats, marriages: Ints,
    divorces: Ints,
) -> Floats:  # fmt: skip
    """float64[T+1, 2, 21]: the ever-married relative to the end, with the marriages there were.

    From the end backwards each year's step of the curve, in logarithms, is as much longer or
    shorter as the year's first marriages ask. All divorces beyond those that the shares of the
    divorced ask are of people who marry again (see `wedlock`).
    """
    curve = np.zeros(ages.shape)
    for sex in range(2):
        born = years[-1] - ages[-1, sex]
        at = ever_married(ages[:, sex], born, sex)
        curve[:, sex] = np.log(np.minimum(at / at[-1], 1.0))
    out, ever = np.zeros(ages.shape), 1.0 - final[:, :, NEVER]
    for t in range(len(years) - 2, -1, -1):
        step = np.minimum(curve[t] - curve[t + 1], 0.0)
        there = groups[t + 1] * (groups[t] > 0) * ever * np.exp(out[t + 1])
        lasting = _divorced_more(years, t, ages, final, groups[t + 1])
        again = np.maximum(2.0 * divorces[t] - lasting, 0.0)
        wanted = _FIRST_MARRIAGES * (2.0 * marriages[t] - _OUTSIDE - again)
        low, high = 0.0, 4.0
        for _ in range(40):
            middle = (low + high) / 2
            longer = out[t + 1] + middle * step
            # Nobody marries as a child.
            out[t] = np.where(ages[t] < _OF_AGE, np.minimum(longer, curve[t]), longer)
            less = float((there * -np.expm1(out[t] - out[t + 1])).sum()) < wanted
            low, high = (middle, high) if less else (low, middle)
    return np.exp(out)


def _divorced_more(
    years: tuple[int, ...], t: int, ages: Floats, final: Floats, groups: Ints
) -> float:
    """By how many the curves let the divorced grow in a window."""
    before, after = (_ratio(_divorced, ages[n], ages[-1], years[n], years[-1]) for n in (t, t + 1))
    return float((final[:, :, DIVORCED] * (after - before) * groups).sum())


def _shares(year: int, last: int, now: Floats, end: Floats, final: Floats, ratio: Floats) -> Floats:
    """float64[2, 21, 10]: shares of each status, married the remainder."""
    out = np.zeros_like(final)
    out[:, :, NEVER] = 1.0 - (1.0 - final[:, :, NEVER]) * np.minimum(ratio, 1.0)
    out[:, :, WIDOWED] = final[:, :, WIDOWED] * _ratio(_widowed, now, end, year, last)
    out[:, :, DIVORCED] = final[:, :, DIVORCED] * _ratio(_divorced, now, end, year, last)
    separated = final[:, :, SEPARATED] * _ratio(_separated, now, end, year, last)
    out[:, :, SEPARATED] = np.minimum(separated, 0.03)
    adult = now >= _ADULT
    rising = _partner_years(year) / _partner_years(last)
    entered = _partners(year) / _partners(last)
    for code, factor in zip(
        range(PARTNER, MARITAL_CODES), (entered, entered, rising, rising), strict=True
    ):
        out[:, :, code] = np.where(adult, final[:, :, code] * factor, 0.0)
    # Nobody of unknown status is known to be anything: they come with immigration.
    since = (year - 1996) / max(last - 1996, 1)
    out[:, :, UNKNOWN] = final[:, :, UNKNOWN] * np.clip(since, 0.0, 1.0)
    out[:, :, NEVER] -= out[:, :, UNKNOWN] - final[:, :, UNKNOWN] * np.minimum(ratio, 1.0)
    return _with_married(out)


def _with_married(shares: Floats) -> Floats:
    """Give married what is left; where the others overdraw the ever-married, shrink them."""
    shares[:, :, NEVER] = np.clip(shares[:, :, NEVER], 0.0, 1.0)
    others = [UNKNOWN, *range(WIDOWED, MARITAL_CODES)]
    room = 1.0 - shares[:, :, NEVER]
    used = shares[:, :, others].sum(axis=2)
    # At least a tenth of the ever-married of young groups are married still.
    shrink = np.where(used > 0.98 * room, 0.98 * room / np.maximum(used, 1e-12), 1.0)
    shares[:, :, others] *= shrink[:, :, None]
    shares[:, :, MARRIED] = 0.0
    shares[:, :, MARRIED] = np.maximum(1.0 - shares.sum(axis=2), 0.0)
    return shares


def _round_codes(shares: Floats, groups: Ints) -> Ints:
    """Round every status to the nearest; married takes the rest, and others give way if it must."""
    out = np.floor(shares * groups[:, :, None] + 0.5).astype(np.int64)
    out[:, :, MARRIED] = 0
    rest = groups - out.sum(axis=2)
    for sex, group in np.argwhere(rest < 0):
        largest = int(np.argmax(out[sex, group]))
        out[sex, group, largest] += rest[sex, group]
        rest[sex, group] = 0
    out[:, :, MARRIED] = rest
    return out


def _ratio(curve: Curve, now: Floats, end: Floats, year: int, last: int) -> Floats:
    return np.stack([curve(now[sex], year, sex) / curve(end[sex], last, sex) for sex in range(2)])


def _widowed(age: Floats, year: int, sex: int) -> Floats:
    """Share widowed: logistic in age, its middle moving up as mortality falls."""
    middle, slope = ((95.0, 0.115), (83.0, 0.125))[sex]
    middle -= 0.19 * (published.YEAR - year)
    return np.asarray(1.0 / (1.0 + np.exp(-slope * (age - middle))))


def _divorced(age: Floats, _year: int, sex: int) -> Floats:
    """Share divorced: logistic in age, so that half of a cohort's divorces come by 40."""
    middle = (42.0, 40.0)[sex]
    return np.asarray(1.0 / (1.0 + np.exp(-0.14 * (age - middle))))


def _separated(age: Floats, _year: int, _sex: int) -> Floats:
    """Share separated: a bell on the logarithm of age, highest at 45."""
    away = np.log(np.maximum(age, 15.0) / 45.0) / 0.4
    return np.asarray(np.exp(-0.5 * away * away))


def _partners(year: int) -> float:
    """Registered partners relative to 2021: up from 1993 to 2009, then down."""
    height = PARTNERSHIP_LAST + 1
    if year <= height:
        return _PARTNER_PEAK * max(year - PARTNERSHIP_FIRST, 0) / (height - PARTNERSHIP_FIRST)
    left = _PARTNER_PEAK ** (-1.0 / (published.YEAR - height))
    return float(_PARTNER_PEAK * left ** (year - height))


def _partner_years(year: int) -> float:
    """Former partners relative to 2021: grow evenly from two years after the first entries."""
    return max(year - PARTNERSHIP_FIRST - 2, 0) / (published.YEAR - PARTNERSHIP_FIRST - 2)
