"""The likelihood of two nested levels of effects: persons within groups.

A group's likelihood is the integral, over effects v = M w that its persons share, of the product of
their own integrals, in which v shifts the predictors. It is taken by adaptive Gauss–Hermite
quadrature around the mode of the group's posterior (Rabe-Hesketh, Skrondal and Pickles 2005).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from folkestrom.analysis.mobility.estimation.kernels.information import information
from folkestrom.analysis.mobility.estimation.kernels.passes import group_passes, value_and_gradient
from folkestrom.analysis.mobility.estimation.likelihood import Likelihood
from folkestrom.analysis.mobility.estimation.quadrature import QuadratureRule, product_rule

Array = NDArray[np.float64]
#: Of each range of groups, the gradients of these: in the coefficients of cells, and in L.
Means = list[tuple[Array, Array]]

#: Groups, and the part of the persons, that a thread takes at a time.
_MOST_GROUPS, _MOST_RANGES = 64, 128
#: Steps to a group's mode at the most; how long they are on the logit scale.
_TURNS, _LONGEST = 60, 1.0
#: What is left of persons' log densities at their modes: of a large group, noise that adds up.
_PRECISE = 1e-9
#: How far apart gradients are taken for second derivatives.
_APART = 1e-3
#: Standard deviations of a group's posterior on the logit scale, below which more points in each
#: dimension than these change hardly anything; for the observed information fewer suffice.
_NARROW, _ENOUGH, _INFORMATION = (0.05, 0.2, np.inf), (5, 7, 99), (3, 5, 7)


class _At(NamedTuple):
    """Parameters as the kernels take them, and the root of the groups' covariance."""

    common: tuple[Any, ...]
    over: Array


