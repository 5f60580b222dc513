"""Working new reports in: only what they change about the persons concerned is written.

Those persons are swept twice, without the new reports and with them. Rows that only the former
gives are deleted, rows that only the latter gives are inserted; most of a person's rows are in
both, and stay where they lie.
"""

from __future__ import annotations

import logging
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from folkestrom.engine.rows import column_of
from folkestrom.register.kernel.rows import AIMS_BY_LINK, Integers, select_list
from folkestrom.register.kernel.sink import Sink, rows_of
from folkestrom.register.kernel.sweep import swept
from folkestrom.register.layout import arrow_table, insert_arrow
from folkestrom.register.log_rows import packed_persons, read_merged
from folkestrom.register.merges import rulings
from folkestrom.register.tables import OPEN_DAY, TABLES, Table

_log = logging.getLogger("folkestrom")
_KEYS: Final = ("person", "position", "reason_code", "known_from")
_CONCERNED: Final = "concerned_reports"
#: Days without a row to delete, after which rows in between are no longer looked through.
_GAP: Final = 731


def work_in(connection: duckdb.DuckDBPyConnection, after_position: int) -> bool:
    """Bring the tables from a log position to the log's end, person by person concerned.

    Parameters
    ----------
    connection
        The store, in the caller's transaction.
    after_position
        Position of the last report that the tables were made from.

    Returns
    -------
    bool
        False when rows that should have been there were not: the tables cannot be trusted then,
        and must all be made again.
    """
    before, now = _swept_before_and_now(connection, after_position)
    for number, table in enumerate(TABLES):
        gone, new = _difference(rows_of(before, number), rows_of(now, number))
        if _delete(connection, table, gone) != gone.shape[1]:
            _log.warning(
                "The table %s was not as the log makes it; making all tables again.", table.name
            )
            return False
        if new.shape[1]:
            insert_arrow(connection, table, arrow_table(table, new))
    return True


def _swept_before_and_now(
    connection: duckdb.DuckDBPyConnection, after_position: int
) -> tuple[Sink, Sink]:
    """What the reports of the persons concerned gave without the new ones, and give with them."""
    merged = read_merged(connection)
    ruled = rulings(merged)
    ruled_before = rulings(merged[merged["position"] <= after_position])
    ruled_anew = {row[0] for row in set(ruled.tolist()) ^ set(ruled_before.tolist())}
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {_CONCERNED} AS
        SELECT {select_list(AIMS_BY_LINK)} FROM report
        WHERE person IN (
          SELECT person FROM report WHERE position > $after UNION SELECT unnest($ruled_anew)
        )
        """,
        {"after": after_position, "ruled_anew": sorted(ruled_anew)},
    )
    now = swept(packed_persons(connection, _CONCERNED, ruled).rows)
    earlier = f"(FROM {_CONCERNED} WHERE position <= {after_position})"
    before = swept(packed_persons(connection, earlier, ruled_before).rows)
    connection.execute(f"DROP TABLE {_CONCERNED}")
    return before, now


def _difference(before: Integers, now: Integers) -> tuple[Integers, Integers]:
    """Rows only in the former, and rows only in the latter, as `[column, row]`."""
    one, other = _as_bytes(before), _as_bytes(now)
    in_one, in_other = set(one), set(other)
    gone = [row not in in_other for row in one]
    new = [row not in in_one for row in other]
    return before[:, np.array(gone, bool)], now[:, np.array(new, bool)]


def _as_bytes(rows: Integers) -> list[bytes]:
    """Each row as one value that can be compared."""
    width = rows.itemsize * len(rows)
    whole = np.ascontiguousarray(rows.T).tobytes()
    return [whole[start : start + width] for start in range(0, len(whole), width)]


def _delete(connection: duckdb.DuckDBPyConnection, table: Table, gone: Integers) -> int:
    """Delete rows; return how many were there.

    They are looked for where rows of their classes lie, by their position alone, and then deleted
    by their place: DuckDB reads few columns of few groups for that, where a join on the whole key
    would read several of all.
    """
    if not gone.shape[1]:
        return 0
    keys = [name for name in _KEYS if name in table.names]
    columns = {name: column_of(gone[table.index(name)]) for name in keys}
    known_from = gone[table.index("known_from")].astype(np.int32)
    columns["known_from"] = column_of(known_from).view(pa.date32())
    connection.register("arriving_rows", pa.table(columns))
    connection.execute("CREATE OR REPLACE TEMP TABLE gone_rows AS FROM arriving_rows")
    connection.unregister("arriving_rows")
    near = " UNION ALL ".join(
        f"SELECT rowid AS place, {', '.join(keys)} FROM {table.name} "
        f"WHERE position IN (SELECT position FROM gone_rows) AND {where}"
        for where in _neighbourhoods(table, gone)
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE near_rows AS {near}")
    ((deleted,),) = connection.execute(
        f"""
        DELETE FROM {table.name}
        WHERE rowid IN (SELECT place FROM near_rows JOIN gone_rows USING ({", ".join(keys)}))
        """
    ).fetchall()
    connection.execute("DROP TABLE gone_rows")
    connection.execute("DROP TABLE near_rows")
    return int(deleted)


def _neighbourhoods(table: Table, gone: Integers) -> list[str]:
    """Conditions that hold for the rows to delete, and for few groups of the table's rows."""
    known_to = gone[table.index("known_to")]
    current = known_to == OPEN_DAY
    found = [
        f"known_to <> {_day(OPEN_DAY)} AND {span}"
        for span in _spans("known_to", known_to[~current])
    ]
    if not current.any():
        return found
    still = f"known_to = {_day(OPEN_DAY)}"
    if table.ends is None:
        return [*found, still]
    spans = _spans(table.ends, gone[table.index(table.ends)][current])
    return [*found, *(f"{still} AND {span}" for span in spans)]


def _spans(column: str, days: Integers) -> list[str]:
    """Spans of time that cover some days, broken where for two years there are none."""
    days = np.unique(days)
    breaks = np.flatnonzero(np.diff(days) > _GAP) + 1
    return [
        f"{column} BETWEEN {_day(part[0])} AND {_day(part[-1])}"
        for part in np.split(days, breaks)
        if len(part)
    ]


def _day(number: int) -> str:
    return f"DATE '{np.datetime64(int(number), 'D')}'"
