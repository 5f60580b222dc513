"""The level of mortality by year: Lee and Carter's model, of both sexes together.

Li and Lee (2005), *Coherent mortality forecasts for a group of populations: an extension of the
Lee-Carter method*, Demography 42: 575-594. Logarithms of death rates are a mean of sex and age, a
common index times a pattern of ages, and each sex's own index times its own pattern. The common
index is a random walk with drift, the own ones have none, so that the sexes are not driven apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import InputRefused
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.structure import SEXES


@dataclass(frozen=True, slots=True, eq=False)
class MortalityIndex:
    """Indices of mortality and their patterns.

    Parameters
    ----------
    index
        By year: common, of males, of females: (years, 3).
    patterns
        What each adds to logarithms of death rates, for an index of 1: (3, 2, age groups).
    """

    index: Floats
    patterns: Floats

    def by_age(self, lower: NDArray[np.intp], ages: int) -> Floats:
        """Patterns of single years of age: (3, 2, ages).

        Parameters
        ----------
        lower
            First ages of the age groups.
        ages
            How many single years.
        """
        place = np.searchsorted(lower, np.arange(ages), "right") - 1
        return np.asarray(self.patterns[..., np.maximum(place, 0)])


def mortality_index(rates: Floats, weights: Floats) -> MortalityIndex:
    """Lee and Carter's model in the form of Li and Lee, by weighted least squares of logarithms.

    Weights are of where people die, as Wilmoth (1993) has it: without them the index would be led
    by children, of whom few die.

    Parameters
    ----------
    rates
        Death rates, (years, 2, age groups), all above 0.
    weights
        Of the age groups, (age groups,): deaths, or their shares.

    Raises
    ------
    InputRefused
        Rates that are 0 or less.

    Examples
    --------
    >>> falling = np.exp(-0.02 * np.arange(20))[:, None, None] * np.array([[[0.01], [0.02]]])
    >>> found = mortality_index(np.repeat(falling, 3, axis=2), np.ones(3))
    >>> np.diff(found.index[:, 0]).round(4)[:2].tolist()
    [-0.02, -0.02]
    """
    if not (np.isfinite(rates) & (rates > 0)).all():
        raise InputRefused(
            "has death rates that are not above 0", where="series, mortality",
            next_step="Put age groups together, so that each has deaths in every year",
        )  # fmt: skip
    weights = np.maximum(weights, 1e-12)
    logs = np.log(rates)
    change = logs - logs.mean(axis=0)
    common, pattern = _first(change.mean(axis=1), weights)
    scale = (weights * pattern).sum() / weights.sum()
    # A pattern whose mean is nothing has no level to be scaled by.
    common, pattern = (common * scale, pattern / scale) if abs(scale) > 1e-6 else (common, pattern)
    index, patterns = [common], [np.stack([pattern] * len(SEXES))]
    for sex in range(len(SEXES)):
        own, ages = _first(change[:, sex] - np.outer(common, pattern), weights)
        index.append(own)
        patterns.append(np.zeros((len(SEXES), len(ages))))
        patterns[-1][sex] = ages
    return MortalityIndex(np.column_stack(index), np.stack(patterns))


def _first(change: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """The nearest product of an index of years and a pattern of ages of length 1."""
    root = np.sqrt(weights / weights.max())
    years, _, _ = np.linalg.svd(change * root, full_matrices=False)
    pattern = change.T @ years[:, 0]
    length = np.linalg.norm(pattern) or 1.0
    return years[:, 0] * length, pattern / length


def dying(rates: Floats, lower: NDArray[np.intp]) -> Floats:
    """Shares of a life table's deaths by age group, at the mean of all rates.

    Parameters
    ----------
    rates
        Death rates, (years, 2, age groups).
    lower
        First ages of the age groups.

    Examples
    --------
    >>> dying(np.full((1, 2, 3), 0.1), np.array([0, 10, 20])).round(3).tolist()
    [0.632, 0.233, 0.135]
    """
    gone = np.exp(-np.diff(lower) * rates.mean(axis=(0, 1))[:-1])
    alive = np.concatenate([[1.0], gone.cumprod()])
    return np.asarray(alive - np.append(alive[1:], 0.0))
