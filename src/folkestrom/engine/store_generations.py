"""The next generation of a store: a database made beside it, which takes its place at one moment.

What is deleted from a database stays in its file until something is written over it. Where nothing
of it may be left, all else is copied to a new file, and the change of names is the one commit
point: whoever is interrupted leaves the store as it was, or as it should be.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from folkestrom.engine.paths import quoted
from folkestrom.engine.store import Connection, database_file, staging_folder
from folkestrom.errors import StoreError

_NEXT: Final = "next_generation"
_MINE: Final = "database_name = $here AND NOT internal AND NOT temporary"


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
