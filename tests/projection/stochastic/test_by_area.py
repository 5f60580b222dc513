"""Draws of areas: each is a projection of areas, adds up to its nation, and is as wide as due."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.projection.areas import Areas, area_factors, destination_shares
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.changes import Span
from folkestrom.projection.changes_of_moves import moves_in_steps
from folkestrom.projection.projecting import Projection, project
from folkestrom.projection.stochastic.by_area import FLOWS, AreaFactors, simulate_areas
from folkestrom.projection.stochastic.deviations import AreaModel, Deviations, fit_deviations
from folkestrom.projection.stochastic.simulation import Factors, Sums, simulate
from folkestrom.projection.structure import Structure
from tests.projection.stochastic.test_simulation import chance_factors
from tests.projection.test_areas import AREAS, areas, split
from tests.projection.test_moves import CODES, scenario
from tests.projection.test_properties import CELLS, drawn

STEPS, DRAWS = 6, 3


def everything(persons: Floats, happened: Any) -> dict[str, Floats]:
    return {"persons": persons.copy(), **happened}


def deviations(seed: int, steps: int = STEPS, spread: float = 0.4) -> AreaFactors:
    chance = np.random.default_rng(seed)
    shape = (len(fields(AreaFactors)), steps, AREAS)
    return AreaFactors(*np.exp(chance.normal(0, spread, shape)))


def nation_of(persons: Floats, rates: Rates, factors: Factors, draw: int) -> Projection:
    drawn_rates = factors.applied(rates, CELLS, slice(draw, draw + 1))
    found = project(CELLS, persons, drawn_rates.assumptions(CELLS), steps=STEPS)
    arrays = {one.name: getattr(found, one.name) for one in fields(Projection)}
    return Projection(**{name: one[0] if isinstance(one, np.ndarray) else one
                         for name, one in arrays.items()})  # fmt: skip


def deviated(made: Areas, by: AreaFactors, step: int) -> Areas:
    """Areas whose levels are those of a step of a draw."""
    come = made.immigration * by.immigration[step][:, None]
    to = made.destinations * by.moves_in[step]
    if made.kinds is None:
        to = to / to.sum(axis=2, keepdims=True)
    return replace(
        made, mortality=made.mortality * by.mortality[step],
        fertility=made.fertility * by.fertility[step],
        emigration=made.emigration * by.emigration[step], immigration=come / come.sum(axis=0),
        moving=made.moving * by.moves_out[step][:, None, None, None], destinations=to,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_every_draw_is_a_projection_of_areas_that_adds_up(seed: int) -> None:
    persons, rates = drawn(seed, STEPS)
    # In some the rates are so high that areas are given the nation's.
    rates = replace(rates, mortality=rates.mortality * (1 if seed % 2 else 4))
    made, begun = areas(seed, alike=False), split(persons, seed)
    factors = chance_factors(seed, DRAWS, STEPS)
    found = simulate_areas(
        CELLS, begun, rates, made, factors, lambda draw: deviations(100 * seed + draw),
        shown=range(STEPS), figures=everything,
    )  # fmt: skip
    for draw in range(DRAWS):
        by, now = deviations(100 * seed + draw), begun
        nation = nation_of(persons, rates, factors, draw)
        own = factors.applied(rates, CELLS, slice(draw, draw + 1))
        for step in range(STEPS):
            assert found["persons"][draw, step] == pytest.approx(now, rel=1e-9, abs=1e-9)
            # In every cell of every step of every draw.
            there = found["persons"][draw, step].sum(axis=0)
            assert there == pytest.approx(nation.population[step], rel=1e-11, abs=1e-9)
            of_step = Rates(*(getattr(own, name)[0, step][None] for name in
                              ("mortality", "emigration", "fertility", "immigration")))  # fmt: skip
            whole = ("births", "deaths", "emigration")
            at = replace(nation, **{name: getattr(nation, name)[step][None] for name in whole})
            ((now, happened, _),) = deviated(made, by, step).projected(CELLS, now, of_step, 1, at)
            births, deaths, come, left, _, into, out = (
                part[:, CELLS.resident].sum(axis=(1, 2, 3)) for part in happened
            )
            for name, flow in zip(FLOWS, (births, deaths, come, left, into, out), strict=True):
                assert found[name][draw, step] == pytest.approx(flow, rel=1e-9, abs=1e-9), name


def test_accounts_of_areas_close_in_every_draw() -> None:
    persons, rates = drawn(21, STEPS)
    factors = chance_factors(21, DRAWS, STEPS)
    found = simulate_areas(
        CELLS, split(persons, 21), rates, areas(21, alike=False), factors, deviations,
        shown=range(STEPS), figures=everything,
    )  # fmt: skip
    residents = found["persons"][:, :, :, CELLS.resident].sum(axis=(-1, -2, -3))
    change = sum(
        sign * found[name] for name, sign in zip(FLOWS, (1, -1, 1, -1, 1, -1), strict=True)
    )
    assert residents[:, :-1] + change[:, :-1] == pytest.approx(residents[:, 1:], rel=1e-11)
    assert found["moves_in"].sum(axis=-1) == pytest.approx(found["moves_out"].sum(axis=-1))

    # The nation's figures, draw by draw, are those of a simulation without areas.
    def figures(sums: Sums) -> dict[str, Floats]:
        return {"persons": sums.of("here").sum(axis=(-1, -2)), "births": sums.births[..., 0],
                "deaths": sums.deaths[..., 0], "immigration": sums.immigration[..., 0],
                "emigration": sums.emigration[..., 0]}  # fmt: skip

    plain = simulate(CELLS, persons, rates, {"here": CELLS.resident}, factors, steps=STEPS,
                     figures=figures)  # fmt: skip
    assert residents.sum(axis=-1) == pytest.approx(plain.pop("persons")[:, :-1], rel=1e-11)
    for name, values in plain.items():
        assert found[name].sum(axis=-1) == pytest.approx(values, rel=1e-11)


def test_a_scenario_of_moves_holds_in_draws() -> None:
    persons, rates = drawn(22, STEPS)
    made, begun = areas(22, alike=False), split(persons, 22)
    during = moves_in_steps(
        scenario('destinations = "03"\nmultiply = 0.5\nfade_in = 3', 'origins = "11"\nset = 0.2'),
        made, CODES, Span(CELLS, 2021, STEPS),
    )  # fmt: skip
    assert during is not None
    still = AreaFactors(*np.ones((6, 1, AREAS)))
    found = simulate_areas(
        CELLS, begun, rates, made, Factors(np.ones((1, 1, 4))), lambda _: still,
        shown=range(STEPS), figures=everything, during=during,
    )  # fmt: skip
    nation = project(CELLS, persons, rates.assumptions(CELLS), steps=STEPS)
    walk = made.projected(CELLS, begun, rates, STEPS, nation, during)
    for step, (later, happened, _) in enumerate(walk):
        if step + 1 < STEPS:
            assert found["persons"][0, step + 1] == pytest.approx(later, rel=1e-9, abs=1e-9)
        assert found["moves_in"][0, step] == pytest.approx(happened[-2].sum(axis=(1, 2, 3)))


def test_draws_are_the_same_however_many() -> None:
    model = AreaModel(
        {one.name: Deviations(0.01, 0.5, np.full(3, 0.01), np.full(3, 0.02), 5)
         for one in fields(AreaFactors)},
        4, 7,
    )  # fmt: skip
    first, again, other = model.draw(3), model.draw(3), model.draw(4)
    assert (first.mortality == again.mortality).all()
    assert not (first.mortality == other.mortality).any()
    assert not (first.mortality == first.fertility).any()


def test_a_series_of_areas_that_is_too_short() -> None:
    with pytest.raises(UsageError, match=r"(?s)'2 years' is too short a series.*at least 3"):
        fit_deviations(np.ones((2, 4)), np.ones((2, 4)), 2)


@pytest.mark.parametrize(("variance", "correlation"), [(0.01, 0.5), (0.04, 0.9), (0.0, 0.0)])
def test_variance_and_correlation_are_found_behind_chance(
    variance: float, correlation: float
) -> None:
    chance = np.random.default_rng(4)
    expected = np.repeat(chance.lognormal(3.5, 1.2, (1, 300)), 20, axis=0)
    own = np.exp(chance.normal(0, 0.15, 300))
    path = autoregression(chance, 20, 300, variance, correlation)
    # The nation's level is no deviation.
    level = np.exp(chance.normal(0, 0.2, (20, 1)))
    found = fit_deviations(chance.poisson(expected * own * path * level).astype(float), expected, 5)
    assert found.variance == pytest.approx(variance, rel=0.2, abs=0.0005)
    assert found.correlation == correlation or variance == 0


def autoregression(
    chance: np.random.Generator, years: int, many: int, variance: float, correlation: float
) -> Floats:
    path = np.empty((years, many))
    path[0] = chance.normal(0, 1, many)
    for year in range(1, years):
        path[year] = correlation * path[year - 1] + chance.normal(0, 1, many) * np.sqrt(
            1 - correlation**2
        )
    return np.exp(np.sqrt(variance) * path)


#: A made-up country: variance, correlation of deviations, spread of areas' own levels.
KNOWN = {"mortality": (0.01, 0.5, 0.1), "fertility": (0.02, 0.8, 0.15),
         "moves_out": (0.02, 0.8, 0.2), "moves_in": (0.03, 0.8, 0.3)}  # fmt: skip
PAST, AHEAD, MANY, BASE = 15, 10, 60, 5
ONE = Structure(ages=100)
_AGE = np.arange(100)
MORTALITY = np.minimum(np.exp(-10 + 0.1 * _AGE), 1)
FERTILITY = np.where((_AGE >= 20) & (_AGE < 40), 0.09, 0.0)
MOVING = 0.01 + 0.06 * np.exp(-(((_AGE - 25) / 8) ** 2))


def made_up(chance: np.random.Generator) -> tuple[Floats, dict[str, tuple[Floats, Floats]], Floats]:
    """Lives of a country's inhabitants, one binomial after the other: all that is known of it."""
    level = {
        name: np.exp(chance.normal(0, own, MANY))
        * autoregression(chance, PAST + AHEAD, MANY, variance, correlation)
        for name, (variance, correlation, own) in KNOWN.items()
    }
    size = chance.lognormal(0, 1, MANY)
    # The nation's level, which is another model's, is known.
    level = {name: one * size.sum() / (one @ size)[:, None] for name, one in level.items()}
    persons = chance.poisson(
        size[:, None, None] * 60 * np.exp(-((_AGE / 80) ** 6)) * np.ones((2, 1))
    )
    states, origins = [persons], np.zeros((PAST, MANY, MANY))
    events: dict[str, list[tuple[Floats, Floats]]] = {name: [] for name in KNOWN}
    for year in range(PAST + AHEAD):
        now = {name: one[year][:, None] for name, one in level.items()}
        births = chance.poisson((persons[:, 1] * FERTILITY * now["fertility"]).sum(axis=1))
        dies = -np.expm1(-MORTALITY * now["mortality"])[:, None]
        dead = chance.binomial(persons, np.broadcast_to(dies, persons.shape))
        alive = persons - dead
        goes = -np.expm1(-MOVING * now["moves_out"])[:, None]
        gone = chance.binomial(alive, np.broadcast_to(goes, persons.shape))
        pull = size * level["moves_in"][year]
        come = np.zeros_like(gone)
        for o in range(MANY):
            to = np.where(np.arange(MANY) == o, 0, pull)
            went = np.moveaxis(chance.multinomial(gone[o], to / to.sum()), -1, 0)
            come += went
            if year < PAST:
                origins[year, o] = went.sum(axis=(1, 2))
        lived = (persons + alive) / 2
        if year < PAST:
            out = gone.sum(axis=(1, 2))
            for name, counted, expected in (
                ("mortality", dead.sum(axis=(1, 2)), (lived * MORTALITY).sum(axis=(1, 2))),
                ("fertility", births, (lived[:, 1] * FERTILITY).sum(axis=1)),
                ("moves_out", out, (lived * MOVING).sum(axis=(1, 2))),
            ):
                events[name].append((counted, expected))
        there = alive - gone + come
        persons = np.zeros_like(there)
        persons[..., 1:] = there[..., :-1]
        persons[..., -1] += there[..., -1]
        persons[:, 0, 0] = chance.binomial(births, 0.5)
        persons[:, 1, 0] = births - persons[:, 0, 0]
        states.append(persons)
    series = {name: (np.array([c for c, _ in pair], float), np.array([e for _, e in pair]))
              for name, pair in events.items() if pair}  # fmt: skip
    return np.array(states, float), series, origins


