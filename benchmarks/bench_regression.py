"""How long regressions of hazards take: ten million rows, twenty covariates of five levels each.

    python benchmarks/bench_regression.py [--rows 1e7] [--covariates 20] [--peer-rows 2e3]

makes up spells over twenty years of days with late entry, and times from plain columns to
estimates: Cox's regression with Efron's ties, the same with standard errors clustered by person,
Fine and Gray's, and hazards by year. Peers that are installed (lifelines, statsmodels,
scikit-survival) do what they can of the same on fewer rows, beside this program on those same rows.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from folkestrom.analysis.mobility import Factor, factor
from folkestrom.analysis.regression import cox, fine_gray, hazards_by_period, person_periods

DAYS = 7300
LEVELS = 5


def made_up(rows: int, covariates: int) -> tuple[dict[str, np.ndarray], list[Factor]]:
    """Spells whose hazards depend on the covariates, and the covariates."""
    generator = np.random.default_rng(1)
    codes = generator.integers(0, LEVELS, (covariates, rows), dtype=np.uint8)
    effects = generator.normal(0, 0.2, (covariates, LEVELS))
    predictor = np.zeros(rows)
    for k in range(covariates):
        predictor += effects[k][codes[k]]
    start = generator.integers(0, DAYS // 2, rows, dtype=np.int32)
    waiting = generator.standard_exponential(rows) * 4 * DAYS / np.exp(predictor)
    stop = np.minimum(start + 1 + waiting, DAYS).astype(np.int32)
    names = [str(k) for k in range(LEVELS)]
    cause = np.where(stop < DAYS, 1 + (generator.random(rows) < 0.3), 0).astype(np.int8)
    data = {
        "start": start,
        "stop": stop,
        "cause": cause,
        "event": cause == 1,
        "person": np.arange(rows, dtype=np.int64) // 2,
    }
    return data, [factor(f"x{k}", codes[k], levels=names) for k in range(covariates)]


def timed(question: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """Seconds by the clock and of processors, and the answer."""
    clock, processors = time.perf_counter(), time.process_time()
    found = question()
    took = {"seconds": time.perf_counter() - clock, "processor": time.process_time() - processors}
    return {name: round(value, 2) for name, value in took.items()}, found


def questions(data: dict[str, np.ndarray], terms: list[Factor]) -> dict[str, Callable[[], Any]]:
    """What is timed, by name."""
    spells = {"stop": "stop", "start": "start", "covariates": terms}

    def by_year() -> Any:
        cells = person_periods(
            data, start="start", stop="stop", event="cause", covariates=terms[:5], length=365
        )
        return hazards_by_period(cells, link="cloglog", cause="1")

    return {
        "Cox, Efron": lambda: cox(data, event="event", **spells),
        "Cox, Efron, clustered by person": lambda: cox(
            data, event="event", cluster="person", **spells
        ),
        "Fine-Gray, robust": lambda: fine_gray(data, event="cause", cause=1, **spells),
        "by year, 5 covariates, complementary log-log": by_year,
    }


def ours(rows: int, covariates: int) -> dict[str, object]:
    """Seconds and steps of every question."""
    few = made_up(20_000, covariates)
    for ask in questions(*few).values():
        ask()
    found: dict[str, object] = {}
    for name, ask in questions(*made_up(rows, covariates)).items():
        seconds, fit = timed(ask)
        found[name] = seconds | {"steps": fit.steps, "converged": fit.converged_}
    return found


def _dense(terms: list[Factor]) -> np.ndarray:
    return np.column_stack([t.codes == k for t in terms for k in range(1, LEVELS)]).astype(float)


def _lifelines(data: dict[str, np.ndarray], terms: list[Factor]) -> tuple[str, np.ndarray]:
    import lifelines
    import pandas as pd

    frame = pd.DataFrame(_dense(terms)).add_prefix("x")
    frame = frame.assign(**{name: data[name] for name in ("start", "stop", "event")})
    fit = lifelines.CoxPHFitter().fit(frame, "stop", "event", entry_col="start")
    return lifelines.__version__, fit.params_.to_numpy()


def _statsmodels(data: dict[str, np.ndarray], terms: list[Factor]) -> tuple[str, np.ndarray]:
    import statsmodels
    from statsmodels.duration.hazard_regression import PHReg

    model = PHReg(
        data["stop"].astype(float), _dense(terms), status=data["event"], ties="efron",
        entry=data["start"].astype(float),
    )  # fmt: skip
    return statsmodels.__version__, model.fit().params


def _scikit_survival(data: dict[str, np.ndarray], terms: list[Factor]) -> tuple[str, np.ndarray]:
    import sksurv
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    # There is no late entry.
    fit = CoxPHSurvivalAnalysis(ties="efron").fit(
        _dense(terms), Surv.from_arrays(data["event"], data["stop"])
    )
    return sksurv.__version__, fit.coef_


PEERS = {"lifelines": _lifelines, "statsmodels": _statsmodels, "sksurv": _scikit_survival}


def peers(rows: int, covariates: int) -> dict[str, object]:
    """The first question put to the peers, and how far their estimates are from ours."""
    data, terms = made_up(rows, covariates)
    spells: Any = {"stop": "stop", "event": "event", "covariates": terms}
    seconds, own = timed(lambda: cox(data, start="start", **spells))
    _, without = timed(lambda: cox(data, **spells))
    found: dict[str, object] = {"rows": rows, "folkestrom": seconds}
    for name, ask in PEERS.items():
        if not importlib.util.find_spec(name):
            found[name] = "skipped: not installed"
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seconds, (version, theta) = timed(lambda ask=ask: ask(data, terms))
        fit = without if name == "sksurv" else own
        found[name] = {
            "version": version,
            "late entry": name != "sksurv",
            **seconds,
            "largest difference in an estimate": float(np.abs(theta - fit.theta).max()),
        }
    return found


def main() -> int:
    """Time every question and print the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--covariates", type=int, default=20)
    parser.add_argument("--peer-rows", type=float, default=2e3)
    arguments = parser.parse_args()
    rows, covariates = int(arguments.rows), arguments.covariates
    found = ours(rows, covariates)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    result = {"rows": rows, "covariates": covariates, "peak_memory_gib": round(peak, 2)}
    beside = peers(min(rows, int(arguments.peer_rows)), covariates)
    print(json.dumps(result | {"answers": found, "peers": beside}, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