@dataclass
class NestedLikelihood(Likelihood):
    """As `Likelihood`, of persons in groups; parameters of M come after those of L.

    Attributes
    ----------
    outer
        Points in each dimension for the effects of groups.
    persons
        The likelihood given these effects, of the persons group by group.
    """

    outer: int = 3
    persons: Likelihood = field(init=False)

    def __post_init__(self) -> None:
        groups, persons = self.panel.groups, self.panel.persons
        given = groups.of_person if groups else np.zeros(persons, np.int64)
        numbers = np.unique(given, return_inverse=True)[1]
        self._order = np.argsort(numbers, kind="stable").astype(np.int64)
        #: Where each group's persons begin.
        self._bounds = np.append(0, np.cumsum(np.bincount(numbers))).astype(np.int64)
        in_order = bool(np.all(np.diff(numbers) >= 0))
        self.persons = Likelihood(
            self.panel if in_order else self.panel.take(self._order), self.covariance.of_persons,
            self.free, self.threads, _PRECISE,
        )  # fmt: skip
        self.modes = np.zeros((self._bounds.size - 1, self.covariance.effects))

    def value_and_gradient(self, theta: Array, rule: QuadratureRule) -> tuple[float, Array]:
        """Log-likelihood and its gradient."""
        self.passes += 1
        return self._gradient_of(theta, rule, _ENOUGH)

    def _gradient_of(
        self, theta: Array, rule: QuadratureRule, most: tuple[int, ...]
    ) -> tuple[float, Array]:
        value, of_groups, means = self._integrate(theta, rule, most)
        total = np.sum([part.sum(axis=0) for part, _ in means], axis=0)
        root_total = np.sum([part.sum(axis=0) for _, part in means], axis=0)
        own = self.persons._gradient(total, root_total)
        return value, np.concatenate([own, of_groups.sum(axis=0)])

    def with_products(
        self, theta: Array, rule: QuadratureRule, *, squared: bool = False
    ) -> tuple[float, Array, Array]:
        """Log-likelihood, gradient, and the sum of products of groups' scores."""
        del squared  # Weights are of persons, within a group's one score.
        value, scores = self._scores(theta, rule)
        return value, scores.sum(axis=0), scores.T @ scores

    def cluster_scores(
        self, theta: Array, rule: QuadratureRule, cluster: NDArray[np.int64]
    ) -> Array:
        """Sums of groups' scores within clusters of groups: a row for each cluster."""
        scores = self._scores(theta, rule)[1]
        out = np.zeros((int(cluster.max()) + 1, self.parameters))
        np.add.at(out, cluster[self._order][self._bounds[:-1]], scores)
        return out

    def information(self, theta: Array, rule: QuadratureRule) -> Array:
        """Observed information: Louis' (1982) over the groups' effects; in M from gradients.

        In M his formula is the small difference of what is large where a group has many persons.
        """
        at, k = self._at(theta, rule), self.persons.parameters
        w, logs = self._place(at, _INFORMATION)
        share = softmax(self._pass(at, w, logs)[0] + logs, axis=1)

        def one(span: tuple[int, int]) -> Array:
            return np.sum(
                [self._information_of(g, at, w[g], share[g]) for g in range(*span)], axis=0
            )

        out = np.zeros((self.parameters, self.parameters))
        out[:k, :k] = np.sum(list(self._over_ranges(one, self._ranges_of_groups)), axis=0)
        for m in range(k, self.parameters):
            step = _APART * np.eye(self.parameters)[m]
            ends = [self._gradient_of(theta + by * step, rule, _INFORMATION)[1] for by in (-1, 1)]
            out[m] = (ends[0] - ends[1]) / (2 * _APART)
        out[:k, k:], of_groups = out[k:, :k].T, out[k:, k:]
        out[k:, k:] = (of_groups + of_groups.T) / 2
        return out

    @cached_property
    def _ranges_of_groups(self) -> list[tuple[int, int]]:
        """Neighbouring groups, with about a part of all persons."""
        most, out, first = self._bounds[-1] // _MOST_RANGES, [], 0
        for g in range(1, self._bounds.size):
            full = g - first == _MOST_GROUPS or self._bounds[g] - self._bounds[first] >= most
            if full or g == self._bounds.size - 1:
                out.append((first, g))
                first = g
        return out

    def _at(self, theta: Array, rule: QuadratureRule) -> _At:
        own, over = self.covariance.by_level(theta[self.coefficients :])
        inner = np.concatenate([theta[: self.coefficients], own])
        return _At(self.persons._common(inner, rule), self.persons.covariance.root(over))

    def _pass(self, at: _At, w: Array, logs: Array) -> tuple[Array, Array, Means]:
        """Of all groups, log-likelihoods given some effects (groups × nodes × effects).

        With their derivatives in the shifts, and the gradients' means over the nodes.
        """
        cells, table, root, modes, enough, nodes = at.common[:6]
        shifts = w @ at.over.T
        values, slopes = np.empty(logs.shape), np.empty(shifts.shape)

        def one(span: tuple[int, int]) -> tuple[Array, Array]:
            count = span[1] - span[0]
            total, root_total = np.zeros((count, *table.shape)), np.zeros((count, *root.shape))
            group_passes(
                *span, self._bounds, shifts, logs, cells, table, root, modes, enough, nodes,
                values, slopes, total, root_total,
            )  # fmt: skip
            return total, root_total

        return values, slopes, list(self._over_ranges(one, self._ranges_of_groups))

    def _find_modes(self, at: _At) -> Array:
        """Move w of every group to the mode of its posterior, which has one; returns curvatures.

        Newton, each step no longer than one unit of the logit scale, and halved where it went down.
        """
        w, before, n = self.modes, self.modes.copy(), self.covariance.effects
        near = _APART * np.vstack([np.zeros(n), np.eye(n)])
        best, curvature = np.full(len(w), -np.inf), np.tile(np.eye(n), (len(w), 1, 1))
        for _ in range(_TURNS):
            values, slopes, _ = self._pass(at, w[:, None] + near, np.zeros((len(w), n + 1)))
            value = values[:, 0] - 0.5 * (w**2).sum(axis=1)
            rises = value >= best - 1e-9 * np.abs(best) - self.enough
            slopes = slopes @ at.over
            bent = np.eye(n) + (slopes[:, :1] - slopes[:, 1:]) / _APART
            curvature[rises] = ((bent + bent.swapaxes(1, 2)) / 2)[rises]
            down = slopes[:, 0] - w
            step = np.linalg.solve(curvature, down[:, :, None])[:, :, 0]
            length = np.abs(step @ at.over.T).max(axis=1, initial=0.0)
            step /= np.maximum(length / _LONGEST, 1.0)[:, None]
            tried = np.where(rises[:, None], w + step, (before + w) / 2)
            before, best = np.where(rises[:, None], w, before), np.where(rises, value, best)
            w = tried
            if rises.all() and (step * down).sum(axis=1).max() < self.enough:
                break
        self.modes = w
        return curvature

    def _place(self, at: _At, most: tuple[int, ...]) -> tuple[Array, Array]:
        """Nodes around each group's mode, and logarithms of their weights in the integral.

        Groups with fewer nodes than others have some without weight.
        """
        curvature, n = self._find_modes(at), self.covariance.effects
        axes = np.sqrt(2.0) * np.linalg.inv(np.linalg.cholesky(curvature))
        volume = np.linalg.slogdet(axes)[1] - n / 2 * np.log(2 * np.pi)
        spread = np.sqrt(((axes @ at.over.T) ** 2).sum(axis=1).max(axis=1) / 2)
        points = np.minimum(self.outer, np.array(most)[np.searchsorted(_NARROW, spread, "right")])
        rules = {int(order): product_rule(int(order), n) for order in np.unique(points)}
        size = max(rule.nodes for rule in rules.values())
        w, logs = np.zeros((len(points), size, n)), np.full((len(points), size), -np.inf)
        for order, rule in rules.items():
            index, these = rule.index[:, : rule.nodes], np.flatnonzero(points == order)
            x = rule.points[index]
            w[these, : rule.nodes] = np.einsum("dq,gde->gqe", x, axes[these])
            weights = rule.log_weights[index].sum(axis=0) + (x**2).sum(axis=0)
            logs[these, : rule.nodes] = weights + volume[these, None]
        w += self.modes[:, None]
        return w, logs - 0.5 * (w**2).sum(axis=2)

    def _integrate(
        self, theta: Array, rule: QuadratureRule, most: tuple[int, ...]
    ) -> tuple[float, Array, Means]:
        """Log-likelihood, groups' scores in the parameters of M, other means of gradients."""
        at = self._at(theta, rule)
        w, logs = self._place(at, most)
        values, slopes, means = self._pass(at, w, logs)
        whole = values + logs
        share = softmax(whole, axis=1)
        entries = np.einsum("gq,gqj,gqk->gjk", share, slopes, w)
        of_groups = entries.reshape(len(w), -1) @ self.covariance.basis
        return float(logsumexp(whole, axis=1).sum()), of_groups, means

    def _scores(self, theta: Array, rule: QuadratureRule) -> tuple[float, Array]:
        """Log-likelihood, and each group's score."""
        value, of_groups, means = self._integrate(theta, rule, _ENOUGH)
        own = [self.persons._gradient(*pair) for part in means for pair in zip(*part, strict=True)]
        return value, np.hstack([np.array(own), of_groups])

    def _information_of(self, g: int, at: _At, w: Array, share: Array) -> Array:
        """Its persons', given its effects, in the mean, less the scores' covariance."""
        cells, table, root, modes, enough, nodes, equations, numbers = at.common
        span, rows = (int(self._bounds[g]), int(self._bounds[g + 1])), self.persons.panel.rows
        size = self.persons._kernel_size()
        mean, scores, weighed = np.zeros((size, size)), [], share > 0
        for one, part in zip(w[weighed], share[weighed], strict=True):
            shifted, made = table.copy(), np.zeros((size, size))
            shifted[0, :equations] += at.over @ one
            information(
                *span, rows, cells, shifted, root, modes, enough, nodes, equations, numbers, made
            )
            mean += part * made
            total, root_total = np.zeros_like(table), np.zeros_like(root)
            value_and_gradient(*span, cells, shifted, root, modes, enough, nodes, total, root_total)
            scores.append(self.persons._gradient(total, root_total))
        share, turn = share[weighed], self.persons._to_parameters()
        apart = np.array(scores) - share @ np.array(scores)
        return np.asarray(turn @ mean @ turn.T - (apart.T * share) @ apart)
