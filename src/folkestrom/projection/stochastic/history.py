"""Annual series of the components, and the factors of rates that their models draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.stochastic.limits import COMPONENTS, Limits
from folkestrom.projection.stochastic.mortality import dying, mortality_index
from folkestrom.projection.stochastic.series import Kind, LevelModel, fit_levels
from folkestrom.projection.stochastic.simulation import Factors
from folkestrom.projection.structure import SEXES, Structure

#: Levels with one number a year; mortality has rates by sex and age.
LEVELS: Final[tuple[str, ...]] = ("fertility", "immigration", "emigration")
COLUMNS: Final = ("component", "year", "sex", "age", "value")
_MORTALITY: Final = ("mortality", "mortality, males", "mortality, females")
#: Single years of age that there are.
_AGES: Final = 120
_OF_MORTALITY: Final[tuple[tuple[Kind, ...], ...]] = (
    ("drift",), ("walk", "autoregression"), ("walk", "autoregression"),
)  # fmt: skip
_OF_LEVELS: Final[tuple[Kind, ...]] = ("walk", "autoregression")


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Series of consecutive years; components that are not there do not vary.

    Parameters
    ----------
    first
        The first year.
    levels
        By component of `LEVELS`, in any unit: (years,).
    mortality
        Death rates by sex and age group: (years, 2, age groups); None: there are none.
    lower, weights
        First ages of the age groups, and what share of deaths they have.
    """

    first: int
    levels: Mapping[str, Floats]
    mortality: Floats | None = None
    lower: NDArray[np.intp] | None = None
    weights: Floats | None = None

    @property
    def years(self) -> int:
        """How many they are."""
        arrays = [*self.levels.values(), *([] if self.mortality is None else [self.mortality])]
        return len(arrays[0])

    def until(self, year: int) -> History:
        """Without that year and what came later.

        Parameters
        ----------
        year
            The year.
        """
        kept = slice(0, max(year - self.first, 0))
        mortality = None if self.mortality is None else self.mortality[kept]
        levels = {name: value[kept] for name, value in self.levels.items()}
        return replace(self, levels=levels, mortality=mortality)

    def without(self, components: Iterable[str]) -> History | None:
        """Without some components; None: there is none left.

        Parameters
        ----------
        components
            Their names.
        """
        gone = {*components}
        levels = {name: value for name, value in self.levels.items() if name not in gone}
        mortality = None if "mortality" in gone else self.mortality
        if not levels and mortality is None:
            return None
        return replace(self, levels=levels, mortality=mortality)

    def fitted(self, ages: int) -> tuple[LevelModel, Floats, Floats]:
        """The model of all levels, these by year, and the patterns of mortality.

        Parameters
        ----------
        ages
            Single years of age that patterns are of.
        """
        names, kinds = list(self.levels), [_OF_LEVELS] * len(self.levels)
        values = [np.log(level) for level in self.levels.values()]
        patterns = np.zeros((0, len(SEXES), ages))
        rates, lower, weights = self.mortality, self.lower, self.weights
        if rates is not None and lower is not None and weights is not None and len(rates) > 1:
            found = mortality_index(rates, weights)
            patterns = found.by_age(lower, ages)
            names, kinds = [*_MORTALITY, *names], [*_OF_MORTALITY, *kinds]
            values = [*found.index.T, *values]
        array = np.column_stack(values)
        return fit_levels(names, array, kinds), array, patterns


