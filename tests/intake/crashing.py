"""Kills intakes at random moments, and looks at what is left; run by test_crash in a process of
its own, which forks, since a database that is open does not survive a fork.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from folkestrom.engine.store import Connection, open_for_reading, open_for_writing, transaction
from folkestrom.engine.store_derived import Derived, is_fresh, refresh
from folkestrom.intake.batch import Order, take_in
from folkestrom.intake.files import find_files
from folkestrom.intake.tables import create_tables
from tests.intake.desk import record, write

#: More than a row group, so that rows reach the disk before the commit.
ROWS = 130_000


def _copy(connection: Connection, after: int) -> None:
    del after
    connection.execute("CREATE OR REPLACE TABLE copy AS SELECT position, person FROM report")


COPY = Derived("copy", 1, _copy)


def take(folder: Path, *files: Path) -> None:
    """Take files in, with a derived table."""
    with open_for_writing(folder, create_tables) as connection, transaction(connection):
        take_in(connection, Order(find_files(files), folder / "staging"))
        refresh(connection, COPY)


def state(folder: Path) -> list[object]:
    """What the store holds, as numbers that change when anything is lost or doubled."""
    with open_for_reading(folder) as connection:
        if not is_fresh(connection, COPY):
            return ["the derived table is not fresh"]
        found = connection.execute(
            "SELECT (SELECT count(*) FROM report), (SELECT sum(key_hash) FROM report)::VARCHAR, "
            "(SELECT count(DISTINCT key_hash) FROM report), (SELECT count(*) FROM copy), "
            "(SELECT count(*) FROM quarantine), (SELECT count(*) FROM batch), "
            "(SELECT sum(accepted)::BIGINT FROM delivery)"
        ).fetchall()
        return list(found[0])


def in_child(work: Callable[[], object], kill_after: float | None = None) -> object:
    """Do work in a forked process; None when it was killed in the middle."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        answer = json.dumps(work()).encode()
        os.write(write_end, answer)
        os._exit(0)
    os.close(write_end)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    answer = b""
    while part := os.read(read_end, 65536):
        answer += part
    os.close(read_end)
    os.waitpid(pid, 0)
    return json.loads(answer) if answer else None


def many_records(path: Path) -> Path:
    """A file of deaths, one a person."""
    number = np.arange(ROWS)
    count = len(number)
    moment = np.datetime64("2021-01-05T10:00:00", "us")
    table = pa.table(
        {
            "source": pa.array(["many"] * count).dictionary_encode(),
            "source_report_id": pa.array(number.astype(str)),
            "received_at": pa.array(np.full(count, moment)).cast(pa.timestamp("us", "UTC")),
            "person": pa.array(number + 1),
            "kind": pa.array(["death"] * count).dictionary_encode(),
            "event_date": pa.array(np.full(count, np.datetime64("2021-01-02"))),
        }
    )
    pq.write_table(table, path)
    return path


def main(scratch: Path, times: int) -> list[object]:
    """Kill an intake so many times; return what was found each time, beside what may be found."""
    small = write(scratch / "small.csv", [record(1), record(2, kind="deth")])
    large = many_records(scratch / "large.parquet")
    base, whole, tried = scratch / "base", scratch / "whole", scratch / "tried"
    in_child(lambda: take(base, small))
    shutil.copytree(base, whole)
    in_child(lambda: take(whole, large))  # compiles what there is to compile
    shutil.rmtree(whole)
    shutil.copytree(base, whole)
    began = time.monotonic()
    in_child(lambda: take(whole, large))
    seconds = time.monotonic() - began
    before, after = in_child(lambda: state(base)), in_child(lambda: state(whole))
    chance = random.Random(7)
    found = []
    for n in range(times):
        shutil.rmtree(tried, ignore_errors=True)
        shutil.copytree(base, tried)
        in_child(lambda: take(tried, large), kill_after=chance.uniform(0.0, seconds))
        left = in_child(lambda: state(tried))
        finished = None
        if n % 4 == 0:  # whatever was left can be gone on with
            in_child(lambda: take(tried, large))
            finished = in_child(lambda: state(tried))
        found.append([left, finished])
    return [before, after, found]


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))  # noqa: T201  the answer
