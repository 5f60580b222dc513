"""Numbers as estimation takes them: less their mean, in standard deviations.

Kroner of wealth and calendar years would lose digits, and steps and tolerances would depend on the
unit. Estimates and their covariance are turned back to the unit of the panel.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility.kernels.layout import Rows
from folkestrom.analysis.mobility.kernels.tally import add_numbers
from folkestrom.analysis.mobility.panel import Panel

Array = NDArray[np.float64]

#: A number that varies by less than this part of its size is constant, but for rounding.
_CONSTANT = 1e-13


def standardised(panel: Panel) -> Panel:
    """The panel with numbers that have mean 0 and standard deviation 1, by weighted person-years.

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
    most = np.array([max(abs(float(x.min())), abs(float(x.max()))) for x in numbers])
    most[most == 0] = 1.0
    unit = panel.rows._replace(centre=np.zeros_like(most), scale=1 / most)
    mean = _moments(unit)[0]
    spread = np.sqrt(_moments(unit._replace(centre=mean * most))[1])
    constant = spread < _CONSTANT
    return replace(
        panel,
        rows=panel.rows._replace(
            centre=np.where(constant, 0.0, mean * most),
            scale=1 / np.where(constant, most, spread * most),
        ),
    )


def _moments(rows: Rows) -> Array:
    """Mean value and mean square of each number."""
    mass, sums = np.zeros(1), np.zeros((2, rows.numbers.shape[0]))
    add_numbers(rows, mass, sums)
    return np.asarray(sums / mass[0])


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
