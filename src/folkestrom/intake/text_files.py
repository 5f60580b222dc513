"""CSV and NDJSON, converted to Parquet with every value as text."""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, cast

import duckdb

from folkestrom.engine.rows import first_number, first_row
from folkestrom.errors import InputRefused
from folkestrom.intake.files import Format, InputFile, format_of
from folkestrom.intake.header import check_names, text_columns
from folkestrom.intake.readers import Delivery, broken_file, unmended_lines

_DELIMITERS: Final = ",;\t|"
_LONGEST_HEADER: Final = 65_536
_BLOCK: Final = 1 << 20
#: Faults of a single line; any other one means that the reader lost its way in the file.
_FAULTS_OF_A_LINE: Final = frozenset({"MISSING COLUMNS", "TOO MANY COLUMNS"})
#: What reading a damaged file, packed or not, can end in.
_UNREADABLE: Final = (OSError, EOFError, zlib.error)


@dataclass(frozen=True, slots=True)
class Shape:
    """Which columns a text file must have.

    Parameters
    ----------
    check
        Refuses a file by its path and the names of its columns.
    kept
        The columns that are read, of those that there are, with their types.
    """

    check: Callable[[Path, Sequence[str]], None]
    kept: Callable[[Sequence[str]], dict[str, str]]


def convert(
    connection: duckdb.DuckDBPyConnection,
    file: InputFile,
    to: Path,
    *,
    retake: bool = False,
    shape: Shape | None = None,
) -> Delivery:
    """Convert a text file.

    Parameters
    ----------
    connection
        A connection in memory.
    file
        The file.
    to
        The Parquet file to write.
    retake
        Whether it is an export of quarantined records that comes back.
    shape
        Its columns; None: those of the report record.
    """
    if _is_packed(file.path):
        _check_packed(file.path)
    shape = shape or Shape(partial(check_names, retake=retake), text_columns)
    reader = _convert_csv if file.format == Format.CSV else _convert_ndjson
    return reader(connection, file, to, shape, retake)


def _convert_csv(
    connection: duckdb.DuckDBPyConnection, file: InputFile, to: Path, shape: Shape, retake: bool
) -> Delivery:
    names, delimiter = _csv_header(file.path)
    shape.check(file.path, names)
    columns = "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in names) + "}"
    source = f"""
        read_csv($path, header = true, auto_detect = false, columns = {columns},
                 delim = '{delimiter}', quote = '"', escape = '"', encoding = 'utf-8',
                 store_rejects = true, rejects_limit = 0, rejects_line_size_limit = 65536)
    """
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    kept = shape.kept(names)
    rows = _write(connection, file, source, kept, to, {"path": str(file.path)})
    rejects = connection.execute(
        "SELECT line, any_value(error_type::VARCHAR), any_value(csv_line) "
        "FROM reject_errors GROUP BY line ORDER BY line"
    ).fetchall()
    for line, fault, _ in rejects:
        if fault not in _FAULTS_OF_A_LINE:
            raise not_utf8(file.path) or _lost(file.path, int(line))
    if not rejects:
        return _delivery(connection, file, to, rows, kept, {}, retake)
    empty = _empty_lines(file.path)
    # Line 1 is the header, and empty lines are no records. Where a stray quotation mark hides the
    # end of a line from us, at least no number may lie beyond the last record.
    broken = {
        min(int(line) - 1 - bisect_left(empty, int(line)), rows + j): str(text or "").strip("\r\n")
        for j, (line, _, text) in enumerate(rejects, start=1)
    }
    _make_room(connection, to, list(broken))
    return _delivery(connection, file, to, rows + len(broken), kept, broken, retake)


def _delivery(
    connection: duckdb.DuckDBPyConnection,
    file: InputFile,
    to: Path,
    rows: int,
    kept: dict[str, str],
    broken: dict[int, str],
    retake: bool,
) -> Delivery:
    """What was converted; of an export, also the broken lines that nobody has mended."""
    unmended = unmended_lines(connection, to, kept) if retake else {}
    return Delivery(file, to, rows, kept, broken | unmended)


