"""Tables of Arrow, Polars or pandas, column by column: categories as codes, numbers as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom import columns
from folkestrom.analysis.design.terms import Factor, check_comparable, code_type
from folkestrom.columns import Column, table_of
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import suggestion, unknown

#: A category with more levels than this gets no coefficients.
MOST_LEVELS = 5_000


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a user's table that a model needs, in the order of its rows.

    Attributes
    ----------
    frame
        The columns, without a copy where the table allows it.
    declared
        Levels in the order that the table itself gives them, of columns that have one.
    """

    frame: pl.DataFrame
    declared: Mapping[str, tuple[str, ...]]

    @property
    def size(self) -> int:
        """Number of rows."""
        return self.frame.height

    def column(self, name: str) -> Column:
        """A column, whose rows may be a part of all."""
        return Column(name, self.frame[name], is_part=True)

    def is_category(self, name: str) -> bool:
        """Whether a column holds texts, levels or truth values."""
        return self.column(name).is_category or self.frame.schema[name] == pl.Boolean

    def rows(self, chosen: NDArray[np.intp]) -> Table:
        """Some of the rows, in the order given."""
        return Table(self.frame[chosen], self.declared)

    def cut(self, first: int, count: int) -> Table:
        """Rows that follow each other, without a copy."""
        return Table(self.frame.slice(first, count), self.declared)

    def of(self, names: Sequence[str]) -> Table:
        """Some of the columns.

        Parameters
        ----------
        names
            The columns.
        """
        kept = {name: levels for name, levels in self.declared.items() if name in names}
        return Table(self.frame.select(names), kept)

    def coded(self, name: str) -> columns.Categories:
        """A column as codes of the levels that occur; refuses what is missing.

        Parameters
        ----------
        name
            The column.
        """
        if not self.is_category(name):
            numbers_of(self, name)
        return columns.categories(self.column(name))

    def levels(self, name: str) -> tuple[str, ...]:
        """Names of a column's levels: in declared order, numbers by size, texts by alphabet.

        Parameters
        ----------
        name
            The column.
        """
        if name in self.declared:
            return self.declared[name]
        if self.frame.schema[name] == pl.Boolean:
            return ("false", "true")
        return self.coded(name).levels


def read_table(data: Any, names: Iterable[str]) -> Table:
    """Take columns out of a table.

    Parameters
    ----------
    data
        A table of Arrow, Polars or pandas, or a mapping of columns.
    names
        The columns needed; an unknown one is refused, with the name nearest to it.

    Examples
    --------
    >>> table = read_table({"place": ["urban", "rural"], "age": [30, 40]}, ["place"])
    >>> table.levels("place"), table.size
    (('rural', 'urban'), 2)
    """
    wanted = list(names)
    frame = table_of(data, "data", wanted).frame(wanted)
    kinds = frame.schema.items()
    return Table(frame, {n: tuple(k.categories) for n, k in kinds if isinstance(k, pl.Enum)})


def joined(tables: Sequence[Table]) -> Table:
    """Tables with the same columns as one, whose rows follow each other.

    Parameters
    ----------
    tables
        One or more.

    Examples
    --------
    >>> parts = [read_table({"place": [text]}, ["place"]) for text in ("urban", "rural")]
    >>> joined(parts).frame["place"].to_list()
    ['urban', 'rural']
    """
    if len(tables) == 1:
        return tables[0]
    declared: dict[str, tuple[str, ...]] = {}
    for table in tables:
        for name, levels in table.declared.items():
            declared[name] = tuple(dict.fromkeys((*declared.get(name, ()), *levels)))
    return Table(pl.concat([table.frame for table in tables]), declared)


def factor_of(
    table: Table, name: str, levels: Sequence[str] | None = None, reference: str | None = None
) -> Factor:
    """A column as a factor.

    Parameters
    ----------
    table
        The table.
    name
        Its column.
    levels
        Levels it may have; those of the column if not given.
    reference
        The level to compare with; the first if not given.
    """
    names = tuple(levels) if levels is not None else table.levels(name)
    check_levels(name, names, reference)
    check_comparable(name, names)
    found = table.coded(name)
    number = {text: k for k, text in enumerate(names)}
    translation = np.array([number.get(text, -1) for text in found.levels], dtype=np.int64)
    if (translation < 0).any():
        bad = int(np.flatnonzero((translation < 0)[found.codes])[0])
        level = found.levels[found.codes[bad]]
        raise InputRefused(
            "is not a level", row=bad + 1, column=name, value=level, allowed=names,
            next_step=suggestion(level, names),
        )  # fmt: skip
    taken = translation.astype(code_type(len(names)))[found.codes]
    return Factor(name, taken, names, 0 if reference is None else names.index(reference))


def check_levels(name: str, names: Sequence[str], reference: str | None = None) -> None:
    """Refuse more levels than can have coefficients, and a reference that is none of them.

    Parameters
    ----------
    name
        The column.
    names
        Its levels.
    reference
        The level to compare with, if one was named.
    """
    if len(names) > MOST_LEVELS:
        raise UsageError(
            f"has {len(names)} levels, each of which would have a coefficient for every outcome",
            column=name, allowed=f"at most {MOST_LEVELS} levels",
            next_step="Join levels into groups, or take what tells them apart as numbers",
        )  # fmt: skip
    if reference is not None and reference not in names:
        raise unknown(reference, names, f"is not a level of {name}")


def numbers_of(table: Table, name: str) -> NDArray[np.float64]:
    """A column as finite numbers.

    Parameters
    ----------
    table
        The table.
    name
        Its column.
    """
    return columns.numbers(table.column(name))


def check_finite(name: str, values: NDArray[np.float64]) -> None:
    """Refuse what is not a finite number.

    Parameters
    ----------
    name
        What the values are called.
    values
        One number a row, or several.
    """
    # A sum is finite only if all are; it costs no memory.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):
            return
    bad = np.flatnonzero(~np.isfinite(values.reshape(values.shape[0], -1)).all(axis=1))
    if bad.size:
        there = values.reshape(values.shape[0], -1)[bad[0]]
        raise InputRefused(
            "is not a finite number", row=int(bad[0]) + 1, column=name,
            value=str(there[~np.isfinite(there)][0]), next_step="Leave the row out",
        )  # fmt: skip
