"""Tables that callers bring: Arrow, Polars (lazy too) or pandas, as one lazy frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import polars as pl
import pyarrow as pa

from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code, check_spellings

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
        check_code(name, known, "is not a column of the table", where=where)


def declared(table: Frame, column: str) -> list[str]:
    """Levels of a column that say what its codes may be, whether they occur or not.

    Parameters
    ----------
    table
        The table, as the caller has it.
    column
        A column of an Enum, a dictionary or a category; others have none.

    Examples
    --------
    >>> table = pl.DataFrame({"event": pl.Series(["stay"], dtype=pl.Enum(["stay", "abroad"]))})
    >>> declared(table, "event")
    ['stay', 'abroad']
    """
    if isinstance(table, pl.DataFrame | pl.LazyFrame):
        kind = table.collect_schema().get(column)
        return kind.categories.to_list() if isinstance(kind, pl.Enum) else []
    if isinstance(table, pa.Table | pa.RecordBatch):
        found = table.column(column) if column in table.schema.names else pa.array([])
        parts = found.chunks if isinstance(found, pa.ChunkedArray) else [found]
        levels = [part.dictionary for part in parts if isinstance(part, pa.DictionaryArray)]
        return list(dict.fromkeys(str(code) for part in levels for code in part.to_pylist()))
    levels_ = getattr(getattr(table[column], "dtype", None), "categories", None)
    return [] if levels_ is None else [str(code) for code in levels_]


def has_code(
    frame: pl.LazyFrame,
    column: str,
    code: Any,
    allowed: Sequence[str],
    where: str,
    says: str = "does not occur",
) -> pl.Expr:
    """Whether a row of a table has a code; refuses one that neither occurs nor is declared.

    Parameters
    ----------
    frame, column
        The table, and its column of what happened: texts, numbers or truth values.
    code
        The code that is meant.
    allowed
        Codes that are declared.
    where, says
        The argument that it was given for, and what is wrong where it is not there.

    Examples
    --------
    >>> frame = pl.LazyFrame({"event": ["stay", "abroad"]})
    >>> frame.select(has_code(frame, "event", "abroad", (), "outcome")).collect().rows()
    [(False,), (True,)]
    """
    kind = frame.collect_schema()[column]
    found = frame.select(pl.col(column).unique()).collect().to_series().drop_nulls()
    if kind == pl.Boolean:
        meant = {"true": True, "false": False, "1": True, "0": False}.get(str(code).lower())
        check_code(meant, (True, False), "is no truth value", where=where, column=column)
        return pl.col(column) == meant
    texts = found.cast(pl.String).sort().to_list()
    if kind.is_numeric() and not isinstance(code, str):
        # 0 and 1 say whether it happened: that it never did is no mistake.
        either = [*found.to_list(), *((0, 1) if found.is_in([0, 1]).all() else ())]
        check_code(code, either, says, where=where, column=column)
        return pl.col(column) == code
    if not kind.is_numeric():
        check_spellings(texts, [code] if isinstance(code, str) else (), column=column)
    check_code(code, list(dict.fromkeys([*allowed, *texts])), says, where=where, column=column)
    return pl.col(column).cast(pl.String) == code


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
