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


def structure(norwegian_born: float) -> Structure:
    """The groups.

    Parameters
    ----------
    norwegian_born
        Share of the newborn of immigrant women that are Norwegian-born to immigrant parents: the
        fathers of the others are not.

    Examples
    --------
    >>> made = structure(0.8)
    >>> [group.code for group in made.groups][:4], len(made.groups)
    (['native', 'norwegian_born', 'nordic_0', 'nordic_1'], 48)
    """
    immigrants = {code: _LABELS[code] for code in IMMIGRANTS}
    return by_duration(immigrants, norwegian_born, labels=_LABELS)


def place(code: str, duration: int | None) -> int:
    """The place of a group among those of `structure`, by codes of the register's variables.

    Parameters
    ----------
    code
        Of the immigrant group; who is of no known one counts as a native.
    duration
        Completed years since immigration; None: since before the register began.

    Examples
    --------
    >>> place("native", 3), place("nordic", 0), place("nordic", None), place("unknown", None)
    (0, 2, 12, 0)
    """
    if code not in IMMIGRANTS:
        return BORN_HERE.index(code) if code in BORN_HERE else 0
    years = DURATIONS if duration is None else min(duration, DURATIONS)
    return len(BORN_HERE) + IMMIGRANTS.index(code) * (DURATIONS + 1) + years
