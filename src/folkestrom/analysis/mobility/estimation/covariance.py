"""Covariance of the effects: a matrix L, linear in its parameters, with covariance L L'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError

Array = NDArray[np.float64]
Structure = Literal["none", "diagonal", "equal", "exchangeable", "unstructured"]
STRUCTURES: tuple[str, ...] = get_args(Structure)


@dataclass(frozen=True)
class Covariance:
    """Covariance structure of the person random effects.

    Attributes
    ----------
    structure
        unstructured: any covariance. diagonal: no correlation. equal: one variance, no
        correlation. exchangeable: one variance, one correlation. none: no effects.
    equations
        Number of outcomes less one: each of them has an effect.

    Examples
    --------
    >>> shape = Covariance("exchangeable", 2)
    >>> shape.matrix(np.array([1.0, 0.5]))
    array([[2.5, 1.5],
           [1.5, 2.5]])
    >>> shape.labels(["move", "leave"])
    ['var(move)', 'var(leave)', 'cov(move,leave)']
    """

    structure: str
    equations: int

    def __post_init__(self) -> None:
        if self.structure not in STRUCTURES:
            raise UsageError(
                "is not a structure of effects", value=self.structure, allowed=STRUCTURES
            )

    @property
    def effects(self) -> int:
        """Number of person random effects."""
        return 0 if self.structure == "none" else self.equations

    @property
    def basis(self) -> Array:
        """The matrix that makes the entries of L, row by row, from the parameters."""
        n = self.effects
        if n == 0:
            return np.zeros((0, 0))
        one = np.eye(n).reshape(-1, 1)
        if self.structure == "unstructured":
            return np.eye(n * n)[:, [i * n + j for i in range(n) for j in range(i + 1)]]
        if self.structure == "diagonal":
            return np.eye(n * n)[:, [i * n + i for i in range(n)]]
        if self.structure == "equal" or n == 1:
            return one
        # The symmetric root of an exchangeable covariance is exchangeable too.
        return np.hstack([one, np.ones((n * n, 1))])

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return int(self.basis.shape[1])

    def start(self) -> Array:
        """Parameters to begin with: uncorrelated effects of standard deviation 0.8."""
        if self.effects == 0:
            return np.zeros(0)
        wanted = 0.8 * np.eye(self.effects).ravel()
        return np.asarray(np.linalg.lstsq(self.basis, wanted, rcond=None)[0])

    def root(self, parameters: Array) -> Array:
        """L."""
        return (self.basis @ parameters).reshape(self.effects, self.effects)

    def matrix(self, parameters: Array) -> Array:
        """L L', the covariance of the effects."""
        root = self.root(parameters)
        return np.asarray(root @ root.T)

    def signed(self, parameters: Array) -> Array:
        """The same covariance, with signs chosen so that the first entries are positive."""
        if self.structure in ("unstructured", "diagonal"):
            root = self.root(parameters)
            root = root * np.where(np.diag(root) < 0, -1.0, 1.0)
            return np.asarray(np.linalg.lstsq(self.basis, root.ravel(), rcond=None)[0])
        return -parameters if parameters.size and parameters[0] < 0 else parameters

    @property
    def _pairs(self) -> list[tuple[int, int]]:
        n = self.effects
        off = [(i, j) for i in range(n) for j in range(i + 1, n)]
        correlated = self.structure in ("unstructured", "exchangeable")
        return [(i, i) for i in range(n)] + (off if correlated else [])

    def labels(self, outcomes: list[str]) -> list[str]:
        """Names of the variances and covariances, for the names of the outcomes."""
        return [
            f"var({outcomes[i]})" if i == j else f"cov({outcomes[i]},{outcomes[j]})"
            for i, j in self._pairs
        ]

    def variances(self, parameters: Array) -> tuple[Array, Array]:
        """Variances and covariances in the order of `labels`, and their derivatives."""
        n = self.effects
        root = self.root(parameters)
        full = root @ root.T
        jacobian = np.zeros((len(self._pairs), n * n))
        for row, (i, j) in enumerate(self._pairs):
            for k in range(n):
                jacobian[row, i * n + k] += root[j, k]
                jacobian[row, j * n + k] += root[i, k]
        values = np.array([full[i, j] for i, j in self._pairs])
        return values, jacobian @ self.basis

    def correlations(self, parameters: Array) -> tuple[Array, Array]:
        """Correlations of the pairs with a covariance, and their derivatives."""
        values, jacobian = self.variances(parameters)
        pairs = self._pairs
        place = {pair: k for k, pair in enumerate(pairs)}
        off = [(i, j) for i, j in pairs if i != j]
        out, slopes = np.zeros(len(off)), np.zeros((len(off), self.parameters))
        for row, (i, j) in enumerate(off):
            a, b, c = place[i, i], place[j, j], place[i, j]
            scale = np.sqrt(values[a] * values[b])
            if scale > 0:
                out[row] = values[c] / scale
                slopes[row] = jacobian[c] / scale - out[row] / 2 * (
                    jacobian[a] / values[a] + jacobian[b] / values[b]
                )
        return out, slopes
