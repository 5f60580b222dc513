"""Numbers of municipalities are those of the day of the event, or those that a store is in."""

from __future__ import annotations

from pathlib import Path

import pytest

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.errors import UsageError

_HEAD = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,country,"
    "country_of_birth,citizenship,sex,birth_date,origin,reason\n"
)


def _row(number: int, day: str, place: str, source: str = "office") -> str:
    return (
        f"{source},{number},2024-06-01T12:00:00Z,{number},immigration,{day},{place},{place}0101,SE,"
        "SE,SE,female,1980-01-01,immigration,work\n"
    )


def _store(folder: Path, *rows: str) -> Store:
    file = folder / "reports.csv"
    file.write_text(_HEAD + "".join(rows), encoding="utf-8")
    store = folkestrom.open(folder / "store")
    store.intake(file)
    return store


@pytest.mark.parametrize(
    ("day", "place"),
    [
        ("2019-12-31", "0602"), ("2020-01-01", "3005"), ("2023-12-31", "3005"),
        ("2024-01-01", "3301"), ("2017-12-31", "0709"), ("2018-01-01", "0712"),
        ("1950-01-01", "0301"), ("1963-12-31", "0712"),
    ],
)  # fmt: skip
def test_numbers_of_their_day_are_accepted(tmp_path: Path, day: str, place: str) -> None:
    assert not _store(tmp_path, _row(1, day, place)).info().quarantined


def test_a_first_registration_tells_of_the_population_of_the_day_after(tmp_path: Path) -> None:
    registered = _row(1, "2019-12-31", "3005").replace("immigration", "first_registration")
    early = _row(2, "2019-12-30", "3005").replace("immigration", "first_registration")
    store = _store(tmp_path, registered, early)
    assert [row["row"] for row in store.quarantine().to_pylist()] == [2]


@pytest.mark.parametrize(
    ("day", "place", "meaning"),
    [
        ("2019-12-31", "3005", "0602 Drammen, 0625 Nedre Eiker or 0711 Svelvik"),
        ("2024-01-01", "3005", "3301 Drammen: 3005 Drammen is valid until 2023-12-31"),
        ("2024-02-01", "1507", "1507 Ålesund"),
        ("2020-01-01", "5012", "5055 Heim, 5056 Hitra or 5059 Orkland"),
        ("1970-01-01", "0712", "0707 Larvik"),
    ],
)
def test_a_number_outside_its_life_waits_with_what_it_may_have_meant(
    tmp_path: Path, day: str, place: str, meaning: str
) -> None:
    store = _store(tmp_path, _row(1, day, place), _row(2, "2021-01-01", "0301"))
    (waiting,) = store.quarantine().to_pylist()
    assert (waiting["reason"], waiting["column"]) == ("code_not_valid", "municipality")
    assert meaning in waiting["allowed"]
    assert store.info().reports == 1


def test_a_mended_record_is_taken_in_without_its_delivery(tmp_path: Path) -> None:
    store = _store(tmp_path, _row(1, "2024-02-01", "3005"), _row(2, "2021-01-01", "0301"))
    store.export_quarantine(tmp_path / "waiting.csv")
    text = (tmp_path / "waiting.csv").read_text(encoding="utf-8")
    (tmp_path / "waiting.csv").write_text(text.replace("3005", "3301"), encoding="utf-8")
    store.retake(tmp_path / "waiting.csv")
    assert store.info().reports == 2
    assert not store.info().quarantined


def test_a_store_of_invented_persons_is_in_the_borders_of_2020(tmp_path: Path) -> None:
    store = _store(
        tmp_path, _row(1, "2010-01-01", "3005", "twin"), _row(2, "2010-01-01", "0602", "twin")
    )
    (waiting,) = store.quarantine().to_pylist()
    assert (waiting["reason"], waiting["value"]) == ("unknown_code", "0602")


@pytest.mark.parametrize(
    ("source", "places", "column", "step"),
    [
        ("twin", ("0602", "0625", "3005"), "municipality", "--borders as-it-was"),
        ("office", ("3005", "3006", "0602"), "municipality", "--borders YEAR"),
        ("twin", ("0602", "3005", "3006"), None, None),
    ],
)
def test_a_first_intake_says_why_most_of_it_waits(
    tmp_path: Path, source: str, places: tuple[str, ...], column: str | None, step: str | None
) -> None:
    rows = [_row(n, "2010-01-01", place, source) for n, place in enumerate(places, 1)]
    (tmp_path / "all.csv").write_text(_HEAD + "".join(rows), encoding="utf-8")
    store = folkestrom.open(tmp_path / "store")
    main = store.intake(tmp_path / "all.csv").main_reason
    if main is None:
        assert column is None
        return
    assert (main.column, main.records) == (column, 2)
    assert step is not None
    assert step in main.next_step
    (tmp_path / "more.csv").write_text(_HEAD + _row(9, "2010-01-01", "9999"), encoding="utf-8")
    assert store.intake(tmp_path / "more.csv").main_reason is None  # no first intake


def test_a_store_says_its_borders_once(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(_HEAD + _row(1, "2010-01-01", "3101"), encoding="utf-8")
    (tmp_path / "two.csv").write_text(_HEAD + _row(2, "2010-01-01", "0301"), encoding="utf-8")
    store = folkestrom.open(tmp_path / "store")
    store.in_borders(2024).intake(tmp_path / "one.csv")
    assert store.info().reports == 1
    with pytest.raises(UsageError, match="reports of this store"):
        store.in_borders("as-it-was").intake(tmp_path / "two.csv")
    store.intake(tmp_path / "two.csv")
    assert store.info().reports == 2
