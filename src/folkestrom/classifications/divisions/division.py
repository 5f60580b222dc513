"""The division into municipalities that is in force: the program's own lists, and a store's.

The lists that come with the program end where it was made. A store can hold later changes; while it
is open, every question about municipalities is answered with them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

#: The program's lists, by what they are of.
MUNICIPALITIES: Final = "municipalities"
COUNTIES: Final = "counties"
CHANGES: Final = "municipality_changes"
#: Columns of the lists; the first of areas tell one spell of a name from another.
AREA: Final = ("code", "name", "valid_from", "valid_to", "source")
CHANGE: Final = ("day", "old", "new", "kind", "basic_units", "source")
#: The day on which what has no end ends.
WITHOUT_END: Final = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Division:
    """What a store knows beyond the program's own lists.

    Parameters
    ----------
    municipalities, counties
        Spells of names, as in `AREA`; one that the program has too, by code and first day, is here
        because it ends.
    municipality_changes
        Changes, as in `CHANGE`.
    """

    municipalities: tuple[tuple[str, ...], ...] = ()
    counties: tuple[tuple[str, ...], ...] = ()
    municipality_changes: tuple[tuple[str, ...], ...] = ()


_IN_FORCE: Final[ContextVar[Division]] = ContextVar("division", default=Division())  # noqa: B039


def in_force() -> Division:
    """The division that questions are answered with.

    Examples
    --------
    >>> in_force() == Division()
    True
    """
    return _IN_FORCE.get()


@contextmanager
def using(division: Division) -> Iterator[None]:
    """Let a division be in force."""
    before = in_force()
    _IN_FORCE.set(division)
    try:
        yield
    finally:
        _IN_FORCE.set(before)


@cache
def listed(division: Division, name: str) -> tuple[dict[str, str], ...]:
    """Rows of a list of the program's, with those of a division in their places.

    Parameters
    ----------
    division
        The division.
    name
        The list.

    Examples
    --------
    >>> len(listed(Division(), COUNTIES))
    38
    """
    own = tuple(csv.DictReader(text_of(name).splitlines()))
    if name == CHANGES:
        return own + tuple(
            dict(zip(CHANGE, row, strict=True)) for row in division.municipality_changes
        )
    added = [dict(zip(AREA, row, strict=True)) for row in getattr(division, name)]
    spells = {(row["code"], row["valid_from"]): row for row in (*own, *added)}
    return tuple(row for _, row in sorted(spells.items()))


def text_of(name: str) -> str:
    """One of the lists that come with the program, as CSV."""
    path = files("folkestrom.classifications") / "data" / f"{name}.csv"
    return path.read_text("utf-8")
