"""Stores in memory, filled by the plain-Python interpreter of the register's rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import duckdb
from hypothesis import strategies as st

from folkestrom.engine.steps import create_view
from folkestrom.register.log_view import known_report
from folkestrom.register.tables import REPORTED_UNIT, STAY, TABLES
from folkestrom.residence.publish import publish
from tests.reference.register import OPEN, Report, derived_tables
from tests.register.histories import logs
from tests.register.log import lists_side_by_side

#: The histories' places 1, 2, 3: Oslo, and two municipalities of one county.
PLACES = {1: 301, 2: 1101, 3: 1103}
COUNTIES = {301: 3, 1101: 11, 1103: 11}

_REPORT = """
    CREATE TABLE report (
      position BIGINT, source SMALLINT, source_report_id VARCHAR, key_hash UBIGINT,
      received_at TIMESTAMP, known_from DATE, person BIGINT, kind TINYINT,
      annuls VARCHAR, corrects VARCHAR, target BIGINT, event_date DATE
    )
"""
_STRETCH = 150


def stretched_logs(most: int = 12) -> st.SearchStrategy[list[Report]]:
    """Random logs of years instead of days: knowledge comes in the time of the events."""
    return logs(most).map(lambda reports: [_stretched(report) for report in reports])


def _stretched(report: Report) -> Report:
    days = (report.received_at.date() - date(2000, 1, 1)).days
    lag = report.known_from - report.received_at.date()
    received = report.received_at + timedelta(days=days * (_STRETCH - 1))
    place = None if report.municipality is None else PLACES[report.municipality]
    unit = None if place is None else place * 10_000 + (report.basic_unit or 0)
    return replace(
        report,
        received_at=received,
        known_from=received.date() + lag,
        municipality=place,
        basic_unit=unit,
    )


def _create_log(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(_REPORT)
    connection.execute("CREATE TABLE source AS SELECT 1::SMALLINT AS code, 'test' AS name")
    create_view(connection, [known_report()])


def store_of(reports: Sequence[Report]) -> duckdb.DuckDBPyConnection:
    """An open store with the log and its derived tables."""
    connection = duckdb.connect()
    fill(connection, derived_tables(reports))
    _create_log(connection)
    rows = [_report_row(report) for report in reports]
    insert(connection, "report", rows)
    return connection


def fill(connection: duckdb.DuckDBPyConnection, tables: dict[str, Any]) -> None:
    """Create every derived table and put rows into it."""
    stays = list(tables.get("stay", ()))
    place = STAY.index("basic_unit")
    units = {unit: n for n, unit in enumerate(sorted({stay[place] for stay in stays}), start=1)}
    connection.execute(f"CREATE TABLE {REPORTED_UNIT} (basic_unit INTEGER, unit INTEGER)")
    insert(connection, REPORTED_UNIT, units.items())
    rows = tables | {"stay": [(*stay, units[stay[place]]) for stay in stays]}
    for table in TABLES:
        connection.execute(table.create_sql())
        insert(connection, table.name, rows.get(table.name, ()))
    publish(connection)


def insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Sequence[Any]]
) -> None:
    values = list(rows)
    if not values:
        return
    columns = [list(column) for column in zip(*values, strict=True)]
    connection.execute(f"INSERT INTO {table} SELECT {lists_side_by_side(len(columns))}", columns)


def _report_row(report: Report) -> list[Any]:
    aim = f"R{report.target or 0}" if report.aims else None
    annulment = report.kind == 10
    return [
        report.position,
        1,
        f"R{report.position}",
        report.key_hash,
        report.received_at,
        report.known_from,
        report.person,
        report.kind,
        aim if annulment else None,
        None if annulment else aim,
        report.target,
        report.event_date,
    ]


#: One hand-made resident: everything that a stay needs, to be varied.
RESIDENT = {
    "person": 1,
    "municipality": 301,
    "basic_unit": 3010001,
    "dwelling": None,
    "sex": 1,
    "birth_date": date(1980, 6, 1),
    "country_of_birth": 166,
    "valid_from": date(1999, 12, 31),
    "valid_to": OPEN,
    "known_from": date(2000, 1, 1),
    "known_to": OPEN,
    "position": 1,
}


def hand_made(rows: Iterable[dict[str, Any]], **more: Iterable[Sequence[Any]]) -> Any:
    """A store with rows of stays, each given by what differs from `RESIDENT`."""
    connection = duckdb.connect()
    stays = [tuple((RESIDENT | row).values()) for row in rows]
    fill(connection, {"stay": stays, **more})
    _create_log(connection)
    connection.execute("INSERT INTO report (known_from) VALUES (DATE '2030-01-01')")
    return connection
