"""What a reader changes: components in per cent of what they were, and the scenario that it is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final
from urllib.parse import urlencode

from folkestrom.app.public.site.texts import text
from folkestrom.model.names import nearest_name
from folkestrom.model.specification import Language
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
#: Intervals that can be shown, in per cent of what may come, and figures that they are drawn of.
INTERVALS: Final = (50, 80, 95)
_INTERVAL, _FIGURE = "interval", "figure"
FIGURES: Final = (
    "old_age_dependency", "population", "median_age", "aged_80", "immigrants", "total_fertility",
    "life_expectancy_male", "life_expectancy_female",
)  # fmt: skip
#: Every choice of intervals, none too.
_SEVERAL: Final = tuple(
    ",".join(map(str, some))
    for n in range(len(INTERVALS) + 1)
    for some in combinations(INTERVALS, n)
)
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
    intervals, figure
        Intervals that are shown, and the figure that they are drawn of.
    """

    levels: tuple[int, ...]
    year: int
    intervals: tuple[int, ...] = ()
    figure: str = FIGURES[0]

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
        said: dict[str, object] = {one.id: self.level(one) for one in self.changed}
        if self.year != first + _LOOKED_AT:
            said[_YEAR] = self.year
        if self.intervals:
            said[_INTERVAL] = ",".join(map(str, self.intervals))
        if self.figure != FIGURES[0]:
            said[_FIGURE] = self.figure
        return urlencode(said, safe=",")


def wanted(
    parameters: Iterable[tuple[str, str]], first: int, language: Language = Language.EN
) -> Wanted:
    """What the parameters of an address ask for.

    Parameters
    ----------
    parameters
        Names and values; what is left out is as it was.
    first
        The year in which the projection starts.
    language
        Of what is said about those that cannot be.

    Raises
    ------
    Problem
        A name that is none, one that is there twice, or what is no value of it.

    Examples
    --------
    >>> wanted([("fertility", "110"), ("interval", "50,80")], 2021).query(2021)
    'fertility=110&interval=50,80'
    """
    limits = {one.id: (one.least, one.most) for one in LEVERS} | {_YEAR: (first, first + YEARS)}
    values = dict.fromkeys(limits, UNCHANGED) | {_YEAR: first + _LOOKED_AT}
    chosen = {_INTERVAL: "", _FIGURE: FIGURES[0]}
    listed = {_INTERVAL: _SEVERAL, _FIGURE: FIGURES}
    known, seen = (*limits, *listed), set[str]()
    for name, value in parameters:
        if name not in known:
            said = text("no-assumption", language, name=quoted(name), allowed=", ".join(known))
            if near := nearest_name(name, known):
                said = f"{said} {text('did-you-mean', language, name=near)}"
            raise Problem(NO_VARIABLE, said, 400)
        if name in listed:
            right = value in listed[name]
            allowed = ", ".join(one if name == _FIGURE else quoted(one) for one in listed[name])
        else:
            least, most = limits[name]
            is_number = value.isascii() and value.isdecimal() and len(value) <= len(str(most))
            right = is_number and least <= int(value) <= most
            allowed = text("one-whole-number", language, least=least, most=most)
        if name in seen or not right:
            raise Problem(NO_VALUE, text(
                "no-value-of-it", language, value=quoted(value), name=name, allowed=allowed), 400,
            )  # fmt: skip
        seen.add(name)
        if name in listed:
            chosen[name] = value
        else:
            values[name] = int(value)
    intervals = tuple(map(int, filter(None, chosen[_INTERVAL].split(","))))
    levels = tuple(values[one.id] for one in LEVERS)
    return Wanted(levels, values[_YEAR], intervals, chosen[_FIGURE])


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
