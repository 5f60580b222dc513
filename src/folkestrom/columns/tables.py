"""Tables that users bring: Arrow, Polars, pandas, or mappings of columns, in memory or lazy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from folkestrom.columns.reading import Column, column_of, is_zoned
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import unknown

_ALLOWED = "a table or data frame of Arrow, Polars or pandas, or a mapping of columns"


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table in any form; its columns are read when they are asked for.

    Attributes
    ----------
    names
        Names of its columns.
    rows
        How many rows.
    where
        The function or argument concerned, for messages.
    """

    names: tuple[str, ...]
    rows: int
    where: str
    _taken: Callable[[int], Any]

    def __contains__(self, name: object) -> bool:
        """Whether there is such a column."""
        return name in self.names

    def column(self, name: str) -> Column:
        """A column; an unknown one is refused, with the name nearest to it.

        Parameters
        ----------
        name
            Its name.
        """
        require(self.names, [name], self.where)
        column = column_of(self._taken(self.names.index(name)), name, self.where)
        if len(column) != self.rows:
            raise InputRefused(
                f"has {len(column)} rows, and {self.names[0]} has {self.rows}",
                where=self.where, column=name,
                next_step="Give columns of the same length",
            )  # fmt: skip
        return column

    def frame(self, names: Iterable[str]) -> pl.DataFrame:
        """Columns as a frame of Polars, each once.

        Parameters
        ----------
        names
            The names.
        """
        return pl.DataFrame([self.column(name).values.alias(name) for name in dict.fromkeys(names)])


def table_of(data: Any, where: str, columns: Iterable[str] | None = None) -> Table:
    """A table, whatever library it comes from.

    Parameters
    ----------
    data
        A table or data frame of Arrow, Polars (lazy too) or pandas, a reader of batches, or a
        mapping of columns.
    where
        The function or argument that it was given to, for messages.
    columns
        Of a lazy table, the only columns that are read; all by default.

    Examples
    --------
    >>> table = table_of({"age": [30, 40], "sex": ["f", "m"]}, "cox")
    >>> table.names, table.rows, table.column("age").kind
    (('age', 'sex'), 2, 'whole numbers')
    >>> table.column("agee")
    Traceback (most recent call last):
        ...
    folkestrom.errors.UsageError: cox: 'agee' is not a column of the table.
    Allowed: age, sex.
    Next: Did you mean 'age'?
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, pl.LazyFrame):
        data = _collected(data, where, columns)
    if isinstance(data, pl.DataFrame):
        return Table(_unique(data.columns, where), data.height, where, data.to_series)
    if isinstance(data, Mapping):
        return _of_mapping(data, where)
    if hasattr(data, "iloc") and hasattr(data, "columns"):
        return Table(_unique(data.columns, where), len(data), where, lambda k: data.iloc[:, k])
    if isinstance(data, np.ndarray) and data.dtype.names:
        return _of_mapping({name: data[name] for name in data.dtype.names}, where)
    return _of_arrow(data, where)


def lazy_table(data: Any, where: str, columns: Iterable[str]) -> pl.LazyFrame:
    """Columns of a table as a lazy frame; what is lazy stays so.

    Parameters
    ----------
    data, where
        As of `table_of`.
    columns
        The columns that are needed; an unknown one is refused.

    Examples
    --------
    >>> lazy_table({"age": [30, 40], "sex": ["f", "m"]}, "rates", ["age"]).collect().shape
    (2, 1)
    """
    wanted = list(dict.fromkeys(columns))
    if not isinstance(data, pl.LazyFrame):
        table = table_of(data, where)
        if not wanted:
            return pl.LazyFrame({"": pl.zeros(table.rows, pl.Int8, eager=True)})
        return table.frame(wanted).lazy()
    schema = schema_of(data, where)
    require(tuple(schema), wanted, where)
    zoned = [name for name in wanted if is_zoned(schema[name])]
    return data.select(wanted).with_columns(pl.col(zoned).dt.replace_time_zone(None))


def column_names(data: Any, where: str) -> tuple[str, ...]:
    """Names of a table's columns; of a lazy one without reading it.

    Parameters
    ----------
    data, where
        As of `table_of`.
    """
    if isinstance(data, pl.LazyFrame):
        return tuple(schema_of(data, where))
    return table_of(data, where).names


def schema_of(data: pl.LazyFrame, where: str) -> pl.Schema:
    """Names and types of a lazy table's columns."""
    try:
        return data.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(where) from error


def lazy_column(frame: pl.LazyFrame, name: str, where: str) -> Column:
    """Name and type of a lazy table's column, without its values."""
    return Column(name, pl.Series(name, [], dtype=frame.collect_schema()[name]), where)


def require(names: tuple[str, ...], wanted: Iterable[str], where: str) -> None:
    """Refuse names that are no columns of a table.

    Parameters
    ----------
    names
        Those that are.
    wanted
        Those that were asked for.
    where
        The function or argument concerned.
    """
    for name in wanted:
        if not isinstance(name, str):
            raise UsageError(
                f"is a {type(name).__name__}, and not the name of a column", where=where,
                allowed="a text",
            )  # fmt: skip
        if name not in names:
            raise unknown(name, names, "is not a column of the table", where=where)


def _collected(data: pl.LazyFrame, where: str, columns: Iterable[str] | None) -> pl.DataFrame:
    schema = schema_of(data, where)
    if columns is not None:
        wanted = list(dict.fromkeys(columns))
        require(tuple(schema), wanted, where)
        data = data.select(wanted)
    try:
        return data.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(where) from error


def _unreadable(where: str) -> InputRefused:
    return InputRefused(
        "the lazy table cannot be read", where=where,
        next_step="Collect it first: the message of Polars then says where it fails",
    )  # fmt: skip


def _of_mapping(data: Mapping[Any, Any], where: str) -> Table:
    names = _unique(data, where)
    values = [list(v) if isinstance(v, Iterator) else v for v in data.values()]
    if values and (isinstance(values[0], str | bytes) or not hasattr(values[0], "__len__")):
        column_of(values[0], names[0], where)
    # The first column says how many there are; the others are held to it as they are read.
    return Table(names, len(values[0]) if values else 0, where, values.__getitem__)


def _of_arrow(data: Any, where: str) -> Table:
    table = data
    if isinstance(data, pa.RecordBatch):
        table = pa.Table.from_batches([data])
    elif isinstance(data, pa.RecordBatchReader):
        table = data.read_all()
    elif hasattr(data, "__arrow_c_stream__") and not isinstance(data, pa.Table):
        with suppress(pa.ArrowException, TypeError, ValueError):  # a column has a stream too
            table = pa.table(data)
    if not isinstance(table, pa.Table):
        raise UsageError(f"is a {type(data).__name__}, not a table", where=where, allowed=_ALLOWED)
    return Table(_unique(table.column_names, where), table.num_rows, where, table.column)


def _unique(names: Iterable[Any], where: str) -> tuple[str, ...]:
    """Names as texts; two columns with one name cannot be told apart."""
    texts = tuple(map(str, names))
    if len(set(texts)) < len(texts):
        twice = next(name for name in texts if texts.count(name) > 1)
        raise InputRefused(
            "is the name of two columns", where=where, value=twice,
            next_step="Rename one of them, or leave it out",
        )  # fmt: skip
    return texts
