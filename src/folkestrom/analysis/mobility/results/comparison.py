"""Competing theories: models of the same rows, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from folkestrom.analysis.mobility.results import goodness_of_fit
from folkestrom.analysis.mobility.results.result import MobilityFit
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError


def compare(
    fits: Sequence[MobilityFit],
    names: Sequence[str] | None = None,
    *,
    cluster: str | ArrayLike | None = None,
    data: Any = None,
) -> pl.DataFrame:
    """Models by their information criteria, the best one first.

    `weight` is a model's share of exp(−½ ΔAIC), or of exp(−½ ΔTIC) where the rows are at hand
    (Burnham and Anderson 2002). With rows, `penalty` is the effective number of parameters.

    Parameters
    ----------
    fits
        Models fitted to the same rows.
    names
        What to call them; 1, 2, … by default.
    cluster
        A column, or a value for each person; persons themselves by default.
    data
        The table, for fits that have been loaded.

    Examples
    --------
    >>> compare([])
    Traceback (most recent call last):
        ...
    folkestrom.errors.UsageError: there is no model to compare.
    """
    check_arguments(compare, locals())
    labels = [str(k + 1) for k in range(len(fits))] if names is None else list(names)
    _check(fits, labels)
    with_rows = data is not None or all(fit.observed is not None for fit in fits)
    if cluster is not None and not with_rows:
        raise UsageError("needs the rows", column="cluster", next_step="Give the table as `data`")
    lines: list[dict[str, object]] = []
    for label, fit in zip(labels, fits, strict=True):
        line: dict[str, object] = {
            "model": label,
            "parameters": fit.theta.size,
            "log_likelihood": fit.log_likelihood_,
            "aic": fit.aic_,
            "bic": fit.bic_,
        }
        if with_rows:
            found = fit.information_criteria(cluster, data=data)
            line |= {
                "penalty": found.penalty,
                "tic": found.tic,
                "clustered_bic": found.clustered_bic,
                "clusters": found.clusters,
            }
        lines.append(line)
    table = pl.DataFrame(lines)
    by = "tic" if with_rows else "aic"
    apart = pl.col(by) - pl.col(by).min()
    share = (-0.5 * apart).exp()
    return table.with_columns(
        apart.alias("delta"), (share / share.sum()).alias("weight"), pl.lit(by).alias("by")
    ).sort("delta")


def vuong_test(
    one: MobilityFit,
    other: MobilityFit,
    *,
    cluster: str | ArrayLike | None = None,
    data: Any = None,
) -> tuple[float, float]:
    """Whether one of two models of which none contains the other is nearer to the truth.

    Vuong's (1989) statistic, positive where the first one is, and its two-sided p. Differences of
    log-likelihoods are summed by person, or within clusters, whose variation gives the error.

    Parameters
    ----------
    one, other
        Models fitted to the same rows.
    cluster
        A column, or a value for each person; persons themselves by default.
    data
        The table, for fits that have been loaded.
    """
    check_arguments(vuong_test, locals())
    _check([one, other], ["1", "2"])
    rows = [fit.rows_of(data) for fit in (one, other)]
    clusters = goodness_of_fit.clusters_of(rows[0], cluster)
    return goodness_of_fit.vuong((one.model, rows[0].panel), (other.model, rows[1].panel), clusters)


def _check(fits: Sequence[MobilityFit], names: Sequence[str]) -> None:
    if not len(fits):
        raise UsageError("there is no model to compare")
    if len(names) != len(fits) or len(set(names)) < len(names):
        raise UsageError(f"{len(names)} names for {len(fits)} models", allowed="one for each")
    first = fits[0]
    for name, fit in zip(names, fits, strict=True):
        if (fit.rows, fit.persons, fit.outcomes) != (first.rows, first.persons, first.outcomes):
            raise UsageError("was not fitted to the same rows as the first model", value=name)
        if not fit.converged_:
            raise UsageError("has not converged", value=name, next_step=fit.message_)
    values = np.array([fit.log_likelihood_ for fit in fits])
    if not np.isfinite(values).all():
        raise UsageError("a log-likelihood is not finite")
