"""What a scenario changes: one component, by how much, whose, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.model.names import check_code
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.indicators import remaining_years
from folkestrom.projection.projecting import project
from folkestrom.projection.structure import FEMALE, MALE, SEXES, Structure

How: TypeAlias = Literal["multiply", "add", "set", "level", "fixed", "over_coverage"]
_RATES: Final = ("multiply", "add", "set")
#: What can change, and how. Return is the emigration of those who live abroad.
COMPONENTS: Final[Mapping[str, tuple[How, ...]]] = {
    "mortality": (*_RATES, "level"),
    "fertility": (*_RATES, "level"),
    "immigration": (*_RATES, "level"),
    "emigration": _RATES,
    "return": (*_RATES, "fixed"),
    "net_migration": ("level",),
    "migration": ("multiply",),
    "moves": _RATES,
    "population": ("multiply", "over_coverage"),
}
HOW: Final = (*_RATES, "level", "fixed", "over_coverage")
#: What says what something is to be, whatever it was.
_TOLD: Final = {"set", "level", "fixed"}
OLDEST: Final = 999
_ROUNDS: Final = 60
#: Persons that net migration may miss its level by.
_CLOSE: Final = 0.01
#: Where a level of life expectancy is wanted, death rates change evenly, in per cent, up to the
#: first age, and from there on less and less, until those from the second on stay as they are. In
#: Norway they fell by 2.4 per cent a year up to 80 in 1990-2019, by 1.5 at 85-89, 0.9 at 90-94,
#: 0.3 at 95-99 and 0.1 above (both sexes, Human Mortality Database).
_EVEN_TO, _STILL_FROM = 80, 100


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one component.

    Parameters
    ----------
    component
        One of `COMPONENTS`.
    how, amount
        "multiply", "add", "set" or "level", and the number; of return also "fixed": as many each
        year as the rates give at first, times the number, however many live abroad; of the
        population also "over_coverage": the share that is not there.
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
    path
        Years, each with its amount, evenly from one to the next; empty: one amount for all.
    origins, destinations
        Of moves: codes of the areas from where and to where; empty: all.
    """

    component: str
    how: How
    amount: float
    groups: tuple[str, ...] = ()
    sex: str = ""
    ages: tuple[int, int] | None = None
    first: int | None = None
    fade_in: int = 0
    path: tuple[tuple[int, float], ...] = ()
    origins: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_code(self.component, (*COMPONENTS,), "is no component", where="change, component")
        check_code(self.how, COMPONENTS[self.component], "does not change this component",
                   where=f"change, {self.component}")  # fmt: skip
        if self.sex:
            check_code(self.sex, SEXES, "is no sex", where="change, sex")

    def contradicts(self, other: Change) -> bool:
        """Whether both say what one component is to be, and not the same; of whomever they are."""
        components = {self.component, other.component}
        if not {self.how, other.how} <= _TOLD:
            return False
        named = ((self.origins, other.origins), (self.destinations, other.destinations))
        if any(one and another and not {*one} & {*another} for one, another in named):
            return False
        if len(components) > 1:
            # Net migration is brought to its level by immigration.
            return components == {"immigration", "net_migration"}
        return (self.how, self.amount, self.path) != (other.how, other.amount, other.path)


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """What changes are made in.

    Parameters
    ----------
    structure
        The cells.
    first, steps
        The year in which the first step begins, and how many there are.
    population
        Persons at its beginning: (groups, 2, ages); None: not known.
    """

    structure: Structure
    first: int
    steps: int
    population: Floats | None = None

    @property
    def years(self) -> NDArray[np.intp]:
        """In which each step begins."""
        return self.first + self.structure.width * np.arange(self.steps, dtype=np.intp)

    def check_begins(self, change: Change, where: str) -> None:
        """Refuse what begins when all is over."""
        if change.first is not None and change.first > self.years[-1]:
            raise UsageError(
                "begins after the last year", where=f"{where}, key from", value=change.first,
                allowed=f"up to {self.years[-1]}", next_step="Project further, or begin earlier",
            )  # fmt: skip

    def persons(self, where: str) -> Floats:
        """The population, where it is needed."""
        if self.population is None:
            raise UsageError("needs the population at the beginning", where=where)
        return self.population


def changed(rates: Rates, change: Change, span: Span, where: str) -> Rates:
    """Rates as a change makes them.

    Parameters
    ----------
    rates
        Those before it.
    change
        The change.
    span
        What it is made in.
    where
        Where it stands, for errors.

    Raises
    ------
    UsageError
        A group that is none, what becomes less than nothing, or begins when all is over.
    """
    span.check_begins(change, where)
    if change.component in ("population", "moves"):
        return rates
    if change.component == "net_migration":
        return _of_net_migration(rates, change, span, where)
    if change.component == "migration":
        for part in ("immigration", "emigration"):
            rates = _by_number(rates, replace(change, component=part), span, where)
        abroad = not span.structure.resident.all()
        back = replace(change, component="return")
        return _by_number(rates, back, span, where) if abroad else rates
    if change.how == "level" and change.component != "immigration":
        return _of_level(rates, change, span, where)
    if change.how == "fixed":
        return _of_fixed_return(rates, change, span, where)
    return _by_number(rates, change, span, where)


