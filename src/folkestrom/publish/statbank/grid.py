"""The cells of a question as a printed table: some variables go down, some across.

Pages and files have the same table; CSV repeats what stands above several columns or rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import product
from typing import Any, Final

import numpy as np

from folkestrom.model.specification import Category, Language
from folkestrom.model.text import no_formula, printable
from folkestrom.publish.formats.cube import CONTENTS_LABEL
from folkestrom.publish.formats.layout import number_text
from folkestrom.publish.statbank.dataset import SYMBOLS, Published, answered, title
from folkestrom.publish.statbank.problems import NO_FORMAT, Problem, quoted
from folkestrom.publish.statbank.selection import Chosen
from folkestrom.publish.tables.definition import CONTENTS, Content

_NAMES: Final[dict[str, Callable[[str, str], str]]] = {
    "usetexts": lambda _code, text: text,
    "usecodes": lambda code, _text: code,
    "usecodesandtexts": lambda code, text: f"{code} {text}",
}
_SEPARATORS: Final = {"separatortab": "\t", "separatorspace": " ", "separatorsemicolon": ";"}
_TITLED: Final = "includetitle"
_PARAMETERS: Final = (
    "UseCodes", "UseTexts", "UseCodesAndTexts", "IncludeTitle", "SeparatorTab", "SeparatorSpace",
    "SeparatorSemicolon",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """How a printed table looks in a file.

    Parameters
    ----------
    named
        What stands for a value, by its code and its text.
    titled
        Whether the title stands above.
    separator
        What stands between the columns of CSV.
    """

    named: Callable[[str, str], str] = _NAMES["usetexts"]
    titled: bool = False
    separator: str = ","

    @classmethod
    def of(cls, parameters: Iterable[str]) -> Style:
        """The style that parameters of the format ask for.

        Parameters
        ----------
        parameters
            Such as `UseCodes`, `IncludeTitle`, `SeparatorTab`.
        """
        asked = [name.strip().casefold() for name in parameters if name.strip()]
        for name in asked:
            if name not in {one.casefold() for one in _PARAMETERS}:
                raise Problem(
                    NO_FORMAT,
                    f"{quoted(name)} is no parameter of a format: {', '.join(_PARAMETERS)}.",
                )
        names, separators = ({n for n in asked if n in known} for known in (_NAMES, _SEPARATORS))
        if len(names) > 1 or len(separators) > 1:
            raise Problem(
                NO_FORMAT, f"{', '.join(sorted(names | separators))}: these exclude each other."
            )
        named = _NAMES[names.pop()] if names else cls().named
        separator = _SEPARATORS[separators.pop()] if separators else cls().separator
        return cls(named, _TITLED in asked, separator)


_CODED: Final = Style(_NAMES["usecodes"])


@dataclass(frozen=True, slots=True)
class Head:
    """One heading, and how many rows or columns it stands for."""

    text: str
    span: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """Headings that begin at a row, its figures as they are printed, and as numbers."""

    heads: tuple[Head, ...]
    cells: tuple[str, ...]
    values: tuple[float | None, ...]
    code: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A printed table.

    Parameters
    ----------
    stubs
        What the headings of rows are.
    columns
        Headings of columns, one line after the other.
    groups
        Rows with what stands above them; mostly one, and nothing above it.
    fixed
        What all figures are of: variables of one value.
    units
        What they count.
    left_out
        Rows that have no room.
    symbols
        Which symbols stand for figures.
    """

    stubs: tuple[str, ...]
    columns: tuple[tuple[Head, ...], ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    fixed: tuple[str, ...]
    units: tuple[str, ...]
    left_out: int = 0
    symbols: frozenset[str] = frozenset()

    @property
    def width(self) -> int:
        """How many columns there are, with those of headings."""
        return len(self.stubs) + sum(head.span for head in self.columns[-1])


def grid(
    table: Published, asked: Chosen, language: Language, style: Style | None = None, *,
    most: int = 0, total: str = "",
) -> Grid:  # fmt: skip
    """Cells as rows and columns.

    Parameters
    ----------
    table, asked
        The cells.
    language
        Of all texts.
    style
        Of a file, which has every variable, and figures as programs read them; None: of a page.
    most
        The most cells that are shown; 0: all.
    total
        Heading of the row where nothing goes down.
    """
    names, labels = _labels(asked, language, style or Style())
    codes = _labels(asked, language, _CODED)[1]
    several = {name for name, of in labels.items() if style or len(of) > 1}
    down = [name for name in asked.stub if name in several]
    across = [name for name in asked.heading if name in several]
    alone = [name for name in (*asked.stub, *asked.heading) if name not in several]
    width = max(math.prod(len(labels[name]) for name in across), 1)
    rows = math.prod(len(labels[name]) for name in down)
    shown = rows if not most else min(rows, max(1, most // width))
    order = [*down, *across, *alone]
    texts, numbers = _printed(table, asked, order, None if style else language, shown * width)
    blank = () if style else (Head(total),)
    last = codes[down[-1]] if down else [""]
    printed = tuple(
        Row(
            heads or blank, tuple(texts[n * width : (n + 1) * width]),
            tuple(numbers[n * width : (n + 1) * width]), last[n % len(last)],
        )
        for n, heads in zip(range(shown), _heads(_spanning(down, labels)), strict=False)
    )  # fmt: skip
    only = total if CONTENTS in down else asked.contents[0].label.of(language)
    return Grid(
        tuple(names[name] for name in down) or tuple(head.text and "" for head in blank),
        tuple(_columns(across, labels)) or ((Head(only),),),
        (("", printed),),
        tuple(labels[name][0] for name in alone if name != CONTENTS),
        tuple(dict.fromkeys(c.unit.of(language) for c in asked.contents)),
        rows - shown,
        frozenset(texts) & frozenset(SYMBOLS.values()),
    )


def _labels(
    asked: Chosen, language: Language, style: Style
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """What variables are called, and their values; the contents are one, the first."""
    names = {CONTENTS: CONTENTS_LABEL.of(language).lower()}
    values: dict[str, Sequence[Category | Content]] = {CONTENTS: asked.contents}
    for one in asked.shown:
        names[one.variable.id] = one.variable.label.of(language)
        values[one.variable.id] = one.values
    named = style.named
    return names, {
        name: [named(v.code, v.label.of(language)) for v in of] for name, of in values.items()
    }


def _printed(
    table: Published, asked: Chosen, order: Sequence[str], language: Language | None, most: int
) -> tuple[list[str], list[float | None]]:
    """The first figures in that order as they are printed, for programs or people; and numbers."""
    own = [CONTENTS, *(one.variable.id for one in asked.shown)]
    axes = [own.index(name) for name in order]
    contents, values, status = zip(*answered(table.figures, asked), strict=True)
    decimals = [np.full(v.shape, c.decimals) for c, v in zip(contents, values, strict=True)]
    # Only what is shown is printed: there may be hundreds of thousands.
    numbers, why, places = (
        np.stack(arrays).transpose(axes).ravel()[:most].tolist()
        for arrays in (values, status, decimals)
    )
    if language is None:
        if not any(why) and all(v.dtype.kind == "i" for v in values):
            return [*map(str, numbers)], [None] * len(numbers)
        texts = [
            SYMBOLS[s] if s else f"{v:.{d}f}" if d else str(round(v))
            for v, s, d in zip(numbers, why, places, strict=True)
        ]
        return texts, [None] * len(texts)
    cells = list(zip(numbers, why, places, strict=True))
    texts = [SYMBOLS[s] if s else number_text(v, d, language) for v, s, d in cells]
    return texts, [None if s else v for v, s, _ in cells]


def _heads(down: Sequence[Sequence[Head]]) -> Iterator[tuple[Head, ...]]:
    """The headings that begin at each row."""
    if not down:
        yield ()
        return
    for head in down[0]:
        below = _heads(down[1:])
        yield (head, *next(below))
        yield from below


def _spanning(names: Sequence[str], labels: Mapping[str, list[str]]) -> list[list[Head]]:
    """The headings of each variable, and how many of those after it each stands above."""
    found, after = [], math.prod(len(labels[name]) for name in names)
    for name in names:
        after //= len(labels[name])
        found.append([Head(label, after) for label in labels[name]])
    return found


def _columns(across: Sequence[str], labels: Mapping[str, list[str]]) -> list[tuple[Head, ...]]:
    lines, before = [], 1
    for heads in _spanning(across, labels):
        lines.append(tuple(heads * before))
        before *= len(heads)
    return lines


def csv_text(table: Published, asked: Chosen, language: Language, style: Style) -> bytes:
    """The cells of a question as CSV: texts in quotation marks, figures without.

    Parameters
    ----------
    table, asked, language, style
        As of `grid`; what stands above several columns or rows is repeated in each.
    """
    names, labels = _labels(asked, language, style)
    figures, _ = _printed(table, asked, (*asked.stub, *asked.heading), None, asked.size)
    figures = [_quoted(f) if f in SYMBOLS.values() else f for f in figures]
    across = list(product(*(labels[name] for name in asked.heading)))
    heads = [*(names[name] for name in asked.stub), *map(" ".join, across)]
    lines = [style.separator.join(map(_quoted, heads))]
    if style.titled:
        lines = [_quoted(title(table.definition, asked, language)), "", *lines]
    down = product(*([*map(_quoted, labels[name])] for name in asked.stub))
    rows = zip(down, range(0, len(figures), len(across)), strict=True)
    lines += [style.separator.join([*row, *figures[n : n + len(across)]]) for row, n in rows]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _quoted(text: str) -> str:
    return '"' + no_formula(text).replace('"', '""') + '"'


def html_text(table: Published, asked: Chosen, language: Language, style: Style) -> bytes:
    """The cells of a question as a page of HTML.

    Parameters
    ----------
    table, asked, language, style
        As of `grid`.
    """
    named = _text(title(table.definition, asked, language))
    caption = f"<caption>{named}</caption>" if style.titled else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{language.value}"><head><meta charset="utf-8">'
        f"<title>{named}</title></head>\n<body><table>{caption}\n"
        f"{html_rows(grid(table, asked, language, style))}</table></body></html>\n"
    ).encode()


def html_rows(made: Grid, total: str = "") -> str:
    """The headings and rows of a printed table as HTML.

    Parameters
    ----------
    made
        The table.
    total
        The heading of rows that are totals.
    """
    deep = len(made.columns)
    stubs = [_head("col", stub, deep, ' class="stub"') for stub in made.stubs]
    lines = [
        "".join(
            f'<th scope="colgroup" colspan="{head.span}">{_text(head.text)}</th>'
            if head.span > 1
            else _head("col", head.text)
            for head in line
        )
        for line in made.columns
    ]
    parts = ["<thead>", *(f"<tr>{line}</tr>" for line in ["".join(stubs) + lines[0], *lines[1:]])]
    parts.append("</thead>")
    for above, rows in made.groups:
        parts.append("<tbody>")
        if above:
            head = f'<th scope="rowgroup" colspan="{made.width}">{_text(above)}</th>'
            parts.append(f'<tr class="above">{head}</tr>')
        for row in rows:
            heads = "".join(_head("row", head.text, head.span) for head in row.heads)
            # Figures and symbols: nothing in them is markup.
            cells = f"<td>{'</td><td>'.join(row.cells)}</td>"
            known = ' class="total"' if total and row.heads[0].text == total else ""
            parts.append(f"<tr{known}>{heads}{cells}</tr>")
        parts.append("</tbody>")
    return "\n".join(parts)


def _head(scope: str, text: str, down: int = 1, more: str = "") -> str:
    """A heading of one column, or of one row or several; without a text it heads nothing."""
    span = f' rowspan="{down}"' if down > 1 else ""
    if not text:
        return f"<td{span}></td>"
    group = "group" if scope == "row" and down > 1 else ""
    return f'<th scope="{scope}{group}"{more}{span}>{_text(text)}</th>'


def _text(value: str) -> str:
    return escape(printable(value))


def columns_and_data(table: Published, asked: Chosen, language: Language) -> dict[str, Any]:
    """The cells of a question as rows of texts: `columns`, `comments` and `data` of PxWeb.

    Parameters
    ----------
    table, asked, language
        The table, the cells, and the language of its texts.
    """
    names = [one.variable.id for one in asked.shown]
    keys = product(*([value.code for value in one.values] for one in asked.shown))
    many = len(asked.contents)
    texts, _ = _printed(table, asked, [*names, CONTENTS], None, asked.size)
    columns = [
        {
            "code": one.variable.id,
            "text": one.variable.label.of(language),
            "type": "t" if one.variable.role == "time" else "d",
        }
        for one in asked.shown
    ]
    columns += [{"code": c.code, "text": c.label.of(language), "type": "c"} for c in asked.contents]
    return {
        "columns": columns,
        "comments": [{"comment": note.of(language)} for note in table.definition.notes],
        "data": [
            {"key": list(key), "values": texts[n * many : (n + 1) * many]}
            for n, key in enumerate(keys)
        ],
    }
