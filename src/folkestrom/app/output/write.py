"""One door to every format: cells go to the terminal, to standard output, or into a file."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Final

from folkestrom.app.output.console import WIDEST, PlainConsole
from folkestrom.app.output.place import check_place, is_document, put, put_metadata
from folkestrom.app.output.terminal import show
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.file_format import format_of
from folkestrom.model.specification import Language
from folkestrom.model.text import printable
from folkestrom.publish.formats.content import WRITERS
from folkestrom.publish.formats.cube import no_cube
from folkestrom.publish.formats.layout import headed, lay_out
from folkestrom.publish.formats.output_format import OF_CUBES, OutputFormat
from folkestrom.publish.formats.survey import require_writer

#: Rows that are shown on a terminal.
MOST_SHOWN: Final = 1000

#: Formats by the ends of file names.
SUFFIXES: Final = {
    ".csv": OutputFormat.CSV,
    ".json": OutputFormat.JSON,
    ".parquet": OutputFormat.PARQUET,
    ".xlsx": OutputFormat.XLSX,
    ".json-stat": OutputFormat.JSON_STAT,
    ".px": OutputFormat.PX,
    ".sdmx-csv": OutputFormat.SDMX_CSV,
    ".dta": OutputFormat.STATA,
    ".sav": OutputFormat.SPSS,
    ".txt": OutputFormat.TABLE,
    ".svg": OutputFormat.SVG,
    ".png": OutputFormat.PNG,
    ".pdf": OutputFormat.PDF,
    ".html": OutputFormat.HTML,
}
_BINARY: Final = frozenset(
    {
        OutputFormat.PARQUET,
        OutputFormat.XLSX,
        OutputFormat.STATA,
        OutputFormat.SPSS,
        OutputFormat.PNG,
        OutputFormat.PDF,
    }
)


def write(
    cells: Cells,
    format: OutputFormat | None,
    language: Language,
    console: PlainConsole,
    to: Path | None = None,
    aside: PlainConsole | None = None,
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
    aside
        Where the notes of CSV go that has no file beside it.
    """
    chosen = format if to is None else _format_of(to, format)
    if to is not None:
        put(content(cells, chosen or OutputFormat.TABLE, language), to)
    elif format in (None, OutputFormat.TABLE):
        show(lay_out(cells, language, MOST_SHOWN), console, language)
    else:
        check_stream(format)
        send(content(cells, format, language))
    if chosen is OutputFormat.CSV:
        _describe_csv(cells, language, to, aside)


def _describe_csv(
    cells: Cells, language: Language, to: Path | None, aside: PlainConsole | None
) -> None:
    """Say what CSV cannot: in a file beside it, or where remarks go."""
    if to is not None and is_document(to):
        put_metadata(to, cells.data.schema, cells.described(language))
    elif aside is not None:
        for line in headed(cells.specification, language):
            aside.print(line, soft_wrap=True)


def content(cells: Cells, format: OutputFormat, language: Language) -> bytes:
    """Cells in a format, as bytes."""
    if format is OutputFormat.TABLE:
        return _text(cells, language)
    return WRITERS[format](cells, language)


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
    if listing and format in OF_CUBES:
        raise no_cube(format.value)
    if format in (OutputFormat.STATA, OutputFormat.SPSS):
        require_writer()


def _format_of(to: Path, format: OutputFormat | None) -> OutputFormat:
    if format is not None:
        return format
    if not to.suffix and not is_document(to):
        return OutputFormat.TABLE
    return format_of(to, SUFFIXES, otherwise="Name it so, or say --format")


def _text(cells: Cells, language: Language) -> bytes:
    console = PlainConsole(file=io.StringIO(), width=WIDEST, no_color=True, legacy_windows=False)
    show(lay_out(cells, language), console, language)
    file = console.file
    return file.getvalue().encode() if isinstance(file, io.StringIO) else b""
