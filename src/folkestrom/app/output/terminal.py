"""A table on the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from rich import box
from rich.cells import cell_len
from rich.measure import Measurement
from rich.table import Table

from folkestrom.app.output.console import WIDEST, PlainConsole
from folkestrom.model.specification import Language
from folkestrom.model.text import printable
from folkestrom.publish.formats.layout import Layout, Row, number_text

#: Letters of a heading before it goes on in the next line.
HEADING_WIDTH: Final = 16


def show(layout: Layout, console: PlainConsole, language: Language) -> None:
    """Draw a table with its title and notes, never narrower than its figures.

    On a terminal that is too narrow for all columns they come in blocks, one under the other.
    """
    console.print(layout.title, style="bold", soft_wrap=True)
    if layout.known:
        console.print(layout.known, soft_wrap=True)
    console.print()
    for block in _blocks(layout, console, language):
        print_whole(_table(block, language), console)
        console.print()
    for number, note in enumerate(layout.notes, start=1):
        console.print(f"{number} {note}", style="dim", soft_wrap=True)
    if layout.left_out:
        more = f"… {layout.left_out:,} more rows; --format csv has them all".replace(",", " ")
        console.print(more, style="dim", soft_wrap=True)


def _blocks(layout: Layout, console: PlainConsole, language: Language) -> Iterator[Layout]:
    """The table by as many columns at a time as the terminal has room for.

    What is written to a file or a pipe is read by programs and wide screens too, and stays whole.
    """
    if not console.is_terminal or _width(layout, console, language) <= console.width:
        yield layout
        return
    start, count = 0, len(layout.columns)
    while start < count:
        end = start + 1
        while end < count:
            if _width(_columns(layout, start, end + 1), console, language) > console.width:
                break
            end += 1
        yield _columns(layout, start, end)
        start = end


def _columns(layout: Layout, start: int, end: int) -> Layout:
    rows = tuple(replace(row, values=row.values[start:end]) for row in layout.rows)
    return replace(layout, columns=layout.columns[start:end], rows=rows)


def _width(layout: Layout, console: PlainConsole, language: Language) -> int:
    wide = console.options.update(width=WIDEST, max_width=WIDEST)
    return Measurement.get(console, wide, _table(layout, language)).maximum


def print_whole(table: Table, console: PlainConsole) -> None:
    """Print a table as wide as it is: a figure that is cut is a wrong figure."""
    wide = console.options.update(width=WIDEST, max_width=WIDEST)
    before = console.width
    console.width = max(before, Measurement.get(console, wide, table).maximum)
    try:
        console.print(table)
    finally:
        console.width = before


def _table(layout: Layout, language: Language) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for stub in layout.stubs:
        table.add_column(stub, no_wrap=True)
    for column in layout.columns:
        heading = textwrap.fill(column.heading, HEADING_WIDTH)
        table.add_column(heading, justify="right", vertical="bottom", no_wrap=True)
    before: Row | None = None
    for row in layout.rows:
        figures = [
            number_text(value, row.decimals(column), language)
            for value, column in zip(row.values, layout.columns, strict=True)
        ]
        table.add_row(*_stubs(row, before), *figures)
        before = row
    for shown in table.columns:
        # Told, columns are not measured cell by cell, which takes as long as drawing them.
        texts = (printable(str(text)) for text in (shown.header, *shown.cells))
        shown.width = max(cell_len(line) for text in texts for line in text.split("\n"))
    return table


def _stubs(row: Row, before: Row | None) -> tuple[str, ...]:
    """Labels of a row; those that repeat the row above are left out, but for the last one."""
    if before is None:
        return row.labels
    shown = list(row.labels)
    for place in range(len(shown) - 1):
        if row.labels[: place + 1] != before.labels[: place + 1]:
            break
        shown[place] = ""
    return tuple(shown)
