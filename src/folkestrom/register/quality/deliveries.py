"""What deliveries brought: by delivery, and by the day on which reports were received.

A delivery is one intake. Everything is as of a delivery: what later ones brought, mended or let in
does not change what is told of it. A report counts on the day before it became known: that of its
receipt, or, where that day was sealed, that of its intake.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from folkestrom.engine.steps import run, step
from folkestrom.model.codes import Kind

#: Days from the event after which a report is late.
LATE: Final = 90
_FIRST: Final = int(Kind.FIRST_REGISTRATION)
_ATTRIBUTES: Final = int(Kind.ATTRIBUTE_CORRECTION)


@step("deliveries", reads=["batch", "delivery"])
def deliveries() -> str:
    """Each delivery with its moment, files and records."""
    return """
        SELECT d.batch, b.taken_at, count(*) AS files, sum(d."read")::BIGINT AS records,
               sum(d.accepted)::BIGINT AS accepted, sum(d.quarantined)::BIGINT AS quarantined,
               sum(d.repeats)::BIGINT AS repeats
        FROM delivery d JOIN batch b ON b.batch = d.batch
        GROUP BY d.batch, b.taken_at
        ORDER BY d.batch
    """


@step("received_days", reads=["report"])
def received_days() -> str:
    """The first and the last day on which reports of each delivery were received."""
    return """
        SELECT batch, min(known_from) - 1 AS first_day, max(known_from) - 1 AS last_day
        FROM report GROUP BY batch ORDER BY batch
    """


@step("arrivals", reads=["report", "flag"])
def arrivals() -> str:
    """Reports by day of receipt, kind and municipality, but for first registrations.

    The municipality is where the event comes to, or else where it comes from. Flags are those that
    stand on the day on which the report becomes known.
    """
    return f"""
        SELECT r.known_from - 1 AS day, r.kind, coalesce(r.municipality, r.municipality_from, -1)
                 AS municipality,
               count(*) AS reports,
               count(*) FILTER (r.known_from - 1 - r.event_date > {LATE}) AS late,
               count(f.position) AS flagged
        FROM report r
        LEFT JOIN (SELECT DISTINCT position, known_from FROM flag) AS f
          ON f.position = r.position AND f.known_from = r.known_from
        WHERE r.batch <= $batch AND r.kind <> {_FIRST}
          AND r.known_from > $first AND r.known_from <= $last + 1
        GROUP BY ALL
    """


@step("delays_of_delivery", reads=["report"])
def delays_of_delivery() -> str:
    """Days from event to receipt of a delivery's reports: a half, and nine tenths, came within."""
    return f"""
        SELECT quantile_disc(known_from - 1 - event_date, [0.5, 0.9]) AS days
        FROM report WHERE batch = $batch AND kind <> {_FIRST} AND event_date IS NOT NULL
    """


@step("contents_again", reads=["report"])
def contents_again() -> str:
    """Reports of a delivery of the person, kind and day of an earlier one, of another number.

    Neither corrects nor annuls. Two moves on one day are among them, and hardly ever true.
    """
    return f"""
        SELECT coalesce(sum(of_delivery - (of_delivery = reports)::INTEGER), 0)::BIGINT AS again
        FROM (
          SELECT count(*) AS reports, count(*) FILTER (batch = $batch) AS of_delivery
          FROM report
          WHERE batch <= $batch AND annuls IS NULL AND corrects IS NULL
            AND kind NOT IN ({_FIRST}, {_ATTRIBUTES})
            AND person IN (SELECT person FROM report WHERE batch = $batch)
          GROUP BY person, kind, event_date
        ) AS contents
        WHERE of_delivery > 0
    """


@dataclass(frozen=True, slots=True)
class Delivery:
    """One intake.

    Parameters
    ----------
    batch, taken_at, files
        Its number, its moment in UTC, and how many files it had.
    read, accepted, quarantined, repeats
        Records, as they were counted then.
    first_day, last_day
        Days on which what it brought was received; None: it brought nothing new.
    """

    batch: int
    taken_at: datetime
    files: int
    read: int
    accepted: int
    quarantined: int
    repeats: int
    first_day: date | None
    last_day: date | None


def list_deliveries(connection: duckdb.DuckDBPyConnection) -> tuple[Delivery, ...]:
    """Every delivery, in order."""
    days = {batch: (a, b) for batch, a, b in run(connection, [received_days()]).fetchall()}
    found = run(connection, [deliveries()]).fetchall()
    return tuple(Delivery(*(*row, *days.get(row[0], (None, None)))) for row in found)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Reports that came, day by day.

    Parameters
    ----------
    first
        The first of the days.
    reports
        Shape (days, kinds, municipalities); kinds are numbers of `Kind`, from 0 on.
    late, flagged
        Shape (days,): later than `LATE` days after the event; flagged when they came.
    municipalities
        Their numbers, in order; −1: reports that name none.
    """

    first: date
    reports: NDArray[np.int64]
    late: NDArray[np.int64]
    flagged: NDArray[np.int64]
    municipalities: NDArray[np.int64]


def count_arrivals(
    connection: duckdb.DuckDBPyConnection, batch: int, first: date, last: date
) -> Arrivals:
    """Count what deliveries up to one brought on the days from `first` to `last`.

    Parameters
    ----------
    connection
        An open store.
    batch
        The last delivery to count.
    first, last
        Days of receipt.
    """
    asked = {"batch": batch, "first": first, "last": last}
    found = run(connection, [arrivals()], asked).fetchnumpy()
    day = (found["day"].astype("datetime64[D]") - np.datetime64(first)).astype(np.int64)
    places, place = np.unique(found["municipality"].astype(np.int64), return_inverse=True)
    days = (last - first) // timedelta(1) + 1
    reports = np.zeros((days, max(Kind) + 1, len(places)), np.int64)
    late, flagged = np.zeros(days, np.int64), np.zeros(days, np.int64)
    np.add.at(reports, (day, found["kind"], place), found["reports"])
    np.add.at(late, day, found["late"])
    np.add.at(flagged, day, found["flagged"])
    return Arrivals(first, reports, late, flagged, places)


def delays(connection: duckdb.DuckDBPyConnection, batch: int) -> tuple[int, int] | None:
    """Days within which a half and nine tenths of a delivery's reports came; None without any."""
    ((days,),) = run(connection, [delays_of_delivery()], {"batch": batch}).fetchall()
    return None if days is None else (days[0], days[1])


def count_again(connection: duckdb.DuckDBPyConnection, batch: int) -> int:
    """How many reports of a delivery are of the person, kind and day of an earlier one."""
    ((many,),) = run(connection, [contents_again()], {"batch": batch}).fetchall()
    return int(many)
