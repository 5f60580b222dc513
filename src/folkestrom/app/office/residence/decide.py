"""Deciding a register by the rules: reports from stays."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from folkestrom.engine.scratch import replacing
from folkestrom.engine.settings import connect
from folkestrom.residence.deciding import Rulebook
from folkestrom.residence.reporting import reports
from folkestrom.residence.stays import read_stays


def decide(stays: Path, to: Path, book: Rulebook) -> tuple[int, int]:
    """Write the reports that the rules' decisions amount to; return stays read, reports written.

    Parameters
    ----------
    stays
        The file of stays.
    to
        Parquet file to write, for `folkestrom intake`.
    book
        The rules.
    """
    with connect() as connection:
        read = read_stays(connection, stays)
        found = reports(connection, book, stays)
    with replacing(to) as path:
        pq.write_table(found, path)
    return read, found.num_rows
