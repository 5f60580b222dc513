"""Simulates a country window by window and writes its reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives import pairing
from folkestrom.twin.lives.origins import EU8_BORN, group_table
from folkestrom.twin.lives.outcomes import (
    LATE_SHARE,
    YearColumns,
    YearTotals,
    apportion,
    expected_leaving,
    weigh_by_group,
    year_outcomes,
)
from folkestrom.twin.lives.people import ABROAD, LEAVE, STAY, People
from folkestrom.twin.lives.random import uniforms
from folkestrom.twin.lives.stock import day_number
from folkestrom.twin.receipt import reports as r
from folkestrom.twin.receipt.channels import SMALL_OFFICE, deliveries
from folkestrom.twin.receipt.files import Writer
from folkestrom.twin.receipt.reports import Rows
from folkestrom.twin.targets.definition import Targets
from folkestrom.twin.targets.rounding import largest_remainder
from folkestrom.twin.years import arrivals, clean_ups, fathers, migration, spouses, wedlock, window
from folkestrom.twin.years import country as c
from folkestrom.twin.years.calibration import Forecast, Leaving, exchange_emigrants
from folkestrom.twin.years.cells import AGES, NEWBORN, count_by_status, rounds
from folkestrom.twin.years.country import Country
from folkestrom.twin.years.window import Index, Window

Step = Callable[[str, int, int], None]
_L, _P = 161, 162


class Observer:
    """What may look on while a country is simulated: the truth, the panel, the variable files.

    It is shown every window, does nothing by itself and never changes what it is shown.
    """

    def opened(self, country: Country, w: Window) -> None:
        """Residents of 1 January are listed, last year's reports revised, nothing has happened."""

    def closed(self, country: Country, w: Window, rows: Rows) -> None:
        """All has happened; `rows` are the reports as they should be, with times of receipt."""

    def written(self, country: Country, w: Window, rows: Rows) -> None:
        """`rows` are all reports of the window, revisions too, with their numbers."""

    def finished(self, country: Country) -> None:
        """The last window is over."""


class Housing(Protocol):
    """Gives people dwellings, and adds the moves that only change a household."""

    def settle(self, country: Country) -> None:
        """Give the first stock its dwellings, before it is reported."""

    def rearrange(self, country: Country, w: Window, rows: Rows) -> Rows | None:
        """Put dwellings into a window's reports; returns the moves to be added."""


@dataclass(frozen=True)
class Simulation:
    """What a simulation leaves behind.

    Attributes
    ----------
    reports
        Number of reports written.
    persons
        Number of persons that ever appeared.
    person_years
        Resident person-years simulated.
    notes
        What could not be done exactly.
    """

    reports: int
    persons: int
    person_years: int
    notes: tuple[str, ...]
    country: c.Country


def simulate(
    targets: Targets,
    folder: Path,
    seed: int,
    calibrated: bool,
    progress: Step,
    observe: Callable[[c.Country], Sequence[Observer]] = lambda _: (),
    threads: int = 2,
    housing: Housing | None = None,
) -> Simulation:
    """Simulate all windows, and the January after the last target, and write the report files.

    Parameters
    ----------
    targets
        What to add up to.
    folder
        Where report files go.
    seed
        Any integer; the same seed gives the same bytes.
    calibrated
        Meet the targets exactly; else draw from the model.
    progress
        Called with the name of a step, how many are done, how many there are.
    observe
        Called with the country once it is founded; returns who looks on.
    threads
        How many threads draw outcomes; the result does not depend on it.
    housing
        Who gives people dwellings; without it there are none.
    """
    state = c.new_country(targets, seed, calibrated)
    if housing:
        housing.settle(state)
    state.threads = threads
    observers = observe(state)
    writer = Writer(folder, targets.municipality_codes, state.units, housing is not None)
    years = 0
    steps = targets.windows + 2
    progress("the stock", 1, steps)
    with ThreadPoolExecutor(1) as background:
        pending = background.submit(writer.write, c.report_stock(state))
        for t in range(targets.windows + 1):
            months = 12 if t < targets.windows else 1
            w = window.open_window(state, t, months)
            run_window(state, w, observers)
            years += int(w.start[-1])
            rows = finish(state, w, observers, housing)
            pending = _next(pending, background, writer, rows)
            progress(f"{w.year}", t + 2, steps)
        pending.result()
    writer.close()
    for observer in observers:
        observer.finished(state)
    return Simulation(writer.written, state.size, years, tuple(state.notes), state)


