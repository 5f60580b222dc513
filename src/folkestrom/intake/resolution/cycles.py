"""Circles among reports that annul or correct each other, and the last report of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from folkestrom.errors import FolkestromError

IntakeOrder = TypeVar("IntakeOrder", bound=tuple[object, ...])


class BrokenOrderError(FolkestromError):
    """A report without a place in the order; a fault of the program."""


def last_of_cycles(targets: Mapping[int, int], order: Mapping[int, IntakeOrder]) -> set[int]:
    """The last report, by `order`, of each circle; every report points at one other at most.

    Parameters
    ----------
    targets
        Which report each one points at.
    order
        When each became known.

    Examples
    --------
    >>> sorted(last_of_cycles({1: 2, 2: 3, 3: 2, 4: 1}, {n: (n,) for n in range(5)}))
    [3]
    """
    seen: set[int] = set()
    found = set()
    for start in targets:
        path: list[int] = []
        node: int | None = start
        while node is not None and node not in seen:
            seen.add(node)
            path.append(node)
            node = targets.get(node)
        if node is not None and node in path:
            circle = path[path.index(node) :]
            if not all(member in order for member in circle):
                raise BrokenOrderError("a report of a circle has no place in the order")
            found.add(max(circle, key=lambda member: order[member]))
    return found
