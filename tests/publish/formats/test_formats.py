"""Every format carries every figure, and says what it is."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from jsonstat_validator import validate_jsonstat

from folkestrom.app.output.console import PlainConsole
from folkestrom.app.output.terminal import show
from folkestrom.app.output.write import MOST_SHOWN, content, write
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language
from folkestrom.publish.formats import cube as cube_module
from folkestrom.publish.formats import workbook as workbook_module
from folkestrom.publish.formats.layout import lay_out
from folkestrom.publish.formats.output_format import OutputFormat
from folkestrom.statistics.changes import changes
from folkestrom.statistics.periods import year
from folkestrom.statistics.population import population
from folkestrom.statistics.published.tables import TABLES, Edition, table
from tests.statistics.small_store import hand_made
from tests.statistics.test_published import ALWAYS, people

FORMATS = list(OutputFormat)
EN, NO = Language.EN, Language.NO


def citizens() -> Any:
    return hand_made([{}], citizenship=[(1, 181, *ALWAYS)])


def examples() -> dict[str, Cells]:
    store = people()
    found = {name: table(Edition(store, 2021), name) for name in TABLES}
    found["own category"] = table(Edition(store, 2021, unknown="category"), "marital-status")
    found["citizens"] = table(Edition(citizens(), 2021), "citizenship")
    day = date(2021, 1, 1)
    found["population"] = population(store, day, ["municipality", "sex", "age"])
    found["series"] = population(store, [date(2020, 1, 1), day], ["sex", "marital_status"])
    found["nation"] = population(store, day)
    found["changes"] = changes(store, [year(2019), year(2020)], ["county", "sex"])
    return found


EXAMPLES = examples()


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("language", [EN, NO])
def test_json_stat_is_valid_and_whole(name: str, language: Language) -> None:
    cells = EXAMPLES[name]
    found = json.loads(content(cells, OutputFormat.JSON_STAT, language))
    assert validate_jsonstat(found)
    assert found["label"] == cells.specification.title.of(language)
    for measure_number, measure in enumerate(cells.specification.measures):
        figures = found["value"][measure_number :: len(cells.specification.measures)]
        expected = [value for value in cells.data[measure.id].to_pylist() if value is not None]
        assert sum(value for value in figures if value is not None) == pytest.approx(sum(expected))


def test_json_stat_places_each_cell_by_its_codes() -> None:
    found = json.loads(content(EXAMPLES["marital-status"], OutputFormat.JSON_STAT, EN))
    place = 0
    assert found["dimension"]["date"]["category"] == {
        "index": ["2021-01-01"],
        "label": {"2021-01-01": "1 January 2021"},
    }
    for name, size in zip(found["id"], found["size"], strict=True):
        codes = {"sex": "female", "age": "100+", "marital_status": "widowed"}
        index = found["dimension"][name]["category"]["index"]
        place = place * size + index.index(codes.get(name, index[0]))
    assert found["value"][place] == 1
    assert sum(v == 1 for v in found["value"]) < len(found["value"])
    assert found["note"][0] == "Unknown marital status is not included."
    assert found["role"] == {"metric": ["ContentsCode"], "time": ["date"]}


def test_json_stat_names_time_and_place() -> None:
    roles = json.loads(content(EXAMPLES["changes"], OutputFormat.JSON_STAT, EN))["role"]
    assert roles == {"metric": ["ContentsCode"], "time": ["period"], "geo": ["county"]}


def test_what_is_missing_is_missing_not_zero() -> None:
    cells = table(Edition(people(), 2001), "age-groups")
    found = json.loads(content(cells, OutputFormat.JSON_STAT, EN))
    assert None in found["value"]
    assert b"total,6,0.0,,\n" in content(cells, OutputFormat.CSV, EN)
    assert ".." in content(cells, OutputFormat.TABLE, EN).decode()


@pytest.mark.parametrize("name", EXAMPLES)
def test_csv_json_and_parquet_hold_the_same_cells(name: str) -> None:
    cells = EXAMPLES[name]
    rows = list(cells.rows())
    parquet = pyarrow.parquet.read_table(io.BytesIO(content(cells, OutputFormat.PARQUET, EN)))
    assert parquet.to_pylist() == rows
    described = json.loads(parquet.schema.metadata[b"folkestrom"])
    assert described["title"] == cells.specification.title.en
    as_json = json.loads(content(cells, OutputFormat.JSON, EN))
    assert len(as_json["cells"]) == len(rows)
    assert as_json["specification"]["measures"][0]["unit"]
    csv = pl.read_csv(content(cells, OutputFormat.CSV, EN), infer_schema=False)
    assert csv.columns == cells.data.column_names
    assert csv.height == len(rows)


def test_codes_keep_their_leading_zeros() -> None:
    assert (
        content(EXAMPLES["population"], OutputFormat.CSV, EN).splitlines()[1].startswith(b"0301,")
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_workbook_has_the_table_the_cells_and_what_they_are(name: str) -> None:
    cells = EXAMPLES[name]
    book = openpyxl.load_workbook(io.BytesIO(content(cells, OutputFormat.XLSX, NO)))
    assert book.sheetnames == ["Tabell", "Celler", "Om"]
    assert book["Tabell"]["A1"].value == cells.specification.title.no
    header, *rows = book["Celler"].iter_rows(values_only=True)
    assert list(header) == cells.data.column_names
    assert len(rows) == cells.data.num_rows
    assert [row[-1] for row in rows] == cells.data[header[-1]].to_pylist()


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_cells_give_the_same_bytes(format: OutputFormat) -> None:
    cells = EXAMPLES["age-groups"]
    assert content(cells, format, EN) == content(cells, format, EN)


def test_a_printed_table_reads_like_the_published_one() -> None:
    text = content(EXAMPLES["marital-status"], OutputFormat.TABLE, EN).decode()
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines[0] == "Population by sex, age and marital status. 1 January 2021"
    assert any(
        line.split() == "Males and females Total 4 1 2 1 0 0 0 0 0 0".split() for line in lines
    )
    assert sum("Males and females" in line for line in lines[:-1]) == 1, "a label is not repeated"
    assert lines[-2] == "1 Unknown marital status is not included."


def test_numbers_are_never_cut_however_narrow_the_terminal() -> None:
    cells = EXAMPLES["population"]
    many = replace(cells, data=cells.data.set_column(3, "persons", pa.array([5_391_369] * 6)))
    narrow = PlainConsole(file=io.StringIO(), width=20)
    show(lay_out(many, EN), narrow, EN)
    assert isinstance(narrow.file, io.StringIO)
    assert narrow.file.getvalue().count("5 391 369") == 6


def test_long_results_say_how_many_rows_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    cells = EXAMPLES["nation"]
    long = replace(cells, data=pa.concat_tables([cells.data] * (MOST_SHOWN + 5)))
    write(long, OutputFormat.TABLE, EN, PlainConsole())
    assert "… 5 more rows" in capsys.readouterr().out


def test_norwegian_numbers_have_a_decimal_comma() -> None:
    cells = EXAMPLES["age-groups"]
    assert "0.0" in content(cells, OutputFormat.TABLE, EN).decode()
    assert "0,0" in content(cells, OutputFormat.TABLE, NO).decode()


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("t.csv", b"age_group,"),
        ("t.xlsx", b"PK"),
        ("t.parquet", b"PAR1"),
        ("t.json", b'{"specification"'),
        ("t.json-stat", b'{"version": "2.0"'),
        ("t.px", b'CHARSET="ANSI"'),
        ("t.sdmx-csv", b"STRUCTURE,STRUCTURE_ID,ACTION"),
        ("t.dta", b"<stata_dta>"),
        ("t.sav", b"$FL2"),
        ("t.txt", b"Population, by age"),
    ],
)
def test_a_files_name_decides_its_format(tmp_path: Path, name: str, starts: bytes) -> None:
    write(EXAMPLES["age-groups"], None, EN, PlainConsole(), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(starts)
    beside = {f"{name}-metadata.json"} if name.endswith(".csv") else set()
    assert {path.name for path in tmp_path.iterdir()} == {name, *beside}, "nothing else is left"


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not in a folder that exists"):
        write(EXAMPLES["nation"], OutputFormat.CSV, EN, PlainConsole(), tmp_path / "no" / "t.csv")


def test_too_large_for_a_format_says_which_to_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cube_module, "LARGEST", 5)
    monkeypatch.setattr(workbook_module, "LARGEST", 5)
    for format in (OutputFormat.JSON_STAT, OutputFormat.PX, OutputFormat.XLSX):
        with pytest.raises(UsageError, match="--format parquet"):
            content(EXAMPLES["population"], format, EN)
