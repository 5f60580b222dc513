"""Nothing under nulls: a value that is not shown must not be in the memory of the table either."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def without_values_under_nulls(table: pa.Table) -> pa.Table:
    """The same table, in memory of its own that never held what is null in it.

    Arrow marks a null beside its value, and libraries leave the value where it was: files in
    Arrow's own format, and whoever reads the memory, would have it.

    Parameters
    ----------
    table
        A table some of whose values were taken away.

    Examples
    --------
    >>> import pyarrow.compute as pc
    >>> hidden = pc.if_else(pa.array([True, False]), None, pa.array([41, 42]))
    >>> np.frombuffer(hidden.buffers()[1], np.int64).tolist()
    [41, 42]
    >>> shown = without_values_under_nulls(pa.table({"n": hidden}))["n"].chunk(0)
    >>> shown.to_pylist(), 41 in np.frombuffer(shown.buffers()[1], np.int64)
    ([None, 42], False)
    """
    for at, field in enumerate(table.schema):
        if table.column(at).null_count:
            table = table.set_column(at, field, _rebuilt(table.column(at)))
    return table


def _rebuilt(column: pa.ChunkedArray) -> pa.ChunkedArray:
    valid = np.asarray(column.is_valid().to_numpy(), np.bool_)
    places = pa.array(np.cumsum(valid) - 1, pa.int64(), mask=~valid)
    return column.drop_null().take(places)
