"""Vintages, flags, checks and likely duplicates: from the command and from Python."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

import folkestrom
from tests.app.cli.asking import ask, rows
from tests.app.cli.test_statistics import store

__all__ = ["store"]
DAY = ("population", "--date", "2021-01-01")


def test_a_stock_by_what_was_known(store: Path) -> None:
    compared = ("--compare-known", "published,2021-02-20,latest", "--format", "csv")
    found = rows(ask(store, *DAY, "--by", "municipality,sex", *compared))
    # 74 was born in time and reported late; what is known of 71 is the same on all days.
    assert [tuple(row.values()) for row in found] == [
        ("0301", "male", "0", "1", "1", "1"),
        ("0301", "female", "1", "1", "1", "0"),
    ]
    assert list(found[0])[2:] == ["persons_1", "persons_2", "persons_3", "difference"]
    printed = ask(store, *DAY, "--compare-known", "published,latest").stdout
    assert "As known on 2021-02-01 – 2022-02-02" in printed
    norwegian = json.loads(
        ask(
            store, *DAY, "--compare-known", "published,latest", "--format", "json", "--lang", "no"
        ).stdout
    )["specification"]["measures"]
    assert norwegian[0]["label"] == "Personer, kjent 2021-02-01 (som publisert)"


def test_each_vintage_is_the_stock_as_known_then(store: Path) -> None:
    opened = folkestrom.open(store)
    days = [date(2021, 2, 1), date(2021, 3, 5), date(2022, 2, 2)]
    both = opened.population(
        dates=["2020-01-01", "2021-01-01"], by="county,sex,age", compare_known=days, to="polars"
    )
    for number, known in enumerate(days, start=1):
        alone = opened.population(
            dates=["2020-01-01", "2021-01-01"], by="county,sex,age", known_at=known, to="polars"
        )
        mine = both.drop("difference").filter(both[f"persons_{number}"] > 0)
        keys = ["date", "county", "sex", "age"]
        assert (
            mine.select(*keys, f"persons_{number}").rows() == alone.select(*keys, "persons").rows()
        )
    assert (both["difference"] == both["persons_3"] - both["persons_1"]).all()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--compare-known 2021-02-01", "allowed: two or more"),
        ("--compare-known latest,latest", "not different knowledge dates"),
        ("--compare-known 2021-02-01,soon", "is not a calendar date"),
        ("--compare-known published,latest --known-at latest", "has no effect"),
    ],
)
def test_knowledge_dates_that_cannot_be_compared(store: Path, arguments: str, says: str) -> None:
    result = ask(store, *DAY, *arguments.split())
    assert result.exit_code == 2
    assert says.lower() in result.output.lower()
    assert "--compare-known" in result.output
