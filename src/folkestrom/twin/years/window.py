"""One window (year) of the simulation, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import FolkestromError
from folkestrom.twin.lives import births
from folkestrom.twin.lives.mobility import ADULT
from folkestrom.twin.lives.origins import NORWEGIAN_BORN, give_tastes, give_unit
from folkestrom.twin.lives.people import (
    ABROAD,
    DEAD,
    DIE,
    LATE_EMIGRATION,
    LATE_MOVE,
    LEAVE,
    NEVER,
    NOTHING,
    RESIDENT,
    STAY,
)  # fmt: skip
from folkestrom.twin.lives.random import draws
from folkestrom.twin.lives.stock import day_number
from folkestrom.twin.receipt import reports as r
from folkestrom.twin.receipt.channels import DAY
from folkestrom.twin.targets.schedules import seasons
from folkestrom.twin.years import revisions
from folkestrom.twin.years.cells import AGES, list_by_cell
from folkestrom.twin.years.country import (
    Country,
    place_columns,
    record_columns,
)
from folkestrom.twin.years.plan import WindowPlan, plan_window, start_and_end

Index = NDArray[np.int64]
_SEASONAL = (r.BIRTH, r.DEATH, r.IMMIGRATION, r.EMIGRATION)
_EXIT, _DUE, _LATE_D, _NEW, _POISSON = 121, 122, 124, 125, 126
_MOTHERS_DAY = 127
FOUND_LATER = (0.72, 0.14)
"""Of late reports of leaving, shares that come in the next window and the one after (assumption);
the rest wait for a clean-up."""
FERTILITY = (1.1, 1.5, 2.1, 1.5, 1.1, 1.1, 1.1, 1.0)
"""Fertility of women by region of birth, Norway last, against the schedule (assumption)."""
LATE_DEATHS, LATE_BIRTHS = 0.003, 0.001
"""Shares of a window's deaths and births that are of the weeks before it (assumption)."""


@dataclass
class Window:
    """What belongs to one window.

    Attributes
    ----------
    t, year
        Index of the window and its year.
    opens, closes
        Extractions between which reports of the window are received, seconds UTC.
    first_day, end_day
        Days of the year; `end_day` is exclusive.
    fraction
        Part of the year (1, or that of the last month).
    season
        (4, 5) shares of the year's births, deaths, immigrations and emigrations from 1 January to
        each quarter's end, or None.
    other
        (2, 106) changes of the stock without a flow.
    """

    t: int
    year: int
    opens: int
    closes: int
    first_day: int
    end_day: int
    calibrated: bool
    fraction: float = 1.0
    season: NDArray[np.float64] | None = None
    out: r.Collector = field(default_factory=r.Collector)
    other: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, AGES), np.int64))
    revised: revisions.Revisions | None = None
    plan: WindowPlan | None = None
    order: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    start: Index = field(default_factory=lambda: np.zeros(213, np.int64))
    late: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    erroneous: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    expected: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2 * AGES, 2)))
    newcomers: Index = field(default_factory=lambda: np.empty(0, np.int64))
    children: Index = field(default_factory=lambda: np.empty(0, np.int64))
    spouse_group: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    cleaned: Index = field(default_factory=lambda: np.empty(0, np.int64))
    found_month: int = 0
    hidden: Index = field(default_factory=lambda: np.empty(0, np.int64))
    real_births: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    late_births: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    moving_babies: Index = field(default_factory=lambda: np.empty(0, np.int64))
    baby_target: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    baby_unit: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    baby_day: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    true_outcome: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))

    @property
    def planned(self) -> WindowPlan:
        """Return the plan, which a calibrated window has."""
        if self.plan is None:
            raise FolkestromError("A free window has no plan.")
        return self.plan

    def days(
        self,
        kind: int,
        u: NDArray[np.float64],
        low: Index | None = None,
        size: Index | None = None,
    ) -> Index:
        """Return days from `low` on for uniform numbers, by the season of a type of event.

        `size` is for how many persons a day is, 1 without it: families come and leave together.
        """
        low = np.full(len(u), self.first_day) if low is None else low
        if self.season is None or kind not in _SEASONAL:
            return low + (u * (self.end_day - low)).astype(np.int64)
        starts = [day_number(self.year, month) for month in (1, 4, 7, 10)]
        edges, share = np.array([*starts, self.end_day]), self.season[_SEASONAL.index(kind)]
        begin = np.interp(low, edges, share)
        # In the order of the draws, evenly: chance would move quarters too far from what is told.
        order, many = np.argsort(u, kind="stable"), np.ones(len(u)) if size is None else size
        u = np.empty(len(u))
        u[order] = (np.cumsum(many[order]) - many[order] / 2) / max(many.sum(), 1)
        day = np.interp(begin + u * (1.0 - begin), share, edges).astype(np.int64)
        return np.minimum(day, self.end_day - 1)


