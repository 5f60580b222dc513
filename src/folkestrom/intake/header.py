"""Whether a file has the columns of the report record, in types that can be read."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from folkestrom.errors import InputRefused
from folkestrom.intake.columns import TEXT, accepted_types, fits
from folkestrom.model.codes import RESERVED_KINDS, Kind
from folkestrom.model.report import BY_NAME, COLUMNS

#: The column by which an exported record finds back to its place in quarantine.
QUARANTINE_ID: Final = "quarantine_id"
#: Columns that an export of quarantined records adds; only the first is read again.
EXPORT_COLUMNS: Final = (
    QUARANTINE_ID,
    "quarantine_reason",
    "quarantine_column",
    "quarantine_value",
    "quarantine_allowed",
    "quarantine_file",
    "quarantine_row",
    "quarantine_line",
)

_EVERY = frozenset(Kind) - RESERVED_KINDS
#: A file without one of these holds no reports.
REQUIRED: Final = tuple(c.name for c in COLUMNS if c.required >= _EVERY)


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
    for name in names:
        if name in EXPORT_COLUMNS:
            if not retake:
                raise _is_an_export(path)
        elif name not in BY_NAME:
            raise _unknown(path, name, names)
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
    return {name: TEXT for name in names if name in BY_NAME or name == QUARANTINE_ID}


def _unknown(path: Path, name: str, names: Sequence[str]) -> InputRefused:
    free = [column for column in BY_NAME if column not in names]
    near = difflib.get_close_matches(name.strip().lower(), free, n=1, cutoff=0.5)
    advice = f"Did you mean {near[0]}? Rename" if near else "Rename or remove"
    return InputRefused(
        f"has a column {name!r}, which the report record does not have",
        where=str(path),
        allowed=", ".join(BY_NAME),
        next_step=f"{advice} the column and take the file in again.",
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
