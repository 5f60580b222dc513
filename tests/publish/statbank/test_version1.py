"""Questions of older clients, and saved queries."""

from __future__ import annotations

import json

import pytest

from folkestrom.model.specification import Language
from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.statbank.problems import TOO_MANY_CELLS, Problem
from folkestrom.publish.statbank.saved import recalled, saved
from folkestrom.publish.statbank.selection import Chosen
from folkestrom.publish.statbank.version1 import chosen_by, error, metadata, question
from tests.publish.small_bank import OUT, definition, figures

TABLE = Published(definition(), figures(), OUT)


def found_by(*query: tuple[str, str, list[str]], most: int = 10**6) -> Chosen:
    items = [
        {"code": code, "selection": {"filter": kind, "values": values}}
        for code, kind, values in query
    ]
    return chosen_by(TABLE.definition, question(json.dumps({"query": items}).encode()), most)


def codes(found: Chosen) -> dict[str, list[str]]:
    return {one.variable.id: [value.code for value in one.values] for one in found.shown}


def test_a_question_that_statistics_norway_exports_is_understood() -> None:
    # The export for table 07459: a value set of a name that this table does not have, without
    # values, leaves the variable out.
    found = found_by(("Region", "vs:Landet", ["0"]), ("Alder", "vs:AlleAldre00B", []))

    assert codes(found) == {"Region": ["0"], "Tid": [str(year) for year in range(2000, 2022)]}
    assert [content.code for content in found.contents] == ["Personer1", "Andel"]


def test_filters_choose_as_expressions_do() -> None:
    found = found_by(
        ("Region", "all", ["*"]), ("Alder", "agg:TiAar", ["F00", "F09"]), ("tid", "top", ["2"]),
        ("ContentsCode", "item", ["Personer1"]),
    )  # fmt: skip

    assert codes(found)["Alder"] == ["F00", "F09"]
    assert codes(found)["Tid"] == ["2020", "2021"]
    assert len(codes(found)["Region"]) == 5


def test_an_empty_question_asks_for_all_that_cannot_be_summed() -> None:
    assert list(codes(chosen_by(TABLE.definition, question(b""), 10**6))) == ["Tid"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (("Nix", "item", ["0"]), "Nix"),
        (("Region", "item", ["9999"]), "Region"),
        (("Alder", "agg:Nix", ["F00"]), "Alder"),
        (("Tid", "near", ["2020"]), "Tid"),
        (("Tid", "top", ["x"]), "Tid"),
    ],
)
def test_what_is_wrong_is_said_in_the_sentence_that_clients_look_for(
    query: tuple[str, str, list[str]], named: str
) -> None:
    with pytest.raises(Problem) as raised:
        found_by(query)

    assert error(raised.value) == (
        400,
        {"error": f"The request for variable '{named}' has an error. Please check your query."},
    )


def test_too_much_is_403() -> None:
    with pytest.raises(Problem) as raised:
        found_by(("Region", "all", ["*"]), most=10)

    assert raised.value.title == TOO_MANY_CELLS
    assert error(raised.value)[0] == 403


def test_metadata_list_every_value_with_its_text() -> None:
    found = metadata(TABLE, Language.NO)

    region, *_, contents, time = found["variables"]
    assert region["valueTexts"][1] == "Oslo"
    assert region["elimination"]
    assert (contents["code"], time["code"], time["time"]) == ("ContentsCode", "Tid", True)


def test_a_saved_query_is_in_its_name() -> None:
    body = json.dumps({
        "id": "", "tableId": "B1001", "language": "en", "outputFormat": "csv",
        "outputFormatParams": ["UseCodes"],
        "selection": {"selection": [{"variableCode": "Tid", "valueCodes": ["TOP(1)"]}],
                      "placement": {"heading": ["Tid"], "stub": []}},
    })  # fmt: skip

    query = saved(body.encode())

    again = recalled(query.id)
    assert again == query
    assert again.selection.asked().values == {"Tid": ["TOP(1)"]}


@pytest.mark.parametrize("name", ["", "x", "../../etc/passwd", "eJyr", "ÆØ", "a" * 5000])
def test_a_name_of_no_query_is_refused(name: str) -> None:
    with pytest.raises(Problem) as raised:
        recalled(name)

    assert raised.value.status == 404
