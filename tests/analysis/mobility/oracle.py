"""The likelihood written down once more, slowly: adaptive Gauss–Hermite quadrature in NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Array = NDArray[np.float64]


def log_probabilities(eta: Array, u: Array) -> Array:
    """Logarithms of all outcomes' probabilities: rows × outcomes."""
    logits = np.concatenate([np.zeros((len(eta), 1)), eta + u], axis=1)
    top = logits.max(axis=1, keepdims=True)
    return np.asarray(logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True)))


def _density(eta: Array, y: NDArray[np.int64], root: Array, z: Array) -> float:
    at = log_probabilities(eta, root @ z)
    return float(at[np.arange(len(y)), y].sum() - z @ z / 2)


def _mode(eta: Array, y: NDArray[np.int64], root: Array) -> tuple[Array, Array]:
    """Newton with halved steps; the mode and the curvature there."""
    effects = root.shape[1]
    z, value = np.zeros(effects), _density(eta, y, root, np.zeros(effects))
    hit = np.eye(eta.shape[1] + 1)[y][:, 1:]
    for _ in range(500):
        p = np.exp(log_probabilities(eta, root @ z))[:, 1:]
        gradient = root.T @ (hit - p).sum(axis=0) - z
        within = np.diag(p.sum(axis=0)) - p.T @ p
        curvature = np.eye(effects) + root.T @ within @ root
        step = np.linalg.solve(curvature, gradient)
        if gradient @ step < 1e-14:
            return z, curvature
        part = 1.0
        while _density(eta, y, root, z + part * step) < value:
            part /= 2
            if part < 1e-6 and gradient @ step < 1e-9:
                # Rounding hides what is left to gain.
                return z, curvature
        z = z + part * step
        value = _density(eta, y, root, z)
    raise AssertionError("no mode")


def log_likelihood_of(eta: Array, y: NDArray[np.int64], root: Array, order: int = 31) -> float:
    """One person's."""
    effects = root.shape[1]
    if effects == 0:
        return float(log_probabilities(eta, np.zeros(eta.shape[1]))[np.arange(len(y)), y].sum())
    mode, curvature = _mode(eta, y, root)
    axes = np.sqrt(2.0) * np.linalg.inv(np.linalg.cholesky(curvature)).T
    points, weights = np.polynomial.hermite.hermgauss(order)
    grid = np.stack(np.meshgrid(*[np.arange(order)] * effects)).reshape(effects, -1)
    x, log_weight = points[grid], np.log(weights)[grid].sum(axis=0)
    nodes = mode[:, None] + axes @ x
    logs = [_density(eta, y, root, node) for node in nodes.T]
    whole = logsumexp(logs + log_weight + (x**2).sum(axis=0))
    volume = np.linalg.slogdet(axes)[1] - effects / 2 * np.log(2 * np.pi)
    return float(whole + volume)


def log_likelihood(
    person: NDArray[np.int64], y: NDArray[np.int64], eta: Array, root: Array, order: int = 31
) -> float:
    """All persons'."""
    return sum(
        log_likelihood_of(eta[person == one], y[person == one], root, order)
        for one in np.unique(person)
    )


def second_derivatives(value: Callable[[Array], float], at: Array, steps: Array) -> Array:
    """By differences, extrapolated from two widths."""

    def once(h: Array) -> Array:
        n, out = at.size, np.empty((at.size, at.size))
        for i in range(n):
            for j in range(i + 1):
                a, b = h[i] * np.eye(n)[i], h[j] * np.eye(n)[j]
                corners = value(at + a + b) - value(at + a - b) - value(at - a + b)
                out[i, j] = out[j, i] = (corners + value(at - a - b)) / (4 * h[i] * h[j])
        return out

    return np.asarray((4 * once(steps) - once(2 * steps)) / 3)
