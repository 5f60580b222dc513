"""Rows of persons written to a file that is mended by hand: whole or not there, and the user's."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from folkestrom.engine.rows import first_number
from folkestrom.engine.scratch import replacing
from folkestrom.errors import UsageError
from folkestrom.model.file_format import format_of

#: By the ends of file names, how the engine writes.
FORMATS: Final[dict[str, str]] = {
    ".csv": "FORMAT csv, HEADER true",
    ".ndjson": "FORMAT json, ARRAY false",
    ".jsonl": "FORMAT json, ARRAY false",
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
}


def write_rows(connection: duckdb.DuckDBPyConnection, query: str, to: Path) -> int:
    """Write the rows of a query to a file that only the user may read; return how many.

    Parameters
    ----------
    connection
        The store.
    query
        A SELECT.
    to
        The file; its ending says the format.
    """
    options = format_of(to, FORMATS, "the file")
    if not to.parent.is_dir():
        raise UsageError(
            "is not a folder", value=str(to.parent), next_step="Make the folder first."
        )
    with replacing(to) as beside:
        target = str(beside).replace("'", "''")
        return first_number(connection, f"COPY ({query}) TO '{target}' ({options})")
