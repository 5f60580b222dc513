"""Figures in per cent: of all categories of a variable together, or of another figure.

They are made of the figures that are shown, and so tell nothing that those do not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.model.cells import Cells, code_text
from folkestrom.model.names import unknown
from folkestrom.model.specification import Dimension, Measure, Text

#: Between a figure and the one that it is in per cent of.
_OF: Final = "/"
_WHERE: Final = "share_of"


def with_shares(cells: Cells, of: str) -> Cells:
    """The table with figures in per cent beside its own; they are not rounded.

    Parameters
    ----------
    cells
        Counts, protected already where they are to be published.
    of
        A variable of the table: every count as a share of that of all its categories together, in
        the same cell of the other variables. Or two figures, `growth/population_start`: the first
        in per cent of the second.

    Raises
    ------
    UsageError
        A name that is not in the table, or figures that are no counts.
    """
    made = cells.specification
    figure, divided, base = of.partition(_OF)
    if divided:
        one, by = (_count(cells, name.strip()) for name in (figure, base))
        label = Text(*(f"{one.label.of(n)}, % {w} {by.label.of(n)[:1].lower()}{by.label.of(n)[1:]}"
                       for n, w in (("en", "of"), ("no", "av"))))  # fmt: skip
        added = {
            _measure(f"{one.id}_per_cent", label, None): _per_cent(
                cells.data[one.id], cells.data[by.id]
            )
        }
        return _beside(cells, added, None)
    names = [dimension.id for dimension in made.dimensions]
    if of not in names:
        raise unknown(
            of, names, "is no variable of the table", where=_WHERE,
            further="Name it with by too; or two figures, such as growth/population_start",
        )  # fmt: skip
    counts = [measure for measure in made.measures if _counts(measure)]
    whole = _wholes(cells, of, counts)
    label = made.dimension(of).label
    added = {
        _measure(f"{m.id}_share", Text(f"{m.label.en}, %", f"{m.label.no}, %"), 0): _per_cent(
            cells.data[m.id], whole[m.id]
        )
        for m in counts
    }
    note = Text(
        f"Per cent of all categories of {label.en} together, in the same cell otherwise.",
        f"Prosent av alle kategorier av {label.no} til sammen, i samme celle ellers.",
    )
    return _beside(cells, added, note)


def _beside(cells: Cells, added: dict[Measure, Any], note: Text | None) -> Cells:
    """The table with measures after its own."""
    made, data = cells.specification, cells.data
    for measure, values in added.items():
        data = data.append_column(measure.id, values)
    notes = made.footnotes if note is None else (*made.footnotes, note)
    made = replace(made, measures=(*made.measures, *added), footnotes=notes)
    return replace(cells, specification=made, data=data)


def _measure(id: str, label: Text, empty: int | None) -> Measure:
    return Measure(id, label, Text("per cent", "prosent"), decimals=1, empty=empty)


def _counts(measure: Measure) -> bool:
    return measure.empty == 0 and not measure.decimals


def _count(cells: Cells, name: str) -> Measure:
    known = {m.id: m for m in cells.specification.measures if _counts(m)}
    if name not in known:
        raise unknown(name, known, "is no count of the table", where=_WHERE)
    return known[name]


def _wholes(cells: Cells, of: str, counts: list[Measure]) -> pa.Table:
    """Of each row, the counts of all categories together: their total's, or the sum of them.

    A sum of which a part is not shown is not known.
    """
    dimension = cells.specification.dimension(of)
    keys = [d.id for d in cells.specification.dimensions if d.id != of]
    table = pa.table({n: _texts(cells.data[n]) for n in keys} | {
        "\0row": pa.array(range(cells.data.num_rows), pa.int64()),
        "\0total": _is_total(cells, dimension),
    } | {m.id: cells.data[m.id] for m in counts})  # fmt: skip
    parts = table.filter(pc.equal(table["\0total"], dimension.total is not None))
    known = pc.ScalarAggregateOptions(skip_nulls=False)
    sums = parts.group_by(keys, use_threads=False).aggregate([(m.id, "sum", known) for m in counts])
    sums = sums.rename_columns([name.removesuffix("_sum") for name in sums.column_names])
    if not keys:
        rows = pa.array([0] * table.num_rows)
        return sums.take(rows)
    rows_of = table.select([*keys, "\0row"]).join(sums, keys, join_type="left outer")
    return rows_of.sort_by("\0row")


def _is_total(cells: Cells, dimension: Dimension) -> pa.Array:
    if dimension.total is None:
        return pa.array([False] * cells.data.num_rows)
    return pc.equal(_texts(cells.data[dimension.id]), dimension.total)


def _texts(column: pa.ChunkedArray) -> pa.Array:
    return pa.array(map(code_text, column.to_pylist()), pa.string())


def _per_cent(part: Any, whole: Any) -> Any:
    """One in per cent of the other; nothing where that is nothing."""
    part, whole = (pc.cast(values, pa.float64()) for values in (part, whole))
    some = pc.if_else(pc.not_equal(whole, 0.0), whole, pa.scalar(None, pa.float64()))
    return pc.multiply(pc.divide(part, some), 100.0)
