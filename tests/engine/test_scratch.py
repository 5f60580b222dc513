"""Scratch folders: the user's alone, gone afterwards, and cleared when their process was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from folkestrom.engine.scratch import PREFIX, clear, replacing, scratch, shared_scratch


def left(parent: Path) -> list[Path]:
    """Scratch folders in a folder."""
    return sorted(parent.glob(f"{PREFIX}*"))


def _broken_off(file: Path) -> None:
    file.write_text("half")
    raise KeyboardInterrupt


def test_of_the_user_alone_and_gone_afterwards(tmp_path: Path) -> None:
    with scratch(tmp_path) as folder:
        (folder / "persons").write_text("x")
        assert folder.stat().st_mode & 0o777 == 0o700
        with scratch(tmp_path) as other:
            assert len({folder, other, *left(tmp_path)}) == 2
    with pytest.raises(KeyboardInterrupt), scratch(tmp_path) as folder:
        _broken_off(folder / "persons")
    assert list(tmp_path.iterdir()) == []


def test_shared_within_a_process(tmp_path: Path) -> None:
    with shared_scratch(tmp_path) as one:
        with shared_scratch(tmp_path) as two:
            assert one == two
        assert one.is_dir()
    assert left(tmp_path) == []


_CHILD = """
import sys, time
from pathlib import Path
from folkestrom.engine.scratch import scratch
with scratch(Path(sys.argv[1])) as folder:
    (folder / "persons").write_text("x")
    print("there", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _CHILD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        said: list[str] = []
        clear(tmp_path, said.append)
        assert (len(left(tmp_path)), said) == (1, [])  # it is in use
        child.send_signal(signal.SIGKILL)
    assert (left(tmp_path)[0] / "persons").exists()
    with scratch(tmp_path, said.append) as folder:
        assert left(tmp_path) == [folder]
    assert "interrupted command left" in said[0]


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    to = tmp_path / "rows.csv"
    to.write_text("earlier")
    with pytest.raises(KeyboardInterrupt), replacing(to) as beside:
        _broken_off(beside)
    assert (to.read_text(), list(tmp_path.iterdir())) == ("earlier", [to])
    with replacing(to) as beside:
        beside.write_text("whole")
    assert (to.read_text(), to.stat().st_mode & 0o777) == ("whole", 0o600)
    assert list(tmp_path.iterdir()) == [to]
