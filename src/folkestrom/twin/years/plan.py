"""How many die, leave and arrive in each cell of a window, so that every published count is met.

For each sex and age a cell of window y obeys

    P(y + 1, a + 1) = P(y, a) - D + I - E + A,

with births in place of P for those born in the year, and 105+ pooled. P and A are given, so
I - E - D is given; the split is the expected numbers of the schedules, reconciled cell by cell in
proportion to what is expected (the generalised-least-squares answer for Poisson counts) and with
the year's totals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import FolkestromError
from folkestrom.twin.years.cells import AGES, NEWBORN, OLDEST

Cells = NDArray[np.int64]


@dataclass(frozen=True)
class WindowPlan:
    """Numbers of one window, each (2, 106): sex × row of age (see `cells`).

    The three are what really changes the register; flows that only arise because an
    earlier report was corrected (counted a second time by the flow definition) are apart.
    """

    deaths: Cells
    emigration: Cells
    immigration: Cells


def start_and_end(now: Cells, later: Cells, births: NDArray[np.int64]) -> tuple[Cells, Cells]:
    """Return every row's count at the window's start and at its end.

    Parameters
    ----------
    now, later
        (2, 106) population by single age, 105 = 105 and older.
    births
        (2,) live births counted for those born in the window's year.
    """
    begin = np.zeros((2, AGES), np.int64)
    end = np.zeros((2, AGES), np.int64)
    begin[:, :OLDEST] = now[:, :OLDEST]
    begin[:, OLDEST] = now[:, OLDEST] + now[:, OLDEST + 1]
    begin[:, NEWBORN] = births
    end[:, : OLDEST + 1] = later[:, 1 : OLDEST + 2]
    end[:, NEWBORN] = later[:, 0]
    return begin, end


def round_to_total(values: NDArray[np.float64], total: int) -> Cells:
    """Round non-negative numbers to integers with a given sum, by largest remainder."""
    flat = np.maximum(values.reshape(-1), 0.0)
    if flat.sum() > 0:
        flat = flat * (total / flat.sum())
    low = np.floor(flat).astype(np.int64)
    missing = int(total - low.sum())
    ranks = np.argsort(-(flat - low), kind="stable")
    low[ranks[:missing]] += 1
    return low.reshape(values.shape)


def _reconcile(
    net: Cells, begin: Cells, expected: list[NDArray[np.float64]], totals: list[int]
) -> list[NDArray[np.float64]]:
    """Return deaths, emigration and immigration that meet net changes and totals."""
    deaths, leaving, arriving = (np.maximum(e, 1e-9) for e in expected)
    base = [deaths.copy(), leaving.copy(), arriving.copy()]
    for _ in range(150):
        deaths = deaths * (totals[0] / max(deaths.sum(), 1e-9))
        leaving = leaving * (totals[1] / max(leaving.sum(), 1e-9))
        gap = net - (arriving - leaving - deaths)
        mass = base[0] + base[1] + base[2]
        deaths = np.maximum(deaths - gap * base[0] / mass, 0.02 * base[0])
        leaving = np.maximum(leaving - gap * base[1] / mass, 0.02 * base[1])
        deaths = np.minimum(deaths, 0.95 * begin)
        leaving = np.minimum(leaving, np.maximum(0.9 * begin - deaths, 0.0))
        arriving = np.maximum(net + deaths + leaving, 0.0)
    return [deaths, leaving, arriving]


_NO_ROOM = (
    "The targets leave no room: deaths, emigration and immigration cannot be placed in all"
    " cells of sex and age without a negative number."
)


def _repair(net: Cells, begin: Cells, deaths: Cells, leaving: Cells, low: Cells) -> None:
    """Shift whole deaths and emigrations between cells until no immigration is negative."""
    kinds, floors = (deaths, leaving), (np.zeros_like(low), low)
    for _ in range(10_000):
        arriving = net + deaths + leaving
        excess = deaths + leaving - begin
        bad = np.argwhere((arriving < 0) | (leaving < low))
        over = np.argwhere(excess > 0)
        if not len(bad) and not len(over):
            return
        if len(over):
            cell = tuple(over[0])
            _shift_out(kinds[int(leaving[cell] > low[cell])], cell, excess)
            continue
        cell = tuple(bad[0])
        if excess[cell] >= 0:
            break
        kind = int(leaving[cell] < low[cell] or leaving[cell] >= deaths[cell])
        _shift_in(kinds, floors, kind, cell, arriving)
    raise FolkestromError(_NO_ROOM)


def _shift_out(values: Cells, cell: tuple[int, ...], excess: Cells) -> None:
    """Move one unit out of `cell`, to the cell with most people left."""
    other, room = _roomiest(-excess, cell)
    if room < 1:
        raise FolkestromError(_NO_ROOM)
    values[cell] -= 1
    values[other] += 1


def _shift_in(
    kinds: tuple[Cells, Cells],
    floors: tuple[Cells, Cells],
    kind: int,
    cell: tuple[int, ...],
    arriving: Cells,
) -> None:
    """Move one unit of a kind into `cell` from a cell where as many can arrive less.

    If no cell of the kind has room, one of the other kind has: a third cell changes its kind.
    """
    values, others = kinds[kind], kinds[1 - kind]
    source, room = _roomiest(np.minimum(values - floors[kind], arriving), cell)
    if room >= 1:
        values[cell] += 1
        values[source] -= 1
        return
    via, most = _roomiest(values - floors[kind], cell)
    source, room = _roomiest(np.minimum(others - floors[1 - kind], arriving), cell)
    if most < 1 or room < 1:
        raise FolkestromError(_NO_ROOM)
    values[cell] += 1
    values[via] -= 1
    others[via] += 1
    others[source] -= 1


def _roomiest(room: Cells, cell: tuple[int, ...]) -> tuple[tuple[np.intp, ...], int]:
    """Return the cell with most room, other than `cell`, and how much."""
    elsewhere = room.copy()
    elsewhere[cell] = np.iinfo(np.int64).min
    best = np.unravel_index(int(np.argmax(elsewhere)), room.shape)
    return best, int(elsewhere[best])


def plan_window(
    begin: Cells,
    end: Cells,
    other: Cells,
    expected: list[NDArray[np.float64]],
    totals: list[int],
    least_leaving: Cells | None = None,
) -> WindowPlan:
    """Return the window's numbers.

    Parameters
    ----------
    begin, end
        From `start_and_end`.
    other
        (2, 106) changes without a flow (annulled and late reports), signed.
    expected
        Deaths, emigration, immigration by the schedules, each (2, 106).
    totals
        Their totals.
    least_leaving
        Emigrations already decided (reported late), a floor per cell.

    Raises
    ------
    FolkestromError
        When no non-negative numbers exist.
    """
    net = end - begin - other
    if int(net.sum()) != totals[2] - totals[0] - totals[1]:
        raise FolkestromError(
            f"The window's account does not close: stocks change by {int(net.sum())}, flows by"
            f" {totals[2] - totals[0] - totals[1]}."
        )
    low = np.zeros_like(begin) if least_leaving is None else least_leaving
    there = begin + other  # who is in the cell once annulled and late reports are in
    deaths, leaving, _ = _reconcile(net, there, expected, totals)
    whole_deaths = round_to_total(deaths, totals[0])
    whole_leaving = round_to_total(leaving, totals[1])
    _repair(net, there, whole_deaths, whole_leaving, low)
    return WindowPlan(whole_deaths, whole_leaving, net + whole_deaths + whole_leaving)
