"""The console: it shows texts as they are, whoever wrote them, and interprets nothing in them."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from folkestrom.app.output.json_text import json_text
from folkestrom.model.text import escaped_json, printable

#: Wider than any table.
WIDEST: Final = 10_000


class PlainConsole(Console):
    r"""A console without markup, whose texts control no terminal.

    Parameters
    ----------
    **options
        Those of `rich.console.Console`.

    Examples
    --------
    >>> PlainConsole(width=40).print("100[a] \x1b[31m")
    100[a] \x1b[31m
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, highlight=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """A text as it is shown."""
        return super().render_str(printable(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Whatever is shown, texts that were laid out elsewhere too."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)

    def print_json_of(self, value: Any) -> None:
        """Print a value as JSON: the same value, with control characters written as escapes."""
        self.print(escaped_json(json_text(value, 2)), soft_wrap=True)

    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to the application, which ends the same for all."""
        raise BrokenPipeError(errno.EPIPE, "the reader has closed the pipe")
