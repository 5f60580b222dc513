"""When rows begin and end, and by what: columns that are named, or a study's episodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from folkestrom import columns
from folkestrom.analysis.followup.subjects import CENSORED
from folkestrom.columns import Categories, Column, Table, text_of
from folkestrom.errors import UsageError, UserError
from folkestrom.model.names import unknown

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
