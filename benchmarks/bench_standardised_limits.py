"""How often limits of directly standardised rates hold the truth, and how wide they are.

    python benchmarks/bench_standardised_limits.py [REPETITIONS]

Of every set of strata the true rates are drawn once, and events many times. Beside the limits of
this program: those of Tiwari, Clegg and Zou (2006) as published, those of Fay
and Feuer (1997), their mid-p form (Fay & Kim 2017), and Dobson's (1991).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaincinv

from folkestrom.analysis.rates import gamma_interval, poisson_interval

Floats = npt.NDArray[np.float64]
Limits = tuple[Floats, Floats]
REPETITIONS = 4_000
TAIL = 0.025


@dataclass(frozen=True)
class Draws:
    """Events by repetition and stratum, and the weight of one event of each stratum."""

    events: Floats
    weights: Floats

    @property
    def rate(self) -> Floats:
        """Σ w d of every repetition."""
        return self.events @ self.weights

    @property
    def variance(self) -> Floats:
        """Σ w² d of every repetition."""
        return self.events @ self.weights**2


def ours(draws: Draws) -> Limits:
    w = draws.weights
    return gamma_interval(draws.rate, draws.variance, w.mean(), (w**2).mean())


def tiwari_clegg_zou(draws: Draws) -> Limits:
    """As published, without the least upper limit that ours has."""
    w = draws.weights
    more, wider = draws.rate + w.mean(), draws.variance + (w**2).mean()
    return ours(draws)[0], wider / more * gammaincinv(more**2 / wider, 1 - TAIL)


def fay_feuer(draws: Draws) -> Limits:
    largest = draws.weights.max()
    return gamma_interval(draws.rate, draws.variance, largest, largest**2)


def mid_p(draws: Draws) -> Limits:
    """Quantiles of the even mixture of the two gamma distributions, by halving."""
    y, v, w = draws.rate, draws.variance, draws.weights.max()
    found = []
    for share in (TAIL, 1 - TAIL):
        low, high = np.zeros_like(y), fay_feuer(draws)[1]
        for _ in range(50):
            middle = (low + high) / 2
            below = (_below(middle, y, v) + _below(middle, y + w, v + w**2)) / 2 < share
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        found.append(low)
    return found[0], found[1]


def _below(x: Floats, mean: Floats, variance: Floats) -> Floats:
    some = mean > 0
    m, v = np.where(some, mean, 1.0), np.where(some, variance, 1.0)
    return np.where(some, gammainc(m**2 / v, x * m / v), 1.0)


def dobson(draws: Draws) -> Limits:
    """Limits of the number of all events, in the scale of the rate; of none, of the weights."""
    count = draws.events.sum(axis=1)
    error = np.sqrt(draws.variance / np.maximum(count, 1))
    scale = np.where(count > 0, error, 1 / (1 / draws.weights).mean())
    low, high = poisson_interval(count)
    return draws.rate + scale * (low - count), draws.rate + scale * (high - count)


METHODS: dict[str, Callable[[Draws], Limits]] = {
    "ours": ours,
    "Tiwari et al.": tiwari_clegg_zou,
    "Fay-Feuer": fay_feuer,
    "mid-p": mid_p,
    "Dobson": dobson,
}


def strata(
    rng: np.random.Generator, count: int, spread: float, tiny: int = 0
) -> tuple[Floats, Floats, Floats]:
    """Exposure, shares of the standard, and rates; or equal ones but for a few tiny strata."""
    if tiny:
        exposure, one = np.ones(count), np.ones(count)
        exposure[:tiny] = 0.001
        return exposure, one / count, one
    exposure = np.exp(rng.normal(0, spread, count))
    standard = exposure**0.3 * np.exp(rng.normal(0, 0.7, count))
    return exposure, standard / standard.sum(), np.exp(rng.normal(0, 0.7, count))


CASES = {
    "20 strata, of equal size": (20, 0.0, 0),
    "20 strata, unequal": (20, 1.0, 0),
    "200 strata, very unequal": (200, 1.5, 0),
    "1 000 strata, most of them tiny": (1000, 2.0, 0),
    "1 000 strata, one of a thousandth": (1000, 0.0, 1),
}


def main(repetitions: int) -> None:
    started = time.process_time()
    print("strata; expected events; by method: coverage in per cent, mean width by the true rate")
    print(" " * 46, *(f"{name:>18}" for name in METHODS))
    for name, case in CASES.items():
        for expected in (0.5, 3, 20, 100, 500):
            rng = np.random.default_rng(17)
            exposure, standard, rates = strata(rng, *case)
            exposure = exposure * expected / (exposure @ rates)
            truth = float(standard @ rates)
            events = rng.poisson(exposure * rates, (repetitions, case[0])).astype(float)
            draws = Draws(events, standard / exposure)
            found = []
            for method in METHODS.values():
                low, high = method(draws)
                covered = 100 * np.mean((low <= truth) & (truth <= high))
                found.append(f"{covered:8.1f} {np.mean(high - low) / truth:9.2f}")
            print(f"{name:36} {expected:8g} ", *found, flush=True)
    print(f"{time.process_time() - started:.0f} s of processor time")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS)
