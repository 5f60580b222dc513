"""Whatever happens in the middle of an intake, the store is as it was, or as it should be."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import folkestrom
from folkestrom.app.office import intake
from folkestrom.engine.store import Waiting
from folkestrom.errors import InputRefused, ResourceError
from tests.intake.crashing import many_records
from tests.intake.desk import Desk, record, write

TIMES = 6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks processes to kill them")
def test_killed_at_random_moments(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.intake.crashing", str(tmp_path), str(TIMES)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, after, found = json.loads(done.stdout)
    assert before != after
    assert len(found) == TIMES
    for is_rebuild, left, finished in found:
        assert left == after or (left == before and not is_rebuild)
        assert finished in (None, after)
    assert any(left == before for _, left, _ in found), "no intake was killed in time"


def test_an_error_in_the_middle_changes_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.take_records([record(1)])
    before = desk.rows("FROM report"), desk.rows("FROM delivery"), desk.rows("FROM meta")

    def break_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("folkestrom.intake.batch.settle_links", break_off)
    with pytest.raises(KeyboardInterrupt):
        desk.take(write(tmp_path / "more.csv", [record(2)]))
    assert before == (desk.rows("FROM report"), desk.rows("FROM delivery"), desk.rows("FROM meta"))


def _is_clean(store: Path) -> bool:
    """Whether a store's folder holds the database, and nothing else of anybody."""
    return {path.name for path in store.iterdir()} <= {"folkestrom.duckdb", "folkestrom.duckdb.wal"}


def test_nothing_of_an_intake_is_left_beside_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folkestrom.open(tmp_path / "store")
    store.intake(write(tmp_path / "one.csv", [record(1), record(2, kind="x")]))
    assert _is_clean(store.path)
    assert store.path.stat().st_mode & 0o777 == 0o700
    modes: list[int] = []

    def break_off(*_: object) -> None:
        modes.append((store.path / "staging").stat().st_mode & 0o777)
        assert list((store.path / "staging").iterdir())
        raise KeyboardInterrupt

    monkeypatch.setattr("folkestrom.intake.batch.settle_links", break_off)
    with pytest.raises(KeyboardInterrupt):
        store.intake(write(tmp_path / "two.csv", [record(3)]))
    assert (_is_clean(store.path), modes) == (True, [0o700])
    with pytest.raises(InputRefused):
        store.intake([tmp_path / "two.csv", write(tmp_path / "bad.csv", [{"x": "1"}])])
    assert _is_clean(store.path)


_COMMAND = [sys.executable, "-c", "from folkestrom.app.cli.start import main; main()"]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that takes long enough to be read for a signal to come meanwhile."""
    path = tmp_path_factory.mktemp("large") / "large.csv"
    return write(path, [record(n, value="x" * 200) for n in range(40_000)])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_ended_by_a_signal(tmp_path: Path, large: Path, number: signal.Signals) -> None:
    store = tmp_path / "store"
    small = write(tmp_path / "small.csv", [record(-1)])
    folkestrom.open(store).intake(small)
    command = [*_COMMAND, "--store", str(store), "intake", str(large)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None and not list(store.glob("staging/*")):
            time.sleep(0.005)
        running.send_signal(number)
        _, messages = running.communicate()
    if running.returncode == 0:
        pytest.skip("it was done before the signal came")
    said: list[str] = []
    waiting = Waiting(say=said.append)
    if number == signal.SIGKILL:
        assert (store / "staging").exists()
        (store / "folkestrom.duckdb.tmp").mkdir()
    else:
        assert (running.returncode, _is_clean(store)) == (130, True), messages
    intake.seal(store, date(2021, 1, 1), waiting)
    assert _is_clean(store)
    assert any("interrupted command left" in text for text in said) == (number == signal.SIGKILL)
    assert folkestrom.open(store).info().reports == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("a small disk: there is no mount here")
    if done.returncode:
        pytest.skip(f"a small disk: mounting is not permitted ({done.stderr.strip()})")
    yield folder
    subprocess.run(["umount", str(folder)], check=False)


def test_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    desk = Desk(small_disk / "store")
    desk.take_records([record(1)], "one.csv")
    before = desk.rows("FROM report")
    free = shutil.disk_usage(small_disk).free
    (small_disk / "ballast").write_bytes(bytes(free - 400_000))
    with pytest.raises(ResourceError, match="disk is full"):
        desk.take(many_records(tmp_path / "many.parquet"))
    text = write(tmp_path / "many.csv", [record(n, value=hex(n**9)) for n in range(30_000)])
    with pytest.raises(ResourceError, match="disk is full"):
        desk.take(text)
    (desk.folder / "one.csv").unlink()
    assert _is_clean(desk.folder)
    assert desk.rows("FROM report") == before
    (small_disk / "ballast").unlink()
    assert desk.take_records([record(2)], "two.csv").total.accepted == 1


@pytest.mark.parametrize("room", range(100_000, 2_000_000, 600_000))
def test_a_disk_that_is_full_at_any_step(small_disk: Path, tmp_path: Path, room: int) -> None:
    """With a little more room each time, the last steps are the ones that find none."""
    store = small_disk / "store"
    folkestrom.open(store).intake(write(tmp_path / "one.csv", [record(0)]))
    (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free - room))
    file = write(tmp_path / "many.csv", [record(n, value=hex(n**5)) for n in range(1, 9_000)])
    command = [*_COMMAND, "--store", str(store), "intake", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 5}, done.stderr
    (small_disk / "ballast").unlink()
    assert _is_clean(store)
    assert folkestrom.open(store).info().reports == (9_000 if done.returncode == 0 else 1)
