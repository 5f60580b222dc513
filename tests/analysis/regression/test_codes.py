"""Codes of events: what is named occurs or is declared, and what is almost a code is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from folkestrom.analysis.followup import follow_up
from folkestrom.analysis.regression import cox, fine_gray, person_periods
from folkestrom.errors import InputRefused, UsageError, UserError

DAYS = [3, 5, 8, 9, 12, 14, 20, 22]
SEX = ["m", "f", "m", "f", "f", "m", "m", "f"]
ENDS = ["left", "died", "left", "cens", "left", "died", "left", "cens"]


def table(ends: Any) -> dict[str, Any]:
    return {"days": DAYS, "sex": SEX, "end": ends}


def incidence(ends: Any, **more: Any) -> float:
    event = {"event": "end", "cause": "left", "covariates": ["sex"]} | more
    return fine_gray(table(ends), stop="days", **event).params_["sex[m]"]


def renamed(**names: str | None) -> list[str | None]:
    return [names.get(end, end) for end in ENDS]


def score(beta: float) -> float:
    """Fine and Gray's score, added up by hand: censoring comes after all competing events."""
    # Kaplan and Meier's estimate of not being censored just before each day.
    stay = {day: 1.0 if day <= 9 else 4 / 5 for day in DAYS}
    total = 0.0
    for day, sex, end in zip(DAYS, SEX, ENDS, strict=True):
        if end != "left":
            continue
        above = below = 0.0
        for other, its, its_end in zip(DAYS, SEX, ENDS, strict=True):
            weight = float(other >= day)
            if other < day and its_end == "died":
                weight = stay[day] / stay[other]
            risk = weight * np.exp(beta * (its == "m"))
            above += risk * (its == "m")
            below += risk
        total += (sex == "m") - above / below
    return total


def test_the_estimate_is_the_root_of_the_score_by_hand() -> None:
    beta = incidence(ENDS, censored="cens")
    assert score(beta - 1e-6) > 0 > score(beta + 1e-6)


@pytest.mark.parametrize(
    "ends",
    [
        renamed(cens=None),
        renamed(cens="censored"),
        pl.Series(renamed(cens="censored"), dtype=pl.Enum(["left", "died", "censored", "moved"])),
    ],
)
def test_nothing_happened_in_every_form(ends: Any) -> None:
    assert incidence(ends) == pytest.approx(incidence(ENDS, censored="cens"), rel=1e-12)


@pytest.mark.parametrize("kind", [np.int64, np.float64, np.int8])
def test_nothing_is_0_in_every_kind_of_number(kind: Any) -> None:
    numbers = np.array([{"cens": 0, "left": 1, "died": 2}[end] for end in ENDS], kind)
    found = incidence(numbers, cause=1)
    assert found == pytest.approx(incidence(ENDS, censored="cens"), rel=1e-12)


def test_a_code_of_censoring_that_is_declared_need_not_occur() -> None:
    kind = pl.Enum(["cens", "left", "died"])
    without = renamed(cens=None)
    found = incidence(pl.Series(without, dtype=kind), censored="cens")
    assert found == pytest.approx(incidence(without), rel=1e-12)
    frame = pd.DataFrame(table(pd.Categorical(without, categories=["cens", "left", "died"])))
    again = fine_gray(
        frame, stop="days", event="end", cause="left", covariates=["sex"], censored="cens"
    )
    assert again.params_["sex[m]"] == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize(
    ("ends", "more", "says"),
    [
        (ENDS, {"censored": "censor"}, r"(?s)'censor' is no value of the column.*mean 'cens'"),
        (ENDS, {"censored": 0}, "'0' is no value of the column"),
        (ENDS, {"censored": "left"}, "cannot mean that nothing happened"),
        (ENDS, {"cause": "lef", "censored": "cens"}, r"(?s)'lef' ends no row.*mean 'left'"),
        (ENDS, {}, "'cens' would count as an event"),
        (renamed(cens="Censored"), {}, "'Censored' is almost 'censored'"),
        (
            renamed(cens=" cens"),
            {"censored": " cens", "cause": "Left"},
            r"(?s)'Left' does not occur.*mean 'left'",
        ),
        (renamed(cens=""), {}, "holds empty text"),
    ],
)
def test_codes_that_cannot_be_meant(ends: Any, more: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        incidence(ends, **more)


def follow(ends: Any) -> object:
    return follow_up(DAYS, ends)


def periods(ends: Any) -> object:
    return person_periods(table(ends), stop="days", event="end", covariates=["sex"], length=5)


def hazard(ends: Any) -> object:
    return cox(table(ends), stop="days", event="end", cause="left", covariates=["sex"])


@pytest.mark.parametrize("fit", [follow, periods, hazard])
@pytest.mark.parametrize("wrong", ["", "Left", "left ", " LEFT"])
def test_every_estimator_refuses_what_is_almost_a_code(
    fit: Callable[[Any], object], wrong: str
) -> None:
    with pytest.raises(InputRefused, match=r"holds empty text|is almost '"):
        fit([wrong, *renamed(cens=None)[1:]])


@pytest.mark.parametrize("fit", [follow, periods])
@pytest.mark.parametrize("wrong", ["Censored", "cens", "Censoring"])
def test_what_is_almost_censored_is_no_event(fit: Callable[[Any], object], wrong: str) -> None:
    with pytest.raises(InputRefused, match=r"would count as an event|is almost 'censored'"):
        fit(renamed(cens=wrong))


def test_of_one_hazard_everything_else_is_censored_whatever_it_is_called() -> None:
    found = hazard(ENDS)
    assert found.params_ == hazard(renamed(cens=None, died=None)).params_  # type: ignore[attr-defined]


def test_causes_of_follow_up_are_suggested() -> None:
    with pytest.raises(UsageError, match=r"(?s)'died' is a cause that is not.*mean 'deid'"):
        follow_up(DAYS, renamed(cens=None), causes=["left", "deid"])


NUMBERS = [{"cens": 0, "left": 1, "died": 2}[end] for end in ENDS]


@pytest.mark.parametrize("fit", [follow, periods, lambda ends: incidence(ends, cause=1)])
@pytest.mark.parametrize(
    "ends",
    [
        pd.Series(NUMBERS, dtype="category"),
        pl.Series(map(str, NUMBERS), dtype=pl.Enum(["0", "1", "2"])),
        pa.array(NUMBERS).dictionary_encode(),
        [f"{number:.1f}" for number in NUMBERS],
        pd.Series([number > 0 for number in NUMBERS], dtype="category"),
    ],
)
def test_zero_and_false_as_levels_are_no_event(fit: Callable[[Any], object], ends: Any) -> None:
    with pytest.raises(UserError, match=r"'(0|0\.0|false)' would count as an event|ends no row"):
        fit(ends)


def test_zero_that_is_named_is_a_code_like_others() -> None:
    texts = [str(number) for number in NUMBERS]
    assert incidence(texts, cause="1", censored="0") == incidence(NUMBERS, cause=1)
    assert follow_up(DAYS, texts, causes=["0", "1", "2"]).causes == ("0", "1", "2")
