"""How long projections take: a nation by population group, many years, thousands of draws.

    python benchmarks/bench_projection.py [--draws 3000] [--years 80] [--peer-draws 32]

makes up a country by the register's population groups, both sexes and 120 ages, and times one run
of it (a page that is dragged at), and the draws with the figures that `folkestrom project` shows.
Beside it in the same run, on fewer draws, of which seconds for all are reckoned: the same method in
plain numpy (`project`), draws in chunks; and a plain prototype without groups, which multiplies
survival, fertility and net migration by sex and age.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from folkestrom.analysis.prospects.groups import structure
from folkestrom.projection.assumptions import Rates
from folkestrom.projection.indicators import median_age, old_age_dependency, share_of_ages
from folkestrom.projection.projecting import project
from folkestrom.projection.stochastic.simulation import Factors, Sums, simulate
from folkestrom.projection.structure import FEMALE, Structure

#: Draws that plain numpy has at a time.
CHUNK = 8
FLOWS = ("births", "deaths", "immigration", "emigration")


def country(cells: Structure, years: int) -> tuple[np.ndarray, Rates]:
    """A population of five million, and rates that change from year to year."""
    chance, age = np.random.default_rng(1), np.arange(cells.ages)
    here, newest = cells.resident[:, None, None], np.zeros(cells.shape)
    for n, group in enumerate(cells.groups):
        newest[n] = group.code.endswith("_0")
    persons = chance.uniform(0.5, 1, cells.shape) * np.exp(-((age / 75) ** 6))
    persons *= 5.4e6 / persons.sum()
    sexes = np.array([1.3, 1.0])[:, None]
    mortality = np.minimum(np.exp(-10 + 0.095 * age) * sexes, 1)[None, None].repeat(years, 0)
    mortality *= np.exp(-0.01 * np.arange(years))[:, None, None, None]
    young = np.exp(-(((age - 27) / 15) ** 2))
    emigration = chance.uniform(0.002, 0.1, (years, len(cells.groups), 1, 1)) * young
    fertility = np.zeros((1, len(cells.groups), cells.ages))
    fertility[..., 15:50] = 1.6 / 35
    come = newest * here * young
    come *= 50_000 / come.sum()
    return persons, Rates(
        mortality, np.broadcast_to(emigration, (years, *cells.shape)), fertility, come[None]
    )


def levels(draws: int, years: int, ages: int) -> Factors:
    """Random walks of all components, and of mortality by three patterns."""
    chance = np.random.default_rng(2)
    walks = chance.normal(0, [0.02, 0.1, 0.08, 0.1], (draws, years, 4)).cumsum(axis=1)
    index = chance.normal(0, 0.02, (draws, years, 3)).cumsum(axis=1)
    return Factors(np.exp(walks), chance.uniform(0.2, 1.5, (3, 2, ages)), index)


def figures(found: Sums) -> dict[str, np.ndarray]:
    """What `folkestrom project` shows, by draw and year."""
    cells, persons = found.structure, found.of("residents").sum(axis=-2, keepdims=True)
    flows = {name: getattr(found, name)[..., 0] for name in FLOWS}
    return flows | {
        "population": persons.sum(axis=(-1, -2)),
        "immigrants": found.of("immigrants").sum(axis=(-1, -2)),
        "old_age_dependency": old_age_dependency(persons, cells),
        "median_age": median_age(persons, cells),
        "aged_80": share_of_ages(persons, cells, 80),
    }


def plain(cells: Structure, persons: np.ndarray, rates: Rates, factors: Factors) -> np.ndarray:
    """The same by `project`, some draws at a time: residents by draw and year."""
    found = []
    for n in range(0, factors.draws, CHUNK):
        assumed = factors.applied(rates, cells, slice(n, n + CHUNK)).assumptions(cells)
        found.append(project(cells, persons, assumed).residents.sum(axis=(-1, -2)))
    return np.concatenate(found)


def prototype(persons: np.ndarray, years: int, draws: int) -> np.ndarray:
    """No groups and no accounts: survival and fertility by age, net migration."""
    chance, age = np.random.default_rng(3), np.arange(persons.shape[-1])
    survival = np.exp(-np.minimum(np.exp(-10 + 0.095 * age), 1))
    population = np.broadcast_to(persons.sum(axis=0), (draws, *persons.shape[1:])).copy()
    totals = [population.sum(axis=(1, 2))]
    for _ in range(years):
        births = population[:, FEMALE, 15:50].sum(axis=1) * chance.normal(1.6, 0.1, draws) / 35
        older = population * survival ** chance.normal(1, 0.05, (draws, 1, 1))
        population = np.zeros_like(population)
        population[..., 1:] = older[..., :-1]
        population[..., -1] += older[..., -1]
        population[:, :, 0] = births[:, None] / 2
        population[:, :, 20:40] += 200 * chance.normal(1, 0.3, (draws, 1, 1))
        totals.append(population.sum(axis=(1, 2)))
    return np.stack(totals, axis=1)


def timed(question: Callable[[], Any], times: int = 1) -> tuple[dict[str, float], Any]:
    """Seconds by the clock and of processors, the least of some times; and the answer."""
    best = {"seconds": np.inf, "processor": np.inf}
    found = None
    for _ in range(times):
        clock, processors = time.perf_counter(), time.process_time()
        found = question()
        took = {
            "seconds": time.perf_counter() - clock,
            "processor": time.process_time() - processors,
        }
        best = min(best, took, key=lambda one: one["seconds"])
    return {name: round(value, 4) for name, value in best.items()}, found


def measured(draws: int, years: int, peer_draws: int) -> dict[str, object]:
    cells = structure(0.8)
    persons, rates = country(cells, years)
    sets = {"residents": cells.resident, "immigrants": cells.part("immigrants")}

    def run(factors: Factors | None = None) -> dict[str, np.ndarray]:
        return simulate(cells, persons, rates, sets, factors, steps=years, figures=figures)

    first, _ = timed(run)
    one, _ = timed(run, 10)
    factors = levels(draws, years, cells.ages)
    many, found = timed(lambda: run(factors), 3)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    few = Factors(factors.levels[:peer_draws], factors.patterns, factors.index[:peer_draws])
    peer, beside = timed(lambda: plain(cells, persons, rates, few))
    bare, _ = timed(lambda: prototype(persons, years, draws))
    steps = draws * years * np.prod(cells.shape)
    return {
        "draws": draws, "years": years, "cells": int(np.prod(cells.shape)),
        "processors": os.cpu_count(), "first run": first, "one run": one,
        "draws with figures": many, "memory by then, MiB": memory,
        "nanoseconds of a processor by cell and step": round(1e9 * many["processor"] / steps, 2),
        "plain numpy, of its draws": peer | {"draws": peer_draws},
        "plain numpy, reckoned for all": round(peer["seconds"] * draws / peer_draws, 1),
        "prototype without groups": bare,
        "largest difference from plain numpy": float(
            np.abs(found["population"][:peer_draws] / beside - 1).max()
        ),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--draws", type=int, default=3000)
    parser.add_argument("--years", type=int, default=80)
    parser.add_argument("--peer-draws", type=int, default=32)
    given = parser.parse_args()
    print(json.dumps(measured(given.draws, given.years, given.peer_draws), indent=2))


if __name__ == "__main__":
    main()
