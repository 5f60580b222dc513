"""The register as known at a moment within a day.

Histories have days of knowledge. What was received on a day before a moment differs from what was
known when the day began for few persons: theirs are swept anew from the log, in which these reports
are known on the day already, and stand before the store's tables for as long as a question lasts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import duckdb
import numpy as np

from folkestrom.engine.rows import catalog_of, is_table, lent
from folkestrom.engine.steps import create_table, create_view, step
from folkestrom.errors import UsageError
from folkestrom.model.knowledge import KnownMoment
from folkestrom.model.time import moments_of
from folkestrom.register.kernel.sink import rows_of
from folkestrom.register.kernel.sweep import swept
from folkestrom.register.layout import arrow_table, with_listed
from folkestrom.register.log_rows import read_merged, read_persons
from folkestrom.register.log_view import known_report
from folkestrom.register.merges import rulings
from folkestrom.register.tables import REPORTED_UNIT, TABLES

#: Where the tables stand that are asked before the store's own.
_CATALOG: Final = "known_then"
#: So many persons, at most, are swept for one question.
MOST: Final = 500_000
_SAMPLE: Final = KnownMoment(datetime(2018, 5, 23, 7, 31, tzinfo=UTC))


@step("report", reads=["report"], example={"store": "folkestrom", "known": _SAMPLE})
def report(store: str, known: KnownMoment) -> str:
    """The log, with what was received on the day before the moment known on that day already.

    What a seal made known later than its receipt is not known before its day.
    """
    day = date(known.year, known.month, known.day)
    begins = moments_of(datetime.combine(day, time()))[0]
    return f"""
        SELECT * REPLACE (
          CASE WHEN known_from = DATE '{day + timedelta(days=1)}'
                 AND received_at >= TIMESTAMP '{_in_log(begins)}'
                 AND received_at < TIMESTAMP '{_in_log(known.at)}'
               THEN DATE '{day}' ELSE known_from END AS known_from
        ) FROM {store}.main.report
    """


def _in_log(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


@step("concerned", reads=["report"], example={"store": "folkestrom"})
def concerned(store: str) -> str:
    """Persons of those reports, and whose merges hold otherwise by them (`$anew`)."""
    return f"""
        SELECT t.person FROM report t
        JOIN (SELECT position FROM {store}.main.report WHERE known_from = $next) s
          ON s.position = t.position
        WHERE t.known_from < $next
        UNION SELECT unnest($anew)
    """


@step("reports_concerned", reads=["report"])
def reports_concerned() -> str:
    """All reports of these persons."""
    return "SELECT * FROM report WHERE person IN (SELECT person FROM concerned)"


@step("table_then", reads=["stay"], example={"store": "folkestrom", "table": "stay"})
def table_then(store: str, table: str) -> str:
    """A history, and of the persons concerned what it is with those reports."""
    return f"""
        SELECT * FROM {store}.main.{table} WHERE person NOT IN (SELECT person FROM concerned)
        UNION ALL SELECT * FROM {table}_then
    """


@contextmanager
def as_known(connection: duckdb.DuckDBPyConnection, known: KnownMoment) -> Iterator[None]:
    """Let a connection see the register as known at a moment, when it asks for that day.

    What it sees of other days of knowledge is as ever. The store's own tables are seen again when
    the block ends.

    Parameters
    ----------
    connection
        An open store.
    known
        The moment.

    Raises
    ------
    UsageError
        A day on which most of the log was received.
    """
    store = catalog_of(connection)
    connection.execute(f"ATTACH ':memory:' AS {_CATALOG} (READ_WRITE)")
    try:
        connection.execute(f"SET search_path = '{_CATALOG}.main,{store}.main'")
        _put_up(connection, store, known)
        yield
    finally:
        connection.execute(f"USE {store}")
        connection.execute(f"DETACH {_CATALOG}")


def _put_up(connection: duckdb.DuckDBPyConnection, store: str, known: KnownMoment) -> None:
    ruled_before = rulings(read_merged(connection))
    create_view(connection, [report(store, known)])
    ruled = rulings(read_merged(connection))
    anew = {row[0] for row in set(ruled.tolist()) ^ set(ruled_before.tolist())}
    next_day = date(known.year, known.month, known.day) + timedelta(days=1)
    values = {"next": next_day, "anew": sorted(anew)}
    create_table(connection, "concerned", [concerned(store)], values)
    persons = connection.execute("FROM concerned").fetchnumpy()["person"]
    if len(persons) > MOST:
        raise UsageError(
            "is a moment of a day on which most of the log was received", where="known_at",
            value=known, next_step=f"Ask for the day after, {next_day}",
        )  # fmt: skip
    # As a table: a join does not give rows in the same order twice.
    create_table(connection, "theirs", [reports_concerned()])
    found = swept(read_persons(connection, "theirs", ruled[np.isin(ruled["person"], persons)]).rows)
    for number, table in enumerate(TABLES):
        rows = with_listed(connection, table, arrow_table(table, rows_of(found, number)))
        with lent(connection, swept_rows=rows):
            connection.execute(f"CREATE TABLE {table.name}_then AS FROM swept_rows")
        create_view(connection, [table_then(store, table.name).named(table.name)])
    create_view(connection, [known_report()])
    if is_table(connection, REPORTED_UNIT):
        connection.execute(f"CREATE VIEW {REPORTED_UNIT} AS FROM {store}.main.{REPORTED_UNIT}")
