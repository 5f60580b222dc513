"""Tail probabilities and quantiles that tests and intervals need."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_MOST_TERMS = 10_000


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
    return math.erfc(abs(z) / math.sqrt(2))


def normal_quantile(p: float) -> float:
    """The standard normal quantile.

    Parameters
    ----------
    p
        A probability.

    Examples
    --------
    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    return NormalDist().inv_cdf(p)


def wald_statistic(values: NDArray[np.float64], covariance: NDArray[np.float64]) -> float:
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
    if x <= 0 or freedom == 0:
        return 1.0
    a, half = freedom / 2, x / 2
    scale = math.exp(a * math.log(half) - half - math.lgamma(a))
    if half < a + 1:
        term = total = 1.0 / a
        for k in range(1, _MOST_TERMS):
            term *= half / (a + k)
            total += term
            if term < total * 1e-17:
                break
        return 1.0 - scale * total
    # Lentz's continued fraction for the upper tail.
    b = half + 1 - a
    c, d = 1e300, 1 / b
    fraction = d
    for k in range(1, _MOST_TERMS):
        numerator = -k * (k - a)
        b += 2
        d = 1 / (numerator * d + b)
        c = b + numerator / c
        fraction *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return scale * fraction
