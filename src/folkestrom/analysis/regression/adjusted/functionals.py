"""Shares of a population as functions of hazards: their values, derivatives and covariances.

The share of those who have had no event by t is S = Σ v exp(−Σ H_c), over profiles of weight v
with the cumulative hazards H_c = r_c Λ_c of each cause; that of those who have had cause a is
F = Σ v Σ_{s≤t} S(s−) (1 − exp(−h(s))) h_a(s) / h(s), with h the steps of H: the two add up to 1
(the exponential of the matrix of hazards). Their derivatives by a step of a baseline at s ≤ t,
and those of integrals of them until a time, have the form U(s) − W(t). Sums over s, for all t,
are therefore sums of U σ², U² σ² and σ², with σ² the variance of a step (Andersen & Gill 1982);
errors of coefficients come in by the derivative that includes what they do to the baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.analysis.regression.adjusted.population import Population
from folkestrom.analysis.regression.cox import CoxFit
from folkestrom.errors import ResourceError, UsageError

Floats: TypeAlias = npt.NDArray[np.float64]
Numbers: TypeAlias = npt.NDArray[np.int64]
#: Of arrays of profiles × times; and exponentials at most.
_CELLS, _MOST_CELLS = 1 << 20, 1 << 34
#: Logarithms of hazard ratios as far as this are numbers.
_FARTHEST = 700.0


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """The baseline hazard of a fit at times that several may share; arrays begin with strata.

    Attributes
    ----------
    fit
        The fit.
    place
        Of each of its times among those shared.
    step
        Stratum × time: increments.
    spread
        Stratum × time: variances of increments, at given coefficients.
    drift
        Stratum × time × coefficient: how increments fall with the coefficients.
    """

    fit: CoxFit
    place: Numbers
    step: Floats
    spread: Floats
    drift: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Derivative:
    """Of a share, by one baseline and its coefficients; arrays begin with level.

    Attributes
    ----------
    own, until
        Level × stratum × time: U and W of the module's text.
    direct
        Level × time × coefficient, the baseline being given.
    """

    own: Floats
    until: Floats
    direct: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """A share of the population at each level and time, with what its errors need.

    Attributes
    ----------
    outcome
        What it is the share of.
    times
        The times.
    value
        Level × time.
    baselines, derivatives
        One for each cause.
    start
        The share before all times: of those without an event 1, of a cause 0.
    """

    outcome: str
    times: Floats
    value: Floats
    baselines: tuple[Baseline, ...]
    derivatives: tuple[Derivative, ...]
    start: float

    def covariance(self, wanted: Numbers) -> Floats:
        """Time × level × level, at times given by their numbers."""
        cluster = self.baselines[0].fit.cluster
        if cluster is not None:
            return self._robust(cluster, wanted)
        found = 0.0
        for base, by in zip(self.baselines, self.derivatives, strict=True):
            own = np.einsum("gst,hst,st->tgh", by.own, by.own, base.spread)
            one = np.cumsum(by.own * base.spread, axis=2)[:, :, wanted]
            none = np.cumsum(base.spread, axis=1)[:, wanted]
            until = by.until[:, :, wanted]
            crossed = np.einsum("gst,hst->tgh", one, until)
            found = found + np.cumsum(own, axis=0)[wanted] - crossed - crossed.swapaxes(1, 2)
            found = found + np.einsum("gst,hst,st->tgh", until, until, none)
            slope = _slope(base, by, wanted)
            found = found + np.einsum("gti,ij,htj->tgh", slope, base.fit.held(base.fit.vcov), slope)
        return np.asarray(found)

    def integrated(self, until: float) -> Shares:
        """Integrals until a time, which is the only one of the answer's that they are for."""
        length = np.diff(np.minimum(np.append(self.times, until), until))
        rest = np.maximum(until - self.times, 0.0)
        inside = self.times < until

        def integral(values: Floats, axis: int) -> Floats:
            shape = [1] * values.ndim
            shape[axis] = -1
            return np.cumsum(values * (length * inside).reshape(shape), axis=axis)

        def over(by: Derivative) -> Derivative:
            total = integral(by.until, 2)
            before = np.concatenate([np.zeros_like(total[:, :, :1]), total[:, :, :-1]], axis=2)
            return Derivative(by.own * rest + before, total, integral(by.direct, 1))

        first = min(self.times[0], until) * self.start
        return replace(
            self,
            value=first + integral(self.value, 1),
            derivatives=tuple(map(over, self.derivatives)),
        )

    def _robust(self, cluster: Numbers, wanted: Numbers) -> Floats:
        """From what each cluster adds to baselines and coefficients, squared and added up."""
        count = int(cluster.max()) + 1
        found = np.zeros((len(wanted), len(self.value), len(self.value)))
        scores = [_moves(base.fit, cluster) for base in self.baselines]
        for k, t in enumerate(wanted):
            moved = np.zeros((count, len(self.value)))
            for base, by, moves in zip(self.baselines, self.derivatives, scores, strict=True):
                moved += moves @ _slope(base, by, np.array([t]))[:, 0].T
                partial, state = base.fit.partial, base.fit.state
                rows = cluster[partial.sets.rows]
                strata = partial.sets.stratum_of_time
                for g in range(len(moved.T)):
                    by_step = by.own[g][strata, base.place] - by.until[g, strata, t]
                    over = np.where(base.place <= t, by_step, 0.0) / state.at_risk
                    moved[:, g] += np.bincount(rows, partial.residuals(state, over), count)
            found[k] = moved.T @ moved
        return found


