"""Cells: the figures of a table in long form, with the specification that explains them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.errors import UsageError
from folkestrom.model.specification import Category, TableSpecification, Text

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Target = Literal["arrow", "polars", "pandas"]
#: What results come as.
Frame: TypeAlias = "pa.Table | pl.DataFrame | pd.DataFrame"


@dataclass(frozen=True, slots=True)
class Cells:
    """One row a cell: a column of codes a dimension, a column of figures a measure.

    A missing figure is null. A missing code is null too, in dimensions of numbers such as age.

    Parameters
    ----------
    specification
        What the figures are.
    data
        The rows.
    remarks
        What the asker should know about these figures, and readers need not.
    """

    specification: TableSpecification
    data: pa.Table
    remarks: tuple[Text, ...] = ()

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

    def to(self, target: Target) -> Frame:
        """The rows as an Arrow table, or a data frame of Polars or pandas."""
        return as_frame(self.data, target)


def as_frame(data: pa.Table, target: Target) -> Frame:
    """An Arrow table as it is, or as a data frame of Polars or pandas.

    Examples
    --------
    >>> as_frame(pa.table({"day": [1, 2]}), "polars").shape
    (2, 1)
    """
    asked: object = target
    if not isinstance(asked, str):
        asked = type(asked).__name__
    if asked == "arrow":
        return data
    if asked == "polars":
        import polars as pl

        return pl.DataFrame(data)
    if asked == "pandas":
        return _pandas(data)
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
