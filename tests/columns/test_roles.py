"""Columns of every library, by what they are for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from folkestrom import columns
from folkestrom.columns import column_of
from folkestrom.errors import InputRefused, UserError

OSLO = ZoneInfo("Europe/Oslo")
#: Half past midnight: the day before in UTC; before, in and after summer time.
NIGHTS = [datetime.fromisoformat(f"{day}T00:30") for day in (
    "2020-01-05", "2020-03-29", "2020-07-05", "2020-10-25", "2020-10-26")]  # fmt: skip
DAYS = [18266, 18350, 18448, 18560, 18561]

MOMENTS: dict[str, Any] = {
    "dates": [night.date() for night in NIGHTS],
    "naive": NIGHTS,
    "zoned": [night.replace(tzinfo=OSLO) for night in NIGHTS],
    "offsets": [night.replace(tzinfo=OSLO).astimezone(timezone(timedelta(hours=h)))
                for night, h in zip(NIGHTS, (1, 1, 2, 2, 1), strict=True)],
    "UTC": [night.replace(tzinfo=UTC) for night in NIGHTS],
    "numpy days": np.array(NIGHTS, "datetime64[D]"),
    "numpy seconds": np.array(NIGHTS, "datetime64[s]"),
    "numpy minutes": np.array(NIGHTS, "datetime64[m]"),
    "numpy objects": np.array([night.replace(tzinfo=OSLO) for night in NIGHTS], object),
    "arrow": pa.array([night.replace(tzinfo=OSLO) for night in NIGHTS],
                      pa.timestamp("ns", "Europe/Oslo")),
    "chunked": pa.chunked_array([pa.array(NIGHTS[:2]), pa.array(NIGHTS[2:])]),
    "polars": pl.Series(NIGHTS).dt.replace_time_zone("Europe/Oslo"),
    "pandas": pd.Series(NIGHTS).dt.tz_localize("Europe/Oslo"),
    "mixed": [NIGHTS[0], NIGHTS[1].date(), *NIGHTS[2:]],
}  # fmt: skip


@pytest.mark.parametrize("form", MOMENTS)
def test_the_day_is_the_one_that_is_written(form: str) -> None:
    found = columns.days(column_of(MOMENTS[form], "entry"))
    assert found.tolist() == DAYS


PERSONS = [
    [1, 2, float("nan")],
    [1, None, 2],
    pd.Series([1.0, np.nan, 2.0]),
    pd.Series([1, pd.NA, 2], dtype="Int64"),
    pd.Series(["a", None, "b"]),
    pd.Series(pd.to_datetime(["2020-01-01", None, "2020-01-02"])),
    pd.Series(pd.Categorical(["a", None, "b"])),
    pl.Series(["a", "  ", "b"]),
    pl.Series([1.0, float("inf"), 2.0]),
    pl.Series([1.5, 2.5, 3.5]),
    np.array([1.0, np.nan, 2.0]),
    pa.array(["a", None, "b"]).dictionary_encode(),
    [b"a", b"b", b"c"],
    [[1], [2], [3]],
]


@pytest.mark.parametrize("given", PERSONS, ids=lambda given: str(type(given).__name__))
def test_a_missing_person_is_nobody(given: Any) -> None:
    with pytest.raises(InputRefused, match="column id"):
        columns.persons(column_of(given, "id"))


@pytest.mark.parametrize("empty", ["", "  ", "nan", "NaT", "None", "<NA>"])
@pytest.mark.parametrize(
    "form",
    [
        list,
        lambda texts: pd.Series(texts, dtype="category"),
        lambda texts: pl.Series(texts, dtype=pl.Categorical),
        lambda texts: pl.Series(texts, dtype=pl.Enum(sorted(set(texts)))),
        lambda texts: pa.array(texts).dictionary_encode(),
    ],
)
def test_an_empty_text_is_nobody_as_a_level_too(form: Any, empty: str) -> None:
    with pytest.raises(InputRefused, match="row 2, column person: is missing"):
        columns.persons(column_of(form(["a", empty, "b"]), "person"))


def test_persons_of_64_bits() -> None:
    most = np.array([2**64 - 1, 3, 2**63, 3], np.uint64)
    assert columns.persons(column_of(most, "id")).tolist() == [2, 0, 1, 0]
    exact = [Decimal(900719925474099301), Decimal(900719925474099302)]
    assert columns.persons(column_of(exact, "id")).tolist() == [0, 1]
    with pytest.raises(InputRefused, match="64 bits") as caught:
        column_of([1, 2**70], "id")
    assert str(2**70) not in str(caught.value)


DECLARED = ["low", "middle", "high"]
ORDERED: dict[str, Any] = {
    "enum": pl.Series(["high", "low", "high"], dtype=pl.Enum(DECLARED)),
    "dictionary": pa.DictionaryArray.from_arrays([2, 0, 2], DECLARED, ordered=True),
    "chunked": pa.chunked_array([
        pa.DictionaryArray.from_arrays([2, 0], DECLARED),
        pa.DictionaryArray.from_arrays([2], DECLARED),
    ]),
    "category": pd.Series(pd.Categorical(["high", "low", "high"], DECLARED)),
    "ordered": pd.Series(pd.Categorical(["high", "low", "high"], DECLARED, ordered=True)),
}  # fmt: skip


@pytest.mark.parametrize("form", ORDERED)
def test_declared_order_is_kept(form: str) -> None:
    found = columns.categories(column_of(ORDERED[form], "income"))
    assert found.levels == ("low", "high")
    assert found.codes.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("given", "levels"),
    [
        (["high", "low"], ("high", "low")),
        (pl.Series(["low", "high"], dtype=pl.Categorical), ("high", "low")),
        ([10, 9], ("9", "10")),
        ([100_000, -5], ("-5", "100000")),
        (np.array([127, -128], np.int8), ("-128", "127")),
        (np.array([2**64 - 1, 0], np.uint64), ("0", "18446744073709551615")),
        ([1.5, 1.0], ("1", "1.5")),
        ([True, False], ("false", "true")),
        ([date(2020, 2, 1), date(2020, 1, 1)], ("2020-01-01", "2020-02-01")),
        (pd.Series(pd.Categorical([3, 1], [3, 1, 2])), ("3", "1")),
        (pa.array([3, 1]).dictionary_encode(), ("3", "1")),
    ],
)
def test_other_levels_are_sorted(given: Any, levels: tuple[str, ...]) -> None:
    found = columns.categories(column_of(given, "x"))
    assert found.levels == levels
    assert sorted(found.codes.tolist()) == [0, 1]


GAPS = [
    ["b", None, "a"],
    pd.Series([2.0, np.nan, 1.0]),
    pl.Series(["b", None, "a"], dtype=pl.Enum(["a", "b"])),
]


@pytest.mark.parametrize("given", GAPS, ids=["list", "pandas", "enum"])
def test_missing_levels(given: Any) -> None:
    column = column_of(given, "x")
    assert columns.categories(column, may_miss=True).codes.tolist() == [1, -1, 0]
    with pytest.raises(InputRefused, match="row 2, column x: is missing"):
        columns.categories(column)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([1, -2], "row 2, column w: '-2' is negative"),
        (pl.Series([1.0, float("nan")]), "row 2, column w: 'nan' is missing or infinite"),
        ([float("inf"), 1.0], "row 1, column w: 'inf' is missing or infinite"),
        ([1, None], "row 2, column w: is missing or infinite"),
        ([0, 0.0], "column w: is 0 in every row"),
        (["1", "2"], "column w: holds texts"),
        ([[1], [2]], "column w: holds lists"),
        ([b"1", b"2"], "column w: holds bytes"),
        ([None, None], "column w: holds nothing but missing values"),
        ([1, "a"], r"column w: holds values of several kinds \(int, str\)"),
    ],
)
def test_weights(given: Any, told: str) -> None:
    with pytest.raises(InputRefused, match=told):
        columns.weights(column_of(given, "w"))


def test_weights_of_any_number() -> None:
    for given in ([1, 2], [Decimal("1.5"), Decimal(2)], np.array([1, 2], np.float16),
                  np.array([1, 2], np.uint64), [True, False]):  # fmt: skip
        assert len(columns.weights(column_of(given, "w"))) == 2


@pytest.mark.parametrize("given", ["text", 5, {"a": 1}, {1, 2}, np.zeros((2, 2)),
                                   pd.DataFrame({"a": [1]}), pl.DataFrame({"a": [1]})])  # fmt: skip
def test_what_is_no_column(given: Any) -> None:
    with pytest.raises(UserError, match=r"column exit: is a .*, not a column"):
        column_of(given, "exit")


def _tables() -> dict[str, Any]:
    held = {"age": [30, 40], "sex": ["f", "m"]}
    return {
        "mapping": held, "polars": pl.DataFrame(held), "lazy": pl.LazyFrame(held),
        "pandas": pd.DataFrame(held), "arrow": pa.table(held),
        "batch": pa.RecordBatch.from_pydict(held), "reader": pa.table(held).to_reader(),
        "records": np.array([(30, "f"), (40, "m")], [("age", "i8"), ("sex", "U1")]),
    }  # fmt: skip


@pytest.mark.parametrize("form", _tables())
def test_tables_of_every_library(form: str) -> None:
    frame = columns.table_of(_tables()[form], "cox").frame(["sex", "age"])
    assert frame.rows() == [("f", 30), ("m", 40)]
    lazy = columns.lazy_table(_tables()[form], "cox", ["age"])
    assert lazy.collect().rows() == [(30,), (40,)]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (pa.table([[1], [2]], ["a", "a"]), "'a' is the name of two columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a' is the name of two columns"),
        ({1: [1], "1": [2]}, "'1' is the name of two columns"),
        ({"x": [1, 2], "a": [1]}, "column a: has 1 rows, and x has 2"),
        ({"x": [1, 2], "a": 1}, "column a: is a int, not a column"),
        ({"x": [1, 2]}, "'a' is not a column of the table"),
        ([1, 2], "is a list, not a table"),
        (None, "is a NoneType, not a table"),
        (pd.Series([1]), "is a Series, not a table"),
        (pl.scan_parquet("nowhere.parquet"), "the lazy table cannot be read"),
    ],
)
def test_what_is_no_table(given: Any, told: str) -> None:
    with pytest.raises(UserError, match=told):
        columns.table_of(given, "cox").column("a")