def _moves(fit: CoxFit, cluster: Numbers) -> Floats:
    """Cluster × coefficient: what each cluster adds to the estimates."""
    return np.asarray(fit.partial.scores(fit.state, cluster) @ fit.held(fit.naive_vcov))


def _slope(base: Baseline, by: Derivative, wanted: Numbers) -> Floats:
    """Level × time × coefficient: derivatives, with what coefficients do to the baseline."""
    whole = np.cumsum(base.drift, axis=1)[:, wanted]
    own = np.cumsum(np.einsum("gst,sti->gti", by.own, base.drift), axis=1)[:, wanted]
    found = by.direct[:, wanted] - own + np.einsum("gst,sti->gti", by.until[:, :, wanted], whole)
    return np.asarray(found)


def baselines_of(fits: Sequence[CoxFit]) -> tuple[Floats, tuple[Baseline, ...]]:
    """Times of events of any of the fits, and the baseline of each at these.

    Parameters
    ----------
    fits
        The models.
    """
    times = np.unique(np.concatenate([f.partial.sets.time for f in fits])).astype(np.float64)
    found = []
    for fit in fits:
        sets, state = fit.partial.sets, fit.state
        place = np.searchsorted(times, sets.time)
        strata = sets.stratum_of_time
        size = (max(len(fit.strata), 1), len(times))
        step, spread, drift = np.zeros(size), np.zeros(size), np.zeros((*size, fit.theta.size))
        step[strata, place] = state.hazard[:, 0]
        spread[strata, place] = state.square[:, 0] / state.at_risk**2
        drift[strata, place] = fit.partial.means_at_risk(state)
        found.append(Baseline(fit, place, step, spread, drift))
    return times, tuple(found)


