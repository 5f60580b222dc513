"""CSV and NDJSON, converted to Parquet with every value as text."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.engine.failures import shortage
from folkestrom.engine.paths import literal
from folkestrom.engine.rows import first_number, first_row
from folkestrom.errors import InputRefused
from folkestrom.intake.reading.files import Format, InputFile
from folkestrom.intake.reading.header import check_names, text_columns
from folkestrom.intake.reading.plain_text import (
    Text,
    delimiter_of,
    other_encoding,
    plain,
    raw_lines,
    raw_records,
    unpacked,
    whole,
)
from folkestrom.intake.reading.readers import Delivery, broken_file, unmended_lines

_LONGEST_HEADER: Final = 65_536
#: Faults of a single line, and what else such a line may hold; any other fault means that the
#: reader lost its way in the file.
_FAULTS_OF_A_LINE: Final = frozenset({"MISSING COLUMNS", "TOO MANY COLUMNS"})
_FAULTS: Final = _FAULTS_OF_A_LINE | {"INVALID ENCODING"}


@dataclass(frozen=True, slots=True)
class ColumnLayout:
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
    shape: ColumnLayout | None = None,
) -> Delivery:
    """Convert a text file.

    Parameters
    ----------
    connection
        A connection of its own, whose temporary tables are written over.
    file
        The file.
    to
        The Parquet file to write.
    retake
        Whether it is an export of quarantined records that comes back.
    shape
        Its columns; None: those of the report record.
    """
    text = plain(file, to.parent)
    shape = shape or ColumnLayout(partial(check_names, retake=retake), text_columns)
    reader = _convert_csv if file.format == Format.CSV else _convert_ndjson
    return reader(connection, text, to, shape, retake)


def _convert_csv(
    connection: duckdb.DuckDBPyConnection, text: Text, to: Path, shape: ColumnLayout, retake: bool
) -> Delivery:
    path = text.file.path
    names, delimiter = _csv_header(text)
    shape.check(path, names)
    columns = "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in names) + "}"
    source = f"""
        read_csv($path, header = true, auto_detect = false, columns = {columns},
                 delim = '{delimiter}', quote = '"', escape = '"', encoding = 'utf-8',
                 compression = '{text.compression}',
                 store_rejects = true, rejects_limit = 0, rejects_line_size_limit = 16)
    """
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    kept = shape.kept(names)
    rows = _write(connection, text, source, kept, to, {"path": literal(text.path)})
    places = _broken_places(connection, text)
    if not places:
        return _delivery(connection, text, to, rows, kept, {}, retake)
    broken = raw_records(unpacked(text, to.parent), delimiter, list(places))
    within = all(number <= rows + j for j, number in enumerate(broken, start=1))
    if len(broken) != len(places) or not within:
        raise _lost(path, min(places.values()))
    _make_room(connection, to, list(broken))
    return _delivery(connection, text, to, rows + len(broken), kept, broken, retake)


def _broken_places(connection: duckdb.DuckDBPyConnection, text: Text) -> dict[int, int]:
    """Where the lines begin that are no records, with their number as the engine counts lines."""
    rejects = connection.execute(
        "SELECT line_byte_position, any_value(line), list(DISTINCT error_type::VARCHAR) "
        "FROM reject_errors GROUP BY line_byte_position ORDER BY line_byte_position"
    ).fetchall()
    for _, line, faults in rejects:
        if not _FAULTS_OF_A_LINE.isdisjoint(faults) and _FAULTS.issuperset(faults):
            continue
        raise not_utf8(text) or _lost(text.file.path, int(line))
    return {int(place): int(line) for place, line, _ in rejects}


def _delivery(
    connection: duckdb.DuckDBPyConnection,
    text: Text,
    to: Path,
    rows: int,
    kept: dict[str, str],
    broken: dict[int, bytes],
    retake: bool,
) -> Delivery:
    """What was converted; of an export, also the broken lines that nobody has mended."""
    unmended = unmended_lines(connection, to, kept) if retake else {}
    return Delivery(text.file, to, rows, kept, broken | unmended)


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
        {"path": literal(to)},
    )
    whole.replace(to)


def _convert_ndjson(
    connection: duckdb.DuckDBPyConnection, text: Text, to: Path, shape: ColumnLayout, retake: bool
) -> Delivery:
    path = text.file.path
    with _reading(text):
        lines = _NDJSON_LINES.format(compression=text.compression)
        connection.execute(lines, {"path": literal(text.path)})
        _check_lines(connection, path)
        found = connection.execute(
            "SELECT DISTINCT unnest(json_keys(record)) AS name FROM lines ORDER BY name"
        ).fetchall()
    names = [str(name) for (name,) in found]
    shape.check(path, names)
    kept = shape.kept(names)
    layout = "{" + ", ".join(f'"{name}": "VARCHAR"' for name in kept) + "}"
    source = f"(SELECT unnest(json_transform(record, '{layout}')) FROM lines)"
    rows = _write(connection, text, source, kept, to, {})
    found = connection.execute("SELECT number FROM lines WHERE record IS NULL").fetchall()
    numbers = {int(n) for (n,) in found}
    broken = raw_lines(text.raw or unpacked(text, to.parent), numbers) if numbers else {}
    return _delivery(connection, text, to, rows, kept, broken, retake)


def _check_lines(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a file that is not one JSON object a line from its first line on.

    A line that is broken by itself is for quarantine; here the file is JSON of another layout,
    and every line of it would be broken.
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
    FROM read_csv($path, header = false, auto_detect = false, columns = {{'line': 'VARCHAR'}},
                  delim = '\x01', quote = '', escape = '', encoding = 'utf-8',
                  compression = '{compression}')
    WHERE line IS NOT NULL AND trim(line) <> ''
"""