def extraction_second(year: int) -> int:
    """Return 1 February of `year`, 00:00 in Oslo, as seconds UTC (standard time, UTC + 1)."""
    return day_number(year, 2, 1) * DAY - 3600


def open_window(country: Country, t: int, months: int = 12) -> Window:
    """Return window t; `months` = 1 for the January after the last target."""
    year = country.targets.years[0] + t
    end = day_number(year, 2, 1) if months == 1 else day_number(year + 1)
    opens = extraction_second(year)
    closes = opens if months == 1 else extraction_second(year + 1)
    fraction = (end - day_number(year)) / 365.0 if months == 1 else 1.0
    quarters, season = country.targets.quarters, None
    if quarters is not None and months == 12:
        season = seasons(quarters[t : t + 1], country.targets.flows[t : t + 1])[0]
    return Window(
        t, year, opens, closes, day_number(year), end, country.calibrated and months == 12,
        fraction, season,
    )  # fmt: skip


def cells_of(country: Country, persons: Index, year: int) -> NDArray[np.int64]:
    """Return (2, 106) counts of persons by cell."""
    people = country.people
    row = np.clip(year - 1 - people.birth_year[persons].astype(np.int64), 0, 104)
    flat = people.sex[persons].astype(np.int64) * AGES + row
    return np.bincount(flat, minlength=2 * AGES).reshape(2, AGES).astype(np.int64)


def revise_earlier(country: Country, w: Window) -> None:
    """Annul and correct what was counted before: the causes of the adjustment."""
    if country.earlier is None:
        return
    target = int(country.targets.adjustment[w.t]) if w.calibrated else None
    late_stock = 0
    adjustment = target
    if target is not None and (country.earlier.kind == r.FIRST_REGISTRATION).all():
        late_stock = _late_registrations(country, w, target)
        adjustment = target - late_stock
    revised = revisions.choose(
        country.people, country.earlier, adjustment, revisions.SHARE, w.year, country.seed
    )
    if not w.calibrated:
        revised = revisions.only_erroneous(
            country.people, country.earlier, revised, country.erroneous
        )
    for kind, index in revised.annulled.items():
        if kind != r.MOVE:
            sign = 1 if kind in (r.EMIGRATION, r.DEATH) else -1
            w.other += sign * cells_of(
                country, country.earlier.person[index].astype(np.int64), w.year
            )
    revisions.apply(country.people, country.earlier, revised, w.out, w.year, country.seed)
    w.revised = revised


def _late_registrations(country: Country, w: Window, target: int) -> int:
    """Add persons of the stock who were overlooked: the raising revisions of the first window."""
    gross = max(revisions.LEAST_RATIO * abs(target), 0.0002 * country.size)
    number = max(round((gross + target) / 2), 0)
    people = country.people
    pool = np.flatnonzero(people.marital[: country.size] == 1)
    donors = pool[
        (draws(country.seed, np.arange(number), w.year, _NEW) * len(pool)).astype(np.int64)
    ]
    # Their parents are not known: nobody has two children on a day.
    donors = donors[people.birth_year[donors] < w.year - 1]
    donors = donors[people.group[donors] != NORWEGIAN_BORN]
    persons = country.size + np.arange(len(donors))
    for name in ("birth", "birth_year", "sex", "municipality", "unit", "first_municipality",
                 "citizenship", "birth_country", "arrival_year", "group", "marital"):  # fmt: skip
        getattr(people, name)[persons] = getattr(people, name)[donors]
    people.status[persons] = RESIDENT
    people.last_residence[persons] = w.first_day - 1
    people.last_marital[persons] = w.first_day - 1
    people.reports[persons] = 1
    give_tastes(people, persons, country.truth, country.seed)
    country.size += len(persons)
    w.other += cells_of(country, persons, w.year)
    w.out.add(
        r.FIRST_REGISTRATION, persons, w.first_day - 1, late=True,
        **record_columns(country, persons), origin=3,
    )  # fmt: skip
    return len(persons)


