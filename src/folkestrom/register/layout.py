"""Where rows lie in the file, so that a query about one day reads few of them.

DuckDB keeps the least and greatest value of each column for every group of 122 880 rows, and skips
groups that cannot hold what is asked. Rows that are still what is known therefore lie apart from
superseded ones; the former by when they end, the latter by when they were superseded. Rows are
collected class by class, and written whenever a class has filled groups.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from folkestrom.engine.rows import column_of
from folkestrom.register.kernel.rows import Integers
from folkestrom.register.tables import OPEN_DAY, REPORTED_UNIT, Column, Table

#: Rows that DuckDB stores and skips together.
GROUP: Final = 122_880
#: Groups written by one statement: enough to keep every thread busy.
_WRITTEN_TOGETHER: Final = 8
_FIRST_BLOCKS: Final = 128

_FIRST_DAY: Final = 3_652  # 1 January 1980
_DAYS_A_YEAR: Final = 365.2425
_YEARS: Final = 80


class Plan(NamedTuple):
    """How a table's rows fall into classes, in numbers for the kernel."""

    ends: int  # the column by which current rows lie, or -1
    known_to: int
    days: float  # of one class
    group: int  # rows of a block


def plan_of(table: Table, group: int = GROUP) -> Plan:
    """The plan of a table."""
    ends = -1 if table.ends is None else table.index(table.ends)
    return Plan(ends, table.index("known_to"), table.years * _DAYS_A_YEAR, group)


@njit(nogil=True, inline="always")
def class_of_row(rows: Integers, i: int, plan: Plan) -> int:
    """Class of a row: first what is current, by end; then what is superseded, by when it was."""
    superseded = rows[plan.known_to, i] != OPEN_DAY
    day = rows[plan.known_to, i]
    if not superseded:
        day = rows[plan.ends, i] if plan.ends >= 0 else OPEN_DAY
    years = int((min(day, _FIRST_DAY + _YEARS * 366) - _FIRST_DAY) / plan.days)
    within = _YEARS + 1 if day == OPEN_DAY else max(0, min(years, _YEARS))
    return (_YEARS + 2) * superseded + within


_CLASSES: Final = 2 * (_YEARS + 2)


@njit(cache=True, nogil=True)
def _find_places(
    rows: Integers, start: int, plan: Plan, block_of: Integers, filled: Integers, places: Integers
) -> int:
    """Place rows into the blocks of their classes until one has no block; return that row."""
    for i in range(start, rows.shape[1]):
        block = block_of[class_of_row(rows, i, plan)]
        if block < 0 or filled[block] == plan.group:
            return i
        places[i] = block * plan.group + filled[block]
        filled[block] += 1
    return int(rows.shape[1])


@njit(cache=True, nogil=True)
def _class_at(rows: Integers, i: int, plan: Plan) -> int:
    return class_of_row(rows, i, plan)


@njit(cache=True, nogil=True)
def _scatter(values: Integers, places: Integers, start: int, end: int, blocks: Any) -> None:
    for i in range(start, end):
        blocks[places[i]] = values[i]


