"""A study's episodes are taken as they are: their own columns, and events by name."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from folkestrom.analysis.followup import aalen_johansen, follow_up
from folkestrom.analysis.followup.subjects import CENSORED
from folkestrom.analysis.regression import cox, fine_gray, hazards_by_period, person_periods
from folkestrom.analysis.study import episodes as study_episodes
from folkestrom.errors import UserError
from tests.analysis.regression.slowly import made_up

NAMES = ("censored", "return", "death")
COVARIATES = ["sex", "age"]


def episodes(rows: int = 300) -> pa.Table:
    """Made-up rows with the columns of a study's episodes."""
    made = made_up(rows, 3)
    codes = pa.array(made["cause"].astype(np.int8))
    return pa.table(
        {
            "person": np.arange(rows),
            "entry_date": [date(2010, 1, 1)] * rows,
            "start": made["start"].astype(np.int32),
            "stop": made["stop"].astype(np.int32),
            "event": pa.DictionaryArray.from_arrays(codes, pa.array(NAMES)),
            "sex": made["sex"],
            "age": made["age"],
        }
    )


def by_hand(table: pa.Table) -> dict[str, Any]:
    """The same with an event of 0 and 1, and a cause by number."""
    names = np.array(table["event"].to_pylist())
    columns = {name: table[name] for name in ("start", "stop", "sex", "age")}
    cause = np.array([NAMES.index(n) for n in names])
    return {**columns, "left": names == "return", "cause": cause}


@pytest.fixture(scope="module")
def table() -> pa.Table:
    found = episodes()
    assert set(found["event"].unique().to_pylist()) == set(NAMES)
    return found


def same(one: Any, other: Any) -> None:
    assert one.params_ == other.params_
    assert one.bse_ == other.bse_
    assert one.events == other.events > 20


def test_cox_takes_episodes_and_the_name_of_an_event(table: pa.Table) -> None:
    hand = by_hand(table)
    found = cox(table, event="return", covariates=COVARIATES)
    same(found, cox(hand, start="start", stop="stop", event="left", covariates=COVARIATES))
    named = {"start": "start", "stop": "stop", "covariates": COVARIATES}
    same(found, cox(table, event="event", cause="return", **named))
    same(found, cox(hand, event="cause", cause=1, **named))
    # Columns of its own names have to be named, and then begin at 0 unless told.
    late = cox(table, event="return", stop="stop", covariates=COVARIATES)
    assert late.params_ != found.params_


def test_fine_gray_knows_who_was_censored(table: pa.Table) -> None:
    hand = by_hand(table)
    found = fine_gray(table, event="return", covariates=COVARIATES)
    named = {"start": "start", "stop": "stop", "covariates": COVARIATES}
    same(found, fine_gray(hand, event="cause", cause=1, **named))
    same(found, fine_gray(table, event="event", cause="return", **named))
    missing = table.set_column(
        4, "event", pa.array([None if v == CENSORED else v for v in table["event"].to_pylist()])
    )
    same(found, fine_gray(missing, event="return", covariates=COVARIATES))


@pytest.mark.parametrize("kind", ["arrow", "polars", "pandas", "batches"])
def test_every_kind_of_table(table: pa.Table, kind: str) -> None:
    data: Any = {
        "arrow": lambda: table,
        "polars": lambda: pl.DataFrame(table),
        "pandas": lambda: table.to_pandas(),
        "batches": lambda: table.to_batches(max_chunksize=70),
    }[kind]()
    named = {"covariates": ["sex"], "length": 20}
    found = person_periods(data, event="return", **named)
    hand = person_periods(
        by_hand(table), start="start", stop="stop", event="cause", cause=1, **named
    )
    assert found.causes == ("return",)
    assert found.cells.rename({"return": "1"}).equals(hand.cells)
    several = person_periods(data, event="event", **named)
    assert several.causes == ("death", "return")
    same(
        hazards_by_period(several, link="cloglog", cause="return"),
        hazards_by_period(found, link="cloglog"),
    )
    if kind != "batches":
        same(
            cox(data, event="return", covariates=COVARIATES),
            cox(table, event="return", covariates=COVARIATES),
        )


