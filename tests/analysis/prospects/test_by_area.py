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
from folkestrom.analysis.prospects.likely import Likely, factors_of, figures_of
from folkestrom.analysis.prospects.outlook import BASELINE
from folkestrom.analysis.prospects.past import area_model
from folkestrom.analysis.prospects.projected import projected
from folkestrom.errors import UsageError
from folkestrom.model.codes import Kind
from folkestrom.projection.areas import AreaCounts
from folkestrom.projection.changes import Change
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.stochastic.deviations import Deviations, fit_deviations
from folkestrom.statistics.population import population
from tests.analysis.prospects.test_likely import WIDE
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


def test_moves_from_where_to_where_add_up_to_those_in_and_out(
    store: duckdb.DuckDBPyConnection,
) -> None:
    asked = {"base_years": 4, "every": 5, "areas": "municipality"}
    accounts = projected(store, 2021, 2031, **asked).data.to_pylist()
    found = projected(store, 2021, 2031, indicators=["moves"], **asked)
    assert [one.id for one in found.specification.dimensions] == ["year", "origin", "destination"]
    rows = found.data.to_pylist()
    assert len(rows) == 3 * 3 * 2
    for row in accounts:
        for end, account in (("origin", "moves_out"), ("destination", "moves_in")):
            there = [one["moves"] for one in rows
                     if (one["year"], one[end]) == (row["year"], row["municipality"])]  # fmt: skip
            assert sum(there) == pytest.approx(row[account], abs=0.51)
    parts = projected(store, 2021, 2031, indicators=["moves"], by=("sex", "age"), **asked).data
    assert parts.column_names == ["year", "origin", "destination", "sex", "age", "moves"]
    assert parts.num_rows == 18 * 2 * 120
    assert sum(parts["moves"].to_pylist()) == pytest.approx(sum(r["moves"] for r in rows), abs=2)
    of_groups = projected(store, 2021, 2022, indicators=["moves"], by=("immigrant_group",), **asked)
    natives = [r["moves"] for r in of_groups.data.to_pylist() if r["immigrant_group"] == "native"]
    whole = sum(r["moves"] for r in rows if r["year"] == "2021")
    assert sum(natives[:6]) == pytest.approx(whole, abs=0.1)


def test_a_scenario_of_moves_leaves_the_nation_as_it_was(store: duckdb.DuckDBPyConnection) -> None:
    half = Scenario("half", (Change("moves", "multiply", 0.5, destinations=("0301",)),))
    asked = {"base_years": 4, "every": 10, "areas": "municipality", "scenarios": [half]}
    rows = projected(store, 2021, 2031, **asked).data.to_pylist()
    of_oslo = {(r["scenario"], r["year"]): r for r in rows if r["municipality"] == "0301"}
    between = projected(store, 2021, 2031, indicators=["moves"], **asked).data.to_pylist()
    came, other = (
        {name: sum(r["moves"] for r in between if (r["scenario"], r["year"]) == (name, "2021")
                   and (r["destination"] == "0301") == to_oslo) for name in ("baseline", "half")}
        for to_oslo in (True, False)
    )  # fmt: skip
    # Somewhat more than half: who does not leave for Oslo may leave for elsewhere.
    assert 0.5 * came["baseline"] < came["half"] < 0.53 * came["baseline"]
    assert other["baseline"] <= other["half"] < 1.02 * other["baseline"]
    assert of_oslo["half", "2031"]["population"] < of_oslo["baseline", "2031"]["population"]
    for year in ("2021", "2031"):
        both = [sum(r["population"] for r in rows if (r["scenario"], r["year"]) == (name, year))
                for name in ("baseline", "half")]  # fmt: skip
        assert both[0] == pytest.approx(both[1], abs=2)
    wrong = Scenario("wrong", (Change("moves", "multiply", 0.5, destinations=("301",)),))
    with pytest.raises(
        UsageError, match=r"(?s)destinations: '301' is no area.*Did you mean '0301'"
    ):
        projected(store, 2021, 2031, **asked | {"scenarios": [wrong]})


