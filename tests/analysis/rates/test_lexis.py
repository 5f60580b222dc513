"""Lexis squares and triangles: results of R, and days against decimal years."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.rates import lexis
from folkestrom.errors import InputRefused, UsageError
from tests.oracle.survival.reading import data, result

KEYS = ["age", "year", "cohort", "triangle"]


@pytest.fixture(scope="module")
def cells() -> pl.DataFrame:
    """Person-years and events that R's `pyears` finds of the same lives, by triangle."""
    rows = pl.DataFrame(result("lexis")).filter(pl.col("pyears") > 0)
    late = pl.col("year") - pl.col("age") > pl.col("cohort")
    return rows.with_columns(
        triangle=pl.when(late).then(pl.lit("upper")).otherwise(pl.lit("lower"))
    )


def test_triangles_are_those_of_r(cells: pl.DataFrame) -> None:
    found = lexis(data("lives"), birth="born", start="entry", stop="exit")
    both = found.join(cells, on=KEYS, how="full", coalesce=True, suffix="_of_r")
    assert both.height == found.height == cells.height
    assert (both["exposure"] - both["pyears"]).abs().max() < 1e-9  # type: ignore[operator]
    assert both["events"].to_list() == both["event"].to_list()


def test_squares_are_those_of_r(cells: pl.DataFrame) -> None:
    triangles = lexis(data("lives"), birth="born", start="entry", stop="exit")
    squares, theirs = (
        frame.group_by("age", "year").agg(pl.col(*names).sum())
        for frame, names in ((triangles, ("exposure", "events")), (cells, ("pyears", "event")))
    )
    both = squares.join(theirs, on=["age", "year"], how="full", coalesce=True)
    assert both.height == squares.height == theirs.height
    assert (both["exposure"] - both["pyears"]).abs().max() < 1e-9  # type: ignore[operator]
    assert both["events"].to_list() == both["event"].to_list()


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
