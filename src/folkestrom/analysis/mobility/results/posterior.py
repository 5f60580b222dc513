"""What a person's own years say of the person's effects, and what they foretell of each year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel
from folkestrom.analysis.mobility.estimation.quadrature import product_rule
from folkestrom.analysis.mobility.panel.panel import Panel, terms_of_panel
from folkestrom.analysis.mobility.results.integration import (
    Model,
    population_nodes,
    powers_of,
    predictor_of,
)
from folkestrom.errors import UsageError

Array = NDArray[np.float64]

#: Points in each dimension around a person's mode, by number of effects.
_ORDER = {1: 21, 2: 15, 3: 11}
#: Rows of a person after which forecasts are made from the posterior of what has been; then after
#: twice as many each time.
_FIRST_PAST = 4
#: With a probability as small as this the posterior is not carried on, but computed anew.
_HARDLY = 1e-200
#: Points in each dimension over the population, for forecasts of a person's first rows.
_PAST_ORDER = {0: 7, 1: 41, 2: 31, 3: 15}
#: Rows taken at a time.
_ROWS = 2_000_000


@dataclass(frozen=True)
class Posterior:
    """Person random effects given their years, in the order of the panel.

    Attributes
    ----------
    means
        Posterior means: persons × effects.
    covariances
        Posterior covariances: persons × effects × effects.
    log_likelihoods
        Logarithm of each person's likelihood.
    """

    means: Array
    covariances: Array
    log_likelihoods: Array


def posterior(model: Model, panel: Panel) -> Posterior:
    """Posterior of each person's effects, by adaptive Gauss–Hermite quadrature.

    Parameters
    ----------
    model
        The fitted model.
    panel
        The persons' years.
    """
    effects, n = model.covariance.effects, panel.persons
    held = Posterior(np.zeros((n, effects)), np.zeros((n, effects, effects)), np.zeros(n))
    points, log_weights = _around_mode(effects)
    for persons, rows, start, predictor in _blocks(model, panel):
        _posteriors(
            start, panel.rows.outcome[rows], predictor, model.root, points, log_weights,
            held.means[persons], held.covariances[persons], held.log_likelihoods[persons],
        )  # fmt: skip
    root = model.root
    return Posterior(held.means @ root.T, root @ held.covariances @ root.T, held.log_likelihoods)


def table_of_effects(model: Model, panel: Panel) -> pl.DataFrame:
    """Posterior means and standard deviations of effects, a row a person.

    Parameters
    ----------
    model
        The fitted model.
    panel
        The persons' years.
    """
    if not model.covariance.effects:
        raise UsageError("the model has no person random effects", next_step="Fit it with effects")
    held = posterior(model, panel)
    columns: dict[str, object] = {"person_number": np.arange(panel.persons)}
    for j, outcome in enumerate(model.outcomes[1:]):
        columns[f"mean({outcome})"] = held.means[:, j]
        columns[f"sd({outcome})"] = np.sqrt(held.covariances[:, j, j])
    columns["years"] = np.diff(panel.rows.start)
    return pl.DataFrame(columns)


def forecasts(model: Model, panel: Panel) -> Array:
    """Each row's probabilities given the person's rows before it: rows × outcomes.

    Parameters
    ----------
    model
        The fitted model.
    panel
        The persons' years, those of a person in the order of time.
    """
    effects = model.covariance.effects
    z, weight = population_nodes(effects, order=_PAST_ORDER[effects])
    nodes = (model.root, np.ascontiguousarray(z), weight, *_around_mode(effects))
    out = np.empty((panel.size, len(model.outcomes)))
    for _, rows, start, predictor in _blocks(model, panel):
        powers = np.ascontiguousarray(powers_of(predictor.T).T)
        outcome = panel.rows.outcome[rows]
        _forecast(start, outcome, predictor, powers, *nodes, out[rows])
    return out


def _around_mode(effects: int) -> tuple[Array, Array]:
    """Standard normal nodes around a mode (effects × nodes), and logarithms of their weights."""
    rule = product_rule(_ORDER.get(effects, 7), effects)
    index = np.ascontiguousarray(rule.index[:, : rule.nodes])
    points = rule.points[index]
    return np.sqrt(2.0) * points, rule.log_weights[index].sum(axis=0) + (points**2).sum(axis=0)


def _blocks(model: Model, panel: Panel) -> Iterator[tuple[slice, slice, NDArray[np.int64], Array]]:
    """Persons with about so many rows: they, their rows, where each one's begin, and x'b."""
    start = panel.rows.start
    ends = np.searchsorted(start, np.arange(_ROWS, panel.size + _ROWS, _ROWS), "right") - 1
    for first, last in pairwise(np.unique(np.concatenate([[0], ends, [panel.persons]])).tolist()):
        own = start[first : last + 1]
        rows = slice(int(own[0]), int(own[-1]))
        size = rows.stop - rows.start
        predictor = predictor_of(model, terms_of_panel(panel, rows), size)
        yield slice(first, last), rows, own - own[0], predictor


@kernel
def _effects(root, z, u):  # type: ignore[no-untyped-def]
    for j in range(u.shape[0]):
        u[j] = 0.0
        for d in range(z.shape[0]):
            u[j] += root[j, d] * z[d]


@kernel
def _at(start, stop, outcome, predictor, root, z, u):  # type: ignore[no-untyped-def]
    """Log of a person's likelihood times the density of z but for a constant; leaves u = Lz."""
    _effects(root, z, u)
    value = 0.0
    for d in range(z.shape[0]):
        value -= 0.5 * z[d] * z[d]
    for r in range(start, stop):
        top = 0.0
        for j in range(u.shape[0]):
            top = max(top, predictor[r, j] + u[j])
        total = np.exp(-top)
        for j in range(u.shape[0]):
            total += np.exp(predictor[r, j] + u[j] - top)
        if outcome[r] > 0:
            value += predictor[r, outcome[r] - 1] + u[outcome[r] - 1]
        value -= top + np.log(total)
    return value