def _next(
    pending: Future[None], background: ThreadPoolExecutor, writer: Writer, rows: r.Rows
) -> Future[None]:
    """Write rows in the background once the ones before are written."""
    pending.result()
    return background.submit(writer.write, rows)


def run_window(state: c.Country, w: window.Window, observers: Sequence[Observer] = ()) -> None:
    """Do one window, in the order in which one thing depends on another."""
    # Reports about earlier windows come between two extractions. The January after the last target
    # has none of that time: what is still unreported then stays so.
    due = np.zeros((2, AGES), np.int64)
    if w.opens < w.closes:
        due = _look_back(state, w)
    pairing.part(state.people, state.size, w.year, state.seed)
    pairing.live_together(state.people, state.size, pairing.SEEKING, w.year, state.seed)
    window.list_cells(state, w)
    for observer in observers:
        observer.opened(state, w)
    if w.calibrated and w.year >= state.calibration.since:
        _steer(state, w, due)
    _draw(state, w, due)
    if w.calibrated:
        state.calibration.remember(w.expected[:, 1])
        spouses.exchange_deaths(state, w)
    births, late = _births(state, w)
    if w.calibrated:
        clean_ups.leave_unreported(state, w)
    # What people really did, before the register hears of it.
    w.true_outcome = state.people.outcome[w.order[: w.start[-1]]].copy()
    window.bear(state, w, births, late)
    if w.calibrated and w.plan is not None:
        window.infant_exits(state, w, w.plan.deaths[:, NEWBORN], w.plan.emigration[:, NEWBORN])
    dead = window.apply_exits(state, w)
    _immigrate(state, w)
    if w.fraction == 1.0:
        wedlock.change_statuses(state, w, dead)
        wedlock.naturalise(state, w)
    migration.move_people(state, w)
    if w.fraction == 1.0:
        migration.move_inside(state, w)
    window.report_births(state, w)
    migration.move_babies(state, w)
    if w.calibrated:
        migration.even_out(state, w)


def _look_back(state: c.Country, w: window.Window) -> NDArray[np.int64]:
    """Report and revise what happened before; returns the emigrations of it by cell."""
    clean_ups.clear_up(state, w)
    wedlock.report_partners_late(state, w)
    window.revise_earlier(state, w)
    if w.calibrated:
        window.make_plan(state, w)
    due = window.cells_of(state, state.overdue(w.year), w.year)
    window.report_overdue(state, w)
    return due


def _steer(state: c.Country, w: window.Window, due: NDArray[np.int64]) -> None:
    """Choose by how much the leaving of the eight EU countries' arrivals is bent."""
    mine = np.flatnonzero(state.calibration.counted(state.people, slice(0, state.size)))
    expected = np.zeros(2 * AGES)
    expected_leaving(state.people, mine, w.year, state.seed, state.tables, expected)
    emigrants = np.maximum(w.planned.emigration - due, 0).reshape(-1).astype(float)
    have = state.citizens()
    growth = state.targets.citizenship[w.t + 1] - have * (1.0 - migration.naturalising(state))
    eight = group_table()[state.codes] == EU8_BORN
    forecast = Forecast(float(growth[:, eight].sum()), int(w.planned.immigration.sum()))
    state.calibration.aim(state.people.status[mine], w.year, forecast, (emigrants, expected))


