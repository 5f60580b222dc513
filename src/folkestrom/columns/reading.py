"""One column, from whatever holds it: Arrow, Polars, pandas, NumPy or a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.errors import InputRefused, UsageError


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Values of one kind, and what they are called.

    Attributes
    ----------
    name
        Name of the column or argument.
    values
        A missing value of any kind is null, or NaN among numbers with decimals. A moment with a
        zone is the time of day that is written, without it. Levels whose order is declared (an
        Enum, an Arrow dictionary, a pandas category) are an Enum.
    where
        The function or table concerned, for messages.
    is_part
        Whether the column goes on elsewhere, so that wrong rows are not counted here.
    """

    name: str
    values: pl.Series
    where: str | None = None
    is_part: bool = False

    def __len__(self) -> int:
        """How many rows."""
        return len(self.values)

    def renamed(self, name: str) -> Column:
        """The column under the name by which messages shall call it."""
        return replace(self, name=name)

    @property
    def is_dated(self) -> bool:
        """Whether it holds days, or moments of days."""
        return self.values.dtype in (pl.Date, pl.Datetime)

    @property
    def is_category(self) -> bool:
        """Whether it holds texts or levels."""
        return self.values.dtype in (pl.String, pl.Categorical, pl.Enum)

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers, or truth values, which count as 0 and 1."""
        return self.values.dtype.is_numeric() or self.values.dtype == pl.Boolean

    @property
    def kind(self) -> str:
        """What it holds, in words."""
        return kind_of(self.values.dtype)


def kind_of(dtype: pl.DataType) -> str:
    """What values of a type are, in words.

    Examples
    --------
    >>> kind_of(pl.Int8()), kind_of(pl.String()), kind_of(pl.List(pl.Int64))
    ('whole numbers', 'texts', 'lists')
    """
    if dtype.is_integer():
        return "whole numbers"
    if dtype.is_numeric():
        return "numbers with decimals"
    said = {
        pl.String: "texts", pl.Categorical: "levels", pl.Enum: "levels", pl.Boolean: "truth values",
        pl.Date: "days", pl.Datetime: "moments", pl.Null: "nothing but missing values",
        pl.Binary: "bytes", pl.List: "lists", pl.Array: "lists", pl.Struct: "records",
        pl.Duration: "durations", pl.Time: "times of day", pl.Object: "values of several kinds",
    }  # fmt: skip
    return said.get(dtype.base_type(), str(dtype))


def column_of(values: Any, name: str, where: str | None = None) -> Column:
    """Read a column.

    Parameters
    ----------
    values
        A column of Arrow, Polars or pandas, an array of one dimension, or a list.
    name
        What it is called.
    where
        The function or table concerned.

    Examples
    --------
    >>> column_of(pa.array(["b", "a"]).dictionary_encode(), "place").values.dtype
    Enum(categories=['b', 'a'])
    >>> column_of([1, "a"], "age")
    Traceback (most recent call last):
        ...
    folkestrom.errors.InputRefused: column age: holds values of several kinds (int, str).
    Allowed: values of one kind.
    """
    if isinstance(values, Column):
        return values
    if not isinstance(values, pl.Series):
        values = _series(_arrow(values, name, where), name, where)
    if values.dtype == pl.Object:
        raise _mixed(values.to_list(), name, where)
    if not len(values) and values.dtype == pl.Null:
        values = values.cast(pl.Float64)  # a list without elements is of no kind
    return Column(name, as_written(values), where)


def as_written(series: pl.Series) -> pl.Series:
    """Moments with a zone as the time of day that is written there."""
    return series.dt.replace_time_zone(None) if is_zoned(series.dtype) else series


def is_zoned(dtype: pl.DataType) -> bool:
    """Whether values of a type are moments with a zone."""
    return isinstance(dtype, pl.Datetime) and dtype.time_zone is not None


def text_of(value: object) -> str:
    """The name of a level that may be a truth value or a number.

    Parameters
    ----------
    value
        The value.

    Examples
    --------
    >>> text_of(True), text_of(3.0), text_of("urban")
    ('true', '3', 'urban')
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, float | np.floating):
        return f"{value:.15g}"
    return str(value)


