"""Quarantined records: listed, written out to be mended, and let go when they come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.engine.paths import literal
from folkestrom.engine.rows import first_row, text_column
from folkestrom.errors import InputRefused, masked
from folkestrom.intake.counts import MainReason
from folkestrom.intake.load import PlacedDelivery
from folkestrom.intake.reading.header import (
    EXPORT_COLUMNS,
    QUARANTINE_BYTES,
    QUARANTINE_ID,
    QUARANTINE_LINE,
)
from folkestrom.intake.reading.writing import write_rows
from folkestrom.intake.reasons import DESCRIPTIONS, Reason
from folkestrom.intake.tables import LINES, has_lines
from folkestrom.model.report import BASIC_UNIT_DIGITS, COLUMNS, MUNICIPALITY_DIGITS

#: More rows than any table has.
_MOST: Final = 2**63 - 1


def list_open(connection: duckdb.DuckDBPyConnection, limit: int | None = None) -> pa.Table:
    """What waits in quarantine: where it came from and what is wrong, without the records.

    What could be a person's number within the offending values is left out. The exported file has
    the values whole.

    Parameters
    ----------
    connection
        The store.
    limit
        How many at most; None: all.
    """
    found: pa.Table = connection.sql(
        'SELECT id, file, "row", reason, column_name AS "column", "value", allowed '
        "FROM quarantine WHERE closed_by IS NULL ORDER BY id LIMIT $limit",
        params={"limit": limit if limit is None else min(limit, _MOST)},
    ).to_arrow_table()
    columns, values = found["column"].to_pylist(), found["value"].to_pylist()
    shown = [_shown(*one) for one in zip(columns, values, strict=True)]
    place = found.column_names.index("value")
    return found.set_column(place, "value", text_column(shown).cast(pa.string()))


_LONG_CODES: Final = frozenset(c.name for c in COLUMNS if c.codes == "basic_unit")


def _shown(column: str | None, value: str | None) -> str | None:
    """An offending value without what could be a person's number."""
    if value is None or column not in _LONG_CODES:
        return None if value is None else masked(value)
    return masked(value, longest=BASIC_UNIT_DIGITS)


