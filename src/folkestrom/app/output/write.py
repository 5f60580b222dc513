"""One door to every format: cells go to the terminal, to standard output, or into a file."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow.parquet

from folkestrom.app.output.console import PlainConsole
from folkestrom.app.output.csv_file import csv_of
from folkestrom.app.output.formats import OutputFormat
from folkestrom.app.output.json_stat import json_stat, no_cube
from folkestrom.app.output.layout import lay_out
from folkestrom.app.output.metadata import metadata
from folkestrom.app.output.place import check_place, is_document, put
from folkestrom.app.output.terminal import show
from folkestrom.app.output.workbook import workbook
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language
from folkestrom.model.text import printable

#: Rows that are shown on a terminal.
MOST_SHOWN: Final = 1000

#: Formats by the ends of file names.
SUFFIXES: Final = {
    ".csv": OutputFormat.CSV,
    ".json": OutputFormat.JSON,
    ".parquet": OutputFormat.PARQUET,
    ".xlsx": OutputFormat.XLSX,
    ".json-stat": OutputFormat.JSON_STAT,
    ".txt": OutputFormat.TABLE,
}
_BINARY: Final = frozenset({OutputFormat.PARQUET, OutputFormat.XLSX})


def write(
    cells: Cells,
    format: OutputFormat | None,
    language: Language,
    console: PlainConsole,
    to: Path | None = None,
) -> None:
    """Write cells.

    Parameters
    ----------
    cells
        Figures with their specification.
    format
        The format; None: what a file's name says, and a table elsewhere.
    language
        Language of titles and labels. Long formats carry codes, in no language.
    console
        Where tables are drawn.
    to
        A file; None: standard output.
    """
    if to is not None:
        put(content(cells, _format_of(to, format), language), to)
    elif format in (None, OutputFormat.TABLE):
        show(lay_out(cells, language, MOST_SHOWN), console, language)
    else:
        check_stream(format)
        send(content(cells, format, language))


def content(cells: Cells, format: OutputFormat, language: Language) -> bytes:
    """Cells in a format, as bytes."""
    return _WRITERS[format](cells, language)


def check_stream(format: OutputFormat) -> None:
    """Refuse to write to a terminal what is not text."""
    if format in _BINARY and sys.stdout.isatty():
        raise UsageError(
            f"{format.value} is not for a terminal",
            where="--format",
            next_step="Name a file with --output",
        )


def send(made: bytes) -> None:
    """Write a result to standard output: as it is, but that nothing in it controls a terminal."""
    if sys.stdout.isatty():
        made = printable(made.decode()).encode()
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()


def check(to: Path | None, format: OutputFormat | None, *, listing: bool = False) -> None:
    """Say what cannot be written, before anything is counted.

    Parameters
    ----------
    to, format
        As for `write`.
    listing
        The rows are a list, not the cells of a cube.
    """
    if to is not None:
        check_place(to)
        format = _format_of(to, format)
    if listing and format is OutputFormat.JSON_STAT:
        raise no_cube()


def _format_of(to: Path, format: OutputFormat | None) -> OutputFormat:
    if format is not None:
        return format
    suffix = to.suffix.lower()
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    if not suffix and not is_document(to):
        return OutputFormat.TABLE
    nearest = next(iter(get_close_matches(suffix, SUFFIXES, n=1, cutoff=0.5)), None)
    raise UsageError(
        "does not end the way a file of any format does",
        where="--output",
        value=to,
        allowed=SUFFIXES,
        next_step=f"Did you mean {to.with_suffix(nearest).name!r}?"
        if nearest
        else "Name it so, or say --format",
    )


def _csv(cells: Cells, _language: Language) -> bytes:
    return csv_of(cells.data)


def _json(cells: Cells, language: Language) -> bytes:
    return _dumped({"specification": metadata(cells, language), "cells": list(cells.rows())})


def _json_stat(cells: Cells, language: Language) -> bytes:
    return _dumped(json_stat(cells, language))


def _parquet(cells: Cells, language: Language) -> bytes:
    described = json.dumps(metadata(cells, language), ensure_ascii=False)
    buffer: BinaryIO = io.BytesIO()
    data = cells.data.replace_schema_metadata({"folkestrom": described})
    pyarrow.parquet.write_table(data, buffer, compression="zstd")
    buffer.seek(0)
    return buffer.read()


def _text(cells: Cells, language: Language) -> bytes:
    console = PlainConsole(file=io.StringIO(), width=10_000, no_color=True, legacy_windows=False)
    show(lay_out(cells, language), console, language)
    file = console.file
    return file.getvalue().encode() if isinstance(file, io.StringIO) else b""


def _dumped(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, default=str) + "\n").encode()


_WRITERS: Final[dict[OutputFormat, Callable[[Cells, Language], bytes]]] = {
    OutputFormat.TABLE: _text,
    OutputFormat.CSV: _csv,
    OutputFormat.JSON: _json,
    OutputFormat.JSON_STAT: _json_stat,
    OutputFormat.PARQUET: _parquet,
    OutputFormat.XLSX: workbook,
}
