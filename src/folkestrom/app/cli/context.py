"""Global options, and how a command gets at them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from folkestrom.app.output.console import PlainConsole
from folkestrom.publish.formats.output_format import OutputFormat

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
    format_said
        Whether the format was asked for; if not, a file's name decides.
    debug
        Show the traceback of unexpected errors.
    """

    store: Path
    quiet: bool = False
    format: OutputFormat = OutputFormat.TABLE
    debug: bool = False
    format_said: bool = False

    @property
    def wanted(self) -> OutputFormat | None:
        """The format that was asked for, if one was."""
        return self.format if self.format_said else None

    def progress(self) -> PlainConsole:
        """Console for progress and remarks: standard error, silent with --quiet."""
        return PlainConsole(stderr=True, quiet=self.quiet)

    def result(self) -> PlainConsole:
        """Console for results: standard output."""
        return PlainConsole(soft_wrap=True)


def settings(ctx: typer.Context) -> Settings:
    """Global options of the run that `ctx` belongs to."""
    found = ctx.find_object(Settings)
    if found is None:
        raise RuntimeError("a command ran outside the application")
    return found
