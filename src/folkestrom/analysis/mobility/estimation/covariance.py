"""Covariance of the effects: a matrix L, linear in its parameters, with covariance L L'."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

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
    within
        The variable whose groups have effects too, of the same structure, in which persons are
        nested; the parameters are those of persons, then those of groups. Empty: there is none.

    Examples
    --------
    >>> shape = Covariance("exchangeable", 2)
    >>> shape.matrix(np.array([1.0, 0.5]))
    array([[2.5, 1.5],
           [1.5, 2.5]])
    >>> shape.labels(["move", "leave"])
    ['var(move)', 'var(leave)', 'cov(move,leave)']
    >>> Covariance("equal", 1, "county").labels(["move"])
    ['var(move)', 'var(move)[county]']
    """

    structure: str
    equations: int
    within: str = ""

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
    def of_persons(self) -> Covariance:
        """The covariance of persons' effects within their groups."""
        return replace(self, within="")

    @property
    def basis(self) -> Array:
        """The matrix that makes the entries of a level's L, row by row, from its parameters."""
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
        return int(self.basis.shape[1]) * (2 if self.within else 1)

    def by_level(self, parameters: Array) -> list[Array]:
        """The parameters of persons' effects and, where there are groups, those of the groups'."""
        return np.split(parameters, 2) if self.within else [parameters]

    def start(self) -> Array:
        """Parameters to begin with: uncorrelated effects, of standard deviation 0.8 of persons."""
        if self.effects == 0:
            return np.zeros(0)
        wanted = np.eye(self.effects).ravel()
        one = np.asarray(np.linalg.lstsq(self.basis, wanted, rcond=None)[0])
        return np.concatenate([0.8 * one, 0.4 * one] if self.within else [0.8 * one])

    def root(self, parameters: Array) -> Array:
        """L; of two levels, a root of the covariance of their sum."""
        if not self.within:
            return (self.basis @ parameters).reshape(self.effects, self.effects)
        values, vectors = np.linalg.eigh(self.matrix(parameters))
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))

    def slopes(self, parameters: Array) -> Array:
        """What derivatives of an expectation in the entries of `root` are multiplied by.

        Of two levels: given the sum of effects, Lz, those of a level with root K are K K' (L')⁻¹ z
        in the mean, so that the derivatives in K are those in L times L⁻¹ K.
        """
        if not self.within:
            return self.basis
        turn = np.linalg.pinv(self.root(parameters))
        parts = [turn @ self.of_persons.root(own) for own in self.by_level(parameters)]
        return np.hstack([np.kron(np.eye(self.effects), part) @ self.basis for part in parts])

    def matrix(self, parameters: Array) -> Array:
        """L L', the covariance of the effects, of both levels together."""
        one = self.of_persons
        roots = [one.root(own) for own in self.by_level(parameters)]
        return np.asarray(sum(root @ root.T for root in roots))

    def signed(self, parameters: Array) -> Array:
        """The same covariance, with signs chosen so that the first entries are positive."""
        if self.within:
            return np.hstack([self.of_persons.signed(own) for own in self.by_level(parameters)])
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
        own = [
            f"var({outcomes[i]})" if i == j else f"cov({outcomes[i]},{outcomes[j]})"
            for i, j in self._pairs
        ]
        return own + [f"{name}[{self.within}]" for name in own if self.within]

    def variances(self, parameters: Array) -> tuple[Array, Array]:
        """Variances and covariances in the order of `labels`, and their derivatives."""
        if self.within:
            return _beside([self.of_persons.variances(own) for own in self.by_level(parameters)])
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
        if self.within:
            return _beside([self.of_persons.correlations(own) for own in self.by_level(parameters)])
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


def _beside(levels: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Values of all levels, and their derivatives, each in its own level's parameters."""
    return np.concatenate([values for values, _ in levels]), block_diag(*[d for _, d in levels])
