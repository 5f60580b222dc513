"""How far areas' levels go from their factors: fitted to areas' series, and draws of it.

What was counted in an area and year, by what its factor makes expected of the nation's level in the
same year, is 1 but for three things: chance, of which the variance is 1 by those expected; a
deviation of the area that comes and goes, an autoregression of the first order, with one variance
and one correlation for all areas; and what the factor is wrong by. Variance and correlation are
those of the greatest restricted normal likelihood: an area's level may be any, and chance has the
variance that it is known to have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.projection.areas import area_factors, factor_errors
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.stochastic.by_area import AreaFactors

#: Years of area series that a correlation can be told from, at least.
LEAST_YEARS: Final = 3
#: Autocorrelations that are tried.
_CORRELATIONS: Final = (0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
#: Variances that are searched, and that of levels of which nothing is known.
_LEAST, _MOST, _ANY_LEVEL = 1e-8, 4.0, 100.0
#: An area without any counted event has half of one.
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Deviations:
    """Deviations of one component, as logarithms of what a factor is multiplied by.

    Parameters
    ----------
    variance, correlation
        Of an area's deviation in a year, and with that of the next year.
    error
        Variance of each area's factor, by which it is wrong in all years alike: (areas,).
    chance
        Variance of one year by chance: (areas,).
    base_years
        Years that factors are of, whose mean deviation they have in them.
    """

    variance: float
    correlation: float
    error: Floats
    chance: Floats
    base_years: int

    def draw(self, steps: int, chance: np.random.Generator) -> Floats:
        """Factors with mean 1 of the years after those of the factors: (steps, areas).

        Parameters
        ----------
        steps
            How many.
        chance
            Source of randomness.

        Examples
        --------
        >>> none = np.zeros(2000)
        >>> wide = Deviations(0.04, 0.9, none, none, 1).draw(20, np.random.default_rng(1))
        >>> np.log(wide).std(axis=1)[[0, 19]].round(2).tolist()
        [0.09, 0.26]
        """
        years, areas = self.base_years + steps, len(self.error)
        path = chance.standard_normal((years, areas))
        for year in range(1, years):
            new = np.sqrt(1 - self.correlation**2) * path[year]
            path[year] = self.correlation * path[year - 1] + new
        own = np.sqrt(self.variance) * (path - path[: self.base_years].mean(axis=0))
        wrong = np.sqrt(self.error) * chance.standard_normal(areas)
        by_chance = np.sqrt(self.chance) * chance.standard_normal((steps, areas))
        found = own[self.base_years :] + wrong + by_chance
        return np.asarray(np.exp(found - self._variances(steps) / 2))

    def _variances(self, steps: int) -> Floats:
        """Of the logarithms: (steps, areas)."""
        base = np.arange(self.base_years)
        after = np.arange(self.base_years, self.base_years + steps)
        far = _correlated(self.correlation, after[:, None] - base).mean(axis=1)
        near = _correlated(self.correlation, base[:, None] - base).mean()
        own = self.variance * (1 - 2 * far + near)
        return np.asarray(own[:, None] + self.error + self.chance)


def fit_deviations(
    counted: Floats, expected: Floats, base_years: int, *, drawn_to_nation: bool = True
) -> Deviations:
    """Deviations fitted to what was counted by area.

    Parameters
    ----------
    counted, expected : array of shape (years, areas)
        Events of consecutive years, and those that the nation's rates, or shares of areas in all of
        the years, make expected.
    base_years
        Of how many of the last years the areas' factors are.
    drawn_to_nation
        Whether these are drawn towards the nation's, as `area_factors` does, or are what was
        counted.

    Raises
    ------
    UsageError
        Too few years.

    Examples
    --------
    >>> chance = np.random.default_rng(1)
    >>> level = np.exp(chance.normal(0, 0.2, (1, 300)) + chance.normal(0, 0.1, (15, 300)))
    >>> expected = np.full((15, 300), 400.0)
    >>> found = fit_deviations(chance.poisson(expected * level), expected, 5)
    >>> round(found.variance, 3), found.correlation
    (0.01, 0.0)
    """
    if len(counted) < LEAST_YEARS:
        raise UsageError(
            "is too short a series of areas", where="areas, draws", value=f"{len(counted)} years",
            allowed=f"at least {LEAST_YEARS} years that the register knows before the start",
            next_step="Start later, or leave --areas or --draws out",
        )  # fmt: skip
    # The nation's level of each year is the nation's to draw.
    level = np.divide(counted.sum(axis=1), expected.sum(axis=1), out=np.ones(len(counted)),
                      where=expected.sum(axis=1) > 0)  # fmt: skip
    expected = expected * level[:, None]
    last = slice(max(len(counted) - base_years, 0), None)
    base = counted[last].sum(axis=0), expected[last].sum(axis=0)
    own = expected * area_factors(counted.sum(axis=0), expected.sum(axis=0))
    variance, correlation = _likeliest(counted, own)
    if drawn_to_nation:
        error, usual = factor_errors(*base), base[1] * area_factors(*base)
    else:
        usual = np.maximum(base[0], _HALF)
        error = np.log1p(1 / usual)
    chance = np.log1p(len(counted[last]) / np.maximum(usual, 1e-2))
    return Deviations(variance, correlation, error, chance, len(counted[last]))


def _likeliest(counted: Floats, expected: Floats) -> tuple[float, float]:
    """Variance and correlation of deviations, beside levels that stay and chance."""
    from scipy.optimize import minimize_scalar

    some = (expected > 0).all(axis=0)
    expected = expected[:, some].T
    off = counted[:, some].T / expected - 1
    years = np.arange(off.shape[1])
    known = (1 / expected)[:, :, None] * np.eye(len(years)) + _ANY_LEVEL

    def loss(log: float, correlated: Floats) -> float:
        root = np.linalg.cholesky(np.exp(log) * correlated + known)
        away = np.linalg.solve(root, off[:, :, None])
        size = np.log(np.diagonal(root, axis1=1, axis2=2)).sum()
        return float(size + (away**2).sum() / 2)

    bounds, best = (np.log(_LEAST), np.log(_MOST)), (np.inf, 0.0, 0.0)
    for correlation in _CORRELATIONS if len(off) else ():
        args = (_correlated(correlation, years[:, None] - years),)
        found = minimize_scalar(loss, bounds, args=args, bounds=bounds, method="bounded")
        best = min(best, (float(found.fun), float(np.exp(found.x)), correlation))
    # What cannot be told from none is none.
    return (best[1], best[2]) if best[1] > 2 * _LEAST else (0.0, 0.0)


def _correlated(correlation: float, years: NDArray[np.intp]) -> Floats:
    return np.asarray(np.power(correlation, np.abs(years)), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class AreaModel:
    """Deviations of all components of areas, which are independent of each other.

    Parameters
    ----------
    components
        By the names of `AreaFactors`.
    steps
        Of how many steps they are drawn.
    seed
        What makes draws the same each time.
    """

    components: Mapping[str, Deviations]
    steps: int
    seed: int

    def draw(self, number: int) -> AreaFactors:
        """Those of a draw, whichever others are drawn.

        Parameters
        ----------
        number
            The draw's.
        """
        chance = np.random.Generator(np.random.Philox(key=[self.seed, (1 << 40) + number]))
        return AreaFactors(
            **{name: one.draw(self.steps, chance) for name, one in self.components.items()}
        )
