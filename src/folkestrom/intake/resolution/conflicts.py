"""One key, several records: which of them is the report.

Records with the same source and number and the same content are one report and its repeats. Of
different contents the one that became known first stands (then the one received first, then the
lower content), and the others go to quarantine, even one that was in the log already: so the log
does not depend on the order in which files arrive. What is sealed always came first.
"""

from __future__ import annotations

from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.engine.rows import column_of, is_any, lent
from folkestrom.intake.quarantine_records import IS_KNOWN, record_sql
from folkestrom.intake.reasons import Reason
from folkestrom.intake.tables import CONTENT_COLUMNS, REPORT_COLUMNS

_KEY: Final = ("source", "source_report_id")
_REST: Final = tuple(name for name in CONTENT_COLUMNS if name not in {*_KEY, "received_at"})


def settle_keys(
    connection: duckdb.DuckDBPyConnection, hashes: NDArray[np.uint64], batch: int, first: int
) -> None:
    """Leave one record a key in the log, and put the others where they belong.

    Parameters
    ----------
    connection
        The store, in a transaction; `report` holds the new records from position `first` on, and
        `earlier` what was there under their keys.
    hashes
        Hashes of the new records' keys.
    batch
        The intake.
    first
        Its first position.
    """
    _drop_known(connection, batch, first)
    if not _find_shared(connection, hashes):
        return
    connection.execute(_CONTENDERS.format(columns=", ".join(REPORT_COLUMNS)))
    connection.execute(_RANKED)
    connection.execute(
        "INSERT INTO outcome SELECT position, TRUE, NULL FROM same_key "
        "WHERE copy > 1 AND position >= $f",
        {"f": first},
    )
    connection.execute(_LOSERS.format(record=record_sql("r"), reason=f"'{Reason.KEY_CONFLICT}'"))
    connection.execute(
        f"UPDATE quarantine SET reason = '{Reason.KEY_CONFLICT}', "
        "column_name = 'source_report_id', "
        f"\"value\" = json_extract_string(record, '$.source_report_id'), allowed = '{_ALLOWED}' "
        "FROM same_key k WHERE k.position = quarantine.position AND closed_by IS NULL "
        "AND k.was_refused AND k.place > 1"
    )
    leave_log(connection, _LEAVING, first)
    connection.execute(_UNLINK)


def _drop_known(connection: duckdb.DuckDBPyConnection, batch: int, first: int) -> None:
    """Count new records as repeats that quarantine holds, or held until they were mended.

    Nothing new is said by delivering them once more, even if nobody else has their key by now.
    """
    if not is_any(connection, "quarantine"):
        return
    connection.execute(
        _KNOWN.format(record=record_sql("r")),
        {"first": first, "batch": batch, "broken": Reason.BROKEN_RECORD},
    )
    if not is_any(connection, "known_record"):
        return
    connection.execute("INSERT INTO outcome SELECT position, TRUE, digest FROM known_record")
    leave_log(connection, "SELECT position FROM known_record", first)
    connection.execute(_UNLINK)


