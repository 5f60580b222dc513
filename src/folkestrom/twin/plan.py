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
from folkestrom.twin.cells import AGES, NEWBORN, OLDEST

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


def _repair(net: Cells, begin: Cells, deaths: Cells, leaving: Cells, low: Cells) -> None:
    """Shift whole deaths and emigrations between cells until no immigration is negative."""
    for _ in range(10_000):
        arriving = net + deaths + leaving
        excess = deaths + leaving - begin
        bad = np.argwhere((arriving < 0) | (leaving < low))
        over = np.argwhere(excess > 0)
        if not len(bad) and not len(over):
            return
        if len(over):
            cell = tuple(over[0])
            moved = leaving if leaving[cell] > low[cell] else deaths
            _shift(moved, cell, -1, arriving, low if moved is leaving else None, excess)
            continue
        cell = tuple(bad[0])
        moved = leaving if leaving[cell] < low[cell] or leaving[cell] >= deaths[cell] else deaths
        if excess[cell] >= 0:
            break
        _shift(moved, cell, 1, arriving, low if moved is leaving else None, excess)
    raise FolkestromError(
        "The targets leave no room: deaths, emigration and immigration cannot be placed in all"
        " cells of sex and age without a negative number."
    )


def _shift(
    values: Cells,
    cell: tuple[int, ...],
    step: int,
    arriving: Cells,
    low: Cells | None,
    excess: Cells,
) -> None:
    """Move one unit into (step 1) or out of (step -1) `cell`, against the roomiest other cell."""
    if step > 0:
        room = np.minimum(values - (0 if low is None else low), arriving).astype(float)
    else:
        room = -excess.astype(float)
    room[cell] = -np.inf
    other = np.unravel_index(int(np.argmax(room)), room.shape)
    if room[other] < 1:
        raise FolkestromError("The targets leave no room in any cell of sex and age.")
    values[cell] += step
    values[other] -= step


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
