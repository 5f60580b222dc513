"""What if half as many left Norway? By a naive account, and with what makes the difference."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from folkestrom.analysis.prospects.measures import Future, chosen
from folkestrom.analysis.prospects.outlook import future_of
from folkestrom.projection.assumptions import Rates
from folkestrom.projection.counts import Counts
from folkestrom.projection.projecting import project
from folkestrom.projection.scenario import Scenario, named
from folkestrom.projection.start import Start
from folkestrom.projection.structure import Structure
from tests.projection.norway.groups import (
    BASE,
    FIRST_YEAR,
    FOREIGN,
    OPEN,
    SCALED,
    Floats,
    by_duration,
    fitted,
    history,
    known,
    mortality,
    padded,
    placed,
    structure,
)
from tests.projection.norway.official import ROUNDS, scenario

LAST = 2060
STEPS = LAST - FIRST_YEAR + 1
NATIVE, ABROAD, FIRST_IMMIGRANT = 0, 1, 2
#: Of Norwegian citizens 7 257 came in 2020 by the register, 6 340 by Eurostat.
BY_REGISTER = 7_257 / 6_340
#: Net migration of 2022-2024: published for 2022, and what remains of the official growth after.
NET = {2022: 37_251.0, 2023: 23_900.0, 2024: 11_900.0}


def abroad(reference: Path) -> float:
    """Persons born in Norway who live abroad (United Nations, International Migrant Stock 2019)."""
    path = reference / "migration" / "UN_MigrantStockByOriginAndDestination_2019_clean.csv"
    with path.open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["Year"] == "2019"]
    found = [row["Norway"].replace(" ", "") for row in rows]
    return sum(float(one) for one in found if one.isdecimal())


@cache
def begun(reference: Path, stock: float = 1.0) -> Start:
    """Norway on 1 January 2022, with the rates of 2015-2019.

    `stock` is how many live abroad, of those whom the United Nations count: they return as often in
    all, so that the fewer they are, the sooner each does.
    """
    facts, cells = known(reference), structure()
    series, (parameters, shape) = facts.series, fitted(reference)
    immigrants = history(facts, parameters, shape)[0][FIRST_YEAR - SCALED]
    immigrants = immigrants * (facts.stock[FIRST_YEAR] / immigrants.sum())
    natives = np.maximum(placed(series.population[FIRST_YEAR]) - immigrants.sum(axis=0), 0)
    died = mortality(series, range(2015, 2020)).mean(axis=0)
    left = (1 - FOREIGN) * np.mean([series.emigration[year] for year in BASE])
    leave = shape * left / (shape * natives).sum()
    back = BY_REGISTER * np.mean([facts.natives[year] for year in BASE])
    elsewhere = _emigrants(natives * leave, died, shape, stock * abroad(reference))
    emigration = np.zeros(cells.shape)
    emigration[NATIVE] = leave
    emigration[ABROAD] = shape * back / (shape * elsewhere).sum()
    emigration[FIRST_IMMIGRANT:] = by_duration(parameters)[:, None, None] * shape
    come = np.mean(
        [series.immigrants(year) * facts.foreign_immigration(year) / series.immigration[year]
         for year in BASE], axis=0,
    )  # fmt: skip
    immigration = np.zeros(cells.shape)
    immigration[FIRST_IMMIGRANT] = placed(come)
    fertility = padded(np.mean([series.fertility[year] for year in BASE], axis=0))
    population = np.concatenate([[natives, elsewhere], immigrants])
    rates = Rates(
        died[None, None], emigration[None], np.broadcast_to(fertility, (1, len(cells.groups),
        OPEN + 1)), immigration[None],
    )  # fmt: skip
    none = np.zeros(cells.shape)
    counts = Counts(cells, 1, population, none, none, immigration, none[:, 0])
    return Start(cells, population, counts, rates)


def _emigrants(leaving: Floats, died: Floats, shape: Floats, wanted: float) -> Floats:
    """Those abroad by age, if as many had always left, and returned at the ages that all move."""
    cells = Structure(ages=OPEN + 1)
    low, high = 0.001, 1.0
    for _ in range(30):
        rate = (low * high) ** 0.5
        rates = Rates(died[None, None], rate * shape[None, None], np.zeros((1, 1, OPEN + 1)),
                      leaving[None, None])  # fmt: skip
        found = project(cells, np.zeros(cells.shape), rates.assumptions(cells), steps=100)
        low, high = (rate, high) if found.population[-1].sum() > wanted else (low, rate)
    stock = found.population[-1, 0]
    return np.asarray(stock * wanted / stock.sum())


def baseline() -> Scenario:
    """What the round of 2022 assumes; foreigners come so many that net migration is as in it."""
    made = ROUNDS[1]
    return replace(scenario(made, NET | made.net_migration), name="baseline of 2022")


def dependency(future: Future) -> float:
    """The old-age dependency ratio of the last year."""
    return float(chosen(["old_age_dependency"])[0].of(future)[-1])


def half(reference: Path, name: str = "half-emigration", stock: float = 1.0) -> float:
    """What half the emigration adds to the dependency ratio, with all that the model has."""
    start, base = begun(reference, stock), baseline()
    after = future_of(start, base + named(name), FIRST_YEAR, STEPS)
    return dependency(after) - dependency(future_of(start, base, FIRST_YEAR, STEPS))


def steps_to_it(reference: Path, stock: float = 1.0) -> dict[str, float]:
    """What half the emigration adds to the dependency ratio of 2060, by one account after another.

    - "kept for good": half of those who left in each year stay and never leave after; as many
      return as before.
    - "may leave later": who stays may leave later, at rates by age of all together.
    - "sooner than others": immigrants leave by years since they came, natives seldom.
    - "and fewer return": of natives who did not leave nobody returns.
    """
    start = begun(reference, stock)
    cells = start.structure
    base = future_of(start, baseline(), FIRST_YEAR, STEPS)
    found, rates, here = base.found, base.rates, cells.resident
    all_of_them = Structure(ages=cells.ages)
    persons = found.population[0, here].sum(axis=0)[None]
    came = found.immigration[:, here].sum(axis=1, keepdims=True)
    left = found.emigration[:, here].sum(axis=1, keepdims=True)
    none = np.zeros((1, 1, 1, 1))

    def effect(one: Structure, population: Floats, before: Rates, after: Rates) -> float:
        ends = [
            dependency(Future(project(one, population, made.assumptions(one), steps=STEPS), made))
            for made in (before, after)
        ]
        return ends[1] - ends[0]

    mean_mortality, mean_fertility = rates.mortality[:, :1], rates.fertility[:, :1]
    net = Rates(mean_mortality, none, mean_fertility, came - left)
    stay = replace(net, immigration=came - left / 2)
    one_rate = base.mean("emigration")[:, None]
    by_age = Rates(mean_mortality, one_rate, mean_fertility, came)
    fixed = np.array(rates.immigration)
    fixed[:, NATIVE] += found.immigration[:, NATIVE]
    nobody_back = np.where(here[:, None, None], rates.emigration, 0.0)
    by_group = replace(rates, emigration=nobody_back, immigration=fixed)
    return {
        "kept for good": effect(all_of_them, persons, net, stay),
        "may leave later": effect(
            all_of_them, persons, by_age, replace(by_age, emigration=one_rate / 2)
        ),
        "sooner than others": effect(
            cells, start.population, by_group, replace(by_group, emigration=nobody_back / 2)
        ),
        "and fewer return": half(reference, stock=stock),
    }
