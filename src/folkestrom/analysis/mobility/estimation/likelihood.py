"""Log-likelihood, gradient and information of a panel, over threads, always with the same result.

The persons are divided into ranges whose number depends on the panel alone. Threads take ranges as
they come, and the ranges' sums are added in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility.estimation.cells import PackedCells, pack
from folkestrom.analysis.mobility.estimation.covariance import Covariance
from folkestrom.analysis.mobility.estimation.kernels.information import information
from folkestrom.analysis.mobility.estimation.kernels.passes import value_and_gradient
from folkestrom.analysis.mobility.estimation.kernels.predictors import NEVER
from folkestrom.analysis.mobility.estimation.kernels.scores import TILE, score_products
from folkestrom.analysis.mobility.estimation.quadrature import QuadratureRule, lay_out
from folkestrom.analysis.mobility.panel.panel import Panel
from folkestrom.engine.settings import EngineSettings

Array = NDArray[np.float64]
T = TypeVar("T")

_MOST_RANGES = 128
_LEAST_PERSONS = 256


@dataclass
class Likelihood:
    """The likelihood of a panel as a function of its parameters.

    Parameters are the coefficients, equation by equation in the order of the free positions,
    then those of L.

    Attributes
    ----------
    panel
        The rows.
    covariance
        The effects.
    free
        Positions of the coefficient table that have a coefficient.
    threads
        How many threads; None: as many cores as the process may use.
    enough
        A person's mode has been found when a step gains less log density than this.
    passes
        How often rows have been passed over since, in units of the whole panel.
    """

    panel: Panel
    covariance: Covariance
    free: NDArray[np.int64]
    threads: int | None = None
    enough: float = 1e-9
    passes: int = 0
    modes: Array = field(init=False)

    def __post_init__(self) -> None:
        self.modes = np.zeros((self.panel.persons, self.covariance.effects))

    @property
    def equations(self) -> int:
        """Number of outcomes less one."""
        return len(self.panel.outcomes) - 1

    @property
    def coefficients(self) -> int:
        """Number of coefficients, all equations together."""
        return self.equations * int(self.free.size)

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return self.coefficients + self.covariance.parameters

    def value_and_gradient(self, theta: Array, rule: QuadratureRule) -> tuple[float, Array]:
        """Log-likelihood and its gradient."""
        table, root = self._unpack(theta)
        cells, nodes = self.packed.cells, lay_out(rule.order, self.covariance.effects)

        def one(span: tuple[int, int]) -> tuple[float, Array, Array]:
            total, root_total = np.zeros_like(table), np.zeros_like(root)
            value = value_and_gradient(
                *span, cells, table, root, self.modes, self.enough, nodes, total, root_total
            )
            return value, total, root_total

        value, total, root_total = 0.0, np.zeros_like(table), np.zeros_like(root)
        for part in self._over_ranges(one):
            value += part[0]
            total += part[1]
            root_total += part[2]
        self.passes += 1
        return value, self._gradient(total, root_total)

    def with_products(
        self, theta: Array, rule: QuadratureRule, *, squared: bool = False
    ) -> tuple[float, Array, Array]:
        """Log-likelihood, gradient, and the sum of products of persons' scores, in one pass.

        A person's weight counts once in a product, or twice if `squared`.
        """
        common, rows = self._common(theta, rule), self.panel.rows
        table, root = common[1:3]
        size = self._kernel_size()
        spare = -(-size // TILE) * TILE

        def one(span: tuple[int, int]) -> tuple[float, Array, Array, Array]:
            made, every = np.zeros((spare, spare)), np.zeros((0, 0))
            total, root_total = np.zeros_like(table), np.zeros_like(root)
            value = score_products(
                *span, rows, *common, squared, size, made, every, total, root_total
            )
            return value, total, root_total, made

        value, total, root_total = 0.0, np.zeros_like(table), np.zeros_like(root)
        products = np.zeros((spare, spare))
        for part in self._over_ranges(one):
            value += part[0]
            total += part[1]
            root_total += part[2]
            products += part[3]
        self.passes += 1
        lower = np.tril(products[:size, :size])
        turn = self._to_parameters()
        products = turn @ (lower + np.tril(lower, -1).T) @ turn.T
        return value, self._gradient(total, root_total), products

    def _gradient(self, total: Array, root_total: Array) -> Array:
        """From the kernels' totals to the parameters."""
        total = self.packed.positions(total, len(self.panel.positions))
        return np.concatenate(
            [
                total[self.free, : self.equations].T.ravel(),
                self.covariance.basis.T @ root_total[: self.equations].ravel(),
            ]
        )

    def information(self, theta: Array, rule: QuadratureRule) -> Array:
        """Observed information: minus the second derivatives."""
        common = self._common(theta, rule)
        size, rows = self._kernel_size(), self.panel.rows

        def one(span: tuple[int, int]) -> Array:
            made = np.zeros((size, size))
            information(*span, rows, *common, made)
            return made

        total = sum(self._over_ranges(one), np.zeros((size, size)))
        turn = self._to_parameters()
        return np.asarray(turn @ total @ turn.T)

    def cluster_scores(
        self, theta: Array, rule: QuadratureRule, cluster: NDArray[np.int64]
    ) -> Array:
        """Sums of persons' scores within clusters: a row for each cluster, numbered from 0."""
        common = self._common(theta, rule)
        size = self._kernel_size()
        out = np.zeros((int(cluster.max()) + 1, size))
        for first, last in self._ranges(4 * _MOST_RANGES):
            scores = np.zeros((size, last - first))
            score_products(
                first, last, self.panel.rows, *common, True, size, np.zeros((0, 0)), scores,
                np.zeros_like(common[1]), np.zeros_like(common[2]),
            )  # fmt: skip
            np.add.at(out, cluster[first:last], scores.T)
        return out @ self._to_parameters().T

    @cached_property
    def packed(self) -> PackedCells:
        """The panel's cells, put together when they are first needed."""
        return pack(self.panel, self._threads)

    @property
    def _threads(self) -> int:
        return self.threads or EngineSettings.from_environment().threads

    def _common(
        self, theta: Array, rule: QuadratureRule
    ) -> tuple[Any, Any, Any, Any, Any, Any, Any, Any]:
        """What kernels of information and scores are handed alike, after the rows."""
        table, root = self._unpack(theta)
        nodes = lay_out(rule.order, self.covariance.effects)
        cells = self.packed.cells
        return cells, table, root, self.modes, self.enough, nodes, self.equations, self._numbers()

    def _numbers(self) -> NDArray[np.int64]:
        """For every position its number among the free ones, or −1."""
        numbers = np.full(len(self.panel.positions), -1, dtype=np.int64)
        numbers[self.free] = np.arange(self.free.size)
        return numbers

    def _kernel_size(self) -> int:
        return self.coefficients + self.equations * self.covariance.effects

    def _to_parameters(self) -> Array:
        """From the kernel's order (position, then equation; all of L) to the parameters."""
        turn = np.zeros((self.parameters, self._kernel_size()))
        for j in range(self.equations):
            for p in range(self.free.size):
                turn[j * self.free.size + p, p * self.equations + j] = 1.0
        turn[self.coefficients :, self.coefficients :] = self.covariance.basis.T
        return turn

    def _unpack(self, theta: Array) -> tuple[Array, Array]:
        width = max(2, self.equations)
        table = np.zeros((len(self.panel.positions), width))
        if self.equations == 1:
            table[0, 1] = NEVER
        beta = theta[: self.coefficients].reshape(self.equations, -1)
        table[self.free, : self.equations] = beta.T
        root = np.zeros((width, self.covariance.effects))
        if self.covariance.effects:
            root[: self.equations] = self.covariance.root(theta[self.coefficients :])
        return self.packed.table(table), root

    def _ranges(self, most: int = _MOST_RANGES) -> list[tuple[int, int]]:
        persons = self.panel.persons
        count = max(1, min(most, persons // _LEAST_PERSONS))
        ends = [persons * k // count for k in range(count + 1)]
        return list(pairwise(ends))

    def _over_ranges(
        self, work: Callable[[tuple[int, int]], T], ranges: list[tuple[int, int]] | None = None
    ) -> Iterator[T]:
        threads, ranges = self._threads, self._ranges() if ranges is None else ranges
        if threads == 1:
            yield from map(work, ranges)
            return
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(work, ranges)
