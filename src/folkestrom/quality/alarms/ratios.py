"""Ratios of counts to those before, over many cells: which of them changes as the others do not.

The method of Hidiroglou and Berthelot (1986, *Survey Methodology* 12, 73–83). With r = x / x₀ of
each cell and its median m over the cells, s = r / m − 1 where r ≥ m, and 1 − m / r otherwise, so
that halved is as far away as doubled. The effect is E = s · max(x, x₀)^U: of two cells that change
alike, the larger one counts more. A cell is outside where its effect is not between M − C d₁ and
M + C d₃, with the quartiles Q₁, M, Q₃ of all effects, d₁ = max(M − Q₁, |A M|) and
d₃ = max(Q₃ − M, |A M|).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from folkestrom.errors import UsageError

Floats = NDArray[np.float64]

#: U: ½, as the paper's examples have it, gives effects of Poisson counts of all sizes one spread.
EXPONENT: Final = 0.5
#: A: keeps effects that are nearly all alike from making every cell an outlier.
LEAST: Final = 0.05
#: C: 4 to 7 where a person looks at every cell, up to 40 in use.
WIDTH: Final = 10.0
#: Cells without which quartiles say nothing.
FEWEST: Final = 10


@dataclass(frozen=True, slots=True)
class Ratios:
    """Cells with what is expected of each; all of shape (cells,).

    Parameters
    ----------
    effect
        E of each; NaN of cells that have no ratio, because one of the counts is 0.
    expected
        The count, had it changed as the median cell.
    low, high
        Counts between which it is inside.
    """

    effect: Floats
    expected: Floats
    low: Floats
    high: Floats


def bounds(effects: Floats, least: float = LEAST, width: float = WIDTH) -> tuple[float, float]:
    """The interval of effects that are inside.

    Parameters
    ----------
    effects
        Effects, or values themselves, of shape (cells,).
    least, width
        A and C.

    Examples
    --------
    >>> bounds(np.arange(9.0), width=2)
    (0.0, 8.0)
    """
    # As Statistics Canada's Banff has them: of the distribution itself, not between its steps.
    first, middle, third = np.quantile(effects, (0.25, 0.5, 0.75), method="averaged_inverted_cdf")
    floor = abs(least * middle)
    return (
        float(middle - width * max(middle - first, floor)),
        float(middle + width * max(third - middle, floor)),
    )


def ratios(
    now: ArrayLike, before: ArrayLike, *, exponent: float = EXPONENT, least: float = LEAST,
    width: float = WIDTH,
) -> Ratios:  # fmt: skip
    """Compare counts of cells with those before.

    Parameters
    ----------
    now, before
        Counts of the same cells, shape (cells,).
    exponent, least, width
        U, A and C.

    Raises
    ------
    UsageError
        Counts of different shapes; fewer than ten cells that have a ratio.

    Examples
    --------
    >>> found = ratios([10, 12, 9, 11, 10, 8, 12, 9, 11, 40], [10] * 10)
    >>> [bool(high < 40) for high in found.high[-1:]], round(float(found.expected[0]), 1)
    ([True], 10.5)
    """
    after, earlier = np.asarray(now, np.float64), np.asarray(before, np.float64)
    if after.ndim != 1 or after.shape != earlier.shape:
        raise UsageError(
            "are not counts of the same cells", where="now, before",
            value=f"{after.shape} and {earlier.shape}", allowed="one of each a cell",
        )  # fmt: skip
    there = (after > 0) & (earlier > 0)
    if there.sum() < FEWEST:
        raise UsageError(
            "are too few cells to compare", where="now, before", value=int(there.sum()),
            allowed=f"at least {FEWEST} that are not 0",
            next_step="Count over more days, or by fewer variables",
        )  # fmt: skip
    middle = float(np.median(after[there] / earlier[there]))
    effect = np.full(after.shape, np.nan)
    effect[there] = _effect(after[there], earlier[there], middle, exponent)
    lower, upper = bounds(effect[there], least, width)
    low, high = (_count_at(end, earlier, middle, exponent) for end in (lower, upper))
    return Ratios(effect, middle * earlier, low, high)


def _effect(after: Floats, earlier: Floats, middle: float, exponent: float) -> Floats:
    ratio = after / earlier / middle
    centred = np.where(ratio >= 1, ratio - 1, 1 - 1 / ratio)
    return np.asarray(centred * np.maximum(after, earlier) ** exponent)


def _count_at(effect: float, earlier: Floats, middle: float, exponent: float) -> Floats:
    """The count with an effect: effects rise with counts, so that halving an interval finds it."""
    before = np.maximum(earlier, 1e-9)
    low, high = np.full(before.shape, 1e-9), 1e6 * (before + 1)
    for _ in range(100):
        at = np.sqrt(low * high)
        above = _effect(at, before, middle, exponent) > effect
        low, high = np.where(above, low, at), np.where(above, at, high)
    return np.asarray(np.where(earlier > 0, low, np.nan))
