"""How well models describe the rows: by cell, and against each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from folkestrom import columns
from folkestrom.analysis.design.tables import Table
from folkestrom.analysis.inference.clusters import check_clusters
from folkestrom.analysis.inference.distributions import two_sided
from folkestrom.analysis.mobility.estimation.likelihood import Likelihood
from folkestrom.analysis.mobility.estimation.nested import NestedLikelihood
from folkestrom.analysis.mobility.estimation.quadrature import product_rule
from folkestrom.analysis.mobility.estimation.standardisation import standardised, to_own_units
from folkestrom.analysis.mobility.panel.observations import Observations
from folkestrom.analysis.mobility.panel.panel import (
    Panel,
    PersonGroups,
    clusters_of_persons,
    terms_of_panel,
)
from folkestrom.analysis.mobility.results.integration import Model, predictor_of, probabilities_of
from folkestrom.analysis.mobility.results.posterior import forecasts, posterior
from folkestrom.columns import check_arguments
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_columns

Array = NDArray[np.float64]
Expected = Literal["history", "population"]

#: Columns of counts by cell.
_COLUMNS = ("outcome", "rows", "observed", "expected", "chi2", "z")
#: Rows whose probabilities are computed at a time.
_ROWS = 500_000


def fit_by_cell(
    model: Model, observed: Observations, by: Sequence[str], expected: Expected
) -> pl.DataFrame:
    """Observed and expected counts of outcomes in cells.

    Parameters
    ----------
    model
        The fitted model.
    observed
        The rows.
    by
        Columns whose levels make the cells.
    expected
        history: each row's probabilities given the person's rows before. population: averaged over
        the effects of the population.
    """
    check_arguments(fit_by_cell, locals())
    if expected not in ("history", "population"):
        raise UsageError("is no expectation", value=expected, allowed=["history", "population"])
    if not by:
        raise UsageError("no columns are named", allowed="one or more columns of the table")
    check_columns(by, _COLUMNS)
    panel, factors = observed.panel, [observed.cells(name) for name in by]
    shape = tuple(len(f.levels) for f in factors)
    flat = np.ravel_multi_index(tuple(f.codes.astype(np.int64) for f in factors), shape)
    cells, cell = np.unique(flat, return_inverse=True)
    probabilities = (
        forecasts(model, panel) if expected == "history" else _probabilities(model, panel)
    )
    weight = observed.weight()
    levels = np.unravel_index(cells, shape)
    named = {
        name: [f.levels[k] for k in codes]
        for name, f, codes in zip(by, factors, levels, strict=True)
    }
    tables = []
    for j, outcome in enumerate(model.outcomes):
        seen = np.asarray(panel.rows.outcome == j, dtype=np.float64)
        counted, foretold = (
            np.bincount(cell, weight * v).astype(np.float64) for v in (seen, probabilities[:, j])
        )
        if expected == "history":
            # Given the past, what one year adds to the difference is independent of the next.
            one = weight**2 * probabilities[:, j] * (1 - probabilities[:, j])
            spread = np.bincount(cell, one).astype(np.float64)
        else:
            spread = _between(panel, cell, weight * (seen - probabilities[:, j]), cells.size)
        if model.covariance.within:
            # Persons of a group share an effect: neither of the two holds.
            spread = np.zeros_like(spread)
        tables.append(
            pl.DataFrame(
                {
                    **named,
                    "outcome": [outcome] * cells.size,
                    "rows": np.bincount(cell),
                    "observed": counted,
                    "expected": foretold,
                    "chi2": (counted - foretold) ** 2 / np.where(foretold > 0, foretold, np.nan),
                    "z": (counted - foretold) / np.sqrt(np.where(spread > 0, spread, np.nan)),
                }
            )
        )
    return (
        pl.concat(tables)
        .with_columns(pl.col("chi2", "z").fill_nan(None))
        .sort([*by], maintain_order=True)
    )


def _probabilities(model: Model, panel: Panel) -> Array:
    out = np.empty((panel.size, len(model.outcomes)))
    for first in range(0, panel.size, _ROWS):
        rows = slice(first, min(first + _ROWS, panel.size))
        size = rows.stop - rows.start
        predictor = predictor_of(model, terms_of_panel(panel, rows), size)
        out[rows] = probabilities_of(model, predictor)
    return out


def _between(panel: Panel, cell: NDArray[np.intp], rest: Array, cells: int) -> Array:
    """Variance of the cells' sums when persons are independent of each other."""
    person = np.repeat(np.arange(panel.persons), np.diff(panel.rows.start))
    pairs, place = np.unique(person * cells + cell, return_inverse=True)
    squares = np.bincount(place, rest) ** 2
    return np.bincount(pairs % cells, squares, minlength=cells).astype(np.float64)


@dataclass(frozen=True)
class Criteria:
    """Information criteria, smaller being better.

    Attributes
    ----------
    aic, bic
        Akaike's; Schwarz's, counting persons.
    penalty
        Effective number of parameters: the trace of the products of scores, summed within
        clusters, over the information. Equals the number of parameters where the model is true.
    tic
        −2 log-likelihood + 2 × penalty: Takeuchi (1976); for clusters wider than a person the
        criterion of Varin and Vidoni (2005) for composite likelihoods.
    clustered_bic
        −2 log-likelihood + log(clusters) × penalty (Gao and Song 2010).
    clusters
        Number of clusters.
    """

    aic: float
    bic: float
    penalty: float
    tic: float
    clustered_bic: float
    clusters: int


