"""Rates by age that are smooth, of small populations: pure numbers.

P-splines (Eilers and Marx 1996, *Statistical Science* 11: 89-121) of the logarithm of the rate, of
Poisson counts, as Camarda (2012, *Journal of Statistical Software* 50, 1) has them for mortality.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from folkestrom.errors import InputRefused
from folkestrom.projection.rates.life_table import Floats

#: Ages between two knots; degree of the splines; order of the differences that are penalised.
_BETWEEN, _DEGREE, _ORDER = 2, 3, 2
#: How much roughness may cost: of these the one with the least information criterion is taken.
PENALTIES: Final = tuple(float(x) for x in 10 ** np.arange(-1, 6.01, 0.5))
#: What keeps splines with no event near them where they are, and rates from being none.
_RIDGE: Final = 1e-8
_LIMITS: Final = (-30.0, 30.0)
_ROUNDS: Final = 100
_CLOSE: Final = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Smooth:
    """Smooth rates.

    Parameters
    ----------
    rates : array of shape (ages,)
        Above 0, at ages with nobody too.
    errors : array of shape (ages,)
        Standard errors of their logarithms, the penalty being taken as known (Wahba 1983; Marx and
        Eilers 1998).
    deviance, freedom
        Of the counts; and how many ages with person-years there are, less what the curve uses.
    penalty
        What roughness costs.
    """

    rates: Floats
    errors: Floats
    deviance: float
    freedom: float
    penalty: float


def smoothed(events: Floats, exposure: Floats, penalty: float | None = None) -> Smooth:
    """Rates at single years of age, smooth from one to the next.

    Parameters
    ----------
    events, exposure : arrays of shape (ages,)
        Events, and person-years, at ages one after the other.
    penalty
        How much roughness costs; None: what the Bayesian information criterion chooses.

    Raises
    ------
    InputRefused
        Counts that are none, or that have no event.

    Examples
    --------
    >>> true = np.exp(-9 + 0.09 * np.arange(100))
    >>> found = smoothed(np.round(1e4 * true), np.full(100, 1e4)).rates
    >>> bool(np.abs(np.log(found / true))[20:].max() < 0.2)
    True
    """
    d, e = np.asarray(events, np.float64), np.asarray(exposure, np.float64)
    if d.ndim != 1 or d.shape != e.shape or not (np.isfinite(d).all() and np.isfinite(e).all()):
        raise InputRefused("are not events and person-years of the same ages", where="smoothed")
    if (d < 0).any() or (e < 0).any() or (d[e <= 0] > 0).any() or not d.sum() > 0:
        raise InputRefused("are below 0, of nobody, or no events at all", where="smoothed")
    basis, rough = basis_and_penalty(d.size)
    tried = [_fit(d, e, basis, rough, p) for p in (PENALTIES if penalty is None else (penalty,))]
    return min(tried, key=lambda one: one.deviance - np.log((e > 0).sum()) * one.freedom)


def basis_and_penalty(ages: int) -> tuple[Floats, Floats]:
    """B-splines at every age, and the matrix of what their roughness costs.

    Parameters
    ----------
    ages
        How many ages.
    """
    from scipy.interpolate import BSpline

    pieces = max(ages // _BETWEEN, 1)
    width = max(ages - 1, 1) / pieces
    knots = width * np.arange(-_DEGREE, pieces + _DEGREE + 1)
    places = np.clip(np.arange(ages), 0, knots[-_DEGREE - 1])
    basis = BSpline.design_matrix(places, knots, _DEGREE).toarray()
    differences = np.diff(np.eye(basis.shape[1]), _ORDER, axis=0)
    return np.asarray(basis, np.float64), differences.T @ differences


def _fit(d: Floats, e: Floats, basis: Floats, rough: Floats, penalty: float) -> Smooth:
    """Rates with a penalty, by iterated weighted least squares."""
    from scipy.linalg import solve

    mean = d.sum() / e.sum()
    # From half way between the counts and their mean, as generalized linear models begin.
    log_rate = np.log(np.divide(d + mean * e, 2 * e, out=np.full_like(e, mean), where=e > 0))
    spline = np.zeros(basis.shape[1])
    cost = penalty * rough + _RIDGE * np.eye(rough.shape[0])
    for _ in range(_ROUNDS):
        expected = e * np.exp(log_rate)
        weighted = (basis.T * expected) @ basis
        after = solve(
            weighted + cost, basis.T @ (expected * log_rate + d - expected), assume_a="pos"
        )
        change = np.abs(after - spline).max()
        spline = after
        log_rate = np.clip(basis @ spline, *_LIMITS)
        if change < _CLOSE * (1 + np.abs(spline).max()):
            break
    expected = e * np.exp(log_rate)
    weighted = (basis.T * expected) @ basis
    covariance = solve(weighted + cost, np.eye(len(cost)), assume_a="pos")
    used = float(np.trace(covariance @ weighted))
    seen = d > 0
    deviance = 2 * ((d[seen] * np.log(d[seen] / expected[seen])).sum() - (d - expected).sum())
    errors = np.sqrt(((basis @ covariance) * basis).sum(axis=1))
    return Smooth(np.exp(log_rate), errors, float(deviance), float((e > 0).sum() - used), penalty)
