"""Fitting the mobility model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from itertools import combinations
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from folkestrom.analysis.design.collinearity import orthogonalise
from folkestrom.analysis.design.separation import finite_maximum_near
from folkestrom.analysis.inference.clusters import check_clusters, check_sandwich, note_of_clusters
from folkestrom.analysis.mobility.estimation.checkpoint import Checkpoint, fingerprint
from folkestrom.analysis.mobility.estimation.covariance import Covariance
from folkestrom.analysis.mobility.estimation.identification import identify
from folkestrom.analysis.mobility.estimation.maximisation import (
    inverse_of,
    is_positive,
    maximise,
    newton_step,
)
from folkestrom.analysis.mobility.estimation.quadrature import product_rule
from folkestrom.analysis.mobility.estimation.separation import (
    error_bound,
    model_matrix_of,
    separated,
)
from folkestrom.analysis.mobility.estimation.standardisation import working_panel
from folkestrom.analysis.mobility.estimation.warm_starts import SMALL, Estimated, Plan, estimate
from folkestrom.analysis.mobility.panel.panel import Panel, PersonGroups, clusters_of_persons
from folkestrom.analysis.mobility.results.result import MobilityFit
from folkestrom.columns import check_arguments
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code, without_effect

Array = NDArray[np.float64]
Errors = Literal["observed", "bhhh", "clustered"]

#: The part of the tolerance to which estimates that may yet be far off are taken.
_CERTAIN = 1e-5
#: A standard deviation of effects below this counts as zero.
_NO_SPREAD = 0.02
#: A correlation of effects beyond this counts as one.
_ALL_BUT_ONE = 0.999
#: Variances between fewer groups than this come with a warning.
_FEW_GROUPS = 10


def fit_mobility(
    panel: Panel,
    *,
    effects: str = "unstructured",
    within: ArrayLike | None = None,
    standard_errors: Errors = "observed",
    bread: float = 1.0,
    cluster: ArrayLike | None = None,
    penalty: float = 0.0,
    collinear: Literal["refuse", "drop"] = "refuse",
    tolerance: float | None = None,
    threads: int | None = None,
    say: Callable[[str], None] | None = None,
    checkpoint: Path | str | None = None,
) -> MobilityFit:
    """Fit a multinomial logit with normal person random effects, by maximum likelihood.

    Parameters
    ----------
    panel
        Person-years, from `make_panel`.
    effects
        Covariance of the random effects: unstructured, diagonal, equal, exchangeable, or none.
    within
        For each person the group in which the person is nested; groups then have effects too,
        with a covariance of the same structure.
    standard_errors
        Covariance estimator. observed: from the observed information. bhhh: from the products of
        persons' scores, or of groups'. clustered: sandwich of both, over `cluster`.
    bread
        Share of the persons, drawn at random, from whom the observed information is computed,
        which takes some forty passes; the result says so.
    cluster
        For each person, in the order of their numbers, the cluster; else persons, or groups.
    penalty
        Weight of half of each squared coefficient, of numbers per standard deviation and
        intercepts apart; lets separated covariates through.
    collinear
        What to do with a covariate that is a combination of others.
    tolerance
        Convergence tolerance: standard errors by which the last step, and the last rise of the
        order, may move a parameter; by default 0.0001 up to 200 000 person-years, 0.01 up to
        two million, 0.1 beyond.
    threads
        Number of threads; the environment's by default. The result does not depend on it.
    say
        Called with a line for each thing done.
    checkpoint
        A file in which every step is noted, and from which a fit of the same panel and model
        goes on if it was interrupted. It is removed when the fit has converged.

    Examples
    --------
    >>> from folkestrom.analysis.mobility import factor, fit_mobility, make_panel
    >>> person = np.repeat(np.arange(40), 4)
    >>> place = np.repeat(np.arange(40) % 2, 4)
    >>> moved = (person * 7 + np.arange(160) * 5) % 11 < 2 + 2 * place
    >>> panel = make_panel(person, moved, [factor("place", place, levels=["rural", "urban"])],
    ...                    outcomes=["stay", "move"])
    >>> fit = fit_mobility(panel, effects="none")
    >>> fit.converged_, {name: round(value, 3) for name, value in fit.params_.items()}
    (True, {'move: (intercept)': -1.64, 'move: place[urban]': 1.075})
    """
    check_arguments(fit_mobility, locals())
    started = time.perf_counter()
    _check_options(penalty, tolerance)
    check_errors(standard_errors, bread, cluster)
    if within is not None:
        given = PersonGroups("group", clusters_of_persons(panel, within, "within"))
        panel = replace(panel, groups=given)
    groups = panel.groups
    covariance = Covariance(effects, len(panel.outcomes) - 1, groups.name if groups else "")
    has_effects = covariance.effects > 0
    checked = identify(panel, effects=has_effects, penalised=penalty > 0, collinear=collinear)
    kept = _checkpoint(checkpoint, panel, checked.free, effects, penalty, tolerance)
    products = standard_errors == "bhhh"
    parameters = products * (checked.free.size * covariance.equations + covariance.parameters)
    told_of_groups = _check_groups(panel, covariance, bread, parameters)
    plan = Plan(covariance, checked.free, penalty, tolerance, threads, say, kept, products, bread)
    numbers = None if cluster is None else clusters_of_persons(panel, cluster)
    clusters = _count(panel, numbers) if standard_errors == "clustered" else None
    apart = orthogonalise(model_matrix_of(panel, checked.free))
    working, own = working_panel(panel, checked.free, apart)
    found = estimate(working, plan)
    _finish(found, plan)
    told = _separated(panel, found, plan) if penalty == 0 else ""
    k = found.likelihood.coefficients
    vcov, reason = _errors(found, plan, standard_errors, numbers)
    reason = told or found.maximum.reason or reason
    turn = np.eye(found.maximum.theta.size)
    turn[:k, :k] = own
    if kept is not None and not reason:
        kept.remove()
    return MobilityFit(
        outcomes=panel.outcomes,
        positions=panel.positions,
        free=checked.free,
        parents={t.name: t.parents for t in panel.terms if t.parents},
        covariance=covariance,
        theta=turn @ found.maximum.theta,
        vcov=turn @ vcov @ turn.T,
        standard_errors=standard_errors,
        clusters=clusters,
        log_likelihood_=found.maximum.value,
        order=found.order,
        rows=panel.size,
        persons=panel.persons,
        converged_=not reason,
        message_=reason,
        groups=int(groups.of_person.max()) + 1 if groups else None,
        notes=checked.notes
        + told_of_groups
        + _boundary(panel, covariance, found.maximum.theta[k:])
        + (() if clusters is None else note_of_clusters(clusters, found.maximum.theta.size))
        + tuple(found.notes),
        steps=tuple(found.steps),
        penalty=penalty,
        bread_persons=0 if products or bread == 1 else plan.bread_of(panel).persons,
        tolerance=found.tolerance,
        seconds=time.perf_counter() - started,
    )


def check_errors(errors: str, bread: float, cluster: object) -> None:
    """Refuse standard errors that there are not, and options that would not change them.

    Parameters
    ----------
    errors, bread, cluster
        As of `fit_mobility`: standard_errors, bread and cluster.
    """
    check_code(errors, get_args(Errors), "are no standard errors", where="standard_errors")
    if not 0 < bread <= 1:
        raise UsageError("is no share", where="bread", value=bread, allowed="above 0, to 1")
    if bread < 1 and errors == "bhhh":
        raise UsageError(
            "is a share of the observed information, which bhhh has not", where="bread",
            value=bread, allowed="observed or clustered standard errors",
        )  # fmt: skip
    if cluster is not None and errors != "clustered":
        raise without_effect(
            "cluster", cluster if isinstance(cluster, str) else None,
            f"standard errors are {errors}",
            "Ask for clustered standard errors, or leave the clusters out",
        )  # fmt: skip


def _check_options(penalty: float, tolerance: float | None) -> None:
    if not 0 <= penalty < np.inf:
        raise UsageError("is not a penalty", value=penalty, allowed="a number from 0")
    if tolerance is not None and not 0 < tolerance <= 1:
        raise UsageError("is not a tolerance", value=tolerance, allowed="standard errors, up to 1")


def _checkpoint(
    path: Path | str | None,
    panel: Panel,
    free: NDArray[np.int64],
    effects: str,
    penalty: float,
    tolerance: float | None,
) -> Checkpoint | None:
    if path is None:
        return None
    options = {"free": free.tolist(), "effects": effects, "penalty": penalty, "to": tolerance}
    if panel.groups is not None:
        options["within"] = blake2b(panel.groups.of_person.tobytes()).hexdigest()
    return Checkpoint(Path(path), fingerprint(panel, options))


def _count(panel: Panel, cluster: NDArray[np.int64] | None) -> int:
    """How many clusters there are, of persons who count; refuses one."""
    if cluster is None:
        cluster = panel.groups.of_person if panel.groups else np.arange(panel.persons)
    clusters = len(np.unique(cluster[_counting(panel)]))
    check_clusters(clusters, "cluster")
    return clusters


def _counting(panel: Panel) -> NDArray[np.bool_]:
    """Which persons have a weight."""
    weight = panel.rows.weight
    return weight > 0 if weight.size else np.ones(panel.persons, np.bool_)


def _check_groups(
    panel: Panel, covariance: Covariance, bread: float, products: int
) -> tuple[str, ...]:
    """Refuse groups whose effects, or `products` parameters' errors, cannot be told; notes few."""
    if panel.groups is None:
        return ()
    name = panel.groups.name
    if not covariance.effects:
        raise without_effect("within", name, "there are no effects", "Leave it out")
    if bread < 1:
        raise UsageError(
            f"draws persons, who are not independent within {name}", where="bread", value=bread,
            allowed="1",
        )  # fmt: skip
    sizes = np.unique(panel.groups.of_person[_counting(panel)], return_counts=True)[1]
    if sizes.size < 2 or sizes.max() == 1:
        raise InputRefused(
            "is the same for all persons: there is no variance between groups"
            if sizes.size < 2
            else "has one person in each group, whose effects cannot be told from the persons' own",
            column=name, allowed="two groups or more, with several persons",
            next_step="Leave the level of groups out, or name another one",
        )  # fmt: skip
    if products >= sizes.size:
        raise UsageError(
            f"takes products of the scores of {sizes.size} groups for {products} parameters",
            where="standard_errors", value="bhhh", allowed="more groups than parameters",
            next_step="Take observed or clustered standard errors",
        )  # fmt: skip
    said = f"variances between groups of {name} are from {sizes.size} groups, which say little"
    return (said,) if sizes.size < _FEW_GROUPS else ()


