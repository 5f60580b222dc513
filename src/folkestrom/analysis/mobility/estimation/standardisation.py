"""Numbers as estimation takes them: less their median, in standard deviations about it.

Kroner of wealth and calendar years would lose digits, and steps and tolerances would depend on the
unit. Numbers that are near to one another, as powers of a year are, are estimated as combinations
that are not. Estimates and their covariance are turned back to the numbers and units of the panel.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.design.collinearity import Orthogonal
from folkestrom.analysis.design.memory import check_memory
from folkestrom.analysis.mobility.estimation.kernels.tally import add_squares
from folkestrom.analysis.mobility.estimation.separation import model_matrix_of
from folkestrom.analysis.mobility.panel.arrays import Rows
from folkestrom.analysis.mobility.panel.panel import Panel

Array = NDArray[np.float64]

#: How much longer than what is left of it a number may be.
_NEAR = 30.0
#: Rows of which medians are taken.
_MOST_ROWS = 1_000_000


def standardised(panel: Panel) -> Panel:
    """The panel with numbers that have median 0 and mean square 1, by weighted person-years.

    A median, unlike a mean, does not follow outlying values, so that what the others differ by
    keeps its digits.

    The columns stay as they are: the kernels subtract and multiply.

    Parameters
    ----------
    panel
        The rows.

    Examples
    --------
    >>> from folkestrom.analysis.mobility import make_panel, number
    >>> panel = make_panel([1, 1, 2], [0, 1, 1], [number("year", [2010, 2011, 2012])],
    ...                    outcomes=["stay", "leave"])
    >>> standardised(panel).rows.centre, standardised(panel).rows.scale.round(4)
    (array([2011.]), array([1.2247]))
    """
    numbers = panel.rows.numbers[:, : panel.size]
    if not numbers.shape[0]:
        return panel
    centre = np.median(numbers[:, :: panel.size // _MOST_ROWS + 1], axis=1)
    most = np.maximum(numbers.max(axis=1) - centre, centre - numbers.min(axis=1))
    most[most == 0] = 1.0
    unit = panel.rows._replace(centre=centre, scale=1 / most)
    spread = np.sqrt(_mean_squares(unit))
    scale = 1 / np.where(spread > 0, spread * most, most)
    return replace(panel, rows=unit._replace(scale=scale))


def _mean_squares(rows: Rows) -> Array:
    """Mean square of each number."""
    mass, sums = np.zeros(1), np.zeros(rows.numbers.shape[0])
    add_squares(rows, mass, sums)
    return np.asarray(sums / mass[0])


def working_panel(panel: Panel, free: NDArray[np.int64], apart: Orthogonal) -> tuple[Panel, Array]:
    """The panel that is estimated, and the matrix that turns its coefficients to the panel's own.

    The panel is standardised; numbers that are near to combinations of others are replaced by
    what is left of them.

    Parameters
    ----------
    panel
        The rows.
    free
        Positions that have a coefficient; the first is the intercept.
    apart
        How numbers were made orthogonal.
    """
    if apart.inflation <= _NEAR:
        scaled = standardised(panel)
        return scaled, to_own_units(scaled, free, free.size * (len(panel.outcomes) - 1))
    numbers = free >= panel.rows.offset_n
    check_memory(
        8 * panel.size * int(numbers.sum()), "numbers that are near to combinations of others",
        "Count them from a value in their midst, such as year - 2010",
    )  # fmt: skip
    own = free[numbers] - panel.rows.offset_n
    values = np.zeros_like(panel.rows.numbers)
    columns = model_matrix_of(replace(panel, rows=panel.rows._replace(weight=np.empty(0))), free)
    for rows, read in columns.blocks():
        read[:, numbers] -= apart.origin
        values[own, rows[0] : rows[-1] + 1] = (read @ apart.turn).T
    made = standardised(replace(panel, rows=panel.rows._replace(numbers=values)))
    turn = np.diag(np.where(numbers, 0.0, 1.0))
    turn[:, numbers] = apart.turn
    turn[0, numbers] -= apart.origin @ apart.turn[numbers]
    equations = len(panel.outcomes) - 1
    turn = np.kron(np.eye(equations), turn)
    return made, turn @ to_own_units(made, free, free.size * equations)


def to_own_units(panel: Panel, free: NDArray[np.int64], parameters: int) -> Array:
    """The matrix that turns parameters of a standardised panel to those of its own units.

    Parameters
    ----------
    panel
        The standardised panel.
    free
        Positions that have a coefficient; the first is the intercept.
    parameters
        How many there are, those of effects included, which have no unit.

    Examples
    --------
    >>> from folkestrom.analysis.mobility import make_panel, number
    >>> panel = make_panel([1, 1, 2], [0, 1, 1], [number("year", [2010, 2011, 2012])],
    ...                    outcomes=["stay", "leave"])
    >>> to_own_units(standardised(panel), np.array([0, 1]), 2).round(2).tolist()
    [[1.0, -2462.96], [0.0, 1.22]]
    """
    rows, equations = panel.rows, len(panel.outcomes) - 1
    turn = np.eye(parameters)
    for k, position in enumerate(free.tolist()):
        f = position - rows.offset_n
        if f >= 0:
            for first in range(0, equations * free.size, free.size):
                turn[first + k, first + k] = rows.scale[f]
                turn[first, first + k] = -rows.scale[f] * rows.centre[f]
    return turn
