"""How the command ends: messages, exit codes, global options in either place."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from folkestrom import __version__
from folkestrom.app.cli import start
from folkestrom.app.cli.context import OutputFormat, Settings, settings
from folkestrom.app.cli.group import FolkestromGroup
from folkestrom.app.cli.main import _global_options, app
from folkestrom.errors import (
    FolkestromError,
    InputRefused,
    ResourceError,
    StoreError,
    UsageError,
    UserError,
)

SEEN: list[Settings] = []
FAILURES: dict[str, BaseException] = {
    "usage": UsageError("is no dimension", value="shoe", allowed=["age", "sex"]),
    "input": InputRefused("is not a Parquet file", where="reports.parquet"),
    "store": StoreError("was written by a newer version", next_step="Upgrade folkestrom"),
    "resource": ResourceError("the disk is full"),
    "user": UserError("cannot be"),
    "fault": FolkestromError("person 12345678901 broke it"),
    "bug": KeyError("person 12345678901"),
    "memory": MemoryError("cannot allocate"),
    "disk": OSError(28, "No space left on device"),
    "interrupt": KeyboardInterrupt(),
    "interrupted engine": RuntimeError("Query interrupted"),
}


@pytest.fixture
def small() -> typer.Typer:
    """The same application with one command that shows its settings or fails."""
    made = typer.Typer(cls=FolkestromGroup, pretty_exceptions_enable=False)
    made.callback()(_global_options)

    @made.command()
    def show(ctx: typer.Context, fail: Annotated[str, typer.Option()] = "") -> None:
        if fail:
            raise FAILURES[fail]
        SEEN.append(settings(ctx))

    return made


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        ("usage", 2),
        ("input", 3),
        ("store", 4),
        ("resource", 5),
        ("user", 2),
        ("fault", 70),
        ("bug", 70),
        ("memory", 5),
        ("disk", 5),
        ("interrupt", 130),
        ("interrupted engine", 130),
    ],
)
def test_every_error_has_its_exit_code_and_no_traceback(
    small: typer.Typer, failure: str, code: int
) -> None:
    result = CliRunner().invoke(small, ["show", "--fail", failure])
    assert result.exit_code == code
    assert "Traceback" not in result.stderr
    assert "12345678901" not in result.stderr
    assert result.stdout == ""


def test_an_unexpected_error_says_how_to_see_more(small: typer.Typer) -> None:
    said = CliRunner().invoke(small, ["show", "--fail", "bug"]).stderr
    assert "KeyError" in said
    assert "--debug" in said
    shown = CliRunner().invoke(small, ["show", "--fail", "bug", "--debug"])
    assert shown.exit_code == 70
    assert "Traceback" in shown.stderr


@pytest.mark.parametrize("first", [True, False])
def test_global_options_may_stand_on_either_side(small: typer.Typer, first: bool) -> None:
    options = ["--store", "here", "--format", "json-stat", "--quiet"]
    arguments = [*options, "show"] if first else ["show", *options]
    assert CliRunner().invoke(small, arguments).exit_code == 0
    assert SEEN.pop() == Settings(Path("here"), True, OutputFormat.JSON_STAT, False, True)


def test_the_store_comes_from_the_environment(
    small: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOLKESTROM_STORE", "there")
    assert CliRunner().invoke(small, ["show"]).exit_code == 0
    assert SEEN.pop().store == Path("there")
    monkeypatch.delenv("FOLKESTROM_STORE")
    assert CliRunner().invoke(small, ["show"]).exit_code == 0
    assert SEEN.pop().store == Path("folkestrom-store")


def test_a_wrong_argument_is_a_usage_error(small: typer.Typer) -> None:
    for arguments in (["shown"], ["show", "--no-such"], ["--format", "doc", "show"]):
        result = CliRunner().invoke(small, arguments)
        assert result.exit_code == 2, result.output
        assert "Internal" not in result.stderr


def test_version_and_help() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"folkestrom {__version__}\n"
    assert "--store" in CliRunner().invoke(app, ["--help"]).stdout


def test_the_package_imports_without_an_engine() -> None:
    code = (
        "import sys, folkestrom; sys.exit(bool({'duckdb', 'numba', 'polars'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, env=os.environ)
    assert done.returncode == 0


def test_a_terminal_with_another_encoding_shows_what_it_can() -> None:
    code = "from folkestrom.app.cli.main import app\napp(['--help'], standalone_mode=False)"
    code += "\nprint('å')"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("?\n")


LOADING = """
import sys

class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            {how}

sys.meta_path.insert(0, Interrupted())
sys.argv = ["folkestrom", *{arguments!r}]
from folkestrom.app.cli.start import main
main()
"""


RAISED = "raise KeyboardInterrupt"
TERMINATED = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"


@pytest.mark.parametrize(
    ("name", "arguments", "how"),
    [
        ("typer", ["--help"], RAISED),
        ("folkestrom.app.cli.demo", ["--help"], RAISED),
        ("folkestrom.app.office.linkage", ["link", "--list"], RAISED),
        ("folkestrom.app.office.linkage", ["link", "--list"], TERMINATED),
    ],
)
def test_an_interrupt_while_the_program_loads_ends_it_quietly(
    name: str, arguments: list[str], how: str
) -> None:
    code = LOADING.format(name=name, arguments=arguments, how=how)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


LATER = """
import sys
from folkestrom.app.cli.start import load_when_used
from folkestrom.engine.rows import arrow_without_pandas, lent
load_when_used("colorsys")
load_when_used("polars")
import colorsys
assert "ONE_THIRD" not in vars(colorsys)
assert colorsys.rgb_to_hsv(1, 1, 1) == (0.0, 0.0, 1)
assert sys.modules["colorsys"].__file__
arrow_without_pandas()
import pyarrow
columns = pyarrow.table({"a": pyarrow.array([1, 2])})
assert "pandas" not in sys.modules
import duckdb
import polars
connection = duckdb.connect()
with lent(connection, put=columns):
    assert connection.execute("SELECT sum(a) FROM put").fetchall() == [(3,)]
assert sys.modules["polars"] is polars
with lent(connection, put=polars.DataFrame({"a": [4]})):
    assert connection.execute("FROM put").fetchall() == [(4,)]
assert columns.to_pandas()["a"].sum() == 3
"""


def test_what_a_question_does_not_use_loads_when_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LATER], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_command_begins_where_interrupts_are_caught() -> None:
    [entry] = entry_points(group="console_scripts", name="folkestrom")
    assert entry.load() is start.main
    done = subprocess.run(
        [sys.executable, "-c", "from folkestrom.app.cli.start import main; main()", "--version"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, f"folkestrom {__version__}\n")
