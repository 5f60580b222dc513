"""JSON-stat as validators and Statistics Norway's own answers have it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonstat_validator import validate_jsonstat

from folkestrom.model.specification import Language
from folkestrom.publish.statbank.dataset import Addresses, Published, dataset, time_unit, whole
from folkestrom.publish.statbank.files import MEDIA, Answer
from folkestrom.publish.statbank.selection import Asked, chosen
from tests.publish.small_bank import OUT, definition, figures

TABLE = Published(definition(), figures(), OUT)
SOME = Asked({"Region": ["1103"], "Kjonn": ["1"], "Alder": ["104", "105"],
              "Tid": ["TOP(1)"], "ContentsCode": ["Personer1"]})  # fmt: skip


def answer(asked: Asked, language: Language = Language.EN, *, values: bool = True) -> Any:
    found = chosen(definition(), asked)
    return dataset(TABLE, found, language, Addresses("http://x"), figures=values)


@pytest.mark.parametrize("language", Language)
def test_it_is_valid(language: Language) -> None:
    assert validate_jsonstat(answer(SOME, language))


def test_what_is_hidden_has_its_symbol_and_the_symbol_its_meaning() -> None:
    found = answer(SOME)
    assert found["value"][1] is None
    assert found["status"] == {"1": ":"}
    assert ": = Not shown, for confidentiality" in found["note"]


def test_metadata_have_lists_under_both_names_and_no_figures() -> None:
    made = dataset(TABLE, whole(definition()), Language.NO, Addresses("http://x"), figures=False)
    lists = made["dimension"]["Region"]["extension"]
    assert lists["codelists"] == lists["codeLists"]
    assert lists["codelists"][0]["type"] == "Valueset"
    assert made["dimension"]["Alder"]["extension"]["codelists"][0]["type"] == "Aggregation"
    assert lists["eliminationValueCode"] == "0"
    assert made["value"] == []
    assert made["size"] == [5, 2, 106, 2, 22]


def test_an_answer_has_the_shape_of_statistics_norways(reference: Path) -> None:
    example = reference.parent / "specs/statbank_examples/ssb_07459_data_en.json"
    theirs = json.loads(example.read_text(encoding="utf-8"))
    ours = answer(Asked({"Tid": ["*"], "ContentsCode": ["Personer1"]}))
    assert set(theirs) <= set(ours)
    assert set(theirs["extension"]["px"]) == set(ours["extension"]["px"])
    for name in ("ContentsCode", "Tid"):
        mine, other = ours["dimension"][name], theirs["dimension"][name]
        assert set(other) == set(mine)
        assert set(other["category"]) == set(mine["category"])
        assert set(other["extension"]) <= set(mine["extension"])
    assert ours["role"]["time"] == theirs["role"]["time"]
    assert ours["id"] == theirs["id"]


@pytest.mark.parametrize("format", MEDIA)
def test_every_format_has_the_cells_and_is_always_the_same(format: str) -> None:
    found = chosen(definition(), SOME)
    answer = Answer(format, Language.EN, Addresses(""))
    first = answer.written(TABLE, found)
    assert first == answer.written(TABLE, found)
    value = str(int(TABLE.figures.values["Personer1"][4, 0, 104, -1]))
    if format not in ("xlsx", "parquet"):
        assert value in first.decode()


@pytest.mark.parametrize(
    ("codes", "unit"),
    [(["2020", "2021"], "Annual"), (["2020K1"], "Quarterly"), (["2020M01"], "Monthly"),
     (["2010", "2020"], "Other")],
)  # fmt: skip
def test_the_length_of_times(codes: list[str], unit: str) -> None:
    from dataclasses import replace

    from folkestrom.model.specification import Category, same

    values = tuple(Category(code, same(code)) for code in codes)
    assert time_unit(replace(definition().time, values=values)) == unit