def _write(
    connection: duckdb.DuckDBPyConnection,
    text: Text,
    source: str,
    names: Iterable[str],
    to: Path,
    parameters: dict[str, str],
) -> int:
    """Write the rows of a text file in their order; empty texts are no values."""
    values = ", ".join(f'nullif("{name}", \'\') AS "{name}"' for name in names)
    with _reading(text):
        return first_number(
            connection,
            f"COPY (SELECT {values} FROM {source}) TO '{_quoted(to)}' "
            "(FORMAT parquet, COMPRESSION snappy)",
            parameters,
        )


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


@contextmanager
def _reading(text: Text) -> Iterator[None]:
    """Turn what the engine cannot read into an error that says what is wrong with the file."""
    path, what = text.file.path, "gzip" if text.packed else text.file.format.upper()
    try:
        yield
    except (
        duckdb.IOException,
        duckdb.InvalidInputException,
        duckdb.ConversionException,
        duckdb.DataError,
    ) as error:
        raise shortage(error) or not_utf8(text) or broken_file(path, what) from error


def _csv_header(text: Text) -> tuple[list[str], str]:
    """Column names and delimiter: the delimiter that splits the header most."""
    path = text.file.path
    with whole(path, "CSV"), text.opened() as stream:
        first = stream.readline(_LONGEST_HEADER)
    if not first:
        raise _empty(path)
    try:
        header = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise not_utf8(text) or broken_file(path, "CSV") from error
    if not header.strip():
        raise _no_header(path)
    delimiter = delimiter_of(header)
    try:
        names = next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error as error:
        raise broken_file(path, "CSV") from error
    return [name.strip() for name in names], delimiter


def not_utf8(text: Text) -> InputRefused | None:
    """The error for a file in another encoding, or None when it is UTF-8 throughout."""
    with whole(text.file.path, "text"), text.opened() as stream:
        for number, line in enumerate(stream, start=1):
            try:
                codecs.decode(line, "utf-8")
            except UnicodeDecodeError:
                return other_encoding(text.file.path, number)
    return None


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


def _lost(path: Path, line: int) -> InputRefused:
    return InputRefused(
        f"cannot be read as CSV from line {line} on: a quotation mark is not closed, or a line "
        "is far too long",
        where=str(path),
        allowed='values with a comma, a quotation mark or a line break in "…", with "" for "',
        next_step="Mend that line and take the file in again. Nothing of this intake was kept.",
    )
