"""Rows of persons in files for the office: written batch by batch, whole or not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet

from folkestrom.app.output.json_text import json_text
from folkestrom.app.output.place import put_metadata
from folkestrom.engine.failures import path_errors
from folkestrom.engine.scratch import replacing
from folkestrom.model.cells import DESCRIPTION
from folkestrom.model.file_format import format_of
from folkestrom.publish.formats.csv_file import csv_of
from folkestrom.publish.formats.survey import (
    SPSS,
    STATA,
    Program,
    require_writer,
    variable,
    write_survey,
)

_CSV: Final = "csv"
_SURVEY: Final = {"stata": STATA, "spss": SPSS}
#: Formats of rows by the ends of file names.
FORMATS: Final = {
    ".parquet": "parquet",
    ".csv": _CSV,
    ".arrow": "arrow",
    ".feather": "arrow",
    ".dta": "stata",
    ".sav": "spss",
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
    about = texts | {DESCRIPTION: json_text(description)}
    schema = schema.with_metadata(about)
    rows = 0
    with path_errors(to, where), replacing(to) as beside, _writer(form, beside, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    if form == _CSV:
        put_metadata(to, schema, description)
    return rows


class _CsvWriter:
    """Batches of rows as one CSV file.

    Parameters
    ----------
    path
        The file.
    schema
        Columns of the batches.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("wb")
        self._file.write(csv_of(schema.empty_table()))

    def __enter__(self) -> _CsvWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        self._file.write(csv_of(pa.Table.from_batches([batch]), header=False))


class _SurveyWriter:
    """Batches of rows as one file of Stata or SPSS, which is written when all are there.

    Parameters
    ----------
    path
        The file.
    schema
        Columns of the batches.
    program
        Which program's it is.
    """

    def __init__(self, path: Path, schema: pa.Schema, program: Program) -> None:
        require_writer()
        self._path, self._schema, self._program = path, schema, program
        self._batches: list[pa.RecordBatch] = []

    def __enter__(self) -> _SurveyWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            return
        rows = pa.Table.from_batches(self._batches, self._schema).unify_dictionaries()
        title = (self._schema.metadata or {}).get(b"title", b"").decode()
        variables = {
            name: variable(name, column.combine_chunks(), _levels(column))
            for name, column in zip(rows.column_names, rows.columns, strict=True)
        }
        write_survey(self._path, variables, self._program, [title])

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        self._batches.append(batch)


def _levels(column: pa.ChunkedArray) -> dict[str, str]:
    """The levels of a column of codes; of another one, none."""
    if not pa.types.is_dictionary(column.type) or not column.num_chunks:
        return {}
    return {code: code for code in column.chunk(0).dictionary.to_pylist()}


def _writer(form: str, path: Path, schema: pa.Schema) -> Any:
    if form in _SURVEY:
        return _SurveyWriter(path, schema, _SURVEY[form])
    if form == _CSV:
        return _CsvWriter(path, schema)
    if form == "arrow":
        return pa.ipc.new_file(path, schema)
    return pyarrow.parquet.ParquetWriter(path, schema, compression="zstd")
