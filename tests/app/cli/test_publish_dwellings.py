"""Tables of households, from a store whose reports tell no dwellings."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from folkestrom.app.cli.main import app
from tests.app.cli.test_publish import build


def test_tables_of_households_need_dwellings(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    for command in (
        ["--quiet", "twin", "--scale", "0.001", str(folder / "twin")],
        ["--quiet", "--store", str(folder / "store"), "intake", str(folder / "twin/reports")],
        ["publish", "keys", str(folder / "secret")],
    ):
        assert CliRunner().invoke(app, command).exit_code == 0
    refused = build(folder, "B1019")
    assert (refused.exit_code, "no report tells a dwelling" in refused.stderr) == (2, True)
    refused = build(folder, "B1034")
    assert (refused.exit_code, "no classification of basic" in refused.stderr) == (2, True)
