"""Cell-key perturbation: small noise that a cell always gets the same of.

Every record has a random key, kept with it; the fractional part of the sum of the keys is the
cell's. A table of perturbations says, by count and cell key, what is added (Thompson, Broadfoot &
Elazar 2013; Giessing 2016). Keys are made where records are; here they are a column of the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.columns import check_arguments
from folkestrom.errors import InputRefused

Floats: TypeAlias = npt.NDArray[np.float64]
Counts: TypeAlias = npt.NDArray[np.int64]

_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class PerturbationTable:
    """What is added to a count, by its cell key.

    Parameters
    ----------
    count
        The count that a row is for; the largest one is for all larger counts too.
    change
        What is added.
    lower, upper
        The cell keys that get it, from `lower` to below `upper`.
    """

    count: Counts
    change: Counts
    lower: Floats
    upper: Floats

    @classmethod
    def of(cls, count: Any, change: Any, lower: Any, upper: Any) -> PerturbationTable:
        """A checked table.

        Parameters
        ----------
        count, change, lower, upper
            Columns, in any order of rows.

        Examples
        --------
        >>> PerturbationTable.of([0, 1, 1], [0, -1, 1], [0, 0, 0.5], [1, 0.5, 1]).change.tolist()
        [0, -1, 1]
        """
        columns = [np.asarray(count, np.int64), np.asarray(change, np.int64)]
        ends = [np.asarray(lower, np.float64), np.asarray(upper, np.float64)]
        order = np.lexsort((ends[0], columns[0]))
        table = cls(columns[0][order], columns[1][order], ends[0][order], ends[1][order])
        _check(table)
        return table


def perturb(counts: npt.ArrayLike, keys: npt.ArrayLike, table: PerturbationTable) -> Counts:
    """Counts with what their cell keys add.

    Parameters
    ----------
    counts
        Counts of the cells.
    keys
        Sums of the keys of each cell's records; only the fraction counts.
    table
        The table of perturbations.

    Examples
    --------
    >>> table = PerturbationTable.of([0, 1, 1], [0, -1, 1], [0, 0, 0.5], [1, 0.5, 1])
    >>> perturb([0, 1, 1, 9], [0.0, 3.2, 0.7, 0.1], table).tolist()
    [0, 0, 2, 8]
    """
    check_arguments(perturb, locals())
    original = np.asarray(counts, np.int64)
    fraction = np.asarray(keys, np.float64) % 1.0
    capped = np.minimum(original, table.count.max())
    # The last row of the count that begins at or below the key.
    place = np.searchsorted(table.count + table.lower, capped + fraction, side="right") - 1
    changed: Counts = original + table.change[place]
    return changed


def _check(table: PerturbationTable) -> None:
    wanted = np.arange(int(table.count.max(initial=0)) + 1)
    if not np.array_equal(np.unique(table.count), wanted):
        raise InputRefused(
            "has not a row for every count up to the largest", where="perturbations", column="count"
        )
    for count in wanted:
        rows = table.count == count
        lower, upper = table.lower[rows], table.upper[rows]
        whole = np.concatenate([lower[1:], [1.0]])
        if lower[0] != 0 or np.abs(upper - whole).max() > _TOLERANCE:
            raise InputRefused(
                f"do not cover the keys from 0 to 1 of count {count}",
                where="perturbations",
                column="lower",
            )
        if (count + table.change[rows] < 0).any():
            raise InputRefused(
                f"would make count {count} negative", where="perturbations", column="change"
            )
