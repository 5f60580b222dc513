"""Global options, and how a command gets at them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

import typer

from folkestrom.app.output.console import WIDEST, PlainConsole
from folkestrom.errors import UsageError
from folkestrom.model.names import without_effect
from folkestrom.model.specification import Language
from folkestrom.publish.formats.output_format import OutputFormat

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from folkestrom.app.office.session import Answered_co, Question
    from folkestrom.engine.store import Waiting
    from folkestrom.model.cells import Cells

__all__ = ["OutputFormat", "Settings", "settings"]

Command = TypeVar("Command", bound=Callable[..., Any])
_HAS_PLACES: Final = "has_places"


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
    lang
        Language of titles and labels, and of what is said to the user.
    lang_said
        Whether the language was typed.
    borders
        Borders that places are in; None: as they are reported.
    """

    #: Whether the process is the command's own: who calls it from Python may have data frames.
    alone: ClassVar[bool] = False

    store: Path
    quiet: bool = False
    format: OutputFormat = OutputFormat.TABLE
    debug: bool = False
    format_said: bool = False
    lang: Language = Language.EN
    lang_said: bool = False
    borders: str | None = None

    @property
    def wanted(self) -> OutputFormat | None:
        """The format that was asked for, if one was."""
        return self.format if self.format_said else None

    @property
    def as_json(self) -> bool:
        """Whether the result of a command that knows no other format but a table is JSON."""
        self.check_format(OutputFormat.TABLE, OutputFormat.JSON)
        return self.format is OutputFormat.JSON

    def check_format(self, *allowed: OutputFormat) -> None:
        """Refuse a format that a command does not know."""
        if self.format not in allowed:
            raise UsageError(
                "is not a format of this command",
                where="--format",
                value=self.format.value,
                allowed=[format.value for format in allowed],
            )

    def check_output(self, to: Path | None, *, listing: bool = False) -> None:
        """Say what cannot be written, and where, before anything is counted."""
        from folkestrom.app.output.write import check

        check(to, self.wanted, listing=listing)

    def write(self, cells: Cells, to: Path | None) -> None:
        """Write cells in the format and the language that were asked for."""
        from folkestrom.app.output.write import write

        write(cells, self.wanted, self.lang, self.result(), to, self.progress())

    def waiting(self, wait: float | None) -> Waiting:
        """How to wait while another command writes, and where to say so."""
        from folkestrom.engine.store import Waiting

        return Waiting(wait, self.progress().print)

    def lighten(self) -> None:
        """Keep what a command does not ask for out of a process that is only its own."""
        from folkestrom.engine.rows import arrow_without_pandas

        if self.alone:
            arrow_without_pandas()

    def asking(self, wait: float | None) -> AbstractContextManager[DuckDBPyConnection]:
        """The store, opened once for all that a command asks of it."""
        from folkestrom.app.office.session import asking

        self.lighten()
        return asking(self.store, self.waiting(wait), self.borders)

    def answer(self, question: Question[Answered_co], wait: float | None) -> Answered_co:
        """What the store answers to a command's one question."""
        from folkestrom.app.office.session import answered

        with self.asking(wait) as connection:
            return answered(connection, question)

    def progress(self) -> PlainConsole:
        """Console for progress and remarks: standard error, silent with --quiet."""
        return PlainConsole(stderr=True, quiet=self.quiet)

    def result(self) -> PlainConsole:
        """Console for results: standard output; what is no terminal has room for any line."""
        return PlainConsole(soft_wrap=True, width=None if sys.stdout.isatty() else WIDEST)


def has_places(command: Command) -> Command:
    """Declare that places are in what a command does, so that it obeys --borders.

    Every other command refuses that option.
    """
    setattr(command, _HAS_PLACES, True)
    return command


def refuse_borders(command: Any, borders: str) -> None:
    """Refuse --borders for a command without places.

    Parameters
    ----------
    command
        The command that is asked for.
    borders
        What is asked for.
    """
    if not hasattr(command.callback, _HAS_PLACES):
        raise without_effect(
            "--borders", borders, "the command asks for no places of a register",
            "Leave it out; a result is in the borders that it was asked for in",
        )  # fmt: skip


def settings(ctx: typer.Context) -> Settings:
    """Global options of the run that `ctx` belongs to."""
    found = ctx.find_object(Settings)
    if found is None:
        raise RuntimeError("a command ran outside the application")
    return found
