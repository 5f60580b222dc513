"""What may stand for a day, a name, a year or a list of codes in the definition of a study."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from folkestrom.errors import UsageError
from folkestrom.model.names import check_code

_YEARS: Final = (1800, 9990)


def one_of(name: object, known: Iterable[str], where: str) -> str:
    """A name that is among the known ones, or an error that suggests the nearest."""
    return str(check_code(name, tuple(known), where=where))


def day(value: Any, where: str) -> date:
    """A calendar day, given as such or as its ISO text."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise UsageError(
            "is not a calendar date",
            where=where,
            value=value,
            allowed="a date such as 2021-02-28",
        ) from None


def codes(values: Any, where: str) -> tuple[str, ...]:
    """Texts: a list of them, or one alone."""
    if isinstance(values, str):
        return (values,)
    try:
        listed = tuple(values)
    except TypeError:
        listed = (values,)
    for value in listed:
        if not isinstance(value, str):
            raise UsageError(
                "is not a text", where=where, value=value, allowed='codes such as "PL" or "0301"'
            )
    return listed


def optional_day(value: Any, where: str) -> date | None:
    """A calendar day, or None."""
    return None if value is None else day(value, where)


def check_year(value: Any, where: str) -> None:
    """Refuse what is not a year."""
    least, most = _YEARS
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UsageError(
            "is not a year",
            where=where,
            value=value,
            allowed=f"whole numbers from {least} to {most}",
        )


def is_number(value: Any) -> bool:
    """Whether it is a finite number, or None."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value is None or (number and value == value and abs(value) != float("inf"))


def put(what: object, name: str, value: Any) -> None:
    """Set a field of something frozen while it is being made."""
    object.__setattr__(what, name, value)
