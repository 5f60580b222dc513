"""Scenarios: small files that say what changes in the assumptions, how much, and when.

Statistics Norway's alternatives are built in under their letters, and some short ones by name.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from itertools import combinations, product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.model.names import check_code, unknown, without_effect
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.changes import (
    COMPONENTS,
    HOW,
    OLDEST,
    Change,
    Span,
    cells_of,
    changed,
    started,
)
from folkestrom.projection.structure import SEXES, Structure

#: What a change may say at most, and its years: more is a slip of the pen.
_MOST: Final = 1e9
_LAST_YEAR: Final = 9999
_AGES: Final = "30-39, 67- or 30"
#: So many groups are named of those that two changes meet in.
_MOST_NAMED: Final = 4
_ENDS: Final = ("origins", "destinations")
_KEYS: Final = ("component", "groups", "sex", "ages", *_ENDS, "from", "fade_in", *HOW)
#: What each letter of an alternative is of, in Statistics Norway's order; of three letters the
#: third, of moves within the country, is left out.
_LETTERS: Final = ("fertility", "mortality", "internal", "migration")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Changes under a name, in the order in which they are made.

    Parameters
    ----------
    name
        What it is called.
    changes
        The changes; of a range, as they are at its lower end.
    upper
        The changes at the upper end; none: it is no range.
    parts
        The scenarios that it is composed of; none: of itself.
    place
        Where it stands, for errors.
    """

    name: str
    changes: tuple[Change, ...] = field(default=())
    upper: tuple[Change, ...] = ()
    parts: tuple[Scenario, ...] = field(default=(), compare=False, repr=False)
    place: str = field(default="", compare=False, repr=False)

    @property
    def fingerprint(self) -> str:
        """What tells it from every other, whatever it is called."""
        said = (self.changes, self.upper) if self.upper else self.changes
        return hashlib.sha256(repr(said).encode()).hexdigest()[:12]

    def __add__(self, other: Scenario) -> Scenario:
        """Both, one after the other. Whether they contradict each other shows in `applied`."""
        upper = (self.upper or self.changes) + (other.upper or other.changes)
        return Scenario(
            f"{self.name} + {other.name}", self.changes + other.changes,
            upper if self.upper or other.upper else (),
            (self.parts or (self,)) + (other.parts or (other,)),
        )  # fmt: skip

    @property
    def ends(self) -> tuple[Scenario, ...]:
        """The scenario; of a range, that at its lower end and that at its upper.

        Examples
        --------
        >>> [(one.name, one.changes[0].amount) for one in named("over-coverage").ends]
        [('over-coverage: 0', 0.0), ('over-coverage: 0.03', 0.03)]
        """
        return (self.at(0), self.at(1)) if self.upper else (self,)

    def at(self, share: float) -> Scenario:
        """The scenario at a place in its range; several ranges of one go together.

        Parameters
        ----------
        share
            0 at the lower end, 1 at the upper.
        """
        if not self.upper:
            return self
        pairs = [*zip(self.changes, self.upper, strict=True)]
        amounts = [low.amount + share * (high.amount - low.amount) for low, high in pairs]
        said = [f"{n:g}" for n, (low, high) in zip(amounts, pairs, strict=True) if low != high]
        made = [replace(low, amount=n) for n, (low, _) in zip(amounts, pairs, strict=True)]
        parts = tuple(part.at(share) for part in self.parts)
        return Scenario(f"{self.name}: {', '.join(said)}", tuple(made), (), parts, self.place)

    @property
    def says_levels(self) -> bool:
        """Whether it says what the level of fertility or mortality is to be."""
        of = ("fertility", "mortality")
        return any(one.component in of and one.how in ("level", "set") for one in self.changes)

    @property
    def changes_moves(self) -> bool:
        """Whether it changes moves between areas."""
        return any(change.component == "moves" for change in self.changes)

    def applied(
        self, rates: Rates, structure: Structure, first: int, steps: int,
        population: Floats | None = None,
    ) -> Rates:  # fmt: skip
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
        population
            Persons at the beginning: (groups, 2, ages). Levels need it.

        Raises
        ------
        UsageError
            A group that is none, or what becomes less than nothing; a range; parts that say of the
            same persons that a component is to be this and that.
        """
        self._check_parts(structure, first)
        span = Span(structure, first, steps, population)
        for place, number, change in self.placed():
            rates = changed(rates, change, span, f"{place}, change {number}")
        return rates

    def placed(self) -> Iterator[tuple[str, int, Change]]:
        """Changes, and the place and the number of each."""
        if self.upper:
            raise UsageError(
                "is a range, and one scenario is asked for", where=f"scenario {self.name}",
                next_step="Give one number of it",
            )  # fmt: skip
        for part in self.parts or (self,):
            place = part.place or f"scenario {part.name}"
            for number, change in enumerate(part.changes, start=1):
                yield place, number, change

    def _check_parts(self, structure: Structure, first: int) -> None:
        """Two parts may not set one component of the same cells to different levels."""
        for own, others in combinations(self.parts, 2):
            for (place, n, one), (place2, n2, other) in product(own.placed(), others.placed()):
                if not one.contradicts(other):
                    continue
                met = cells_of(one, structure, place) & cells_of(other, structure, place2)
                if met.any():
                    begins = max(one.first or first, other.first or first)
                    raise UsageError(
                        "contradict each other: both say what it is to be",
                        where=f"{place}, change {n} + {place2}, change {n2}",
                        value=_named_cells(one, met, structure, begins),
                        next_step="Give each groups, sexes or ages of its own, multiply in one of "
                        "them, or write both into one file, where the later holds",
                    )  # fmt: skip

    def started(self, population: Floats, structure: Structure) -> Floats:
        """The population at the beginning as it is in this scenario: less over-coverage, say.

        Parameters
        ----------
        population
            Persons: (groups, 2, ages).
        structure
            The cells.
        """
        for place, number, change in self.placed():
            population = started(population, change, structure, f"{place}, change {number}")
        return population


def _named_cells(
    change: Change, cells: NDArray[np.bool_], structure: Structure, begins: int
) -> str:
    """What changes are of, in the words of their keys."""
    groups = [g.code for g, met in zip(structure.groups, cells, strict=True) if met.any()]
    sexes = [sex for n, sex in enumerate(SEXES) if cells[:, n].any()]
    ages = structure.lower_ages[cells.any((0, 1))]
    named = " ".join(groups[:_MOST_NAMED]) + " …" * (len(groups) > _MOST_NAMED)
    last = "" if ages[-1] == structure.lower_ages[-1] else ages[-1] + structure.width - 1
    sex = f", sex {sexes[0]}" if len(sexes) == 1 and change.component != "fertility" else ""
    return f"{change.component}, groups {named}{sex}, ages {ages[0]}-{last}, from {begins}"


def named(name: str) -> Scenario:
    """A scenario that is built in, by its name or the letters of an alternative.

    Parameters
    ----------
    name
        A name, such as "half-emigration"; three or four letters, such as "MMM" or "HMML"; or
        several of these with + between them.

    Raises
    ------
    UsageError
        A name that is none.

    Examples
    --------
    >>> [change.component for change in named("LM0 + half-emigration").changes]
    ['fertility', 'mortality', 'mortality', 'migration', 'emigration']
    """
    first, *others = (_named(part.strip()) for part in name.split("+"))
    for other in others:
        first = first + other
    return first


def built_in() -> tuple[str, ...]:
    """Names of the scenarios that are built in."""
    return tuple(_data("scenarios.toml"))


def _named(name: str) -> Scenario:
    if re.fullmatch(r"[A-Z0]{3,4}", name):
        return _alternative(name)
    if name not in built_in():
        raise unknown(
            name, built_in(), "is neither a file nor a scenario that is built in",
            where="scenario", further="Letters of an alternative are such as MMM or HMML",
        )  # fmt: skip
    return scenario_of(_data("scenarios.toml")[name], name, f"scenario {name}")


def _alternative(letters: str) -> Scenario:
    known = _data("alternatives.toml")
    parts = _LETTERS if len(letters) == len(_LETTERS) else [p for p in _LETTERS if p != "internal"]
    changes: list[dict[str, Any]] = []
    for part, letter in zip(parts, letters, strict=True):
        where = f"alternative {letters}, {part}"
        check_code(letter, known[part], "is no letter of an alternative", where=where)
        changes += known[part][letter]
    place = f"alternative {letters}"
    return Scenario(letters, tuple(_change(one, place) for one in changes), place=place)


@cache
def _data(name: str) -> dict[str, Any]:
    return tomllib.loads((files("folkestrom.projection") / "data" / name).read_text("utf-8"))


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
    pairs = [_ends(one, f"{place}, change {n}") for n, one in enumerate(changes, start=1)]
    low, high = zip(*pairs, strict=True)
    return Scenario(str(given.get("name") or name), low, high if high != low else (), place=place)


def _ends(given: Mapping[str, Any], where: str) -> tuple[Change, Change]:
    """A change at both ends of the range that its number is, or twice where it is none."""
    for how in HOW:
        if isinstance(values := given.get(how), list):
            if (
                len(values) != 2
                or not all(_is_number(one, int | float, -_MOST, _MOST) for one in values)
                or values[0] >= values[1]
            ):
                raise UsageError(
                    "is no range", where=f"{where}, {how}", value=str(values)[:40],
                    allowed="two numbers, the lower first, such as [0.01, 0.03]",
                )  # fmt: skip
            low, high = (_change({**given, how: one}, where) for one in values)
            return low, high
    one = _change(given, where)
    return one, one


def _change(given: Mapping[str, Any], where: str) -> Change:
    _check_keys(given, _KEYS, where)
    component = given.get("component", "")
    check_code(component, (*COMPONENTS,), "is no component", where=f"{where}, component")
    said = [how for how in HOW if how in given]
    if len(said) != 1 or said[0] not in COMPONENTS[component]:
        raise UsageError(
            "must be said by one number", where=where, value=", ".join(said) or None,
            allowed=COMPONENTS[component],
        )  # fmt: skip
    path = _path(given[said[0]], f"{where}, {said[0]}")
    sex = given.get("sex")
    if sex is not None:
        check_code(sex, SEXES, "is no sex", where=f"{where}, sex")
    groups = _listed(given, "groups", "is no list of groups", 'names such as ["native", "eu8"]',
                     where)  # fmt: skip
    ends = [
        _listed(given, end, "is no list of areas", 'codes such as ["03", "11"]', where)
        for end in _ENDS
    ]
    if component != "moves" and any(ends):
        raise without_effect(
            f"{where}, origins, destinations", component, "only moves are from where to where",
            "Leave them out, or say of what areas moves change",
        )  # fmt: skip
    fade_in, first = given.get("fade_in", 0), given.get("from")
    for name, value in (("fade_in", fade_in), ("from", first)):
        if value is not None and not _is_number(value, int, 0, _LAST_YEAR):
            raise UsageError(
                "is no number of years" if name == "fade_in" else "is no year",
                where=f"{where}, key {name}", value=str(value)[:40],
                allowed=f"a whole number from 0 to {_LAST_YEAR}",
            )  # fmt: skip
    ages = ages_of(given["ages"], f"{where}, ages") if "ages" in given else None
    if (len(path) > 1 and (fade_in or first is not None)) or (
        component == "population" and ({"from", "fade_in"} & given.keys() or len(path) > 1)
    ):
        raise UsageError(
            "says twice when it comes", where=where, value=component,
            next_step="Give years with their numbers, or `from` and `fade_in`, and of the "
            "population at the beginning neither",
        )  # fmt: skip
    return Change(
        component, said[0], path[0][1], groups, sex or "",
        ages, first, fade_in, path if len(path) > 1 else (), *ends,
    )  # fmt: skip


def _listed(
    given: Mapping[str, Any], key: str, wrong: str, allowed: str, where: str
) -> tuple[str, ...]:
    """Names of a key, one or several."""
    names = given.get(key, [])
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise UsageError(wrong, where=f"{where}, {key}", value=str(names)[:40], allowed=allowed)
    return tuple(names)


def _path(given: Any, where: str) -> tuple[tuple[int, float], ...]:
    """Years with their amounts; one amount is of year 0."""
    points = given if isinstance(given, dict) else {"0": given}
    for year, amount in points.items():
        if not str(year).isdecimal() or not _is_number(amount, int | float, -_MOST, _MOST):
            raise UsageError(
                "is no number that can be", where=where, value=str(amount)[:40],
                allowed=f"a number such as 0.5, from {-_MOST:.0f} to {_MOST:.0f}, or several by "
                "year such as {2025 = 1.5, 2040 = 1.7}",
            )  # fmt: skip
    if not points:
        raise UsageError("has no year", where=where)
    return tuple(sorted((int(year), float(amount)) for year, amount in points.items()))


def _is_number(value: Any, kind: Any, least: float, most: float) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and least <= value <= most


def ages_of(given: object, where: str) -> tuple[int, int]:
    """The first and the last age of a text such as 30-39, 67- or 30.

    Examples
    --------
    >>> ages_of("30-39", "ages"), ages_of(30, "ages")
    ((30, 39), (30, 30))
    """
    found = re.fullmatch(r"(\d{1,3})(-(\d{1,3})?)?", str(given), re.ASCII)
    if not found:
        raise UsageError("are no ages", where=where, value=given, allowed=_AGES)
    first = int(found[1])
    last = int(found[3]) if found[3] else OLDEST if found[2] else first
    if first > last:
        raise UsageError("end before they begin", where=where, value=given, allowed=_AGES)
    return first, last


def _check_keys(given: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in given:
        check_code(key, known, "is no key of a scenario", where=where)
