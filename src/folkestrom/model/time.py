"""Dates: intervals are half-open, days are Norwegian, knowledge has a day too."""

from __future__ import annotations

import calendar
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

#: The end of time: "still so", in valid time and in knowledge time.
OPEN: Final = date(9999, 12, 31)

#: Local days, and the midnight at which something becomes known, are of this zone.
LOCAL_ZONE_NAME: Final = "Europe/Oslo"
LOCAL_ZONE: Final = ZoneInfo(LOCAL_ZONE_NAME)

#: Local time is so far ahead of UTC (Act of 29 June 1894, from 1 January 1895), in summer so far
#: again.
STANDARD_TIME: Final = timedelta(hours=1)
SUMMER_TIME: Final = timedelta(hours=1)
#: Years of which every moment's local time is known: reports are received in none before.
RECEIVED_YEARS: Final = range(1900, 2101)
#: From here on every copy of the time zone database has Norwegian time. Before, many have Berlin's
#: under Oslo's name (tzdata since release 2022b, unless made with its file `backzone`).
_SURE: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Summer times before, first and last moment in UTC; from `backzone` of the same database.
_EARLY_SUMMERS: Final = (
    ("1916-05-22T00", "1916-09-29T22"),
    ("1940-08-10T22", "1942-11-02T01"),
    ("1943-03-29T01", "1943-10-04T01"),
    ("1944-04-03T01", "1944-10-02T01"),
    ("1945-04-02T01", "1945-10-01T01"),
    ("1959-03-15T01", "1959-09-20T01"),
    ("1960-03-20T01", "1960-09-18T01"),
    ("1961-03-19T01", "1961-09-17T01"),
    ("1962-03-18T01", "1962-09-16T01"),
    ("1963-03-17T01", "1963-09-15T01"),
    ("1964-03-15T01", "1964-09-20T01"),
    ("1965-04-25T01", "1965-09-19T01"),
)

#: Months between the end of a period and the extraction that publishes it.
EXTRACTION_MONTHS: Final = 1


def add_months(day: date, months: int) -> date:
    """The same day of another month, or that month's last day where it is shorter.

    No day is later than the end of time.

    Examples
    --------
    >>> add_months(date(2021, 1, 31), 1)
    datetime.date(2021, 2, 28)
    >>> add_months(date(9999, 12, 1), 1)
    datetime.date(9999, 12, 31)
    """
    month = day.year * 12 + day.month - 1 + months
    year, month = divmod(month, 12)
    if year > OPEN.year:
        return OPEN
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def extraction(period_end: date, months: int = EXTRACTION_MONTHS) -> date:
    """Knowledge date K of the period that ends (exclusively) on `period_end`.

    Examples
    --------
    >>> extraction(date(2021, 1, 1))
    datetime.date(2021, 2, 1)
    """
    return add_months(period_end, months)


@cache
def summers() -> tuple[tuple[datetime, datetime], ...]:
    """When it is summer time, `[from, to)` in UTC, in order.

    Examples
    --------
    >>> [f"{first:%Y-%m-%d %H} to {end:%Y-%m-%d %H}" for first, end in summers()][1]
    '1940-08-10 22 to 1942-11-02 01'
    """
    early = [datetime.fromisoformat(f"{text}:00+00:00") for pair in _EARLY_SUMMERS for text in pair]
    turns = [*early, *_turns()]
    return tuple(zip(turns[::2], turns[1::2], strict=True))


def _turns() -> Iterator[datetime]:
    """Moments at which clocks are changed, of the years that the time zone database is sure of."""
    months = [
        datetime(year, month, 1, tzinfo=UTC)
        for year in RECEIVED_YEARS
        for month in range(1, 13)
        if year >= _SURE.year
    ]
    for low, high in pairwise(months):
        if _is_summer(low) != _is_summer(high):
            hours = range(int((high - low) / timedelta(hours=1)))
            yield low + timedelta(hours=bisect_left(hours, True, key=partial(_has_turned, low)))


def _has_turned(low: datetime, hours: int) -> bool:
    return _is_summer(low + timedelta(hours=hours)) != _is_summer(low)


def _is_summer(moment: datetime) -> bool:
    return moment.astimezone(LOCAL_ZONE).utcoffset() != STANDARD_TIME


def local_time(moment: datetime) -> datetime:
    """What clocks in Norway show at a moment; a moment without a zone is UTC.

    Examples
    --------
    >>> str(local_time(datetime(1960, 7, 1, 22, 30, tzinfo=UTC)))
    '1960-07-02 00:30:00'
    """
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    moment = moment.astimezone(UTC)
    begun = bisect_right(summers(), moment, key=lambda summer: summer[0])
    is_summer = begun > 0 and moment < summers()[begun - 1][1]
    return (moment + STANDARD_TIME + is_summer * SUMMER_TIME).replace(tzinfo=None)


def moments_of(shown: datetime) -> list[datetime]:
    """Moments, in UTC, at which clocks in Norway show a time: mostly one.

    There is none where clocks are put forward over it, and there are two where they are put back.

    Examples
    --------
    >>> [f"{m:%H:%M}" for m in moments_of(datetime(2018, 10, 28, 2, 30))]
    ['00:30', '01:30']
    """
    standard = shown.replace(tzinfo=UTC) - STANDARD_TIME
    return [m for m in (standard - SUMMER_TIME, standard) if local_time(m) == shown]


def local_day(received_at: datetime) -> date:
    """Norwegian calendar day of a moment; a moment without a zone is UTC.

    Examples
    --------
    >>> local_day(datetime(1960, 7, 1, 22, 30, tzinfo=UTC))
    datetime.date(1960, 7, 2)
    """
    return local_time(received_at).date()


def known_from(received_at: datetime) -> date:
    """First knowledge date of a report: known at E means received before E 00:00 local time.

    Examples
    --------
    >>> known_from(datetime(2021, 1, 31, 22, 59, tzinfo=UTC))
    datetime.date(2021, 2, 1)
    >>> known_from(datetime(2021, 1, 31, 23, 0, tzinfo=UTC))
    datetime.date(2021, 2, 2)
    """
    return local_day(received_at) + timedelta(days=1)


def completed_age(birth_date: date, stock_day: date) -> int:
    """Age in the stock of a day: years completed at the end of the day before.

    A person born on 29 February completes a year on 1 March where the year has no such day.

    Examples
    --------
    >>> completed_age(date(2000, 12, 31), date(2021, 1, 1))
    20
    >>> completed_age(date(2000, 2, 29), date(2021, 3, 1))
    20
    >>> completed_age(date(2000, 2, 29), date(2021, 3, 2))
    21
    """
    end = stock_day - timedelta(days=1)
    before_birthday = (end.month, end.day) < (birth_date.month, birth_date.day)
    return end.year - birth_date.year - int(before_birthday)
