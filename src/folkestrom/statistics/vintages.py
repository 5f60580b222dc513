"""The same stock as known on several days, side by side, and what became known in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.model.cells import Cells, code_text
from folkestrom.model.specification import Measure, Text

_METHOD: Final = Text(
    "The same stock by each of the knowledge dates. The difference is what became known after the "
    "first of them and until the last: reports that came later, corrections and annulments.",
    "Den samme beholdningen etter hver av kunnskapsdatoene. Differansen er det som ble kjent "
    "etter den første av dem og fram til den siste: meldinger som kom senere, rettinger og "
    "annulleringer.",
)
_KNOWN: Final = Text("{measure}, known {when}", "{measure}, kjent {when}")
_DIFFERENCE: Final = Text("Difference, last − first", "Differanse, siste − første")


def compared(vintages: Sequence[Cells]) -> Cells:
    """Tables that differ only by what was known, as one table with a column for each.

    A combination that only some of them have counts nobody in the others.

    Parameters
    ----------
    vintages
        Stocks by the same dimensions, with one measure, in the order of their columns; each says in
        `knowledge_time` on which days its figures were known.
    """
    first, last = vintages[0].specification, vintages[-1].specification
    (measure,) = first.measures
    ids = [f"{measure.id}_{number}" for number in range(1, len(vintages) + 1)]
    measures = [
        replace(measure, id=id, label=_label(measure, cells))
        for id, cells in zip(ids, vintages, strict=True)
    ]
    keys = [dimension.id for dimension in first.dimensions]
    tagged = [
        _tagged(cells.data, keys, measure.id, ids, id)
        for id, cells in zip(ids, vintages, strict=True)
    ]
    summed = pa.concat_tables(tagged).group_by(keys, use_threads=False)
    found = summed.aggregate([(id, "sum") for id in ids]).rename_columns([*keys, *ids])
    difference = pc.subtract(found[ids[-1]], found[ids[0]])
    days = sorted({day for c in vintages for day in c.specification.knowledge_time.en.split(" – ")})
    known = days[0] if len(days) == 1 else f"{days[0]} – {days[-1]}"
    notes = dict.fromkeys(note for cells in vintages for note in cells.specification.footnotes)
    specification = replace(
        last,
        id=f"{first.id}-vintages",
        measures=(*measures, Measure("difference", _DIFFERENCE, measure.unit)),
        method=_METHOD,
        footnotes=tuple(notes),
        knowledge_time=Text(known, known),
        vintage=Text("", ""),
    )
    made = Cells(specification, found.append_column("difference", difference))
    return replace(made, data=made.data.take(_order(made, keys)))


def _label(measure: Measure, cells: Cells) -> Text:
    spec = cells.specification
    day, vintage = spec.knowledge_time, spec.vintage
    when = [
        f"{day.of(lang)} ({vintage.of(lang)})" if vintage.of(lang) else day.of(lang)
        for lang in ("en", "no")
    ]
    of = measure.label
    return Text(
        _KNOWN.en.format(measure=of.en, when=when[0]), _KNOWN.no.format(measure=of.no, when=when[1])
    )


def _tagged(data: pa.Table, keys: list[str], measure: str, ids: list[str], own: str) -> pa.Table:
    """Rows with a column for every vintage: the figure in its own, and 0 in the others."""
    zeros = pa.array(np.zeros(data.num_rows, np.int64))
    columns = {key: _plain(data[key]) for key in keys}
    figures = {id: data[measure].cast(pa.int64()) if id == own else zeros for id in ids}
    return pa.table(columns | figures)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Codes themselves: two tables may have numbered them otherwise."""
    type = column.type
    return column.cast(type.value_type) if pa.types.is_dictionary(type) else column


def _order(cells: Cells, keys: list[str]) -> pa.Array:
    """Places of the rows in the order of the dimensions' categories."""
    ranks = []
    for key in keys:
        place = {category.code: n for n, category in enumerate(cells.categories(key))}
        encoded = cells.data[key].combine_chunks().dictionary_encode("encode")
        of = pa.array([place[code_text(code)] for code in encoded.dictionary.to_pylist()])
        ranks.append(of.take(encoded.indices))
    if not ranks:
        return pa.array(range(cells.data.num_rows))
    table = pa.table(ranks, names=keys)
    return pc.sort_indices(table, sort_keys=[(key, "ascending") for key in keys])
