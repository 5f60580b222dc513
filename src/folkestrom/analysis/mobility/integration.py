"""Chances of rows, averaged over the effects of the population, and what moves their mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility.covariance import Covariance
from folkestrom.analysis.mobility.kernels.compiled import kernel
from folkestrom.analysis.mobility.panel import Panel, Position
from folkestrom.analysis.mobility.quadrature import product_rule
from folkestrom.analysis.mobility.terms import Factor, Number, Term
from folkestrom.errors import UsageError

Array = NDArray[np.float64]

#: Points in each dimension for an average over the population, by number of effects.
POPULATION_ORDER = {0: 21, 1: 31, 2: 21, 3: 15}
#: Predictors beyond this give chances of zero and one all the same.
_FAR = 300.0


@dataclass(frozen=True)
class Model:
    """What chances need of a fitted model; the attributes are those of `MobilityFit`."""

    outcomes: tuple[str, ...]
    positions: tuple[Position, ...]
    free: NDArray[np.int64]
    parents: Mapping[str, Any]
    covariance: Covariance
    theta: Array

    @property
    def equations(self) -> int:
        """Number of outcomes less one."""
        return len(self.outcomes) - 1

    @property
    def coefficients(self) -> int:
        """Number of coefficients, all equations together."""
        return self.equations * int(self.free.size)

    @property
    def table(self) -> Array:
        """Coefficients by position and equation; zero where there is none."""
        out = np.zeros((len(self.positions), self.equations))
        out[self.free] = self.theta[: self.coefficients].reshape(self.equations, -1).T
        return out

    @property
    def root(self) -> Array:
        """L; no columns without effects."""
        if not self.covariance.effects:
            return np.zeros((self.equations, 0))
        return self.covariance.root(self.theta[self.coefficients :])

    def places(self) -> dict[str, int]:
        """The first position of every covariate."""
        out: dict[str, int] = {}
        for k, position in enumerate(self.positions):
            out.setdefault(position.term, k)
        return out


@dataclass(frozen=True)
class Averaged:
    """Mean chances over rows.

    Attributes
    ----------
    chances
        Mean of every outcome's chance.
    slopes
        Their derivatives in the parameters: outcomes × parameters.
    rows
        Chances of each row: rows × outcomes.
    """

    chances: Array
    slopes: Array
    rows: Array


def population_nodes(effects: int, order: int | None = None) -> tuple[Array, Array]:
    """Standard normal nodes (effects × nodes), and their weights.

    Parameters
    ----------
    effects
        Number of effects.
    order
        Points in a dimension; those for averages if not given.

    Examples
    --------
    >>> z, weight = population_nodes(2)
    >>> bool(np.allclose((z * weight) @ z.T, np.eye(2)))
    True
    """
    rule = product_rule(order or POPULATION_ORDER[effects], effects)
    index = rule.index[:, : rule.nodes]
    weight = np.exp(rule.log_weights[index].sum(axis=0)) if effects else np.ones(1)
    return np.sqrt(2.0) * rule.points[index], weight / weight.sum()


def terms_of_panel(panel: Panel, rows: slice | NDArray[np.int64] | None = None) -> list[Term]:
    """A panel's covariates with their values.

    Parameters
    ----------
    panel
        The panel.
    rows
        Which of its rows; all if not given.
    """
    taken = slice(0, panel.size) if rows is None else rows
    held = {np.uint8: iter(panel.rows.codes8), np.uint16: iter(panel.rows.codes16)}
    numbers = iter(panel.rows.numbers)
    out: list[Term] = []
    for term in panel.terms:
        if isinstance(term, Number):
            out.append(Number(term.name, next(numbers)[taken], term.parents))
        else:
            codes = next(held[term.codes.dtype.type])[taken]
            out.append(Factor(term.name, codes, term.levels, term.reference, term.parents))
    return out


def predictor_of(model: Model, terms: Sequence[Term], size: int, *, constant: bool = True) -> Array:
    """The linear predictor of every row: rows × equations.

    Parameters
    ----------
    model
        The fitted model.
    terms
        Covariates of the rows.
    size
        Number of rows.
    constant
        Whether the intercept counts.
    """
    table, places = model.table, model.places()
    out = np.zeros((size, model.equations))
    if constant:
        out += table[0]
    for term in terms:
        if term.name not in places:
            raise UsageError("is no covariate of the model", value=term.name)
        at = places[term.name]
        if isinstance(term, Factor):
            out += table[at : at + len(term.levels)][term.codes]
        else:
            out += term.values[:, None] * table[at]
    return out


def average(model: Model, terms: Sequence[Term], predictor: Array, by: Array) -> Averaged:
    """Weighted sums over rows of chances that are averaged over the effects.

    Parameters
    ----------
    model
        The fitted model.
    terms
        Covariates of the rows.
    predictor
        Their x'b.
    by
        Weight of every row in the sum.
    """
    n, equations = predictor.shape
    z, weight = population_nodes(model.covariance.effects)
    grow = np.exp(np.clip(model.root @ z, -_FAR, _FAR))
    chances, bent = np.empty((n, equations + 1)), np.empty((n, equations + 1, equations))
    turned = np.zeros((equations, equations, z.shape[0]))
    _integrate(np.ascontiguousarray(predictor), grow, weight, z, by, chances, bent, turned)
    slopes = np.zeros((equations + 1, model.theta.size))
    blocks = _by_position(model, terms, bent * by[:, None, None])
    slopes[:, : model.coefficients] = blocks[:, :, model.free].reshape(equations + 1, -1)
    if z.shape[0]:
        # The chances of all outcomes move by nothing in sum.
        every = np.concatenate([-turned.sum(axis=0, keepdims=True), turned])
        flat = every.reshape(equations + 1, -1)
        slopes[:, model.coefficients :] = flat @ model.covariance.basis
    return Averaged(by @ chances, slopes, chances)


def chances_of(model: Model, predictor: Array) -> Array:
    """Chances of rows, averaged over the effects: rows × outcomes.

    Parameters
    ----------
    model
        The fitted model.
    predictor
        x'b of the rows.
    """
    return average(model, (), predictor, np.zeros(predictor.shape[0])).rows


def _by_position(model: Model, terms: Sequence[Term], bent: Array) -> Array:
    """Sums of the derivatives in x'b over rows, at each position: outcomes × equations × it."""
    _, outcomes, equations = bent.shape
    out = np.zeros((outcomes, equations, len(model.positions)))
    out[:, :, 0] = bent.sum(axis=0)
    places = model.places()
    for term in terms:
        at = places[term.name]
        for i in range(outcomes):
            for j in range(equations):
                if isinstance(term, Factor):
                    counted = np.bincount(term.codes, bent[:, i, j], len(term.levels))
                    out[i, j, at : at + len(term.levels)] = counted
                else:
                    out[i, j, at] = bent[:, i, j] @ term.values
    return out


