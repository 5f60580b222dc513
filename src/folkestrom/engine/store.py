"""One store is one folder with one DuckDB file: the log and all that is derived from it.

A writer has the file to itself. Readers share it, wait while a writer is active, and say so. One
transaction holds a whole step forward (log, derived tables, what they were made from), and its
commit is the one moment at which anything changes.

What is deleted from a database stays in its file until something is written over it. Where nothing
of it may be left, all else is copied to a new database, the store's next generation, and the change
of names is the one moment.
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.engine.failures import resource_errors, user_error_of
from folkestrom.engine.paths import quoted
from folkestrom.engine.rows import is_any
from folkestrom.engine.scratch import remove, shared_scratch
from folkestrom.engine.settings import EngineSettings, connect
from folkestrom.engine.store_errors import damaged, is_damage, no_store, unopenable
from folkestrom.engine.store_lock import acquired, writer_turn
from folkestrom.engine.store_meta import create_meta, format_version, has_meta
from folkestrom.errors import StoreError

#: Raised when a store's tables change so that an older program cannot read them.
FORMAT_VERSION: Final = 1
DATABASE_NAME: Final = "folkestrom.duckdb"
#: Scratch room for files that are being converted; removed by every writer, at its start and end.
STAGING_NAME: Final = "staging"
#: Individual files of statistics that are kept with a store.
EXTRACTS_NAME: Final = "extracts"
_NEXT: Final = "next_generation"
_MINE: Final = "database_name = $here AND NOT internal AND NOT temporary"

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
    """Scratch room of the active writer; whoever puts something there makes it first."""
    return folder / STAGING_NAME


def extracts_folder(folder: Path) -> Path:
    """Where individual files of statistics are kept; whoever first puts one there makes it."""
    return folder / EXTRACTS_NAME


@contextmanager
def open_for_reading(
    folder: Path, waiting: Waiting | None = None, settings: EngineSettings | None = None
) -> Iterator[Connection]:
    """Open a store to read it; waits while another process writes.

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
    if not is_there(file):
        raise no_store(folder)
    waiting = waiting or Waiting()
    with (
        _spilling(folder, settings, waiting) as set_up,
        _opened(lambda: connect(file, set_up, read_only=True), folder, waiting) as connection,
    ):
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
    with (
        writer_turn(folder, waiting),
        _spilling(folder, settings, waiting) as set_up,
        _opened(lambda: connect(file, set_up), folder, waiting) as connection,
    ):
        _prepare(connection, folder, create)
        _clear(folder, waiting.say)
        try:
            yield connection
        finally:
            remove(staging_folder(folder))


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


def _clear(folder: Path, say: Say) -> None:
    """Remove what an interrupted writer left: it belongs to nobody, for this one has the lock."""
    for left in (staging_folder(folder), folder / f"{DATABASE_NAME}.tmp"):
        remove(left, say)


@contextmanager
def _spilling(
    folder: Path, settings: EngineSettings | None, waiting: Waiting
) -> Iterator[EngineSettings]:
    """Settings with a place to spill to that is of this process alone, and goes with it."""
    settings = settings or EngineSettings.from_environment()
    with ExitStack() as stack:
        room = _spill_room(stack, folder, settings.spill, waiting.say)
        yield replace(settings, spill=room)


def _spill_room(stack: ExitStack, folder: Path, spill: Path | None, say: Say) -> Path | None:
    try:
        if spill is not None:
            spill.mkdir(parents=True, exist_ok=True)
        return stack.enter_context(shared_scratch(spill or folder, say))
    except OSError as error:
        if spill is not None:
            raise user_error_of(error) or error from error
        # A store on a full disk, or one that may only be read, can be asked all the same.
        return None


def _check_is_empty(connection: Connection, folder: Path) -> None:
    if is_any(connection, "duckdb_tables()"):
        raise StoreError(
            "holds a DuckDB database that is not a folkestrom store",
            where=str(folder),
            next_step="Choose another folder with --store; this one was left as it is.",
        )


