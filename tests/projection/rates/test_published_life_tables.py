"""Life tables and fertility against published ones, from the same deaths and rates."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from folkestrom.projection.rates.fertility import (
    fertility_rates,
    mean_age_at_childbearing,
    total_fertility,
)
from folkestrom.projection.rates.life_table import (
    SEXES,
    Floats,
    Sex,
    infant_years,
    life_table,
    without,
    years_of_dying,
)
from folkestrom.projection.rates.period import Choices, decrements, observed, period_life_table
from folkestrom.projection.rates.schedules import fit_schedule
from folkestrom.projection.rates.smoothing import smoothed

#: Statistics Norway, table 05375: life expectancy at birth, males and females.
EXPECTED = {2000: (75.95, 81.38), 2010: (78.85, 83.15), 2019: (81.19, 84.68), 2020: (81.48, 84.89)}
#: Statistics Norway, table 04232: total fertility rate.
FERTILITY = {2009: 1.98, 2019: 1.53, 2020: 1.48}


@cache
def lines(file: Path) -> list[list[str]]:
    """Rows of a file of the Human Mortality or Fertility Database."""
    return [line.split() for line in file.read_text(encoding="utf-8").splitlines()[3:]]


def columns(file: Path, year: int) -> list[list[str]]:
    """Rows of a year, without the year."""
    return [rest for first, *rest in filter(None, lines(file)) if first == str(year)]


def number(text: str) -> float:
    """A number, or nothing, which stands for none."""
    return 0.0 if text == "." else float(text)


def norway(reference: Path, year: int, sex: str) -> tuple[Floats, Floats]:
    """Deaths and exposure by age, of the Human Mortality Database."""
    column = {"female": 1, "male": 2}[sex]
    folder = reference / "mortality_fertility"
    deaths, rates = (
        np.array([number(row[column]) for row in columns(folder / file, year)])
        for file in ("Deaths_1x1.txt", "Mx_1x1.txt")
    )
    # Where nobody died at an age, the rate does not tell how many were exposed; nor need it.
    unknown = np.where(np.arange(rates.size) < 100, 1.0, 0.0)
    return deaths, np.divide(deaths, rates, out=unknown, where=rates > 0)


@pytest.mark.parametrize("year", EXPECTED)
def test_life_expectancy_is_that_of_statistics_norway(reference: Path, year: int) -> None:
    for sex, expected in zip(SEXES, EXPECTED[year], strict=True):
        table = period_life_table(*norway(reference, year, sex), sex)
        assert table is not None
        assert float(table.expectation[0]) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("year", EXPECTED)
def test_smooth_rates_and_schedules_have_the_life_expectancy_too(
    reference: Path, year: int
) -> None:
    for sex, expected in zip(SEXES, EXPECTED[year], strict=True):
        deaths, lived = (one[:101] for one in norway(reference, year, sex))
        rate = np.append(deaths[:1] / lived[:1], smoothed(deaths[1:], lived[1:]).rates)
        siler = fit_schedule("siler", deaths, lived)
        adults = fit_schedule("gompertz-makeham", deaths[40:], lived[40:], 40)
        # Siler's five parameters know no hump of accidents among the young.
        for rates, off in ((rate, 0.06), (siler.rates, 0.2),
                           (np.append(rate[:40], adults.rates), 0.08)):  # fmt: skip
            age = np.arange(101.0)
            table = life_table(age, rates, years_of_dying(age, rates, sex))
            assert float(table.expectation[0]) == pytest.approx(expected, abs=off)
        # Gompertz's slope of adults is about a tenth in all countries (Thatcher 1999).
        assert 0.09 < adults.parameters["b"] < 0.13


@pytest.mark.parametrize("year", FERTILITY)
def test_hadwiger_has_the_fertility_of_statistics_norway(reference: Path, year: int) -> None:
    rows = columns(reference / "mortality_fertility" / "NORasfrRR.txt", year)
    births = np.array([30_000 * float(rate) for _, rate in rows])[3:38]
    found = fit_schedule("hadwiger", births, np.full(35, 30_000.0), 15)
    assert found.parameters["total"] == pytest.approx(FERTILITY[year], abs=0.005)
    assert found.wild == ()


@pytest.mark.parametrize("year", FERTILITY)
def test_fertility_is_that_of_statistics_norway(reference: Path, year: int) -> None:
    rows = columns(reference / "mortality_fertility" / "NORasfrRR.txt", year)
    births = np.zeros(60)
    births[12 : 12 + len(rows)] = [1000 * float(rate) for _, rate in rows]
    rates = fertility_rates(births, np.full(60, 1000.0))
    assert total_fertility(rates) == pytest.approx(FERTILITY[year], abs=0.006)
    ages = np.arange(60) + 0.5
    assert mean_age_at_childbearing(rates) == pytest.approx(
        (births * ages).sum() / births.sum(), abs=0.01
    )


def population(reference: Path, year: int, sex: str) -> Floats:
    """Persons on 1 January by age, of the Human Mortality Database."""
    column = {"female": 1, "male": 2}[sex]
    file = reference / "mortality_fertility" / "Population.txt"
    return np.array([number(row[column]) for row in columns(file, year)])


@pytest.mark.parametrize("year", EXPECTED)
@pytest.mark.parametrize(
    ("choices", "within"),
    [
        ({}, 0.01),
        ({"infants": "coale-demeny"}, 0.01),
        # Groups and the model take the rates of single ages for others.
        ({"abridged": True}, 0.06),
        ({"closing": "kannisto", "open_age": 110}, 0.06),
    ],
)
def test_so_it_is_of_deaths_and_the_mean_population(
    reference: Path, year: int, choices: dict[str, object], within: float
) -> None:
    for sex, expected in zip(SEXES, EXPECTED[year], strict=True):
        deaths, _ = norway(reference, year, sex)
        mean = (population(reference, year, sex) + population(reference, year + 1, sex)) / 2
        made = Choices(sex, **choices)  # type: ignore[arg-type]
        found = observed(deaths[None], mean, made)
        assert found is not None
        table = decrements(found.age, found.rate, made).table
        assert float(table.expectation[0]) == pytest.approx(expected, abs=within)


@pytest.fixture
def textbook(reference: Path) -> dict[str, dict[str, list[float]]]:
    file = reference.parent / "cases" / "lifetable" / "lifetable_textbook.json"
    if not file.exists():
        pytest.skip("worked cases are not there")
    cases: dict[str, dict[str, list[float]]] = json.loads(file.read_text(encoding="utf-8"))
    return cases


def abridged_ages(groups: int) -> Floats:
    """0, 1, 5, 10 …"""
    return np.array([0, 1, *range(5, 5 * (groups - 1), 5)], np.float64)


@pytest.mark.parametrize(("case", "sex"), [("un1982_p34", "male"), ("mortpak_1988_p82", "female")])
def test_abridged_life_tables_of_the_united_nations(
    textbook: dict[str, dict[str, list[float]]], case: str, sex: Sex
) -> None:
    # Infants and children by Coale and Demeny's West, others by Greville: UN (1982, 1988).
    rate = np.array(textbook[case]["nMx"])
    age = abridged_ages(rate.size)
    table = life_table(age, rate, years_of_dying(age, rate, sex, "coale-demeny"))
    assert table.expectation == pytest.approx(textbook[case]["expected_ex"], abs=0.005)


def test_the_life_table_of_the_census_bureau(textbook: dict[str, dict[str, list[float]]]) -> None:
    # Its infants are from a given infant mortality, so that it is compared from age 1 on.
    given = textbook["pas_ltpopdth"]
    rate = np.array(given["Deaths"]) / np.array(given["Exposures"])
    age = abridged_ages(rate.size)
    within = years_of_dying(age, rate, "male", "coale-demeny")
    within[2:] = 2.5
    table = life_table(age, rate, within)
    assert table.expectation[1:19] == pytest.approx(given["expected_ex"][1:19], abs=0.01)


def test_a_cause_deleted_as_in_the_textbook(textbook: dict[str, dict[str, list[float]]]) -> None:
    # Preston, Heuveline and Guillot (2001), Boxes 4.1 and 4.2: neoplasms, women in the US 1991.
    given = textbook["us_female_1991_neoplasms_PHG_4_1_4_2"]
    expected: dict[str, float] = given["expected"]  # type: ignore[assignment]
    age, within, survivors = (np.array(given[name], np.float64) for name in ("age", "nax", "lx"))
    dying = 1 - survivors[1:] / survivors[:-1]
    width = np.diff(age)
    rate = np.append(dying / (width - (width - within[:-1]) * dying), 1 / within[-1])
    share = np.array(given["D_neo"]) / np.array(given["D"])
    table = life_table(age, rate, within)
    assert table.expectation[0] == pytest.approx(expected["e0"], abs=0.005)
    causes = np.stack([rate * (1 - share), rate * share])
    ever = decrements(age, causes, Choices(None)).ever[1, 0]
    assert ever == pytest.approx(expected["prob"], abs=0.0005)
    deleted = without(table, share)
    assert deleted.expectation[0] == pytest.approx(expected["e0_cause_deleted"], abs=0.01)


def test_the_life_table_of_a_textbook(textbook: dict[str, dict[str, list[float]]]) -> None:
    # Preston, Heuveline and Guillot (2001), Box 3.1: Austrian males 1992.
    given = textbook["austria_male_1992_PHG_3_1"]
    age, people, deaths, within = (np.array(given[c]) for c in ("age", "N", "D", "nax"))
    table = life_table(age, deaths / people, within)
    assert 100_000 * table.survivors == pytest.approx(given["expected_lx"], abs=0.01)
    assert table.expectation == pytest.approx(given["expected_ex"], abs=0.001)


def test_infants_by_the_protocol_of_the_human_mortality_database() -> None:
    # The pieces meet where they change, to the decimals that are published.
    for sex, bounds in (("male", (0.023, 0.08307)), ("female", (0.01724, 0.06891))):
        for bound in bounds:
            below, above = (infant_years(bound + d, sex) for d in (-1e-9, 1e-9))  # type: ignore[arg-type]
            assert below == pytest.approx(above, abs=0.0012)
    assert infant_years(0.2, "male") == 0.29915
