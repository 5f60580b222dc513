"""Moves between the areas of a country: how many, and from where to where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.projection.structure import SEXES, Structure

Floats = NDArray[np.float64]
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Who moves between areas in each step, and where to.

    With moves, areas are the last axis in front of the steps of all that is assumed, and in front
    of the groups of a population.

    Parameters
    ----------
    out
        Share of those who are alive at the end of the step, and have not left the country, that
        live in another area than at its beginning: (…, areas, steps, groups, 2, ages), by age group
        at the end.
    destinations
        Shares of those who move by the area that they come to (columns), by that which they come
        from (rows), for each class of ages: (classes, areas, areas).
    classes
        The class of each age group: (ages,).
    returns
        Shares by the area that those who live abroad come back to: (areas,).
    """

    out: Floats
    destinations: Floats
    classes: NDArray[np.intp]
    returns: Floats

    def checked(self, structure: Structure) -> Moves:
        """These, with all of their axes; refused are shares that cannot be, and other shapes.

        Parameters
        ----------
        structure
            The cells.

        Raises
        ------
        UsageError
            Shares that do not add up to 1, an area that nobody can move to, or another shape.
        """
        areas = len(self.returns)
        wanted = {
            "destinations": (self.classes.max(initial=0) + 1, areas, areas),
            "classes": (structure.ages,),
        }
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise UsageError(
                    "has another shape", where=f"moves, {name}",
                    value=str(getattr(self, name).shape), allowed=str(tuple(map(int, shape))),
                )  # fmt: skip
        shares = {"returns": self.returns, "destinations": self.destinations, "out": self.out}
        for name, array in shares.items():
            if not ((array >= 0) & (array <= 1 + _CLOSE)).all():
                raise UsageError(
                    "has shares that cannot be", where=f"moves, {name}", allowed="0 ... 1"
                )
        self._check_margins()
        full = (areas, self.out.shape[-4], *structure.shape)
        try:
            out = np.broadcast_to(self.out, (*self.out.shape[:-5], *full))
        except ValueError:
            raise UsageError(
                "has another shape", where="moves, out", value=str(self.out.shape),
                allowed=f"(…, {areas}, steps, {len(structure.groups)}, {len(SEXES)}, "
                f"{structure.ages}), or 1 for any of them",
            ) from None  # fmt: skip
        return replace(self, out=out)

    def _check_margins(self) -> None:
        margins = np.concatenate([self.destinations.sum(axis=-1).ravel(), [self.returns.sum()]])
        off = np.flatnonzero(np.abs(margins - 1) > _CLOSE)
        if off.size:
            age_class, area = divmod(int(off[0]), len(self.returns))
            last = off[0] == len(margins) - 1
            raise UsageError(
                "do not add up to 1", value=f"{margins[off[0]]:.6f}",
                where="moves, returns" if last
                else f"moves, destinations, class {age_class}, from area {area}",
                next_step="Divide each by their sum",
            )  # fmt: skip
        others = ~np.eye(len(self.returns), dtype=bool)
        reached = ((self.destinations > 0) & others).any(axis=(0, 1))
        if len(self.returns) > 1 and not reached.all():
            raise UsageError(
                "is an area that nobody can move to", where="moves, destinations",
                value=f"area {int(np.flatnonzero(~reached)[0])}",
                next_step="Give it a share of those who move, or make it part of another area",
            )  # fmt: skip

    def of(self, persons: Floats, step: int, here: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Who comes to each area and who goes from it, of those who are there at the end of a step.

        Parameters
        ----------
        persons
            By area, group, sex and age group: (…, areas, groups, 2, ages).
        step
            Which step it is; after the last of them as in that.
        here
            The groups that live in the country: (groups,).
        """
        gone = persons * self.out[..., min(step, self.out.shape[-4] - 1), :, :, :]
        come = np.zeros_like(gone)
        # What stands together in most structures: a slice is no copy.
        groups = slice(int(here.argmax()), len(here) - int(here[::-1].argmax()))
        runs = [*np.flatnonzero(np.diff(self.classes, prepend=-1)), len(self.classes)]
        for first, after in pairwise(runs):
            at = ..., groups, slice(None), slice(first, after)
            movers = gone[at]
            flat = movers.reshape(*movers.shape[:-3], -1)
            shares = self.destinations[self.classes[first]]
            come[at] = (shares.T @ flat).reshape(movers.shape)
        return come, gone