def _finish(found: Estimated, plan: Plan) -> None:
    """Choose signs of L; judge the last step by information from all persons."""
    at, k = found.maximum, found.likelihood.coefficients
    signed = plan.covariance.signed(at.theta[k:])
    turned = np.ones(at.theta.size)
    turned[k:] = np.where(signed * at.theta[k:] < 0, -1.0, 1.0)
    at.theta, at.gradient = at.theta * turned, at.gradient * turned
    at.information = at.information * np.outer(turned, turned)
    objective = plan.objective(found.likelihood, found.order)

    def of_all(theta: Array) -> Array:
        """Information from all persons: exact, or from the products of their scores."""
        if plan.products:
            return objective.with_products(theta)[2]
        return plan.information(found.likelihood, found.order, theta)

    if at.information_source != ("products" if plan.products else "exact") or plan.bread < 1:
        at.information = of_all(at.theta)
    step, own, _ = newton_step(at.information, at.gradient)
    at.moved = float(np.max(np.abs(step) / own)) if step.size else 0.0
    if at.converged and at.moved >= found.tolerance:
        found.maximum = maximise(
            objective, at.theta, tolerance=found.tolerance, information=at.information
        )
        found.maximum.information = of_all(found.maximum.theta)


def _separated(panel: Panel, found: Estimated, plan: Plan) -> str:
    """Which covariates have no finite estimate; where all have, goes on until that is certain."""
    at, k = found.maximum, found.likelihood.coefficients
    bound = error_bound(found.likelihood.panel, plan.free, inverse_of(at.information)[:k, :k])
    near = finite_maximum_near(at.gradient[:k], at.information[:k, :k], bound)
    if at.converged and near:
        return ""
    told = separated(panel, plan.free)
    if not told and at.converged:
        objective = plan.objective(found.likelihood, found.order)
        begin = None if panel.size <= SMALL else at.information
        found.maximum = maximise(
            objective, at.theta, tolerance=_CERTAIN * found.tolerance, information=begin
        )
        found.maximum.reason = ""
        found.maximum.information = plan.information(
            found.likelihood, found.order, found.maximum.theta
        )
    return told


