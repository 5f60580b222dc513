"""Cox's partial likelihood: its value, gradient, information and robust variance."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.analysis.regression.design_matrix import in_parts, indicators
from folkestrom.analysis.regression.partial_likelihood_kernels import (
    add_up_risk,
    at_risk_by_time,
    cluster_products,
    exact_ties,
    hazards_by_time,
    residuals,
    sweep,
)
from folkestrom.analysis.regression.risk_sets import RiskSets, thinned
from folkestrom.errors import ResourceError

Floats: TypeAlias = npt.NDArray[np.float64]

#: Multiplications of an exact likelihood with its second derivatives: minutes.
_MOST_STEPS = 3e10
#: Bytes of tables of times × coefficients.
_MOST_BYTES = 2 << 30


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """The likelihood at some coefficients.

    Attributes
    ----------
    theta
        The coefficients.
    value, gradient
        The log-likelihood and its first derivatives.
    risk
        By row: weight × hazard ratio, up to a factor that all share.
    expected
        By row: weight × events expected of it.
    at_risk, following, anew
        By time: sum of risks, that of tails alone, and whether digits would have been lost.
    hazard, square
        By time, as the kernels have them; squares times the square of those at risk.
    shift
        Log of the factor.
    """

    theta: Floats
    value: float
    gradient: Floats
    risk: Floats
    expected: Floats
    at_risk: Floats
    following: Floats
    anew: npt.NDArray[np.bool_]
    hazard: Floats
    square: Floats
    shift: float


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """The partial likelihood of rows.

    Attributes
    ----------
    sets
        The rows.
    efron
        Whether ties are taken by Efron's approximation, or by Breslow's.
    own
        By row: the weight of its event, or 0.
    """

    sets: RiskSets
    efron: bool
    own: Floats = field(init=False)

    def __post_init__(self) -> None:
        event = self.sets.event.astype(np.float64)
        own = event * self.sets.weight if len(self.sets.weight) else event
        object.__setattr__(self, "own", own)

    @property
    def together(self) -> int:
        """How many rows there are, at most, whose events are told together."""
        return 1

    @property
    def events(self) -> float:
        """Weight of the rows with an event."""
        return float(self.own.sum())

    def at(self, theta: Floats) -> State:
        """The likelihood at coefficients."""
        s = self.sets
        predictor = s.design.predictor(theta)
        shift = float(predictor.max())
        risk = np.exp(predictor - shift)
        if len(s.weight):
            risk *= s.weight
        entering, leaving, following, at_risk = np.zeros((4, s.times))
        events, anew = np.zeros((s.times, 3)), np.zeros(s.times, np.bool_)
        rows = (s.first, s.last, s.event, risk, s.weight, s.tail)
        add_up_risk(*rows, entering, leaving, following, events)
        sums = (entering, leaving, following, s.fading, at_risk, anew)
        at_risk_by_time(s.starts, s.first, s.last, risk, *sums)
        hazard, square = np.zeros((s.times, 2)), np.zeros((s.times, 3))
        value = float(self.own @ (predictor - shift))
        with np.errstate(all="ignore"):
            value -= hazards_by_time(at_risk, events, self.efron, hazard, square)
        expected = self._expected(risk, hazard, hazard)
        return State(
            theta=theta,
            value=value,
            gradient=s.design.sums(self.own - expected),
            risk=risk,
            expected=expected,
            at_risk=at_risk,
            following=following,
            anew=anew,
            hazard=hazard,
            square=square,
            shift=shift,
        )

    def information(self, state: State, over: Floats | None = None) -> Floats:
        """Minus the second derivatives; each time's part times `over`, where that is given."""
        s = self.sets
        times = np.ones(s.times) if over is None else over
        expected = state.expected if over is None else self._expected(
            state.risk, state.hazard * times[:, None], state.hazard
        )  # fmt: skip
        whole = s.design.products(expected)
        half = self._swept(state, times, np.zeros((2, 0, s.design.size)))
        return whole - (half + np.tril(half, -1).T)

    def score(self, state: State, over: Floats) -> Floats:
        """First derivatives, with each time's part multiplied."""
        return self.sets.design.sums(self.residuals(state, over))

    def residuals(self, state: State, over: Floats) -> Floats:
        """By row: events less expected ones, with each time's part multiplied."""
        s = self.sets
        own = self.own * np.where(s.event, over[np.maximum(s.last, 1) - 1], 0.0)
        return own - self._expected(state.risk, state.hazard * over[:, None], state.hazard)

    def meat(self, state: State, cluster: npt.NDArray[np.int64]) -> Floats:
        """Products of score residuals, added up within clusters.

        Parameters
        ----------
        state
            The likelihood at the estimates.
        cluster
            By row of the table: the number of its cluster, from 0.
        """
        return self._by_cluster(state, cluster, 0)[0]

    def scores(self, state: State, cluster: npt.NDArray[np.int64]) -> Floats:
        """Cluster × coefficient: score residuals, added up within clusters.

        Parameters
        ----------
        state, cluster
            As of `meat`.
        """
        return self._by_cluster(state, cluster, int(cluster.max()) + 1)[1]

    def _by_cluster(
        self, state: State, cluster: npt.NDArray[np.int64], kept: int
    ) -> tuple[Floats, Floats]:
        s = self.sets
        x, means = s.design, self._means(state)
        own = cluster[s.rows]
        order = np.argsort(own, kind="stable")
        begins = np.flatnonzero(np.diff(own[order], prepend=-1))
        edges = np.append(begins, len(order))
        rows = (s.first, s.last, s.end, s.event, state.risk, s.weight, s.tail)
        residual = self.own - state.expected
        sizes = self._sums(state.hazard)
        scores = np.zeros((kept, s.design.size))

        def fill(part: tuple[int, int]) -> Floats:
            found = np.zeros((s.design.size, s.design.size))
            bounds = (int(edges[part[0]]), int(edges[part[1]]))
            cluster_products(
                bounds, order, own, *rows, residual,
                x.codes, x.place, x.numbers, x.slope, s.fading, sizes, means, found, scores
            )  # fmt: skip
            return found

        half = reduce(np.add, in_parts(len(begins), fill))
        return half + np.tril(half, -1).T, scores

    def sample(self, every: int) -> Partial:
        """The likelihood of every so many rows: those at risk at all times are thinned alike."""
        return Partial(thinned(self.sets, every), self.efron)

    def means_at_risk(self, state: State) -> Floats:
        """Time × coefficient: hazard increments × mean covariates of those at risk."""
        return np.asarray(self._means(state)[4, :-1])

    def _expected(self, risk: Floats, hazard: Floats, whole: Floats) -> Floats:
        """Expected events by hazards that may be a multiple of the whole ones."""
        s = self.sets
        expected = np.empty(len(risk))
        rows = (s.first, s.last, s.end, s.event, risk, s.tail, s.fading)
        sums = self._sums(hazard)
        residuals(*rows, hazard, sums, sums if hazard is whole else self._sums(whole), expected)
        return expected

    def _sums(self, hazard: Floats) -> Floats:
        """Hazards before each time, added up, and the same times fading."""
        fading = self.sets.fading
        sums = np.zeros((2, len(hazard) + 1))
        np.cumsum(hazard[:, 0], out=sums[0, 1:])
        if len(fading):
            np.cumsum(hazard[:, 0] * fading, out=sums[1, 1:])
        return sums

    def _swept(self, state: State, over: Floats, means: Floats) -> Any:
        s = self.sets
        x, half = s.design, np.zeros((s.design.size, s.design.size))
        sweep(
            s.starts, s.first, s.last, s.event, state.risk, s.tail, s.fading, s.late,
            x.codes, x.place, x.numbers, x.slope, state.square, state.at_risk, state.following,
            state.anew, over, half, means,
        )  # fmt: skip
        return half

    def _means(self, state: State) -> Floats:
        """5 × time × coefficient, as `cluster_products` takes them."""
        s = self.sets
        size = 7 * 8 * s.times * s.design.size
        if size > _MOST_BYTES:
            raise ResourceError(
                f"{s.times} times of events × {s.design.size} coefficients need more than "
                f"{_MOST_BYTES >> 30} GiB",
                where="robust standard errors",
                next_step="Count time in days, or in months.",
            )
        sums = np.zeros((2, s.times, s.design.size))
        self._swept(state, np.zeros(s.times), sums)
        whole, tied = sums
        h, q = state.hazard, state.square
        own = np.bincount(s.last[s.event] - 1, self.own[s.event], minlength=s.times)
        found = np.zeros((5, s.times + 1, s.design.size))
        over = 1 / state.at_risk[:, None]
        found[4, :-1] = steps = (q[:, :1] * whole - q[:, 1:2] * tied) * over
        np.cumsum(steps, axis=0, out=found[0, 1:])
        if len(s.fading):
            np.cumsum(steps * s.fading[:, None], axis=0, out=found[1, 1:])
        found[2, :-1] = (h[:, :1] * whole - h[:, 1:] * tied) / over / own[:, None]
        found[3, :-1] = (q[:, 1:2] * whole - q[:, 2:] * tied) * over
        return found


