"""Signs of life of a synthetic country: beside the truth of who had left or is unregistered."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from folkestrom.twin import create
from folkestrom.twin.output.signs import SHOWN, UNREGISTERED_SHOW

LAST = date(2020, 12, 31)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signs") / "country"
    return create(
        folder,
        0.003,
        4,
        calibrated=False,
        first_year=2012,
        variables=False,
        panel=False,
        signs=True,
    ).folder


def test_signs_are_shown_as_often_as_is_said_of_those_who_are_there(folder: Path) -> None:
    read = {name: pl.read_parquet(folder / "signs" / f"{name}.parquet") for name in SHOWN}
    left = pl.read_parquet(folder / "truth" / "leavers.parquet").filter(pl.col("left") <= LAST)
    # Who had left by the end of a year, and was reported only in a later year.
    late = left.filter(
        pl.col("reported").is_null() | (pl.col("reported").dt.year() > pl.col("left").dt.year())
    )
    hidden = [
        (row["person"], year)
        for row in late.iter_rows(named=True)
        for year in range(max(row["left"].year, 2012), 2021)
        if row["reported"] is None or row["reported"].year > year
    ]
    others = pl.read_parquet(folder / "truth" / "unregistered.parquet")["person"].to_list()
    known = pl.read_parquet(folder / "truth" / "persons.parquet")["person"]
    assert not set(others) & set(known.to_list())
    assert len(hidden) > 100
    for name, (*_, of_gone) in SHOWN.items():
        spells = read[name].sort("person", "from")
        same = spells["person"] == spells["person"].shift(1)
        # Years that follow one another are one spell.
        assert (spells["from"] > spells["to"].shift(1)).filter(same).all()
        shown = {
            (person, year)
            for person, first, end in spells.select("person", "from", "to").rows()
            for year in range(first.year, end.year)
        }
        for pairs, chance in (
            (hidden, of_gone),
            ([(p, y) for p in others for y in range(2012, 2021)], UNREGISTERED_SHOW.get(name, 0.0)),
        ):
            number = sum(pair in shown for pair in pairs)
            error = np.sqrt(len(pairs) * chance * (1 - chance))
            assert abs(number - len(pairs) * chance) <= 4 * error, (name, chance)
