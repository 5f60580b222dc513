"""Measures of revision: how much later figures differ from earlier ones, and in what way.

With P the earlier figures, L the later ones and R = L − P, over n periods:

- mean revision, MR = Σ R / n; mean absolute revision, MAR = Σ |R| / n; relative mean absolute
  revision, RMAR = Σ |R| / Σ |L| (McKenzie and Gamba 2008, "Interpreting the results of revision
  analyses: recommended summary statistics", OECD/Eurostat Task Force);
- bias: MR against 0, by its standard error that is robust to heteroskedasticity and
  autocorrelation (Newey and West 1987, *Econometrica* 55, 703–708), with t of n − 1 degrees;
- news or noise (Mankiw and Shapiro 1986, *Survey of Current Business* 66(5), 20–25): in
  L = α + β P + u, figures are efficient (revisions are news) if α = 0 and β = 1; in
  P = α + β L + u, they are the truth and an error of measurement (noise) if α = 0 and β = 1. Each
  is a Wald test with the same robust covariance, as F of 2 and n − 2 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from folkestrom.errors import UsageError

Floats = NDArray[np.float64]

#: Fewer periods than these have no test.
LEAST: int = 4


@dataclass(frozen=True, slots=True)
class Revisions:
    """Measures of the revisions of one series.

    Parameters
    ----------
    periods
        How many periods have both figures.
    mean, mean_absolute
        In units of the figures.
    relative
        Mean absolute revision as a share of the later figures; NaN where these are 0.
    bias_t, bias_p
        Statistic and p-value of a mean revision of 0.
    news_p, noise_p
        p-values of revisions that are news, and noise. NaN, as of the bias, where there are too few
        periods, or where nothing varies.
    """

    periods: int
    mean: float
    mean_absolute: float
    relative: float
    bias_t: float
    bias_p: float
    news_p: float
    noise_p: float


def measures(earlier: ArrayLike, later: ArrayLike, lags: int | None = None) -> Revisions:
    """Measures of revisions between two vintages of a series.

    Parameters
    ----------
    earlier, later
        Figures of the same periods in their order, shape (n,).
    lags
        Lags of the robust covariance; by default the whole part of 4 (n / 100)^(2/9).

    Raises
    ------
    UsageError
        Series of different lengths, without a period, or with figures that are missing.

    Examples
    --------
    >>> found = measures([100, 102, 98, 101], [101, 102, 100, 102])
    >>> found.mean, found.mean_absolute, round(found.relative, 4)
    (1.0, 1.0, 0.0099)
    """
    before, after = (np.asarray(series, np.float64) for series in (earlier, later))
    if before.ndim != 1 or before.shape != after.shape or not len(before):
        raise UsageError(
            "are not two series of the same periods", where="earlier, later",
            value=f"{before.shape} and {after.shape}", allowed="one figure each a period",
        )  # fmt: skip
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise UsageError("have figures that are missing", where="earlier, later")
    revision, n = after - before, len(before)
    size = float(np.abs(revision).mean())
    total = float(np.abs(after).mean())
    if lags is None:
        lags = int(4 * (n / 100) ** (2 / 9))
    bias_t = bias_p = news = noise = np.nan
    if n >= LEAST:
        mean, covariance = regression(revision, np.ones((n, 1)), lags)
        if covariance[0, 0] > 0:
            bias_t = float(mean[0] / np.sqrt(covariance[0, 0]))
            bias_p = float(2 * stats.t.sf(abs(bias_t), n - 1))
        news, noise = _efficient(after, before, lags), _efficient(before, after, lags)
    relative = size / total if total else np.nan
    return Revisions(n, float(revision.mean()), size, relative, bias_t, bias_p, news, noise)


def regression(outcome: Floats, design: Floats, lags: int) -> tuple[Floats, Floats]:
    """Least squares, with the covariance of Newey and West (Bartlett weights, n / (n − k)).

    Parameters
    ----------
    outcome
        Shape (n,).
    design
        Shape (n, k).
    lags
        Lags of the covariance.

    Returns
    -------
    tuple of array
        Coefficients, shape (k,), and their covariance, shape (k, k).
    """
    n, k = design.shape
    inverse = np.linalg.pinv(design.T @ design)
    coefficients = inverse @ design.T @ outcome
    scores = design * (outcome - design @ coefficients)[:, None]
    middle = scores.T @ scores
    for lag in range(1, min(lags, n - 1) + 1):
        cross = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / (lags + 1)) * (cross + cross.T)
    return coefficients, inverse @ middle @ inverse * n / (n - k)


def _efficient(outcome: Floats, known: Floats, lags: int) -> float:
    """p-value of an intercept of 0 and a slope of 1; NaN where the two cannot be told apart.

    Both series are divided by their spread, which changes no test and keeps large figures exact.
    """
    scale: Any = known.std()
    if not scale:
        return np.nan
    # About its mean the design is orthogonal: a + b (x − m), so that a = m and b = 1.
    middle = known.mean()
    design = np.column_stack([np.ones(len(known)), (known - middle) / scale])
    off, covariance = regression((outcome - known) / scale, design, lags)
    if np.linalg.matrix_rank(covariance, hermitian=True) < len(off):
        return np.nan
    wald = off @ np.linalg.solve(covariance, off) / len(off)
    return float(stats.f.sf(wald, len(off), len(known) - len(off)))
