"""The quality report of a delivery: indicators with what is expected of them, and alarms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.classifications.public_holidays import public_holidays
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.codes import Kind
from folkestrom.quality.alarms.ratios import FEWEST, ratios
from folkestrom.quality.alarms.seasonal import FEWEST as FEWEST_BEFORE
from folkestrom.quality.alarms.seasonal import WINDOW, Season, season
from folkestrom.register.quality.deliveries import (
    Arrivals,
    Delivery,
    count_again,
    count_arrivals,
    delays,
    list_deliveries,
)
from folkestrom.statistics.quality.specification import HISTORY, REPORT

#: Days that are looked at, where a delivery brings more.
DAYS: Final = 30
#: Days that may be asked for.
MOST_DAYS: Final = 3_660
#: Days of the cells of municipalities, and those before that they are compared with.
WEEK: Final = 7
BEFORE: Final = 28
#: Reports a week, of the weeks before, without which a cell is too small for a ratio.
LEAST_CELL: Final = 10
#: Hidiroglou and Berthelot's C for them: cells of ten reports a week are a tail that quartiles do
#: not show. It is what Statistics Norway's own edits of municipalities have (package Kostra, Hb).
WIDTH: Final = 20.0
#: Expected reports of a municipality that is silent: by Poisson, none has a probability of e⁻¹⁶.
LEAST_SILENT: Final = 16
#: Expected reports without which a day that brings none is nothing.
LEAST_DAY: Final = 10
#: Share of a delivery's reports that may be of the person, kind and day of earlier ones, or in
#: quarantine; and of records that may be there already.
MOST_AGAIN: Final = 0.05
#: So many may in a small delivery.
LEAST_AGAIN: Final = 5
MOST_REPEATS: Final = 0.5

_HOLIDAY: Final = 7


@dataclass(frozen=True, slots=True)
class Indicator:
    """One row of the report.

    Parameters
    ----------
    dimension, name
        Of quality; and what is counted.
    day, kind, municipality
        Of which reports; empty: all of the delivery.
    value, expected, low, high
        What it is, and what was expected; None: nothing is.
    alarm
        "none", or why it is one.
    """

    dimension: str
    name: str
    value: float
    day: date | None = None
    kind: str = ""
    municipality: str = ""
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    alarm: str = "none"


def chosen(found: Sequence[Delivery], number: int | None) -> Delivery:
    """A delivery by its number; by default the last one.

    Parameters
    ----------
    found, number
        All deliveries, and the number.

    Raises
    ------
    UsageError
        There is none.
    """
    if not found:
        raise UsageError(
            "has no delivery yet", where="store", next_step="Take reports in: folkestrom intake"
        )
    numbers = [one.batch for one in found]
    if number is not None and number not in numbers:
        raise UsageError(
            "is no delivery of this store", where="delivery", value=number,
            allowed=f"{numbers[0]} to {numbers[-1]}",
        )  # fmt: skip
    return found[-1] if number is None else found[numbers.index(number)]


def indicators(
    connection: duckdb.DuckDBPyConnection, number: int | None = None, days: int | None = None,
    until: date | None = None,
) -> tuple[Delivery, list[Indicator]]:  # fmt: skip
    """A delivery, and all of its indicators.

    Parameters
    ----------
    connection
        An open store.
    number
        The delivery; None: the last one.
    days
        How many of the last days of receipt to look at; None: those after the delivery before, at
        most `DAYS`.
    until
        The last day of which there should be reports; None: the last of which there are any.

    Raises
    ------
    UsageError
        No such delivery; a last day before that of the delivery.
    """
    found = list_deliveries(connection)
    one = chosen(found, number)
    earlier = [other for other in found if other.batch < one.batch]
    rows = list(_of_delivery(connection, one, earlier))
    reached = max((d.last_day for d in earlier if d.last_day), default=None)
    last = max((day for day in (reached, one.last_day) if day), default=None)
    if last is not None:
        last = _reaching(last, until)
        new = (last - reached).days if reached else DAYS
        asked = days or min(max(new, 1), DAYS)
        first = last - timedelta(WINDOW + asked - 1)
        arrivals = count_arrivals(connection, one.batch, first, last)
        rows += [*of_days(arrivals, asked), *of_cells(arrivals, last)]
    return one, rows


def _reaching(last: date, until: date | None) -> date:
    if until is not None and not last <= until <= last + timedelta(MOST_DAYS):
        raise UsageError(
            "is not a day that reports should have reached by now", where="until", value=until,
            allowed=f"from {last}, the last day of which there are reports, "
            f"to {last + timedelta(MOST_DAYS)}",
        )  # fmt: skip
    return until or last


def _of_delivery(
    connection: duckdb.DuckDBPyConnection, one: Delivery, earlier: Sequence[Delivery]
) -> Iterator[Indicator]:
    yield Indicator("completeness", "records", one.read)
    yield Indicator("completeness", "accepted", one.accepted)
    counts = np.array([[d.quarantined] for d in (*earlier, one)], np.int64)
    same = np.zeros(len(counts), np.int64)
    if len(earlier) < FEWEST_BEFORE:  # too few to say how many are usual
        most = max(MOST_AGAIN * one.read, LEAST_AGAIN)
        yield _at_most("consistency", "quarantined", one.quarantined, most, "high")
    else:
        found = season(counts, same, same, [len(counts) - 1])
        yield next(_compared("consistency", "quarantined", found, counts[-1:], [None], [""]))
    yield _at_most("uniqueness", "repeats", one.repeats, MOST_REPEATS * one.read, "again")
    if one.accepted:
        again = count_again(connection, one.batch)
        most = max(MOST_AGAIN * one.accepted, LEAST_AGAIN)
        yield _at_most("uniqueness", "contents_again", again, most, "again")
    half = delays(connection, one.batch)
    if half and one.last_day:
        yield Indicator("timeliness", "median_delay", half[0])
        yield Indicator("timeliness", "ninth_decile", half[1])
        taken = (one.taken_at.date() - one.last_day).days
        yield Indicator("timeliness", "days_to_intake", taken)


def _at_most(dimension: str, name: str, value: int, most: float, alarm: str) -> Indicator:
    raised = alarm if value > most else "none"
    return Indicator(dimension, name, value, low=0.0, high=most, alarm=raised)


def of_days(arrivals: Arrivals, asked: int) -> Iterator[Indicator]:
    """The last days, by kind; each against the days before it alone.

    Parameters
    ----------
    arrivals, asked
        Reports day by day, and how many of the last days to look at.
    """
    by_kind = arrivals.reports.sum(axis=2)
    days = [arrivals.first + timedelta(n) for n in range(len(by_kind))]
    begun = int(np.argmax(by_kind.any(axis=1)))  # the log may begin within the window
    sorts = np.array([_HOLIDAY if d in public_holidays(d.year) else d.weekday() for d in days])
    months = np.array([d.month - 1 for d in days])
    shown = range(len(days) - asked, len(days))
    kinds = np.flatnonzero(by_kind.any(axis=0))
    sets = (
        ("completeness", "reports", by_kind.sum(axis=1)[:, None], [""]),
        ("completeness", "reports", by_kind[:, kinds], [Kind(int(k)).name.lower() for k in kinds]),
        ("timeliness", "late_reports", arrivals.late[:, None], [""]),
        ("consistency", "flagged_reports", arrivals.flagged[:, None], [""]),
    )
    for dimension, name, counts, names in sets:
        if counts.shape[1]:
            at = [n - begun for n in shown if n >= begun]
            found = season(counts[begun:], sorts[begun:], months[begun:], at)
            looked = counts[len(counts) - len(at) :]
            yield from _compared(dimension, name, found, looked, days[len(days) - len(at) :], names)


def _compared(
    dimension: str, name: str, found: Season, counts: NDArray[np.int64],
    days: Sequence[date | None], kinds: Sequence[str],
) -> Iterator[Indicator]:  # fmt: skip
    for n, day in enumerate(days):
        for k, kind in enumerate(kinds):
            value = int(counts[n, k])
            expected, low, high = (
                None if np.isnan(of[n, k]) else float(of[n, k])
                for of in (found.expected, found.low, found.high)
            )
            alarm = _alarm(value, expected, low, high)
            yield Indicator(dimension, name, value, day, kind, "", expected, low, high, alarm)


def _alarm(value: float, expected: float | None, low: float | None, high: float | None) -> str:
    if expected is None or low is None or high is None or low <= value <= high:
        return "none"
    if value == 0 and expected >= LEAST_DAY:
        return "missing"
    return "low" if value < low else "high"


def of_cells(arrivals: Arrivals, last: date) -> Iterator[Indicator]:
    """Municipalities of the last week: those that are silent, and kinds that stand out in them.

    Parameters
    ----------
    arrivals, last
        Reports day by day, and the last of the days.
    """
    if len(arrivals.reports) < WEEK + BEFORE:
        return
    placed = arrivals.municipalities >= 0
    named = [f"{number:04d}" for number in arrivals.municipalities[placed]]
    reports = arrivals.reports[:, :, placed]
    now = reports[-WEEK:].sum(axis=0)
    before = reports[-WEEK - BEFORE : -WEEK].sum(axis=0) * WEEK / BEFORE
    for place in np.flatnonzero((now.sum(axis=0) == 0) & (before.sum(axis=0) >= LEAST_SILENT)):
        expected = float(before[:, place].sum())
        yield Indicator(
            "completeness", "reports_of_week", 0, last, "", named[place], expected, alarm="silent"
        )
    kinds, places = np.nonzero((before >= LEAST_CELL) & (now > 0))
    if len(kinds) < FEWEST:
        return
    found = ratios(now[kinds, places], before[kinds, places], width=WIDTH)
    for n, (kind, place) in enumerate(zip(kinds, places, strict=True)):
        value, low, high = int(now[kind, place]), float(found.low[n]), float(found.high[n])
        if not low <= value <= high:
            yield Indicator(
                "completeness", "reports_of_week", value, last, Kind(int(kind)).name.lower(),
                named[place], float(found.expected[n]), low, high,
                "low" if value < low else "high",
            )  # fmt: skip


def told(rows: Sequence[Indicator]) -> list[Indicator]:
    """What a report tells: of its last day everything, of earlier ones alarms.

    Parameters
    ----------
    rows
        All indicators.
    """
    last = max((row.day for row in rows if row.day), default=None)
    return [row for row in rows if row.alarm != "none" or row.day in (None, last)]


def report(
    connection: duckdb.DuckDBPyConnection, number: int | None = None, days: int | None = None,
    until: date | None = None, *, alarms: bool = False,
) -> Cells:  # fmt: skip
    """The quality report of a delivery: of its last day everything, of earlier ones alarms.

    Parameters
    ----------
    connection, number, days, until
        As for `indicators`.
    alarms
        Alarms only.
    """
    one, rows = indicators(connection, number, days, until)
    last = max((row.day for row in rows if row.day), default=None)
    many = sum(row.alarm != "none" for row in rows)
    filled = REPORT.fill(
        delivery=one.batch,
        taken=f"{one.taken_at:%Y-%m-%d}",
        alarms=many,
        last=last or "–",
        known=last + timedelta(1) if last else "–",
    )
    return Cells(filled, _table(row for row in told(rows) if row.alarm != "none" or not alarms))


def _table(rows: Iterable[Indicator]) -> pa.Table:
    listed = list(rows)

    def column(name: str, kind: pa.DataType) -> pa.Array:
        return pa.array([getattr(row, name) for row in listed], kind)

    days = pa.array([f"{row.day or ''}" for row in listed], pa.string())
    return pa.table({
        "dimension": column("dimension", pa.string()),
        "indicator": column("name", pa.string()), "day": days,
        "kind": column("kind", pa.string()),
        "municipality": column("municipality", pa.string()),
        "alarm": column("alarm", pa.string()),
        **{name: column(name, pa.float64()) for name in ("value", "expected", "low", "high")},
    })  # fmt: skip


def history(connection: duckdb.DuckDBPyConnection) -> Cells:
    """Every delivery of a store, in order."""
    found = list_deliveries(connection)
    counts = [measure.id for measure in HISTORY.measures]
    texts = {
        "delivery": [f"{one.batch}" for one in found],
        "taken_in": [f"{one.taken_at:%Y-%m-%d}" for one in found],
        "first_day": [f"{one.first_day or ''}" for one in found],
        "last_day": [f"{one.last_day or ''}" for one in found],
    }
    return Cells(HISTORY, pa.table(
        {name: pa.array(column, pa.string()) for name, column in texts.items()}
        | {name: pa.array([getattr(one, name) for one in found], pa.int64()) for name in counts}
    ))  # fmt: skip
