"""Spells from columns: when rows begin and end, by what, in which stratum and cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from folkestrom import columns
from folkestrom.analysis.followup.subjects import CENSORED
from folkestrom.analysis.regression.risk_sets import Spells
from folkestrom.columns import Categories, Column, Table, names_of, text_of
from folkestrom.errors import InputRefused, UsageError, UserError
from folkestrom.model.names import check_spellings, unknown

#: Columns of a study's episodes.
START: Final = "start"
STOP: Final = "stop"
EVENT: Final = "event"
EPISODE: Final = ("person", "entry_date")


@dataclass(frozen=True, slots=True)
class Ends:
    """Columns of a table.

    Attributes
    ----------
    start, stop
        When rows begin and end; without start, all begin at 0.
    event
        What ended them: 0 and 1, or names and numbers of events.
    cause
        The one of those that is meant; None: 1, or all of them.
    of_study
        Whether the columns are those of a study's episodes.
    """

    start: str | None
    stop: str
    event: str
    cause: str | int | None
    of_study: bool

    @property
    def name(self) -> str:
        """What the event that is meant is called."""
        return self.event if self.cause is None else str(self.cause)


def ends_of(
    table: Table,
    start: str | None,
    stop: str | None,
    event: str,
    cause: str | int | None = None,
) -> Ends:
    """Find the columns that are meant.

    Parameters
    ----------
    table
        The table.
    start, stop
        Names of columns; without stop, the table has a study's episodes.
    event
        A column, or the name of an event in the column `event`.
    cause
        The event that is meant, when `event` is a column of several.
    """
    of_study = stop is None
    if stop is None:
        missing = [name for name in (START, STOP, EVENT) if name not in table]
        if missing:
            raise UsageError(
                f"is not said, and the table has no column {missing[0]!r}, as a study's episodes "
                "have",
                where=table.where,
                column="stop",
                allowed=table.names,
                next_step="Name the columns: stop=…, and start=… if rows do not begin at 0",
            )
        stop, start = STOP, start or START
    if event in table:
        return Ends(start, stop, event, cause, of_study)
    if cause is not None or EVENT not in table or not table.column(EVENT).is_category:
        table.column(event)  # refused, with the nearest name
    return Ends(start, stop, EVENT, event, of_study)


def codes_known(column: Column, found: Categories) -> tuple[str, ...]:
    """Levels of a column that occur or are declared.

    Parameters
    ----------
    column, found
        The column, and the levels that occur.
    """
    dtype = column.values.dtype
    return tuple(dtype.categories) if isinstance(dtype, pl.Enum) else found.levels


def rows_with(
    table: Table, name: str, found: Categories, event: str | int
) -> npt.NDArray[np.bool_]:
    """Rows that ended by an event; it must occur, or be declared.

    Parameters
    ----------
    table, name
        The table, and the column of what ended its rows.
    found
        What occurs in it.
    event
        The event.
    """
    code = text_of(event)
    if code not in codes_known(table.column(name), found):
        raise no_such_event(table, name, event)
    place = found.levels.index(code) if code in found.levels else len(found.levels)
    return np.asarray(found.codes == place)


def no_such_event(table: Table, name: str, event: str | int) -> UserError:
    """Nothing ended by this event; says which there are.

    Parameters
    ----------
    table, name
        What ended the rows: the table, and its column.
    event
        The event that was asked for.
    """
    levels = columns.categories(table.column(name), may_miss=True).levels
    found = sorted(level for level in levels if level not in (CENSORED, "0"))
    none = "No row ends by an event: look at what made the column."
    return unknown(
        event, found, "ends no row", where=table.where, column=name,
        further=None if found else none,
    )  # fmt: skip


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
    by = () if strata is None else names_of(strata, "strata")
    return Spells(starts, stops, flags, stratum, names, weights, by)


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
