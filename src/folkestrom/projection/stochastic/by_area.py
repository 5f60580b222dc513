"""Many projections of areas: draws of the nation, which areas share in draws of their own.

Each draw has the nation's rates, and areas' factors multiplied by deviations. What happens is then
scaled so that areas add up to the nation of the draw, in each cell, as `projecting.project` does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from folkestrom.projection.areas import Areas
from folkestrom.projection.assumptions import Floats, Rates, of_cohorts
from folkestrom.projection.projecting import Projection, checked_population, project
from folkestrom.projection.stochastic.simulation import Factors
from folkestrom.projection.structure import FEMALE, MALE, SEXES, Structure

#: Columns of what happens in an area, in the order of the kernel; moves follow.
FLOWS = ("births", "deaths", "immigration", "emigration", "moves_in", "moves_out")


@dataclass(frozen=True, slots=True, eq=False)
class AreaFactors:
    """What an area's rates are multiplied by in one draw, beside the nation's: (steps, areas).

    Parameters
    ----------
    mortality, fertility, emigration
        Of residents.
    immigration
        Shares of those who immigrate, which are then divided by their sum.
    moves_out, moves_in
        Rates of moving from the area; and shares of those who move, from wherever, to it, which are
        likewise.
    """

    mortality: Floats
    fertility: Floats
    emigration: Floats
    immigration: Floats
    moves_out: Floats
    moves_in: Floats


#: Of the persons of a step's beginning, (areas, groups, 2, ages), and what happens in it, by area:
#: what is kept.
AreaFigures: TypeAlias = Callable[[Floats, Mapping[str, Floats]], Mapping[str, Floats]]


def simulate_areas(
    structure: Structure,
    population: Floats,
    rates: Rates,
    areas: Areas,
    factors: Factors,
    deviations: Callable[[int], AreaFactors],
    *,
    shown: Sequence[int],
    figures: AreaFigures,
    during: Callable[[int], Areas] | None = None,
) -> dict[str, Floats]:
    """Figures of areas in each draw, by the method of `Areas.projected`.

    One draw after the other on each core, so that only figures need memory by draw.

    Parameters
    ----------
    structure, population, rates, areas, during
        As for `Areas.projected`.
    factors
        Of the nation's rates, in each draw.
    deviations
        Of areas, by the number of the draw.
    shown
        Steps whose figures are kept, in order.
    figures
        What is kept of each.

    Returns
    -------
    dict of arrays
        By draw and step: (draws, shown, …).

    Raises
    ------
    UsageError
        An array of another shape, or with what cannot be.

    Examples
    --------
    >>> cells, none = Structure(ages=3), np.zeros((1, 1, 1, 1))
    >>> to, ones = np.array([[[0.0, 1], [1, 0]]]), np.ones(2)
    >>> areas = Areas(ones, ones, ones, np.full((2, 1, 1, 1), 0.1), np.full((2, 1), 0.5), to,
    ...               np.zeros(3, np.intp), ones / 2)
    >>> still = AreaFactors(*[np.ones((1, 2))] * 4, np.array([[2.0, 0]]), np.ones((1, 2)))
    >>> found = simulate_areas(
    ...     cells, np.full((2, 1, 2, 3), 10.0), Rates(none, none, none[0], none), areas,
    ...     Factors(np.ones((1, 1, 4))), lambda draw: still, shown=[0, 1],
    ...     figures=lambda persons, happened: {"all": persons.sum(axis=(1, 2, 3))},
    ... )
    >>> found["all"][0].round(1).tolist()
    [[60.0, 60.0], [49.1, 70.9]]
    """
    steps = shown[-1] + 1
    begun = checked_population(structure, population)
    # Before anything is drawn: what cannot be is said with its name.
    areas.assumptions(structure, rates)
    movers: list[_Movers] = []
    of_steps = []
    for step in range(steps):
        own = during(step) if during else areas
        if not movers or movers[-1].areas is not own:
            movers.append(_Movers(own, structure))
        of_steps.append(movers[-1])

    def one(draw: int) -> list[Mapping[str, Floats]]:
        drawn = factors.applied(rates, structure, slice(draw, draw + 1))
        drawn = replace(drawn, mortality=drawn.mortality[0], emigration=drawn.emigration[0],
                        fertility=drawn.fertility[0], immigration=drawn.immigration[0])  # fmt: skip
        nation = project(structure, begun.sum(axis=0), drawn.assumptions(structure), steps=steps)
        walk = _Walk(structure, areas, drawn, deviations(draw), nation)
        kept = []
        for step, (persons, happened) in enumerate(walk.steps(begun, of_steps)):
            if step in shown:
                kept.append(figures(persons, happened))
        return kept

    with ThreadPoolExecutor(min(factors.draws, os.cpu_count() or 1)) as pool:
        found = list(pool.map(one, range(factors.draws)))
    return {name: np.array([[step[name] for step in draw] for draw in found])
            for name in found[0][0]}  # fmt: skip


class _Movers:
    """Who moves where to, as the compiled method takes it."""

    def __init__(self, areas: Areas, structure: Structure) -> None:
        moves = areas.moves_between(structure)
        self.areas, self.classes = areas, moves.classes
        kinds = np.zeros(len(moves.returns), np.intp) if moves.kinds is None else moves.kinds
        # Rates of cohorts again: draws multiply these, and no shares.
        out = np.broadcast_to(moves.out[:, 0], (len(kinds), *structure.shape))
        self.moving = np.array(-np.log1p(-np.minimum(out, 1 - 1e-15)))
        self.toward = np.ones((1,) * 5) if moves.toward is None else moves.toward
        self._to = [np.flatnonzero(kinds == kind) for kind in range(int(kinds.max()) + 1)]
        self._shares = [
            [_by_four(of_class[:, to].T) for of_class in moves.destinations] for to in self._to
        ]
        runs = [*np.flatnonzero(np.diff(moves.classes, prepend=-1)), len(moves.classes)]
        here = structure.resident
        self.columns = np.zeros(structure.shape, np.intp)
        self._parts = []
        end = 0
        for first, after in pairwise(map(int, runs)):
            many = int(here.sum()) * len(SEXES) * (after - first)
            self.columns[here, :, first:after] = np.arange(end, end + many).reshape(
                -1, len(SEXES), after - first
            )
            self._parts.append((int(moves.classes[first]), slice(end, end + many)))
            end += many
        self.going = (len(self._to), _four(len(kinds)), end)

    def kinds_to(self, attraction: Floats) -> Floats:
        """What shares of each kind of destinations add up to: (kinds, classes, areas)."""
        many = len(attraction)
        return np.array(
            [[attraction[to] @ shares[: len(to), :many] for shares in by_class]
             for to, by_class in zip(self._to, self._shares, strict=True)]
        )  # fmt: skip

    def reach(self, going: Floats) -> Floats:
        """Movers by where they come to."""
        from folkestrom.projection.stochastic.kernel import multiply

        coming = np.empty(self.going[1:])
        for to, by_class, movers in zip(self._to, self._shares, going, strict=True):
            found = coming if len(self._to) == 1 else np.empty((_four(len(to)), coming.shape[1]))
            for of_class, at in self._parts:
                multiply(by_class[of_class], movers[:, at], found[:, at])
            if found is not coming:
                coming[to] = found[: len(to)]
        return coming


def _four(many: int) -> int:
    return -(-many // 4) * 4


def _by_four(shares: Floats) -> Floats:
    """With empty rows and columns, so that there are as many as four divides."""
    found = np.zeros((_four(len(shares)), _four(shares.shape[1])))
    found[: len(shares), : shares.shape[1]] = shares
    return found


class _Walk:
    """One draw of areas, a step after the other."""

    def __init__(
        self, structure: Structure, areas: Areas, rates: Rates, deviated: AreaFactors,
        nation: Projection,
    ) -> None:  # fmt: skip
        share = np.empty(len(SEXES))
        share[MALE] = rates.males_per_female / (1 + rates.males_per_female)
        share[FEMALE] = 1 - share[MALE]
        self._here = structure.resident
        self._cells = (
            structure.places("leaves_to"), self._here, structure.children, float(structure.width),
            share, np.array(areas.returns, np.float64),
        )  # fmt: skip
        self._next = structure.places("next")
        shape = structure.shape
        self._rates = (
            *(of_cohorts(np.broadcast_to(one, (len(one), *shape)), structure)
              for one in (rates.mortality, rates.emigration)),
            np.array(np.broadcast_to(rates.fertility, (len(rates.fertility), shape[0], shape[2]))),
            np.broadcast_to(rates.immigration, (len(rates.immigration), *shape)) / 2,
        )  # fmt: skip
        own = [areas.mortality, areas.fertility, areas.emigration]
        factors = [getattr(deviated, one.name) for one in fields(deviated)]
        self._factors = [np.array(one * two) for one, two in zip(own, factors, strict=False)]
        come = areas.immigration * factors[3][:, :, None]
        whole = come.sum(axis=1, keepdims=True)
        self._come = np.divide(come, whole, out=np.zeros_like(come), where=whole > 0)
        self._out, self._in = factors[4:]
        self._nation = (nation.births[..., 0].copy(), nation.deaths, nation.emigration)

    def steps(
        self, persons: Floats, movers: Sequence[_Movers]
    ) -> Iterator[tuple[Floats, dict[str, Floats]]]:
        """Who is there at the beginning of each step, and what happens in it."""
        before = np.array(persons)
        end, after = np.empty_like(before), np.empty_like(before)
        for step, moves in enumerate(movers):
            happened = self._step(before, end, after, moves, step)
            yield before, happened
            before, after = after, before

    def _step(
        self, before: Floats, end: Floats, after: Floats, moves: _Movers, step: int
    ) -> dict[str, Floats]:
        from folkestrom.projection.stochastic.kernel import leave_areas, reach_areas, survive

        many = len(before)
        rates = tuple(_at(one, step) for one in self._rates)
        mortality, fertility, emigration = (_at(one, step) for one in self._factors)
        come = _at(self._come, step)
        flows, ways = np.zeros((many, 4)), np.zeros((2, many))
        nation = tuple(np.ascontiguousarray(one[step]) for one in self._nation)
        survive(before, self._cells, rates, (mortality, fertility, emigration, come), nation, end,
                after, np.empty((many, before.shape[1])), flows)  # fmt: skip
        attraction = _at(self._in, step)
        going = np.zeros(moves.going)
        leave_areas(end, moves.moving, moves.toward, moves.kinds_to(attraction),
                    _at(self._out, step), moves.columns, moves.classes, self._here, going,
                    ways[1])  # fmt: skip
        reach_areas(end, moves.reach(going), attraction, moves.columns, (self._next, self._here),
                    rates[3], come, after, flows, ways[0])  # fmt: skip
        return dict(zip(FLOWS, (*flows.T, *ways), strict=True))


def _at(array: Floats, step: int) -> NDArray[np.float64]:
    """The part of a step; after the last as in that."""
    return np.ascontiguousarray(array[min(step, len(array) - 1)], np.float64)
