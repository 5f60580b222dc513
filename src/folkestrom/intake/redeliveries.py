"""Redeliveries of quarantined records: what was mended closes what waits, what was not still waits.

A delivery mends a record that waits from an earlier intake for what it says itself:

- under the same key, when a report of the same source and number is accepted;
- in the same place, when the record in the same row of a file of the same name is accepted, and
  what the one that waits says of itself fits: of a line that is no record, the line has the
  report's source and number among its values; of a record that is wrong in one of these two, the
  other one, `person`, `kind` and `event_date` are the same.

Closed records stay in the table, with the intake that closed them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from folkestrom.engine.rows import is_any
from folkestrom.intake.quarantine_records import record_sql
from folkestrom.intake.reasons import Reason

#: Reasons that lie in other records: to deliver the record once more changes nothing about them.
_OF_OTHERS: Final = (Reason.KEY_CONFLICT, Reason.OTHER_PERSON, Reason.CYCLE)
_KEY: Final = ("source", "source_report_id")


def close_mended(connection: duckdb.DuckDBPyConnection, batch: int, first: int) -> list[int]:
    """Close what waits and is mended by what this intake accepted; return the numbers.

    Parameters
    ----------
    connection
        The store, in a transaction, with what the intake accepted in `report`.
    batch
        The intake.
    first
        Its first position.
    """
    if not is_any(connection, "quarantine WHERE closed_by IS NULL AND batch < $b", {"b": batch}):
        return []
    rows = connection.execute(_MENDED, {"batch": batch, "first": first}).fetchall()
    numbers = [int(number) for (number,) in rows]
    if numbers:
        connection.execute(
            "UPDATE quarantine SET closed_by = $batch WHERE id IN (SELECT unnest($numbers))",
            {"batch": batch, "numbers": numbers},
        )
    return numbers


def still_waiting(connection: duckdb.DuckDBPyConnection, digests: Sequence[str]) -> list[int]:
    """Numbers of records that wait of files that were delivered before.

    Parameters
    ----------
    connection
        The store.
    digests
        Digests of the files.
    """
    rows = connection.execute(_WAITING, {"digests": list(digests)}).fetchall()
    return [int(number) for (number,) in rows]


def repeats_waiting(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """Numbers of records that wait and that this intake delivered once more as they are."""
    rows = connection.execute(
        "SELECT id FROM quarantine WHERE closed_by IS NULL "
        "AND digest IN (SELECT digest FROM outcome WHERE is_repeat) ORDER BY id"
    ).fetchall()
    return [int(number) for (number,) in rows]


def _field(record: str, name: str) -> str:
    return f"json_extract_string({record}, '$.{name}')"


def _same(names: Sequence[str]) -> str:
    return " AND ".join(f"{_field('w.record', n)} = {_field('a.record', n)}" for n in names)


def _has(name: str) -> str:
    values = "list_transform(regexp_split_to_array(w.line, '[,;|\\t\"]'), lambda v: trim(v))"
    return f"list_contains({values}, {_field('a.record', name)})"


_PLACE: Final = 'w.name = a.name AND w."row" = a."row"'
_REST: Final = ("person", "kind", "event_date")

_MENDED: Final = f"""
    WITH a AS (
      SELECT {record_sql("r")} AS record, parse_filename(f.file) AS name,
        r.position - f.first + 1 AS "row"
      FROM report r JOIN arriving f ON r.position BETWEEN f.first AND f.last
      WHERE r.position >= $first
    ),
    w AS (
      SELECT id, parse_filename(file) AS name, "row", column_name,
        CASE WHEN reason <> '{Reason.BROKEN_RECORD}' THEN record END AS record,
        CASE WHEN reason = '{Reason.BROKEN_RECORD}' THEN record END AS line
      FROM quarantine
      WHERE closed_by IS NULL AND batch < $batch
        AND reason NOT IN ({", ".join(f"'{reason}'" for reason in _OF_OTHERS)})
    )
    SELECT w.id FROM w JOIN a ON {_same(_KEY)}
    UNION
    SELECT w.id FROM w JOIN a ON {_PLACE}
    WHERE w.line IS NOT NULL AND {_has(_KEY[0])} AND {_has(_KEY[1])}
    UNION
    SELECT w.id FROM w JOIN a ON {_PLACE}
    WHERE w.column_name IN ('{_KEY[0]}', '{_KEY[1]}') AND {_same(_REST)}
      AND CASE w.column_name WHEN '{_KEY[0]}' THEN {_same(_KEY[1:])} ELSE {_same(_KEY[:1])} END
    ORDER BY 1
"""

# A record that came back from quarantine unmended, or mended otherwise, keeps its first place.
_WAITING: Final = """
    WITH once AS (
      SELECT q.digest, q.file, q."row" FROM quarantine q JOIN delivery d
        ON q.position BETWEEN d.first_position AND d.first_position + d.read - 1
      WHERE d.digest IN (SELECT unnest($digests))
    )
    SELECT q.id FROM quarantine q
    WHERE q.closed_by IS NULL AND (
      q.digest IN (SELECT digest FROM once)
      OR EXISTS (SELECT 1 FROM once o WHERE o.file = q.file AND o."row" = q."row")
    )
    ORDER BY q.id
"""
