"""Warm starts: from a subsample to the whole panel, and from a low order of quadrature upwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility.estimation.checkpoint import Checkpoint, Progress
from folkestrom.analysis.mobility.estimation.covariance import Covariance
from folkestrom.analysis.mobility.estimation.likelihood import Likelihood
from folkestrom.analysis.mobility.estimation.maximisation import (
    Maximisation,
    Objective,
    inverse_of,
    maximise,
    newton_step,
)
from folkestrom.analysis.mobility.estimation.nested import NestedLikelihood
from folkestrom.analysis.mobility.estimation.quadrature import ORDERS, orders_for, product_rule
from folkestrom.analysis.mobility.panel.panel import Panel

Array = NDArray[np.float64]

#: Panels up to this many person-years are fitted by Newton with exact information.
SMALL = 200_000
#: Standard errors by which the last step may move a parameter: in small, middling, large panels.
FINE, MIDDLE, COARSE, LARGE = 1e-4, 0.01, 0.1, 2_000_000
#: The first part of a large panel: this share of it, and no more person-years than this.
_SMALL_PART, _LARGEST_SMALL_PART = 40, 500_000
#: With so many of the orders a part is tried, until one of them finds a maximum.
_TRIED = 4
#: Farther, in a part's standard errors, no sampling takes the estimates of all persons.
_FAR = 8.0
#: Near enough, in standard errors, for the last steps to be taken at the order that suffices.
_NEAR = 0.4
#: Keeps coefficients of levels that a subsample hardly has from running away.
_SUBSAMPLE_PENALTY = 0.1

#: Points in each dimension for effects of groups, whose posteriors are narrow.
_ORDERS_OF_GROUPS = (3, 5, 7, 11, 15, 21)

_ORDER_BY_PART = "that more points of quadrature change nothing was judged by a part of the persons"


@dataclass
class Estimated:
    """Where the stages ended.

    Attributes
    ----------
    likelihood
        The likelihood of the whole panel.
    maximum
        The last maximisation.
    order
        Order of quadrature at which it was checked.
    tolerance
        In standard errors.
    steps
        What was done, a line each.
    notes
        What was judged by a part of the persons.
    """

    likelihood: Likelihood
    maximum: Maximisation
    order: int
    tolerance: float
    steps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Plan:
    """What is to be fitted, and how closely.

    Attributes
    ----------
    covariance, free
        Effects; positions with a coefficient.
    penalty
        Weight of half of each squared coefficient, of numbers per standard deviation and
        intercepts apart.
    tolerance
        In standard errors; None: by the panel's size.
    threads
        Number of threads; None: the environment's.
    say
        Called with a line for each thing done.
    checkpoint
        Where a fit that is interrupted is resumed from.
    products
        Standard errors come from the products of scores: they are made with the last passes.
    bread
        Share of the persons from whom the observed information is computed in the end.
    """

    covariance: Covariance
    free: NDArray[np.int64]
    penalty: float = 0.0
    tolerance: float | None = None
    threads: int | None = None
    say: Callable[[str], None] | None = None
    checkpoint: Checkpoint | None = None
    products: bool = False
    bread: float = 1.0

    def keep(self, held: Progress) -> None:
        """Note how far the fit has come."""
        if self.checkpoint is not None:
            self.checkpoint.write(held)

    def likelihood(self, panel: Panel) -> Likelihood:
        """The likelihood of a panel."""
        # In a large panel nothing shows a mode that is off by a thousandth of its spread.
        enough = 1e-9 if panel.size <= SMALL else 1e-4
        kind = NestedLikelihood if self.covariance.within else Likelihood
        return kind(panel, self.covariance, self.free, self.threads, enough)

    def objective(self, likelihood: Likelihood, order: int, extra: float = 0.0) -> Objective:
        """The likelihood at an order, with the penalty."""
        penalty = np.zeros(likelihood.parameters)
        slopes = np.arange(likelihood.coefficients) % self.free.size != 0
        penalty[: likelihood.coefficients][slopes] = self.penalty + extra
        return Objective(likelihood, product_rule(order, likelihood.covariance.effects), penalty)

    def bread_of(self, panel: Panel) -> Panel:
        """The persons from whom the observed information is computed."""
        return panel if self.bread == 1 else _part(panel, int(np.ceil(panel.size * self.bread)))

    def information(self, likelihood: Likelihood, order: int, theta: Array) -> Array:
        """Observed information, of all persons or of some of them and scaled up."""
        if self.bread == 1:
            return self.objective(likelihood, order).information(theta)
        part = self.likelihood(self.bread_of(likelihood.panel))
        objective = self.objective(part, order)
        own = np.diag(objective.penalty)
        grow = _mass(likelihood.panel) / _mass(part.panel)
        return (objective.information(theta) - own) * grow + own


def estimate(panel: Panel, plan: Plan) -> Estimated:
    """Maximise the likelihood of a panel.

    Parameters
    ----------
    panel
        The rows.
    plan
        What is to be fitted.
    """
    size = panel.size
    usual = FINE if size <= SMALL else MIDDLE if size <= LARGE else COARSE
    tolerance = plan.tolerance or usual
    steps: list[str] = []

    def say(line: str) -> None:
        steps.append(line)
        if plan.say is not None:
            plan.say(line)

    likelihood = plan.likelihood(panel)
    held = plan.checkpoint.read() if plan.checkpoint else None
    if isinstance(likelihood, NestedLikelihood):
        held = held or _without_groups(panel, plan, likelihood, say)
        return _rise_of_groups(plan, likelihood, held, tolerance, say, steps)
    if size <= SMALL:
        theta = _first_guess(panel, plan) if held is None else held.theta
        found, order = _rise(plan, likelihood, theta, tolerance, say)
        nearly = plan.covariance.effects and found.converged and found.first_step >= tolerance
        notes = [_nearly(order, found.first_step)] if nearly else []
        return Estimated(likelihood, found, order, tolerance, steps, notes)
    orders = orders_for(plan.covariance.effects)
    if held is None:
        held = _from_parts(panel, plan, tolerance, orders, say)
        plan.keep(held)
    else:
        say("resumed from the checkpoint")
    found = _whole(plan, likelihood, held, tolerance, say)
    if not found.converged and held.order in orders[:-2]:
        # Few points may have misled it (see `_rise`); once only, since passes are long.
        held = _from_parts(panel, plan, tolerance, orders[orders.index(held.order) + 1 :], say)
        plan.keep(held)
        found = _whole(plan, likelihood, held, tolerance, say)
    notes = [_ORDER_BY_PART] if found.converged and held.order < orders[-1] else []
    if len(orders) > 1 and found.converged and held.order == orders[-1]:
        notes = _judge_last_rise(plan, likelihood, found, tolerance)
    return Estimated(likelihood, found, held.order, tolerance, steps, notes)


def _without_groups(
    panel: Panel, plan: Plan, likelihood: NestedLikelihood, say: Callable[[str], None]
) -> Progress:
    """Fit persons' effects alone: where to begin, and the order that suffices for them."""
    alone = replace(
        plan, covariance=plan.covariance.of_persons, products=False, checkpoint=None, bread=1.0,
        say=say,
    )  # fmt: skip
    found = estimate(replace(panel, groups=None), alone)
    of_groups = plan.covariance.by_level(plan.covariance.start())[1]
    theta = np.concatenate([found.maximum.theta, of_groups])
    likelihood.outer = _ORDERS_OF_GROUPS[0]
    information = plan.objective(likelihood, ORDERS[0]).information(theta)
    # Of a small panel it is the order before the last that has sufficed.
    back = max(ORDERS.index(found.order) - (panel.size <= SMALL), 0)
    return Progress(theta, information, likelihood.outer, ORDERS[back], np.zeros(0))


