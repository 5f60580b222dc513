"""What can be wrong with a store, told so that a user knows what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.errors import StoreError

#: The same is said of any other file that is cut short; only a store's is a database.
_CUT_SHORT: Final = re.compile(r'Could not read enough bytes from file "[^"]*\.duckdb"')


def no_store(folder: Path) -> StoreError:
    """The error for a folder without a store."""
    return StoreError(
        "there is no store in this folder",
        where=str(folder),
        next_step="Take in reports first (folkestrom --store DIR intake FILES), or name the "
        "right folder with --store or FOLKESTROM_STORE.",
    )


def is_damage(error: BaseException) -> bool:
    """Whether the engine says that the store's file itself is broken, or cut short."""
    text = str(error)
    return (
        "Corrupt database" in text
        or "not a valid DuckDB database" in text
        or _CUT_SHORT.search(text) is not None
    )


def damaged(folder: Path) -> StoreError:
    """The error for a file that is broken."""
    return StoreError(
        "the store's file is damaged",
        where=str(folder),
        next_step="Put back a copy of the file, or take the report files in again into a new "
        "store; a store never changes the files it has read.",
    )


def still_in_use(folder: Path, holder: str, seconds: float) -> StoreError:
    """The error after waiting long enough."""
    return StoreError(
        f"is still in use by {holder} after {seconds:g} seconds",
        where=str(folder),
        next_step="Let the other command finish, or wait longer (--wait SECONDS).",
    )


def unopenable(folder: Path, error: duckdb.Error) -> StoreError | duckdb.Error:
    """The error for a file that does not open: told apart by what the engine says."""
    text = str(error)
    if is_damage(error):
        return damaged(folder)
    if "version number" in text or "newer version of DuckDB" in text:
        return StoreError(
            "was written by a newer version of the engine",
            where=str(folder),
            next_step="Upgrade folkestrom, or open another store; this one was left as it is.",
        )
    if "Permission denied" in text or "Read-only file system" in text:
        return StoreError(
            "may not be opened: no permission",
            where=str(folder),
            next_step="Ask for the right to read and write this folder, or name another.",
        )
    return error
