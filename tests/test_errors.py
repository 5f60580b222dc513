"""A message names the place, the value, what was allowed and what to do; never a person."""

from __future__ import annotations

import pytest

from folkestrom.errors import PERSON_COLUMNS, InputRefused, UserError


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
