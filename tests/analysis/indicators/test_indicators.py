"""Indicators of a small country, worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from folkestrom.analysis.indicators import indicators as made_of
from folkestrom.analysis.indicators.indicators import MEASURES, indicators
from folkestrom.errors import InputRefused, UsageError
from folkestrom.projection.rates.life_table import life_table
from folkestrom.projection.rates.period import period_life_table
from folkestrom.statistics.periods import year
from tests.reference.register import OPEN
from tests.statistics.small_store import hand_made

KNOWN = (date(2000, 1, 1), OPEN)
BEGIN = date(1999, 12, 31)


def _person(number: int, sex: int, age: int, **more: Any) -> dict[str, Any]:
    """Somebody who has the age all through 2001: born on 1 January."""
    born = date(2001 - age, 1, 1)
    return {"person": number, "sex": sex, "birth_date": born, "position": number,
            "valid_from": max(born, BEGIN), **more}  # fmt: skip


def _event(number: int, person: int, kind: int, day: date, born: date) -> tuple[Any, ...]:
    left, reached = (301, None) if kind == 9 else (None, 301)
    units = [None if m is None else m * 10_000 + 1 for m in (left, reached)]
    return (number, person, kind, day, 1, KNOWN[0], left, reached, *units, None, None, 1, born,
            *KNOWN)  # fmt: skip


def _attribute(person: int, sex: int, born: date, mother: int | None) -> tuple[Any, ...]:
    return (person, sex, born, 166, mother, None, 1, born, OPEN, *KNOWN, person)


def a_country(*late: tuple[Any, ...]) -> Any:
    """One man and one woman of each age to 100; two births to her of 30, one to nobody known."""
    died = date(2001, 7, 2)
    rows = [_person(1000 * sex + age, sex, age) for sex in (1, 2) for age in range(101)]
    rows[100]["valid_to"] = died
    events = [_event(1, 1100, 9, died, date(1901, 1, 1))]
    attributes = [_attribute(2030, 2, date(1971, 1, 1), None)]
    for number, mother in ((11, 2030), (12, 2030), (13, None)):
        day = date(2001, 3, number)
        events.append(_event(number, number, 2, day, day))
        attributes.append(_attribute(number, 1, day, mother))
    wed = date(2001, 5, 1)
    marital = [
        (1040, 1, None, BEGIN, wed, *KNOWN, 1), (1040, 2, 2500, wed, OPEN, *KNOWN, 2),
    ]  # fmt: skip
    return hand_made(rows, event=[*events, *late], attribute=attributes, marital=marital)


def test_rates_are_of_what_occurred_in_the_year_and_accounts_of_what_was_counted() -> None:
    """A birth and a death of the year before are reported late: rates are as without them."""
    day, told = date(2000, 12, 1), date(2001, 6, 1)
    late = [
        tuple(told if n in (5, 14) else value for n, value in enumerate(_event(*one)))
        for one in ((14, 14, 2, day, day), (15, 2099, 9, day, date(1902, 1, 1)))
    ]
    (row,) = indicators(a_country(*late), [year(2001)]).rows()
    (without,) = indicators(a_country(), [year(2001)]).rows()
    assert (row["births"], row["deaths"]) == (4, 2) != (without["births"], without["deaths"])
    for name in ("total_fertility", "infant_mortality", "mean_age_at_childbearing"):
        assert row[name] == without[name]


def test_a_year_worked_out_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = indicators(a_country(), [year(2001)], known_at="latest").rows()
    # 101 person-years of men are no life table: Eayres and Williams (2004) ask for 5 000.
    assert row["life_expectancy_male"] is None
    monkeypatch.setattr(made_of, "LEAST_PERSON_YEARS", 100)
    (row,) = indicators(a_country(), [year(2001)], known_at="latest").rows()
    assert (row["births"], row["deaths"]) == (3, 1)
    # 200 at the beginning; two infants came on 1 January, and one man died. Rates are by 200.5.
    assert row["mean_population"] == 200.5
    assert row["birth_rate"] == pytest.approx(3000 / 200.5, abs=0.005)
    assert row["death_rate"] == pytest.approx(1000 / 200.5, abs=0.005)
    assert (row["immigration_rate"], row["net_migration_rate"]) == (0, 0)
    # The birth to nobody known is spread as the others are: three births by one woman's year.
    assert row["total_fertility"] == pytest.approx(3 * 365.2425 / 365, abs=0.0005)
    assert row["mean_age_at_childbearing"] == 30.5
    # Nobody dies before 100, and from then on one man in the 182 days that he lived.
    assert row["life_expectancy_male"] == pytest.approx(100 + 182 / 365.2425, abs=0.005)
    assert row["life_expectancy_female"] is None
    assert row["infant_mortality"] == 0
    # A man of 40 marries a woman who is not resident.
    assert (row["mean_age_at_marriage_male"], row["mean_age_at_marriage_female"]) == (40.5, None)
    # On 1 January two are of each completed age 0 to 99.
    assert (row["mean_age"], row["median_age"]) == (50, 50)


def test_places_have_rows_of_their_own() -> None:
    cells = indicators(a_country(), [year(2001), year(2002)], ["county"], "latest")
    rows = list(cells.rows())
    assert [(row["period"], row["county"]) for row in rows] == [("2001", "03"), ("2002", "03")]
    assert [d.id for d in cells.specification.dimensions] == ["period", "county"]
    assert set(rows[0]) == {"period", "county", *(m.id for m in MEASURES)}
    assert rows[1]["life_expectancy_male"] is None
    assert rows[1]["infant_mortality"] is None


@pytest.mark.parametrize(
    ("by", "known_at", "says"),
    [
        (["sex"], "latest", "is no place"),
        (["countyy"], "latest", "Did you mean 'county'"),
        ([], date(2001, 6, 1), "before the period ends"),
    ],
)
def test_what_indicators_cannot_be(by: list[str], known_at: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        indicators(a_country(), [year(2001)], by, known_at)


def test_a_population_too_small_for_a_life_table_has_none() -> None:
    deaths, exposure = np.ones(101), np.ones(101)
    exposure[79] = 0
    assert period_life_table(deaths, exposure, "male") is None
    exposure[79], exposure[95] = 1, 0
    table = period_life_table(deaths, exposure, "male")
    assert table is not None
    assert table.age[-1] == 95
    assert period_life_table(np.zeros(101), np.ones(101), "male") is None


@pytest.mark.parametrize(
    ("age", "rate"),
    [([0.0, 1.0], [0.1]), ([1.0, 0.0], [0.1, 0.1]), ([0.0, 1.0], [0.1, 0.0]),
     ([0.0, 1.0], [-0.1, 0.1]), ([0.0, 1.0], [float("nan"), 0.1]), ([], [])],
)  # fmt: skip
def test_what_is_no_life_table_is_refused(age: list[float], rate: list[float]) -> None:
    with pytest.raises(InputRefused):
        life_table(np.array(age), np.array(rate), np.full(len(rate), 0.5))


def test_a_life_table_keeps_its_identities() -> None:
    rate = np.append(np.random.default_rng(1).uniform(0, 0.3, 90), 0.4)
    table = life_table(np.arange(91.0), rate, np.full(91, 0.5))
    deaths = table.survivors * table.probability
    assert deaths.sum() == pytest.approx(1)
    # In a stationary population the rates are deaths by person-years.
    assert deaths / table.person_years == pytest.approx(rate)
    assert table.expectation[0] == pytest.approx(table.person_years.sum())
