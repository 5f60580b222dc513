"""What callers may give for a day, a knowledge date, a year or a list of names."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any, Final, Literal, TypeAlias, cast, get_args

import numpy as np

from folkestrom.errors import UsageError
from folkestrom.model.knowledge import LATEST, PUBLISHED, KnownAt, KnownMoment
from folkestrom.model.names import check_code, nearest_name, without_effect
from folkestrom.model.time import EXTRACTION_MONTHS, RECEIVED_YEARS, local_time, moments_of
from folkestrom.statistics.periods import Every, Period, quarter_of, split
from folkestrom.statistics.periods import year as year_of
from folkestrom.statistics.published.tables import Unknown
from folkestrom.statistics.regimes.clock import TODAYS, Quarters
from folkestrom.statistics.regimes.regime import Regime, ruling

#: A day as a caller may say it: a date, a date and time at midnight, or its ISO text.
Day: TypeAlias = date | datetime | str

#: What is known, as a caller may say it; None is the default, "published".
Knowledge: TypeAlias = Day | Literal["published", "latest"] | None

#: One number of per cent, or several.
Percentages: TypeAlias = float | str | Sequence[float]

#: How the user typed the name of an argument: a parameter in Python, an option in a terminal.
Place: TypeAlias = Callable[[str], str]

_ALLOWED: Final = "a date such as 2021-02-28"
_YEARS: Final = (1800, 9998)


def day(value: Any, where: str = "date") -> date:
    """A calendar day.

    Examples
    --------
    >>> day("2021-02-28"), day(datetime(2021, 1, 1))
    (datetime.date(2021, 2, 28), datetime.date(2021, 1, 1))
    >>> day("2021-02-30")
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: date: '2021-02-30' is not a calendar date.
    Allowed: a date such as 2021-02-28.
    Next: Did you mean '2021-02-28'?
    """
    value = _plain(value)
    # A missing moment of pandas is a moment, and not equal to itself.
    if isinstance(value, datetime) and value == value:
        if value.time() != time():
            raise UsageError(
                "is not midnight, and a day is asked for",
                where=where,
                value=value,
                allowed=_ALLOWED,
                next_step=f"Did you mean '{value.date()}'?",
            )
        return value.date()
    if isinstance(value, date) and value == value:
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            pass
    raise _no_day(value, where, _ALLOWED, _meant(str(value)))


def days(values: Any, where: str = "dates") -> list[date]:
    """Calendar days; one alone is a list of one."""
    values = _plain(values)
    if isinstance(values, date | str):
        return [day(values, where)]
    return [day(value, where) for value in _listed(values, where, "days")]


def parameter(name: str) -> str:
    """The name of an argument in Python: the parameter's own."""
    return name


def period(from_: Any, to_: Any, place: Place) -> Period:
    """The period `[from_, to_)`."""
    return Period(day(from_, place("from_")), day(to_, place("to_")))


def periods(
    place: Place, from_: Any, to_: Any, every: Every | None, quarter: str | None, year_: Any
) -> tuple[Period, ...]:
    """The periods that are meant: those between two days, a quarter, or a year."""
    days = from_ is not None or to_ is not None
    if [days, quarter is not None, year_ is not None].count(True) != 1:
        raise UsageError(
            "say together which period is meant, in one of three ways",
            where=", ".join(map(place, ("from_", "to_", "quarter", "year"))),
            allowed="from one day to another, a quarter such as 1997Q3, or a year",
        )  # fmt: skip
    if not days and every is not None:
        raise without_effect(
            place("every"), every, "it is one period", f"Leave it out, or say {place('from_')}"
        )
    if quarter is not None:
        return (quarter_of(quarter, place("quarter")),)
    if year_ is not None:
        return (year_of(year(year_, place("year"))),)
    return tuple(split(day(from_, place("from_")), day(to_, place("to_")), every))


