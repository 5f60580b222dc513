"""What persons of a family are to each other in a year: compiled, with the numbers of `kernel`.

Each person changes what is their own, and reads of others what does not change meanwhile, so that
any part of the persons may be done by any thread.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.microsimulation import kernel
from folkestrom.analysis.microsimulation.kernel import DEAD, Persons
from folkestrom.engine import kernels
from folkestrom.twin.lives import random
from folkestrom.twin.lives.compiled import inner
from folkestrom.twin.lives.random import uniform

_FILES: Final = (__file__, kernel.__file__, random.__file__)
_SOURCES: Final = kernels.fingerprint(Path(file) for file in _FILES if file)
#: Marital status: the separated are among the divorced, and registered partners the married.
NEVER, MARRIED, WIDOWED, DIVORCED = range(4)
#: Instead of a score: the couple parts.
PARTS: Final = -1.0
_TOGETHER, _FOLLOW, _MARRY, _PART, _HOME = range(10, 15)


class Probabilities(NamedTuple):
    """Probabilities of a year, by age at its end, and who lives here.

    Parameters
    ----------
    marriage
        Of who is not married, by marital status: (4, 2, ages).
    outside
        Share of those who marry whose spouse lives elsewhere, by sex: (2,).
    divorce, widowhood, leaving_home
        Of the married; of those whose spouse lives elsewhere; of children with parents: (2, ages).
    couples, children
        Share of spouses, and of children with parents, with whom leaving is drawn together.
    here
        Whether a group lives in the country: (groups,).
    """

    marriage: NDArray[np.float64]
    outside: NDArray[np.float64]
    divorce: NDArray[np.float64]
    widowhood: NDArray[np.float64]
    leaving_home: NDArray[np.float64]
    couples: float
    children: float
    here: NDArray[np.bool_]


@inner
def _beside(i: int, other: int, p: Persons, given: Probabilities) -> bool:
    """Whether two persons, of whom the first is there, both live in the country, or both abroad."""
    if other < 0 or p.group[other] < 0:
        return False
    return given.here[p.group[i]] == given.here[p.group[other]]


@inner
def _leader(seed: int, year: int, i: int, p: Persons, given: Probabilities) -> int:
    """With whom leaving is drawn: the first of the couple, or the person alone."""
    first = min(i, p.spouse[i])
    if _beside(i, p.spouse[i], p, given) and uniform(seed, first, year, _TOGETHER) < given.couples:
        return first
    return i


def _tie(seed: int, year: int, first: int, last: int, p: Persons, given: Probabilities) -> None:
    """With whom each person's leaving is drawn in the year: a spouse's, a parent's, or alone."""
    group, parent, tied = p.group, p.parent, p.tied
    for i in range(first, last):
        if group[i] < 0:
            continue
        follows = _beside(i, parent[i], p, given)
        if follows and uniform(seed, i, year, _FOLLOW) < given.children:
            tied[i] = _leader(seed, year, parent[i], p, given)
        else:
            tied[i] = _leader(seed, year, i, p, given)


def _settle(first: int, last: int, p: Persons, given: Probabilities) -> None:
    """Who lost a spouse, and children whose parent is gone: they are with the other, or nobody's.

    What is known of who is gone stays as it was, so that children find their other parent by it.
    """
    group, spouse, parent, marital, apart = p.group, p.spouse, p.parent, p.marital, p.apart
    for i in range(first, last):
        if group[i] < 0:
            continue
        if spouse[i] >= 0 and group[spouse[i]] < 0:
            if group[spouse[i]] == DEAD:
                marital[i] = WIDOWED
            spouse[i] = -1
            apart[i] = 0
        if parent[i] >= 0 and not _beside(i, parent[i], p, given):
            other = spouse[parent[i]]
            parent[i] = other if _beside(i, other, p, given) else -1


@inner
def _married(seed: int, year: int, i: int, p: Persons, given: Probabilities) -> bool:
    """Whether the couple parts; who has no spouse here is widowed or divorced at once."""
    s, age, other = p.sex[i], p.age[i], p.spouse[i]
    chance, value = given.divorce[s, age], uniform(seed, i, year, _PART)
    if other < 0:
        if value < given.widowhood[s, age]:
            p.marital[i] = WIDOWED
        elif value < given.widowhood[s, age] + chance:
            p.marital[i] = DIVORCED
        return False
    if given.here[p.group[other]]:
        # One draw for both: as many as the mean of what his rates and hers say.
        chance = (chance + given.divorce[p.sex[other], p.age[other]]) / 2 if i < other else 0.0
    return value < chance


@inner
def _unmarried(seed: int, year: int, i: int, p: Persons, given: Probabilities) -> float:
    """The score of who may marry a resident, below 1 of who does; others marry at once."""
    s = p.sex[i]
    chance, value = given.marriage[p.marital[i], s, p.age[i]], uniform(seed, i, year, _MARRY)
    outside = chance * given.outside[s]
    if value >= 1 - outside:
        p.marital[i], p.parent[i] = MARRIED, -1
        return np.inf
    return value / (chance - outside) if chance > outside else np.inf


def _change(
    seed: int, year: int, first: int, last: int, p: Persons, given: Probabilities,
    scores: NDArray[np.float64],
) -> None:  # fmt: skip
    """A year of marriages, divorces and leaving home; scores tell whom these take two of."""
    group, marital, parent = p.group, p.marital, p.parent
    for i in range(first, last):
        scores[i] = np.inf
        if group[i] < 0 or not given.here[group[i]]:
            continue
        if (
            parent[i] >= 0
            and uniform(seed, i, year, _HOME) < given.leaving_home[p.sex[i], p.age[i]]
        ):
            parent[i] = -1
        if marital[i] != MARRIED:
            scores[i] = _unmarried(seed, year, i, p, given)
        elif _married(seed, year, i, p, given):
            scores[i] = PARTS


tie, settle, change = (
    kernels.kernel(_tie, _SOURCES), kernels.kernel(_settle, _SOURCES),
    kernels.kernel(_change, _SOURCES),
)  # fmt: skip