def _empty_lines(path: Path) -> list[int]:
    """Lines of a CSV file without anything in them, counted as the engine counts lines."""
    found = []
    number = 0
    is_inside = False  # a value in quotation marks, which may hold line breaks
    with _opened(path) as stream:
        for line in stream:
            if not is_inside:
                number += 1
                if not line.strip(b"\r\n"):
                    found.append(number)
            is_inside ^= line.count(b'"') % 2 == 1
    return found


def _make_room(connection: duckdb.DuckDBPyConnection, to: Path, broken: list[int]) -> None:
    """Put a row without values where each broken line was, so that row r is record r."""
    # The j-th broken line stands before every sound record from this place on, counted from 1.
    places = [number - j for j, number in enumerate(broken)]
    whole = to.with_suffix(".whole.parquet")
    connection.execute(
        f"""
        COPY (
          SELECT * EXCLUDE (number) FROM (
            SELECT * EXCLUDE (file_row_number),
              file_row_number + 1
              + len(list_filter({places}::BIGINT[], lambda p: p <= file_row_number + 1)) AS number
            FROM read_parquet($path, file_row_number = true)
            UNION ALL BY NAME
            SELECT unnest({broken}::BIGINT[]) AS number
          ) ORDER BY number
        ) TO '{_quoted(whole)}' (FORMAT parquet, COMPRESSION snappy)
        """,
        {"path": str(to)},
    )
    whole.replace(to)


def _convert_ndjson(
    connection: duckdb.DuckDBPyConnection, file: InputFile, to: Path, shape: Shape, retake: bool
) -> Delivery:
    with _reading(file):
        connection.execute(_NDJSON_LINES, {"path": str(file.path)})
        _check_lines(connection, file.path)
        found = connection.execute(
            "SELECT DISTINCT unnest(json_keys(record)) AS name FROM lines ORDER BY name"
        ).fetchall()
    names = [str(name) for (name,) in found]
    shape.check(file.path, names)
    kept = shape.kept(names)
    layout = "{" + ", ".join(f'"{name}": "VARCHAR"' for name in kept) + "}"
    source = f"(SELECT unnest(json_transform(record, '{layout}')) FROM lines)"
    rows = _write(connection, file, source, kept, to, {})
    broken = connection.execute(
        "SELECT number, line FROM lines WHERE record IS NULL ORDER BY number"
    ).fetchall()
    lines = {int(n): str(line) for n, line in broken}
    return _delivery(connection, file, to, rows, kept, lines, retake)


def _check_lines(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a file that is not one JSON object a line from its first line on.

    A line that is broken by itself is for quarantine; here somebody has written JSON of another
    layout, and every line of it would be broken.
    """
    row = first_row(
        connection,
        "SELECT count(*), count(record), first(trim(line) ORDER BY number) FROM lines",
    )
    total, objects, first = row or (0, 0, None)
    if not total:
        raise _empty(path)
    if not objects or first == "{" or str(first).startswith("["):
        raise InputRefused(
            "is JSON of another layout: its lines are not one JSON object each",
            where=str(path),
            allowed='one record a line, such as {"source": "…", "source_report_id": "…", …}, '
            "without line breaks within it, and without a list around the records",
            next_step="Write it one object a line (jq -c . FILE for single objects, jq -c '.[]' "
            "FILE for a list). Nothing of this intake was kept.",
        )


#: Lines of an NDJSON file, numbered without the empty ones, and the JSON object that each one is.
_NDJSON_LINES: Final = """
    CREATE OR REPLACE TEMP TABLE lines AS
    SELECT
      row_number() OVER () AS number,
      line,
      CASE
        WHEN json_valid(line) THEN CASE WHEN json_type(line) = 'OBJECT' THEN line::JSON END
      END AS record
    FROM read_csv($path, header = false, auto_detect = false, columns = {'line': 'VARCHAR'},
                  delim = '\x01', quote = '', escape = '', encoding = 'utf-8')
    WHERE line IS NOT NULL AND trim(line) <> ''
"""


def _write(
    connection: duckdb.DuckDBPyConnection,
    file: InputFile,
    source: str,
    names: Iterable[str],
    to: Path,
    parameters: dict[str, str],
) -> int:
    """Write the rows of a text file in their order; empty texts are no values."""
    values = ", ".join(f'nullif("{name}", \'\') AS "{name}"' for name in names)
    with _reading(file):
        return first_number(
            connection,
            f"COPY (SELECT {values} FROM {source}) TO '{_quoted(to)}' "
            "(FORMAT parquet, COMPRESSION snappy)",
            parameters,
        )


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


@contextmanager
def _reading(file: InputFile) -> Iterator[None]:
    """Turn what the engine cannot read into an error that says what is wrong with the file."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.IOException as error:
        if "no space left" in str(error).lower():
            raise
        raise _not_whole(file.path) from error
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.DataError) as error:
        raise not_utf8(file.path) or broken_file(file.path, file.format.upper()) from error


