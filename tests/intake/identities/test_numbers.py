"""Identity numbers, against the Tax Administration's test vectors and python-stdnum."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.no import fodselsnummer

from folkestrom.intake.identities.numbers import NumberKind, kind_of_number
from tests.intake.feed.register import numbers_of


def test_the_test_vectors_of_2032_are_told_apart(reference: Path) -> None:
    file = reference.parent / "specs" / "folkeregisteret" / "fnr_2032_test_vectors.csv"
    if not file.is_file():
        pytest.skip("no test vectors beside the published series")
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 10
    for row in rows:
        kind = kind_of_number(row["fødselsnummer"])
        assert (kind is not None) == (row["erGyldig"] == "true"), row
        assert kind is None or (kind is NumberKind.D_NUMBER) == ("D-nummer" in row["beskrivelse"])


@given(st.integers(0, 10**11 - 1).map("{:011d}".format))
def test_what_stdnum_takes_is_taken(number: str) -> None:
    if fodselsnummer.is_valid(number):
        assert kind_of_number(number) is not None


@given(st.dates(date(1940, 1, 1), date(1999, 12, 31)), st.sampled_from([0, 40]))
def test_stdnum_takes_what_is_taken_of_the_series_of_1964(day: date, of_d_number: int) -> None:
    kind = NumberKind.D_NUMBER if of_d_number else NumberKind.BIRTH_NUMBER
    old = 0
    for number in list(numbers_of(day, 0, of_d_number))[:60]:
        assert kind_of_number(number) is kind
        old += fodselsnummer.is_valid(number)
    # Of four first control digits one is of the series of 1964.
    assert 5 <= old <= 25


@pytest.mark.parametrize(
    "text",
    ["", "1085809991", "108580999145", "1085809991x", "10858099915", "00858099914",
     "１０８５８０９９９１４", "16117548867"],
)  # fmt: skip
def test_what_is_no_number(text: str) -> None:
    assert kind_of_number(text) is None


@pytest.mark.parametrize("extra", [0, 40, 65, 80])
def test_synthetic_numbers_have_another_month(extra: int) -> None:
    number = next(iter(numbers_of(date(1980, 12, 31), extra)))
    assert number[2:4] == f"{12 + extra:02d}"
    assert kind_of_number(number) is NumberKind.BIRTH_NUMBER


def test_a_leap_day_passes_in_leap_years_only() -> None:
    assert next(iter(numbers_of(date(2000, 2, 29), 0)), None)
    assert not [n for n in range(1000) if kind_of_number(f"290201{n:03d}00")]
