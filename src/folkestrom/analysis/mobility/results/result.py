"""A fitted mobility model: estimates with their errors, tests, predictions, on disk and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from folkestrom.analysis.design.design import Design
from folkestrom.analysis.inference.clusters import check_rank
from folkestrom.analysis.inference.distributions import (
    Chi2,
    chi2_tail,
    critical_value,
    two_sided,
    wald_statistic,
)
from folkestrom.analysis.mobility.estimation.covariance import Covariance
from folkestrom.analysis.mobility.panel.observations import Observations, observe
from folkestrom.analysis.mobility.panel.panel import Panel, Position
from folkestrom.analysis.mobility.results import (
    goodness_of_fit,
    marginal_effects,
    posterior,
    prediction,
    storage,
)
from folkestrom.analysis.mobility.results.integration import Model
from folkestrom.columns import check_arguments
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.cells import ShownAsFit
from folkestrom.model.names import unknown

Array = NDArray[np.float64]
_FORMAT = 3


@dataclass(frozen=True)
class Test(Chi2):
    """A test; its note says what to keep in mind when reading it."""

    note: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class MobilityFit(ShownAsFit):
    """Estimates of a mobility model.

    Attributes
    ----------
    outcomes
        The alternatives; coefficients compare each with the first.
    positions, free
        Rows of the coefficient table, and which of them have a coefficient.
    parents
        Of each covariate that is an interaction: what it is made of.
    covariance
        Structure of the effects.
    theta, vcov
        The parameters fitted (of effects: entries of L) and their covariance.
    standard_errors, clusters
        Where the errors come from: observed, bhhh or clustered, and then from how many clusters.
    groups
        How many groups with effects there are, within which persons are nested.
    bread_persons
        How many persons the observed information was computed from, if not from all; else 0.
    log_likelihood_, order, rows, persons
        At the estimates; points of quadrature; person-years; persons.
    converged_, message_
        Whether the estimates are a maximum, and if not, why.
    notes, steps
        What was left out or lies on a boundary; what the fit did.
    penalty, tolerance, seconds
        Penalty on coefficients; accuracy asked for, in standard errors; time taken.
    design, observed
        How a formula reads a table; the rows fitted to, which are not saved. Both are None for a
        model of terms.
    """

    outcomes: tuple[str, ...]
    positions: tuple[Position, ...]
    free: NDArray[np.int64]
    parents: Mapping[str, Any]
    covariance: Covariance
    theta: Array
    vcov: Array
    standard_errors: str
    log_likelihood_: float
    order: int
    rows: int
    persons: int
    converged_: bool
    message_: str
    notes: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    penalty: float = 0.0
    tolerance: float = 0.0
    seconds: float = 0.0
    bread_persons: int = 0
    clusters: int | None = None
    groups: int | None = None
    design: Design | None = None
    observed: Observations | None = field(default=None, repr=False)

    @property
    def names_(self) -> list[str]:
        """Names of the estimates: coefficients by outcome, then variances and covariances."""
        slopes = [
            f"{outcome}: {self.positions[p].label}"
            for outcome in self.outcomes[1:]
            for p in self.free
        ]
        return slopes + self.covariance.labels(list(self.outcomes[1:]))

    @property
    def params_(self) -> dict[str, float]:
        """Estimates by name."""
        return dict(zip(self.names_, self._reported()[0].tolist(), strict=True))

    @property
    def bse_(self) -> dict[str, float]:
        """Standard errors by name; of variances and covariances by the delta method."""
        errors = np.sqrt(np.diag(self.cov_params_))
        return dict(zip(self.names_, errors.tolist(), strict=True))

    @property
    def cov_params_(self) -> Array:
        """Covariance of the estimates, in the order of `names_`."""
        _, jacobian = self._reported()
        return np.asarray(jacobian @ self.vcov @ jacobian.T)

    @property
    def correlations_(self) -> dict[str, tuple[float, float]]:
        """Correlations of the effects, each with its standard error."""
        k = self._coefficients
        values, jacobian = self.covariance.correlations(self.theta[k:])
        errors = np.sqrt(np.diag(jacobian @ self.vcov[k:, k:] @ jacobian.T))
        labels = [
            name.replace("cov(", "corr(", 1) for name in self.names_[k:] if name.startswith("cov(")
        ]
        return {n: (float(v), float(e)) for n, v, e in zip(labels, values, errors, strict=True)}

    @property
    def aic_(self) -> float:
        """Akaike's criterion."""
        return 2 * self.theta.size - 2 * self.log_likelihood_

    @property
    def bic_(self) -> float:
        """Schwarz's criterion; what is counted are the independent ones: persons, or groups."""
        return math.log(self.groups or self.persons) * self.theta.size - 2 * self.log_likelihood_

    def coefficients(self, level: float = 0.95) -> pl.DataFrame:
        """Estimates with errors, z, p and intervals, a row each.

        Parameters
        ----------
        level
            Coverage of the intervals.
        """
        check_arguments(MobilityFit.coefficients, locals())
        values, _ = self._reported()
        errors = np.sqrt(np.diag(self.cov_params_))
        reach = critical_value(level)
        slopes = self._coefficients
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(np.arange(values.size) < slopes, values / errors, np.nan)
        return pl.DataFrame(
            {
                "name": self.names_,
                "estimate": values,
                "standard_error": errors,
                "z": z,
                "p": [two_sided(v) if np.isfinite(v) else None for v in z.tolist()],
                "low": values - reach * errors,
                "high": values + reach * errors,
            }
        ).with_columns(pl.col("z").fill_nan(None))

    def summary(self, level: float = 0.95) -> str:
        """The fit as a text to read.

        Parameters
        ----------
        level
            Coverage of the intervals.
        """
        verdict = "converged" if self.converged_ else f"NOT CONVERGED: {self.message_}"
        wide = max(len(name) for name in (*self.names_, *self.correlations_))
        bread = f", information from {self.bread_persons} persons" if self.bread_persons else ""
        robust = "" if self.clusters is None else f", {self.clusters} clusters"
        of = [f"{p.term} {p.level}" for p in self.positions if p.reference and p.level[0] != "("]
        points = f"{self.order} points of quadrature; " if self.covariance.effects else ""
        nested = f", within {self.groups} groups of {self.covariance.within}" if self.groups else ""
        lines = [
            f"Multinomial logit, person random effects: {self.covariance.structure}{nested}",
            f"{self.rows} person-years, {self.persons} persons; base outcome {self.outcomes[0]}",
            *([f"Reference levels: {', '.join(of)}"] if of else []),
            f"Log-likelihood {self.log_likelihood_:.4f}, AIC {self.aic_:.2f}, BIC {self.bic_:.2f}",
            f"{points}standard errors: {self.standard_errors}{bread}{robust}",
            f"{verdict[0].upper()}{verdict[1:]}",
            "",
            f"{'':{wide}} {'estimate':>11} {'std. err.':>10} {'z':>8} {'p':>7} {'interval':>22}",
        ]
        for row in self.coefficients(level).to_dicts():
            test = "" if row["z"] is None else f"{row['z']:8.2f} {row['p']:7.4f}"
            lines.append(
                f"{row['name']:{wide}} {row['estimate']:11.5f} {row['standard_error']:10.5f} "
                f"{test:16} {row['low']:11.5f} {row['high']:10.5f}"
            )
        lines += [f"{n:{wide}} {v:11.5f} {e:10.5f}" for n, (v, e) in self.correlations_.items()]
        return "\n".join([*lines, *(f"Note: {note}." for note in self.notes)])

    def predict(
        self,
        profiles: Any,
        *,
        level: float = 0.95,
        intervals: prediction.Intervals = "delta",
        draws: int | None = None,
        seed: int | None = None,
    ) -> pl.DataFrame:
        """Probabilities of each outcome for profiles, averaged over the effects of the population.

        Parameters
        ----------
        profiles
            For each covariate the name of a level or a number, one mapping a profile. With a
            formula also a table.
        level
            Coverage of the intervals.
        intervals
            delta: by the delta method on the logit scale. simulated: quantiles over parameters
            drawn from their distribution.
        draws, seed
            Of simulated intervals: how many sets of parameters are drawn (1 000), and the seed (1).
        """
        rows = prediction.rows_of(self.model, self.design, profiles)
        return prediction.predict(self.model, self.vcov, rows, level, intervals, draws, seed)

    def contrasts(
        self, profile_a: Mapping[str, Any], profile_b: Mapping[str, Any], *, level: float = 0.95
    ) -> pl.DataFrame:
        """Difference and ratio of the probabilities of two profiles, with intervals.

        Parameters
        ----------
        profile_a, profile_b
            For each covariate a level or a number; the first against the second.
        level
            Coverage of the intervals, by the delta method; for ratios on the log scale.
        """
        rows = prediction.rows_of(self.model, self.design, [profile_a, profile_b])
        return prediction.contrast(self.model, self.vcov, rows, level)

    def marginal_effects(
        self,
        covariates: Sequence[str] | None = None,
        *,
        data: Any = None,
        where: Mapping[str, Any] | None = None,
        sample: int | None = 100_000,
        level: float = 0.95,
    ) -> pl.DataFrame:
        """Average marginal effects on the probabilities, integrated over the person random effects.

        Of a category: what each level does instead of the reference. Of a number: the
        derivative. Errors are by the delta method, the rows taken as they are;
        `sampling_error` is what drawing rows adds.

        Parameters
        ----------
        covariates
            Columns concerned; all by default.
        data
            The table or panel; what was fitted to by default, where the fit still has it.
        where
            Average over rows with these levels alone.
        sample
            Average over so many rows, drawn at random, where there are more; None: over all.
        level
            Coverage of the intervals.
        """
        check_arguments(MobilityFit.marginal_effects, locals())
        observed = self.rows_of(data, formula=True)
        rows = observed.sample(sample, where or {})
        return marginal_effects.marginal_effects(
            self.model, self.vcov, observed.covariate_design(), rows, covariates, level
        )

    def effects_of_persons(self, *, data: Any = None) -> pl.DataFrame:
        """Posterior means and standard deviations of each person's effects.

        A row a person, numbered from 0 in the order of identifiers; of two levels, their sum given
        the person's own years. For work inside the wall: it must not be published.

        Parameters
        ----------
        data
            The table or panel; what was fitted to by default, where the fit still has it.
        """
        return posterior.table_of_effects(self.model, self.rows_of(data).panel)

    def fit_by_cell(
        self, by: Sequence[str], *, data: Any = None, expected: goodness_of_fit.Expected = "history"
    ) -> pl.DataFrame:
        """Observed and expected counts of outcomes by cell.

        `chi2` is (observed − expected)² / expected; `z` the difference in standard deviations,
        estimates taken as known; missing where groups have effects. Small cells are for work
        inside the wall.

        Parameters
        ----------
        by
            Columns of the table, or factors of the panel, whose levels make the cells.
        data
            The table or panel; what was fitted to by default, where the fit still has it.
        expected
            history: each row's probabilities given the person's rows before, right also where an
            outcome ends a person's rows. population: averaged over the effects of all.
        """
        return goodness_of_fit.fit_by_cell(self.model, self.rows_of(data), by, expected)

    def information_criteria(
        self, cluster: str | ArrayLike | None = None, *, data: Any = None
    ) -> goodness_of_fit.Criteria:
        """AIC and BIC, and what they become when the model is wrong or persons are alike.

        Parameters
        ----------
        cluster
            A column, or a value for each person; persons themselves by default.
        data
            The table or panel; what was fitted to by default, where the fit still has it.
        """
        observed = self.rows_of(data)
        if self.covariance.within and observed.panel.groups is None:
            observed = goodness_of_fit.grouped(observed, self.covariance.within)
        clusters = goodness_of_fit.clusters_of(observed, cluster)
        penalty = goodness_of_fit.penalty_of(self.model, observed.panel, self.order, clusters, None)
        count = int(clusters.max()) + 1
        return goodness_of_fit.criteria(
            self.log_likelihood_, self.theta.size, self.groups or self.persons, penalty, count
        )

    def wald_test(self, names: Sequence[str]) -> Test:
        """Whether some estimates are all zero.

        Parameters
        ----------
        names
            Of `names_`, or of covariates: all coefficients of these.
        """
        check_arguments(MobilityFit.wald_test, locals())
        chosen = list(dict.fromkeys(k for name in names for k in self._find(name)))
        if not chosen:
            raise UsageError("names no estimate", where="wald_test, names")
        check_rank(self.clusters, len(chosen))
        values = self._reported()[0][chosen]
        block = self.cov_params_[np.ix_(chosen, chosen)]
        statistic = wald_statistic(values, block)
        return Test(statistic, len(chosen), chi2_tail(statistic, len(chosen)))

    def lr_test(self, restricted: MobilityFit) -> Test:
        """Whether this model is better than one that it contains, fitted to the same rows.

        Parameters
        ----------
        restricted
            The smaller model.
        """
        if (self.rows, self.persons) != (restricted.rows, restricted.persons):
            raise UsageError("the two models were not fitted to the same rows")
        freedom = self.theta.size - restricted.theta.size
        if freedom <= 0:
            raise UsageError("the other model is not the smaller one")
        if not (self.converged_ and restricted.converged_):
            raise UsageError("one of the models has not converged")
        statistic = 2 * (self.log_likelihood_ - restricted.log_likelihood_)
        levels = {(fit.covariance.effects, fit.groups) for fit in (self, restricted)}
        note = "variances of zero lie on the boundary: p is an upper limit" * (len(levels) > 1)
        return Test(statistic, freedom, chi2_tail(statistic, freedom), note)

    def save(self, path: Path | str) -> None:
        """Write the fit to a file, exactly; the rows are left out.

        Parameters
        ----------
        path
            Where to; JSON.
        """
        held = {
            **{k: getattr(self, k) for k in _PLAIN},
            "format": _FORMAT,
            "positions": [[p.term, p.level, p.reference] for p in self.positions],
            "structure": self.covariance.structure,
            "within": self.covariance.within,
            **{k: getattr(self, k).tolist() for k in ("free", "theta", "vcov")},
            "design": storage.design_to_plain(self.design),
        }
        storage.write_plain(path, held)

    @classmethod
    def load(cls, path: Path | str) -> MobilityFit:
        """Read a fit that `save` wrote.

        Parameters
        ----------
        path
            The file.
        """
        # Older files have not counted the clusters, and have no groups.
        held = {"clusters": None, "groups": None, "within": ""} | storage.read_plain(path, _FORMAT)
        try:
            plain: Any = {k: tuple(v) if isinstance(v := held[k], list) else v for k in _PLAIN}
            return cls(
                **plain,
                positions=tuple(Position(*p) for p in held["positions"]),
                free=np.array(held["free"], dtype=np.int64),
                covariance=Covariance(held["structure"], len(held["outcomes"]) - 1, held["within"]),
                theta=np.array(held["theta"], dtype=np.float64),
                vcov=np.array(held["vcov"], dtype=np.float64),
                design=storage.design_from_plain(held["design"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise InputRefused("is not a fitted model", where=str(path)) from error

    @property
    def model(self) -> Model:
        """What probabilities need of the fit."""
        return Model(
            self.outcomes, self.positions, self.free, self.parents, self.covariance, self.theta
        )

    def rows_of(self, data: Any, *, formula: bool = False) -> Observations:
        """The rows given, or those fitted to.

        Parameters
        ----------
        data
            A table or panel, or nothing.
        formula
            Whether columns of a formula are needed, and not the panel alone.
        """
        if data is None:
            if self.observed is None:
                raise UsageError(
                    "the fit has no rows", next_step="Give the table or the panel as `data`"
                )
            return self.observed
        if isinstance(data, Panel):
            if formula and self.design is not None:
                raise UsageError("is a panel; the formula needs the table", where="data")
            return Observations(data)
        if self.design is None:
            raise UsageError("is a table; a model of terms needs the panel", where="data")
        return observe(data, self.design, self.outcomes)

    @property
    def _coefficients(self) -> int:
        return (len(self.outcomes) - 1) * int(self.free.size)

    def _reported(self) -> tuple[Array, Array]:
        """Estimates as they are reported, and their derivatives in the parameters fitted."""
        k = self._coefficients
        values, jacobian = self.covariance.variances(self.theta[k:])
        full = np.zeros((k + values.size, self.theta.size))
        full[:k, :k] = np.eye(k)
        full[k:, k:] = jacobian
        return np.concatenate([self.theta[:k], values]), full

    def _find(self, name: str) -> list[int]:
        names = self.names_
        if name in names:
            return [names.index(name)]
        terms = {name, *(self.design.members(name) if self.design else ())}
        found = [
            j * self.free.size + k
            for j in range(len(self.outcomes) - 1)
            for k, p in enumerate(self.free)
            if self.positions[p].term in terms
        ]
        if not found:
            raise unknown(name, names, "is no estimate and no covariate")
        return found


_PLAIN = (
    "outcomes", "parents", "standard_errors", "log_likelihood_", "order", "rows", "persons",
    "converged_", "message_", "notes", "steps", "penalty", "tolerance", "seconds", "bread_persons",
    "clusters", "groups",
)  # fmt: skip
