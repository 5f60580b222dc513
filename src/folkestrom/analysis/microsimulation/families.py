"""Couples, parents and children of simulated lives, and the households that they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.microsimulation.family_kernel import (
    DIVORCED,
    MARRIED,
    NEVER,
    PARTS,
    Probabilities,
)
from folkestrom.analysis.microsimulation.kernel import Persons
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.structure import FEMALE
from folkestrom.twin.lives.random import draws

Places = NDArray[np.intp]
#: Who is this old, and lives with no parent, has a household of their own.
ADULT: Final = 18
_DONOR, _ORDER, _WITHIN, _NEWCOMER, _MOTHER = range(20, 25)
#: Of how many that are nearest in age a donor is drawn.
_NEAREST: Final = 20
_APART: Final = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Donors:
    """Persons of the register, of whom one like each simulated one gives values (hot deck).

    Parameters
    ----------
    key
        What donors are alike in, ascending; see `of`.
    values
        What they give: (donors, ...).
    """

    key: Floats
    values: NDArray[Any]

    @classmethod
    def of(cls, kind: NDArray[Any], age: NDArray[Any], values: NDArray[Any]) -> Donors:
        """Donors, alike if of the same kind and of the nearest in age.

        Parameters
        ----------
        kind, age, values
            A number, an age, and what they give, of each.
        """
        key = kind * _APART + age
        order = np.argsort(key, kind="stable")
        return cls(key[order], values[order])

    def like(self, kind: NDArray[Any], age: NDArray[Any], chance: Floats) -> NDArray[Any]:
        """Values of a donor for each: one of the nearest at random, of any kind if of that is none.

        Parameters
        ----------
        kind, age
            Of those who get values.
        chance
            A number from 0 to 1 for each.

        Examples
        --------
        >>> deck = Donors.of(np.array([0, 1]), np.array([30, 40]), np.array([5, 6]))
        >>> deck.like(np.array([1, 0]), np.array([20, 50]), np.array([0.1, 0.9])).tolist()
        [6, 5]
        """
        if not len(self.key):
            return np.zeros((len(kind), *self.values.shape[1:]), self.values.dtype)
        first, last = (np.searchsorted(self.key, (kind + n) * _APART) for n in (0, 1))
        none = first == last
        first, last = np.where(none, 0, first), np.where(none, len(self.key), last)
        many = np.minimum(last - first, _NEAREST)
        start = np.searchsorted(self.key, kind * _APART + age) - many // 2
        start = np.clip(start, first, last - many)
        return np.asarray(self.values[start + (chance * many).astype(np.intp)])


@dataclass(frozen=True, slots=True, eq=False)
class Families:
    """What is assumed of families.

    Parameters
    ----------
    probabilities
        Probabilities of a year.
    weddings
        By the wife's kind and age: the husband's kind, and years that he is older.
    newcomers
        By sex and age: marital status, whether the spouse lives here with them, and whether a
        parent does. None: those who come have never married, and live alone.
    mothers
        By the child's age: years that the parent is older.
    kinds
        A number for each group: whose spouses are of the same kind more often: (groups,).
    """

    probabilities: Probabilities
    weddings: Donors
    newcomers: Donors | None
    mothers: Donors
    kinds: NDArray[np.intp]

    def arrive(self, p: Persons, first: int, seed: int, year: int) -> None:
        """Let those who come from a place on be spouses and children, of each other or of others.

        Parameters
        ----------
        p
            Everybody.
        first
            The first of those who come.
        seed, year
            Of the random numbers.
        """
        new = np.arange(first, len(p.group))
        if self.newcomers is None or not len(new):
            return
        chance = draws(seed, new, year, _NEWCOMER)
        status, with_spouse, with_parent = self.newcomers.like(p.sex[new], p.age[new], chance).T
        p.marital[new] = status
        with_spouse = with_spouse.astype(bool) & (status == MARRIED)
        child = with_parent.astype(bool) & (status == NEVER)
        sides = [new[with_spouse & (p.sex[new] == sex)] for sex in (0, 1)]
        many = min(map(len, sides))
        # In a random order, so that no age is the one that is left over.
        men, women = (side[self._order(side, seed, year)] for side in sides)
        self._wed(p, *self._paired(p, men[:many], women[:many], seed, year))
        alone = (p.marital == MARRIED) & (p.spouse < 0) & (p.group >= 0)
        alone[first:] = False
        for left, sex in ((men[many:], 1), (women[many:], 0)):
            if len(left):
                waiting = np.flatnonzero(alone & (p.sex == sex))
                waiting = waiting[self.probabilities.here[p.group[waiting]]]
                self._wed(p, *_nearest(p.age, left, waiting))
        women = new[~child & (p.sex[new] == FEMALE) & (p.age[new] >= ADULT)]
        self._have_mothers(p, new[child], women, seed, year)

    def marry(self, p: Persons, scores: Floats, seed: int, year: int) -> None:
        """Let couples part, and those whom their rates choose find each other.

        As many marry as the mean of what men's rates and women's say.

        Parameters
        ----------
        p
            Everybody.
        scores
            Of the first of them, what `change` says.
        seed, year
            Of the random numbers.
        """
        parting = np.flatnonzero(scores == PARTS)
        both = np.concatenate([parting, p.spouse[parting]])
        p.marital[both], p.spouse[both], p.apart[both] = DIVORCED, -1, 0
        # Twice as many as rates choose, so that there are enough of the sex of which these are few.
        asked = np.flatnonzero((scores >= 0) & (scores < 2))
        sides = [asked[p.sex[asked] == sex] for sex in (0, 1)]
        wanted = sum(int((scores[side] < 1).sum()) for side in sides)
        many = min((wanted + year % 2) // 2, *map(len, sides))
        men, women = (side[np.argsort(scores[side], kind="stable")[:many]] for side in sides)
        self._wed(p, *self._paired(p, men, women, seed, year))

    def _paired(
        self, p: Persons, men: Places, women: Places, seed: int, year: int
    ) -> tuple[Places, Places]:
        """Husbands and wives of as many men and women, by kind and age as in the register.

        Each woman wants what a bride like her got. Of each kind, men by age are given to women by
        the age that they want; who is left over then, likewise whatever the kind.
        """
        if not len(women):
            return men, women
        wants = self.weddings.like(
            self.kinds[p.group[women]], p.age[women], draws(seed, women, year, _DONOR)
        )
        ages = [p.age[side] + draws(seed, side, year, _WITHIN) for side in (men, women)]
        ages[1] = ages[1] + wants[:, 1]
        kinds = self.kinds[p.group[men]], wants[:, 0]
        orders = [self._order(side, seed, year) for side in (men, women)]
        taken: list[list[Places]] = [[], []]
        for kind in np.unique(kinds[0]):
            of_kind = [order[k[order] == kind] for order, k in zip(orders, kinds, strict=True)]
            many = min(map(len, of_kind))
            for n, places in enumerate(of_kind):
                taken[n].append(places[:many][np.argsort(ages[n][places[:many]], kind="stable")])
        done = [np.concatenate(parts) for parts in taken]
        rest = [np.setdiff1d(order, part) for order, part in zip(orders, done, strict=True)]
        rest = [part[np.argsort(age[part], kind="stable")]
                for part, age in zip(rest, ages, strict=True)]  # fmt: skip
        first, second = (np.concatenate(parts) for parts in zip(done, rest, strict=True))
        return men[first], women[second]

    def _have_mothers(
        self, p: Persons, children: Places, mothers: Places, seed: int, year: int
    ) -> None:
        """Give children who come a mother who comes too, of their group, older as others are."""
        if not len(children) or not len(mothers):
            return
        gap = self.mothers.like(0 * children, p.age[children], draws(seed, children, year, _MOTHER))
        mothers = mothers[np.lexsort((p.age[mothers], p.group[mothers]))]
        key = p.group[mothers] * _APART + p.age[mothers]
        wanted = p.group[children] * _APART + p.age[children] + gap
        p.parent[children] = mothers[np.minimum(np.searchsorted(key, wanted), len(key) - 1)]

    @staticmethod
    def _wed(p: Persons, men: Places, women: Places) -> None:
        for one, other in ((men, women), (women, men)):
            p.marital[one], p.spouse[one], p.parent[one] = MARRIED, other, -1

    @staticmethod
    def _order(persons: Places, seed: int, year: int) -> Places:
        return np.argsort(draws(seed, persons, year, _ORDER), kind="stable")


def _nearest(age: NDArray[Any], some: Places, others: Places) -> tuple[Places, Places]:
    """Each of some with one of others who is next in age, as far as there are any."""
    some = some[np.argsort(age[some], kind="stable")]
    others = others[np.argsort(age[others], kind="stable")]
    count = np.arange(len(some))
    place = np.searchsorted(age[others], age[some])
    place = np.maximum.accumulate(place - count) + count
    fits = place < len(others)
    return some[fits], others[place[fits]]


@dataclass(frozen=True, slots=True, eq=False)
class Households:
    """Households of those who live in the country.

    Parameters
    ----------
    persons
        Their places among everybody.
    household
        The household of each, by the place among everybody of who stands for it.
    size
        How many live in it, of each person.
    couple
        Whether a couple does, of each person.
    """

    persons: Places
    household: Places
    size: Places
    couple: NDArray[np.bool_]


def households(p: Persons, here: NDArray[np.bool_]) -> Households:
    """Who lives with whom: couples, parents with their children, and those who live alone.

    Parameters
    ----------
    p
        Everybody.
    here
        Whether a group lives in the country.
    """
    everywhere = np.append(here, False)  # Who is gone has a negative group.
    resident = everywhere[np.maximum(p.group, -1)]
    place = np.arange(len(p.group))
    together = (p.spouse >= 0) & (p.apart == 0) & resident
    together[together] = resident[p.spouse[together]]
    own = np.where(together, np.minimum(place, p.spouse), place)
    persons = np.flatnonzero(resident)
    of = np.where(p.parent >= 0, p.parent, place)[persons]
    household = own[of]
    size = np.bincount(household, minlength=len(place))
    return Households(persons, household, size[household], together[household])
