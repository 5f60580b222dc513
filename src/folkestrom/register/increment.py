"""Working new reports in: only what they change about the persons concerned is written.

Those persons are swept twice, without the new reports and with them. Rows that only the former
gives are deleted, rows that only the latter gives are inserted; most of a person's rows are in
both, and stay where they lie.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.register.kernel.rows import Integers
from folkestrom.register.kernel.sink import Sink, new_sink, rows_of
from folkestrom.register.kernel.sweep import sweep
from folkestrom.register.kernel.work import new_work
from folkestrom.register.layout import arrow_table, insert_arrow
from folkestrom.register.log_rows import PersonRows, read_persons
from folkestrom.register.tables import OPEN_DAY, TABLES, Table

_log = logging.getLogger("folkestrom")
_KEYS: Final = ("person", "position", "reason_code", "known_from")
_CONCERNED: Final = "concerned_reports"


def work_in(connection: duckdb.DuckDBPyConnection, after_position: int) -> bool:
    """Bring the tables from a log position to the log's end, person by person concerned.

    False when rows that should have been there were not: the tables cannot be trusted then, and
    have to be made anew.
    """
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {_CONCERNED} AS
        SELECT * EXCLUDE (source, source_report_id, value) FROM report
        WHERE person IN (SELECT person FROM report WHERE position > $after)
        """,
        {"after": after_position},
    )
    now = _swept(read_persons(connection, _CONCERNED))
    before = _swept(
        read_persons(connection, f"(FROM {_CONCERNED} WHERE position <= {after_position})")
    )
    connection.execute(f"DROP TABLE {_CONCERNED}")
    for number, table in enumerate(TABLES):
        gone, new = _difference(rows_of(before, number), rows_of(now, number))
        if _delete(connection, table, gone) != gone.shape[1]:
            _log.warning(
                "The table %s was not as the log makes it; making all tables again.", table.name
            )
            return False
        if new.shape[1]:
            insert_arrow(connection, table.name, arrow_table(table, new))
    return True


def _swept(log: PersonRows) -> Sink:
    sink = new_sink(4 * len(log.rows) + 16)
    return sweep(log.rows, log.starts, (0, log.persons), new_work(log.longest), sink)


def _difference(before: Integers, now: Integers) -> tuple[Integers, Integers]:
    """Rows only in the former, and rows only in the latter, as `[column, row]`."""
    one, other = _whole(before), _whole(now)
    return before[:, ~np.isin(one, other)], now[:, ~np.isin(other, one)]


def _whole(rows: Integers) -> NDArray[np.void]:
    """Each row as one value that can be compared."""
    turned = np.ascontiguousarray(rows.T)
    return turned.view(np.dtype((np.void, turned.dtype.itemsize * turned.shape[1]))).ravel()


def _delete(connection: duckdb.DuckDBPyConnection, table: Table, gone: Integers) -> int:
    """Delete rows; return how many were there."""
    deleted = 0
    for where, chosen in _neighbourhoods(table, gone):
        if chosen.any():
            deleted += _delete_among(connection, table, gone[:, chosen], where)
    return deleted


def _neighbourhoods(table: Table, gone: Integers) -> list[tuple[str, NDArray[np.bool_]]]:
    """Rows to delete by where they lie, with conditions that spare the rest of the table."""
    known_to = gone[table.index("known_to")]
    current = known_to == OPEN_DAY
    superseded = (_within("known_to", known_to[~current]), ~current)
    if table.ends is None:
        return [(_within("known_to", known_to[current]), current), superseded]
    ends = gone[table.index(table.ends)]
    lasting, ended = current & (ends == OPEN_DAY), current & (ends != OPEN_DAY)
    still = _within("known_to", known_to[current])
    return [
        (f"{still} AND {_within(table.ends, ends[lasting])}", lasting),
        (f"{still} AND {_within(table.ends, ends[ended])}", ended),
        superseded,
    ]


def _within(column: str, days: Integers) -> str:
    if not len(days):
        return "false"
    first, last = (f"DATE '1970-01-01' + {int(day)}" for day in (days.min(), days.max()))
    return f"t.{column} BETWEEN {first} AND {last}"


def _delete_among(
    connection: duckdb.DuckDBPyConnection, table: Table, gone: Integers, where: str
) -> int:
    keys = [name for name in _KEYS if name in table.names]
    columns: dict[str, Any] = {name: gone[table.index(name)] for name in keys}
    columns["known_from"] = pa.array(columns["known_from"].astype(np.int32)).view(pa.date32())
    connection.register("gone_rows", pa.table(columns))
    same = " AND ".join(f"t.{name} = g.{name}" for name in keys)
    try:
        ((deleted,),) = connection.execute(
            f"DELETE FROM {table.name} t USING gone_rows g WHERE {same} AND {where}"
        ).fetchall()
    finally:
        connection.unregister("gone_rows")
    return int(deleted)
