"""Help in another language: commands, options and headings, as the parser shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

#: What an option takes, after its names.
_TAKEN: Final = re.compile(r"(?<= )[^- ].*")


def translate(command: Any, say: Callable[[str, str], str]) -> None:
    """Say a command's help, and that of the commands in it, in another language.

    Parameters
    ----------
    command
        A command of the parser, made for one run.
    say
        How a text of a part of the output is said.
    """
    base = command.context_class
    made = {"formatter_class": _formatter(base.formatter_class, say)}
    _put(command, type("Context", (base,), made), say)


def _put(command: Any, context: type[Any], say: Callable[[str, str], str]) -> None:
    command.context_class = context
    command.help = command.help and say("help", command.help)
    for inner in getattr(command, "commands", {}).values():
        _put(inner, context, say)


def _formatter(base: Any, say: Callable[[str, str], str]) -> type[Any]:
    """What lays out help, with each piece said before it is laid out."""

    def write_usage(self: Any, prog: str, args: str = "", prefix: str | None = None) -> None:
        words = " ".join(say("label", word) for word in args.split(" "))
        base.write_usage(self, prog, words, prefix or f"{say('label', 'Usage:')} ")

    def write_heading(self: Any, heading: str) -> None:
        base.write_heading(self, say("label", heading))

    def write_dl(self: Any, rows: Iterable[tuple[str, str]], *widths: int) -> None:
        base.write_dl(self, [(_taken(first), _told(second)) for first, second in rows], *widths)

    def _taken(names: str) -> str:
        return _TAKEN.sub(lambda found: say("label", found[0]), names)

    def _told(text: str) -> str:
        text, gap, more = f"  {text}".rpartition("  [")
        if not gap:
            return say("help", more.strip())
        facts = "; ".join(say("label", fact) for fact in more.removesuffix("]").split("; "))
        return f"{say('help', text.strip())}  [{facts}]".strip()

    return type(
        "Formatter", (base,),
        {"write_usage": write_usage, "write_heading": write_heading, "write_dl": write_dl},
    )  # fmt: skip
