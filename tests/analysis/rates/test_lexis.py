"""Lexis squares and triangles: a published case, and days against decimal years."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.rates import lexis
from folkestrom.errors import InputRefused, UsageError

KEYS = ["age", "year", "cohort", "triangle"]


@pytest.fixture(scope="module")
def case(reference: Path) -> Path:
    folder = reference.parent / "cases" / "exposure"
    if not folder.is_dir():
        pytest.skip("Lexis cells: there is no folder cases/exposure beside the published series")
    return folder


def test_triangles_of_the_case(case: Path) -> None:
    persons = pl.read_csv(case / "lexis_persons.csv")
    found = lexis(persons, birth="dob", start="entry", stop="exit")
    expected = pl.read_csv(case / "lexis_triangles_expected.csv")
    both = found.join(expected, on=KEYS, how="full", coalesce=True, suffix="_expected")
    assert both.height == found.height == expected.height
    assert (both["exposure"] - both["py"]).abs().max() < 1e-10
    assert both["events"].to_list() == both["events_expected"].to_list()


def test_squares_of_the_case(case: Path) -> None:
    persons = pl.read_csv(case / "lexis_persons.csv")
    found = lexis(persons, birth="dob", start="entry", stop="exit")
    squares = found.group_by("age", "year").agg(pl.col("exposure", "events").sum())
    expected = pl.read_csv(case / "lexis_squares_expected.csv")
    both = squares.join(expected, on=["age", "year"], how="full", coalesce=True, suffix="_2")
    assert both.height == squares.height == expected.height
    assert (both["exposure"] - both["py"]).abs().max() < 1e-10
    assert both["events"].to_list() == both["events_2"].to_list()


DAYS = st.dates(date(1995, 1, 1), date(2005, 12, 31))


@settings(max_examples=40)
@given(st.lists(st.tuples(DAYS, st.integers(0, 900), st.integers(0, 1500)), min_size=1, max_size=5))
def test_days_are_counted_one_by_one(rows: list[tuple[date, int, int]]) -> None:
    lives = [
        (born, born + timedelta(days=wait), born + timedelta(days=wait + length))
        for born, wait, length in rows
    ]
    table = pl.DataFrame(lives, schema=["birth_date", "start", "stop"], orient="row")
    found = lexis(table.with_columns(event=1))
    slowly: dict[tuple[int, int, int], int] = {}
    for born, start, stop in lives:
        for n in range((stop - start).days):
            day = start + timedelta(days=n)
            older = (day.month, day.day) >= (born.month, born.day)
            if (born.month, born.day) == (2, 29):
                older = (day.month, day.day) >= (2, 29)
            key = (day.year - born.year - (not older), day.year, born.year)
            slowly[key] = slowly.get(key, 0) + 1
    exposed = found.filter(pl.col("exposure") > 0)
    quickly = {row[:3]: row[3] for row in exposed.select(*KEYS[:3], "exposure").rows()}
    assert quickly == slowly
    assert found["events"].sum() == len(lives)


def test_a_row_out_of_order_is_named() -> None:
    table = pl.DataFrame(
        {"birth_date": [1990.0, 1990.0], "start": [2000.0, 2001.0], "stop": [2001.0, 2000.0],
         "event": [0, 0]}
    )  # fmt: skip
    with pytest.raises(InputRefused, match="row 2"):
        lexis(table)
    with pytest.raises(UsageError, match="Did you mean 'birth_date'"):
        lexis(table, birth="birthdate")