def _arrow(values: Any, name: str, where: str | None) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return values.unify_dictionaries().combine_chunks()
    if isinstance(values, pa.Array):
        return values
    many = hasattr(values, "columns") or getattr(values, "ndim", 1) != 1
    one = isinstance(values, str | bytes | Mapping | set | frozenset | pl.Expr)
    if many or one or not isinstance(values, Iterable):
        raise UsageError(
            f"is a {type(values).__name__}, not a column", where=where, column=name,
            allowed="a column of Arrow, Polars or pandas, an array of one dimension, or a list",
        )  # fmt: skip
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        coarse = np.datetime_data(values.dtype)[0] in ("Y", "M", "W", "h", "m")
        values = values.astype("datetime64[s]") if coarse else values
    given = values if hasattr(values, "__len__") else list(values)
    try:
        # Not a number is said to be so where it is one, of an array of numbers.
        found = pa.array(given, from_pandas=getattr(given, "dtype", None) != np.float64)
    except _unreadable() as error:
        found = _of_moments(given)
        if found is None:
            raise _mixed(list(given), name, where) from error
        return found
    if isinstance(found, pa.ChunkedArray):
        found = found.combine_chunks()
    if pa.types.is_timestamp(found.type) and found.type.tz and not hasattr(given, "dtype"):
        # Each was written in a zone of its own: summer time, or another country's.
        found = _of_moments(given)
    return found


def _of_moments(values: Any) -> pa.Array | None:
    """Python's dates and moments as they are written; None where there are other values."""
    listed = [None if _is_missing(value) else value for value in values]
    if not all(value is None or isinstance(value, date) for value in listed):
        return None
    return pa.array([
        value if value is None
        else value.replace(tzinfo=None) if isinstance(value, datetime)
        else datetime.combine(value, time())
        for value in listed
    ], pa.timestamp("us"))  # fmt: skip


def _is_missing(value: object) -> bool:
    # The missing moments of pandas are datetimes, and not equal to themselves.
    return value is None or (isinstance(value, date | float) and value != value)


def _mixed(values: list[Any], name: str, where: str | None) -> InputRefused:
    kinds = sorted({type(value).__name__ for value in values if not _is_missing(value)})
    if kinds == ["int"]:
        return InputRefused(
            "holds whole numbers that need more than 64 bits", where=where, column=name,
            next_step="Turn them into texts",
        )  # fmt: skip
    said = "values of several kinds" if len(kinds) > 1 else "values that cannot be read"
    return InputRefused(
        f"holds {said} ({', '.join(kinds[:6])})", where=where, column=name,
        allowed="values of one kind",
    )  # fmt: skip


def _series(array: pa.Array, name: str, where: str | None) -> pl.Series:
    try:
        if isinstance(array.type, pa.BaseExtensionType):
            raise TypeError(array.type)
        if pa.types.is_timestamp(array.type) and array.type.tz:
            array = pc.local_timestamp(array)
        found = pl.from_arrow(_declared(array) if pa.types.is_dictionary(array.type) else array)
        if pa.types.is_dictionary(array.type):
            found = found.cast(pl.Enum(_levels(array.dictionary)))
    except _unreadable() as error:
        raise InputRefused(
            f"holds values of a kind that cannot be read ({array.type})", where=where, column=name
        ) from error
    return found if isinstance(found, pl.Series) else found.to_series()


def _levels(dictionary: pa.Array) -> list[str]:
    return list(dict.fromkeys(text_of(v) for v in dictionary.to_pylist() if v is not None))


def _declared(array: pa.DictionaryArray) -> pa.DictionaryArray:
    """Levels as texts, each once and none of them missing."""
    levels = _levels(array.dictionary)
    place = {text: k for k, text in enumerate(levels)}
    given = array.dictionary.to_pylist()
    codes = np.array([-1 if v is None else place[text_of(v)] for v in given] + [-1], np.int64)
    taken = codes[array.indices.cast(pa.int64()).fill_null(len(given)).to_numpy()]
    return pa.DictionaryArray.from_arrays(
        pa.array(taken, pa.int32(), mask=taken < 0), pa.array(levels, pa.string())
    )


def _unreadable() -> tuple[type[Exception], ...]:
    """What is raised where something cannot be read as a column, wherever it is noticed."""
    return (
        pa.ArrowException, pl.exceptions.PolarsError, ArithmeticError, AttributeError, TypeError,
        ValueError,
    )  # fmt: skip
