"""A command opens its store once, and lets its study meet it once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from folkestrom.analysis.study import prepared
from folkestrom.app.cli.main import app
from folkestrom.app.office import session
from tests.app.cli.arrivals import made

YEAR = ("--from", "2015-01-01", "--to", "2016-01-01")
PANEL = """
title = "Who moves"
known_at = "latest"
[panel]
from = 2014
to = 2016
variables = ["sex"]
[panel.outcomes]
abroad = "emigration"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = made(tmp_path_factory.mktemp("once"))
    (folder / "panel.toml").write_text(PANEL, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("arguments", "studies"),
    [
        (("population", "--date", "2015-01-01"), 0),
        (("changes", *YEAR, "--explain"), 0),
        (("moves", *YEAR, "--by", "municipality,sex"), 0),
        (("moves", *YEAR, "--abroad"), 0),
        (("indicators", *YEAR), 0),
        (("rates", *YEAR, "--by", "sex", "--publish", "research"), 0),
        (("rates", *YEAR, "--by", "sex", "--standardise-by", "age_group"), 0),
        (("study", "study.toml", "--publish", "statistics"), 1),
        (("study", "panel.toml", "--panel", "panel.csv"), 1),
        (("describe", "panel.toml", "--by", "county"), 1),
        (("follow", "study.toml", "--by", "sex"), 1),
        (("follow", "study.toml", "--by", "cohort,country_of_birth", "--at", "1y"), 1),
        (("fit", "mobility", "--formula", "outcome ~ sex", "--penalty", "1", "--random", "none",
          "--study", "panel.toml"), 1),
    ],
)  # fmt: skip
def test_a_command_opens_its_store_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], studies: int
) -> None:
    monkeypatch.chdir(folder)
    opened, met = [], []
    open_store, coverage = session.open_for_reading, prepared.coverage

    def opening(*given: Any) -> Any:
        opened.append(given)
        return open_store(*given)

    def meeting(*given: Any) -> Any:
        met.append(given)
        return coverage(*given)

    monkeypatch.setattr(session, "open_for_reading", opening)
    monkeypatch.setattr(prepared, "coverage", meeting)
    done = CliRunner().invoke(app, ["--store", "store", *arguments])
    assert done.exit_code == 0, done.output
    assert (len(opened), len(met)) == (1, studies), done.output
