"""What is assumed of areas: the nation's rates times a factor of each, and moves between them.

Small areas are not estimated cell by cell. An area's factor is what was counted in it, of all ages
and groups together, by what the nation's rates make expected there (indirect standardisation),
drawn towards 1 the more the less is expected: the linear empirical Bayes estimator of Marshall
(1991, *Applied Statistics* 40, 283-294). Where movers go is a log-linear model of origin,
destination and class of ages with all two-way interactions (Raymer and Rogers 2007, *Demography*
44, 199-223).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Assumptions, Floats, Rates, checked_array, of_cohorts
from folkestrom.projection.counts import Counts
from folkestrom.projection.moves import Moves
from folkestrom.projection.projecting import Projection, Walk
from folkestrom.projection.structure import FEMALE, Structure

#: The first age of each class of ages whose movers go to other places.
AGE_CLASSES = (0, 18, 25, 35, 67)
_ROUNDS = 100
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """The areas of a projection.

    Parameters
    ----------
    mortality, fertility, emigration
        What the nation's rates are multiplied with, of residents: (areas,).
    moving
        Rates of moving to another area by person-year: (areas, groups, 2, ages), or with 1 for any
        of them; where there are `kinds`, of each: (kinds, areas, groups, 2, ages).
    immigration
        Shares of each group's immigrants: (areas, groups).
    destinations, classes, returns, kinds
        As in `Moves`. To each destination who moves does so at the rate of its kind times its
        share.
    """

    mortality: Floats
    fertility: Floats
    emigration: Floats
    moving: Floats
    immigration: Floats
    destinations: Floats
    classes: NDArray[np.intp]
    returns: Floats
    kinds: NDArray[np.intp] | None = None

    def assumptions(self, structure: Structure, rates: Rates) -> Assumptions:
        """What is assumed of each area.

        Parameters
        ----------
        structure
            The cells.
        rates
            Those of the nation: (steps, groups, 2, ages).

        Raises
        ------
        UsageError
            Rates or shares that cannot be.
        """
        sums = self.immigration.sum(axis=0)
        if (off := np.abs(sums - 1) > _CLOSE).any():
            group = int(off.argmax())
            raise UsageError(
                "do not add up to 1", value=f"{sums[group]:.6f}",
                where=f"areas, immigration, group {structure.groups[group].code}",
                next_step="Divide each by their sum",
            )  # fmt: skip
        here = structure.resident[:, None, None]
        dying, leaving = (
            np.where(here, factor[:, None, None, None, None], 1.0)
            for factor in (self.mortality, self.emigration)
        )
        shares = self.immigration[:, None, :, None, None]
        made = Rates(
            rates.mortality * dying, rates.emigration * leaving,
            rates.fertility * self.fertility[:, None, None, None], rates.immigration * shares,
            rates.males_per_female,
        ).assumptions(structure)  # fmt: skip
        return replace(made, moves=self.moves_between(structure)).checked(structure)

    def moves_between(self, structure: Structure) -> Moves:
        """Who moves between the areas.

        Parameters
        ----------
        structure
            The cells.
        """
        moving = checked_array("moving", self.moving, structure, structure.shape[1:])
        moving = of_cohorts(np.where(structure.resident[:, None, None], moving, 0.0), structure)
        moving = moving[..., :-1]
        if self.kinds is None:
            out = -np.expm1(-moving)
            return Moves(out[:, None], self.destinations, self.classes, self.returns)
        shares = self.shares_of_kinds()
        whole = (moving * shares).sum(axis=0)
        toward = np.divide(moving, whole, out=np.zeros_like(moving), where=whole > 0)
        return Moves(
            -np.expm1(-whole)[:, None], self.destinations, self.classes, self.returns, self.kinds,
            toward,
        )  # fmt: skip

    def shares_of_kinds(self) -> Floats:
        """What share of destinations is of each kind: (kinds, areas, 1, 1, ages)."""
        kinds = np.zeros(len(self.returns), np.intp) if self.kinds is None else self.kinds
        shares = [self.destinations[:, :, kinds == n].sum(-1) for n in range(kinds.max() + 1)]
        return np.swapaxes(np.stack(shares)[:, self.classes], 1, 2)[:, :, None, None]

    def projected(
        self,
        structure: Structure,
        population: Floats,
        rates: Rates,
        steps: int,
        nation: Projection | None = None,
        during: Callable[[int], Areas] | None = None,
    ) -> Iterator[tuple[Floats, tuple[Floats, ...], Moves | None]]:
        """Each step of a projection: who is there after it, what happened in it, and moves.

        One step at a time, since all steps of all cells of many areas need much memory.

        Parameters
        ----------
        structure
            The cells.
        population
            Persons at the beginning: (areas, groups, 2, ages).
        rates
            Those of the nation.
        steps
            How many.
        nation
            What areas shall add up to, as for `project`.
        during
            The areas of each step, where a scenario changes them; None: these in all.

        Yields
        ------
        tuple
            As `Walk.step` returns, and who moves where to.
        """
        changes = max(getattr(rates, name).shape[0] for name in _COMPONENTS)
        before = None
        for step in range(steps):
            areas = during(step) if during else self
            if step < changes or areas is not before:
                assumed = areas.assumptions(structure, _at(rates, step))
                walk, before = Walk(structure, assumed), areas
            population, happened = walk.step(population, step, nation)
            yield population, happened, assumed.moves


@dataclass(frozen=True, slots=True, eq=False)
class AreaCounts:
    """What was counted by area in the same years as the nation's counts.

    Parameters
    ----------
    lived
        Person-years: (areas, groups, 2, ages).
    births, deaths, emigration
        Of all residents: (areas,).
    immigration
        By group; of those who come back from abroad by their group abroad: (areas, groups).
    moving
        Moves between areas: (groups, 2, ages).
    origins
        The same: (areas, areas, classes), from where to where.
    """

    lived: Floats
    births: Floats
    deaths: Floats
    emigration: Floats
    immigration: Floats
    moving: Floats
    origins: Floats

    def areas(self, nation: Counts) -> Areas:
        """The areas' factors, and moves between them.

        Parameters
        ----------
        nation
            What was counted in the nation.
        """
        cells, rates = nation.structure, nation.rates()
        here = cells.resident
        lived = np.where(here[:, None, None], self.lived, 0.0)
        moving = nation.factored(self.moving)
        women = lived[:, :, FEMALE]
        mortality, emigration, fertility, out = (
            area_factors(counted, (years * rate).reshape(len(lived), -1).sum(axis=1))
            for counted, years, rate in (
                (self.deaths, lived, rates.mortality[0]),
                (self.emigration, lived, rates.emigration[0]),
                (self.births, women, rates.fertility[0]),
                (self.origins.sum(axis=(1, 2)), lived, moving),
            )
        )
        residents = lived.sum(axis=(1, 2, 3))
        came = self.immigration.sum(axis=0)
        shares = np.where(came > 0, self.immigration, residents[:, None])
        back = self.immigration[:, ~here].sum(axis=1)
        back = back if back.sum() > 0 else residents
        return Areas(
            mortality, fertility, emigration, moving * out[:, None, None, None],
            shares / shares.sum(axis=0), destination_shares(self.origins, residents),
            age_classes(cells), back / back.sum(),
        )  # fmt: skip


def age_classes(structure: Structure) -> NDArray[np.intp]:
    """The class of ages of each age group.

    Parameters
    ----------
    structure
        The cells.

    Examples
    --------
    >>> age_classes(Structure(ages=5, width=20)).tolist()
    [0, 1, 3, 3, 4]
    """
    return np.searchsorted(AGE_CLASSES, structure.lower_ages, "right") - 1


def area_factors(counted: Floats, expected: Floats) -> Floats:
    """What rates of the nation are multiplied with in each area.

    Parameters
    ----------
    counted, expected : array of shape (areas,)
        Events, and those that the nation's rates make expected.

    Returns
    -------
    array of shape (areas,)
        Factors, whose mean, weighted by what is expected, is 1; all 1 where areas differ no more
        than by chance.

    Examples
    --------
    >>> area_factors(np.array([300, 100, 3]), np.array([200.0, 200, 3])).round(2).tolist()
    [1.49, 0.51, 1.0]
    """
    if not (expected.sum() > 0 and counted.sum() > 0):
        return np.ones(len(counted))
    level, spread, own = _between(counted, expected)
    found = level + _trust(level, spread, expected) * (own - level)
    return np.asarray(found * expected.sum() / (found * expected).sum())


def factor_errors(counted: Floats, expected: Floats) -> Floats:
    """Variances of the logarithms of `area_factors`, given what was counted.

    Parameters
    ----------
    counted, expected : array of shape (areas,)
        As for `area_factors`.

    Returns
    -------
    array of shape (areas,)
        Of how far they may be from the areas' own: 0 where areas differ no more than by chance.

    Examples
    --------
    >>> factor_errors(np.array([300, 100, 3]), np.array([200.0, 200, 3])).round(4).tolist()
    [0.0022, 0.0188, 0.1398]
    """
    if not (expected.sum() > 0 and counted.sum() > 0):
        return np.zeros(len(counted))
    level, spread, _ = _between(counted, expected)
    left = spread * (1 - _trust(level, spread, expected))
    return np.asarray(left / (level * area_factors(counted, expected)) ** 2)


def _between(counted: Floats, expected: Floats) -> tuple[float, float, Floats]:
    """The level of all areas, how much areas differ, and the own level of each."""
    whole = expected.sum()
    level = counted.sum() / whole
    own = np.divide(counted, expected, out=np.full(len(counted), level), where=expected > 0)
    between = (expected * (own - level) ** 2).sum() / whole - level * len(counted) / whole
    return level, max(between, 0.0), own


def _trust(level: float, spread: float, expected: Floats) -> Floats:
    """How much of an area's own level is no chance."""
    chance = np.divide(level, expected, out=np.full(len(expected), np.inf), where=expected > 0)
    return np.asarray(spread / (spread + chance))


