"""Totals of a table: a category beside the others of each dimension, which sums them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, code_text
from folkestrom.model.specification import Category, Dimension, Text
from folkestrom.statistics.flows import INTERNAL_IN

#: The category that sums the others.
TOTAL: Final = Category("total", Text("Total", "I alt"))
_OF_MOVES: Final = Text(
    "Totals are the sums of the rows: moves inside a unit are not in them.",
    "Summene er av radene: flyttinger innenfor en enhet er ikke med i dem.",
)
#: What is counted at different times is not added up.
TIMES: Final = frozenset({"date", "period", "year"})


def with_totals(cells: Cells, where: str = "totals") -> Cells:
    """The table with a total along every dimension but time.

    A total is not known where one of its cells is not.

    Parameters
    ----------
    cells
        Counts.
    where
        The argument that asked for totals.

    Raises
    ------
    UsageError
        A table with nothing to add up, with totals already, with figures that are no counts, or
        with a category that is called so.
    """
    summed = [d for d in cells.specification.dimensions if d.id not in TIMES]
    _check(cells, summed, where)
    names = [dimension.id for dimension in cells.specification.dimensions]
    codes = {name: [c.code for c in cells.categories(name)] for name in names}
    data = _as_texts(cells.data, [d.id for d in summed])
    sets = (left for many in range(len(summed)) for left in combinations(summed, many + 1))
    parts = [_summed(data, names, [d.id for d in left]) for left in sets]
    joined = pa.concat_tables([data, *parts], promote_options="permissive")
    order = {d.id: [TOTAL.code, *codes[d.id]] for d in summed}
    dimensions = tuple(
        _with_total(d, codes[d.id]) if d in summed else d for d in cells.specification.dimensions
    )
    notes = cells.specification.footnotes
    if any(measure.id == INTERNAL_IN.id for measure in cells.specification.measures):
        notes = (*notes, _OF_MOVES)
    made = replace(cells.specification, dimensions=dimensions, footnotes=notes)
    return Cells(made, _sorted(joined, names, order))


def _check(cells: Cells, summed: Sequence[Dimension], where: str) -> None:
    if not summed:
        raise UsageError(
            "have nothing to sum: the table is by no variable",
            where=where,
            next_step="Name variables with by",
        )
    for measure in cells.specification.measures:
        if measure.empty is None:
            raise UsageError("are of counts, and this is none", where=where, value=measure.id)
    for dimension in summed:
        if dimension.total is not None:
            raise UsageError("are in the table already", where=where, value=dimension.id)
        if TOTAL.code in (c.code for c in cells.categories(dimension.id)):
            raise UsageError(
                f"cannot stand beside a category that is called {TOTAL.code!r}",
                where=where,
                value=dimension.id,
            )


def _with_total(dimension: Dimension, codes: Sequence[str]) -> Dimension:
    """The dimension with its total as the first category."""
    listed = dimension.categories or tuple(Category(c, dimension.labels(c)) for c in codes)
    return replace(dimension, categories=(TOTAL, *listed), total=TOTAL.code)


def _as_texts(data: pa.Table, names: Sequence[str]) -> pa.Table:
    """Codes as texts: a number has no category that sums the others."""
    for name in names:
        texts = pa.array(map(code_text, data[name].to_pylist()), pa.string())
        data = data.set_column(data.column_names.index(name), name, texts)
    return data


def _summed(data: pa.Table, names: Sequence[str], left: Sequence[str]) -> pa.Table:
    keys = [name for name in names if name not in left]
    counts = [name for name in data.column_names if name not in names]
    known = pc.ScalarAggregateOptions(skip_nulls=False)
    summed = data.group_by(keys, use_threads=False).aggregate([(n, "sum", known) for n in counts])
    columns = {
        name: pa.repeat(pa.scalar(TOTAL.code), summed.num_rows) if name in left else summed[name]
        for name in names
    }
    columns |= {n: summed[f"{n}_sum"].cast(data.schema.field(n).type) for n in counts}
    if not data.num_rows:
        # Nobody is 0.
        columns |= {n: pc.fill_null(columns[n], 0) for n in counts}
    return pa.table(columns)


def _sorted(data: pa.Table, names: Sequence[str], order: dict[str, list[str]]) -> pa.Table:
    """Rows in the order of the categories, with texts as codes of their lists."""
    for name, codes in order.items():
        places = pc.index_in(data[name].combine_chunks(), pa.array(codes))
        column = pa.DictionaryArray.from_arrays(places, pa.array(codes))
        at = data.column_names.index(name)
        data = data.set_column(at, name, column).append_column(f"{name} place", places)
    for name in names:
        if name not in order:
            column = data[name]
            texts = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
            data = data.append_column(f"{name} place", texts)
    keys = [f"{name} place" for name in names]
    return data.sort_by([(key, "ascending") for key in keys]).drop_columns(keys)
