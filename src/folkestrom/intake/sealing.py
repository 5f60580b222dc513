"""What has been published stays as it was: sealed knowledge dates take no more reports."""

from __future__ import annotations

from datetime import date

import duckdb

from folkestrom.engine.store_errors import damaged
from folkestrom.engine.store_meta import get, put
from folkestrom.errors import UsageError

_KEY = "sealed_until"


def sealed_until(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The last sealed knowledge date, or None."""
    text = get(connection, _KEY)
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise damaged(None, "the last sealed day is not a day") from error


def seal(connection: duckdb.DuckDBPyConnection, until: date, today: date) -> date:
    """Seal every knowledge date up to one, in the caller's transaction; return the day.

    What is delivered later with an earlier time of receipt becomes known on the day after it is
    taken in; its time of receipt is kept.

    Parameters
    ----------
    connection
        The store.
    until
        The last knowledge date to seal. Seals are not broken: it cannot be an earlier one.
    today
        The local day. What is known on a later one is still to come, and a seal on it could not be
        taken back.
    """
    if until > today:
        raise UsageError(
            "is a day that has not come",
            value=until,
            allowed=f"{today} (today) or earlier",
            next_step="Seal the knowledge date of what has been published; a seal is never undone.",
        )
    current = sealed_until(connection)
    if current is not None and until < current:
        raise UsageError(
            "is before what is sealed already",
            value=until,
            allowed=f"{current} or later",
            next_step="Nothing needs to be done: an earlier day is sealed too.",
        )
    put(connection, _KEY, until.isoformat())
    return until
