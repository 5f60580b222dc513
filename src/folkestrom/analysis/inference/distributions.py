"""Quantiles, tail probabilities and statistics that intervals and tests need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import scipy
from numpy.typing import NDArray

from folkestrom.columns import is_level
from folkestrom.errors import UsageError

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Chi2:
    """A chi-square test.

    Attributes
    ----------
    statistic, freedom, p
        The statistic, its degrees of freedom, and the probability of a greater one.
    """

    statistic: float
    freedom: int
    p: float


def tail_probability(level: float) -> float:
    """The probability beyond each end of a two-sided interval.

    Parameters
    ----------
    level
        Confidence level.

    Examples
    --------
    >>> tail_probability(0.5)
    0.25
    """
    if not is_level(level):
        raise UsageError(
            "is not a confidence level",
            where="level",
            value=level,
            allowed="numbers between 0 and 1, such as 0.95",
        )
    return (1 - level) / 2


def critical_value(level: float) -> float:
    """Half the width of a two-sided normal interval, in standard errors.

    Parameters
    ----------
    level
        Confidence level.

    Examples
    --------
    >>> round(critical_value(0.95), 6)
    1.959964
    """
    return float(scipy.special.ndtri(1 - tail_probability(level)))


def delta_errors(slopes: Floats, covariance: Floats) -> Floats:
    """Standard errors of functions of estimates, by the delta method.

    Parameters
    ----------
    slopes
        Function × estimate: first derivatives.
    covariance
        Of the estimates.

    Examples
    --------
    >>> delta_errors(np.array([[1.0, 1.0]]), np.diag([9.0, 16.0])).tolist()
    [5.0]
    """
    squares = np.einsum("ij,jk,ik->i", slopes, covariance, slopes)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def two_sided(z: float) -> float:
    """Probability that a standard normal variable is further from zero than z.

    Parameters
    ----------
    z
        A statistic.

    Examples
    --------
    >>> round(two_sided(1.959964), 4)
    0.05
    """
    return float(scipy.special.erfc(abs(z) / np.sqrt(2)))


def chi2_tail(x: float, freedom: int) -> float:
    """Probability that a chi-square variable exceeds x.

    Parameters
    ----------
    x
        A statistic.
    freedom
        Degrees of freedom.

    Examples
    --------
    >>> round(chi2_tail(3.841459, 1), 4), chi2_tail(131.07, 3) < 1e-27
    (0.05, True)
    >>> round(chi2_tail(5.0, 4), 6)
    0.287297
    """
    return float(scipy.special.chdtrc(freedom, x)) if x > 0 and freedom > 0 else 1.0


def chi2_test(statistic: float, freedom: int) -> Chi2:
    """A test by a chi-square statistic.

    Parameters
    ----------
    statistic, freedom
        The statistic, and its degrees of freedom.

    Examples
    --------
    >>> round(chi2_test(3.841459, 1).p, 4)
    0.05
    """
    return Chi2(statistic, freedom, chi2_tail(statistic, freedom))


def wald_statistic(values: Floats, covariance: Floats) -> float:
    """Wald's chi-square statistic of estimates being zero, whatever their units.

    Parameters
    ----------
    values, covariance
        The estimates, and their covariance.

    Examples
    --------
    >>> wald_statistic(np.array([2.0, 3e-9]), np.diag([1.0, 1e-18]))
    13.0
    """
    errors = np.sqrt(np.diag(covariance))
    scaled = values / errors
    return float(scaled @ np.linalg.solve(covariance / np.outer(errors, errors), scaled))
