"""Classifications from files and from the service."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import polars as pl
import pytest
import yaml

import folkestrom
from folkestrom.classifications.basic_units import ALWAYS, followed
from folkestrom.classifications.conversion import conversion
from folkestrom.classifications.loading import Loaded, read_folder
from folkestrom.classifications.service import pulled
from folkestrom.errors import InputRefused, UsageError

UNITS = (
    "code,name,part_of_town,part_of_town_name,valid_from,valid_to\n"
    "06020101,Sentrum,,,,2020-01-01\n"
    "30050101,Sentrum,,,2020-01-01,2024-01-01\n"
    "33010101,Sentrum,330101,Midt,2024-01-01,\n"
)
CHANGES = "day,old,new\n2020-01-01,06020101,30050101\n2024-01-01,30050101,33010101\n"


def test_a_unit_is_followed_through_its_numbers(tmp_path: Path) -> None:
    (tmp_path / "basic_units.csv").write_text(UNITS)
    (tmp_path / "basic_unit_changes.csv").write_text(CHANGES)
    loaded = read_folder(tmp_path)
    assert loaded.units is not None
    assert loaded.changes is not None
    rows = followed(loaded.units, loaded.changes).filter(pl.col("unit") == 30050101)
    assert rows["municipality"].to_list() == [602, 3005, 3301]
    assert rows["part_of_town"].to_list() == [60200, 300500, 330101]
    assert rows["valid_from"].to_list()[1:] == [date(2020, 1, 1), date(2024, 1, 1)]


def test_without_a_change_the_municipality_is_followed(tmp_path: Path) -> None:
    (tmp_path / "basic_units.csv").write_text(UNITS)
    loaded = read_folder(tmp_path)
    assert loaded.units is not None
    assert loaded.changes is not None
    rows = followed(loaded.units, loaded.changes).filter(pl.col("unit") == 6020101)
    assert rows["municipality"].to_list()[-2:] == [3005, 3301]


def test_a_list_that_no_figure_uses_is_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "status.csv").write_text("code,name\n1,Married\n")
    with pytest.raises(InputRefused, match="holds no classification"):
        read_folder(tmp_path)
    (tmp_path / "basic_units.csv").write_text(UNITS)
    assert read_folder(tmp_path).faults[0].startswith("status: no figure uses such a list")


def test_centrality_is_of_its_day_in_everything_that_takes_variables(tmp_path: Path) -> None:
    head = "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,"
    rows = [
        f"office,{n},2010-01-02T12:00:00Z,{n},birth,2010-01-01,{place},{place}0101,female,"
        "2010-01-01,NO,NO,birth\n"
        for n, place in enumerate(["0301", "1101", "1101", "1103"], 1)
    ]
    report = tmp_path / "reports.csv"
    report.write_text(f"{head}sex,birth_date,citizenship,country_of_birth,origin\n{''.join(rows)}")
    store = folkestrom.open(tmp_path / "store")
    store.intake(report)
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "centrality.csv").write_text(
        "municipality,centrality,valid_from,valid_to\n"
        "0301,1,2020-01-01,\n1101,3,2008-01-01,2010-07-01\n1101,4,2010-07-01,\n"
    )
    assert store.load_classifications(lists).codes == {"centrality": 3}

    def by(day: str) -> dict[str, int]:
        found = store.population(day, by="centrality", known_at="latest", to="polars")
        return {c: n for c, n in found.select("centrality", "persons").iter_rows() if n}

    assert by("2010-01-02") == {"1": 1, "3": 2, "unknown": 1}
    lived = store.rates("2010-01-02", "2010-01-03", by="centrality", known_at="latest", to="polars")
    days = dict(lived.select("centrality", pl.col("person_years") * 365).iter_rows())
    assert {c: round(n) for c, n in days.items() if n} == {"1": 1, "3": 2, "unknown": 1}
    # What replaces the classes is known from now on; what was known stays.
    (lists / "centrality.csv").write_text(
        "municipality,centrality,valid_from,valid_to\n0301,6,2020-01-01,\n"
    )
    store.load_classifications(lists)
    assert by("2010-01-02") == {"1": 1, "3": 2, "unknown": 1}


def test_a_folder_without_lists_and_a_list_without_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="holds no classification"):
        read_folder(tmp_path)
    (tmp_path / "basic_units.csv").write_text("code\n1\n")
    with pytest.raises(InputRefused, match="lacks columns"):
        read_folder(tmp_path)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    reference = os.environ.get("FOLKESTROM_REFERENCE")
    if not reference:
        pytest.skip("FOLKESTROM_REFERENCE names no folder of published figures")
    folder = tmp_path_factory.mktemp("lists")
    for name in ("classifications.csv.gz", "basic_unit_changes_1980_2001.csv",
                 "basic_unit_changes_1999_2003.csv"):  # fmt: skip
        shutil.copy(Path(reference) / "classifications" / name, folder)
    return read_folder(folder)


def test_the_faults_of_the_published_lists_are_found_and_named(real: Loaded) -> None:
    text = "\n".join(real.faults)
    for said in ("EKA01", "99999999 under 1505", "two parts of town",
                 "781 units, at most 421 of them in one version (that of 2019-01-01)",
                 "1770 changes of basic units are told by year only", "02110106"):  # fmt: skip
        assert said in text


def _passed_on(one: int, other: int) -> set[int]:
    """Units that the files pass to another municipality while both go on: parts of these."""
    folder = Path(os.environ["FOLKESTROM_REFERENCE"]) / "classifications"
    rows = pl.read_csv(folder / "basic_unit_changes_1980_2001.csv", infer_schema=False).filter(
        pl.col("oldCode").str.head(4) != pl.col("newCode").str.head(4),
        pl.col("changeOccurred").cast(pl.Int32).is_between(one, other - 1),
    )
    return set(rows["oldCode"].cast(pl.Int32).to_list())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1982, 1995),
        (1987, 1988),
        (1990, 2024),
        (2003, 2024),
        (2024, 2003),
        (2019, 2020),
        (2012, 2018),
    ],
)
def test_real_units_lead_where_their_municipalities_do(real: Loaded, one: int, other: int) -> None:
    """Two sources apart from each other: lists of units, and changes of municipalities."""
    assert real.units is not None
    assert real.changes is not None
    places = followed(real.units, real.changes)

    def on(year: int) -> pl.DataFrame:
        day = date(year, 1, 1)
        return places.filter((pl.col("valid_from") <= day) & (pl.col("valid_to") > day))

    begins, ends = pl.col("valid_from"), pl.col("valid_to")
    living = real.units.filter((begins <= date(one, 1, 1)) & (ends > date(one, 1, 1)))["code"]
    own = on(one).filter(pl.col("unit").is_in(living.implode()) & (pl.col("unit") < 99_990_000))
    pairs = own.join(on(other), on="unit", suffix="_to")
    known = conversion(date(one, 1, 1), date(other, 1, 1)).select(
        pl.col("code_from").cast(pl.Int32), pl.col("code_to").cast(pl.Int32)
    )
    strange = pairs.join(
        known, left_on=["municipality", "municipality_to"], right_on=["code_from", "code_to"],
        how="anti",
    )  # fmt: skip
    assert set(strange["unit"].to_list()) <= _passed_on(one, other)
    assert strange.height == {(1982, 1995): 27, (1990, 2024): 14}.get((one, other), 0)
    assert pairs.height > 13_000


def test_a_unit_from_before_the_first_list_is_followed_by_hand(real: Loaded) -> None:
    """Horten's first unit: to Borre in 1988, which became Horten 0701 in 2002, then 3801, 3901."""
    assert real.units is not None
    assert real.changes is not None
    rows = followed(real.units, real.changes).filter(pl.col("unit") == 7_030_101)
    assert rows.select("municipality", "basic_unit").rows() == [
        (703, 7_030_101), (701, 7_010_501), (3801, 38_010_501), (3901, 39_010_501),
    ]  # fmt: skip
    assert [str(day) for day in rows["valid_to"]] == [
        "1988-01-01", "2020-01-01", "2024-01-01", "9999-12-31",
    ]  # fmt: skip


