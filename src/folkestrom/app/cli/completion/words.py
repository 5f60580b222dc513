"""What a shell completes: names of variables, and their codes.

Each function here is an option's `autocompletion`. Nothing is said of what goes wrong: a shell that
is asked for words shows them, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from folkestrom.errors import FolkestromError

if TYPE_CHECKING:
    from folkestrom.variables.variable import Use, Variable

#: The value to be typed, and what it means.
Word = tuple[str, str]
Completion = Callable[[typer.Context, str], list[Word]]


def names_of(*uses: Use) -> Completion:
    """Completion of a list of variables with commas in between: of its last name.

    Parameters
    ----------
    uses
        What the variables may be asked for, one of these at least; none: anything.
    """

    def completed(ctx: typer.Context, incomplete: str) -> list[Word]:
        before, comma, word = incomplete.rpartition(",")
        labels = {n: v.dimension.label.en for n, v in _variables(ctx, uses).items()}
        return [(f"{before}{comma}{n}", label) for n, label in _rest(labels, word, before)]

    return completed


def kept_codes(ctx: typer.Context, incomplete: str) -> list[Word]:
    """Completion of NAME=CODE[,CODE][,NAME=CODE]: of the last name or code.

    Parameters
    ----------
    ctx
        The command that is typed.
    incomplete
        What is typed of the value.
    """
    before, comma, word = incomplete.rpartition(",")
    parts = [part.partition("=") for part in incomplete.split(",")]
    said = [name for name, equals, _ in parts if equals]
    known = _variables(ctx, ())
    offered: list[Word] = []
    if "=" not in word:
        names = {f"{n}=": v.dimension.label.en for n, v in known.items() if n not in said}
        offered = _rest(names, word)
    if said and said[-1] in known:
        from folkestrom.variables.codes import codes_of

        name, equals, _ = parts[-1]
        start = f"{name}=" if equals else ""
        labels = {f"{start}{c.code}": c.label.en for c in codes_of(known[said[-1]])}
        taken = before.rpartition(f"{said[-1]}=")[2]
        offered = [*_rest(labels, word, taken), *offered]
    return [(f"{before}{comma}{value}", label) for value, label in offered]


def _rest(labels: Mapping[str, str], word: str, before: str = "") -> list[Word]:
    """The words that begin so, but for those that stand before."""
    taken = before.split(",")
    return [(n, label) for n, label in labels.items() if n.startswith(word) and n not in taken]


def _variables(ctx: typer.Context, uses: Collection[Use]) -> Mapping[str, Variable]:
    """The variables for these uses, linked ones too where the store can be opened at once."""
    from folkestrom.app.office.vocabulary.variables import linked_in
    from folkestrom.engine.store import Waiting
    from folkestrom.variables.codes import known_variables

    linked = {}
    store = ctx.find_root().params.get("store")
    if isinstance(store, Path):
        with suppress(FolkestromError, OSError):
            linked = linked_in(store, Waiting(0, lambda _: None))
    known = known_variables(linked)
    return {name: v for name, v in known.items() if not uses or v.uses & set(uses)}
