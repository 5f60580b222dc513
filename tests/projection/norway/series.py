"""Norway's published series, and plain tables made of them as `read_tables` takes them.

Table 07459 (population by sex and age), 05803 (migration a year), the Human Mortality Database
(deaths), the Human Fertility Database (fertility), Eurostat (emigration by sex and age 2013-2015).
Immigration by sex and age is in none of them: it is what remains of a cohort's account.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from folkestrom.projection.structure import SEXES

Floats = NDArray[np.float64]
OLDEST = 105
AGES = OLDEST + 1


@dataclass(frozen=True)
class Series:
    """By year: arrays of (2, 106) but births, males and females, and totals of migration."""

    population: dict[int, Floats]
    deaths: dict[int, Floats]
    births: dict[int, Floats]
    fertility: dict[int, Floats]
    immigration: dict[int, float]
    emigration: dict[int, float]
    leaving: Floats

    def emigrants(self, year: int) -> Floats:
        """By sex and age, as in 2013-2015; as many as were counted."""
        return self.leaving * self.emigration[year]

    def immigrants(self, year: int) -> Floats:
        """What remains of each cohort's account, by age; as many as were counted."""
        gone = _middle(self.deaths[year] + self.emigrants(year))
        begun = np.concatenate([self.births[year][:, None], self.population[year]], axis=1)
        begun[:, -2] += begun[:, -1]
        come = np.maximum(self.population[year + 1] - begun[:, :-1] + gone, 0)
        by_age = _middle(come[:, ::-1])[:, ::-1]
        return np.asarray(by_age / by_age.sum() * self.immigration[year])


def _middle(by_age: Floats) -> Floats:
    """Of cohorts by their age at the end: half of one age, and half of the one before."""
    before = np.concatenate([np.zeros((2, 1)), by_age[:, :-1]], axis=1)
    found = (by_age + before) / 2
    found[:, -1] += by_age[:, -1] / 2
    return np.asarray(found)


def read(reference: Path) -> Series:
    """The series of a folder."""
    population: dict[int, Floats] = {}
    path = reference / "population" / "pop_nation_sex_age_year.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["age"].isdecimal() and row["sex"] in SEXES:
                for year in (name for name in row if name.isdecimal()):
                    array = population.setdefault(int(year), np.zeros((2, AGES)))
                    array[SEXES.index(row["sex"]), int(row["age"])] = float(row[year])
    deaths: dict[int, Floats] = {}
    lives = reference / "mortality_fertility"
    for year, age, female, male, _ in _lines(lives / "Deaths_1x1.txt"):
        array = deaths.setdefault(int(year), np.zeros((2, AGES)))
        at = min(int(age.rstrip("+")), OLDEST)
        array[:, at] += float(male), float(female)
    births = {
        int(year): np.array([float(male), float(female)])
        for year, female, male, _ in _lines(lives / "Births.txt")
    }
    fertility: dict[int, Floats] = {}
    for year, age, rate in _lines(lives / "NORasfrRR.txt"):
        fertility.setdefault(int(year), np.zeros(AGES))[int(age.rstrip("+-"))] = float(rate)
    with (reference / "population" / "ssb_05803_1735_2022.csv").open(encoding="utf-8") as stream:
        moves = [row for row in csv.DictReader(stream) if row["innflyttinger"] not in ("", "NA")]
    return Series(
        population, deaths, births, fertility,
        {int(row["år"]): float(row["innflyttinger"]) for row in moves},
        {int(row["år"]): float(row["utflyttinger"]) for row in moves},
        _leaving(reference / "migration" / "migr_emi2_nordic.tsv"),
    )  # fmt: skip


def _lines(path: Path) -> Iterable[list[str]]:
    """Lines that begin with a year."""
    split = (line.split() for line in path.read_text("utf-8").splitlines())
    return (words for words in split if words and words[0].isdecimal())


def _leaving(path: Path) -> Floats:
    """Shares of all emigrants of 2013-2015 by sex and completed age."""
    found = np.zeros((2, AGES))
    for line in path.read_text("utf-8").splitlines()[1:]:
        key, *values = line.split("\t")
        age, kind, _, sex, country = key.split(",")
        if kind != "COMPLET" or country != "NO" or sex not in "MF" or age in ("TOTAL", "UNK"):
            continue
        number = 0 if age == "Y_LT1" else 100 if age == "Y_GE100" else int(age[1:])
        found["MF".index(sex), number] = sum(float(one.split()[0]) for one in values[:3])
    return np.asarray(found / found.sum())


def write_tables(series: Series, folder: Path, first: int, base: Sequence[int]) -> Path:
    """The tables of a start on 1 January `first`, with rates of the years `base`."""
    folder.mkdir(parents=True, exist_ok=True)

    def write(name: str, figure: str, by_year: dict[int, Floats]) -> None:
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(["year", "sex", "age", figure])
            for year, array in by_year.items():
                for sex, name_of_sex in enumerate(SEXES):
                    rows.writerows(
                        [year, name_of_sex, f"{age}{'+' if age == OLDEST else ''}", f"{one:.10g}"]
                        for age, one in enumerate(array[sex])
                    )

    stocks = {year: series.population[year] for year in (*base, first)}
    write("population", "number", stocks)
    write("deaths", "number", {year: series.deaths[year] for year in base})
    write("emigration", "number", {year: series.emigrants(year) for year in base})
    write("immigration", "number", {year: series.immigrants(year) for year in base})
    fertility = np.mean([series.fertility[year] for year in base], axis=0)
    with (folder / "births.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["age", "rate"])
        rows.writerows([age, f"{fertility[age]:.6f}"] for age in range(12, 56))
    return folder
