"""The state of every person of the synthetic country, as columns."""

from __future__ import annotations

from typing import NamedTuple, get_type_hints

import numpy as np
from numba import njit
from numpy.typing import NDArray

RESIDENT, ABROAD, DEAD, VOID = 1, 2, 3, 4
"""Registered status. VOID: created by a report that was annulled later."""

NOTHING, LATE_EMIGRATION, LATE_MOVE = 0, 1, 2
"""What has happened but is not reported yet (`pending`)."""

STAY, MOVE, LEAVE, DIE = 0, 1, 2, 3
"""What a person does in a year (`outcome`); the true outcome, reported or not."""

NEVER = 32767
SPACING, _PERIODS = 146, 60
"""Days of a period, and how many are told apart. Between the periods of two births of a woman lies
a whole one and most of another: nine months, and the days by which a correction may move one."""
FIRST_NUMBER = 10_000_001
"""Person number of index 0: pseudonyms are consecutive and carry no birth date."""


class People(NamedTuple):
    """Columns over persons; index = order of first appearance in the register."""

    birth: NDArray[np.int32]  # day since 1970-01-01
    birth_year: NDArray[np.int16]
    sex: NDArray[np.int8]  # 0 male, 1 female
    status: NDArray[np.int8]
    municipality: NDArray[np.int16]  # index into the targets' list
    unit: NDArray[np.int16]  # number inside the municipality, from 1
    first_municipality: NDArray[np.int16]
    marital: NDArray[np.int8]
    partner: NDArray[np.int32]  # index, -1: none or not in the register
    mate: NDArray[np.int32]  # whom an unmarried person lives with as a couple, -1
    dwelling: NDArray[np.int32]  # where dwellings are asked for; -1: unknown
    mother: NDArray[np.int32]
    father: NDArray[np.int32]
    citizenship: NDArray[np.int16]  # index into the targets' list
    birth_country: NDArray[np.int16]
    arrival_year: NDArray[np.int16]  # of first immigration; 0 for those born here
    group: NDArray[np.int8]  # immigrant group, see mobility.GROUPS
    taste_move: NDArray[np.float32]  # random intercepts of the mobility truth
    taste_abroad: NDArray[np.float32]
    education: NDArray[np.int8]  # level reached in the end
    work_taste: NDArray[np.float32]  # person effects of employment and income
    income_taste: NDArray[np.float32]
    wealth_taste: NDArray[np.float32]
    reason: NDArray[np.int8]  # for the first immigration, see mobility.REASONS
    last_child: NDArray[np.int16]  # year of the youngest child's birth
    births: NDArray[np.int64]  # a bit for each period of `SPACING` days in which she gave birth
    last_residence: NDArray[np.int32]  # day of the last event of residence
    last_marital: NDArray[np.int32]
    reports: NDArray[np.uint8]  # number of reports so far (saturating)
    pending: NDArray[np.int8]
    pending_due: NDArray[np.int16]  # window in which it becomes known
    pending_day: NDArray[np.int32]
    pending_municipality: NDArray[np.int16]
    left_year: NDArray[np.int16]  # year of the last emigration
    outcome: NDArray[np.int8]  # of the current year
    exit_day: NDArray[np.int32]  # of the current year's death or emigration
    leader: NDArray[np.int32]  # whom a child follows this year, -1
    unit_year: NDArray[np.int16]  # last year of a move inside the municipality


_FILLS: dict[str, int] = {
    "partner": -1, "mate": -1, "dwelling": -1, "mother": -1, "father": -1, "leader": -1,
}  # fmt: skip


def allocate(capacity: int) -> People:
    """Return columns for `capacity` persons, all unused."""
    columns = {}
    for name, hint in get_type_hints(People).items():
        (scalar,) = hint.__args__[1].__args__
        columns[name] = np.full(capacity, _FILLS.get(name, 0), scalar)
    return People(**columns)


@njit(inline="always")
def spouse(people, p):
    """Return whom `p` is married to or lives with as a couple, -1 if nobody."""
    return people.partner[p] if people.partner[p] >= 0 else people.mate[p]


@njit(inline="always")
def is_spaced(people, p, day):
    """Return whether a birth on a day is far enough from all births that `p` gave before."""
    near = 0
    for period in range(day // SPACING - 2, day // SPACING + 3):
        near |= people.births[p] >> (period % _PERIODS) & 1
    return near == 0


@njit(inline="always")
def next_birth(people, p, first):
    """Return the first day from `first` on when `p` may give birth, after the last time."""
    day = first
    for period in range(first // SPACING - 2, first // SPACING + 1):
        if people.births[p] >> (period % _PERIODS) & 1:
            day = max(first, (period + 3) * SPACING)
    return day


@njit(inline="always")
def remember_birth(people, p, day):
    """Note the period of a birth that `p` gave."""
    people.births[p] |= 1 << (day // SPACING % _PERIODS)


def spouses(people: People, persons: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return whom each of the persons is married to or lives with as a couple, -1 if nobody."""
    partner = people.partner[persons]
    return np.where(partner >= 0, partner, people.mate[persons]).astype(np.int64)