class ExactPartial(Partial):
    """The partial likelihood in which who of those at risk had the events is told exactly."""

    @property
    def together(self) -> int:
        """The most events at one time."""
        return int(self._tied().max())

    def check_size(self, where: str) -> None:
        """Refuse what would take too long.

        Parameters
        ----------
        where
            The function.
        """
        s = self.sets
        come = np.bincount(s.first, minlength=s.times + 1)
        gone = np.bincount(s.last, minlength=s.times + 1)
        at_risk = np.cumsum(come - gone)[: s.times]
        tied = self._tied()
        # Where all at risk have the event there is nothing to tell.
        steps = float((at_risk * tied * (tied < at_risk)).sum()) * (1 + s.design.size) ** 2 / 2
        if steps > _MOST_STEPS:
            raise ResourceError(
                f"exact ties need {steps:.1g} steps: up to {self.together} events at one time, "
                f"of {int(at_risk.max())} at risk",
                where=where,
                next_step="Take ties='efron', or count time in smaller units.",
            )

    def at(self, theta: Floats) -> State:
        """The likelihood at coefficients; whatever else a state has is Breslow's."""
        value, gradient, _ = self._exact(theta, second=False)
        return replace(super().at(theta), value=value, gradient=gradient)

    def information(self, state: State, over: Floats | None = None) -> Floats:  # noqa: ARG002
        """Minus the second derivatives; of all times, since `check_hazards` lets no other ask."""
        half = self._exact(state.theta, second=True)[2]
        return np.asarray(half + np.tril(half, -1).T)

    def _tied(self) -> npt.NDArray[np.int64]:
        s = self.sets
        return np.bincount(s.last[s.event] - 1, minlength=s.times)

    def _exact(self, theta: Floats, *, second: bool) -> tuple[float, Floats, Floats]:
        s = self.sets
        x = s.design
        values = indicators(x.codes, x.place, x.size)
        values[:, x.slope] = x.numbers
        gradient, information = np.zeros(x.size), np.zeros((x.size, x.size))
        predictor = x.predictor(theta)
        rows = (s.first, s.last, s.event, predictor, values)
        return exact_ties(*rows, second, gradient, information), gradient, information
