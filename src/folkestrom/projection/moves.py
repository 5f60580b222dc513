"""Moves between the areas of a country: how many, and from where to where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.projection.structure import SEXES, Structure

Floats = NDArray[np.float64]
_CLOSE = 1e-9
#: Areas, steps, groups, sexes and ages.
_AXES = 5


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
    kinds, toward
        Where who moves to some areas has other rates than who moves to others: the kind of each
        area, (areas,), and what shares of destinations of a kind are multiplied with, by where
        from: (kinds, areas, groups, 2, ages), the same in all steps. None: destinations are all of
        one kind.
    """

    out: Floats
    destinations: Floats
    classes: NDArray[np.intp]
    returns: Floats
    kinds: NDArray[np.intp] | None = None
    toward: Floats | None = None

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
        fits = self.out.ndim >= _AXES and all(
            own in (1, full) for own, full in zip(self.out.shape[-3:], structure.shape, strict=True)
        )
        if not fits or self.out.shape[-_AXES] not in (1, areas):
            raise UsageError(
                "has another shape", where="moves, out", value=str(self.out.shape),
                allowed=f"(…, {areas}, steps, {len(structure.groups)}, {len(SEXES)}, "
                f"{structure.ages}), or 1 for any of them",
            )  # fmt: skip
        full = (areas, self.out.shape[-4], *structure.shape)
        return replace(self, out=np.broadcast_to(self.out, (*self.out.shape[:-_AXES], *full)))

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
        for to, toward in self._by_kind():
            movers_there = gone if toward is None else gone * toward
            for at_age, shares in self._by_class():
                at = ..., groups, slice(None), at_age
                movers = movers_there[at]
                flat = movers.reshape(*movers.shape[:-3], -1)
                found = (shares.T[to] @ flat).reshape(*movers.shape[:-4], -1, *movers.shape[-3:])
                come[(..., to, *at[1:])] = found
        return come, gone

    def between(self, gone: Floats, kept: Sequence[int] = ()) -> Floats:
        """Moves from each area to each other.

        Parameters
        ----------
        gone
            Who goes from each area in a step, as `of` returns: (areas, groups, 2, ages).
        kept
            What moves are told apart by, in this order: 1 group, 2 sex, 3 age group.

        Returns
        -------
        array of shape (areas, areas, …)
            By origin, destination and what is kept: over destinations who goes, over origins who
            comes.

        Examples
        --------
        >>> to = np.array([[[0.0, 0.4, 0.6], [1, 0, 0], [1, 0, 0]]])
        >>> moves = Moves(np.ones((1, 1, 1, 1, 1)), to, np.zeros(2, np.intp), np.ones(3) / 3)
        >>> moves.between(np.full((3, 1, 2, 2), 10.0))[0].tolist()
        [0.0, 16.0, 24.0]
        """
        left_out = tuple(axis for axis in (1, 2, 3) if axis not in kept)
        remaining = [axis for axis in (1, 2, 3) if axis in kept]
        order = [0, 1, *(2 + remaining.index(axis) for axis in kept)]
        areas = len(self.returns)
        found = np.zeros((areas, areas, *(gone.shape[axis] for axis in remaining)))
        for to, toward in self._by_kind():
            movers_there = gone if toward is None else gone * toward
            for at_age, shares in self._by_class():
                movers = movers_there[..., at_age].sum(axis=left_out)
                part = np.einsum("od,o...->od...", shares[:, to], movers)
                found[(slice(None), to, ..., *([at_age] if 3 in kept else []))] += part
        return found.transpose(order)

    def _by_kind(self) -> Iterator[tuple[Any, Floats | None]]:
        """Which areas are of each kind, and what shares of these are multiplied with."""
        if self.kinds is None or self.toward is None:
            yield slice(None), None
            return
        for kind, toward in enumerate(self.toward):
            yield np.flatnonzero(self.kinds == kind), toward

    def _by_class(self) -> Iterator[tuple[slice, Floats]]:
        """Age groups that follow each other and are of one class, and its destinations."""
        runs = [*np.flatnonzero(np.diff(self.classes, prepend=-1)), len(self.classes)]
        for first, after in pairwise(runs):
            yield slice(int(first), int(after)), self.destinations[self.classes[first]]