def _check_format(connection: Connection, folder: Path) -> None:
    try:
        version = format_version(connection)
    except StoreError as error:
        raise damaged(folder, "its format is not a number") from error
    if not version:
        raise damaged(folder, "it does not say what format it has")
    if version > FORMAT_VERSION:
        raise StoreError(
            f"was written by a newer folkestrom (store format {version})",
            where=str(folder),
            allowed=f"store formats up to {FORMAT_VERSION}",
            next_step="Upgrade folkestrom, or open another store; this one was left as it is.",
        )


def is_there(file: Path) -> bool:
    """Whether there is such a file, or an error where that cannot be told."""
    try:
        return file.exists()
    except OSError as error:
        raise unopenable(file.parent, error) from error


def _make_folder(folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Of the user alone; a folder that is there already has the rights that its owner gave it.
        folder.mkdir(mode=0o700, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise StoreError(
            "is a file, not a folder",
            where=str(folder),
            next_step="Name a folder with --store; it is made when missing.",
        ) from error
    except OSError as error:
        raise unopenable(folder, error) from error


@contextmanager
def _opened(
    connect_to: Callable[[], Connection], folder: Path, waiting: Waiting
) -> Iterator[Connection]:
    connection = acquired(connect_to, folder, waiting)
    try:
        with resource_errors():
            yield connection
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


def columns_of_tables(connection: Connection) -> dict[str, dict[str, str]]:
    """Of each table of a store, by its name, the types of its columns by theirs."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    rows = connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() JOIN duckdb_tables() t "
        "USING (database_name, table_name) WHERE database_name = current_database() "
        "AND NOT t.temporary ORDER BY table_name, column_index"
    ).fetchall()
    for table, column, kind in rows:
        found[table][column] = kind
    return found


def copy_database(
    connection: Connection, folder: Path, rows: Callable[[str, Mapping[str, str]], str]
) -> Path:
    """Copy a store's tables and views to a new database in its scratch room, and return that.

    Parameters
    ----------
    connection
        The store, open for writing.
    folder
        Its folder.
    rows
        Of a table, by its name and the types of its columns: the SELECT of the rows that go on.
    """
    staging_folder(folder).mkdir(mode=0o700, exist_ok=True)
    new = staging_folder(folder) / database_file(folder).name
    ((here,),) = connection.execute("SELECT current_database()").fetchall()
    tables, views = (
        connection.execute(f"SELECT sql FROM {what}() WHERE {_MINE}", {"here": here}).fetchall()
        for what in ("duckdb_tables", "duckdb_views")
    )
    columns = columns_of_tables(connection)
    connection.execute(f"ATTACH '{quoted(new)}' AS {_NEXT}")
    connection.execute(f"USE {_NEXT}")
    for (statement,) in [*tables, *views]:
        connection.execute(statement)
    connection.execute(f'USE "{here}"')
    for table, types in columns.items():
        connection.execute(f'INSERT INTO {_NEXT}.main."{table}" {rows(table, types)}')
    connection.execute(f"DETACH {_NEXT}")
    return new


def put_in_place(connection: Connection, folder: Path, new: Path) -> None:
    """Let a finished database take the place of the store's own.

    Parameters
    ----------
    connection
        The store as it was, open for writing, and without anything left to write.
    folder
        Its folder.
    new
        The database, which nobody has open.
    """
    file = database_file(folder)
    connection.execute("CHECKPOINT")
    if any(path.with_name(f"{path.name}.wal").exists() for path in (file, new)):
        raise StoreError(
            "has a journal that is still to be worked in", where=str(folder),
            next_step="Run the command again; the store was left as it was.",
        )  # fmt: skip
    new.chmod(file.stat().st_mode & 0o777)
    _to_disk(new)
    new.replace(file)
    _to_disk(folder)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
