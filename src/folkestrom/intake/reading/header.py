"""Whether a file has the columns of the report record, in types that can be read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from folkestrom.errors import InputRefused, masked
from folkestrom.intake.columns import TEXT, accepted_types, fits
from folkestrom.intake.reading.files import Format, format_of
from folkestrom.model.codes import Kind
from folkestrom.model.report import BY_NAME, COLUMNS

#: The column by which an exported record finds back to its place in quarantine.
QUARANTINE_ID: Final = "quarantine_id"
#: The column with the text of a line that is not a record.
QUARANTINE_LINE: Final = "quarantine_line"
#: The column with its bytes in base64, where these are no UTF-8 text.
QUARANTINE_BYTES: Final = "quarantine_bytes"
#: Columns that an export of quarantined records adds; only the two with a name are read again.
EXPORT_COLUMNS: Final = (
    QUARANTINE_ID,
    "quarantine_reason",
    "quarantine_column",
    "quarantine_value",
    "quarantine_allowed",
    "quarantine_file",
    "quarantine_row",
    QUARANTINE_LINE,
    QUARANTINE_BYTES,
)

#: A file without one of these holds no reports.
REQUIRED: Final = tuple(c.name for c in COLUMNS if c.required >= frozenset(Kind))

#: How alike a name must be to one of the record's columns to be taken for a slip of it.
_ALIKE: Final = 0.7
#: What a column could be called. Anything else may be a value, and that a person's number.
_WORD: Final = re.compile(r"[^\W\d_][\w .-]{0,39}")


def check_names(path: Path, names: Sequence[str], *, retake: bool = False) -> None:
    """Refuse a file that lacks a column it must have, or has one that the format does not know.

    Parameters
    ----------
    path
        The file, for messages.
    names
        Its columns.
    retake
        Whether it is an export of quarantined records that comes back.
    """
    for number, name in enumerate(names, start=1):
        if name in EXPORT_COLUMNS:
            if not retake:
                raise _is_an_export(path)
        elif name not in BY_NAME:
            raise _unknown(path, number, names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputRefused(
            "is there twice", where=str(path), column=twice[0], next_step="Keep one of the two."
        )
    for name in REQUIRED:
        if name not in names:
            raise _missing(path, name, names)
    if retake and QUARANTINE_ID not in names:
        raise _missing(path, QUARANTINE_ID, names)


def check_types(path: Path, found: Mapping[str, str]) -> None:
    """Refuse a file with a column of a type that cannot hold the format's values.

    Parameters
    ----------
    path
        The file, for messages.
    found
        Its columns with their types, as DuckDB names them.
    """
    for name, kind in found.items():
        column = BY_NAME.get(name)
        if column is not None and not fits(column, kind):
            raise InputRefused(
                f"is a column of type {kind}",
                where=str(path),
                column=name,
                allowed=accepted_types(column),
                next_step="Write the column in that type and take the file in again.",
            )


def text_columns(names: Sequence[str]) -> dict[str, str]:
    """The columns that are read of a file without types: all are text.

    Examples
    --------
    >>> text_columns(["source", "quarantine_id", "quarantine_file"])
    {'source': 'VARCHAR', 'quarantine_id': 'VARCHAR'}
    """
    read = {*BY_NAME, QUARANTINE_ID, QUARANTINE_LINE}
    return {name: TEXT for name in names if name in read}


def _unknown(path: Path, number: int, names: Sequence[str]) -> InputRefused:
    name = names[number - 1]
    if not any(other in BY_NAME for other in names):
        return _no_names(path, number)
    if not _is_a_name(name):
        return InputRefused(
            "has a name that the report record does not have (it is not repeated here, since it "
            "looks like a value)",
            where=str(path),
            column=str(number),
            allowed=", ".join(BY_NAME),
            next_step="Rename or remove the column and take the file in again.",
        )
    near = difflib.get_close_matches(name.strip().lower(), list(BY_NAME), n=1, cutoff=_ALIKE)
    advice = "Rename or remove"
    if near:
        way = "It is there already: remove" if near[0] in names else "Rename"
        advice = f"Did you mean {near[0]}? {way}"
    return InputRefused(
        f"has a column {name!r}, which the report record does not have",
        where=str(path),
        allowed=", ".join(BY_NAME),
        next_step=f"{advice} the column and take the file in again.",
    )


def _is_a_name(text: str) -> bool:
    """Whether a text can only be meant as the name of a column."""
    return bool(_WORD.fullmatch(text)) and masked(text) == text


def _no_names(path: Path, number: int) -> InputRefused:
    """The error for values where names should be; it repeats none of them."""
    listed = ", ".join(BY_NAME)
    if format_of(path) == Format.NDJSON:
        return InputRefused(
            "names no column of the report record; what stands before the colons may be values, "
            "and is not repeated here",
            where=str(path),
            allowed=f"one JSON object a line, with names of {listed}",
            next_step="Write every record as one object of names and values.",
        )
    return InputRefused(
        "is not a column of the report record, nor is any other: the file seems to have no header "
        "row",
        where=str(path),
        column=str(number),
        allowed=f"a first line with names of {listed}",
        next_step="Put the names of the columns into the first line and take the file in again.",
    )


def _missing(path: Path, name: str, names: Sequence[str]) -> InputRefused:
    return InputRefused(
        f"has no column {name!r}",
        where=str(path),
        allowed=f"columns of the report record; {', '.join(REQUIRED)} must be there",
        next_step=f"Add the column. The file has: {', '.join(names) or 'none'}.",
    )


def _is_an_export(path: Path) -> InputRefused:
    return InputRefused(
        "is an export of quarantined records",
        where=str(path),
        next_step="Take it in with folkestrom quarantine retake, which closes the old records.",
    )