def _errors(
    found: Estimated, plan: Plan, errors: Errors, cluster: NDArray[np.int64] | None
) -> tuple[Array, str]:
    """Covariance of the parameters, and what is wrong with it."""
    at, likelihood = found.maximum, found.likelihood
    rule = product_rule(found.order, plan.covariance.effects)
    held = at.information
    vcov = inverse_of(held)
    reason = "" if is_positive(held) else "the parameters are not all determined by the data"
    if reason and plan.bread < 1:
        reason += f"; nor need they be by {plan.bread:.1%} of the persons: raise `bread`"
    if errors == "clustered":
        if cluster is None:
            meat = likelihood.with_products(at.theta, rule, squared=True)[2]
        else:
            sums = likelihood.cluster_scores(at.theta, rule, cluster)
            meat = sums.T @ sums
        naive, vcov = vcov, vcov @ meat @ vcov
        if not reason:
            _check_sandwich(found, plan, vcov, naive)
    return vcov, reason


def _check_sandwich(found: Estimated, plan: Plan, vcov: Array, naive: Array) -> None:
    """Of coefficients alone: effects without spread have no scores at all."""
    panel, k = found.likelihood.panel, found.likelihood.coefficients
    names = [f"{o}: {panel.positions[p].label}" for o in panel.outcomes[1:] for p in plan.free]
    check_sandwich(vcov[:k, :k], naive[:k, :k], names)


