"""The targets of the twin: what a synthetic country has to add up to.

A `Targets` holds margins only, no person. It comes from one of two places, the sources' own
tables (`targets_embedded`) or a folder of published series (`targets_reference`), is scaled by
`targets_scale`, altered by `targets_change`, and consumed by the simulation.

Arrays are indexed by time, sex, age and so on as `Targets` says. Two index conventions recur:

* **sex** 0 is male and 1 female (the register's codes less one);
* a **cohort cell** (t, sex, b) is the people who reach completed age `b` by 1 January of year
  ``years[t + 1]``: the births of the window where b = 0, the pooled 104 and 105+ where b = 105.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SEXES: Final = ("male", "female")
#: The last age is open: 105 stands for 105 and older.
OLDEST: Final = 105
AGES: Final = OLDEST + 1
#: Five-year age groups 0-4 … 95-99, 100 and older, as the published Table 2 has them.
AGE_GROUPS: Final = (*(f"{low}-{low + 4}" for low in range(0, 100, 5)), "100+")
MARITAL_CODES: Final = 10


@dataclass(frozen=True, eq=False)
class Targets:
    """Margins of a country over a span of years.

    T is the number of windows (years of flow), M of municipalities, C of citizenships.

    Attributes
    ----------
    years
        The T + 1 years whose 1 January has a stock; window t runs from 1 January ``years[t]``.
    population
        int64[T+1, 2, 106]: residents by sex and completed age (105 is 105+).
    births
        int64[T, 2]: live births of the window by sex.
    deaths, immigration, emigration
        int64[T]: totals of the window.
    adjustment
        int64[T]: what remains of the growth when births, deaths and migration are taken away.
    marriages, divorces, stillbirths, moves
        int64[T]: totals of the window, moves between municipalities (0: not known).
    municipality_codes
        int16[M]: codes in the borders of 2020-2023, ascending.
    municipality_population
        int64[T+1, M]: adds to the population at every t.
    centrality
        int8[M]: class 1 (most central) to 6.
    county
        int8[M]: county code in the same borders.
    marital
        int64[T+1, 2, 21, 10]: cohort groups by marital code. A group is fixed by the five-year age
        group its members have (or would have) at the *last* 1 January; its codes add to the
        group's residents at each t.
    citizenship_codes
        ISO alpha-2: "NO" first, the published fifteen, then further countries ("XS" stateless,
        "XX" unknown).
    citizenship
        int64[T+1, 2, C]: residents by citizenship; adds to the population by sex.
    immigration_citizenship
        float64[T, C]: shares of a window's immigration by citizenship; each row adds to 1.
    quarters
        int64[T, 4, 4]: births, deaths, immigration and emigration from 1 January to each quarter's
        end, as published then; -1 where nothing is to be met. None: events know no season.
    notes
        What a reader has to know: assumptions made, every unit changed by raking.
    """

    years: tuple[int, ...]
    population: Ints
    births: Ints
    deaths: Ints
    immigration: Ints
    emigration: Ints
    adjustment: Ints
    marriages: Ints
    divorces: Ints
    stillbirths: Ints
    moves: Ints
    municipality_codes: NDArray[np.int16]
    municipality_population: Ints
    centrality: NDArray[np.int8]
    county: NDArray[np.int8]
    marital: Ints
    citizenship_codes: tuple[str, ...]
    citizenship: Ints
    immigration_citizenship: Floats
    quarters: Ints | None = None
    source: str = "embedded"
    scale: float = 1.0
    notes: tuple[str, ...] = field(default=(), repr=False)

    def altered(self, changes: Mapping[str, Ints], **others: object) -> Targets:
        """The same targets with some arrays, by name, and other attributes replaced."""
        return replace(self, **changes, **others)  # type: ignore[arg-type]

    @property
    def windows(self) -> int:
        """Number of years of flow."""
        return len(self.years) - 1

    @property
    def flows(self) -> Ints:
        """int64[T, 4]: births, deaths, immigration and emigration of each window."""
        births = self.births.sum(axis=1)
        return np.stack([births, self.deaths, self.immigration, self.emigration], axis=1)

    @property
    def total(self) -> Ints:
        """int64[T+1]: residents on each 1 January."""
        return np.asarray(self.population.sum(axis=(1, 2)), dtype=np.int64)

    @property
    def cohort_base(self) -> Ints:
        """int64[T, 2, 106]: who enters each cohort cell: births, or residents one year younger."""
        return cohort_base(self.population, self.births)

    @property
    def cohort_residual(self) -> Ints:
        """int64[T, 2, 106]: what deaths, migration and adjustment make of each cohort cell."""
        return self.population[1:] - self.cohort_base


def cohort_base(population: Ints, births: Ints) -> Ints:
    """Stock at the beginning of a window moved to the age reached by its end."""
    base = np.empty_like(population[:-1])
    base[:, :, 0] = births
    base[:, :, 1:] = population[:-1, :, :-1]
    base[:, :, OLDEST] += population[:-1, :, OLDEST]
    return base


def age_group(windows: int, t: int) -> NDArray[np.int64]:
    """int64[106]: cohort group of each age at time t (see `Targets.marital`)."""
    age_at_last = np.arange(AGES) + windows - t
    groups = np.minimum(age_at_last // 5, len(AGE_GROUPS) - 1)
    # 105+ is pooled: whoever is in it belongs to the oldest group, however long the span.
    groups[OLDEST] = len(AGE_GROUPS) - 1
    return groups


def cohort_group_population(population: Ints) -> Ints:
    """int64[T+1, 2, 21]: residents of each cohort group at each 1 January."""
    windows = len(population) - 1
    out = np.zeros((windows + 1, 2, len(AGE_GROUPS)), dtype=np.int64)
    for t in range(windows + 1):
        for group in range(len(AGE_GROUPS)):
            out[t, :, group] = population[t][:, age_group(windows, t) == group].sum(axis=1)
    return out
