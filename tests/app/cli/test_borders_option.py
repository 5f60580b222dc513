"""The option --borders: a command obeys it, or refuses it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import folkestrom
from folkestrom.app.cli.main import app
from folkestrom.twin.output.creation import create

#: Commands whose answers have places, or that ask in which borders reports are.
OBEY = {
    "abroad", "changes", "decompose", "describe", "estimate", "explain", "follow", "households",
    "indicators", "intake", "life-table", "moves", "population", "project", "publish build",
    "publish trial", "rates", "residence audit", "revisions", "simulate", "study", "table",
    "transmit", "twin", "vintages",
}  # fmt: skip


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, one in getattr(command, "commands", {}).items():
        yield from _commands(one, (*path, name))
    if not hasattr(command, "commands"):
        yield " ".join(path), command


COMMANDS = dict(_commands(get_command(app)))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_obeys_borders_or_refuses_them(name: str, tmp_path: Path) -> None:
    asked = [*name.split(), "--borders", "2024", "--store", str(tmp_path / "none")]
    shown = CliRunner().invoke(app, asked)
    refused = "--borders: '2024' has no effect" in shown.output
    assert refused == (name not in OBEY), shown.output
    if refused:
        assert shown.exit_code == 2
        assert "Next: Leave it out" in shown.output


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - OBEY))
def test_a_command_that_refuses_borders_is_as_it_was_without(name: str, tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, [*name.split(), "--help"])
    assert shown.exit_code == 0


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("borders")
    create(folder / "twin", scale=0.001, first_year=2018, last_year=2021, variables=False,
           truth=False, dwellings=True)  # fmt: skip
    folkestrom.open(folder / "store").intake(folder / "twin" / "reports")
    return folder / "store"


PLACES = {"county", "municipality", "origin", "destination"}
PERIOD = ["--from", "2019-01-01", "--to", "2021-01-01"]
DAY = ["--date", "2021-01-01"]


@pytest.mark.parametrize(
    "asked",
    [
        ["population", *DAY, "--by", "county"],
        ["population", *DAY, "--by", "municipality"],
        ["changes", *PERIOD, "--by", "county"],
        ["moves", *PERIOD, "--by", "county"],
        ["households", *DAY, "--by", "household_type,county"],
        ["indicators", *PERIOD, "--by", "county"],
        ["rates", *PERIOD, "--by", "county", "--event", "emigration"],
        ["project", "--from", "2021", "--to", "2022", "--areas", "county", "--years", "2"],
        ["simulate", "--from", "2021", "--to", "2022", "--areas", "county", "--years", "2"],
    ],
    ids=lambda asked: " ".join(asked[:1] + asked[-2:]),
)
def test_answers_are_in_the_borders_that_are_asked_for(store: Path, asked: list[str]) -> None:
    """Viken (30) and Troms og Finnmark (54) are of 2020; Akershus (32) and Troms (55) of 2024."""
    said = {}
    for of in ("2020", "2024"):
        shown = CliRunner().invoke(
            app, [*asked, "--store", str(store), "--borders", of, "--format", "csv"]
        )
        assert shown.exit_code == 0, shown.output
        rows = csv.DictReader(shown.stdout.splitlines())
        said[of] = {
            code[:2]
            for row in rows
            for name, code in row.items()
            if name in PLACES and code
        }  # fmt: skip
    if asked[0] == "simulate":
        return
    assert {"30", "54"} <= said["2020"]
    assert {"32", "55"} <= said["2024"]
    assert not {"30", "54"} & said["2024"]
    assert not {"32", "55"} & said["2020"]
