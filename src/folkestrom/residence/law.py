"""The rules of residence as data: dated, with their source and the reading that they belong to.

Where Statistics Norway's page and the law differ, both are there; whoever asks says which reading,
and a decision names the rule that it used.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from folkestrom.model.specification import Text
from folkestrom.model.time import OPEN

#: Population bases: the law's six months, or usual residence of twelve (Regulation (EU) 2025/2458).
Base = Literal["registered", "usual"]
BASES: Final[tuple[Base, ...]] = ("registered", "usual")
#: Readings of the rules: what Statistics Norway's page says, and what the law does.
Reading = Literal["page", "law"]
READINGS: Final[tuple[Reading, ...]] = ("page", "law")
#: What a rule is about: a stay in Norway, one abroad, and where in Norway.
PARTS: Final = ("norway", "abroad", "where")

RESIDENT: Final = "resident"
EMIGRATED: Final = "emigrated"
UNCHANGED: Final = "unchanged"
HERE: Final = "here"
FAMILY: Final = "family"
MOST_NIGHTS: Final = "most_nights"
BEFORE: Final = "before"


@dataclass(frozen=True, slots=True)
class Side:
    """A side of the border: consecutive stays on one are counted as one.

    Parameters
    ----------
    name
        SQL of what it is called.
    when
        SQL over a stay.
    bases, readings
        For which it holds.
    """

    name: str
    when: str
    bases: tuple[str, ...]
    readings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of residence.

    Parameters
    ----------
    name
        What decisions refer to it by.
    part
        One of `PARTS`.
    when
        SQL over a stay; see `folkestrom.residence.stays.told`.
    outcome
        "resident", "emigrated" or "unchanged"; of "where" "here", "family", "most_nights", "before"
        (where the person lived before, even before an emigration) or "unchanged".
    label
        What tables call it.
    text
        The rule in words.
    differs
        What would have to be different.
    citation
        Where it is laid down.
    mark
        S: said by Statistics Norway's page. V: verified in the law's text. I: our reading.
    since
        SQL of the day from which it holds.
    valid_from, valid_to
        The days on which it decides.
    bases, readings
        For which it does.
    """

    name: str
    part: str
    when: str
    outcome: str
    label: Text
    text: Text
    differs: Text
    citation: Text
    mark: str
    since: str
    valid_from: date
    valid_to: date
    bases: tuple[str, ...]
    readings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NordicLimit:
    """From how long a stay on a Nordic country's rules make a resident of it.

    Parameters
    ----------
    country
        The country.
    months
        Months of stay.
    more
        Whether it takes more than so many.
    leaves_after
        Months abroad after which it lets a resident go, whatever the other country does; None: when
        the other country's rules make a resident there.
    citation, mark
        As of a rule.
    readings
        For which it holds.
    """

    country: str
    months: int
    more: bool
    leaves_after: int | None
    citation: str
    mark: str
    readings: tuple[str, ...]


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order in which they are asked.

    Examples
    --------
    >>> [rule.name for rule in rules() if rule.part == "where"][:2]
    ['joint_home', 'student']
    """
    return tuple(_rule(row) for row in _data()["rule"])


@cache
def sides() -> tuple[Side, ...]:
    """The sides, in the order in which they are asked."""
    return tuple(
        Side(row["id"], row["when"], _chosen(row, "base", BASES), _chosen(row, "reading", READINGS))
        for row in _data()["side"]
    )


@cache
def nordic_limits(reading: Reading) -> tuple[NordicLimit, ...]:
    """The limits of every Nordic country by one reading.

    Examples
    --------
    >>> {limit.country: limit.months for limit in nordic_limits("page")}["DK"]
    3
    """
    found = (
        NordicLimit(
            row["country"], row["months"], row.get("more", False), row.get("leaves_after"),
            row["cite"], row["mark"], _chosen(row, "reading", READINGS),
        )
        for row in _data()["nordic"]
    )  # fmt: skip
    return tuple(limit for limit in found if reading in limit.readings)


@cache
def _data() -> dict[str, Any]:
    path = resources.files("folkestrom.residence") / "data" / "rules.toml"
    return tomllib.loads(path.read_text("utf-8"))


def _rule(row: dict[str, Any]) -> Rule:
    return Rule(
        name=row["id"],
        part=row["part"],
        when=row["when"],
        outcome=row["outcome"],
        label=Text(row["id"].replace("_", " "), row["id_no"]),
        text=Text(row["text"], row["text_no"]),
        differs=Text(row["differs"], row["differs_no"]),
        citation=Text(row["cite"], row["cite_no"]),
        mark=row["mark"],
        since=row.get("since", "from_date"),
        valid_from=row.get("from", date.min),
        valid_to=row.get("to", OPEN),
        bases=_chosen(row, "base", BASES),
        readings=_chosen(row, "reading", READINGS),
    )


def _chosen(row: dict[str, Any], name: str, every: tuple[str, ...]) -> tuple[str, ...]:
    return (row[name],) if name in row else every
