"""Reports into the log: against plain copying of the same files, and one day into a full store.

The yardstick is what DuckDB needs to read the same Parquet files and write their rows unchecked,
uncoded, into a table of a database file. Run with a folder of report files, or with the scale of a
twin to make first (0.1 when nothing is said). Derived tables are not made here.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from folkestrom.app.cli.main import app
from folkestrom.engine.settings import connect
from folkestrom.engine.store import open_for_writing, staging_folder, transaction
from folkestrom.intake.batch import Order, take_in
from folkestrom.intake.counts import IntakeResult
from folkestrom.intake.files import find_files
from folkestrom.intake.tables import create_tables

A_DAY = 3000
DAYS = 3


def main(wanted: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        reports = Path(wanted)
        if not reports.is_dir():
            twin = Path(scratch) / "twin"
            app(["--quiet", "twin", str(twin), "--scale", wanted], standalone_mode=False)
            reports = twin if any(twin.glob("*.parquet")) else twin / "reports"
        _compare(reports, Path(scratch))


def _compare(reports: Path, scratch: Path) -> None:
    files = str(reports / "reports-*.parquet")
    _intake(scratch / "warm", sorted(reports.glob("reports-*.parquet"))[1])  # compiles kernels
    plain = _timed("plain copy by DuckDB", lambda: _copy(files, scratch / "plain.duckdb"))
    full = scratch / "store"
    whole = _timed("intake, log only", lambda: _intake(full, Path(files)))
    print(f"  {_rows(full):,} reports; {whole / plain:.2f} times the plain copy")
    for day in range(DAYS):
        file = _one_day(reports, scratch, day)
        _timed(f"a day's {A_DAY:,} reports, log only", lambda file=file: _intake(full, file))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"  peak memory {peak:.2f} GiB")


def _timed(what: str, work: Callable[[], object]) -> float:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    seconds = time.perf_counter() - began
    print(
        f"  {what}: {seconds:.2f} s ({time.process_time() - cpu:.2f} s of processors)", flush=True
    )
    return seconds


def _copy(files: str, to: Path) -> None:
    with connect(to) as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"CREATE TABLE report AS FROM read_parquet('{files}')")


def _intake(folder: Path, files: Path) -> IntakeResult:
    with open_for_writing(folder, create_tables) as connection, transaction(connection):
        return take_in(connection, Order(find_files([files]), staging_folder(folder)))


def _rows(folder: Path) -> int:
    with connect(folder / "folkestrom.duckdb", read_only=True) as connection:
        return int(connection.execute("SELECT count(*) FROM report").fetchall()[0][0])


def _one_day(reports: Path, scratch: Path, day: int) -> Path:
    """Reports of the last month under new numbers."""
    table = pq.read_table(sorted(reports.glob("reports-*.parquet"))[-2]).slice(0, A_DAY)
    old = table["source_report_id"].cast(pa.string())
    place = table.schema.get_field_index("source_report_id")
    new = pc.binary_join_element_wise(f"day{day}-", old, "")
    file = scratch / f"day-{day}.parquet"
    pq.write_table(table.set_column(place, "source_report_id", new), file)
    return file


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "0.1")
