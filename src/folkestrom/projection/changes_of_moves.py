"""What a scenario changes in moves between areas: rates by where from and where to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from folkestrom.model.names import check_code
from folkestrom.projection.areas import Areas
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.changes import (
    Change,
    Span,
    amounts,
    cells_of,
    check_anyone,
    check_not_negative,
    check_rate,
    in_time,
)
from folkestrom.projection.scenario import Scenario


def moves_in_steps(
    scenario: Scenario, areas: Areas, codes: Sequence[str], span: Span
) -> Callable[[int], Areas] | None:
    """The areas as a scenario makes moves between them, in each step.

    Multiplied, added and set are rates of moving from an area to all that are named together, at
    each age that is meant. To the others as many want to move as before, and among those that are
    named movers go by the shares that they had.

    Parameters
    ----------
    scenario
        What changes; only changes of moves are made.
    areas, codes
        The areas before it, and their codes.
    span
        The years.

    Returns
    -------
    function or None
        Of the step; the same areas as long as nothing changes. None: no moves change.

    Raises
    ------
    UsageError
        An area that is none, a move that there is not, what becomes less than nothing.

    Examples
    --------
    >>> from folkestrom.projection.changes import Change
    >>> from folkestrom.projection.structure import Structure
    >>> to = np.array([[[0.0, 0.8, 0.2], [0.5, 0, 0.5], [0.5, 0.5, 0]]])
    >>> one = np.ones(3)
    >>> areas = Areas(one, one, one, np.full((3, 1, 1, 1), 0.1), np.ones((3, 1)) / 3, to,
    ...               np.zeros(2, np.intp), one / 3)
    >>> half = Scenario("half", (Change("moves", "multiply", 0.5, destinations=("b",)),))
    >>> found = moves_in_steps(half, areas, ["a", "b", "c"], Span(Structure(ages=2), 2021, 1))(0)
    >>> found.moving[:, 0, 0, 0, 0].tolist(), found.kinds.tolist()
    ([0.1, 0.05], [0, 1, 0])
    """
    parts = [
        _part(change, areas, codes, span, f"{place}, change {number}")
        for place, number, change in scenario.placed()
        if change.component == "moves"
    ]
    if not parts:
        return None
    to = np.array([part.to for part in parts])
    _, places, kinds = np.unique(to, axis=1, return_index=True, return_inverse=True)
    full = np.broadcast_to(areas.moving, (len(codes), *span.structure.shape))
    begun = replace(areas, moving=np.stack([full] * len(places)), kinds=kinds.ravel())
    shares = begun.shares_of_kinds()
    done: dict[bytes, Areas] = {}

    def during(step: int) -> Areas:
        key = np.array([(part.weight[step], part.amount[step]) for part in parts]).tobytes()
        if key not in done:
            done.clear()
            moving = begun.moving
            for part, named in zip(parts, to[:, places], strict=True):
                moving = part.applied(moving, np.where(named[:, *_CELLS], shares, 0.0), step)
            done[key] = replace(begun, moving=moving)
        return done[key]

    return during


#: Areas, groups, sexes and ages, behind an axis of kinds.
_CELLS = (None, None, None, None)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A change, by where from with group, sex and age, where to, and step."""

    change: Change
    where: str
    cells: NDArray[np.bool_]
    to: NDArray[np.bool_]
    weight: Floats
    amount: Floats

    def applied(self, moving: Floats, shares: Floats, step: int) -> Floats:
        """Rates of each kind: (kinds, areas, groups, 2, ages); shares are of those meant."""
        weight, amount = self.weight[step] * self.cells, self.amount[step]
        old = (moving * shares).sum(axis=0)
        target = {"multiply": old * amount, "add": old + amount, "set": 0 * old + amount}
        new = old + weight * (target[self.change.how] - old)
        check_not_negative(self.change, bool((new < 0).any()), self.where)
        whole = shares.sum(axis=0)
        # Where nobody moved, those who do go by the shares of the destinations.
        plain = np.divide(new, whole, out=np.zeros_like(new), where=whole > 0)
        factor = np.divide(new, old, out=np.zeros_like(new), where=old > 0)
        changed = np.where(old > 0, moving * factor, plain)
        return np.where((shares > 0) & self.cells, changed, moving)


def _part(change: Change, areas: Areas, codes: Sequence[str], span: Span, where: str) -> _Part:
    span.check_begins(change, where)
    ends = []
    for name in ("origins", "destinations"):
        named = getattr(change, name)
        for code in named:
            check_code(code, codes, "is no area", where=f"{where}, {name}")
        ends.append(np.array([not named or code in named for code in codes]))
    from_, to = ends
    cells = from_[:, None, None, None] & cells_of(change, span.structure, where)
    some = areas.destinations[:, :, to].sum(axis=(0, 2)) > 0
    check_anyone(cells & some[:, None, None, None], where)
    amount, weight = amounts(change, span), in_time(change, span)
    check_rate(change, amount, where)
    check_not_negative(change, change.how != "add" and bool((amount < 0).any()), where)
    return _Part(change, where, cells, to, weight, amount)
