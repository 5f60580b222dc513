"""A store's quarters and years beside the rows of the releases, at any scale."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import folkestrom

FLOWS = ("births", "deaths", "immigration", "emigration")
ROWS = "ssb_published_other/quarters_as_published.csv"
#: Statistical adjustments of the years 1996-2021: table 05803 of Statistics Norway, as what remains
#: of the growth.
ADJUSTMENTS = (
    -127, -1021, -333, 41, 19, -40, 43, -60, -56, -107, -100, -120, -50, -48, -183, -294, -201, -5,
    -99, 50, 92, 94, 210, 230, 94, 193,
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A release's row, and what the store gives: population at both ends and the four flows."""

    period: str
    published: tuple[int, ...]
    counted: tuple[int, ...]


def compare(store: folkestrom.Store, reference: Path, first: int, last: int) -> Iterator[Row]:
    """The rows of the years from a first to a last."""
    with (reference / ROWS).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            period = row["period"]
            if not first <= int(period[:4]) <= last:
                continue
            so_far = row["kind"] == "so_far"
            name = period[:4] + period[-2:]
            table = store.changes(quarter=name, so_far=so_far)
            told = tuple(int(row[key]) for key in ("pop_begin", "pop_end", *FLOWS))
            names = ("population_start", "population_end", *FLOWS)
            yield Row(period, told, tuple(table[key][0].as_py() for key in names))
