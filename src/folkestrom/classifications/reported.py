"""In which borders the reports of a store are: those of their day, or those of one day for all.

A source that keeps its whole history in one set of borders writes the codes of that division
whatever day a report is about; a source that writes what was valid on the day does not. A store is
of one sort, and remembers which. Stores made before it was asked knew the codes of 2020-2023 only,
and are in the borders of 2020.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import duckdb

from folkestrom.classifications.areas import listed_day
from folkestrom.engine.store_meta import get, put
from folkestrom.errors import UsageError

#: What stands for the borders of each day.
AS_IT_WAS: Final = "as-it-was"
#: The borders of stores that do not say.
FIXED: Final = date(2020, 1, 1)
_KEY: Final = "borders"


def borders_day(asked: str | int | date, where: str = "--borders") -> date | None:
    """The day whose borders are asked for; None for the borders of each day.

    Parameters
    ----------
    asked
        A year, whose borders are those of its 1 January; a day; or "as-it-was".
    where
        The argument.

    Raises
    ------
    UsageError
        Something else, or a day before the borders that are known.

    Examples
    --------
    >>> borders_day("2024"), borders_day("as-it-was")
    (datetime.date(2024, 1, 1), None)
    """
    if isinstance(asked, date):
        day = asked
    elif str(asked) == AS_IT_WAS:
        return None
    else:
        text = str(asked)
        try:
            day = date.fromisoformat(f"{text}-01-01" if len(text) == len("2024") else text)
        except ValueError as error:
            raise UsageError(
                "is not a set of borders",
                where=where,
                value=text,
                allowed=f"a year such as 2024, a day such as 2024-01-01, or {AS_IT_WAS}",
            ) from error
    return listed_day(day)


def reported_borders(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The day whose codes all reports of a store have; None: those of their own day."""
    return borders_day(get(connection, _KEY) or FIXED)


def has_reported_borders(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a store says in which borders its reports are."""
    return get(connection, _KEY) is not None


def put_reported_borders(connection: duckdb.DuckDBPyConnection, day: date | None) -> None:
    """Let a store remember in which borders its reports are, in the caller's transaction."""
    put(connection, _KEY, AS_IT_WAS if day is None else str(day))