def make_plan(country: Country, w: Window) -> None:
    """Decide the numbers of deaths, emigrations and immigrations of each cell."""
    targets, t = country.targets, w.t
    revised = w.revised or revisions.Revisions({}, {})
    corrections = revised.corrections
    corrected_births = revised.corrected.get(r.BIRTH, np.empty(0, np.int64))
    real = targets.births[t].copy()
    if len(corrected_births) and country.earlier is not None:
        sexes = country.people.sex[country.earlier.person[corrected_births]]
        real -= np.bincount(sexes, minlength=2)
    w.real_births = real
    w.late_births = (LATE_BIRTHS * real).astype(np.int64)
    w.other[:, 0] += w.late_births
    begin, end = start_and_end(
        targets.population[t], targets.population[t + 1], real - w.late_births
    )
    deaths, leaving, arriving, _ = country.schedules(w.year)
    totals = [
        int(targets.deaths[t]) - corrections(r.DEATH),
        int(targets.emigration[t]) - corrections(r.EMIGRATION),
        int(targets.immigration[t]) - corrections(r.IMMIGRATION),
    ]
    rates = leaving * begin
    expected = [
        deaths * begin, rates * (totals[1] / rates.sum()), arriving * totals[2] / arriving.sum(),
    ]  # fmt: skip
    due = cells_of(country, country.overdue(w.year), w.year)
    w.plan = plan_window(begin, end, w.other, expected, totals, due)


def still_to_come(country: Country, w: Window, back: Index) -> NDArray[np.float64]:
    """Return the published immigrants by group of citizenship, less those who are `back`.

    Less those, too, of the year before whose immigration a correction counts again.
    """
    counted, wanted = back, country.migrants.immigration
    if w.revised and country.earlier:
        again = w.revised.corrected.get(r.IMMIGRATION, np.empty(0, np.int64))
        counted = np.concatenate([back, country.earlier.person[again]])
    group = country.migrants.group[country.columns()[country.people.citizenship[counted]]]
    return np.asarray(wanted - np.bincount(group, minlength=len(wanted)))


def list_cells(country: Country, w: Window) -> None:
    """List residents by cell."""
    people, n = country.people, country.size
    w.order = np.empty(n, np.int32)
    w.start = np.zeros(213, np.int64)
    list_by_cell(
        people.status,
        people.sex,
        people.birth_year,
        n,
        w.year,
        w.order,
        w.start,
    )
    w.late = np.zeros(len(people.birth), np.int8)
    w.erroneous = np.zeros(len(people.birth), np.int8)


def adults(w: Window) -> NDArray[np.int32]:
    """Return the residents of 18 and older on 1 January, by sex and age."""
    return np.concatenate([w.order[part] for part in adult_parts(w)])


def adult_parts(w: Window) -> list[slice]:
    """Return where the adults of each sex are in the window's order."""
    first = [row * AGES + ADULT for row in (0, 1)]
    return [slice(int(w.start[c]), int(w.start[c + AGES - 1 - ADULT])) for c in first]


