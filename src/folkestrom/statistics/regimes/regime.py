"""The regimes as data: validity, what they rule, citation, and other readings of the source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Literal

from folkestrom.errors import UsageError
from folkestrom.model.names import check_code
from folkestrom.model.specification import Text
from folkestrom.model.time import OPEN


@dataclass(frozen=True, slots=True)
class Reading:
    """Another way in which the source can be understood.

    Parameters
    ----------
    about
        What it is about: "flows", "growth" or "preliminary".
    text
        What the source says, and what figures are made by instead.
    """

    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Regime:
    """Rules of quarterly and preliminary figures.

    Parameters
    ----------
    id
        The year in which it began.
    valid_from, valid_to
        When it was in force, `[from, to)`.
    flows
        What a quarter counts: "quarter", events that happened in it; "received", late ones about
        earlier periods too; empty: the source gives no rule.
    growth
        Growth of the last quarter of a year: "summation" of its flows, or "difference" of the
        populations at its two ends.
    preliminary
        Whose preliminary figures of a year there were: "nation", "areas" (and the nation); empty:
        there were none, or no rule is given.
    text
        The rules in words.
    citation
        What the source says.
    readings
        How else it can be read.
    """

    id: str
    valid_from: date
    valid_to: date
    flows: Literal["", "quarter", "received"]
    growth: Literal["summation", "difference"]
    preliminary: Literal["", "nation", "areas"]
    text: Text
    citation: str
    readings: tuple[Reading, ...] = ()


@cache
def regimes() -> tuple[Regime, ...]:
    """All regimes, in their order.

    Examples
    --------
    >>> [regime.id for regime in regimes()]
    ['1951', '1974', '1985', '2000', '2005']
    """
    path = files("folkestrom.statistics.regimes") / "data" / "regimes.toml"
    rows = tomllib.loads(path.read_text("utf-8"))["regime"]
    return tuple(_regime(row, to) for row, to in pairwise([*rows, {"from": OPEN}]))


def _regime(row: dict[str, Any], following: dict[str, Any]) -> Regime:
    return Regime(
        row["id"], row["from"], following["from"], row.get("flows", ""), row["growth"],
        row.get("preliminary", ""), Text(row["text"], row["text_no"]), row["cite"],
        tuple(Reading(one["about"], one["text"]) for one in row.get("reading", ())),
    )  # fmt: skip


def regime_of(id: str, where: str = "regime") -> Regime:
    """The regime that began in a year.

    Parameters
    ----------
    id
        The year.
    where
        The argument that it was given for.

    Raises
    ------
    UsageError
        A year in which none began.

    Examples
    --------
    >>> regime_of("1990")
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: regime: '1990' is no year in which a regime began.
    Allowed: 1951, 1974, 1985, 2000, 2005.
    Next: The one in force then is 1985.
    """
    known = {regime.id: regime for regime in regimes()}
    if id not in known and id.isdecimal() and "1951" < id <= "9999":
        inside = in_force(date(int(id), 1, 1))
        raise UsageError(
            "is no year in which a regime began", where=where, value=id, allowed=[*known],
            next_step=f"The one in force then is {inside.id}",
        )  # fmt: skip
    return known[check_code(id, known, "is no regime", where=where)]


def in_force(day: date) -> Regime:
    """The regime of a day.

    Examples
    --------
    >>> in_force(date(1997, 7, 1)).id, in_force(date(2021, 1, 1)).id
    ('1985', '2005')
    """
    first = regimes()[0]
    if day < first.valid_from:
        raise UsageError(
            f"is before the first regime, which began on {first.valid_from}", where="quarter, year",
            value=day, allowed=f"days from {first.valid_from}",
        )  # fmt: skip
    return next(regime for regime in regimes() if regime.valid_from <= day < regime.valid_to)


def ruling(
    day: date, asked: str | None, topic: Literal["flows", "preliminary"], where: str = "regime"
) -> Regime:
    """The regime that rules a figure: the one in force unless another is asked for.

    Parameters
    ----------
    day
        The first day of the quarter or the year.
    asked
        The regime that is asked for.
    topic
        What it has to rule: "flows" of a quarter, or "preliminary" figures of a year.
    where
        The argument that asks for it.

    Raises
    ------
    UsageError
        It has no rule for that: there were no such figures, or the source does not tell how they
        were made.
    """
    found = in_force(day) if asked is None else regime_of(asked, where)
    if getattr(found, topic):
        return found
    what = "quarterly figures" if topic == "flows" else "preliminary figures of a year"
    with_rule = [regime.id for regime in regimes() if getattr(regime, topic)]
    none = (
        f"has no rule for {what}: there were none, or the source does not tell how they were made"
    )
    given = {"flows": "quarter", "preliminary": "year"}[topic]
    raise UsageError(
        none if asked else f"is of the time of regime {found.id}, which {none}",
        where=where if asked else given, value=asked or day, allowed=with_rule,
        next_step="Ask what they would have been by the rules of one of these regimes, or for what "
        "is known now",
    )  # fmt: skip
