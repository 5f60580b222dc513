"""Results that carry what they are, as cells again: a table from a store, or one that was saved."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.errors import UsageError
from folkestrom.model.cells import DESCRIPTION, Cells, code_text
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    same,
)

_TEXTS: Final = (
    "title", "contents", "reference_time", "method", "knowledge_time", "vintage",
)  # fmt: skip


def cells_of(result: Any, where: str = "result") -> Cells:
    """Cells of a result that says what its columns are.

    Parameters
    ----------
    result
        Cells; what a store answered, as an Arrow table or a data frame of Polars or pandas as it
        came; or whatever is made one by its method `to`.
    where
        What the result was given as.

    Raises
    ------
    UsageError
        A table that says nothing of itself, or has other columns by now.

    Examples
    --------
    >>> from folkestrom.model.cells import with_description
    >>> told = {"title": "Residents", "dimensions": [{"id": "sex", "label": "Sex"}],
    ...         "measures": [{"id": "n", "label": "Persons", "unit": "persons"}]}
    >>> found = cells_of(with_description(pa.table({"sex": ["1", "2"], "n": [3, 4]}), told))
    >>> found.specification.title.en, [c.code for c in found.categories("sex")]
    ('Residents', ['1', '2'])
    """
    if isinstance(result, Cells):
        return result
    if not isinstance(result, pa.Table) and hasattr(result, "to") and hasattr(result, "data"):
        result = result.to("arrow")
    told = description_of(result)
    if not told.get("dimensions") and not told.get("measures"):
        raise UsageError(
            "does not say what its columns are",
            where=where,
            value=type(result).__name__,
            allowed="what a store answered, as it came, or a file of it",
            next_step="Ask the store for what is wanted; a data frame made of a result has lost it",
        )
    data = result if isinstance(result, pa.Table) else _arrow(result)
    specification = _specification(told, data.column_names)
    missing = [d.id for d in specification.dimensions if d.id not in data.column_names]
    if missing or not specification.measures:
        raise UsageError(
            "has not the columns that it says it has",
            where=where,
            value=", ".join(missing),
            allowed=data.column_names,
            next_step="Give the result as it came",
        )
    return Cells(specification, data, _suppressed(data, specification))


def description_of(result: Any) -> dict[str, Any]:
    """What a table or a data frame says of itself; nothing, where it says nothing.

    Parameters
    ----------
    result
        An Arrow table, or a data frame.
    """
    if isinstance(result, pa.Table):
        text = (result.schema.metadata or {}).get(DESCRIPTION.encode())
        return {} if text is None else dict(json.loads(text))
    attributes = getattr(result, "attrs", {})
    return dict(attributes.get(DESCRIPTION, {})) if isinstance(attributes, Mapping) else {}


def _suppressed(data: pa.Table, specification: TableSpecification) -> pa.BooleanArray | None:
    """Rows without a count, which there is of everything but what must not be shown."""
    counts = [m.id for m in specification.measures if m.empty == 0]
    nulls = [pc.is_null(data[name]).combine_chunks() for name in counts if data[name].null_count]
    return functools.reduce(pc.or_, nulls) if nulls else None


def _arrow(frame: Any) -> pa.Table:
    if hasattr(frame, "to_arrow"):
        return frame.to_arrow()
    return pa.Table.from_pandas(frame, preserve_index=False)


def _specification(told: Mapping[str, Any], columns: list[str]) -> TableSpecification:
    measures = (
        Measure(
            m["id"], same(m.get("label") or m["id"]), same(m.get("unit", "")),
            m.get("decimals", 0), m.get("empty"),
        )
        for m in told.get("measures", ())
    )  # fmt: skip
    texts = {name: same(told.get(name, "")) for name in _TEXTS}
    return TableSpecification(
        id=told.get("id", ""),
        dimensions=tuple(map(_dimension, told.get("dimensions", ()))),
        measures=tuple(measure for measure in measures if measure.id in columns),
        footnotes=tuple(map(same, told.get("footnotes", ()))),
        listing=told.get("listing", False),
        **texts,  # type: ignore[arg-type]
    )


def _dimension(told: Mapping[str, Any]) -> Dimension:
    categories = told.get("categories", {}).items()
    names: Mapping[str, str] = told.get("labels", {})
    return Dimension(
        told["id"],
        same(told.get("label") or told["id"]),
        tuple(Category(code, same(name)) for code, name in categories),
        told.get("classification", ""),
        lambda code: same(names.get(code_text(code), code)),
        told.get("total"),
    )
