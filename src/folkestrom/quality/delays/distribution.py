"""The predictive distribution of what is still to come, for triangles with few counts too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.quality.delays.triangle import Floats, Triangle, check_develops


@dataclass(frozen=True, slots=True)
class ToCome:
    """What is still to come, by origin and development.

    Parameters
    ----------
    expected
        Expected new counts, 0 where they are known: (origins, developments).
    dispersion
        Variance for each expected: 1 as of Poisson, more where counts come together.
    draws
        Draws of new counts: (draws, origins, developments).
    """

    expected: Floats
    dispersion: float
    draws: Floats

    @property
    def total(self) -> Floats:
        """The sum of all that is still to come, in each draw."""
        return np.asarray(self.draws.sum(axis=(1, 2)))


def counts_drawn(
    generator: np.random.Generator, mean: Floats, dispersion: float | Floats
) -> Floats:
    """Counts with a mean, and a variance that is so many times as large.

    Negative binomial; Poisson where the dispersion is 1 or less.

    Parameters
    ----------
    generator
        Random numbers.
    mean
        Expected counts, of any shape.
    dispersion
        Variance by mean; one for all, or of a shape that fits.

    Examples
    --------
    >>> drawn = counts_drawn(np.random.default_rng(1), np.full(400_000, 5.0), 3.0)
    >>> print(f"{drawn.mean():.1f} {drawn.var():.0f}")
    5.0 15
    """
    over = np.maximum(np.broadcast_to(dispersion, mean.shape) - 1, 0)
    shape = np.divide(mean, over, out=np.zeros_like(mean), where=over > 0)
    clustered = generator.standard_gamma(np.maximum(shape, 1e-300)) * over
    return generator.poisson(np.where(over > 0, np.where(mean > 0, clustered, 0), mean)).astype(
        np.float64
    )


def to_come(
    triangle: Triangle, draws: int = 2_000, seed: int = 1, *, calendar: bool = False
) -> ToCome:
    """What is still to come by the over-dispersed Poisson model, drawn by its bootstrap.

    Its means are those of the chain ladder (Renshaw & Verrall 1998, *British Actuarial Journal*
    4, 903–923). Triangles are drawn from the model, fitted anew, and what is to come is drawn
    from each fit (England & Verrall 2002, *British Actuarial Journal* 8, 443–518, with negative
    binomial counts instead of residuals, which a triangle of many zeros has not got).

    Parameters
    ----------
    triangle
        Cumulative counts.
    draws
        How many.
    seed
        The same seed gives the same draws.
    calendar
        Whether what comes late comes more in some calendar periods than in others, as in those of
        clean-ups: each diagonal then has a factor, of mean 1 and the variance that those known
        have (Wüthrich 2010, *North American Actuarial Journal* 14, 235-255).

    Raises
    ------
    UsageError
        One diagonal; a development in which counts fall.

    Examples
    --------
    >>> from folkestrom.quality.delays.triangle import triangle_of
    >>> found = to_come(triangle_of([[10, 15], [20, 30], [40, None]]))
    >>> found.expected.tolist()
    [[0.0, 0.0], [0.0, 0.0], [0.0, 20.0]]
    """
    check_develops(triangle)
    new, known = triangle.incremental, triangle.known
    falls = np.flatnonzero(np.where(known, new, 0).sum(axis=0) < 0)
    if len(falls):
        raise UsageError(
            f"falls in development {falls[0] + 1}: annulments outweigh reports",
            where="triangle", allowed="developments in which counts grow over all origins",
            next_step="Use the chain ladder with Mack's standard errors, which allows it, or count "
            "reports and annulments apart",
        )  # fmt: skip
    fitted = _fitted(np.where(known, new, 0)[None], known)[0]
    freedom = known.sum() - sum(known.shape) + 1
    pearson = np.where(known & (fitted > 0), (new - fitted) ** 2 / np.maximum(fitted, 1e-300), 0)
    dispersion = float(pearson.sum() / freedom) if freedom > 0 else 1.0
    generator = np.random.default_rng(seed)
    means = np.broadcast_to(np.where(known, fitted, 0), (draws, *known.shape))
    between = _between_diagonals(new, fitted, known) if calendar else 0.0
    factor = _factors(generator, between, means.shape)
    again = _fitted(counts_drawn(generator, means * factor, dispersion), known)
    drawn = counts_drawn(generator, np.where(known, 0, again) * factor, dispersion)
    return ToCome(np.where(known, 0, fitted), dispersion, drawn)


def _between_diagonals(new: Floats, fitted: Floats, known: NDArray[np.bool_]) -> float:
    """Variance of the factors of calendar periods beyond that of Poisson, by moments."""
    origin, later = np.nonzero(known[:, 1:])
    diagonal = origin + later
    came, expected = (
        np.bincount(diagonal, weights=of[origin, later + 1]) for of in (new, fitted)
    )  # fmt: skip
    free = len(came) - 1
    if free < 1 or not expected.any():
        return 0.0
    away = (came - expected) ** 2 * len(came) / free - expected
    return float(max(away.sum() / (expected**2).sum(), 0))


def _factors(generator: np.random.Generator, between: float, shape: tuple[int, ...]) -> Floats:
    """Factors of calendar periods of what comes late: (draws, origins, developments)."""
    if not between:
        return np.ones((1, 1, 1))
    draws, origins, developments = shape
    each = generator.gamma(1 / between, between, (draws, origins + developments))
    origin, development = np.indices((origins, developments))
    return np.where(development > 0, each[:, origin + development], 1.0)


def _fitted(new: Floats, known: NDArray[np.bool_]) -> Floats:
    """Means of the chain ladder for every cell, of many triangles: (draws, origins, developments).

    Origins times the pattern of developments, back from what is known last.
    """
    cumulative = new.cumsum(axis=2)
    pairs = known[:, 1:]
    before = np.where(pairs, cumulative[:, :, :-1], 0).sum(axis=1)
    after = np.where(pairs, cumulative[:, :, 1:], 0).sum(axis=1)
    factors = np.divide(after, before, out=np.ones_like(after), where=before > 0)
    share = np.concatenate([np.ones((len(new), 1)), factors.cumprod(axis=1)], axis=1)
    last = known.sum(axis=1) - 1
    origin = np.arange(len(known))
    level = cumulative[:, origin, last] / np.maximum(share[:, last], 1e-300)
    pattern = np.diff(share, axis=1, prepend=0)
    return np.asarray(level[:, :, None] * pattern[:, None, :])
