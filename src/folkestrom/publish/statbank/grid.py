"""The cells of a question as a printed table: some variables go down, some across."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.model.specification import Category, Language
from folkestrom.model.text import no_formula
from folkestrom.publish.formats.cube import CONTENTS_LABEL
from folkestrom.publish.statbank.dataset import SYMBOLS, Published, answered, title
from folkestrom.publish.statbank.problems import NO_FORMAT, Problem, quoted
from folkestrom.publish.statbank.selection import Chosen
from folkestrom.publish.tables.definition import CONTENTS
from folkestrom.publish.tables.figures import THERE

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
    """How a printed table looks.

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


@dataclass(frozen=True, slots=True)
class Grid:
    """A printed table.

    Parameters
    ----------
    title
        Title.
    stubs, heads
        Headings of the columns of labels, and of those of figures.
    labels
        Labels of each row.
    figures
        Figures by rows and columns: numbers, or symbols where there is none.
    """

    title: str
    stubs: tuple[str, ...]
    heads: tuple[str, ...]
    labels: Sequence[tuple[str, ...]]
    figures: NDArray[np.object_]


def grid(table: Published, asked: Chosen, language: Language, style: Style) -> Grid:
    """The cells of a question as a printed table.

    Parameters
    ----------
    table
        The table.
    asked
        The cells.
    language, style
        Language of its texts, and how it looks.
    """
    own = {one.variable.id: one.values for one in asked.shown}
    headings = {one.variable.id: one.variable.label.of(language) for one in asked.shown}
    own[CONTENTS] = tuple(Category(content.code, content.label) for content in asked.contents)
    headings[CONTENTS] = CONTENTS_LABEL.of(language).lower()

    def labels(names: Sequence[str]) -> list[tuple[str, ...]]:
        shown = ([style.named(v.code, v.label.of(language)) for v in own[name]] for name in names)
        return list(product(*shown))

    order = [list(own).index(name) for name in (*asked.stub, *asked.heading)]
    # The contents are the last of all here, and the first of what is answered.
    stacked = np.stack([_shown(*one) for one in answered(table.figures, asked)], axis=-1)
    down = labels(asked.stub)
    return Grid(
        title(table.definition, asked, language),
        tuple(headings[name] for name in asked.stub),
        tuple(" ".join(head) for head in labels(asked.heading)),
        down,
        stacked.transpose(order).reshape(len(down), -1),
    )


def _shown(content: Any, values: NDArray[Any], why: NDArray[np.uint8]) -> NDArray[np.object_]:
    """Figures with their decimals, and symbols for those that there are none of."""
    whole = np.where(why == THERE, values, 0)
    found: NDArray[np.object_]
    if content.decimals:
        found = np.char.mod(f"%.{content.decimals}f", whole).astype(object)
    else:
        found = whole.astype(np.int64).astype(object)
    for reason, symbol in SYMBOLS.items():
        found[why == reason] = f'"{symbol}"'
    return found


def csv_text(made: Grid, style: Style) -> bytes:
    """A printed table as CSV: texts in quotation marks, figures without.

    Parameters
    ----------
    made, style
        The table, and what stands between its columns.
    """
    buffer = io.StringIO()
    texts = csv.writer(buffer, delimiter=style.separator, quoting=csv.QUOTE_ALL)
    if style.titled:
        texts.writerow([no_formula(made.title)])
        texts.writerow([])
    texts.writerow([no_formula(head) for head in (*made.stubs, *made.heads)])
    for labels, figures in zip(made.labels, made.figures.tolist(), strict=True):
        quotes = ('"' + no_formula(label).replace('"', '""') + '"' for label in labels)
        buffer.write(style.separator.join([*quotes, *map(str, figures)]) + "\r\n")
    return buffer.getvalue().encode()


def html_text(made: Grid, style: Style, language: Language) -> bytes:
    """A printed table as a page of HTML.

    Parameters
    ----------
    made, style, language
        The table, whether its title stands above, and the language of its texts.
    """
    caption = f"<caption>{escape(made.title)}</caption>" if style.titled else ""
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in (*made.stubs, *made.heads))
    rows = "\n".join(
        "<tr>"
        + "".join(f'<th scope="row">{escape(label)}</th>' for label in labels)
        + "".join(f"<td>{escape(str(figure).strip(chr(34)))}</td>" for figure in figures)
        + "</tr>"
        for labels, figures in zip(made.labels, made.figures.tolist(), strict=True)
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language.value}"><head><meta charset="utf-8">'
        f"<title>{escape(made.title)}</title></head>\n<body><table>{caption}\n"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></body></html>\n"
    ).encode()


def columns_and_data(table: Published, asked: Chosen, language: Language) -> dict[str, Any]:
    """The cells of a question as rows of texts: `columns`, `comments` and `data` of PxWeb.

    Parameters
    ----------
    table, asked, language
        The table, the cells, and the language of its texts.
    """
    keys = product(*([value.code for value in one.values] for one in asked.shown))
    parts = [_shown(*one).ravel().tolist() for one in answered(table.figures, asked)]
    rows = zip(*parts, strict=True)
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
            {"key": list(key), "values": [str(figure).strip('"') for figure in row]}
            for key, row in zip(keys, rows, strict=True)
        ],
    }
