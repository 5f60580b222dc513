"""Basic statistical units of a store's own classification: where each is on every day.

A unit's code lives as long as the classification has it. When it goes, its successor is the unit
that a change names; when it comes, its predecessor likewise. So each code, on whatever day it was
reported, can be followed to any other day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Final

import polars as pl

from folkestrom.classifications.areas import lives as municipality_lives
from folkestrom.classifications.conversion import border_days, shares_of
from folkestrom.classifications.divisions.division import Division, in_force
from folkestrom.engine.steps import step
from folkestrom.model.report import UNITS

#: The table of a store that has it.
UNIT_PLACES: Final = "unit_place"
#: The time of a unit without end on either side.
ALWAYS: Final = (date(1, 1, 1), date(9999, 12, 31))
_ONE_DAY: Final = timedelta(days=1)


@step("unit_places", reads=[UNIT_PLACES], example={"unit": "basic_unit"})
def unit_places(unit: str) -> str:
    """Where every classified unit is: `key` (as it is reported), and its codes from when to when.

    They are half open and without gaps; `unit` is what stands for the unit, such as the part of
    town.
    """
    return f"""
        SELECT unit AS key, municipality, {unit} AS basic_unit, valid_from, valid_to
        FROM {UNIT_PLACES}
    """


def followed(units: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """Every code on every day: itself while it lives, then its successors, before its predecessors.

    Where a code has several, the first with the same last four digits is taken, else the first. A
    code whose successor is not known keeps its number, and its municipality is followed: where that
    is divided, to the largest part.

    Parameters
    ----------
    units
        `code` (a whole number), `part_of_town` (likewise; null: the municipality has none),
        `valid_from`, `valid_to`; one row a code.
    changes
        `day`, `old`, `new`: the code that ends on a day, and one that begins or goes on.

    Returns
    -------
    DataFrame
        Columns `unit`, `municipality`, `basic_unit`, `part_of_town`, `valid_from`, `valid_to`.

    Examples
    --------
    >>> day = date(2020, 1, 1)
    >>> units = pl.DataFrame({"code": [6020101, 30050101], "part_of_town": [None, None],
    ...     "valid_from": [ALWAYS[0], day], "valid_to": [day, ALWAYS[1]]})
    >>> changes = pl.DataFrame({"day": [day], "old": [6020101], "new": [30050101]})
    >>> followed(units, changes).select("unit", "municipality", "valid_from").rows()[-1]
    (30050101, 3301, datetime.date(2024, 1, 1))
    """
    # A list may be older than the end of a municipality, and then knows no end of its units.
    until = {int(code): ends for code, _, ends, _ in municipality_lives()}
    lives = {
        c: (a, min(b, end) if (end := until.get(c // UNITS, b)) > a else b)
        for c, a, b in units.select("code", "valid_from", "valid_to").iter_rows()
    }
    parts = dict(units.select("code", "part_of_town").iter_rows())
    after: dict[tuple[date, int], list[int]] = {}
    before: dict[tuple[date, int], list[int]] = {}
    for day, old, new in changes.select("day", "old", "new").sort("day", "old", "new").iter_rows():
        after.setdefault((day, old), []).append(new)
        before.setdefault((day, new), []).append(old)
    rows = []
    for code, (begins, ends) in lives.items():
        earlier = _chain(code, begins, before, lives, back=True)
        later = _chain(code, ends, after, lives, back=False)
        days = [ALWAYS[0], *(day for day, _ in reversed(earlier)), *(d for d, _ in later)]
        codes = [*(c for _, c in reversed(earlier)), code, *(c for _, c in later)]
        for at, start, end in zip(codes, days, [*days[1:], ALWAYS[1]], strict=True):
            for place, low, high in _places(at // UNITS, lives[at], start, end):
                rows.append((code, place, at, parts.get(at) or place * 100, low, high))
    names = dict.fromkeys(("unit", "municipality", "basic_unit", "part_of_town"), pl.Int32)
    return pl.DataFrame(rows, names | {"valid_from": pl.Date, "valid_to": pl.Date}, orient="row")


def _places(
    place: int, life: tuple[date, date], start: date, end: date
) -> Iterator[tuple[int, date, date]]:
    """The municipality of a unit in a time that may reach beyond the life of its code."""
    begins, ends = life
    days = [d for d in border_days(start, end - _ONE_DAY) if d >= ends or d <= begins]
    held, since = None, start
    for low, high in pairwise([start, *days, end]):
        at = place
        if low >= ends:
            at = _largest(in_force(), place, ends - _ONE_DAY, low)
        elif high <= begins and high != start:
            at = _largest(in_force(), place, begins, high - _ONE_DAY)
        if at == held:
            continue
        if held is not None:
            yield held, since, low
        held, since = at, low
    yield held or place, since, end


@cache
def _largest(_division: Division, place: int, from_day: date, to_day: date) -> int:
    shares = shares_of(place, from_day, to_day)
    return max(shares, key=lambda code: (shares[code], -code))


def _chain(
    code: int,
    day: date,
    linked: Mapping[tuple[date, int], list[int]],
    lives: Mapping[int, tuple[date, date]],
    *,
    back: bool,
) -> list[tuple[date, int]]:
    """The codes after (or before) one, each with the day on which it takes its place."""
    found: list[tuple[date, int]] = []
    while others := [c for c in linked.get((day, code), ()) if c in lives and c != code]:
        same = [other for other in others if other % UNITS == code % UNITS]
        code = (same or others)[0]
        found.append((day, code))
        day = lives[code][0 if back else 1]
    return found
