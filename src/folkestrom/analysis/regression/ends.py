"""When rows begin and end, and by what: columns that are named, or a study's episodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from folkestrom.analysis.followup.subjects import CENSORED, as_arrow
from folkestrom.analysis.regression.design import column_of
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
    table: pa.Table,
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
        missing = [name for name in (START, STOP, EVENT) if name not in table.column_names]
        if missing:
            raise UsageError(
                f"is not said, and the table has no column {missing[0]!r}, as a study's episodes "
                "have",
                where="regression",
                column="stop",
                allowed=table.column_names,
                next_step="Name the columns: stop=…, and start=… if rows do not begin at 0",
            )
        stop, start = STOP, start or START
    if event in table.column_names:
        return Ends(start, stop, event, cause, of_study)
    if cause is not None or EVENT not in table.column_names or not _has_texts(table):
        column_of(table, event)
    return Ends(start, stop, EVENT, event, of_study)


def no_such_event(column: pa.ChunkedArray, name: str, event: str | int) -> UserError:
    """Nothing ended by this event; says which there are.

    Parameters
    ----------
    column, name
        What ended the rows, and what the column is called.
    event
        The event that was asked for.
    """
    found = sorted(
        str(v) for v in as_arrow(column).unique().to_pylist() if v not in (None, CENSORED, 0)
    )
    none = "No row ends by an event: look at what made the column."
    return unknown(
        event, found, "ends no row", where="regression", column=name,
        further=None if found else none,
    )  # fmt: skip


def _has_texts(table: pa.Table) -> bool:
    kind = table[EVENT].type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )
