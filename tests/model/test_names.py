"""Names and codes of a question: known, near, empty, or the name of a result's column."""

from __future__ import annotations

import pytest

from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import (
    check_code,
    check_columns,
    check_spellings,
    nearest_name,
    suggestion,
)


def test_the_nearest_is_suggested_whatever_its_capitals() -> None:
    assert nearest_name("pl", ["PL", "SE"]) == "PL"
    assert nearest_name("cohort", ["cohort", "birth_year"]) == "cohort"
    assert nearest_name("cohort", ["sex", "birth_year"]) == "birth_year"
    assert suggestion("zzzz", ["abroad"]) is None


def test_a_code_is_known_or_refused_with_all_that_are_allowed() -> None:
    assert check_code(2, [1, 2]) == 2
    with pytest.raises(UsageError, match=r"(?s)event: 'deaht' .*Allowed: death.*mean 'death'"):
        check_code("deaht", ["death"], where="event")


@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_empty_text_is_neither_a_code_nor_missing(text: str) -> None:
    with pytest.raises(InputRefused, match="column event: holds empty text"):
        check_spellings(["return", text], column="event")


@pytest.mark.parametrize("text", ["Censored", " censored", "censored\u00a0", "CENSORED"])
def test_one_code_is_written_in_one_way(text: str) -> None:
    with pytest.raises(InputRefused, match="is almost 'censored', and another code"):
        check_spellings(["return", text], reserved=["censored"], column="event")
    check_spellings(["return", "return home", "censored"], reserved=["censored"], column="event")
    with pytest.raises(UsageError, match=r"(?s)'censored' does not occur.*mean"):
        check_spellings(["return", text], ["censored"], column="event")


def test_groups_are_not_called_what_results_are() -> None:
    check_columns(["sex"], ("rate",))
    with pytest.raises(UsageError, match=r"(?s)by: 'rate' is the name of a column.*rate_group"):
        check_columns(["sex", "rate"], ("rate",))
