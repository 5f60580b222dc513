"""Every published sum, computed from the report files alone, is the target, in every year."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from folkestrom.twin import Result
from folkestrom.twin.targets.definition import AGES, SEXES
from tests.twin.reading import Log, Report, State, completed_age

MARITAL = (
    "unknown never_married married widowed divorced separated registered_partner "
    "separated_partner divorced_partner surviving_partner"
).split()
YEARS = range(2000, 2022)
Stocks = dict[int, list[State]]


@pytest.fixture(scope="module")
def stocks(log: Log) -> Stocks:
    """Residents of each 1 January as known a month later."""
    return {y: list(log.stock(dt.date(y, 1, 1), dt.date(y, 2, 1)).values()) for y in YEARS}


@pytest.fixture(scope="module")
def flows(log: Log) -> dict[int, list[Report]]:
    """Births, deaths and migrations of each year."""
    return {year: log.flows(year) for year in YEARS[:-1]}


def by_age(states: list[State], year: int) -> NDArray[np.int64]:
    counts = Counter((s.sex, completed_age(s.birth, year)) for s in states)
    return np.array([[counts[sex, age] for age in range(AGES)] for sex in SEXES])


def by_cohort(log: Log, reports: list[Report], year: int) -> NDArray[np.int64]:
    """Flows by sex and the age that the person reaches by the next 1 January."""
    cohorts = (log.cohort(r.person) for r in reports)
    counts = Counter((sex, min(year - born, 105)) for sex, born in cohorts)
    return np.array([[counts[sex, age] for age in range(AGES)] for sex in SEXES])


@pytest.mark.parametrize("year", YEARS)
def test_the_stock_by_sex_and_single_age(small: Result, stocks: Stocks, year: int) -> None:
    wanted = small.targets.population[year - YEARS[0]]
    np.testing.assert_array_equal(by_age(stocks[year], year), wanted)


@pytest.mark.parametrize("year", YEARS)
def test_foreign_citizens_by_sex(small: Result, stocks: Stocks, year: int) -> None:
    counts = Counter((s.sex, s.citizenship) for s in stocks[year])
    found = [[counts[sex, code] for code in small.targets.citizenship_codes] for sex in SEXES]
    wanted = small.targets.citizenship[year - YEARS[0]]
    # Between published years some may wait for the next: where so few come in a year, they don't
    # always suffice. The most seen in 16 seeds at this scale was 22, at one in a hundred 2.
    slack = 0 if year in (YEARS[0], YEARS[-1]) else 24
    assert np.abs(np.array(found) - wanted).sum() <= slack


@pytest.mark.parametrize("year", YEARS)
def test_municipalities(small: Result, stocks: Stocks, year: int) -> None:
    counts = Counter(s.municipality for s in stocks[year])
    found = [counts[f"{code:04d}"] for code in small.targets.municipality_codes]
    wanted = small.targets.municipality_population[year - YEARS[0]]
    missed = sum(int(n.split()[-1]) for n in small.notes if n.startswith(f"{year - 1}: muni"))
    assert np.abs(np.array(found) - wanted).sum() == 2 * missed


@pytest.mark.parametrize("year", YEARS)
def test_marital_status_by_sex_and_cohort(small: Result, stocks: Stocks, year: int) -> None:
    group = [min((YEARS[-1] - 1 - s.birth.year) // 5, 20) for s in stocks[year]]
    pairs = zip(stocks[year], group, strict=True)
    counts = Counter((s.sex, g, s.marital) for s, g in pairs)
    found = [[[counts[sex, g, m] for m in MARITAL] for g in range(21)] for sex in SEXES]
    difference = np.abs(np.array(found) - small.targets.marital[year - YEARS[0]]).sum()
    # Only the first and the last are published; what cannot be met in couples waits.
    assert difference <= (0 if year in (YEARS[0], YEARS[-1]) else 0.004 * len(stocks[year]))


@pytest.mark.parametrize("year", YEARS[:-1])
def test_the_flows_of_a_year(
    log: Log, small: Result, flows: dict[int, list[Report]], year: int
) -> None:
    targets, t = small.targets, year - YEARS[0]
    counts = Counter(r.kind for r in flows[year])
    assert counts["death"] == targets.deaths[t]
    assert counts["immigration"] == targets.immigration[t]
    assert counts["emigration"] == targets.emigration[t]
    sexes = Counter(r.row["sex"] for r in flows[year] if r.kind == "birth")
    assert [sexes[sex] for sex in SEXES] == targets.births[t].tolist()


@pytest.mark.parametrize("year", YEARS[:-1])
def test_every_cohort_closes_and_its_residual_has_causes(
    log: Log, small: Result, stocks: Stocks, flows: dict[int, list[Report]], year: int
) -> None:
    """P(t + 1, a + 1) = P(t, a) - D + I - E + A, and A is what the truth says was revised."""
    before, after = by_age(stocks[year], year), by_age(stocks[year + 1], year + 1)
    base = np.zeros_like(before)
    base[:, 1:] = before[:, :-1]
    base[:, -1] += before[:, -1]
    parts = {
        kind: by_cohort(log, [r for r in flows[year] if r.kind == kind], year)
        for kind in ("birth", "death", "immigration", "emigration")
    }
    expected = base + parts["birth"] - parts["death"] + parts["immigration"] - parts["emigration"]
    residual = after - expected
    truth = pl.read_parquet(small.folder / "truth" / "revisions.parquet")
    causes = np.zeros_like(residual)
    rows = truth.filter((pl.col("window") == year) & (pl.col("adjustment") != 0))
    for row in rows.iter_rows(named=True):
        sex, born = log.cohort(row["person"])
        causes[SEXES.index(sex), min(year - born, 105)] += row["adjustment"]
    assert residual.sum() == small.targets.adjustment[year - YEARS[0]]
    np.testing.assert_array_equal(residual, causes)


def test_the_stock_is_registered_the_day_before(log: Log, small: Result) -> None:
    first = [r for r in log.reports if r.kind == "first_registration" and r.known.year < 2000]
    assert {r.day for r in first} <= {dt.date(1999, 12, 31)}
    stock = [r for r in log.reports if r.kind == "first_registration"]
    assert len(stock) >= small.targets.total[0]