@kernel
def _odds(predictor, u, p):  # type: ignore[no-untyped-def]
    """Odds of the outcomes but the base, up to a factor; returns what to divide them by."""
    top = 0.0
    for j in range(u.shape[0]):
        top = max(top, predictor[j] + u[j])
    total = np.exp(-top)
    for j in range(u.shape[0]):
        p[j] = np.exp(predictor[j] + u[j] - top)
        total += p[j]
    return total


@kernel
def _bend(start, stop, outcome, predictor, root, z, u, p, gradient, curvature):  # type: ignore[no-untyped-def]
    """Gradient and negative Hessian in z."""
    equations, effects = root.shape
    _effects(root, z, u)
    for d in range(effects):
        gradient[d] = -z[d]
        for c in range(effects):
            curvature[d, c] = 1.0 if c == d else 0.0
    for r in range(start, stop):
        total = _odds(predictor[r], u, p)
        for d in range(effects):
            mean = 0.0
            for j in range(equations):
                mean += root[j, d] * p[j] / total
            if outcome[r] > 0:
                gradient[d] += root[outcome[r] - 1, d]
            gradient[d] -= mean
            for c in range(effects):
                for j in range(equations):
                    curvature[d, c] += (root[j, d] - mean) * root[j, c] * p[j] / total


@kernel
def _factor(curvature, lower):  # type: ignore[no-untyped-def]
    """Cholesky's factor of a small matrix."""
    for i in range(curvature.shape[0]):
        for j in range(i + 1):
            rest = curvature[i, j]
            for k in range(j):
                rest -= lower[i, k] * lower[j, k]
            lower[i, j] = np.sqrt(rest) if i == j else rest / lower[j, j]


@kernel
def _back(lower, x):  # type: ignore[no-untyped-def]
    """Solve lower' y = x in place: x standard normal gives y with the inverse as covariance."""
    for i in range(x.shape[0] - 1, -1, -1):
        for k in range(i + 1, x.shape[0]):
            x[i] -= lower[k, i] * x[k]
        x[i] /= lower[i, i]


@kernel
def _step(curvature, lower, gradient):  # type: ignore[no-untyped-def]
    """Make a gradient Newton's step; gives its largest part, and leaves the factor."""
    _factor(curvature, lower)
    for i in range(gradient.shape[0]):
        for k in range(i):
            gradient[i] -= lower[i, k] * gradient[k]
        gradient[i] /= lower[i, i]
    _back(lower, gradient)
    largest = 0.0
    for d in range(gradient.shape[0]):
        largest = max(largest, abs(gradient[d]))
    return largest


@kernel
def _mode(start, stop, outcome, predictor, root, z, u, p, gradient, curvature, lower, tried):  # type: ignore[no-untyped-def]
    """Newton's method from zero, steps halved where they would go down; leaves the factor."""
    effects = z.shape[0]
    for d in range(effects):
        z[d] = 0.0
    value = _at(start, stop, outcome, predictor, root, z, u)
    for _ in range(50):
        _bend(start, stop, outcome, predictor, root, z, u, p, gradient, curvature)
        largest = _step(curvature, lower, gradient)
        share, better = 1.0, False
        for _ in range(30):
            for d in range(effects):
                tried[d] = z[d] + share * gradient[d]
            ahead = _at(start, stop, outcome, predictor, root, tried, u)
            if ahead >= value:
                better = True
                break
            share *= 0.5
        if not better:
            return
        for d in range(effects):
            z[d] = tried[d]
        value = ahead
        if largest < 1e-8:
            return


@kernel
def _moments(share, at, mean, square):  # type: ignore[no-untyped-def]
    nodes, effects = at.shape
    for d in range(effects):
        for q in range(nodes):
            mean[d] += share[q] * at[q, d]
    for d in range(effects):
        for c in range(effects):
            for q in range(nodes):
                square[d, c] += share[q] * (at[q, d] - mean[d]) * (at[q, c] - mean[c])


