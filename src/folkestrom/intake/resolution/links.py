"""Which report an annulment or correction points at, and which of them are refused for it.

Every record that is sound and stands under its key takes part, whether it is in the log or was
refused for what it points at. From these records alone follows, whatever the order in which they
came:

- a record that points at a report about another person is refused (`other_person`);
- of the records that point at each other in a circle, the one that became known last is refused
  (`cycle`);
- a record whose target has not come waits, and is in the log.

So a record can leave the log when its target comes, and come back when another report turns out to
be the target. Only what is sealed stays: a sealed record that points at another person's report
remains as it was published, waiting for ever.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from folkestrom.engine.rows import column_of, is_any, lent, numbers_of
from folkestrom.intake.build import Moment
from folkestrom.intake.keys import key_hashes
from folkestrom.intake.quarantine_records import record_sql
from folkestrom.intake.reasons import (
    LINK_CYCLE,
    LINK_OTHER_PERSON,
    LINK_STANDS,
    LINK_VOID,
    REFUSED_LINKS,
)
from folkestrom.intake.resolution.conflicts import leave_log
from folkestrom.intake.resolution.cycles import last_of_cycles
from folkestrom.intake.tables import REPORT_COLUMNS

_NAMES: Final = ", ".join(REPORT_COLUMNS)


def settle_links(connection: duckdb.DuckDBPyConnection, moment: Moment, first: int) -> None:
    """Look targets up, refuse and reinstate records, and write targets into the log.

    Parameters
    ----------
    connection
        The store, in a transaction; links are added, and keys are settled.
    moment
        The intake.
    first
        Its first position.
    """
    connection.execute("DELETE FROM link WHERE position IN (SELECT position FROM gone)")
    connection.execute(_LOOKING, {"first": first})
    if not is_any(connection, "looking"):
        return
    connection.execute(_FOUND, {"first": first})
    connection.execute(_RESOLVED, {"sealed": moment.sealed_until or date.min})
    _mark_cycles(connection)
    _refuse(connection, first)
    _reinstate(connection, moment)
    connection.execute(_TARGETS)
    connection.execute(_WRITE_TARGETS)


def add_links(connection: duckdb.DuckDBPyConnection, first: int) -> None:
    """Add the new records that point at another one, with the hash of the key they point at.

    Parameters
    ----------
    connection
        The store, in a transaction.
    first
        First position of this intake.
    """
    found: pa.Table = connection.sql(_NEW_LINKS, params={"first": first}).to_arrow_table()
    if not found.num_rows:
        return
    names = connection.execute("SELECT code, name FROM source ORDER BY code").fetchall()
    codes = numbers_of(found["source"]).astype(np.int32) - 1
    texts = found["target_id"].combine_chunks()
    if isinstance(texts, pa.ChunkedArray):
        texts = pa.concat_arrays(texts.chunks)
    hashes = key_hashes(codes, [str(name) for _, name in names], texts)
    with lent(connection, new_link=found.append_column("target_hash", column_of(hashes))):
        connection.execute(
            f"INSERT INTO link SELECT position, source, key_hash, person, known_from, "
            f"received_at, target_id, target_hash, NULL, {LINK_STANDS} FROM new_link"
        )


_NEW_LINKS: Final = """
    SELECT position, source, key_hash, person, known_from, received_at,
           coalesce(annuls, corrects) AS target_id
    FROM report
    WHERE position >= $first AND (annuls IS NOT NULL OR corrects IS NOT NULL)
"""

# Those that are new, those that wait, and those whose target has just left.
_LOOKING: Final = f"""
    CREATE OR REPLACE TEMP TABLE looking AS
    SELECT position, source, person, known_from, target_id, target_hash
    FROM link
    WHERE state <> {LINK_VOID}
      AND (position >= $first OR target IS NULL OR target IN (SELECT position FROM gone))
"""

# Whoever looked before can only find what came now; for the new ones, `earlier` was found.
_FOUND: Final = """
    CREATE OR REPLACE TEMP TABLE found AS
    SELECT l.position, t.position AS target, t.person AS target_person
    FROM (
      SELECT position, key_hash, source, source_report_id, person FROM report
      WHERE position >= $first
      UNION ALL
      SELECT position, key_hash, source, source_report_id, person FROM report
      WHERE position IN (SELECT position FROM earlier)
      UNION ALL
      SELECT position, key_hash, source, source_report_id, person FROM refused
    ) t
    JOIN looking l
      ON l.target_hash = t.key_hash AND l.source = t.source AND l.target_id = t.source_report_id
"""

_RESOLVED: Final = f"""
    UPDATE link SET
      target = CASE WHEN r.is_void THEN NULL ELSE r.target END,
      state = CASE
        WHEN r.is_void THEN {LINK_VOID}
        WHEN r.target_person <> link.person THEN {LINK_OTHER_PERSON}
        ELSE {LINK_STANDS}
      END
    FROM (
      SELECT
        l.position, f.target, f.target_person,
        f.target_person <> l.person AND l.known_from <= $sealed
          AND l.position NOT IN (SELECT position FROM refused) AS is_void
      FROM looking l
      LEFT JOIN found f ON f.position = l.position
    ) r
    WHERE r.position = link.position
