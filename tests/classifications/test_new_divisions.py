"""Changes of municipalities that are later than the program's own lists."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from folkestrom.classifications.areas import lives, municipality_codes, municipality_name
from folkestrom.classifications.conversion import border_days, convert, shares_of
from folkestrom.classifications.divisions.changes import later_codes
from folkestrom.classifications.divisions.division import Division, in_force, using
from folkestrom.classifications.loading import read_folder
from folkestrom.classifications.tables import counties, municipalities
from folkestrom.errors import InputRefused

#: Made up: a merger, a split with units, a renumbering, a part that is passed on, a new county.
CHANGES = """day,old,new,basic_units
2026-01-01,1101,1199,
2026-01-01,1111,1199,
2026-01-01,1112,1199,
2026-01-01,3901,3998,30
2026-01-01,3901,3999,10
2027-01-01,1199,5701,
2027-01-01,4601,4601,
2027-01-01,4601,4626,
2027-01-01,4626,4626,
"""
HEAD = "code,name,valid_from\n"
NAMES = f"""{HEAD}1199,Dalane,2026-01-01
3998,Indre Horten,2026-01-01
3999,Ytre Horten,2026-01-01
5701,Dalane,2027-01-01
0301,Oslo by,2027-01-01
"""
#: A number that is told to go on for longer than the changes let it.
ENDING = NAMES.replace("\n", ",\n").replace("from,", "from,valid_to").replace(
    "Dalane,2026-01-01,", "Dalane,2026-01-01,2030-01-01"
)  # fmt: skip


def _read(folder: Path, changes: str = CHANGES, names: str = NAMES) -> Division:
    (folder / "municipality_changes.csv").write_text(changes, encoding="utf-8")
    (folder / "municipalities.csv").write_text(names, encoding="utf-8")
    division = read_folder(folder).division
    assert division is not None
    return division


def test_every_sort_of_change_takes_effect_on_its_day(tmp_path: Path) -> None:
    before, of_2025 = municipality_codes(), set(municipality_codes(date(2025, 12, 31)))
    (tmp_path / "counties.csv").write_text("code,name,valid_from\n57,Dalane,2027-01-01\n")
    division = _read(tmp_path)
    with using(division):
        of_2026 = set(municipality_codes(date(2026, 1, 1)))
        assert of_2026 - of_2025 == {"1199", "3998", "3999"}
        assert of_2025 - of_2026 == {"1101", "1111", "1112", "3901"}
        assert set(municipality_codes(date(2027, 1, 1))) == of_2026 - {"1199"} | {"5701"}
        assert border_days()[-2:] == (date(2026, 1, 1), date(2027, 1, 1))
        assert shares_of(1111, date(2024, 1, 1), date(2028, 1, 1)) == {5701: 1.0}
        assert shares_of(3901, date(2024, 1, 1), date(2028, 1, 1)) == {3998: 0.75, 3999: 0.25}
        assert shares_of(3999, date(2028, 1, 1), date(2019, 1, 1)) == {701: 1.0}
        assert shares_of(4601, date(2026, 1, 1), date(2027, 1, 1)) == {4601: 0.5, 4626: 0.5}
        names = dict(municipalities(date(2027, 1, 1)).select("code", "name").iter_rows())
        assert (names["0301"], names["5701"]) == ("Oslo by", "Dalane")
        assert dict(counties(date(2027, 1, 1)).iter_rows())["57"] == "Dalane"
        assert "57" not in dict(counties(date(2026, 1, 1)).iter_rows())
        assert next(life for life in lives() if life[0] == "1199")[1:3] == (
            date(2026, 1, 1), date(2027, 1, 1),
        )  # fmt: skip
        assert municipality_name("3998") == "Indre Horten"
    assert municipality_codes() == before
    assert municipality_name("3998") == "3998"
    changed = "0301 1101 1111 1112 1199 3901 3998 3999 5701"
    assert later_codes(division) == tuple(changed.split())


def test_what_the_program_knows_may_be_told_again(tmp_path: Path) -> None:
    known = "day,old,new\n2024-01-01,1507,1508\n2024-01-01,1507,1580\n"
    names = "code,name,valid_from\n0301,Oslo,1960-01-01\n1508,Ålesund,2024-01-01\n"
    assert _read(tmp_path, known, names) == Division() == in_force()


def test_a_number_may_be_given_again(tmp_path: Path) -> None:
    changes = "day,old,new\n2026-01-01,3301,0602\n"
    with using(_read(tmp_path, changes, "code,name,valid_from\n0602,Drammen,2026-01-01\n")):
        assert shares_of(602, date(2019, 1, 1), date(2026, 1, 1)) == {602: 1.0}
        life = next(life for life in lives() if life[0] == "0602")
        assert life[1:] == (date(2026, 1, 1), date(9999, 12, 31), date(2020, 1, 1))


@pytest.mark.parametrize(
    ("changes", "names", "told"),
    [
        (CHANGES + "2026-01-01,3901,3998,\n", NAMES, ("row 10", "column new", "told twice")),
        (CHANGES + "2026-06-01,1101,1199,\n", NAMES, ("row 10, column old: '1101'", "2026-05-31")),
        (CHANGES + "2028-01-01,9901,0301,\n", NAMES, ("'9901' is no municipality on 2027-12-31",)),
        ("day,old,new\n2026-01-01,1101,1111\n2026-01-01,1111,1101\n", HEAD,
         ("row 1", "'1111' takes another's place and gives up its own on one day")),
        ("day,old,new\n2026-01-01,1101,1111\n2026-01-01,1111,1112\n", HEAD,
         ("'1111' takes another's place",)),
        ("day,old,new\n2026-01-01,1101,1198\n", HEAD, ("'1198' begins on 2026-01-01",)),
        ("day,old,new\n2023-01-01,1101,1111\n", HEAD, ("does not have", "after 2024-01-01")),
        ("day,old,new\n2026-13-01,1101,1111\n", HEAD, ("'2026-13-01' is no day",)),
        ("day,old,new\n2026-01-01,1101,111\n", HEAD, ("'111' is no number", "4 digits")),
        ("day,old,new,basic_units\n2026-01-01,1101,1111,x\n", HEAD, ("basic_units",)),
        ("day,old\n", HEAD, ("lacks columns", "new")),
        (CHANGES, NAMES + "1199,Twice,2026-01-01\n", ("row 6, column valid_from", "begins twice")),
        (CHANGES, NAMES + "1197,New,2026-01-01\n", ("'1197' is no municipality on 2026-01-01",)),
        (CHANGES, ENDING, ("row 1, column valid_to: '2030-01-01' overlaps", "Allowed: 2027-01-01")),
    ],
)  # fmt: skip
def test_changes_that_cannot_be_are_refused_by_file_row_and_column(
    tmp_path: Path, changes: str, names: str, told: tuple[str, ...]
) -> None:
    with pytest.raises(InputRefused) as refused:
        _read(tmp_path, changes, names)
    text = str(refused.value)
    for part in (str(tmp_path), "Allowed:", *told):
        assert part in text


def test_totals_follow_the_later_changes_too(tmp_path: Path) -> None:
    with using(_read(tmp_path)):
        shares = shares_of(3901, date(2025, 1, 1), date(2027, 1, 1))
        weights = [("3901", str(to), share) for to, share in shares.items()]
        assert convert({"3901": 101}, weights) == {"3998": 76, "3999": 25}
