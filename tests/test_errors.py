"""A message names the place, the value, what was allowed and what to do; never a person."""

from __future__ import annotations

import pytest

from folkestrom.errors import MOST_LISTED, PERSON_COLUMNS, InputRefused, UserError


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


def test_many_allowed_values_are_listed_nearest_first_and_the_rest_is_counted() -> None:
    codes = [f"{number:04d}" for number in range(301, 657)]
    error = UserError("does not occur", column="municipality", value="0655", allowed=codes)
    (line,) = [line for line in str(error).splitlines() if line.startswith("Allowed: ")]
    assert line.startswith("Allowed: 0655, ")
    assert line.count(", ") == 29 + 1, "thirty codes, and where the others are"
    assert line.endswith("and 326 more (all of them: --debug; in Python, the error's `allowed`).")
    assert error.allowed == tuple(codes)
    assert ", ".join(codes) in error.in_full()


def test_few_allowed_values_stay_in_their_order() -> None:
    codes = [str(number) for number in range(MOST_LISTED)]
    assert f"Allowed: {', '.join(codes)}." in str(UserError("is none", value="29", allowed=codes))
