"""Periods of accounts: years, quarters, months, or any two days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from folkestrom.errors import UsageError
from folkestrom.model.time import add_months

Every = Literal["year", "quarter", "month"]

_QUARTER: Final = re.compile(r"((?:1[89]|[2-8]\d)\d\d)[Qq]([1-4])")
#: Months of each length of periods.
MONTHS: Final[dict[str, int]] = {"year": 12, "quarter": 3, "month": 1}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from `start` up to, not including, `end`.

    Examples
    --------
    >>> Period(date(2020, 4, 1), date(2020, 7, 1)).code
    '2020Q2'
    >>> Period(date(2020, 4, 1), date(2020, 4, 11)).code
    '2020-04-01/2020-04-11'
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise UsageError(
                "is not before the end of the period",
                where="from",
                value=self.start,
                allowed=f"days before {self.end}",
                next_step="Swap the two days" if self.start > self.end else None,
            )

    @property
    def is_quarter(self) -> bool:
        """Whether it is a quarter of the calendar."""
        first = self.start.day == 1 and self.start.month % 3 == 1
        return first and self.end == add_months(self.start, 3)

    @property
    def quarter(self) -> int:
        """Number of the quarter in which it begins, 1 to 4."""
        return (self.start.month + 2) // 3

    @property
    def code(self) -> str:
        """Short name: 2020, 2020Q1, 2020M01, or the two days."""
        if (self.start.month, self.start.day) == (1, 1) and self.end == add_months(self.start, 12):
            return f"{self.start.year}"
        if self.is_quarter:
            return f"{self.start.year}Q{self.quarter}"
        if self.start.day == 1 and self.end == add_months(self.start, 1):
            return f"{self.start.year}M{self.start.month:02d}"
        return f"{self.start}/{self.end}"


def year(number: int) -> Period:
    """A calendar year."""
    return Period(date(number, 1, 1), date(number + 1, 1, 1))


def quarter_of(text: str, where: str = "quarter") -> Period:
    """A quarter of the calendar, as its code says it.

    Examples
    --------
    >>> quarter_of("1997Q3").start
    datetime.date(1997, 7, 1)
    >>> quarter_of("1997K3")
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: quarter: '1997K3' is not a quarter.
    Allowed: such as 1997Q3.
    """
    said = _QUARTER.fullmatch(text.strip())
    if not said:
        raise UsageError("is not a quarter", where=where, value=text, allowed="such as 1997Q3")
    start = date(int(said[1]), 3 * int(said[2]) - 2, 1)
    return Period(start, add_months(start, 3))


def quarters_until(period: Period) -> list[Period]:
    """The quarters of a year from its first to the one given."""
    begin = date(period.start.year, 1, 1)
    starts = [add_months(begin, 3 * n) for n in range(period.quarter)]
    return [Period(start, add_months(start, 3)) for start in starts]


def split(start: date, end: date, every: Every | None = None) -> list[Period]:
    """The periods of equal length between two days.

    Examples
    --------
    >>> [p.code for p in split(date(2020, 1, 1), date(2021, 1, 1), "quarter")]
    ['2020Q1', '2020Q2', '2020Q3', '2020Q4']
    """
    whole = Period(start, end)
    if every is None:
        return [whole]
    if every not in MONTHS:
        raise UsageError("is not a length of periods", where="every", value=every, allowed=MONTHS)
    periods: list[Period] = []
    day = start
    while day < end:
        following = add_months(start, MONTHS[every] * (len(periods) + 1))
        periods.append(Period(day, following))
        day = following
    if day != end:
        raise UsageError(
            f"does not end a {every} that begins on {periods[-1].start}",
            where="to",
            value=end,
            allowed=f"for instance {periods[-1].end}",
        )
    return periods
