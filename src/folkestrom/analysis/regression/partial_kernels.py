"""The partial likelihood of Cox, compiled: passes over rows, and one sweep over event times.

Event times are numbered, those of one stratum after those of another. A row is at risk at the
times from `first[i]` up to, not including, `last[i]`; where it has an event, that is at
`last[i] - 1`. Rows stand in the order of `last`. Rows with a `tail` stay at risk afterwards, to
the end of their stratum, with weight `tail[i] * fading[t]` (Fine & Gray 1999); only rows whose
stratum has later event times have one.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.analysis.followup.compiled import kernel

Floats: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.int32]
Flags: TypeAlias = npt.NDArray[np.bool_]


@kernel
def _add_exactly(sums: Floats, t: int, amount: float) -> None:
    """Add to a sum, and to what its rounding lost (Knuth 1969)."""
    total = sums[0, t] + amount
    part = total - sums[0, t]
    sums[1, t] += (sums[0, t] - (total - part)) + (amount - part)
    sums[0, t] = total


@kernel
def add_up_risk(
    first: Places,
    last: Places,
    event: Flags,
    risk: Floats,
    weight: Floats,
    tail: Floats,
    entering: Floats,
    leaving: Floats,
    following: Floats,
    events: Floats,
) -> None:
    """Sums by time: risks that begin and end, tails that begin, and events.

    `risk` is weight × hazard ratio. `events` is time × (number, weight, risk). Risks that begin and
    end are sums of two numbers, the second of which is the rounding of the first.
    """
    for i in range(len(risk)):
        if last[i] > first[i]:
            _add_exactly(entering, first[i], risk[i])
            _add_exactly(leaving, last[i] - 1, risk[i])
        if event[i]:
            t = last[i] - 1
            events[t, 0] += 1.0
            events[t, 1] += weight[i] if len(weight) else 1.0
            events[t, 2] += risk[i]
        if len(tail) and tail[i] > 0.0:
            following[last[i]] += risk[i] * tail[i]


@kernel
def at_risk_by_time(
    starts: Places,
    entering: Floats,
    leaving: Floats,
    following: Floats,
    fading: Floats,
    at_risk: Floats,
) -> None:
    """Sum of risks at each time; `starts` are the first times of strata, and the number of all."""
    for s in range(len(starts) - 1):
        # From the end: where few are left, nothing is lost; nor where who was far more at risk
        # than others is taken off.
        total = np.zeros((2, 1))
        for t in range(starts[s + 1] - 1, starts[s] - 1, -1):
            _add_exactly(total, 0, leaving[0, t])
            _add_exactly(total, 0, leaving[1, t])
            at_risk[t] = total[0, 0] + total[1, 0]
            _add_exactly(total, 0, -entering[0, t])
            _add_exactly(total, 0, -entering[1, t])
        if len(fading):
            after = 0.0
            for t in range(starts[s], starts[s + 1]):
                after += following[t]
                at_risk[t] += after * fading[t]


@kernel
def hazards_by_time(
    at_risk: Floats, events: Floats, efron: bool, hazard: Floats, square: Floats
) -> float:
    """Log of the likelihood's denominators, added up; and what gradients and information need.

    `hazard` is time × (whole, tied): the increments of the cumulative hazard, and what those with
    an event at that time are spared of them. `square` is time × 3: the same of squares.
    """
    value = 0.0
    for t in range(len(at_risk)):
        count = int(events[t, 0])
        if count == 0:
            continue
        if not at_risk[t] - events[t, 2] * (count - 1) / count > 1e-140:
            # Lost in rounding, where coefficients have run off; squares are needed too.
            return np.inf
        each = events[t, 1] / events[t, 0]
        if not efron:
            value += events[t, 1] * np.log(at_risk[t])
            hazard[t, 0] = events[t, 1] / at_risk[t]
            square[t, 0] = events[t, 1] / at_risk[t] ** 2
            continue
        for k in range(count):
            part = k / count
            left = at_risk[t] - part * events[t, 2]
            value += each * np.log(left)
            hazard[t, 0] += each / left
            hazard[t, 1] += part * each / left
            square[t, 0] += each / left**2
            square[t, 1] += part * each / left**2
            square[t, 2] += part * part * each / left**2
    return value


@kernel
def residuals(
    first: Places,
    last: Places,
    end: Places,
    event: Flags,
    risk: Floats,
    tail: Floats,
    hazard: Floats,
    cumulative: Floats,
    faded: Floats,
    expected: Floats,
) -> None:
    """Expected events of each row × its weight; `cumulative` and `faded` begin with zero."""
    for i in range(len(risk)):
        found = risk[i] * (cumulative[last[i]] - cumulative[first[i]])
        if event[i]:
            found -= risk[i] * hazard[last[i] - 1, 1]
        if len(tail) and tail[i] > 0.0:
            found += risk[i] * tail[i] * (faded[end[i]] - faded[last[i]])
        expected[i] = found


@kernel
def sweep(  # noqa: C901 - one pass over times, with rows that come, go and stay
    starts: Places,
    first: Places,
    last: Places,
    event: Flags,
    risk: Floats,
    tail: Floats,
    fading: Floats,
    late: npt.NDArray[np.int64],
    codes: npt.NDArray[np.uint8],
    place: Places,
    numbers: Floats,
    slope: Places,
    square: Floats,
    over: Floats,
    products: Floats,
    means: Floats,
) -> None:
    """What the means of covariates among those at risk take off the information.

    Times are gone through from the last to the first. Rows of `late`, in the order of `first`,
    begin later than their stratum. `over` multiplies each time's part. Where `means` has rows,
    they get, by time: sums of covariates at risk, with tails, and of those with an event.
    """
    size = products.shape[0]
    live, tied, after, whole = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    row, begun = len(risk) - 1, len(late) - 1
    tailed = row
    for s in range(len(starts) - 2, -1, -1):
        live[:] = 0.0
        after[:] = 0.0
        if len(fading):
            # Tails of this stratum begin within it; they are taken off as that is passed.
            while tailed >= 0 and last[tailed] >= starts[s + 1]:
                tailed -= 1
            j = tailed
            while j >= 0 and last[j] >= starts[s]:
                if tail[j] > 0.0:
                    _add(j, risk[j] * tail[j], codes, place, numbers, slope, after)
                j -= 1
        for t in range(starts[s + 1] - 1, starts[s] - 1, -1):
            tied[:] = 0.0
            if len(fading):
                while tailed >= 0 and last[tailed] > t:
                    if tail[tailed] > 0.0:
                        part = -risk[tailed] * tail[tailed]
                        _add(tailed, part, codes, place, numbers, slope, after)
                    tailed -= 1
            while row >= 0 and last[row] > t:
                if last[row] > first[row]:
                    _add(row, risk[row], codes, place, numbers, slope, live)
                if event[row]:
                    _add(row, risk[row], codes, place, numbers, slope, tied)
                row -= 1
            while begun >= 0 and first[late[begun]] > t:
                j = late[begun]
                if first[j] < starts[s + 1]:
                    _add(j, -risk[j], codes, place, numbers, slope, live)
                begun -= 1
            for k in range(size):
                whole[k] = live[k] + (fading[t] * after[k] if len(fading) else 0.0)
            if means.shape[1]:
                for k in range(size):
                    means[0, t, k] = whole[k]
                    means[1, t, k] = tied[k]
            q0, q1, q2 = square[t, 0] * over[t], square[t, 1] * over[t], square[t, 2] * over[t]
            for a in range(size):
                one = q0 * whole[a] - q1 * tied[a]
                two = q2 * tied[a] - q1 * whole[a]
                if one == 0.0 and two == 0.0:
                    continue
                for b in range(a + 1):
                    products[a, b] += one * whole[b] + two * tied[b]


@kernel
def _add(
    i: int,
    amount: float,
    codes: npt.NDArray[np.uint8],
    place: Places,
    numbers: Floats,
    slope: Places,
    total: Floats,
) -> None:
    """Add the covariates of a row, times an amount."""
    for f in range(codes.shape[1]):
        k = place[f, codes[i, f]]
        if k >= 0:
            total[k] += amount
    for m in range(numbers.shape[1]):
        total[slope[m]] += amount * numbers[i, m]


@kernel
def cluster_products(  # noqa: C901 - what a row adds has four parts
    bounds: tuple[int, int],
    order: npt.NDArray[np.int64],
    cluster: npt.NDArray[np.int64],
    first: Places,
    last: Places,
    end: Places,
    event: Flags,
    risk: Floats,
    weight: Floats,
    tail: Floats,
    residual: Floats,
    codes: npt.NDArray[np.uint8],
    place: Places,
    numbers: Floats,
    slope: Places,
    means: Floats,
    products: Floats,
) -> None:
    """Score residuals, added up by cluster, and their products; the lower half of a matrix.

    Rows of a cluster follow each other in `order`. `means` is 4 × time × coefficient: sums over
    earlier times of hazard × mean covariates, the same with fading, and at each time the mean of
    those with an event and what ties take off it.
    """
    size = products.shape[0]
    score = np.zeros(size)
    for n in range(bounds[0], bounds[1]):
        i = order[n]
        _add(i, residual[i], codes, place, numbers, slope, score)
        a, b = first[i], last[i]
        if b > a:
            for k in range(size):
                score[k] += risk[i] * (means[0, b, k] - means[0, a, k])
        if event[i]:
            w = weight[i] if len(weight) else 1.0
            for k in range(size):
                score[k] -= w * means[2, b - 1, k] + risk[i] * means[3, b - 1, k]
        if len(tail) and tail[i] > 0.0:
            for k in range(size):
                score[k] += risk[i] * tail[i] * (means[1, end[i], k] - means[1, b, k])
        if n + 1 == bounds[1] or cluster[order[n + 1]] != cluster[i]:
            for k in range(size):
                if score[k] != 0.0:
                    for m in range(k + 1):
                        products[k, m] += score[k] * score[m]
            score[:] = 0.0
