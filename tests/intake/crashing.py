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
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from folkestrom.app.office.session import register_tables
from folkestrom.engine.store import open_for_reading, open_for_writing, transaction
from folkestrom.engine.store_derived import Derived, is_fresh, refresh, refresh_alone
from folkestrom.intake.batch import IntakeOrder, take_in
from folkestrom.intake.reading.files import find_files
from folkestrom.intake.tables import create_tables
from folkestrom.register.build import compile_kernels
from tests.intake.desk import record, write

#: More than a row group, so that rows reach the disk before the commit.
ROWS = 130_000


REGISTER = register_tables()
#: The same tables by a method of another version: they are made again from the whole log.
OTHER_METHOD = Derived(REGISTER.name, REGISTER.method_version + 1, REGISTER.update)


def take(folder: Path, *files: Path) -> None:
    """Take files in, with the register's tables."""
    with open_for_writing(folder, create_tables) as connection, transaction(connection):
        take_in(connection, IntakeOrder(find_files(files), folder / "staging"))
        refresh(connection, REGISTER)


def rebuild(folder: Path) -> None:
    """Make the register's tables again."""
    with open_for_writing(folder, create_tables) as connection:
        refresh_alone(connection, OTHER_METHOD)


def state(folder: Path) -> list[object]:
    """What the store holds, as numbers that change when anything is lost or doubled."""
    with open_for_reading(folder) as connection:
        if not (is_fresh(connection, REGISTER) or is_fresh(connection, OTHER_METHOD)):
            return ["the register's tables are not fresh"]
        found = connection.execute(
            "SELECT (SELECT count(*) FROM report), (SELECT sum(key_hash) FROM report)::VARCHAR, "
            "(SELECT count(DISTINCT key_hash) FROM report), (SELECT count(*) FROM residence), "
            "(SELECT sum(position)::BIGINT FROM residence), (SELECT count(*) FROM flag), "
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


_START = {
    "kind": "first_registration",
    "municipality": "0301",
    "basic_unit": "03010101",
    "sex": "female",
    "citizenship": "NO",
    "country_of_birth": "NO",
    "origin": "first_registration",
}


def many_records(path: Path) -> Path:
    """A file of first registrations, one a person."""
    number = np.arange(ROWS)
    count = len(number)
    moment = np.datetime64("2021-01-05T10:00:00", "us")
    table = pa.table(
        {
            "source": pa.array(["many"] * count).dictionary_encode(),
            "source_report_id": pa.array(number.astype(str)),
            "received_at": pa.array(np.full(count, moment)).cast(pa.timestamp("us", "UTC")),
            "person": pa.array(number + 1),
            "event_date": pa.array(np.full(count, np.datetime64("2021-01-02"))),
            "birth_date": pa.array(np.full(count, np.datetime64("1980-01-02"))),
            **{k: pa.array([v] * count).dictionary_encode() for k, v in _START.items()},
        }
    )
    pq.write_table(table, path)
    return path


def main(scratch: Path, times: int) -> list[object]:
    """Kill intakes and rebuilds, so many times in all; say what was found each time.

    Returns the states before and after the intake, and of each time whether it was a rebuild, the
    state that was left, and the state after the work was done again.
    """
    small = write(scratch / "small.csv", [record(1), record(2, kind="deth")])
    large = many_records(scratch / "large.parquet")
    base, whole, tried = scratch / "base", scratch / "whole", scratch / "tried"
    compile_kernels()  # once, and not in every child
    in_child(lambda: take(base, small))
    shutil.copytree(base, whole)
    seconds = [_seconds(lambda: take(whole, large))]
    before, after = in_child(lambda: state(base)), in_child(lambda: state(whole))
    again = scratch / "again"
    shutil.copytree(whole, again)
    seconds.append(_seconds(lambda: rebuild(again)))
    chance = random.Random(7)
    found = []
    for n in range(times):
        is_rebuild = n % 2
        shutil.rmtree(tried, ignore_errors=True)
        shutil.copytree(whole if is_rebuild else base, tried)
        work = partial(rebuild, tried) if is_rebuild else partial(take, tried, large)
        in_child(work, kill_after=chance.uniform(0.0, seconds[is_rebuild]))
        left = in_child(lambda: state(tried))
        finished = None
        if n % 5 == 0:  # whatever was left can be gone on with
            in_child(work)
            finished = in_child(lambda: state(tried))
        found.append([bool(is_rebuild), left, finished])
    return [before, after, found]


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    in_child(work)
    return time.monotonic() - began


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))  # noqa: T201  the answer
