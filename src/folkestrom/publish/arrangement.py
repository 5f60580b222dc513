"""How a table is arranged for its readers: which rows first, what across, labels beside codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, code_text
from folkestrom.model.names import check_code
from folkestrom.model.specification import (
    Dimension,
    Language,
    Measure,
    Text,
    Wide,
)
from folkestrom.publish.shares import with_shares


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How a table is arranged.

    Parameters
    ----------
    order
        A measure, of which the largest come first, or a dimension, in the order of its categories;
        None: as the table has them.
    top
        How many rows at most, besides totals; without `order`, the largest of the first measure.
    wide
        A dimension whose categories become columns, which can be the order then.
    labels
        Language of a column of labels beside each column of codes; None: codes alone.
    share_of
        What figures are shown in per cent of, beside themselves; see `with_shares`.

    Examples
    --------
    >>> Arrangement(top=0)
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: top: '0' is not a number of rows.
    Allowed: 1, 2, 3 ….
    """

    order: str | None = None
    top: int | None = None
    wide: str | None = None
    labels: Language | None = None
    share_of: str | None = None

    def __post_init__(self) -> None:
        if self.top is not None and self.top < 1:
            raise UsageError(
                "is not a number of rows", where="top", value=self.top, allowed="1, 2, 3 …"
            )

    def of(self, cells: Cells) -> Cells:
        """The table, so arranged.

        Parameters
        ----------
        cells
            Any table.
        """
        if self.share_of is not None:
            cells = with_shares(cells, self.share_of)
        if self.wide is not None:
            cells = _widened(cells, self.wide)
        if self.order is not None or self.top is not None:
            cells = _ordered(cells, self.order, self.top)
        return cells if self.labels is None else _labelled(cells, self.labels)


#: As the table has it.
PLAIN: Final = Arrangement()


def _ordered(cells: Cells, order: str | None, top: int | None) -> Cells:
    made = cells.specification
    measures = {measure.id: measure for measure in made.measures}
    names = [dimension.id for dimension in made.dimensions]
    headed: list[Measure | Dimension] = [*made.measures, *made.dimensions]
    by = _meant(order, headed) if order else next(iter(measures))
    check_code(by, (*measures, *names), "is not in the table", where="order")
    if by in measures:
        key, down = cells.data[by], "descending"
    else:
        codes = pa.array([category.code for category in cells.categories(by)])
        key, down = pc.index_in(_texts(cells.data[by]), codes), "ascending"
    totals = _totals(cells)
    table = pa.table({
        "total": pc.equal(totals, 0), "unknown": pc.is_null(key), "key": key,
        "row": range(len(totals)),
    })  # fmt: skip
    # Rows of equal size stay in the order of their codes.
    first = [("total", "ascending"), ("unknown", "ascending"), ("key", down), ("row", "ascending")]
    rows = pc.sort_indices(table, first)
    if top is None:
        return _taken(cells, rows)
    # The total of all stays above the largest cells; those of parts would be mixed with them.
    whole = sum(d.total is not None for d in made.dimensions)
    ranked = totals.take(rows)
    everything = rows.filter(pc.and_(pc.equal(ranked, whole), pc.greater(ranked, 0)))
    parts = rows.filter(pc.equal(ranked, 0))
    if len(parts) > top:
        said = _said(measures.get(by) or made.dimension(by), top, len(parts))
        made = replace(made, footnotes=(*made.footnotes, said))
    taken = pa.concat_arrays([everything, parts.slice(0, top)])
    return _taken(replace(cells, specification=made), taken)


def _meant(order: str, headed: Sequence[Measure | Dimension]) -> str:
    """The name of a column that is given by its heading, where no other has that heading."""
    if any(one.id == order for one in headed):
        return order
    said = order.strip().casefold()
    found = {one.id for one in headed if said in (one.label.en.casefold(), one.label.no.casefold())}
    return found.pop() if len(found) == 1 else order


def _said(by: Measure | Dimension, top: int, of: int) -> Text:
    return Text(
        f"The first {top} of {of} rows by {by.label.en}.",
        f"De {top} første av {of} rader etter {by.label.no}.",
    )


def _totals(cells: Cells) -> pa.Array:
    """Over how many dimensions each row is a total."""
    found = pa.array([0] * cells.data.num_rows, pa.int64())
    for dimension in cells.specification.dimensions:
        if dimension.total is not None:
            texts = _texts(cells.data[dimension.id])
            found = pc.add(found, pc.equal(texts, dimension.total).cast(pa.int64()))
    return found


def _taken(cells: Cells, rows: pa.Array) -> Cells:
    hidden = None if cells.suppressed is None else cells.suppressed.take(rows)
    data = cells.data.take(rows)
    left = tuple(_that_are_left(d, data[d.id]) for d in cells.specification.dimensions)
    made = replace(cells.specification, dimensions=left)
    return replace(cells, specification=made, data=data, suppressed=hidden)


