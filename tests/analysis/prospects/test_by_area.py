"""Areas of a projection: what was counted in each, and that they are the nation."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pytest

from folkestrom.analysis.prospects.by_area import area_start
from folkestrom.analysis.prospects.counted import start
from folkestrom.analysis.prospects.projected import projected
from folkestrom.errors import UsageError
from folkestrom.model.codes import Kind
from folkestrom.projection.areas import AreaCounts
from folkestrom.statistics.population import population
from tests.reference.register import Report
from tests.statistics.small_store import store_of
from tests.statistics.test_coverage import report

DAY, KNOWN = date(2021, 1, 1), date(2021, 2, 1)
PLACES = (301, 1101, 1103)


def at(one: Report, place: int) -> Report:
    return replace(one, municipality=place, basic_unit=place * 10_000)


def people() -> list[Report]:
    """300 persons in three municipalities; of every five one moves on, one leaves, one dies."""
    made, ends = [], []
    day = date(2016, 2, 1)
    for n in range(1, 301):
        born = date(1945 + n % 60, 5, 17)
        first = report(n, Kind.FIRST_REGISTRATION, date(1999, 12, 31), date(2000, 1, 1))
        made.append(at(replace(first, birth_date=born), PLACES[n % 3]))
        kind = {1: Kind.MOVE, 2: Kind.EMIGRATION, 3: Kind.DEATH}.get(n % 5)
        day += timedelta(days=5)
        if kind is not None:
            event = replace(report(n, kind, day, day), birth_date=born)
            ends.append(at(event, PLACES[(n + 1 + n % 2) % 3]))
    made += ends
    made.append(report(999, Kind.BIRTH, date(2021, 1, 30), KNOWN))
    return [replace(one, position=n, key_hash=n) for n, one in enumerate(made, start=1)]


@pytest.fixture(scope="module")
def store() -> duckdb.DuckDBPyConnection:
    return store_of(people())


def test_areas_hold_who_lives_there_and_together_who_is_abroad(
    store: duckdb.DuckDBPyConnection,
) -> None:
    begun = start(store, DAY, KNOWN, 4)
    found = area_start(store, DAY, KNOWN, begun, "municipality")
    assert found.codes == ("0301", "1101", "1103")
    assert found.population.sum(axis=0) == pytest.approx(begun.population)
    here = found.population[:, begun.structure.resident].sum(axis=(1, 2, 3))
    counted = population(store, DAY, ["municipality"]).data["persons"].to_pylist()
    assert here.tolist() == counted
    coarser = area_start(store, DAY, KNOWN, begun, "county")
    assert coarser.codes == ("03", "11")
    assert coarser.population[1].sum() > found.population[1].sum()


def test_moves_are_counted_by_where_from_and_where_to(
    store: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def kept(*parts: Any) -> AreaCounts:
        seen["counts"] = AreaCounts(*parts)
        return seen["counts"]

    monkeypatch.setattr("folkestrom.analysis.prospects.by_area.AreaCounts", kept)
    area_start(store, DAY, KNOWN, start(store, DAY, KNOWN, 4), "municipality")
    lived = {one.person: one.municipality for one in people() if one.kind <= Kind.BIRTH}
    expected = Counter(
        (PLACES.index(lived[one.person] or 0), PLACES.index(one.municipality or 0))
        for one in people()
        if one.kind == Kind.MOVE and one.event_date and one.event_date.year in range(2017, 2021)
    )
    origins = seen["counts"].origins.sum(axis=2)
    found = {(a, b): origins[a, b] for a, b in np.argwhere(origins).tolist()}
    assert found == {pair: many for pair, many in expected.items() if pair[0] != pair[1]}
    assert seen["counts"].moving.sum() == origins.sum() > 20
    dead = [one for one in people() if one.kind == Kind.DEATH]
    deaths = sum(one.event_date is not None and one.event_date.year in range(2017, 2021)
                 for one in dead)  # fmt: skip
    assert seen["counts"].deaths.sum() == deaths


def test_counties_add_up_to_the_nation(store: duckdb.DuckDBPyConnection) -> None:
    nation = projected(store, 2021, 2031, base_years=4, every=5).data
    found = projected(store, 2021, 2031, base_years=4, every=5, areas="county", by=("age",)).data
    assert found.column_names[:3] == ["year", "county", "age"]
    by_year = found.group_by("year").aggregate(
        [(name, "sum") for name in ("population", "deaths", "emigration", "moves_in", "moves_out")]
    )
    for row, whole in zip(by_year.sort_by("year").to_pylist(), nation.to_pylist(), strict=True):
        # Rounded in each cell of age: not to the person.
        assert row["population_sum"] == pytest.approx(whole["population"], abs=20)
    of_counties = projected(store, 2021, 2031, base_years=4, every=5, areas="county").data
    added = of_counties.group_by("year").aggregate([("population", "sum"), ("deaths", "sum")])
    for row, whole in zip(added.sort_by("year").to_pylist(), nation.to_pylist(), strict=True):
        assert row["population_sum"] == pytest.approx(whole["population"], abs=1)
        assert row["deaths_sum"] == pytest.approx(whole["deaths"], abs=1)
    first = [row for row in of_counties.to_pylist() if row["year"] == "2021"]
    assert sum(row["moves_in"] for row in first) == sum(row["moves_out"] for row in first) > 0


def test_fewer_durations_are_other_groups_of_the_same_persons(
    store: duckdb.DuckDBPyConnection,
) -> None:
    many, none = (start(store, DAY, KNOWN, 4, n) for n in (10, 0))
    assert many.population.sum() == none.population.sum()
    assert (len(many.structure.groups), len(none.structure.groups)) == (48, 8)
    by_sex = projected(store, 2021, 2022, base_years=4, durations=0, by=("sex",)).data
    nation = projected(store, 2021, 2022, base_years=4, durations=0).data
    for year in ("2021", "2022"):
        both = [row["population"] for row in by_sex.to_pylist() if row["year"] == year]
        (whole,) = (row["population"] for row in nation.to_pylist() if row["year"] == year)
        assert sum(both) == pytest.approx(whole, abs=1)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"areas": "fylke"}, "areas: 'fylke' is no level of areas"),
        ({"areas": "basic_unit"}, r"(?s)is no level of areas.*Allowed: county, municipality"),
        ({"by": ("agee",)}, "(?s)by: 'agee' is nothing that.*Did you mean 'age'"),
        ({"by": ("age", "age")}, "by: 'age, age' has a name twice"),
        ({"durations": 11}, "durations: '11' is no number of years"),
    ],
)
def test_what_areas_and_cells_are_not(
    store: duckdb.DuckDBPyConnection, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        projected(store, 2021, 2031, base_years=4, **asked)
