"""Policies: how a table is protected, why so, and what that cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from folkestrom.disclosure.cell_keys import PerturbationTable
from folkestrom.disclosure.tables.ptable import perturbation_table
from folkestrom.errors import UsageError
from folkestrom.model.specification import Text

Kind = Literal["none", "cell keys", "rounding", "suppression"]
KINDS: Final = ("none", "cell keys", "rounding", "suppression")


@dataclass(frozen=True, slots=True)
class Policy:
    """The disclosure control of a table.

    Parameters
    ----------
    kind
        "none": counts stand as they are. "cell keys": every figure gets the noise of the records
        that it counts. "rounding": small counts become 0 or a base, and all figures add up.
        "suppression": small counts are not shown, nor others that tell them.
    reason
        Why so.
    small
        Counts from 1 to this are to be told to nobody.
    largest, variance, stay
        Of cell keys: as for `perturbation_table`.
    units
        Sets of variables by which another table may tell how many persons there are.
    few
        Units of 1 to fewer than this are not broken down, nor those with 1 to `largest` persons
        outside the largest part; of cell keys only.
    """

    kind: Kind
    reason: Text
    small: int = 2
    largest: int = 5
    variance: float = 3.0
    stay: float | None = None
    units: tuple[tuple[str, ...], ...] = ()
    few: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError("is no policy", where="policy", value=self.kind, allowed=KINDS)
        if not self.reason.en.strip() or not self.reason.no.strip():
            raise UsageError("needs a reason", where="policy", value=self.kind)

    @property
    def base(self) -> int:
        """Of rounding: what small counts become, if not 0."""
        return self.small + 1

    @property
    def parameters(self) -> dict[str, int | float | None]:
        """What there is to say of it beside its kind."""
        if self.kind == "none":
            return {}
        found: dict[str, int | float | None] = {"small": self.small}
        if self.kind == "cell keys":
            found |= {"largest": self.largest, "variance": self.variance, "stay": self.stay}
        return found | ({"few": self.few} if self.units else {})

    @property
    def perturbations(self) -> PerturbationTable:
        """Of cell keys: what is added."""
        return perturbation_table(self.largest, self.variance, self.small, self.stay)


@dataclass(frozen=True, slots=True)
class Cost:
    """What protection changed, of all figures that can be asked for.

    Parameters
    ----------
    cells
        Figures that are not 0.
    changed
        Of them those that are shown otherwise.
    mean, largest
        Change without its sign: the mean over all that are not 0, and the largest.
    hidden
        Figures that are not shown.
    """

    cells: int
    changed: int
    mean: float
    largest: int
    hidden: int

    def __add__(self, other: Cost) -> Cost:
        cells = self.cells + other.cells
        total = self.mean * self.cells + other.mean * other.cells
        return Cost(
            cells, self.changed + other.changed, total / cells if cells else 0.0,
            max(self.largest, other.largest), self.hidden + other.hidden,
        )  # fmt: skip


def cost(
    true: npt.NDArray[Any], shown: npt.NDArray[Any], hidden: npt.NDArray[np.bool_] | None = None
) -> Cost:
    """What protection changed.

    Parameters
    ----------
    true, shown
        Counts.
    hidden
        Which of them are not shown.

    Examples
    --------
    >>> cost(np.array([0, 1, 9]), np.array([0, 0, 8]))
    Cost(cells=2, changed=2, mean=1.0, largest=1, hidden=0)
    """
    there = true != 0
    gone = 0
    if hidden is not None:
        gone = int((there & hidden).sum())
        there = there & ~hidden
    change = np.abs(shown[there].astype(np.int64) - true[there])
    mean = float(change.mean()) if change.size else 0.0
    return Cost(int(there.sum()), int((change > 0).sum()), mean, int(change.max(initial=0)), gone)
