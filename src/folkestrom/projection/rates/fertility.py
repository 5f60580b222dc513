"""Fertility of a period, from rates by single year of the mother's age: pure numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The ages of childbearing; births to younger and older mothers count at the nearest of them.
CHILDBEARING: Final = (15, 49)


def fertility_rates(births: Floats, exposure: Floats, unknown: float = 0.0) -> Floats:
    """Births per person-year of women, at each age of childbearing.

    Parameters
    ----------
    births : array of shape (ages,)
        Live births by the mother's completed age 0, 1, 2 … at the birth.
    exposure : array of shape (ages,)
        Person-years of women at those ages.
    unknown
        Births to mothers of unknown age, spread over the ages as the others are.

    Returns
    -------
    Floats
        Rates at ages 15, 16 … 49; not a number where no woman was exposed.

    Examples
    --------
    >>> births, women = np.zeros(60), np.full(60, 100.0)
    >>> births[[14, 30, 52]] = 1, 8, 1
    >>> fertility_rates(births, women, unknown=10)[[0, 15, 34]].tolist()
    [0.02, 0.16, 0.02]
    """
    first, last = CHILDBEARING
    counted = births[first : last + 1].astype(np.float64)
    counted[0] += births[:first].sum()
    counted[-1] += births[last + 1 :].sum()
    known = counted.sum()
    if known > 0:
        counted *= 1 + unknown / known
    women = exposure[first : last + 1]
    return np.asarray(np.divide(counted, women, out=np.full(women.shape, np.nan), where=women > 0))


def total_fertility(rates: Floats) -> float:
    """Children of a woman who lives through the ages of childbearing at these rates.

    Examples
    --------
    >>> round(total_fertility(np.full(35, 0.05)), 2)
    1.75
    """
    return float(rates.sum())


def mean_age_at_childbearing(rates: Floats) -> float:
    """Mean age of mothers at these rates, where births lie evenly within a year of age.

    Examples
    --------
    >>> round(mean_age_at_childbearing(np.full(35, 0.05)), 2)
    32.5
    """
    ages = CHILDBEARING[0] + np.arange(rates.size)
    total = rates.sum()
    return float((rates * (ages + 0.5)).sum() / total) if total > 0 else float("nan")