def _draw(state: c.Country, w: window.Window, due: NDArray[np.int64]) -> None:
    """Decide numbers by marital status and draw the outcomes."""
    totals, eligible = np.zeros((212, 10), np.int64), np.zeros((212, 10), np.int64)
    people = state.people
    count_by_status(w.order, w.start, people.marital, people.pending, totals, eligible)
    spouse = np.ones((2, 110))
    married = np.ones(212)
    deaths = np.zeros((212, 10), np.int64)
    going, late = np.zeros(212, np.int64), np.zeros(212, np.int64)
    exits = np.full((212, 10), -1, np.int64)
    if w.calibrated and w.plan is not None:
        timely = (w.plan.emigration - due).reshape(-1)
        u = uniforms(state.seed, 0, 212, w.year, _L)
        late = np.floor(LATE_SHARE * timely + u).astype(np.int64)
        late.reshape(2, AGES)[:, NEWBORN] = 0
        going = timely + late
        room = eligible.sum(axis=1) - w.plan.deaths.reshape(-1)
        cut = np.maximum(going - np.maximum(room, 0), 0)
        cut.reshape(2, AGES)[:, NEWBORN] = 0
        late = late - cut
        going = going - cut
        spouse, married, widowed = spouses.factors(state, w, totals)
        deaths, exits = _by_status(state, w, totals, eligible, going, (married, widowed))
    rate = state.schedules(w.year)[0].reshape(-1)
    draw_outcomes(state, w, YearTotals(deaths, going, late, exits, rate), spouse)


