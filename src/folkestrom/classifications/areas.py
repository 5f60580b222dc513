"""Names of municipalities and counties, for tables."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final

from folkestrom.classifications.divisions.division import (
    COUNTIES,
    MUNICIPALITIES,
    Division,
    in_force,
    listed,
)
from folkestrom.errors import UsageError

#: Places that exist on this day are called as they were then, whatever they are called later.
_NAMED: Final = "2023-12-31"
#: The first day that the lists hold for.
FIRST_DAY: Final = date(1960, 1, 1)


def municipality_name(code: str) -> str:
    """Name of a municipality, or the code itself where the list has no such code.

    Examples
    --------
    >>> municipality_name("0301"), municipality_name("9999")
    ('Oslo', '9999')
    """
    return _names(in_force(), MUNICIPALITIES).get(code, code)


def county_name(code: str) -> str:
    """Name of a county, or the code itself where the list has no such code.

    Examples
    --------
    >>> county_name("11")
    'Rogaland'
    """
    return _names(in_force(), COUNTIES).get(code, code)


def municipality_codes(day: date | None = None) -> tuple[str, ...]:
    """Every code of a municipality that the list has, in order; with a day, those valid on it.

    Examples
    --------
    >>> len(municipality_codes()), len(municipality_codes(date(2021, 1, 1)))
    (1158, 356)
    """
    rows = listed(in_force(), MUNICIPALITIES)
    return tuple(
        sorted(
            {
                row["code"]
                for row in rows
                if day is None or row["valid_from"] <= str(day) < row["valid_to"]
            }
        )
    )


def names_on(name: str, day: date | None = None) -> dict[str, str]:
    """Names of a list's places by code: those valid on a day, or the last ones.

    Parameters
    ----------
    name
        "municipalities" or "counties".
    day
        The day.

    Examples
    --------
    >>> len(names_on("counties", date(2021, 1, 1)))
    11
    """
    return {
        row["code"]: row["name"]
        for row in listed(in_force(), name)
        if day is None or row["valid_from"] <= str(day) < row["valid_to"]
    }


def lives() -> tuple[tuple[str, date, date, date | None], ...]:
    """Every number of a municipality, with the first day of its last life and the day after it.

    The third day is the one after an earlier life, of a number that was given twice. Numbers that
    are there when the lists begin are older than that.

    Examples
    --------
    >>> [str(day) for day in next(life for life in lives() if life[0] == "0712")[1:]]
    ['2018-01-01', '2020-01-01', '1964-01-01']
    """
    return _lives(in_force())


@cache
def _lives(division: Division) -> tuple[tuple[str, date, date, date | None], ...]:
    found: dict[str, tuple[str, str, str | None]] = {}
    for row in listed(division, MUNICIPALITIES):
        begins, ends, earlier = found.get(row["code"], (row["valid_from"],) * 2 + (None,))
        if ends == row["valid_from"]:
            found[row["code"]] = (begins, row["valid_to"], earlier)
        else:
            found[row["code"]] = (row["valid_from"], row["valid_to"], ends)
    return tuple(
        (code, _day(begins), _day(ends), None if earlier is None else _day(earlier))
        for code, (begins, ends, earlier) in sorted(found.items())
    )


def _day(text: str) -> date:
    return date.min if text == str(FIRST_DAY) else date.fromisoformat(text)


@cache
def _names(division: Division, name: str) -> dict[str, str]:
    rows = listed(division, name)
    last = {row["code"]: row["name"] for row in rows}
    return last | {r["code"]: r["name"] for r in rows if r["valid_from"] <= _NAMED < r["valid_to"]}


def listed_day(day: date) -> date:
    """The day itself, if the lists go as far back.

    Raises
    ------
    UsageError
        A day before them.
    """
    if day < FIRST_DAY:
        raise UsageError(
            "is before the borders that are known",
            value=day,
            allowed=f"a day from {FIRST_DAY} on",
            next_step="Ask for a later day.",
        )
    return day