def report_overdue(country: Country, w: Window) -> None:
    """Report what had happened before: people who left, and people who moved, unreported."""
    people = country.people
    gone = country.overdue(w.year)
    w.out.add(
        r.EMIGRATION, gone, people.pending_day[gone], late=True,
        **place_columns(country, gone, "_from"), country=destination(country, gone, w.year),
    )  # fmt: skip
    people.status[gone] = ABROAD
    people.last_residence[gone] = people.pending_day[gone]
    people.left_year[gone] = w.year
    people.pending[gone] = NOTHING
    people.pending_due[gone] = 0
    n = country.size
    moved = np.flatnonzero((people.pending[:n] == LATE_MOVE) & (people.status[:n] == RESIDENT))
    before = place_columns(country, moved, "_from")
    people.municipality[moved] = people.pending_municipality[moved]
    give_unit(people, moved, country.units, country.seed, w.year, _DUE)
    people.pending[moved] = NOTHING
    people.last_residence[moved] = people.pending_day[moved]
    w.out.add(
        r.MOVE,
        moved,
        people.pending_day[moved],
        late=True,
        **before,
        **place_columns(country, moved),
    )


def destination(country: Country, persons: Index, year: int) -> NDArray[np.int64]:
    """Return where emigrants go: mostly home, some onward to a third country; natives anywhere."""
    people = country.people
    home = people.birth_country[persons].astype(np.int64)
    u = draws(country.seed, persons, year, 131)
    weights = country.targets.immigration_citizenship[
        min(country.targets.windows, year - country.targets.years[0] + 1) - 1
    ].copy()
    weights[0] = 0.0
    total = np.cumsum(weights)
    pick = country.codes[
        np.searchsorted(total, u * total[-1], side="right").clip(1, len(total) - 1)
    ]
    onward = draws(country.seed, persons, year, 132) < 0.2
    native = home == country.codes[0]
    return np.where(native | onward, pick, home)


def apply_exits(country: Country, w: Window) -> Index:
    """Let the year's deaths and emigrations happen; returns those who died."""
    people = country.people
    chosen = w.order[: w.start[-1]].astype(np.int64)
    outcome = people.outcome[chosen]
    dead, gone = chosen[outcome == DIE], chosen[outcome == LEAVE]
    _bury(country, w, dead)
    late = w.late[gone] == 1
    led = (people.leader[gone] >= 0) & (people.outcome[people.leader[gone]] == LEAVE)
    leader = np.where(led, people.leader[gone], gone)
    size = np.bincount(leader[~late], minlength=country.size)[gone]
    people.exit_day[gone] = _days(country, gone, w, _EXIT, r.EMIGRATION, size)
    people.exit_day[gone] = people.exit_day[leader]
    _hide(country, w, gone[late])
    seen = gone[~late]
    w.out.add(
        r.EMIGRATION, seen, people.exit_day[seen], **place_columns(country, seen, "_from"),
        country=destination(country, seen, w.year),
    )  # fmt: skip
    people.status[seen] = ABROAD
    people.left_year[seen] = w.year
    people.last_residence[seen] = people.exit_day[seen]
    if w.calibrated:
        country.calibration.learn(int(country.calibration.counted(people, seen).sum()))
    return dead


def _days(
    country: Country,
    persons: Index,
    w: Window,
    purpose: int,
    kind: int = 0,
    size: Index | None = None,
) -> Index:
    """Return days of the window, after the persons' last event of residence."""
    last = country.people.last_residence[persons].astype(np.int64)
    low = np.maximum(last + 1, w.first_day)
    low = np.minimum(low, w.end_day - 1)
    return w.days(kind, draws(country.seed, persons, w.year, purpose), low, size)


def _bury(country: Country, w: Window, dead: Index) -> None:
    """Report deaths; three in a thousand are of the last weeks of the year before."""
    people = country.people
    day = _days(country, dead, w, _EXIT, r.DEATH)
    before = np.minimum(
        w.first_day - 1 - (draws(country.seed, dead, w.year, _LATE_D + 9) * 20).astype(np.int64),
        w.first_day - 1,
    )
    latest = np.maximum(people.last_residence[dead], people.last_marital[dead])
    late = (
        (draws(country.seed, dead, w.year, _LATE_D) < LATE_DEATHS)
        & (latest < before)
        & (w.fraction == 1.0)
    )
    day = np.where(late, before, day)
    people.exit_day[dead] = day
    w.out.add(r.DEATH, dead, day, late=late, **place_columns(country, dead, "_from"))
    people.status[dead] = DEAD
    people.last_residence[dead] = day