"""


def _mark_cycles(connection: duckdb.DuckDBPyConnection) -> None:
    """Find the circles among the links of everybody concerned, and mark the last of each."""
    rows = connection.execute(_CHAINS).fetchall()
    order = {int(p): (known, received, key) for p, _, known, received, key, _ in rows}
    targets = {int(p): int(target) for p, target, *_ in rows}
    last = last_of_cycles(targets, order)
    before = {int(row[0]) for row in rows if row[5] == LINK_CYCLE}
    for state, positions in ((LINK_CYCLE, last - before), (LINK_STANDS, before - last)):
        if positions:
            connection.execute(
                "UPDATE link SET state = $state WHERE position IN (SELECT unnest($positions))",
                {"state": state, "positions": sorted(positions)},
            )


# A circle is made of records that all point at each other, and all are about one person.
_CHAINS: Final = f"""
    SELECT l.position, l.target, l.known_from, l.received_at, l.key_hash, l.state
    FROM link l
    SEMI JOIN (SELECT position AS target FROM link) t ON t.target = l.target
    SEMI JOIN (
      SELECT person FROM looking
      UNION
      SELECT person FROM link WHERE target IN (SELECT position FROM gone)
    ) p ON p.person = l.person
    WHERE l.state IN ({LINK_STANDS}, {LINK_CYCLE})
"""


def _refuse(connection: duckdb.DuckDBPyConnection, first: int) -> None:
    """Move what is refused now out of the log, and into quarantine."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE to_refuse AS SELECT position, state FROM link "
        f"WHERE state IN ({LINK_OTHER_PERSON}, {LINK_CYCLE}) "
        "AND position NOT IN (SELECT position FROM refused)"
    )
    if not is_any(connection, "to_refuse"):
        return
    cases = " ".join(f"WHEN {state} THEN '{r}'" for state, (r, _) in REFUSED_LINKS.items())
    allowed = " ".join(f"WHEN {state} THEN '{a}'" for state, (_, a) in REFUSED_LINKS.items())
    connection.execute(
        f"""
        INSERT INTO held_back
        SELECT r.position, CASE t.state {cases} END,
               CASE WHEN r.annuls IS NULL THEN 'corrects' ELSE 'annuls' END,
               coalesce(r.annuls, r.corrects), CASE t.state {allowed} END, {record_sql("r")},
               NULL
        FROM report r JOIN to_refuse t ON t.position = r.position
        """
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE refusing AS "
        f"SELECT {_NAMES} FROM report SEMI JOIN to_refuse USING (position)"
    )
    leave_log(connection, "SELECT position FROM to_refuse", first)
    connection.execute("UPDATE refusing SET target = NULL")
    connection.execute(f"INSERT INTO refused SELECT {_NAMES} FROM refusing")


def _reinstate(connection: duckdb.DuckDBPyConnection, moment: Moment) -> None:
    """Let records back into the log that are refused no more.

    They are known from when they were, unless that is sealed by now.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE to_reinstate AS SELECT position FROM link "
        f"WHERE state = {LINK_STANDS} AND position IN (SELECT position FROM refused)"
    )
    if not is_any(connection, "to_reinstate"):
        return
    for table in ("refused", "link"):
        connection.execute(
            f"UPDATE {table} SET known_from = $now WHERE known_from <= $sealed "
            "AND position IN (SELECT position FROM to_reinstate)",
            {"now": moment.known_now, "sealed": moment.sealed_until or date.min},
        )
    connection.execute(
        f"INSERT INTO report SELECT {_NAMES} FROM refused SEMI JOIN to_reinstate USING (position)"
    )
    connection.execute("DELETE FROM refused WHERE position IN (SELECT position FROM to_reinstate)")
    connection.execute(
        "UPDATE quarantine SET closed_by = $batch WHERE closed_by IS NULL "
        "AND position IN (SELECT position FROM to_reinstate)",
        {"batch": moment.batch},
    )
    connection.execute("INSERT INTO came_back SELECT position FROM to_reinstate")


# A target that is itself refused has not come, as far as the log is concerned.
_TARGETS: Final = f"""
    CREATE OR REPLACE TEMP TABLE to_write AS
    SELECT l.position, CASE WHEN l.state = {LINK_STANDS} AND f.position IS NULL THEN l.target END
      AS target
    FROM link l
    LEFT JOIN refused f ON f.position = l.target
    WHERE l.position IN (SELECT position FROM looking)
       OR l.target IN (SELECT position FROM gone)
       OR l.target IN (SELECT position FROM came_back)
       OR l.position IN (SELECT position FROM came_back)
"""

_WRITE_TARGETS: Final = """
    UPDATE report SET target = w.target
    FROM to_write w
    WHERE w.position = report.position AND report.target IS DISTINCT FROM w.target
"""
