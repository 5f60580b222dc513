"""The cohort-component method: who is there, a step later, and what happened meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Assumptions, Floats
from folkestrom.projection.structure import FEMALE, MALE, SEXES, Structure


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Persons at the turns of the steps, and what happened in between.

    Parameters
    ----------
    structure
        The cells.
    population
        Persons: (…, steps + 1, groups, 2, ages).
    births, deaths, immigration, emigration
        In each step, by group, sex and age group at its end: (…, steps, groups, 2, ages). Who comes
        from a group that is followed abroad is an immigrant of the group that they come to.
    changed
        Who came from another group by the time that passed, less who went to one, likewise.
    moves_in, moves_out
        Who came from another area, and who went to one, likewise; None where there are no areas.
        With them areas are the axis in front of the steps.
    """

    structure: Structure
    population: Floats
    births: Floats
    deaths: Floats
    immigration: Floats
    emigration: Floats
    changed: Floats
    moves_in: Floats | None = None
    moves_out: Floats | None = None

    @property
    def residents(self) -> Floats:
        """Persons in the country: (…, steps + 1, 2, ages)."""
        return np.asarray(self.population[..., self.structure.resident, :, :].sum(axis=-3))


def project(
    structure: Structure,
    population: ArrayLike,
    assumed: Assumptions,
    *,
    steps: int | None = None,
    late_mothers: bool = True,
    nation: Projection | None = None,
) -> Projection:
    """Project a population by the cohort-component method.

    In each step half of those who come are there from its beginning, and half from its end. Cohorts
    stay, die or leave by their shares; mothers are the mean of the women at both ends of the step,
    each at the rate of their age group (Preston, Heuveline and Guillot 2001, chapter 6).

    With moves between areas, who moves does so at the end of the step: whoever is alive and has not
    left the country, at the rates of the area where they were. Children are born where their mother
    was. Where all rates are the same in all areas, these add up to the projection without areas.

    Parameters
    ----------
    structure
        Groups and age groups.
    population
        Persons at the beginning: (…, groups, 2, ages), males first.
    assumed
        What happens in each step; after the last of them as in that.
    steps
        How many steps; None: as many as something is assumed for.
    late_mothers
        Whether women who come at the end of a step are among those at its end, as in the book; by
        the Leslie matrix of Wheldon and others (2013) they are not.
    nation
        A projection without areas that those of areas shall add up to: births, deaths and those who
        leave are then in each cell as many in all areas together as there, in the proportions that
        rates of the areas give.

    Returns
    -------
    Projection
        With an account that closes in every cell: population a step later = that of the cohort
        before + births - deaths + immigration - emigration + changes of group + moves in - moves
        out.

    Raises
    ------
    UsageError
        An array of another shape, or with what cannot be.

    Examples
    --------
    >>> import numpy as np
    >>> from folkestrom.projection.assumptions import Rates
    >>> from folkestrom.projection.structure import Structure
    >>> cells, none = Structure(ages=3), np.zeros((5, 1, 1, 1))
    >>> nobody_dies = Rates(none, none, none[:, 0], none).assumptions(cells)
    >>> found = project(cells, [[[10, 20, 30], [10, 20, 30]]], nobody_dies)
    >>> found.residents[:, 0].tolist()[:3]
    [[10.0, 20.0, 30.0], [0.0, 10.0, 50.0], [0.0, 0.0, 60.0]]
    """
    start = checked_population(structure, population)
    assumed = assumed.checked(structure)
    walk = Walk(structure, assumed, late_mothers)
    draws = np.broadcast_shapes(start.shape[:-3], assumed.draws)
    states, flows = [np.broadcast_to(start, (*draws, *structure.shape))], []
    for step in range(assumed.steps if steps is None else steps):
        later, happened = walk.step(states[-1], step, nation)
        states.append(later)
        flows.append(np.broadcast_arrays(*happened))
    return Projection(
        structure, np.stack(states, -4), *(np.stack(part, -4) for part in zip(*flows, strict=True))
    )


def checked_population(structure: Structure, population: ArrayLike) -> Floats:
    """Persons of a structure's cells; refused are other shapes, and what no persons can be.

    Parameters
    ----------
    structure
        The cells.
    population
        Persons: (…, groups, 2, ages).
    """
    start = np.asarray(population, np.float64)
    if start.shape[-3:] != structure.shape:
        raise UsageError(
            "has another shape", where="population", value=str(start.shape),
            allowed=f"(…, {', '.join(map(str, structure.shape))})",
        )  # fmt: skip
    if not (np.isfinite(start) & (start >= 0)).all():
        raise UsageError(
            "has cells that are negative or no numbers", where="population",
            allowed="persons, from 0 on",
        )  # fmt: skip
    return start


