"""Names of municipalities and counties, for tables."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Final

#: Places that exist on this day are called as they were then, whatever they are called later.
_NAMED: Final = "2023-12-31"


def municipality_name(code: str) -> str:
    """Name of a municipality, or the code itself where the list has no such code.

    Examples
    --------
    >>> municipality_name("0301"), municipality_name("9999")
    ('Oslo', '9999')
    """
    return _names("municipalities.csv").get(code, code)


def county_name(code: str) -> str:
    """Name of a county, or the code itself where the list has no such code.

    Examples
    --------
    >>> county_name("11")
    'Rogaland'
    """
    return _names("counties.csv").get(code, code)


def municipality_codes() -> tuple[str, ...]:
    """Every code of a municipality that the list has, whatever days it holds for, in order.

    Examples
    --------
    >>> len(municipality_codes()), municipality_codes()[0]
    (1158, '0101')
    """
    return tuple(sorted(_names("municipalities.csv")))


@cache
def _names(file: str) -> dict[str, str]:
    text = (files("folkestrom.classifications") / "data" / file).read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    last = {row["code"]: row["name"] for row in rows}
    return last | {r["code"]: r["name"] for r in rows if r["valid_from"] <= _NAMED < r["valid_to"]}
