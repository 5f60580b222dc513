"""Lives of individuals, year by year: who stays, leaves, dies, has children and comes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.microsimulation.families import Families
from folkestrom.analysis.microsimulation.family_kernel import change, settle, tie
from folkestrom.analysis.microsimulation.kernel import Persons, Year, are_born, come_late, live
from folkestrom.engine.settings import EngineSettings
from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Assumptions, Floats
from folkestrom.projection.structure import Structure

_PLACES = ("mother", "spouse", "parent", "tied")
_SMALL = dict.fromkeys(("sex", "marital", "apart"), np.int8) | dict.fromkeys(_PLACES, np.int32)
_TYPES = {name: np.dtype(_SMALL.get(name, np.int16)) for name in Persons._fields}
#: How many persons a thread takes at a time.
_PART = 100_000
#: By how much arrays of persons are made longer when they are full.
_GROWTH = 1.25


class Lives:
    """Persons, and what becomes of them.

    Parameters
    ----------
    structure
        The cells of the projection whose assumptions are lived by.
    persons
        Those who are there at the beginning, residents and who lives abroad: by name the columns
        of `Persons`; what is left out is 0, -1 of places, and the group of the first group.
    seed
        Of all random numbers. The same seed gives the same lives with any number of threads.
    year
        The first year.
    threads
        How many; None: as the engine has.
    families
        What is assumed of families; None: persons marry nobody, and live with nobody.

    Examples
    --------
    >>> from folkestrom.projection.assumptions import Rates
    >>> cells, none = Structure(ages=100), np.zeros((1, 1, 1, 1))
    >>> assumed = Rates(none + 0.5, none, none[0], none).assumptions(cells)
    >>> age = np.arange(1000) % 100
    >>> lives = Lives(cells, {"age": age, "sex": age % 2, "group": age * 0}, seed=1, year=2020)
    >>> lives.live(assumed, 0)
    >>> int((lives.persons.group < 0).sum())  # of 1000 * (1 - exp(-0.5)) that are expected
    393
    """

    def __init__(
        self,
        structure: Structure,
        persons: dict[str, NDArray[Any]],
        seed: int,
        year: int,
        threads: int | None = None,
        families: Families | None = None,
    ) -> None:
        self._families = families
        self._structure, self._seed, self._first = structure, seed, year
        self._threads = threads or EngineSettings.from_environment().threads
        self._count = 0
        self._columns = {name: np.zeros(0, dtype) for name, dtype in _TYPES.items()}
        self._mothers = np.zeros(0, np.int32)
        given = {"first_group": persons["group"], "born": year - 1 - persons["age"], **persons}
        self._append(len(persons["group"]), given)

    @property
    def persons(self) -> Persons:
        """All who have been there so far, in the order in which they came."""
        return Persons(**{name: column[: self._count] for name, column in self._columns.items()})

    def counted(self, areas: int = 1) -> NDArray[np.int64]:
        """Persons by area, group, sex and age: (areas, groups, 2, ages).

        Parameters
        ----------
        areas
            How many there are.
        """
        shape = (areas, *self._structure.shape)
        p = self.persons
        there = np.flatnonzero(p.group >= 0)
        cells = np.ravel_multi_index(
            (p.area[there], p.group[there], p.sex[there], p.age[there]), shape
        )
        return np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)

    def live(self, assumed: Assumptions, step: int) -> None:
        """A year more.

        Parameters
        ----------
        assumed
            What happens in each step, with areas or without.
        step
            Which step it is.

        Raises
        ------
        UsageError
            Immigration net of emigration, steps of more than a year, or draws.
        """
        given, immigration = self._year(assumed, step)
        chance = np.random.Generator(np.random.Philox(key=[self._seed, step]))
        self._come(chance, immigration / 2, step)
        if self._families:
            probabilities, year = self._families.probabilities, self._first + step
            self._parts(0, lambda a, b: tie(self._seed, year, a, b, self.persons, probabilities))
        self._run(live, 0, step, given)
        before = late = self._count
        self._come(chance, immigration / 2, step)
        self._run(come_late, before, step, given)
        before = self._count
        mothers = np.flatnonzero(self._mothers[:before] >= 0)
        born = {"mother": mothers, "born": self._first + step}
        if self._families:
            born |= {"parent": mothers, "tied": self.persons.tied[mothers]}
            self.persons.parent[mothers] = -1
        self._append(len(mothers), born)
        self._run(are_born, before, step, given)
        self._families_change(late, step)

    def _families_change(self, late: int, step: int) -> None:
        """Who is left of families; and what becomes of those who were there before the late."""
        if self._families is None:
            return
        p, probabilities, year = self.persons, self._families.probabilities, self._first + step
        self._parts(0, lambda a, b: settle(a, b, p, probabilities))
        scores = np.empty(late)
        self._parts(0, lambda a, b: change(self._seed, year, a, b, p, probabilities, scores), late)
        self._families.marry(p, scores, self._seed, year)

    def _come(self, chance: np.random.Generator, expected: Floats, step: int) -> None:
        """Immigrants: of each cell a Poisson number."""
        cells = np.flatnonzero(expected)
        many = chance.poisson(expected.ravel()[cells])
        area, group, sex, age = np.unravel_index(np.repeat(cells, many), expected.shape)
        born = self._first + step - 1 - age
        columns = {"area": area, "group": group, "sex": sex, "age": age, "born": born}
        first = self._count
        self._append(len(area), {**columns, "first_group": group})
        if self._families:
            self._families.arrive(self.persons, first, self._seed, self._first + step)

    def _append(self, many: int, given: dict[str, Any]) -> None:
        first, self._count = self._count, self._count + many
        for name, column in self._columns.items():
            if self._count > len(column):
                longer = np.zeros(int(self._count * _GROWTH), column.dtype)
                longer[:first] = column[:first]
                self._columns[name] = longer
            self._columns[name][first : self._count] = given.get(name, -1 if name in _PLACES else 0)
        if len(self._mothers) < self._count:
            self._mothers = np.resize(self._mothers, int(self._count * _GROWTH))

    def _run(self, kernel: Callable[..., None], first: int, step: int, given: Year) -> None:
        year, persons, mothers = self._first + step, self.persons, self._mothers
        self._parts(first, lambda a, b: kernel(self._seed, year, a, b, persons, given, mothers))

    def _parts(
        self, first: int, kernel: Callable[[int, int], None], last: int | None = None
    ) -> None:
        """Run a kernel over persons, part by part."""
        end = self._count if last is None else last
        starts = range(first, end, _PART)
        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(kernel, starts, [min(start + _PART, end) for start in starts]))

    def _year(self, assumed: Assumptions, step: int) -> tuple[Year, Floats]:
        """What is assumed of a year: for the kernel, and immigrants by area, group, sex and age."""
        cells = self._structure
        assumed = assumed.checked(cells)
        areas = 1 if assumed.moves is None else len(assumed.moves.returns)
        if cells.width != 1 or len(assumed.draws) > (assumed.moves is not None):
            raise UsageError(
                "is not what lives can be simulated by", where="assumptions",
                value=f"width {cells.width}, draws {assumed.draws}",
                allowed="steps of one year, without draws",
            )  # fmt: skip

        def at(array: Floats, axis: int = -4) -> Floats:
            """The step's part, with an axis of areas in front."""
            part = np.take(array, min(step, array.shape[axis] - 1), axis=axis)
            full = (areas, *part.shape[axis + 1 :])
            return np.ascontiguousarray(np.broadcast_to(part, full))

        immigration = at(assumed.immigration)
        if (immigration < 0).any():
            raise UsageError(
                "is net of those who leave", where="immigration",
                next_step="Assume a rate of emigration, and persons who come",
            )  # fmt: skip
        moves = assumed.moves
        none = np.zeros((1, *cells.shape))
        males = assumed.males_per_female / (1 + assumed.males_per_female)
        year = Year(
            at(assumed.stay), at(assumed.leave), at(assumed.fertility, -3),
            at(moves.out) if moves else none,
            (moves.destinations if moves else np.ones((1, 1, 1))).cumsum(axis=-1),
            moves.classes if moves else np.zeros(cells.ages, np.intp),
            (moves.returns if moves else np.ones(1)).cumsum()[None, None],
            cells.places("next"), cells.places("leaves_to"), cells.resident,
            cells.children.cumsum(axis=-1)[None], males,
        )  # fmt: skip
        return year, immigration
