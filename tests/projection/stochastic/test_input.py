"""Files of series and of limits: what they mean, and what is refused."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import pytest

from folkestrom.errors import InputRefused, UsageError
from folkestrom.projection.stochastic.history import History, drawn_factors, history_of
from folkestrom.projection.stochastic.limits import limits_of
from folkestrom.projection.structure import Structure

CELLS = Structure(ages=110)


def rows(component: str = "fertility", years: range = range(1990, 2021)) -> list[dict[str, Any]]:
    chance = np.random.default_rng(len(component))
    level = np.exp(chance.normal(0, 0.1, len(years)).cumsum())
    return [{"component": component, "year": str(y), "value": str(v)}
            for y, v in zip(years, level, strict=True)]  # fmt: skip


def mortality(years: range = range(1990, 2021)) -> list[dict[str, Any]]:
    chance = np.random.default_rng(1)
    return [
        {"component": "mortality", "year": y, "sex": sex, "age": age,
         "value": 0.001 * 1.08**age * np.exp(-0.02 * (y - 1990) + chance.normal(0, 0.02))}
        for y in years for sex in ("male", "female") for age in (0, 40, 80)
    ]  # fmt: skip


def limits(text: str) -> Any:
    return limits_of(tomllib.loads(text), "l.toml")


LIMIT = """
[[limit]]
component = "immigration"
year = 2030
low = 0.5
medium = 1.5
high = 2.0
"""


def factors(history: History | None, told: Any = None, first: int = 2021, **more: Any) -> Any:
    given = {"steps": 20, "base_years": 5, "draws": 4000, "seed": 1} | more
    return drawn_factors(CELLS, history, told, first=first, **given)


def test_levels_are_relative_to_the_years_of_the_rates() -> None:
    history = history_of(rows(years=range(1990, 2023)))
    found = factors(history)
    level = history.levels["fertility"][:31]
    assert np.median(found.levels[:, 0, 0]) == pytest.approx(
        level[-1] / level[-5:].mean(), rel=0.01
    )
    assert (found.levels[..., 1:] == 1).all()


def test_years_between_the_series_and_the_start_are_drawn_too() -> None:
    history = history_of(rows())
    late, early = (factors(history, first=first).levels[..., 0] for first in (2023, 2021))
    assert np.log(late[:, 0]).std() > 1.5 * np.log(early[:, 0]).std()


def test_mortality_falls_as_it_did_and_returns_come_with_immigration() -> None:
    found = factors(history_of([*mortality(), *rows("immigration")]))
    change = np.tensordot(found.index, found.patterns, 1)
    assert np.median(change[:, 19, :, 60]) == pytest.approx(-0.02 * 22, abs=0.05)
    assert (found.levels[..., 3] == found.levels[..., 1]).all()


def test_limits_are_quantiles_and_replace_a_series() -> None:
    found = factors(history_of(rows("immigration")), limits(f"coverage = 90\n{LIMIT}"))
    ends = np.quantile(found.levels[:, 9:, 1], [0.05, 0.5, 0.95], axis=0)
    assert ends == pytest.approx(np.array([[0.5], [1.5], [2.0]]) * np.ones(11), rel=0.06)
    assert factors(None, limits(LIMIT), seed=2).levels[..., 0].std() == 0


def test_limits_of_the_unit_of_experts() -> None:
    told = limits(f"[now]\nimmigration = 2\n{LIMIT}").limits[0]
    assert (told.low, told.medium, told.high) == (0.25, 0.75, 1.0)


def test_places_between_limits_last_as_long_as_they_say() -> None:
    still = factors(None, limits(f"autocorrelation = 0.8\n{LIMIT}")).levels[:, 10:, 1]
    place = np.argsort(np.argsort(still, axis=0), axis=0)
    assert np.corrcoef(place[:, 0], place[:, 1])[0, 1] == pytest.approx(0.79, abs=0.03)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no limits"),
        ("cover = 80", r"is no key of limits.*coverage"),
        ("coverage = 120" + LIMIT, r"l.toml, coverage.*1 to 99.9"),
        ("autocorrelation = true" + LIMIT, "autocorrelation"),
        ("now = 3" + LIMIT, "has no limits"),
        ("[now]\nfertilty = 1.6" + LIMIT, "is no component.*fertility"),
        ("[now]\nimmigration = 0" + LIMIT, "limit 1, now, immigration"),
        (LIMIT.replace("medium = 1.5", ""), "limit 1, medium"),
        (LIMIT.replace("medium", "mean"), "is no key of a limit.*medium"),
        (LIMIT.replace("2.0", "1.0"), "are not in order.*low, medium, high"),
        (LIMIT.replace("2030", '"soon"'), "is no year.*2050"),
        (LIMIT.replace("0.5", "-1"), "limit 1, low"),
        (LIMIT + LIMIT, "two limits of one component and year"),
        (LIMIT.replace("immigration", "return"), "is no component"),
    ],
)
def test_limits_that_cannot_be(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"(?s){said}"):
        limits(text)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "has no rows"),
        ([{"component": "births", "year": 2000, "value": 1}], "is no component"),
        ([{"component": "fertility", "year": "x", "value": 1}], "row 1.*cannot be read"),
        ([{"component": "fertility", "year": 2000, "value": 0}], "is no level.*above 0"),
        (rows() + rows(), "has this already"),
        (rows()[:5] + rows()[6:], "1995.*lacks a year"),
        (mortality()[:-1], "2020, female, age 80.*lacks a death rate"),
        ([{"component": "mortality", "year": 2000, "sex": "x", "age": 0, "value": 1}], "male or"),
        ([{"component": "mortality", "year": 2000, "sex": "male", "age": -5, "value": 1}], "row 1"),
    ],
)
def test_series_that_cannot_be(given: list[dict[str, Any]], said: str) -> None:
    with pytest.raises((InputRefused, UsageError), match=f"(?s){said}"):
        history_of(given, "s.csv")


def test_a_limit_of_a_year_before_the_start() -> None:
    with pytest.raises(UsageError, match=r"(?s)immigration, 2030.* is before the first.*2031 or"):
        factors(None, limits(LIMIT), first=2031)


def test_series_that_end_too_early_or_begin_too_late() -> None:
    with pytest.raises(UsageError, match=r"(?s)ends before the years.*2025 or later"):
        factors(history_of(rows()), first=2030)
    with pytest.raises(UsageError, match="too short for the model"):
        factors(history_of([*mortality(), *rows()]), first=2001)
    with pytest.raises(UsageError, match="too short for the model"):
        factors(history_of(rows()), first=1980)
