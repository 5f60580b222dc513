"""Same seed, same bytes; another seed, the same tables and other people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from folkestrom.twin import Result, create
from folkestrom.twin.lives.births import FIRST_AGE
from folkestrom.twin.lives.mobility import ADULT
from folkestrom.twin.years.cells import AGES
from folkestrom.twin.years.simulation import rounds
from tests.twin.conftest import SCALE


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_threads(
    small: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for threads in ("1", "3"):
        monkeypatch.setenv("FOLKESTROM_THREADS", threads)
        again = create(tmp_path / threads, scale=SCALE, panel=True, stays=True)
        assert contents(again.folder) == contents(small.folder)


def test_another_seed_gives_other_people_and_the_same_flows(small: Result, tmp_path: Path) -> None:
    other = create(tmp_path / "other", scale=SCALE, seed=2, truth=False, variables=False)
    one, two = (pl.read_parquet(r.report_folder / "*.parquet") for r in (small, other))
    assert not one.equals(two)
    joined = one.filter(pl.col("kind") == "birth").join(
        two.filter(pl.col("kind") == "birth"), on=["person", "event_date"], how="inner"
    )
    assert len(joined) < 0.05 * one["kind"].eq("birth").sum()
    for name in ("population", "births", "deaths", "municipality_population", "marital"):
        np.testing.assert_array_equal(getattr(small.targets, name), getattr(other.targets, name))


def test_report_files_are_of_the_months_of_receipt_in_order(small: Result) -> None:
    files = sorted(small.report_folder.glob("*.parquet"))
    assert files[0].name == "reports-1999-12.parquet"
    assert files[-1].name == "reports-2021-01.parquet"
    assert len(files) == 12 * 21 + 2
    for file in files[::25]:
        received = pl.read_parquet(file)["received_at"]
        assert received.is_sorted()
        assert set(received.dt.strftime("reports-%Y-%m.parquet")) == {file.name}
    ids = pl.read_parquet(files)["source_report_id"]
    assert ids.is_unique().all()
    assert (ids.str.len_chars() <= 12).all()


def test_nobody_looks_at_somebody_who_is_drawn_at_the_same_time() -> None:
    """Children follow mothers, who may be minors themselves; husbands follow wives."""
    place = {cell: number for number, cells in enumerate(rounds()) for cell in cells}
    assert sorted(place) == [sex * AGES + age for sex in (0, 1) for age in range(105)]
    for child in range(ADULT):
        for mother in range(child + FIRST_AGE, 105):
            assert place[AGES + mother] < min(place[child], place[AGES + child])
    for husband in range(ADULT, 105):
        assert all(place[AGES + wife] != place[husband] for wife in range(FIRST_AGE, 105))
