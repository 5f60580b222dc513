"""Population groups of a projection: among others immigrants by duration of residence.

Immigrants are told apart by groups of countries and completed years since they came, since those
who came lately leave most. Natives and Norwegian-born who leave are followed abroad, since they
are who returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from folkestrom.projection.structure import Group, Structure

#: Completed years since immigration are told apart up to this one, which has those above too.
DURATIONS: Final = 10
#: The last age group is of those who are at least so old.
OPEN_AGE: Final = 119
#: Those who are born here, and are followed when they leave.
BORN_HERE: Final = ("native", "norwegian_born")
ABROAD: Final = "_abroad"


def by_duration(
    immigrants: Mapping[str, str], norwegian_born: float, durations: int = DURATIONS, *,
    labels: Mapping[str, str] | None = None,
) -> Structure:  # fmt: skip
    """The groups.

    Parameters
    ----------
    immigrants
        Immigrant groups, and what they are called.
    norwegian_born
        Share of the newborn of immigrant women that are Norwegian-born to immigrant parents: the
        fathers of the others are not.
    durations
        Completed years since immigration that are told apart.
    labels
        What natives and Norwegian-born are called.

    Examples
    --------
    >>> made = by_duration({"nordic": "The Nordic countries"}, 0.8)
    >>> [group.code for group in made.groups][:4], len(made.groups)
    (['native', 'norwegian_born', 'nordic_0', 'nordic_1'], 15)
    """
    labels = labels or {}
    children = (("norwegian_born", norwegian_born), ("native", 1 - norwegian_born))
    groups = [
        Group(code, labels.get(code, ""), leaves_to=f"{code}{ABROAD}",
              children=(("native", 1.0),), alike="born here")
        for code in BORN_HERE
    ]  # fmt: skip
    for code, label in immigrants.items():
        for duration in range(durations + 1):
            after = f"{code}_{min(duration + 1, durations)}"
            said = f"{label}, {duration} years" if durations else label
            groups.append(
                Group(f"{code}_{duration}", said, ("immigrants", code), next=after,
                      children=children, alike="immigrants")
            )  # fmt: skip
    groups += [
        Group(f"{code}{ABROAD}", f"{labels.get(code, code)}, abroad", resident=False,
              leaves_to=code, part_of=("abroad",), alike="abroad")
        for code in BORN_HERE
    ]  # fmt: skip
    return Structure(tuple(groups), OPEN_AGE + 1)
