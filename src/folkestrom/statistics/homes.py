"""Puts up who lives with whom, for the days of a question that asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

import duckdb

from folkestrom.engine.steps import run, step
from folkestrom.households.homes import TABLE, Span, make_table
from folkestrom.variables.sources import History, Source

_READS: Final = re.compile(rf"\b(?:FROM|JOIN) {TABLE}\b")
_ONE_DAY: Final = timedelta(days=1)


@step("first_late_event", reads=["event"])
def first_late_event() -> str:
    """Day of the first event that is late for the period, and is counted in it."""
    return """
        SELECT min(event_date) AS day FROM event
        WHERE known_from <= $known_end AND known_to > $known_end
          AND event_date < $start AND first_known > $known_start
    """


def reads_homes(text: str) -> bool:
    """Whether a text reads the table of who lives with whom.

    Parameters
    ----------
    text
        SQL.

    Examples
    --------
    >>> reads_homes("SELECT * FROM household h"), reads_homes("SELECT household FROM residence")
    (True, False)
    """
    return _READS.search(text) is not None


def provide_homes_of(
    connection: duckdb.DuckDBPyConnection, needs: Iterable[Source], spans: Iterable[Span]
) -> None:
    """Make the table for a study whose variables need it.

    Parameters
    ----------
    connection
        An open store.
    needs
        What its variables need.
    spans
        The days on which its rows are described.
    """
    if any(isinstance(need, History) and need.table == TABLE for need in needs):
        make_table(connection, spans)


def provide_homes(
    connection: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, object]
) -> None:
    """Make the table that a text reads, for its days; nothing, where it reads none.

    Parameters
    ----------
    connection
        An open store.
    text
        SQL of a stock, of exposure or of flows.
    parameters
        Its values: `$eve`, or `$start` and `$end`; and knowledge dates.
    """
    if reads_homes(text):
        make_table(connection, [_span(connection, parameters)])


def _span(connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, object]) -> Span:
    given = {name: day for name, day in parameters.items() if isinstance(day, date)}
    if "eve" in given:
        return Span(given["known_at"], given["eve"], given["eve"] + _ONE_DAY)
    # Who leaves or moves is described as of the day before.
    since, known = given["start"], given.get("known_end") or given["known_at"]
    if given.get("known_start", known) < known:
        ((late,),) = run(connection, [first_late_event()], parameters).fetchall()
        since = late or since
    return Span(known, since - _ONE_DAY, given["end"])
