"""A message names the place, the value, what was allowed and what to do; never a person."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.errors import MOST_LISTED, PERSON_COLUMNS, InputRefused, UserError, masked


def test_all_parts_are_said() -> None:
    error = InputRefused(
        "is no country",
        where="may.csv",
        row=3,
        column="country",
        value="XZ",
        allowed=("NO", "SE"),
        next_step="Mend it",
    )
    assert str(error) == (
        "may.csv, row 3, column country: 'XZ' is no country.\nAllowed: NO, SE.\nNext: Mend it."
    )


def test_parts_that_are_missing_are_not() -> None:
    assert str(UserError("the store is empty")) == "the store is empty."


@pytest.mark.parametrize("column", sorted(PERSON_COLUMNS))
def test_identifiers_of_persons_are_left_out(column: str) -> None:
    error = UserError("is not a number", column=column, value="01017012345")
    assert "01017012345" not in str(error)
    assert error.value is None


def test_of_many_allowed_values_those_near_are_listed_in_order_and_the_rest_counted() -> None:
    codes = [f"{number:04d}" for number in range(301, 657)]
    error = UserError("does not occur", column="municipality", value="0655", allowed=codes)
    (line,) = [line for line in str(error).splitlines() if line.startswith("Allowed: ")]
    assert "0654, 0655, 0656 and " in line  # those that are near, in their order
    assert line.count(", ") == 29 + 1, "thirty codes, and where the others are"
    assert line.endswith("and 326 more (all of them: --debug; in Python, the error's `allowed`).")
    assert error.allowed == tuple(codes)
    assert ", ".join(codes) in error.told(most=None)


def test_few_allowed_values_stay_in_their_order() -> None:
    codes = [str(number) for number in range(MOST_LISTED)]
    assert f"Allowed: {', '.join(codes)}." in str(UserError("is none", value="29", allowed=codes))


_BETWEEN = st.text(st.sampled_from(" .-/_,:'\u00a0\u2009\u202f\u2013\t\n"), max_size=3)


@given(st.lists(st.tuples(st.integers(0, 9), _BETWEEN), min_size=5, max_size=15), st.data())
def test_numbers_are_hidden_however_they_are_grouped(
    parts: list[tuple[int, str]], data: st.DataObject
) -> None:
    number = "".join(f"{digit}{between}" for digit, between in parts)
    text = data.draw(st.sampled_from(["", "p", "nr. "])) + number
    if not text.startswith(("18", "19", "20")):
        assert sum(map(str.isdigit, masked(text))) == 0


@pytest.mark.parametrize(
    "text",
    ["170 185 123 45", "170.185.123.45", "17-01-85-12345", "17018512345", "170185 12345",
     "17\u00a001\u00a085", "17/01/85 12345", "１７０１８５", "1701-85-12", "2021-02-30 77 88"],
)  # fmt: skip
def test_an_identity_number_is_never_shown(text: str) -> None:
    assert masked(text) == "…"
    assert masked("f47ac10b-58cc-4372-a567-0e02b2c3d479") == "…"
    assert text not in str(UserError("is wrong", row=3, value=text))
    assert text not in str(UserError("is wrong", column="age", value=text))
    assert text not in str(UserError("is wrong", column=text, allowed=[text, "a"]))


@pytest.mark.parametrize(
    "text",
    ["0301", "2021-02-30", "2021-02-28T12:00:00.123456Z", "1980-01-02 10:00:00+01:00", "a1b2", "X"],
)
def test_what_points_at_nobody_is_shown(text: str) -> None:
    assert masked(text) == text


def test_values_of_other_types() -> None:
    def shown(value: object) -> str:
        return str(UserError("is wrong", column="a", value=value))

    for value in (17018512345, 17018512345.0, np.int64(17018512345), np.float64(17018512345)):
        assert "…" in shown(value)
    for value in (
        0.1234567,
        np.float64(1.23456789),
        77,
        date(2021, 1, 2),
        datetime(2021, 1, 2, tzinfo=UTC),
    ):
        assert f"'{value}'" in shown(value)
    assert "12345" in str(UserError("is no port", where="--port", value=12345))
