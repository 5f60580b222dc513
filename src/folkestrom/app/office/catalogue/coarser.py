"""Cells added up to coarser places and fewer variables, rather than counted again."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.model.cells import Cells
from folkestrom.statistics.record_keys import SUFFIX
from folkestrom.variables.registry import VARIABLES

#: Levels of places, and how many first digits of each finer one's code are theirs.
_DIGITS: Final = {"county": 2, "municipality": 4, "part_of_town": 6, "basic_unit": 8}
_MODULUS: Final = 2**32


def coarser(cells: Cells, place: str, by: Sequence[str], measures: Sequence[str]) -> Cells:
    """Cells by other places and some of their variables.

    Parameters
    ----------
    cells
        Counts, with sums of record keys or without.
    place
        "municipality" or "county", as the cells are by a finer level; empty: none.
    by
        The other variables that are kept.
    measures
        The counts.
    """
    data, specification = cells.data, cells.specification
    dimensions = {d.id: d for d in specification.dimensions}
    if place and place not in dimensions:
        finer = next(level for level in _DIGITS if level in dimensions)
        at = data.column_names.index(finer)
        data = data.set_column(at, place, _first_digits(data[finer].combine_chunks(), place))
        dimensions[place] = VARIABLES[place].dimension
    times = [name for name in dimensions if name in ("date", "period")]
    kept = [*times, *([place] if place else []), *by]
    keys = [f"{name}{SUFFIX}" for name in measures if f"{name}{SUFFIX}" in data.column_names]
    for name in keys:
        at = data.column_names.index(name)
        data = data.set_column(at, name, data[name].cast(pa.uint64()))
    summed = data.group_by(kept, use_threads=False).aggregate(
        [(name, "sum") for name in (*measures, *keys)]
    )
    columns = {name: summed[name] for name in kept}
    for name in measures:
        columns[name] = summed[f"{name}_sum"].cast(data[name].type)
    for name in keys:
        sums = pc.bit_wise_and(summed[f"{name}_sum"], pa.scalar(_MODULUS - 1, pa.uint64()))
        columns[name] = sums.cast(pa.uint32())
    # What the measures do not count may be there for others that were counted with them.
    some = functools.reduce(pc.or_, [pc.not_equal(columns[name], 0) for name in measures])
    made = replace(specification, dimensions=tuple(dimensions[name] for name in kept))
    return Cells(made, pa.table(columns).filter(some).combine_chunks())


def _first_digits(column: pa.Array, place: str) -> pa.Array:
    """Codes of the places of a level that others lie in."""
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0)
    codes = [code[: _DIGITS[place]] for code in column.dictionary.to_pylist()]
    listed = sorted(set(codes))
    places = pa.array([listed.index(code) for code in codes], pa.int32())
    return pa.DictionaryArray.from_arrays(places.take(column.indices), pa.array(listed))
