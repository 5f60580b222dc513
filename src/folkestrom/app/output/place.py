"""Bytes at their place: a file that is whole or not there, or whatever else a path may name."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from folkestrom.app.output.json_text import json_text
from folkestrom.engine.failures import path_errors
from folkestrom.engine.scratch import replacing
from folkestrom.errors import UsageError
from folkestrom.publish.formats.csv_metadata import csv_metadata, metadata_path

#: Open streams: a shell may have put a file behind one, and holds on to it.
_STREAMS: Final = tuple(map(Path, ("/dev/stdout", "/dev/stderr", "/dev/fd", "/proc")))


def check_place(to: Path, where: str = "--output") -> None:
    """Refuse a path that nothing can be written to.

    Parameters
    ----------
    to
        The path.
    where
        What it was given as.
    """
    with path_errors(to, where):
        is_in_folder, is_folder = to.parent.is_dir(), to.is_dir()
    if not is_in_folder:
        raise UsageError(
            "is not in a folder that exists", where=where, value=to, next_step="Make it first"
        )
    if is_folder:
        raise UsageError("is a folder", where=where, value=to, allowed="a file")


def put(made: bytes, to: Path) -> None:
    """Write bytes to a path.

    A file is written beside its place and moved there, so that no half of one is ever seen, and
    an earlier one stays until then. What is not a file, as a device or a pipe, is written to.

    Parameters
    ----------
    made
        What is written.
    to
        Where to; of a link, what it points to.
    """
    check_place(to)
    with path_errors(to, "--output"):
        if is_document(to):
            with replacing(to, mode=_mode(to)) as beside:
                beside.write_bytes(made)
        else:
            with to.open("wb") as there:
                there.write(made)


def put_metadata(to: Path, schema: pa.Schema, description: Mapping[str, Any]) -> None:
    """Write the description of a CSV file beside it.

    Parameters
    ----------
    to
        The CSV file.
    schema, description
        As for `csv_metadata`.
    """
    made = csv_metadata(to.name, schema, description)
    put((json_text(made, 1) + "\n").encode(), metadata_path(to))


def is_document(to: Path) -> bool:
    """Whether a path is, or would be, a file, and no device, pipe or open stream."""
    if any(to.absolute().is_relative_to(stream) for stream in _STREAMS):
        return False
    return not to.exists() or to.is_file()


def _mode(to: Path) -> int:
    """Who may read: those who could read the earlier file, or the usual ones."""
    if to.exists():
        return stat.S_IMODE(to.stat().st_mode)
    current = os.umask(0)
    os.umask(current)
    return 0o666 & ~current
