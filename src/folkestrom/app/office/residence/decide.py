"""Deciding a register by the rules: reports from stays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from folkestrom.engine.failures import path_errors
from folkestrom.engine.rows import lent
from folkestrom.engine.settings import connect
from folkestrom.intake.reading.writing import FORMATS, write_rows
from folkestrom.model.file_format import format_of
from folkestrom.model.time import local_day
from folkestrom.residence.deciding import Rulebook
from folkestrom.residence.reporting import reports
from folkestrom.residence.stays import read_stays

#: Columns where moments are text.
_AS_TEXT: Final = "* REPLACE (strftime(received_at, '%Y-%m-%dT%H:%M:%SZ') AS received_at)"


def decide(stays: Path, to: Path, book: Rulebook, known_at: date | None = None) -> tuple[int, int]:
    """Write the reports that the rules' decisions amount to; return stays read, reports written.

    Parameters
    ----------
    stays
        The file of stays.
    to
        The file to write, for `folkestrom intake`: .parquet, .csv or .ndjson.
    book
        The rules.
    known_at
        The knowledge date: reports received before it; None: all until now.
    """
    if known_at is None:
        known_at = local_day(datetime.now(UTC)) + timedelta(days=1)
    format_of(to, FORMATS, "--reports")
    with connect() as connection:
        read = read_stays(connection, stays)
        found = reports(connection, book, stays, known_at)
        with path_errors(to, "--reports"), lent(connection, decided=found):
            columns = "*" if to.suffix.lower() == ".parquet" else _AS_TEXT
            return read, write_rows(connection, f"SELECT {columns} FROM decided", to)
