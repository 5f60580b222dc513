"""Maximising a log-likelihood: Newton where information is cheap, quasi-Newton where it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility.estimation.kernels.factor import factorise, invert_factor, square
from folkestrom.analysis.mobility.estimation.likelihood import Likelihood
from folkestrom.analysis.mobility.estimation.quadrature import QuadratureRule

Array = NDArray[np.float64]

#: A step that promises less than this is taken without asking whether the value rose: at a low
#: order the gradient belongs to the integral and the value to the rule.
_SMALL_GAIN = 0.05
_HALVINGS = 25
#: Factors with a smaller pivot are left to eigenvalues.
_SMALL_PIVOT = 1e-4
#: How small a part of the tolerance is worth up to two more steps.
_POLISHED, _MOST_POLISHING = 1e-3, 2


@dataclass
class Objective:
    """A likelihood at one order of quadrature, less a penalty on coefficients.

    Attributes
    ----------
    likelihood
        The likelihood.
    rule
        The quadrature.
    penalty
        Weights of half the squared coefficients; zero for intercepts and effects.
    gradient_correction
        What is added to the gradient: by how much a higher order's would differ.
    """

    likelihood: Likelihood
    rule: QuadratureRule
    penalty: Array
    gradient_correction: Array | None = None

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """Value and gradient."""
        return self._penalised(theta, *self.likelihood.value_and_gradient(theta, self.rule))

    def with_products(self, theta: Array) -> tuple[float, Array, Array]:
        """Value, gradient, and information from the products of scores, in one pass."""
        value, gradient, products = self.likelihood.with_products(theta, self.rule)
        return *self._penalised(theta, value, gradient), products + np.diag(self.penalty)

    def information(self, theta: Array) -> Array:
        """Minus the second derivatives."""
        return self.likelihood.information(theta, self.rule) + np.diag(self.penalty)

    def _penalised(self, theta: Array, value: float, gradient: Array) -> tuple[float, Array]:
        value -= float(self.penalty @ (theta * theta)) / 2
        gradient = gradient - self.penalty * theta
        if self.gradient_correction is None:
            return value, gradient
        return value + float(self.gradient_correction @ theta), gradient + self.gradient_correction


@dataclass
class Maximisation:
    """Where a maximisation stands, or ended.

    Attributes
    ----------
    theta, value, gradient, information
        Parameters, and the objective there.
    moved
        The largest part of a standard error that the next step would move a parameter.
    first_step
        The same, of the first step.
    converged
        Whether that was less than asked for.
    reason
        Why not, if not.
    iterations
        Steps taken.
    information_source
        What the information was computed from, if at these very parameters: second derivatives
        (exact) or products of scores.
    """

    theta: Array
    value: float
    gradient: Array
    information: Array
    moved: float = np.inf
    first_step: float = np.inf
    converged: bool = False
    reason: str = ""
    iterations: int = 0
    information_source: Literal["", "exact", "products"] = ""


def maximise(
    objective: Objective,
    theta: Array,
    *,
    tolerance: float,
    information: Array | None = None,
    products: bool = False,
    most: int = 60,
    each: Callable[[Maximisation], None] | None = None,
) -> Maximisation:
    """Step until a step would move no parameter by `tolerance` standard errors.

    Parameters
    ----------
    objective
        What is maximised.
    theta
        Starting values.
    tolerance
        Convergence tolerance, in standard errors.
    information
        Taken as it is and updated from gradients; if None, computed anew at every step.
    products
        Begin with the information that the products of scores give, and update it.
    most
        Steps at most.
    each
        Called after every step.
    """
    at = _begin(objective, theta, information, products)
    fresh = information is None and not products
    polished = 0
    while True:
        step, errors, gain = newton_step(at.information, at.gradient)
        at.moved = float(np.max(np.abs(step) / errors)) if step.size else 0.0
        at.first_step = at.moved if at.iterations == 0 else at.first_step
        if not np.isfinite(at.moved) or not np.isfinite(at.value):
            at.reason = "the log-likelihood is not finite"
            return at
        if at.moved < tolerance:
            at.converged = True
            # With exact information one more step is worth many digits.
            if not fresh or at.moved < _POLISHED * tolerance or polished == _MOST_POLISHING:
                return at
            polished += 1
        if at.iterations == most:
            if at.converged:
                return at
            at.reason = f"no convergence in {most} steps"
            return at
        found = _search(objective, at, step, gain)
        if found is None:
            at.reason = "" if at.converged else "no step raises the log-likelihood"
            return at
        _go_on(at, objective, found, fresh)
        if each is not None:
            each(at)


def _begin(
    objective: Objective, theta: Array, information: Array | None, products: bool
) -> Maximisation:
    if products:
        return Maximisation(theta, *objective.with_products(theta), information_source="products")
    value, gradient = objective(theta)
    if information is None:
        return Maximisation(
            theta, value, gradient, objective.information(theta), information_source="exact"
        )
    return Maximisation(theta, value, gradient, information)


def _go_on(
    at: Maximisation, objective: Objective, found: tuple[Array, float, Array], fresh: bool
) -> None:
    """Take the step that the search found."""
    new, value, gradient = found
    if fresh:
        at.information = objective.information(new)
    else:
        at.information = _updated(at.information, new - at.theta, at.gradient - gradient)
    at.information_source = "exact" if fresh else ""
    at.theta, at.value, at.gradient = new, value, gradient
    at.iterations += 1


def newton_step(information: Array, gradient: Array) -> tuple[Array, Array, float]:
    """Step, standard errors, and the gain in log-likelihood that the step promises, twice.

    Where the information is not positive definite its eigenvalues are made so.

    Parameters
    ----------
    information
        Minus the second derivatives.
    gradient
        First derivatives.

    Examples
    --------
    >>> step, errors, gain = newton_step(np.diag([4.0, 1.0]), np.array([2.0, 0.0]))
    >>> step.tolist(), errors.tolist(), gain
    ([0.5, 0.0], [0.5, 1.0], 1.0)
    """
    inverse = inverse_of(information)
    step = inverse @ gradient
    return step, np.sqrt(np.diag(inverse)), float(gradient @ step)


def inverse_of(information: Array) -> Array:
    """The inverse, after scaling to a unit diagonal; small or negative eigenvalues are raised.

    Parameters
    ----------
    information
        A symmetric matrix.

    Examples
    --------
    >>> inverse_of(np.diag([4.0, 1e-8])).diagonal().tolist()
    [0.25, 100000000.0]
    """
    diagonal = np.abs(np.diag(information))
    scale = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaled = information * np.outer(scale, scale)
    scaled = (scaled + scaled.T) / 2
    inverse = _inverse_of_positive(scaled)
    if inverse is None:
        values, vectors = np.linalg.eigh(scaled)
        values = np.maximum(np.abs(values), 1e-10)
        inverse = (vectors / values) @ vectors.T
    return np.asarray(inverse * np.outer(scale, scale))


def _inverse_of_positive(scaled: Array) -> Array | None:
    """By Cholesky's factor, far sooner than by eigenvalues; None where it hardly is positive."""
    factor = np.array(scaled, order="C")
    if not np.all(np.isfinite(factor)) or not factorise(factor, _SMALL_PIVOT):
        return None
    turned, inverse = np.zeros_like(factor), np.empty_like(factor)
    invert_factor(factor, turned)
    square(turned, inverse)
    return inverse


