"""Times of tables as periods: how ISO 8601 and SDMX write them, and which days they have."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Final

from folkestrom.publish.statbank.problems import NO_VALUE, Problem, quoted

_PERIODS: Final = {"K": "-Q", "M": "-", "U": "-W"}
_PERIOD: Final = re.compile(r"(\d{4})(?:-(?:Q([1-4])|W(\d\d)|(\d\d)(?:-(\d\d))?))?")


def period(code: str) -> str:
    """A time as SDMX writes it.

    Examples
    --------
    >>> period("2020"), period("2020K4"), period("2020M02"), period("2020U07")
    ('2020', '2020-Q4', '2020-02', '2020-W07')
    """
    found = re.fullmatch(r"(\d{4})([KMU])(\d{1,2})", code)
    return f"{found[1]}{_PERIODS[found[2]]}{found[3]}" if found else code


def days(text: str) -> tuple[date, date]:
    """The first and last day of a period.

    Examples
    --------
    >>> [f"{day}" for text in ("2020", "2020-Q1", "2020-W01") for day in days(text)]
    ['2020-01-01', '2020-12-31', '2020-01-01', '2020-03-31', '2019-12-30', '2020-01-05']

    Raises
    ------
    Problem
        What is no period.
    """
    found = _PERIOD.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        year, quarter, week, month, day = (int(part or 0) for part in found.groups())
        if week:
            return date.fromisocalendar(year, week, 1), date.fromisocalendar(year, week, 7)
        if day:
            return date(year, month, day), date(year, month, day)
        first = month or (quarter * 3 - 2 if quarter else 1)
        last = month or (quarter * 3 if quarter else 12)
        return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])
    except ValueError as error:
        raise Problem(
            NO_VALUE,
            f"{quoted(text)} is no period: 2020, 2020-Q1, 2020-02, 2020-W05 or 2020-02-29.",
        ) from error
