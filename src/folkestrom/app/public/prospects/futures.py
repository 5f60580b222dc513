"""Projections of what readers ask for, beside that of rates as they were; each is made once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np

from folkestrom.app.public.prospects.released import TABLES, Start, Tables, start
from folkestrom.app.public.prospects.scenario import (
    INTERVALS,
    LEVERS,
    UNCHANGED,
    YEARS,
    Wanted,
    scenario,
)
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.indicators import composition, remaining_years, total_fertility
from folkestrom.projection.populations import populations
from folkestrom.projection.stochastic.figures import ASSUMED, figures_of
from folkestrom.projection.stochastic.history import drawn_factors
from folkestrom.projection.stochastic.scores import middle_and_ends
from folkestrom.projection.stochastic.series import least_years
from folkestrom.projection.stochastic.simulation import Factors
from folkestrom.projection.structure import SEXES

#: Projections that are kept: 50 kB each.
_KEPT: Final = 1000
#: How many futures a fan is of, and what makes them the same each time.
DRAWS: Final = 200
SEED: Final = 1
#: Years that have to be known: of three levels of mortality, and one of each other component.
LEAST_YEARS: Final = least_years(6)
#: Figures that are drawn.
DRAWN: Final = (
    "population", "old_age_dependency", "median_age", "aged_80", "immigrants", *ASSUMED,
)  # fmt: skip
_T = TypeVar("_T")
#: First ages of the groups of a pyramid; the last is open.
AGES: Final = tuple(range(0, 105, 5))
_BASELINE: Final = (UNCHANGED,) * len(LEVERS)


@dataclass(frozen=True, slots=True, eq=False)
class Future:
    """A projection, as it is shown.

    Parameters
    ----------
    series
        Figures by year: population, old-age dependency, median age, those of 80 and over and
        immigrants, both in per cent, total fertility, and life expectancy by sex.
    pyramids
        Persons by year, sex and five years of age: (years, 2, 21).
    """

    series: Mapping[str, Floats]
    pyramids: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """What may come, in draws of the levels that rates have.

    Parameters
    ----------
    bands
        By figure: the median, and the ends of each of `INTERVALS`, by year: (7, years).
    exploded
        The share of draws in which the population grows beyond belief.
    """

    bands: Mapping[str, Floats]
    exploded: float

    def of(self, figure: str, intervals: Sequence[int] = INTERVALS) -> list[Floats]:
        """The median, and the lower and the upper end of some intervals.

        Parameters
        ----------
        figure, intervals
            Which.
        """
        median, *ends = self.bands[figure]
        at = [2 * INTERVALS.index(one) for one in intervals]
        return [median, *(end for n in at for end in ends[n : n + 2])]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader sees.

    Parameters
    ----------
    start, wanted
        What the projection starts from, and what is asked for.
    baseline, changed
        Rates as they were, and as the reader has them.
    alone
        Of each lever that is moved, the future in which it alone is.
    fans
        What may come with rates as they were, and as the reader has them, if intervals are asked
        for; None: they are not, or too few years are released.
    """

    start: Start
    wanted: Wanted
    baseline: Future
    changed: Future
    alone: Mapping[str, Future]
    fans: tuple[Fan, Fan] | None = None

    @property
    def at(self) -> int:
        """The place of the year that is looked at."""
        return self.wanted.year - self.start.year

    @property
    def years(self) -> range:
        """Years that there are figures of, each of its 1 January."""
        return range(self.start.year, self.start.year + YEARS + 1)

    def effect(self, name: str, lever: str = "") -> float:
        """How a figure of the year differs from the baseline; with one lever alone, or with all."""
        future = self.alone[lever] if lever else self.changed
        return float(future.series[name][self.at] - self.baseline.series[name][self.at])


class Futures:
    """Answers over the tables that are out."""

    def __init__(self) -> None:
        self._of: object = None
        self._start: Start | None = None
        self._kept: OrderedDict[tuple[str, tuple[int, ...]], Any] = OrderedDict()
        self._lock = threading.Lock()
        self._drawing = threading.Lock()

    def start(self, tables: Tables) -> Start | None:
        """What projections start from; None: the tables for it are not out.

        Parameters
        ----------
        tables
            The tables that are out.
        """
        of = [id in tables and (tables[id].release, tables[id].updated) for id in TABLES]
        with self._lock:
            if of != self._of:
                self._start, self._of = start(tables), of
                self._kept.clear()
            return self._start

    def answer(self, begun: Start, wanted: Wanted) -> Answer:
        """The answer to a reader.

        Parameters
        ----------
        begun, wanted
            What the projection starts from, and what is asked for.
        """

        def future(levels: tuple[int, ...]) -> Future:
            return self._made("future", begun, levels, lambda: _projected(begun, levels))

        alone = {one.id: future(wanted.alone(one)) for one in wanted.changed}
        both = _BASELINE, wanted.levels
        fans = None
        if wanted.intervals and begun.history.years >= LEAST_YEARS:
            # One at a time: each takes all cores for a while.
            with self._drawing:
                baseline, changed = (self._fan(begun, levels) for levels in both)
            fans = baseline, changed
        before, after = map(future, both)
        return Answer(begun, wanted, before, after, alone, fans)

    def _fan(self, begun: Start, levels: tuple[int, ...]) -> Fan:
        factors = self._made("factors", begun, (), lambda: drawn_factors(
            begun.structure, begun.history, None, first=begun.base[1] + 1, steps=YEARS + 1,
            base_years=begun.base[1] - begun.base[0] + 1, draws=DRAWS, seed=SEED,
        ))  # fmt: skip
        return self._made("fan", begun, levels, lambda: _drawn(begun, levels, factors))

    def _made(self, kind: str, begun: Start, levels: tuple[int, ...], make: Callable[[], _T]) -> _T:
        key = kind, levels
        with self._lock:
            if begun is self._start and key in self._kept:
                self._kept.move_to_end(key)
                found: _T = self._kept[key]
                return found
        made = make()
        with self._lock:
            if begun is self._start:
                self._kept[key] = made
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return made


def _projected(begun: Start, levels: tuple[int, ...]) -> Future:
    cells = begun.structure
    # All years are alike, so that one is changed.
    rates = scenario(levels).applied(begun.rates, cells, begun.year, 1)
    found = populations(cells, begun.population, rates.assumptions(cells), YEARS)
    residents = found[:, cells.resident]
    persons = residents.sum(axis=1)
    immigrants = found[:, cells.part("immigrants")].sum(axis=(-1, -2, -3))
    left = remaining_years(rates.mortality[0, 0], cells)[:, 0]
    series = {
        "population": persons.sum(axis=(-1, -2)),
        **composition(persons, immigrants, cells),
        "total_fertility": total_fertility(rates.fertility[0, cells.resident], residents, cells),
        **{f"life_expectancy_{sex}": np.full(YEARS + 1, left[n]) for n, sex in enumerate(SEXES)},
    }
    return Future(series, np.add.reduceat(persons, AGES, axis=-1))


def _drawn(begun: Start, levels: tuple[int, ...], factors: Factors) -> Fan:
    found, exploded = figures_of(
        begun.structure, begun.population, begun.rates, scenario(levels), begun.year,
        range(YEARS + 1), factors, ASSUMED,
    )  # fmt: skip
    bands = {name: np.stack(middle_and_ends(found[name], INTERVALS)) for name in DRAWN}
    return Fan(bands, exploded)
