"""Deciding a register by the rules: reports from stays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from folkestrom.engine.scratch import replacing
from folkestrom.engine.settings import connect
from folkestrom.model.time import local_day
from folkestrom.residence.deciding import Rulebook
from folkestrom.residence.reporting import reports
from folkestrom.residence.stays import read_stays


def decide(stays: Path, to: Path, book: Rulebook, known_at: date | None = None) -> tuple[int, int]:
    """Write the reports that the rules' decisions amount to; return stays read, reports written.

    Parameters
    ----------
    stays
        The file of stays.
    to
        Parquet file to write, for `folkestrom intake`.
    book
        The rules.
    known_at
        The knowledge date: reports received before it; None: all until now.
    """
    if known_at is None:
        known_at = local_day(datetime.now(UTC)) + timedelta(days=1)
    with connect() as connection:
        read = read_stays(connection, stays)
        found = reports(connection, book, stays, known_at)
    with replacing(to) as path:
        pq.write_table(found, path)
    return read, found.num_rows
