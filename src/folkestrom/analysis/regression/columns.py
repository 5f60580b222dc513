"""Columns of a table as regressions of hazards read them: checked, and as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.analysis.followup.subjects import as_arrow
from folkestrom.analysis.regression.design import column_of
from folkestrom.analysis.regression.ends import Ends, no_such_event
from folkestrom.analysis.regression.risk_sets import Spells
from folkestrom.errors import InputRefused
from folkestrom.model.names import check_spellings

Floats: TypeAlias = npt.NDArray[np.float64]
_WHERE = "regression"


def spells_of(
    table: pa.Table, ends: Ends, strata: str | Sequence[str] | None, weight: str | None
) -> Spells:
    """Rows of follow-up from columns.

    Parameters
    ----------
    table
        The table.
    ends
        Its columns of times and events.
    strata
        Name or names of columns.
    weight
        The column of weights.
    """
    flags = _event(table, ends.event) if ends.cause is None else _ended_by(table, ends, ends.cause)
    return spells_with(table, flags, ends.start, ends.stop, strata, weight)


def spells_with(
    table: pa.Table,
    flags: npt.NDArray[np.bool_],
    start: str | None,
    stop: str,
    strata: str | Sequence[str] | None,
    weight: str | None,
) -> Spells:
    """Rows of follow-up whose events are known already.

    Parameters
    ----------
    table, start, stop, strata, weight
        As of `spells_of`.
    flags
        Whether each row ends by the event.
    """
    stops = times_of(table, stop)
    if not len(stops):
        raise InputRefused("there are no rows", where=_WHERE, next_step="Check the selection.")
    starts = np.zeros(0, stops.dtype) if start is None else times_of(table, start)
    if len(starts) and starts.dtype != stops.dtype:
        starts, stops = starts.astype(np.float64), stops.astype(np.float64)
    wrong = stops <= starts if len(starts) else stops <= 0
    if wrong.any():
        raise InputRefused(
            f"in {int(wrong.sum())} of {len(stops)} rows the end is not after the start",
            where=_WHERE,
            row=int(np.flatnonzero(wrong)[0]) + 1,
            column=stop,
            allowed="a time after the start, since a row is at risk from then on",
            next_step="Leave such rows out, or count them apart.",
        )
    weights = np.zeros(0) if weight is None else weights_of(table, weight)
    stratum, names = _strata(table, strata)
    if len(weights):
        flags = flags & (weights > 0)
    return Spells(starts, stops, flags, stratum, names, weights)


def times_of(table: pa.Table, name: str) -> npt.NDArray[Any]:
    """Times: whole numbers, other finite numbers, or dates as days."""
    column = as_arrow(column_of(table, name))
    if pa.types.is_timestamp(column.type):
        column = pc.cast(column, pa.date32(), safe=False)
    if pa.types.is_date32(column.type):
        column = column.view(pa.int32())
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise InputRefused(
            "holds no times", where=_WHERE, column=name, value=column.type,
            allowed="numbers, or dates",
        )  # fmt: skip
    values = column.to_numpy(zero_copy_only=False)
    wrong = int((~np.isfinite(values)).sum()) if values.dtype.kind == "f" else 0
    if column.null_count or wrong:
        raise InputRefused(
            f"{column.null_count or wrong} of {len(values)} times are missing or infinite",
            where=_WHERE,
            column=name,
        )
    return values


def weights_of(table: pa.Table, name: str) -> Floats:
    """Weights: numbers from 0 up, not all 0."""
    column = as_arrow(column_of(table, name))
    values = np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any() or not values.any():
        raise InputRefused(
            f"{int(wrong.sum())} of {len(values)} weights are negative, missing or infinite"
            if wrong.any()
            else "all weights are 0",
            where=_WHERE,
            column=name,
            allowed="numbers from 0 up",
        )
    return values


def _event(table: pa.Table, name: str) -> npt.NDArray[np.bool_]:
    column = as_arrow(column_of(table, name))
    if pa.types.is_boolean(column.type):
        column = pc.cast(column, pa.int8())
    if not column.null_count and (
        pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    ):
        values = column.to_numpy()
        if ((values == 0) | (values == 1)).all():
            return np.asarray(values == 1)
    raise InputRefused(
        "is not 0 or 1, or true or false, in every row",
        where=_WHERE,
        column=name,
        next_step="With several kinds of events, say which one is meant: cause=…, or event=… with "
        "its name in a study's episodes",
    )


def _ended_by(table: pa.Table, ends: Ends, cause: str | int) -> npt.NDArray[np.bool_]:
    column = column_of(table, ends.event)
    codes, values = codes_of(as_arrow(column))
    # Whatever else ended a row, it is censored: only the event's own code must be one.
    texts = texts_that_occur(codes, values)
    check_spellings(texts, _texts([cause]), where=_WHERE, column=ends.event)
    if cause not in values:
        raise no_such_event(column, ends.event, cause)
    return codes == values.index(cause)


def texts_that_occur(codes: npt.NDArray[np.int64], values: Sequence[Any]) -> list[str]:
    """Of a column's values, those that are texts and that some row has.

    Parameters
    ----------
    codes, values
        As `codes_of` returns them.
    """
    return _texts(values[k] for k in np.unique(codes[codes >= 0]).tolist())


def _texts(values: Iterable[Any]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def codes_of(column: pa.Array) -> tuple[npt.NDArray[np.int64], list[Any]]:
    """Numbers of a column's values in their own order, -1 where it is missing, and the values."""
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    values = coded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=lambda k: (values[k] is None, values[k]))
    rank = np.empty(max(len(order), 1), np.int64)
    rank[order] = np.arange(len(order))
    places = coded.indices.cast(pa.int64()).fill_null(-1).to_numpy()
    return np.where(places < 0, -1, rank[places]), [values[k] for k in order]


def _strata(
    table: pa.Table, names: str | Sequence[str] | None
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    if names is None:
        return np.zeros(0, np.int64), ()
    listed = [names] if isinstance(names, str) else list(names)
    number, labels = np.zeros(table.num_rows, np.int64), [""]
    for name in listed:
        column = as_arrow(column_of(table, name))
        if column.null_count:
            raise InputRefused(
                f"{column.null_count} of {len(column)} values are missing",
                where=_WHERE,
                column=name,
                next_step="Leave the rows out, or give what is unknown a stratum of its own.",
            )
        codes, values = codes_of(column)
        number = number * len(values) + codes
        labels = [f"{one}, {v}" if one else str(v) for one in labels for v in values]
    used, dense = np.unique(number, return_inverse=True)
    return dense.astype(np.int64), tuple(labels[int(k)] for k in used)


def cluster_numbers(
    table: pa.Table, name: str | None, *, weighted: bool
) -> npt.NDArray[np.int64] | None:
    """By row the number of its cluster; each its own where weights ask for robust errors."""
    if name is None:
        return np.arange(table.num_rows) if weighted else None
    column = as_arrow(column_of(table, name))
    if column.null_count:
        raise InputRefused(f"{column.null_count} values are missing", where=_WHERE, column=name)
    if pa.types.is_integer(column.type):
        return np.unique(column.to_numpy(), return_inverse=True)[1].astype(np.int64)
    return column.dictionary_encode().indices.to_numpy().astype(np.int64)
