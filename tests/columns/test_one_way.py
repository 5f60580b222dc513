"""Days and levels mean the same to every estimator."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from folkestrom.analysis.flows import move_sequences
from folkestrom.analysis.followup import follow_up
from folkestrom.analysis.mobility import factor, mobility
from folkestrom.analysis.rates import lexis, rates
from folkestrom.analysis.regression import cox, fine_gray, hazards_by_period, person_periods
from folkestrom.errors import InputRefused, UserError

OSLO = ZoneInfo("Europe/Oslo")
#: Half past midnight in Oslo, the day before in UTC; the spells go over both changes of the clock.
STARTS, STOPS = (
    [datetime.fromisoformat(f"2020-{day}T00:30") for day in days.split()]
    for days in ("01-05 03-28 07-05 10-24 03-29 10-25", "04-09 03-30 11-05 10-27 04-29 10-31")
)
LENGTHS = [95, 2, 123, 3, 31, 6]
FORMS: dict[str, Any] = {
    "dates": lambda moments: [m.date() for m in moments],
    "naive": lambda moments: moments,
    "zoned": lambda moments: [m.replace(tzinfo=OSLO) for m in moments],
    "numpy": lambda moments: np.array(moments, "datetime64[s]"),
    "arrow": lambda moments: pa.array(
        [m.replace(tzinfo=OSLO) for m in moments], pa.timestamp("us", "Europe/Oslo")
    ),
    "polars": lambda moments: pl.Series(moments).dt.replace_time_zone("Europe/Oslo"),
    "pandas": lambda moments: pd.Series(moments).dt.tz_localize("Europe/Oslo"),
}
EVENTS = ["moved", "died", "moved", "moved", "censored", "moved"]
SPELLS: dict[str, Any] = {
    "event": EVENTS, "left": [int(e == "moved") for e in EVENTS], "age": [30, 41, 52, 33, 38, 47],
}  # fmt: skip


def spells(form: str) -> dict[str, Any]:
    return SPELLS | {"start": FORMS[form](STARTS), "stop": FORMS[form](STOPS)}


@pytest.mark.parametrize("form", FORMS)
def test_the_day_is_the_one_that_is_written_whoever_asks(form: str) -> None:
    given, days = spells(form), spells("dates")
    follow = follow_up(given["stop"], EVENTS, entry=given["start"])
    assert (follow.exit - follow.entry).tolist() == LENGTHS
    assert follow.entry[0] == 18266
    ends: dict[str, Any] = {"start": "start", "stop": "stop", "covariates": ["age"]}
    assert cox(given, event="left", **ends).partial.sets.time[0] == 18361
    for fit in (
        lambda data: cox(data, event="left", **ends),
        lambda data: fine_gray(data, stop="stop", event="event", cause="moved", covariates=["age"]),
        lambda data: hazards_by_period(person_periods(data, event="left", length=60, **ends)),
    ):
        assert fit(given).theta.tolist() == fit(days).theta.tolist()
    exposed = rates(given, "left").data
    assert exposed["person_years"][0] == pytest.approx(sum(LENGTHS) / 365.2425)
    born = FORMS[form]([datetime(1990, 3, 29, 0, 30)] * 6)  # noqa: DTZ001 - as written
    cells = lexis(given | {"birth": born}, birth="birth", event="left")
    assert cells["exposure"].sum() == sum(LENGTHS)


@pytest.mark.parametrize("form", FORMS)
def test_moves_are_on_the_day_that_is_written(form: str) -> None:
    moves = {
        "person": [1, 1], "date": FORMS[form]([STARTS[0], STOPS[2]]), "from_country": ["PL", "NO"],
        "to_country": ["NO", "PL"], "country_of_birth": ["PL", "PL"],
    }  # fmt: skip
    found = move_sequences(moves, until=date(2021, 1, 1))
    assert found.stays["from_date"].to_list() == [date(2020, 1, 5), date(2020, 11, 5)]


@pytest.mark.parametrize("form", FORMS)
def test_times_of_the_mobility_model_order_a_persons_years(form: str) -> None:
    table = {
        "id": [1, 1, 1, 2, 2, 2], "when": FORMS[form](STARTS), "x": [0, 1, 0, 1, 0, 1],
        "y": [0, 1, 1, 0, 0, 1],
    }  # fmt: skip
    fit = mobility(table, "y ~ x", person="id", time="when", outcomes=["stay", "move"],
                   effects="none")  # fmt: skip
    assert fit.rows == 6
    with pytest.raises(InputRefused, match="one row a person and time"):
        mobility(table | {"when": FORMS[form]([STARTS[0]] * 6)}, "y ~ x", person="id",
                 time="when", outcomes=["stay", "move"], effects="none")  # fmt: skip


ORDER = ["urban", "middle", "rural"]
N = 60
PLACES = [ORDER[(k * k + k // 7) % 3] for k in range(N)]
LEVELS: dict[str, Any] = {
    "enum": pl.Series(PLACES, dtype=pl.Enum(ORDER)),
    "dictionary": pa.DictionaryArray.from_arrays([ORDER.index(p) for p in PLACES], ORDER),
    "category": pd.Series(pd.Categorical(PLACES, ORDER)),
    "texts": PLACES,
    "unordered": pl.Series(PLACES, dtype=pl.Categorical),
}
TABLE: dict[str, Any] = {
    "person": list(range(N)), "stop": [1 + k * 7 % 11 for k in range(N)],
    "left": [int(k % 5 < 2) for k in range(N)],
    "event": [("moved", "died", "censored")[k % 3] for k in range(N)],
}  # fmt: skip


@pytest.mark.parametrize("form", LEVELS)
def test_the_reference_is_the_same_in_every_model(form: str) -> None:
    levels = ORDER if form in ("enum", "dictionary", "category") else sorted(ORDER)
    data = TABLE | {"place": LEVELS[form]}
    names = [f"place[{level}]" for level in levels[1:]]
    ends: dict[str, Any] = {"stop": "stop", "covariates": ["place"]}
    assert list(cox(data, event="left", **ends).names_) == names
    assert list(fine_gray(data, event="event", cause="moved", **ends).names_) == names
    counted = person_periods(data, event="left", length=4, **ends)
    assert list(hazards_by_period(counted).names_[:2]) == names
    fit = mobility(data, "left ~ place", person="person", outcomes=["stay", "move"],
                   effects="none")  # fmt: skip
    assert list(fit.names_[1:3]) == [f"move: {name}" for name in names]
    assert factor("place", data["place"]).levels == tuple(levels)
    assert follow_up(data["stop"], data["left"], group=data["place"]).groups == tuple(levels)


def test_levels_without_rows_are_no_reference() -> None:
    data = TABLE | {"place": pl.Series(PLACES, dtype=pl.Enum(["nowhere", *ORDER]))}
    fit = cox(data, stop="stop", event="left", covariates=["place"])
    assert list(fit.names_) == ["place[middle]", "place[rural]"]


GAPS = {
    "nan": np.where(np.arange(N) == 3, np.nan, np.arange(N)),
    "pandas": pd.Series(range(N)).where(pd.Series(range(N)) != 3),
    "nullable": pd.Series(range(N), dtype="Int64").where(pd.Series(range(N)) != 3),
    "none": [None if k == 3 else k for k in range(N)],
    "moments": pd.Series(pd.date_range("2020-01-01", periods=N)).where(pd.Series(range(N)) != 3),
    "empty text": ["" if k == 3 else str(k) for k in range(N)],
}


@pytest.mark.parametrize("form", GAPS)
def test_a_missing_person_is_refused_by_everybody(form: str) -> None:
    from folkestrom.analysis.decomposition import kitagawa, oaxaca
    from folkestrom.analysis.rates import propensities

    data = TABLE | {"person": GAPS[form], "place": PLACES, "days": [10] * N}
    ends: dict[str, Any] = {"stop": "stop", "covariates": ["place"]}
    asked = (
        lambda: cox(data, event="left", cluster="person", **ends),
        lambda: fine_gray(data, event="event", cause="moved", cluster="person", **ends),
        lambda: person_periods(data, event="left", length=4, person="person", **ends),
        lambda: mobility(data, "left ~ place", person="person", outcomes=["stay", "move"],
                         effects="none"),
        lambda: mobility(data | {"id": range(N)}, "left ~ place", person="id",
                         outcomes=["stay", "move"], effects="none", cluster="person",
                         standard_errors="clustered"),
        lambda: propensities(data, outcome="left"),
        lambda: oaxaca(data, "place", ("urban", "rural"), "event", outcome="left"),
        lambda: kitagawa(data, "place", ("urban", "rural"), "event", events="left",
                         intervals="bootstrap"),
    )  # fmt: skip
    for ask in asked:
        with pytest.raises(InputRefused, match=r"row 4, column person: is missing"):
            ask()


def test_a_result_never_overwrites_a_group() -> None:
    from folkestrom.analysis.rates import propensities

    table = {"rate": ["a", "b"], "events": [1, 2], "days": [100, 200], "person": [1, 2],
             "outcome": [1, 0], "persons": ["a", "b"]}  # fmt: skip
    with pytest.raises(UserError, match="by: 'rate' is the name of a column"):
        rates(table, by="rate")
    with pytest.raises(UserError, match="by: 'persons' is the name of a column"):
        propensities(table, by="persons")
    with pytest.raises(UserError, match="by: 'age' is the name of a column"):
        lexis({"age": [1], "birth_date": [1.0], "start": [2.0], "stop": [3.0], "event": [0]},
              by="age")  # fmt: skip


@pytest.mark.parametrize("bad", [[0] * 4, [1, -1, 1, 1], [1, float("nan"), 1, 1], [None] * 4])
@pytest.mark.parametrize("column", ["days", "events"])
def test_events_and_exposure_that_cannot_be(column: str, bad: list[Any]) -> None:
    from folkestrom.analysis.decomposition import kitagawa

    table = {"g": ["a", "b"] * 2, "f": ["x", "x", "y", "y"], "events": [1, 2, 3, 4],
             "days": [100, 200, 300, 400]} | {column: bad}  # fmt: skip
    for ask in (
        lambda: rates(table, by="g"),
        lambda: rates(table, by="g", standardise_by="f"),
        lambda: kitagawa(table, "g", ("a", "b"), "f"),
    ):
        with pytest.raises(InputRefused, match=f"column {column}"):
            ask()
    standard = pd.DataFrame({name: table[name] for name in ("f", "events", "days")})
    if column == "events" and bad == [0] * 4:
        return  # a standard without events has rates of 0
    with pytest.raises(InputRefused, match=rf"standard, .*column {column}"):
        rates(table | {column: [1] * 4}, by="g", standardise_by="f", standard=standard)


def test_texts_against_numbers_of_a_standard() -> None:
    table = {"g": ["a", "b"] * 2, "age": [1, 1, 2, 2], "events": [1, 2, 3, 4], "days": [100] * 4}
    standard = pl.DataFrame({"age": ["1", "2"], "weight": [1, 2]})
    with pytest.raises(InputRefused, match="column age: holds texts, and the table's holds"):
        rates(table, by="g", standardise_by="age", standard=standard)
    as_narrow = standard.with_columns(pl.col("age").cast(pl.Int8))
    found = rates(table, by="g", standardise_by="age", standard=as_narrow).data
    assert found["coverage"].to_list() == [1.0, 1.0]
