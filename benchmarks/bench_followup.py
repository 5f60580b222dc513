"""How long curves take: ten million followed, three causes, late entry.

    python benchmarks/bench_followup.py [--rows 1e7] [--days 7000] [--runs 5]

makes up follow-up over twenty years of days, and times from plain columns to curves: the checks,
the counting and the estimate. The best of several runs. Peers that are installed (lifelines,
scikit-survival, statsmodels) do what they can of the same, on fewer rows where they need minutes.
The program needs none of them.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from folkestrom.analysis.followup import (
    aalen_johansen,
    count,
    follow_up,
    gray_test,
    kaplan_meier,
    log_rank,
    restricted_mean,
)

CAUSES = ("return", "onward", "death")
#: Seconds that counting and Aalen–Johansen may take at ten million rows, on two cores.
LIMIT = 0.3


def columns(rows: int, days: int) -> dict[str, np.ndarray]:
    """Follow-up whose end is the end of the study for many, and an event for others."""
    generator = np.random.default_rng(1)
    entry = generator.integers(0, days // 2, rows, dtype=np.int32)
    stay = (generator.standard_exponential(rows, dtype=np.float32) * days).astype(np.int32)
    exit = np.minimum(entry + 1 + stay, days)
    cause = generator.integers(1, 4, rows, dtype=np.int8)
    cause[exit == days] = 0
    return {
        "entry": entry,
        "exit": exit,
        "cause": cause,
        "group": generator.integers(0, 5, rows, dtype=np.int32),
        "weight": generator.random(rows),
    }


def questions(c: dict[str, np.ndarray]) -> dict[str, Callable[[], object]]:
    """What is timed, by name."""

    def taken(*names: str) -> Any:
        return follow_up(c["exit"], c["cause"], causes=CAUSES, **{n: c[n] for n in names})

    ready = taken("entry")
    grouped, grouped_late = taken("group"), taken("entry", "group")
    return {
        "count, late entry": lambda: count(ready),
        "check, count, Aalen-Johansen, late entry": lambda: aalen_johansen(taken("entry")),
        "check, count, Kaplan-Meier, no late entry": lambda: kaplan_meier(taken()),
        "Aalen-Johansen, late entry, robust": lambda: aalen_johansen(ready, variance="robust"),
        "Aalen-Johansen, late entry, weights": lambda: aalen_johansen(taken("entry", "weight")),
        "Aalen-Johansen, late entry, 5 groups": lambda: aalen_johansen(taken("entry", "group")),
        "restricted mean, late entry": lambda: restricted_mean(ready, ready.last - 1),
        "log-rank, late entry, 5 groups": lambda: log_rank(grouped_late),
        "Gray's test, 5 groups": lambda: gray_test(grouped, "return"),
    }


def best(question: Callable[[], object], runs: int) -> float:
    """The shortest time of several runs, after one that compiles."""
    question()
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        question()
        seconds.append(time.perf_counter() - began)
    return round(min(seconds), 4)


def _lifelines(c: dict[str, np.ndarray], rows: int) -> dict[str, object]:
    import lifelines

    exit, entry, cause = (c[name][:rows] for name in ("exit", "entry", "cause"))
    found: dict[str, object] = {"version": lifelines.__version__, "rows": rows}
    began = time.perf_counter()
    lifelines.KaplanMeierFitter().fit(exit, cause > 0, entry=entry)
    found["Kaplan-Meier, late entry, seconds"] = round(time.perf_counter() - began, 2)
    began = time.perf_counter()
    # Ties are broken at random, and each cause is a fit of its own.
    few = rows // 10
    fitter = lifelines.AalenJohansenFitter(seed=1, calculate_variance=False)
    for number in range(1, 4):
        fitter.fit(exit[:few], cause[:few], event_of_interest=number, entry=entry[:few])
    seconds = round(time.perf_counter() - began, 2)
    found[f"Aalen-Johansen, {few} rows, late entry, no variance, seconds"] = seconds
    return found


def _scikit_survival(c: dict[str, np.ndarray], rows: int) -> dict[str, object]:
    import sksurv
    from sksurv.nonparametric import cumulative_incidence_competing_risks

    began = time.perf_counter()
    # There is no late entry for competing risks.
    cumulative_incidence_competing_risks(c["cause"][:rows].astype(int), c["exit"][:rows])
    seconds = round(time.perf_counter() - began, 2)
    return {
        "version": sksurv.__version__,
        "rows": rows,
        "incidence, no late entry, seconds": seconds,
    }


def _statsmodels(c: dict[str, np.ndarray], rows: int) -> dict[str, object]:
    import statsmodels
    from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

    exit, entry, cause = (c[name][:rows].astype(float) for name in ("exit", "entry", "cause"))
    found: dict[str, object] = {"version": statsmodels.__version__, "rows": rows}
    began = time.perf_counter()
    SurvfuncRight(exit, (cause > 0).astype(int), entry=entry)
    found["Kaplan-Meier, late entry, seconds"] = round(time.perf_counter() - began, 2)
    began = time.perf_counter()
    # There is no late entry for competing risks.
    CumIncidenceRight(exit, cause.astype(int))
    found["incidence, no late entry, seconds"] = round(time.perf_counter() - began, 2)
    return found


PEERS = {"lifelines": _lifelines, "sksurv": _scikit_survival, "statsmodels": _statsmodels}


def main() -> int:
    """Time every question and print the results as JSON; 1 if the limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--days", type=int, default=7000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peer-rows", type=float, default=1e6)
    arguments = parser.parse_args()
    rows = int(arguments.rows)
    given = columns(rows, arguments.days)
    found = {name: best(ask, arguments.runs) for name, ask in questions(given).items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    peers = {
        name: peer(given, min(rows, int(arguments.peer_rows)))
        if importlib.util.find_spec(name)
        else "skipped: not installed"
        for name, peer in PEERS.items()
    }
    result = {"rows": rows, "days": arguments.days, "peak_memory_gib": round(peak, 2)}
    print(json.dumps(result | {"seconds": found, "peers": peers}, indent=2))
    late = found["check, count, Aalen-Johansen, late entry"] > LIMIT
    return 1 if late and rows >= 1e7 else 0


if __name__ == "__main__":
    raise SystemExit(main())
