"""Municipalities of the twin: sizes and centrality in the borders of 2020-2023.

From the reference folder: table 07459 in the borders of 2024 taken back to those of 2020 and raked
to the nation. Without it: a rank-size law, fitted to the published sizes.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom.errors import InputRefused
from folkestrom.twin.targets.definition import Ints
from folkestrom.twin.targets.rounding import largest_remainder

MUNICIPALITIES: Final = "population/pop_municip_sex_age_year.csv.gz"
CHANGES: Final = "municipalities/klass131/changetables.json"
CENTRALITY: Final = "municipalities/sentralitet_klass128_kommuner2024.csv"

#: The municipal file is 11 766 short of the nation in 2005: it is used from 2006.
FIRST_MUNICIPAL_YEAR: Final = 2006
#: Years whose change in share is carried on before the first usable year.
_TREND_YEARS: Final = 5
_TREND_SPAN: Final = 12

#: ``size ~ (357 - rank + tail)^b / (rank + head)^a``, fitted by least squares on logarithms, larger
#: units weighing more, to the sizes on 1 January 2021 in table 07459 (Statistics Norway).
_LAW_A: Final = 0.66483
_LAW_HEAD: Final = -0.62355
_LAW_B: Final = 1.30623
_LAW_TAIL: Final = 50.0
#: Larger places grow faster: yearly change of the logarithm of size per unit of log rank, fitted
#: to the same table, 2006-2021.
_LAW_DRIFT: Final = -0.0375 / 15
#: Number of municipalities in each centrality class in Statistics Norway's Klass 128; by law the
#: largest are the most central.
_CENTRALITY_COUNTS: Final = (5, 21, 54, 65, 104, 107)


@dataclass(frozen=True)
class Municipalities:
    """Municipal targets: codes int16[M], population int64[T+1, M], centrality int8[M], notes."""

    codes: NDArray[np.int16]
    population: Ints
    centrality: NDArray[np.int8]
    notes: tuple[str, ...]


def embedded_municipalities(years: tuple[int, ...], totals: Ints) -> Municipalities:
    """Sizes and centrality by a fitted law on the rank of 2021; the total of each year is met."""
    ranked = _ranked_codes()
    rank = np.arange(1, len(ranked) + 1, dtype=np.float64)
    size = (len(ranked) + 1 - rank + _LAW_TAIL) ** _LAW_B / (rank + _LAW_HEAD) ** _LAW_A
    order = np.argsort(ranked, kind="stable")
    population = np.empty((len(years), len(ranked)), dtype=np.int64)
    for t, year in enumerate(years):
        drifted = size * np.exp(_LAW_DRIFT * (year - 2021) * np.log(rank))
        population[t] = largest_remainder(drifted, int(totals[t]))[order]
    classes = np.repeat(np.arange(1, 7), _CENTRALITY_COUNTS).astype(np.int8)
    note = "municipal sizes and centrality follow a fitted rank-size law, not the published sizes"
    return Municipalities(ranked[order], population, classes[order], (note,))


def _ranked_codes() -> NDArray[np.int16]:
    """int16[M]: municipality codes from the largest to the smallest on 1 January 2021."""
    path = resources.files("folkestrom.twin.targets") / "data" / "municipality_rank_2021.csv"
    with path.open(encoding="utf-8") as stream:
        return np.array([int(row["code"]) for row in csv.DictReader(stream)], dtype=np.int16)


def reference_municipalities(folder: Path, years: tuple[int, ...], totals: Ints) -> Municipalities:
    """Published municipal sizes in the borders of 2020-2023, raked to the nation."""
    back = _codes_of_2020(folder / CHANGES)
    sizes = _sizes(folder / MUNICIPALITIES, back)
    codes = np.array(sorted(sizes), dtype=np.int16)
    available = sorted(next(iter(sizes.values())))
    table = np.array([[sizes[int(c)][year] for c in codes] for year in available])
    population = np.empty((len(years), len(codes)), dtype=np.int64)
    notes = []
    for t, year in enumerate(years):
        if year >= FIRST_MUNICIPAL_YEAR:
            given = table[available.index(year)]
            population[t] = largest_remainder(given, int(totals[t]))
            notes.extend(_raked(year, codes, given, population[t]))
        else:
            population[t] = largest_remainder(_before(table, year), int(totals[t]))
    if years[0] < FIRST_MUNICIPAL_YEAR:
        last = min(years[-1], FIRST_MUNICIPAL_YEAR - 1)
        notes.insert(
            0,
            f"municipal sizes {years[0]}-{last}: every unit extrapolated by its share in "
            f"{FIRST_MUNICIPAL_YEAR} and the change of share to "
            f"{FIRST_MUNICIPAL_YEAR + _TREND_YEARS}",
        )
    return Municipalities(codes, population, _centrality(folder, back, codes), tuple(notes))


def _raked(year: int, codes: NDArray[np.int16], given: Ints, raked: Ints) -> list[str]:
    return [
        f"municipality {code:04d}, 1 January {year}: {old} raked to {new}"
        for code, old, new in zip(codes.tolist(), given.tolist(), raked.tolist(), strict=True)
        if old != new
    ]


def _before(table: Ints, year: int) -> NDArray[np.float64]:
    """Shares before the first usable year: its shares, with the trend of the years after."""
    shares = table[:, :] / table.sum(axis=1, keepdims=True)
    slope = np.log(shares[_TREND_YEARS] / shares[0]) / _TREND_YEARS
    # The trend is carried twelve years at most, so that no place dies or explodes by it.
    return np.asarray(shares[0] * np.exp(slope * max(year - FIRST_MUNICIPAL_YEAR, -_TREND_SPAN)))


def _codes_of_2020(path: Path) -> dict[str, str]:
    """Codes of 2024 to those of 2020-2023, by the changes of 1 January 2024 (Klass 131).

    Where one unit was divided (Ålesund into Ålesund and Haram) both parts go back to it.
    """
    if not path.exists():
        raise InputRefused("is missing from the reference folder", where=str(path))
    changes = json.loads(path.read_text(encoding="utf-8"))["codeChanges"]
    return {
        change["newCode"]: change["oldCode"]
        for change in changes
        if change["changeOccurred"] == "2024-01-01"
    }


def _sizes(path: Path, back: dict[str, str]) -> dict[int, dict[int, int]]:
    """Municipality (borders of 2020) -> year -> residents."""
    if not path.exists():
        raise InputRefused("is missing from the reference folder", where=str(path))
    frame = pl.read_csv(path, schema_overrides={"location_code": pl.String})
    years = [name for name in frame.columns if name.isdigit() and int(name) >= FIRST_MUNICIPAL_YEAR]
    summed = (
        frame.with_columns(pl.col("location_code").replace(back).alias("code"))
        .group_by("code")
        .agg(pl.col(years).sum())
    )
    return {
        int(row["code"]): {int(year): int(row[year]) for year in years} for row in summed.to_dicts()
    }


def _centrality(folder: Path, back: dict[str, str], codes: NDArray[np.int16]) -> NDArray[np.int8]:
    """int8[M]: classes of 2024 by code of 2020; of a divided unit the more central part's."""
    path = folder / CENTRALITY
    if not path.exists():
        raise InputRefused("is missing from the reference folder", where=str(path))
    classes: dict[int, int] = {}
    with path.open(encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            code = int(back.get(row["kommunenummer"], row["kommunenummer"]))
            classes[code] = min(classes.get(code, 6), int(row["sentralitetsklasse"]))
    missing = [code for code in codes.tolist() if code not in classes]
    if missing:
        raise InputRefused(f"has no centrality class for {missing[0]:04d}", where=path.name)
    return np.array([classes[code] for code in codes.tolist()], dtype=np.int8)
