"""Checking the rows of a delivery: what each may not have, and which of them overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from folkestrom.classifications.areas import municipality_codes
from folkestrom.engine.paths import quoted
from folkestrom.engine.rows import numbers_of
from folkestrom.linkage.columns import Kind, Source, day_sql, empty_sql, key_sql, value_sql
from folkestrom.linkage.reasons import NUMBERS, Reason

_BATCH: Final = 1_000_000
_OPEN: Final = "DATE '9999-12-31'"


def read_rows(connection: duckdb.DuckDBPyConnection, sources: Sequence[Source], kind: Kind) -> None:
    """Read every row of a delivery into `delivered`, with what is wrong with it by itself.

    Rows lie in the order of persons and days, in which overlaps are found and histories are kept.
    Of texts, `arriving_level` has the number of each.
    """
    key = sources[0].key
    connection.execute("CREATE OR REPLACE TEMP TABLE known_key AS " + _known_keys(key))
    parts = " UNION ALL ".join(
        _rows_sql(source, number, kind) for number, source in enumerate(sources)
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE delivered AS
        SELECT d.* EXCLUDE (reason), CASE WHEN d.reason = 0 AND k."key" IS NULL
          THEN {NUMBERS[Reason.UNKNOWN_PERSON if key == "person" else Reason.UNKNOWN_CODE]}
          ELSE d.reason END::TINYINT AS reason
        FROM ({parts}) d LEFT JOIN known_key k ON k."key" = d."key"
        ORDER BY d."key", d.valid_from, d.valid_to, d.file, d.row
        """
    )
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE overlapping (
          file SMALLINT, row BIGINT, reason TINYINT,
          other_file SMALLINT, other_row BIGINT, other_from DATE, other_to DATE
        )
        """
    )


def _known_keys(key: str) -> str:
    if key == "person":
        return 'SELECT DISTINCT person AS "key" FROM attribute'
    numbers = ", ".join(f"({int(code)})" for code in municipality_codes())
    return f'SELECT "key"::BIGINT AS "key" FROM (VALUES {numbers}) AS t("key")'


def _rows_sql(source: Source, number: int, kind: Kind) -> str:
    path = quoted(source.parquet)
    value = value_sql(source, kind)
    broken = f"list_contains({list(source.broken)}::BIGINT[], file_row_number + 1)"
    is_text = kind == "text"
    coded = "l.number" if is_text else '"value"'
    levels = 'LEFT JOIN arriving_level l ON l.level = "value"' if is_text else ""
    return f"""
        SELECT {number}::SMALLINT AS file, row, "key", {coded} AS "value", valid_from, valid_to,
          CASE
            WHEN is_broken THEN {NUMBERS[Reason.BROKEN_RECORD]}
            WHEN "key" IS NULL THEN {NUMBERS[Reason.BROKEN_KEY]}
            WHEN valid_from IS NULL OR valid_to IS NULL THEN {NUMBERS[Reason.BROKEN_DATE]}
            WHEN valid_from >= valid_to THEN {NUMBERS[Reason.FROM_NOT_BEFORE_TO]}
            WHEN no_value THEN {NUMBERS[Reason.MISSING_VALUE]}
            WHEN "value" IS NULL THEN {NUMBERS[Reason.NOT_A_NUMBER]}
            {_not_finite(kind)}
            ELSE 0
          END AS reason
        FROM (
          SELECT file_row_number + 1 AS row, {key_sql(source)} AS "key", {value} AS "value",
            {day_sql(source, "from")} AS valid_from,
            CASE WHEN {empty_sql(source, "to")} THEN {_OPEN} ELSE {day_sql(source, "to")} END
              AS valid_to,
            {broken if source.broken else "FALSE"} AS is_broken,
            {empty_sql(source, "value")} AS no_value
          FROM read_parquet('{path}', file_row_number = true) f
        )
        {levels}
    """


def _not_finite(kind: Kind) -> str:
    if kind != "number":
        return ""
    return f'WHEN NOT isfinite("value") THEN {NUMBERS[Reason.NOT_FINITE]}'


def find_overlaps(connection: duckdb.DuckDBPyConnection) -> None:
    """List rows that overlap in `overlapping`, each with one of those it does so with; and repeats.

    None of the values that overlap is taken, since nothing says which one is right. A row that is
    the same in everything as an earlier one is a repeat, and does no harm.
    """
    keys = _keys_with_overlaps(connection)
    if not len(keys):
        return
    connection.execute(
        'CREATE OR REPLACE TEMP TABLE suspect AS SELECT unnest($keys::BIGINT[]) AS "key"',
        {"keys": keys.tolist()},
    )
    connection.execute(_REPEATS)
    connection.execute(_OVERLAPS)


def _keys_with_overlaps(connection: duckdb.DuckDBPyConnection) -> NDArray[np.int64]:
    """Persons of whom two neighbouring rows overlap.

    Rows come in the order of persons and days. Where any two rows of a person overlap, some two
    neighbours do: what begins between them begins before the first of them ends.
    """
    found: list[NDArray[np.int64]] = []
    carried = (-1, 0)
    reader = connection.sql(
        'SELECT "key", valid_from, valid_to FROM delivered WHERE reason = 0'
    ).to_arrow_reader(_BATCH)
    for batch in reader:
        if not batch.num_rows:
            continue
        keys, begins, ends = (numbers_of(column) for column in batch.columns)
        again = (keys[1:] == keys[:-1]) & (begins[1:] < ends[:-1])
        found.append(keys[1:][again])
        if keys[0] == carried[0] and begins[0] < carried[1]:
            found.append(keys[:1])
        carried = int(keys[-1]), int(ends[-1])
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


_MINE: Final = """
    SELECT d.* FROM coded d JOIN suspect s ON s."key" = d."key"
