"""A figure that is undefined, or not shown, is none: null with a reason, and never a zero."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest
from jsonstat_validator import validate_jsonstat

from folkestrom.app.output.write import content
from folkestrom.disclosure import Rules, release
from folkestrom.model.cells import Cells
from folkestrom.model.specification import (
    Category,
    Dimension,
    Language,
    Measure,
    TableSpecification,
    same,
)
from folkestrom.publish.formats.layout import lay_out
from folkestrom.publish.formats.output_format import OutputFormat

EN, NO = Language.EN, Language.NO
PLACES = [Category(code, same(code)) for code in ("01", "02", "03", "04")]
MEASURES = (
    Measure("events", same("Events"), same("events")),
    Measure("person_years", same("Person-years"), same("years"), decimals=1),
    Measure("rate", same("Rate"), same("per 1 000"), decimals=2, empty=None),
)
SPECIFICATION = TableSpecification(
    "rates",
    same("Rates"),
    (Dimension("county", same("County"), tuple(PLACES)),),
    MEASURES,
    reference_time=same("2020"),
    time="2020",
)


def cells(**columns: list[Any]) -> Cells:
    return Cells(SPECIFICATION, pa.table({"county": ["01", "02", "03"], **columns}))


#: Nobody was exposed in 03: 0 events in 0 years; 04 does not occur at all.
RATES = cells(events=[40, 2, 0], person_years=[1000.0, 1000.0, 0.0], rate=[40.0, 2.0, float("nan")])


def stat(of: Cells, language: Language = EN) -> Any:
    found = json.loads(content(of, OutputFormat.JSON_STAT, language))
    assert validate_jsonstat(found)
    return found


def test_what_is_undefined_is_null_in_every_format() -> None:
    assert RATES.data["rate"].to_pylist() == [40.0, 2.0, None]
    assert b"03,0,0.0,\n" in content(RATES, OutputFormat.CSV, EN)
    assert json.loads(content(RATES, OutputFormat.JSON, EN))["cells"][2]["rate"] is None
    parquet = pyarrow.parquet.read_table(io.BytesIO(content(RATES, OutputFormat.PARQUET, EN)))
    assert parquet["rate"].to_pylist() == [40.0, 2.0, None]
    book = openpyxl.load_workbook(io.BytesIO(content(RATES, OutputFormat.XLSX, EN)))
    assert book["Table"]["D7"].value == ".."
    assert book["Cells"]["D4"].value is None
    row = content(RATES, OutputFormat.TABLE, EN).decode().splitlines()[-2]
    assert row.split() == ["03", "0", "0.0", ".."]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_no_figure_is_a_number_that_is_none(number: float) -> None:
    found = cells(events=[1, 1, 1], person_years=[1.0, 1.0, 1.0], rate=[number, 1.0, None])
    assert found.data["rate"].to_pylist() == [None, 1.0, None]


def test_json_stat_says_why_there_is_no_figure() -> None:
    found = stat(RATES)
    assert found["size"] == [1, 4, 3]
    assert found["value"] == [40, 1000.0, 40.0, 2, 1000.0, 2.0, 0, 0.0, None, 0, 0, None]
    assert found["status"] == {"8": "..", "11": ".."}
    assert found["note"] == [".. = Undefined, or not known"]
    assert stat(RATES, NO)["note"] == [".. = Ikke definert, eller ikke kjent"]


def test_json_stat_has_the_time_of_all_figures_as_a_dimension() -> None:
    found = stat(RATES)
    assert found["id"] == ["period", "county", "ContentsCode"]
    assert found["role"] == {"metric": ["ContentsCode"], "time": ["period"], "geo": ["county"]}
    assert found["dimension"]["period"]["category"]["index"] == ["2020"]


def test_what_is_suppressed_is_told_from_what_is_undefined() -> None:
    shown = release(
        RATES, Rules("ours", minimum_cell=5, zeros=False), counts="events", base="person_years"
    ).cells
    found = stat(shown)
    hidden = {str(at) for at, value in enumerate(found["value"]) if value is None}
    assert set(found["status"]) == hidden
    assert found["status"]["3"] == ":", "the events of 02"
    assert found["status"]["5"] == ":", "the rate of 02, from which they are derivable"
    assert found["status"]["11"] == "..", "the rate of nobody"
    assert ": = Not shown, for confidentiality" in found["note"]
    rows = content(shown, OutputFormat.TABLE, EN).decode().splitlines()
    (row,) = [row.split() for row in rows if row.startswith("02")]
    assert row == ["02", ":", "1", "000.0", ":"]
    book = openpyxl.load_workbook(io.BytesIO(content(shown, OutputFormat.XLSX, EN)))
    assert book["Table"]["B6"].value == ":"


def test_in_a_row_with_something_suppressed_nothing_says_that_nobody_is_there() -> None:
    rules = Rules("ours", minimum_population=500)
    shown = release(RATES, rules, counts="events", base="person_years").cells
    found = stat(shown)
    assert [found["status"][str(at)] for at in (6, 7, 8)] == [":", ":", ":"]


def test_a_printed_table_marks_what_goes_across_too() -> None:
    places = Dimension("county", same("County"), tuple(PLACES[:3]))
    sexes = Dimension("sex", same("Sex"), (Category("m", same("m")), Category("f", same("f"))))
    spec = TableSpecification("t", same("T"), (places, sexes), MEASURES[:1], columns=("sex",))
    table = pa.table(
        {
            "county": ["01", "01", "02", "02", "03", "03"],
            "sex": ["m", "f"] * 3,
            "events": [1, 30, 20, 20, 40, 40],
        }
    )
    shown = release(Cells(spec, table), Rules("ours", minimum_cell=5), counts="events").cells
    values = [value for row in lay_out(shown, EN).rows for value in row.values]
    nulls = shown.data["events"].to_pylist()
    assert values == [":" if value is None else value for value in nulls]
    assert ":" in values
