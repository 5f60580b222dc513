"""One folder, one file: locks, versions, damage, fresh tables."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from folkestrom.engine.store import (
    FORMAT_VERSION,
    Connection,
    Waiting,
    database_file,
    open_for_reading,
    open_for_writing,
    staging_folder,
    transaction,
)
from folkestrom.engine.store_derived import (
    Derived,
    LogState,
    StaleTablesError,
    is_fresh,
    log_state,
    put_log_state,
    refresh,
    refresh_alone,
    require_fresh,
)
from folkestrom.engine.store_meta import get, put
from folkestrom.errors import StoreError


def _create(connection: Connection) -> None:
    connection.execute("CREATE TABLE note (text VARCHAR)")


def _write(folder: Path, text: str) -> None:
    with open_for_writing(folder, _create) as connection, transaction(connection):
        connection.execute("INSERT INTO note VALUES ($text)", {"text": text})


def _read(folder: Path) -> list[str]:
    with open_for_reading(folder) as connection:
        return [text for (text,) in connection.execute("FROM note").fetchall()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with one note in it."""
    _write(tmp_path / "store", "first")
    return tmp_path / "store"


@contextmanager
def _held_elsewhere(folder: Path, seconds: float) -> Iterator[None]:
    """Another process writes to the store for a while."""
    code = (
        "import duckdb, sys, time\n"
        "c = duckdb.connect(sys.argv[1])\n"
        "print('open', flush=True)\n"
        "time.sleep(float(sys.argv[2]))\n"
        "c.execute(\"INSERT INTO note VALUES ('elsewhere')\")\n"
    )
    command = [sys.executable, "-c", code, str(database_file(folder)), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield


def test_a_reader_waits_for_a_writer_and_says_so(folder: Path) -> None:
    said: list[str] = []
    with (
        _held_elsewhere(folder, 0.5),
        open_for_reading(folder, Waiting(say=said.append)) as connection,
    ):
        found = connection.execute("FROM note").fetchall()
    assert found == [("first",), ("elsewhere",)]
    assert len(said) == 1
    assert "in use by process" in said[0]


def test_a_writer_waits_only_so_long(folder: Path) -> None:
    with (
        _held_elsewhere(folder, 1.0),
        pytest.raises(StoreError, match=r"in use by process \d+ after 0.2 seconds"),
        open_for_writing(folder, _create, Waiting(0.2, lambda _: None)),
    ):
        pass


def test_two_writers_of_one_process_take_turns(folder: Path) -> None:
    said: list[str] = []
    entered = threading.Event()

    def first() -> None:
        with open_for_writing(folder, _create) as connection, transaction(connection):
            entered.set()
            time.sleep(0.2)
            connection.execute("INSERT INTO note VALUES ('one')")

    thread = threading.Thread(target=first)
    thread.start()
    entered.wait()
    with (
        open_for_writing(folder, _create, Waiting(say=said.append)) as connection,
        transaction(connection),
    ):
        connection.execute("INSERT INTO note VALUES ('two')")
    thread.join()
    assert _read(folder) == ["first", "one", "two"]
    assert len(said) == 1


def test_a_reader_of_the_same_process_waits_too(folder: Path) -> None:
    with (
        open_for_writing(folder, _create),
        pytest.raises(StoreError, match="another part of this program"),
        open_for_reading(folder, Waiting(0.1, lambda _: None)),
    ):
        pass


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store in this folder"), open_for_reading(tmp_path):
        pass
    duckdb.connect(database_file(tmp_path)).close()
    with pytest.raises(StoreError, match="no store in this folder"), open_for_reading(tmp_path):
        pass
    # A writer that was killed before its first commit leaves such a file: it is a new store.
    _write(tmp_path, "now")
    assert _read(tmp_path) == ["now"]


def test_somebody_elses_database(tmp_path: Path) -> None:
    with duckdb.connect(database_file(tmp_path)) as connection:
        connection.execute("CREATE TABLE theirs (i INTEGER)")
    with (
        pytest.raises(StoreError, match="not a folkestrom store"),
        open_for_writing(tmp_path, _create),
    ):
        pass


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StoreError, match="is a file, not a folder"),
        open_for_writing(tmp_path / "file", _create),
    ):
        pass


@pytest.mark.parametrize("write", [True, False])
def test_a_store_from_a_newer_version(folder: Path, write: bool) -> None:
    with open_for_writing(folder, _create) as connection, transaction(connection):
        put(connection, "format_version", str(FORMAT_VERSION + 1))
    opened = open_for_writing(folder, _create) if write else open_for_reading(folder)
    with pytest.raises(StoreError, match=r"newer folkestrom \(store format 2\)"), opened:
        pass


@pytest.mark.parametrize("where", [0, 12, 4096, 9000])
def test_a_damaged_file(folder: Path, where: int) -> None:
    file = database_file(folder)
    content = bytearray(file.read_bytes())
    content[where : where + 200] = b"\xee" * 200
    file.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), open_for_reading(folder):
        pass


@pytest.mark.parametrize("length", [0, 100, 5000, 20_000])
def test_a_file_that_is_cut_short(folder: Path, length: int) -> None:
    file = database_file(folder)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(StoreError, match="damaged"), open_for_reading(folder):
        pass
    with pytest.raises(StoreError, match="damaged"):
        _write(folder, "second")


def test_scratch_files_of_a_killed_writer_are_cleared(folder: Path) -> None:
    staging_folder(folder).mkdir()
    (staging_folder(folder) / "0.parquet").write_text("left over")
    _write(folder, "second")
    assert not staging_folder(folder).exists()


def _delete_and_fail(folder: Path) -> None:
    with open_for_writing(folder, _create) as connection, transaction(connection):
        connection.execute("DELETE FROM note")
        raise ZeroDivisionError


def test_an_error_takes_everything_back(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        _delete_and_fail(folder)
    assert _read(folder) == ["first"]


def test_derived_tables_are_made_again_when_stale(folder: Path) -> None:
    calls: list[int] = []
    tables = Derived("things", 1, lambda _, after: calls.append(after))
    with open_for_writing(folder, _create) as connection:
        assert not is_fresh(connection, tables)
        with pytest.raises(StaleTablesError):
            require_fresh(connection, tables)
        assert refresh_alone(connection, tables)
        assert not refresh_alone(connection, tables)
        require_fresh(connection, tables)
        for state in (LogState(10, 0), LogState(20, 0), LogState(30, 1)):
            with transaction(connection):
                put_log_state(connection, state)
                assert refresh(connection, tables)
        assert log_state(connection) == LogState(30, 1)
        newer = Derived("things", 2, tables.update)
        assert not is_fresh(connection, newer)
        refresh_alone(connection, newer)
    # From nothing; from 0; what was appended; all, since a report left; all, by another method.
    assert calls == [0, 0, 10, 0, 0]


def test_meta(folder: Path) -> None:
    with open_for_writing(folder, _create) as connection, transaction(connection):
        put(connection, "a", "1")
        put(connection, "a", "2")
        assert (get(connection, "a"), get(connection, "b")) == ("2", None)
