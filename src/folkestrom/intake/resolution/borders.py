"""In which borders the reports of a store are, and what a number used outside its life may mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import duckdb
import pyarrow.parquet as pq

from folkestrom.classifications.areas import lives, municipality_name
from folkestrom.classifications.reported import (
    AS_IT_WAS,
    FIXED,
    borders_day,
    has_reported_borders,
    put_reported_borders,
    reported_borders,
)
from folkestrom.errors import UsageError
from folkestrom.intake.reading.readers import Delivery
from folkestrom.intake.reasons import Reason
from folkestrom.model.report import SYNTHETIC_SOURCE


def settle_borders(
    connection: duckdb.DuckDBPyConnection,
    asked: str | None,
    deliveries: Sequence[Delivery],
    *,
    empty: bool,
) -> date | None:
    """In which borders reports are, decided by the first that a store takes in.

    Parameters
    ----------
    connection
        The store, in a transaction.
    asked
        What the user says; None: nothing.
    deliveries
        The files.
    empty
        Whether the store has no reports yet.

    Returns
    -------
    date or None
        The day whose codes all reports have; None: those of their own day.

    Raises
    ------
    UsageError
        Other borders than those of the reports that the store has.
    """
    if empty and not has_reported_borders(connection):
        if asked is not None:
            day = borders_day(asked)
        else:
            day = FIXED if _first_source(deliveries) == SYNTHETIC_SOURCE else None
        put_reported_borders(connection, day)
        return day
    day = reported_borders(connection)
    if asked is not None and borders_day(asked) != day:
        raise UsageError(
            "is not what the reports of this store are in",
            where="--borders",
            value=asked,
            allowed=AS_IT_WAS if day is None else str(day),
            next_step="Leave it out, or take the files into another store.",
        )
    return day


def tell_meanings(connection: duckdb.DuckDBPyConnection) -> None:
    """Say of every number held back for its day what it may have meant, in a transaction."""
    waiting = {"reason": str(Reason.CODE_NOT_VALID)}
    found = connection.execute(
        "SELECT DISTINCT value, json_extract_string(record, '$.event_date') FROM held_back "
        "WHERE reason = $reason",
        waiting,
    ).fetchall()
    for code, day in found:
        connection.execute(
            "UPDATE held_back SET allowed = $allowed WHERE reason = $reason AND value = $code "
            "AND json_extract_string(record, '$.event_date') = $day",
            waiting | {"allowed": meaning(code, date.fromisoformat(day)), "code": code, "day": day},
        )


def meaning(code: str, day: date) -> str:
    """What the number of a municipality may mean on a day on which it is not valid.

    Examples
    --------
    >>> meaning("3005", date(2019, 5, 1))
    '0602 Drammen, 0625 Nedre Eiker or 0711 Svelvik: 3005 Drammen is valid from 2020-01-01'
    >>> meaning("0709", date(2019, 5, 1))
    '0712 Larvik: 0709 Larvik is valid until 2017-12-31'
    """
    # Imported here: most intakes have no need of it.
    from folkestrom.classifications.conversion import shares_of

    _, begins, ends, _ = next(life for life in lives() if life[0] == code)
    last = ends - timedelta(days=1)
    shares = shares_of(int(code), begins if day < begins else last, day)
    names = [f"{other:04d} {municipality_name(f'{other:04d}')}" for other in sorted(shares)]
    listed = " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
    valid = f"from {begins}" if day < begins else f"until {last}"
    return f"{listed}: {code} {municipality_name(code)} is valid {valid}"


def _first_source(deliveries: Sequence[Delivery]) -> str | None:
    for delivery in deliveries:
        with pq.ParquetFile(delivery.parquet) as file:
            for batch in file.iter_batches(batch_size=1, columns=["source"]):
                return None if not len(batch) else str(batch.column(0)[0].as_py())
    return None
