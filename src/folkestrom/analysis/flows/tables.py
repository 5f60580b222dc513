"""Columns of tables of moves, whichever library they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from folkestrom.errors import UsageError
from folkestrom.model.names import check_code

UNKNOWN = "unknown"


def as_frame_of(data: Any, columns: Sequence[str], where: str) -> pl.DataFrame:
    """Some columns of a table of Arrow, Polars or pandas, or of a mapping.

    Parameters
    ----------
    data
        The table.
    columns
        Names; each must be there.
    where
        What the message of an error begins with.
    """
    if isinstance(data, pl.LazyFrame):
        data = data.collect()
    if isinstance(data, pl.DataFrame | pa.Table | Mapping):
        frame = pl.DataFrame(data)
    elif hasattr(data, "__dataframe__"):
        frame = pl.DataFrame(pa.Table.from_pandas(data, preserve_index=False))
    else:
        raise UsageError(
            "is not a table", where=where, value=type(data).__name__,
            allowed="a table of Arrow, Polars or pandas, or a mapping of columns",
        )  # fmt: skip
    for name in columns:
        check_code(name, frame.columns, "is not a column of the table", where=where)
    return frame.select(list(dict.fromkeys(columns)))