@pytest.mark.parametrize("row", ["0101020,01010209,1990", "01010207,01010209,90", "01010207,,1990"])
def test_a_change_of_units_that_is_none_is_refused(tmp_path: Path, row: str) -> None:
    (tmp_path / "basic_unit_changes_1980_2001.csv").write_text(
        f"oldCode,newCode,changeOccurred\n{row}\n"
    )
    with pytest.raises(InputRefused, match="without a list of them"):
        read_folder(tmp_path)
    (tmp_path / "classifications.csv").write_text(
        "version_date;grunnkrets_no;grunnkrets_name;delomraade_no;bydel_no;bydel_name;kommune_no;"
        "fylke_no\n2002-01-01;01010209;Skogen;01010200;NA;NA;0101;01\n"
    )
    with pytest.raises(InputRefused, match="is no change of basic units"):
        read_folder(tmp_path)


def _answers(codes: Mapping[str, object], changes: Mapping[str, object]) -> SimpleNamespace:
    """The package with recorded answers, in the columns that it gives."""
    parts = {"sourceCode": ["330101"], "sourceName": ["Midt"], "targetCode": ["33010101"],
             "validFrom": ["2024-01-01"]}  # fmt: skip
    made = SimpleNamespace(
        get_codes=lambda *_: SimpleNamespace(data=codes),
        get_changes=lambda *_: changes,
        get_correspondence_to=lambda *_: SimpleNamespace(data=parts),
    )
    return SimpleNamespace(KlassClassification=lambda _: made)


