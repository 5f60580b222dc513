"""An easier job: histories of reports in order, beside pandas and Polars as usually written.

    python benchmarks/bench_in_order.py [REPORTS]

`bench_histories.py` has the whole job, and peers that know when to avoid grouping. These are what
an analyst writes first, on a log that leaves out all that makes it hard: nothing is late, annulled
or corrected. In memory; each measurement is a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import bench_histories
import peers_in_order
import synthetic_log

from folkestrom.engine.settings import EngineSettings, connect
from folkestrom.intake.tables import REPORT_COLUMNS, create_tables
from folkestrom.register.build import compile_kernels

REPORTS = 5_000_000
JOBS = ("folkestrom", *peers_in_order.PEERS)


def main(reports: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.duckdb"
        log = synthetic_log.report_log(reports, plain=True).select(list(REPORT_COLUMNS))
        with connect(file, EngineSettings(memory=bench_histories.MEMORY)) as connection:
            create_tables(connection)
            connection.register("made", log)
            connection.execute("INSERT INTO report SELECT * FROM made")
        print(f"{log.num_rows:,} reports in order; seconds (processor seconds), peak GiB")
        found = {job: _measured(job, file) for job in JOBS}
        base = found["folkestrom"]
        for job, one in found.items():
            if one["counts"] != {name: base["counts"][name] for name in one["counts"]}:
                sys.exit(f"{job} gives other numbers of rows: {one['counts']}")
            times = one["seconds"] / base["seconds"]
            print(
                f"  {job:12} {one['seconds']:7.2f} ({one['processor']:7.2f}) {one['peak']:6.2f}"
                f"  {times:.1f} times as long"
            )


def _measured(job: str, file: Path) -> dict:
    command = [sys.executable, __file__, job, str(file)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def run(job: str, file: Path) -> dict:
    if job == "folkestrom":
        compile_kernels()
        return bench_histories.timed(file, bench_histories.sweep_all)
    return bench_histories.timed(file, lambda c: _rows(peers_in_order.PEERS[job](c)))


def _rows(tables: dict) -> dict:
    return {name: len(rows) for name, rows in tables.items()}


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(json.dumps(run(sys.argv[1], Path(sys.argv[2]))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else REPORTS)
