"""One door to every format: cells go to the terminal, to standard output, or into a file."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow.parquet
from rich.console import Console

from folkestrom.app.output.formats import OutputFormat
from folkestrom.app.output.json_stat import json_stat
from folkestrom.app.output.layout import lay_out
from folkestrom.app.output.metadata import metadata
from folkestrom.app.output.terminal import show
from folkestrom.app.output.workbook import workbook
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language

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
    format: OutputFormat,
    language: Language,
    console: Console,
    to: Path | None = None,
) -> None:
    """Write cells.

    Parameters
    ----------
    cells
        Figures with their specification.
    format
        The format; for a file, its name decides where the format is "table".
    language
        Language of titles and labels. Long formats carry codes, in no language.
    console
        Where tables are drawn.
    to
        A file; None: standard output.
    """
    if to is not None:
        _write_file(cells, _format_of(to, format), language, to)
    elif format is OutputFormat.TABLE:
        show(lay_out(cells, language, MOST_SHOWN), console, language)
    else:
        out = sys.stdout.buffer
        if format in _BINARY and out.isatty():
            raise UsageError(
                f"{format.value} is not for a terminal",
                where="--format",
                next_step="Name a file with --output",
            )
        out.write(content(cells, format, language))
        out.flush()


def content(cells: Cells, format: OutputFormat, language: Language) -> bytes:
    """Cells in a format, as bytes."""
    return _WRITERS[format](cells, language)


def _format_of(to: Path, format: OutputFormat) -> OutputFormat:
    by_name = SUFFIXES.get(to.suffix.lower())
    if format is not OutputFormat.TABLE or by_name is None:
        return format
    return by_name


def _write_file(cells: Cells, format: OutputFormat, language: Language, to: Path) -> None:
    """Write a file beside its place and move it there, so that no half of one is ever seen."""
    if not to.parent.is_dir():
        raise UsageError(
            "is not in a folder that exists", where="--output", value=to, next_step="Make it first"
        )
    made = content(cells, format, language)
    handle, name = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(made)
        beside.chmod(0o666 & ~_umask())
        beside.replace(to)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _csv(cells: Cells, _language: Language) -> bytes:
    import polars as pl

    return pl.DataFrame(cells.data).write_csv().encode()


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
    console = Console(file=io.StringIO(), width=10_000, no_color=True, legacy_windows=False)
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
