"""Lives by the assumptions of a projection: its mean, and what each person's life adds up to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from folkestrom.analysis.microsimulation.kernel import DEAD, LEFT
from folkestrom.analysis.microsimulation.lives import Lives
from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Assumptions, Floats, Rates
from folkestrom.projection.projecting import Projection, project
from folkestrom.projection.structure import Structure
from tests.projection.test_areas import AREAS, areas
from tests.projection.test_properties import CELLS, drawn

STEPS, SEEDS = 4, 60


def assumptions(seed: int) -> tuple[Floats, Rates]:
    persons, rates = drawn(seed)
    return np.floor(persons / 20), replace(rates, immigration=rates.immigration / 10)


def individuals(counts: Floats) -> dict[str, np.ndarray]:
    """A person for each that is counted: (areas, groups, 2, ages)."""
    cells = np.repeat(np.arange(counts.size), counts.ravel().astype(int))
    area, group, sex, age = np.unravel_index(cells, counts.shape)
    return {"area": area, "group": group, "sex": sex, "age": age}


def simulated(counts: Floats, assumed: Assumptions, seed: int, threads: int = 2) -> Lives:
    lives = Lives(CELLS, individuals(counts), seed, 2021, threads)
    for step in range(STEPS):
        lives.live(assumed, step)
    return lives


def agree(runs: Floats, expected: Floats) -> None:
    """Means of runs are those that are expected, within their error: each, and all together."""
    known = runs.std(axis=0) > 0
    error = runs.std(axis=0, ddof=1)[known] / np.sqrt(len(runs))
    z = (runs.mean(axis=0) - expected)[known] / error
    assert np.abs(z).max() < 5
    # Sums over cells, of which a bias would be the same in all: no more than chance.
    sums = runs.reshape(len(runs), -1).sum(axis=1)
    z = (sums.mean() - expected.sum()) / (sums.std(ddof=1) / np.sqrt(len(runs)))
    assert abs(z) < 3.5
    assert runs[:, ~known] == pytest.approx(np.broadcast_to(expected, runs.shape)[:, ~known])


def by_group_and_age(counts: Floats) -> Floats:
    """Cells of many enough for their mean to be nearly normal."""
    return np.asarray(counts.reshape(*counts.shape[:-1], 3, 4).sum(axis=-1))


@pytest.mark.parametrize("seed", [1, 2])
def test_their_mean_is_the_projection(seed: int) -> None:
    counts, rates = assumptions(seed)
    assumed = rates.assumptions(CELLS)
    found: Projection = project(CELLS, counts, assumed, steps=STEPS)
    lives = [simulated(counts[None], assumed, n) for n in range(SEEDS)]
    runs = np.stack([one.counted()[0] for one in lives])
    agree(by_group_and_age(runs), by_group_and_age(found.population[STEPS]))
    # And what happened: deaths, children, those who left, and those who came back.
    here = CELLS.resident
    births = [(one.persons.mother >= 0).sum() for one in lives]
    deaths = [(one.persons.group == DEAD).sum() for one in lives]
    left = [one.persons.emigrations.sum() for one in lives]
    back = [one.persons.returns.sum() for one in lives]
    expected = (found.births, found.deaths, found.emigration[:, here], found.emigration[:, ~here])
    for runs, whole in zip((births, deaths, left, back), expected, strict=True):
        z = (np.mean(runs) - whole.sum()) / (np.std(runs, ddof=1) / np.sqrt(SEEDS))
        assert abs(z) < 4


def test_their_mean_is_the_projection_of_areas() -> None:
    counts, rates = assumptions(3)
    parts = np.floor(counts * np.arange(1, AREAS + 1)[:, None, None, None] / 4)
    assumed = areas(3, alike=False).assumptions(CELLS, rates)
    found = project(CELLS, parts, assumed, steps=STEPS)
    lives = [simulated(parts, assumed, n) for n in range(SEEDS)]
    runs = np.stack([one.counted(AREAS) for one in lives])
    agree(by_group_and_age(runs), by_group_and_age(found.population[:, STEPS]))
    moved = [one.persons.moves.sum() for one in lives]
    assert found.moves_out is not None
    z = (np.mean(moved) - found.moves_out.sum()) / (np.std(moved) / np.sqrt(SEEDS))
    assert abs(z) < 4


def test_children_of_women_who_come() -> None:
    """Half of them are there from the beginning of the year, and half from its end."""
    none = np.zeros((1, 1, 1, 1))
    come = np.full((1, *CELLS.shape), 400.0)
    come[:, ~CELLS.resident] = 0
    rates = Rates(none, none, np.full((1, 1, CELLS.ages), 0.3), come)
    assumed = rates.assumptions(CELLS)
    expected = project(CELLS, np.zeros(CELLS.shape), assumed, steps=1).births.sum()
    nobody = individuals(np.zeros((1, *CELLS.shape)))
    births = []
    for seed in range(20):
        lives = Lives(CELLS, nobody, seed, 2021)
        lives.live(assumed, 0)
        births.append((lives.persons.mother >= 0).sum())
    z = (np.mean(births) - expected) / (np.std(births, ddof=1) / np.sqrt(20))
    assert abs(z) < 4


def test_deaths_of_a_year_are_binomial() -> None:
    """The spread too: a cell's survivors of many seeds, by a chi-square test."""
    cells, none = Structure(ages=3), np.zeros((1, 1, 1, 1))
    assumed = Rates(none + 0.3, none, none[0], none).assumptions(cells)
    stay, persons, seeds = np.exp(-0.3), 40, 500
    here = {name: np.zeros(persons, int) for name in ("group", "sex", "age")}
    alive = []
    for seed in range(seeds):
        lives = Lives(cells, here, seed, 2000, 1)
        lives.live(assumed, 0)
        alive.append(lives.counted().sum())
    statistic = ((np.array(alive) - persons * stay) ** 2).sum() / (persons * stay * (1 - stay))
    assert chi2.ppf(0.0005, seeds) < statistic < chi2.ppf(0.9995, seeds)


