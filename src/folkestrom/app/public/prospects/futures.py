"""Projections of what readers ask for, beside that of rates as they were; each is made once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from folkestrom.app.public.prospects.released import TABLES, Start, Tables, start
from folkestrom.app.public.prospects.scenario import LEVERS, UNCHANGED, YEARS, Wanted, scenario
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.indicators import composition
from folkestrom.projection.populations import populations
from folkestrom.projection.rates.life_table import SEXES as _SEXES
from folkestrom.projection.rates.life_table import Sex, life_table, years_of_dying

#: Projections that are kept: 30 kB each.
_KEPT: Final = 1000
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
        immigrants, both in per cent.
    pyramids
        Persons by year, sex and five years of age: (years, 2, 21).
    life_expectancy
        At birth, by sex, in all years.
    """

    series: Mapping[str, Floats]
    pyramids: Floats
    life_expectancy: tuple[float, float]


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
    """

    start: Start
    wanted: Wanted
    baseline: Future
    changed: Future
    alone: Mapping[str, Future]

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
        self._kept: OrderedDict[tuple[int, ...], Future] = OrderedDict()
        self._lock = threading.Lock()

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
        alone = {one.id: self._future(begun, wanted.alone(one)) for one in wanted.changed}
        baseline, changed = (self._future(begun, of) for of in (_BASELINE, wanted.levels))
        return Answer(begun, wanted, baseline, changed, alone)

    def _future(self, begun: Start, levels: tuple[int, ...]) -> Future:
        with self._lock:
            if begun is self._start and levels in self._kept:
                self._kept.move_to_end(levels)
                return self._kept[levels]
        made = _projected(begun, levels)
        with self._lock:
            if begun is self._start:
                self._kept[levels] = made
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return made


def _projected(begun: Start, levels: tuple[int, ...]) -> Future:
    cells = begun.structure
    # All years are alike, so that one is changed.
    rates = scenario(levels).applied(begun.rates, cells, begun.year, 1)
    found = populations(cells, begun.population, rates.assumptions(cells), YEARS)
    persons = found[:, cells.resident].sum(axis=1)
    immigrants = found[:, cells.part("immigrants")].sum(axis=(-1, -2, -3))
    series = {
        "population": persons.sum(axis=(-1, -2)),
        **composition(persons, immigrants, cells),
    }
    pyramids = np.add.reduceat(persons, AGES, axis=-1)
    males, females = (
        _life_expectancy(rates.mortality[0, 0, n], sex) for n, sex in enumerate(_SEXES)
    )
    return Future(series, pyramids, (males, females))


def _life_expectancy(rates: Floats, sex: Sex) -> float:
    if not rates[-1] > 0:
        return np.nan
    age = np.arange(len(rates), dtype=np.float64)
    return float(life_table(age, rates, years_of_dying(age, rates, sex)).expectation[0])
