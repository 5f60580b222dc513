"""Lists that pages show: a row a thing, a column what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language
from folkestrom.publish.formats.layout import lay_out, number_text


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in a list.

    Parameters
    ----------
    text
        The text.
    path
        The page that it leads to, without the language; empty: it leads nowhere.
    figure
        Whether it is a number as it is printed.
    english
        Whether there is no other language of it.
    """

    text: str
    path: str = ""
    figure: bool = False
    english: bool = False


link = Cell
figure = partial(Cell, figure=True)


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
    rows: tuple[tuple[Cell | datetime, ...], ...]
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


def _shown(value: object, language: Language) -> Cell | datetime:
    if isinstance(value, Cell | datetime):
        return value
    if isinstance(value, int | float):
        return figure(number_text(value, 3 * isinstance(value, float), language))
    return Cell("" if value is None else f"{value}")


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
