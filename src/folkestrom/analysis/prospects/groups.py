"""The population groups of a projection, by codes of the register's variables."""

from __future__ import annotations

from typing import Final

from folkestrom.projection.groups import BORN_HERE, DURATIONS, by_duration
from folkestrom.projection.structure import Structure
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.variable import Variable

GROUP: Final[Variable] = VARIABLES["immigrant_group"]
DURATION: Final[Variable] = VARIABLES["years_since_immigration"]
_LABELS: Final = {c.code: c.label.en for c in GROUP.dimension.categories}
#: Immigrants, by country of birth.
IMMIGRANTS: Final = tuple(code for code in _LABELS if code not in (*BORN_HERE, "unknown"))


def structure(norwegian_born: float, durations: int = DURATIONS) -> Structure:
    """The groups.

    Parameters
    ----------
    norwegian_born
        Share of the newborn of immigrant women that are Norwegian-born to immigrant parents: the
        fathers of the others are not.
    durations
        Completed years since immigration that are told apart; 0: none.

    Examples
    --------
    >>> made = structure(0.8)
    >>> [group.code for group in made.groups][:4], len(made.groups)
    (['native', 'norwegian_born', 'nordic_0', 'nordic_1'], 48)
    >>> [group.code for group in structure(0.8, 0).groups][:4]
    ['native', 'norwegian_born', 'nordic_0', 'eu8_0']
    """
    immigrants = {code: _LABELS[code] for code in IMMIGRANTS}
    return by_duration(immigrants, norwegian_born, durations, labels=_LABELS)


def durations_of(cells: Structure) -> int:
    """Completed years since immigration that groups tell apart.

    Parameters
    ----------
    cells
        The groups.

    Examples
    --------
    >>> durations_of(structure(0.8, 3))
    3
    """
    return int(cells.part(IMMIGRANTS[0]).sum()) - 1


def place(code: str, duration: int | None, durations: int = DURATIONS) -> int:
    """The place of a group among those of `structure`, by codes of the register's variables.

    Parameters
    ----------
    code
        Of the immigrant group; who is of no known one counts as a native.
    duration
        Completed years since immigration; None: since before the register began.
    durations
        How many of these are told apart.

    Examples
    --------
    >>> place("native", 3), place("nordic", 0), place("nordic", None), place("unknown", None)
    (0, 2, 12, 0)
    """
    if code not in IMMIGRANTS:
        return BORN_HERE.index(code) if code in BORN_HERE else 0
    years = durations if duration is None else min(duration, durations)
    return len(BORN_HERE) + IMMIGRANTS.index(code) * (durations + 1) + years
