"""What comes from data is shown and never interpreted, in any format."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table

from folkestrom.analysis.figures import curve_plot, rate_plot
from folkestrom.analysis.followup import aalen_johansen, follow_up
from folkestrom.analysis.mobility.results.table_formats import FORMATS, Line, TextTable
from folkestrom.analysis.study.flow_chart import FlowChart, FlowStep
from folkestrom.app.output.console import PlainConsole
from folkestrom.app.output.terminal import show
from folkestrom.app.output.write import content
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Dimension, Language, Text
from folkestrom.model.text import escaped_json, printable
from folkestrom.publish.formats.csv_file import csv_of
from folkestrom.publish.formats.layout import lay_out
from folkestrom.publish.formats.output_format import OutputFormat
from tests.publish.formats.test_formats import EXAMPLES

NASTY = (
    "[/b]", "100[a]", "[red]x[/red]", ":smile:", "\x1b[2J\x1b]0;title\x07", "\x9b31mred", "a\rb",
    "\u202etxt.exe", "=1+2", "=HYPERLINK(\"http://x\")", "@SUM(A1)", "+1+cmd|' /C calc'!A0",
    "-2+3", "http://example.org", "<script>alert(1)</script>", "&amp;", "$x_{1$", "_hidden",
    "a|b", "\\input{x}", "%", "{curly}", "x' OR 1=1 --", "<r>x</r>", "<r><t>x</t></r>",
    "x\ufffe\uffffy",
)  # fmt: skip
EN = Language.EN


def shown(*things: Any, terminal: bool = True) -> str:
    file = io.StringIO()
    console = PlainConsole(file=file, width=200, force_terminal=terminal, color_system=None)
    for thing in things:
        console.print(thing)
    return file.getvalue()


def cells_with(text: str) -> Cells:
    """A table whose codes, title, notes and labels are the text."""
    cells = EXAMPLES["nation"]
    spec = cells.specification
    (measure,) = spec.measures
    named = replace(
        spec,
        title=Text(text, text),
        footnotes=(Text(text, text),),
        dimensions=(Dimension("group", Text(text, text)),),
        columns=(),
    )
    return Cells(named, pa.table({"group": [text], measure.id: pa.array([7], pa.int64())}))


@pytest.mark.parametrize("text", NASTY)
def test_a_terminal_shows_texts_as_they_are(text: str) -> None:
    table = Table("heading")
    table.add_row(text)
    for thing in (text, table):
        out = shown(thing)
        assert printable(text) in out
        assert not set(out) & {"\x1b", "\x9b", "\x07", "\r", "\u202e"}
    file = io.StringIO()
    show(lay_out(cells_with(text), EN), PlainConsole(file=file, width=200), EN)
    assert file.getvalue().count(printable(text)) >= 3


def test_an_ordinary_console_is_what_it_is_about() -> None:
    file = io.StringIO()
    Console(file=file, width=80).print("100[a]", "\x1b[2J")
    assert "100[a]" not in file.getvalue() or "\x1b" in file.getvalue()


@pytest.mark.parametrize("text", NASTY)
def test_a_workbook_holds_texts(text: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(content(cells_with(text), OutputFormat.XLSX, EN)))
    found = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert {cell.data_type for cell in found} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in found)
    # A workbook is XML, which has no place for half of the control characters.
    if text.isprintable():
        assert text in {cell.value for cell in found}


@pytest.mark.parametrize("text", NASTY)
def test_a_spreadsheet_that_reads_csv_calculates_nothing(text: str) -> None:
    read = pl.read_csv(content(cells_with(text), OutputFormat.CSV, EN), infer_schema=False)
    (value,) = read["group"]
    assert value.removeprefix("'") == text
    assert not value.startswith(("=", "@", "+1+", "-2+"))


def test_numbers_with_a_sign_stay_numbers_in_csv() -> None:
    ordinary = ["-5", "+47", "-0.5", "-", "+", "0-17", "..", "−3", "Oslo"]
    read = csv_of({"group": ordinary}).decode().splitlines()[1:]
    assert read == ordinary


@pytest.mark.parametrize("text", NASTY)
def test_files_for_programs_carry_the_value_itself(text: str) -> None:
    cells = cells_with(text)
    parquet = pl.read_parquet(content(cells, OutputFormat.PARQUET, EN))
    as_json = json.loads(content(cells, OutputFormat.JSON, EN))
    stat = json.loads(content(cells, OutputFormat.JSON_STAT, EN))
    assert parquet["group"].to_list() == [text]
    assert as_json["cells"][0]["group"] == text
    assert stat["dimension"]["group"]["category"]["index"] == [text]


@given(st.recursive(st.text() | st.integers(), lambda kinds: st.lists(kinds)))
def test_json_on_a_terminal_says_the_same(value: Any) -> None:
    file = io.StringIO()
    PlainConsole(file=file, width=20).print_json_of(value)
    assert json.loads(file.getvalue()) == value
    assert printable(file.getvalue()) == file.getvalue()
    assert json.loads(escaped_json(json.dumps(value, ensure_ascii=False))) == value


@pytest.mark.parametrize("text", NASTY)
def test_pictures_show_names_as_they_are(text: str, tmp_path: Path) -> None:
    rates, curves = tmp_path / "rates.svg", tmp_path / "curves.svg"
    rows = {"g": [text, "b"], "rate": [2.0, 1.0], "part": [text, "other"]}
    rate_plot(
        rows, rates, label="g", estimate="rate", limits=None, group="part", unit=text, title=text
    )
    follow = follow_up([3, 5, 5, 7], [1, 0, 1, 1], group=[text, text, "other", "other"])
    curve_plot(aalen_johansen(follow), curves, title=text)
    chart = FlowChart(text, text, (FlowStep(text, 3, 3, 0, 0),), ((text, 3),))
    for picture, least in ((rates.read_text(), 4), (curves.read_text(), 2), (chart.to_svg(), 3)):
        words = ["".join(e.itertext()).strip() for e in ET.fromstring(picture).iter()]
        assert sum(printable(text).strip() in word for word in words) >= least


@pytest.mark.parametrize("text", ["[18,25)", "*", " [a]"])
def test_no_label_is_an_argument_of_the_row_before(text: str) -> None:
    table = TextTable("caption", (("one", 1),), ("out",), (Line(text, (("1", "2"),)),), (), ())
    rows = FORMATS["latex"](table).splitlines()
    assert f"{{}}{text} & 1 \\\\" in rows[rows.index(r"\midrule") :]


@pytest.mark.parametrize("text", NASTY)
def test_tables_of_estimates_escape_what_their_format_would_interpret(text: str) -> None:
    table = TextTable(text, ((text, 1),), (text,), (Line(text, ((text, text),)),), (), (text,))
    html, markdown, latex = (FORMATS[name](table) for name in ("html", "markdown", "latex"))
    found = ET.fromstring(html)
    assert "".join(found.itertext()).count(printable(text)) >= 4
    assert "<script" not in html
    assert not [c for c in "|$<" if c in text and f"\\{c}" not in markdown]
    assert "\\input" not in latex
    assert not set(html + markdown + latex) & {"\x1b", "\x9b", "\u202e"}
