"""Whether a store is what it should be: the log in itself, and the tables as the log makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import duckdb

from folkestrom.app.office.session import looking, register_tables
from folkestrom.engine.failures import resource_errors
from folkestrom.engine.steps import Step
from folkestrom.engine.store import Waiting
from folkestrom.engine.store_derived import is_fresh, log_state
from folkestrom.intake import integrity
from folkestrom.register.checks import audits, count_broken
from folkestrom.register.tables import TABLES
from folkestrom.register.verification import remade, stored
from folkestrom.residence.integrity import residence_differs
from folkestrom.statistics.retention import records

Result = Literal["ok", "failed", "skipped"]
_FRESH: Final = "The tables are made from the log as it is, by the method as it is"
_STALE: Final = "The tables are of an earlier log or method; the next question makes them again"
_FILES: Final = "Files that are kept have the rows that were drawn"
_LEFT_OVER: Final = (
    "No file is left of what was erased or expired; the next command that writes removes them"
)
_LINES: Final = "Each line of the retention log is as written, and follows the one before"
_SAME: Final = "The table has the rows that the log makes"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    part
        "log", "extracts", "tables" or "residence".
    name
        What was looked at.
    table
        The table it is about.
    result
        "ok", "failed" or "skipped".
    rows
        Rows that break the rule; None where it could not be counted.
    rule
        The rule, in words; of what failed otherwise, what happened.
    """

    part: str
    name: str
    table: str
    result: Result
    rows: int | None
    rule: str


def check(
    folder: Path, waiting: Waiting, progress: Callable[[str], None] | None = None
) -> list[Check]:
    """Look at a store, and change nothing.

    Parameters
    ----------
    folder
        The store.
    waiting
        How to wait for a writer.
    progress
        Told which table is looked at.
    """
    with looking(folder, waiting) as connection, resource_errors():
        return list(_checks(connection, folder, progress or (lambda _: None)))


def _checks(
    connection: duckdb.DuckDBPyConnection, folder: Path, say: Callable[[str], None]
) -> Iterator[Check]:
    say("the log")
    for table, audit in integrity.audits():
        yield _audited(connection, "log", table, audit)
    last = log_state(connection).position
    for name, table, rows, rule in integrity.counted(connection, last):
        yield Check("log", name, table, _result(rows), rows, rule)
    if records.extracts(connection) or records.log_lines(connection):
        say("the extracts")
        rows = records.changed_files(connection, folder)
        yield Check("extracts", "files", "extract", _result(rows), rows, _FILES)
        rows = len(records.unlisted(connection, folder))
        yield Check("extracts", "left_over", "extract", _result(rows), rows, _LEFT_OVER)
        rows = records.broken_lines(connection)
        yield Check("extracts", "lines", "retention_log", _result(rows), rows, _LINES)
    fresh = last == 0 or is_fresh(connection, register_tables())
    yield Check("tables", "fresh", "", "ok" if fresh else "skipped", 0, _FRESH if fresh else _STALE)
    if not fresh or last == 0:
        return
    for table, audit in audits():
        yield _audited(connection, "tables", table, audit)
    say("the tables, made from the log once more")
    yield from _compared(connection)
    say("residence")
    yield _audited(connection, "residence", "residence", residence_differs())


def _compared(connection: duckdb.DuckDBPyConnection) -> Iterator[Check]:
    """Each table beside what the log makes."""
    expected = remade(connection)
    for table in TABLES:
        try:
            found = stored(connection, table)
        except (duckdb.CatalogException, duckdb.BinderException):
            yield _unreadable("tables", "as_the_log_makes_it", table.name)
            continue
        same = found == expected[table.name]
        due = expected[table.name].rows
        many = abs(found.rows - due)
        rule = _SAME if same else f"{found.rows:,} rows that differ from the {due:,} that it makes"
        yield Check(
            "tables", "as_the_log_makes_it", table.name, "ok" if same else "failed", many, rule
        )


def _audited(connection: duckdb.DuckDBPyConnection, part: str, table: str, audit: Step) -> Check:
    try:
        rows = count_broken(connection, audit)
    except (duckdb.CatalogException, duckdb.BinderException):
        return _unreadable(part, audit.name, table)
    return Check(part, audit.name, table, _result(rows), rows, audit.rule.replace("\n", " "))


def _unreadable(part: str, name: str, table: str) -> Check:
    why = "The table is missing, or has lost a column: another program has written to the file"
    return Check(part, name, table, "failed", None, why)


def _result(rows: int) -> Result:
    return "failed" if rows else "ok"