def _boundary(panel: Panel, covariance: Covariance, parameters: Array) -> tuple[str, ...]:
    """What lies at the edge of what effects can be."""
    if not covariance.effects:
        return ()
    own, *of_groups = covariance.by_level(parameters)
    one, said = covariance.of_persons, _at_edge(panel, covariance.of_persons.matrix(own), "effects")
    for level in of_groups:
        said += _at_edge(panel, one.matrix(level), f"effects of {covariance.within}")
    return tuple(said)


def _at_edge(panel: Panel, matrix: Array, effects: str) -> list[str]:
    spread = np.sqrt(np.diag(matrix))
    names = panel.outcomes[1:]
    said = [
        f"the {effects}' variance for {outcome} is zero, at the edge of what it can be: "
        "standard errors of variances mean little there"
        for outcome, one in zip(names, spread, strict=False)
        if one < _NO_SPREAD
    ]
    for i, j in combinations(range(spread.size), 2):
        both = spread[i] * spread[j]
        if min(spread[i], spread[j]) >= _NO_SPREAD and abs(matrix[i, j]) > _ALL_BUT_ONE * both:
            said.append(
                f"the {effects} for {names[i]} and {names[j]} are perfectly correlated, at the "
                "edge of what they can be: standard errors of variances and of the correlation "
                "mean little there"
            )
    return said
