"""The quality report of a delivery: faults put into one are found; reports stay as they were."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.errors import UsageError

FIRST = date(2021, 1, 4)
PLACES = ("0301", "1103", "4601", "5001")
LAST = 69
ALIKE = "NO,NO,never_married,female"
HEAD = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,"
    "country_of_birth,citizenship,marital_status,sex,birth_date,origin\n"
)


def _days(first: int, end: int, *, without: int = -1, times: int = 1, silent: str = "",
          again: bool = False, years: int = 0) -> str:  # fmt: skip
    """Births, forty a day, each received the day after; and what goes wrong on the last day."""
    rows = []
    for n in range(first, end):
        for k in range(40 * (times if n == end - 1 else 1)):
            place = PLACES[k % 4]
            if n == without or (place == silent and n > end - 8):
                continue
            known = datetime.combine(FIRST + timedelta(n + 1), datetime.min.time(), UTC)
            born = FIRST + timedelta(n - 365 * years * (n == end - 1))
            number = n * 1000 + k
            row = f"{number + 1},birth,{born},{place},{place}0101,{ALIKE},{born},birth"
            copies = range(1 + (again and n == end - 1))
            rows += [f"test,{number}-{copy},{known:%Y-%m-%dT09:00:00Z},{row}" for copy in copies]
    return HEAD + "\n".join(rows) + "\n"


def _store(folder: Path, last: str) -> Store:
    store = folkestrom.open(folder / "store")
    for name, text in (("before", _days(0, LAST)), ("last", last)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        assert store.intake(folder / f"{name}.csv").total.quarantined == 0
    return store


def _alarms(store: Store) -> set[tuple[str, str, str]]:
    found = store.quality_of_delivery(alarms=True, to="polars")
    assert isinstance(found, pl.DataFrame)
    return set(found.select("indicator", "municipality", "alarm").iter_rows())


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ({}, set()),
        ({"times": 3}, {("reports", "", "high")}),
        (
            {"again": True},
            {
                ("reports", "", "high"),
                ("contents_again", "", "again"),
                ("flagged_reports", "", "high"),
            },
        ),
        ({"years": 1}, {("late_reports", "", "high")}),
    ],
    ids=["clean", "spike", "doubled", "unit"],
)
def test_a_fault_of_the_day_is_found(
    tmp_path: Path, fault: dict[str, int], found: set[tuple[str, str, str]]
) -> None:
    store = _store(tmp_path, _days(LAST, LAST + 1, **fault))  # type: ignore[arg-type]
    assert _alarms(store) == found


def test_a_day_without_reports_and_a_silent_municipality_are_found(tmp_path: Path) -> None:
    store = _store(tmp_path, _days(LAST, LAST + 9, without=LAST + 3, silent="4601"))
    assert ("reports", "", "missing") in _alarms(store)
    assert ("reports_of_week", "4601", "silent") in _alarms(store)
    missing = store.quality_of_delivery(alarms=True, to="polars").filter(alarm="missing")
    assert missing["day"].unique().to_list() == [str(FIRST + timedelta(LAST + 4))]


def test_a_report_is_as_of_its_delivery_and_counts_what_was_counted(tmp_path: Path) -> None:
    store = _store(tmp_path, _days(LAST, LAST + 1))
    before = store.quality_of_delivery(2)
    later = tmp_path / "later.csv"
    broken = (
        f"test,x,2021-03-16T09:00:00Z,9,birth,2021-02-31,0301,03010101,{ALIKE},2021-02-28,birth\n"
    )
    later.write_text(_days(LAST, LAST + 3, times=2) + broken, encoding="utf-8")
    counted = store.intake(later).total

    assert store.quality_of_delivery(2).equals(before)
    listed = store.deliveries(to="polars")
    assert listed["delivery"].to_list() == ["1", "2", "3"]
    assert listed.row(2)[4:] == (
        counted.read, counted.accepted, counted.quarantined, counted.repeats
    )  # fmt: skip
    values = store.quality_of_delivery(3, to="polars")
    value = dict(values.filter(day="").select("indicator", "value").iter_rows())
    assert value["repeats"] == 40
    assert value["quarantined"] == 1
    # Received at nine on the day after the birth.
    assert value["median_delay"] == value["ninth_decile"] == 1
    of_day = values.filter((pl.col("indicator") == "reports") & (pl.col("kind") == "birth"))
    assert of_day.select("day", "value").row(0) == (str(FIRST + timedelta(LAST + 3)), 80)


def test_every_day_is_expected_of_the_days_before_it_alone(tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text(_days(0, LAST), encoding="utf-8")
    store = folkestrom.open(tmp_path / "store")
    store.intake(tmp_path / "all.csv")
    found = store.quality_of_delivery(days=10_000 // 3, to="polars")
    expected = found.filter((pl.col("indicator") == "reports") & (pl.col("kind") == ""))
    assert np.isclose(expected["expected"].item(), 40, atol=0.5)
    assert _alarms(store) == set()


def test_days_on_which_no_delivery_came_are_missing(tmp_path: Path) -> None:
    store = _store(tmp_path, _days(LAST, LAST + 1))
    last = FIRST + timedelta(LAST + 1)
    found = store.quality_of_delivery(until=last + timedelta(2), alarms=True, to="polars")
    missing = found.filter((pl.col("alarm") == "missing") & (pl.col("kind") == ""))
    assert missing["day"].to_list() == [str(last + timedelta(n)) for n in (1, 2)]
    assert store.quality_of_delivery(until=last).equals(store.quality_of_delivery())
    with pytest.raises(UsageError, match=rf"until: '2021-03-01' is not .*\s*Allowed: from {last}"):
        store.quality_of_delivery(until="2021-03-01")


def test_what_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    store = _store(tmp_path, _days(LAST, LAST + 1))
    with pytest.raises(UsageError, match=r"delivery: '7' is no delivery.*\s*Allowed: 1 to 2"):
        store.quality_of_delivery(7)
    with pytest.raises(UsageError, match="days: '0' is not a number of days"):
        store.quality_of_delivery(days=0)


def test_a_first_delivery_of_nothing_but_wrong_records_is_an_alarm(tmp_path: Path) -> None:
    wrong = _days(0, 1).replace(",birth,2021-01-04,", ",birth,2021-02-31,")
    (tmp_path / "wrong.csv").write_text(wrong, encoding="utf-8")
    store = folkestrom.open(tmp_path / "store")
    assert store.intake(tmp_path / "wrong.csv").total.quarantined == 40
    assert _alarms(store) == {("quarantined", "", "high")}
