"""Texts in the language that was asked for, by a catalogue of templates.

A row of `no.csv` says what part of the output a text stands in, and the text in both languages.
`{name}` is a value: it stays as it is. `{name*}` is words of the program, themselves in the
catalogue as a whole or one by one.
"""

from __future__ import annotations

import csv
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from folkestrom.errors import as_it_is
from folkestrom.model.specification import Language

VARIABLE: Final = "FOLKESTROM_LANG"

_HOLE: Final = re.compile(r"\{(\w+)(\*?)\}")


@dataclass(frozen=True, slots=True)
class _Template:
    """What stands between the values, each value and whether it is words, and the other text."""

    literals: tuple[str, ...]
    holes: tuple[tuple[str, bool], ...]
    other: str

    def filled(self, text: str, of_words: Callable[[str], str]) -> str | None:
        """The other text with the values that stand in a text; None if it is not of the form."""
        if not all(literal in text for literal in self.literals):
            return None
        found = re.fullmatch("(.*?)".join(map(re.escape, self.literals)), text, re.DOTALL)
        if found is None:
            return None
        said = {
            name: of_words(value) if words else value
            for (name, words), value in zip(self.holes, found.groups(), strict=True)
        }
        return _HOLE.sub(lambda hole: said[hole[1]], self.other)


class Catalogue:
    """Texts in two languages.

    Parameters
    ----------
    rows
        `part`, `en` and `no` of each text.

    Examples
    --------
    >>> rows = [{"part": "text", "en": "has {n} rows, {why*}", "no": "har {n} rader, {why}"},
    ...         {"part": "text", "en": "too few", "no": "for få"}]
    >>> Catalogue(rows).say("text", "has {n} rows, too few")
    'har {n} rader, for få'
    """

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        self._plain: dict[tuple[str, str], str] = {}
        self._templates: defaultdict[str, list[_Template]] = defaultdict(list)
        for row in rows:
            first, *rest = _HOLE.split(row["en"])
            holes = tuple(
                (name, bool(star)) for name, star in zip(rest[::3], rest[1::3], strict=True)
            )
            if holes:
                made = _Template((first, *rest[2::3]), holes, row["no"])
                self._templates[row["part"]].append(made)
            else:
                self._plain[row["part"], first] = row["no"]
        for templates in self._templates.values():
            # Of those that fit, the one that says most is meant.
            templates.sort(key=lambda one: -sum(map(len, one.literals)))

    def say(self, part: str, text: str) -> str:
        """A text of a part of the output; as it is where the catalogue has it not."""
        return self._found(part, text) or text

    def _found(self, part: str, text: str) -> str | None:
        plain = self._plain.get((part, text))
        if plain is not None:
            return plain
        filled = (one.filled(text, self._words) for one in self._templates[part])
        return next((one for one in filled if one is not None), None)

    def _words(self, text: str) -> str:
        bare = text.strip()
        whole = self._found("text", bare)
        if whole is not None:
            return text.replace(bare, whole)
        return "".join(self._plain.get(("text", one), one) for one in re.split(r"(, |; )", text))


@cache
def _norwegian() -> Catalogue:
    with (Path(__file__).parent / "no.csv").open(encoding="utf-8", newline="") as file:
        return Catalogue(csv.DictReader(file))


def asked(args: Iterable[str]) -> Callable[[str, str], str]:
    """How texts are said in the language that is asked for, before anything is parsed.

    Parameters
    ----------
    args
        What was typed, the global options first.
    """
    wanted = os.environ.get(VARIABLE)
    for arg, after in pairwise((*args, "")):
        name, equals, value = arg.partition("=")
        if name == "--":
            break
        if name == "--lang":
            wanted = value if equals else after
    return _norwegian().say if wanted == Language.NO else as_it_is
