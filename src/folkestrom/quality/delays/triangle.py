"""Run-off triangles: what was known of each origin after each development."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from folkestrom.errors import UsageError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Triangle:
    """Cumulative counts by origin and development; NaN where nothing is known yet.

    Parameters
    ----------
    cumulative
        By origin, oldest first, and development: (origins, developments). Each origin is known
        for its first developments, without gaps.

    Raises
    ------
    UsageError
        Gaps, numbers below 0, or an origin known further than one before it.

    Examples
    --------
    >>> Triangle(np.array([[10.0, 12.0], [20.0, np.nan]])).latest.tolist()
    [12.0, 20.0]
    """

    cumulative: Floats

    def __post_init__(self) -> None:
        table = self.cumulative
        if table.ndim != 2 or not table.size:
            raise UsageError(
                "is not a table of origins and developments", where="triangle", value=table.shape
            )
        known = self.known
        if (np.diff(known.astype(int), axis=1) > 0).any() or not known[:, 0].all():
            raise UsageError(
                "has gaps", where="triangle",
                allowed="each origin's first developments, without gaps",
            )  # fmt: skip
        if (np.diff(self.developments) > 0).any():
            raise UsageError(
                "has an origin that is known further than one before it", where="triangle",
                allowed="origins from the oldest to the newest",
            )  # fmt: skip
        if (table[known] < 0).any() or not np.isfinite(table[known]).all():
            raise UsageError(
                "is not a count", where="triangle", value=float(np.nanmin(table)),
                allowed="numbers from 0", next_step="Give what was known in all, not what was new",
            )  # fmt: skip

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where something is known: (origins, developments)."""
        return ~np.isnan(self.cumulative)

    @property
    def developments(self) -> NDArray[np.int64]:
        """How many developments of each origin are known."""
        return np.asarray(self.known.sum(axis=1), np.int64)

    @property
    def latest(self) -> Floats:
        """What is known last of each origin."""
        return np.asarray(self.cumulative[np.arange(len(self.cumulative)), self.developments - 1])

    @property
    def incremental(self) -> Floats:
        """What was new in each development: (origins, developments)."""
        return np.diff(self.cumulative, axis=1, prepend=0)


def triangle_of(cumulative: ArrayLike) -> Triangle:
    """A triangle of numbers in rows; see `Triangle`.

    Parameters
    ----------
    cumulative
        By origin and development, with NaN or None where nothing is known yet.
    """
    return Triangle(np.array(cumulative, np.float64))


def check_develops(triangle: Triangle) -> None:
    """Refuse a triangle of which a development was never seen.

    Parameters
    ----------
    triangle
        The triangle.

    Raises
    ------
    UsageError
        One diagonal; a development without any origin that shows it, or from nothing.
    """
    count = triangle.cumulative.shape[1]
    if count < 2 or not (triangle.developments > 1).any():
        raise UsageError(
            "has one diagonal: no origin shows how counts grow", where="triangle",
            allowed="at least one origin that is known after two developments",
            next_step="Add what was known on an earlier knowledge date, or older origins",
        )  # fmt: skip
    pairs = triangle.known[:, 1:]
    unseen = np.flatnonzero((np.where(pairs, triangle.cumulative[:, :-1], 0)).sum(axis=0) == 0)
    if len(unseen):
        raise UsageError(
            f"grows from nothing in development {unseen[0] + 2}", where="triangle",
            allowed="developments before which some origin has a count",
            next_step="Put this development together with the one before, or groups together",
        )  # fmt: skip
