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
from folkestrom.projection.structure import FEMALE, SEXES, Structure

#: What can change. Return is the emigration of those who live abroad.
COMPONENTS: Final = ("mortality", "fertility", "immigration", "emigration", "return")
#: How. Whatever a change adds or sets is by person-year, of immigration by number of persons.
_HOW: Final = ("multiply", "add", "set")
_OLDEST: Final = 999


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
    return Scenario(
        str(given.get("name", name)),
        tuple(_change(one, f"{place}, change {n}") for n, one in enumerate(changes, start=1)),
    )


def _change(given: Mapping[str, Any], where: str) -> Change:
    names = [one.name for one in fields(Change) if one.name not in ("how", "amount", "first")]
    _check_keys(given, (*names, "from", *_HOW), where)
    component = given.get("component", "")
    check_code(component, COMPONENTS, "is no component", where=f"{where}, component")
    said = [how for how in _HOW if how in given]
    if len(said) != 1 or not _is_number(given[said[0]]):
        raise UsageError(
            "must be said by one of three numbers", where=where, value=", ".join(said) or None,
            allowed=_HOW,
        )  # fmt: skip
    sex = given.get("sex", "")
    check_code(sex, ("", *SEXES), "is no sex", where=f"{where}, sex")
    groups = given.get("groups", [])
    if isinstance(groups, str):
        groups = [groups]
    fade_in, first = given.get("fade_in", 0), given.get("from")
    for name, value in (("fade_in", fade_in), ("from", first)):
        if value is not None and not (isinstance(value, int) and value >= 0):
            raise UsageError("is no year", where=f"{where}, {name}", value=value)
    return Change(
        component, said[0], float(given[said[0]]), tuple(map(str, groups)), sex,  # type: ignore[arg-type]
        _ages(given.get("ages"), f"{where}, ages"), first, fade_in,
    )  # fmt: skip


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)


def _ages(given: object, where: str) -> tuple[int, int] | None:
    if given is None:
        return None
    found = re.fullmatch(r"(\d{1,3})(-(\d{1,3})?)?", str(given), re.ASCII)
    if not found:
        raise UsageError("are no ages", where=where, value=given, allowed="30-39, 67- or 30")
    first = int(found[1])
    last = int(found[3]) if found[3] else _OLDEST if found[2] else first
    if first > last:
        raise UsageError("end before they begin", where=where, value=given)
    return first, last


def _check_keys(given: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in given:
        check_code(key, known, "is no key of a scenario", where=where)


def _changed(
    rates: Rates, change: Change, structure: Structure, first: int, steps: int, where: str
) -> Rates:
    name = "emigration" if change.component == "return" else change.component
    weight = _weight(change, structure, first, steps, where)
    old: Floats = getattr(rates, name)
    if change.component == "fertility":
        weight = weight[..., FEMALE, :]
    target = {
        "multiply": old * change.amount,
        "add": old + change.amount,
        "set": np.full_like(old, change.amount),
    }[change.how]
    new = old + weight * (target - old)
    if change.component != "immigration" and (new < 0).any():
        raise UsageError(
            "makes rates less than nothing", where=f"{where}, {change.how}", value=change.amount,
            next_step="Multiply instead, or take away less",
        )  # fmt: skip
    changed: dict[str, Any] = {name: new}
    return replace(rates, **changed)


def _weight(change: Change, structure: Structure, first: int, steps: int, where: str) -> Floats:
    """How much of a change holds: (steps, groups, 2, ages)."""
    years = first + structure.width * np.arange(steps)
    since = years - (change.first if change.first is not None else first)
    come = np.clip((since + structure.width) / max(change.fade_in, structure.width), 0, 1)
    in_time = np.where(since >= 0, come, 0.0)
    sexes = np.array([change.sex in ("", sex) for sex in SEXES])
    lower = structure.lower_ages
    youngest, oldest = change.ages or (0, _OLDEST)
    ages = (lower + structure.width > youngest) & (lower <= oldest)
    groups = _groups(change, structure, where)
    return np.asarray(
        in_time[:, None, None, None]
        * (groups[:, None, None] & sexes[:, None] & ages).astype(np.float64)
    )


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
