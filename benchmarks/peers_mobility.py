"""The mobility model beside what others fit, at sizes that they survive.

    python benchmarks/peers_mobility.py [--persons N] [--years Y] [--draws D]

The others are no dependencies of the project: `pip install statsmodels xlogit` first; what is
missing is said and left out. statsmodels' MNLogit has no effects of persons. xlogit has them by
simulated likelihood, uncorrelated, and wants a column for every level of every factor and a row
for every alternative. biogeme, which has correlated effects, is not shown yet. All run on the
processor, on one drawn panel of four factors.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable

import numpy as np
from bench_mobility import OUTCOMES, draw

from folkestrom.analysis.mobility import Panel, fit_mobility


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=1_000)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--draws", type=int, default=200)
    options = parser.parse_args()
    panel, _ = draw(options.persons, options.years, 4, 4)
    print(f"{panel.size} person-years of {panel.persons} persons")
    for effects in ("none", "diagonal", "unstructured"):
        fit_mobility(panel, effects=effects)
        fit = fit_mobility(panel, effects=effects)
        print(f"folkestrom, effects {effects}: {fit.seconds:.2f} s, {fit.log_likelihood_:.3f}")
    for name, peer in (("statsmodels", of_statsmodels), ("xlogit", of_xlogit)):
        try:
            importlib.import_module(name)
        except ImportError:
            print(f"{name}: not installed, left out")
            continue
        print(f"{name}: {timed(lambda peer=peer: peer(panel, options.draws))}")  # type: ignore[misc]


def timed(fit: Callable[[], float]) -> str:
    started = time.perf_counter()
    value = fit()
    return f"{time.perf_counter() - started:.2f} s, {value:.3f}"


def columns(panel: Panel) -> np.ndarray:
    """Zeros and ones, and the intercept's ones: what others want instead of codes."""
    size = panel.size
    made = [np.ones(size)]
    for f, offset in enumerate(panel.rows.offset8):
        codes = panel.rows.codes8[f, :size]
        places = range(int(offset), len(panel.positions))
        term = panel.positions[int(offset)].term
        made += [
            (codes == p - offset).astype(np.float64)
            for p in places
            if panel.positions[p].term == term and not panel.positions[p].reference
        ]
    return np.column_stack(made)


def of_statsmodels(panel: Panel, _: int) -> float:
    """No effects."""
    from statsmodels.discrete.discrete_model import MNLogit

    return float(MNLogit(panel.rows.outcome, columns(panel)).fit(disp=0).llf)


def of_xlogit(panel: Panel, draws: int) -> float:
    """Uncorrelated effects, simulated."""
    from xlogit import MixedLogit

    x = columns(panel)
    size, width = x.shape
    alternatives = len(OUTCOMES)
    wide = np.zeros((size, alternatives, width * (alternatives - 1)))
    for j in range(1, alternatives):
        wide[:, j, (j - 1) * width : j * width] = x
    names = [f"x{k}" for k in range(wide.shape[2])]
    chosen = np.zeros((size, alternatives), dtype=bool)
    chosen[np.arange(size), panel.rows.outcome] = True
    person = np.repeat(np.arange(panel.persons), np.diff(panel.rows.start))
    model = MixedLogit()
    model.fit(
        X=wide.reshape(size * alternatives, -1),
        y=chosen.ravel(),
        varnames=names,
        ids=np.repeat(np.arange(size), alternatives),
        panels=np.repeat(person, alternatives),
        alts=np.tile(np.arange(alternatives), size),
        randvars={names[0]: "n", names[width]: "n"},
        n_draws=draws,
        verbose=0,
    )
    return float(model.loglikelihood)


if __name__ == "__main__":
    main()