def _hide(country: Country, w: Window, gone: Index) -> None:
    """Let people leave without a report: they stay in the stock until it comes."""
    people = country.people
    u = draws(country.seed, gone, w.year, _DUE)
    soon, later = FOUND_LATER[0], sum(FOUND_LATER)
    due = np.where(u < soon, w.year + 1, np.where(u < later, w.year + 2, NEVER))
    people.pending[gone] = LATE_EMIGRATION
    # Whom a published clean-up will find waits for it.
    people.pending_due[gone] = np.where(
        people.pending_due[gone] > w.year + 2, people.pending_due[gone], due
    )
    people.pending_day[gone] = people.exit_day[gone]
    people.outcome[gone] = STAY  # as far as the register can see
    w.hidden = gone


def bear(country: Country, w: Window, numbers: NDArray[np.int64], late: NDArray[np.int64]) -> None:
    """Let children be born: `numbers` (2,) by sex, of which `late` (2,) in December before."""
    people, seed = country.people, country.seed
    fertility = country.schedules(w.year)[3]
    total = int(numbers.sum())
    factor = np.array(FERTILITY)[country.region]
    mothers = births.choose_mothers(
        people, w.order, w.start, w.year, (w.first_day, w.end_day), seed, fertility, factor, total
    )
    if len(mothers) < total:
        raise FolkestromError("There are more births than women who can give birth.")
    rested = people.last_child[mothers] < w.year - 2
    fathers = births.find_fathers(people, mothers, w.order, w.start, w.year, seed)
    sexes = births.deal_sexes(total, int(numbers[0]), seed, w.year)
    children = births.create_children(
        people, country.size, mothers, fathers, sexes, partial(w.days, r.BIRTH), w.first_day,
        w.year, seed, int(country.codes[0]),
    )  # fmt: skip
    country.size += total
    give_tastes(people, children, country.truth, seed)
    late_children = np.concatenate([children[rested & (sexes == s)][: late[s]] for s in (0, 1)])
    people.birth[late_children] = w.first_day - 1 - people.birth[late_children] % 20
    people.birth_year[late_children] = w.year - 1
    people.last_residence[late_children] = people.birth[late_children]
    people.last_marital[late_children] = people.birth[late_children]
    w.children = children


def report_births(country: Country, w: Window) -> None:
    """Report the births, in the basic unit that the mother has on the day."""
    people = country.people
    fathers = people.father[w.children]
    people.last_child[fathers[fathers >= 0]] = w.year
    late = people.birth_year[w.children] < w.year
    w.out.add(
        r.BIRTH, w.children, people.birth[w.children], late=late,
        **record_columns(country, w.children), origin=1,
    )  # fmt: skip


def infant_exits(
    country: Country, w: Window, deaths: NDArray[np.int64], leaving: NDArray[np.int64]
) -> None:
    """Let some of the year's children die or leave in the year, by sex."""
    people, seed = country.people, country.seed
    for sex in (0, 1):
        pool = w.children[
            (people.sex[w.children] == sex) & (people.birth_year[w.children] == w.year)
        ]
        pool = pool[np.argsort(draws(seed, pool, w.year, _MOTHERS_DAY), kind="stable")]
        dead = pool[: deaths[sex]]
        gone = pool[deaths[sex] : deaths[sex] + leaving[sex]]
        for persons, kind, status in ((dead, r.DEATH, DEAD), (gone, r.EMIGRATION, ABROAD)):
            day = _days(country, persons, w, _EXIT, kind)
            day = np.maximum(day, people.birth[persons])
            extra = {} if kind == r.DEATH else {"country": destination(country, persons, w.year)}
            w.out.add(kind, persons, day, **place_columns(country, persons, "_from"), **extra)
            people.status[persons] = status
            people.last_residence[persons] = day
            people.left_year[persons] = w.year
