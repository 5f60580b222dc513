"""Lists that pages show: a row a thing, a column what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language
from folkestrom.publish.formats.layout import lay_out, number_text


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to a page.

    Parameters
    ----------
    text, path
        What it is called, and the page's path, without the language.
    """

    text: str
    path: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is printed."""

    number: str


@dataclass(frozen=True, slots=True)
class English:
    """A text that there is in English only."""

    english: str


Shown = str | Link | Figure | English | datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """A list.

    Parameters
    ----------
    heads
        Headings of its columns.
    rows
        What stands in each row, a heading of the row first.
    left_out
        Rows that have no room.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[Shown, ...], ...]
    left_out: int = 0


def listing(
    heads: Sequence[str], rows: Iterable[Sequence[object]], language: Language, most: int = 1000
) -> Listing:
    """A list of values: texts stay as they are, numbers are printed, nothing is an empty text.

    Parameters
    ----------
    heads, rows
        Headings of columns, and what stands below them.
    language
        Of numbers.
    most
        Rows that there is room for.
    """
    found = [tuple(_shown(value, language) for value in row) for row in rows]
    return Listing(tuple(heads), tuple(found[:most]), max(len(found) - most, 0))


def _shown(value: object, language: Language) -> Shown:
    if isinstance(value, Link | Figure | English | datetime):
        return value
    if isinstance(value, int | float):
        return Figure(number_text(value, 3 * isinstance(value, float), language))
    return "" if value is None else f"{value}"


def listed_cells(cells: Cells, language: Language) -> Listing:
    """Figures with their specification as a list.

    Parameters
    ----------
    cells, language
        The figures, and the language of their labels.
    """
    found = lay_out(cells, language)
    heads = (*found.stubs, *(column.heading for column in found.columns))
    return listing(heads, ((*row.labels, *row.values) for row in found.rows), language)
