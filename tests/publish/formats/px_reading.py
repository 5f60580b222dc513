"""A reader of PX files, written from the published grammar, that shares nothing with the writer.

A file is keywords, each `NAME[language](sub key)=values;`. Semicolons, commas, equal signs and
brackets between quotation marks are text. Pieces of one text stand on lines of their own,
without a comma.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

_TOKEN = re.compile(r'"([^"]*)"|([^\s",;=()\[\]]+)|([,;=()\[\]])|(\s+)')


@dataclass
class PxFile:
    """Keywords by name, language and sub key; the data by the codes of the dimensions."""

    keywords: dict[tuple[str, str, tuple[str, ...]], list[str]]
    data: list[str]

    def get(self, name: str, *of: str, language: str = "") -> list[str]:
        return self.keywords[name, language, of]

    def dimensions(self, language: str = "") -> list[str]:
        stub = self.keywords.get(("STUB", language, ()), [])
        return [*stub, *self.get("HEADING", language=language)]

    def cells(self) -> dict[tuple[str, ...], str]:
        axes = [self.get("CODES", name) for name in self.dimensions()]
        keys = list(itertools.product(*axes))
        assert len(keys) == len(self.data)
        return dict(zip(keys, self.data, strict=True))


def read_px(content: bytes) -> PxFile:
    text = content.decode(re.search(rb'CODEPAGE="([^"]*)"', content)[1].decode())  # type: ignore[index]
    tokens = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        assert found, f"no token at {text[at : at + 40]!r}"
        at = found.end()
        if found[4] is None:
            kind = "text" if found[1] is not None else "word" if found[2] is not None else "mark"
            tokens.append((kind, found[1] if kind == "text" else found[2] or found[3]))
    keywords: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    stream = iter(tokens)
    for kind, name in stream:
        assert kind == "word", (kind, name)
        language, of, mark = "", [], next(stream)
        if mark == ("mark", "["):
            language = next(stream)[1]
            assert next(stream) == ("mark", "]")
            mark = next(stream)
        if mark == ("mark", "("):
            while (token := next(stream)) != ("mark", ")"):
                if token != ("mark", ","):
                    of.append(token[1])
            mark = next(stream)
        assert mark == ("mark", "="), (name, mark)
        values = _values(stream, name)
        assert (name, language, tuple(of)) not in keywords, "no keyword is said twice"
        keywords[name, language, tuple(of)] = values
    assert list(keywords)[-1][0] == "DATA", "nothing comes after the data"
    return PxFile(keywords, keywords.pop(("DATA", "", ())))


def _values(stream: itertools.chain[tuple[str, str]], name: str) -> list[str]:
    values: list[str] = []
    joined = False
    for kind, token in stream:
        if (kind, token) == ("mark", ";"):
            return values
        if (kind, token) == ("mark", ","):
            joined = False
        elif kind == "mark":  # TLIST(A1)
            values[-1] += token
            joined = token == "("
        elif joined and (name != "DATA"):
            values[-1] += token
            joined = kind == "text"
        else:
            values.append(token)
            joined = name != "DATA" and kind == "text"
    raise AssertionError(f"{name} has no end")
