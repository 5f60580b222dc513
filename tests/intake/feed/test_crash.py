"""Killed in the middle, the feed's folder and the reports are whole, and the next run goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from folkestrom.app.office.deliveries import feed
from folkestrom.intake.feed.folder import FeedFolder
from folkestrom.intake.feed.index import Index
from tests.intake.feed import desk
from tests.intake.feed.register import Register
from tests.intake.feed.service import Service, serving

TIMES = 6
COMMAND = [sys.executable, "-c", "from folkestrom.app.cli.start import main; main()"]
PERSONS = 1_200


@pytest.fixture(scope="module")
def register() -> Register:
    made = Register()
    made.take([desk.start(one) for one in range(1, 1 + PERSONS)])
    made.take([desk.move(person=one, source_report_id=f"m{one}") for one in range(1, 1 + PERSONS)])
    return made


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.glob("*/*json"))}


def killed(command: list[str], seconds: float) -> None:
    """Run a command, and kill it after a time if it is still there."""
    process = subprocess.Popen([*COMMAND, *command], stdout=subprocess.DEVNULL)
    time.sleep(seconds)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_a_pull_that_is_killed_leaves_whole_pages_and_the_next_goes_on(
    register: Register, tmp_path: Path
) -> None:
    chance, service = random.Random(1), Service(register)
    with serving(service) as url:
        feed.pull(url, tmp_path / "undisturbed")
        begun = time.monotonic()
        subprocess.run(
            [*COMMAND, "feed", "pull", "--url", url, "--to", "once"],
            cwd=tmp_path, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        longest = time.monotonic() - begun
        whole = content(tmp_path / "undisturbed")
        assert content(tmp_path / "once") == whole
        seen = set()
        for at in range(TIMES):
            folder = tmp_path / str(at)
            killed(["feed", "pull", "--url", url, "--to", str(folder)], chance.random() * longest)
            left = FeedFolder(folder).pages() if (folder / "pages").is_dir() else []
            seen.add(len(left))
            for page in left:
                names = [f"{kind}/{page.name}" for kind in ("pages", "documents", "persons")]
                found = content(folder)
                assert all(
                    found[name] == whole[name] for name in whole if name.split(".")[0] in names
                )
            feed.pull(url, folder)
            assert content(folder) == whole
    assert min(seen) < 3, "no pull was killed in time"


def test_a_reading_that_breaks_off_before_the_end_is_done_again(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.pulled(register, tmp_path / "feed")
    desk.reading(tmp_path / "feed", tmp_path / "whole")
    whole = desk.records(tmp_path / "whole")
    assert len(whole) == 2 * PERSONS

    def break_off(_: Index, number: int) -> None:
        if number == 1_500:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Index, "release", break_off)
        with pytest.raises(KeyboardInterrupt):
            desk.reading(tmp_path / "feed", tmp_path / "reports")
    assert desk.records(tmp_path / "reports") == []
    desk.reading(tmp_path / "feed", tmp_path / "reports")
    assert desk.records(tmp_path / "reports") == whole


def test_a_reading_that_breaks_off_after_its_file_is_written_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register = Register()
    register.take([desk.start()])
    desk.pulled(register, tmp_path / "feed")

    def break_off(_: Index) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Index, "waiting", break_off)
        with pytest.raises(KeyboardInterrupt):
            desk.reading(tmp_path / "feed", tmp_path / "reports")
    register.take([desk.move(at=desk.AT + timedelta(1))])
    desk.pulled(register, tmp_path / "feed")
    desk.reading(tmp_path / "feed", tmp_path / "reports")
    assert [r["kind"] for r in desk.records(tmp_path / "reports")] == ["immigration", "move"]
