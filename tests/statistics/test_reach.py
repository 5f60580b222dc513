"""Where the register begins, in reference days and in knowledge days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from folkestrom.errors import UsageError
from folkestrom.model.codes import Kind
from folkestrom.statistics.changes import changes
from folkestrom.statistics.periods import year
from folkestrom.statistics.population import population
from folkestrom.statistics.published.tables import Edition, table
from folkestrom.statistics.reach import Reach, reach
from tests.reference.register import Report
from tests.statistics.small_store import store_of


def report(person: int, kind: Kind, event_date: date, known_from: date, **more: Any) -> Report:
    return Report(
        position=person,
        person=person,
        kind=kind,
        received_at=datetime(known_from.year, known_from.month, known_from.day, tzinfo=UTC),
        known_from=known_from,
        key_hash=person,
        event_date=event_date,
        municipality=301,
        basic_unit=3010001,
        sex=1,
        birth_date=event_date if kind == Kind.BIRTH else date(1980, 1, 1),
        **more,
    )


#: A stock that is registered in full, and an immigration before it that was told late.
STOCK = [report(n, Kind.FIRST_REGISTRATION, date(1999, 12, 31), date(2000, 1, 1)) for n in (1, 2)]
LATE = report(3, Kind.IMMIGRATION, date(1999, 12, 7), date(2000, 2, 10))
NEWEST = report(4, Kind.BIRTH, date(2021, 1, 30), date(2021, 2, 1))


def store(*reports: Report) -> duckdb.DuckDBPyConnection:
    return store_of(reports)


def test_the_register_begins_when_its_stock_is_registered() -> None:
    opened = store(*STOCK, LATE, NEWEST)
    assert reach(opened) == Reach(date(2000, 1, 1), date(2000, 1, 1), date(2021, 2, 1))
    with pytest.raises(UsageError, match="its first stock is that of 2000-01-01"):
        population(opened, date(1999, 12, 31))
    assert population(opened, date(2000, 1, 1)).data["persons"].to_pylist() == [3]


def test_without_first_registrations_it_begins_with_the_first_resident() -> None:
    found = reach(store(LATE, NEWEST))
    assert (found.first, found.first_known) == (date(1999, 12, 8), date(2000, 2, 10))


def test_knowledge_before_anything_was_known_is_refused() -> None:
    opened = store(*STOCK, NEWEST)
    early, day = date(1990, 1, 1), date(2021, 1, 1)
    with pytest.raises(UsageError, match="the first stock became known on 2000-01-01"):
        population(opened, day, ["sex"], early)
    with pytest.raises(UsageError, match="before anything was known"):
        changes(opened, [year(2020)], known_at=early)
    with pytest.raises(UsageError, match="before anything was known"):
        table(Edition(opened, 2021, early), "age-groups")


def test_an_extraction_before_anything_was_known_is_remarked() -> None:
    stock = [report(1, Kind.FIRST_REGISTRATION, date(1999, 12, 31), date(2005, 6, 1))]
    opened = store(*stock, NEWEST)
    for cells in (
        population(opened, date(2003, 1, 1), known_at="published"),
        changes(opened, [year(2003)]),
    ):
        (remark,) = cells.remarks
        assert "first stock became known on 2005-06-01" in remark.en
        assert "Den første bestanden ble kjent 2005-06-01" in remark.no
    assert population(opened, date(2006, 1, 1), known_at="published").remarks == ()


def test_a_day_that_was_still_to_come_is_remarked() -> None:
    opened = store(*STOCK, NEWEST)
    day, before = date(2021, 1, 1), date(2020, 6, 1)
    (remark,) = population(opened, day, known_at=before).remarks
    assert "2021-01-01 was still to come on 2020-06-01" in remark.en
    assert "2021-01-01 lå ennå fram i tid 2020-06-01" in remark.no
    (remark,) = population(opened, [date(2020, 1, 1), day], known_at=before).remarks
    assert remark.en.startswith("2021-01-01")
    assert population(opened, day, known_at=day).remarks == ()
