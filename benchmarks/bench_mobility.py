"""The mobility model at the size of a country: time per person-year and pass, whole fits, memory.

    python benchmarks/bench_mobility.py [--rows N ...] [--years Y] [--factors F] [--levels L]
                                        [--fit] [--errors bhhh|observed|clustered]
                                        [--information] [--threads T] [--folder DIR]

Draws panels from the model itself: stay, another municipality, abroad, two correlated effects,
half of the factors constant in a person. Each size runs in a process of its own. A pass is one
evaluation of log-likelihood and gradient; time per row must not grow with the number of rows.
`--fit` adds a whole fit with its errors, counted in passes at the first order. With `--folder` the
columns are kept in files there, so that `--rows 100000000` needs no more memory per person-year.
Others at sizes that they survive: `benchmarks/peers_mobility.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.design.terms import Factor
from folkestrom.analysis.mobility import (
    Panel,
    fit_mobility,
    make_panel,
    panel_from_batches,
)
from folkestrom.analysis.mobility.estimation.covariance import Covariance
from folkestrom.analysis.mobility.estimation.likelihood import Likelihood
from folkestrom.analysis.mobility.estimation.quadrature import product_rule

OUTCOMES = ("stay", "municipality", "abroad")
ROOT = np.array([[1.0, 0.0], [0.5, 0.9]])
PASSES = 3
#: Rows drawn at a time, so that drawing needs little memory beside the panel.
PART = 1_000_000


def main() -> None:
    options = _options()
    if options.job:
        print(json.dumps(run_job(options.job, options)))
        return
    print(f"{'person-years':>13} {'parameters':>10} {'points':>6} {'ns/row':>8} {'peak MiB':>9}")
    for rows in options.rows:
        command = [sys.executable, __file__, *sys.argv[1:], "--job", str(rows)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        for points, nanoseconds in found["pass"].items():
            print(
                f"{found['rows']:13} {found['parameters']:10} {points:>6} "
                f"{nanoseconds:8.1f} {found['peak_mib']:9.0f}"
            )
        for line in found["lines"]:
            print(f"{'':13} {line}")


def run_job(rows: int, options: argparse.Namespace) -> dict[str, object]:
    """One size: passes, and what else was asked for."""
    folder = f"{options.folder}/{rows}" if options.folder else None
    panel, beta = draw(
        rows // options.years, options.years, options.factors, options.levels, folder
    )
    covariance = Covariance("unstructured", 2)
    free = np.array([p for p, at in enumerate(panel.positions) if not at.reference])
    likelihood = Likelihood(panel, covariance, free, options.threads)
    theta = np.concatenate([beta[free].T.ravel(), ROOT[0, :1], ROOT[1]])
    _compile(panel, covariance, free, theta)
    found: dict[str, float] = {}
    for order in options.orders:
        rule = product_rule(order, 2)
        likelihood.value_and_gradient(theta, rule)
        times = []
        for k in range(PASSES):
            # As far as a step near the maximum would go, so that modes are found anew.
            there = theta + 1e-3 * (k + 1)
            started = time.perf_counter()
            likelihood.value_and_gradient(there, rule)
            times.append(time.perf_counter() - started)
        found[f"{order}²"] = min(times) / panel.size * 1e9
    lines = []
    unit = found[f"{options.orders[0]}²"] * panel.size / 1e9
    if options.information:
        rule = product_rule(options.orders[0], 2)
        parts = {"observed information": likelihood.information, "BHHH": likelihood.with_products}
        for name, made in parts.items():
            started = time.perf_counter()
            made(theta, rule)
            taken = time.perf_counter() - started
            lines.append(f"{name}: {taken:.1f} s, {taken / unit:.1f} passes")
    if options.fit:
        fit = fit_mobility(panel, standard_errors=options.errors, threads=options.threads)
        lines += [*fit.steps, "converged" if fit.converged_ else fit.message_]
        lines.append(
            f"fit with {options.errors} errors: {fit.seconds:.1f} s, "
            f"{fit.seconds / unit:.1f} passes, "
            f"{fit.seconds / panel.size * 1e6:.2f} s per million person-years"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "rows": panel.size,
        "parameters": likelihood.parameters,
        "pass": found,
        "lines": lines,
        "peak_mib": peak / (2**20 if sys.platform == "darwin" else 2**10),
    }


def draw(
    persons: int, years: int, factors: int, levels: int, folder: str | None = None
) -> tuple[Panel, NDArray[np.float64]]:
    """A panel, made in batches, and the coefficient table that it was drawn with."""
    rng = np.random.default_rng(7)
    beta = rng.normal(0, 0.15, (1 + factors * levels, 2))
    beta[1::levels] = 0.0
    beta[0] = -3.0, -4.5
    step = max(1, PART // years)
    batches = (
        _batch(rng, range(first, min(persons, first + step)), years, factors, beta)
        for first in range(0, persons, step)
    )
    return panel_from_batches(batches, rows=persons * years, folder=folder), beta


def _batch(
    rng: np.random.Generator,
    persons: range,
    years: int,
    factors: int,
    beta: NDArray[np.float64],
) -> Panel:
    """Some persons' years."""
    count, levels = len(persons), (len(beta) - 1) // factors
    size = count * years
    names = tuple(f"level {k}" for k in range(levels))
    predictor = np.repeat(rng.normal(size=(count, 2)) @ ROOT.T, years, axis=0) + beta[0]
    terms = []
    for f in range(factors):
        # Constant in a person, or another every year.
        of_persons = np.repeat(rng.integers(0, levels, count, dtype=np.uint8), years)
        codes = of_persons if f % 2 else rng.integers(0, levels, size, dtype=np.uint8)
        predictor += beta[1 + f * levels + codes.astype(np.intp)]
        terms.append(Factor(f"factor {f}", codes, names))
    probabilities = np.exp(predictor)
    probabilities /= 1 + probabilities.sum(axis=1, keepdims=True)
    u = rng.random(size)
    outcome = (u < probabilities.sum(axis=1)).astype(np.uint8) + (u < probabilities[:, 1])
    person = np.repeat(np.arange(persons.start, persons.stop, dtype=np.int32), years)
    return make_panel(person, outcome, terms, outcomes=OUTCOMES)


def _compile(
    panel: Panel, covariance: Covariance, free: NDArray[np.int64], theta: NDArray[np.float64]
) -> None:
    few = Likelihood(panel.take(np.arange(min(64, panel.persons))), covariance, free, 1)
    few.value_and_gradient(theta, product_rule(7, 2))
    few.information(theta, product_rule(7, 2))
    few.with_products(theta, product_rule(7, 2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--factors", type=int, default=20)
    parser.add_argument("--levels", type=int, default=8)
    parser.add_argument("--orders", type=int, nargs="+", default=[7])
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--errors", choices=("bhhh", "observed", "clustered"), default="bhhh")
    parser.add_argument("--folder", help="where columns are kept in files")
    parser.add_argument("--information", action="store_true")
    parser.add_argument("--job", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