class Walk:
    """One step after the other.

    Parameters
    ----------
    structure, assumed, late_mothers
        As for `project`, checked.
    """

    def __init__(
        self, structure: Structure, assumed: Assumptions, late_mothers: bool = True
    ) -> None:
        self._structure, self._assumed, self._late = structure, assumed, late_mothers
        self._next, self._children = structure.places("next"), structure.children
        self._leaves_to = structure.places("leaves_to")
        self._here = structure.resident
        share = assumed.males_per_female / (1 + assumed.males_per_female)
        self._shares = np.empty((len(SEXES), 1))
        self._shares[MALE], self._shares[FEMALE] = share, 1 - share

    def step(
        self, population: Floats, step: int, nation: Projection | None = None
    ) -> tuple[Floats, tuple[Floats, ...]]:
        """The population a step later, and what happened: the parts of a `Projection`.

        Parameters
        ----------
        population
            Persons: (…, groups, 2, ages), with areas (…, areas, groups, 2, ages).
        step
            Which step it is.
        nation
            As for `project`.
        """
        stay, leave = (_at(one, step, -4) for one in (self._assumed.stay, self._assumed.leave))
        half = _at(self._assumed.immigration, step, -4) / 2
        there = population + half
        self._check_is_there(there, step)
        begun, end = _older(there), _older(there * stay[..., 1:])
        gone = _older(there * leave[..., 1:])
        if nation:
            end, gone = _added_up(begun, end, gone, nation, step)
        births = self._births(there, end + half if self._late else end, step)
        if nation:
            births = births * _ratio(_at(nation.births, step, -4)[..., :1], births)
        stayed, left = births * stay[..., :1], births * leave[..., :1]
        if nation:
            stayed, left = _added_up(births, stayed, left, nation, step)
        begun[..., :1], end[..., :1], gone[..., :1] = births, stayed, left
        deaths = begun - end - gone
        moved = self._assumed.moves.of(end, step, self._here) if self._assumed.moves else ()
        settled = end + moved[0] - moved[1] if moved else end
        later = _added(settled, self._next)
        changed = later - settled
        later, arrived = later + half, _older(half) + half
        if (self._leaves_to >= 0).any():
            followed = self._followed(gone)
            later, arrived = later + followed, arrived + followed
        self._check_is_there(later, step)
        born = np.zeros_like(end)
        born[..., :1] = births
        return later, (born, deaths, arrived, gone, changed, *moved)

    def _followed(self, gone: Floats) -> Floats:
        """Who left, by the group that they are in now; those abroad by where they would return."""
        followed = _added(gone, self._leaves_to)
        if self._assumed.moves and not self._here.all():
            abroad = followed[..., ~self._here, :, :].sum(axis=-4, keepdims=True)
            shares = self._assumed.moves.returns[:, None, None, None]
            followed[..., ~self._here, :, :] = abroad * shares
        return followed

    def _check_is_there(self, persons: Floats, step: int) -> None:
        if (persons >= 0).all():
            return
        *_, group, sex, age = np.argwhere(persons < 0)[0]
        cell = f"group {self._structure.groups[group].code}, {SEXES[sex]}, age group {age}"
        raise UsageError(
            "takes away more than are there", where=f"immigration, step {step}, {cell}",
            next_step="Assume fewer who leave by number, or assume a rate of emigration",
        )  # fmt: skip

    def _births(self, start: Floats, end: Floats, step: int) -> Floats:
        """Newborn by their group and sex: (…, groups, 2, 1)."""
        fertility = _at(self._assumed.fertility, step, -3)
        mothers = (start + end)[..., FEMALE, :] / 2
        births = self._structure.width * (mothers * fertility).sum(axis=-1)
        return np.asarray((births @ self._children)[..., None, None] * self._shares)


def _added_up(
    begun: Floats, end: Floats, gone: Floats, nation: Projection, step: int
) -> tuple[Floats, Floats]:
    """Who stays and who leaves, if as many die and leave in all areas as in the nation."""
    ages = slice(0, begun.shape[-1])
    died = begun - end - gone
    gone = gone * _ratio(_at(nation.emigration, step, -4)[..., ages], gone)
    died *= _ratio(_at(nation.deaths, step, -4)[..., ages], died)
    return begun - gone - died, gone


def _ratio(wanted: Floats, areas: Floats) -> Floats:
    """What all areas are multiplied with, so that their sum is what is wanted."""
    whole = areas.sum(axis=-4, keepdims=True)
    ratio = np.divide(wanted[..., None, :, :, :], whole, out=np.zeros_like(whole), where=whole > 0)
    return np.asarray(ratio)


def _at(array: Floats, step: int, axis: int) -> Floats:
    """The part of a step; of an array of one step always that."""
    length = array.shape[axis]
    return np.asarray(np.take(array, min(step, length - 1), axis=axis))


def _older(persons: Floats) -> Floats:
    """Persons by the age group that they are in a step later; those of the open one stay there."""
    found = np.zeros_like(persons)
    found[..., 1:] = persons[..., :-1]
    found[..., -1] += persons[..., -1]
    return found


def _added(persons: Floats, to: NDArray[np.intp]) -> Floats:
    """Persons by the group that they go to."""
    if (to == np.arange(len(to))).all():
        return persons
    found = np.zeros_like(persons)
    for group, other in enumerate(to):
        if other >= 0:
            found[..., other, :, :] += persons[..., group, :, :]
    return found
