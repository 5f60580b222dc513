"""A reader that closes the pipe early ends every command the same way, quietly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from folkestrom.errors import EXIT_PIPE_CLOSED
from tests.app.cli.test_statistics import store

__all__ = ["store"]


def closed(*arguments: str) -> tuple[int, str]:
    """Exit code and errors of the command when nobody reads its output."""
    command = [sys.executable, "-c", "from folkestrom.app.cli.main import app; app()", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        errors = running.stderr.read().decode()
        return running.wait(timeout=60), errors


@pytest.mark.parametrize(
    "arguments",
    [
        "table marital-status --year 2021",
        "table marital-status --year 2021 --format csv",
        "table marital-status --year 2021 --format parquet",
        "table marital-status --year 2021 -o /dev/stdout",
        "table --help",
        "--help",
        "--version",
    ],
)
def test_a_closed_pipe_ends_quietly(store: Path, arguments: str) -> None:
    assert closed("--store", str(store), *arguments.split()) == (EXIT_PIPE_CLOSED, "")
