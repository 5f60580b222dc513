"""Columns of a table as regressions of hazards read them: when rows end, by what, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom import columns
from folkestrom.analysis.regression.ends import Ends, rows_with
from folkestrom.analysis.regression.risk_sets import Spells
from folkestrom.columns import Table, names_of, text_of
from folkestrom.errors import InputRefused
from folkestrom.model.names import check_spellings

Floats: TypeAlias = npt.NDArray[np.float64]


def spells_of(
    table: Table, ends: Ends, strata: str | Sequence[str] | None, weight: str | None
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
    if ends.cause is None:
        flags = columns.flags(table.column(ends.event))
    else:
        flags = _ended_by(table, ends, ends.cause)
    return spells_with(table, flags, ends.start, ends.stop, strata, weight)


def spells_with(
    table: Table,
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
    ends = table.column(stop)
    if not len(ends):
        raise InputRefused("there are no rows", where=table.where, next_step="Check the selection.")
    stops = columns.times(ends)
    starts = np.zeros(0, stops.dtype)
    if start is not None:
        begins = table.column(start)
        columns.check_spells(begins, ends)
        starts = columns.times(begins)
    if len(starts) and starts.dtype != stops.dtype:
        starts, stops = starts.astype(np.float64), stops.astype(np.float64)
    wrong = stops <= starts if len(starts) else stops <= 0
    if wrong.any():
        raise InputRefused(
            f"in {int(wrong.sum())} of {len(stops)} rows the end is not after the start",
            where=table.where,
            row=int(np.flatnonzero(wrong)[0]) + 1,
            column=stop,
            allowed="a time after the start, since a row is at risk from then on",
            next_step="Leave such rows out, or count them apart.",
        )
    weights = np.zeros(0) if weight is None else columns.weights(table.column(weight))
    stratum, names = _strata(table, strata)
    if len(weights):
        flags = flags & (weights > 0)
    return Spells(starts, stops, flags, stratum, names, weights)


def _ended_by(table: Table, ends: Ends, cause: str | int) -> npt.NDArray[np.bool_]:
    column = table.column(ends.event)
    found = columns.categories(column, may_miss=True)
    if column.is_category:
        # Whatever else ended a row, it is censored: only the event's own code must be one.
        check_spellings(found.levels, [text_of(cause)], where=table.where, column=ends.event)
    return rows_with(table, ends.event, found, cause)


def _strata(
    table: Table, names: str | Sequence[str] | None
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    if names is None:
        return np.zeros(0, np.int64), ()
    number, labels = np.zeros(table.rows, np.int64), [""]
    for name in names_of(names, "strata"):
        found = columns.categories(table.column(name))
        number = number * len(found.levels) + found.codes
        labels = [f"{one}, {v}" if one else v for one in labels for v in found.levels]
    used, dense = np.unique(number, return_inverse=True)
    return dense.astype(np.int64), tuple(labels[int(k)] for k in used)


def cluster_numbers(
    table: Table, name: str | None, *, weighted: bool
) -> npt.NDArray[np.int64] | None:
    """By row the number of its cluster; each its own where weights ask for robust errors."""
    if name is None:
        return np.arange(table.rows) if weighted else None
    return columns.persons(table.column(name))
