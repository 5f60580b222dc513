"""How near a country with dwellings comes to other published figures: see `other_figures`.

Households and children are no targets: shares were fitted by hand at full size, and the bounds say
how well. A country of one in ten is less near than the whole one, since fewer find a partner in
their municipality. Events and migrants of 2020 are targets, off by chance, or by what the manual
says.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from folkestrom.twin import Result, create
from tests.twin.other_figures import Figure, figures, too_far

SCALE = 0.1
#: By how much, by chance apart: the table, or one of its figures.
BOUNDS = {
    "households": 0.15, "children": 0.12, "events": 0.02, "immigration": 0.03, "emigration": 0.05,
    "living_alone": 0.09, "couples_without_children": 0.08, "one_family_adult_children": 0.05,
    "persons_multi_family": 0.1, "parent_and_step_parent": 0.22,
    "births_outside_marriage": 0.06,
}  # fmt: skip


@pytest.fixture(scope="module")
def country(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """One in ten, until 2022."""
    return create(
        tmp_path_factory.mktemp("twin") / "tenth", scale=SCALE, reference=reference,
        last_year=2022, dwellings=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(country: Result, reference: Path) -> list[Figure]:
    return figures(country.folder, reference)


def test_households_children_and_events(found: list[Figure]) -> None:
    mine = [one for one in found if one.table in ("households", "children", "events")]
    assert len(mine) == 21
    assert not too_far(mine, BOUNDS)


def test_migrants_by_citizenship(found: list[Figure]) -> None:
    mine = [one for one in found if "migration" in one.table]
    assert len(mine) == 2 * 21
    assert not too_far(mine, BOUNDS)
    leaving = [one for one in mine if one.table == "emigration"]
    assert all(abs(one.found - one.published * one.scale) < 6 for one in leaving)
    coming = [one for one in mine if one.table == "immigration"]
    assert all(abs(one.found - one.published * one.scale) < 6 for one in coming)


def test_two_in_a_hundred_children_live_with_neither_parent(country: Result) -> None:
    frame = pl.read_parquet(country.folder / "truth" / "households.parquet")
    parents = frame.filter(pl.col("date") == pl.col("date").max())["parents"].drop_nulls()
    assert 0.01 < (parents.cast(pl.String) == "no_parent").mean() < 0.03  # type: ignore[operator]
