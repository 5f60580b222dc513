"""Clean-ups of the register: who left unreported, and is found years later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from folkestrom.twin.lives.people import LATE_EMIGRATION, LEAVE, NEVER, NOTHING, STAY
from folkestrom.twin.lives.random import draws
from folkestrom.twin.receipt.channels import read_rows
from folkestrom.twin.targets.schedules import emigration_rates
from folkestrom.twin.years.country import Country
from folkestrom.twin.years.window import Window

EVERY, SHARE = 3, 0.5
"""After the published ones a clean-up comes every so many years, and finds such a share of those
who left unreported (assumption)."""
LAGS: Final = 8
FALL: Final = 0.75
"""Who is found has left in one of so many years before, in each fewer by this factor
(assumption)."""
_OSLO: Final = 301
#: `pending_due` of persons whom a published clean-up will find: so much above its year.
_AWAITED: Final = 10_000
_FIND, _CHOOSE = 123, 128


@dataclass(frozen=True)
class CleanUp:
    """A published clean-up: its year and month, foreign citizens found, and of them in Oslo."""

    year: int
    month: int
    found: int
    oslo: int


@cache
def published() -> tuple[CleanUp, ...]:
    """The clean-ups of ``data/clean_ups.csv``."""
    names = ("year", "month", "found", "oslo")
    return tuple(CleanUp(*(int(row[n]) for n in names)) for row in read_rows("clean_ups.csv"))


def _left_until(year: int, clean_up: CleanUp, first_year: int) -> float:
    """Return the share of those found who left before the end of a year; none before the first."""
    weights = FALL ** np.arange(LAGS)
    later = clean_up.year - 1 - year
    return 0.0 if year < first_year else float(weights[max(later, 0) :].sum() / weights.sum())


def leave_unreported(country: Country, w: Window) -> None:
    """Let foreign citizens leave this year whom published clean-ups will find, by age and place."""
    people, first = country.people, country.targets.years[0]
    listed = w.order[: w.start[-1]].astype(np.int64)
    calm = (people.citizenship[listed] != country.codes[0]) & (people.outcome[listed] == STAY)
    calm &= (people.pending[listed] == NOTHING) & (people.partner[listed] < 0)
    calm &= (people.mate[listed] < 0) & (people.last_child[listed] == 0)
    age = w.year - 1 - people.birth_year[listed]
    pool = listed[calm & (age >= 18)]
    rate = emigration_rates()[people.sex[pool], (w.year - people.birth_year[pool]).clip(0, 105)]
    pool = pool[np.argsort(-np.log(draws(country.seed, pool, w.year, _CHOOSE)) / rate)]
    in_oslo = country.targets.municipality_codes[people.municipality[pool]] == _OSLO
    for clean_up in published():
        if clean_up.year <= w.year or clean_up.year >= country.last_year:
            continue
        share = [_left_until(year, clean_up, first) for year in (w.year - 1, w.year)]
        for here, number in ((True, clean_up.oslo), (False, clean_up.found - clean_up.oslo)):
            before, until = (round(number * country.targets.scale * part) for part in share)
            chosen = np.flatnonzero(in_oslo == here)[: until - before]
            gone = pool[chosen]
            people.outcome[gone], people.leader[gone], w.late[gone] = LEAVE, -1, 1
            people.pending_due[gone] = _AWAITED + clean_up.year
            pool, in_oslo = np.delete(pool, chosen), np.delete(in_oslo, chosen)


def clear_up(country: Country, w: Window) -> None:
    """Find those who left unreported: whom a published clean-up found, or now and then many."""
    people, n = country.people, country.size
    hidden = np.flatnonzero(people.pending[:n] == LATE_EMIGRATION)
    due = people.pending_due[hidden]
    told = [c for c in published() if c.year == w.year and w.calibrated]
    w.found_month = told[0].month if told else 0
    if told:
        w.cleaned = hidden[due == _AWAITED + w.year]
    elif w.year % EVERY == 0 and (w.year > published()[-1].year or not w.calibrated):
        never = hidden[due == NEVER]
        w.cleaned = never[draws(country.seed, never, w.year, _FIND) < SHARE]
    people.pending_due[w.cleaned] = w.year
