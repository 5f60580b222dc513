"""How many marry, divorce and move to another municipality in a year, as published.

Single years are in ``data/events.csv``, with their sources; a reference folder has every year of
marriages and divorces (table 05803). Between known years and beyond them the numbers are those of
the nearest known, by straight lines.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib import resources

import numpy as np

from folkestrom.twin.targets.definition import Ints

Told = Mapping[str, Mapping[int, int]]


def event_targets(years: tuple[int, ...], told: Told | None = None) -> dict[str, Ints]:
    """Marriages, divorces and moves of each window, int64[T]; moves are 0 where nobody says.

    Parameters
    ----------
    years
        The T + 1 years of the stocks.
    told
        Name -> year -> number, instead of those of the data file.

    Examples
    --------
    >>> {name: int(values[-1]) for name, values in event_targets((2019, 2020, 2021)).items()}
    {'marriages': 16151, 'divorces': 9355, 'moves': 247257}
    """
    path = resources.files("folkestrom.twin.targets") / "data" / "events.csv"
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    out = {}
    for name in ("marriages", "divorces"):
        known = (told or {}).get(name) or {int(row["year"]): int(row[name]) for row in rows}
        at = sorted(known)
        values = np.interp(years[:-1], at, [known[year] for year in at])
        out[name] = np.rint(values).astype(np.int64)
    moves = {int(row["year"]): int(row["moves"]) for row in rows if row["moves"]}
    out["moves"] = np.array([moves.get(year, 0) for year in years[:-1]], dtype=np.int64)
    return out
