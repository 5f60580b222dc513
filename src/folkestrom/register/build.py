"""Bringing the derived tables up to the log's end: all of them, or the persons concerned.

Modules that compile are imported when they are needed: a process that only reads tables imports
this one to know their version, and should not wait for a compiler.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import duckdb

from folkestrom.engine.settings import EngineSettings, connect, memory_of, threads_of
from folkestrom.engine.steps import compose, create_view, step
from folkestrom.intake.tables import create_tables
from folkestrom.register.log_view import known_report
from folkestrom.register.tables import REPORTED_UNIT, TABLES

if TYPE_CHECKING:
    from folkestrom.register.kernel.memory import Memory
    from folkestrom.register.kernel.rows import Integers
    from folkestrom.register.kernel.sink import Sink
    from folkestrom.register.log_rows import PersonRows

#: Up to this share of the log, new reports are worked in; beyond, making all anew is faster.
_WORKED_IN: Final = 0.02
#: Always worked in, however small the log is.
_FEW: Final = 2_000

#: Persons that one thread sweeps before the rows are handed on.
_ROUND: Final = 1 << 14
#: A log of one report, to compile with.
_ONE_BIRTH: Final = """
INSERT INTO report BY NAME
SELECT 1 AS position, 1 AS batch, 1 AS key_hash, DATE '2000-01-02' AS known_from, 1 AS source,
  '1' AS source_report_id, TIMESTAMP '2000-01-01' AS received_at, 1 AS person, 2 AS kind,
  DATE '2000-01-01' AS event_date, 301 AS municipality, 3010000 AS basic_unit
"""


class Taker(Protocol):
    """Who takes the rows of one table, part by part."""

    def add(self, rows: Integers) -> None:
        """Take rows as `[column, row]` numbers; may be called in any thread."""

    def write_full(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Do with them what there are enough of."""

    def write_rest(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Do the rest; nothing comes afterwards."""


def update(connection: duckdb.DuckDBPyConnection, after_position: int) -> None:
    """Bring the derived tables from a log position to the log's end.

    Parameters
    ----------
    connection
        The store, in the caller's transaction.
    after_position
        Position of the last report that the tables were made from; 0 makes them from nothing.
    """
    from folkestrom.register.increment import work_in

    few = after_position > 0 and _worth_working_in(connection, after_position)
    if few:
        _list_units(connection, after_position)
    if not (few and work_in(connection, after_position)):
        rebuild(connection)
    create_view(connection, [known_report()])


def _list_units(connection: duckdb.DuckDBPyConnection, after_position: int) -> None:
    """Bring the list of basic units from a log position to the log's end."""
    if not after_position:
        columns = "basic_unit INTEGER NOT NULL, unit INTEGER NOT NULL"
        connection.execute(f"CREATE OR REPLACE TABLE {REPORTED_UNIT} ({columns})")
    text = f"INSERT INTO {REPORTED_UNIT} {compose([new_units()])}"
    connection.execute(text, {"after": after_position})


@step("new_units", reads=["report", "reported_unit"])
def new_units() -> str:
    """Basic units of reports after `$after` that are not listed, numbered after those that are."""
    reported = " UNION ".join(
        f"SELECT {unit} AS basic_unit FROM report WHERE position > $after AND {unit} IS NOT NULL"
        for unit in ("basic_unit", "basic_unit_from")
    )
    return f"""
        SELECT basic_unit, listed + row_number() OVER (ORDER BY basic_unit) AS unit
        FROM ({reported}), (SELECT count(*) AS listed FROM {REPORTED_UNIT})
        WHERE basic_unit NOT IN (SELECT basic_unit FROM {REPORTED_UNIT})
    """


def _worth_working_in(connection: duckdb.DuckDBPyConnection, after_position: int) -> bool:
    counts = "SELECT count(*) FILTER (position > $after), count(*) FROM report"
    ((new, all_reports),) = connection.execute(counts, {"after": after_position}).fetchall()
    return bool(new <= max(_FEW, _WORKED_IN * all_reports))


def rebuild(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every derived table anew from the whole log."""
    from folkestrom.register.layout import TableWriter

    for table in TABLES:
        connection.execute(table.create_sql())
    _list_units(connection, 0)
    sweep_log(connection, [TableWriter(table) for table in TABLES])


def sweep_log(connection: duckdb.DuckDBPyConnection, writers: Sequence[Taker]) -> None:
    """Sweep everybody's reports, and hand the rows of each table to one who takes them.

    Parameters
    ----------
    connection
        The store.
    writers
        One a table, in the order of `TABLES`.
    """
    from folkestrom.register.log_rows import (
        in_range,
        ranges_of_persons,
        read_merged,
        read_persons,
        rows_in_range,
    )
    from folkestrom.register.merges import rulings

    ruled = rulings(read_merged(connection))
    # Half of what the engine may use, beside the engine itself.
    for bounds in list(ranges_of_persons(connection, memory_of(connection) // 2)):
        log = read_persons(connection, in_range(*bounds), rows_in_range(ruled, *bounds))
        sweep_into(connection, log, writers)
    for writer in writers:
        writer.write_rest(connection)


def compile_kernels() -> None:
    """Compile what makes the tables, or load it from the disk, where it stays for next time."""
    with connect(settings=EngineSettings(threads=1)) as connection:
        create_tables(connection)
        connection.execute(_ONE_BIRTH)
        rebuild(connection)


def sweep_into(
    connection: duckdb.DuckDBPyConnection, log: PersonRows, writers: Sequence[Taker]
) -> None:
    """Sweep all persons, some thousands in each thread at a time, and write what comes of it.

    Which persons a thread takes depends on nothing but their number, and rows are collected in the
    order of persons: the file is the same whatever the number of threads does in between.
    """
    from folkestrom.register.kernel.memory import new_work
    from folkestrom.register.kernel.sink import new_sink

    threads = threads_of(connection)
    works = [new_work(log.longest) for _ in range(threads)]
    sinks = [new_sink(4 * _ROUND) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, log.persons, threads * _ROUND):
            starts = range(first, min(first + threads * _ROUND, log.persons), _ROUND)
            ranges = [(start, min(start + _ROUND, log.persons)) for start in starts]
            swept = list(pool.map(partial(_swept, log), ranges, works, sinks))
            tables = _largest_first(swept)
            list(pool.map(partial(_collect, swept), tables, [writers[t] for t in tables]))
            # A sink that grew stays as large as it got.
            sinks[: len(swept)] = swept
            for writer in writers:
                writer.write_full(connection)


def _swept(log: PersonRows, bounds: tuple[int, int], work: Memory, sink: Sink) -> Sink:
    from folkestrom.register.kernel.sweep import sweep

    sink.counts[:] = 0
    return sweep(log.rows, log.starts, bounds, work, sink)


def _largest_first(sinks: list[Sink]) -> list[int]:
    """The tables by the size of what they have got: no thread is left alone with the largest."""
    sizes = [
        len(table.columns) * sum(int(sink.counts[number]) for sink in sinks)
        for number, table in enumerate(TABLES)
    ]
    return sorted(range(len(TABLES)), key=sizes.__getitem__, reverse=True)


def _collect(sinks: list[Sink], number: int, writer: Taker) -> None:
    from folkestrom.register.kernel.sink import rows_of

    for sink in sinks:
        writer.add(rows_of(sink, number))
