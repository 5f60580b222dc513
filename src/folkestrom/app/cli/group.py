"""How the command line ends: global options anywhere, errors as messages with an exit code."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import typer
from typer.core import TyperGroup

from folkestrom.app.cli.context import refuse_borders
from folkestrom.app.cli.language.catalogue import asked
from folkestrom.app.cli.options import option
from folkestrom.errors import (
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    EXIT_PIPE_CLOSED,
    EXIT_USAGE,
    MOST_LISTED,
    FolkestromError,
    UsageError,
    UserError,
    as_it_is,
    masked,
)
from folkestrom.model.text import printable

#: Global options that are understood after the command's name too, and whether they take a value.
GLOBAL_OPTIONS = {
    "--store": True, "--format": True, "--lang": True, "--borders": True, "--quiet": False,
    "--debug": False,
}  # fmt: skip

#: Options that share their names with parts of a study's file, which errors name.
_PARTS_OF_STUDIES: Final = ("panel", "study")

#: What the engine raises when it is interrupted.
_INTERRUPT = "InterruptException"


class FolkestromGroup(TyperGroup):
    """The top-level command: hoists global options and turns errors into exit codes."""

    _say: Callable[[str, str], str] = staticmethod(as_it_is)
    _options: Collection[str] = ()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse with the global options moved to the front."""
        return super().parse_args(ctx, hoist(args))

    def make_context(self, *args: Any, **more: Any) -> Any:
        """Parse; `--help` and `--version` answer here."""
        _show_what_can_be_shown()
        self._say = asked(hoist(args[1]))
        if self._say is not as_it_is:
            # Imported here: English help is shown as the parser has it.
            from folkestrom.app.cli.language.help import translate

            translate(self, self._say)
        with self._ends():
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; show what went wrong without a traceback."""
        with self._ends():
            found = self._run(ctx)
            sys.stdout.flush()
            return found

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, and which options it has: errors name them as they are typed."""
        name, command, rest = super().resolve_command(ctx, args)
        reached: Any = command
        for word in rest:
            reached = getattr(reached, "commands", {}).get(word, reached)
        self._options = {typed for one in getattr(reached, "params", ()) for typed in one.opts}
        borders = ctx.params.get("borders")
        if borders is not None and not hasattr(reached, "commands"):
            refuse_borders(reached, borders)
        return name, command, rest

    @contextmanager
    def _ends(self) -> Iterator[None]:
        """End as users expect when they interrupt, read no more, or typed what cannot be parsed."""
        try:
            with _closed_pipes():
                yield
        except KeyboardInterrupt:
            _say(self._say("label", "Interrupted."))
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except Exception as error:
            if self._say is as_it_is or not hasattr(error, "show"):
                raise
            shown = io.StringIO()
            error.show(shown)
            for line in shown.getvalue().splitlines():
                head, error_, rest = line.partition("Error: ")
                mistake = error_ and not head
                _say(self._say("label", error_ + self._say("text", rest) if mistake else line))
            raise typer.Exit(getattr(error, "exit_code", EXIT_USAGE)) from error

    def _run(self, ctx: Any) -> Any:
        debug = bool(ctx.params.get("debug"))
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise self._ended(error, debug=debug) from error
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if _is_interrupt(error):
                raise KeyboardInterrupt from error
            if hasattr(error, "show"):  # a wrong argument: the parser words these itself
                raise
            mendable = _told(error)
            if mendable is not None:
                raise self._ended(mendable) from error
            _report_internal(error, self._say, debug=debug)
            raise typer.Exit(_internal_code(error)) from error

    def _ended(self, error: UserError, *, debug: bool = False) -> typer.Exit:
        if isinstance(error, UsageError) and error.where is not None:
            error.where = ", ".join(map(self._typed, error.where.split(", ")))
        told = error.told(self._say, None if debug else MOST_LISTED)
        _say(self._say("label", f"Error: {told}"))
        return typer.Exit(error.exit_code)

    def _typed(self, name: str) -> str:
        """An argument as it is typed, if the command has it."""
        typed = option(name)
        return typed if typed in self._options and name not in _PARTS_OF_STUDIES else name


def _show_what_can_be_shown() -> None:
    """On a terminal with an encoding of its own, what that lacks becomes a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


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


def _report_internal(error: Exception, say: Callable[[str, str], str], *, debug: bool) -> None:
    # The text of an unexpected error may quote data, so only its type is shown unasked.
    if debug:
        for line in traceback.format_exception(error):
            _say((line if line.startswith("  File ") else masked(line)).rstrip("\n"))
        return
    kind = type(error).__name__
    _say(say("label", f"Internal error ({kind}). This is a fault of the program, not yours."))
    _say(say("label", "Next: Run the command again with --debug to see where it happened."))


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr)
