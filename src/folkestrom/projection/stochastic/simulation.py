"""Many projections that differ by draws of their assumptions: sums of each, none of the cells."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Floats, Rates, checked_array, of_cohorts
from folkestrom.projection.structure import FEMALE, MALE, SEXES, Structure

#: Components with a factor for each draw and step, in the order of the kernel.
LEVELS: Final = ("fertility", "immigration", "emigration", "return")
#: The kernel's rows are as long as a multiple of this: four vectors of eight numbers.
_PADDED: Final = 32
#: Bytes of the sums of the draws that a thread has at a time.
_CHUNK: Final = 32 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """What the rates of each draw and step are multiplied by.

    Parameters
    ----------
    levels
        Of `LEVELS`: (draws, steps, 4). That of fertility is of all mothers, that of immigration of
        all who come from where nobody is followed, that of return of groups that live abroad.
    patterns, index
        Death rates are multiplied by exp(Σ index · pattern): patterns (j, 2, ages) of sex and age,
        and their index in each draw and step, (draws, steps, j).
    """

    levels: Floats
    patterns: Floats = field(default_factory=lambda: np.zeros((0, 1, 1)))
    index: Floats = field(default_factory=lambda: np.zeros((1, 1, 0)))

    @property
    def draws(self) -> int:
        """How many there are."""
        return int(max(self.levels.shape[0], self.index.shape[0]))

    def some(self, draws: NDArray[np.intp]) -> Factors:
        """Those of some draws.

        Parameters
        ----------
        draws
            Which.
        """
        levels, index = (one[draws] if len(one) > 1 else one for one in (self.levels, self.index))
        return replace(self, levels=levels, index=index)

    def of(self, draws: slice, steps: Sequence[int]) -> tuple[Floats, Floats]:
        """Levels of some draws and steps, and what death rates are multiplied by.

        Parameters
        ----------
        draws, steps
            Which; after the last as in that.

        Returns
        -------
        arrays of shape (draws, steps, 4) and (draws, steps, 2, ages)
        """
        levels, index = (
            _spread(one, self.draws, max(steps) + 1)[draws][:, steps]
            for one in (self.levels, self.index)
        )
        return levels, np.exp(np.tensordot(index, self.patterns, 1))

    def applied(self, rates: Rates, structure: Structure, draws: slice = slice(None)) -> Rates:
        """Rates of some draws, with an axis for them in front.

        Parameters
        ----------
        rates
            That are multiplied, of one step or of as many as there are factors.
        structure
            The cells.
        draws
            Which.
        """
        levels, index = (
            np.broadcast_to(one, (self.draws, *one.shape[1:]))[draws]
            for one in (self.levels, self.index)
        )
        fertility, come, leave, back = np.moveaxis(levels[..., None, None, None], 2, 0)
        change = np.tensordot(index, self.patterns, 1)
        here = structure.resident[:, None, None]
        return replace(
            rates,
            mortality=rates.mortality * np.exp(change)[:, :, None],
            emigration=rates.emigration * np.where(here, leave, back),
            fertility=rates.fertility * fertility[..., 0],
            immigration=rates.immigration * come,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Persons of sets of groups, and what happened to them, in some draws.

    Parameters
    ----------
    structure
        The cells.
    sets
        Names of the sets, in the order of their axis.
    population
        At the turns of the steps, by sex and age group: (draws, steps + 1, sets, 2, ages).
    births, deaths, immigration, emigration
        In each step, as in a `Projection`: (draws, steps, sets).
    draws
        Which draws they are of.
    """

    structure: Structure
    sets: tuple[str, ...]
    population: Floats
    births: Floats
    deaths: Floats
    immigration: Floats
    emigration: Floats
    draws: slice

    def of(self, name: str) -> Floats:
        """Persons of a set: (draws, steps + 1, 2, ages).

        Parameters
        ----------
        name
            The set.
        """
        return self.population[:, :, self.sets.index(name)]


