"""Adjusted curves: survival and incidence as a regression has them, averaged over a population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.analysis.followup.curves import Curve, Curves, Interval, Scale, bounds
from folkestrom.analysis.followup.differences import Differences, reference_of
from folkestrom.analysis.regression.adjusted.functionals import Shares, shares_of
from folkestrom.analysis.regression.adjusted.population import population_of
from folkestrom.analysis.regression.cox import CoxFit
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.names import check_code

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AdjustedCurves(Curves):
    """Curves of each level of a variable, had all of a population had that level.

    Parameters
    ----------
    curves
        One a level and outcome; group is the level.
    shares
        What they were made from, one an outcome.
    levels
        Names of the levels.
    until
        The last time of follow-up.
    """

    shares: tuple[Shares, ...]
    levels: tuple[str, ...]
    until: float

    def differences(
        self,
        at: float,
        *,
        outcome: str | None = None,
        reference: str | None = None,
        level: float = 0.95,
    ) -> Differences:
        """Differences and ratios between levels at a time.

        Parameters
        ----------
        at
            The time, within the follow-up.
        outcome
            survival or a cause; may be left out where there is one.
        reference
            The level that others are compared with; the first by default.
        level
            Coverage of the intervals.
        """
        check_arguments(AdjustedCurves.differences, locals())
        shares = self._of(outcome)
        number = self._comparable(at, reference)
        place = int(np.searchsorted(shares.times, at, side="right")) - 1
        method = f"adjusted {shares.outcome}"
        if place < 0:
            start = np.full(len(self.levels), shares.start)
            none = np.zeros((len(start), len(start)))
            return Differences(method, at, self.levels, number, start, none, level)
        covariance = shares.covariance(np.array([place]))[0]
        value = shares.value[:, place]
        return Differences(method, at, self.levels, number, value, covariance, level)

    def restricted_means(
        self,
        until: float,
        *,
        outcome: str | None = None,
        reference: str | None = None,
        level: float = 0.95,
    ) -> Differences:
        """Areas under the curves, from 0 to a time, and their differences and ratios.

        Of survival the mean time that is lived without an event; of a cause the mean time since
        it, which is lost by it.

        Parameters
        ----------
        until
            The time, within the follow-up.
        outcome, reference, level
            As of `differences`.
        """
        check_arguments(AdjustedCurves.restricted_means, locals())
        shares = self._of(outcome)
        number = self._comparable(until, reference)
        areas = shares.integrated(until)
        last = max(int(np.searchsorted(shares.times, until, side="right")) - 1, 0)
        covariance = areas.covariance(np.array([last]))[0]
        method = f"adjusted restricted mean, {shares.outcome}"
        value = areas.value[:, last]
        return Differences(method, until, self.levels, number, value, covariance, level)

    def _of(self, outcome: str | None) -> Shares:
        known = [s.outcome for s in self.shares]
        if outcome is None and len(known) > 1:
            raise UsageError("is not said", where="outcome", allowed=known)
        name = known[0] if outcome is None else outcome
        return self.shares[known.index(check_code(name, known, "has no curve", where="outcome"))]

    def _comparable(self, at: float, reference: str | None) -> int:
        if len(self.levels) < 2:
            raise UsageError(
                "has not two levels to be compared", where="by",
                next_step="Name a variable of the model when the curves are made: by=….",
            )  # fmt: skip
        if not 0 < at <= self.until:
            raise UsageError(
                "is no time within the follow-up", where="at", value=at,
                allowed=f"above 0, up to {self.until:g}",
            )  # fmt: skip
        return reference_of(self.levels, reference)


def adjusted_survival(
    fit: CoxFit | Mapping[str, CoxFit],
    population: Any,
    *,
    by: str | None = None,
    levels: Sequence[str | float] | None = None,
    weight: str | None = None,
    at: Sequence[float] | None = None,
    interval: Interval = "log-log",
    level: float = 0.95,
) -> AdjustedCurves:
    """Survival by Cox's regression, averaged over a population (Makuch 1982; Chang & al. 1982).

    The population is one and the same for each level of `by`: what the curves differ by is not that
    other covariates differ. They are what would happen if the level were changed only where all
    that goes with both the level and the event is in the model (Robins 1986). Standard errors are
    of the baseline and the coefficients together; the population counts as known. Those of fits
    with robust errors are robust, by the same clusters.

    Parameters
    ----------
    fit
        What `cox` returned; several, by the names of their causes, give survival from all of them.
    population
        A table with the covariates and strata of the fit, such as the data itself.
    by, levels
        The variable whose levels are compared (a covariate, or that of the strata), and its
        values; all levels of a factor by default. Without it there is one curve.
    weight
        A column of the population.
    at
        Times of the curves; all times of events by default. Robust errors take a pass over the rows
        for each.
    interval, level
        As of `kaplan_meier`.

    Examples
    --------
    >>> from folkestrom.analysis.regression import cox
    >>> data = {"days": [5, 8, 9, 12, 14, 20], "left": [1, 1, 0, 1, 1, 0],
    ...         "age": [30, 50, 40, 45, 20, 60],
    ...         "place": ["urban", "urban", "rural", "rural", "urban", "rural"]}
    >>> fit = cox(data, stop="days", event="left", covariates=["place", "age"])
    >>> curves = adjusted_survival(fit, data, by="place", at=[8, 14])
    >>> [curve.estimate.round(3).tolist() for curve in curves]
    [[0.903, 0.664], [0.467, 0.062]]
    >>> curves.differences(14).to("polars")["difference"].round(3).to_list()
    [None, -0.601]
    """
    check_arguments(adjusted_survival, locals())
    fits = dict(fit) if isinstance(fit, Mapping) else {"event": fit}
    _check(fits, subdistribution=False)
    wanted = _Wanted(population, by, levels, weight, at, Scale(interval, level))
    return wanted.curves(list(fits.values()), ["survival"])


def adjusted_incidence(
    fits: CoxFit | Mapping[str, CoxFit],
    population: Any,
    *,
    by: str | None = None,
    levels: Sequence[str | float] | None = None,
    weight: str | None = None,
    at: Sequence[float] | None = None,
    interval: Interval = "log-log",
    level: float = 0.95,
) -> AdjustedCurves:
    """Cumulative incidence by regressions, averaged over a population.

    From Cox's regressions of the hazard of every cause the incidences of all of them, and survival,
    which add up to 1 (Benichou & Gail 1990; Ozenne & al. 2020 have the same with errors by
    influence functions). Or from Fine and Gray's regression the one of its cause.

    Parameters
    ----------
    fits
        What `cox` returned for each cause, by its name; or what `fine_gray` returned.
    population, by, levels, weight, at, interval, level
        As of `adjusted_survival`.

    Examples
    --------
    >>> from folkestrom.analysis.regression import cox
    >>> data = {"days": [3, 5, 8, 9, 12, 14, 20, 22], "age": [3, 5, 4, 2, 6, 4, 3, 5],
    ...         "end": ["left", "died", "left", None, "left", "died", "died", None]}
    >>> fits = {name: cox(data, stop="days", event="end", cause=name, covariates=["age"])
    ...         for name in ("left", "died")}
    >>> [(c.outcome, float(c.at(14).round(3))) for c in adjusted_incidence(fits, data)]
    [('survival', 0.366), ('left', 0.37), ('died', 0.264)]
    """
    check_arguments(adjusted_incidence, locals())
    wanted = _Wanted(population, by, levels, weight, at, Scale(interval, level))
    if isinstance(fits, CoxFit):
        _check({"the fit": fits}, subdistribution=True)
        return wanted.curves([fits], [fits.outcome], falling=False)
    _check(fits, subdistribution=False)
    return wanted.curves(list(fits.values()), ["survival", *fits])


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was asked for."""

    population: Any
    by: str | None
    levels: Sequence[str | float] | None
    weight: str | None
    at: Sequence[float] | None
    scale: Scale

    def curves(
        self, fits: list[CoxFit], outcomes: list[str], *, falling: bool = True
    ) -> AdjustedCurves:
        """The curves of some fits; `falling` as of `shares_of`."""
        taken = population_of(self.population, fits, self.by, self.levels, self.weight)
        shares = shares_of(taken, fits, outcomes, falling=falling)
        until = max(float(f.spells.stop.max()) for f in fits)
        times = shares[0].times
        at = times if self.at is None else np.unique(np.asarray(self.at, np.float64))
        if not len(at) or at[0] < 0 or at[-1] > until:
            raise UsageError(
                "are no times within the follow-up", where="at", value=self.at,
                allowed=f"0 to {until:g}",
            )  # fmt: skip
        drawn = [
            curve
            for one in shares
            for curve in _drawn(one, taken.names, at, until, self.scale)
        ]  # fmt: skip
        return AdjustedCurves(tuple(drawn), tuple(shares), tuple(map(str, taken.names)), until)


