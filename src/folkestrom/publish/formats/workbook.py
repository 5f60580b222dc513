"""A workbook with two sheets: the table as it is printed, and its cells with their codes."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any, Final

import xlsxwriter

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, code_text
from folkestrom.model.specification import Language
from folkestrom.publish.formats.layout import MISSING, Layout, lay_out

#: Rows that a sheet can have; some are for the heading.
LARGEST: Final = 1_048_576 - 100

_SHEETS: Final = {"en": ("Table", "Cells", "About"), "no": ("Tabell", "Celler", "Om")}

#: Neither formulas nor links nor numbers are made of what a text looks like.
_TEXT_STAYS_TEXT: Final = dict.fromkeys(
    ("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False
)
#: Decimals that a sheet shows at most.
MOST_DECIMALS: Final = 6


def workbook(cells: Cells, language: Language) -> bytes:
    """A workbook as bytes; the same cells give the same bytes."""
    if cells.data.num_rows > LARGEST:
        raise UsageError(
            f"has {cells.data.num_rows:,} rows, more than a sheet can hold",
            where="XLSX",
            allowed=f"at most {LARGEST:,}",
            next_step="Ask for fewer dimensions, or for --format parquet",
        )
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, **_TEXT_STAYS_TEXT})
    # The time of writing would make every file a new one.
    book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
    table, long, about = (book.add_worksheet(name) for name in _SHEETS[language.value])
    _write_table(book, table, lay_out(cells, language))
    _write_cells(book, long, cells)
    _write_about(about, cells, language)
    book.close()
    return buffer.getvalue()


def _write_table(book: Any, sheet: Any, layout: Layout) -> None:
    bold = book.add_format({"bold": True})
    heading = book.add_format({"bold": True, "text_wrap": True, "align": "right", "bottom": 1})
    _write_text(sheet, 0, 0, layout.title, bold)
    _write_text(sheet, 1, 0, layout.known)
    top = 3
    stubs = len(layout.stubs)
    for n, stub in enumerate(layout.stubs):
        _write_text(sheet, top, n, stub, book.add_format({"bold": True, "bottom": 1}))
    for n, column in enumerate(layout.columns):
        _write_text(sheet, top, stubs + n, column.heading, heading)
    numbers = ["#,##0", *("#,##0." + "0" * decimals for decimals in range(1, MOST_DECIMALS + 1))]
    formats = [book.add_format({"num_format": number}) for number in numbers]
    for r, row in enumerate(layout.rows, start=top + 1):
        for n, label in enumerate(row.labels):
            _write_text(sheet, r, n, label)
        for n, value in enumerate(row.values):
            if value is None or isinstance(value, str):
                _write_text(sheet, r, stubs + n, value or MISSING)
            else:
                decimals = row.decimals(layout.columns[n])
                sheet.write_number(r, stubs + n, value, formats[min(decimals, MOST_DECIMALS)])
    for n, note in enumerate(layout.notes, start=1):
        _write_text(sheet, top + 1 + len(layout.rows) + n, 0, f"{n} {note}")
    sheet.set_column(0, max(stubs - 1, 0), 28)
    sheet.set_column(stubs, stubs + len(layout.columns), 14)
    sheet.freeze_panes(top + 1, stubs)


def _write_text(sheet: Any, row: int, column: int, text: str, *form: Any) -> None:
    if text.startswith("<r>") and text.endswith("</r>"):
        # The library takes such a text for markup of its own, unless it comes in pieces.
        sheet.write_rich_string(row, column, "<", "r", text[2:], *form)
    else:
        sheet.write_string(row, column, text, *form)


def _write_cells(book: Any, sheet: Any, cells: Cells) -> None:
    codes = {dimension.id for dimension in cells.specification.dimensions}
    bold = book.add_format({"bold": True})
    for n, name in enumerate(cells.data.column_names):
        _write_text(sheet, 0, n, name, bold)
    for r, row in enumerate(cells.rows(), start=1):
        for n, (name, value) in enumerate(row.items()):
            if name in codes or isinstance(value, str):
                _write_text(sheet, r, n, code_text(value))
            elif value is not None:
                sheet.write_number(r, n, value)
    sheet.freeze_panes(1, 0)


def _write_about(sheet: Any, cells: Cells, language: Language) -> None:
    texts = {
        name: value
        for name, value in cells.specification.described(language).items()
        if isinstance(value, str)
    }
    texts |= {
        f"note {n}": note.of(language) for n, note in enumerate(cells.specification.footnotes, 1)
    }
    for r, (name, value) in enumerate(texts.items()):
        _write_text(sheet, r, 0, name)
        _write_text(sheet, r, 1, value)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 100)
