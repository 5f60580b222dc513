"""What simulated draws do to the estimates of the mobility model, and what quadrature does.

    python benchmarks/peers_mobility_draws.py [--persons N ...] [--years Y] [--draws D ...]
                                              [--repeats R] [--orders O ...]

Programs that simulate the likelihood maximise another function than the likelihood. How far its
maximum lies from the right one is told by one Newton step, from the estimates that converged
quadrature gives, with the gradient of the simulated log-likelihood there: no fit has to be waited
for. Shown is the parameter that moves farthest, in standard errors: root mean square over
repetitions with other draws, and the part that is the same in all of them (bias), which does not
average out and grows with the square root of the number of persons. Draws are pseudo-random, or
consecutive pieces of one Halton sequence for consecutive persons, as the programs have them, each
repetition scrambled anew. For quadrature the same step, at orders that stay as given.
"""

from __future__ import annotations

import argparse

import numpy as np
from bench_mobility import draw
from numpy.typing import NDArray
from peers_mobility_fit import dummies
from scipy.special import ndtri
from scipy.stats import qmc

from folkestrom.analysis.mobility import MobilityFit, Panel, fit_mobility
from folkestrom.analysis.mobility.estimation.likelihood import Likelihood
from folkestrom.analysis.mobility.estimation.quadrature import product_rule

Array = NDArray[np.float64]
#: Accuracy of the estimates that all are held against, in standard errors.
PRECISE = 1e-6
#: Numbers held at a time, for each person, year and draw.
HELD = 4_000_000


def main() -> None:
    options = _options()
    for persons in options.persons:
        panel, _ = draw(persons, options.years, options.factors, options.levels)
        fit = fit_mobility(panel, tolerance=PRECISE)
        print(f"{panel.size} person-years of {persons} persons, {fit.theta.size} parameters")
        likelihood = Likelihood(panel, fit.covariance, fit.free)
        for order in options.orders:
            _, gradient = likelihood.value_and_gradient(fit.theta, product_rule(order, 2))
            show(f"quadrature, {order} × {order} points", moved(fit, gradient)[None])
        rows = Rows(panel, options.factors)
        for kind in ("random", "Halton"):
            for draws in options.draws:
                steps = [
                    moved(fit, rows.gradient(fit, normals(kind, persons, draws, seed)))
                    for seed in range(options.repeats)
                ]
                show(f"{draws} {kind} draws", np.array(steps))


def normals(kind: str, persons: int, draws: int, seed: int) -> Array:
    """Standard normal draws: persons × draws × effects."""
    rng = np.random.default_rng(seed)
    if kind == "random":
        return rng.normal(size=(persons, draws, 2))
    sequence = qmc.Halton(d=2, scramble=True, rng=rng).random(persons * draws)
    return np.asarray(ndtri(sequence)).reshape(persons, draws, 2)


def moved(fit: MobilityFit, gradient: Array) -> Array:
    """A Newton step, in standard errors."""
    return np.asarray(fit.vcov @ gradient / np.sqrt(np.diag(fit.vcov)))


def show(name: str, steps: Array) -> None:
    """What the steps of repetitions have in common, and how large they are."""
    size = np.sqrt((steps**2).mean(axis=0)).max()
    if len(steps) == 1:
        print(f"  {name:28} moves {size:.6f} SE", flush=True)
        return
    mean = steps.mean(axis=0)
    worst = np.abs(mean).argmax()
    error = steps[:, worst].std(ddof=1) / np.sqrt(len(steps))
    print(f"  {name:28} moves {size:.4f} SE, bias {abs(mean[worst]):.4f} ± {error:.4f}", flush=True)


class Rows:
    """A balanced panel as dense columns, and its simulated log-likelihood's gradient."""

    def __init__(self, panel: Panel, factors: int) -> None:
        x = dummies(panel.rows.codes8[:factors, : panel.size])
        self.x = x.reshape(panel.persons, -1, x.shape[1])
        outcome = panel.rows.outcome[: panel.size].reshape(panel.persons, -1)
        self.chosen = np.stack([outcome == j for j in (1, 2)]).astype(np.float64)

    def gradient(self, fit: MobilityFit, z: Array) -> Array:
        """By coefficients of the first and second outcome, then l11, l21, l22."""
        step = max(1, HELD // (self.x.shape[1] * z.shape[1]))
        ranges = (slice(first, first + step) for first in range(0, len(z), step))
        return np.sum([self._of(fit, z[part], part) for part in ranges], axis=0)

    def _of(self, fit: MobilityFit, z: Array, part: slice) -> Array:
        x, chosen, width = self.x[part], self.chosen[:, part], self.x.shape[2]
        beta = fit.theta[: 2 * width].reshape(2, width)
        root = fit.covariance.root(fit.theta[2 * width :])
        # Outcomes × persons × years × draws.
        probabilities = (
            np.einsum("ntk,jk->jnt", x, beta)[..., None] + (root @ z.mT).swapaxes(0, 1)[:, :, None]
        )
        log_chance = np.einsum("jnt,jntr->nr", chosen, probabilities)
        np.exp(probabilities, out=probabilities)
        total = 1 + probabilities.sum(axis=0)
        log_chance -= np.log(total).sum(axis=1)
        probabilities /= total
        weight = np.exp(log_chance - log_chance.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        residual = chosen - np.einsum("nr,jntr->jnt", weight, probabilities)
        of_draws = (chosen.sum(axis=2)[..., None] - probabilities.sum(axis=2)) * weight
        of_root = np.einsum("jnr,nrk->jk", of_draws, z)
        of_beta = np.einsum("jnt,ntk->jk", residual, x)
        return np.concatenate([of_beta.ravel(), of_root[[0, 1, 1], [0, 0, 1]]])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, nargs="+", default=[1_000, 4_000, 16_000])
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--factors", type=int, default=4)
    parser.add_argument("--levels", type=int, default=4)
    parser.add_argument("--draws", type=int, nargs="+", default=[100, 500, 1_000])
    parser.add_argument("--orders", type=int, nargs="+", default=[7, 11, 15])
    parser.add_argument("--repeats", type=int, default=8)
    return parser.parse_args()


if __name__ == "__main__":
    main()
