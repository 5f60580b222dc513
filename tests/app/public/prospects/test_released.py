"""A projection starts from what is released, and gives back the rates that made it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from folkestrom.app.public.prospects.futures import Futures
from folkestrom.app.public.prospects.released import TABLES, Start, divided, start
from folkestrom.app.public.prospects.scenario import LEVERS, scenario, wanted, written
from folkestrom.disclosure.tables.policy import Policy
from folkestrom.model.specification import same
from folkestrom.projection.projecting import project
from folkestrom.projection.scenario import scenario_of
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.statbank.problems import Problem
from tests.app.public.prospects.small_tables import (
    BACK,
    BEARING,
    BY_AGE,
    DYING,
    LEAVING,
    OUT,
    SHARES,
    persons,
    put,
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(put(tmp_path_factory.mktemp("country")))


@pytest.fixture(scope="module")
def begun(shelf: Shelf) -> Start:
    found = start(shelf.tables())
    assert found is not None
    return found


def test_population_and_rates_are_those_of_the_country(begun: Start) -> None:
    assert (begun.year, begun.base) == (2021, (2017, 2020))
    here = begun.population[begun.structure.resident]
    assert np.allclose(here[..., :106], persons() * SHARES[:, None, None])
    assert not here[..., 106:].any()
    rates = begun.rates
    assert np.allclose(rates.mortality[0, 0, :, :80], DYING[:, :80])
    leaving = rates.emigration[0, begun.structure.resident][..., :100]
    assert np.allclose(leaving, (LEAVING[:, None, None] * BY_AGE)[..., :100])
    assert np.allclose(rates.emigration[0, ~begun.structure.resident][..., :100], BACK)
    for group, bearing in ((0, BEARING[0]), (5, BEARING[1])):
        assert np.allclose(rates.fertility[0, group, 15:50], bearing[15:50])
    assert rates.immigration.sum() == pytest.approx(2 * 2 * 4 * 20)
    assert begun.structure.groups[2].children[0] == ("norwegian_born", pytest.approx(0.8))


def test_no_noise_makes_a_count_negative_or_another_in_all() -> None:
    numbers = np.random.default_rng(1)
    exact = persons()
    true = np.round(np.add.reduceat(exact, np.arange(0, 105, 5), axis=1) * SHARES[:, None, None])
    table = Policy("cell keys", same("A trial.")).perturbations
    keys = numbers.integers(0, 2**32, true.shape, np.uint32)
    shown = (true + table.changes(true.astype(np.int32), keys)).astype(float)
    # What is hidden, at all ages of a sex too.
    shown[:, 0, 18:], shown[:, 1] = 0, 0
    found = divided(exact, shown, true.sum(axis=(1, 2)))
    assert (found >= 0).all()
    assert np.allclose(found.sum(axis=0), exact)
    assert np.allclose(found.sum(axis=(1, 2)), true.sum(axis=(1, 2)), rtol=0.02)


def test_it_is_the_projection_of_the_office(begun: Start) -> None:
    asked = wanted([("emigration_born_here", "50"), ("mortality", "80")], begun.year)
    answer = Futures().answer(begun, asked)
    rates = scenario(asked.levels).applied(begun.rates, begun.structure, begun.year, 80)
    found = project(begun.structure, begun.population, rates.assumptions(begun.structure), steps=80)
    assert np.allclose(answer.changed.series["population"], found.residents.sum(axis=(1, 2)))
    assert np.allclose(answer.changed.pyramids.sum(axis=2), found.residents.sum(axis=2))
    assert answer.changed.life_expectancy[0] > answer.baseline.life_expectancy[0] + 1
    alone = sum(answer.effect("population", one.id) for one in asked.changed)
    assert alone == pytest.approx(answer.effect("population"), rel=0.1)
    assert [one.id for one in asked.changed] == ["emigration_born_here", "mortality"]


def test_a_scenario_file_is_read_as_what_the_page_shows() -> None:
    for levels in ((50, 100, 100, 100, 100, 100), (0, 200, 10, 95, 110, 55)):
        read = scenario_of(tomllib.loads(written(levels)))
        assert read == scenario(levels)
    assert scenario((100,) * len(LEVERS)).changes == ()


def test_a_link_restores_what_was_asked() -> None:
    asked = wanted([("return", "0"), ("year", "2030")], 2021)
    assert wanted([tuple(one.split("=")) for one in asked.query(2021).split("&")], 2021) == asked  # type: ignore[misc]
    assert wanted([], 2021).query(2021) == ""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("fertlity", "90", "Did you mean 'fertility'?"),
        ("fertility", "49", "from 50 to 150"),
        ("fertility", "-1", "from 50 to 150"),
        ("fertility", "1e2", "one whole number"),
        ("fertility", "\N{ARABIC-INDIC DIGIT NINE}0", "one whole number"),
        ("year", "2020", "from 2021 to 2101"),
        ("year", "", "from 2021 to 2101"),
    ],
)
def test_what_cannot_be_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(Problem, match=r".") as refused:
        wanted([(name, value)], 2021)
    assert said in refused.value.detail
    assert refused.value.status == 400


def test_nothing_is_said_twice() -> None:
    with pytest.raises(Problem):
        wanted([("fertility", "90"), ("fertility", "110")], 2021)


@pytest.mark.parametrize("id", TABLES)
def test_without_one_of_its_tables_there_is_none(shelf: Shelf, id: str) -> None:
    assert start({k: v for k, v in shelf.tables().items() if k != id}) is None


def test_another_release_is_another_start(tmp_path: Path) -> None:
    folder = put(tmp_path)
    shelf, futures = Shelf(folder), Futures()
    first = futures.start(shelf.tables())
    assert first is not None
    assert futures.start(shelf.tables()) is first
    put(tmp_path, 2.0, OUT.replace(day=20))
    second = futures.start(shelf.tables())
    assert second is not None
    assert second.population.sum() > 1.9 * first.population.sum()
    asked = wanted([], 2021)
    total = futures.answer(second, asked).baseline.series["population"][0]
    assert total == pytest.approx(persons(2.0).sum())
