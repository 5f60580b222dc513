"""Products of transition matrices over days, compiled."""

from __future__ import annotations

import numpy as np

from folkestrom.analysis.followup.kernels import Floats
from folkestrom.engine.kernels import kernel


@kernel
def _fill_step(at_risk: Floats, moves: Floats, day: int, step: Floats) -> bool:
    """One day's matrix of transition probabilities; whether anyone moved."""
    states = len(at_risk)
    moved = False
    for i in range(states):
        out = 0.0
        for j in range(states):
            step[i, j] = 0.0
            if j != i and moves[i, day, j] > 0.0:
                step[i, j] = moves[i, day, j] / at_risk[i, day]
                out += moves[i, day, j]
        # Of the sum, so that nobody stays, exactly, where all leave.
        step[i, i] = max(1.0 - out / at_risk[i, day], 0.0) if out > 0.0 else 1.0
        moved = moved or out > 0.0
    return moved


@kernel
def _carry(share: Floats, step: Floats, before: Floats) -> None:
    """Replace `share` by `share` × `step`; what it was is left in `before`."""
    states = len(share)
    for j in range(states):  # an array set as a whole takes seconds to compile
        before[j] = share[j]
    for j in range(states):
        share[j] = 0.0
        for i in range(states):
            share[j] += before[i] * step[i, j]


@kernel
def _carry_covariance(covariance: Floats, step: Floats, half: Floats) -> None:
    """Replace `covariance` by `step`' × `covariance` × `step`."""
    states = len(step)
    for i in range(states):
        for j in range(states):
            half[i, j] = 0.0
            for k in range(states):
                half[i, j] += covariance[i, k] * step[k, j]
    for i in range(states):
        for j in range(states):
            covariance[i, j] = 0.0
            for k in range(states):
                covariance[i, j] += step[k, i] * half[k, j]


@kernel
def _add_own(covariance: Floats, step: Floats, before: Floats, at_risk: Floats, day: int) -> None:
    """Add the covariance of the day's own moves, multinomial from each state."""
    states = len(step)
    for i in range(states):
        if step[i, i] == 1.0:
            continue
        scale = before[i] * before[i] / at_risk[i, day]
        for j in range(states):
            covariance[j, j] += scale * step[i, j]
            for k in range(states):
                covariance[j, k] -= scale * step[i, j] * step[i, k]


@kernel
def product_integral(
    at_risk: Floats, moves: Floats, start: Floats, own: Floats, shares: Floats, variance: Floats
) -> None:
    """Carry a distribution over states through the days, with Greenwood's covariance.

    Parameters
    ----------
    at_risk
        State × day.
    moves
        State left × day × state entered.
    start, own
        The distribution before the first day, and its covariance.
    shares, variance
        Filled: day × state, after the moves of the day.
    """
    states, days = at_risk.shape
    share, before = start.copy(), start.copy()
    covariance, half = own.copy(), own.copy()
    step = np.zeros((states, states))
    for day in range(days):
        if _fill_step(at_risk, moves, day, step):
            _carry(share, step, before)
            _carry_covariance(covariance, step, half)
            _add_own(covariance, step, before, at_risk, day)
        for j in range(states):
            shares[day, j] = share[j]
            variance[day, j] = covariance[j, j]
