"""Files of Stata and SPSS: every figure, with labels; Stata's also as pandas reads them."""

from __future__ import annotations

import builtins
import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.app.output.rows import write_rows
from folkestrom.app.output.write import check, content
from folkestrom.disclosure import Rules, release
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Dimension, Language, same
from folkestrom.publish.formats.output_format import OutputFormat
from folkestrom.publish.formats.survey import SPSS, STATA, names
from tests.publish.formats.test_formats import EXAMPLES
from tests.publish.formats.test_px import hostile
from tests.publish.formats.test_status import RATES, SPECIFICATION

EN, NO = Language.EN, Language.NO
READERS = {OutputFormat.STATA: pyreadstat.read_dta, OutputFormat.SPSS: pyreadstat.read_sav}


def read(cells: Cells, format: OutputFormat, folder: Path, language: Language = EN) -> Any:
    path = folder / "file"
    path.write_bytes(content(cells, format, language))
    return READERS[format](path, user_missing=True)


@pytest.mark.parametrize("format", READERS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_figure_and_label_is_there(name: str, format: OutputFormat, tmp_path: Path) -> None:
    cells = EXAMPLES[name]
    spec = cells.specification
    found, about = read(cells, format, tmp_path, NO)
    assert list(about.column_names) == cells.data.column_names
    for measure in spec.measures:
        expected = cells.data[measure.id].to_pylist()
        figures = [None if pd.isna(v) else v for v in found[measure.id]]
        assert figures == [None if v is None else pytest.approx(v) for v in expected]
    for dimension in spec.dimensions:
        assert about.column_names_to_labels[dimension.id] == dimension.label.no
        labels = about.variable_value_labels.get(dimension.id, {})
        categories = {c.code: c.label.no for c in cells.categories(dimension.id)}
        codes = cells.data[dimension.id].to_pylist()
        for code, value in zip(codes, found[dimension.id], strict=True):
            if labels:
                assert labels[value].endswith(categories[code])
            else:
                assert value == code


def test_stata_files_are_read_by_a_program_of_its_own() -> None:
    made = content(EXAMPLES["marital-status"], OutputFormat.STATA, EN)
    found = pd.read_stata(io.BytesIO(made))
    row = found[(found.sex == "Females") & (found.age == "100 years or older")]
    assert row[row.marital_status == "Widows/widowers"].persons.tolist() == [1]
    with pd.read_stata(io.BytesIO(made), iterator=True) as reader:
        assert reader.variable_labels()["marital_status"] == "Marital status"
        assert reader.data_label == EXAMPLES["marital-status"].specification.title.en


def test_codes_that_are_numbers_keep_them_and_what_is_unknown_is_the_same_everywhere(
    tmp_path: Path,
) -> None:
    places = Dimension(
        "municipality", same("Municipality"), labels=lambda code: same(f"Place {code}")
    )
    spec = replace(SPECIFICATION, dimensions=(places,), measures=SPECIFICATION.measures[:1])
    cells = Cells(spec, pa.table({"municipality": ["0301", "unknown"], "events": [1, 2]}))
    _, about = read(cells, OutputFormat.STATA, tmp_path)
    assert about.variable_value_labels["municipality"] == {
        301: "0301 Place 0301",
        -1: "Place unknown",
    }
    table = EXAMPLES["marital-status"]
    _, about = read(table, OutputFormat.SPSS, tmp_path)
    assert about.variable_value_labels["age"][-2] == "Total"


def test_what_is_not_shown_is_missing_with_a_code_of_its_own(tmp_path: Path) -> None:
    rules = Rules("ours", minimum_cell=5, zeros=False)
    shown = release(RATES, rules, counts="events", base="person_years").cells
    found, about = read(shown, OutputFormat.STATA, tmp_path)
    assert found.rate.tolist()[:2] == ["s", "s"]
    assert pd.isna(found.rate[2])
    assert about.missing_user_values["rate"] == ["s"]
    with pd.read_stata(
        io.BytesIO(content(shown, OutputFormat.STATA, EN)), iterator=True, convert_missing=True
    ) as reader:
        assert [str(v) for v in reader.read(convert_categoricals=False).rate] == [".s", ".s", "."]
    found, about = read(shown, OutputFormat.SPSS, tmp_path)
    assert found.events.tolist() == [-9, -9, 0]
    assert about.variable_value_labels["events"] == {-9: "Not shown, for confidentiality"}
    assert about.missing_ranges["events"] == [{"lo": -9, "hi": -9}]


def test_the_code_of_what_is_not_shown_is_no_figure(tmp_path: Path) -> None:
    low = replace(
        RATES, data=RATES.data.set_column(1, "events", pa.array([-9, None, -2], pa.int32())),
        suppressed=pa.array([False, True, False]),
    )  # fmt: skip
    found, about = read(low, OutputFormat.SPSS, tmp_path)
    assert found.events.tolist() == [-9, -99, -2]
    assert about.missing_ranges["events"] == [{"lo": -99, "hi": -99}]


@settings(max_examples=30)
@given(st.lists(st.text(), unique=True, max_size=4))
@pytest.mark.parametrize("format", READERS)
def test_no_text_breaks_the_file(
    tmp_path_factory: pytest.TempPathFactory, format: OutputFormat, texts: list[str]
) -> None:
    cells = hostile([text for text in texts if text not in ("x", "y")])
    found, about = read(cells, format, tmp_path_factory.mktemp("survey"))
    assert found.m0.tolist() == cells.data["m0"].to_pylist()
    assert len(about.variable_value_labels["group"]) == cells.data.num_rows


@pytest.mark.parametrize("format", READERS)
def test_long_texts_are_cut(format: OutputFormat, tmp_path: Path) -> None:
    found, about = read(hostile(["æ" * 300, "€" * 9000]), format, tmp_path)
    assert found.m0.tolist() == [0, 1, 2]
    assert about.file_label.endswith("…")
    assert about.column_names_to_labels["group"].startswith("æææ")
    assert about.variable_value_labels["group"][1].endswith("…")


@given(st.lists(st.text(), unique=True))
@pytest.mark.parametrize("program", [STATA, SPSS])
def test_names_are_allowed_and_no_two_are_the_same(program: Any, wanted: list[str]) -> None:
    found = names([*wanted, "a" * 80, "a" * 79], program)
    lower = [name.lower() for name in found.values()]
    assert len(set(lower)) == len(lower)
    for name in lower:
        assert name.isascii()
        assert name.isidentifier()
        assert name[0].isalpha()
        assert len(name) <= program.name
        assert name not in program.reserved


def person_rows() -> pa.Table:
    levels = pa.array(["PL", "SE", None]).dictionary_encode()
    return pa.table(
        {
            "person": pa.array([2**60 + 1, 2, 3]),
            "entry_date": [date(2004, 5, 1), date(2005, 1, 1), None],
            "start": pa.array([0, 1, None], pa.int32()),
            "entered": [True, False, None],
            "income": [1.5, None, 0.0],
            "country": levels,
            "note": ["a", None, "c\x00"],
        }
    )


@pytest.mark.parametrize(("name", "reader"), [("e.dta", "read_dta"), ("e.sav", "read_sav")])
def test_rows_of_persons_come_too(tmp_path: Path, name: str, reader: str) -> None:
    rows, path = person_rows(), tmp_path / name
    batches = iter(rows.to_batches())
    assert write_rows(path, rows.schema, batches, {"title": "Leavers"}, "--episodes") == 3
    found, about = getattr(pyreadstat, reader)(path)
    assert about.file_label == "Leavers"
    assert found.person.tolist() == [str(2**60 + 1), "2", "3"], "a number that is not exact is text"
    assert found.entry_date.tolist()[:2] == [date(2004, 5, 1), date(2005, 1, 1)]
    assert found.start.tolist()[:2] == [0, 1]
    assert found.country.tolist()[:2] == [1, 2]
    assert about.variable_value_labels["country"] == {1: "PL", 2: "SE"}
    assert [pd.isna(found[c][2]) for c in ("start", "entered", "country")] == [True] * 3
    assert path.stat().st_mode & 0o077 == 0, "of the user alone"


def test_a_broken_stream_of_rows_leaves_no_file(tmp_path: Path) -> None:
    def broken() -> Any:
        yield from person_rows().to_batches()
        raise KeyError

    with pytest.raises(KeyError):
        write_rows(tmp_path / "e.dta", person_rows().schema, broken(), {}, "--episodes")
    assert not list(tmp_path.iterdir())


def test_no_rows_are_a_file_too(tmp_path: Path) -> None:
    schema = person_rows().schema
    for name in ("e.dta", "e.sav"):
        assert write_rows(tmp_path / name, schema, iter(()), {}, "--episodes") == 0


def test_a_missing_library_is_said_before_anything_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    importing = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "pyreadstat":
            raise ModuleNotFoundError(name)
        return importing(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"folkestrom\[survey-formats\]"):
        check(Path("t.dta"), None)