def _drawn(
    shares: Shares, names: Sequence[str | None], at: Floats, until: float, scale: Scale
) -> list[Curve]:
    place = np.searchsorted(shares.times, at, side="right") - 1
    start = shares.start
    held = np.maximum(place, 0)
    errors = np.sqrt(np.diagonal(shares.covariance(held), axis1=1, axis2=2))
    found = []
    for g, name in enumerate(names):
        estimate = np.where(place < 0, start, shares.value[g, held])
        se = np.where(place < 0, 0.0, errors[:, g])
        lower, upper = bounds(estimate, se, scale)
        unknown = np.full(len(at), np.nan)
        found.append(
            Curve(
                group=name,
                outcome=shares.outcome,
                start=start,
                until=until,
                time=at.astype(np.int64) if (at == np.floor(at)).all() else at,  # type: ignore[arg-type]
                at_risk=unknown,
                events=unknown,
                censored=unknown,
                estimate=estimate,
                se=se,
                lower=lower,
                upper=upper,
            )
        )
    return found


def _check(fits: Mapping[str, CoxFit], *, subdistribution: bool) -> None:
    """Refuse fits of another kind, and fits that cannot be put together."""
    if not fits:
        raise UsageError("names no fit", where="fits")
    for name, fit in fits.items():
        if (len(fit.partial.sets.fading) > 0) != subdistribution:
            raise UsageError(
                "is a regression of the other kind", where="fits", value=name,
                allowed="of cox the fit of every cause, by its name; of fine_gray one fit",
                next_step="adjusted_survival takes what cox returned; adjusted_incidence either.",
            )  # fmt: skip
        fit.check_hazards("fits")
        if not fit.converged_:
            raise UsageError("has not converged", where="fits", value=name, next_step=fit.message_)
    first, *others = fits.values()
    for fit in others:
        alone = [f.cluster is None for f in (first, fit)]
        same = all(alone) or (not any(alone) and np.array_equal(first.cluster, fit.cluster))  # type: ignore[arg-type]
        if len(first.spells.stop) != len(fit.spells.stop) or not same:
            raise UsageError(
                "are not of the same rows and clusters", where="fits",
                next_step="Fit every cause to the same table, with the same weight and cluster.",
            )  # fmt: skip
