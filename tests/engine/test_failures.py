"""What the machine refuses has one exit code each, whoever says it, and wherever."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from folkestrom.analysis.figures import rate_plot
from folkestrom.analysis.mobility import fit_mobility
from folkestrom.engine.failures import resource_errors, shortage, user_error_of
from folkestrom.engine.store import database_file, open_for_reading, open_for_writing, transaction
from folkestrom.errors import (
    EXIT_RESOURCE,
    EXIT_STORE,
    EXIT_USAGE,
    ResourceError,
    StoreError,
    UsageError,
    UserError,
)
from folkestrom.intake.tables import create_tables
from tests.columns import doors
from tests.intake.desk import record, write

_SHORT = [
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO,
]  # fmt: skip
_DENIED = [errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.EISDIR]
_SAYERS: list[Callable[[int], Exception]] = [
    lambda n: OSError(n, os.strerror(n), "/data/a"),
    lambda n: duckdb.IOException(f'IO Error: Could not write file "/data/a": {os.strerror(n)}'),
    lambda n: duckdb.FatalException(f'FATAL Error: checkpoint of "/data/a": {os.strerror(n)}'),
    lambda n: duckdb.TransactionException(f'Failed to commit: "/data/a": {os.strerror(n)}'),
]


@pytest.mark.parametrize("number", _SHORT)
@pytest.mark.parametrize("sayer", _SAYERS)
def test_what_runs_out(sayer: Callable[[int], Exception], number: int) -> None:
    with pytest.raises(ResourceError, match="Next:"), resource_errors():
        raise sayer(number)


@pytest.mark.parametrize("number", _DENIED)
@pytest.mark.parametrize("sayer", _SAYERS)
def test_what_is_denied(sayer: Callable[[int], Exception], number: int) -> None:
    found = user_error_of(sayer(number))
    assert found is not None
    assert found.exit_code == EXIT_USAGE
    assert "/data/a" in str(found)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        np._core._exceptions._ArrayMemoryError((1,), np.dtype(float)),
        pa.ArrowMemoryError("malloc of size 9 failed"),
        duckdb.OutOfMemoryException("could not allocate block"),
        RuntimeError("can't start new thread"),
        ImportError("libx.so: cannot open shared object file: Too many open files"),
    ],
)
def test_other_ways_of_saying_it(error: Exception) -> None:
    assert isinstance(shortage(error), ResourceError)


def test_what_led_to_an_error_counts() -> None:
    error = duckdb.TransactionException("the transaction is aborted")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert isinstance(shortage(error), ResourceError)


@pytest.mark.parametrize("error", [ValueError("no such level"), KeyError("a"), RuntimeError("b")])
def test_faults_of_the_program_stay_what_they_are(error: Exception) -> None:
    assert user_error_of(error) is None


def _damage(file: Path, how: str) -> None:
    content = bytearray(file.read_bytes())
    if how == "empty":
        content = bytearray()
    elif how == "cut short":
        content = content[: len(content) // 2]
    elif how == "header":
        content[:4096] = os.urandom(4096)
    elif how == "text":
        content = bytearray(b"{}")
    file.write_bytes(content)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with open_for_writing(tmp_path / "store", create_tables):
        pass
    return tmp_path / "store"


def _open_both(store: Path) -> list[UserError]:
    found = []
    for opened in (
        lambda: open_for_reading(store),
        lambda: open_for_writing(store, create_tables),
    ):
        with pytest.raises(UserError) as caught, opened():
            pass
        found.append(caught.value)
    return found


@pytest.mark.parametrize("how", ["empty", "cut short", "header", "text"])
def test_a_damaged_file(store: Path, how: str) -> None:
    _damage(database_file(store), how)
    for error in _open_both(store):
        assert error.exit_code == EXIT_STORE
        assert str(store) in str(error)


@pytest.mark.parametrize("version", ["x", "", "-1", "0", "1.5", "999"])
def test_a_damaged_format(store: Path, version: str) -> None:
    with open_for_writing(store, create_tables) as connection, transaction(connection):
        connection.execute("UPDATE meta SET value = ? WHERE key = 'format_version'", [version])
    assert [error.exit_code for error in _open_both(store)] == [EXIT_STORE] * 2


def test_what_is_in_the_place_of_a_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    database_file(tmp_path / "folder").mkdir(parents=True)
    for store in (tmp_path / "file", tmp_path / "folder", tmp_path / ("x" * 300)):
        for error in _open_both(store):
            assert isinstance(error, StoreError), error


_RUN = "from folkestrom.app.cli.start import main; main()"


def _limited(kind: int, most: int, *args: str) -> subprocess.CompletedProcess[str]:
    """The command under a limit of the system; raised by nobody else."""
    code = (
        "import resource; import folkestrom.app.cli.main, folkestrom.app.office.api; "
        "import folkestrom.register.build, folkestrom.app.cli.start; "
        f"resource.setrlimit({kind}, ({most}, {most})); {_RUN}"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, check=False
    )


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", [record(n, value="x" * 99) for n in range(9_000)])
    store = str(tmp_path / "store")
    done = _limited(resource.RLIMIT_FSIZE, 200_000, "--store", store, "intake", str(file))
    assert (done.returncode, "Traceback" in done.stderr) == (EXIT_RESOURCE, False), done.stderr
    assert "larger than is allowed" in done.stderr
    assert not (tmp_path / "store" / "staging").exists()


@pytest.mark.parametrize("most", [4, 8])
def test_too_many_open_files(tmp_path: Path, most: int) -> None:
    file = write(tmp_path / "r.csv", [record(1)])
    store = str(tmp_path / "store")
    done = _limited(resource.RLIMIT_NOFILE, most, "--store", store, "intake", str(file))
    assert done.returncode == EXIT_RESOURCE, done.stderr
    assert "too many files are open" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_permission(store: Path) -> None:
    database_file(store).chmod(0)
    assert [error.exit_code for error in _open_both(store)] == [EXIT_STORE] * 2


def _fit_to(path: Path) -> None:
    doors._fit().save(path)


def _fit_from(path: Path) -> None:
    fit_mobility(doors._panel(), effects="none", checkpoint=path)


def _draw(path: Path) -> None:
    rate_plot({"a": ["x"], "b": [1.0]}, path, label="a", estimate="b", limits=None)


@pytest.mark.parametrize("write_to", [_fit_to, _fit_from, _draw])
def test_a_path_that_nothing_can_be_written_to(
    write_to: Callable[[Path], None], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no such file or directory"):
        write_to(tmp_path / "none" / "a.svg")