def simulate(
    structure: Structure,
    population: ArrayLike,
    rates: Rates,
    sets: Mapping[str, NDArray[np.bool_]],
    factors: Factors | None = None,
    *,
    steps: int,
    figures: Callable[[Sums], Mapping[str, Floats]],
    late_mothers: bool = True,
) -> dict[str, Floats]:
    """Figures of a projection in each draw, by the method of `project`.

    Draws are made some at a time, on all cores, so that memory does not grow with cells × draws.

    Parameters
    ----------
    structure, population, late_mothers
        As for `project`; one population, (groups, 2, ages).
    rates
        What is assumed, of one step or of each; after the last as in that.
    sets
        Groups whose sums are kept, by name.
    factors
        Of each draw; None: one draw, of the rates as they are.
    steps
        How many.
    figures
        What is kept of the sums of some draws: arrays with an axis of draws first.

    Returns
    -------
    dict of arrays
        The figures of all draws, in their order.

    Raises
    ------
    UsageError
        An array of another shape, or with what cannot be; who leaves by number and is not there.

    Examples
    --------
    >>> import numpy as np
    >>> cells, none = Structure(ages=3), np.zeros((1, 1, 1, 1))
    >>> births = np.zeros((1, 1, 3))
    >>> births[..., 1] = 0.1
    >>> found = simulate(
    ...     cells, [[[10, 20, 30], [10, 20, 30]]], Rates(none, none, births, none),
    ...     {"all": cells.resident}, Factors(np.full((2, 2, 4), [[[1.0]], [[2.0]]])), steps=2,
    ...     figures=lambda sums: {"births": sums.births[..., 0]},
    ... )
    >>> found["births"].round(3).tolist()
    [[1.5, 0.536], [3.0, 1.146]]
    """
    kernel = _Kernel(structure, population, rates, sets, late_mothers, steps)
    drawn = factors or Factors(np.ones((1, 1, len(LEVELS))))
    at_once = max(1, int(_CHUNK // (8 * (steps + 1) * len(sets) * len(SEXES) * structure.ages)))
    parts = [slice(n, n + at_once) for n in range(0, drawn.draws, at_once)]
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1)) as pool:
        found = list(pool.map(lambda part: figures(kernel.sums(drawn, part)), parts))
    return {name: np.concatenate([one[name] for one in found]) for name in found[0]}


class _Kernel:
    """Arrays as the compiled method takes them."""

    def __init__(
        self, structure: Structure, population: ArrayLike, rates: Rates,
        sets: Mapping[str, NDArray[np.bool_]], late_mothers: bool, steps: int,
    ) -> None:  # fmt: skip
        cells, ages = (len(SEXES), structure.ages), structure.ages
        start = checked_array("population", np.asarray(population)[None], structure, cells)[0]
        mortality = checked_array("mortality", rates.mortality, structure, cells)
        if np.shape(rates.mortality)[-3] == 1:
            mortality = mortality[..., :1, :, :]
        leaving = of_cohorts(
            checked_array("emigration", rates.emigration, structure, cells), structure
        )
        fertility = checked_array("fertility", rates.fertility, structure, (ages,))
        half = checked_array("immigration", rates.immigration, structure, cells, -np.inf) / 2
        share = np.empty(len(SEXES))
        share[MALE] = rates.males_per_female / (1 + rates.males_per_female)
        share[FEMALE] = 1 - share[MALE]
        bearing = np.flatnonzero(fertility.any(axis=(0, 1)))
        span = (int(bearing[0]), int(bearing[-1])) if bearing.size else (1, 0)
        self._structure, self._sets, self._steps = structure, tuple(sets), steps
        self._member = np.array([sets[name] for name in sets]).reshape(-1, len(structure.groups))
        self._start = _padded(start, ages, 1)
        self._cells = (
            structure.places("next"), structure.places("leaves_to"), structure.resident,
            structure.children, span, float(structure.width), share, float(late_mothers),
            bool((half < 0).any()),
        )  # fmt: skip
        most = leaving.max(axis=-1)
        self._rates = (
            _plain(mortality), _padded(leaving, ages), _plain(most), _plain(fertility),
            _padded(half, ages, 1), half.any(axis=(2, 3)),
        )  # fmt: skip

    def sums(self, drawn: Factors, part: slice) -> Sums:
        """Of some of the draws."""
        from folkestrom.projection.stochastic.kernel import walk

        many, steps = len(range(drawn.draws)[part]), self._steps
        levels, index = (
            _plain(_spread(array, drawn.draws, steps)[part])
            for array in (drawn.levels, drawn.index)
        )
        sets = len(self._sets)
        persons = np.zeros((many, steps + 1, sets, *self._start.shape[1:]))
        happened, least = np.zeros((many, steps, sets, 4)), np.zeros(many)
        patterns = _plain(drawn.patterns)
        walk(self._start, self._cells, self._rates, levels, patterns, index, self._member,
             persons, happened, least)  # fmt: skip
        if (least < 0).any():
            raise UsageError(
                "takes away more than are there", where="immigration",
                value=f"in {(least < 0).mean():.1%} of the draws",
                next_step="Assume fewer who leave by number, or assume a rate of emigration",
            )  # fmt: skip
        persons = persons[..., 1 : self._structure.ages + 1]
        born, died, came, left = np.moveaxis(happened, -1, 0)
        return Sums(self._structure, self._sets, persons, born, died, came, left, part)


def _spread(array: Floats, draws: int, steps: int) -> Floats:
    """An array of draws and steps with all of them; after its last step as in that."""
    at = np.minimum(np.arange(steps), array.shape[1] - 1)
    return np.broadcast_to(array[:, at], (draws, steps, array.shape[2]))


def _plain(array: Floats) -> Floats:
    """A copy of one type: for each other one the method would be compiled again."""
    return np.array(array, np.float64, order="C")


def _padded(array: Floats, ages: int, first: int = 0) -> Floats:
    """A copy whose rows begin at a place, and end in empty ones."""
    found = np.zeros((*array.shape[:-1], -(-(ages + 2) // _PADDED) * _PADDED))
    found[..., first : first + array.shape[-1]] = array
    return found
