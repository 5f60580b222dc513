"""A projection starts from what is released, and gives back the rates that made it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from folkestrom.analysis.prospects.likely import Likely, likely_outlook
from folkestrom.analysis.prospects.measures import INDICATORS, Future
from folkestrom.app.public.prospects.futures import DRAWS, SEED, Futures
from folkestrom.app.public.prospects.released import TABLES, Start, divided, start
from folkestrom.app.public.prospects.scenario import LEVERS, scenario, wanted, written
from folkestrom.app.public.prospects.views import FIGURES
from folkestrom.disclosure.tables.policy import Policy
from folkestrom.model.specification import Language, same
from folkestrom.projection import start as office
from folkestrom.projection.counts import Counts
from folkestrom.projection.projecting import project
from folkestrom.projection.scenario import scenario_of
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.statbank.problems import Problem
from tests.app.public.prospects import small_tables
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
    future = Future(found, rates)
    for name in ("total_fertility", "life_expectancy_male", "life_expectancy_female"):
        assert np.allclose(answer.changed.series[name][:-1], INDICATORS[name].of(future)), name
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
    asked = wanted([("interval", "50,95"), ("figure", "median_age"), ("return", "0")], 2021)
    assert (asked.intervals, asked.figure) == ((50, 95), "median_age")
    assert asked.query(2021) == "return=0&interval=50,95&figure=median_age"


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
        ("interval", "80,50", "'50,80'"),
        ("interval", "90", "'50,80,95'"),
        ("figure", "growth", "old_age_dependency, population"),
        ("interal", "80", "Did you mean 'interval'?"),
    ],
)
def test_what_cannot_be_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(Problem, match=r".") as refused:
        wanted([(name, value)], 2021)
    assert said in refused.value.detail
    assert refused.value.status == 400


def test_what_cannot_be_is_refused_in_norwegian_too() -> None:
    with pytest.raises(Problem) as refused:
        wanted([("fertilty", "90")], 2021, Language.NO)
    assert refused.value.detail.startswith("'fertilty' er ingen forutsetning. Tillatt: ")
    assert refused.value.detail.endswith("Mente du «fertility»?")
    with pytest.raises(Problem) as refused:
        wanted([("fertility", "9")], 2021, Language.NO)
    assert refused.value.detail == (
        "'9' kan ikke være fertility. Tillatt: ett helt tall fra 50 til 150."
    )


def test_nothing_is_said_twice() -> None:
    with pytest.raises(Problem):
        wanted([("fertility", "90"), ("fertility", "110")], 2021)


def test_levels_of_the_years_before_are_those_of_the_tables(tmp_path: Path) -> None:
    found = start(Shelf(put(tmp_path, first=2001, swing=0.1)).tables())
    assert found is not None
    past = found.history
    assert (past.first, past.years) == (2001, 20)
    (_, figures) = small_tables.tables(1.0, 2001, 0.1)[1]
    arrived = figures.values["Innvandring"].sum(axis=(0, 1))
    assert past.levels["immigration"] == pytest.approx(arrived)
    for name, content in (("fertility", "Levendefodte"), ("emigration", "Utvandring")):
        events = figures.values[content].sum(axis=(0, 1))
        # The population is the same each year, so that levels are events by those of the base.
        level = past.levels[name]
        assert level / level[-1] == pytest.approx(events / events[-1]), name
    assert past.mortality is not None
    died = figures.values["Dode"].sum(axis=(0, 1))
    over_time = past.mortality[:, 1, -1] / past.mortality[-1, 1, -1]
    assert over_time == pytest.approx(died / died[-1], rel=0.01)


def test_what_never_changed_is_as_sure_as_the_projection(tmp_path: Path) -> None:
    found = start(Shelf(put(tmp_path, first=2001)).tables())
    assert found is not None
    asked = wanted([("interval", "95"), ("emigration_immigrants", "50")], found.year)
    answer = Futures().answer(found, asked)
    assert answer.fans is not None
    both = zip((answer.baseline, answer.changed), answer.fans, strict=True)
    for future, fan in both:
        assert set(fan.bands) == set(future.series)
        for figure, bands in fan.bands.items():
            assert bands == pytest.approx(np.tile(future.series[figure], (7, 1)), rel=2e-3), figure


def test_fans_are_those_of_the_office(tmp_path: Path) -> None:
    found = start(Shelf(put(tmp_path, first=2001, swing=0.1)).tables())
    assert found is not None
    asked = wanted([("interval", "50,80"), ("fertility", "110")], found.year)
    answer = Futures().answer(found, asked)
    assert answer.fans is not None
    none = np.zeros(found.structure.shape)
    assert found.base == (2016, 2020)
    counts = Counts(found.structure, 5, none, none, none, none, none[:, 0])
    told = likely_outlook(
        office.Start(found.structure, found.population, counts, found.rates),
        2021,
        2101,
        Likely(DRAWS, SEED, (80.0,), found.history),
        [scenario(asked.levels)],
        indicators=tuple(FIGURES),
    ).to("polars")
    for fan, name in zip(answer.fans, ("baseline", "Changed on the web site"), strict=True):
        rows = told.filter(told["scenario"] == name)
        for figure, decimals in FIGURES.items():
            ends = [rows[f"{figure}{end}"].to_numpy() for end in ("", "_lower", "_upper")]
            shown = np.round(fan.of(figure, [80]), decimals)
            assert shown == pytest.approx(np.array(ends), abs=10.0**-decimals), figure
        lower, upper = fan.of("population", [80])[1:]
        assert (upper[1:] > lower[1:]).all()


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
