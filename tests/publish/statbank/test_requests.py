"""Questions as they come: parameters and bodies, whole and broken."""

from __future__ import annotations

import pytest

from folkestrom.model.specification import Language
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.requests import (
    asked_by_address,
    asked_by_body,
    format_of,
    language_of,
    parts,
    whole_number,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a", ["a"]),
        ("a,b , c", ["a", "b", "c"]),
        ("[a,b],c", ["a,b", "c"]),
        ("TOP(2,1),x", ["TOP(2,1)", "x"]),
        ("[range(1,2)],[TOP(3)]", ["range(1,2)", "TOP(3)"]),
        ("'; DROP TABLE x;--", ["'; DROP TABLE x;--"]),
        ("../../etc/passwd", ["../../etc/passwd"]),
    ],
)
def test_codes_are_parted_by_commas(text: str, expected: list[str]) -> None:
    assert list(parts(text)) == expected


@pytest.mark.parametrize("text", ["RANGE(1,2", "[a", "a,(b"])
def test_what_is_not_closed_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="Illegal selection expression"):
        list(parts(text))


def test_a_body_and_an_address_ask_the_same() -> None:
    body = (
        b'{"selection": [{"variableCode": "Region", "valueCodes": ["0", "TOP(2,1)"], '
        b'"codelist": "vs_Fylker"}], "placement": {"heading": ["Region"], "stub": []}}'
    )
    address = [
        ("lang", "en"), ("valueCodes[Region]", "0,TOP(2,1)"), ("codeList[Region]", "vs_Fylker"),
        ("heading", "Region"), ("stub", ""),
    ]  # fmt: skip
    assert asked_by_body(body) == asked_by_address(address)


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"x"', b'{"selection": {}}', b'{"selection": [{"valueCodes": ["a"]}]}',
     b'{"selection": [{"variableCode": "a"}, {"variableCode": "a"}]}', b"\xff\xfe"],
)  # fmt: skip
def test_a_broken_body_is_a_problem(body: bytes) -> None:
    with pytest.raises(Problem, match="No query specified"):
        asked_by_body(body)


def test_languages_and_formats() -> None:
    assert language_of("", Language.NO) is Language.NO
    assert language_of("nb", Language.EN) is Language.NO
    assert format_of(None, ["json-stat2", "csv"]) == "json-stat2"
    with pytest.raises(Problem, match="Unsupported language"):
        language_of("sv", Language.NO)
    with pytest.raises(Problem, match="Unsupported output format"):
        format_of("exe", ["csv"])


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "9" * 20, "\N{ARABIC-INDIC DIGIT ONE}"])
def test_numbers_are_whole(text: str) -> None:
    with pytest.raises(Problem, match="pageSize is a whole number from 1 to 100"):
        whole_number("pageSize", text, 20, 100)