def clusters_of(observed: Observations, cluster: str | ArrayLike | None) -> NDArray[np.int64]:
    """For each person of the panel the number of the cluster.

    Parameters
    ----------
    observed
        The rows.
    cluster
        A column, a value for each person, or nothing: persons themselves, or their groups.
    """
    found = _clusters_of(observed, cluster)
    named = cluster if isinstance(cluster, str) else "cluster"
    check_clusters(int(found.max()) + 1 if found.size else 0, named)
    return found


def _clusters_of(observed: Observations, cluster: str | ArrayLike | None) -> NDArray[np.int64]:
    panel = observed.panel
    if cluster is None and panel.groups is not None:
        return np.unique(panel.groups.of_person, return_inverse=True)[1].astype(np.int64)
    if cluster is None:
        return np.arange(panel.persons, dtype=np.int64)
    if not isinstance(cluster, str):
        return clusters_of_persons(panel, cluster)
    found = _of_persons(observed, cluster)
    if found is None:
        raise UsageError(
            "differs between the years of one person", column=cluster,
            next_step="Cluster by what persons keep, such as where they lived first",
        )  # fmt: skip
    return clusters_of_persons(panel, found, cluster)


def _of_persons(observed: Observations, name: str) -> pl.Series | None:
    """A column's value for each person; None where it is not the same in all rows of one."""
    if observed.source_rows is not None:
        return observed.source_rows.of_persons(name, lambda part: _refuse_missing(part, name))
    codes, start = observed.cells(name).codes, observed.panel.rows.start
    same = np.all(np.repeat(codes[start[:-1]], np.diff(start)) == codes)
    return pl.Series(codes[start[:-1]]) if same else None


def grouped(observed: Observations, name: str) -> Observations:
    """The rows, with groups that persons are nested within.

    Parameters
    ----------
    observed
        The rows.
    name
        The column of groups, the same in all rows of a person.
    """
    source, start = observed.source_rows, observed.panel.rows.start
    found = _of_persons(observed, name)
    if found is None:
        values = (
            source.read([name]).frame[name] if source else pl.Series(observed.cells(name).codes)
        )
        firsts = values.gather(np.repeat(start[:-1], np.diff(start)))
        crossed = np.maximum.reduceat(values.ne_missing(firsts).to_numpy(), start[:-1]).sum()
        raise UsageError(
            f"is not the same in all years of {crossed} persons: effects of groups that persons "
            "change between are crossed with theirs, and only nested ones can be fitted",
            column=name, allowed="a column that persons keep, such as first_municipality",
            next_step=f"Take {name} as a covariate, or keep the first value of each person",
        )  # fmt: skip
    groups = PersonGroups(name, clusters_of_persons(observed.panel, found, name))
    return replace(observed, panel=replace(observed.panel, groups=groups))


def _refuse_missing(part: Table, cluster: str) -> None:
    columns.refuse_persons(part.frame.lazy(), part.column(cluster))


def penalty_of(
    model: Model, panel: Panel, order: int, cluster: NDArray[np.int64], threads: int | None
) -> float:
    """The effective number of parameters.

    Parameters
    ----------
    model
        The fitted model.
    panel
        The rows.
    order
        Order of quadrature.
    cluster
        Of each person.
    threads
        Number of threads.
    """
    panel = standardised(panel)
    turn = to_own_units(panel, model.free, model.theta.size)
    theta = np.asarray(np.linalg.solve(turn, model.theta), dtype=np.float64)
    kind = NestedLikelihood if model.covariance.within else Likelihood
    likelihood = kind(panel, model.covariance, model.free, threads)
    rule = product_rule(order, model.covariance.effects)
    bread = likelihood.information(theta, rule)
    if cluster.size == int(cluster.max()) + 1:
        meat = likelihood.with_products(theta, rule, squared=True)[2]
    else:
        scores = likelihood.cluster_scores(theta, rule, cluster)
        meat = scores.T @ scores
    try:
        return float(np.trace(np.linalg.solve(bread, meat)))
    except np.linalg.LinAlgError as error:
        raise InputRefused(
            "the rows do not tell the coefficients apart", where="data",
            next_step="Give the rows that the model was fitted to",
        ) from error  # fmt: skip


def criteria(
    value: float, parameters: int, persons: int, penalty: float, clusters: int
) -> Criteria:
    """Information criteria.

    Parameters
    ----------
    value
        Log-likelihood.
    parameters, persons
        Their numbers.
    penalty, clusters
        Effective number of parameters, and number of clusters.

    Examples
    --------
    >>> criteria(-100.0, 4, 50, 5.0, 50).tic
    210.0
    """
    return Criteria(
        aic=2 * parameters - 2 * value,
        bic=math.log(persons) * parameters - 2 * value,
        penalty=penalty,
        tic=2 * penalty - 2 * value,
        clustered_bic=math.log(clusters) * penalty - 2 * value,
        clusters=clusters,
    )


def vuong(
    one: tuple[Model, Panel], other: tuple[Model, Panel], cluster: NDArray[np.int64]
) -> tuple[float, float]:
    """Vuong's (1989) statistic for models of which none contains the other, and its p.

    Parameters
    ----------
    one, other
        Fitted models, each with the panel of its covariates.
    cluster
        Of each person; log-likelihoods are summed within.
    """
    if one[0].covariance.within or other[0].covariance.within:
        raise UsageError("groups have effects: persons are not independent", where="vuong_test")
    values = [posterior(model, panel).log_likelihoods for model, panel in (one, other)]
    weight = one[1].rows.weight
    apart = (values[0] - values[1]) * (weight if weight.size else 1.0)
    sums = np.bincount(cluster, apart)
    spread = float(np.sqrt(sums.size) * sums.std())
    if spread == 0:
        raise UsageError("the two models say the same of every person")
    z = float(sums.sum()) / spread
    return z, two_sided(z)
