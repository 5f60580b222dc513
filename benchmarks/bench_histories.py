"""From reports to all histories, beside what DuckDB needs to sort the same rows by person.

    python benchmarks/bench_histories.py [--reports N] [--peers N] [--rounds N] [--folder DIR]

Each measurement is a process of its own, with two threads, on a copy of the same file, and ends
with everything on disk unless it says "in memory". `--peers` gives the size of the comparison with
Polars and pandas, which do the same job on a log of the same kind: annulments, corrections and
late reports included. At a small size every row of theirs must be the program's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import synthetic_log

from folkestrom.engine.settings import EngineSettings, connect
from folkestrom.engine.store import transaction
from folkestrom.intake.tables import REPORT_COLUMNS, create_tables
from folkestrom.register import build
from folkestrom.register.build import compile_kernels, rebuild
from folkestrom.register.kernel.rows import Integers
from folkestrom.register.layout import TableWriter
from folkestrom.register.log_rows import read_persons
from folkestrom.register.tables import TABLES

THREADS = 2
MEMORY = "4GiB"
#: Reports of the log on which rows are compared one by one.
CHECKED = 50_000
#: How many times as long as the program each peer should take, at least.
PEERS = {"polars": 2, "pandas": 5}

Connection = duckdb.DuckDBPyConnection
Counts = dict[str, int]
#: What is timed; what leaves no tables behind returns how many rows each would have.
Work = Callable[[Connection], Any]


def main() -> None:
    options = _options()
    if options.job:
        print(json.dumps(run_job(options.job, options.folder)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.reports:
            _whole_log(Path(folder) / "whole", options.reports, options.rounds)
        if options.peers:
            _check(Path(folder) / "small")
            _peers(Path(folder) / "peers", options.peers, options.rounds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--reports", type=int, default=25_000_000, help="0 leaves the yardstick out"
    )
    parser.add_argument("--peers", type=int, default=5_000_000, help="0 leaves the peers out")
    parser.add_argument("--rounds", type=int, default=1)
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


def _check(folder: Path) -> None:
    """Compare every row of every table at a small size, and end here if one differs."""
    made = measured("make", folder, CHECKED)
    differing = measured("check", folder)
    if differing:
        sys.exit(f"rows that only one of two has: {differing}")
    print(f"\n{made['rows']:,} reports: {' and '.join(PEERS)} give the same rows in every table")


def _peers(folder: Path, reports: int, rounds: int) -> None:
    made = measured("make", folder, reports)
    print(f"{made['rows']:,} reports, all kinds; 2 threads; seconds (processor seconds), peak GiB")
    for title, ending in (("on disk, where DuckDB writes for all", ""), ("in memory", "-memory")):
        print(f"all histories {title}")
        found: dict[str, list[dict]] = {name: [] for name in ("folkestrom", *PEERS)}
        for _ in range(rounds):
            for name, runs in found.items():
                job = "register" if name == "folkestrom" else name
                runs.append(measured(f"{job}{ending}", folder))
                _show(name, runs[-1])
        for peer, least in PEERS.items():
            _compare(peer, found[peer], found["folkestrom"], least)


def _compare(peer: str, runs: list[dict], base: list[dict], least: int) -> None:
    counts = [run["counts"] for run in (*runs, *base)]
    if any(other != counts[0] for other in counts):
        sys.exit(f"{peer} and folkestrom give different numbers of rows: {counts}")
    times, work = (
        statistics.median(run[what] / beside[what] for run, beside in zip(runs, base, strict=True))
        for what in ("seconds", "processor")
    )
    longer = f"{times:.1f} times as long (promised: at least {least})"
    print(f"  {peer}: {longer}, {work:.1f} times the processor time; as many rows", flush=True)


def _show(title: str, found: dict) -> None:
    seconds = f"{found['seconds']:7.2f} ({found['processor']:7.2f})"
    print(f"  {title:38} {seconds} {found['peak']:6.2f}", flush=True)


def measured(job: str, folder: Path, reports: int = 0) -> dict:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, __file__, "--job", job, "--folder", str(folder)]
    command += ["--reports", str(reports)] if reports else []
    # Polars takes every core that it finds, unless told before it is imported.
    threads = os.environ | {"POLARS_MAX_THREADS": str(THREADS)}
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=threads)
    return json.loads(found.stdout.splitlines()[-1])


def run_job(job: str, folder: Path) -> dict:
    base = folder / "log.duckdb"
    if job == "make":
        return {"rows": make_log(base, _options().reports)}
    if job == "check":
        return differing_rows(base)
    work = _work(job)
    if job.startswith("register"):
        # As importing pandas is no part of its time, loading compiled code is none of this.
        compile_kernels()
    copy = folder / "copy.duckdb"
    shutil.copyfile(base, copy)
    os.sync()
    found = timed(copy, work)
    copy.unlink()
    return found


def _work(job: str) -> Work:
    own: dict[str, Work] = {
        "yardstick": sort_all,
        "register": rebuild,
        "register-memory": sweep_all,
    }
    name, _, ending = job.partition("-")
    return own[job] if job in own else _peer(name, kept=not ending)


def sort_all(connection: Connection) -> None:
    connection.execute("CREATE TABLE sorted AS FROM report ORDER BY person")


def _peer(name: str, *, kept: bool) -> Work:
    # The modules of a peer are loaded before its time is taken, and only for a peer.
    import peers_histories

    def work(connection: Connection) -> Counts:
        tables = peers_histories.PEERS[name](connection)
        if kept:
            peers_histories.write(connection, tables)
        return {name: len(rows) for name, rows in tables.items()}

    return work


def differing_rows(file: Path) -> Counts:
    """How many rows only the program has or only a peer, by table, where there are any."""
    import peers_histories

    with connect(file, EngineSettings(memory=MEMORY, threads=THREADS)) as connection:
        rebuild(connection)
        for name, peer in peers_histories.PEERS.items():
            peers_histories.write(connection, peer(connection), prefix=f"{name}_")
        pairs = [(t.name, f"{name}_{t.name}") for t in TABLES for name in PEERS]
        found = {other: _only_one_has(connection, table, other) for table, other in pairs}
    return {name: rows for name, rows in found.items() if rows}


def _only_one_has(connection: Connection, table: str, other: str) -> int:
    parts = [f"(FROM {a} EXCEPT ALL FROM {b})" for a, b in ((table, other), (other, table))]
    return sum(_count(connection, part) for part in parts)


def sweep_all(connection: Connection) -> Counts:
    """All rows in columns, each block of them dropped when it is full instead of written."""
    counts = dict.fromkeys([table.name for table in TABLES], 0)

    class Dropped(TableWriter):
        def add(self, rows: Integers) -> None:
            counts[self.table.name] += rows.shape[1]
            super().add(rows)

        def write_full(self, connection: Connection) -> None:
            del connection
            self._free += self._full
            self._full = []

    writers = [Dropped(table) for table in TABLES]
    build.sweep_into(connection, read_persons(connection), writers)
    return counts


def timed(file: Path, work: Work) -> dict:
    connection = connect(file, EngineSettings(memory=MEMORY, threads=THREADS))
    connection.execute("SELECT count(DISTINCT kind) FROM report").fetchall()
    began, processor = time.perf_counter(), time.process_time()
    with transaction(connection):
        counted = work(connection)
    connection.execute("CHECKPOINT")
    found = {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - processor,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }
    there = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
    stored = {t.name: _count(connection, t.name) for t in TABLES if t.name in there}
    connection.close()
    return found | {"counts": stored or counted}


def _count(connection: Connection, relation: str) -> int:
    return connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]


def make_log(file: Path, reports: int) -> int:
    log = synthetic_log.report_log(reports).select(list(REPORT_COLUMNS))
    with connect(file, EngineSettings(memory=MEMORY, threads=THREADS)) as connection:
        create_tables(connection)
        connection.register("made", log)
        connection.execute("INSERT INTO report SELECT * FROM made")
    return log.num_rows


if __name__ == "__main__":
    main()
