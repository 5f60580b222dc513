"""Whatever happens in the middle of an intake, the store is as it was, or as it should be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from folkestrom.errors import ResourceError
from tests.intake.crashing import many_records
from tests.intake.desk import Desk, record, write

TIMES = 20


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
    assert desk.rows("FROM report") == before
    (small_disk / "ballast").unlink()
    assert desk.take_records([record(2)], "two.csv").total.accepted == 1