def covered(seed: int, *, deviate: bool) -> Floats:
    """Whether what came lies in intervals of 80 per cent, by year ahead and area."""
    states, series, origins = made_up(np.random.default_rng(seed))
    base = origins[-BASE:].sum(axis=0)
    to = destination_shares(base[:, :, None], np.ones(MANY))
    factors = {name: area_factors(*(one[-BASE:].sum(axis=0) for one in pair))
               for name, pair in series.items()}  # fmt: skip
    ones = np.ones(MANY)
    made = Areas(
        factors["mortality"], factors["fertility"], ones,
        (MOVING * factors["moves_out"][:, None])[:, None, None], ones[:, None] / MANY, to,
        np.zeros(100, np.intp), ones / MANY,
    )  # fmt: skip
    come = origins.sum(axis=1), np.einsum("yo,od->yd", origins.sum(axis=2), to[0])
    none = Deviations(0.0, 0.0, np.zeros(MANY), np.zeros(MANY), BASE)
    fitted = {one.name: none for one in fields(AreaFactors)}
    fitted |= {name: fit_deviations(*pair, BASE) for name, pair in series.items()}
    fitted["moves_in"] = fit_deviations(*come, BASE, drawn_to_nation=False)
    if not deviate:
        fitted = {name: replace(one, variance=0.0) for name, one in fitted.items()}
    nothing = np.zeros((1, 1, 1, 1))
    rates = Rates(MORTALITY[None, None, None], nothing, FERTILITY[None, None], nothing, 1.0)
    found = simulate_areas(
        ONE, states[PAST][:, None], rates, made, Factors(np.ones((200, 1, 4))),
        AreaModel(fitted, AHEAD + 1, seed).draw, shown=[1, 5, AHEAD],
        figures=lambda persons, happened: {"persons": persons.sum(axis=(1, 2, 3))},
    )["persons"]  # fmt: skip
    lower, upper = np.quantile(found, [0.1, 0.9], axis=0)
    came = states[[PAST + n for n in (1, 5, AHEAD)]].sum(axis=(2, 3))
    return (came >= lower - 1e-9) & (came <= upper + 1e-9)


def test_intervals_of_areas_have_what_came_as_often_as_they_say() -> None:
    drawn_too = np.array([covered(seed, deviate=True) for seed in range(4)])
    # 240 areas a year ahead: one standard error is 2.6 per cent.
    assert drawn_too.mean(axis=(0, 2)) == pytest.approx(0.8, abs=0.08)
    # With chance, and errors of factors, but as if areas did not deviate, they are too narrow.
    assert covered(0, deviate=False)[2].mean() < 0.6