@kernel
def _weigh(start, stop, outcome, predictor, root, points, log_weights, lower, z, u, at, share):  # type: ignore[no-untyped-def]
    """Nodes around the mode z, and their posterior weights; the logarithm of the integral."""
    effects, nodes = points.shape
    top = -np.inf
    for q in range(nodes):
        for d in range(effects):
            at[q, d] = points[d, q]
        _back(lower, at[q])
        for d in range(effects):
            at[q, d] += z[d]
        share[q] = log_weights[q] + _at(start, stop, outcome, predictor, root, at[q], u)
        top = max(top, share[q])
    total = 0.0
    for q in range(nodes):
        share[q] = np.exp(share[q] - top)
        total += share[q]
    for q in range(nodes):
        share[q] /= total
    # log of (2π)^(-d/2) · 2^(d/2) · |axes|, which the sum over nodes is multiplied by.
    value = top + np.log(total) - 0.5 * effects * np.log(np.pi)
    for d in range(effects):
        value -= np.log(lower[d, d])
    return value


@kernel
def _posteriors(start, outcome, predictor, root, points, log_weights, means, squares, values):  # type: ignore[no-untyped-def]
    """Log-likelihood of each person; posterior means and covariances of z are added."""
    effects, nodes = points.shape
    u, p = np.empty(root.shape[0]), np.empty(root.shape[0])
    z, gradient, tried = np.zeros(effects), np.empty(effects), np.empty(effects)
    curvature, lower = np.empty((effects, effects)), np.zeros((effects, effects))
    at, share = np.empty((nodes, effects)), np.empty(nodes)
    for i in range(start.shape[0] - 1):
        a, b = start[i], start[i + 1]
        _mode(a, b, outcome, predictor, root, z, u, p, gradient, curvature, lower, tried)
        values[i] = _weigh(
            a, b, outcome, predictor, root, points, log_weights, lower, z, u, at, share
        )
        _moments(share, at, means[i], squares[i])


@kernel
def _grow(root, at, nodes, u, grow):  # type: ignore[no-untyped-def]
    """Exponentials of the effects at nodes, the largest being 1, that of the base first."""
    for q in range(nodes):
        _effects(root, at[q], u)
        top = 0.0
        for j in range(u.shape[0]):
            top = max(top, u[j])
        grow[0, q] = np.exp(-top)
        for j in range(u.shape[0]):
            grow[j + 1, q] = np.exp(u[j] - top)


@kernel
def _foretell(powers, y, grow, nodes, held, p, out):  # type: ignore[no-untyped-def]
    """Probabilities of a row; and the nodes' weights after what happened."""
    outcomes = powers.shape[0]
    out[:] = 0.0
    for q in range(nodes):
        total = 0.0
        for j in range(outcomes):
            p[j, q] = powers[j] * grow[j, q]
            total += p[j, q]
        for j in range(outcomes):
            p[j, q] /= total
            out[j] += held[q] * p[j, q]
    if out[y] > 0.0:
        for q in range(nodes):
            held[q] *= p[y, q] / out[y]


@kernel
def _forecast(  # type: ignore[no-untyped-def]
    start, outcome, predictor, powers, root, population, weight, points, log_weights, out
):
    """Each row's probabilities given those before it.

    The posterior of the effects is carried on from row to row at nodes that are placed anew, where
    it is by then, whenever a person's past has become twice as long.
    """
    equations, effects = root.shape
    most = max(weight.shape[0], log_weights.shape[0])
    u, z = np.empty(equations), np.zeros(effects)
    gradient, tried, row = np.empty(effects), np.empty(effects), np.empty(equations)
    curvature, lower = np.empty((effects, effects)), np.zeros((effects, effects))
    at, held = np.empty((most, effects)), np.empty(most)
    grow, p = np.empty((equations + 1, most)), np.empty((equations + 1, most))
    for i in range(start.shape[0] - 1):
        first, again = start[i], start[i] + _FIRST_PAST
        nodes = weight.shape[0]
        for node in range(nodes):  # arrays set as a whole take seconds to compile
            held[node] = weight[node]
            for k in range(effects):
                at[node, k] = population[k, node]
        _grow(root, at, nodes, u, grow)
        for r in range(first, start[i + 1]):
            if r == again and effects > 0:
                _mode(
                    first, r, outcome, predictor, root, z, u, row, gradient, curvature, lower, tried
                )
                _weigh(
                    first, r, outcome, predictor, root, points, log_weights, lower, z, u, at, held
                )
                nodes, again = log_weights.shape[0], r + max(r - first, _FIRST_PAST)
                _grow(root, at, nodes, u, grow)
            _foretell(powers[r], outcome[r], grow, nodes, held, p, out[r])
            if out[r, outcome[r]] < _HARDLY:
                again = r + 1
