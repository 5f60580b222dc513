"""Quarantine: records that were not accepted wait there, whole, with what is wrong with them."""

from __future__ import annotations

from typing import Final

import duckdb

from folkestrom.engine.rows import is_any
from folkestrom.intake.reasons import Reason
from folkestrom.intake.tables import CONTENT_COLUMNS, LINES
from folkestrom.model.codes import CODE_LISTS, code_names
from folkestrom.model.countries import COUNTRIES
from folkestrom.model.report import BASIC_UNIT_DIGITS, BY_NAME, MUNICIPALITY_DIGITS, Type

_WORK_TABLES: Final[dict[str, str]] = {
    # Records on their way to quarantine.
    "held_back": "position BIGINT, reason VARCHAR, column_name VARCHAR, value VARCHAR, "
    "allowed VARCHAR, record VARCHAR, line BLOB",
    # What became of records of this intake that are not in the log; of repeats of what quarantine
    # knows, by which digest it does.
    "outcome": "position BIGINT, is_repeat BOOLEAN, digest VARCHAR",
    # Records of earlier intakes that this one took out of the log, or out of the refused ones.
    "gone": "position BIGINT, was_in_log BOOLEAN",
    # Positions that this intake let back into the log.
    "came_back": "position BIGINT",
    # Records that come back from quarantine, with their number there.
    "coming_back": "position BIGINT, id BIGINT",
    # Files of this intake.
    "arriving": "first BIGINT, last BIGINT, file VARCHAR",
}


def make_work_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the empty temporary tables that one intake works with."""
    for name, columns in _WORK_TABLES.items():
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")


def quarantine_records(connection: duckdb.DuckDBPyConnection, batch: int, first: int) -> None:
    """Move `held_back` to quarantine; what waits there already is a repeat.

    A record that comes back from quarantine and is still wrong keeps the file and the row that it
    was first delivered in.

    Parameters
    ----------
    connection
        The store, in a transaction.
    batch
        The intake.
    first
        Its first position: records before it came earlier and leave the log only now.
    """
    if not is_any(connection, "held_back"):
        return
    connection.execute(_JUDGED, {"batch": batch, "first": first})
    connection.execute(
        """
        INSERT INTO quarantine
        SELECT
          (SELECT coalesce(max(id), 0) FROM quarantine) + row_number() OVER (ORDER BY j.position),
          $batch,
          coalesce(o.file, a.file, d.file),
          coalesce(o."row", j.position - coalesce(a.first, d.first_position) + 1),
          j.reason, j.column_name, j.value,
          CASE j.reason WHEN $broken THEN $a_line ELSE j.allowed END,
          j.record, j.digest, j.position, NULL
        FROM judged j
        LEFT JOIN coming_back c ON c.position = j.position
        LEFT JOIN quarantine o ON o.id = c.id
        LEFT JOIN arriving a ON j.position BETWEEN a.first AND a.last
        LEFT JOIN delivery d
          ON j.position BETWEEN d.first_position AND d.first_position + d.read - 1
        WHERE NOT j.is_repeat
        """,
        {"batch": batch, "broken": Reason.BROKEN_RECORD, "a_line": _A_LINE},
    )
    connection.execute(
        f"INSERT INTO {LINES} SELECT q.id, j.line FROM judged j JOIN quarantine q "
        "ON q.position = j.position AND q.batch = $batch AND q.closed_by IS NULL "
        "WHERE NOT j.is_repeat AND j.line IS NOT NULL",
        {"batch": batch},
    )
    connection.execute(
        "INSERT INTO outcome SELECT position, is_repeat, digest FROM judged "
        "WHERE position >= $first",
        {"first": first},
    )
    connection.execute("DELETE FROM held_back")


_A_LINE: Final = (
    "as many values as the first line has columns (CSV), or one whole JSON object (NDJSON)"
)

#: Whether quarantine knows a record, by its `digest` and `position`: it waits there, or it did
#: until an earlier intake. What comes back from quarantine is known by what waits only: whatever it
#: was in earlier rounds, its place has just been closed, and it would have no other.
IS_KNOWN: Final = """(
    digest IN (SELECT q.digest FROM quarantine q WHERE q.closed_by IS NULL)
    OR (
      position NOT IN (SELECT c.position FROM coming_back c)
      AND digest IN (SELECT q.digest FROM quarantine q WHERE q.closed_by <> $batch)
    )
)"""

_JUDGED: Final = f"""
    CREATE OR REPLACE TEMP TABLE judged AS
    SELECT
      *,
      position >= $first AND (
        row_number() OVER (PARTITION BY digest ORDER BY position) > 1 OR {IS_KNOWN}
      ) AS is_repeat
    FROM (
      SELECT *, CASE WHEN line IS NULL THEN md5(record) ELSE md5(line) END AS digest FROM held_back
    ) written
"""


def record_sql(alias: str) -> str:
    """SQL of a log row as the record it was made from: a JSON object of texts.

    Parameters
    ----------
    alias
        Name of the table with the log's columns.
    """
    fields = ", ".join(f"{name} := {written(alias, name)}" for name in CONTENT_COLUMNS)
    whole = f"to_json(struct_pack({fields}))"
    return f"json_merge_patch('{{}}'::JSON, {whole})::VARCHAR"


def written(alias: str, name: str) -> str:
    """SQL of a value of the log as files write it.

    Parameters
    ----------
    alias
        Name of the table.
    name
        The column, called as in reports.
    """
    column = BY_NAME[name]
    value = f"{alias}.{name}"
    if name == "source":
        return f"(SELECT s.name FROM source s WHERE s.code = {value})"
    if column.type == Type.TIMESTAMP:
        return f"strftime({value}, '%Y-%m-%dT%H:%M:%S.%fZ')"
    if column.codes in {"municipality", "basic_unit"}:
        digits = MUNICIPALITY_DIGITS if column.codes == "municipality" else BASIC_UNIT_DIGITS
        return f"lpad({value}::VARCHAR, {digits}, '0')"
    if column.codes == "country":
        return _listed(list(COUNTRIES), value, 1)
    if column.codes is not None:
        names = code_names(CODE_LISTS[column.codes])
        return _listed(list(names), value, min(names.values()))
    return f"{value}::VARCHAR"


def _listed(values: list[str], value: str, first: int) -> str:
    return f"('[{', '.join(values)}]'::VARCHAR[])[{value} - {first - 1}]"
