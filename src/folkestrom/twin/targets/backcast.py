"""Stocks of earlier years from the page's tables alone: a back-cast in one least-squares problem.

Unknown are the residents by sex and single age on every 1 January of a span and the births of every
year. They should obey the expected course of each cohort (deaths, emigration and immigration by the
schedules), be smooth over the ages, and stay near a rough back-projection; each departure counts by
its variance. And they must meet, exactly, what the page prints. The answer is the minimum of a
quadratic under linear constraints; it is made whole numbers afterwards, by `targets_embedded`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from folkestrom.twin.targets import schedules
from folkestrom.twin.targets.definition import AGES, OLDEST

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

#: Departures from the smooth, as shares of a cell, that count as one unit.
_ROUGHNESS: Final = 0.03
#: The rough back-projection is hardly believed.
_DISBELIEF: Final = 0.5
#: Spread of the number of births of a year about the usual, by sex.
_BIRTHS_SPREAD: Final = 1500.0
_USUAL_BIRTHS: Final = 58_000.0
#: Single years of table 05803 (Statistics Norway) before the sources' own tables begin.
_TOLD: Final = (1985, 1990, 1995, 2000)
_TOLD_POPULATION: Final = (4_145_845, 4_233_116, 4_348_410, 4_478_497)
_TOLD_BIRTHS: Final = (51_134, 60_939, 60_292, 59_234)
_TOLD_IMMIGRATION: Final = (21_858, 25_494, 25_678, 36_542)
_TOLD_EMIGRATION: Final = (15_630, 23_784, 19_312, 26_854)
#: Departures from the expected course of a cohort: standard deviations, over a Poisson's.
_OVERDISPERSION: Final = 3.0


def emigrants(year: int) -> int:
    """Emigration of a year: "every year, around 30 000 persons leave Norway", rising a little."""
    if year < _TOLD[-1]:
        return round(float(np.interp(year, _TOLD, _TOLD_EMIGRATION)))
    return 27_000 + 300 * (year - 2000)


def expected_immigrants(year: int) -> float:
    """Immigration the back-cast expects: a logistic rise around 2007, falling from 2012.

    The curve was fitted by eye to the yearly figures of table 05803 (Statistics Norway), 2000-2019.
    What the back-cast finds differs from it.
    """
    if year < _TOLD[-1]:
        return float(np.interp(year, _TOLD, _TOLD_IMMIGRATION))
    rise = 42_000.0 / (1.0 + np.exp(-(year - 2006.5) / 1.2))
    return float(36_000.0 + rise - 3_400.0 * max(year - 2012, 0))


def told_births(years: tuple[int, ...]) -> Floats:
    """float64[T, 2]: births of years before 2000, between the published ones."""
    both = np.interp(years, _TOLD, _TOLD_BIRTHS)
    return np.outer(both, [schedules.BIRTHS_MALE, 1 - schedules.BIRTHS_MALE])


def told_totals(last: int) -> dict[int, float]:
    """Residents of single years before 2000, as they are to those of 2000, which are `last`."""
    return {
        year: number * last / _TOLD_POPULATION[-1]
        for year, number in zip(_TOLD[:-1], _TOLD_POPULATION[:-1], strict=True)
    }


@dataclass(frozen=True)
class Constraint:
    """A printed figure: the residents at time t of both sexes or one, of ages [low, high)."""

    t: int
    low: int
    high: int
    value: float
    sex: int | None = None


@dataclass(frozen=True)
class Backcast:
    """Real-valued answer: population float64[T+1, 2, 106], births float64[T, 2]."""

    population: Floats
    births: Floats


class BackcastProblem:
    """The quadratic, factored once, to be solved under several sets of constraints.

    Parameters
    ----------
    years
        The T + 1 years of the stocks.
    groups
        float64[2, 21]: the last stock by sex and five-year group.
    births
        float64[T, 2] with NaN where a year's births are not known.
    """

    def __init__(self, years: tuple[int, ...], groups: Floats, births: Floats) -> None:
        self.years = years
        self._known_births = births
        self.rough = rough_backcast(years, groups)
        self._factors = []
        self._gradient = []
        for sex in range(2):
            hessian, gradient = self._normal_equations(sex)
            self._factors.append(splu(hessian))
            self._gradient.append(gradient)

    @property
    def _size(self) -> int:
        return len(self.years) * AGES + len(self.years) - 1

    def _column(self, t: int, age: Places) -> Places:
        return np.asarray(t * AGES + age)

    def _births_column(self, t: int) -> int:
        return len(self.years) * AGES + t

    def _normal_equations(self, sex: int) -> tuple[csc_array, Floats]:
        """Hessian and right-hand side of one sex."""
        rows = _Rows(self._size)
        self._add_cohorts(rows, sex)
        self._add_smoothness(rows, sex)
        columns = np.arange(len(self.years) * AGES)
        rough = self.rough[:, sex].ravel()
        spread = _DISBELIEF * rough + 5.0
        rows.add([columns], [np.ones(len(columns))], rough, spread)
        for t in range(len(self.years) - 1):
            known = self._known_births[t, sex]
            share = schedules.BIRTHS_MALE if sex == 0 else 1 - schedules.BIRTHS_MALE
            usual, spread_births = (
                (_USUAL_BIRTHS * share, _BIRTHS_SPREAD) if np.isnan(known) else (known, 0.01)
            )
            column = np.array([self._births_column(t)])
            rows.add([column], [np.ones(1)], np.array([usual]), np.array([spread_births]))
        return rows.hessian(), rows.gradient

    def _add_cohorts(self, rows: _Rows, sex: int) -> None:
        """P(t+1, b) = survival x base + expected immigrants, for every cohort cell."""
        leave = schedules.emigration_rates()[sex]
        arrive = schedules.immigration_shares()[sex]
        for t, year in enumerate(self.years[:-1]):
            gone = schedules.death_probabilities(year)[sex] + leave
            came = expected_immigrants(year) * arrive
            base = np.empty(AGES)
            base[1:] = self.rough[t, sex, :-1]
            base[0] = _USUAL_BIRTHS / 2
            spread = _OVERDISPERSION * np.sqrt(came + gone * base + 0.5)
            ages = np.arange(AGES)
            later = self._column(t + 1, ages)
            earlier = self._column(t, np.maximum(ages - 1, 0))
            earlier[0] = self._births_column(t)
            pooled = np.where(ages == OLDEST, gone - 1.0, 0.0)
            rows.add(
                [later, earlier, np.full(AGES, t * AGES + OLDEST)],
                [np.ones(AGES), gone - 1.0, pooled],
                came,
                spread,
            )

    def _add_smoothness(self, rows: _Rows, sex: int) -> None:
        """Second differences over the ages are small."""
        for t in range(len(self.years)):
            middle = np.arange(1, OLDEST - 1)
            scale = _ROUGHNESS * self.rough[t, sex, middle] + 3.0
            rows.add(
                [self._column(t, middle - 1), self._column(t, middle), self._column(t, middle + 1)],
                [np.ones(len(middle)), -2.0 * np.ones(len(middle)), np.ones(len(middle))],
                np.zeros(len(middle)),
                scale,
            )

    def solve(self, constraints: list[Constraint]) -> Backcast:
        """Minimise under the constraints (a consistent set; redundant ones do no harm)."""
        matrices = [self._constraint_matrix(constraints, sex) for sex in range(2)]
        free, reach = [], []
        for sex in range(2):
            right = np.column_stack([self._gradient[sex], matrices[sex].T])
            solved = self._factors[sex].solve(right)
            free.append(solved[:, 0])
            reach.append(solved[:, 1:])
        schur = sum(matrix @ column for matrix, column in zip(matrices, reach, strict=True))
        have = sum(matrix @ column for matrix, column in zip(matrices, free, strict=True))
        wanted = np.array([c.value for c in constraints])
        push = np.linalg.lstsq(schur, wanted - have, rcond=1e-12)[0]
        met = [np.asarray(free[sex] + reach[sex] @ push, dtype=np.float64) for sex in range(2)]
        return self._unpack(met)

    def _constraint_matrix(self, constraints: list[Constraint], sex: int) -> Floats:
        out = np.zeros((len(constraints), self._size))
        for row, c in enumerate(constraints):
            if c.sex is None or c.sex == sex:
                out[row, c.t * AGES + c.low : c.t * AGES + c.high] = 1.0
        return out

    def _unpack(self, solutions: list[Floats]) -> Backcast:
        stocks = len(self.years) * AGES
        population = np.stack([x[:stocks].reshape(-1, AGES) for x in solutions], axis=1)
        births = np.stack([x[stocks:] for x in solutions], axis=1)
        return Backcast(np.maximum(population, 0.0), births)


class _Rows:
    """Gathers weighted rows of a least-squares problem straight into its normal equations."""

    def __init__(self, size: int) -> None:
        self.gradient = np.zeros(size)
        self._products: list[tuple[Places, Places, Floats]] = []

    def hessian(self) -> csc_array:
        """Return the sum of all products of two unknowns: few, as each row has three at most."""
        rows, columns, values = (np.concatenate(part) for part in zip(*self._products, strict=True))
        size = len(self.gradient)
        return csc_array((values, (rows, columns)), shape=(size, size))

    def add(
        self, columns: list[Places], factors: list[Floats], value: Floats, spread: Floats
    ) -> None:
        """Add rows ``sum(factor x unknown) = value``, each off by `spread` counting one."""
        weight = 1.0 / (spread * spread)
        for one, factor in zip(columns, factors, strict=True):
            np.add.at(self.gradient, one, weight * factor * value)
            for other, second in zip(columns, factors, strict=True):
                self._products.append((one, other, weight * factor * second))


def rough_backcast(years: tuple[int, ...], groups: Floats) -> Floats:
    """float64[T+1, 2, 106]: the last stock smoothed, and each cohort carried back.

    Cohorts that are near extinct at the end tell nothing of their past; before, they are given the
    age profile of the end.
    """
    out = np.empty((len(years), 2, AGES))
    out[-1] = _spread_groups(groups)
    leave = schedules.emigration_rates()
    arrive = schedules.immigration_shares()
    oldest_told = 97
    for t in range(len(years) - 2, -1, -1):
        year = years[t]
        stay = 1.0 - schedules.death_probabilities(year) - leave
        came = expected_immigrants(year) * arrive
        out[t, :, :-1] = np.maximum((out[t + 1, :, 1:] - came[:, 1:]) / stay[:, 1:], 1.0)
        edge = oldest_told - (len(years) - 1 - t)
        ratio = out[t, :, edge] / out[-1, :, edge]
        out[t, :, edge:] = out[-1, :, edge:] * ratio[:, None]
    return out


def _spread_groups(groups: Floats) -> Floats:
    """Five-year groups to single ages: even inside a group, then evened over neighbours."""
    width = [*[5] * 20, AGES - 100]
    even = np.concatenate(
        [
            np.repeat(groups[:, g : g + 1] / width[g], width[g], axis=1)
            for g in range(groups.shape[1])
        ],
        axis=1,
    )
    # The open group falls by about half with every year of age.
    last = 0.5 ** np.arange(AGES - 100)
    even[:, 100:] = groups[:, [-1]] * last / last.sum()
    padded = np.pad(even, ((0, 0), (2, 2)), mode="edge")
    smooth = np.stack([padded[:, k : k + AGES] for k in range(5)]).mean(axis=0)
    smooth[:, 98:] = even[:, 98:]
    return np.asarray(smooth)
