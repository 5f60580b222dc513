"""What the page of the morning shows: the last delivery, its alarms, and a month day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from folkestrom.app.office.web.listing import Listing, figure, link
from folkestrom.app.office.web.views import Words
from folkestrom.model.specification import Dimension
from folkestrom.publish.formats.layout import number_text
from folkestrom.register.quality.deliveries import Delivery
from folkestrom.statistics.quality.deliveries import Indicator
from folkestrom.statistics.quality.specification import ALARM, INDICATOR, KIND, MUNICIPALITY

#: Width and height of a line of days.
WIDTH: Final = 160
HEIGHT: Final = 28
_EDGE: Final = 3
_OF_DAYS: Final = ("reports", "late_reports", "flagged_reports")


@dataclass(frozen=True, slots=True)
class Line:
    """A series of days as a line beside its last figures.

    Parameters
    ----------
    label
        What is counted.
    points
        Points of the line, as SVG has them.
    marks
        Where days with an alarm are: x and y.
    told
        The line in words.
    last, expected, limits
        Of the last day: the figure, what was expected, and lowest to highest.
    alarm
        Why the last day is one; empty: it is none.
    """

    label: str
    points: str
    marks: tuple[tuple[float, float], ...]
    told: str
    last: str
    expected: str
    limits: str
    alarm: str


@dataclass(frozen=True, slots=True)
class Morning:
    """What came last.

    Parameters
    ----------
    delivery
        The delivery.
    alarms, lines
        Alarms of the last days, the newest first; and each series of days.
    facts
        What else there is to the delivery: label, value, and whether it is an alarm.
    """

    delivery: Delivery
    alarms: Listing
    lines: tuple[Line, ...]
    facts: tuple[tuple[str, str, str], ...]


def morning(delivery: Delivery, rows: Sequence[Indicator], words: Words) -> Morning:
    """The first page of the day.

    Parameters
    ----------
    delivery, rows, words
        The last delivery, its indicators of the last days, and texts.
    """
    raised = [row for row in rows if row.alarm != "none"]
    raised.sort(key=lambda row: f"{row.day or delivery.last_day}", reverse=True)
    of_days = [row for row in rows if row.name in _OF_DAYS]
    series = sorted(of_days, key=lambda row: (_OF_DAYS.index(row.name), row.kind))
    lines = [
        _line(list(days), words)
        for _, days in groupby(series, key=lambda row: (row.name, row.kind))
    ]
    facts = [
        (_said(INDICATOR, row.name, words), _number(row.value, words),
         _said(ALARM, row.alarm, words))
        for row in rows if row.day is None
    ]  # fmt: skip
    return Morning(delivery, listed(raised, words), tuple(lines), tuple(facts))


def listed(rows: Sequence[Indicator], words: Words) -> Listing:
    """Indicators as a list.

    Parameters
    ----------
    rows, words
        The indicators; and texts.
    """
    names = ("indicator", "received", "alarm", "value", "expected", "lowest", "highest")
    return words.listing(names, [
        (_label(row, words), row.day, _said(ALARM, row.alarm, words),
         figure(_number(row.value, words)),
         *(figure(_number(value, words, 1)) for value in (row.expected, row.low, row.high)))
        for row in rows
    ])  # fmt: skip


def deliveries(found: Sequence[Delivery], words: Words) -> Listing:
    """Deliveries, the newest first, each with its report.

    Parameters
    ----------
    found, words
        The deliveries; and texts.
    """
    names = ("delivery", "taken-in", "received-from", "received-to", "read", "accepted",
             "quarantined", "repeats")  # fmt: skip
    return words.listing(names, [
        (link(f"{one.batch}", f"deliveries/{one.batch}"), f"{one.taken_at:%Y-%m-%d}",
         one.first_day, one.last_day, one.read, one.accepted, one.quarantined, one.repeats)
        for one in reversed(found)
    ])  # fmt: skip


def _label(row: Indicator, words: Words) -> str:
    of = [_said(MUNICIPALITY, row.municipality, words), _said(KIND, row.kind, words)]
    said = ", ".join(one for one in of if one)
    name = _said(INDICATOR, row.name, words)
    return f"{name}: {said}" if said else name


def _said(dimension: Dimension, code: str, words: Words) -> str:
    labels = {category.code: category.label for category in dimension.categories}
    return (labels.get(code) or dimension.labels(code)).of(words.language)


def _number(value: float | None, words: Words, decimals: int = 0) -> str:
    return "" if value is None else number_text(value, decimals, words.language)


def _line(days: Sequence[Indicator], words: Words) -> Line:
    values = [day.value for day in days]
    most = max(*values, 1)
    step = (WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    places = [
        (round(_EDGE + step * n, 1), round(HEIGHT - _EDGE - (HEIGHT - 2 * _EDGE) * v / most, 1))
        for n, v in enumerate(values)
    ]
    wrong = [n for n, day in enumerate(days) if day.alarm != "none"]
    last = days[-1]
    low, high = (_number(value, words) for value in (last.low, last.high))
    told = words.text(
        "line", n=len(days), low=_number(min(values), words), high=_number(max(values), words),
        alarms=len(wrong),
    )  # fmt: skip
    return Line(
        _label(last, words), " ".join(f"{x},{y}" for x, y in places),
        tuple(places[n] for n in wrong), told, _number(last.value, words),
        _number(last.expected, words), f"{low}–{high}" if high else "",
        _said(ALARM, last.alarm, words),
    )  # fmt: skip
