"""Days and knowledge dates agree with the engine's own calendar, whatever the moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.engine.settings import connect
from folkestrom.model.time import (
    LOCAL_ZONE_NAME,
    OPEN,
    add_months,
    completed_age,
    extraction,
    known_from,
)

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1))  # noqa: DTZ001 - UTC is added


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return connect()


@given(moment=MOMENTS)
def test_known_from_is_the_engines_local_day_after(
    connection: duckdb.DuckDBPyConnection, moment: datetime
) -> None:
    sql = f"SELECT CAST($m AT TIME ZONE 'UTC' AT TIME ZONE '{LOCAL_ZONE_NAME}' AS DATE) + 1"
    found = connection.execute(sql, {"m": moment}).fetchone()
    assert found == (known_from(moment.replace(tzinfo=UTC)),) == (known_from(moment),)


@given(day=DAYS, months=st.integers(-60, 60))
def test_months_are_added_as_the_engine_does(
    connection: duckdb.DuckDBPyConnection, day: date, months: int
) -> None:
    sql = "SELECT CAST($day::DATE + to_months($months::INT) AS DATE)"
    found = connection.execute(sql, {"day": day, "months": months}).fetchone()
    assert found == (add_months(day, months),)


@given(born=DAYS, after=st.integers(1, 40_000))
def test_age_never_falls_and_grows_by_one_a_year(born: date, after: int) -> None:
    day = born + timedelta(days=after)
    age = completed_age(born, day)
    assert age >= 0
    assert completed_age(born, day + timedelta(days=1)) - age in {0, 1}
    assert completed_age(born, date(day.year, 1, 1)) == day.year - 1 - born.year


def test_knowledge_days_of_publication() -> None:
    assert extraction(date(2021, 1, 1)) == date(2021, 2, 1)
    assert extraction(date(2021, 4, 1), months=2) == date(2021, 6, 1)
    assert date(9999, 12, 31) == OPEN
