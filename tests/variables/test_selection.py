"""Codes to keep as people give them: labels in two languages, ranges of numbers."""

from __future__ import annotations

import pytest

from folkestrom.errors import UsageError
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.selection import Only, codes_meant, kept_notes


@pytest.mark.parametrize(
    ("only", "codes"),
    [
        ({"municipality": ["oslo", "Kautokeino", "Herøy (Nordland)"]}, ("0301", "5430", "1818")),
        ({"county": ["Vestland", "03"]}, ("46", "03")),
        ({"citizenship": ["Sverige", "Sweden", "DK"]}, ("SE", "DK")),
        ({"sex": "Kvinner"}, ("female",)),
        ({"age": ["66-68", "67", "unknown"]}, ("66", "67", "68", "unknown")),
        ({"age": "120-200"}, tuple(str(age) for age in range(120, 130))),
        ({"birth_year": "1999\N{EN DASH}2001"}, ("1999", "2000", "2001")),
        ({"age": "127+"}, ("127", "128", "129")),
        ({"birth_year": 1066}, ("1066",)),
        # A group of ages is a code, and no range.
        ({"age_five_year": "15-19"}, ("15-19",)),
    ],
)
def test_labels_and_ranges_are_codes(only: Only, codes: tuple[str, ...]) -> None:
    ((name, found),) = codes_meant(only, VARIABLES.values()).items()
    assert (name, found) == (next(iter(only)), codes)


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ({"municipality": "Herøy"}, "'Herøy' is what several are called.*Allowed: 1515, 1818"),
        ({"municipality": "Trondhiem"}, "Did you mean 5001 \\(Trondheim"),
        ({"county": 3}, "'3' is not a code of county.*Did you mean '03'"),
        ({"county": "03-11"}, "'03-11' is not a code of county"),
        ({"age": "39-20"}, "'39-20' is a range from the larger .*Did you mean 20-39"),
        ({"age": "200-300"}, "no number"),
        ({"age": "twenty"}, "no number"),
        ({"age": "20-"}, "no number"),
    ],
)
def test_what_is_neither(only: Only, message: str) -> None:
    with pytest.raises(UsageError, match=f"(?s){message}"):
        codes_meant(only, VARIABLES.values())


def test_notes_give_numbers_that_follow_each_other_as_one() -> None:
    only = codes_meant({"age": ["20-39", "67"], "county": ["11", "03"]}, VARIABLES.values())
    notes = [note.en for note in kept_notes(only, VARIABLES.values())]
    assert notes == ["Only Age: 20\N{EN DASH}39, 67.", "Only County: 11 Rogaland, 03 Oslo."]
    over = codes_meant({"age": ["67+"], "sex": ["kvinner"]}, VARIABLES.values())
    assert [note.no for note in kept_notes(over, VARIABLES.values())] == [
        "Bare Alder: 67 og over.", "Bare Kjønn: Kvinner.",
    ]  # fmt: skip