def _that_are_left(dimension: Dimension, column: pa.ChunkedArray) -> Dimension:
    there = set(pc.unique(_texts(column)).to_pylist())
    kept = tuple(category for category in dimension.categories if category.code in there)
    return replace(dimension, categories=kept)


def _widened(cells: Cells, name: str) -> Cells:
    """One dimension across: a measure for each of its categories, and each measure."""
    made = cells.specification
    check_code(
        name, [d.id for d in made.dimensions], "is not a dimension", where="wide",
        further="What goes across is named with by too",
    )  # fmt: skip
    left = [dimension for dimension in made.dimensions if dimension.id != name]
    there = set(pc.unique(_texts(cells.data[name])).to_pylist())
    across, listed = made.dimension(name), cells.categories(name)
    categories = [category for category in listed if category.code in there] or list(listed)
    keys, places = _rows_of(cells, [dimension.id for dimension in left])
    texts = _texts(cells.data[name])
    columns = dict(keys)
    hidden = pa.array([False] * len(next(iter(keys.values()), [None])))
    measures = []
    for category in categories:
        mask = pc.equal(texts, category.code)
        at = pc.index_in(pa.array(range(len(hidden))), places.filter(mask))
        for measure in made.measures:
            label = across.printed(category)
            new = _measure_of(measure, category.code, label, many=len(made.measures) > 1)
            if new.id in columns:
                raise UsageError(
                    "gives two columns of one name", where="wide", value=new.id,
                    next_step="Leave the option out",
                )  # fmt: skip
            values = cells.data[measure.id].combine_chunks().filter(mask).take(at)
            if measure.empty is not None:
                absent = pc.is_null(at)
                filler = pa.scalar(measure.empty, values.type)
                values = pc.if_else(absent, filler, values)
            columns[new.id] = values
            measures.append(new)
        if cells.suppressed is not None:
            gone = pc.fill_null(cells.suppressed.filter(mask).take(at), False)
            hidden = pc.or_(hidden, gone)
    specification = replace(
        made, dimensions=tuple(left), measures=tuple(measures), columns=(),
        wide=Wide(tuple(across.printed(category) for category in categories), made.measures),
    )  # fmt: skip
    return Cells(specification, pa.table(columns), None if cells.suppressed is None else hidden)


def _rows_of(cells: Cells, names: Sequence[str]) -> tuple[dict[str, Any], pa.Array]:
    """The different rows by some dimensions, in the order of those, and which each row is."""
    if not names:
        return {}, pa.array([0] * cells.data.num_rows)
    ranks = [_ranks(cells, name) for name in names]
    first: dict[tuple[int, ...], int] = {}
    keys = list(zip(*ranks, strict=True))
    for row, key in enumerate(keys):
        first.setdefault(key, row)
    place = {key: n for n, key in enumerate(sorted(first))}
    rows = pa.array([first[key] for key in place], pa.int64())
    taken = cells.data.select(list(names)).take(rows)
    return {name: taken[name] for name in names}, pa.array([place[key] for key in keys])


def _ranks(cells: Cells, name: str) -> list[int]:
    """Where each row's category of a dimension stands among the others."""
    codes = pa.array([category.code for category in cells.categories(name)])
    found: list[int] = pc.index_in(_texts(cells.data[name]), codes).to_pylist()
    return found


def _measure_of(measure: Measure, code: str, label: Text, *, many: bool) -> Measure:
    if not many:
        return replace(measure, id=code, label=label)
    both = Text(f"{measure.label.en}, {label.en}", f"{measure.label.no}, {label.no}")
    return replace(measure, id=f"{measure.id}_{code}", label=both)


def _labelled(cells: Cells, language: Language) -> Cells:
    """A column of labels after each column of codes that has labels of its own."""
    data = cells.data
    taken = set(data.column_names)
    for dimension in cells.specification.dimensions:
        listed = {c.code: c.label for c in dimension.categories}
        codes = _texts(data[dimension.id]).dictionary_encode()
        labels = [
            (listed.get(code) or dimension.labels(code)).of(language)
            for code in codes.dictionary.to_pylist()
        ]
        if labels == codes.dictionary.to_pylist():
            continue
        name = f"{dimension.id}_label"
        if name in taken:
            raise UsageError(
                "is the name of a column already", where="labels", value=name,
                next_step="Link that variable by another name",
            )  # fmt: skip
        column = pa.DictionaryArray.from_arrays(codes.indices, pa.array(labels, pa.string()))
        data = data.add_column(data.column_names.index(dimension.id) + 1, name, column)
    return replace(cells, data=data)


def _texts(column: pa.ChunkedArray) -> pa.Array:
    """Codes as texts, as readers see them."""
    column = column.combine_chunks()
    if pa.types.is_date(column.type) or pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    return pc.fill_null(column, code_text(None))
