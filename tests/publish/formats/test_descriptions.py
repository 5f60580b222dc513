"""What figures are, what was known and what was suppressed go with them wherever they go."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from rich.console import Console

from folkestrom.app.output.write import content, write
from folkestrom.disclosure import Protected, Rules, release
from folkestrom.model.cells import DESCRIPTION, Cells
from folkestrom.model.specification import Language
from folkestrom.publish.formats.output_format import OutputFormat
from tests.publish.formats.test_formats import EXAMPLES
from tests.publish.formats.test_status import RATES

EN, NO = Language.EN, Language.NO


def published() -> Protected:
    rules = Rules("ours", minimum_cell=5)
    return release(RATES, rules, counts="events", base="person_years")


def note(description: Any) -> str:
    return str(description["footnotes"][-1])


def test_data_frames_carry_the_note_of_the_release() -> None:
    shown = published()
    arrow: Any = shown.to("arrow")
    assert note(json.loads(arrow.schema.metadata[DESCRIPTION.encode()])) == shown.note.en
    pandas: Any = shown.to("pandas")
    assert note(pandas.attrs[DESCRIPTION]) == shown.note.en
    assert note(pandas.head(1).attrs[DESCRIPTION]) == shown.note.en
    polars: Any = shown.to("polars")
    assert note(polars.attrs[DESCRIPTION]) == shown.note.en
    parquet = pa.parquet.read_table(io.BytesIO(content(shown.cells, OutputFormat.PARQUET, EN)))
    assert note(json.loads(parquet.schema.metadata[DESCRIPTION.encode()])) == shown.note.en
    stat = json.loads(content(shown.cells, OutputFormat.JSON_STAT, EN))
    assert shown.note.en in stat["note"]


@pytest.mark.parametrize("target", ["arrow", "polars", "pandas"])
def test_data_frames_say_what_was_known(target: Any) -> None:
    frame: Any = EXAMPLES["nation"].to(target)
    if target == "arrow":
        described = json.loads(frame.schema.metadata[DESCRIPTION.encode()])
    else:
        described = frame.attrs[DESCRIPTION]
    assert (described["knowledge_time"], described["vintage"]) == ("2021-02-01", "as published")


@pytest.mark.parametrize("language", [EN, NO])
def test_a_csv_file_is_described_beside_it(tmp_path: Path, language: Language) -> None:
    shown = published()
    write(shown.cells, None, language, Console(), tmp_path / "rates.csv")
    described = json.loads((tmp_path / "rates.csv-metadata.json").read_text(encoding="utf-8"))
    assert described["@context"] == ["http://www.w3.org/ns/csvw", {"@language": language.value}]
    assert described["url"] == "rates.csv"
    assert described["rdfs:comment"][-1] == shown.note.of(language)
    columns = described["tableSchema"]["columns"]
    header = (tmp_path / "rates.csv").read_text().splitlines()[0]
    assert ",".join(column["name"] for column in columns) == header
    assert [column["datatype"] for column in columns] == ["string", "integer", "number", "number"]
    assert pl.read_csv(tmp_path / "rates.csv").shape == (3, 4)
    assert pd.read_csv(tmp_path / "rates.csv").shape == (3, 4)


def test_csv_that_has_no_file_is_described_aside(capsysbinary: Any) -> None:
    aside = Console(file=io.StringIO(), width=30)
    cells: Cells = published().cells
    write(cells, OutputFormat.CSV, EN, Console(), None, aside)
    assert capsysbinary.readouterr().out.startswith(b"county,events")
    assert isinstance(aside.file, io.StringIO)
    said = aside.file.getvalue().splitlines()
    assert said[0] == "Rates"
    assert said[-1] == f"1 {published().note.en}"
    written = Console(file=io.StringIO())
    write(cells, OutputFormat.JSON, EN, Console(), None, written)
    assert isinstance(written.file, io.StringIO)
    assert written.file.getvalue() == "", "the other formats have it in them"


def test_a_workbook_has_the_notes_with_what_it_is_about() -> None:
    import openpyxl

    shown = published()
    book = openpyxl.load_workbook(io.BytesIO(content(shown.cells, OutputFormat.XLSX, EN)))
    about = {row[0]: row[1] for row in book["About"].iter_rows(values_only=True)}
    assert about["note 1"] == shown.note.en
