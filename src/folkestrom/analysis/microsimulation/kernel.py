"""A year in the lives of many persons: compiled, with a random number a person, year and purpose.

Persons don't meet here: what happens to one depends on no other, so that any part of them may be
done by any thread. The numbers are those of `folkestrom.twin.lives.random`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from folkestrom.engine import kernels
from folkestrom.twin.lives import random
from folkestrom.twin.lives.compiled import inner
from folkestrom.twin.lives.random import uniform

_SOURCES: Final = kernels.fingerprint([Path(__file__), Path(random.__file__)])
#: Who has died, and who has left and is not followed, has one of these for a group.
DEAD, LEFT = -1, -2
_FATE, _BIRTH, _MOVE, _PLACE, _GROUP, _SEX, _LEAVE = range(7)
_FEMALE = 1


class Persons(NamedTuple):
    """Persons, one value each: (persons,).

    Parameters
    ----------
    area, group, sex, age
        As in the arrays of a projection; `group` may be `DEAD` or `LEFT`.
    half_years
        Half years lived in the country.
    emigrations, returns, moves
        How often they left the country, came back to it, and moved between areas.
    mother
        The place of the mother among the persons; -1: she is not known.
    born
        Year of birth.
    first_group
        The group that they belonged to first.
    marital
        Marital status, as the kernels of families number it.
    spouse, parent
        The places of the spouse and of the parent whom they live with as a child; -1: none here.
    apart
        Whether they live apart from the spouse.
    tied
        The place of the person with whom leaving is drawn; -1: nobody is tied to anybody.
    """

    area: NDArray[np.int16]
    group: NDArray[np.int16]
    sex: NDArray[np.int8]
    age: NDArray[np.int16]
    half_years: NDArray[np.int16]
    emigrations: NDArray[np.int16]
    returns: NDArray[np.int16]
    moves: NDArray[np.int16]
    mother: NDArray[np.int32]
    born: NDArray[np.int16]
    first_group: NDArray[np.int16]
    marital: NDArray[np.int8]
    spouse: NDArray[np.int32]
    parent: NDArray[np.int32]
    apart: NDArray[np.int8]
    tied: NDArray[np.int32]


class Year(NamedTuple):
    """What is assumed of a year, by area in front, and the groups' places.

    Parameters
    ----------
    stay, leave
        Shares: (areas, groups, 2, ages + 1).
    fertility
        Births by woman: (areas, groups, ages).
    out
        Share of those who stay that move: (areas, groups, 2, ages).
    reached
        Cumulative shares by destination: (classes, areas, areas).
    classes
        Of ages: (ages,).
    back
        Cumulative shares by the area that those abroad return to: (1, 1, areas).
    next, leaves_to
        The group a year later, and of who leaves: (groups,).
    here
        Whether a group lives in the country: (groups,).
    children
        Cumulative shares of the newborn's group: (1, groups, groups).
    males
        Share of the newborn.
    """

    stay: NDArray[np.float64]
    leave: NDArray[np.float64]
    fertility: NDArray[np.float64]
    out: NDArray[np.float64]
    reached: NDArray[np.float64]
    classes: NDArray[np.intp]
    back: NDArray[np.float64]
    next: NDArray[np.intp]
    leaves_to: NDArray[np.intp]
    here: NDArray[np.bool_]
    children: NDArray[np.float64]
    males: float


@inner
def _drawn(cumulative: NDArray[np.float64], one: int, other: int, value: float) -> int:
    """The place of a value among cumulative shares, in the row of a class and an area."""
    first, last = 0, cumulative.shape[2] - 1
    while first < last:
        middle = (first + last) // 2
        if cumulative[one, other, middle] > value:
            last = middle
        else:
            first = middle + 1
    return first


@inner
def _fate(seed: int, year: int, i: int, cohort: int, p: Persons, given: Year) -> bool:
    """Whether a person stays; whatever happens to them is done."""
    a, g, s = p.area[i], p.group[i], p.sex[i]
    value = uniform(seed, i, year, _FATE)
    stay, leave = given.stay[a, g, s, cohort], given.leave[a, g, s, cohort]
    if p.tied[i] >= 0:
        # Leaving is drawn with the family, and death among those who don't: each as likely as ever.
        if uniform(seed, p.tied[i], year, _LEAVE) < leave:
            value = stay
        else:
            value *= 1 - leave
            value += leave if value >= stay else 0.0
    if value < stay:
        age = min(cohort, given.classes.size - 1)
        p.half_years[i] += given.here[g] * (1 if cohort == 0 else 2)
        out = given.out[a, g, s, age]
        if out > 0 and uniform(seed, i, year, _MOVE) < out:
            place = uniform(seed, i, year, _PLACE)
            p.area[i] = _drawn(given.reached, given.classes[age], a, place)
            p.moves[i] += p.area[i] != a
        p.group[i] = given.next[g]
        return True
    # Half of the time that they might have stayed.
    p.half_years[i] += given.here[g] * (0 if cohort == 0 else 1)
    if value >= stay + leave:
        p.group[i] = DEAD
        return False
    p.emigrations[i] += given.here[g]
    p.returns[i] += not given.here[g]
    p.group[i] = given.leaves_to[g] if given.leaves_to[g] >= 0 else LEFT
    if given.here[g] and given.back.shape[2] > 1:
        p.area[i] = _drawn(given.back, 0, 0, uniform(seed, i, year, _PLACE))
    return False


@inner
def _lived(seed: int, year: int, i: int, p: Persons, given: Year) -> int:
    """A year of a person: the cell of who becomes a mother in it, or -1."""
    ages = given.classes.size
    a, g, age = p.area[i], p.group[i], p.age[i]
    stays = _fate(seed, year, i, age + 1, p, given)
    older = min(age + 1, ages - 1)
    if p.group[i] != DEAD:
        p.age[i] = older
    if p.sex[i] == _FEMALE:
        chance = given.fertility[a, g, age] / 2
        if stays:
            chance += given.fertility[a, g, older] / 2
        if chance > 0 and uniform(seed, i, year, _BIRTH) < chance:
            return a * given.next.size + g
    return -1


@inner
def _came(seed: int, year: int, i: int, p: Persons, given: Year) -> int:
    """The birth of a child of who comes at the end of a year, likewise."""
    a, g = p.area[i], p.group[i]
    chance = given.fertility[a, g, p.age[i]] / 2
    if p.sex[i] == _FEMALE and uniform(seed, i, year, _BIRTH) < chance:
        return a * given.next.size + g
    return -1


@inner
def _born(seed: int, year: int, i: int, cell: int, p: Persons, given: Year) -> None:
    """The rest of the year of who is born in it."""
    group = cell % given.next.size
    p.area[i] = cell // given.next.size
    p.group[i] = _drawn(given.children, 0, group, uniform(seed, i, year, _GROUP))
    p.first_group[i] = p.group[i]
    p.sex[i] = 0 if uniform(seed, i, year, _SEX) < given.males else _FEMALE
    _fate(seed, year, i, 0, p, given)


def _live(
    seed: int, year: int, first: int, last: int, p: Persons, given: Year, mothers: NDArray[np.int32]
) -> None:
    """A year of persons; mothers are marked by their area and group, others by -1."""
    group = p.group
    for i in range(first, last):
        mothers[i] = _lived(seed, year, i, p, given) if group[i] >= 0 else -1


def _come_late(
    seed: int, year: int, first: int, last: int, p: Persons, given: Year, mothers: NDArray[np.int32]
) -> None:
    """Births of women who come at the end of a year."""
    for i in range(first, last):
        mothers[i] = _came(seed, year, i, p, given)


def _are_born(
    seed: int, year: int, first: int, last: int, p: Persons, given: Year, mothers: NDArray[np.int32]
) -> None:
    """The rest of the year of who is born in it."""
    mother = p.mother
    for i in range(first, last):
        _born(seed, year, i, mothers[mother[i]], p, given)


live, come_late, are_born = (
    kernels.kernel(function, _SOURCES) for function in (_live, _come_late, _are_born)
)
