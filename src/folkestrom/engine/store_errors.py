"""What can be wrong with a store, told so that a user knows what to do."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Final

from folkestrom.engine.failures import number_of, shortage
from folkestrom.errors import StoreError, UserError

#: What the engine says of a file that is broken. That one is cut short is said of any other file,
#: too; only a store's is a database.
_DAMAGE: Final = re.compile(
    r"Corrupt database|not a valid DuckDB database|Failed to load metadata pointer|checksum"
    r"|MetadataReader|^Serialization Error|Could not read enough bytes from file \"[^\"]*\.duckdb\""
    r"|Failure while replaying WAL"
)
_NEWER: Final = re.compile(r"version number|newer version of DuckDB")
_NO_RIGHT: Final = (errno.EACCES, errno.EPERM, errno.EROFS)


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
    return _DAMAGE.search(str(error)) is not None


def damaged(folder: Path | None, what: str = "") -> StoreError:
    """The error for a file that is broken, and for what it says of itself."""
    return StoreError(
        f"the store's file is damaged{what and ': '}{what}",
        where=None if folder is None else str(folder),
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


def unopenable(folder: Path, error: BaseException) -> UserError:
    """The error for a store that does not open: told apart by what the engine or system says."""
    number = number_of(error)
    short = shortage(error)
    if short is not None:
        return short
    if number in _NO_RIGHT:
        return StoreError(
            "may not be opened: no permission",
            where=str(folder),
            next_step="Ask for the right to read and write this folder, or name another.",
        )
    if number is not None:
        return StoreError(
            f"cannot be opened: {os.strerror(number).lower()}",
            where=str(folder),
            next_step="Look at the folder, or name another one with --store.",
        )
    if _NEWER.search(str(error)):
        return StoreError(
            "was written by a newer version of the engine",
            where=str(folder),
            next_step="Upgrade folkestrom, or open another store; this one was left as it is.",
        )
    # What else the engine finds wrong with a file while it opens it has many words.
    return damaged(folder)