def destination_shares(moves: Floats, persons: Floats) -> Floats:
    """Shares by destination, of moves by origin and class of ages.

    Parameters
    ----------
    moves : array of shape (areas, areas, classes)
        Moves from where (first axis) to where; within an area there are none.
    persons : array of shape (areas,)
        Residents. As if one more from each area had moved, to all others by how many live there, so
        that small areas can be reached.

    Returns
    -------
    array of shape (classes, areas, areas)
        Shares by origin (rows) that add up to 1: of the log-linear model with all two-way
        interactions, whose margins are those of the moves.

    Examples
    --------
    >>> moves = np.array([[[0, 0], [300, 30], [100, 10]],
    ...                   [[80, 20], [0, 0], [40, 10]],
    ...                   [[90, 90], [10, 10], [0, 0]]])
    >>> destination_shares(moves, np.ones(3))[0].round(2).tolist()
    [[0.0, 0.75, 0.25], [0.67, 0.0, 0.33], [0.9, 0.1, 0.0]]
    """
    if len(moves) == 1:
        return np.ones((moves.shape[2], 1, 1))
    others = ~np.eye(len(moves), dtype=bool)
    one_more = others * persons
    one_more = one_more / one_more.sum(axis=1, keepdims=True) / moves.shape[2]
    counted = moves * others[:, :, None] + one_more[:, :, None]
    fitted = np.repeat((one_more > 0).astype(np.float64)[:, :, None], moves.shape[2], axis=2)
    for _ in range(_ROUNDS):
        before = fitted
        for axis in (2, 1, 0):
            wanted, whole = (one.sum(axis=axis, keepdims=True) for one in (counted, fitted))
            fitted = fitted * np.divide(wanted, whole, out=np.zeros_like(whole), where=whole > 0)
        if np.abs(fitted - before).max() <= _CLOSE * counted.max():
            break
    found = np.moveaxis(fitted, 2, 0)
    return np.asarray(found / found.sum(axis=2, keepdims=True))


_COMPONENTS = [one.name for one in fields(Rates) if one.name != "males_per_female"]


def _at(rates: Rates, step: int) -> Rates:
    """Rates of one step; of an array of one step always those."""
    arrays = {name: getattr(rates, name) for name in _COMPONENTS}
    return replace(rates, **{name: array[min(step, len(array) - 1)][None]
                             for name, array in arrays.items()})  # fmt: skip
