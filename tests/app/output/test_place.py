"""Where a result goes: files whole or not at all, devices as they are, wrong names refused."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from rich.console import Console

from folkestrom.app.output import place
from folkestrom.app.output.write import check, write
from folkestrom.errors import ResourceError, UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language
from folkestrom.publish.formats.output_format import OutputFormat
from tests.publish.formats.test_formats import EXAMPLES

CELLS = EXAMPLES["nation"]


def written(to: Path, format: OutputFormat | None = None, cells: Cells = CELLS) -> None:
    write(cells, format, Language.EN, Console(), to)


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        written(pipe, OutputFormat.CSV)
        assert os.read(reader, 100) == b"persons\n6\n"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full")
def test_a_device_is_written_to_and_stays_a_device(tmp_path: Path) -> None:
    full = tmp_path / "full.csv"
    full.symlink_to("/dev/full")  # a link: were it replaced, the device would be safe
    with pytest.raises(ResourceError, match="the disk is full"):
        written(full)
    assert full.is_char_device()


def test_a_full_disk_leaves_the_earlier_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = tmp_path / "t.csv"
    earlier.write_text("earlier")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ResourceError, match="an earlier file is as it was") as caught:
        written(earlier)
    assert caught.value.exit_code == 5
    assert earlier.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_what_a_link_points_to_is_replaced_and_keeps_its_readers(tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    target = tmp_path / "shelf" / "t.csv"
    target.write_text("earlier")
    target.chmod(0o600)
    link = tmp_path / "t.csv"
    link.symlink_to(target)
    written(link)
    assert link.is_symlink()
    assert target.read_text() == "persons\n6\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "x.foo",
            r"\.csv, \.json, \.parquet, \.xlsx, \.json-stat, \.px, \.sdmx-csv, \.dta, \.sav, \.txt",
        ),
        ("x.jsn", "Did you mean 'x.json'"),
        ("x", "say --format"),
    ],
)
def test_a_name_of_no_format_is_refused(tmp_path: Path, name: str, says: str) -> None:
    for act in (written, lambda to: check(to, None)):
        with pytest.raises(UsageError, match=says):
            act(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_format_that_is_asked_for_goes_before_the_name(tmp_path: Path) -> None:
    written(tmp_path / "x.foo", OutputFormat.CSV)
    written(tmp_path / "x.csv", OutputFormat.TABLE)
    assert (tmp_path / "x.foo").read_bytes() == b"persons\n6\n"
    assert (tmp_path / "x.csv").read_text().startswith("Population. 2021-01-01")


def test_an_open_stream_takes_the_table_whatever_a_shell_has_put_behind_it() -> None:
    check(Path("/dev/stdout"), None)
    assert not place.is_document(Path("/dev/fd/1"))


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        written(tmp_path, OutputFormat.CSV)
    with pytest.raises(UsageError, match="cannot be written: file name too long"):
        written(tmp_path / f"{'x' * 255}.csv")
