"""Scenarios: small files that say what changes in the assumptions, how much, and when."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.model.names import check_code
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.structure import FEMALE, MALE, SEXES, Structure

#: What can change. Return is the emigration of those who live abroad.
COMPONENTS: Final = ("mortality", "fertility", "immigration", "emigration", "return")
#: How. Whatever a change adds or sets is by person-year; of immigration, all persons of a year.
_HOW: Final = ("multiply", "add", "set")
_OLDEST: Final = 999
#: What a change may say at most, and its years: more is a slip of the pen.
_MOST: Final = 1e9
_LAST_YEAR: Final = 9999
_AGES: Final = "30-39, 67- or 30"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one component.

    Parameters
    ----------
    component
        One of `COMPONENTS`.
    how, amount
        "multiply", "add" or "set", and the number.
    groups
        Names of groups, or of several together; empty: all.
    sex
        "male" or "female"; empty: both.
    ages
        First and last age; None: all.
    first
        The first year in which it holds; None: that of the projection.
    fade_in
        Years in which it comes in evenly; 0: at once.
    """

    component: str
    how: Literal["multiply", "add", "set"]
    amount: float
    groups: tuple[str, ...] = ()
    sex: str = ""
    ages: tuple[int, int] | None = None
    first: int | None = None
    fade_in: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """Changes under a name, in the order in which they are made.

    Parameters
    ----------
    name
        What it is called.
    changes
        The changes.
    """

    name: str
    changes: tuple[Change, ...] = field(default=())

    @property
    def fingerprint(self) -> str:
        """What tells it from every other, whatever it is called."""
        return hashlib.sha256(repr(self.changes).encode()).hexdigest()[:12]

    def __add__(self, other: Scenario) -> Scenario:
        """Both, one after the other."""
        return Scenario(f"{self.name} + {other.name}", self.changes + other.changes)

    def applied(self, rates: Rates, structure: Structure, first: int, steps: int) -> Rates:
        """Rates as they are in this scenario.

        Parameters
        ----------
        rates
            Those that are changed.
        structure
            The cells.
        first
            The year in which the first step begins.
        steps
            How many steps there are.

        Raises
        ------
        UsageError
            A group that is none, or what becomes less than nothing.
        """
        for number, change in enumerate(self.changes, start=1):
            where = f"scenario {self.name}, change {number}"
            rates = _changed(rates, change, structure, first, steps, where)
        return rates


def scenario_of(given: Mapping[str, Any], name: str = "", place: str = "scenario") -> Scenario:
    """A scenario from what stands in a file.

    Parameters
    ----------
    given
        Its keys.
    name
        What it is called if it says nothing.
    place
        Where they stand, for errors.

    Examples
    --------
    >>> found = scenario_of(
    ...     {"name": "half", "change": [{"component": "emigration", "multiply": 0.5}]}
    ... )
    >>> found.changes[0].amount
    0.5
    """
    _check_keys(given, ("name", "change"), place)
    changes = given.get("change", [])
    if not isinstance(changes, list) or not all(isinstance(one, dict) for one in changes):
        raise UsageError(
            "has changes that are no tables", where=place, next_step="Write each as [[change]]"
        )
    if not changes:
        raise UsageError("has no change", where=place, next_step="Write each as [[change]]")
    return Scenario(
        str(given.get("name") or name),
        tuple(_change(one, f"{place}, change {n}") for n, one in enumerate(changes, start=1)),
    )


def _change(given: Mapping[str, Any], where: str) -> Change:
    names = [one.name for one in fields(Change) if one.name not in ("how", "amount", "first")]
    _check_keys(given, (*names, "from", *_HOW), where)
    component = given.get("component", "")
    check_code(component, COMPONENTS, "is no component", where=f"{where}, component")
    said = [how for how in _HOW if how in given]
    if len(said) != 1:
        raise UsageError(
            "must be said by one of three numbers", where=where, value=", ".join(said) or None,
            allowed=_HOW,
        )  # fmt: skip
    amount = given[said[0]]
    if not _is_number(amount, int | float, -_MOST, _MOST):
        raise UsageError(
            "is no number that can be", where=f"{where}, {said[0]}", value=str(amount)[:40],
            allowed=f"a number such as 0.5, from {-_MOST:.0f} to {_MOST:.0f}",
        )  # fmt: skip
    sex = given.get("sex")
    if sex is not None:
        check_code(sex, SEXES, "is no sex", where=f"{where}, sex")
    groups = given.get("groups", [])
    groups = [groups] if isinstance(groups, str) else groups
    if not isinstance(groups, list) or not all(isinstance(one, str) for one in groups):
        raise UsageError(
            "is no list of groups", where=f"{where}, groups", value=str(groups)[:40],
            allowed='names such as ["native", "eu8"]',
        )  # fmt: skip
    fade_in, first = given.get("fade_in", 0), given.get("from")
    for name, value in (("fade_in", fade_in), ("from", first)):
        if value is not None and not _is_number(value, int, 0, _LAST_YEAR):
            raise UsageError(
                "is no number of years" if name == "fade_in" else "is no year",
                where=f"{where}, {name}", value=str(value)[:40],
                allowed=f"a whole number from 0 to {_LAST_YEAR}",
            )  # fmt: skip
    return Change(
        component, said[0], float(amount), tuple(groups), sex or "",  # type: ignore[arg-type]
        _ages(given.get("ages"), f"{where}, ages"), first, fade_in,
    )  # fmt: skip