def _by_status(
    state: c.Country,
    w: window.Window,
    totals: NDArray[np.int64],
    eligible: NDArray[np.int64],
    going: NDArray[np.int64],
    losses: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return deaths by cell and marital status, and emigrations where they are fixed (65+)."""
    plan = w.planned
    wanted = state.targets.marital[w.t + 1]
    deaths, exits = np.zeros((212, 10), np.int64), np.full((212, 10), -1, np.int64)
    weight = spouses.mortality_by_status()
    married, widowed = losses
    group = spouses.group_of_row(state, w)
    for s in (0, 1):
        for g in range(21):
            cells = s * AGES + np.flatnonzero(group == g)
            if not len(cells):
                continue
            dying = plan.deaths.reshape(-1)[cells]
            old = w.year - 1 - (state.last_year - 1 - 5 * g) >= 60
            chance = weight.copy()
            if old:
                for k, cell in enumerate(cells):
                    exits[cell] = apportion(going[cell], totals[cell].astype(float), eligible[cell])
                    del k
                have = totals[cells].sum(axis=0) - exits[cells].sum(axis=0)
                expected = _expected(dying, eligible[cells], chance)
                surplus = have - wanted[s, g]
                surplus[3] += round(widowed[s, g])
                for k in (1, 3, 4, 5):
                    if expected[k] > 0:
                        chance[k] *= np.clip(surplus[k] / expected[k], 0.3, 3.0)
            for i, cell in enumerate(cells):
                caps = eligible[cell] - np.maximum(exits[cell], 0)
                mass = caps * chance
                mass[2] *= married[cell]
                deaths[cell] = apportion(int(dying[i]), mass, caps)
            if old:
                _exact_never_married(deaths, eligible, exits, cells, int(surplus[1]))
    return deaths, exits


def _expected(
    dying: NDArray[np.int64], eligible: NDArray[np.int64], chance: NDArray[np.float64]
) -> NDArray[np.float64]:
    mass = eligible * chance
    return np.asarray((mass * (dying / np.maximum(mass.sum(axis=1), 1e-9))[:, None]).sum(axis=0))


def _exact_never_married(
    deaths: NDArray[np.int64],
    eligible: NDArray[np.int64],
    exits: NDArray[np.int64],
    cells: NDArray[np.int64],
    most: int,
) -> None:
    """Exchange deaths so that no more never-married die than the targets can spare."""
    over = int(deaths[cells, 1].sum()) - max(most, 0)
    for cell in cells:
        for status in (2, 3, 4):
            room = int(eligible[cell, status] - max(exits[cell, status], 0) - deaths[cell, status])
            step = min(over, int(deaths[cell, 1]), room)
            if step > 0:
                deaths[cell, 1] -= step
                deaths[cell, status] += step
                over -= step


def draw_outcomes(
    country: Country, w: Window, given: YearTotals, spouse: NDArray[np.float64]
) -> None:
    """Draw everybody's outcome of the year, some cells at a time (the result is always the same).

    Parameters
    ----------
    given
        The window's numbers by cell.
    spouse
        (2, 110): factor of mortality of the married by the spouse's sex and age.
    """
    people, n, published = country.people, len(w.order), country.migrants
    move, leave, factor = (np.zeros(n, np.float32) for _ in range(3))
    # In the order of rows, always: another order would compile all of this a second time.
    rows = np.ascontiguousarray(spouse)
    work = YearColumns(w.order, w.start, move, leave, factor, rows, w.expected, w.late, w.erroneous)
    by_citizenship = np.ones(1024)
    bend = np.exp(country.calibration.offset), country.calibration.since, by_citizenship
    group = published.group[country.columns()]
    mass = np.zeros((2 * AGES, len(published.emigration)))

    def draw(cells: list[int]) -> None:
        year_outcomes(
            people, np.array(cells, np.int64), work, given, w.year, country.seed,
            w.calibrated, w.fraction, bend, country.tables,
        )  # fmt: skip

    def weigh(first: bool, cells: list[int]) -> None:
        weigh_by_group(
            people, np.array(cells, np.int64), work, w.year, country.seed, bend, country.tables,
            group, first, mass,
        )  # fmt: skip

    people.outcome[: country.size] = STAY
    with ThreadPoolExecutor(country.threads) as pool:

        def spread(task: Callable[[list[int]], None], cells: list[int]) -> None:
            list(pool.map(task, [cells[i::8] for i in range(8)]))

        plan = None
        if w.calibrated and w.year == published.year:
            plan = _leaving(country, w, given, mass, group)
        for n, cells in enumerate(rounds()):
            if plan:
                by_citizenship[:] = 1.0
                spread(partial(weigh, n == 0), [c for later in rounds()[n:] for c in later])
                by_citizenship[:] = plan.of(cells, n == 0)[group]
            spread(draw, cells)
            if plan:
                persons = np.concatenate([w.order[w.start[c] : w.start[c + 1]] for c in cells])
                left = persons[people.outcome[persons] == LEAVE]
                plan.drawn(cells, _by_group(people, left, group, mass.shape[1]))
    if plan:
        exchange_emigrants(people, work, plan.seen, group, country.seed, w.year)


def _leaving(
    country: Country, w: Window, given: YearTotals, mass: NDArray[np.float64], group: Index
) -> Leaving:
    """Return who is to leave by citizenship: the published, less those already reported."""
    people, n = country.people, country.size
    known = np.flatnonzero((people.left_year[:n] == w.year) & (people.status[:n] == ABROAD))
    if w.revised and country.earlier:  # a correction counts the earlier year's emigrant again
        again = w.revised.corrected.get(r.EMIGRATION, np.empty(0, np.int64))
        known = np.concatenate([known, country.earlier.person[again]])
    wanted = country.migrants.emigration - _by_group(people, known, group, mass.shape[1])
    wanted[0] -= w.planned.emigration[:, NEWBORN].sum()  # nearly all of them Norwegian citizens
    wanted = np.maximum(wanted, 0.0)
    going = given.emigrants.astype(np.float64)
    going.reshape(2, AGES)[:, NEWBORN] = 0.0
    seen = largest_remainder(wanted, int(going.sum() - given.late.sum()))
    return Leaving(mass, going, wanted, seen)


def _by_group(people: People, persons: Index, group: Index, groups: int) -> NDArray[np.float64]:
    """Return how many persons there are by group of citizenship."""
    found = np.bincount(group[people.citizenship[persons]], minlength=groups)
    return found.astype(np.float64)


def _births(state: c.Country, w: window.Window) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the births by sex, and how many of them are reported a year late."""
    if w.calibrated:
        return w.real_births, w.late_births
    t = min(w.t, state.targets.windows - 1)
    rate = state.targets.births[t].astype(float) * w.fraction
    scale = len(w.order[: w.start[-1]]) / max(int(state.targets.population[t].sum()), 1)
    rng = np.random.Generator(np.random.Philox(key=state.seed, counter=[w.year, _P, 0, 0]))
    return rng.poisson(rate * scale).astype(np.int64), np.zeros(2, np.int64)


def _immigrate(state: c.Country, w: window.Window) -> None:
    """Let people come: planned numbers, or numbers drawn around the schedule."""
    if w.calibrated and w.plan is not None:
        numbers = w.plan.immigration.copy()
    else:
        t = min(w.t, state.targets.windows - 1)
        rng = np.random.Generator(np.random.Philox(key=state.seed, counter=[w.year, _P + 1, 0, 0]))
        share = state.schedules(w.year)[2]
        mean = share / share.sum() * float(state.targets.immigration[t]) * w.fraction
        numbers = rng.poisson(mean).astype(np.int64)
        numbers[:, NEWBORN] = 0
    share_back = arrivals.RETURN_SHARE
    wish = np.floor(
        numbers * share_back + uniforms(state.seed, 0, 212, w.year, _L + 9).reshape(2, AGES)
    )
    wish[:, NEWBORN] = 0
    back = migration.bring_back(state, w, wish.astype(np.int64))
    if w.calibrated:
        fathers.find_fathers(state, w, back)
    migration.bring_new(state, w, numbers - window.cells_of(state, back, w.year), back)


def finish(
    state: c.Country,
    w: window.Window,
    observers: Sequence[Observer] = (),
    housing: Housing | None = None,
) -> r.Rows:
    """Receive, revise and number the window's reports; keep what can be revised later."""
    rows = w.out.rows()
    # They come last, so that chance does the same to all others with dwellings and without.
    moves = housing.rearrange(state, w, rows) if housing else None
    # What happened before the window (a late death's widowhood, say) is known only now.
    rows.late |= rows.day < w.first_day
    channels = deliveries(w.first_day, w.closes, False), deliveries(w.first_day, w.closes, True)
    offices = state.targets.municipality_population[min(w.t, state.targets.windows)]
    small = offices < SMALL_OFFICE * state.targets.scale
    for part in (rows,) if moves is None else (rows, moves):
        of = small[state.people.municipality[part.person]]
        r.receive(part, state.seed, w.year, w.opens, channels, of)
    if w.found_month:
        r.receive_found(rows, w.cleaned, day_number(w.year, w.found_month), channels[0])
    final = np.isin(rows.kind, (r.BIRTH, r.DEATH, r.IMMIGRATION, r.EMIGRATION, r.MOVE)) & (
        rows.relation == 0
    )
    state.erroneous = np.flatnonzero(w.erroneous)
    plain, size = rows, len(rows)
    rows = rows if moves is None else r.join([rows, moves])
    rows = r.revise(rows, state.seed, w.year, channels[0], state.units)
    quarters = state.targets.quarters
    if w.calibrated and quarters is not None:
        given = state.seed, w.year, w.opens, channels[0]
        rows, missing = r.meet_quarters(rows, given, state.units, quarters[w.t])
        if missing:
            state.notes.append(f"{w.year}: published quarters are off by {missing}")
    unrevised = rows.relation[:size] == 0
    np.copyto(plain.received, rows.received[:size], where=unrevised)
    for observer in observers:
        observer.closed(state, w, plain)
    # A report already corrected is left alone: to annul the correction would revive the first.
    keep = np.zeros(len(rows), np.bool_)
    keep[:size] = final & unrevised
    rows, order = r.number(rows, state.next_number)
    state.next_number += len(rows)
    for observer in observers:
        observer.written(state, w, rows)
    state.earlier = rows.take(np.flatnonzero(keep[order]))
    return rows
