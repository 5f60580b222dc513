"""Whether coefficients have a finite estimate, and which covariates are why they have none.

Where a direction of the coefficients never makes an outcome less likely in any row, it does not
whatever the persons' effects are, so that the likelihood with effects has no maximum either:
separation is looked for among the rows, with effects or without.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.collinearity import Orthogonal
from folkestrom.analysis.columns import Columns
from folkestrom.analysis.mobility.panel import Panel
from folkestrom.analysis.separation import Chances, certain, find_separation, scaled

Array = NDArray[np.float64]

#: Rows whose numbers are looked through at a time.
_AT_A_TIME = 1 << 18


def columns_of(panel: Panel, free: NDArray[np.int64]) -> Columns:
    """The columns of coefficients, in rows of persons that count.

    Parameters
    ----------
    panel
        The rows.
    free
        Positions that have a coefficient, the intercept first.
    """
    rows, used = panel.rows, _used(panel)
    place = np.full(len(panel.positions), -1, dtype=np.int64)
    place[free] = np.arange(free.size)
    factors = [
        *zip(rows.codes8, rows.offset8, strict=True),
        *zip(rows.codes16, rows.offset16, strict=True),
    ]
    own = np.flatnonzero(place[rows.offset_n :] >= 0)

    def read(some: NDArray[np.int64]) -> Array:
        there = some if used is None else used[some]
        found = np.zeros((some.size, free.size))
        found[:, 0] = 1.0
        for codes, offset in factors:
            k = place[offset + codes[there].astype(np.int64)]
            held = np.flatnonzero(k >= 0)
            found[held, k[held]] = 1.0
        found[:, place[rows.offset_n + own]] = rows.numbers[own][:, there].T
        return found

    return Columns(
        names=tuple(panel.positions[p].label for p in free),
        numbers=free >= rows.offset_n,
        one=np.eye(1, free.size)[0],
        rows=panel.size if used is None else used.size,
        read=read,
    )


def _used(panel: Panel) -> NDArray[np.int64] | None:
    """Rows of persons whose weight is not zero; None if all are."""
    weight = panel.rows.weight
    if not weight.size or weight.all():
        return None
    return np.flatnonzero(np.repeat(weight > 0, np.diff(panel.rows.start)))


@dataclass(frozen=True)
class End:
    """Where estimation ended.

    Attributes
    ----------
    gradient, information, vcov
        Of the coefficients, equation by equation: the likelihood's gradient, minus its second
        derivatives, and of their inverse, that of all parameters, the coefficients' part.
    reason
        Why it is no maximum, as far as steps show; empty where they ended at one.
    """

    gradient: Array
    information: Array
    vcov: Array
    reason: str


def runs_off(panel: Panel, free: NDArray[np.int64], end: End, apart: Orthogonal) -> str:
    """Why the end of an estimation is no maximum; empty if it is one.

    Parameters
    ----------
    panel
        The rows.
    free
        Positions that have a coefficient, the intercept first.
    end
        Where estimation ended, of coefficients of numbers made orthogonal.
    apart
        How they were.
    """
    reach = _reach(panel, free, end.vcov, apart)
    if not end.reason and certain(end.gradient, end.information, reach):
        return ""
    columns = columns_of(panel, free)
    outcome, used = panel.rows.outcome, _used(panel)
    kinds = np.eye(len(panel.outcomes))

    def counts(rows: NDArray[np.int64]) -> Array:
        return np.asarray(kinds[outcome[rows if used is None else used[rows]]])

    found = find_separation(
        Chances(scaled(columns), len(panel.outcomes), counts), np.arange(free.size) > 0
    )
    return found.message(panel.outcomes) if found else end.reason


def _reach(panel: Panel, free: NDArray[np.int64], vcov: Array, apart: Orthogonal) -> float:
    """A bound on the standard error of any difference of linear predictors."""
    errors = np.sqrt(np.abs(np.diag(vcov))).reshape(-1, free.size).sum(axis=0)
    errors[free >= panel.rows.offset_n] *= _greatest(panel, free, apart)
    terms: dict[str, float] = {}
    for p, error in zip(free.tolist(), errors.tolist(), strict=True):
        term = panel.positions[p].term
        terms[term] = max(terms.get(term, 0.0), error)
    return sum(terms.values())


def _greatest(panel: Panel, free: NDArray[np.int64], apart: Orthogonal) -> Array:
    """A bound on the size of numbers made orthogonal."""
    rows = panel.rows
    numbers = free >= rows.offset_n
    own = free[numbers] - rows.offset_n
    found = np.zeros(own.size)
    for first in range(0, panel.size if own.size else 0, _AT_A_TIME):
        values = rows.numbers[own, first : min(first + _AT_A_TIME, panel.size)].T - apart.origin
        found = np.maximum(found, np.abs(values @ apart.turn[numbers]).max(axis=0))
    levels: dict[str, Array] = {}
    for p, part in zip(free[~numbers].tolist(), np.abs(apart.turn[~numbers]), strict=True):
        term = panel.positions[p].term
        levels[term] = np.maximum(levels.get(term, 0.0), part)
    return found + sum(levels.values())
