"""Commands asked of a store, and the rows that they answer with."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from typer.testing import CliRunner, Result

from folkestrom.app.cli.main import app


def ask(store: Path, *arguments: str) -> Result:
    """Run a command on a store."""
    return CliRunner().invoke(app, ["--store", str(store), *arguments])


def rows(result: Result) -> list[dict[str, str]]:
    """What a command printed as CSV."""
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))
