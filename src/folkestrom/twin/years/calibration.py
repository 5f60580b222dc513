"""How calibration bends leaving: by citizenship in 2020, and the source's 32 per cent.

Whoever leaves in the year of which that is published is drawn by citizenship as well (`Leaving`).

The source says that 32 per cent of those who have come since 2004 have left again. That is no
published margin, and the plan's cells know nothing of origins. So each year an offset is added to
the logarithm of these persons' odds of emigration, before a cell's emigrants are drawn. It is
chosen from what the register shows on 1 January, and from how many left under the offsets before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives.mobility import ADULT
from folkestrom.twin.lives.origins import EU8_BORN
from folkestrom.twin.lives.outcomes import YearColumns
from folkestrom.twin.lives.people import ABROAD, LEAVE, STAY, VOID, People, spouses
from folkestrom.twin.lives.random import draws
from folkestrom.twin.years.cells import AGES, CELLS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ENLARGEMENT = 2004
LEFT = 0.32
"""Source: 32 per cent of the eight countries' arrivals since 2004 have left again. A target."""
YEARS = 17
"""From 2004 to 1 January 2021: so long after the first arrivals the share is the source's."""
_BEND = 0.85
"""The share grows as years to this power; so it does when the model runs free."""
_FEWEST = 20
_WIDEST = 2.0
_WIDEST_RETURN = 0.7
_MEMORY = 0.5
_EXCHANGE = 191


def factors(mass: Floats, going: Floats, wanted: Floats) -> Floats:
    """Return factors of groups with which as many as wanted leave, by iterative proportions.

    Parameters
    ----------
    mass
        (cells, K): sums of the probabilities by cell and group.
    going, wanted
        Emigrants by cell; by group, of any sum.

    Examples
    --------
    >>> mass, going = np.array([[1.0, 3.0], [2.0, 2.0]]), np.array([4.0, 4.0])
    >>> found = factors(mass, going, np.array([6.0, 2.0]))
    >>> np.round(leaving(mass * found, going), 3).tolist()
    [6.0, 2.0]
    """
    wanted = wanted * (going.sum() / max(wanted.sum(), 1e-12))
    out = np.ones(mass.shape[1])
    for _ in range(200):
        out *= np.maximum(wanted, 1e-6) / np.maximum(leaving(mass * out, going), 1e-6)
        out = np.clip(out / out.max(), 1e-6, 1.0)
    return out


def leaving(mass: Floats, going: Floats) -> Floats:
    """Return expected emigrants by group, given sums of probabilities by cell and group."""
    share = going / np.maximum(mass.sum(axis=1), 1e-12)
    return np.asarray((mass * share[:, None]).sum(axis=0))


@dataclass
class Leaving:
    """Leaving by citizenship while the cells of a year are drawn, some after the others.

    What earlier cells have drawn too many or too few of a group, later ones make up for.

    Attributes
    ----------
    mass
        (212, K): sums of the probabilities by cell and group.
    going
        (212,) emigrants by cell.
    wanted
        (K,) emigrants by group who are still to be drawn.
    seen
        int64[K]: emigrants by group whose leaving is to be reported in time.
    """

    mass: Floats
    going: Floats
    wanted: Floats
    seen: Ints

    def __post_init__(self) -> None:
        """Bring what is wanted to the sum there is."""
        self.wanted = self.wanted * (self.going.sum() / max(float(self.wanted.sum()), 1e-12))

    def of(self, cells: list[int], first: bool) -> Floats:
        """Return the factors of the groups in the next cells; `mass` is up to date.

        The first have them in common with all who come later. After them most who come later
        follow another person, whatever their factor, and the others make up for it.
        """
        if first:
            return factors(self.mass, self.going, self.wanted)
        later = self.going.copy()
        later[cells] = 0.0
        left = np.maximum(self.wanted - leaving(self.mass, later), 0.0)
        return factors(self.mass[cells], self.going[cells], left)

    def drawn(self, cells: list[int], numbers: Floats) -> None:
        """Note who has left of the cells, by group."""
        self.wanted = self.wanted - numbers
        self.going[cells] = 0.0


def exchange_emigrants(
    people: People, work: YearColumns, wanted: Ints, group: Ints, seed: int, year: int
) -> None:
    """Let emigrants of groups that have too many stay, and others of the same cell leave instead.

    Who follows a spouse or mother leaves almost surely, whatever the group's factor. So only who
    is alone is exchanged, for a person of the same marital status who is alone too, drawn by the
    model's probabilities.

    Parameters
    ----------
    wanted
        int64[K]: emigrants by group whose leaving is to be reported in time.
    group
        Group of each citizenship.
    """
    n = int(work.start[-1])
    p = work.order[:n].astype(np.int64)
    cell = np.repeat(np.arange(CELLS), np.diff(work.start))
    of, outcome = group[people.citizenship[p]], people.outcome[p]
    leaves = (outcome == LEAVE) & (work.late[p] == 0)
    over = np.bincount(of[leaves], minlength=len(wanted)) - wanted
    fit = (spouses(people, p) < 0) & (people.last_child[p] == 0) & (people.leader[p] < 0)
    fit &= (cell % AGES >= ADULT) & (work.leave[:n] > 0)
    slot = cell * 10 + people.marital[p]
    key = -np.log1p(-draws(seed, p, year, _EXCHANGE)) / np.maximum(work.leave[:n], 1e-30)
    staying: dict[int, list[int]] = {}
    stays = np.flatnonzero(fit & (outcome == STAY) & (over[of] < 0))
    for j in stays[np.argsort(-key[stays], kind="stable")]:
        staying.setdefault(int(slot[j]), []).append(int(j))
    goes = np.flatnonzero(fit & leaves & (over[of] > 0))
    for i in goes[np.argsort(-key[goes], kind="stable")]:
        waiting = staying.get(int(slot[i]), [])
        while waiting and over[of[waiting[-1]]] >= 0:
            waiting.pop()
        if waiting and over[of[i]] > 0:
            j = waiting.pop()
            people.outcome[p[i]], people.outcome[p[j]] = STAY, LEAVE
            over[of[i]] -= 1
            over[of[j]] += 1


