"""The cells of a question in the formats that a statistics bank gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from folkestrom.model.cells import Cells
from folkestrom.model.specification import Dimension, Language, Measure, TableSpecification, same
from folkestrom.publish.formats.px import px
from folkestrom.publish.formats.workbook import workbook
from folkestrom.publish.statbank.dataset import (
    Addresses,
    Published,
    answered,
    dataset,
    title,
)
from folkestrom.publish.statbank.grid import (
    Style,
    columns_and_data,
    csv_text,
    html_text,
)
from folkestrom.publish.statbank.parquet import parquet
from folkestrom.publish.statbank.selection import Chosen
from folkestrom.publish.tables.figures import SUPPRESSED, THERE

#: Type of the answer in each format, the default first.
MEDIA: Final = {
    "json-stat2": "application/json",
    "csv": "text/csv; charset=utf-8",
    "px": "text/plain; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
    "json-px": "application/json",
    "parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """How the cells of a question are written.

    Parameters
    ----------
    format
        One of `MEDIA`.
    language
        Language of its texts.
    addresses
        Where links lead.
    style
        How a printed table looks.
    """

    format: str
    language: Language
    addresses: Addresses
    style: Style = field(default_factory=Style)

    def written(self, table: Published, asked: Chosen) -> bytes:
        """The cells of a question as bytes.

        Parameters
        ----------
        table, asked
            The table, and the cells.
        """
        if self.format in ("json-stat2", "json-stat"):
            found = dataset(table, asked, self.language, self.addresses, figures=True)
            return msgspec.json.encode(
                found if self.format == "json-stat2" else first_version(found)
            )
        if self.format == "parquet":
            return parquet(table, asked, self.language)
        if self.format == "json-px":
            return msgspec.json.encode(columns_and_data(table, asked, self.language))
        if self.format in ("csv", "html"):
            write = csv_text if self.format == "csv" else html_text
            return write(table, asked, self.language, self.style)
        return _WRITERS[self.format](cells_of(table, asked, self.language), self.language)


def first_version(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """A data set in the first version of JSON-stat.

    Parameters
    ----------
    dataset
        In the second version.
    """
    left_out = {"version", "class", "id", "size", "role", "dimension", "link"}
    dimension = dataset["dimension"] | {name: dataset[name] for name in ("id", "size", "role")}
    kept = {name: value for name, value in dataset.items() if name not in left_out}
    return {"dataset": kept | {"dimension": dimension}}


def cells_of(table: Published, asked: Chosen, language: Language) -> Cells:
    """The cells of a question as rows, one for each combination of values.

    Parameters
    ----------
    table
        The table.
    asked
        The cells.
    language
        Language of the title.
    """
    made = table.definition
    shown = asked.shown
    sizes = [len(one.values) for one in shown]
    columns: dict[str, Any] = {}
    for n, one in enumerate(shown):
        along = np.arange(sizes[n], dtype=np.int32)
        places = np.broadcast_to(along.reshape(-1, *[1] * (len(sizes) - n - 1)), sizes)
        codes = pa.array([value.code for value in one.values], pa.string())
        columns[one.variable.id] = pa.DictionaryArray.from_arrays(places.ravel(), codes)
    hidden = np.zeros(int(np.prod(sizes)), np.bool_)
    for content, values, why in answered(table.figures, asked):
        hidden |= why.ravel() == SUPPRESSED
        columns[content.code] = pa.array(values.ravel(), mask=why.ravel() != THERE)
    specification = TableSpecification(
        id=made.id,
        title=same(title(made, asked, language)),
        dimensions=tuple(
            Dimension(one.variable.id, one.variable.label, one.values) for one in shown
        ),
        measures=tuple(
            Measure(c.code, c.label, c.unit, c.decimals, 0 if c.adds else None)
            for c in asked.contents
        ),
        footnotes=made.notes,
        method=made.method,
    )
    return Cells(specification, pa.table(columns), pa.array(hidden) if hidden.any() else None)


_WRITERS: Final[dict[str, Callable[[Cells, Language], bytes]]] = {
    "px": px,
    "xlsx": workbook,
}
