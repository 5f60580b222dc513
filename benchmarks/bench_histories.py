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
from folkestrom.register import build
from folkestrom.register.build import compile_kernels, rebuild
from folkestrom.register.layout import TableWriter
from folkestrom.register.log_rows import read_persons
from folkestrom.register.tables import TABLES

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
    for title, ending in (("on disk, where DuckDB writes for all", ""), ("in memory", "-memory")):
        print(f"histories {title}")
        base = measured(f"register{ending}", folder)
        _show("folkestrom", base)
        for peer in ("polars", "pandas"):
            found = measured(f"{peer}{ending}", folder)
            _compare(peer, found, base)


def _compare(peer: str, found: dict, base: dict) -> None:
    _show(peer, found)
    same = found["counts"] == {name: base["counts"][name] for name in found["counts"]}
    rows = "as many rows" if same else f"OTHER ROWS: {found['counts']}, {base['counts']}"
    rows = rows if found["counts"] else "rows not counted"
    times = found["seconds"] / base["seconds"]
    work = found["processor"] / base["processor"]
    print(f"  {times:.1f} times as long, {work:.1f} times the processor time; {rows}")


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
        "register-memory": sweep_all,
        "pandas": _peer("pandas", kept=True),
        "polars": _peer("polars", kept=True),
        "pandas-memory": _peer("pandas", kept=False),
        "polars-memory": _peer("polars", kept=False),
    }
    if job.startswith("register"):
        # As importing pandas is no part of its time, loading compiled code is none of this.
        compile_kernels()
    copy = folder / "copy.duckdb"
    shutil.copyfile(base, copy)
    os.sync()
    found = timed(copy, work[job])
    copy.unlink()
    return found


def _peer(name: str, *, kept: bool) -> Callable[[Connection], object]:
    import peers_histories

    def work(connection: Connection) -> None:
        tables = peers_histories.PEERS[name](connection)
        if kept:
            peers_histories.write(connection, tables)

    return work


def sweep_all(connection: Connection) -> None:
    """All rows in columns, each block of them dropped when it is full instead of written."""

    class Dropped(TableWriter):
        def write_full(self, connection: Connection) -> None:
            del connection
            self._free += self._full
            self._full = []

    writers = [Dropped(table) for table in TABLES]
    build.sweep_into(connection, read_persons(connection), writers)


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