def regime(
    place: Place, periods: tuple[Period, ...], asked: str | None, known_at: KnownAt, *,
    quarter: bool, preliminary: bool, by: Sequence[str], explained: bool,
) -> Regime:  # fmt: skip
    """The rules of a quarter, or of the preliminary figures of a year: by default those in force.

    Periods between two days are by today's rules, unless others are asked for.
    """
    where = place("regime")
    if known_at != PUBLISHED and not explained:
        if preliminary:
            raise without_effect(
                place("preliminary"), True, f"known_at is {str(known_at)!r}", "Leave it out"
            )
        if asked is not None:
            raise without_effect(
                where, asked, f"known_at is {str(known_at)!r}, and a regime is of figures as "
                "published", f"Leave it out, or {place('known_at')}",
            )  # fmt: skip
        return TODAYS
    if preliminary:
        found = ruling(periods[0].start, asked, "preliminary", where)
        if found.preliminary == "nation" and by:
            raise UsageError(
                "has preliminary figures of a year for the whole country only", where=where,
                value=found.id, next_step=f"Leave {place('by')} and {place('only')} out, or ask "
                "for the regime 2000",
            )  # fmt: skip
        return found
    if asked is not None and not all(period.is_quarter for period in periods):
        raise without_effect(
            where, asked, "it rules quarters and preliminary years", "Ask for one of them"
        )
    if quarter or asked is not None:
        return ruling(periods[0].start, asked, "flows", where)
    return TODAYS


def knowledge(value: Any, where: str = "known_at") -> KnownAt:
    """A knowledge date, a moment, "published" or "latest"; where nothing is said, "published".

    Examples
    --------
    >>> str(knowledge("2018-05-23T09:31")), knowledge("2018-05-22T22:00Z")
    ('2018-05-23T09:31', datetime.date(2018, 5, 23))
    """
    value = _plain(value)
    if value is None:
        return PUBLISHED
    if isinstance(value, str) and value in (PUBLISHED, LATEST):
        return cast("KnownAt", value)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            meant = _meant(value) or nearest_name(value, [PUBLISHED, LATEST])
            allowed = f"{_ALLOWED}, a moment such as 2018-05-23T09:31, {PUBLISHED!r} or {LATEST!r}"
            raise _no_day(value, where, allowed, meant) from None
    if isinstance(value, datetime) and value == value and (value.tzinfo or value.time() != time()):
        return _moment(value, where)
    return day(value, where)


def _moment(value: datetime, where: str) -> date:
    """A moment within a day, or the day that begins then; without a zone, by clocks in Norway."""
    if value.year not in RECEIVED_YEARS:
        return value.date()
    at = [value] if value.tzinfo else moments_of(value)
    if len(at) != 1:
        raise UsageError(
            "is not one moment: clocks were put forward or back then", where=where, value=value,
            allowed="a moment with its distance from UTC, such as 2018-10-28T02:30+01:00",
        )  # fmt: skip
    shown = local_time(at[0])
    return KnownMoment(at[0]) if shown.time() != time() else shown.date()


def several_known(values: Any, where: str) -> list[KnownAt]:
    """Knowledge dates: a list of them, or one text with commas in between."""
    if isinstance(values, str):
        values = [text for text in values.split(",") if text.strip()]
    return [knowledge(value, where) for value in _listed(values, where, "knowledge dates")]


def names(by: str | Iterable[str] | None) -> tuple[str, ...]:
    """Names of variables: a list of them, or one text with commas in between.

    Examples
    --------
    >>> names("sex, age"), names(["sex"]), names(None)
    (('sex', 'age'), ('sex',), ())
    """
    if by is None:
        return ()
    if isinstance(by, str):
        by = [name.strip() for name in by.split(",") if name.strip()]
    found = tuple(_listed(by, "by", "names"))
    for name in found:
        if isinstance(name, str) and found.count(name) > 1:
            raise UsageError("is asked for twice", where="by", value=name)
        if not isinstance(name, str):
            raise UsageError(
                "is not a name", where="by", value=name, allowed="names such as 'sex' and 'age'"
            )
    return found


def whole_numbers(values: Any, where: str) -> tuple[int, ...]:
    """Whole numbers: a list of them, or one text with commas in between.

    Examples
    --------
    >>> whole_numbers("0, 65", "ages"), whole_numbers([0], "ages"), whole_numbers((), "ages")
    ((0, 65), (0,), ())
    """
    if isinstance(values, str):
        values = [text.strip() for text in values.split(",") if text.strip()]
    found = [_plain(value) for value in _listed(values, where, "whole numbers")]
    for value in found:
        if isinstance(value, bool) or not str(value).isdecimal():
            raise UsageError(
                "is not a whole number", where=where, value=value, allowed="such as 0,65"
            )
    return tuple(int(value) for value in found)