def is_positive(information: Array) -> bool:
    """Whether every direction is determined by the data.

    Parameters
    ----------
    information
        A symmetric matrix.

    Examples
    --------
    >>> is_positive(np.diag([1.0, 2.0])), is_positive(np.diag([1.0, -2.0]))
    (True, False)
    """
    diagonal = np.diag(information)
    if not np.all(np.isfinite(information)) or np.any(diagonal <= 0):
        return False
    scale = 1.0 / np.sqrt(diagonal)
    return bool(np.linalg.eigvalsh(information * np.outer(scale, scale)).min() > 1e-9)


def _search(
    objective: Objective, at: Maximisation, step: Array, gain: float
) -> tuple[Array, float, Array] | None:
    part = 1.0
    for _ in range(_HALVINGS):
        new = at.theta + part * step
        value, gradient = objective(new)
        finite = np.isfinite(value) and bool(np.all(np.isfinite(gradient)))
        if finite and (gain < _SMALL_GAIN or value >= at.value + 1e-4 * part * gain):
            return new, value, gradient
        part /= 2
    return None


def _updated(information: Array, moved: Array, fallen: Array) -> Array:
    """BFGS: the information that explains how the gradient fell along the last step."""
    along = float(moved @ fallen)
    pushed = information @ moved
    across = float(moved @ pushed)
    if along <= 1e-3 * across:
        return information
    return information + np.outer(fallen, fallen) / along - np.outer(pushed, pushed) / across
