"""Winsorised values: the extremes replaced by limits before anything is computed from them.

A published quantile is the mean of values around it: one that is a value is a person's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom import columns
from folkestrom.columns import check_arguments
from folkestrom.errors import InputRefused, UsageError

Floats: TypeAlias = npt.NDArray[np.float64]
#: Quantiles that are shown when none are asked for, as shares.
USUAL_QUANTILES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True, slots=True, eq=False)
class Winsorised:
    """Winsorised values.

    Parameters
    ----------
    numbers
        The values, none beyond the limits.
    lower, upper
        The limits.
    hit
        How many values were replaced by a limit.
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
    check_arguments(winsorise, locals())
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
    shares: Sequence[float] = USUAL_QUANTILES,
    *,
    minimum: int = 10,
    limits: tuple[float, float] = (0.01, 0.99),
    repeats: int = 1,
) -> Floats:
    """Quantiles that show no single value: of winsorised values, and only of enough of them.

    Each is the mean of the values around its place, of more of them than must lie on either side.

    Parameters
    ----------
    values
        Numbers.
    shares
        Which quantiles; none beyond the limits is told apart from them.
    minimum
        A quantile needs the values of so many persons on either side of it; not a number where
        there are fewer.
    limits
        Of `winsorise`.
    repeats
        How many of the values are one person's at most.

    Examples
    --------
    >>> quantiles(range(1, 100), (0.5, 0.95)).tolist()
    [50.0, nan]
    """
    check_arguments(quantiles, locals())
    drawn = np.sort(winsorise(values, *limits).numbers)
    needed = minimum * repeats
    # Beyond the limits all values are one, and it is a person's: the quantile there is the limit's.
    found = [
        _around(drawn, min(max(share, limits[0]), limits[1]), needed)
        if _enough(share, len(drawn), needed)
        else np.nan
        for share in shares
    ]
    return np.asarray(found, np.float64)


def mean(
    values: npt.ArrayLike,
    *,
    minimum: int = 10,
    limits: tuple[float, float] = (0.01, 0.99),
    repeats: int = 1,
) -> float:
    """The mean of winsorised values, with at least so many persons' beyond the limit at either end.

    Parameters
    ----------
    values, minimum, limits, repeats
        As for `quantiles`; not a number where the median is not.

    Examples
    --------
    >>> mean([*range(98), 10**9, 10**9])
    49.5
    """
    check_arguments(mean, locals())
    numbers = _numbers(values)
    needed = minimum * repeats
    if not _enough(0.5, len(numbers), needed):
        return float("nan")
    # The limit is a value that enough others are beyond, or the mean would hang on a few.
    low = max(int(limits[0] * len(numbers)), needed)
    high = min(int(np.ceil(limits[1] * len(numbers))), len(numbers) - needed) - 1
    parted = np.partition(numbers, sorted({low, max(high, low)}))
    return float(np.clip(numbers, parted[low], parted[max(high, low)]).mean())


def _enough(share: float, size: int, needed: int) -> bool:
    return min(share, 1 - share) * size >= needed


def _around(ordered: Floats, share: float, many: int) -> float:
    place = share * (len(ordered) - 1)
    # An even number of values around the middle between two, an odd one around a value.
    half = many // 2
    low, high = int(np.floor(place)) - half, int(np.ceil(place)) + half
    return float(ordered[max(low, 0) : high + 1].mean())


def _numbers(values: npt.ArrayLike) -> Floats:
    numbers = columns.numbers(columns.column_of(values, "values"))
    if not len(numbers):
        raise InputRefused("there are none", where="values", next_step="Look at the selection")
    return numbers
