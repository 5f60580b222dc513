"""Tables of Arrow, Polars or pandas, column by column: categories as codes, numbers as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom.analysis.mobility.terms import Factor, Number
from folkestrom.errors import PERSON_COLUMNS, InputRefused, UsageError
from folkestrom.model.names import nearest_name, suggestion

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

    def is_category(self, name: str) -> bool:
        """Whether a column holds texts, levels or truth values."""
        return self.frame.schema[name] in (
            pl.String, pl.Categorical, pl.Enum, pl.Boolean,
        )  # fmt: skip

    def rows(self, chosen: NDArray[np.intp]) -> Table:
        """Some of the rows, in the order given."""
        return Table(self.frame[chosen], self.declared)

    def cut(self, first: int, count: int) -> Table:
        """Rows that follow each other, without a copy."""
        return Table(self.frame.slice(first, count), self.declared)

    def of(self, columns: Sequence[str]) -> Table:
        """Some of the columns.

        Parameters
        ----------
        columns
            The columns.
        """
        kept = {name: levels for name, levels in self.declared.items() if name in columns}
        return Table(self.frame.select(columns), kept)

    def refuse_missing(self, name: str) -> None:
        """Refuse a category that some rows do not have.

        Parameters
        ----------
        name
            The column.
        """
        series = self.frame[name]
        if series.null_count():
            raise InputRefused(
                "is missing", row=first_row(series.is_null()), column=name,
                next_step="Fill the gaps with a level of their own, or leave the rows out",
            )  # fmt: skip

    def coded(self, name: str) -> tuple[NDArray[np.integer[Any]], list[str]]:
        """A column as codes and what they stand for; refuses what is missing.

        Parameters
        ----------
        name
            The column.
        """
        series = self.frame[name]
        self.refuse_missing(name)
        if series.dtype == pl.Boolean:
            return series.cast(pl.UInt8).to_numpy(), ["false", "true"]
        if self.is_category(name):
            # Texts are compared once each, not row by row.
            held = series.cast(pl.Categorical) if series.dtype == pl.String else series
            codes = held.to_physical().to_numpy()
            distinct = held.unique()
            texts = [""] * (int(codes.max(initial=0)) + 1)
            for code, text in zip(distinct.to_physical(), distinct, strict=True):
                texts[code] = text
            return codes, texts
        values = numbers_of(self, name)
        found, places = np.unique(values, return_inverse=True)
        return places, [f"{value:.15g}" for value in found]

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
        codes, texts = self.coded(name)
        found = [texts[k] for k in np.flatnonzero(np.bincount(codes, minlength=len(texts)))]
        return tuple(sorted(found) if self.is_category(name) else found)


def read_table(data: Any, columns: Iterable[str]) -> Table:
    """Take columns out of a table.

    Parameters
    ----------
    data
        A table of Arrow, Polars or pandas, or a mapping of columns.
    columns
        The columns needed; an unknown one is refused, with the name nearest to it.

    Examples
    --------
    >>> table = read_table({"place": ["urban", "rural"], "age": [30, 40]}, ["place"])
    >>> table.levels("place"), table.size
    (('rural', 'urban'), 2)
    """
    names = names_of(data)
    wanted = list(dict.fromkeys(columns))
    for name in wanted:
        if name not in names:
            raise unknown_name(name, names, "is no column of the table")
    frame, declared = _take(data, wanted)
    return Table(frame, declared)


def unknown_name(name: str, known: Sequence[str], message: str) -> UsageError:
    """What to raise for a name that is not known, with the one that may be meant.

    Parameters
    ----------
    name, known
        What was given; what there is.
    message
        What is wrong.
    """
    near = nearest_name(name, known)
    return UsageError(
        message,
        value=name,
        allowed=known,
        next_step=f"Did you mean {near}?" if near else None,
    )


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
    codes, texts = table.coded(name)
    number = {text: k for k, text in enumerate(names)}
    translation = np.array([number.get(text, -1) for text in texts], dtype=np.int64)
    if (translation < 0).any():
        unknown = np.flatnonzero((translation < 0)[codes])
        if unknown.size:
            bad = int(unknown[0])
            raise InputRefused(
                "is not a level", row=bad + 1, column=name, value=texts[codes[bad]],
                allowed=names, next_step=suggestion(texts[codes[bad]], names),
            )  # fmt: skip
    smallest = np.uint8 if len(names) <= 256 else np.uint16
    taken = translation.astype(smallest)[codes]
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
        raise unknown_name(reference, names, f"is not a level of {name}")


def numbers_of(table: Table, name: str) -> NDArray[np.float64]:
    """A column as finite numbers.

    Parameters
    ----------
    table
        The table.
    name
        Its column.
    """
    series = table.frame[name]
    if not (series.dtype.is_numeric() or series.dtype == pl.Boolean):
        raise UsageError(
            f"holds {series.dtype}, neither numbers nor categories", column=name,
            next_step="Turn it into a number, or into texts",
        )  # fmt: skip
    if series.null_count():
        raise _not_finite(name, first_row(series.is_null()), "missing")
    values = series.cast(pl.Float64).to_numpy()
    check_finite(name, values)
    return values


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
        raise _not_finite(name, int(bad[0]) + 1, str(there[~np.isfinite(there)][0]))


def number_of(table: Table, name: str) -> Number:
    """A column as a number.

    Parameters
    ----------
    table
        The table.
    name
        Its column.
    """
    return Number(name, numbers_of(table, name))


def codes_of_persons(table: Table, name: str) -> NDArray[np.int64]:
    """Numbers that tell persons apart, in the order of their identifiers.

    Parameters
    ----------
    table
        The table.
    name
        The column of the identifiers, whatever their type.
    """
    series = table.frame[name]
    if series.null_count():
        raise InputRefused(
            "is missing: whose year is it?", row=first_row(series.is_null()), column=name,
            next_step="Leave the rows out, or find the person",
        )  # fmt: skip
    if series.dtype.is_integer():
        return series.cast(pl.Int64).to_numpy()
    return series.rank("dense").cast(pl.Int64).to_numpy()


def first_row(wrong: pl.Series) -> int:
    """The first row that is true, counted from 1.

    Parameters
    ----------
    wrong
        Truth values, one of them true.
    """
    return int(wrong.arg_true()[0]) + 1


def shown(name: str, value: object) -> object:
    """A value that a message may show, or none where it would point at a person.

    Parameters
    ----------
    name
        The column.
    value
        The value.
    """
    return None if name in PERSON_COLUMNS else value


def _not_finite(name: str, row: int, value: str) -> InputRefused:
    return InputRefused(
        "is not a finite number", row=row, column=name, value=value,
        next_step="Leave the row out, or make a level of a factor of what is missing; a study "
        "leaves out what has no number by a condition on it: [[who]] with a low `from`",
    )  # fmt: skip


def names_of(data: Any) -> list[str]:
    """Names of a table's columns.

    Parameters
    ----------
    data
        A table of Arrow, Polars or pandas, or a mapping of columns.
    """
    if isinstance(data, pl.LazyFrame):
        return data.collect_schema().names()
    if isinstance(data, Mapping):
        return [str(name) for name in data]
    if hasattr(data, "column_names"):
        return list(data.column_names)
    if hasattr(data, "columns"):
        return [str(name) for name in data.columns]
    raise UsageError(
        f"is a {type(data).__name__}, not a table", where="data",
        allowed="a table of Arrow, Polars or pandas, or a mapping of columns",
    )  # fmt: skip


def _take(data: Any, columns: list[str]) -> tuple[pl.DataFrame, dict[str, tuple[str, ...]]]:
    if isinstance(data, pl.LazyFrame):
        data = data.select(columns).collect()
    if isinstance(data, pl.DataFrame):
        frame = data.select(columns)
        declared = {
            name: tuple(kind.categories.to_list())
            for name, kind in frame.schema.items()
            if isinstance(kind, pl.Enum)
        }
        return frame, declared
    if isinstance(data, Mapping):
        return _take(pl.DataFrame({name: data[name] for name in columns}), columns)
    if hasattr(data, "column_names"):
        return _from_arrow(data, columns)
    return _from_pandas(data[columns])


def _from_arrow(data: Any, columns: list[str]) -> tuple[pl.DataFrame, dict[str, tuple[str, ...]]]:
    import pyarrow as pa

    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    taken = data.select(columns).unify_dictionaries()
    declared = {}
    for name in columns:
        column = taken.column(name)
        if pa.types.is_dictionary(column.type):
            levels = column.chunk(0).dictionary if column.num_chunks else []
            declared[name] = tuple(str(level) for level in levels)
    frame = pl.from_arrow(taken)
    if not isinstance(frame, pl.DataFrame):
        raise UsageError("is not a table", where="data")
    return frame, declared


def _from_pandas(data: Any) -> tuple[pl.DataFrame, dict[str, tuple[str, ...]]]:
    declared = {
        str(name): tuple(str(level) for level in data[name].cat.categories)
        for name in data.columns
        if hasattr(data[name], "cat")
    }
    plain = data.assign(**{name: data[name].astype("object") for name in declared})
    for name in declared:
        plain[name] = plain[name].map(str, na_action="ignore")
    return pl.from_pandas(plain, nan_to_null=False), declared