def count_by_reason(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many records wait for each reason."""
    rows = connection.execute(
        "SELECT reason, count(*) FROM quarantine WHERE closed_by IS NULL "
        "GROUP BY reason ORDER BY count(*) DESC, reason"
    ).fetchall()
    return {str(reason): int(many) for reason, many in rows}


def main_reason(
    connection: duckdb.DuckDBPyConnection, read: int, borders: date | None
) -> MainReason | None:
    """The one reason for which most of the records that were read wait; None: there is none.

    Parameters
    ----------
    connection
        The store.
    read
        Records of its first intake.
    borders
        The day whose codes its reports are taken to have; None: those of their own day.
    """
    found = first_row(
        connection,
        "SELECT reason, column_name, count(*) FROM quarantine WHERE closed_by IS NULL "
        "GROUP BY ALL ORDER BY count(*) DESC, reason, column_name LIMIT 1",
    )
    if found is None or found[2] * 2 <= read or not read:
        return None
    reason, column, many = Reason(found[0]), found[1], int(found[2])
    of_places = {c.name for c in COLUMNS if c.codes in {"municipality", "basic_unit"}}
    if column not in of_places or reason not in {Reason.CODE_NOT_VALID, Reason.UNKNOWN_CODE}:
        step = "Let the source mend this, and take its files into a new store."
    elif borders is None:
        step = (
            "Reports were taken to have the codes of their own day. If they have those of one "
            "year, whatever day they are about, take them into a new store with --borders YEAR."
        )
    else:
        step = (
            f"Reports were taken to have the codes of {borders.year}, whatever day they are about. "
            "If they have those of their own day, take them into a new store with --borders "
            "as-it-was; if those of another year, with --borders YEAR."
        )
    return MainReason(str(reason), column, many, DESCRIPTIONS[reason], step)


def count_by_source(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int]]:
    """How many records wait, by reason and source; of a line that is no record it is not known."""
    rows = connection.execute(
        f"SELECT reason, CASE WHEN reason <> '{Reason.BROKEN_RECORD}' "
        "THEN json_extract_string(record, '$.source') END AS source, count(*) "
        "FROM quarantine WHERE closed_by IS NULL GROUP BY ALL"
    ).fetchall()
    # What stands where a source should may be anything.
    found: Counter[tuple[str, str]] = Counter()
    for reason, source, many in rows:
        found[str(reason), masked(source or "")] += many
    return [(*key, many) for key, many in found.most_common()]


def export(
    connection: duckdb.DuckDBPyConnection, to: Path, municipalities: Sequence[str] | None = None
) -> int:
    """Write what waits in quarantine to a file that can be mended and taken in again.

    The file holds the records themselves, and so belongs to the office.

    Parameters
    ----------
    connection
        The store.
    to
        The file; its ending says the format.
    municipalities
        Only what waits because of these numbers, or of basic units in them; None: everything.
    """
    only = "TRUE" if municipalities is None else _waits_for(municipalities)
    return write_rows(connection, _export_sql(only, has_bytes=has_lines(connection)), to)


def _waits_for(municipalities: Sequence[str]) -> str:
    listed = ", ".join(f"'{int(code):0{MUNICIPALITY_DIGITS}d}'" for code in municipalities)
    columns = ", ".join(f"'{c.name}'" for c in COLUMNS if c.codes in {"municipality", "basic_unit"})
    reasons = f"'{Reason.CODE_NOT_VALID}', '{Reason.UNKNOWN_CODE}'"
    return (
        f"q.reason IN ({reasons}) AND q.column_name IN ({columns}) "
        f'AND left(q."value", {MUNICIPALITY_DIGITS}) IN ({listed or "NULL"})'
    )


def _export_sql(only: str, *, has_bytes: bool) -> str:
    labels = ["id", "reason", "column_name", '"value"', "allowed", "file", '"row"']
    marks = ", ".join(
        f"q.{label} AS {name}" for label, name in zip(labels, EXPORT_COLUMNS, strict=False)
    )
    is_line = f"q.reason = '{Reason.BROKEN_RECORD}'"
    line = f"CASE WHEN {is_line} THEN q.record END AS {QUARANTINE_LINE}"
    exact = "to_base64(l.line)" if has_bytes else "NULL::VARCHAR"
    lines = f"LEFT JOIN {LINES} l ON l.id = q.id" if has_bytes else ""
    texts = ", ".join(
        f"CASE WHEN NOT ({is_line}) THEN json_extract_string(q.record, '$.{c.name}') END "
        f"AS {c.name}"
        for c in COLUMNS
    )
    return (
        f"SELECT {marks}, {line}, {exact} AS {QUARANTINE_BYTES}, {texts} "
        f"FROM quarantine q {lines} WHERE q.closed_by IS NULL AND ({only}) ORDER BY q.id"
    )


def reopen(
    connection: duckdb.DuckDBPyConnection, placed: Sequence[PlacedDelivery], batch: int
) -> list[PlacedDelivery]:
    """Close the quarantined records that come back in files, in the caller's transaction.

    Which they are is left in `coming_back`. What is still wrong with them goes to quarantine again,
    as they are now; lines that are no records and were not mended, as they were delivered.

    Parameters
    ----------
    connection
        The store.
    placed
        The files with the mended records; `arriving` has their names.
    batch
        The intake that brings them back.

    Returns
    -------
    The files, with the lines as they were delivered.
    """
    for p in placed:
        connection.execute(
            _COMING_BACK.format(first=p.first), {"path": literal(p.delivery.parquet)}
        )
    stranger = first_row(
        connection,
        "SELECT a.file, c.position - a.first + 1 FROM coming_back c "
        "JOIN arriving a ON c.position BETWEEN a.first AND a.last "
        "WHERE c.id IS NULL OR c.id NOT IN (SELECT q.id FROM quarantine q "
        "WHERE q.closed_by IS NULL) ORDER BY c.position LIMIT 1",
    )
    if stranger is not None:
        # Without the value: where columns have slipped, it may be a person's number.
        raise InputRefused(
            "is not the number of a record that waits in quarantine",
            where=stranger[0],
            row=stranger[1],
            column=QUARANTINE_ID,
            allowed="the numbers that folkestrom quarantine list shows",
            next_step="Write the records out again (folkestrom quarantine export FILE); this one "
            "may have been taken in already. Nothing of this intake was kept.",
        )
    of_these = "id IN (SELECT c.id FROM coming_back c)"
    positions = f"SELECT position FROM quarantine WHERE {of_these}"
    connection.execute(
        "INSERT INTO gone SELECT position, FALSE FROM refused WHERE position IN (" + positions + ")"
    )
    connection.execute(f"DELETE FROM refused WHERE position IN ({positions})")
    connection.execute(f"UPDATE quarantine SET closed_by = {batch} WHERE {of_these}")
    lines = _lines_coming_back(connection)
    return [_as_delivered(p, lines) for p in placed]


def _lines_coming_back(connection: duckdb.DuckDBPyConnection) -> dict[int, bytes]:
    """Of what comes back, the lines that are no records, by their positions now."""
    rows = connection.execute(
        f"SELECT c.position, q.record, l.line FROM coming_back c JOIN quarantine q ON q.id = c.id "
        f"LEFT JOIN {LINES} l ON l.id = q.id WHERE q.reason = $broken",
        {"broken": Reason.BROKEN_RECORD},
    ).fetchall()
    return {int(n): bytes(line) if line else str(text).encode() for n, text, line in rows}


def _as_delivered(placed: PlacedDelivery, lines: dict[int, bytes]) -> PlacedDelivery:
    broken = {
        number: lines.get(placed.first + number - 1, line)
        for number, line in placed.delivery.broken.items()
    }
    return replace(placed, delivery=replace(placed.delivery, broken=broken))


# A cast alone would round '1.5'.
_COMING_BACK: Final = f"""
    INSERT INTO coming_back
    SELECT
      {{first}} + file_row_number,
      CASE WHEN regexp_full_match({QUARANTINE_ID}::VARCHAR, '[0-9]{{{{1,18}}}}')
        THEN TRY_CAST({QUARANTINE_ID} AS BIGINT) END
    FROM read_parquet($path, file_row_number = true)
    WHERE nullif({QUARANTINE_ID}::VARCHAR, '') IS NOT NULL
"""
