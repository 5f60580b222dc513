"""What a projection starts from, of released tables: the population, and rates of the years before.

Published counts of groups are protected, and those by sex and age alone are not: groups are shares
of these, so that no change that protects makes a count negative or a total another. Person-years
are not published. They are the mean of the populations at both ends of each year.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Final

import numpy as np

from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.counts import Counts
from folkestrom.projection.groups import ABROAD, BORN_HERE, DURATIONS, by_duration
from folkestrom.projection.stochastic.history import History
from folkestrom.projection.stochastic.past import levels_of_years
from folkestrom.projection.structure import Structure
from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.tables.figures import THERE

#: By sex and age as counted: residents and events. Protected: residents, births and moves by group,
#: emigrants abroad, and births by mother.
PERSONS, EVENTS, GROUPS, MOVES, AWAY, MOTHERS = TABLES = (
    "B1001", "B1008", "B1015", "B1016", "B1017", "B1018",
)  # fmt: skip
#: What has to be known of each year that draws are modelled on.
STOCKS_AND_EVENTS: Final = (PERSONS, EVENTS, GROUPS, AWAY)
#: After so many rounds margins are fitted.
_ROUNDS: Final = 20
#: What stands where nothing is shown, so that margins can be.
_LITTLE: Final = 1e-6
#: Most years that rates are of.
BASE_YEARS: Final = 5
_SEX: Final = ("1", "2")
_GROUP, _DURATION = "Landbakgrunn", "Botid"
_AGES: Final = (*(f"{age:03}" for age in range(105)), "105+")
_FIVES: Final = tuple(f"F{age:03}" for age in range(0, 105, 5))
#: The group of five ages that each single age is in.
_FIVE_OF: Final = np.minimum(np.arange(len(_AGES)) // 5, len(_FIVES) - 1)
_BY_SEX: Final = {"Kjonn": _SEX, "Alder": _AGES}
_BY_FIVES: Final = {"Kjonn": _SEX, "Alder": _FIVES}
_MOTHERS: Final = ("015-", *(f"{age:03}" for age in range(16, 50)), "050+")
_YEARS: Final = tuple(f"{n:02}" for n in range(DURATIONS)), (f"{DURATIONS}+", "none")

Tables = Mapping[str, Published]


@dataclass(frozen=True, slots=True)
class Start:
    """What a projection starts from.

    Parameters
    ----------
    structure
        Its groups.
    year
        The year at whose beginning it starts.
    base
        The first and the last year that rates are of.
    population
        Persons, those abroad too: (groups, 2, ages).
    rates
        Rates of the base years.
    history
        Levels of all years before that are released, for draws of what may come.
    releases
        The release of each table that it is made of.
    """

    structure: Structure
    year: int
    base: tuple[int, int]
    population: Floats
    rates: Rates
    history: History
    releases: Mapping[str, str]


def start(tables: Tables) -> Start | None:
    """The newest population, and rates of up to five years before; None: not all of it is out.

    Parameters
    ----------
    tables
        The tables that are out.
    """
    if any(id not in tables for id in TABLES):
        return None
    times = {id: set(tables[id].definition.time.places) for id in TABLES}
    stocks = times[PERSONS] & times[GROUPS] & times[AWAY]
    flows = times[EVENTS] & times[MOVES] & times[MOTHERS]
    last = max(map(int, stocks), default=0)
    base = _before(last, stocks, flows)[-BASE_YEARS:]
    known = _before(last, stocks, times[EVENTS])
    return _Counted(tables, base).start(last, known) if base else None


def _before(last: int, stocks: Set[str], flows: Set[str]) -> list[str]:
    """The years in a row up to a population that all of it is out of."""
    year = last
    while f"{year}" in stocks and f"{year - 1}" in stocks & flows:
        year -= 1
    return [f"{one}" for one in range(year, last)]


class _Counted:
    """Counts of the base years by the groups of a projection."""

    def __init__(self, tables: Tables, base: Sequence[str]) -> None:
        self._tables, self._base = tables, base
        listed = tables[GROUPS].definition.variables[0].values
        named = {one.code: one.label.en for one in listed}
        self._immigrants = {c: named[c] for c in named if c not in (*BORN_HERE, "unknown")}
        births = self._of(MOTHERS, "Levendefodte", base, AlderMor=_MOTHERS)
        births *= _by(self._of(MOTHERS, "Levendefodte", base), births.sum(axis=1))[:, None]
        self._births = births[0] + births[1], births[2:].sum(axis=0)
        children = _numbers(tables[MOVES], "Levendefodte", base, **{_GROUP: ("norwegian_born",)})
        of_all = self._births[1].sum()
        share = min(children.sum() / of_all, 1.0) if of_all else 1.0
        self.cells = by_duration(self._immigrants, share)
        self._here = self.cells.resident

    def start(self, last: int, known: Sequence[str]) -> Start:
        years = [*self._base, str(last)]
        populations = [self._population(year) for year in years]
        lived = sum((a + b) / 2 for a, b in pairwise(populations))
        counts = Counts(
            self.cells, len(self._base), np.asarray(lived), self._deaths(), *self._moves(),
            self._by_mothers(), self._newborn(),
        )  # fmt: skip
        base = int(self._base[0]), int(self._base[-1])
        releases = {id: self._tables[id].release for id in TABLES}
        rates = counts.rates()
        past = self._history([*known, str(last)], rates)
        return Start(self.cells, last, base, populations[-1], rates, past, releases)

    def _history(self, years: Sequence[str], rates: Rates) -> History:
        """Levels of the years between those of populations."""
        here = self._here[:, None, None]
        lived = [here * (a + b) / 2 for a, b in pairwise(map(self._population, years))]
        contents = ("Levendefodte", "Dode", "Innvandring", "Utvandring")
        born, died, came, left = (
            np.stack([self._exact(EVENTS, content, [year]) for year in years[:-1]])
            for content in contents
        )
        deaths = np.zeros((len(died), len(_SEX), self.cells.ages))
        deaths[..., : len(_AGES)] = died
        totals = (one.sum(axis=(1, 2)) for one in (born, came, left))
        return levels_of_years(int(years[0]), rates, np.stack(lived), deaths, *totals)

    def _of(
        self, id: str, content: str, times: Sequence[str], durations: bool = False,
        **by: Sequence[str],
    ) -> Floats:  # fmt: skip
        """Figures of natives, Norwegian-born, and immigrants, by duration or altogether."""
        table = self._tables[id]

        def of(group: str, **more: Sequence[str]) -> Floats:
            return _numbers(table, content, times, **{_GROUP: (group,), **by, **more})

        found = [of("native") + of("unknown"), of("norwegian_born")]
        for code in self._immigrants:
            if durations:
                found += [of(code, **{_DURATION: (one,)}) for one in _YEARS[0]]
                found += [sum(of(code, **{_DURATION: (one,)}) for one in _YEARS[1])]  # type: ignore[list-item]
            else:
                found.append(of(code))
        return np.stack(found)

    def _exact(self, id: str, content: str, times: Sequence[str]) -> Floats:
        """Figures by sex and single year of age, as they were counted."""
        nation = {"Region": ("0",)} if id == PERSONS else {}
        return _numbers(self._tables[id], content, times, **nation, **_BY_SEX)

    def _divided(self, content: str, counted: tuple[str, str], times: Sequence[str], *,
                 durations: bool = True) -> Floats:  # fmt: skip
        """Counts by sex and single year of age, divided among groups as protected ones are."""
        id = GROUPS if content == "Personer" else MOVES
        exact = self._exact(*counted, times)
        shown = self._of(id, content, times, durations=durations, **_BY_FIVES)
        return divided(exact, shown, self._of(id, content, times, durations=durations))

    def _population(self, year: str) -> Floats:
        array = np.zeros(self.cells.shape)
        found = self._divided("Personer", (PERSONS, "Personer1"), [year])
        array[self._here, :, : len(_AGES)] = found
        for code, at in self._abroad().items():
            abroad = _numbers(self._tables[AWAY], "Personer", [year], **{_GROUP: (code,)},
                              **_BY_FIVES)  # fmt: skip
            array[at, :, : 5 * len(_FIVES)] = np.repeat(abroad / 5, 5, axis=-1)
        return array

    def _abroad(self) -> dict[str, int]:
        codes = [group.code for group in self.cells.groups]
        return {code: codes.index(code + ABROAD) for code in BORN_HERE}

    def _deaths(self) -> Floats:
        """By sex and age: rates are of all groups alike."""
        array = np.zeros(self.cells.shape)
        array[0, :, : len(_AGES)] = self._exact(EVENTS, "Dode", self._base)
        return array

    def _moves(self) -> tuple[Floats, Floats]:
        """Emigration, and the return of those abroad; immigration to the first year."""
        leaving, coming = np.zeros(self.cells.shape), np.zeros(self.cells.shape)
        found = self._divided("Utvandring", (EVENTS, "Utvandring"), self._base)
        leaving[self._here, :, : len(_AGES)] = found
        found = self._divided("Innvandring", (EVENTS, "Innvandring"), self._base, durations=False)
        leaving[[*self._abroad().values()], :, : len(_AGES)] = found[: len(BORN_HERE)]
        for n, immigrants in enumerate(found[len(BORN_HERE) :]):
            coming[len(BORN_HERE) + n * (DURATIONS + 1), :, : len(_AGES)] = immigrants
        return leaving, coming

    def _by_mothers(self) -> Floats:
        """By age; of immigrants at one group of them, since their rates are alike."""
        array = np.zeros((len(self.cells.groups), self.cells.ages))
        for group, births in zip((0, len(BORN_HERE)), self._births, strict=True):
            array[group, 15 : 15 + len(births)] = births
        return array

    def _newborn(self) -> tuple[float, float]:
        males, females = self._exact(EVENTS, "Levendefodte", self._base).sum(axis=-1)
        return float(males), float(females)


def divided(exact: Floats, shown: Floats, sums: Floats) -> Floats:
    """Counts by sex and single year of age, divided among groups as what is shown of five years.

    Margins are fitted: those by age are exact, and those of groups have noise of their own, which
    is less than that of the cells that they are of. Ages of which nothing is shown are as those
    nearest below, or where there are none as groups are in all.

    Parameters
    ----------
    exact
        Counts: (2, ages).
    shown
        Protected counts: (groups, 2, groups of five ages).
    sums
        Protected counts of each group.

    Examples
    --------
    >>> shown = np.array([[[8.0, 0.0]], [[2.0, 0.0]]])
    >>> divided(np.array([[1.0] * 10]), shown, np.array([8.0, 2.0]))[:, 0, [0, 9]].tolist()
    [[0.8, 0.8], [0.2, 0.2]]
    """
    fives = np.add.reduceat(exact, 5 * np.arange(shown.shape[2]), axis=1)
    there = shown.sum(axis=0) > 0
    below = np.maximum.accumulate(np.where(there, np.arange(there.shape[1]), -1), axis=1)
    nearest = np.where(below < 0, there.argmax(axis=1, keepdims=True), below)
    found = np.take_along_axis(shown, nearest[None].repeat(len(shown), 0), axis=2)
    if not sums.any():
        sums = shown.sum(axis=(1, 2)) if there.any() else np.eye(len(shown))[0]
    found = found + _LITTLE * (sums / sums.sum())[:, None, None]
    for _ in range(_ROUNDS):
        found *= _by(fives, found.sum(axis=0))
        found *= _by(sums, found.sum(axis=(1, 2)))[:, None, None]
    shares = _by(found, found.sum(axis=0))
    return np.asarray(exact * shares[..., _FIVE_OF[: exact.shape[1]]])


def _by(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros(np.broadcast_shapes(part.shape, whole.shape)),
                     where=whole > 0)  # fmt: skip


def _numbers(table: Published, content: str, times: Sequence[str], **by: Sequence[str]) -> Floats:
    """Figures by the variables of which several codes are named, added up over all else.

    Of a variable that is not named it is the sum that stands in the table, if it has one. What the
    table does not have, or does not show, counts nobody.
    """
    made, figures = table.definition, table.figures
    places, along = [], []
    for variable in made.variables:
        codes = times if variable is made.time else by.get(variable.id)
        if codes is not None:
            of = [variable.places.get(code, -1) for code in codes]
        else:
            every = [*range(len(variable.values))]
            of = every if made.additive else [variable.stored.get(tuple(every), 0)]
        places.append(np.array(of))
        along.append(len(by.get(variable.id, ())) > 1)
    at = np.ix_(*places)
    there = np.asarray(reduce(np.logical_and.outer, [of >= 0 for of in places]))
    if figures.status is not None:
        there &= figures.status[at] == THERE
    found = np.where(there, figures.values[content][at], 0).astype(np.float64)
    return np.asarray(found.sum(axis=tuple(n for n, kept in enumerate(along) if not kept)))
