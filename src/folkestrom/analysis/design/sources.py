"""Rows that are read more than once, part by part, wherever they lie."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from folkestrom.analysis.design.tables import Table, joined, read_table
from folkestrom.columns import column_names
from folkestrom.engine.failures import shortage
from folkestrom.errors import InputRefused, UsageError, UserError
from folkestrom.model.names import unknown

#: Rows of a part. It is the same for all sources: the order of sums, and so the last bit of a
#: result, must not depend on how the rows came.
PART = 1 << 18


@dataclass(frozen=True, eq=False)
class Source:
    """Rows that can be read again and again.

    Attributes
    ----------
    names
        Names of the columns.
    opened
        Gives the columns named, as tables of any number of rows, from the first row on.
    """

    names: tuple[str, ...]
    opened: Callable[[list[str]], Iterable[Table]]

    def parts(self, columns: Iterable[str]) -> Iterator[tuple[slice, Table]]:
        """Columns part by part, each with the rows that it has.

        Parameters
        ----------
        columns
            The columns.
        """
        first = 0
        for part in _evened(self.opened(self.check(columns))):
            yield slice(first, first + part.size), part
            first += part.size

    def whole(self, columns: Iterable[str]) -> Table:
        """Columns of all rows.

        Parameters
        ----------
        columns
            The columns.
        """
        return joined(list(_alike(self.opened(self.check(columns)))))

    def only(self, chosen: NDArray[np.bool_]) -> Source:
        """Some of the rows, in their order.

        Parameters
        ----------
        chosen
            For every row whether it is wanted.
        """

        def opened(columns: list[str]) -> Iterator[Table]:
            for here, part in self.parts(columns):
                yield part.rows(np.flatnonzero(chosen[here]))

        return Source(self.names, opened)

    def check(self, columns: Iterable[str]) -> list[str]:
        """Columns as they are asked for, each once; an unknown one is refused.

        Parameters
        ----------
        columns
            The columns.
        """
        wanted = list(dict.fromkeys(columns))
        for name in wanted:
            if name not in self.names:
                raise unknown(name, self.names, "is not a column of the table", where="data")
        return wanted


def source_of(data: Any) -> Source:
    """Whatever has rows, as a source.

    Parameters
    ----------
    data
        A table of Arrow, Polars or pandas, or a mapping of columns. Or what is read part by part,
        and may be larger than memory: the path of a Parquet file, a pyarrow dataset, or a function
        that opens a stream of tables or record batches, from the first row on whenever it is
        called.

    Examples
    --------
    >>> source = source_of({"place": ["urban", "rural"], "age": [30, 40]})
    >>> [(here, part.levels("place")) for here, part in source.parts(["place"])]
    [(slice(0, 2, None), ('rural', 'urban'))]
    >>> source_of(lambda: ({"age": [year]} for year in (30, 40))).whole(["age"]).size
    2
    """
    if isinstance(data, Source):
        return data
    if isinstance(data, str | os.PathLike):
        return _of_file(Path(data))
    if hasattr(data, "scanner"):
        names = tuple(data.schema.names)
        return Source(names, lambda c: _tables(data.to_batches(columns=c), c))
    if hasattr(data, "read_next_batch") or isinstance(data, Iterator):
        raise UsageError(
            f"is a {type(data).__name__}, which can be read once only; a fit reads rows twice",
            where="data", next_step="Give a function that opens it: mobility(lambda: …, …)",
        )  # fmt: skip
    if callable(data):
        _refuse_arguments(data)
        return _of_function(data)
    return Source(column_names(data, "data"), lambda columns: [read_table(data, columns)])


def _refuse_arguments(opens: Callable[..., Any]) -> None:
    try:
        inspect.signature(opens).bind()
    except TypeError as error:
        raise UsageError(
            "is a function that takes arguments", where="data",
            allowed="a function without arguments that opens a stream of tables",
        ) from error  # fmt: skip


def _of_file(path: Path) -> Source:
    @contextmanager
    def opened() -> Iterator[Any]:
        if not path.exists():
            raise InputRefused(
                "does not exist", where=str(path), next_step="Name a Parquet file of person-years"
            )
        try:
            with pq.ParquetFile(path) as file:
                yield file
        except (OSError, pa.ArrowInvalid) as error:
            raise shortage(error) or InputRefused(
                "cannot be read as Parquet", where=str(path),
                next_step="Write it with `folkestrom study STUDY --panel FILE.parquet`",
            ) from error  # fmt: skip

    def tables(columns: list[str]) -> Iterator[Table]:
        with opened() as file:
            yield from _tables(file.iter_batches(PART, columns=columns), columns)

    with opened() as file:
        names = tuple(file.schema_arrow.names)
    return Source(names, tables)


def _of_function(opens: Callable[[], Iterable[Any]]) -> Source:
    with _closing(opens()) as stream:
        first = next(iter(stream), None)
        if first is None:
            raise InputRefused("has no rows", where="data", next_step="Look at what made the panel")

    def tables(columns: list[str]) -> Iterator[Table]:
        with _closing(opens()) as stream:
            yield from _tables(stream, columns)

    return Source(column_names(first, "data"), tables)


@contextmanager
def _closing(stream: Any) -> Iterator[Iterable[Any]]:
    """A stream that is given back when no more is read of it, where it can be."""
    if not isinstance(stream, Iterable) or hasattr(stream, "columns"):
        raise UsageError(
            f"gives a {type(stream).__name__}, not a stream of tables", where="data",
            allowed="a function that opens a RecordBatchReader, or yields tables or record batches",
        )  # fmt: skip
    try:
        yield stream
    finally:
        if hasattr(stream, "close"):
            stream.close()


def _tables(batches: Iterable[Any], columns: list[str]) -> Iterator[Table]:
    """Batches as tables, whose levels may differ from one to the next."""
    for batch in batches:
        table = read_table(batch, columns)
        yield Table(table.frame.cast({pl.Enum: pl.Categorical}), table.declared)


@contextmanager
def rows_from(first: int) -> Iterator[None]:
    """Have rows that a message names counted from the first row of all.

    Parameters
    ----------
    first
        How many rows lie before those concerned.

    Examples
    --------
    >>> from folkestrom.errors import InputRefused
    >>> with rows_from(1000):
    ...     raise InputRefused("is missing", row=7, column="age")
    Traceback (most recent call last):
        ...
    folkestrom.errors.InputRefused: row 1007, column age: is missing.
    """
    try:
        yield
    except UserError as error:
        if error.row is None or not first:
            raise
        raise type(error)(
            error.message, where=error.where, row=error.row + first, column=error.column,
            value=error.value, allowed=error.allowed, next_step=error.next_step,
        ) from error  # fmt: skip


def _alike(tables: Iterable[Table]) -> Iterator[Table]:
    """The same tables; refuses a column that is of another kind in one than in the first."""
    kinds: dict[str, pl.DataType] = {}
    for table in tables:
        for name, kind in table.frame.schema.items():
            if kind != kinds.setdefault(name, kind):
                raise UsageError(
                    f"holds {kinds[name]} in one batch and {kind} in another", column=name,
                    next_step="Give the column one kind in all batches",
                )  # fmt: skip
        yield table


def _evened(tables: Iterable[Table]) -> Iterator[Table]:
    """The same rows in parts of the same size, the last apart."""
    held: list[Table] = []
    count = 0
    for table in _alike(tables):
        held.append(table)
        count += table.size
        if count >= PART:
            whole, last = joined(held), count - count % PART
            for first in range(0, last, PART):
                yield whole.cut(first, PART)
            held, count = [whole.cut(last, count - last)], count - last
    if count:
        yield joined(held)