def percentages(values: Percentages, where: str) -> tuple[float, ...]:
    """Per cent, in their order: one, a list of them, or one text with commas in between.

    Examples
    --------
    >>> percentages("95,50", "interval"), percentages(80, "interval")
    ((50.0, 95.0), (80.0,))
    """
    listed = values.split(",") if isinstance(values, str) else values
    try:
        return tuple(sorted({*np.atleast_1d(np.asarray(listed, np.float64)).tolist()}))
    except (TypeError, ValueError):
        raise UsageError(
            "are no per cent", where=where, value=str(values), allowed="such as 80, or 50,80,95"
        ) from None


def year(value: Any, where: str = "year") -> int:
    """A year, as a number or its four digits."""
    value = _plain(value)
    if isinstance(value, str) and re.fullmatch(r"\d{4}", value.strip()):
        value = int(value)
    least, most = _YEARS
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        meant = re.match(r"\d{4}", str(value))
        raise UsageError(
            "is not a year",
            where=where,
            value=value,
            allowed=f"whole numbers from {least} to {most}",
            next_step=f"Did you mean {meant[0]}?" if meant else None,
        )
    return value


def months(value: Any, known_at: Any, where: str = "extraction_months") -> int:
    """Months from the end of a period to its extraction; the published ones if None.

    On one knowledge date there is no extraction: a number of months would change nothing.

    Examples
    --------
    >>> months(None, date(2021, 2, 1)), months(2, "published")
    (1, 2)
    """
    value = _plain(value)
    if value is None:
        return EXTRACTION_MONTHS
    if known_at != PUBLISHED:
        raise without_effect(
            where, value, f"known_at is {str(known_at)!r}", "Leave one of the two out"
        )
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError(
            "is not a number of months to wait for late reports",
            where=where,
            value=value,
            allowed="0, 1, 2 …",
        )
    return value


def quarters(
    value: Any, periods: Iterable[Period], known_at: Any, where: str = "quarters"
) -> Quarters:
    """How quarters are made; by summation if None. Without quarters it would change nothing."""
    known: tuple[Quarters, ...] = get_args(Quarters)
    if value is None:
        return "summation"
    check_code(value, known, "is not a way to make quarters", where=where)
    if known_at != PUBLISHED:
        raise without_effect(
            where, value, "on one knowledge date both ways are the same", "Leave it out"
        )
    if not any(period.is_quarter for period in periods):
        raise without_effect(
            where, value, "no period is a quarter", "Ask for quarters, or leave it out"
        )
    return known[known.index(value)]


def unknown(value: Any, table: str, where: str = "unknown") -> Unknown:
    """Where unknown marital status goes; as published if None. Other tables have none."""
    known: tuple[Unknown, ...] = get_args(Unknown)
    if value is None:
        return "published"
    check_code(value, known, "is not what can become of it", where=where)
    if table != "marital-status":
        raise without_effect(where, value, f"{table} does not show marital status", "Leave it out")
    return known[known.index(value)]


def _plain(value: Any) -> Any:
    """Numbers and days of numpy as those of Python."""
    return value.item() if isinstance(value, np.generic) else value


def _listed(values: Any, where: str, what: str) -> list[Any]:
    if isinstance(values, Iterable) and not isinstance(values, str | bytes):
        return list(values)
    raise UsageError(f"is not a list of {what}", where=where, value=values)


def _no_day(value: Any, where: str, allowed: str, meant: str | None) -> UsageError:
    return UsageError(
        "is not a calendar date",
        where=where,
        value="None" if value is None else value,
        allowed=allowed,
        next_step=f"Did you mean {meant!r}?" if meant else None,
    )


def _meant(text: str) -> str | None:
    """The day that a text nearly says.

    Examples
    --------
    >>> _meant("2021-02-30"), _meant("1.4.2021"), _meant("2021"), _meant("soon")
    ('2021-02-28', '2021-04-01', '2021-01-01', None)
    """
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    if len(numbers) > 1 and numbers[0] < 1000:
        numbers.reverse()
    year_, month, day_ = (*numbers, 1, 1)[:3] if numbers else (0, 0, 0)
    if not (1000 <= year_ <= _YEARS[1] and 1 <= month <= 12 and 1 <= day_ <= 31):
        return None
    return str(date(year_, month, min(day_, calendar.monthrange(year_, month)[1])))
