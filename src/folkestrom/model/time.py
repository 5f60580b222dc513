"""Dates: intervals are half-open, days are Norwegian, knowledge has a day too."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

#: The end of time: "still so", in valid time and in knowledge time.
OPEN: Final = date(9999, 12, 31)

#: Local days, and the midnight at which something becomes known, are of this zone.
LOCAL_ZONE_NAME: Final = "Europe/Oslo"
LOCAL_ZONE: Final = ZoneInfo(LOCAL_ZONE_NAME)

#: Months between the end of a period and the extraction that publishes it.
EXTRACTION_MONTHS: Final = 1


def add_months(day: date, months: int) -> date:
    """The same day of another month, or that month's last day where it is shorter.

    Examples
    --------
    >>> add_months(date(2021, 1, 31), 1)
    datetime.date(2021, 2, 28)
    """
    month = day.year * 12 + day.month - 1 + months
    year, month = divmod(month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def extraction(period_end: date, months: int = EXTRACTION_MONTHS) -> date:
    """Knowledge day K of the period that ends (exclusively) on `period_end`.

    Examples
    --------
    >>> extraction(date(2021, 1, 1))
    datetime.date(2021, 2, 1)
    """
    return add_months(period_end, months)


def local_day(received_at: datetime) -> date:
    """Norwegian calendar day of a moment; a moment without a zone is UTC."""
    moment = received_at if received_at.tzinfo else received_at.replace(tzinfo=UTC)
    return moment.astimezone(LOCAL_ZONE).date()


def known_from(received_at: datetime) -> date:
    """First knowledge day of a report: known at E means received before E 00:00 local time.

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

    Somebody born on 29 February completes a year on 1 March where the year has no such day.

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