def _is_number(value: Any, kind: Any, least: float, most: float) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and least <= value <= most


def _ages(given: object, where: str) -> tuple[int, int] | None:
    if given is None:
        return None
    found = re.fullmatch(r"(\d{1,3})(-(\d{1,3})?)?", str(given), re.ASCII)
    if not found:
        raise UsageError("are no ages", where=where, value=given, allowed=_AGES)
    first = int(found[1])
    last = int(found[3]) if found[3] else _OLDEST if found[2] else first
    if first > last:
        raise UsageError("end before they begin", where=where, value=given, allowed=_AGES)
    return first, last


def _check_keys(given: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in given:
        check_code(key, known, "is no key of a scenario", where=where)


def _changed(
    rates: Rates, change: Change, structure: Structure, first: int, steps: int, where: str
) -> Rates:
    name = "emigration" if change.component == "return" else change.component
    cells = _cells(change, structure, where)
    weight = _in_time(change, structure, first, steps)[:, None, None, None] * cells
    old: Floats = getattr(rates, name)
    if change.component == "fertility":
        cells, weight = cells[:, FEMALE], weight[..., FEMALE, :]
    whole = (old * cells).sum(axis=(-3, -2, -1), keepdims=True) if name == "immigration" else None
    nobody_comes = whole is not None and not whole.any()
    if not cells.any() or (nobody_comes and change.how != "multiply" and change.amount):
        raise UsageError(
            "is of nobody", where=where,
            next_step="Look at its groups, sex and ages: `return` is of those abroad, immigrants "
            "come to their first year (`eu8_0`), and mothers are female",
        )  # fmt: skip
    # Immigrants are so many in all, and by sex and age as those who came.
    base = old if whole is None else whole
    target: Floats = {
        "multiply": base * change.amount,
        "add": base + change.amount,
        "set": np.full_like(base, change.amount),
    }[change.how]
    if whole is not None:
        target = old * np.divide(target, whole, out=np.zeros_like(whole), where=whole != 0)
    new = old + weight * (target - old)
    if ((new < 0) & (old >= 0)).any():
        raise UsageError(
            "makes rates or numbers negative", where=f"{where}, {change.how}", value=change.amount,
            next_step="Multiply instead, or take away less",
        )  # fmt: skip
    changed: dict[str, Any] = {name: new}
    return replace(rates, **changed)


def _in_time(change: Change, structure: Structure, first: int, steps: int) -> Floats:
    """How much of a change holds in each step."""
    years = first + structure.width * np.arange(steps)
    since = years - (change.first if change.first is not None else first)
    come = np.clip((since + structure.width) / max(change.fade_in, structure.width), 0, 1)
    return np.where(since >= 0, come, 0.0)


def _cells(change: Change, structure: Structure, where: str) -> NDArray[np.bool_]:
    """Whom a change is of: (groups, 2, ages)."""
    sexes = np.array([change.sex in ("", sex) for sex in SEXES])
    lower = structure.lower_ages
    youngest, oldest = change.ages or (0, _OLDEST)
    ages = (lower + structure.width > youngest) & (lower <= oldest)
    groups = _groups(change, structure, where)
    if change.component == "fertility":
        sexes[MALE] = False
    return np.asarray(groups[:, None, None] & sexes[:, None] & ages)


def _groups(change: Change, structure: Structure, where: str) -> NDArray[np.bool_]:
    """The groups whose rates change."""
    known = dict.fromkeys(part for g in structure.groups for part in (*g.part_of, g.code))
    for name in change.groups:
        check_code(name, known, "is no group", where=f"{where}, groups")
    named = np.array(
        [not change.groups or bool({g.code, *g.part_of} & {*change.groups})
         for g in structure.groups]
    )  # fmt: skip
    if change.component == "emigration":
        return named & structure.resident
    return named & ~structure.resident if change.component == "return" else named