def history_of(rows: Iterable[Mapping[str, Any]], place: str = "series") -> History:
    """Series from the rows of a table with the columns component, year, sex, age and value.

    Sex and age are of death rates only; age is the first of its group. Years that not all
    components have are left out at both ends.

    Parameters
    ----------
    rows
        The rows, with texts or numbers.
    place
        Where they stand, for errors.

    Raises
    ------
    InputRefused
        A row that cannot be read, years with gaps, ages that are not there in every year.

    Examples
    --------
    >>> rows = [{"component": "fertility", "year": y, "value": 1.5} for y in (2001, 2002)]
    >>> history_of(rows).levels["fertility"].tolist()
    [1.5, 1.5]
    """
    found: dict[str, dict[int, dict[tuple[int, int], float]]] = {}
    for number, row in enumerate(rows, start=1):
        component, year, key, value = _row(row, place, number)
        cells = found.setdefault(component, {}).setdefault(year, {})
        if key in cells:
            raise InputRefused(
                "has this already", where=place, row=number, value=f"{component}, {year}",
                allowed="one row a component, year, sex and age",
            )  # fmt: skip
        cells[key] = value
    if not found:
        raise InputRefused("has no rows", where=place, allowed=", ".join(COLUMNS))
    first = max(min(years) for years in found.values())
    last = min(max(years) for years in found.values())
    for component, years in found.items():
        for year in range(first, last + 1):
            if year not in years:
                raise InputRefused(
                    "lacks a year", where=f"{place}, {component}", value=year,
                    allowed=f"every year from {first} to {last}",
                )  # fmt: skip
    levels = {name: np.array([found[name][y][0, 0] for y in range(first, last + 1)])
              for name in LEVELS if name in found}  # fmt: skip
    deaths = found.get("mortality")
    if deaths is None:
        return History(first, levels)
    lower = sorted({age for year in deaths.values() for _, age in year})
    mortality = np.full((max(last - first + 1, 0), len(SEXES), len(lower)), np.nan)
    for year, sex, (n, age) in product(range(first, last + 1), range(2), enumerate(lower)):
        mortality[year - first, sex, n] = deaths[year].get((sex, age), np.nan)
    if np.isnan(mortality).any():
        year, sex, n = (int(place) for place in np.argwhere(np.isnan(mortality))[0])
        raise InputRefused(
            "lacks a death rate", where=f"{place}, mortality",
            value=f"{first + year}, {SEXES[sex]}, age {lower[n]}",
            allowed="both sexes and the same ages in each year",
        )  # fmt: skip
    ages = np.array(lower, np.intp)
    return History(first, levels, mortality, ages, dying(mortality, ages))


def _row(row: Mapping[str, Any], place: str, number: int) -> tuple[str, int, Any, float]:
    component = check_code(str(row.get("component", "")), COMPONENTS, "is no component",
                           where=f"{place}, row {number}")  # fmt: skip
    key = (0, 0)
    try:
        year, value = int(row["year"]), float(row["value"])
        if component == "mortality":
            key = (SEXES.index(row["sex"]), range(_AGES).index(int(row["age"])))
    except (KeyError, TypeError, ValueError) as error:
        raise InputRefused(
            "cannot be read", where=place, row=number, allowed=", ".join(COLUMNS),
            next_step="Write years, ages and values as numbers, the sex of death rates as male or "
            "female",
        ) from error  # fmt: skip
    if not (np.isfinite(value) and value > 0):
        raise InputRefused(
            "is no level of a component", where=place, row=number, value=value,
            allowed="a number above 0",
        )  # fmt: skip
    return component, year, key, value


def drawn_factors(
    structure: Structure,
    history: History | None,
    limits: Limits | None,
    *,
    first: int,
    steps: int,
    base_years: int,
    draws: int,
    seed: int,
) -> Factors:
    """Factors of the rates of some years before the start, in draws of what may come.

    Components that limits are of are by these, the others by the models of their series.

    Parameters
    ----------
    structure
        The cells.
    history, limits
        Series of the years before, and what experts say; None: there is nothing.
    first, steps
        The year in which the first step begins, and how many there are.
    base_years
        Of how many years before the start the rates are that factors are of.
    draws, seed
        How many draws, and what makes them the same each time.

    Raises
    ------
    UsageError
        A series that is too short, or that does not reach the years that the rates are of.
    """
    chance = np.random.default_rng(seed)
    levels, order = np.zeros((draws, steps, 4)), ("fertility", "immigration", "emigration")
    patterns, index = np.zeros((0, len(SEXES), structure.ages)), np.zeros((draws, steps, 0))
    told = history.without(limits.components if limits else ()) if history else None
    if told is not None:
        known = told.until(first)
        model, values, patterns = known.fitted(structure.ages)
        base = values[max(first - base_years - known.first, 0) :]
        if not len(base):
            raise UsageError(
                "ends before the years that rates are of", where="series",
                value=known.first + known.years - 1, allowed=f"{first - base_years} or later",
                next_step="Give a series that goes on, or start earlier",
            )  # fmt: skip
        skipped = first - known.first - known.years
        found = model.draw(draws, skipped + steps, chance)[:, skipped:]
        many = len(patterns)
        index = found[..., :many] - base[:, :many].mean(axis=0)
        for n, name in enumerate(model.names[many:], start=many):
            level = np.log(np.exp(base[:, n]).mean())
            levels[..., order.index(name)] = found[..., n] - level
    for name, value in (limits.draw(draws, first, steps, chance) if limits else {}).items():
        if name == "mortality":
            patterns = np.concatenate([patterns, np.ones((1, *patterns.shape[1:]))])
            index = np.concatenate([index, value[..., None]], axis=-1)
        else:
            levels[..., order.index(name)] = value
    levels[..., 3] = levels[..., 1]
    return Factors(np.exp(levels), patterns, index)
