"""Winsorised values: the extremes drawn in before anything is computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.errors import InputRefused, UsageError

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Winsorised:
    """Values drawn in.

    Parameters
    ----------
    numbers
        The values, none beyond the limits.
    lower, upper
        The limits.
    hit
        How many values were drawn in.
    """

    numbers: Floats
    lower: float
    upper: float
    hit: int


def winsorise(values: npt.ArrayLike, lower: float = 0.01, upper: float = 0.99) -> Winsorised:
    """Values beyond two quantiles moved to them.

    Parameters
    ----------
    values
        Numbers, such as incomes or wealth; nothing in them says whose they are.
    lower, upper
        The quantiles, as shares.

    Examples
    --------
    >>> found = winsorise(range(101), 0.05, 0.95)
    >>> found.lower, found.upper, found.hit, float(found.numbers.max())
    (5.0, 95.0, 10, 95.0)
    """
    numbers = _numbers(values)
    if not 0 <= lower < upper <= 1:
        raise UsageError(
            "are not two shares in order", where="winsorise", value=f"{lower}, {upper}",
            allowed="such as 0.01 and 0.99",
        )  # fmt: skip
    low, high = np.quantile(numbers, [lower, upper])
    moved = np.clip(numbers, low, high)
    return Winsorised(moved, float(low), float(high), int((moved != numbers).sum()))


def quantiles(
    values: npt.ArrayLike,
    shares: Sequence[float] = (0.1, 0.25, 0.5, 0.75, 0.9),
    *,
    minimum: int = 10,
    limits: tuple[float, float] = (0.01, 0.99),
) -> Floats:
    """Quantiles that show no single value: of winsorised values, and only of enough of them.

    Parameters
    ----------
    values
        Numbers.
    shares
        Which quantiles; none beyond the limits is told apart from them.
    minimum
        A quantile needs so many values on either side of it; not a number where there are fewer.
    limits
        Of `winsorise`.

    Examples
    --------
    >>> quantiles(range(1, 100), (0.5, 0.95)).tolist()
    [50.0, nan]
    """
    drawn = winsorise(values, *limits).numbers
    size = len(drawn)
    found = np.quantile(drawn, np.asarray(shares, np.float64))
    enough = [min(share, 1 - share) * size >= minimum for share in shares]
    return np.where(enough, found, np.nan)


def _numbers(values: npt.ArrayLike) -> Floats:
    numbers = np.asarray(values, np.float64).ravel()
    if not len(numbers) or not np.isfinite(numbers).all():
        raise InputRefused(
            "are missing or infinite in some rows, or there are none",
            where="values",
            next_step="Leave such rows out first",
        )
    return numbers