def _csv_header(path: Path) -> tuple[list[str], str]:
    """Column names and delimiter: the delimiter that splits the header most."""
    try:
        with _opened(path) as stream:
            first = stream.readline(_LONGEST_HEADER)
    except _UNREADABLE as error:
        raise _not_whole(path) from error
    if not first:
        raise _empty(path)
    if b"\n" not in first and b"\r" in first.rstrip(b"\r"):
        raise _carriage_returns(path)
    try:
        text = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise not_utf8(path) or broken_file(path, "CSV") from error
    if not text.strip():
        raise _no_header(path)
    delimiter = max(_DELIMITERS, key=text.count)
    try:
        names = next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error as error:
        raise broken_file(path, "CSV") from error
    return [name.strip() for name in names], delimiter


def _opened(path: Path) -> BinaryIO:
    if _is_packed(path):
        return cast("BinaryIO", gzip.open(path, "rb"))
    return path.open("rb")


def not_utf8(path: Path) -> InputRefused | None:
    """The error for a file in another encoding, or None when it is UTF-8 throughout."""
    try:
        with _opened(path) as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    codecs.decode(line, "utf-8")
                except UnicodeDecodeError:
                    return _other_encoding(path, number, line)
    except _UNREADABLE:
        return None
    return None


def _is_packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _check_packed(path: Path) -> None:
    """Refuse a packed file whose content is not what was packed.

    The engine does not compare checksums: it would take in what a fault has made of the records.
    """
    try:
        with _opened(path) as stream:
            while stream.read(_BLOCK):
                pass
    except _UNREADABLE as error:
        raise _not_whole(path) from error


def _not_whole(path: Path) -> InputRefused:
    """The error for a file that ends too early, or that is not packed as its name says."""
    return broken_file(path, "gzip" if _is_packed(path) else format_of(path).upper())


def _empty(path: Path) -> InputRefused:
    return InputRefused(
        "is empty",
        where=str(path),
        next_step="Get the file again from its source. A day without reports is a CSV file with "
        "its header row only. Nothing of this intake was kept.",
    )


def _no_header(path: Path) -> InputRefused:
    return InputRefused(
        "begins with an empty line",
        where=str(path),
        allowed="a first line with the names of the columns",
        next_step="Remove the empty lines at its beginning and take the file in again.",
    )


def _carriage_returns(path: Path) -> InputRefused:
    return InputRefused(
        "ends its lines with a carriage return alone",
        where=str(path),
        allowed="lines that end with a line feed, or with both",
        next_step=f"Convert it: tr '\\r' '\\n' < {path.name} > lines-{path.name}. "
        "Nothing of this intake was kept.",
    )


def _other_encoding(path: Path, number: int, line: bytes) -> InputRefused:
    utf16 = line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    guess = "UTF-16" if utf16 else "WINDOWS-1252"
    return InputRefused(
        f"is not UTF-8: line {number} holds bytes that look like {guess}",
        where=str(path),
        allowed="UTF-8",
        next_step=f"Convert it: iconv -f {guess} -t UTF-8 {path.name} > utf8-{path.name}. "
        "Nothing of this intake was kept.",
    )


def _lost(path: Path, line: int) -> InputRefused:
    return InputRefused(
        f"cannot be read as CSV from line {line} on: a quotation mark is not closed, or a line "
        "is far too long",
        where=str(path),
        allowed='values with a comma, a quotation mark or a line break in "…", with "" for "',
        next_step="Mend that line and take the file in again. Nothing of this intake was kept.",
    )
