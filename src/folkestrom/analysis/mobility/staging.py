"""From a subsample to the whole panel, and from a low order of quadrature to one that suffices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility.ascent import Climb, Objective, climb
from folkestrom.analysis.mobility.covariance import Covariance
from folkestrom.analysis.mobility.likelihood import Likelihood
from folkestrom.analysis.mobility.panel import Panel
from folkestrom.analysis.mobility.quadrature import orders_for, product_rule

Array = NDArray[np.float64]

#: Panels up to this many person-years are fitted by Newton with exact information.
SMALL = 200_000
#: Standard errors by which the last step may move a parameter: in small, middling, large panels.
FINE, MIDDLE, COARSE, LARGE = 1e-4, 0.01, 0.1, 2_000_000
#: Keeps coefficients of levels that a subsample hardly has from running away.
_SUBSAMPLE_PENALTY = 0.1


@dataclass
class Estimated:
    """Where the stages ended.

    Attributes
    ----------
    likelihood
        The likelihood of the whole panel.
    climb
        The last climb.
    order
        Order of quadrature at which it was checked.
    tolerance
        In standard errors.
    steps
        What was done, a line each.
    """

    likelihood: Likelihood
    climb: Climb
    order: int
    tolerance: float
    steps: list[str] = field(default_factory=list)


@dataclass
class Plan:
    """What is to be fitted, and how closely.

    Attributes
    ----------
    covariance, free
        Effects; positions with a coefficient.
    penalty
        Weight of half of each squared coefficient, intercepts apart.
    tolerance
        In standard errors; None: by the panel's size.
    threads
        Number of threads; None: the environment's.
    say
        Called with a line for each thing done.
    """

    covariance: Covariance
    free: NDArray[np.int64]
    penalty: float = 0.0
    tolerance: float | None = None
    threads: int | None = None
    say: Callable[[str], None] | None = None

    def likelihood(self, panel: Panel) -> Likelihood:
        """The likelihood of a panel."""
        # In a large panel nothing shows a mode that is off by a thousandth of its spread.
        enough = 1e-9 if panel.size <= SMALL else 1e-4
        return Likelihood(panel, self.covariance, self.free, self.threads, enough)

    def objective(self, likelihood: Likelihood, order: int, extra: float = 0.0) -> Objective:
        """The likelihood at an order, with the penalty."""
        penalty = np.zeros(likelihood.parameters)
        slopes = np.arange(likelihood.coefficients) % self.free.size != 0
        penalty[: likelihood.coefficients][slopes] = self.penalty + extra
        return Objective(likelihood, product_rule(order, likelihood.covariance.effects), penalty)


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

    sizes = [SMALL // 2] if size > SMALL else []
    if size // 10 > SMALL:
        sizes.append(size // 10)
    theta, information = _first_guess(_part(panel, sizes[0]) if sizes else panel, plan), None
    reached = orders_for(plan.covariance.effects)[0]
    for rows in sizes:
        part = _part(panel, rows)
        likelihood = plan.likelihood(part)
        # Sampling error outweighs what is left of the climb.
        loose = max(0.02, tolerance * float(np.sqrt(part.size / size)))
        information = None if part.size <= SMALL else information
        found, reached = _rise(plan, likelihood, theta, loose, reached, information, say, 0.1)
        theta = found.theta
        if part.size > SMALL:
            found.information = plan.objective(likelihood, reached, _SUBSAMPLE_PENALTY).information(
                theta
            )
        information = found.information * (size / part.size)
        if rows != sizes[-1]:
            information = found.information * (sizes[-1] / part.size)
    likelihood = plan.likelihood(panel)
    found, order = _rise(plan, likelihood, theta, tolerance, reached, information, say, 0.0)
    return Estimated(likelihood, found, order, tolerance, steps)


def _rise(
    plan: Plan,
    likelihood: Likelihood,
    theta: Array,
    tolerance: float,
    first: int,
    information: Array | None,
    say: Callable[[str], None],
    extra: float,
) -> tuple[Climb, int]:
    """Climb, and raise the order until that moves nothing; returns the order that sufficed."""
    orders = orders_for(plan.covariance.effects, first)
    at = climb(
        plan.objective(likelihood, orders[0], extra),
        theta,
        tolerance=tolerance,
        information=information,
    )
    say(_line(likelihood, orders[0], at))
    for lower, order in pairwise(orders):
        if not at.arrived:
            return at, lower
        # From here on the information of the lowest order is near enough to find the maximum.
        objective = plan.objective(likelihood, order, extra)
        at = climb(objective, at.theta, tolerance=tolerance, information=at.information)
        say(_line(likelihood, order, at))
        if at.arrived and at.turns == 0:
            return at, (order if extra == 0.0 else lower)
    if len(orders) > 1:
        at.arrived = False
        at.reason = f"the integral has not settled at {orders[-1]} points"
    return at, orders[-1]


def _line(likelihood: Likelihood, order: int, at: Climb) -> str:
    return (
        f"{likelihood.panel.size} person-years, {order} points, {at.turns} steps: "
        f"log-likelihood {at.value:.4f}, next step {at.moved:.1e} standard errors"
    )


def _first_guess(panel: Panel, plan: Plan) -> Array:
    """Coefficients without effects, and effects of moderate size."""
    without = replace(plan, covariance=Covariance("none", plan.covariance.equations))
    likelihood = without.likelihood(panel)
    theta = np.zeros(likelihood.parameters)
    outcomes = np.bincount(panel.rows.outcome, minlength=len(panel.outcomes)) + 0.5
    theta[:: plan.free.size] = np.log(outcomes[1:] / outcomes[0])
    extra = _SUBSAMPLE_PENALTY
    found = climb(without.objective(likelihood, orders_for(0)[0], extra), theta, tolerance=0.01)
    return np.concatenate([found.theta, plan.covariance.start()])


def _part(panel: Panel, rows: int) -> Panel:
    """Persons spread evenly over the panel, with about so many rows."""
    persons = max(1, panel.persons * rows // panel.size)
    # Irregular gaps, so that nothing periodic in the order of persons is picked out.
    drawn = np.random.default_rng(20_210_101).permutation(panel.persons)[:persons]
    return panel.take(np.sort(drawn).astype(np.int64))
