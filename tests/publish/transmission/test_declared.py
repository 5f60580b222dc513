"""The tables of data sets and codes: every national code has one, and it is in SDMX's lists."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from folkestrom.disclosure import named
from folkestrom.errors import UsageError
from folkestrom.model.codes import MaritalStatus, Sex
from folkestrom.publish.transmission.declared import data_sets, rows, tables, translated


def listed(reference: Path, name: str) -> set[str]:
    with (reference / "classifications" / f"{name}.csv").open(encoding="utf-8") as stream:
        return {row["id"] for row in csv.DictReader(stream)}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("NEVER_MARRIED", "S"), ("MARRIED", "M"), ("WIDOWED", "W"), ("DIVORCED", "D"),
        ("SEPARATED", "L"), ("REGISTERED_PARTNER", "P"), ("SEPARATED_PARTNER", "P"),
        ("DIVORCED_PARTNER", "E"), ("SURVIVING_PARTNER", "Q"), ("UNKNOWN", "_U"),
    ],
)  # fmt: skip
def test_each_national_status_has_its_code(status: str, code: str) -> None:
    assert translated("marital_status", MaritalStatus[status].name.lower()) == code


def test_codes_are_in_the_lists_of_sdmx(reference: Path) -> None:
    statuses = {translated("marital_status", one.name.lower()) for one in MaritalStatus}
    assert statuses - {"_U"} == listed(reference, "CL_CIVIL_STATUS")
    sexes = {translated("sex", one.name.lower()) for one in Sex} | {translated("sex", "total")}
    assert sexes == {"M", "F", "_T", "_U"} <= listed(reference, "CL_SEX")
    units = listed(reference, "CL_AGE")
    for age in (0, 99, 100, 119, "15-19", "100+"):
        assert translated("age_five_year", age)[0] in units


def test_ages_are_units_with_numbers() -> None:
    asked = [0, 99, 100, 119, "0-14", "15-19", "50+", None, "total"]
    found = [translated("mother_age_five_year", one) for one in asked]
    assert found == ["Y0", "Y99", "Y_GE100", "Y_GE100", "Y0T14", "Y15T19", "Y_GE50", "_U", "_T"]


@pytest.mark.parametrize(
    ("variable", "code"), [("county", "31"), ("county", "PL"), ("sex", "man"), ("citizenship", "x")]
)
def test_a_code_without_translation_is_refused(variable: str, code: str) -> None:
    with pytest.raises(UsageError, match=f"{variable}: '{code}' has no code"):
        translated(variable, code)


def test_countries_keep_their_codes() -> None:
    found = [translated("citizenship", code) for code in ("PL", "XK", "XS", "unknown")]
    assert found == ["PL", "XK", "STLS", "_U"]


def test_every_code_says_where_it_comes_from() -> None:
    assert all(row["source"] and row["name"] for row in rows("codes.csv"))


def test_data_sets_are_whole() -> None:
    assert len(data_sets()) == len(tables()["data_set"])
    for one in data_sets():
        assert not one.rules or named(one.rules).minimum_cell
        assert set(one.dimensions) <= set(tables()["concepts"])
        # Whatever tells apart more than region, sex and age is protected.
        assert one.rules or set(one.by) <= {"county", "sex", "age"}
