"""The score of Gray's test and its covariance, compiled (Gray 1988, section 2, with ρ = 0)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from folkestrom.analysis.followup.kernels import Floats
from folkestrom.engine.kernels import kernel


class Running(NamedTuple):
    """What is carried from day to day: one value a group, and the pooled incidence.

    Parameters
    ----------
    survival, incidence
        Kaplan–Meier's survival and the cause's incidence, before the day.
    after
        Survival after it.
    scaled
        At risk over survival.
    pooled
        One value: the incidence of all groups together, after the day.
    """

    survival: Floats
    incidence: Floats
    after: Floats
    scaled: Floats
    pooled: Floats


@kernel
def _begin(
    at_risk: Floats, events: Floats, others: Floats, day: int, run: Running
) -> tuple[float, float, float]:
    """Take in a day: scaled numbers at risk, of them those without the event; pooled hazard."""
    total, free = 0.0, 0.0
    for k in range(len(at_risk)):
        run.scaled[k] = 0.0
        run.after[k] = run.survival[k]
        n = at_risk[k, day]
        if n > 0.0:
            run.scaled[k] = n / run.survival[k]
            total += run.scaled[k]
            free += run.scaled[k] * (1.0 - run.incidence[k])
            run.after[k] = run.survival[k] * (n - events[k, day] - others[k, day]) / n
    of_cause = events[:, day].sum()
    hazard = of_cause / (total * (1.0 - run.pooled[0])) if of_cause > 0.0 else 0.0
    run.pooled[0] += of_cause / total
    return total, free, hazard


@kernel
def _end(at_risk: Floats, events: Floats, day: int, run: Running) -> None:
    for k in range(len(at_risk)):
        if at_risk[k, day] > 0.0:
            run.incidence[k] += run.survival[k] * events[k, day] / at_risk[k, day]
            run.survival[k] = run.after[k]


@kernel
def _fill_weights(run: Running, total: float, weights: Floats) -> None:
    """How much an event of group j moves the score of group k: `weights[k, j]`."""
    for k in range(len(weights)):
        for j in range(len(weights)):
            own = 1.0 if k == j else 0.0
            weights[k, j] = run.scaled[k] * (own - run.scaled[j] / total)


@kernel
def _add_square(
    weights: Floats, by: float, ahead: Floats, share: float, j: int, size: float, into: Floats
) -> None:
    """Add `size` × the square of (`by` × weights + `share` × what is ahead) of group j."""
    for k in range(len(into)):
        one = by * weights[k, j] + share * ahead[k, j]
        for m in range(len(into)):
            into[k, m] += one * (by * weights[m, j] + share * ahead[m, j]) * size


@kernel
def _add_covariance(
    at_risk: Floats,
    events: Floats,
    others: Floats,
    day: int,
    run: Running,
    total: float,
    weights: Floats,
    ahead: Floats,
    covariance: Floats,
) -> None:
    of_cause = events[:, day].sum()
    for j in range(len(at_risk)):
        n, d = at_risk[j, day], others[j, day]
        if n <= 0.0:
            continue
        survival = run.survival[j]
        share = (1.0 - run.pooled[0]) / run.after[j] if run.after[j] > 0.0 else 0.0
        if of_cause > 0.0:
            ties = 1.0
            if of_cause > 1.0:
                ties = 1.0 - (of_cause - 1.0) / (total * survival - 1.0)
            size = ties * survival * of_cause / (total * n)
            _add_square(weights, 1.0, ahead, 1.0 - share, j, size, covariance)
        if d > 0.0 and run.after[j] > 0.0:
            ties = 1.0 - (d - 1.0) / (n - 1.0) if d > 1.0 else 1.0
            size = ties * survival * survival * d / (n * n)
            _add_square(weights, 0.0, ahead, share, j, size, covariance)


@kernel
def gray_score(
    at_risk: Floats, events: Floats, others: Floats, score: Floats, covariance: Floats
) -> None:
    """Add the score of Gray's test within one stratum, and its covariance.

    Parameters
    ----------
    at_risk, events, others
        Group × day: at risk; events of the cause compared, and of the others.
    score, covariance
        Added to: group, and group × group.
    """
    groups, days = at_risk.shape
    # An event also moves all later scores, by what is still ahead of them: the sum over all
    # days has to be known before the days are gone through.
    ahead = np.zeros((groups, groups))
    weights = np.zeros((groups, groups))
    for turn in range(2):
        run = Running(
            np.ones(groups), np.zeros(groups), np.zeros(groups), np.zeros(groups), np.zeros(1)
        )
        for day in range(days):
            if events[:, day].sum() + others[:, day].sum() == 0.0:
                continue
            total, free, hazard = _begin(at_risk, events, others, day, run)
            _fill_weights(run, total, weights)
            if turn == 0:
                ahead += weights * hazard
                for k in range(groups):
                    expected = run.scaled[k] * (1.0 - run.incidence[k]) / free if hazard else 0.0
                    score[k] += events[k, day] - events[:, day].sum() * expected
            else:
                ahead -= weights * hazard
                _add_covariance(
                    at_risk, events, others, day, run, total, weights, ahead, covariance
                )
            _end(at_risk, events, day, run)
