"""Fathers of the year's children, and of children who come."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives.births import choose_fathers
from folkestrom.twin.lives.origins import NATIVE, NORWAY, NORWEGIAN_BORN, ranks
from folkestrom.twin.lives.pairing import match
from folkestrom.twin.lives.people import RESIDENT, People, spouses
from folkestrom.twin.years.country import Country
from folkestrom.twin.years.window import Index, Window, still_to_come


def find_fathers(country: Country, w: Window, back: Index) -> None:
    """Let the year's children have fathers with whom the Norwegian-born are as many as wanted.

    `back` are the emigrants who have returned in the year.
    """
    people, n = country.people, country.size
    children = w.children[people.status[w.children] == RESIDENT]
    wanted = country.immigrants[w.t + 1, 1] - country.origins()[1]
    mine = children[people.group[children] == NORWEGIAN_BORN]
    mothers = people.birth_country[people.mother[mine]]
    wanted += np.bincount(country.region[mothers], minlength=len(wanted))
    men = (people.status[:n] == RESIDENT) & (people.sex[:n] == 0) & (people.partner[:n] < 0)
    men &= people.mate[:n] < 0
    men &= (people.group[:n] > NORWEGIAN_BORN) & (w.year - people.birth_year[:n] > 19)
    foreign = _foreign(country, w, children, back)
    choose_fathers(
        people, children, np.flatnonzero(men), country.region, wanted, foreign, w.year,
        country.seed,
    )  # fmt: skip


def _foreign(country: Country, w: Window, children: Index, back: Index) -> NDArray[np.bool_]:
    """Return which children have to be foreign citizens.

    In the year whose immigrants are published by citizenship: what the stocks need beyond those
    must be born here.
    """
    people, migrants = country.people, country.migrants
    out = np.zeros(len(children), np.bool_)
    if w.year != migrants.year:
        return out
    growth = np.maximum(country.targets.citizenship[w.t + 1] - country.citizens(), 0).sum(axis=0)
    coming = still_to_come(country, w, back)
    needed = np.rint(np.bincount(migrants.group, growth, len(coming)) - coming).astype(np.int64)
    of = migrants.group[country.columns()[people.citizenship[people.mother[children]]]]
    have = people.citizenship[children] != NORWAY
    needed += np.bincount(of[have], minlength=len(needed))
    needed[0] = 0
    order = np.argsort(~have, kind="stable")
    out[order] = ranks(of[order]) < needed[of[order]]
    return out


def link_fathers(people: People, new: Index, year: int, seed: int) -> None:
    """Let husbands and cohabitants of newcomers' mothers be their fathers, if it can be.

    Mothers who come unmarried live with a man who comes too, where there is one.
    """
    mother = people.mother[new].astype(np.int64)
    alone = (people.marital[new] == 1) & (year - people.birth_year[new] > 20)
    men, women = new[alone & (people.sex[new] == 0)], new[alone & np.isin(new, mother)]
    women = women[people.sex[women] == 1]
    men, women = match(people, men, women, seed, year, False)
    people.mate[men], people.mate[women] = women, men
    child, father = new[mother >= 0], spouses(people, mother[mother >= 0])
    child, father = child[father >= 0], father[father >= 0]
    older = people.birth_year[child].astype(np.int64) - people.birth_year[father]
    alike = (people.birth_country[father] == NORWAY) == (people.group[child] == NATIVE)
    fits = (people.father[child] < 0) & (people.sex[father] == 0) & (older >= 17) & alike
    people.father[child[fits]] = father[fits]
