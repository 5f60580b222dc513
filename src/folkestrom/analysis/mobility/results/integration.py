"""Probabilities of rows, averaged over the effects of the population, and what moves their mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.design.terms import Factor, Term
from folkestrom.analysis.mobility.estimation.covariance import Covariance
from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel
from folkestrom.analysis.mobility.estimation.quadrature import product_rule
from folkestrom.analysis.mobility.panel.panel import Position
from folkestrom.engine.settings import EngineSettings
from folkestrom.errors import UsageError

Array = NDArray[np.float64]

#: Points in each dimension for an average over the population, and up to which standard deviation
#: of the effects they suffice for eight decimals (with three effects: for five).
_ORDERS = {1: ((1.0, 15), (2.0, 31)), 2: ((1.0, 15), (2.0, 31)), 3: ((1.0, 11), (2.0, 15))}
_MOST_POINTS = {1: 41, 2: 41, 3: 21}
#: Nodes that weigh less are left out of averages.
_NO_WEIGHT = 1e-11
#: Rows that a thread takes at a time.
_ROWS = 8_192


@dataclass(frozen=True)
class Model:
    """What probabilities need of a fitted model; the attributes are those of `MobilityFit`."""

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
        """L, of all levels of effects together; no columns without effects."""
        if not self.covariance.effects:
            return np.zeros((self.equations, 0))
        return self.covariance.root(self.theta[self.coefficients :])

    @property
    def root_slopes(self) -> Array:
        """What derivatives in the entries of `root` are multiplied by; see `Covariance.slopes`."""
        return self.covariance.slopes(self.theta[self.coefficients :])

    @property
    def spread(self) -> float:
        """The largest standard deviation of an effect."""
        return float(np.sqrt((self.root**2).sum(axis=1).max(initial=0.0)))

    def places(self) -> dict[str, int]:
        """The first position of every covariate."""
        out: dict[str, int] = {}
        for k, position in enumerate(self.positions):
            out.setdefault(position.term, k)
        return out


@dataclass(frozen=True)
class Averaged:
    """Mean probabilities over rows.

    Attributes
    ----------
    probabilities
        Mean of every outcome's probability.
    slopes
        Their derivatives in the parameters: outcomes × parameters.
    rows
        Probabilities of each row: rows × outcomes.
    """

    probabilities: Array
    slopes: Array
    rows: Array


def population_nodes(
    effects: int, spread: float = 1.0, order: int | None = None
) -> tuple[Array, Array]:
    """Standard normal nodes (effects × nodes), and their weights.

    Parameters
    ----------
    effects
        Number of effects.
    spread
        The largest standard deviation of an effect.
    order
        Points in a dimension; as many as the spread asks for if not given.

    Examples
    --------
    >>> z, weight = population_nodes(2)
    >>> bool(np.allclose((z * weight) @ z.T, np.eye(2)))
    True
    """
    if effects == 0:
        return np.zeros((0, 1)), np.ones(1)
    enough = [points for limit, points in _ORDERS[effects] if spread <= limit]
    rule = product_rule(order or [*enough, _MOST_POINTS[effects]][0], effects)
    index = rule.index[:, : rule.nodes]
    weight = np.exp(rule.log_weights[index].sum(axis=0))
    weight /= weight.sum()
    kept = weight > _NO_WEIGHT
    return np.sqrt(2.0) * rule.points[index[:, kept]], weight[kept] / weight[kept].sum()


def powers_of(logits: Array) -> Array:
    """Exponentials of zero, for the base, and of the other outcomes' logits; the largest are 1.

    Parameters
    ----------
    logits
        Equations × rows or nodes.

    Examples
    --------
    >>> powers_of(np.array([[0.0, 2000.0]])).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    whole = np.vstack([np.zeros((1, logits.shape[1])), logits])
    return np.asarray(np.exp(whole - whole.max(axis=0)))


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
    """Weighted sums over rows of probabilities that are averaged over the effects.

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
    z, weight = population_nodes(model.covariance.effects, model.spread)
    grow = powers_of(model.root @ z)
    probabilities, bent = np.empty((n, equations + 1)), np.empty((n, equations + 1, equations))

    def part(first: int) -> Array:
        some = slice(first, first + _ROWS)
        turned = np.zeros((equations, equations + 1, weight.size))
        _integrate(
            np.ascontiguousarray(powers_of(predictor[some].T).T), grow, weight, by[some],
            probabilities[some], bent[some], turned,
        )  # fmt: skip
        return turned

    # Blocks and the order of their sums are the same with any number of threads.
    with ThreadPoolExecutor(EngineSettings.from_environment().threads) as pool:
        turned = sum(pool.map(part, range(0, n, _ROWS)), np.zeros((equations, equations + 1, 1)))
    slopes = np.zeros((equations + 1, model.theta.size))
    blocks = _by_position(model, terms, bent * by[:, None, None])
    slopes[:, : model.coefficients] = blocks[:, :, model.free].reshape(equations + 1, -1)
    if z.shape[0]:
        # Outcome × equation × node, then × effect: the derivatives in L.
        per_node = np.eye(equations)[:, :, None] * turned[:, None, 0] - turned[:, 1:]
        moved = (per_node * weight) @ z.T
        every = np.concatenate([-moved.sum(axis=0, keepdims=True), moved])
        slopes[:, model.coefficients :] = every.reshape(equations + 1, -1) @ model.root_slopes
    return Averaged(by @ probabilities, slopes, probabilities)


def probabilities_of(model: Model, predictor: Array) -> Array:
    """Probabilities of rows, averaged over the effects: rows × outcomes.

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
def _probabilities_at_nodes(e, grow, p, inverse):  # type: ignore[no-untyped-def]
    """Probabilities of all outcomes, at every node."""
    outcomes, nodes = grow.shape
    for q in range(nodes):
        inverse[q] = 0.0
    for j in range(outcomes):
        for q in range(nodes):
            p[j, q] = e[j] * grow[j, q]
            inverse[q] += p[j, q]
    for q in range(nodes):
        inverse[q] = 1.0 / inverse[q]
    for j in range(outcomes):
        for q in range(nodes):
            p[j, q] *= inverse[q]


@kernel
def _integrate(powers, grow, weight, by, probabilities, bent, turned):  # type: ignore[no-untyped-def]
    """Probabilities (rows × outcomes), their derivatives in x'b, and sums over rows at every node.

    Of the equations i and j, `turned` gets the sums of p_i (at [i, 0]) and p_i p_j (at [i, j + 1]).
    """
    n, outcomes = powers.shape
    nodes = weight.shape[0]
    p, inverse = np.empty((outcomes, nodes)), np.empty(nodes)
    for r in range(n):
        _probabilities_at_nodes(powers[r], grow, p, inverse)
        bent[r, :, :] = 0.0
        for i in range(outcomes):
            mean = 0.0
            for q in range(nodes):
                mean += weight[q] * p[i, q]
            probabilities[r, i] = mean
            if i == 0:
                continue
            for q in range(nodes):
                turned[i - 1, 0, q] += by[r] * p[i, q]
            bent[r, i, i - 1] = mean
            for j in range(1, outcomes):
                both = 0.0
                for q in range(nodes):
                    product = p[i, q] * p[j, q]
                    both += weight[q] * product
                    turned[i - 1, j, q] += by[r] * product
                bent[r, i, j - 1] -= both
        for j in range(outcomes - 1):
            # The probabilities of all outcomes move by nothing in sum.
            for i in range(1, outcomes):
                bent[r, 0, j] -= bent[r, i, j]
