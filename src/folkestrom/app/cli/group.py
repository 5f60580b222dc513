"""How the command line ends: global options anywhere, errors as messages with an exit code."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import typer
from typer.core import TyperGroup

from folkestrom.errors import (
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    EXIT_PIPE_CLOSED,
    FolkestromError,
    UserError,
    masked,
)
from folkestrom.model.text import printable

#: Global options that are understood after the command's name too, and whether they take a value.
GLOBAL_OPTIONS = {"--store": True, "--format": True, "--quiet": False, "--debug": False}

#: What the engine raises when it is interrupted.
_INTERRUPT = "InterruptException"


class FolkestromGroup(TyperGroup):
    """The top-level command: hoists global options and turns errors into exit codes."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse with the global options moved to the front."""
        return super().parse_args(ctx, hoist(args))

    def make_context(self, *args: Any, **more: Any) -> Any:
        """Parse; `--help` and `--version` answer here."""
        _show_what_can_be_shown()
        with _interrupts(), _closed_pipes():
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; show what went wrong without a traceback."""
        with _interrupts(), _closed_pipes():
            found = self._run(ctx)
            sys.stdout.flush()
            return found

    def _run(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise _ended(error, debug=bool(ctx.params.get("debug"))) from error
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if _is_interrupt(error):
                raise KeyboardInterrupt from error
            if hasattr(error, "show"):  # a wrong argument: the parser words these itself
                raise
            mendable = _told(error)
            if mendable is not None:
                raise _ended(mendable) from error
            _report_internal(error, debug=bool(ctx.params.get("debug")))
            raise typer.Exit(_internal_code(error)) from error


def _show_what_can_be_shown() -> None:
    """On a terminal with an encoding of its own, what that lacks becomes a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def _interrupts() -> Iterator[None]:
    """End quietly when the user has pressed Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        _say("Interrupted.")
        raise typer.Exit(EXIT_INTERRUPTED) from None


@contextmanager
def _closed_pipes() -> Iterator[None]:
    """End quietly when whoever reads the output has read enough, as with `| head`."""
    try:
        yield
    except BrokenPipeError:
        # What is still buffered must go somewhere when the interpreter ends.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
                    continue
                os.dup2(nowhere, stream.fileno())
        raise typer.Exit(EXIT_PIPE_CLOSED) from None


def hoist(args: Iterable[str]) -> list[str]:
    """Move global options to the front, so that they may follow the command's name.

    Examples
    --------
    >>> hoist(["population", "--date", "2021-01-01", "--format", "csv", "--quiet"])
    ['--format', 'csv', '--quiet', 'population', '--date', '2021-01-01']
    """
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(args)
    for arg in remaining:
        name, has_value, _ = arg.partition("=")
        if arg == "--":
            rest += [arg, *remaining]
        elif name not in GLOBAL_OPTIONS:
            rest.append(arg)
        else:
            front.append(arg)
            if GLOBAL_OPTIONS[name] and not has_value:
                front += [value for value in [next(remaining, None)] if value is not None]
    return front + rest


def _ended(error: UserError, *, debug: bool = False) -> typer.Exit:
    _say(f"Error: {error.in_full() if debug else error}")
    return typer.Exit(error.exit_code)


def _is_interrupt(error: BaseException | None) -> bool:
    """Whether the user pressed Ctrl-C while the engine was at work, which says so in its way."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        if "query interrupted" in str(error).lower() or type(error).__name__ == _INTERRUPT:
            return True
        error = error.__cause__ or error.__context__
    return False


def _told(error: Exception) -> UserError | None:
    """What ran out or was refused, if that is what happened, wherever in the program it did."""
    # Imported here: `folkestrom --help` needs no engine.
    from folkestrom.engine.failures import user_error_of

    return user_error_of(error)


def _internal_code(error: Exception) -> int:
    return error.exit_code if isinstance(error, FolkestromError) else EXIT_INTERNAL


def _report_internal(error: Exception, *, debug: bool) -> None:
    # The text of an unexpected error may quote data, so only its type is shown unasked.
    if debug:
        for line in traceback.format_exception(error):
            _say((line if line.startswith("  File ") else masked(line)).rstrip("\n"))
        return
    _say(f"Internal error ({type(error).__name__}). This is a fault of the program, not yours.")
    _say("Next: Run the command again with --debug to see where it happened.")


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr)
