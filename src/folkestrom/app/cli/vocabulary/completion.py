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


def kept_codes(*uses: Use) -> Completion:
    """Completion of NAME=CODE[,CODE]: of the name, then of the last code.

    Parameters
    ----------
    uses
        As for `names_of`.
    """

    def completed(ctx: typer.Context, incomplete: str) -> list[Word]:
        name, equals, codes = incomplete.partition("=")
        known = _variables(ctx, uses)
        if not equals:
            labels = {f"{n}=": v.dimension.label.en for n, v in known.items()}
            return _rest(labels, name)
        if name not in known:
            return []
        from folkestrom.variables.codes import codes_of

        before, comma, word = codes.rpartition(",")
        labels = {code.code: code.label.en for code in codes_of(known[name])}
        return [(f"{name}={before}{comma}{c}", label) for c, label in _rest(labels, word, before)]

    return completed


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
