"""Cells: the figures of a table in long form, with the specification that explains them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.errors import UsageError
from folkestrom.model.html_table import table_html
from folkestrom.model.specification import Category, Language, TableSpecification

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Target = Literal["arrow", "polars", "pandas"]
#: Where tables and data frames carry what their figures are: metadata of an Arrow schema, `attrs`.
DESCRIPTION: Final = "folkestrom"
#: What results come as.
Frame: TypeAlias = "pa.Table | pl.DataFrame | pd.DataFrame"


@dataclass(frozen=True, slots=True)
class Cells:
    """One row a cell: a column of codes a dimension, a column of figures a measure.

    A missing figure is null, and so is one that is undefined, as a rate where nobody was exposed.
    A missing code is null too, in dimensions of numbers such as age.

    Parameters
    ----------
    specification
        What the figures are.
    data
        The rows.
    suppressed
        Of a table for publication, the rows in which something must not be shown: what is null in
        them is so for confidentiality. None: nothing was suppressed.
    """

    specification: TableSpecification
    data: pa.Table
    suppressed: pa.BooleanArray | None = None

    def __post_init__(self) -> None:
        data = _of_those_there(_defined(self.data, self.specification), self.specification)
        object.__setattr__(self, "data", data)

    def categories(self, dimension: str) -> tuple[Category, ...]:
        """Values of a dimension in the order of the table."""
        spec = self.specification.dimension(dimension)
        if spec.categories:
            return spec.categories
        codes = sorted(pc.unique(self.data[dimension]).to_pylist(), key=_order)
        return tuple(Category(c, spec.labels(c)) for c in map(code_text, codes))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Rows as dictionaries."""
        for batch in self.data.to_batches(max_chunksize=65_536):
            yield from batch.to_pylist()

    def table(self, language: Language = Language.EN) -> pa.Table:
        """The rows, with what they are in the schema's metadata."""
        return with_description(self.data, self.described(language))

    def described(self, language: Language = Language.EN) -> dict[str, Any]:
        """All that the specification says, and what the codes are called, as plain data."""
        said = self.specification.described(language)
        for told, dimension in zip(said["dimensions"], self.specification.dimensions, strict=True):
            names = {c.code: c.label.of(language) for c in self.categories(dimension.id)}
            if dimension.categories:
                told["categories"] = names
            elif names := {code: name for code, name in names.items() if name != code}:
                told["labels"] = names
        return said

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        hidden = () if self.suppressed is None else self.suppressed.to_pylist()
        return table_html(self.data, self.described(), hidden)

    def to(self, target: Target) -> Frame:
        """The rows as an Arrow table, or a data frame of Polars or pandas."""
        return as_frame(self.table(), target)


class ShownAsTable:
    """What is shown of a result: the table that its method `to` gives.

    A data class that has this is one without a `repr` of its own, which would be all its arrays.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}\n{self.to('polars')}"  # type: ignore[attr-defined]

    def _repr_html_(self) -> str:
        data = self._shown()
        text = (data.schema.metadata or {}).get(DESCRIPTION.encode(), b"{}")
        return table_html(data, json.loads(text))

    def _shown(self) -> pa.Table:
        return self.to("arrow")  # type: ignore[attr-defined]


class ShownAsFit(ShownAsTable):
    """What is shown of a fit: its coefficients, and what stands above them in its summary.

    A class that has this has `summary` and `coefficients`.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self.summary())  # type: ignore[attr-defined]

    def _shown(self) -> pa.Table:
        above, _, below = self.summary().partition("\n\n")  # type: ignore[attr-defined]
        title, *lines = above.splitlines()
        lines += [line for line in below.splitlines() if line.startswith("Note: ")]
        coefficients = self.coefficients()  # type: ignore[attr-defined]
        return with_description(coefficients.to_arrow(), {"title": title, "footnotes": lines})


