"""Public holidays of Norway: the day of the week says nothing of how many reports come then.

Acts of 24 February 1995 no. 12 (holy days) and of 26 April 1947 no. 1 (1 and 17 May).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Final

#: Months and days.
_FIXED: Final = ((1, 1), (5, 1), (5, 17), (12, 25), (12, 26))
#: Days from Easter Sunday: Maundy Thursday to Easter Monday, Ascension, Whit Sunday and Monday.
_FROM_EASTER: Final = (-3, -2, 0, 1, 39, 49, 50)


@cache
def public_holidays(year: int) -> frozenset[date]:
    """The public holidays of a year that can fall on a working day, and Easter and Whit Sunday.

    Examples
    --------
    >>> date(2024, 3, 29) in public_holidays(2024), date(2024, 3, 28) in public_holidays(2024)
    (True, True)
    >>> len(public_holidays(2021))
    12
    """
    easter = _easter(year)
    moving = {easter + timedelta(days) for days in _FROM_EASTER}
    return frozenset({date(year, month, day) for month, day in _FIXED} | moving)


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, *Astronomical Algorithms*, chapter 8).

    Examples
    --------
    >>> _easter(1991), _easter(2000), _easter(1818)
    (datetime.date(1991, 3, 31), datetime.date(2000, 4, 23), datetime.date(1818, 3, 22))
    """
    golden = year % 19
    century, rest = divmod(year, 100)
    leap, left = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap - moon + 15) % 30
    quarter, within = divmod(rest, 4)
    weekday = (32 + 2 * left + 2 * quarter - epact - within) % 7
    month, day = divmod(
        epact + weekday - 7 * ((golden + 11 * epact + 22 * weekday) // 451) + 114, 31
    )
    return date(year, month, day + 1)