def leave_log(connection: duckdb.DuckDBPyConnection, positions: str, first: int) -> None:
    """Take records out of the log, or out of the refused ones, and note those of earlier intakes.

    Parameters
    ----------
    connection
        The store, in a transaction.
    positions
        SELECT of their positions.
    first
        First position of this intake.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE leaving AS {positions}")
    connection.execute(
        "INSERT INTO gone SELECT position, position IN (SELECT position FROM report) "
        "FROM leaving WHERE position < $first",
        {"first": first},
    )
    for table in ("report", "refused"):
        connection.execute(f"DELETE FROM {table} WHERE position IN (SELECT position FROM leaving)")


def find_earlier(
    connection: duckdb.DuckDBPyConnection, hashes: NDArray[np.uint64], first: int
) -> None:
    """Find the earlier reports under keys that came now or are pointed at now, into `earlier`.

    One look at the hashes of the whole log serves both questions: it is what an intake of one day
    spends most time on.

    Parameters
    ----------
    connection
        The store, in a transaction.
    hashes
        Hashes of the new records' keys.
    first
        First position of this intake.
    """
    is_any_earlier = is_any(connection, "report WHERE position < $first", {"first": first})
    before = f"position < {first}" if is_any_earlier else "FALSE"
    with lent(connection, new_key=pa.table({"key_hash": column_of(hashes)})):
        connection.execute(_EARLIER.format(before=before, first=first))


_EARLIER: Final = """
    CREATE OR REPLACE TEMP TABLE earlier AS
    SELECT r.position, r.key_hash
    FROM report r
    SEMI JOIN (
      SELECT key_hash FROM new_key
      UNION ALL
      SELECT target_hash FROM link WHERE position >= {first}
    ) k ON k.key_hash = r.key_hash
    WHERE {before}
"""


def _find_shared(connection: duckdb.DuckDBPyConnection, hashes: NDArray[np.uint64]) -> bool:
    """Find hashes that more than one record has, into `shared_key`; False: there are none."""
    ordered = np.sort(hashes)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    with lent(
        connection,
        new_key=pa.table({"key_hash": column_of(hashes)}),
        twice_key=pa.table({"key_hash": column_of(twice)}),
    ):
        connection.execute(_SHARED)
    return is_any(connection, "shared_key")


_SHARED: Final = """
    CREATE OR REPLACE TEMP TABLE shared_key AS
    SELECT key_hash FROM twice_key
    UNION
    SELECT key_hash FROM earlier SEMI JOIN new_key USING (key_hash)
    UNION
    SELECT key_hash FROM refused SEMI JOIN new_key USING (key_hash)
"""

_CONTENDERS: Final = """
    CREATE OR REPLACE TEMP TABLE contender AS
    SELECT {columns}, FALSE AS was_refused FROM report SEMI JOIN shared_key USING (key_hash)
    UNION ALL
    SELECT {columns}, TRUE FROM refused SEMI JOIN shared_key USING (key_hash)
"""

# Only records with the number of a quarantined one are written out to be compared.
_KNOWN: Final = f"""
    CREATE OR REPLACE TEMP TABLE known_record AS
    SELECT position, digest
    FROM (
      SELECT r.position, md5({{record}}) AS digest FROM report r
      WHERE r.position >= $first AND r.source_report_id IN (
        SELECT
          CASE WHEN reason <> $broken THEN json_extract_string(record, '$.source_report_id') END
        FROM quarantine
      )
    ) written
    WHERE {IS_KNOWN}
"""

_UNLINK: Final = "DELETE FROM link WHERE position IN (SELECT position FROM leaving)"

# Equal hashes are only candidates: the partitions are by the key's texts.
_RANKED: Final = f"""
    CREATE OR REPLACE TEMP TABLE same_key AS
    SELECT
      position, was_refused, copy,
      dense_rank() OVER (
        PARTITION BY {", ".join(_KEY)} ORDER BY first_known, received_at, {", ".join(_REST)}
      ) AS place
    FROM (
      SELECT
        *,
        min(known_from) OVER same AS first_known,
        row_number() OVER (same ORDER BY position) AS copy
      FROM contender
      WINDOW same AS (PARTITION BY {", ".join(CONTENT_COLUMNS)})
    )
"""

_LEAVING: Final = """
    SELECT position FROM same_key WHERE copy > 1 OR place > 1
"""

_ALLOWED: Final = "a number that the source has given to no other report"

_LOSERS: Final = f"""
    INSERT INTO held_back
    SELECT
      r.position, {{reason}}, 'source_report_id', r.source_report_id, '{_ALLOWED}', {{record}}, NULL
    FROM report r
    JOIN same_key k ON k.position = r.position
    WHERE k.place > 1 AND k.copy = 1
"""
