"""PX files are read back by their grammar: every figure in its place, whatever the texts are."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.app.output.write import content
from folkestrom.disclosure import Rules, release
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, code_text
from folkestrom.model.specification import Category, Dimension, Language, Measure, Text, same
from folkestrom.publish.formats.output_format import OutputFormat
from tests.publish.formats.px_reading import PxFile, read_px
from tests.publish.formats.test_formats import EXAMPLES
from tests.publish.formats.test_not_interpreted import NASTY
from tests.publish.formats.test_status import RATES, SPECIFICATION

EN, NO = Language.EN, Language.NO
#: What must stand in every file, by the specification of version 2013.
MANDATORY = (
    "CHARSET", "AXIS-VERSION", "CODEPAGE", "LANGUAGE", "LANGUAGES", "DECIMALS", "MATRIX",
    "SUBJECT-CODE", "SUBJECT-AREA", "TITLE", "CONTENTS", "UNITS", "HEADING",
)  # fmt: skip


def px(cells: Cells, language: Language = EN) -> PxFile:
    return read_px(content(cells, OutputFormat.PX, language))


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("language", [EN, NO])
def test_every_figure_stands_in_its_place(name: str, language: Language) -> None:
    cells = EXAMPLES[name]
    spec = cells.specification
    found = px(cells, language)
    for keyword in MANDATORY:
        assert found.get(keyword)
    assert found.get("TITLE") == [spec.title.of(language)]
    other = NO if language is EN else EN
    assert found.get("TITLE", language=other.value) == [spec.title.of(other)]
    read = found.cells()
    before = [spec.time] if len(found.dimensions()) > len(spec.dimensions) + 1 else []
    for row in cells.rows():
        key = [*before, *(code_text(row[d.id]) for d in spec.dimensions)]
        for measure in spec.measures:
            figure = row[measure.id]
            said = read.pop((*key, measure.id))
            assert said == ".." if figure is None else float(said) == pytest.approx(figure)
    assert set(read.values()) <= {"0", "0.0", "0.00", ".."}, "what does not occur counts nobody"


def test_both_languages_say_the_same_of_the_same_dimensions() -> None:
    found = px(EXAMPLES["population"])
    assert found.get("LANGUAGES") == ["en", "no"]
    assert found.dimensions() == ["Date", "Municipality", "Sex", "Age", "Contents"]
    assert found.dimensions("no") == ["Dato", "Kommune", "Kjønn", "Alder", "Statistikkvariabel"]
    assert found.get("VALUES", "Sex") == ["Males", "Females", "Unknown"]
    assert found.get("VALUES", "Kjønn", language="no") == ["Menn", "Kvinner", "Uoppgitt"]
    assert found.get("VARIABLECODE", "Kjønn", language="no") == ["sex"]
    assert found.get("UNITS", "Persons") == ["persons"]


@pytest.mark.parametrize(
    ("codes", "times"),
    [
        (["2020", "2021"], ["TLIST(A1)", "2020", "2021"]),
        (["2020Q1", "2020Q4"], ["TLIST(Q1)", "20201", "20204"]),
        (["2020M01", "2020M12"], ["TLIST(M1)", "202001", "202012"]),
        (["2020-01-01", "2020-10-01"], ["TLIST(Q1)", "20201", "20204"]),
    ],
)
def test_points_of_time_are_listed(codes: list[str], times: list[str]) -> None:
    period = Dimension("period", same("Period"))
    spec = replace(SPECIFICATION, dimensions=(period,), measures=SPECIFICATION.measures[:1])
    found = px(Cells(spec, pa.table({"period": codes, "events": [1, 2]})))
    assert found.get("TIMEVAL", "Period") == times


def test_what_is_not_shown_is_told_from_what_is_undefined() -> None:
    rules = Rules("ours", minimum_cell=5, zeros=False)
    shown = release(RATES, rules, counts="events", base="person_years").cells
    found = px(shown)
    assert found.get("DATASYMBOL2") == [".."]
    assert found.get("DATASYMBOL3") == [":"]
    assert found.cells()["2020", "02", "events"] == "..."
    assert found.cells()["2020", "04", "rate"] == ".."
    assert ": = Not shown, for confidentiality" in found.get("NOTE")[0].split("#")
    assert found.get("PRECISION", "Contents", "Rate") == ["2"]
    assert (found.get("SHOWDECIMALS"), found.get("DECIMALS")) == (["0"], ["2"])


def hostile(texts: list[str]) -> Cells:
    """A table all of whose texts and codes are given."""
    names = [*texts, "x", "y"]
    dimension = Dimension("group", same(names[0]), tuple(Category(t, same(t)) for t in names[1:]))
    measures = tuple(Measure(f"m{n}", same(t), same(t)) for n, t in enumerate(names[:2]))
    spec = replace(
        SPECIFICATION, title=same(names[0]), dimensions=(dimension,), measures=measures,
        footnotes=(same("\n".join(names)),), reference_time=same(names[0]),
    )  # fmt: skip
    figures: dict[str, Any] = {"m0": [*range(len(names) - 1)], "m1": [7] * (len(names) - 1)}
    return Cells(spec, pa.table({"group": names[1:], **figures}))


@given(st.lists(st.text(), unique=True, max_size=6))
def test_no_text_breaks_the_file(texts: list[str]) -> None:
    found = px(hostile([text for text in texts if text not in ("x", "y")]))
    assert found.dimensions()[-1] in ("Contents", "Contents (2)", "Contents (ContentsCode)")
    for name in found.dimensions():
        labels, codes = found.get("VALUES", name), found.get("CODES", name)
        assert len(set(labels)) == len(labels) == len(set(codes)) == len(codes)
    many = len(found.cells()) // 2
    assert found.data[::2] == [str(n) for n in range(many)]


@pytest.mark.parametrize("text", [*NASTY, '";DATA=\r\n1;', 'a"b', "DATA=", "x;y", "#", "\ud800"])
def test_known_tricks_are_texts(text: str) -> None:
    found = px(hostile([text]))
    assert not set("".join(map("".join, found.keywords.values()))) & set('"\x1b\x9b\u202e\x00')
    assert len(found.data) == 4


def test_labels_that_are_the_same_get_their_code() -> None:
    places = tuple(Category(code, Text("Våler", "Våler")) for code in ("3018", "3419"))
    spec = replace(
        SPECIFICATION, dimensions=(Dimension("municipality", same("Municipality"), places),)
    )
    table = RATES.data.slice(0, 2).drop_columns(["county"])
    found = px(Cells(spec, table.append_column("municipality", pa.array(["3018", "3419"]))))
    assert found.get("VALUES", "Municipality") == ["Våler (3018)", "Våler (3419)"]


def test_a_nought_has_no_sign_and_long_lines_are_broken() -> None:
    cells = replace(RATES, data=RATES.data.set_column(3, "rate", pa.array([-0.001, 1.0, math.nan])))
    assert px(cells).cells()["2020", "01", "rate"] == "0.00"
    many = hostile([f"group {n} {'æ' * 90}" for n in range(30)])
    assert max(map(len, content(many, OutputFormat.PX, EN).decode().splitlines())) < 700


def test_a_list_is_no_cube() -> None:
    listing = replace(EXAMPLES["nation"].specification, listing=True)
    with pytest.raises(UsageError, match="list of rows"):
        content(replace(EXAMPLES["nation"], specification=listing), OutputFormat.PX, EN)
