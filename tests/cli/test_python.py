"""The Python interface takes what people write, and says what it cannot take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.errors import UsageError
from tests.cli.test_statistics import store

__all__ = ["store"]

DAY = date(2021, 1, 1)
NAIVE = datetime.combine(DAY, time())


@pytest.mark.parametrize(
    "day",
    ["2021-01-01", NAIVE, NAIVE.replace(tzinfo=UTC), np.datetime64(DAY)],
)
def test_a_day_may_be_said_in_several_ways(store: Path, day: Any) -> None:
    opened = folkestrom.open(store)
    assert opened.population(day, "sex").equals(opened.population(DAY, ["sex"]))
    assert opened.population(dates=day).equals(opened.population(dates=[DAY]))
    assert opened.population(DAY, known_at=day).equals(opened.population(DAY, known_at=DAY))
    assert opened.changes("2020-01-01", day).equals(opened.changes(date(2020, 1, 1), DAY))
    assert opened.explain("2020-01-01", day).num_rows == 1
    assert opened.table("key-figures", 2021, known_at=day).num_rows == 10


def test_names_may_stand_in_one_text(store: Path) -> None:
    opened = folkestrom.open(store)
    assert opened.population(DAY, "sex").column_names == ["sex", "persons"]
    assert opened.population(DAY, "sex, age").column_names == ["sex", "age", "persons"]
    assert opened.changes("2020-01-01", DAY, by="sex").column_names[1] == "sex"


def test_published_is_what_accounts_and_tables_are_anyhow(store: Path) -> None:
    opened = folkestrom.open(store)
    assert opened.changes("2020-01-01", DAY, known_at="published").equals(
        opened.changes("2020-01-01", DAY)
    )
    assert opened.table("key-figures", "2021", known_at="published").equals(
        opened.table("key-figures", 2021)
    )


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda s: s.population(DAY, known_at="publishd"), "Did you mean 'published'"),
        (lambda s: s.population(DAY, known_at="2021-02-30"), "Did you mean '2021-02-28'"),
        (lambda s: s.population("2021-02-30"), "Did you mean '2021-02-28'"),
        (lambda s: s.population("1.4.2021"), "Did you mean '2021-04-01'"),
        (lambda s: s.population(2021), "Did you mean '2021-01-01'"),
        (lambda s: s.population(NAIVE.replace(hour=12)), "is not midnight"),
        (lambda s: s.population(), "no date was given"),
        (lambda s: s.population(DAY, dates=[DAY]), "give one of them"),
        (lambda s: s.population(dates=20210101), "is not a list of days"),
        (lambda s: s.population(DAY, "sexx"), "Did you mean 'sex'"),
        (lambda s: s.population(DAY, 7), "by: is a whole number"),
        (lambda s: s.population(DAY, [7]), "by: is a list of 1"),
        (lambda s: s.population(DAY, known_at="published", extraction_months=-3), "0, 1, 2"),
        (lambda s: s.changes("2020-01-01", DAY, extraction_months=1.5), "a whole number"),
        (lambda s: s.explain("2020-01-01", DAY, extraction_months=-1), "0, 1, 2"),
        (lambda s: s.changes("2020-01-01", None), "'None' is not a calendar date"),
        (lambda s: s.changes("2020-01-01", DAY, known_at="latest"), "is not a calendar date"),
        (lambda s: s.table("key-figures", "2021-01-01"), "Did you mean 2021"),
        (lambda s: s.table("key-figures", 21), "whole numbers from 1800"),
        (lambda s: s.seal("yesterday"), "is not a calendar date"),
    ],
)
def test_what_cannot_be_meant_is_said(store: Path, ask: Callable[[Store], Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ask(folkestrom.open(store))
