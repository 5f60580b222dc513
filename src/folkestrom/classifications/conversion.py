"""Figures of one set of borders in another.

Municipalities merge, split, change number, and pass parts of themselves on. Each change is a row of
`municipality_changes.csv`, old code to new code on its day. A merger forward and a split backward
are exact. Of a split forward, or a merger backward, only weights tell how much went where: a code's
share of the basic units that Statistics Norway's Klass 1 lists on the two sides of the change, and
equal shares where these are not known. Such weights are estimates, and marked so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from operator import itemgetter
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom.classifications.areas import FIRST_DAY, listed_day
from folkestrom.classifications.divisions.division import CHANGES, Division, in_force, listed
from folkestrom.classifications.tables import municipalities
from folkestrom.errors import UsageError

#: Shares of one code, by the codes that it goes to; codes are numbers.
Shares = dict[int, float]
#: The fractional part of the golden ratio: its multiples lie evenly wherever a sequence is cut.
_GOLDEN: Final = (5**0.5 - 1) / 2


def municipality_changes() -> pl.DataFrame:
    """Every change of municipalities since 1960.

    Columns: `day`, `old`, `new` (four digits), `kind` ("merger", "split", "renumbering", "transfer"
    of a part, and the "remainder" that keeps its number), `basic_units` (how many of the old one's
    went there; null: not known) and `source`.

    Examples
    --------
    >>> split = municipality_changes().filter(pl.col("old") == "1507")
    >>> split["day"][0], split["new"].to_list(), split["basic_units"].to_list()
    (datetime.date(2024, 1, 1), ['1508', '1580'], [84, 25])
    """
    text = pl.DataFrame(listed(in_force(), CHANGES))
    units = pl.col("basic_units").replace("", None).cast(pl.Int32)
    return text.with_columns(pl.col("day").str.to_date(), units).sort("day", "old", "new")


def border_days(after: date = FIRST_DAY, until: date = date.max) -> tuple[date, ...]:
    """Days on which borders or numbers change, from the one after `after` to `until`.

    Examples
    --------
    >>> [day.year for day in border_days(date(2017, 1, 1), date(2025, 1, 1))]
    [2018, 2019, 2020, 2024]
    """
    return _border_days(in_force(), after, until)


@cache
def _border_days(division: Division, after: date, until: date) -> tuple[date, ...]:
    return tuple(day for day in _steps_of(division, back=False) if after < day <= until)


def conversion(from_day: date, to_day: date) -> pl.DataFrame:
    """How municipalities of one day make up those of another.

    Columns: `code_from`, `code_to`, `weight` (share of the first that goes to the second) and
    `exact` (whether the weight is a fact rather than an estimate).

    Parameters
    ----------
    from_day, to_day
        The days; either may be the earlier one.

    Examples
    --------
    >>> table = conversion(date(2005, 1, 1), date(2024, 1, 1))
    >>> table.filter(pl.col("code_from").is_in(["0301", "0101"])).rows()
    [('0101', '3101', 1.0, True), ('0301', '0301', 1.0, True)]
    >>> conversion(date(2023, 1, 1), date(2024, 1, 1)).filter(~pl.col("exact"))["code_to"].to_list()
    ['1508', '1580']
    """
    codes = [int(code) for code in municipalities(from_day)["code"]]
    rows = [
        (f"{code:04d}", f"{to:04d}", weight, len(shares) == 1)
        for code in codes
        for shares in [shares_of(code, from_day, to_day)]
        for to, weight in sorted(shares.items())
    ]
    return pl.DataFrame(rows, ["code_from", "code_to", "weight", "exact"], orient="row")


def shares_of(code: int, from_day: date, to_day: date) -> Shares:
    """Where a municipality of one day is on another, in shares that sum to 1.

    Parameters
    ----------
    code
        The municipality, valid on `from_day`.
    from_day, to_day
        The days; either may be the earlier one.

    Examples
    --------
    >>> shares_of(709, date(2010, 1, 1), date(2024, 1, 1))
    {3909: 1.0}
    """
    back = listed_day(to_day) < listed_day(from_day)
    low, high = min(from_day, to_day), max(from_day, to_day)
    days = border_days(low, high)
    shares = {code: 1.0}
    for day in reversed(days) if back else days:
        step = _steps(back=back)[day]
        found: Shares = {}
        for at, share in shares.items():
            for to, weight in step.get(at, {at: 1.0}).items():
                found[to] = found.get(to, 0.0) + share * weight
        shares = found
    return shares


def traced(
    codes: NDArray[np.int64], numbers: NDArray[np.int64], days: Sequence[date]
) -> list[NDArray[np.int64]]:
    """The municipality of basic units on each of several days.

    Where several codes share a place and nothing tells which basic unit went where, unit number n
    goes to the code in whose part of the unit interval the fractional part of n times the golden
    ratio lies, and within that part again at the next change: the same way always, in about the
    shares of the codes.

    Parameters
    ----------
    codes
        (units,) Municipality of each unit on the first day.
    numbers
        (units,) Its last four digits.
    days
        Days in order, forward or back.

    Returns
    -------
    list
        (units,) Municipality of each unit, for each day.

    Examples
    --------
    >>> units = np.arange(1, 9)
    >>> traced(np.full(8, 1507), units, [date(2023, 1, 1), date(2024, 1, 1)])[1].tolist()
    [1508, 1508, 1580, 1508, 1508, 1508, 1508, 1580]
    """
    at, place = codes.copy(), np.asarray(numbers * _GOLDEN % 1.0, np.float64)
    found = [at.copy()]
    for one, other in pairwise(days):
        back = other < one
        passed = border_days(min(one, other), max(one, other))
        for day in reversed(passed) if back else passed:
            _pass(_steps(back=back)[day], at, place)
        found.append(at.copy())
    return found


def _pass(step: Mapping[int, Shares], at: NDArray[np.int64], place: NDArray[np.float64]) -> None:
    """Carry units over one day of changes, in place."""
    changing = np.flatnonzero(np.isin(at, [c for c, s in step.items() if s != {c: 1.0}]))
    before = at[changing]
    for code in np.unique(before).tolist():
        units = changing[before == code]
        shares = step[code]
        to = np.array(sorted(shares), np.int64)
        ends = np.cumsum([shares[c] for c in to.tolist()])
        ends[-1] = 1.0
        chosen = np.searchsorted(ends, place[units], "right")
        starts = np.append(0.0, ends[:-1])
        at[units] = to[chosen]
        place[units] = (place[units] - starts[chosen]) / (ends - starts)[chosen] % 1.0


def convert(totals: Mapping[str, int], weights: Iterable[tuple[str, str, float]]) -> dict[str, int]:
    """Totals of one set of borders in another, in whole numbers that keep each total.

    Each total is divided by the weights of its own code; what rounding down leaves goes, one by
    one, to the largest remainders (Hamilton's method), so that nothing is lost or made and no part
    is a whole unit off its share.

    Parameters
    ----------
    totals
        Whole numbers by code.
    weights
        Code, code in the other borders, and the share that goes there; shares of a code sum to 1.

    Raises
    ------
    UsageError
        A code without weights, or whose weights do not sum to 1.

    Examples
    --------
    >>> convert({"1507": 10}, [("1507", "1508", 0.77), ("1507", "1580", 0.23)])
    {'1508': 8, '1580': 2}
    """
    shares: dict[str, dict[str, float]] = {}
    for code, to, weight in weights:
        shares.setdefault(code, {})[to] = shares.get(code, {}).get(to, 0.0) + weight
    found: dict[str, int] = {}
    for code, total in totals.items():
        own = shares.get(code, {})
        if abs(sum(own.values()) - 1.0) > 1e-6:
            raise UsageError(
                "has no weights that sum to 1",
                where="weights",
                value=code,
                allowed="codes of the borders that the totals are in",
                next_step="Name the year whose borders the totals are in.",
            )
        for to, part in _parts(total, own).items():
            found[to] = found.get(to, 0) + part
    return dict(sorted(found.items()))


def _parts(total: int, shares: Mapping[str, float]) -> dict[str, int]:
    exact = {to: total * share for to, share in shares.items()}
    parts = {to: int(value // 1) for to, value in exact.items()}
    left = total - sum(parts.values())
    order = sorted(exact, key=lambda to: (parts[to] - exact[to], to))
    for to in order[:left]:
        parts[to] += 1
    return parts


def _steps(*, back: bool) -> dict[date, dict[int, Shares]]:
    """Of each day with changes, the shares of every code that changes on it."""
    return _steps_of(in_force(), back=back)


@cache
def _steps_of(division: Division, *, back: bool) -> dict[date, dict[int, Shares]]:
    # Not of `municipality_changes`: most questions in other borders need no frame.
    rows = sorted(listed(division, CHANGES), key=itemgetter("day", "old", "new"))
    counted: dict[date, dict[int, dict[int, int | None]]] = {}
    for row in rows:
        old, new, units = int(row["old"]), int(row["new"]), row["basic_units"]
        at, to = (new, old) if back else (old, new)
        day = date.fromisoformat(row["day"])
        counted.setdefault(day, {}).setdefault(at, {})[to] = int(units) if units else None
    return {
        day: {at: _shares(units) for at, units in codes.items()} for day, codes in counted.items()
    }


def _shares(units: Mapping[int, int | None]) -> Shares:
    known = [many for many in units.values() if many]
    if len(known) < len(units):
        return dict.fromkeys(units, 1 / len(units))
    return {to: (many or 0) / sum(known) for to, many in units.items()}
