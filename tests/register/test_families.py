"""Families that cannot be: each rule is broken once, and whatever is near it is not."""

from __future__ import annotations

from pathlib import Path

import folkestrom

HEAD = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,"
    "country_of_birth,citizenship,marital_status,sex,birth_date,mother,father,partner,origin,survivor,"
    "municipality_from,country"
)


def _person(number: int, born: str, sex: str = "female", mother: object = "", father: object = "",
            status: str = "never_married", partner: object = "") -> str:  # fmt: skip
    return (
        f"test,{number},2021-01-01T09:00:00Z,{number},first_registration,2020-01-01,0301,03010101,"
        f"NO,NO,{status},{sex},{born},{mother},{father},{partner},first_registration,"
    )


def _marriage(number: int, person: int, day: str, partner: int) -> str:
    return (
        f"test,m{number},2021-01-02T09:00:00Z,{person},marital_change,{day},,,,,married,,,,,"
        f"{partner},,"
    )


def _death(person: int, day: str) -> str:
    return f"test,d{person},2022-01-02T09:00:00Z,{person},death,{day},,,,,,,,,,,,"


def _left(person: int, day: str) -> str:
    return f"test,e{person},2021-01-02T09:00:00Z,{person},emigration,{day},,,,,,,,,,,,,0301,SE"


def _merged(person: int, survivor: int) -> str:
    """One person turns out to be another: intake would refuse who is named as the own parent."""
    return f"test,x{person},2021-01-03T09:00:00Z,{person},merge,2021-01-01,,,,,,,,,,,,{survivor}"


def test_each_rule_counts_who_breaks_it(tmp_path: Path) -> None:
    rows = [
        _person(1, "1980-05-10"), _person(2, "1978-01-01", "male"),
        # Twins over midnight, and a sister ten months later, break nothing; four months do.
        _person(3, "2005-03-01", mother=1, father=2), _person(4, "2005-03-02", mother=1, father=2),
        _person(5, "2006-01-10", mother=1, father=2), _person(6, "2006-05-20", mother=1, father=2),
        _person(10, "1990-01-01", mother=40), _person(11, "1970-01-01", mother=1),
        # The day before the twelfth birthday, and that birthday.
        _person(12, "1992-05-09", mother=1), _person(13, "1992-05-10", mother=31),
        _person(31, "1980-05-10"), _person(14, "2010-01-01", mother=30),
        _person(30, "1954-01-01"), _person(32, "1954-01-02"), _person(33, "2010-01-01", mother=32),
        _person(15, "1989-12-31", father=2), _person(16, "2011-01-01", mother=2),
        _person(17, "2012-01-01", mother=31, father=42),
        _person(18, "2020-11-01", mother=19), _person(19, "1985-01-01"),
        _person(20, "1980-01-01"), _person(21, "1980-01-01", "male"), _person(22, "1980-01-01"),
        _person(23, "1980-01-01"), _person(24, "2004-07-01"), _person(25, "1980-01-01", "male"),
        _marriage(1, 20, "2020-06-01", 21), _marriage(2, 22, "2020-06-02", 21),
        _marriage(3, 21, "2020-06-01", 20), _marriage(4, 23, "2020-06-01", 41),
        _marriage(5, 24, "2020-06-30", 25), _marriage(6, 25, "2020-06-30", 24),
        # A husband who has left, and whose wife has married again, breaks nothing.
        _person(50, "1980-01-01"), _person(51, "1980-01-01", "male"),
        _person(52, "1980-01-01", "male"), _marriage(7, 50, "2020-02-01", 51),
        _marriage(8, 51, "2020-02-01", 50),
        _marriage(9, 50, "2020-09-01", 52), _marriage(10, 52, "2020-09-01", 50),
        _death(19, "2020-10-01"), _person(40, "1960-01-01"), _person(41, "1980-01-01"),
        _person(42, "1980-05-10"), _merged(40, 10), _merged(41, 23), _merged(42, 31),
    ]  # fmt: skip
    file = tmp_path / "reports.csv"
    file.write_text(
        "\n".join([HEAD, *(f"{row},," for row in rows), _left(51, "2020-03-01")]) + "\n",
        encoding="utf-8",
    )
    store = folkestrom.open(tmp_path / "store")
    assert store.intake(file).total.quarantined == 0

    found = dict(store.impossible_families(to="polars").iter_rows())

    assert found == {
        "own_parent": 1, "parent_not_older": 1, "mother_young": 1, "mother_old": 1,
        "father_young": 1, "mother_dead": 1, "mother_male": 1, "one_parent_twice": 1,
        "siblings_close": 1, "own_spouse": 1, "two_spouses": 1, "spouse_elsewhere": 1,
        "married_child": 1,
    }  # fmt: skip
    assert set(store.impossible_families(known_at="2021-01-01", to="polars")["persons"]) == {0}
