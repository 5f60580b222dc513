"""Numbers from the engine as the columns of results: codes in dictionaries, numbers as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.engine.rows import column_of, numbers_of
from folkestrom.model.names import check_columns
from folkestrom.variables.variable import Variable

#: Numbers of levels are looked up in an array from the least to the greatest of them.
_LARGEST_RANGE = 1 << 27
#: What Polars itself writes beside a column of an Enum: the length and text of each level.
_LEVELS_FOR_POLARS = b"_PL_ENUM_VALUES2"


@dataclass(frozen=True, slots=True)
class Levels:
    """A dictionary, and where the numbers of its levels stand in it.

    Parameters
    ----------
    names
        The dictionary.
    lowest
        The least number.
    places
        Place in the dictionary of each number from the least on; -1: none.
    nothing
        Place of what has no number; -1: it is null.
    """

    names: pa.Array
    lowest: int
    places: NDArray[Any]
    nothing: int

    @property
    def type(self) -> pa.DataType:
        """Type of the column."""
        return pa.dictionary(pa.from_numpy_dtype(self.places.dtype), pa.string())


def levels_of(names: Sequence[str], numbers: Sequence[int], nothing: str | None) -> Levels:
    """The dictionary of a variable.

    Parameters
    ----------
    names
        Its levels in order.
    numbers
        The number of each, as far as they have one.
    nothing
        The level of what has no number.
    """
    small = np.int8 if len(names) < 127 else np.int16 if len(names) < 32_000 else np.int32
    lowest = min(numbers, default=0)
    width = max(numbers, default=0) - lowest + 1
    if width > _LARGEST_RANGE:
        raise RuntimeError("the numbers of a variable's levels lie too far apart")
    rest = names.index(nothing) if nothing is not None and nothing in names else -1
    places = np.full(width, rest, small)
    for place, number in enumerate(numbers):
        places[number - lowest] = place
    return Levels(pa.array(list(names), pa.string()), lowest, places, rest)


def coded(numbers: pa.Array, levels: Levels) -> pa.Array:
    """A column of numbers as a dictionary column.

    Examples
    --------
    >>> levels = levels_of(["no", "yes", "unknown"], [0, 1], "unknown")
    >>> coded(pa.array([1, None, 0]), levels).to_pylist()
    ['yes', 'unknown', 'no']
    """
    values = numbers_of(numbers).astype(np.int64) - levels.lowest
    missing = np.zeros(len(values), np.bool_)
    if numbers.null_count:
        missing = ~np.asarray(_flags(numbers.is_valid()))
    strange = (values < 0) | (values >= len(levels.places)) | missing
    values[strange] = 0
    places = levels.places[values]
    places[strange] = levels.nothing
    gone = places < 0
    indices = column_of(places, gone if gone.any() else None)
    return pa.DictionaryArray.from_arrays(indices, levels.names)


def _flags(column: pa.Array) -> NDArray[np.bool_]:
    return numbers_of(column.cast(pa.int8())).astype(np.bool_)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a result.

    Parameters
    ----------
    plain
        Columns that come as they are, with their types.
    variables
        Columns of variables, by name.
    dictionaries
        Dictionaries of the coded ones, and of any other coded columns.
    """

    plain: dict[str, pa.DataType]
    variables: dict[str, Variable]
    dictionaries: dict[str, Levels]

    @property
    def schema(self) -> pa.Schema:
        """Names and types in order."""
        return pa.schema([self._field(name) for name in (*self.plain, *self.variables)])

    def _field(self, name: str) -> pa.Field:
        """A column with, for Polars, its levels in their order, which it else leaves out."""
        if name not in self.dictionaries:
            return pa.field(name, self._type(name))
        levels = [str(level).encode() for level in self.dictionaries[name].names.to_pylist()]
        said = b"".join(b"%d;%b" % (len(level), level) for level in levels)
        return pa.field(name, self._type(name), metadata={_LEVELS_FOR_POLARS: said})

    def batch(self, found: pa.RecordBatch) -> pa.RecordBatch:
        """A batch of the engine's in the types of the result."""
        arrays = [
            coded(column, self.dictionaries[name])
            if name in self.dictionaries
            else column.cast(self._type(name))
            for name, column in zip(self.schema.names, found.columns, strict=True)
        ]
        return pa.record_batch(arrays, schema=self.schema)

    def _type(self, name: str) -> pa.DataType:
        if name in self.dictionaries:
            return self.dictionaries[name].type
        return self.plain[name] if name in self.plain else self.variables[name].type


def layout_of(
    plain: dict[str, pa.DataType], variables: dict[str, Variable], **more: Levels
) -> Layout:
    """The columns of a result: plain ones first, then variables.

    Parameters
    ----------
    plain
        Types of the plain columns, in order.
    variables
        Variables by the name of their column.
    more
        Dictionaries of plain columns that are coded.
    """
    check_columns(variables, plain, "variables")
    dictionaries = {
        name: levels_of(variable.levels, variable.numbers, variable.unknown)
        for name, variable in variables.items()
        if variable.coded
    }
    return Layout(plain, variables, dictionaries | more)
