"""How long a projection of areas takes, and lives of all persons of a country.

    python benchmarks/bench_areas_and_lives.py [--areas 356] [--draws 20] [--persons 5.5e6]
        [--store FOLDER]

makes up rates and persons. Areas: municipalities by sex, single year of age and eight groups (six
in the country), 30 years, with moves from each to each and scaled to the nation; beside it the same
in plain NumPy without a product of matrices, one area after the other, whose figures are compared.
Draws of the same areas, each with its nation and deviations of its own; beside it one by `project`.
Lives: persons of 48 groups, 40 years, beside the same draws a year by NumPy's own random numbers.
With a store, also lives of its individuals, counting and reading included.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import replace
from typing import Any

import numpy as np

from folkestrom.analysis.microsimulation.lives import Lives
from folkestrom.analysis.prospects.groups import structure
from folkestrom.projection.areas import Areas, age_classes, destination_shares
from folkestrom.projection.assumptions import Rates
from folkestrom.projection.projecting import project
from folkestrom.projection.stochastic.by_area import AreaFactors, simulate_areas
from folkestrom.projection.stochastic.simulation import Factors
from folkestrom.projection.structure import MALE, Structure

#: What the issue of these asks for, in seconds on two cores.
LIMITS = {"areas": 2.0, "lives": 60.0}
AREA_YEARS, LIFE_YEARS = 30, 40
CHANCE = np.random.default_rng(1)


def rates_of(cells: Structure) -> Rates:
    """About those of Norway."""
    ages = np.arange(cells.ages)
    mortality = np.minimum(1.5e-5 * np.exp(0.1 * ages), 1.0)
    fertility = np.where((ages > 18) & (ages < 42), 0.06, 0) * cells.resident[:, None]
    come = np.zeros(cells.shape)
    first = [n for n, one in enumerate(cells.groups) if one.code.endswith("_0")]
    come[first, :, 20:40] = 50_000 / (len(first) * 2 * 20)
    leaving = CHANCE.uniform(0, 0.02, cells.shape)
    return Rates(
        np.broadcast_to(mortality, (1, 1, 2, cells.ages)), leaving[None], fertility[None],
        come[None],
    )  # fmt: skip


def areas_of(cells: Structure, many: int) -> Areas:
    factors = [CHANCE.uniform(0.8, 1.2, many) for _ in range(3)]
    moving = CHANCE.uniform(0, 0.1, (many, *cells.shape))
    shares = CHANCE.uniform(0.5, 1, (many, len(cells.groups)))
    moves = CHANCE.poisson(3, (many, many, 5)).astype(float)
    return Areas(
        *factors, moving, shares / shares.sum(axis=0), destination_shares(moves, np.ones(many)),
        age_classes(cells), np.full(many, 1 / many),
    )  # fmt: skip


def area_by_area(
    cells: Structure, areas: Areas, begun: np.ndarray, rates: Rates, steps: int
) -> np.ndarray:
    """The same without scaling: each area projected by itself, then its movers handed out."""
    assumed = areas.assumptions(cells, rates)
    assert assumed.moves is not None
    classes = assumed.moves.classes
    alone = [
        Rates(
            rates.mortality * np.where(cells.resident, areas.mortality[n], 1)[:, None, None],
            rates.emigration * np.where(cells.resident, areas.emigration[n], 1)[:, None, None],
            rates.fertility * areas.fertility[n],
            rates.immigration * areas.immigration[n][:, None, None], rates.males_per_female,
        ).assumptions(cells)
        for n in range(len(begun))
    ]  # fmt: skip
    persons = begun
    abroad = ~cells.resident
    for _ in range(steps):
        later = np.empty_like(persons)
        come = np.zeros_like(persons)
        came_abroad = np.zeros(persons.shape[1:])
        for n, one in enumerate(alone):
            found = project(cells, persons[n], one, steps=1)
            half = one.immigration[0] / 2
            back = np.zeros_like(half)
            for group, to in enumerate(cells.places("leaves_to")):
                if to >= 0:
                    back[to] += found.emigration[0, group]
            came_abroad[abroad] += back[abroad]
            stayed = found.population[1] - half - back
            gone = stayed * assumed.moves.out[n, 0]
            for to in range(len(begun)):
                come[to] += gone * areas.destinations[classes, n, to]
            later[n] = found.population[1] - gone
            later[n, abroad] -= back[abroad]
        persons = later + come
        persons[:, abroad] += areas.returns[:, None, None, None] * came_abroad[abroad]
    return persons


def timed(do: Any) -> tuple[float, float, Any]:
    """Seconds by the clock and of processors, and the result."""
    clock, processors = time.perf_counter(), time.process_time()
    result = do()
    return (
        round(time.perf_counter() - clock, 2), round(time.process_time() - processors, 2), result,
    )  # fmt: skip


def areas_benchmark(many: int) -> dict[str, Any]:
    cells = structure(0.8, durations=0)
    rates, areas = rates_of(cells), areas_of(cells, many)
    begun = CHANCE.uniform(0, 5.5e6 / many / np.prod(cells.shape) * 2, (many, *cells.shape))

    def all_of_them() -> None:
        whole = begun.sum(axis=0)
        nation = project(cells, whole, rates.assumptions(cells), steps=AREA_YEARS)
        for _ in areas.projected(cells, begun, rates, AREA_YEARS, nation):
            pass

    runs = [timed(all_of_them) for _ in range(3)]
    seconds, processors, _ = min(runs, key=lambda one: one[0])
    ((mine, *_),) = areas.projected(cells, begun, rates, 1)
    peer, _, theirs = timed(lambda: area_by_area(cells, areas, begun, rates, 1))
    return {
        "cells": int(begun.size), "years": AREA_YEARS, "seconds": seconds,
        "processor": processors, "limit": LIMITS["areas"],
        "plain numpy, one year": peer, "plain numpy, as many years": round(peer * AREA_YEARS, 1),
        "largest difference, persons": float(np.abs(mine - theirs).max()),
    }  # fmt: skip


def draws_benchmark(many: int, draws: int) -> dict[str, Any]:
    cells = structure(0.8, durations=0)
    rates, areas = rates_of(cells), areas_of(cells, many)
    begun = CHANCE.uniform(0, 5.5e6 / many / np.prod(cells.shape) * 2, (many, *cells.shape))
    factors = Factors(np.exp(CHANCE.normal(0, 0.1, (draws, AREA_YEARS, 4))))

    def deviations(draw: int) -> AreaFactors:
        shape = (6, AREA_YEARS, many)
        return AreaFactors(*np.exp(np.random.default_rng(draw).normal(0, 0.1, shape)))

    def simulated(drawn: Factors) -> dict[str, np.ndarray]:
        return simulate_areas(
            cells, begun, rates, areas, drawn, deviations, shown=[AREA_YEARS - 1],
            figures=lambda persons, happened: {"persons": persons.sum(axis=(1, 2, 3)), **happened},
        )  # fmt: skip

    def plain() -> None:
        own = factors.applied(rates, cells, slice(0, 1))
        own = replace(own, **{name: getattr(own, name)[0] for name in
                              ("mortality", "fertility", "emigration", "immigration")})  # fmt: skip
        nation = project(cells, begun.sum(axis=0), own.assumptions(cells), steps=AREA_YEARS)
        for _ in areas.projected(cells, begun, own, AREA_YEARS, nation):
            pass

    compiled, *_ = timed(lambda: simulated(Factors(np.ones((1, 1, 4)))))
    seconds, processors, _ = timed(lambda: simulated(factors))
    peer, peer_processors, _ = timed(plain)
    return {
        "areas": many, "years": AREA_YEARS, "draws": draws, "seconds": seconds,
        "processor": processors, "processor, a draw": round(processors / draws, 2),
        "to compile or load, and one draw": compiled,
        "a draw by `project`": peer, "a draw by `project`, processor": peer_processors,
    }  # fmt: skip


def lives_benchmark(many: int) -> dict[str, Any]:
    cells = structure(0.8)
    assumed = rates_of(cells).assumptions(cells)
    persons = {
        "group": np.where(CHANCE.random(many) < 0.8, 0, CHANCE.integers(0, 46, many)),
        "sex": CHANCE.integers(0, 2, many), "age": CHANCE.integers(0, 90, many),
    }  # fmt: skip
    compiled, *_ = timed(lambda: Lives(cells, _few(persons), 1, 2021).live(assumed, 0))
    lives = Lives(cells, persons, 1, 2021)

    def plain() -> None:
        """One year: fates and births of all persons, by whole columns."""
        p = persons
        stay = assumed.stay[0][p["group"], p["sex"], p["age"] + 1]
        leave = assumed.leave[0][p["group"], p["sex"], p["age"] + 1]
        fate = CHANCE.random(many)
        p["status"] = np.where(fate < stay, 0, np.where(fate < stay + leave, 1, 2))
        chance = assumed.fertility[0][p["group"], p["age"]] * (p["sex"] != MALE)
        p["birth"] = CHANCE.random(many) < chance
        p["next"] = np.where(p["status"] == 0, cells.places("next")[p["group"]], -1)

    peer, *_ = timed(plain)
    seconds, processors, _ = timed(
        lambda: [lives.live(assumed, step) for step in range(LIFE_YEARS)] and None
    )
    return {
        "persons": many, "in all": len(lives.persons.group), "years": LIFE_YEARS,
        "seconds": seconds, "processor": processors, "limit": LIMITS["lives"],
        "to compile or load": compiled, "plain numpy, one year": peer,
        "plain numpy, as many years": round(peer * LIFE_YEARS, 1),
    }  # fmt: skip


def _few(persons: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: column[:1000] for name, column in persons.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--areas", type=int, default=356)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--persons", type=float, default=5.5e6)
    parser.add_argument("--store", default="")
    given = parser.parse_args()
    print(json.dumps({"processors": os.cpu_count(), "load": os.getloadavg()[0]}))
    print(json.dumps({"areas": areas_benchmark(given.areas)}), flush=True)
    print(json.dumps({"draws": draws_benchmark(given.areas, given.draws)}), flush=True)
    print(json.dumps({"lives": lives_benchmark(int(given.persons))}), flush=True)
    if given.store:
        import folkestrom

        store = folkestrom.open(given.store)
        last = 2020 + LIFE_YEARS
        asked: dict[str, dict[str, Any]] = {
            "store": {"by": "status"}, "households": {"households": True, "every": 10},
        }  # fmt: skip
        for name, each in asked.items():
            seconds, processors, found = timed(lambda each=each: store.simulate(2021, last, **each))
            print(json.dumps({name: {"seconds": seconds, "processor": processors,
                                     "persons": sum(found["persons"].to_pylist())}}))  # fmt: skip


if __name__ == "__main__":
    main()