def started(population: Floats, change: Change, structure: Structure, where: str) -> Floats:
    """The population at the beginning, as a change of it makes it."""
    if change.component != "population":
        return population
    cells = cells_of(change, structure, where)
    check_anyone(cells, where)
    there = change.amount
    if change.how == "over_coverage":
        if not 0 <= change.amount <= 1:
            raise UsageError(
                "is no share", where=f"{where}, over_coverage", value=change.amount,
                allowed="0 to 1", next_step="Of more than are registered, say `multiply`",
            )  # fmt: skip
        there = 1 - change.amount
    check_not_negative(change, there < 0, where)
    return np.where(cells, population * there, population)


def _by_number(rates: Rates, change: Change, span: Span, where: str) -> Rates:
    name = "emigration" if change.component == "return" else change.component
    cells = cells_of(change, span.structure, where)
    weight = in_time(change, span)[:, None, None, None] * cells
    amount = amounts(change, span)[:, None, None, None]
    old: Floats = getattr(rates, name)
    if change.component == "fertility":
        cells, weight, amount = cells[:, FEMALE], weight[..., FEMALE, :], amount[..., 0]
    whole = (old * cells).sum(axis=(-3, -2, -1), keepdims=True) if name == "immigration" else None
    nobody_comes = whole is not None and not whole.any()
    check_anyone(cells, where)
    if nobody_comes and change.how != "multiply" and amount.any():
        raise of_nobody(where)
    if whole is None:
        check_rate(change, amount, where)
    # Immigrants are so many in all, and by sex and age as those who came.
    base = old if whole is None else whole
    target: Floats = {
        "multiply": base * amount, "add": base + amount, "set": 0 * base + amount,
        "level": 0 * base + amount,
    }[change.how]  # fmt: skip
    if whole is not None:
        target = old * np.divide(target, whole, out=np.zeros_like(target), where=whole != 0)
    new = old + weight * (target - old)
    check_not_negative(change, bool(((new < 0) & (old >= 0)).any()), where)
    changed: dict[str, Any] = {name: new}
    return replace(rates, **changed)


def check_anyone(cells: NDArray[np.bool_], where: str) -> None:
    """Refuse a change of nobody."""
    if not cells.any():
        raise of_nobody(where)


def check_rate(change: Change, amount: Floats, where: str) -> None:
    """Refuse what is added or set and is no rate."""
    if change.how in ("add", "set") and (amount > 1).any():
        raise UsageError(
            "is no rate by person-year", where=f"{where}, {change.how}",
            value=float(amount.max()), allowed="up to 1",
            next_step="Divide per cent by 100, and rates per 1 000 by 1 000",
        )  # fmt: skip


def of_nobody(where: str) -> UsageError:
    """What to raise for a change of nobody."""
    return UsageError(
        "is of nobody", where=where,
        next_step="Look at its groups, sex and ages: `return` is of those abroad, immigrants "
        "come to their first year (`eu8_0`), mothers are female, and moves are to another area",
    )  # fmt: skip


def check_not_negative(change: Change, negative: bool, where: str) -> None:
    """Refuse what takes away more than there is."""
    if negative:
        raise UsageError(
            "makes rates or numbers negative", where=f"{where}, {change.how}", value=change.amount,
            next_step="Multiply instead, or take away less",
        )  # fmt: skip