"""

_REPEATS: Final = f"""
    INSERT INTO overlapping
    SELECT file, row, {NUMBERS[Reason.REPEAT]}, NULL, NULL, NULL, NULL
    FROM (
      SELECT *, row_number() OVER (
        PARTITION BY "key", valid_from, valid_to, "value" ORDER BY file, row
      ) AS copy
      FROM ({_MINE})
    )
    WHERE copy > 1
"""

_OVERLAPS: Final = f"""
    INSERT INTO overlapping
    SELECT a.file, a.row, {NUMBERS[Reason.OVERLAPS]}, min(b.file), arg_min(b.row, (b.file, b.row)),
           arg_min(b.valid_from, (b.file, b.row)), arg_min(b.valid_to, (b.file, b.row))
    FROM ({_MINE}) a
    JOIN ({_MINE}) b ON b."key" = a."key" AND (a.file <> b.file OR a.row <> b.row)
      AND a.valid_from < b.valid_to AND b.valid_from < a.valid_to
    GROUP BY a.file, a.row
"""


def find_repeats(connection: duckdb.DuckDBPyConnection, table: str, key: str) -> None:
    """List rows that are the same as one that stands, for a delivery that adds.

    Parameters
    ----------
    connection
        The store.
    table
        The variable's history.
    key
        Its column of persons or municipalities.
    """
    connection.execute(
        f"""
        INSERT INTO overlapping
        SELECT d.file, d.row, {NUMBERS[Reason.REPEAT]}, NULL, NULL, NULL, NULL
        FROM coded d JOIN ({_current(table, key)}) h ON h."key" = d."key"
          AND h."value" = d."value" AND h.valid_from = d.valid_from AND h.valid_to = d.valid_to
        """
    )


def find_standing(connection: duckdb.DuckDBPyConnection, table: str, key: str) -> None:
    """List rows that overlap one that stands, for a delivery that adds; what stands goes on.

    Parameters
    ----------
    connection, table, key
        As for `find_repeats`.
    """
    connection.execute(
        f"""
        INSERT INTO overlapping
        SELECT d.file, d.row, {NUMBERS[Reason.OVERLAPS_EARLIER]}, NULL, NULL,
               min(h.valid_from), arg_min(h.valid_to, h.valid_from)
        FROM coded d JOIN ({_current(table, key)}) h ON h."key" = d."key"
          AND d.valid_from < h.valid_to AND h.valid_from < d.valid_to
        GROUP BY d.file, d.row
        """
    )


def _current(table: str, key: str) -> str:
    return f"""
        SELECT "{key}" AS "key", "value", valid_from, valid_to
        FROM {table} WHERE known_to = {_OPEN}
    """
