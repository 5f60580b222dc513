"""Confidence intervals of counts, rates, standardised rates and shares."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy

from folkestrom import columns
from folkestrom.analysis.inference.distributions import critical_value, tail_probability
from folkestrom.columns import check_arguments

Floats: TypeAlias = npt.NDArray[np.float64]
ShareMethod = Literal["wilson", "clopper-pearson"]


def poisson_interval(events: npt.ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Exact limits of the expected number of events, from the number that was seen.

    Parameters
    ----------
    events
        Counts, any shape.
    level
        Confidence level.

    Returns
    -------
    tuple
        Lower and upper limits, in the shape of `events`; the lower one of no events is 0.

    Notes
    -----
    Garwood (1936), *Biometrika* 28: quantiles of gamma distributions. Coverage is at least `level`.

    Examples
    --------
    >>> lower, upper = poisson_interval([0, 10])
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.0, 4.795], [3.689, 18.39])
    """
    check_arguments(poisson_interval, locals())
    tail = tail_probability(level)
    (counts,) = columns.arrays("poisson_interval", events=events)
    lower = np.where(counts > 0, scipy.special.gammaincinv(np.maximum(counts, 1e-12), tail), 0.0)
    return lower, scipy.special.gammaincinv(counts + 1, 1 - tail)


def gamma_interval(
    rate: npt.ArrayLike,
    variance: npt.ArrayLike,
    mean_weight: npt.ArrayLike,
    mean_square: npt.ArrayLike,
    level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Limits of a weighted sum of Poisson counts, such as a directly standardised rate.

    Parameters
    ----------
    rate
        The sums, Σ w d.
    variance
        Their estimated variances, Σ w² d.
    mean_weight, mean_square
        Means over the strata of each sum of w, the weight of one event, and of w².
    level
        Confidence level.

    Returns
    -------
    tuple
        Lower and upper limits.

    Notes
    -----
    Fay & Feuer (1997), *Statistics in Medicine* 16, whose upper limit adds one event of the largest
    weight, as modified by Tiwari, Clegg & Zou (2006), *Statistical Methods in Medical Research* 15:
    one event of the mean weight. The upper limit is never below the one for strata that all weigh
    the mean: without that it vanishes where there is no event and one weight is far above the rest.
    With equal weights the limits are Garwood's.

    Examples
    --------
    >>> lower, upper = gamma_interval([10 * 0.5], [10 * 0.25], [0.5], [0.25])
    >>> (lower / 0.5).round(3).tolist(), (upper / 0.5).round(3).tolist()
    ([4.795], [18.39])
    """
    check_arguments(gamma_interval, locals())
    tail = tail_probability(level)
    rate, variance, weight, square = columns.arrays(
        "gamma_interval", rate=rate, variance=variance, mean_weight=mean_weight,
        mean_square=mean_square,
    )  # fmt: skip
    lower = _gamma_quantile(rate, variance, tail)
    more = rate + weight
    upper = [_gamma_quantile(more, variance + added, 1 - tail) for added in (square, weight**2)]
    return np.where(rate > 0, lower, 0.0), np.maximum(*upper)


def share_interval(
    successes: npt.ArrayLike,
    trials: npt.ArrayLike,
    level: float = 0.95,
    method: ShareMethod = "wilson",
) -> tuple[Floats, Floats]:
    """Limits of a share.

    Parameters
    ----------
    successes, trials
        Counts, or effective counts where trials depend on each other.
    level
        Confidence level.
    method
        "wilson" (1927, the score interval), or "clopper-pearson" (1934, exact and wider).

    Returns
    -------
    tuple
        Lower and upper limits; not a number where there is no trial.

    Examples
    --------
    >>> lower, upper = share_interval([0, 5], [10, 10])
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.0, 0.237], [0.278, 0.763])
    >>> lower, upper = share_interval([0, 5], [10, 10], method="clopper-pearson")
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.0, 0.187], [0.308, 0.813])
    """
    check_arguments(share_interval, locals())
    y, n = columns.arrays("share_interval", successes=successes, trials=trials)
    if method == "wilson":
        return _wilson(y, n, level)
    tail = tail_probability(level)
    failures = n - y
    lower = np.where(y > 0, scipy.special.betaincinv(np.maximum(y, 1e-12), failures + 1, tail), 0.0)
    upper = np.where(
        failures > 0, scipy.special.betaincinv(y + 1, np.maximum(failures, 1e-12), 1 - tail), 1.0
    )
    return np.where(n > 0, lower, np.nan), np.where(n > 0, upper, np.nan)


def _gamma_quantile(mean: Floats, variance: Floats, share: float) -> Floats:
    """Of gamma distributions; not a number where there is no distribution."""
    some = (mean > 0) & (variance > 0)
    shape = np.divide(mean**2, variance, out=np.ones_like(mean), where=some)
    scale = np.divide(variance, mean, out=np.full_like(mean, np.nan), where=some)
    quantiles: Floats = scale * scipy.special.gammaincinv(shape, share)
    return quantiles


def _wilson(y: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    z = critical_value(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = y / n
        centre = share + z**2 / (2 * n)
        half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        width = 1 + z**2 / n
        lower, upper = (centre - half) / width, (centre + half) / width
    # Rounding would leave a trace of a number at the ends.
    return np.where(y == 0, np.where(n > 0, 0.0, np.nan), lower), np.where(y == n, _ends(n), upper)


def _ends(n: Floats) -> Floats:
    ends: Any = np.where(n > 0, 1.0, np.nan)
    return ends
