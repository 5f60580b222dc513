"""A log in memory, with reports of the reference interpreter, as intake would have left it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from folkestrom.engine.settings import EngineSettings, connect
from folkestrom.engine.store_meta import create_meta
from folkestrom.intake.tables import REPORT_COLUMNS, create_tables
from folkestrom.register.tables import TABLES
from tests.reference.register import ANNULMENT, Report, Tables


def empty_log() -> duckdb.DuckDBPyConnection:
    connection = connect(settings=EngineSettings(memory="1GiB", threads=2))
    create_meta(connection, 1)
    create_tables(connection)
    return connection


def append(connection: duckdb.DuckDBPyConnection, reports: Iterable[Report]) -> None:
    """Append reports; targets are those that have come, of old reports too."""
    rows = [_row(report) for report in reports]
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        connection.execute(f"INSERT INTO report SELECT {lists_side_by_side(len(columns))}", columns)
    connection.execute(
        """
        INSERT INTO link
        SELECT position, source, key_hash, person, known_from, received_at,
          coalesce(annuls, corrects), 0, NULL, 0
        FROM report
        WHERE coalesce(annuls, corrects) IS NOT NULL
          AND position NOT IN (SELECT position FROM link)
        """
    )
    connection.execute(
        """
        UPDATE report SET target = aimed.position
        FROM report AS aimed
        WHERE aimed.source_report_id = coalesce(report.annuls, report.corrects)
          AND report.target IS NULL
        """
    )


def lists_side_by_side(count: int) -> str:
    """Columns given as lists, for a statement that would otherwise be made once a row."""
    return ", ".join(["unnest(?)"] * count)


def _row(report: Report) -> list[Any]:
    row = dict.fromkeys(REPORT_COLUMNS)
    row |= {name: getattr(report, name) for name in REPORT_COLUMNS if hasattr(report, name)}
    row |= {"batch": 1, "source": 1, "source_report_id": f"R{report.position}", "target": None}
    row["received_at"] = report.received_at.replace(tzinfo=None)
    aimed = f"R{report.target}" if report.target is not None else "not come"
    if report.aims:
        row["annuls" if report.kind == ANNULMENT else "corrects"] = aimed
    return [row[name] for name in REPORT_COLUMNS]


def stored_tables(connection: duckdb.DuckDBPyConnection) -> Tables:
    tables: Tables = {}
    for table in TABLES:
        rows = connection.execute(f"SELECT {', '.join(table.names)} FROM {table.name}").fetchall()
        assert len(set(rows)) == len(rows), f"{table.name} holds a row twice"
        tables[table.name] = set(rows)
    return tables
