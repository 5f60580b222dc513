"""One fit of the mobility model by one program, for `peers_mobility.py`.

    python benchmarks/peers_mobility_fit.py PROGRAM SETTING FILE

SETTING is the structure of effects (folkestrom) or the number of draws. FILE holds `person`,
`outcome` (0 is the base) and `codes`, a row for each factor, 0 its reference. Prints what was found
as JSON: estimates are the coefficients of the first outcome, of the second, and the lower triangle
of the root of the effects' covariance. Each program is imported by its own fit only, so that this
runs where the others are not installed. Time runs from the codes to the standard errors, imports
apart.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import chdir
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Found = dict[str, Any]
Fit = Callable[[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]], Found]
OUTCOMES = ("stay", "municipality", "abroad")
#: xlogit holds this many draws of all rows at a time; all of them would need much more memory.
BATCH = 50


#: Entries of L, and where biogeme begins; it advises against zero.
ROOT = {"l11": 1.0, "l21": 0.1, "l22": 1.0}


def main(program: str, setting: str, file: str) -> None:
    fit = PROGRAMS[program](setting)
    with np.load(file) as data:
        codes, outcome, person = data["codes"], data["outcome"].astype(int), data["person"]
    wall, processor = time.perf_counter(), time.process_time()
    found = fit(codes, outcome, person)
    found["processor"] = time.process_time() - processor
    found["wall"] = time.perf_counter() - wall
    found["version"] = version(program)
    found["peak_mib"] = peak_mib()
    print(json.dumps(found))


def peak_mib() -> float:
    """The most memory that the process has held, imports included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def dummies(codes: NDArray[np.uint8]) -> Array:
    """Columns of zeros and ones, the intercept's ones first: what others want instead of codes."""
    columns = [np.ones(codes.shape[1])]
    for factor in codes:
        columns += [factor == level for level in range(1, int(factor.max()) + 1)]
    return np.column_stack(columns).astype(np.float64)


def of_folkestrom(effects: str) -> Fit:
    """Any effects, by adaptive quadrature."""
    from folkestrom.analysis.mobility import factor, fit_mobility, make_panel

    def fit(
        codes: NDArray[np.uint8], outcome: NDArray[np.int64], person: NDArray[np.int64]
    ) -> Found:
        terms = [
            factor(f"factor {f}", row, levels=[f"level {k}" for k in range(int(row.max()) + 1)])
            for f, row in enumerate(codes)
        ]
        panel = make_panel(person, outcome, terms, outcomes=OUTCOMES)
        found = fit_mobility(panel, effects=effects)
        return {
            "estimates": found.theta.tolist(),
            "errors": np.sqrt(np.diag(found.vcov)).tolist(),
            "log_likelihood": found.log_likelihood_,
            "converged": found.converged_,
        }

    return fit


def of_statsmodels(_: str) -> Fit:
    """No effects."""
    from statsmodels.discrete.discrete_model import MNLogit

    def fit(codes: NDArray[np.uint8], outcome: NDArray[np.int64], _: NDArray[np.int64]) -> Found:
        found = MNLogit(outcome, dummies(codes)).fit(disp=0, method="newton", maxiter=50)
        return {
            "estimates": found.params.T.ravel().tolist(),
            "log_likelihood": float(found.llf),
            "converged": bool(found.mle_retvals["converged"]),
        }

    return fit


def of_xlogit(draws: str) -> Fit:
    """Uncorrelated effects, by simulation with Halton draws."""
    from xlogit import MixedLogit

    def fit(
        codes: NDArray[np.uint8], outcome: NDArray[np.int64], person: NDArray[np.int64]
    ) -> Found:
        x = dummies(codes)
        (size, width), count = x.shape, len(OUTCOMES)
        # A row for every alternative, a column for every coefficient of every outcome.
        long = np.zeros((size, count, width * (count - 1)))
        for j in range(1, count):
            long[:, j, (j - 1) * width : j * width] = x
        names = [f"x{k}" for k in range(long.shape[2])]
        model = MixedLogit()
        model.fit(
            X=long.reshape(size * count, -1),
            y=np.repeat(outcome, count),
            varnames=names,
            ids=np.repeat(np.arange(size), count),
            panels=np.repeat(person, count),
            alts=np.tile(np.arange(count), size),
            randvars={names[0]: "n", names[width]: "n"},
            n_draws=int(draws),
            batch_size=BATCH,
            verbose=0,
        )
        coefficients, spread = model.coeff_[:-2], model.coeff_[-2:]
        return {
            "estimates": [*coefficients.tolist(), *np.abs(spread).tolist()],
            "log_likelihood": float(model.loglikelihood),
            "converged": bool(model.convergence),
        }

    return fit


def of_biogeme(draws: str) -> Fit:
    """Correlated effects, by simulation with Halton draws; errors BHHH, which are the quicker."""
    import pandas as pd
    from biogeme import expressions
    from biogeme.biogeme import BIOGEME
    from biogeme.database import Database
    from biogeme.parameters import Parameters

    def fit(
        codes: NDArray[np.uint8], outcome: NDArray[np.int64], person: NDArray[np.int64]
    ) -> Found:
        x = dummies(codes)
        names = [f"x{k}" for k in range(x.shape[1])]
        frame = pd.DataFrame(x, columns=names).assign(person=person, outcome=outcome)
        database = Database("panel", frame)
        database.panel("person")
        model = BIOGEME(
            database,
            of_persons(names, expressions),
            parameters=Parameters(),
            number_of_draws=int(draws),
            seed=1,
            calculating_second_derivatives="never",
            generate_html=False,
            generate_yaml=False,
            save_iterations=False,
        )
        model.model_name = "mobility"
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            found = model.estimate()
        values = found.get_beta_values()
        l11, l21, l22 = (values[name] for name in ROOT)
        return {
            "estimates": [values[f"{j} {k}"] for j in (1, 2) for k in names]
            + [abs(l11), l21 * np.sign(l11), abs(l22)],
            "log_likelihood": float(found.final_log_likelihood),
            "converged": bool(found.algorithm_has_converged),
        }

    return fit


def of_persons(names: list[str], ex: Any) -> Any:
    """The simulated log-likelihood of a person's years, in biogeme's expressions."""
    from biogeme.models import logit

    z1, z2 = ex.Draws("z1", "NORMAL_HALTON2"), ex.Draws("z2", "NORMAL_HALTON3")
    l11, l21, l22 = (ex.Beta(name, start, None, None, 0) for name, start in ROOT.items())
    utility = {0: 0}
    for j, effect in ((1, l11 * z1), (2, l21 * z1 + l22 * z2)):
        slopes = [(ex.Beta(f"{j} {k}", 0, None, None, 0), ex.Variable(k)) for k in names]
        utility[j] = ex.LinearUtility([ex.LinearTermTuple(*s) for s in slopes]) + effect
    chance = logit(utility, None, ex.Variable("outcome"))
    return ex.log(ex.MonteCarlo(ex.PanelLikelihoodTrajectory(chance)))


PROGRAMS: dict[str, Callable[[str], Fit]] = {
    "folkestrom": of_folkestrom,
    "statsmodels": of_statsmodels,
    "xlogit": of_xlogit,
    "biogeme": of_biogeme,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
