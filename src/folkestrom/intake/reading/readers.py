"""Makes every delivery a Parquet file whose rows are the records in their order.

Parquet is read where it lies. CSV and NDJSON are converted once into the store's scratch folder,
every value as text, so that what is wrong with a single value concerns that record only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from folkestrom.engine.failures import shortage
from folkestrom.engine.paths import literal
from folkestrom.errors import InputRefused
from folkestrom.intake.reading.file_kinds import check_parquet
from folkestrom.intake.reading.files import InputFile
from folkestrom.intake.reading.header import QUARANTINE_LINE, check_names, check_types
from folkestrom.model.report import BY_NAME

_FIRST = 4096


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file, ready to be read.

    Parameters
    ----------
    file
        The file as it was given.
    parquet
        The Parquet file to read: itself, or what it was converted to.
    rows
        How many records it holds; row r is record r, a broken line is a row without values.
    columns
        Its columns of the record, with their types as DuckDB names them.
    broken
        Lines that are no records: their number among the records, from 1, and their bytes.
    """

    file: InputFile
    parquet: Path
    rows: int
    columns: dict[str, str]
    broken: dict[int, bytes] = field(default_factory=dict)

    @property
    def signature(self) -> tuple[tuple[str, str], ...]:
        """Files with the same signature can be read by one query."""
        return tuple(sorted(self.columns.items()))


def read_parquet(
    connection: duckdb.DuckDBPyConnection, file: InputFile, *, retake: bool
) -> Delivery:
    """Look at a Parquet file: that it is whole, and that its columns are those of the record.

    Parameters
    ----------
    connection
        Any connection, to ask for the types.
    file
        The file.
    retake
        Whether it is an export of quarantined records that comes back.
    """
    schema, rows, found = look_into(connection, file)
    check_names(file.path, list(schema.names), retake=retake)
    # A column without any value has no type worth the name: it is as if it were not there.
    empty = {name for name in schema.names if pa.types.is_null(schema.field(name).type)}
    columns = {name: kind for name, kind in found if name not in empty}
    check_types(file.path, columns)
    broken = unmended_lines(connection, file.path, columns) if retake else {}
    return Delivery(file, file.path, rows, columns, broken)


def look_into(
    connection: duckdb.DuckDBPyConnection, file: InputFile
) -> tuple[pa.Schema, int, list[tuple[str, str]]]:
    """The schema of a Parquet file, its rows, and the types of its columns as DuckDB names them.

    Parameters
    ----------
    connection
        Any connection, to ask for the types.
    file
        The file.
    """
    try:
        with file.path.open("rb") as stream:
            check_parquet(file.path, stream.read(_FIRST))
        with pq.ParquetFile(file.path) as opened:
            schema = opened.schema_arrow
            rows = int(opened.metadata.num_rows)
        found = connection.execute(
            "SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet($path))",
            {"path": literal(file.path)},
        ).fetchall()
    except (pa.ArrowException, OSError, duckdb.Error) as error:
        raise shortage(error) or broken_file(file.path, "Parquet") from error
    return schema, rows, [(str(name), str(kind)) for name, kind in found]


def unmended_lines(
    connection: duckdb.DuckDBPyConnection, parquet: Path, columns: Iterable[str]
) -> dict[int, bytes]:
    """Lines that are no records and come back from quarantine as they were, with their number.

    Whoever mends such a line writes its values into the columns of the record. While these are all
    empty, the line's text is all there is of it.

    Parameters
    ----------
    connection
        Any connection.
    parquet
        The file, or what it was converted to.
    columns
        Its columns.
    """
    names = set(columns)
    if QUARANTINE_LINE not in names:
        return {}
    line = f"nullif({QUARANTINE_LINE}::VARCHAR, '')"
    values = ", ".join(
        f"nullif(\"{name}\"::VARCHAR, '')" for name in sorted(names & BY_NAME.keys())
    )
    rows = connection.execute(
        f"SELECT file_row_number + 1, {line} FROM read_parquet($path, file_row_number = true) "
        f"WHERE {line} IS NOT NULL AND coalesce({values}) IS NULL ORDER BY 1",
        {"path": literal(parquet)},
    ).fetchall()
    return {int(number): str(text).encode() for number, text in rows}


def broken_file(path: Path, what: str) -> InputRefused:
    """The error for a file that its format's reader gives up on."""
    return InputRefused(
        f"is not a whole {what} file: it is truncated, damaged, or something else",
        where=str(path),
        next_step="Get the file again from its source. Nothing of this intake was kept.",
    )


def readable(line: bytes) -> str:
    """A line as text; bytes of it that are no UTF-8 as the number that they are."""
    return line.decode("utf-8", "backslashreplace")


def exact(line: bytes) -> bytes | None:
    """The bytes of a line, where its text does not say all of them."""
    return None if readable(line).encode() == line else line
