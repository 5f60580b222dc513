"""Codes as they are listed are those that results have, with the numbers of the tables."""

from __future__ import annotations

from datetime import date

import pytest

from folkestrom.classifications.code_lists import long_list
from folkestrom.errors import UsageError
from folkestrom.linkage.catalogue import Linked
from folkestrom.model.specification import Language
from folkestrom.variables.codes import (
    CodeTable,
    code_cells,
    codes_of,
    known_variables,
    uses_of,
    variable_cells,
)
from folkestrom.variables.registry import VARIABLES, variables_of
from folkestrom.variables.variable import EVERYWHERE, Variable

EDUCATION = Linked(
    "education", "person", "text", (("higher", 2), ("lower", 1)), date(2021, 1, 1), ()
)
INCOME = Linked("income", "person", "number", (), date(2021, 1, 1), ())
each = pytest.mark.parametrize("variable", VARIABLES.values(), ids=list(VARIABLES))


@each
def test_a_number_is_decoded_to_its_code(variable: Variable) -> None:
    for code in codes_of(variable):
        if variable.decode is not None and code.number is not None:
            assert variable.decode(code.number) == code.code


@each
def test_codes_are_those_that_may_be_kept(variable: Variable) -> None:
    codes = {code.code for code in codes_of(variable)}
    assert codes >= {*variable.levels, *long_list(variable.name)} - {"unknown"}
    assert all(code.label.en and code.label.no for code in codes_of(variable))
    # Nothing is in the list twice on one day.
    starts = [(code.code, code.valid_from) for code in codes_of(variable)]
    assert len(starts) == len(set(starts))


def test_uses_are_those_by_which_names_are_looked_up() -> None:
    shown = {"population": "stock", "changes": "flow", "rates": "exposure"}
    for name, use in shown.items():
        listed = {v.name for v in VARIABLES.values() if uses_of(v)[name]}
        assert listed == set(variables_of(use))  # type: ignore[arg-type]
    assert len(uses_of(VARIABLES["sex"])) == len(EVERYWHERE)


def test_linked_variables_stand_behind_the_others() -> None:
    known = known_variables({"education": EDUCATION, "income": INCOME})
    *_, education, income = variable_cells(known, Language.NO).rows()
    assert (education["variable"], education["codes"]) == ("education", 3)
    assert (income["variable"], income["codes"], income["rates"]) == ("income", None, "yes")
    rows = code_cells(known["education"], Language.EN).rows()
    assert [row["code"] for row in rows] == ["higher", "lower", "unknown"]


def test_places_of_a_day_have_the_names_of_that_day() -> None:
    def named(day: date | None) -> list[str]:
        rows = code_cells(VARIABLES["municipality"], Language.EN, day).rows()
        return [row["label"] for row in rows if row["code"] == "5001"]

    assert named(date(2021, 1, 1)) == named(date(2018, 1, 1)) == ["Trondheim"]
    assert named(date(1999, 1, 1)) == []
    assert named(date(2023, 1, 1)) == ["Trondheim - Tråante"]
    assert named(None) == ["Trondheim", "Trondheim - Tråante"]
    with pytest.raises(UsageError, match="before the borders that are known"):
        named(date(1959, 1, 1))


def test_a_day_of_what_has_none_is_refused() -> None:
    with pytest.raises(UsageError, match="hold at all times"):
        code_cells(VARIABLES["sex"], Language.EN, date(2021, 1, 1))


def test_what_has_no_list_says_so() -> None:
    said = [code_cells(VARIABLES[n], Language.EN).specification.footnotes[-1].en
            for n in ("birth_year", "basic_unit")]  # fmt: skip
    assert said == ["Codes are numbers, and not listed.", "Codes are as in the files."]


def test_the_table_is_made_when_it_is_read() -> None:
    table = CodeTable((VARIABLES["sex"], VARIABLES["birth_year"]))
    assert list(table.rows()) == [
        ("sex", "male", "Males", "Menn", 1, None, None),
        ("sex", "female", "Females", "Kvinner", 2, None, None),
        ("sex", "unknown", "Unknown", "Uoppgitt", 0, None, None),
    ]
