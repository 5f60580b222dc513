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

from folkestrom.engine.kernels import kernel

#: A difference of sums that is a smaller part of them has lost digits: it is added up directly.
_LOST = 1e-7

Floats: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.int32]
Flags: TypeAlias = npt.NDArray[np.bool_]


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

    `risk` is weight × hazard ratio. `events` is time × (number, weight, risk).
    """
    for i in range(len(risk)):
        if last[i] > first[i]:
            entering[first[i]] += risk[i]
            leaving[last[i] - 1] += risk[i]
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
    first: Places,
    last: Places,
    risk: Floats,
    entering: Floats,
    leaving: Floats,
    following: Floats,
    fading: Floats,
    at_risk: Floats,
    anew: Flags,
) -> None:
    """Sum of risks at each time; `starts` are the first times of strata, and the number of all.

    `anew` marks times at which the sum is made of the rows at risk: those who begin later, whose
    risks are taken off it, were nearly all of it. `following` becomes the sum of earlier tails.
    """
    row = len(risk) - 1
    for s in range(len(starts) - 2, -1, -1):
        # From the end: where few are left, nothing is lost.
        total, most, until = 0.0, 0.0, row
        for t in range(starts[s + 1] - 1, starts[s] - 1, -1):
            while row >= 0 and last[row] > t:
                row -= 1
            total += leaving[t]
            most = max(most, total)
            if total < _LOST * most:
                anew[t] = True
                total = 0.0
                for i in range(row + 1, until + 1):
                    if first[i] <= t:
                        total += risk[i]
                most = total
            at_risk[t] = total
            total -= entering[t]
        if len(fading):
            total = 0.0
            for t in range(starts[s], starts[s + 1]):
                total += following[t]
                following[t] = total
                at_risk[t] += total * fading[t]


@kernel
def hazards_by_time(
    at_risk: Floats, events: Floats, efron: bool, hazard: Floats, square: Floats
) -> float:
    """Log of the likelihood's denominators, added up; and what gradients and information need.

    `hazard` is time × (whole, tied): the increments of the cumulative hazard, and what those with
    an event at that time are spared of them. `square` is time × 3: the same of squares, times the
    square of those at risk.
    """
    value = 0.0
    for t in range(len(at_risk)):
        count = int(events[t, 0])
        if count == 0:
            continue
        if not at_risk[t] - events[t, 2] * (count - 1) / count > 1e-300:
            # Less than can be told from nothing, where coefficients have run off.
            return np.inf
        each = events[t, 1] / events[t, 0]
        if not efron:
            value += events[t, 1] * np.log(at_risk[t])
            hazard[t, 0] = events[t, 1] / at_risk[t]
            square[t, 0] = events[t, 1]
            continue
        for k in range(count):
            part = k / count
            left = at_risk[t] - part * events[t, 2]
            value += each * np.log(left)
            hazard[t, 0] += each / left
            hazard[t, 1] += part * each / left
            ratio = at_risk[t] / left
            square[t, 0] += each * ratio**2
            square[t, 1] += part * each * ratio**2
            square[t, 2] += part * part * each * ratio**2
    return value


@kernel
def residuals(
    first: Places,
    last: Places,
    end: Places,
    event: Flags,
    risk: Floats,
    tail: Floats,
    fading: Floats,
    hazard: Floats,
    sums: Floats,
    sizes: Floats,
    expected: Floats,
) -> None:
    """Expected events of each row × its weight.

    `sums` has the sums of `hazard` over earlier times, and of hazard × fading; `sizes` the same of
    the hazards themselves, where `hazard` is a multiple of them.
    """
    for i in range(len(risk)):
        a, b = first[i], last[i]
        found = sums[0, b] - sums[0, a]
        if is_lost(sizes[0], a, b):
            found = 0.0
            for t in range(a, b):
                found += hazard[t, 0]
        if event[i]:
            found -= hazard[b - 1, 1]
        found *= risk[i]
        if len(tail) and tail[i] > 0.0:
            following = sums[1, end[i]] - sums[1, b]
            if is_lost(sizes[1], b, end[i]):
                following = 0.0
                for t in range(b, end[i]):
                    following += hazard[t, 0] * fading[t]
            found += risk[i] * tail[i] * following
        expected[i] = found


@kernel
def is_lost(sizes: Floats, a: int, b: int) -> bool:
    """Whether the sum over the times from a to b is hidden by that over earlier ones."""
    return b > a and not sizes[b] - sizes[a] > _LOST * sizes[b]


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
    at_risk: Floats,
    following: Floats,
    anew: Flags,
    over: Floats,
    products: Floats,
    means: Floats,
) -> None:
    """What the means of covariates among those at risk take off the information.

    Times are gone through from the last to the first. Rows of `late`, in the order of `first`,
    begin later than their stratum. `over` multiplies each time's part. Where `means` has rows,
    they get, by time, as parts of the risk: sums of covariates at risk, with tails, and of those
    with an event.
    """
    size = products.shape[0]
    live, tied, after, whole = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    row, begun = len(risk) - 1, len(late) - 1
    tailed = row
    for s in range(len(starts) - 2, -1, -1):
        live[:] = 0.0
        until, held = row, np.inf
        if len(fading):
            while tailed >= 0 and last[tailed] >= starts[s + 1]:
                tailed -= 1
        for t in range(starts[s + 1] - 1, starts[s] - 1, -1):
            tied[:] = 0.0
            if len(fading):
                while tailed >= 0 and last[tailed] > t:
                    if tail[tailed] > 0.0:
                        part = -risk[tailed] * tail[tailed]
                        _add(tailed, part, codes, place, numbers, slope, after)
                    tailed -= 1
                if following[t] < _LOST * held:
                    # Tails of this stratum begin within it; they are taken off as that is passed.
                    held = following[t]
                    after[:] = 0.0
                    j = tailed
                    while j >= 0 and last[j] >= starts[s]:
                        if tail[j] > 0.0:
                            _add(j, risk[j] * tail[j], codes, place, numbers, slope, after)
                        j -= 1
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
            if anew[t]:
                live[:] = 0.0
                for j in range(row + 1, until + 1):
                    if first[j] <= t:
                        _add(j, risk[j], codes, place, numbers, slope, live)
            for k in range(size):
                whole[k] = live[k] + (fading[t] * after[k] if len(fading) else 0.0)
                whole[k] /= at_risk[t]
                tied[k] /= at_risk[t]
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
    fading: Floats,
    sizes: Floats,
    means: Floats,
    products: Floats,
    scores: Floats,
) -> None:
    """Score residuals, added up by cluster, and their products; the lower half of a matrix.

    Where `scores` has rows, one a cluster, they get the sums.

    Rows of a cluster follow each other in `order`. `means` is 5 × time × coefficient: sums over
    earlier times of hazard × mean covariates, the same with fading, at each time the mean of
    those with an event and what ties take off it, and hazard × mean covariates. `sizes` are as for
    `residuals`.
    """
    size = products.shape[0]
    score = np.zeros(size)
    for n in range(bounds[0], bounds[1]):
        i = order[n]
        _add(i, residual[i], codes, place, numbers, slope, score)
        a, b = first[i], last[i]
        if b > a:
            if is_lost(sizes[0], a, b):
                for t in range(a, b):
                    for k in range(size):
                        score[k] += risk[i] * means[4, t, k]
            else:
                for k in range(size):
                    score[k] += risk[i] * (means[0, b, k] - means[0, a, k])
        if event[i]:
            w = weight[i] if len(weight) else 1.0
            for k in range(size):
                score[k] -= w * means[2, b - 1, k] + risk[i] * means[3, b - 1, k]
        if len(tail) and tail[i] > 0.0:
            if is_lost(sizes[1], b, end[i]):
                for t in range(b, end[i]):
                    for k in range(size):
                        score[k] += risk[i] * tail[i] * fading[t] * means[4, t, k]
            else:
                for k in range(size):
                    score[k] += risk[i] * tail[i] * (means[1, end[i], k] - means[1, b, k])
        if n + 1 == bounds[1] or cluster[order[n + 1]] != cluster[i]:
            for k in range(size):
                if score[k] != 0.0:
                    for m in range(k + 1):
                        products[k, m] += score[k] * score[m]
                if len(scores):
                    scores[cluster[i], k] = score[k]
            score[:] = 0.0


@kernel
def exact_ties(
    first: Places,
    last: Places,
    event: Flags,
    predictor: Floats,
    values: Floats,
    second: bool,
    gradient: Floats,
    information: Floats,
) -> float:
    """The likelihood of who has the events at each time, of all sets of so many at risk (Cox 1972).

    The sum over sets is a recursion over rows (Gail, Lubin & Rubinstein 1981), written as the
    probability that independent events with odds proportional to risks are so many, whose
    expected number is that: nothing overflows. Covariates of those with an event are carried
    along; where `second`, their products too, and `information` is filled in its lower half.
    """
    total, begin, until = 0.0, 0, 0
    while begin < len(last):
        t = last[begin] - 1
        until = begin
        while until < len(last) and last[until] == last[begin]:
            until += 1
        together = 0
        for i in range(begin, until):
            together += event[i] and first[i] <= t
        rows = begin + np.flatnonzero(first[begin:] <= t)
        if 0 < together < len(rows):
            odds = _log_odds(predictor[rows], together)
            total += _add_exact_time(
                rows, until - 1, odds, together, event, predictor, values, second,
                gradient, information,
            )  # fmt: skip
        begin = until
    return total


@kernel
def _log_odds(predictor: Floats, together: int) -> float:
    """What predictors are raised by for so many events to be expected."""
    low = np.log(together / (len(predictor) - together))
    low, high = low - predictor.max(), low - predictor.min()
    for _ in range(100):
        middle = (low + high) / 2
        if np.sum(1.0 / (1.0 + np.exp(-(predictor + middle)))) < together:
            low = middle
        else:
            high = middle
        if high - low < 1e-9:
            break
    return (low + high) / 2


@kernel
def _add_exact_time(  # noqa: C901 - rows, and within each the events so far
    rows: npt.NDArray[np.int64],
    tied: int,
    odds: float,
    together: int,
    event: Flags,
    predictor: Floats,
    values: Floats,
    second: bool,
    gradient: Floats,
    information: Floats,
) -> float:
    """Add a time's part; `tied` is the last row that can have an event then."""
    size = values.shape[1]
    chance = 1.0 / (1.0 + np.exp(-(predictor[rows] + odds)))
    # Covariates less their mean: what is carried along stays small.
    centre = np.zeros(size)
    for n in range(len(rows)):
        centre += chance[n] * values[rows[n]]
    centre /= chance.sum()
    mass, sums = np.zeros(together + 1), np.zeros((together + 1, size))
    products = np.zeros((together + 1, size, size)) if second else np.zeros((0, size, size))
    mass[0], total = 1.0, together * odds
    own = np.empty(size)
    for n in range(len(rows)):
        i, p, q = rows[n], chance[n], 1.0 - chance[n]
        x = predictor[i] + odds
        total -= max(x, 0.0) + np.log1p(np.exp(-abs(x)))
        for k in range(size):
            own[k] = values[i, k] - centre[k]
        if event[i] and i <= tied:
            total += predictor[i]
            gradient += own
        # Of no event nothing is carried along but its probability.
        fewest, most = max(1, together - len(rows) + n + 1), min(n + 1, together)
        if second:
            _carry_products(fewest, most, p, own, mass, sums, products)
        for j in range(most, fewest - 1, -1):
            for a in range(size):
                sums[j, a] = q * sums[j, a] + p * (sums[j - 1, a] + own[a] * mass[j - 1])
            mass[j] = q * mass[j] + p * mass[j - 1]
        mass[0] *= q
    mean = sums[together] / mass[together]
    gradient -= mean
    if second:
        for a in range(size):
            for b in range(a + 1):
                information[a, b] += products[together, a, b] / mass[together] - mean[a] * mean[b]
    return total - np.log(mass[together])


@kernel
def _carry_products(
    fewest: int, most: int, p: float, own: Floats, mass: Floats, sums: Floats, products: Floats
) -> None:
    """Products of covariates of those with an event, after one more row; the lower half."""
    for j in range(most, fewest - 1, -1):
        for a in range(len(own)):
            for b in range(a + 1):
                crossed = own[a] * sums[j - 1, b] + sums[j - 1, a] * own[b]
                more = products[j - 1, a, b] + crossed + mass[j - 1] * own[a] * own[b]
                products[j, a, b] = (1.0 - p) * products[j, a, b] + p * more
