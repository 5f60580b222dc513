"""Cell-key perturbation: small noise that a cell always gets the same of.

Every record has a random key, kept with it; the fractional part of the sum of the keys is the
cell's. A table of perturbations says, by count and cell key, what is added (Thompson, Broadfoot &
Elazar 2013; Giessing 2016). Keys are made where records are; here they are a column of the table,
as fractions, or as whole numbers of 32 bits of which the sum is taken modulo 2³².
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom import columns
from folkestrom.columns import check_arguments, table_of
from folkestrom.errors import InputRefused

Floats: TypeAlias = npt.NDArray[np.float64]
Counts: TypeAlias = npt.NDArray[np.int64]
Changes: TypeAlias = npt.NDArray[np.int8]

_TOLERANCE = 1e-6
#: Keys of 32 bits are looked up by their first 16; the rest counts only where a limit lies between.
_BITS = 16
_BETWEEN = 127


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
        given = table_of(
            {"count": count, "change": change, "lower": lower, "upper": upper}, "perturbations"
        )
        counts = columns.occurrences(given.column("count"))
        changes, low, high = (
            columns.numbers(given.column(name)) for name in ("change", "lower", "upper")
        )
        if not len(counts) or (np.floor(changes) != changes).any():
            raise InputRefused(
                "holds no whole numbers", where="perturbations", column="change",
                allowed="a whole number in every row",
            )  # fmt: skip
        order = np.lexsort((low, counts))
        table = cls(counts[order], changes.astype(np.int64)[order], low[order], high[order])
        _check(table)
        return table

    @property
    def largest(self) -> int:
        """The largest change of any count."""
        return int(abs(self.change).max())

    def changes(self, counts: npt.NDArray[Any], keys: npt.NDArray[np.uint32]) -> Changes:
        """What is added to counts, by keys of 32 bits.

        Parameters
        ----------
        counts
            Counts of the cells, not negative.
        keys
            Sums of the keys of each cell's records, modulo 2³².
        """
        top = int(self.count.max())
        limits = (self.count << 32) + np.minimum(np.round(self.lower * 2.0**32), 2**32 - 1).astype(
            np.int64
        )
        # The row that holds for the first key of each piece, and the pieces that hold two.
        low = 32 - _BITS
        begins = np.bincount(-(-limits >> low), minlength=(top + 1) << _BITS)
        table = self.change.astype(np.int8)[begins[: (top + 1) << _BITS].cumsum() - 1]
        table[limits[limits & ((1 << low) - 1) != 0] >> low] = _BETWEEN
        piece = (keys >> np.uint32(32 - _BITS)).astype(np.int32)
        piece |= np.minimum(counts, top).astype(np.int32) << np.int32(_BITS)
        found: Changes = table[piece]
        left = np.flatnonzero(found == _BETWEEN)
        exact = (np.minimum(counts.flat[left], top).astype(np.int64) << 32) + keys.flat[left]
        found.flat[left] = self.change[np.searchsorted(limits, exact, side="right") - 1]
        return found


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
    given = table_of({"counts": counts, "keys": keys}, "perturb")
    original = columns.occurrences(given.column("counts"))
    fraction = columns.numbers(given.column("keys")) % 1.0
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