def _rise_of_groups(
    plan: Plan,
    likelihood: NestedLikelihood,
    held: Progress,
    tolerance: float,
    say: Callable[[str], None],
    steps: list[str],
) -> Estimated:
    """Maximise with effects of groups, and raise their order until that moves nothing."""
    first, *_, last = _ORDERS_OF_GROUPS
    for outer in [order for order in _ORDERS_OF_GROUPS if order >= held.reached]:
        likelihood.outer = outer
        # What few points for persons miss at first is made up for at the next order.
        order = ORDERS[0] if outer == first else held.order
        held = began = replace(held, reached=outer)

        def keep(at: Maximisation, began: Progress = began) -> None:
            plan.keep(replace(began, theta=at.theta, information=at.information))

        at = maximise(
            plan.objective(likelihood, order), held.theta, tolerance=tolerance,
            information=held.information, each=keep,
        )  # fmt: skip
        say(f"{outer} points for groups; {_line(likelihood, order, at)}")
        if at.converged:
            held = replace(held, theta=at.theta, information=at.information)
            if at.iterations == 0 and outer > first:
                break
    else:
        _refuse_unsettled(plan, at, last, at.first_step, tolerance)
    return Estimated(likelihood, at, held.order, tolerance, steps)


def _from_parts(
    panel: Panel,
    plan: Plan,
    tolerance: float,
    orders: Sequence[int],
    say: Callable[[str], None],
) -> Progress:
    """Fit a small part of the persons, then, of a large panel, a tenth of them."""
    size = panel.size
    part = _part(panel, _size_of_part(size))
    likelihood, grow = plan.likelihood(part), size / part.size
    theta = _first_guess(part, plan)
    attempts: list[Maximisation] = []
    for lowest in orders[:_TRIED]:
        objective = plan.objective(likelihood, lowest, _SUBSAMPLE_PENALTY)
        attempts.append(maximise(objective, theta, tolerance=0.1, products=True))
        say(_line(likelihood, lowest, attempts[-1]))
        if attempts[-1].converged:
            break
    # Where more points do not help, it is the part that is too small for the model.
    first = len(attempts) - 1 if attempts[-1].converged else 0
    at, lowest, orders = attempts[first], orders[first], orders[first:]
    objective = plan.objective(likelihood, lowest, _SUBSAMPLE_PENALTY)
    information = objective.information(at.theta)
    order, gradient_correction = _settle(
        plan, likelihood, at.theta, information, orders, grow, tolerance, say
    )
    theta, information = at.theta, information * grow
    if size > LARGE:
        tenth = plan.likelihood(_part(panel, size // 10))
        share = tenth.panel.size / size
        objective = plan.objective(tenth, lowest, _SUBSAMPLE_PENALTY)
        # Sampling error outweighs what is left of the maximisation.
        at = maximise(objective, theta, tolerance=0.15, information=information * share)
        say(_line(tenth, lowest, at))
        theta = at.theta
    return Progress(theta, information, lowest, order, gradient_correction)


def _size_of_part(size: int) -> int:
    return min(max(size // _SMALL_PART, SMALL // 4), _LARGEST_SMALL_PART)


def _settle(
    plan: Plan,
    likelihood: Likelihood,
    theta: Array,
    information: Array,
    orders: Sequence[int],
    grow: float,
    tolerance: float,
    say: Callable[[str], None],
) -> tuple[int, Array]:
    """The order from which a rise would not move the whole panel's estimates, judged by a part.

    Returns with it by how much the whole's gradient differs there from that of the lowest order.
    """
    gradients = [plan.objective(likelihood, orders[0])(theta)[1]]
    for lower, order in pairwise(orders):
        gradients.append(plan.objective(likelihood, order)(theta)[1])
        step, errors, _ = newton_step(information, gradients[-1] - gradients[-2])
        moved = float(np.max(np.abs(step) / errors)) * float(np.sqrt(grow))
        say(
            f"{likelihood.panel.size} person-years: {order} points instead of {lower} would move "
            f"the whole by {moved:.1e} standard errors"
        )
        if moved < tolerance:
            return lower, (gradients[-2] - gradients[0]) * grow
    return orders[-1], (gradients[-1] - gradients[0]) * grow


def _whole(
    plan: Plan,
    likelihood: Likelihood,
    held: Progress,
    tolerance: float,
    say: Callable[[str], None],
) -> Maximisation:
    """Maximise with all persons: at the lowest order as if at the one that suffices, then there."""
    theta, information = held.theta, held.information
    if held.order > held.reached:
        objective = replace(
            plan.objective(likelihood, held.reached), gradient_correction=held.gradient_correction
        )
        at = maximise(
            objective, theta, tolerance=_NEAR, information=information,
            each=lambda at: plan.keep(replace(held, theta=at.theta, information=at.information)),
        )  # fmt: skip
        say(_line(likelihood, held.reached, at))
        if at.converged:
            at.theta = at.theta + newton_step(at.information, at.gradient)[0]
        # Where few points mislead, the part's estimates are the better beginning.
        if not _far(held, likelihood, at.theta):
            theta, information = at.theta, at.information
    began = held
    held = replace(held, theta=theta, information=information, reached=held.order)
    plan.keep(held)
    at = maximise(
        plan.objective(likelihood, held.order), theta, tolerance=tolerance,
        information=information, products=plan.products,
        each=lambda at: plan.keep(replace(held, theta=at.theta, information=at.information)),
    )  # fmt: skip
    say(_line(likelihood, held.order, at))
    if at.converged and _far(began, likelihood, at.theta):
        at.converged = False
        at.reason = "all persons have variances far from those of a part: few points led it astray"
    return at


def _far(began: Progress, likelihood: Likelihood, theta: Array) -> bool:
    """Whether effects lie farther from what a part of the persons gives than chance has them."""
    size, effects = likelihood.panel.size, slice(likelihood.coefficients, None)
    variances = np.diag(inverse_of(began.information)) * (size / _size_of_part(size))
    moved = np.abs(theta - began.theta)[effects]
    return bool((moved > _FAR * np.sqrt(variances[effects])).any())


def _rise(
    plan: Plan,
    likelihood: Likelihood,
    theta: Array,
    tolerance: float,
    say: Callable[[str], None],
) -> tuple[Maximisation, int]:
    """Maximise, and raise the order until that moves nothing; returns the order that sufficed.

    With few points the rule can rise for ever with the variances, where the integral falls: a
    maximisation that diverges begins anew with more points.
    """
    orders = orders_for(plan.covariance.effects)
    found = _rise_from(plan, likelihood, theta, tolerance, orders, say)
    while not found[0].converged and found[1] in orders[:-2]:
        more = orders[orders.index(found[1]) + 1 :]
        found = _rise_from(
            plan, likelihood, _first_guess(likelihood.panel, plan), tolerance, more, say
        )
    return found


def _rise_from(
    plan: Plan,
    likelihood: Likelihood,
    theta: Array,
    tolerance: float,
    orders: Sequence[int],
    say: Callable[[str], None],
) -> tuple[Maximisation, int]:
    """Maximise at the first of these orders, and raise it."""

    def keep(at: Maximisation) -> None:
        plan.keep(Progress(at.theta, at.information, orders[0], orders[0], np.zeros(0)))

    at = maximise(plan.objective(likelihood, orders[0]), theta, tolerance=tolerance, each=keep)
    say(_line(likelihood, orders[0], at))
    for lower, order in pairwise(orders):
        if not at.converged:
            return at, lower
        # From here on the information of the lowest order is near enough to find the maximum.
        at = maximise(
            plan.objective(likelihood, order), at.theta, tolerance=tolerance,
            information=at.information, each=keep,
        )  # fmt: skip
        say(_line(likelihood, order, at))
        if at.converged and at.iterations == 0:
            return at, order
    if len(orders) > 1:
        _refuse_unsettled(plan, at, orders[-1], at.first_step, tolerance)
    return at, orders[-1]


def _judge_last_rise(
    plan: Plan, likelihood: Likelihood, at: Maximisation, tolerance: float
) -> list[str]:
    """Where a part found no order that suffices: what the last rise moves, of all persons."""
    lower, highest = orders_for(plan.covariance.effects)[-2:]
    fallen = at.gradient - plan.objective(likelihood, lower)(at.theta)[1]
    step, errors, _ = newton_step(at.information, fallen)
    moved = float(np.max(np.abs(step) / errors))
    if moved < tolerance:
        return []
    _refuse_unsettled(plan, at, highest, moved, tolerance)
    return [_nearly(highest, moved)] if at.converged else []


def _refuse_unsettled(
    plan: Plan, at: Maximisation, order: int, moved: float, tolerance: float
) -> None:
    """Without a tolerance of the user's, the last rise may move what large panels' may."""
    if plan.tolerance is not None or moved >= COARSE:
        at.converged = False
        at.reason = (
            f"the integral has not settled at {order} points: the last rise of the order "
            f"moved a parameter by {moved:.1e} standard errors; the tolerance is {tolerance:g}"
        )


def _nearly(order: int, moved: float) -> str:
    return (
        f"at {order} points, the most there are, the integral still moved a parameter by "
        f"{moved:.1e} standard errors"
    )


def _line(likelihood: Likelihood, order: int, at: Maximisation) -> str:
    return (
        f"{likelihood.panel.size} person-years, {order} points, {at.iterations} steps: "
        f"log-likelihood {at.value:.4f}, next step {at.moved:.1e} standard errors"
    )


def _first_guess(panel: Panel, plan: Plan) -> Array:
    """Coefficients without effects, and effects of moderate size."""
    without = replace(plan, covariance=Covariance("none", plan.covariance.equations))
    likelihood = without.likelihood(panel)
    theta = np.zeros(likelihood.parameters)
    outcomes = np.bincount(panel.rows.outcome, minlength=len(panel.outcomes)) + 0.5
    theta[:: plan.free.size] = np.log(outcomes[1:] / outcomes[0])
    objective = without.objective(likelihood, orders_for(0)[0], _SUBSAMPLE_PENALTY)
    found = maximise(objective, theta, tolerance=0.1, products=True)
    return np.concatenate([found.theta, plan.covariance.start()])


def _mass(panel: Panel) -> float:
    """Person-years, weighted."""
    weight = panel.rows.weight
    return float(weight @ np.diff(panel.rows.start)) if weight.size else float(panel.size)


def _part(panel: Panel, rows: int) -> Panel:
    """Persons spread evenly over the panel, with about so many rows."""
    persons = max(1, panel.persons * rows // panel.size)
    # Irregular gaps, so that nothing periodic in the order of persons is picked out.
    drawn = np.random.default_rng(20_210_101).permutation(panel.persons)[:persons]
    return panel.take(np.sort(drawn).astype(np.int64))