def test_areas_share_in_the_draws_of_the_nation(store: duckdb.DuckDBPyConnection) -> None:
    begun = start(store, DAY, KNOWN, 4, 0)
    parts = area_start(store, DAY, KNOWN, begun, "municipality")
    model = area_model(store, begun, parts, date(2000, 1, 1), DAY, KNOWN, 11, 1)
    likely = Likely(12, limits=WIDE)
    factors = factors_of(begun, likely, 2021, 11)
    nation, _ = figures_of(begun, BASELINE, 2021, [0, 5, 10], factors)
    own = replace(parts, model=model)
    found, _ = figures_of(begun, BASELINE, 2021, [0, 5, 10], factors, areas=own)
    for name in ("population", "births", "deaths", "immigration", "emigration"):
        assert found[name].shape == (12, 3, 3)
        assert found[name].sum(axis=-1) == pytest.approx(nation[name], rel=1e-9, abs=1e-9)
    assert found["moves_in"].sum(axis=-1) == pytest.approx(found["moves_out"].sum(axis=-1))
    assert found["population"][:, 2].std(axis=0).min() > 1
    cells = projected(store, 2021, 2031, base_years=4, durations=0, every=5, likely=likely,
                      areas="municipality")  # fmt: skip
    assert cells.data.column_names[:4] == ["year", "municipality", "population", "population_lower"]
    (median,) = {row["population_upper"] for row in cells.data.to_pylist()
                 if (row["year"], row["municipality"]) == ("2031", "1101")}  # fmt: skip
    assert median == pytest.approx(np.quantile(found["population"][:, 2, 1], 0.9), abs=0.5)
    assert any("add up to it in each draw" in note.en for note in cells.specification.footnotes)


def test_a_draw_has_the_same_areas_under_a_range(store: duckdb.DuckDBPyConnection) -> None:
    begun = start(store, DAY, KNOWN, 4, 0)
    parts = area_start(store, DAY, KNOWN, begun, "municipality")
    model = area_model(store, begun, parts, date(2000, 1, 1), DAY, KNOWN, 6, 1)
    factors, own = factors_of(begun, Likely(25, limits=WIDE), 2021, 6), replace(parts, model=model)
    ends = [Change("emigration", "multiply", amount) for amount in (0.5, 0.5 + 1e-9)]
    half, nearly = (Scenario("half", (ends[0],), upper) for upper in ((), (ends[1],)))
    both = [figures_of(begun, one, 2021, [0, 5], factors, areas=own)[0] for one in (half, nearly)]
    for name, values in both[0].items():
        assert both[1][name] == pytest.approx(values, rel=1e-6, abs=1e-6, nan_ok=True), name
    assert len(np.unique(both[1]["deaths"][:, 0, 0])) == 25


def test_series_of_areas_are_what_was_registered_in_each_year(
    store: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Any, Any]] = []

    def kept(counted: Any, expected: Any, *rest: Any, **named: Any) -> Deviations:
        seen.append((counted, expected))
        return fit_deviations(counted, expected, *rest, **named)

    monkeypatch.setattr("folkestrom.analysis.prospects.past.fit_deviations", kept)
    begun = start(store, DAY, KNOWN, 4, 0)
    parts = area_start(store, DAY, KNOWN, begun, "municipality")
    area_model(store, begun, parts, date(2000, 1, 1), DAY, KNOWN, 11, 1)
    names = ["mortality", "fertility", "emigration", "immigration", "moves_out", "moves_in"]
    series = dict(zip(names, seen, strict=True))
    lived = {one.person: one.municipality for one in people() if one.kind <= Kind.BIRTH}
    for name, kind in (("mortality", Kind.DEATH), ("emigration", Kind.EMIGRATION)):
        expected = np.zeros((21, 3))
        for one in people():
            if one.kind == kind and one.event_date and one.event_date.year < 2021:
                expected[one.event_date.year - 2000, PLACES.index(lived[one.person] or 0)] += 1
        assert (series[name][0] == expected).all(), name
    out, into = (series[name][0] for name in ("moves_out", "moves_in"))
    assert out.sum() == into.sum() > 30
    assert (out.sum(axis=1) == into.sum(axis=1)).all()
    # In the years that factors are of, all areas together have the deaths that are expected.
    counted, wanted = (one[-4:].sum() for one in series["mortality"])
    assert wanted == pytest.approx(counted, rel=0.15)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"indicators": ["moves"]}, "(?s)'moves' are between areas.*Next"),
        ({"indicators": ["moves", "births"], "areas": "county"}, "moves"),
        ({"indicators": ["births"], "areas": "county", "likely": Likely(3)}, "cannot be asked for"),
        ({"indicators": ["moves"], "areas": "county", "likely": Likely(3)}, "cannot be asked for"),
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
