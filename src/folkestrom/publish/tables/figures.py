"""The figures of a table: an array for each content, by the variables in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import InputRefused
from folkestrom.publish.tables.definition import Definition

#: Why a cell has no figure.
THERE: Final = 0
#: Nobody is exposed, or it is not known.
MISSING: Final = 1
#: Not shown, for confidentiality.
SUPPRESSED: Final = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """Every cell of a table.

    Parameters
    ----------
    values
        By content, an array of the definition's stored shape: whole numbers (int32), or float64.
    status
        Of the same shape (uint8), why a cell has no figure; None: every cell has one.
    """

    values: Mapping[str, NDArray[Any]]
    status: NDArray[np.uint8] | None = None

    def check(self, definition: Definition) -> None:
        """Refuse figures that are not those of a definition.

        Parameters
        ----------
        definition
            The table.
        """
        wanted = [content.code for content in definition.contents]
        shapes = {name: array.shape for name, array in self.values.items()}
        if self.status is not None:
            shapes["status"] = self.status.shape
        wrong = [name for name, shape in shapes.items() if shape != definition.stored_shape]
        if list(self.values) != wanted or wrong:
            raise InputRefused(
                "has other figures than its definition says",
                where=f"table {definition.id}",
                value=", ".join(wrong or self.values),
                allowed=f"{', '.join(wanted)} by {definition.stored_shape}",
            )


@lru_cache(maxsize=1000)
def _counted(length: int) -> NDArray[np.intp]:
    return np.arange(length, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Axis:
    """Places along one variable, several of which may be added up.

    Parameters
    ----------
    places
        Indices of values, those of one sum beside each other.
    starts
        Where in `places` each sum begins.
    """

    places: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, groups: Sequence[Sequence[int]]) -> Axis:
        """The places of groups of indices."""
        if all(len(group) == 1 for group in groups):
            return cls(np.array([group[0] for group in groups], np.intp), _counted(len(groups)))
        sizes = np.array([len(group) for group in groups], np.intp)
        places = np.fromiter((n for group in groups for n in group), np.intp)
        return cls(places, np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.intp))

    @property
    def adds(self) -> bool:
        """Whether any sum has more than one value."""
        return len(self.starts) < len(self.places)


def taken(
    figures: Figures, axes: Sequence[Axis], content: str, *, adds: bool
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Figures of one content at places, and why there are none.

    Parameters
    ----------
    figures
        The figures.
    axes
        The places along each variable.
    content
        The content.
    adds
        Whether its figures may be added up; where they may not and are asked to be, they are
        missing.

    Returns
    -------
    tuple of arrays
        Figures, int64 or float64, and status; both with an axis for each variable.
    """
    at = np.ix_(*(axis.places for axis in axes))
    values, status = figures.values[content][at], None
    values = values.astype(np.int64 if values.dtype.kind == "i" else np.float64)
    if figures.status is not None:
        status = figures.status[at]
    # Sums of the longest axes first leave the least to add up along the others.
    order = sorted(range(len(axes)), key=lambda n: len(axes[n].starts) / len(axes[n].places))
    for n in order:
        if axes[n].adds:
            values = np.add.reduceat(values, axes[n].starts, axis=n)
            if status is not None:
                status = np.maximum.reduceat(status, axes[n].starts, axis=n)
    if not adds and any(axis.adds for axis in axes):
        status = _none_of_sums(axes, status, values.shape)
    return values, status


def _none_of_sums(
    axes: Sequence[Axis], status: NDArray[np.uint8] | None, shape: tuple[int, ...]
) -> NDArray[np.uint8]:
    """The status where the figures of sums of several values are missing."""
    status = np.zeros(shape, np.uint8) if status is None else status
    for n, axis in enumerate(axes):
        several = np.diff(axis.starts, append=len(axis.places)) > 1
        along = np.where(several, MISSING, THERE).astype(np.uint8)
        status = np.maximum(status, along.reshape([-1 if m == n else 1 for m in range(len(axes))]))
    return status
