"""Tables that callers bring: Arrow, Polars (lazy too) or pandas, as one lazy frame."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import polars as pl
import pyarrow as pa

from folkestrom.errors import InputRefused, UsageError

#: A table in any of the forms that callers have it in.
Frame: TypeAlias = Any


def lazy(table: Frame) -> pl.LazyFrame:
    """A table as a lazy frame, without a copy where there can be none.

    Parameters
    ----------
    table
        A table or data frame of Arrow, Polars or pandas; a lazy frame; or a reader of batches.

    Examples
    --------
    >>> lazy(pa.table({"events": [1, 2]})).collect().shape
    (2, 1)
    """
    if isinstance(table, pl.LazyFrame):
        return table
    if isinstance(table, pl.DataFrame):
        return table.lazy()
    if isinstance(table, pa.RecordBatchReader):
        table = table.read_all()
    if isinstance(table, pa.Table | pa.RecordBatch):
        return pl.DataFrame(table).lazy()
    if type(table).__module__.split(".")[0] == "pandas":
        return pl.from_pandas(table).lazy()
    raise UsageError(
        "is not a table",
        value=type(table).__name__,
        allowed="a table or data frame of Arrow, Polars or pandas",
    )


def names(by: str | Iterable[str]) -> tuple[str, ...]:
    """Names of columns: a list of them, or one text with commas in between.

    Parameters
    ----------
    by
        The names.

    Examples
    --------
    >>> names("sex, age"), names(["sex"])
    (('sex', 'age'), ('sex',))
    """
    if isinstance(by, str):
        return tuple(name.strip() for name in by.split(",") if name.strip())
    return tuple(by)


def require(frame: pl.LazyFrame, columns: Sequence[str], where: str = "by") -> None:
    """Refuse names that are no columns of a table.

    Parameters
    ----------
    frame
        The table.
    columns
        The names.
    where
        The argument that they were given for.
    """
    known = frame.collect_schema().names()
    for name in columns:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            raise UsageError(
                "is not a column of the table",
                where=where,
                value=name,
                allowed=known,
                next_step=f"Did you mean {nearest[0]!r}?" if nearest else None,
            )


def check_counts(data: pl.DataFrame, columns: Sequence[str]) -> None:
    """Refuse counts that are missing, negative, infinite or not a number.

    Parameters
    ----------
    data
        The table.
    columns
        Columns of counts or times.
    """
    for name in columns:
        column = data[name]
        if not column.dtype.is_numeric():
            raise InputRefused(
                "is not a number", column=name, value=str(column.dtype), allowed="counts"
            )
        bad = column.is_null() | (column < 0).fill_null(value=True)
        if column.dtype.is_float():
            bad |= ~column.is_finite().fill_null(value=False)
        if bad.any():
            row = int(bad.arg_max() or 0)
            raise InputRefused(
                "is not a count or a time",
                row=row + 1,
                column=name,
                value=column[row] if column[row] is not None else "nothing",
                allowed="numbers from 0 up",
            )
