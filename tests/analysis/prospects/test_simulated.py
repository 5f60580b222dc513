"""Lives of a small store's individuals: who they are, and what the table says of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import numpy as np
import pytest

from folkestrom.analysis.microsimulation.lives import Lives
from folkestrom.analysis.prospects.by_area import area_start
from folkestrom.analysis.prospects.counted import start
from folkestrom.analysis.prospects.individuals import individuals
from folkestrom.analysis.prospects.projected import projected
from folkestrom.analysis.prospects.simulated import DIMENSIONS, simulated
from folkestrom.errors import UsageError
from folkestrom.model.codes import Kind
from folkestrom.projection.changes import Change
from folkestrom.projection.scenario import Scenario, named
from tests.analysis.prospects.test_by_area import DAY, KNOWN, people, store

__all__ = ["store"]


def test_individuals_are_the_cells_that_a_projection_starts_from(
    store: duckdb.DuckDBPyConnection,
) -> None:
    begun = start(store, DAY, KNOWN, 4)
    persons = individuals(store, DAY, KNOWN, begun.structure, 0)
    lives = Lives(begun.structure, persons, 1, 2021)
    assert (lives.counted()[0] == begun.population).all()
    parts = area_start(store, DAY, KNOWN, begun, "municipality")
    persons = individuals(store, DAY, KNOWN, begun.structure, 0, "municipality", parts)
    here = begun.structure.resident
    by_area = Lives(begun.structure, persons, 1, 2021).counted(3)
    assert (by_area[:, here] == parts.population[:, here]).all()
    assert by_area[:, ~here].sum() == begun.population[~here].sum()


def test_years_that_they_have_lived_here(store: duckdb.DuckDBPyConnection) -> None:
    begun = start(store, DAY, KNOWN, 4)
    lived = individuals(store, DAY, KNOWN, begun.structure, 0)["half_years"]
    # Who is born after the register began is there from then on.
    begins = {one.person: max(date(1999, 12, 31), one.birth_date or DAY) for one in people()}
    left = {one.person: one.event_date for one in people() if one.kind == Kind.EMIGRATION}
    dead = {one.person for one in people() if one.kind == Kind.DEATH}
    expected = [
        int(((left.get(n) or DAY) - begins[n]).days / (365.25 / 2))
        for n in range(1, 301) if n not in dead
    ]  # fmt: skip
    assert sorted(lived.tolist()) == sorted(expected)


def test_the_table_counts_everybody_once(store: duckdb.DuckDBPyConnection) -> None:
    asked: dict[str, Any] = {"base_years": 4, "seed": 3, "areas": "county"}
    (whole,) = simulated(store, 2021, 2040, by=(), **asked).data.to_pylist()
    for name in DIMENSIONS:
        rows = simulated(store, 2021, 2040, by=(name,), **asked).data.to_pylist()
        assert sum(row["persons"] for row in rows) == whole["persons"]
        for mean in ("mean_years", "mean_moves", "mean_children"):
            total = sum(row[mean] * row["persons"] for row in rows)
            assert total == pytest.approx(whole[mean] * whole["persons"], abs=0.06 * 300)
    again = simulated(store, 2021, 2040, by=("status",), **asked)
    other = simulated(store, 2021, 2040, by=("status",), **(asked | {"seed": 4}))
    assert again.data.equals(simulated(store, 2021, 2040, by=("status",), **asked).data)
    assert not again.data.equals(other.data)


def test_residents_at_the_end_are_on_average_those_of_the_projection(
    store: duckdb.DuckDBPyConnection,
) -> None:
    found = projected(store, 2021, 2031, base_years=4, every=10).data["population"].to_pylist()[-1]
    runs = []
    for seed in range(25):
        table = simulated(store, 2021, 2030, base_years=4, seed=seed, by=("status",)).data
        (alive,) = (row["persons"] for row in table.to_pylist() if row["status"] == "resident")
        runs.append(alive)
    z = (np.mean(runs) - found) / (np.std(runs, ddof=1) / 5)
    assert abs(z) < 4


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"seed": -1}, "seed: '-1' is no seed"),
        ({"by": ("age",)}, "by: 'age' is nothing that"),
        ({"by": ("moves",)}, "(?s)by: 'moves' are between areas.*--areas county"),
        ({"areas": "fylke"}, "areas: 'fylke' is no level of areas"),
        (
            {"areas": "county", "scenario": Scenario("x", (Change("moves", "multiply", 0.5),))},
            "(?s)scenario x: 'moves' has no effect.*Next",
        ),
        ({"scenario": named("natives-only")}, "(?s)natives-only: 'population' has no effect.*Next"),
    ],
)
def test_what_cannot_be_simulated(
    store: duckdb.DuckDBPyConnection, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        simulated(store, 2021, 2031, base_years=4, **asked)
