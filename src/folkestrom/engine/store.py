"""One store is one folder with one DuckDB file: the log and all that is derived from it.

A writer has the file to itself. Readers share it, wait while a writer is active, and say so. One
transaction holds a whole step forward (log, derived tables, what they were made from), and its
commit is the one moment at which anything changes.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.engine.rows import is_any
from folkestrom.engine.settings import EngineSettings, connect, resource_errors
from folkestrom.engine.store_errors import damaged, is_damage, no_store
from folkestrom.engine.store_lock import acquired, writer_turn
from folkestrom.engine.store_meta import create_meta, format_version, has_meta
from folkestrom.errors import StoreError

#: Raised when a store's tables change so that an older program cannot read them.
FORMAT_VERSION: Final = 1
DATABASE_NAME: Final = "folkestrom.duckdb"
#: Scratch room for files that are being converted; emptied by every writer.
STAGING_NAME: Final = "staging"

#: Tells the user why something takes a while; the core itself never prints.
Say = Callable[[str], None]
Connection = duckdb.DuckDBPyConnection

_log = logging.getLogger("folkestrom")


def say_in_log(text: str) -> None:
    """Remark to the user where nobody has given another way: a warning of the logger."""
    _log.warning(text)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How to behave when another process has the store.

    Parameters
    ----------
    seconds
        How long to wait; None: for as long as it takes.
    say
        Where to say that one waits, and why.
    """

    seconds: float | None = None
    say: Say = say_in_log


def database_file(folder: Path) -> Path:
    """The one file of a store that matters."""
    return folder / DATABASE_NAME


def staging_folder(folder: Path) -> Path:
    """Scratch room of the active writer, empty at its start."""
    return folder / STAGING_NAME


@contextmanager
def open_for_reading(
    folder: Path, waiting: Waiting | None = None, settings: EngineSettings | None = None
) -> Iterator[Connection]:
    """Open a store to read it; waits while somebody writes.

    Parameters
    ----------
    folder
        The store.
    waiting
        How to wait for a writer.
    settings
        Limits of the engine.
    """
    file = database_file(folder)
    if not file.exists():
        raise no_store(folder)
    connection = acquired(
        lambda: connect(file, settings, read_only=True), folder, waiting or Waiting()
    )
    with _closing(connection, folder):
        if not has_meta(connection):
            raise no_store(folder)
        _check_format(connection, folder)
        yield connection


@contextmanager
def open_for_writing(
    folder: Path,
    create: Callable[[Connection], None],
    waiting: Waiting | None = None,
    settings: EngineSettings | None = None,
) -> Iterator[Connection]:
    """Open a store to write to it, made if there is none; waits for readers and writers.

    Parameters
    ----------
    folder
        The store.
    create
        Makes the empty tables of a new store.
    waiting
        How to wait for others.
    settings
        Limits of the engine.
    """
    waiting = waiting or Waiting()
    _make_folder(folder)
    file = database_file(folder)
    with writer_turn(folder, waiting):
        connection = acquired(lambda: connect(file, settings), folder, waiting)
        with _closing(connection, folder):
            _prepare(connection, folder, create)
            yield connection


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Everything inside becomes visible at once, or not at all."""
    with resource_errors():
        connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            _roll_back(connection)
            raise
        connection.execute("COMMIT")


def _prepare(connection: Connection, folder: Path, create: Callable[[Connection], None]) -> None:
    if has_meta(connection):
        _check_format(connection, folder)
    else:
        _check_is_empty(connection, folder)
        with transaction(connection):
            create_meta(connection, FORMAT_VERSION)
            create(connection)
    # What an interrupted writer left there belongs to nobody: this one has the lock.
    shutil.rmtree(staging_folder(folder), ignore_errors=True)


def _check_is_empty(connection: Connection, folder: Path) -> None:
    if is_any(connection, "duckdb_tables()"):
        raise StoreError(
            "holds a DuckDB database that is not a folkestrom store",
            where=str(folder),
            next_step="Choose another folder with --store; this one was left as it is.",
        )


def _check_format(connection: Connection, folder: Path) -> None:
    version = format_version(connection)
    if version > FORMAT_VERSION:
        raise StoreError(
            f"was written by a newer folkestrom (store format {version})",
            where=str(folder),
            allowed=f"store formats up to {FORMAT_VERSION}",
            next_step="Upgrade folkestrom, or open another store; this one was left as it is.",
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise StoreError(
            "is a file, not a folder",
            where=str(folder),
            next_step="Name a folder with --store; it is made when missing.",
        ) from error
    except PermissionError as error:
        raise StoreError(
            "cannot be made: no permission",
            where=str(folder),
            next_step="Name a folder that you may write to with --store.",
        ) from error


@contextmanager
def _closing(connection: Connection, folder: Path) -> Iterator[None]:
    try:
        with resource_errors():
            yield
    except duckdb.Error as error:
        if is_damage(error):
            raise damaged(folder) from error
        raise
    finally:
        connection.close()


def _roll_back(connection: Connection) -> None:
    # After a full disk the engine may have ended the transaction itself, or refuse any more work;
    # the file is as it was in either case.
    try:
        connection.execute("ROLLBACK")
    except duckdb.Error:
        _log.debug("the transaction had ended already")
