"""The whole country from 1985 to 2022 beside the rows of the releases, cell by cell."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import polars as pl
import pytest

import folkestrom
from folkestrom.twin import create
from tests.twin.quarters_reading import ADJUSTMENTS, compare

#: Seconds and bytes that a country of 36 years may take.
SECONDS, BYTES = 240, 8 * 2**30


def test_thirty_seven_years_of_reports(reference: Path, tmp_path: Path) -> None:
    begun = time.perf_counter()
    twin = create(tmp_path / "out", reference=reference, first_year=1985, last_year=2022)
    assert time.perf_counter() - begun < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < BYTES
    assert not [note for note in twin.notes if "published quarters" in note]

    store = folkestrom.open(tmp_path / "store")
    store.intake(twin.report_folder)
    rows = list(compare(store, reference, 1985, 2021))
    assert len(rows) == 23
    assert [row for row in rows if row.published != row.counted] == []

    years = store.changes("1996-01-01", "2022-01-01", every="year")
    assert years["adjustment"].to_pylist() == list(ADJUSTMENTS)
    # As revised, the first of January 2004 and 2005 are the final ones.
    for quarter, final in (("2003Q4", 4_577_457), ("2004Q4", 4_606_363)):
        revised = store.changes(quarter=quarter, known_at="latest")
        assert abs(revised["population_end"][0].as_py() - final) < 5_000

    leavers = pl.read_parquet(tmp_path / "out" / "truth" / "leavers.parquet")
    found = leavers.filter(pl.col("clean_up")).group_by(pl.col("reported").dt.year()).len()
    # Some of the leavings found are annulled in the year after.
    assert dict(found.iter_rows())[1993] == pytest.approx(2950, rel=0.03)