def share_after(years: int) -> float:
    """Return the share that should have left again so many years after the first arrivals.

    Examples
    --------
    >>> share_after(0), share_after(17), share_after(30)
    (0.0, 0.32, 0.32)
    """
    return float(LEFT * min(max(years, 0) / YEARS, 1.0) ** _BEND)


@dataclass(frozen=True)
class Cells:
    """What a year's cells of sex and age hold.

    Attributes
    ----------
    emigrants
        Planned.
    mine, others
        The model's expected emigrants: of those counted, and of everybody else.
    """

    emigrants: Floats
    mine: Floats
    others: Floats

    def leaving(self, offset: float) -> float:
        """Return how many of those counted should leave under an offset."""
        bent = self.mine * np.exp(offset)
        return float((self.emigrants * bent / np.maximum(bent + self.others, 1e-12)).sum())


@dataclass(frozen=True)
class Forecast:
    """What else a year will change.

    Attributes
    ----------
    growth
        Newcomers counted who would be needed if none of them left or came back: the targets'
        citizens less those there are.
    immigration
        The country's, as planned.
    """

    growth: float
    immigration: int


@dataclass
class Calibration:
    """The offsets of the present year, and what they are learnt from.

    Attributes
    ----------
    since
        Persons who came in this year or later are counted. A country that begins after the
        enlargement counts nobody: most of the arrivals that the source means are in no report.
    offset, return_offset
        Of the present year.
    log
        One row a year, for the truth.
    """

    since: int
    offset: float = 0.0
    return_offset: float = 0.0
    log: list[dict[str, Any]] = field(default_factory=list)
    _cells: Cells = field(default_factory=lambda: Cells(*np.zeros((3, CELLS))))
    _others: Floats = field(default_factory=lambda: np.zeros(CELLS))
    _forecast: Forecast = field(default_factory=lambda: Forecast(0.0, 1))
    _goal: float = 0.0
    _stand: tuple[int, int] = (0, 0)
    _returning: float = 0.0
    _left: float = 0.0
    _predicted: float = 0.0

    def counted(self, people: People, persons: NDArray[np.int64] | slice) -> NDArray[np.bool_]:
        """Return who is born in one of the eight countries, and came since the enlargement."""
        group, arrived = people.group[persons], people.arrival_year[persons]
        return np.asarray((group == EU8_BORN) & (arrived >= self.since))

    def aim(
        self,
        status: NDArray[np.int8],
        year: int,
        forecast: Forecast,
        cells: tuple[Floats, Floats],
    ) -> None:
        """Choose the year's offset of leaving.

        Parameters
        ----------
        status
            Of those counted; this year's reports of earlier leaving are in already.
        year
            The window's.
        forecast
            What else will change.
        cells
            Emigrants of each cell of sex and age to be reported in time, and those counted whom
            the model expects to leave.
        """
        self._cells = Cells(*cells, self._others)
        self._goal = share_after(year + 1 - self.since)
        self._stand = int((status != VOID).sum()), int((status == ABROAD).sum())
        # As many come back as last year, per immigration.
        self._returning *= forecast.immigration / max(self._forecast.immigration, 1)
        self._forecast = forecast
        arrived, left = self._stand
        # For each who leaves one more comes, and for each who comes back one less.
        coming = forecast.growth - self._returning
        wanted = self._goal * (arrived + coming) - left + self._returning
        self.offset = self._choose(wanted / (1.0 - self._goal))
        self.log.append(
            {
                "year": year, "arrived": arrived, "left_again": left,
                "share_aimed_at": round(self._goal, 4), "log_offset_leaving": round(self.offset, 4),
            }
        )  # fmt: skip

    def _choose(self, wanted: float) -> float:
        """Return the offset by which so many should leave, judging from the years before."""
        if self._left < _FEWEST:
            return 0.0
        usual = self._left / self._predicted
        low, high = -_WIDEST, _WIDEST
        for _ in range(30):
            middle = (low + high) / 2
            if usual * self._cells.leaving(middle) < wanted:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    def remember(self, expected: Floats) -> None:
        """Keep whom the model expected to leave, by cell: others' change little in a year.

        To add them up before the draw would take as long as the draw.
        """
        self._others = np.maximum(expected - self._cells.mine, 0.0)

    def learn(self, left: int) -> None:
        """Note how many have left under the year's offset; choose the offset of coming back.

        What chance has made of the number of emigrants, those who come back make up for.
        """
        self._left = _MEMORY * self._left + left
        self._predicted = _MEMORY * self._predicted + self._cells.leaving(self.offset)
        arrived, away = self._stand[0], self._stand[1] + left
        coming = self._forecast.growth + left
        wanted = (away - self._goal * (arrived + coming)) / (1.0 - self._goal)
        self.return_offset = 0.0
        if self._returning >= _FEWEST:
            step = np.log(max(wanted, 1.0) / self._returning)
            self.return_offset = float(np.clip(step, -_WIDEST_RETURN, _WIDEST_RETURN))
        if self.log:
            self.log[-1]["log_offset_coming_back"] = round(self.return_offset, 4)

    def take_back(self, returned: int) -> None:
        """Note how many have come back this year."""
        self._returning = returned * float(np.exp(-self.return_offset))
