"""Small exchanges with a connection: answers of one row, and Arrow tables lent for a query.

Answers are read to their end: a result that is left open blocks its connection.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def first_row(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Mapping[str, object] | None = None,
) -> tuple[Any, ...] | None:
    """The first row of a query that gives few, or None.

    Parameters
    ----------
    connection
        Where to ask.
    sql
        The query.
    parameters
        Values of its `$names`.
    """
    rows = connection.execute(sql, dict(parameters or {})).fetchall()
    return rows[0] if rows else None


def first_number(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Mapping[str, object] | None = None,
) -> int:
    """The first value of a query, as a number; 0 when there is none."""
    row = first_row(connection, sql, parameters)
    return int(row[0]) if row and row[0] is not None else 0


def is_any(
    connection: duckdb.DuckDBPyConnection,
    what: str,
    parameters: Mapping[str, object] | None = None,
) -> bool:
    """Whether a table has rows; `what` may go on with a condition."""
    return first_row(connection, f"SELECT 1 FROM {what} LIMIT 1", parameters) is not None


def is_table(connection: duckdb.DuckDBPyConnection, *names: str) -> bool:
    """Whether there are such tables; not for use in a transaction, which a missing one would end.

    Parameters
    ----------
    connection
        Where to ask.
    *names
        The tables.
    """
    # To read them is quicker by far than the engine's own list of tables.
    try:
        connection.execute(f"SELECT 1 FROM {', '.join(names)} LIMIT 0").fetchall()
    except duckdb.CatalogException:
        return False
    return True


def catalog_of(connection: duckdb.DuckDBPyConnection) -> str:
    """The name under which the store's own tables are found, whatever stands before them."""
    row = first_row(connection, "SELECT current_database()")
    return f'"{row[0]}"' if row else ""


@contextmanager
def lent(connection: duckdb.DuckDBPyConnection, **tables: pa.Table) -> Iterator[None]:
    """Let a connection see Arrow tables by their names, as long as the block lasts.

    Parameters
    ----------
    connection
        Who may see them.
    tables
        The tables.
    """
    with _without_polars():
        for name, table in tables.items():
            connection.register(name, table)
    yield
    # Not after an error: the transaction is over then, and refuses even this.
    for name in tables:
        connection.unregister(name)


@contextmanager
def _without_polars() -> Iterator[None]:
    """Hide Polars from DuckDB where it is still to be loaded: to look for its frames loads it."""
    polars = sys.modules.get("polars")
    if polars is None or polars.__spec__ is not None:
        yield
        return
    del sys.modules["polars"]
    try:
        yield
    finally:
        sys.modules.setdefault("polars", polars)


class _NoPandas:
    """Where modules are found: pandas is not."""

    @staticmethod
    def find_spec(fullname: str, *_: object) -> None:
        """Refuse pandas, and know of nothing else."""
        if fullname == "pandas":
            raise ModuleNotFoundError(name=fullname)


def arrow_without_pandas() -> None:
    """Let Arrow not load pandas with its first value; it still does when pandas is asked for.

    Arrow takes columns of pandas for lists from then on, so that this is for a process without any.
    """
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.scalar(0)
    finally:
        sys.meta_path.remove(_NoPandas)


def numbers_of(column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """The numbers of an Arrow column, uncopied; dates and times as Arrow counts them.

    Where a value is NULL stands any number. (Arrow's own `to_numpy` imports pandas, for which a
    day's reports should not wait.)

    Parameters
    ----------
    column
        Integers, dates or times.

    Examples
    --------
    >>> numbers_of(pa.array([3, 1, 2])[1:]).tolist()
    [1, 2]
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_temporal(column.type):
        column = column.view(pa.int32() if column.type.bit_width == 32 else pa.int64())
    dtype = np.dtype(column.type.to_pandas_dtype())
    _, data = column.buffers()
    if data is None:
        return np.empty(0, dtype)
    return np.frombuffer(data, dtype, len(column), column.offset * dtype.itemsize)


def column_of(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Numbers as an Arrow column, uncopied; as `numbers_of`, without importing pandas.

    Parameters
    ----------
    values
        Integers.
    missing
        Where they are NULL; None: nowhere.

    Examples
    --------
    >>> column_of(np.array([3, 1]), np.array([False, True])).to_pylist()
    [3, None]
    """
    validity = None
    if missing is not None and missing.any():
        validity = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [validity, data])


def text_column(values: Sequence[str | None]) -> pa.Array:
    """Texts as an Arrow column; as `column_of`, without importing pandas.

    Parameters
    ----------
    values
        Texts; None becomes NULL.

    Examples
    --------
    >>> text_column(["a", None, "å"]).to_pylist()
    ['a', None, 'å']
    """
    written = [None if value is None else value.encode() for value in values]
    return _column_of_bytes(written, pa.large_string())


def bytes_column(values: Sequence[bytes | None]) -> pa.Array:
    """Bytes as an Arrow column, as `text_column`.

    Parameters
    ----------
    values
        Bytes; None becomes NULL.

    Examples
    --------
    >>> bytes_column([b"a", None]).to_pylist()
    [b'a', None]
    """
    return _column_of_bytes(values, pa.large_binary())


def _column_of_bytes(values: Sequence[bytes | None], kind: pa.DataType) -> pa.Array:
    written = [value or b"" for value in values]
    ends = np.cumsum([0, *map(len, written)]).astype(np.int64)
    missing = np.array([value is None for value in values], np.bool_)
    validity = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    buffers = [validity, pa.py_buffer(ends), pa.py_buffer(b"".join(written))]
    return pa.Array.from_buffers(kind, len(values), buffers)
