"""What a reader changes: components in per cent of what they were, and the scenario that it is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from folkestrom.model.names import suggestion
from folkestrom.projection.groups import BORN_HERE
from folkestrom.projection.scenario import Scenario, scenario_of
from folkestrom.publish.statbank.problems import NO_VALUE, NO_VARIABLE, Problem, quoted

#: Years that are projected.
YEARS: Final = 80
#: Of what was: in per cent.
UNCHANGED: Final = 100
#: The year that is looked at, if no other is named, so many years on.
_LOOKED_AT: Final = 40
_YEAR: Final = "year"
_NAME: Final = "Changed on the web site"


@dataclass(frozen=True, slots=True)
class Lever:
    """A component that is multiplied.

    Parameters
    ----------
    id
        Its name in addresses, and of its texts.
    component, groups
        As in the file of a scenario.
    least, most
        In per cent of what it was.
    """

    id: str
    component: str
    groups: tuple[str, ...] = ()
    least: int = 0
    most: int = 200


LEVERS: Final = (
    Lever("emigration_born_here", "emigration", BORN_HERE),
    Lever("emigration_immigrants", "emigration", ("immigrants",)),
    Lever("return", "return"),
    Lever("immigration", "immigration"),
    Lever("fertility", "fertility", least=50, most=150),
    Lever("mortality", "mortality", least=50, most=150),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks for.

    Parameters
    ----------
    levels
        In per cent of what was, by lever.
    year
        The year that is looked at.
    """

    levels: tuple[int, ...]
    year: int

    @property
    def changed(self) -> tuple[Lever, ...]:
        """The levers that are moved."""
        return tuple(one for one, level in zip(LEVERS, self.levels, strict=True)
                     if level != UNCHANGED)  # fmt: skip

    def level(self, lever: Lever) -> int:
        """Where a lever is, in per cent of what was."""
        return self.levels[LEVERS.index(lever)]

    def alone(self, lever: Lever) -> tuple[int, ...]:
        """Levels with one lever where it is, and all others where they were."""
        return tuple(level if one is lever else UNCHANGED
                     for one, level in zip(LEVERS, self.levels, strict=True))  # fmt: skip

    def query(self, first: int) -> str:
        """What restores it, as it stands in an address.

        Parameters
        ----------
        first
            The year in which the projection starts.
        """
        said = {one.id: self.level(one) for one in self.changed}
        if self.year != first + _LOOKED_AT:
            said[_YEAR] = self.year
        return urlencode(said)


def wanted(parameters: Iterable[tuple[str, str]], first: int) -> Wanted:
    """What the parameters of an address ask for.

    Parameters
    ----------
    parameters
        Names and values; what is left out is as it was.
    first
        The year in which the projection starts.

    Raises
    ------
    Problem
        A name that is none, one that is there twice, or what is no whole number in its range.

    Examples
    --------
    >>> wanted([("fertility", "110")], 2021).query(2021)
    'fertility=110'
    """
    limits = {one.id: (one.least, one.most) for one in LEVERS} | {_YEAR: (first, first + YEARS)}
    values = dict.fromkeys(limits, UNCHANGED) | {_YEAR: first + _LOOKED_AT}
    seen = set()
    for name, value in parameters:
        if name not in limits:
            said = f"{quoted(name)} is no assumption. Allowed: {', '.join(limits)}."
            meant = suggestion(name, limits)
            raise Problem(NO_VARIABLE, f"{said} {meant}" if meant else said, 400)
        least, most = limits[name]
        is_number = value.isascii() and value.isdecimal() and len(value) <= len(str(most))
        if name in seen or not (is_number and least <= int(value) <= most):
            raise Problem(
                NO_VALUE, f"{quoted(value)} cannot be {name}. Allowed: one whole number from "
                f"{least} to {most}.", 400,
            )  # fmt: skip
        seen.add(name)
        values[name] = int(value)
    return Wanted(tuple(values[one.id] for one in LEVERS), values[_YEAR])


def scenario(levels: tuple[int, ...]) -> Scenario:
    """The scenario of levels.

    Parameters
    ----------
    levels
        In per cent of what was, by lever.

    Examples
    --------
    >>> scenario((50, 100, 100, 100, 100, 100)).changes[0].amount
    0.5
    """
    changes = _changes(levels)
    return scenario_of({"change": changes}, _NAME) if changes else Scenario(_NAME)


def written(levels: tuple[int, ...]) -> str:
    """The scenario of levels as a file that `folkestrom project --scenario` reads.

    Parameters
    ----------
    levels
        In per cent of what was, by lever.

    Examples
    --------
    >>> print(written((100, 50, 100, 100, 100, 100)))
    name = "Changed on the web site"
    <BLANKLINE>
    [[change]]
    component = "emigration"
    groups = ["immigrants"]
    multiply = 0.5
    <BLANKLINE>
    """
    lines = [f"name = {json.dumps(_NAME)}", ""]
    for change in _changes(levels):
        lines += [
            "[[change]]",
            *(f"{key} = {json.dumps(said)}" for key, said in change.items()),
            "",
        ]
    return "\n".join(lines)


def _changes(levels: tuple[int, ...]) -> list[dict[str, Any]]:
    """Changes as a file of a scenario says them."""
    return [
        {"component": one.component}
        | ({"groups": [*one.groups]} if one.groups else {})
        | {"multiply": level / UNCHANGED}
        for one, level in zip(LEVERS, levels, strict=True) if level != UNCHANGED
    ]  # fmt: skip
