"""Rows of persons in files for the office: written batch by batch, whole or not there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from folkestrom.app.output.csv_metadata import put_metadata
from folkestrom.model.cells import DESCRIPTION
from folkestrom.model.file_format import format_of

_CSV: Final = "csv"
#: Formats of rows by the ends of file names.
FORMATS: Final = {
    ".parquet": "parquet",
    ".csv": _CSV,
    ".arrow": "arrow",
    ".feather": "arrow",
}


def write_rows(
    to: Path,
    schema: pa.Schema,
    batches: Iterator[pa.RecordBatch],
    description: Mapping[str, Any],
    where: str,
) -> int:
    """Write rows to a file that appears when all is written; how many there were.

    Parameters
    ----------
    to
        The file; its name decides the format: `FORMATS`.
    schema, batches
        Columns and rows.
    description
        What the rows are; of CSV it stands in a file beside it.
    where
        What the file was given as.
    """
    form = format_of(to, FORMATS, where)
    texts = {name: str(value) for name, value in description.items()}
    about = texts | {DESCRIPTION: json.dumps(description, ensure_ascii=False)}
    schema = _plain(schema) if form == _CSV else schema.with_metadata(about)
    rows = 0
    beside = to.with_name(f".{to.name}.part")
    try:
        with _writer(form, beside, schema) as writer:
            for batch in batches:
                writer.write_batch(batch.cast(schema) if form == _CSV else batch)
                rows += batch.num_rows
        beside.replace(to)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if form == _CSV:
        put_metadata(to, schema, description)
    return rows


def _plain(schema: pa.Schema) -> pa.Schema:
    """Columns with their codes themselves, which CSV has instead of numbers for them."""
    types = [f.type.value_type if pa.types.is_dictionary(f.type) else f.type for f in schema]
    return pa.schema([field.with_type(type) for field, type in zip(schema, types, strict=True)])


def _writer(form: str, path: Path, schema: pa.Schema) -> Any:
    if form == _CSV:
        return pyarrow.csv.CSVWriter(path, schema)
    if form == "arrow":
        return pa.ipc.new_file(path, schema)
    return pyarrow.parquet.ParquetWriter(path, schema, compression="zstd")