def with_description(data: pa.Table, description: Mapping[str, Any]) -> pa.Table:
    """A table that says what it is: title, knowledge date, notes, in the schema's metadata.

    Parameters
    ----------
    data
        The table.
    description
        Plain data.
    """
    if not description:
        return data
    text = json.dumps(description, ensure_ascii=False, default=str)
    return data.replace_schema_metadata({DESCRIPTION: text})


def as_frame(data: pa.Table, target: Target) -> Frame:
    """An Arrow table as it is, or as a data frame of Polars or pandas.

    What the schema's metadata say is in the data frame's `attrs`. Polars has none of its own, and
    frames that are made of the frame are without.

    Examples
    --------
    >>> described = with_description(pa.table({"day": [1, 2]}), {"title": "Days"})
    >>> as_frame(described, "polars").attrs
    {'folkestrom': {'title': 'Days'}}
    """
    asked: object = target
    if not isinstance(asked, str):
        asked = type(asked).__name__
    if asked == "arrow":
        return data
    text = (data.schema.metadata or {}).get(DESCRIPTION.encode())
    attributes = {} if text is None else {DESCRIPTION: json.loads(text)}
    if asked == "polars":
        import polars as pl

        frame = pl.DataFrame(data)
        object.__setattr__(frame, "attrs", attributes)
        return frame
    if asked == "pandas":
        made = _pandas(data)
        made.attrs = attributes
        return made
    raise UsageError(
        "is not a form that results come in",
        where="to",
        value=asked,
        allowed=("arrow", "polars", "pandas"),
    )


def code_text(code: object) -> str:
    """A code as text: what is unknown is called so.

    Examples
    --------
    >>> code_text(17), code_text(None)
    ('17', 'unknown')
    """
    return "unknown" if code is None else str(code)


def _defined(data: pa.Table, specification: TableSpecification) -> pa.Table:
    """The rows with null where a figure is no number: 0/0, or a share of nothing."""
    for measure in specification.measures:
        at = data.schema.get_field_index(measure.id)
        if at < 0 or not pa.types.is_floating(data.schema.field(at).type):
            continue
        column = data.column(at)
        finite = pc.is_finite(column)
        if not pc.all(finite).as_py():
            shown = pc.if_else(finite, column, pa.scalar(None, column.type))
            data = data.set_column(at, data.schema.field(at), shown)
    return data


def _of_those_there(data: pa.Table, specification: TableSpecification) -> pa.Table:
    """The rows with lists of codes that occur, in the order of the table's categories.

    Rows may have been left out since the lists were made, or the lists be in the order in which
    codes came; whoever pivots a data frame has rows and columns in their order.
    """
    for dimension in specification.dimensions:
        at = data.schema.get_field_index(dimension.id)
        if at < 0 or not pa.types.is_dictionary(data.schema.field(at).type) or not data.num_rows:
            continue
        column = data.column(at).unify_dictionaries().combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0)
        codes = column.dictionary.to_pylist()
        used = set(pc.unique(column.indices).drop_null().to_pylist())
        rank = {category.code: n for n, category in enumerate(dimension.categories)}
        order = sorted(used, key=lambda n: (rank.get(codes[n], len(rank)), *_order(codes[n])))
        if order != list(range(len(codes))):
            index = column.type.index_type
            places = pc.index_in(column.indices, pa.array(order, index)).cast(index)
            listed = column.dictionary.take(pa.array(order))
            made = pa.DictionaryArray.from_arrays(places, listed, ordered=column.type.ordered)
            data = data.set_column(at, data.schema.field(at), made)
    return data


def _order(code: object) -> tuple[bool, object]:
    # What is unknown comes last, and numbers stand in the order of numbers.
    return (code is None or code == "unknown", "" if code is None else code)


def _pandas(data: pa.Table) -> pd.DataFrame:
    try:
        return data.to_pandas()
    except ModuleNotFoundError as error:
        raise UsageError(
            "pandas is not installed",
            where="to",
            next_step="Install folkestrom[pandas], or ask for 'polars' or 'arrow'.",
        ) from error
