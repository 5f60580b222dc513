"""Whether coefficients have a finite estimate, and which covariates are why they have none.

Where a direction of the coefficients never makes an outcome less likely in any row, it does not
whatever the persons' effects are, so that the likelihood with effects has no maximum either:
separation is looked for among the rows, with effects or without.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.design.model_matrix import ModelMatrix
from folkestrom.analysis.design.separation import OutcomeInequalities, find_separation, scaled
from folkestrom.analysis.mobility.panel.panel import Panel

Array = NDArray[np.float64]


def model_matrix_of(panel: Panel, free: NDArray[np.int64]) -> ModelMatrix:
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

    return ModelMatrix(
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


def separated(panel: Panel, free: NDArray[np.int64]) -> str:
    """Which covariates have no finite estimate, and why; empty where all have one.

    Parameters
    ----------
    panel, free
        As of `model_matrix_of`.
    """
    columns = model_matrix_of(panel, free)
    outcome, used = panel.rows.outcome, _used(panel)
    kinds = np.eye(len(panel.outcomes))

    def counts(rows: NDArray[np.int64]) -> Array:
        return np.asarray(kinds[outcome[rows if used is None else used[rows]]])

    found = find_separation(
        OutcomeInequalities(scaled(columns), len(panel.outcomes), counts), np.arange(free.size) > 0
    )
    return found.message(panel.outcomes) if found else ""


def error_bound(panel: Panel, free: NDArray[np.int64], vcov: Array) -> float:
    """A bound on the standard error of any difference of linear predictors.

    Parameters
    ----------
    panel
        The rows, standardised.
    free
        Positions that have a coefficient, the intercept first.
    vcov
        Covariance of the coefficients, equation by equation.
    """
    rows = panel.rows
    errors = np.sqrt(np.abs(np.diag(vcov))).reshape(-1, free.size).sum(axis=0)
    terms: dict[str, float] = {}
    for p, error in zip(free.tolist(), errors.tolist(), strict=True):
        if p >= rows.offset_n:
            f = p - rows.offset_n
            values = rows.numbers[f, : panel.size]
            low, high = float(values.min()), float(values.max())
            far = max(high - rows.centre[f], rows.centre[f] - low) * rows.scale[f]
        else:
            far = 1.0
        term = panel.positions[p].term
        terms[term] = max(terms.get(term, 0.0), far * error)
    return sum(terms.values())