def test_the_service_s_answers_become_the_same_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = {
        "code": ["30050101", "33010101"],
        "name": ["Sentrum", "Sentrum"],
        "validFromInRequestedRange": ["2020-01-01", "2024-01-01"],
        "validToInRequestedRange": ["2024-01-01", "2026-01-01"],
    }
    changes = {"oldCode": ["30050101"], "newCode": ["33010101"], "changeOccurred": ["2024-01-01"]}
    monkeypatch.setitem(sys.modules, "klass", _answers(codes, changes))
    loaded = pulled(date(2026, 1, 1))
    assert loaded.units is not None
    assert loaded.changes is not None
    places = followed(loaded.units, loaded.changes)["municipality"].to_list()
    assert {3005, 3301} <= set(places)
    assert loaded.units["part_of_town"].to_list() == [None, 330101]
    # What ends where the range ends that was asked for is valid still.
    assert loaded.units["valid_to"].to_list() == [date(2024, 1, 1), date(9999, 12, 31)]
    assert loaded.centrality is not None
    assert loaded.centrality.rows() == [("33010101", "330101", date(1960, 1, 1), None)]


@pytest.mark.parametrize(("since", "changes"), [("2018-01-01", 0), ("2019-01-01", 13)])
def test_answers_as_the_service_gave_them_are_read(
    monkeypatch: pytest.MonkeyPatch, since: str, changes: int
) -> None:
    """Recorded answers about counties (Klass 104, 2016 to 2018), in place of every other list."""
    reference = os.environ.get("FOLKESTROM_REFERENCE")
    if not reference:
        pytest.skip("FOLKESTROM_REFERENCE names no folder of published figures")
    told = {}
    for file in ("codes-fromto", "change", "correspond"):
        path = Path(reference) / "classifications" / f"norgeo_{file}.yml"
        for one in yaml.safe_load(path.read_text(encoding="utf-8"))["http_interactions"]:
            uri, body = one["request"]["uri"], one["response"]["body"]["string"]
            (rows,) = json.loads(body).values()
            # As the package does.
            told[uri.split("/104/")[1].partition("&to")[0]] = pd.json_normalize(rows)
    made = SimpleNamespace(
        get_codes=lambda *_: SimpleNamespace(data=told["codes?from=2016-01-01"]),
        get_changes=lambda *_: told[f"changes?from={since}"],
        get_correspondence_to=lambda *_: SimpleNamespace(
            data=told["corresponds?targetClassificationId=131&from=2016-01-01"]
        ),
    )
    service = SimpleNamespace(KlassClassification=lambda _: made)
    monkeypatch.setitem(sys.modules, "klass", service)
    loaded = pulled(date(2018, 1, 2))
    assert loaded.units is not None
    assert loaded.changes is not None
    assert loaded.changes.height == changes
    ends = dict(loaded.units.select("code", "valid_to").iter_rows())
    # Sør-Trøndelag ended with 2017; Oslo and Trøndelag went on.
    assert (ends[16], ends[3], ends[50]) == (date(2018, 1, 1), ALWAYS[1], ALWAYS[1])
    assert loaded.centrality is not None
    assert dict(loaded.centrality.select("municipality", "value").iter_rows())["0301"] == "03"


def test_later_municipalities_of_the_service_are_a_division(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A part of 0301 becomes 0302; the service does not say that 0301 goes on."""
    days = {"validFromInRequestedRange": ["1980-01-01", "2026-01-01"],
            "validToInRequestedRange": [None, None]}  # fmt: skip
    codes = {"code": ["0301", "0302"], "name": ["Oslo", "Aker"], **days}
    changes = {"oldCode": ["1507", "0301"], "newCode": ["1508", "0302"],
               "changeOccurred": ["2024-01-01", "2026-01-01"]}  # fmt: skip
    units = {"code": ["03010101"], "name": ["Sentrum"], "validFromInRequestedRange": ["2020-01-01"],
             "validToInRequestedRange": [None]}  # fmt: skip
    none: dict[str, object] = {"oldCode": [], "newCode": [], "changeOccurred": []}
    answers = {"131": _answers(codes, changes), "1": _answers(units, none),
               "103": _answers(units, none), "128": _answers(units, none)}  # fmt: skip
    monkeypatch.setitem(
        sys.modules, "klass",
        SimpleNamespace(KlassClassification=lambda n: answers[n].KlassClassification(n)),
    )  # fmt: skip
    division = pulled(date(2026, 6, 1)).division
    assert division is not None
    assert [row[:3] for row in division.municipality_changes] == [
        ("2026-01-01", "0301", "0302"), ("2026-01-01", "0301", "0301"),
    ]  # fmt: skip
    assert [row[0] for row in division.municipalities] == ["0302"]


def test_what_goes_wrong_at_the_service_is_an_error_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: str) -> None:
        raise ConnectionError("secret address")

    monkeypatch.setitem(sys.modules, "klass", SimpleNamespace(KlassClassification=refuse))
    with pytest.raises(UsageError, match="did not answer") as told:
        pulled(date(2026, 1, 1))
    assert "secret" not in str(told.value)
    monkeypatch.setitem(sys.modules, "klass", None)
    with pytest.raises(UsageError, match="not installed"):
        pulled(date(2026, 1, 1))
