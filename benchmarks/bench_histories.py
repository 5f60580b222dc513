"""From reports to all histories, beside what DuckDB needs to sort the same rows by person.

    python benchmarks/bench_histories.py [--reports N] [--peers N] [--folder DIR]

Each measurement is a process of its own, with two threads, on a copy of the same file, and ends
with everything on disk. `--peers` gives the size of the comparison with pandas and Polars, which
do an easier job: histories in order, with nothing annulled, corrected or late.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import synthetic_log

from folkestrom.engine.settings import EngineSettings, connect
from folkestrom.engine.store import transaction
from folkestrom.intake.tables import REPORT_COLUMNS, create_tables
from folkestrom.register.build import compile_kernels, rebuild

THREADS = 2
MEMORY = "4GiB"
ROUNDS = 3

Connection = duckdb.DuckDBPyConnection


def main() -> None:
    options = _options()
    if options.job:
        print(json.dumps(run_job(options.job, options.folder)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        _whole_log(Path(folder) / "whole", options.reports, options.rounds)
        if options.peers:
            _in_order(Path(folder) / "plain", options.peers)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=int, default=2_000_000)
    parser.add_argument("--peers", type=int, default=1_000_000, help="0 leaves the peers out")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--folder", type=Path, help="where to put the files")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    return parser.parse_args()


def _whole_log(folder: Path, reports: int, rounds: int) -> None:
    made = measured("make", folder, reports)
    print(f"{made['rows']:,} reports, all kinds; 2 threads; seconds (processor seconds), peak GiB")
    ratios = []
    for _ in range(rounds):
        yardstick, register = measured("yardstick", folder), measured("register", folder)
        ratios.append(register["seconds"] / yardstick["seconds"])
        _show("DuckDB: scan, sort by person, write", yardstick)
        _show("folkestrom: all histories", register)
        print(f"  ratio {ratios[-1]:.2f}")
    ratios.sort()
    print(f"median ratio {ratios[len(ratios) // 2]:.2f} (at most 3)")


def _in_order(folder: Path, reports: int) -> None:
    made = measured("make-plain", folder, reports)
    print(f"\n{made['rows']:,} reports of histories in order: the easier job, for comparison")
    base = measured("register", folder)
    _show("folkestrom", base)
    for peer in ("polars", "pandas"):
        found = measured(peer, folder)
        _show(peer, found)
        same = found["counts"] == {name: base["counts"][name] for name in found["counts"]}
        rows = "the same rows" if same else f"OTHER ROWS: {found['counts']}, {base['counts']}"
        print(f"  {found['seconds'] / base['seconds']:.1f} times as long, {rows}")


def _show(title: str, found: dict) -> None:
    seconds = f"{found['seconds']:7.2f} ({found['processor']:7.2f})"
    print(f"  {title:38} {seconds} {found['peak']:6.2f}", flush=True)


def measured(job: str, folder: Path, reports: int = 0) -> dict:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, __file__, "--job", job, "--folder", str(folder)]
    command += ["--reports", str(reports)] if reports else []
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(found.stdout.splitlines()[-1])


def run_job(job: str, folder: Path) -> dict:
    base = folder / "log.duckdb"
    if job.startswith("make"):
        return {"rows": make_log(base, _options().reports, plain=job == "make-plain")}
    work: dict[str, Callable[[Connection], object]] = {
        "yardstick": lambda c: c.execute("CREATE TABLE sorted AS FROM report ORDER BY person"),
        "register": build_all,
        "pandas": _peer("pandas"),
        "polars": _peer("polars"),
    }
    if job == "register":
        # As importing pandas is no part of its time, loading compiled code is none of this.
        compile_kernels()
    copy = folder / "copy.duckdb"
    shutil.copyfile(base, copy)
    os.sync()
    found = timed(copy, work[job])
    copy.unlink()
    return found


def _peer(name: str) -> Callable[[Connection], object]:
    import peers_histories

    return peers_histories.PEERS[name]


def build_all(connection: Connection) -> None:
    rebuild(connection)


def timed(file: Path, work: Callable[[Connection], object]) -> dict:
    connection = connect(file, EngineSettings(memory=MEMORY, threads=THREADS))
    connection.execute("SELECT count(DISTINCT kind) FROM report").fetchall()
    began, processor = time.perf_counter(), time.process_time()
    with transaction(connection):
        work(connection)
    connection.execute("CHECKPOINT")
    found = {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - processor,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }
    tables = ("residence", "marital", "citizenship", "attribute", "event", "flag")
    there = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
    counts = {t: _count(connection, t) for t in tables if t in there}
    connection.close()
    return found | {"counts": counts}


def _count(connection: Connection, table: str) -> int:
    return connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]


def make_log(file: Path, reports: int, *, plain: bool) -> int:
    log = synthetic_log.report_log(reports, plain=plain).select(list(REPORT_COLUMNS))
    with connect(file, EngineSettings(memory=MEMORY, threads=THREADS)) as connection:
        create_tables(connection)
        connection.register("made", log)
        connection.execute("INSERT INTO report SELECT * FROM made")
    return log.num_rows


if __name__ == "__main__":
    main()