def shares_of(
    population: Population, fits: Sequence[CoxFit], outcomes: Sequence[str], *, falling: bool = True
) -> list[Shares]:
    """The share without an event, and that of each cause, at each level.

    Parameters
    ----------
    population
        What is averaged over.
    fits
        One for each cause; or one.
    outcomes
        Names: of the share without an event first, then of the causes in the order of the fits.
    falling
        False: of one fit, one less the share without an event, by the name of its cause.
    """
    times, baselines = baselines_of(fits)
    levels = population.levels or (None,)
    _refuse_large(len(levels) * len(population.weight) * len(times) * len(outcomes))
    empty = [_Sums(baselines, len(levels), len(times)) for _ in outcomes]
    for g, level in enumerate(levels):
        values = [population.values(fit, level) for fit in fits]
        ratios = [
            _ratios(x @ fit.state.theta - fit.state.shift, fit)
            for fit, (x, _) in zip(fits, values, strict=True)
        ]
        strata = np.column_stack([s for _, s in values])
        for combination in np.unique(strata, axis=0):
            rows = np.flatnonzero((strata == combination).all(axis=1))
            for part in np.array_split(rows, max(1, len(rows) * len(times) // _CELLS)):
                block = _Block(
                    population.weight[part],
                    [r[part] for r in ratios],
                    [x[part] for x, _ in values],
                    [b.step[s] for b, s in zip(baselines, combination, strict=True)],
                )
                for k, sums in enumerate(empty):
                    sums.add(g, combination, block, k - 1 if k else None)
    if not falling:
        empty[0].turn()
    return [
        Shares(name, times, s.value, baselines, tuple(s.derivatives), float(falling and not k))
        for k, (name, s) in enumerate(zip(outcomes, empty, strict=True))
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Profiles of one level and stratum: weights, and for each cause ratios, covariates, steps."""

    weight: Floats
    ratios: list[Floats]
    values: list[Floats]
    steps: list[Floats]


def _ratios(predictor: Floats, fit: CoxFit) -> Floats:
    """Hazard ratios; refuses values so far from those of the fit that there is none."""
    if not (np.abs(predictor) < _FARTHEST).all():
        raise UsageError(
            "has values so far outside of the fit's that hazard ratios have no size",
            where="population",
            value=", ".join(fit.params_),
        )
    ratios: Floats = np.exp(predictor)
    return ratios


class _Sums:
    """Sums over profiles."""

    def __init__(self, baselines: Sequence[Baseline], levels: int, times: int) -> None:
        self.value = np.zeros((levels, times))
        self.derivatives = [
            Derivative(
                np.zeros((levels, len(b.step), times)),
                np.zeros((levels, len(b.step), times)),
                np.zeros((levels, times, b.drift.shape[2])),
            )
            for b in baselines
        ]

    def turn(self) -> None:
        """One less the share."""
        self.value = 1.0 - self.value
        self.derivatives = [Derivative(d.own, -d.until, -d.direct) for d in self.derivatives]

    def add(self, g: int, strata: Numbers, block: _Block, cause: int | None) -> None:
        """Add profiles at a level."""
        v = block.weight
        steps = [r[:, None] * s for r, s in zip(block.ratios, block.steps, strict=True)]
        h = sum(steps, np.zeros((len(v), self.value.shape[1])))
        left = np.exp(-np.cumsum(h, axis=1))
        if cause is None:
            self.value[g] += v @ left
            for by, s, r, x, step in zip(
                self.derivatives, strata, block.ratios, block.values, block.steps, strict=True
            ):
                by.until[g, s] += (v * r) @ left
                by.direct[g] -= (((v * r)[:, None] * left).T @ x) * np.cumsum(step)[:, None]
            return
        before = np.exp(-(np.cumsum(h, axis=1) - h))
        some = h > 0
        mean = np.divide(-np.expm1(-h), h, out=np.ones_like(h), where=some)
        falling = np.divide(np.exp(-h) - mean, h, out=np.full_like(h, -0.5), where=some)
        had = np.cumsum(before * mean * steps[cause], axis=1)
        self.value[g] += v @ had
        common = before * falling * steps[cause] + had
        for c, (by, s, r, x) in enumerate(
            zip(self.derivatives, strata, block.ratios, block.values, strict=True)
        ):
            own = common + before * mean if c == cause else common
            by.own[g, s] += (v * r) @ own
            by.until[g, s] += (v * r) @ had
            toward = np.cumsum(steps[c] * own, axis=1) - had * np.cumsum(steps[c], axis=1)
            by.direct[g] += (v[:, None] * toward).T @ x


def _refuse_large(cells: int) -> None:
    if cells > _MOST_CELLS:
        raise ResourceError(
            f"needs {cells / 1e9:.0f} thousand million exponentials: one for each combination of "
            "covariates at each time of an event",
            where="population",
            next_step="Take a sample of it, round its numbers, or count time in months.",
        )
