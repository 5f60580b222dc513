"""Makes every delivery a Parquet file whose rows are the records in their order.

Parquet is read where it lies. CSV and NDJSON are converted once into the store's scratch folder,
every value as text, so that what is wrong with a single value concerns that record only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from folkestrom.errors import InputRefused
from folkestrom.intake.files import InputFile
from folkestrom.intake.header import check_names, check_types


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
        Lines that are no records: their number among the records, from 1, and their text.
    """

    file: InputFile
    parquet: Path
    rows: int
    columns: dict[str, str]
    broken: dict[int, str] = field(default_factory=dict)

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
    try:
        with pq.ParquetFile(file.path) as opened:
            schema = opened.schema_arrow
            rows = int(opened.metadata.num_rows)
        found = connection.execute(
            "SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet($path))",
            {"path": str(file.path)},
        ).fetchall()
    except (pa.ArrowException, OSError, duckdb.Error) as error:
        raise broken_file(file.path, "Parquet") from error
    check_names(file.path, list(schema.names), retake=retake)
    # A column without any value has no type worth the name: it is as if it were not there.
    empty = {name for name in schema.names if pa.types.is_null(schema.field(name).type)}
    columns = {name: kind for name, kind in found if name not in empty}
    check_types(file.path, columns)
    return Delivery(file, file.path, rows, columns)


def broken_file(path: Path, what: str) -> InputRefused:
    """The error for a file that its format's reader gives up on."""
    return InputRefused(
        f"is not a whole {what} file: it is truncated, damaged, or something else",
        where=str(path),
        next_step="Get the file again from its source. Nothing of this intake was kept.",
    )
