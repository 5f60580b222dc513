"""Which key the pseudonyms of a store were made with: its fingerprint, never the key.

The name of a file of reports tells it, so that reports of two keys never get into one store, where
everybody would be two persons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.engine.store_meta import get, put
from folkestrom.errors import InputRefused
from folkestrom.intake.identities.pseudonyms import Key

_META: Final = "pseudonym_key"
_NAMED: Final = re.compile(r"-key-([0-9a-f]{16})\.")


def report_file(folder: Path, run: int, key: Key) -> Path:
    """The file of the reports of one reading, named by the key's fingerprint.

    Parameters
    ----------
    folder
        Its folder.
    run
        Which reading it is.
    key
        The key of pseudonyms.
    """
    return folder / f"reports-{run:06d}-key-{key.fingerprint}.ndjson"


def check_fingerprints(connection: duckdb.DuckDBPyConnection, files: Iterable[Path]) -> None:
    """Keep the fingerprint that the first such file of a store names, and refuse any other.

    Parameters
    ----------
    connection
        The store, in the caller's transaction.
    files
        Files to be taken in; those that name none are passed over.

    Raises
    ------
    InputRefused
        If a file names another key than the store was filled with, or than a file beside it.
    """
    for file in files:
        named = _NAMED.search(file.name)
        known = get(connection, _META)
        if named is None or named[1] == known:
            continue
        if known is not None:
            raise InputRefused(
                "has pseudonyms of another key than those in the store",
                where=str(file),
                value=named[1],
                allowed=f"reports read with the key that has the fingerprint {known}",
                next_step="Read the feed with that key, or its copy, and take those reports in. "
                "If it is lost, or was rotated: take all reports of the new key into a new store. "
                "Nothing of this intake was kept.",
            )
        put(connection, _META, named[1])
