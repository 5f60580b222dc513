"""Local days against the time zone database, at every moment at which clocks were changed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from folkestrom.engine.settings import connect
from folkestrom.engine.steps import Step, run
from folkestrom.intake.build import dated
from folkestrom.model.time import known_from, local_day, summers

OSLO = ZoneInfo("Europe/Oslo")
#: Some copies of the database have Berlin's past under Oslo's name; Berlin had no such summer.
HAS_NORWEGIAN_PAST = datetime(1960, 7, 1, tzinfo=OSLO).utcoffset() == timedelta(hours=2)
SURE = 1900 if HAS_NORWEGIAN_PAST else 1970


def moments() -> list[datetime]:
    """All around local midnight and around every change of the clocks, and anywhere."""
    found = []
    for turn in (moment for summer in summers() for moment in summer):
        for days in (-1, 0, 1):
            for hour in range(20, 26):
                midnight = turn.replace(hour=0) + timedelta(days=days, hours=hour)
                found += [midnight - timedelta(microseconds=1), midnight]
        found += [turn + timedelta(microseconds=n) for n in (-1, 0, 1)]
    dice = random.Random(1)
    first = datetime(1900, 1, 1, tzinfo=UTC)
    days = (datetime(2100, 1, 1, tzinfo=UTC) - first).days
    for _ in range(20_000):
        day = first + timedelta(days=dice.randrange(days))
        found.append(
            day + timedelta(hours=dice.choice((21, 22, 22, 23)), minutes=dice.randrange(60))
        )
    return [moment for moment in found if moment.year >= SURE]


def test_local_days_are_those_of_the_time_zone_database() -> None:
    assert {m: local_day(m) for m in moments()} == {m: m.astimezone(OSLO).date() for m in moments()}


def test_the_day_of_receipt_is_the_same_in_the_engine() -> None:
    found = moments()
    with connect() as connection:
        days = received_days(connection, found)
    assert days == {m: local_day(m) for m in found}


def received_days(
    connection: duckdb.DuckDBPyConnection, found: list[datetime]
) -> dict[datetime, object]:
    connection.register("told", pa.table({"received_at": pa.array(found, pa.timestamp("us"))}))
    coded = Step("coded", "SELECT received_at FROM told", "Moments.")
    rows = run(connection, [coded, dated()], {}).fetchall()
    return {moment.replace(tzinfo=UTC): day for moment, day in rows}


def test_summers_of_the_past_do_not_depend_on_the_machine() -> None:
    """Norwegian summer time of 1940–45 and 1959–65, and none in Berlin's summers after the war."""
    assert sum(first.year < 1970 for first, _ in summers()) == 12
    for year in (*range(1941, 1946), *range(1959, 1966)):
        evening = datetime(year, 7, 1, 22, 30, tzinfo=UTC)
        assert local_day(evening).day == 2
        assert known_from(evening).day == 3
    for year in (1939, *range(1946, 1959), *range(1966, 1980)):
        assert local_day(datetime(year, 7, 1, 22, 30, tzinfo=UTC)).day == 1


def test_every_summer_ends_before_the_next_one_begins() -> None:
    turns = [moment for summer in summers() for moment in summer]
    assert turns == sorted(set(turns))
