"""Figures of a table as NumPy has them: numbers, codes, what is small, what is not shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.disclosure.rules import Rules

Booleans: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int64]


def numbers_of(column: pa.ChunkedArray) -> Floats:
    """A column of numbers; 0 where there is none."""
    filled = pc.fill_null(column.cast(pa.float64()), 0.0)
    return np.asarray(filled.to_numpy(), np.float64)


def codes_of(column: pa.ChunkedArray) -> Codes:
    """A column of codes as whole numbers from 0, one a code."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    encoded = column.dictionary_encode("encode")
    return np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64)


def is_small(counts: npt.NDArray[Any], rules: Rules) -> Booleans:
    """Whether counts are too small to be shown."""
    small: Booleans = (counts < rules.minimum_cell) & ((counts > 0) | rules.zeros)
    return small


def blanked(data: pa.Table, hidden: Booleans, names: Sequence[str]) -> pa.Table:
    """The table without some columns' values in the rows that are hidden."""
    for name in names:
        column = data[name].combine_chunks()
        gone = pa.array(hidden)
        at = data.column_names.index(name)
        data = data.set_column(at, name, pc.if_else(gone, pa.scalar(None, column.type), column))
    return data
