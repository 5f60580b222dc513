"""Fitting the mobility model."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from folkestrom.analysis.mobility.ascent import climb, inverse_of, is_positive, newton_step
from folkestrom.analysis.mobility.checkpoint import Checkpoint, fingerprint
from folkestrom.analysis.mobility.checks import check
from folkestrom.analysis.mobility.covariance import Covariance
from folkestrom.analysis.mobility.panel import Panel, clusters_of_persons
from folkestrom.analysis.mobility.quadrature import product_rule
from folkestrom.analysis.mobility.result import MobilityFit
from folkestrom.analysis.mobility.staging import Estimated, Plan, estimate
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError

Array = NDArray[np.float64]
Errors = Literal["observed", "bhhh", "clustered"]

#: A coefficient whose error, per standard deviation of its covariate, is greater has no estimate.
_UNDETERMINED = 20.0
#: A standard deviation of effects below this counts as zero.
_NO_SPREAD = 0.02
#: A correlation of effects beyond this counts as one.
_ALL_BUT_ONE = 0.999


def fit_mobility(
    panel: Panel,
    *,
    effects: str = "unstructured",
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
    """Fit a multinomial logit with normal effects of persons, by maximum likelihood.

    Parameters
    ----------
    panel
        Person-years, from `make_panel`.
    effects
        Covariance of the effects: unstructured, diagonal, equal, exchangeable, or none.
    standard_errors
        observed: from the observed information. bhhh: from the products of persons' scores.
        clustered: sandwich of both, over `cluster`.
    bread
        Share of the persons, drawn at random, from whom the observed information is computed,
        which takes some forty passes; the result says so.
    cluster
        For each person, in the order of their numbers, what is sampled together; each person
        by default.
    penalty
        Weight of half of each squared coefficient, intercepts apart; lets separated
        covariates through.
    collinear
        What to do with a covariate that is a combination of others.
    tolerance
        Standard errors by which the last step, and the last rise of the order, may move a
        parameter; by default 0.0001 up to 200 000 person-years, 0.01 up to two million,
        0.1 beyond.
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
    _check_options(penalty, tolerance, standard_errors, bread)
    covariance = Covariance(effects, len(panel.outcomes) - 1)
    checked = check(
        panel, effects=covariance.effects > 0, penalised=penalty > 0, collinear=collinear
    )
    kept = _checkpoint(checkpoint, panel, checked.free, effects, penalty, tolerance)
    products = standard_errors == "bhhh"
    plan = Plan(covariance, checked.free, penalty, tolerance, threads, say, kept, products, bread)
    found = estimate(panel, plan)
    _finish(found, plan)
    k = found.likelihood.coefficients
    vcov, reason = _errors(
        found,
        plan,
        standard_errors,
        None if cluster is None else clusters_of_persons(panel, cluster),
    )
    reason = found.climb.reason or reason or _undetermined(found, plan, vcov)
    if kept is not None and not reason:
        kept.remove()
    return MobilityFit(
        outcomes=panel.outcomes,
        positions=panel.positions,
        free=checked.free,
        parents={t.name: t.parents for t in panel.terms if t.parents},
        covariance=covariance,
        theta=found.climb.theta,
        vcov=vcov,
        standard_errors=standard_errors,
        log_likelihood_=found.climb.value,
        order=found.order,
        rows=panel.size,
        persons=panel.persons,
        converged_=not reason,
        message_=reason,
        notes=checked.notes
        + _boundary(panel, covariance, found.climb.theta[k:])
        + tuple(found.notes),
        steps=tuple(found.steps),
        penalty=penalty,
        bread_persons=0 if products or bread == 1 else plan.bread_of(panel).persons,
        tolerance=found.tolerance,
        seconds=time.perf_counter() - started,
    )


def _check_options(penalty: float, tolerance: float | None, errors: str, bread: float) -> None:
    if not 0 < bread <= 1:
        raise UsageError("is no share", where="bread", value=bread, allowed="above 0, to 1")
    if bread < 1 and errors == "bhhh":
        raise UsageError(
            "is a share of the observed information, which bhhh has not", where="bread",
            value=bread, allowed="observed or clustered standard errors",
        )  # fmt: skip
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
    return Checkpoint(Path(path), fingerprint(panel, options))


def _finish(found: Estimated, plan: Plan) -> None:
    """Choose signs of L; judge the last step by information from all persons."""
    at, k = found.climb, found.likelihood.coefficients
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

    if at.at_hand != ("products" if plan.products else "exact") or plan.bread < 1:
        at.information = of_all(at.theta)
    step, own, _ = newton_step(at.information, at.gradient)
    at.moved = float(np.max(np.abs(step) / own)) if step.size else 0.0
    if at.arrived and at.moved >= found.tolerance:
        found.climb = climb(
            objective, at.theta, tolerance=found.tolerance, information=at.information
        )
        found.climb.information = of_all(found.climb.theta)


def _errors(
    found: Estimated, plan: Plan, errors: Errors, cluster: NDArray[np.int64] | None
) -> tuple[Array, str]:
    """Covariance of the parameters, and what is wrong with it."""
    at, likelihood = found.climb, found.likelihood
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
        vcov = vcov @ meat @ vcov
    return vcov, reason


def _undetermined(found: Estimated, plan: Plan, vcov: Array) -> str:
    """Names a coefficient that runs off, which no count of a level shows."""
    panel, free = found.likelihood.panel, plan.free
    spread = np.ones(len(panel.positions))
    numbers = panel.rows.numbers[:, : min(panel.size, 100_000)]
    if numbers.shape[0]:
        spread[panel.rows.offset_n :] = numbers.std(axis=1)
    errors = np.sqrt(np.diag(vcov))[: found.likelihood.coefficients]
    errors = errors.reshape(-1, free.size) * spread[free]
    sizes = np.abs(found.climb.theta[: errors.size]).reshape(errors.shape) * spread[free]
    sizes[errors < _UNDETERMINED] = 0.0
    sizes[:, 0] = 0.0
    if not sizes.any():
        return ""
    j, k = np.unravel_index(int(np.argmax(sizes)), sizes.shape)
    return (
        f"{panel.positions[free[k]].label} tells {panel.outcomes[j + 1]} from "
        f"{panel.outcomes[0]} without error (separation): its coefficient has no finite estimate"
    )


def _boundary(panel: Panel, covariance: Covariance, parameters: Array) -> tuple[str, ...]:
    """What lies at the edge of what effects can be."""
    if not covariance.effects:
        return ()
    matrix = covariance.matrix(parameters)
    spread = np.sqrt(np.diag(matrix))
    names = panel.outcomes[1:]
    said = [
        f"the effects' variance for {outcome} is zero, at the edge of what it can be: "
        "standard errors of variances mean little there"
        for outcome, one in zip(names, spread, strict=False)
        if one < _NO_SPREAD
    ]
    for i, j in combinations(range(spread.size), 2):
        both = spread[i] * spread[j]
        if min(spread[i], spread[j]) >= _NO_SPREAD and abs(matrix[i, j]) > _ALL_BUT_ONE * both:
            said.append(
                f"the effects for {names[i]} and {names[j]} are perfectly correlated, at the edge "
                "of what they can be: standard errors of variances and of the correlation mean "
                "little there"
            )
    return tuple(said)
