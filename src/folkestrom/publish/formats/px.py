"""PX, the file of PC-Axis and PxWeb, of version 2013: a cube, with its texts in both languages.

A value stands between quotation marks and can have none in itself: `"` becomes `'`. The end of a
line becomes a blank, or in notes `#`, which is how they say it. Nothing says when a file was
written, so that the same cells give the same bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language, Measure, TableSpecification, Text
from folkestrom.model.text import printable
from folkestrom.publish.formats.cube import (
    AREAS,
    CONTENTS,
    CONTENTS_LABEL,
    SOURCE,
    STATUS,
    TIMES,
    Cube,
    cube_of,
)
from folkestrom.publish.formats.layout import MISSING, SUPPRESSED, headed

#: How a cell without a figure is written; only dots may stand there, and a keyword says as what
#: three of them are shown.
_DOTS: Final = {MISSING: '".."', SUPPRESSED: '"..."'}
_SUBJECT: Final = Text("Population", "Befolkning")
#: Letters of a name or label, and of one piece of a longer text.
_LONGEST: Final = 250
_PIECE: Final = 200
#: Decimals that are shown at most, and that a figure has at most.
_SHOWN, _KEPT = 6, 15
_TIME: Final = {
    "A1": re.compile(r"(\d{4})(?:-01-01)?"),
    "Q1": re.compile(r"(\d{4})(?:Q(\d)|-(01|04|07|10)-01)"),
    "M1": re.compile(r"(\d{4})(?:M(\d\d)|-(\d\d)-01)"),
}


@dataclass(frozen=True, slots=True)
class _Variable:
    """A dimension in one language: names, codes and labels as the file has them."""

    id: str
    name: str
    codes: tuple[str, ...]
    labels: tuple[str, ...]
    total: str | None = None


@dataclass(frozen=True, slots=True)
class _Keyword:
    """A keyword, what of, and its values as they are written."""

    name: str
    values: Sequence[str]
    of: Sequence[str] = ()

    def written(self, language: str = "") -> str:
        """The keyword as it stands in the file."""
        of = f"({','.join(map(_quoted, self.of))})" if self.of else ""
        text, width = "", 0
        for value in self.values:
            broken = "\r\n" if text and width + len(value) > _LONGEST else ""
            width = len(value) + (0 if broken else width)
            text += f"{',' if text else ''}{broken}{value}"
        return f"{self.name}{language}{of}={text};\r\n"


def px(cells: Cells, language: Language) -> bytes:
    """Cells as a PX file in UTF-8; the language comes first, and the other one after it.

    The measures go across, and all dimensions down.
    """
    cube = cube_of(cells, "PX")
    spec = cells.specification
    first, *others = sorted(Language, key=lambda one: one is not language)
    text = "".join(keyword.written() for keyword in _whole(spec, (first, *others)))
    text += "".join(keyword.written() for keyword in _texts(spec, cube, first))
    for other in others:
        text += "".join(keyword.written(f"[{other}]") for keyword in _texts(spec, cube, other))
    rows = "".join(f"{row}\r\n" for row in _rows(cube, spec.measures))
    return f"{text}DATA=\r\n{rows};\r\n".encode()


def _whole(spec: TableSpecification, languages: Sequence[Language]) -> Iterator[_Keyword]:
    """What goes for the whole file and is in no language."""
    decimals = [measure.decimals for measure in spec.measures]
    yield _Keyword("CHARSET", ['"ANSI"'])
    yield _Keyword("AXIS-VERSION", ['"2013"'])
    yield _Keyword("CODEPAGE", ['"utf-8"'])
    yield _Keyword("LANGUAGE", [_quoted(languages[0])])
    yield _Keyword("LANGUAGES", [_quoted(language) for language in languages])
    yield _Keyword("DECIMALS", [str(min(max(decimals), _KEPT))])
    yield _Keyword("SHOWDECIMALS", [str(min(*decimals, _SHOWN))])
    yield _Keyword("MATRIX", [_quoted(spec.id)])
    yield _Keyword("TABLEID", [_quoted(spec.id)])
    yield _Keyword("AGGREGALLOWED", ["NO"])
    yield _Keyword("SUBJECT-CODE", ['"BE"'])
    yield _Keyword("DATASYMBOL2", [f'"{MISSING}"'])
    yield _Keyword("DATASYMBOL3", [f'"{SUPPRESSED}"'])


def _texts(spec: TableSpecification, cube: Cube, language: Language) -> Iterator[_Keyword]:
    """What is said in one language."""
    *down, across = _variables(spec, cube, language)
    yield _Keyword("SUBJECT-AREA", [_quoted(_SUBJECT.of(language))])
    yield _Keyword("TITLE", _pieces(spec.title.of(language)))
    yield _Keyword("CONTENTS", _pieces(spec.title.of(language)))
    if down:
        yield _Keyword("STUB", [_quoted(variable.name) for variable in down])
    yield _Keyword("HEADING", [_quoted(across.name)])
    yield _Keyword("CONTVARIABLE", [_quoted(across.name)])
    for variable in (*down, across):
        yield from _variable(variable)
    yield _Keyword("UNITS", [_quoted(spec.measures[0].unit.of(language))])
    for label, measure in zip(across.labels, spec.measures, strict=True):
        yield _Keyword("UNITS", [_quoted(measure.unit.of(language))], [label])
        if measure.decimals > min(m.decimals for m in spec.measures):
            shown = str(min(measure.decimals, _SHOWN))
            yield _Keyword("PRECISION", [shown], [across.name, label])
    yield _Keyword("SOURCE", [_quoted(SOURCE.of(language))])
    if notes := _notes(spec, cube, language):
        yield _Keyword("NOTE", _pieces(notes))


def _variable(variable: _Variable) -> Iterator[_Keyword]:
    of = [variable.name]
    yield _Keyword("VARIABLECODE", [_quoted(variable.id)], of)
    yield _Keyword("VALUES", [_quoted(label) for label in variable.labels], of)
    yield _Keyword("CODES", [_quoted(code) for code in variable.codes], of)
    if variable.id in TIMES:
        if times := _time_list(variable.codes):
            yield _Keyword("TIMEVAL", times, of)
        yield _Keyword("VARIABLE-TYPE", ['"T"'], of)
    elif variable.id in AREAS:
        yield _Keyword("VARIABLE-TYPE", ['"G"'], of)
    if variable.total in variable.codes:
        total = variable.labels[variable.codes.index(variable.total)]
        yield _Keyword("ELIMINATION", [_quoted(total)], of)


def _variables(spec: TableSpecification, cube: Cube, language: Language) -> list[_Variable]:
    """The dimensions, and after them the measures; no two names or labels are the same."""
    names = [*(d.label.of(language) for d in cube.dimensions), CONTENTS_LABEL.of(language)]
    ids = [*(d.id for d in cube.dimensions), CONTENTS]
    values = [
        *([(c.code, c.label.of(language)) for c in cube.categories[d.id]] for d in cube.dimensions),
        [(measure.id, measure.label.of(language)) for measure in spec.measures],
    ]
    totals = [*(d.total for d in cube.dimensions), None]
    return [
        _Variable(
            id,
            name,
            _distinct([code for code, _ in pairs]),
            _distinct([label for _, label in pairs], [code for code, _ in pairs]),
            total,
        )
        for id, name, pairs, total in zip(ids, _distinct(names, ids), values, totals, strict=True)
    ]


def _notes(spec: TableSpecification, cube: Cube, language: Language) -> str:
    """What was known, what is counted, how, the footnotes, and what the symbols mean."""
    around = [*headed(spec, language)][1:]
    about = [spec.contents.of(language), spec.method.of(language)]
    said = sorted(set(cube.status.values()))
    symbols = [f"{symbol} = {STATUS[symbol].of(language)}" for symbol in said]
    lines = [text for text in (*about, *around, *symbols) if text]
    return "#".join(line.replace("#", "＃").replace("\n", "#") for line in lines)


def _time_list(codes: Sequence[str]) -> list[str]:
    """Points of time as TIMEVAL lists them: years, quarters or months, where they all are.

    Examples
    --------
    >>> _time_list(["2020-01-01", "2021-01-01"]), _time_list(["2020Q1", "2020Q2"])
    (['TLIST(A1)', '"2020"', '"2021"'], ['TLIST(Q1)', '"20201"', '"20202"'])
    >>> _time_list(["2020-02-17"])
    []
    """
    for unit, pattern in _TIME.items():
        found = [pattern.fullmatch(code) for code in codes]
        if all(found):
            parts = [[part for part in one.groups() if part] for one in found if one]
            if unit == "Q1":
                parts = [[y, n if len(n) == 1 else str((int(n) + 2) // 3)] for y, n in parts]
            return [f"TLIST({unit})", *(_quoted("".join(part)) for part in parts)]
    return []


def _rows(cube: Cube, measures: Sequence[Measure]) -> Iterator[str]:
    """The figures, a row for each combination of the dimensions."""
    for first in range(0, len(cube.values), len(measures)):
        yield " ".join(
            _DOTS[cube.status[at]] if at in cube.status else _figure(cube.values[at], measure)
            for at, measure in enumerate(measures, start=first)
        )


def _figure(value: float | None, measure: Measure) -> str:
    decimals = min(measure.decimals, _KEPT)
    # A nought has no sign.
    return f"{round(value or 0, decimals) + 0:.{decimals}f}"


def _distinct(texts: Sequence[str], codes: Sequence[str] = ()) -> tuple[str, ...]:
    """Texts on one line, as they may stand between quotation marks, and no two of them the same.

    Those that are the same get their code; if that doesn't help, a number.

    Examples
    --------
    >>> _distinct(["Våler", "Våler", 'a "b"'], ["3018", "3419", "1"])
    ('Våler (3018)', 'Våler (3419)', "a 'b'")
    """
    found = [_clean(text)[:_LONGEST] or "-" for text in texts]
    if codes:
        many = Counter(found)
        pairs = zip(found, codes, strict=True)
        found = [f"{text} ({_clean(code)})" if many[text] > 1 else text for text, code in pairs]
    seen: set[str] = set()
    for at, text in enumerate(found):
        number = 2
        while found[at] in seen:
            found[at] = f"{text} ({number})"
            number += 1
        seen.add(found[at])
    return tuple(found)


def _clean(text: str) -> str:
    return printable(text).replace('"', "'").replace("\n", " ").strip()


def _quoted(text: str) -> str:
    return f'"{_clean(text) or "-"}"'


def _pieces(text: str) -> list[str]:
    """A text in pieces, each on a line of its own."""
    whole = _clean(text)
    starts = range(0, max(len(whole), 1), _PIECE)
    return ["\r\n".join(f'"{whole[start : start + _PIECE]}"' for start in starts)]
