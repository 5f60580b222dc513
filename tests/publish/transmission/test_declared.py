"""The tables of data sets and codes: every national code has one, and it is in SDMX's lists."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from folkestrom.errors import UsageError
from folkestrom.model.codes import MaritalStatus
from folkestrom.publish.transmission.declared import TOTAL, data_sets, rows, tables, translated
from folkestrom.publish.transmission.records import STATUSES


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
    sexes = {TOTAL, *(translated("sex", code) for code in ("1", "2", "unknown"))}
    assert sexes == {"M", "F", "_T", "_U"} <= listed(reference, "CL_SEX")
    assert STATUSES.keys() <= listed(reference, "CL_OBS_STATUS")
    assert {"F", "C"} <= listed(reference, "CL_CONF_STATUS")
    units = listed(reference, "CL_AGE")
    for age in ("000", "099", "F015", "F100"):
        assert translated("age_five_year", age)[0] in units


def test_ages_are_units_with_numbers() -> None:
    asked = ["000", "099", "F100", "F000", "F015", "unknown"]
    assert [translated("age", one) for one in asked] == [
        "Y0", "Y99", "Y_GE100", "Y0T4", "Y15T19", "_U",
    ]  # fmt: skip
    mothers = [translated("mother_age_five_year", one) for one in ("M015", "M020", "M045")]
    assert mothers == ["Y_LT20", "Y20T24", "Y_GE45"]


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
        assert set(one.dimensions) <= set(tables()["concepts"])
        assert all(set(unit) <= set(one.by) for unit in one.units)
        # Whatever tells apart more than region, sex and age of the registered is protected.
        counted = one.base == "registered" or one.ask == "account"
        assert one.units or (counted and set(one.by) <= {"county", "sex", "age"})
