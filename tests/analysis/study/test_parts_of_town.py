"""Parts of town in a study: what basic units add up to, and not both at once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pytest

import folkestrom
from folkestrom.errors import UsageError
from folkestrom.twin.output.creation import create
from tests.app.cli.parts_of_town import load_parts_of_town

STUDY = """
title = "Who comes in a year"
known_at = "2021-02-01"
[entry]
event = "immigration"
from = "2020-01-01"
to = "2021-01-01"
[exit]
events = ["emigration", "death"]
end = "2021-01-01"
[variables]
"""


def _persons(folder: Path, *by: str) -> Counter[str]:
    """Who entered, by the first of the variables of the study."""
    file = folder / f"{'-'.join(by)}.toml"
    file.write_text(STUDY + "".join(f'{name} = "entry"\n' for name in by), encoding="utf-8")
    found = folkestrom.open(folder / "store").study(file).follow_up(by[0], 30, to="polars")
    assert isinstance(found, pl.DataFrame)
    rows = found.filter(pl.col("event") == "death").select(pl.col(by[0]).cast(pl.String), "persons")
    return Counter(dict(rows.iter_rows()))


def test_parts_of_town_are_their_basic_units(tmp_path: Path) -> None:
    create(tmp_path / "twin", 0.003, 1, first_year=2020, variables=False)
    folkestrom.open(tmp_path / "store").intake(tmp_path / "twin/reports")
    load_parts_of_town(tmp_path)
    units: Counter[str] = Counter()
    for unit, many in _persons(tmp_path, "basic_unit").items():
        oslo = unit.startswith("0301")
        units[f"03010{int(unit) % 2 + 1}" if oslo else f"{unit[:4]}00"] += many
    assert {"030101", "030102"} < set(units)
    assert _persons(tmp_path, "part_of_town") == units
    with pytest.raises(UsageError, match="is asked for beside basic_unit"):
        _persons(tmp_path, "part_of_town", "basic_unit")
