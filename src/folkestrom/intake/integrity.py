"""Audits of the log: what must hold of its reports, whatever was delivered.

Each audit is a SELECT of the rows that break a rule; none is the right answer.
"""

from __future__ import annotations

from typing import Final

import duckdb
import numpy as np

from folkestrom.engine.rows import numbers_of
from folkestrom.engine.steps import Step, compose, run, step
from folkestrom.intake.keys import key_hashes
from folkestrom.intake.reasons import LINK_STANDS

#: Of so many persons, one's reports have their keys hashed again.
SAMPLE: Final = 97


@step("positions_twice", reads=["report"])
def positions_twice() -> str:
    """Each position of the log is one report's."""
    return "SELECT position FROM report GROUP BY position HAVING count(*) > 1"


@step("positions_of_no_delivery", reads=["report", "delivery"])
def positions_of_no_delivery() -> str:
    """Every report has a position of the files of its intake."""
    return """
        SELECT r.position
        FROM report r
        LEFT JOIN (
          SELECT batch, min(first_position) AS first, max(first_position + "read") AS beyond
          FROM delivery GROUP BY batch
        ) d ON d.batch = r.batch AND r.position >= d.first AND r.position < d.beyond
        WHERE d.batch IS NULL
    """


@step("positions_beyond", reads=["report"])
def positions_beyond() -> str:
    """No report has a position after the last one that was given."""
    return "SELECT position FROM report WHERE position < 1 OR position > $last"


@step("keys_twice", reads=["report"])
def keys_twice() -> str:
    """Each source has each number of a report once."""
    return "SELECT key_hash FROM report GROUP BY source, key_hash HAVING count(*) > 1"


@step("sources_without_name", reads=["report", "source"])
def sources_without_name() -> str:
    """Every source of a report has a name."""
    return """
        SELECT r.position FROM report r LEFT JOIN source s ON s.code = r.source
        WHERE s.code IS NULL
    """


@step("files_that_do_not_add_up", reads=["delivery"])
def files_that_do_not_add_up() -> str:
    """What was read of a file was accepted, quarantined or a repetition."""
    return """
        SELECT first_position FROM delivery WHERE "read" <> accepted + quarantined + repeats
    """


@step("known_on_another_day", reads=["report", "batch"])
def known_on_another_day() -> str:
    """A report is known from the day after its receipt or, sealed by then, after its intake.

    Receipt is in UTC, and the day is the local one, which may be the next.
    """
    return """
        SELECT r.position
        FROM report r LEFT JOIN batch b ON b.batch = r.batch
        WHERE b.batch IS NULL
          OR r.known_from < CAST(r.received_at AS DATE) + 1
          OR (r.known_from > CAST(r.received_at AS DATE) + 2
              AND r.known_from < CAST(b.taken_at AS DATE) + 1)
    """


@step("broken_targets", reads=["report"])
def broken_targets() -> str:
    """What a report annuls or corrects is the same source's report of the same person."""
    return """
        SELECT r.position
        FROM report r LEFT JOIN report t ON t.position = r.target
        WHERE r.target IS NOT NULL
          AND (t.position IS NULL OR t.person <> r.person OR t.source <> r.source
               OR t.source_report_id IS DISTINCT FROM coalesce(r.annuls, r.corrects))
    """


@step("targets_that_differ", reads=["report", "link", "refused"])
def targets_that_differ() -> str:
    """Every annulment and correction has its link, and the log the target that was found for it."""
    return f"""
        SELECT r.position
        FROM (SELECT * FROM report WHERE annuls IS NOT NULL OR corrects IS NOT NULL) AS r
        LEFT JOIN link l ON l.position = r.position
        LEFT JOIN refused f ON f.position = l.target
        WHERE l.position IS NULL
          OR r.target IS DISTINCT FROM
             CASE WHEN l.state = {LINK_STANDS} AND f.position IS NULL THEN l.target END
    """


@step("sampled_keys", reads=["report", "source"])
def sampled_keys() -> str:
    """Keys of the reports of some persons, with their hash."""
    return """
        SELECT s.code, s.name, r.source_report_id, r.key_hash
        FROM report r JOIN source s ON s.code = r.source
        WHERE r.person % $of = 0
    """


def audits() -> list[tuple[str, Step]]:
    """Every audit of the log, with the table that it is about."""
    of_reports = (
        positions_twice(), positions_of_no_delivery(), keys_twice(), sources_without_name(),
        known_on_another_day(), broken_targets(), targets_that_differ(),
    )  # fmt: skip
    return [("delivery", files_that_do_not_add_up()), *(("report", one) for one in of_reports)]


def counted(
    connection: duckdb.DuckDBPyConnection, last: int, of: int = SAMPLE
) -> list[tuple[str, str, int, str]]:
    """Audits that take more than a SELECT: name, table, rows that break the rule, and the rule.

    Parameters
    ----------
    connection
        An open store.
    last
        The last position that was given.
    of
        The hash of one person's keys in so many is looked at; 1: everybody's.
    """
    beyond = len(run(connection, [positions_beyond()], {"last": last}).fetchall())
    rule = "The hash of a report's key is that of its source and number; of some persons."
    return [
        ("positions_beyond", "report", beyond, positions_beyond().rule),
        ("wrong_hashes", "report", _wrong_hashes(connection, of), rule),
    ]


def _wrong_hashes(connection: duckdb.DuckDBPyConnection, of: int) -> int:
    """How many reports have another hash than that of their key: one of them was changed."""
    found = connection.sql(compose([sampled_keys()]), params={"of": of}).to_arrow_table()
    if not found.num_rows:
        return 0
    names = found["name"].combine_chunks().dictionary_encode()
    texts = found["source_report_id"].combine_chunks()
    codes = np.asarray(names.indices.to_numpy(zero_copy_only=False), np.int32)
    hashes = key_hashes(codes, names.dictionary.to_pylist(), texts)
    return int((hashes != numbers_of(found["key_hash"])).sum())