def test_the_same_seed_is_the_same_lives_with_any_number_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts, rates = assumptions(4)
    assumed = rates.assumptions(CELLS)
    one = simulated(counts[None], assumed, 5, threads=1).persons
    monkeypatch.setattr("folkestrom.analysis.microsimulation.lives._PART", 37)
    many = simulated(counts[None], assumed, 5, threads=4).persons
    other = simulated(counts[None], assumed, 6).persons
    for a, b in zip(one, many, strict=True):
        assert (a == b).all()
    assert len(other.group) != len(one.group) or (other.group != one.group).any()


def test_lives_add_up() -> None:
    counts, rates = assumptions(7)
    lives = simulated(counts[None], rates.assumptions(CELLS), 8)
    p = lives.persons
    children = p.mother >= 0
    assert (p.sex[p.mother[children]] == 1).all()
    assert (p.born[children] >= 2021).all()
    assert (p.born[p.mother[children]] <= p.born[children]).all()
    assert p.half_years.max() == 2 * STEPS
    assert (p.returns <= p.emigrations + (p.first_group == 3)).all()
    assert (p.group[p.group < 0] >= LEFT).all()
    assert (p.half_years[p.emigrations > 0] < 2 * STEPS).all()


def test_what_no_lives_can_be_simulated_by() -> None:
    counts, rates = assumptions(9)
    lives = Lives(CELLS, individuals(counts[None]), 1, 2021)
    with pytest.raises(UsageError, match="immigration: is net of those who leave"):
        lives.live(replace(rates, immigration=-rates.immigration).assumptions(CELLS), 0)
    draws = replace(rates, mortality=np.stack([rates.mortality] * 2)).assumptions(CELLS)
    with pytest.raises(UsageError, match="is not what lives can be simulated by"):
        lives.live(draws, 0)
