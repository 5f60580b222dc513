"""What a column may hold, by what it is for: persons, days, categories, weights, numbers.

Every rule is one expression of the rows that break it, so that columns in memory and tables that
are read part by part (lazy ones) are held to the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from folkestrom.columns.reading import Column, column_of, text_of
from folkestrom.errors import InputRefused, UsageError

Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int64]

#: Whole numbers within such a range are told apart by a table, without hashing.
_SMALL_RANGE = 1 << 16
_AMOUNTS = "finite numbers, none negative"
_MISSING_TEXTS: Final = ("", "nan", "NaN", "NaT", "None", "<NA>")  # as NumPy and pandas write it


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """A column as codes of its levels.

    Attributes
    ----------
    codes
        For each row the number of its level; -1 where it is missing.
    levels
        Names of the levels that occur: in declared order, numbers by size, texts by alphabet.
    """

    codes: Codes
    levels: tuple[str, ...]


def persons(column: Column) -> Codes:
    """Numbers that tell persons, or clusters, apart; in the order of their identifiers.

    A missing identifier of any kind is refused, an empty text too: it would be one person.

    Parameters
    ----------
    column
        Identifiers: whole numbers of any size, texts, or levels.

    Examples
    --------
    >>> from folkestrom.columns import column_of
    >>> persons(column_of(["b", "a", "b"], "person")).tolist()
    [1, 0, 1]
    """
    refuse_persons(column.values.to_frame().lazy(), column)
    found = _by_place(column.values)
    if found is not None:
        return found[0]
    return column.values.rank("dense").cast(pl.Int64).to_numpy() - 1


def refuse_persons(frame: pl.LazyFrame, column: Column) -> None:
    """Refuse persons of a table that are missing, or that are no identifiers.

    Parameters
    ----------
    frame
        The table.
    column
        Its column; of a lazy one the name and the type alone.
    """
    dtype = column.values.dtype
    if not (column.is_category or column.is_number or column.is_dated):
        raise _no(column, "whole numbers or texts")
    name = column.values.name
    wrong = missing(name, dtype)
    if column.is_category:
        wrong |= pl.col(name).cast(pl.String).str.strip_chars().is_in(_MISSING_TEXTS)
    _refuse(
        frame, column, wrong, "is missing: whose row is it?",
        next_step="Leave the rows out, or find the person or cluster", shown=False,
    )  # fmt: skip
    if dtype.is_float():
        value = pl.col(name)
        _refuse(
            frame, column, ~value.is_finite() | (value != value.floor()) | (value.abs() > 2**53),
            "is no identifier", allowed="whole numbers (up to 2⁵³ where they have decimals), texts",
            shown=False,
        )  # fmt: skip


def days(column: Column) -> npt.NDArray[np.int32] | Codes:
    """Whole days: numbers of days, or dates, counted from 1970.

    Of a moment the day counts that is written there, in the zone of the column.

    Parameters
    ----------
    column
        Whole numbers, dates, or moments.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from folkestrom.columns import column_of
    >>> days(column_of(np.array(["2020-01-05T00:30"], "datetime64[m]"), "entry")).tolist()
    [18266]
    """
    values = times(column)
    if values.dtype.kind == "f":
        whole = np.floor(values) == values
        if not whole.all():
            _refuse_rows(column, ~whole, "is no whole number of days", "whole days, or dates")
    return np.ascontiguousarray(values.astype(np.int64) if values.dtype.kind == "f" else values)


def times(column: Column) -> npt.NDArray[Any]:
    """Times: finite numbers, or dates as days counted from 1970.

    Parameters
    ----------
    column
        Numbers, dates, or moments, of which the day counts that is written there.
    """
    values = column.values
    refuse_times(values.to_frame().lazy(), column)
    if column.is_dated:
        return values.cast(pl.Date).to_physical().to_numpy()
    if not values.dtype.is_integer():
        return values.cast(pl.Float64).to_numpy()
    # Few kinds of numbers go on from here: kernels are compiled for each.
    short = values.dtype in (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16)
    return values.cast(pl.Int32 if short else pl.Int64).to_numpy()


def refuse_times(frame: pl.LazyFrame, column: Column) -> None:
    """Refuse what is no time: missing, infinite, too large, or neither numbers nor dates.

    Parameters
    ----------
    frame, column
        As of `refuse_persons`.
    """
    dtype, value = column.values.dtype, pl.col(column.values.name)
    allowed = "numbers, or dates"
    if not (column.is_dated or dtype.is_numeric()):
        raise _no(column, allowed)
    wrong = missing(column.values.name, dtype) | (~value.is_finite() if dtype.is_float() else False)
    _refuse(frame, column, wrong, "is missing or infinite", allowed=allowed)
    if not column.is_dated:
        far = value.cast(pl.Float64).abs() > 2**53
        _refuse(frame, column, far, "is too large for a time", allowed=allowed)


def check_spells(start: Column, stop: Column) -> None:
    """Refuse beginnings and ends that are counted differently.

    Parameters
    ----------
    start, stop
        When rows begin and end.
    """
    if start.is_dated != stop.is_dated:
        raise InputRefused(
            f"holds {stop.kind}, and {start.name} holds {start.kind}",
            where=stop.where,
            column=stop.name,
            next_step="Give dates for both, or numbers in the same count",
        )


def numbers(column: Column) -> Floats:
    """Finite numbers; truth values are 0 and 1.

    Parameters
    ----------
    column
        Numbers.
    """
    if not column.is_number:
        raise _no(column, "numbers; texts are categories", "Turn it into a number, or into texts")
    values = column.values
    dense = values.cast(pl.Float64).to_numpy() if values.null_count() == 0 else None
    if dense is not None:
        # A sum is finite only if all are; it costs no memory.
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(dense.sum()) or np.isfinite(dense).all():
                return dense
    frame, value = values.to_frame().lazy(), pl.col(values.name)
    instead = (
        "Leave the row out, or make a level of a factor of what is missing; a study leaves out "
        "what has no number by a condition on it: [[who]] with a low `from`"
    )
    _refuse(frame, column, value.is_null(), "is missing", next_step=instead)
    wrong = ~value.cast(pl.Float64).is_finite()
    _refuse(frame, column, wrong, "is not a finite number", next_step=instead)
    return values.cast(pl.Float64).to_numpy()


def arrays(where: str, *, signed: bool = False, **given: Any) -> tuple[Floats, ...]:
    """Numbers from 0 up, in any shapes that fit each other; what is not a number stays so.

    Parameters
    ----------
    where
        The function.
    signed
        Whether they may be negative.
    **given
        Arrays of NumPy, or what becomes one, by the names of its arguments.

    Examples
    --------
    >>> [found.shape for found in arrays("share_interval", successes=[1, 2], trials=3)]
    [(2,), (2,)]
    """
    found = {name: _array(values, name, where, signed) for name, values in given.items()}
    try:
        return tuple(np.broadcast_arrays(*found.values()))
    except ValueError as error:
        shapes = ", ".join(f"{name} {values.shape}" for name, values in found.items())
        raise UsageError(f"the arrays do not fit each other: {shapes}", where=where) from error


def _array(values: Any, name: str, where: str, signed: bool) -> Floats:
    try:
        shape = np.shape(values)
        flat = values if len(shape) == 1 else np.ravel(np.asarray(values))
    except (TypeError, ValueError) as error:
        raise InputRefused("is no array", where=where, column=name) from error
    column = column_of(flat, name, where)
    if len(column) and not column.is_number:
        raise _no(column, "numbers")
    value = pl.col(column.values.name).cast(pl.Float64)
    wrong = value.is_infinite() | (pl.lit(value=not signed) & (value < 0))
    _refuse(
        column.values.to_frame().lazy(), column, wrong, "is negative or infinite", allowed=_AMOUNTS
    )
    return column.values.cast(pl.Float64).fill_null(np.nan).to_numpy().reshape(shape)


def weights(column: Column) -> Floats:
    """Weights: finite numbers from 0 up, not all of them 0.

    Parameters
    ----------
    column
        Numbers.

    Examples
    --------
    >>> from folkestrom.columns import column_of
    >>> weights(column_of([1, -1], "weight"))
    Traceback (most recent call last):
        ...
    folkestrom.errors.InputRefused: row 2, column weight: '-1' is negative.
    Allowed: finite numbers, none negative.
    """
    found = amounts(column)
    _refuse_nothing(column, nothing=len(found) > 0 and not found.any())
    return found


def amounts(column: Column) -> Floats:
    """Counts, or times: finite numbers from 0 up.

    Parameters
    ----------
    column
        Numbers.
    """
    refuse_amounts(column.values.to_frame().lazy(), column)
    return column.values.cast(pl.Float64).to_numpy()


def refuse_amounts(
    frame: pl.LazyFrame, column: Column, *, nothing: bool = True, may_miss: bool = False
) -> None:
    """Refuse what is no count, time or weight: missing, infinite, negative, or no number.

    Parameters
    ----------
    frame, column
        As of `refuse_persons`.
    nothing
        Whether all of them may be 0.
    may_miss
        Whether values may be missing.
    """
    if not (column.is_number or (may_miss and column.values.dtype == pl.Null)):
        raise _no(column, _AMOUNTS)
    name = column.values.name
    value = pl.col(name).cast(pl.Float64)
    gone = pl.lit(value=False) if may_miss else pl.col(name).is_null()
    _refuse(
        frame, column, gone | ~value.is_finite().fill_null(value=True), "is missing or infinite",
        allowed=_AMOUNTS,
    )  # fmt: skip
    _refuse(frame, column, value < 0, "is negative", allowed=_AMOUNTS)
    if column.values.dtype.is_integer():
        _refuse(frame, column, value > 2**53, "is too large", allowed="numbers up to 2⁵³")
    if not nothing:
        found = frame.select(pl.len(), sum=value.sum()).collect(engine="streaming").row(0)
        _refuse_nothing(column, nothing=found[0] > 0 and not found[1] > 0)


def _refuse_nothing(column: Column, *, nothing: bool) -> None:
    if nothing:
        raise InputRefused(
            "is 0 in every row", where=column.where, column=column.name,
            next_step="Look at how it was made, or at the selection of rows",
        )  # fmt: skip


def flags(column: Column) -> npt.NDArray[np.bool_]:
    """Events: 0 and 1, or false and true, in every row.

    Parameters
    ----------
    column
        The column.
    """
    allowed = "0 and 1, or true and false, in every row"
    meant = (
        "With several event types, say which one is meant: cause=…, or event=… with its name "
        "in a study's episodes"
    )
    if not column.is_number:
        raise _no(column, allowed, meant)
    value = pl.col(column.values.name).cast(pl.Float64)
    wrong = ~value.is_in([0.0, 1.0]).fill_null(value=False)
    frame = column.values.to_frame().lazy()
    _refuse(frame, column, wrong, "is not 0 or 1", allowed=allowed, next_step=meant)
    return np.asarray(column.values.cast(pl.Float64).to_numpy() == 1)


def categories(column: Column, *, may_miss: bool = False) -> Categories:
    """Levels that occur: in declared order, numbers by size, texts by alphabet.

    Parameters
    ----------
    column
        Texts, levels, truth values, numbers or days.
    may_miss
        Whether values may be missing; they then have the code -1.

    Examples
    --------
    >>> from folkestrom.columns import column_of
    >>> found = categories(column_of(["urban", "rural"], "place"))
    >>> found.levels, found.codes.tolist()
    (('rural', 'urban'), [1, 0])
    >>> declared = pl.Series(["urban", "rural"], dtype=pl.Enum(["urban", "rural"]))
    >>> categories(column_of(declared, "place")).levels
    ('urban', 'rural')
    """
    refuse_levels(column.values.to_frame().lazy(), column, may_miss=may_miss)
    series = column.values
    if series.dtype.is_float():
        series = series.fill_nan(None)
    if series.dtype == pl.Null:
        return Categories(np.full(len(series), -1, np.int64), ())
    found = _by_place(series)
    if found is not None and len(found[1]) < _SMALL_RANGE:
        return Categories(found[0], tuple(map(str, found[1])))
    return _by_values(series)


def refuse_levels(frame: pl.LazyFrame, column: Column, *, may_miss: bool = False) -> None:
    """Refuse values that name no level, and missing ones.

    Parameters
    ----------
    frame, column
        As of `refuse_persons`.
    may_miss
        Whether values may be missing.
    """
    dtype = column.values.dtype
    empty = dtype == pl.Null
    if not (column.is_category or column.is_number or column.is_dated or (empty and may_miss)):
        raise _no(column, "texts, levels, truth values, numbers or days")
    if not may_miss:
        _refuse(
            frame, column, missing(column.values.name, dtype), "is missing",
            next_step="Fill the gaps with a level of their own, or leave the rows out",
            shown=False,
        )  # fmt: skip


def occurrences(column: Column) -> Codes:
    """Numbers of events: whole numbers from 0 up; true is 1.

    Parameters
    ----------
    column
        Whole numbers or truth values.
    """
    frame, value = column.values.to_frame().lazy(), pl.col(column.values.name)
    refuse_amounts(frame, column)
    number = value.cast(pl.Float64)
    _refuse(
        frame, column, (number != number.floor()) | (number > 2**53), "is no number of events",
        allowed="whole numbers",
    )  # fmt: skip
    return column.values.cast(pl.Int64).to_numpy()


def missing(name: str, dtype: pl.DataType) -> pl.Expr:
    """Whether a value is missing: null, or not a number.

    Parameters
    ----------
    name, dtype
        The column, and its type.
    """
    gone = pl.col(name).is_null()
    return gone | pl.col(name).is_nan().fill_null(value=True) if dtype.is_float() else gone


def _by_place(series: pl.Series) -> tuple[Codes, list[int]] | None:
    """Numbers of whole numbers, and those that occur; None where a table would be too long."""
    if not series.dtype.is_integer() or series.null_count() or not len(series):
        return None
    held = series.to_numpy()
    low, high = int(held.min()), int(held.max())
    if high - low > max(_SMALL_RANGE, 4 * len(held)):
        return None
    places = held - held.dtype.type(low) if held.dtype == np.uint64 else held.astype(np.int64) - low
    found = np.flatnonzero(np.bincount(places.astype(np.int64, copy=False)))
    ranks = np.zeros(high - low + 1, np.int64)
    ranks[found] = np.arange(len(found))
    return ranks[places], [low + place for place in found.tolist()]


def _by_values(series: pl.Series) -> Categories:
    # Texts are compared once each, not row by row.
    held = series.cast(pl.Categorical) if series.dtype == pl.String else series
    distinct = held.drop_nulls().unique()
    if series.dtype in (pl.String, pl.Categorical):
        texts = distinct.cast(pl.String)
        distinct = distinct.gather(texts.arg_sort())
    else:
        distinct = distinct.sort()
    levels = tuple(text_of(value) for value in distinct.to_list())
    if series.dtype in (pl.String, pl.Categorical, pl.Enum):
        physical = distinct.to_physical().to_numpy()
        rank = np.full(int(physical.max(initial=0)) + 2, -1, np.int64)
        rank[physical] = np.arange(len(levels))
        # A missing one has the last place.
        codes = held.to_physical().cast(pl.Int64).fill_null(len(rank) - 1).to_numpy()
        return Categories(rank[codes], levels)
    codes = held.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1
    return Categories(codes, levels)


def _no(column: Column, allowed: str, next_step: str | None = None) -> InputRefused:
    return InputRefused(
        f"holds {column.kind}", where=column.where, column=column.name, allowed=allowed,
        next_step=next_step,
    )  # fmt: skip


def _refuse_rows(column: Column, wrong: npt.NDArray[np.bool_], message: str, allowed: str) -> None:
    frame = column.values.to_frame().lazy().with_columns(__wrong=pl.Series(wrong))
    _refuse(frame, column, pl.col("__wrong"), message, allowed=allowed)


def _refuse(
    frame: pl.LazyFrame,
    column: Column,
    wrong: pl.Expr,
    message: str,
    *,
    allowed: str | None = None,
    next_step: str | None = None,
    shown: bool = True,
) -> None:
    """Refuse rows, with the first of them, its value, and how many there are."""
    value = pl.col(column.values.name)
    asked = frame.select(many=wrong.sum(), of=pl.len(), value=value.filter(wrong).first())
    few = 0 < len(column.values) <= _SMALL_RANGE  # which needs no parts, and half the time
    many, of, said = asked.collect(engine="in-memory" if few else "streaming").row(0)
    if not many:
        return
    row = frame.select(pl.arg_where(wrong).first()).collect().item()
    some = f" ({many} of {of} rows)" if many > 1 and not column.is_part else ""
    head, colon, rest = message.partition(":")
    raise InputRefused(
        f"{head}{some}{colon}{rest}", where=column.where, row=row + 1, column=column.name,
        value=text_of(said) if shown and said is not None else None, allowed=allowed,
        next_step=next_step,
    )  # fmt: skip