class TableWriter:
    """Collects rows of one table and writes them, class by class, to the store.

    Parameters
    ----------
    table
        The table.
    group
        Rows of a block.
    """

    def __init__(self, table: Table, group: int = GROUP) -> None:
        self.table = table
        self._plan = plan_of(table, group)
        self._block_of = np.full(_CLASSES, -1, np.int64)
        self._filled = np.zeros(0, np.int64)
        self._blocks = [np.empty(0, column.dtype) for column in table.columns]
        self._free: list[int] = []
        self._full: list[int] = []

    def add(self, rows: Integers) -> None:
        """Take rows as `[column, row]` numbers."""
        places = np.empty(rows.shape[1], np.int64)
        start = 0
        while start < rows.shape[1]:
            end = _find_places(rows, start, self._plan, self._block_of, self._filled, places)
            for values, blocks in zip(rows, self._blocks, strict=True):
                _scatter(values, places, start, end, blocks)
            start = end
            if start < rows.shape[1]:
                self._new_block(_class_at(rows, start, self._plan))

    def _new_block(self, number: int) -> None:
        """Give a class an empty block."""
        if self._block_of[number] >= 0:
            self._full.append(int(self._block_of[number]))
        if not self._free:
            self._grow()
        block = self._free.pop()
        self._filled[block] = 0
        self._block_of[number] = block

    def _grow(self) -> None:
        # Memory is taken page by page as rows come, so room for many blocks costs nothing; growing
        # later on, which does copy, is for histories that no country has.
        old = len(self._filled)
        new = max(_FIRST_BLOCKS, 2 * old)
        self._filled = np.concatenate((self._filled, np.zeros(new - old, np.int64)))
        for number, blocks in enumerate(self._blocks):
            larger = np.empty(new * self._plan.group, blocks.dtype)
            larger[: len(blocks)] = blocks
            self._blocks[number] = larger
        self._free = list(range(new - 1, old - 1, -1))

    def write_full(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write full blocks, if there are enough of them to be worth it."""
        if len(self._full) >= _WRITTEN_TOGETHER:
            self._write(connection, self._full)
            self._free += self._full
            self._full = []

    def write_rest(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write all that is left; nothing may be added afterwards."""
        rest = [int(block) for block in self._block_of if block >= 0]
        self._write(connection, self._full + rest)
        self._blocks = []

    def _write(self, connection: duckdb.DuckDBPyConnection, blocks: list[int]) -> None:
        batches = [self._batch(block) for block in blocks if self._filled[block]]
        if batches:
            insert_arrow(connection, self.table, pa.Table.from_batches(batches))

    def _batch(self, block: int) -> pa.RecordBatch:
        first = block * self._plan.group
        rows = slice(first, first + int(self._filled[block]))
        columns = zip(self.table.columns, self._blocks, strict=True)
        arrays = [arrow_column(column, values[rows]) for column, values in columns]
        return pa.record_batch(arrays, names=list(self.table.names))


def arrow_column(column: Column, values: NDArray[Any]) -> pa.Array:
    """An array as an Arrow column, with the least number of its type as NULL."""
    mask = values == np.iinfo(values.dtype).min if column.nullable else None
    array = column_of(values, mask)
    return array.view(pa.date32()) if column.type == "DATE" else array


def arrow_table(table: Table, rows: Integers) -> pa.Table:
    """Rows given as `[column, row]` numbers, as an Arrow table with the table's columns."""
    columns = [
        arrow_column(column, values.astype(column.dtype))
        for column, values in zip(table.columns, rows, strict=True)
    ]
    return pa.table(columns, names=list(table.names))


def with_listed(connection: duckdb.DuckDBPyConnection, table: Table, rows: pa.Table) -> pa.Table:
    """Rows with the number of their basic unit, if their table has it.

    Parameters
    ----------
    connection
        A store whose list has the units of all its reports.
    table
        The table.
    rows
        Its columns.
    """
    if table.listed is None:
        return rows
    listed = connection.execute(f"SELECT basic_unit, unit FROM {REPORTED_UNIT}").fetchnumpy()
    numbers = np.zeros(int(listed["basic_unit"].max(initial=0)) + 2, np.int32)
    numbers[listed["basic_unit"]] = listed["unit"]
    found = numbers.take(rows["basic_unit"].to_numpy(), mode="clip")
    if not found.all():  # 0: on no list; whoever joins by it would lose the row
        raise RuntimeError(f"{table.name}: a row has a basic unit that no report has")
    return rows.append_column(table.listed.name, pa.array(found))


def insert_arrow(connection: duckdb.DuckDBPyConnection, table: Table, rows: pa.Table) -> None:
    """Append rows to a table of the store."""
    connection.register("arriving_rows", with_listed(connection, table, rows))
    try:
        connection.execute(f"INSERT INTO {table.name} SELECT * FROM arriving_rows")
    finally:
        connection.unregister("arriving_rows")
