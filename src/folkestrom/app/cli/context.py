"""Global options, and how a command gets at them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from folkestrom.app.output.formats import OutputFormat

__all__ = ["OutputFormat", "Settings", "settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Global options of one run.

    Parameters
    ----------
    store
        The store's folder.
    quiet
        No progress and no remarks: results and errors only.
    format
        How results are written.
    debug
        Show the traceback of unexpected errors.
    """

    store: Path
    quiet: bool = False
    format: OutputFormat = OutputFormat.TABLE
    debug: bool = False

    def progress(self) -> Console:
        """Console for progress and remarks: standard error, silent with --quiet."""
        return Console(stderr=True, quiet=self.quiet)

    def result(self) -> Console:
        """Console for results: standard output."""
        return Console(soft_wrap=True)


def settings(ctx: typer.Context) -> Settings:
    """Global options of the run that `ctx` belongs to."""
    found = ctx.find_object(Settings)
    if found is None:
        raise RuntimeError("a command ran outside the application")
    return found