def test_pieces_of_an_episode_are_one_spell_and_episodes_of_a_person_are_not() -> None:
    # Two arrivals of one person, both counted from day 0, the first in two pieces.
    arrivals = [date(2010, 1, 1), date(2010, 1, 1), date(2015, 1, 1)]
    data = {
        "person": [1, 1, 1], "entry_date": arrivals, "start": [0, 50, 0], "stop": [50, 150, 250],
        "event": ["censored", "return", "censored"], "county": ["03", "11", "03"],
    }  # fmt: skip
    found = person_periods(data, event="return", covariates=["county"], length=100)
    assert found.cells.sort("county", "period").rows() == [
        (0, "03", 2.0, 0.0), (1, "03", 1.0, 0.0), (2, "03", 0.5, 0.0), (1, "11", 1.0, 1.0),
    ]  # fmt: skip
    # A piece is not censored where it ends: Fine and Gray's weights would take it so.
    with pytest.raises(UserError, match="has 1 rows that go on where another ended"):
        fine_gray(data, event="return", covariates=["county"])


def test_what_is_not_there_is_told_with_what_is(table: pa.Table) -> None:
    for call in (cox, fine_gray):
        with pytest.raises(UserError, match=r"'retrun' ends no row.\nAllowed: death, return"):
            call(table, event="retrun", covariates=["sex"])
    with pytest.raises(UserError, match=r"'retrun' ends no row.\nAllowed: death, return"):
        person_periods(table, event="retrun", covariates=["sex"], length=20)
    with pytest.raises(UserError, match=r"holds levels.\n.*\n.*say which one is meant: cause="):
        cox(table, event="event", covariates=["sex"])
    with pytest.raises(UserError, match="column cause: is not said"):
        fine_gray(table, event="event", covariates=["sex"])
    with pytest.raises(UserError, match="column stop: is not said, and the table has no column"):
        cox({"days": [1, 2], "left": [1, 0]}, event="left", covariates=["days"])
    with pytest.raises(UserError, match="'left' is not a column of the table"):
        cox(table.drop_columns(["event"]), stop="stop", event="left", covariates=["sex"])


@pytest.mark.parametrize("kind", ["arrow", "polars", "pandas", "list", "numpy"])
def test_curves_take_the_column_of_events(table: pa.Table, kind: str) -> None:
    column: Any = {
        "arrow": table["event"],
        "polars": pl.DataFrame(table)["event"],
        "pandas": table.to_pandas()["event"],
        "list": table["event"].to_pylist(),
        "numpy": np.array(table["event"].to_pylist()),
    }[kind]
    named = {"entry": table["start"].to_numpy()}
    found = follow_up(table["stop"].to_numpy(), column, **named)
    assert set(found.causes) == {"return", "death"}
    told = follow_up(table["stop"].to_numpy(), column, causes=["return", "death"], **named)
    hand = follow_up(
        table["stop"].to_numpy(), by_hand(table)["cause"], causes=["return", "death"], **named
    )
    assert (told.cause == hand.cause).all()
    one, other = (aalen_johansen(f).of(outcome="return").at([30, 60]) for f in (found, hand))
    assert np.array_equal(one, other)
    with pytest.raises(UserError, match="'death' is a cause that is not among the causes"):
        follow_up(table["stop"].to_numpy(), column, causes=["return"], **named)


def test_curves_without_any_event() -> None:
    assert follow_up([1, 2], ["censored", None]).causes == ("event",)
    assert follow_up([1, 2], pd.Series(["censored", "x"], dtype="category")).causes == ("x",)


def test_a_study_calls_it_censored_too() -> None:
    assert study_episodes.CENSORED == CENSORED
