"""A table on the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from folkestrom.app.output.layout import Layout, Row, number_text
from folkestrom.model.specification import Language


def show(layout: Layout, console: Console, language: Language) -> None:
    """Draw a table with its title and notes, never narrower than its figures."""
    table = _table(layout, language)
    # A figure that is cut or broken over two lines is a wrong figure.
    wide = console.options.update(width=10_000, max_width=10_000)
    needed = Measurement.get(console, wide, table).maximum
    console.print(Text(layout.title, style="bold"))
    console.print(table, width=max(needed, 1), crop=False, no_wrap=True, soft_wrap=False)
    for number, note in enumerate(layout.notes, start=1):
        console.print(Text(f"{number} {note}", style="dim"))
    if layout.left_out:
        more = f"… {layout.left_out:,} more rows; --format csv has them all".replace(",", " ")
        console.print(Text(more, style="dim"))


def _table(layout: Layout, language: Language) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for stub in layout.stubs:
        table.add_column(stub, no_wrap=True)
    for column in layout.columns:
        table.add_column(column.heading, justify="right", no_wrap=True)
    before: Row | None = None
    for row in layout.rows:
        figures = [
            number_text(value, column.measure, language)
            for value, column in zip(row.values, layout.columns, strict=True)
        ]
        table.add_row(*_stubs(row, before), *figures)
        before = row
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
