"""The official projections of 2020 and 2022, and what they assume as far as it is published.

*Norway's 2020 population projections*, Reports 2020/25, and table "Innvandring og utvandring" of 3
June 2020; *Norway's 2022 national population projections* and its key figures of 5 July 2022.
Fertility stops rising in 2036, since the children of age 0 are most on 1 January 2037 in both
rounds. Net migration of the first years (2020-2024, 2022-2024) is in no source that we have: it
is what remains of the growth of the official total, with the births that its children of age 0
tell, and our deaths.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from folkestrom.analysis.prospects.measures import Future
from folkestrom.analysis.prospects.outlook import future_of
from folkestrom.projection.scenario import Scenario, scenario_of
from folkestrom.projection.tables import read_tables
from tests.projection.norway.series import read, write_tables

#: As the file has them, with first age and the age after the last.
GROUPS = {
    "0 år": (0, 1), "1-5 år": (1, 6), "6-12 år": (6, 13), "13-15 år": (13, 16),
    "16-19 år": (16, 20), "20-44 år": (20, 45), "45-66 år": (45, 67), "67-79 år": (67, 80),
    "80-89 år": (80, 90), "90 år eller eldre": (90, 120),
}  # fmt: skip
BROAD = {"0-19": (0, 20), "20-66": (20, 67), "67-79": (67, 80), "80+": (80, 120)}


@dataclass(frozen=True, eq=False)
class Round:
    """What a round assumes, by year."""

    first: int
    fertility: dict[int, float]
    males: dict[int, float]
    females: dict[int, float]
    net_migration: dict[int, float]


ROUNDS = (
    Round(
        2020, {2020: 1.5, 2025: 1.5, 2036: 1.7}, {2019: 81.2, 2060: 89.0}, {2019: 84.7, 2060: 91.0},
        {2025: 13_700, 2040: 11_000, 2060: 10_500},
    ),
    Round(
        2022, {2022: 1.55, 2025: 1.5, 2036: 1.7}, {2021: 81.6, 2040: 85.6, 2060: 89.0},
        {2021: 84.7, 2040: 88.1, 2060: 91.0}, {2040: 11_672, 2060: 10_794},
    ),
)  # fmt: skip
#: Of the round of 2018 we have totals only: 6 056 200 in 2040 and 6 510 100 in 2060 (key figures).
ROUND_OF_2018 = Round(
    2018, {2017: 1.62, 2020: 1.60, 2040: 1.76}, {2017: 80.9, 2020: 81.6, 2040: 85.4, 2060: 88.4},
    {2017: 84.3, 2020: 84.3, 2040: 87.8, 2060: 90.3},
    {2017: 21_342, 2020: 19_200, 2040: 17_300, 2060: 17_100},
)  # fmt: skip
LAST = 2060


def official(
    reference: Path, first: int, alternative: str = "MMMM"
) -> dict[int, np.ndarray[Any, Any]]:
    """Persons by year, in the groups of the file."""
    found: dict[int, np.ndarray[Any, Any]] = {}
    path = reference / "projections" / "ssb_national_2020_2022_vintages.csv"
    with path.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["Framskriving"] == str(first) and alternative in row["statistikkvariabel"]:
                array = found.setdefault(int(row["år"]), np.zeros(len(GROUPS)))
                array[list(GROUPS).index(row["alder"])] = float(row["value"])
    return found


def scenario(made: Round, net: dict[int, float]) -> Scenario:
    """What a round assumes, as a scenario."""
    said: list[dict[str, Any]] = [
        {"component": "fertility", "level": _text(made.fertility)},
        {"component": "mortality", "sex": "male", "level": _text(made.males)},
        {"component": "mortality", "sex": "female", "level": _text(made.females)},
        {"component": "net_migration", "level": _text(net)},
    ]
    return scenario_of({"name": f"official {made.first}", "change": said})


def _text(path: dict[int, float]) -> dict[str, float]:
    return {str(year): value for year, value in path.items()}


@cache
def projected(reference: Path, folder: Path, made: Round) -> Future:
    """Our projection of a round, from the published tables of its start."""
    base = range(made.first - 5, made.first)
    begun = read_tables(write_tables(read(reference), folder, made.first, base))
    steps = LAST - made.first + 1
    before = future_of(begun, scenario(made, made.net_migration), made.first, steps)
    if made is ROUND_OF_2018:
        return before
    theirs, deaths = official(reference, made.first), before.flow("deaths")
    early = {
        year: theirs[year + 1].sum() - theirs[year].sum() - theirs[year + 1][0]
        + deaths[year - made.first]
        for year in range(made.first, 2025)
    }  # fmt: skip
    return future_of(begun, scenario(made, early | made.net_migration), made.first, steps)


def differences(reference: Path, folder: Path, made: Round, year: int) -> dict[str, float]:
    """Ours less the official figure, in per cent: all, the file's groups, and broad ones."""
    ours = projected(reference, folder, made).persons[year - made.first].sum(axis=0)
    theirs = official(reference, made.first)[year]
    found = {"all": ours.sum() / theirs.sum()}
    for n, (name, (low, high)) in enumerate(GROUPS.items()):
        found[name] = ours[low:high].sum() / theirs[n]
    for name, (low, high) in BROAD.items():
        within = [low <= first and last <= high for first, last in GROUPS.values()]
        found[name] = ours[low:high].sum() / theirs[within].sum()
    return {name: 100 * (ratio - 1) for name, ratio in found.items()}
