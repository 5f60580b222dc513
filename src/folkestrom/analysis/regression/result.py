"""What a regression of hazards found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from folkestrom.analysis.inference.clusters import check_rank
from folkestrom.analysis.inference.distributions import (
    Chi2,
    chi2_test,
    critical_value,
    two_sided,
    wald_statistic,
)
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.cells import ShownAsFit
from folkestrom.model.names import unknown

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class HazardFit(ShownAsFit):
    """Estimates of a regression of hazards.

    Attributes
    ----------
    title
        The model in words.
    ratio
        What an exponentiated coefficient is called.
    names_
        Names of the estimates.
    theta, vcov
        Estimates, and their covariance.
    naive_vcov
        The covariance from the information alone.
    errors
        Where `vcov` comes from: information, or robust.
    log_likelihood_, log_likelihood_null_
        At the estimates, and with all coefficients zero (in models by periods: of the
        intercepts alone).
    rows, events
        How many were used.
    clusters
        How many there are, of robust errors; None of others.
    converged_, message_
        Whether the estimates are a maximum, and if not, why.
    """

    title: str
    ratio: str
    names_: tuple[str, ...]
    theta: Floats
    vcov: Floats
    naive_vcov: Floats
    errors: str
    log_likelihood_: float
    log_likelihood_null_: float
    rows: int
    events: int
    clusters: int | None
    converged_: bool
    message_: str
    steps: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def params_(self) -> dict[str, float]:
        """Estimates by name."""
        return dict(zip(self.names_, self.theta.tolist(), strict=True))

    @property
    def bse_(self) -> dict[str, float]:
        """Standard errors by name."""
        return dict(zip(self.names_, np.sqrt(np.diag(self.vcov)).tolist(), strict=True))

    @property
    def naive_bse_(self) -> dict[str, float]:
        """Standard errors from the information alone."""
        return dict(zip(self.names_, np.sqrt(np.diag(self.naive_vcov)).tolist(), strict=True))

    @property
    def aic_(self) -> float:
        """Akaike's criterion."""
        return 2 * self.theta.size - 2 * self.log_likelihood_

    def coefficients(self, level: float = 0.95) -> pl.DataFrame:
        """Estimates with errors, z, p and intervals, and their exponentials: a row each.

        Parameters
        ----------
        level
            Coverage of the intervals.
        """
        check_arguments(HazardFit.coefficients, locals())
        errors = np.sqrt(np.diag(self.vcov))
        reach = critical_value(level) * errors
        z = self.theta / np.where(errors > 0, errors, np.nan)
        with np.errstate(over="ignore"):
            ratios = {
                "ratio": np.exp(self.theta),
                "ratio_low": np.exp(self.theta - reach),
                "ratio_high": np.exp(self.theta + reach),
            }
        return pl.DataFrame(
            {
                "name": list(self.names_),
                "estimate": self.theta,
                "standard_error": errors,
                "z": z,
                "p": [two_sided(v) for v in z.tolist()],
                "low": self.theta - reach,
                "high": self.theta + reach,
                **ratios,
            }
        )

    def wald_test(self, names: Sequence[str] | None = None) -> Chi2:
        """Whether some estimates are all zero.

        Parameters
        ----------
        names
            Of `names_`, or of covariates: all coefficients of these. All by default.
        """
        check_arguments(HazardFit.wald_test, locals())
        chosen = range(len(self.names_)) if names is None else self._find(names)
        kept = np.array(list(chosen), np.int64)
        if not len(kept):
            raise UsageError("names no estimate", where="wald_test, names")
        check_rank(self.clusters, len(kept))
        part = self.vcov[np.ix_(kept, kept)]
        statistic = wald_statistic(self.theta[kept], part)
        return chi2_test(statistic, len(kept))

    def likelihood_ratio_test(self) -> Chi2:
        """Whether the model is better than the one without covariates."""
        statistic = 2 * (self.log_likelihood_ - self.log_likelihood_null_)
        freedom = self._freedom
        return chi2_test(statistic, freedom)

    def summary(self, level: float = 0.95) -> str:
        """The fit as a text to read.

        Parameters
        ----------
        level
            Coverage of the intervals.
        """
        check_arguments(HazardFit.summary, locals())
        verdict = "Converged" if self.converged_ else f"NOT CONVERGED: {self.message_}"
        robust = f", {self.clusters} clusters" if self.clusters is not None else ""
        lines = [
            self.title,
            f"{self.rows} rows, {self.events} events; standard errors: {self.errors}{robust}",
            (
                f"Log-likelihood {self.log_likelihood_:.4f}, "
                f"without covariates {self.log_likelihood_null_:.4f}"
            ),
            verdict,
            "",
            (
                f"{'':36} {'estimate':>10} {'std. err.':>10} {'z':>8} {'p':>7} "
                f"{self.ratio:>13} {'interval':>19}"
            ),
        ]
        lines += [
            f"{row['name'][:36]:36} {row['estimate']:10.5f} {row['standard_error']:10.5f} "
            f"{row['z']:8.2f} {row['p']:7.4f} {row['ratio']:13.4f} "
            f"{row['ratio_low']:9.4f} {row['ratio_high']:9.4f}"
            for row in self.coefficients(level).iter_rows(named=True)
        ]
        return "\n".join([*lines, *(f"Note: {note}." for note in self.notes)])

    @property
    def _freedom(self) -> int:
        return sum(not name.endswith("(intercept)") for name in self.names_)

    def _find(self, names: Sequence[str]) -> list[int]:
        found: list[int] = []
        for name in names:
            own = [
                k
                for k, held in enumerate(self.names_)
                if name in (held, held.split("[")[0], held.split(": ")[-1].split("[")[0])
            ]
            if not own:
                raise unknown(name, self.names_, "is no estimate and no covariate", where="names")
            found += own
        return list(dict.fromkeys(found))