def _of_level(rates: Rates, change: Change, span: Span, where: str) -> Rates:
    """Mortality by life expectancy at birth, fertility by children per woman."""
    if change.ages is not None:
        raise UsageError(
            "cannot be said of a part of the ages", where=f"{where}, level",
            next_step="Leave `ages` out, or say `multiply`",
        )  # fmt: skip
    cells = cells_of(change, span.structure, where)
    here = cells & span.structure.resident[:, None, None]
    # A level is that of residents: who lives abroad has no children here.
    counted = here if here.any() else cells
    persons = span.persons(where) * counted
    weights = np.where(persons.sum(axis=0) > 0, persons, counted)
    share = np.divide(
        weights, weights.sum(axis=0), out=np.zeros_like(persons), where=counted.any(axis=0)
    )
    weight, wanted = in_time(change, span), amounts(change, span)
    if change.component == "fertility":
        old = rates.fertility
        level = span.structure.width * (old * share[:, FEMALE]).sum(axis=(-2, -1))
        factor = np.divide(
            level + weight * (wanted - level), level, out=np.zeros_like(level + weight),
            where=level > 0,
        )  # fmt: skip
        _check_reached(level, wanted, where, change)
        return replace(
            rates, fertility=old * np.where(cells[:, FEMALE], factor[..., None, None], 1.0)
        )
    mean = (rates.mortality * share).sum(axis=-3)
    years = remaining_years(mean, span.structure)[..., 0]
    aim = years + weight[:, None] * (wanted[:, None] - years)
    middles = span.structure.lower_ages + span.structure.width / 2
    pace = np.clip((_STILL_FROM - middles) / (_STILL_FROM - _EVEN_TO), 0, 1)
    low, high = np.full(aim.shape, -12.0), np.full(aim.shape, 12.0)
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        at = mean * np.exp(middle[..., None] * pace)
        longer = remaining_years(at, span.structure)[..., 0] > aim
        low, high = np.where(longer, middle, low), np.where(longer, high, middle)
    sexes = cells.any(axis=(0, 2))
    _check_reached(np.where(sexes, 11 - np.abs(low), 1), wanted, where, change)
    factor = np.exp(low[..., None] * pace)[..., None, :, :]
    return replace(rates, mortality=rates.mortality * np.where(cells, factor, 1.0))


def _check_reached(level: Floats, wanted: Floats, where: str, change: Change) -> None:
    if (level <= 0).any() or (wanted < 0).any():
        raise UsageError(
            "is a level that these rates cannot be brought to", where=f"{where}, level",
            value=change.amount, allowed="children per woman, or years of life expectancy at birth",
        )  # fmt: skip


def _of_net_migration(rates: Rates, change: Change, span: Span, where: str) -> Rates:
    """Immigration is as large as it takes, by group, sex and age as it was."""
    if change.groups or change.sex or change.ages is not None:
        raise UsageError(
            "is of all together, whoever they are", where=f"{where}, component",
            value=change.component,
            next_step="Leave groups, sex and ages out, or say it of immigration or emigration",
        )  # fmt: skip
    cells, persons, whom = span.structure, span.persons(where), (-3, -2, -1)
    come, aim = rates.immigration, None
    for _ in range(_ROUNDS):
        rates = replace(rates, immigration=come)
        found = project(cells, persons, rates.assumptions(cells), steps=span.steps)
        net = (found.immigration - found.emigration)[..., cells.resident, :, :].sum(axis=whom)
        if aim is None:
            aim = net + in_time(change, span) * (amounts(change, span) - net)
        whole = np.broadcast_to(come.sum(axis=whom), net.shape)
        factor = np.divide(aim - net, whole, out=np.full_like(net, -2.0), where=whole > 0) + 1
        if (factor < 0).any():
            raise UsageError(
                "is more emigration than immigration can balance", where=where,
                value=change.amount, next_step="Let fewer leave as well",
            )  # fmt: skip
        if np.abs(aim - net).max() < _CLOSE:
            break
        come = come * factor[..., None, None, None]
    return rates


def _of_fixed_return(rates: Rates, change: Change, span: Span, where: str) -> Rates:
    """Those abroad return in numbers of the first step, whatever becomes of them."""
    cells = cells_of(change, span.structure, where)
    check_anyone(cells, where)
    check_not_negative(change, change.amount < 0, where)
    returning = np.where(cells, rates.emigration, 0.0)
    number = returning[..., :1, :, :, :] * span.persons(where) * change.amount
    came = np.zeros(np.broadcast_shapes(rates.immigration.shape, number.shape))
    for group, to in enumerate(span.structure.places("leaves_to")):
        if to >= 0:
            came[..., to, :, :] += number[..., group, :, :]
    return replace(
        rates, emigration=np.where(cells, 0.0, rates.emigration),
        immigration=rates.immigration + span.structure.width * came,
    )  # fmt: skip


def amounts(change: Change, span: Span) -> Floats:
    """What it says of each step."""
    if not change.path:
        return np.full(span.steps, change.amount)
    years, amounts = zip(*change.path, strict=True)
    return np.asarray(np.interp(span.years, years, amounts))


def in_time(change: Change, span: Span) -> Floats:
    """How much of a change holds in each step."""
    width = span.structure.width
    since = span.years - (change.first if change.first is not None else span.first)
    come = np.clip((since + width) / max(change.fade_in, width), 0, 1)
    return np.where(since >= 0, come, 0.0)


def cells_of(change: Change, structure: Structure, where: str) -> NDArray[np.bool_]:
    """Whom a change is of: (groups, 2, ages).

    Parameters
    ----------
    change
        The change.
    structure
        The cells.
    where
        Where it stands, for errors.
    """
    sexes = np.array([change.sex in ("", sex) for sex in SEXES])
    lower = structure.lower_ages
    youngest, oldest = change.ages or (0, OLDEST)
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
    if change.component in ("emigration", "moves"):
        return named & structure.resident
    return named & ~structure.resident if change.component == "return" else named
