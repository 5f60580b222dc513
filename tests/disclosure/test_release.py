"""The gate: what comes out, what it says of itself, and what it refuses."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from folkestrom.disclosure import (
    RESEARCH,
    ROUNDED,
    STATISTICS,
    Rules,
    quantiles,
    release,
    winsorise,
)
from folkestrom.errors import InputRefused, UsageError

TABLE = pl.DataFrame(
    {
        "area": ["a", "a", "b", "b", "c", "c"],
        "sex": ["f", "m"] * 3,
        "moves": [2, 30, 44, 61, 9, 12],
        "persons": [1500, 1600, 4000, 4100, 1200, 900],
        "per_cent": [0.13, 1.88, 1.1, 1.49, 0.75, 1.33],
    }
)
ASKED: dict[str, Any] = {"counts": "moves", "base": "persons", "dimensions": ["area", "sex"]}


def hit(found: Any) -> dict[str, int]:
    return {one.rule: one.cells for one in found.applied}


def test_small_counts_and_what_gives_them_away() -> None:
    found = release(TABLE, STATISTICS, **ASKED)
    # The 2, another of its area and of its sex, and the fourth of the square.
    assert found.to("polars")["moves"].to_list() == [None, None, 44, 61, None, None]
    assert found.to("polars")["per_cent"].null_count() == 4
    assert found.to("polars")["persons"].null_count() == 0
    assert hit(found) == {"minimum_cell": 1, "complement": 3}


def test_small_groups_are_not_shown_at_all() -> None:
    rules = Rules("ours", minimum_population=1000)
    found = release(TABLE, rules, **ASKED)
    last = found.to("polars").row(5, named=True)
    assert (last["moves"], last["persons"], last["per_cent"]) == (None, None, None)
    assert hit(found) == {"minimum_population": 1, "complement": 3}


def test_the_counts_of_small_groups_do_not_follow_from_totals() -> None:
    rules = Rules("ours", minimum_population=1000, minimum_cell=2)
    data = release(TABLE, rules, **ASKED).to("polars")
    assert data.filter(pl.col("area") == "c")["moves"].null_count() == 2
    assert data.filter(pl.col("sex") == "m")["moves"].null_count() >= 2


def test_nearly_everybody_is_as_telling_as_nearly_nobody() -> None:
    table = pa.table({"area": ["a", "b", "c"], "moves": [97, 50, 40], "persons": [100, 90, 99]})
    asked = {"counts": "moves", "base": "persons", "dimensions": ["area"]}
    rules = Rules("ours", minimum_cell=5)
    assert release(table, rules, **asked).to("polars")["moves"].null_count() == 0  # type: ignore[arg-type, union-attr]
    found = release(table, rules, rest=True, **asked)  # type: ignore[arg-type]
    assert found.to("polars")["moves"].to_list() == [None, 50, None]  # type: ignore[union-attr]


def test_coarse_percentages() -> None:
    rules = Rules("ours", whole_percent_below=2000)
    found = release(TABLE, rules, percentages=["per_cent"], **ASKED)
    assert found.to("polars")["per_cent"].to_list() == [0.0, 2.0, 1.1, 1.49, 1.0, 1.0]
    assert hit(found) == {"whole_percent": 4}


def test_rounded_counts_keep_the_table_whole() -> None:
    found = release(TABLE.drop("per_cent"), ROUNDED, **ASKED)
    assert found.to("polars")["moves"].to_list() == [3, 30, 44, 61, 9, 12]
    with pytest.raises(UsageError, match="would give them away"):
        release(TABLE, ROUNDED, **ASKED)


def test_the_note_says_what_was_done_in_both_languages() -> None:
    found = release(TABLE, RESEARCH, percentages=["per_cent"], **ASKED)
    assert found.cells.specification.footnotes[-1] == found.note
    assert "counts of 1-4, or from which they are derivable, suppressed: 5" in found.note.en
    assert "antall på 1-4, eller som de kan avledes fra, er skjult: 5" in found.note.no
    assert "population below 1000 not shown: 1" in found.note.en
    untouched = release(TABLE, Rules("ours", minimum_cell=2), **ASKED)
    assert "no cell was affected" in untouched.note.en
    assert "counts of 1, or from which they are derivable, suppressed" in untouched.note.en


def test_what_was_protected_is_not_kept() -> None:
    """Nothing that can be reached from the result holds the true count."""
    found = release(TABLE, STATISTICS, **ASKED)

    def figures(value: Any) -> list[Any]:
        if isinstance(value, pa.Table):
            return [x for column in value.itercolumns() for x in column.to_pylist()]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return [x for f in dataclasses.fields(value) for x in figures(getattr(value, f.name))]
        if isinstance(value, tuple):
            return [x for one in value for x in figures(one)]
        return []

    assert 44 in figures(found)
    assert not {2, 30, 9, 12} & set(figures(found))


def test_the_same_from_every_kind_of_table() -> None:
    expected = release(TABLE, STATISTICS, **ASKED).cells.data
    for table in (TABLE.to_arrow(), pd.DataFrame(TABLE.to_dict(as_series=False))):
        assert release(table, "statistics", **ASKED).to("polars")["moves"].to_list() == [  # type: ignore[union-attr]
            *expected["moves"].to_pylist()
        ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"counts": "movers"}, "is not a measure"),
        ({"base": None}, "how many there are"),
        ({"dimensions": ["region"]}, "is not a column"),
        ({"dimensions": []}, "are not said"),
        ({"counts": "per_cent"}, "whole counts"),
    ],
)
def test_bad_questions(change: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        release(TABLE, RESEARCH, **(ASKED | change))
    with pytest.raises(UsageError, match="is no set of rules"):
        release(TABLE, "strict", **ASKED)
    with pytest.raises(UsageError, match="is not a limit"):
        Rules("ours", minimum_cell=-1)


def test_extremes_are_drawn_in() -> None:
    wealth = np.concatenate([np.arange(990.0), np.full(10, 1e9)])
    found = winsorise(wealth)
    assert found.numbers.max() == found.upper
    assert found.hit == 20
    assert quantiles(wealth, (0.5, 0.999))[1] != quantiles(wealth, (0.5, 0.999))[1]
    assert quantiles(wealth, (0.5,)).tolist() == [499.5]
    for bad in ([], [1.0, float("nan")]):
        with pytest.raises(InputRefused, match=r"is missing|not a finite|there are none"):
            winsorise(bad)
    with pytest.raises(UsageError, match="two shares in order"):
        winsorise(wealth, 0.9, 0.1)


def test_person_years_are_of_persons_over_the_years() -> None:
    table = pl.DataFrame(
        {"area": ["a", "b"], "moves": [50, 60], "person_years": [2500.0, 45_000.0]}
    )
    asked = {"counts": "moves", "base": "person_years", "dimensions": ["area"]}
    assert release(table, RESEARCH, **asked).cells.data["moves"].to_pylist() == [50, 60]
    found = release(table, RESEARCH, years=20, **asked)
    assert found.cells.data["moves"].to_pylist()[0] is None
    assert found.cells.data["person_years"].to_pylist()[0] is None


def test_what_is_hidden_is_not_in_memory_under_the_nulls() -> None:
    table = pl.DataFrame(
        {
            "area": ["a", "b", "c"],
            "moves": [2, 211, 30_000],
            "persons": [1500, 1600, 40_000],
            "rate": [1.25, 131.875, 750.0],
        }
    )
    for rules in (STATISTICS, Rules("ours", minimum_population=1550)):
        shown = release(table, rules, counts="moves", base="persons", dimensions=["area"])
        assert shown.to("polars")["moves"].to_list() == [None, None, 30_000]
        for frame in (shown.cells.data, shown.to("polars").to_arrow()):
            for name, true in (("moves", (2, 211)), ("rate", (1.25, 131.875))):
                kind = {"moves": np.int64, "rate": np.float64}[name]
                held = np.frombuffer(frame[name].chunk(0).buffers()[1], kind)
                assert not np.isin(held, true).any()


def test_the_note_does_not_say_which_part_of_the_suppressed_counts_is_small() -> None:
    """Two suppressed counts of 4 in all would both be 2, if both were known to be small."""
    notes = set()
    for counts in ([2, 2, 30], [1, 3, 30]):
        table = pl.DataFrame({"area": ["a", "b", "c"], "moves": counts})
        found = release(table, STATISTICS, counts="moves", dimensions=["area"])
        assert found.to("polars")["moves"].to_list() == [None, None, 30]
        notes.add(found.note.en)
    assert len(notes) == 1