@kernel
def _add_slopes(p, weight, by, z, q, r, bent, turned):  # type: ignore[no-untyped-def]
    for i in range(p.shape[0]):
        for j in range(p.shape[0]):
            slope = weight * p[i] * ((1.0 if i == j else 0.0) - p[j])
            bent[r, i + 1, j] += slope
            # The chances of all outcomes move by nothing in sum.
            bent[r, 0, j] -= slope
            for d in range(z.shape[0]):
                turned[i, j, d] += by * slope * z[d, q]


@kernel
def _integrate(predictor, grow, weight, z, by, chances, bent, turned):  # type: ignore[no-untyped-def]
    """Chances (rows × outcomes), their derivatives in x'b, and summed ones in L.

    `turned` gets, by outcome but the base, equation and effect, the sum over rows of the mean of
    dp/dx'b times z.
    """
    n, equations = predictor.shape
    nodes = weight.shape[0]
    e, p = np.empty(equations), np.empty(equations)
    for r in range(n):
        for j in range(equations):
            e[j] = np.exp(min(max(predictor[r, j], -300.0), 300.0))
        chances[r, :] = 0.0
        bent[r, :, :] = 0.0
        for q in range(nodes):
            total = 1.0
            for j in range(equations):
                p[j] = e[j] * grow[j, q]
                total += p[j]
            chances[r, 0] += weight[q] / total
            for j in range(equations):
                p[j] /= total
                chances[r, j + 1] += weight[q] * p[j]
            _add_slopes(p, weight[q], by[r], z, q, r, bent, turned)
