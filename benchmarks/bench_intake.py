"""Reports into the log: against plain copying of the same files; then days into the full store.

    python benchmarks/bench_intake.py [SCALE | FOLDER]

The yardstick is what DuckDB needs to read the same Parquet files and write their rows unchecked,
uncoded, into a table of a database file. Run with a folder of report files, or with the scale of a
twin to make first (1 when nothing is said). The last days that a twin reports are held back; when
the log and all histories are made, they come one by one. What is timed ends with the tables ready
for the next question; every other one comes through the command as it is typed, which starts
by loading the engine and compiled code; the others in a process that is there, as a service is.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import polars as pl

from folkestrom.app.cli.main import app
from folkestrom.app.office.intake import intake
from folkestrom.app.office.session import register_tables
from folkestrom.engine.settings import connect
from folkestrom.engine.store import Waiting, open_for_writing, staging_folder, transaction
from folkestrom.engine.store_derived import refresh
from folkestrom.intake.batch import IntakeOrder, take_in
from folkestrom.intake.counts import IntakeResult
from folkestrom.intake.reading.files import find_files
from folkestrom.intake.tables import create_tables

DAYS = 5
#: The least number of reports that is called a day's.
A_DAY = 3000
SECONDS_A_DAY = 2.0


def main(wanted: str) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        given = Path(wanted)
        if not given.is_dir():
            given = Path(scratch) / "twin"
            app(["--quiet", "twin", str(given), "--scale", wanted], standalone_mode=False)
        reports = given if any(given.glob("*.parquet")) else given / "reports"
        files, days = _held_back(reports, Path(scratch))
        return _compare(files, days, Path(scratch))


def _held_back(reports: Path, scratch: Path) -> tuple[list[Path], list[Path]]:
    """All files but the last days of the last one; those days, a file each."""
    *files, last = sorted(reports.glob("reports-*.parquet"))
    rows = pl.read_parquet(last).sort("received_at", maintain_order=True)
    received = rows.group_by(pl.col("received_at").dt.date(), maintain_order=True)
    parts = [part for _, part in received]
    days: list[pl.DataFrame] = []
    while parts and len(days) < DAYS:
        day = parts.pop()
        while parts and day.height < A_DAY:
            day = pl.concat([parts.pop(), day])
        days.insert(0, day)
    rest = scratch / "rest.parquet"
    pl.concat([rows.clear(), *parts]).write_parquet(rest)
    paths = [scratch / f"day-{number}.parquet" for number in range(len(days))]
    for day, path in zip(days, paths, strict=True):
        day.write_parquet(path)
    return [*files, rest], paths


def _compare(files: list[Path], days: list[Path], scratch: Path) -> int:
    _intake(scratch / "warm", [files[1]])  # compiles kernels
    plain = _timed("plain copy by DuckDB", lambda: _copy(files, scratch / "plain.duckdb"))
    (scratch / "plain.duckdb").unlink()
    full = scratch / "store"
    whole = _timed("intake, log only", lambda: _intake(full, files))
    print(f"  {_rows(full):,} reports; {whole / plain:.2f} times the plain copy")
    _timed("all histories from the log", lambda: _histories(full))
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")
    seconds = sorted(_one_day(full, day) for day in days[::2])
    for day in days[1::2]:
        _by_command(full, day)
    middle = seconds[len(seconds) // 2]
    print(f"  median {middle:.2f} s a day in a running process (at most {SECONDS_A_DAY})")
    return int(middle > SECONDS_A_DAY)


def _timed(what: str, work: Callable[[], object]) -> float:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(f"  {what}: {seconds:.2f} s ({cpu:.2f} s of processors)", flush=True)
    return seconds


def _copy(files: list[Path], to: Path) -> None:
    with connect(to) as connection:
        connection.execute("SET preserve_insertion_order = false")
        names = [str(file) for file in files]
        connection.execute("CREATE TABLE report AS FROM read_parquet(?)", [names])


def _intake(folder: Path, files: list[Path]) -> IntakeResult:
    with open_for_writing(folder, create_tables) as connection, transaction(connection):
        return take_in(connection, IntakeOrder(find_files(files), staging_folder(folder)))


def _histories(folder: Path) -> None:
    with open_for_writing(folder, create_tables) as connection, transaction(connection):
        refresh(connection, register_tables())


def _rows(folder: Path) -> int:
    with connect(folder / "folkestrom.duckdb", read_only=True) as connection:
        return int(connection.execute("SELECT count(*) FROM report").fetchall()[0][0])


def _by_command(folder: Path, file: Path) -> None:
    command = [str(Path(sys.executable).with_name("folkestrom")), "--quiet", "--format", "json"]
    command += ["--store", str(folder), "intake", str(file)]
    began = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    _tell("by the command", time.perf_counter() - began, json.loads(done.stdout)["total"])


def _one_day(folder: Path, file: Path) -> float:
    began = time.perf_counter()
    result = intake(folder, [file], Waiting())
    seconds = time.perf_counter() - began
    _tell("in a running process", seconds, asdict(result.total))
    return seconds


def _tell(how: str, seconds: float, total: dict) -> None:
    print(f"  a day's {total['accepted']:,} reports, visible, {how}: {seconds:.2f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "1"))
