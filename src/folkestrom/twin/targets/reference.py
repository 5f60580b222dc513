"""Targets from a folder of published series.

The nation comes from table 07459 (residents by sex and single year of age) and 05803 (births,
deaths and migration); both are met exactly, and the year's adjustment is what remains.
Municipalities, marital status and citizenship are made to fit them.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from folkestrom.errors import InputRefused, UserError
from folkestrom.twin.targets import published
from folkestrom.twin.targets.checks import check_consistency
from folkestrom.twin.targets.citizenship import citizenship_targets, read_citizenship_shape
from folkestrom.twin.targets.definition import (
    AGES,
    OLDEST,
    SEXES,
    Ints,
    Targets,
    cohort_group_population,
)
from folkestrom.twin.targets.embedded import spread
from folkestrom.twin.targets.marital import final_marital
from folkestrom.twin.targets.municipalities import reference_municipalities
from folkestrom.twin.targets.rounding import largest_remainder
from folkestrom.twin.targets.schedules import BIRTHS_MALE, SEASON

POPULATION: Final = "population/pop_nation_sex_age_year.csv.gz"
ACCOUNTS: Final = "population/ssb_05803_1735_2022.csv"
EARLIER_POPULATION: Final = "mortality_fertility/Population.txt"
BIRTHS_BY_SEX: Final = "mortality_fertility/Births.txt"
QUARTERS: Final = "ssb_published_other/quarters_as_published.csv"

_FLOWS: Final = ("births", "deaths", "immigration", "emigration")
_SIGNS: Final = np.array([1, -1, 1, -1])
#: Table 07459 begins in 1986; 1985 is the Human Mortality Database's. Flows end with 2022.
FIRST_YEAR: Final = 1985
LAST_YEAR: Final = 2023

_ACCOUNT_COLUMNS: Final = {
    "år": "year",
    "befolkning_1_januar": "population",
    "levendefødte_i_alt": "births",
    "døde_i_alt": "deaths",
    "innflyttinger": "immigration",
    "utflyttinger": "emigration",
}


def reference_targets(
    reference: Path | str, first_year: int = 2000, last_year: int = 2021
) -> Targets:
    """Targets that meet the published series of a folder.

    Parameters
    ----------
    reference
        The folder; see the explanation "The twin's targets" for the files in it.
    first_year, last_year
        Years of the first and the last 1 January.

    Raises
    ------
    UserError
        If the years are out of reach, a file is missing, or the series contradict one another.
    """
    folder = Path(reference)
    years = _span(first_year, last_year)
    table = read_population(folder / POPULATION, tuple(year for year in years if year > FIRST_YEAR))
    population = np.concatenate([_population_before(folder, years), table])
    _check_agreement(years, population)
    accounts = read_accounts(folder / ACCOUNTS, years, population)
    births = _births_by_sex(folder / BIRTHS_BY_SEX, years[:-1], accounts["births"])
    growth = np.diff(population.sum(axis=(1, 2)))
    deaths, immigration, emigration = (
        accounts[name] for name in ("deaths", "immigration", "emigration")
    )
    adjustment = growth - accounts["births"] + deaths - immigration + emigration
    places = reference_municipalities(folder, years, population.sum(axis=(1, 2)))
    final, marital_notes = final_marital(years[-1], cohort_group_population(population)[-1])
    citizens = citizenship_targets(years, population, immigration, read_citizenship_shape(folder))
    events = published.event_targets(years, read_events(folder / ACCOUNTS))
    targets = Targets(
        years=years,
        population=population,
        births=births,
        deaths=deaths,
        immigration=immigration,
        emigration=emigration,
        adjustment=adjustment,
        **spread(years, population, final, places, citizens, events),
        source="reference",
        notes=(*places.notes, *marital_notes, *citizens.notes),
    )
    check_consistency(targets)
    quarters = published_quarters(folder / QUARTERS, years, targets.flows, targets.total)
    return targets.altered({"quarters": quarters})


def _span(first_year: int, last_year: int) -> tuple[int, ...]:
    if not FIRST_YEAR <= first_year < last_year <= LAST_YEAR:
        raise UserError(
            "is not a span that the reference series cover",
            where="years",
            value=f"{first_year}-{last_year}",
            allowed=f"1 Januaries from {FIRST_YEAR} to {LAST_YEAR}, the first before the last",
            next_step="Choose years inside that span.",
        )
    return tuple(range(first_year, last_year + 1))


def read_population(path: Path, years: tuple[int, ...]) -> Ints:
    """int64[T+1, 2, 106] from table 07459."""
    columns = [str(year) for year in years]
    frame = read_table(path).filter(pl.col("age") <= OLDEST)
    out = np.empty((len(years), 2, AGES), dtype=np.int64)
    for sex, name in enumerate(SEXES):
        cells = frame.filter(pl.col("sex") == name).sort("age")
        if cells["age"].to_list() != list(range(AGES)):
            raise InputRefused(
                f"has not one row for each age 0 to {OLDEST}", where=path.name, column="age"
            )
        out[:, sex] = cells.select(columns).to_numpy().T
    return out


def _population_before(folder: Path, years: tuple[int, ...]) -> Ints:
    """int64[1, 2, 106] of the year before table 07459, if it is asked for, else int64[0, 2, 106].

    Sexes and ages are the Human Mortality Database's, their sum table 05803's.
    """
    if years[0] > FIRST_YEAR:
        return np.empty((0, 2, AGES), dtype=np.int64)
    cells = np.zeros((2, AGES))
    for line in _lines(folder / EARLIER_POPULATION):
        year, age, female, male, _ = line.split()
        if year == str(FIRST_YEAR):
            cells[:, min(int(age.rstrip("+")), OLDEST)] += float(male), float(female)
    accounts = read_table(folder / ACCOUNTS, null_values=["NA"]).rename(_ACCOUNT_COLUMNS)
    total = accounts.filter(pl.col("year").cast(pl.Int64) == FIRST_YEAR)["population"][0]
    return largest_remainder(cells, int(total))[None]


def _lines(path: Path) -> list[str]:
    """The lines of a file of the Human Mortality Database below its head."""
    _check_there(path)
    return path.read_text(encoding="utf-8").splitlines()[3:]


def read_accounts(path: Path, years: tuple[int, ...], population: Ints) -> dict[str, Ints]:
    """Births, deaths, immigration and emigration of each window from table 05803.

    The file's own population is checked against `population`.
    """
    frame = read_table(path, null_values=["NA"]).rename(_ACCOUNT_COLUMNS)
    frame = frame.with_columns(pl.col("year").cast(pl.Int64)).sort("year")
    rows = {row["year"]: row for row in frame.select(_ACCOUNT_COLUMNS.values()).to_dicts()}
    for t, year in enumerate(years):
        told = rows.get(year, {}).get("population")
        counted = int(population[t].sum())
        if told is not None and int(told) != counted:
            raise UserError(
                f"gives {told} residents on 1 January {year}, table 07459 {counted}: "
                f"they differ by {int(told) - counted}",
                where=path.name,
                next_step="Use two files of the same vintage.",
            )
    names = ("births", "deaths", "immigration", "emigration")
    return {name: _window_column(rows, years[:-1], name, path) for name in names}


def read_events(path: Path) -> dict[str, dict[int, int]]:
    """Marriages, divorces and stillbirths by year; 0: a year that the table has not yet."""
    frame = read_table(path, null_values=["NA"])
    names = {
        "marriages": "inngåtte_ekteskap", "divorces": "skilsmisser", "stillbirths": "dødfødte",
    }  # fmt: skip
    return {
        name: {int(y): int(n) for y, n in frame.select("år", column).rows() if int(n or 0)}
        for name, column in names.items()
        if column in frame.columns
    }


def _window_column(
    rows: dict[int, dict[str, object]], years: tuple[int, ...], name: str, path: Path
) -> Ints:
    values = [rows.get(year, {}).get(name) for year in years]
    for year, value in zip(years, values, strict=True):
        if value is None:
            raise InputRefused(f"has no {name} for {year}", where=path.name)
    return np.array([int(str(value)) for value in values], dtype=np.int64)


def _births_by_sex(path: Path, years: tuple[int, ...], totals: Ints) -> Ints:
    """int64[T, 2]: the totals of 05803, split as the Human Mortality Database splits them."""
    known: dict[int, tuple[float, float]] = {}
    if path.exists():
        for line in _lines(path):
            parts = line.split()
            if len(parts) >= 4 and parts[0].isdigit():
                known[int(parts[0])] = (float(parts[2]), float(parts[1]))
    usual = (BIRTHS_MALE, 1 - BIRTHS_MALE)
    return np.stack(
        [
            largest_remainder(known.get(year, usual), int(total))
            for year, total in zip(years, totals, strict=True)
        ]
    )


def published_quarters(path: Path, years: tuple[int, ...], totals: Ints, stocks: Ints) -> Ints:
    """int64[T, 4, 4]: births, deaths, immigration, emigration since 1 January, by quarter.

    As published when the quarter was; -1 where nothing was. The fourth is the sum of the quarters.
    Where only the population at the beginning of a quarter is known, the quarter before has its
    usual births, deaths and emigrations, and immigration is what remains; and what the four
    quarters of a year have too much, against its final figures, are deaths.

    Parameters
    ----------
    path
        The file; where there is none, nothing was published.
    years
        The T + 1 years of the stocks.
    totals
        int64[T, 4]: the final figures of the years.
    stocks
        int64[T + 1]: residents on each 1 January.
    """
    out = np.full((len(years) - 1, len(_FLOWS), 4), -1, dtype=np.int64)
    if not path.exists():
        return out
    with path.open(encoding="utf-8") as stream:
        rows = sorted(csv.DictReader(stream), key=lambda row: (row["period"], row["kind"]))
    for row in rows:
        t = int(row["period"][:4]) - years[0]
        if not 0 <= t < len(out):
            continue
        first, last = int(row["period"][5]), int(row["period"][-1])
        flows = np.array([int(row[kind]) for kind in _FLOWS])
        if first == 1:
            out[t, :, last - 1] = flows
            continue
        if out[t, 0, first - 2] == -1:
            before = int(row["pop_begin"]) - int(stocks[t])
            out[t, :, first - 2] = _before(first, before, totals[t], flows)
        out[t, :, last - 1] = out[t, :, first - 2] + flows
    return out


def _before(quarter: int, growth: int, totals: Ints, flows: Ints) -> Ints:
    """Return what the year had before a quarter, of which the growth is known."""
    if quarter == 4:
        before = totals - flows
        before[_FLOWS.index("deaths")] += int(_SIGNS @ before) - growth
        return before
    before = np.rint(SEASON[:, : quarter - 1].sum(axis=1) * totals).astype(np.int64)
    before[_FLOWS.index("immigration")] += growth - int(_SIGNS @ before)
    return before


def read_table(path: Path, **options: object) -> pl.DataFrame:
    """Read one CSV file of the reference folder, codes as text."""
    _check_there(path)
    text = {"location_code": pl.String, "kommunenummer": pl.String}
    return pl.read_csv(path, schema_overrides=text, **options)  # type: ignore[arg-type]


def _check_there(path: Path) -> None:
    if not path.exists():
        raise InputRefused(
            "is missing from the reference folder",
            where=str(path),
            next_step="Give the folder that holds it, or leave --reference out.",
        )


def _check_agreement(years: tuple[int, ...], population: Ints) -> None:
    """A folder of another vintage is told apart before anything is built on it."""
    if published.YEAR not in years:
        return
    found = published_agreement(population[years.index(published.YEAR)])
    if found:
        raise UserError(
            f"departs from the published tables: {'; '.join(found)}",
            where=POPULATION,
            next_step="Use table 07459 as published in 2021, or a span without 2021.",
        )


def published_agreement(population: Ints) -> list[str]:
    """Where a stock of 1 January 2021 departs from the embedded Tables 1 and 2.

    An empty list: table 07459 and the page agree, the 2 072 of unknown marital status included.
    """
    found = []
    groups = published.table1_population()
    for name, ages in published.TABLE1_GROUPS.items():
        here = int(population[:, ages].sum())
        if here != groups[name]:
            found.append(f"Table 1, {name}: {groups[name]}, table 07459 {here}")
    known = published.table2_counts()
    fives = published.five_year(population)
    unknown = fives - known.sum(axis=2)
    for sex, name in enumerate(SEXES):
        if int(unknown[sex].sum()) != published.UNKNOWN_MARITAL_BY_SEX[sex]:
            found.append(f"Table 2, {name}: {unknown[sex].sum()} of unknown marital status")
    by_age = published.unknown_marital_by_age()
    for group, here in enumerate(unknown.sum(axis=0)):
        if here != by_age[group]:
            found.append(f"Table 2, age group {group}: {here} unknown, the page {by_age[group]}")
    return found
