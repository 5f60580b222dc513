"""One small country for all tests of the demonstration: made, taken in and compared once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from folkestrom.app.cli.main import app

SCALE = "0.003"


@dataclass(frozen=True)
class Demonstration:
    """What a run of the command has left."""

    result: Result
    store: Path
    reports: Path
    record: dict[str, Any]
    page: str

    def log(self) -> pl.DataFrame:
        """Every report of the country."""
        return pl.read_parquet(sorted(self.reports.glob("*.parquet")))


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """`folkestrom demo` on a country of 16 000 people."""
    folder = tmp_path_factory.mktemp("demo")
    store, record, page = folder / "store", folder / "demo.json", folder / "demo.html"
    command = ["--quiet", "--store", str(store), "demo", "--scale", SCALE, "--keep-reports"]
    files = ["--json", str(record), "--page", str(page)]
    result = CliRunner().invoke(app, [*command, *files], catch_exceptions=False)
    assert record.exists(), result.output
    return Demonstration(
        result,
        store,
        folder / "store-reports" / "reports",
        json.loads(record.read_text(encoding="utf-8")),
        page.read_text(encoding="utf-8"),
    )
