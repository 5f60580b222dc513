"""The mobility model beside what others fit, at sizes that they survive.

    python benchmarks/peers_mobility.py [--rows N ...] [--draws D ...] [--programs NAME ...]
                                        [--factors F] [--levels L] [--years Y]
                                        [--processor-seconds S] [--memory-mib M]

The others are no dependencies of the project: `make bench-peers` installs them from
`requirements/peers-mobility.txt` into an environment of their own, `.venv-peers`, and runs this.
statsmodels has no effects of persons; xlogit has them without correlation, biogeme with it, both
by simulation. All run on the processor, one at a time, each in a process of its own, on the same
panel, drawn as in `bench_mobility.py`. One that passes the processor time or the memory allowed is
stopped and tried at no greater size. `times` is processor time over that of folkestrom's fit with
the same effects, `apart` the greatest difference of an estimate from folkestrom's, in its standard
errors (of effects: of the root of their covariance). What simulated draws do to estimates:
`benchmarks/peers_mobility_draws.py`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from bench_mobility import draw

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venv-peers/bin/python"
FIT = Path(__file__).with_name("peers_mobility_fit.py")
#: Each peer, and the effects that it can have.
EFFECTS = {"statsmodels": "none", "xlogit": "diagonal", "biogeme": "unstructured"}
SIMULATED = ("xlogit", "biogeme")
SIZES = (1_000, 5_000, 20_000, 100_000, 1_000_000)
LINE = "{:24} {:>12} {:>6} {:>10} {:>8} {:>7} {:>8} {:>14} {:>11}"
HEAD = (
    "program",
    "person-years",
    "draws",
    "processor",
    "wall",
    "times",
    "peak",
    "log-lik",
    "apart",
)


def main() -> None:
    options = _options()
    if not PEERS.exists():
        sys.exit(f"{PEERS.parent.parent} is missing; make bench-peers makes it")
    print(LINE.format(*HEAD))
    beaten: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "panel.npz"
        # What numba compiles it keeps on disk: once, before the clock starts.
        save(file, SIZES[0], options)
        for peer in options.programs:
            fit("folkestrom", EFFECTS[peer], file, options)
        for rows in options.rows:
            save(file, rows, options)
            for peer in options.programs:
                mine = fit("folkestrom", EFFECTS[peer], file, options)
                show(f"folkestrom, {EFFECTS[peer]}", rows, "", mine, mine)
                for draws in options.draws if peer in SIMULATED else [""]:
                    if peer in beaten:
                        break
                    found = fit(peer, str(draws), file, options)
                    show(peer, rows, draws, found, mine)
                    if "stopped" in found:
                        beaten.add(peer)


def save(file: Path, rows: int, options: argparse.Namespace) -> None:
    """Draw a panel, and write what any program can read."""
    panel, _ = draw(rows // options.years, options.years, options.factors, options.levels)
    person = np.repeat(np.arange(panel.persons), np.diff(panel.rows.start))
    codes = panel.rows.codes8[: options.factors, : panel.size]
    np.savez(file, codes=codes, outcome=panel.rows.outcome[: panel.size], person=person)


def fit(program: str, setting: str, file: Path, options: argparse.Namespace) -> dict[str, Any]:
    """What a program finds, or by what it was stopped."""
    python = sys.executable if program == "folkestrom" else str(PEERS)
    command = [python, "-W", "ignore", str(FIT), program, setting, str(file)]
    with tempfile.TemporaryFile() as said:
        process = psutil.Popen(command, stdout=subprocess.PIPE, stderr=said)
        stopped = watch(process, options)
        out, _ = process.communicate()
        said.seek(0)
        if stopped:
            return {"stopped": stopped}
        if process.returncode:
            return {"stopped": said.read().decode(errors="replace").strip().splitlines()[-1]}
    return dict(json.loads(out.splitlines()[-1]))


def watch(process: psutil.Popen, options: argparse.Namespace) -> str:
    """Wait for the end of a process, or end it where it takes too much; say what it took."""
    while process.poll() is None:
        try:
            times, held = process.cpu_times(), process.memory_info().rss / 2**20
        except psutil.NoSuchProcess:
            break
        if times.user + times.system > options.processor_seconds:
            process.kill()
            return f"stopped after {options.processor_seconds} s of the processor"
        if held > options.memory_mib:
            process.kill()
            return f"stopped at {options.memory_mib} MiB"
        time.sleep(0.1)
    return ""


def show(
    program: str, rows: int, draws: object, found: dict[str, Any], mine: dict[str, Any]
) -> None:
    if "stopped" in found:
        print(f"{program:24} {rows:12} {draws!s:>6} {found['stopped']}", flush=True)
        return
    print(
        LINE.format(
            program if found is mine else f"{program} {found['version']}",
            rows,
            draws,
            f"{found['processor']:.2f} s",
            f"{found['wall']:.1f} s",
            f"{found['processor'] / mine['processor']:.1f}",
            f"{found['peak_mib']:.0f} MiB",
            f"{found['log_likelihood']:.4f}",
            apart(found, mine),
        )
        + ("" if found["converged"] else "  not converged"),
        flush=True,
    )


def apart(found: dict[str, Any], mine: dict[str, Any]) -> str:
    """The greatest difference of an estimate, in standard errors."""
    if found is mine:
        return ""
    differences = np.subtract(found["estimates"], mine["estimates"]) / mine["errors"]
    return f"{np.abs(differences).max():.6f} SE"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES)
    parser.add_argument("--draws", type=int, nargs="+", default=[500, 1000])
    parser.add_argument("--programs", nargs="+", choices=EFFECTS, default=list(EFFECTS))
    parser.add_argument("--factors", type=int, default=4)
    parser.add_argument("--levels", type=int, default=4)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--processor-seconds", type=float, default=120)
    parser.add_argument("--memory-mib", type=float, default=8_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
