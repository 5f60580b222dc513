"""Rates of a projection from what was counted: pure numbers.

Rates of small cells are not estimated each by itself. Emigration by group and duration and by sex
and age are the two factors of a Poisson model without interaction, whose maximum likelihood is
found by fitting its margins; death rates of the old are closed by Kannisto's model, as in the
Human Mortality Database's protocol (version 6).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Death rates from this age on are those of the model, which is fitted up to the second age.
CLOSED_FROM: Final = 85
FITTED: Final = (80, 100)
_ROUNDS: Final = 200
_CLOSE: Final = 1e-10


def two_factors(events: Floats, exposure: Floats) -> Floats:
    """Rates that are a product of a factor of the row and one of the column.

    Parameters
    ----------
    events, exposure : array of shape (rows, columns)
        Events, and the person-years that they came from.

    Returns
    -------
    array of shape (rows, columns)
        Rates, whose events expected by row and by column are those that were counted; 0 where a row
        or a column has no event.

    Examples
    --------
    >>> exposure = np.array([[10.0, 20.0], [30.0, 5.0]])
    >>> two_factors(exposure * [[0.1, 0.2], [0.2, 0.4]], exposure).round(6).tolist()
    [[0.1, 0.2], [0.2, 0.4]]
    """
    column = np.ones(events.shape[1])
    by_row, by_column = events.sum(axis=1), events.sum(axis=0)
    row = np.ones(events.shape[0])
    for _ in range(_ROUNDS):
        before = row
        row = _by(by_row, exposure @ column)
        column = _by(by_column, row @ exposure)
        if np.abs(row - before).max(initial=0) <= _CLOSE * max(row.max(initial=0), 1e-300):
            break
    return np.outer(row, column)


def closed(deaths: Floats, exposure: Floats) -> Floats:
    """Death rates by single year of age; of the old by a logistic model that ends at 1.

    Parameters
    ----------
    deaths, exposure : array of shape (ages,)
        By completed age 0, 1, 2 ….

    Returns
    -------
    array of shape (ages,)
        Rates. Those of ages with nobody are of the nearest younger one.

    Examples
    --------
    >>> age = np.arange(120)
    >>> true = np.exp(-12 + 0.12 * age) / (1 + np.exp(-12 + 0.12 * age))
    >>> found = closed(1e5 * true, np.full(120, 1e5))
    >>> bool(np.abs(found / true - 1).max() < 1e-6)
    True
    """
    rates = _by(deaths, exposure)
    seen = np.flatnonzero(exposure > 0)
    if seen.size:
        nearest = seen[np.clip(np.searchsorted(seen, np.arange(len(rates)), "right") - 1, 0, None)]
        rates = rates[nearest]
    ages = np.arange(*FITTED)
    level, slope = _kannisto(deaths[ages], exposure[ages], ages)
    if np.isfinite(level):
        old = np.arange(CLOSED_FROM, len(rates))
        rates[CLOSED_FROM:] = _logistic(level + slope * old)
    return rates


def _kannisto(deaths: Floats, exposure: Floats, ages: NDArray[np.intp]) -> tuple[float, float]:
    """Intercept and slope of the logit of death rates by age, by Poisson likelihood."""
    if not deaths.sum() > 0:
        return np.nan, np.nan
    middle = ages.mean()
    design = np.column_stack([np.ones(len(ages)), ages - middle])
    found = np.array([np.log(deaths.sum() / exposure.sum()), 0.1])
    for _ in range(_ROUNDS):
        rate = _logistic(design @ found)
        expected = exposure * rate
        # d log(rate) / d logit = 1 - rate
        score = design.T @ ((deaths - expected) * (1 - rate))
        information = (design.T * (expected * (1 - rate) ** 2)) @ design
        change = np.linalg.solve(information, score)
        found = found + np.clip(change, -1, 1)
        if np.abs(change).max() < _CLOSE:
            break
    return float(found[0] - found[1] * middle), float(found[1])


def _logistic(value: NDArray[Any]) -> Floats:
    return np.asarray(1 / (1 + np.exp(-value)), np.float64)


def _by(part: Floats, whole: Floats) -> Floats:
    """One by the other; 0 where there is nothing to divide by."""
    return np.divide(part, whole, out=np.zeros_like(part, np.float64), where=whole > 0)
