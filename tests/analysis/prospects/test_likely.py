"""Draws of a store's projection: medians, intervals, differences, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pytest

from folkestrom.analysis.prospects.counted import start
from folkestrom.analysis.prospects.likely import Likely
from folkestrom.analysis.prospects.measures import INDICATORS, USUAL
from folkestrom.analysis.prospects.past import history
from folkestrom.analysis.prospects.projected import projected
from folkestrom.errors import UsageError
from folkestrom.model.codes import Kind
from folkestrom.model.specification import Text
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.scenario import Change, Scenario
from folkestrom.projection.stochastic.limits import Limit, Limits
from folkestrom.projection.stochastic.simulation import simulate
from folkestrom.statistics.coverage import coverage
from tests.analysis.prospects.test_counted import DAY, KNOWN, people
from tests.statistics.small_store import store_of

HALF = Scenario("half", (Change("emigration", "multiply", 0.5),))
STILL = Limits(tuple(
    Limit(name, 2025, 1.0, 1.0, 1.0)
    for name in ("mortality", "fertility", "immigration", "emigration")
))  # fmt: skip
WIDE = Limits(tuple(Limit(name, 2025, 0.5, 1.0, 2.0) for name in STILL.components))


@pytest.fixture(scope="module")
def store() -> duckdb.DuckDBPyConnection:
    return store_of(people())


def test_draws_without_spread_are_the_projection(store: duckdb.DuckDBPyConnection) -> None:
    plain = projected(store, 2021, 2041, scenarios=[HALF], every=5).data
    drawn = projected(
        store, 2021, 2041, scenarios=[HALF], every=5, likely=Likely(4, limits=STILL)
    ).data
    for measure in (INDICATORS[name].measure for name in USUAL):
        for end in ("", "_lower", "_upper"):
            assert drawn[f"{measure.id}{end}"].to_pylist() == plain[measure.id].to_pylist()


def test_intervals_open_and_differences_are_of_the_same_draws(
    store: duckdb.DuckDBPyConnection,
) -> None:
    asked = Likely(200, limits=WIDE)
    levels = projected(store, 2021, 2051, scenarios=[HALF], every=10, likely=asked)
    ids = [measure.id for measure in levels.specification.measures]
    assert ids[:3] == ["population", "population_lower", "population_upper"]
    said = [note for note in levels.specification.footnotes if "2025" in note.en]
    assert len(said) == 4
    assert said[1].en == "Fertility in 2025: low, medium and high are 0.5, 1 and 2 times what was."
    assert (
        said[1].no == "Fruktbarhet i 2025: lav, middels og høy er 0,5, 1 og 2 ganger det som var."
    )
    width = np.subtract(*(levels.data[f"population_{end}"].to_numpy()
                          for end in ("upper", "lower")))  # fmt: skip
    assert width[0] == 0
    assert (width[1:4] > 0).all()
    change = projected(
        store, 2021, 2051, scenarios=[HALF], every=10, likely=replace(asked, difference=True)
    )
    assert change.data["scenario"].to_pylist() == ["half"] * 4
    assert [c.code for c in change.specification.dimensions[0].categories] == ["half"]
    narrow = change.data["population_upper"][3].as_py() - change.data["population_lower"][3].as_py()
    assert narrow < width[3] / 2
    assert change.data["population_lower"][3].as_py() > 0
    again = projected(store, 2021, 2051, scenarios=[HALF], every=10, likely=asked).data
    assert again.equals(levels.data)
    other = projected(
        store, 2021, 2051, scenarios=[HALF], every=10, likely=replace(asked, seed=2)
    ).data
    assert not other.equals(levels.data)


def test_levels_of_the_register_are_events_by_those_expected(
    store: duckdb.DuckDBPyConnection,
) -> None:
    begun = start(store, DAY, KNOWN, 5)
    found = history(store, begun.structure, begun.rates, coverage(store).first, DAY, KNOWN)
    assert (found.first, found.years) == (2000, 21)
    counted = [
        sum(one.kind == Kind.IMMIGRATION and one.event_date.year == year for one in people())
        for year in range(2000, 2021)
    ]
    assert found.levels["immigration"].tolist() == [max(n, 0.5) for n in counted]
    emigrants = sum(one.kind == Kind.EMIGRATION for one in people())
    assert found.levels["emigration"][-5:].mean() == pytest.approx(1, abs=0.35)
    assert emigrants == 40
    assert found.mortality is not None
    # Nobody died before 2016: no age group has five deaths in every year.
    assert found.mortality.shape == (21, 2, 1)


def test_series_of_the_register_are_drawn_from(store: duckdb.DuckDBPyConnection) -> None:
    found = projected(store, 2021, 2026, likely=Likely(20))
    assert [row["year"] for row in found.data.to_pylist()][-1] == "2026"
    assert "Medians of 20 draws (seed 1)" in found.specification.footnotes[0].en
    with pytest.raises(UsageError, match=r"(?s)a series too short for the model.*--series"):
        projected(store, 2010, 2020, likely=Likely(20))


def test_several_intervals_lie_within_each_other(store: duckdb.DuckDBPyConnection) -> None:
    one, asked = Likely(100, limits=WIDE), (50.0, 80.0, 97.5)
    several = projected(store, 2021, 2041, every=20, likely=replace(one, intervals=asked))
    spec, found = several.specification, several.data.to_pylist()[-1]
    assert [m.id for m in spec.measures[:7]] == [
        "population", "population_lower_50", "population_upper_50", "population_lower_80",
        "population_upper_80", "population_lower_97_5", "population_upper_97_5",
    ]  # fmt: skip
    assert spec.measures[6].label == Text(
        "Population 1 January, upper 97.5 %", "Folkemengde 1. januar, øvre 97,5 %"
    )
    assert "intervals that 50, 80 and 97.5 per cent of them" in spec.footnotes[0].en
    assert "intervallene som 50, 80 og 97,5 prosent av dem" in spec.footnotes[0].no
    for level, name in zip(asked, ("50", "80", "97_5"), strict=True):
        alone = projected(store, 2021, 2041, every=20, likely=replace(one, intervals=(level,)))
        for measure in USUAL:
            for end in ("lower", "upper"):
                of_it = alone.data.to_pylist()[-1][f"{measure}_{end}"]
                assert found[f"{measure}_{end}_{name}"] == of_it


def test_draws_that_explode_are_said_with_their_share(
    store: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, times = Likely(100, limits=WIDE), [1.0]

    def wild(*given: Any, **named: Any) -> dict[str, Floats]:
        found = simulate(*given, **named)
        found["most"][:25] *= times[0]
        return found

    monkeypatch.setattr("folkestrom.projection.stochastic.figures.simulate", wild)
    for grown, said in ((5.0, []), (50.0, ["baseline: in 25.0 per cent of the draws"])):
        times[0] = grown
        notes = projected(store, 2021, 2023, likely=asked).specification.footnotes
        found = [note.en for note in notes if "times what it was" in note.en]
        assert [text[:39] for text in found] == said
    times[0] = 1e15
    with pytest.raises(UsageError, match=r"(?s)scenario baseline.*25.0% of the draws.*more pers"):
        projected(store, 2021, 2023, likely=asked)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Likely(1), "is no number of draws"),
        (Likely(10, intervals=(50, 100)), "is no interval"),
        (Likely(10, intervals=()), "is no interval"),
        (Likely(10, seed=-1), "is no seed"),
        (Likely(10, difference=True), "there is none"),
    ],
)
def test_what_cannot_be_drawn(store: duckdb.DuckDBPyConnection, asked: Likely, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        projected(store, 2021, 2022, likely=asked)


def test_levels_and_draws_together_are_told(store: duckdb.DuckDBPyConnection) -> None:
    given = Scenario("low", (Change("fertility", "set", 0.05),))
    said = projected(
        store, 2021, 2022, scenarios=[given, HALF], likely=Likely(4, limits=STILL)
    ).specification.footnotes
    told = [one.en for one in said if "levels of rates before draws" in one.en]
    assert [one.split()[0] for one in told] == ["low"]
