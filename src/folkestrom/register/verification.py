"""The derived tables against the log: made anew, and compared by digests, without writing any.

The digest of a table is how many rows it has and the sum of their hashes, so that the order of rows
does not matter. Rows made anew are hashed as they come, and thrown away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.engine.rows import lent
from folkestrom.engine.steps import compose, step
from folkestrom.register.build import sweep_log
from folkestrom.register.kernel.rows import Integers
from folkestrom.register.layout import arrow_table
from folkestrom.register.tables import BY_NAME, TABLES, Table

_ARRIVING: Final = "remade_rows"
#: Rows that are hashed together.
_TOGETHER: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Digest:
    """What stands for all rows of a table.

    Parameters
    ----------
    rows
        How many there are.
    hashes
        Sum of their hashes.
    """

    rows: int
    hashes: int

    def __add__(self, other: Digest) -> Digest:
        return Digest(self.rows + other.rows, self.hashes + other.hashes)


@step(
    "digest", reads=tuple(BY_NAME), duckdb_only="the hash is DuckDB's own",
    example={"table": TABLES[0]},
)  # fmt: skip
def digest(table: Table, source: str | None = None) -> str:
    """Number of rows of a table, and the sum of their hashes."""
    return f"""
        SELECT count(*) AS rows, coalesce(sum(hash({", ".join(table.names)})), 0) AS hashes
        FROM {source or table.name}
    """


def stored(connection: duckdb.DuckDBPyConnection, table: Table) -> Digest:
    """The digest of a table as it stands in the store."""
    return _digest(connection, table, table.name)


def remade(connection: duckdb.DuckDBPyConnection) -> Mapping[str, Digest]:
    """The digests that the tables have when they are made from the log as it is, by their names.

    Parameters
    ----------
    connection
        The store, which may be open for reading only.
    """
    sinks = [_Hashing(table) for table in TABLES]
    sweep_log(connection, sinks)
    return {sink.table.name: sink.digest for sink in sinks}


class _Hashing:
    """Takes rows of one table, and keeps their digest.

    Parameters
    ----------
    table
        The table.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.digest = Digest(0, 0)
        self._waiting: list[pa.Table] = []

    def add(self, rows: Integers) -> None:
        """Take rows as `[column, row]` numbers."""
        self._waiting.append(arrow_table(self.table, rows))

    def write_full(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Hash what has come, if it is enough to be worth it."""
        if sum(part.num_rows for part in self._waiting) >= _TOGETHER:
            self.write_rest(connection)

    def write_rest(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Hash all that is left."""
        if self._waiting:
            with lent(connection, **{_ARRIVING: pa.concat_tables(self._waiting)}):
                self.digest += _digest(connection, self.table, _ARRIVING)
        self._waiting = []


def _digest(connection: duckdb.DuckDBPyConnection, table: Table, source: str) -> Digest:
    rows = connection.execute(compose([digest(table, source)])).fetchall()
    return Digest(*(int(number) for number in rows[0]))
