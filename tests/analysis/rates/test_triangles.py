"""Rates by year, age and year of birth are those of Lexis triangles, of the same stays."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.rates import lexis, occurrences
from folkestrom.analysis.rates.cells import RateDesign, measured, rate_cells
from folkestrom.statistics.periods import Period
from tests.reference.register import OPEN
from tests.statistics.small_store import hand_made

PERIOD = Period(date(2001, 1, 1), date(2005, 1, 1))
BY = ["year", "age", "birth_year"]


def lives() -> list[tuple[date, date, date | None]]:
    """Persons: born, in the country from, died."""
    chance = np.random.default_rng(5)
    made = []
    for n in range(300):
        born = date(1996, 2, 29) if n % 25 == 0 else date(1930, 1, 1) + timedelta(
            days=int(chance.integers(0, 25_500))
        )  # fmt: skip
        begin = date(2000, 1, 1) + timedelta(days=int(chance.integers(0, 1500)))
        end = begin + timedelta(days=int(chance.integers(1, 1500)))
        made.append((born, max(born, begin), end if n % 2 else None))
    return made


def store(made: list[tuple[date, date, date | None]]) -> Any:
    stays, events = (
        [{"person": 0, "sex": 2, "birth_date": None, "valid_from": date(2000, 1, 1)}],
        [],
    )
    for n, (born, begin, died) in enumerate(made, 1):
        stays.append(
            {"person": n, "birth_date": born, "valid_from": begin, "valid_to": died or OPEN}
        )
        if died:
            events.append((n, n, 9, died, 1, date(2000, 1, 1), 301, None, 3010001, None, None, None,
                           1, born, date(2000, 1, 1), OPEN))  # fmt: skip
    return hand_made(stays, event=events)


def test_triangles_are_those_of_the_stays() -> None:
    made = lives()
    counted = occurrences(store(made), PERIOD, BY, "death", known_at="latest", only={"sex": "male"})
    last = PERIOD.end - timedelta(days=1)
    rows = [
        {"birth_date": born, "start": max(begin, PERIOD.start),
         "stop": min(died or PERIOD.end, PERIOD.end),
         "event": int(died is not None and died <= last)}
        for born, begin, died in made
        if begin < PERIOD.end and (died is None or died >= PERIOD.start)
    ]  # fmt: skip
    rows = [row for row in rows if row["start"] <= row["stop"]]
    # `lexis` takes who is born on 29 February to be a year older on 1 March, as the register does.
    theirs = lexis(pl.DataFrame(rows)).group_by("year", "age", "cohort").agg(
        pl.col("exposure", "events").sum()
    )  # fmt: skip
    ours = counted.data.rename({"birth_year": "cohort"})
    both = theirs.with_columns(pl.col("year", "age", "cohort").cast(pl.Int16)).join(
        ours.filter((pl.col("days") > 0) | (pl.col("events") > 0)),
        on=["year", "age", "cohort"], how="full", coalesce=True, suffix="_of_register",
    ).filter((pl.col("exposure") > 0) | (pl.col("days") > 0) | (pl.col("events") > 0))  # fmt: skip
    assert both.height > 200
    assert both["exposure"].to_list() == both["days"].to_list()
    assert both["events"].to_list() == both["events_of_register"].to_list()
    assert both["events"].sum() > 50


def test_a_table_of_triangles_has_no_other_cells() -> None:
    counted = occurrences(store(lives()), PERIOD, BY, "death", known_at="latest",
                          only={"sex": "male"})  # fmt: skip
    design = RateDesign(tuple(BY), {})
    rows = list(rate_cells(counted, measured(counted, design), design).rows())
    assert {row["year"] - row["age"] - row["birth_year"] for row in rows} == {0, 1}
    # Empty ones are there, as in every table of rates.
    assert any(row["rate"] is None for row in rows)
    assert sum(row["events"] for row in rows) == counted.data["events"].sum()


@pytest.mark.parametrize("shape", ["squares", "triangles"])
def test_squares_and_triangles_of_the_worked_case(reference: Path, shape: str) -> None:
    folder = reference.parent / "cases" / "exposure"
    if not folder.exists():
        pytest.skip("worked cases are not there")
    persons = pl.read_csv(folder / "lexis_persons.csv")
    expected = pl.read_csv(folder / f"lexis_{shape}_expected.csv")
    cells = lexis(persons, birth="dob", start="entry", stop="exit")
    keys = ["age", "year"] if shape == "squares" else ["age", "year", "cohort", "triangle"]
    found = cells.group_by(keys).agg(pl.col("exposure", "events").sum())
    both = found.join(expected, on=keys, how="full", coalesce=True, suffix="_expected")
    there = both.filter((pl.col("exposure") > 1e-9) | (pl.col("py") > 1e-9))
    assert there.height > 100
    assert there.select((pl.col("exposure") - pl.col("py")).abs().max()).item() < 1e-9
    assert there["events"].to_list() == there["events_expected"].to_list()
