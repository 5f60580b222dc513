"""The day on which a report reaches the register, given the day of its event.

An office registers the event some days later (``data/delays.csv``, a Weibull delay of each kind),
and sends what it has registered by the channel in force (``data/channels.csv``): once a month, or
on working days. Small offices work on fewer days.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.model.codes import Kind

Ints = NDArray[np.int64]
DAY: Final = 86_400
SMALL_OFFICE: Final = 3_000
"""An office of fewer residents is small (assumption)."""
_OPENS, _HOURS = 6 * 3600, 8 * 3600
#: Days from Easter Sunday: Maundy Thursday, Good Friday, Easter Monday, Ascension, Whit Monday.
_MOVABLE: Final = (-3, -2, 1, 39, 50)
_FIXED: Final = ((1, 1), (5, 1), (5, 17), (12, 25), (12, 26))


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the data files."""
    path = resources.files("folkestrom.twin.receipt") / "data" / name
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@cache
def weibull_delays() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale in days and shape of the delay of each kind of report, by its code."""
    scale, shape = np.ones((2, max(Kind) + 1))
    for row in read_rows("delays.csv"):
        kind = Kind[row["kind"].upper()]
        scale[kind], shape[kind] = float(row["scale"]), float(row["shape"])
    return scale, shape


def easter(year: int) -> date:
    """Easter Sunday (Meeus, *Astronomical Algorithms*, chapter 8).

    Examples
    --------
    >>> easter(1991).isoformat(), easter(2018).isoformat()
    ('1991-03-31', '2018-04-01')
    """
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    n = h + week - 7 * ((a + 11 * h + 22 * week) // 451) + 114
    return date(year, n // 31, n % 31 + 1)


def is_working_day(days: Ints) -> NDArray[np.bool_]:
    """Monday to Friday, but for the public holidays of Norway; days are counted from 1970-01-01."""
    years = np.unique(days.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970)
    off = [date(year, *day) for year in years for day in _FIXED]
    off += [easter(year) + timedelta(days=n) for year in years for n in _MOVABLE]
    return np.is_busday(days.astype("datetime64[D]"), holidays=np.array(off, "datetime64[D]"))


@dataclass(frozen=True, eq=False)
class Deliveries:
    """Deliveries of a window: what is registered from one cut to the next comes with one of them.

    Attributes
    ----------
    cuts
        int64[n + 1], seconds UTC.
    starts, spans
        int64[n]: when a delivery begins, and how many seconds it takes.
    """

    cuts: Ints
    starts: Ints
    spans: Ints

    @property
    def last(self) -> int:
        """Until when a report must be registered to come with a delivery before the extraction."""
        return int(self.cuts[-2])

    def receive(self, moments: Ints) -> Ints:
        """Return when what is registered at some moments is received; never before."""
        n = np.searchsorted(self.cuts, moments, side="right") - 1
        n = np.clip(n, 0, len(self.starts) - 1)
        share = (moments - self.cuts[n]) / (self.cuts[n + 1] - self.cuts[n])
        return np.asarray(self.starts[n] + (share * self.spans[n]).astype(np.int64))


def deliveries(first_day: int, closes: int, small: bool) -> Deliveries:
    """Return the deliveries from a day (since 1970-01-01) to an extraction (seconds UTC).

    What is registered after the last of them comes when it is registered.
    """
    days = np.arange(first_day, closes // DAY + 1)
    works, dates = is_working_day(days), days.astype("datetime64[D]")
    cuts, starts = [np.array([(first_day - 1) * DAY])], []
    for row in read_rows("channels.csv"):
        sent = works & (dates >= np.datetime64(row["valid_from"]))
        sent &= dates < np.datetime64(row["valid_to"])
        months = dates.astype("datetime64[M]")
        if row["every"] == "month":
            late = sent & (dates - months.astype("datetime64[D]") >= int(row["day"]) - 1)
            at = np.flatnonzero(late)[np.unique(months[late], return_index=True)[1]]
            cuts.append(days[at] * DAY)
        else:
            chosen = [int(day) for day in row["small_office_days"].split()]
            at = np.flatnonzero(sent & (np.isin((days + 3) % 7, chosen) if small else True))
            cuts.append(days[at] * DAY + _OPENS + _HOURS)
        starts.append(days[at] * DAY + _OPENS)
    begin = np.concatenate(starts)
    begin = begin[begin + _HOURS < closes]
    cut = np.concatenate(cuts)[: len(begin) + 1]
    return Deliveries(
        np.append(cut, closes), np.append(begin, cut[-1]),
        np.append(np.full(len(begin), _HOURS), closes - 1 - cut[-1]),
    )  # fmt: skip
