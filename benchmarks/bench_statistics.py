"""How long statistics take on a register of full size.

    python benchmarks/bench_statistics.py [--persons 6.8e6] [--folder DIR] [--store DIR]

makes a register of derived tables (kept in --folder for the next time), or takes a real store, and
times each question: the best of several runs.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
from derived_rows import write

from folkestrom.engine.rows import is_table
from folkestrom.engine.settings import connect
from folkestrom.model.cells import Cells
from folkestrom.model.time import add_months
from folkestrom.statistics.changes import changes
from folkestrom.statistics.periods import split, year
from folkestrom.statistics.population import population
from folkestrom.statistics.published.tables import Edition, table
from folkestrom.statistics.revisions.vintages import vintages

DAY = date(2021, 1, 1)
QUARTERS = [date(y, m, 1) for y in range(2000, 2022) for m in (1, 4, 7, 10)]
FINE = ["municipality", "sex", "age"]
KNOWN = [add_months(date(2015, 2, 1), 3 * n) for n in range(24)]
BIRTHS = "24 vintages of births, a mother's age"
#: Figures by these knowledge dates, and of whom.
VINTAGES = {
    "24 vintages": ("population", date(2015, 1, 1), {}),
    "24 vintages, Oslo's women": (
        "population", date(2015, 1, 1), {"municipality": "0301", "sex": "female"},
    ),
    "24 vintages, a citizenship": ("population", date(2015, 1, 1), {"citizenship": "sweden"}),
    "24 vintages, the married": ("population", date(2015, 1, 1), {"marital_status": "married"}),
    "24 vintages, immigrants": (
        "population", date(2015, 1, 1), {"immigrant_category": "immigrant"},
    ),
    "24 vintages, with two children": ("population", date(2015, 1, 1), {"children": "2"}),
    BIRTHS: ("births", year(2014), {"mother_age": "30"}),
}  # fmt: skip

#: Seconds that each question may take, and is meant to, on two cores.
LIMITS = {"one date, latest": (1.0, 0.3), "88 quarters, latest": (20.0, 5.0)}
LIMITS |= dict.fromkeys(VINTAGES, (3.0, 3.0))


def questions(connection: duckdb.DuckDBPyConnection) -> dict[str, Callable[[], Cells]]:
    """What is timed, by name."""
    # A store whose log ends earlier has fewer quarters.
    last = connection.execute("SELECT max(known_from) FROM report").fetchall()[0][0]
    days = [day for day in QUARTERS if day <= last]
    q1 = split(date(2020, 1, 1), DAY, "quarter")
    edition = Edition(connection, 2021)
    return {
        "one date, latest": lambda: population(connection, DAY, FINE, "latest"),
        "one date, as published": lambda: population(connection, DAY, FINE, "published"),
        "one early date": lambda: population(connection, date(2005, 1, 1), FINE, "published"),
        "88 quarters, latest": lambda: population(connection, days, FINE, "latest"),
        "88 quarters, as published": lambda: population(connection, days, FINE, "published"),
        "citizenship of all": lambda: population(connection, DAY, ["citizenship", "sex"]),
        "account of a year, municipalities": lambda: changes(
            connection, [year(2020)], ["municipality"]
        ),
        "accounts of four quarters, nation": lambda: changes(connection, q1),
        "table age-groups": lambda: table(edition, "age-groups"),
        "table marital-status": lambda: table(edition, "marital-status"),
    }


def of_vintages(connection: duckdb.DuckDBPyConnection) -> dict[str, Callable[[], Cells]]:
    """Figures by 24 knowledge dates; a made-up register knows no parents."""
    asked = {name: one for name, one in VINTAGES.items() if name != BIRTHS}
    if is_table(connection, "attribute"):
        asked = VINTAGES
    return {
        name: lambda figure=figure, of=of, only=only: vintages(
            connection, figure, of, KNOWN, only=only
        )
        for name, (figure, of, only) in asked.items()
    }


def timed(question: Callable[[], Cells], runs: int) -> dict[str, float]:
    """Best time of several runs, of the clock and of processors, and how many cells came."""
    seconds = []
    for _ in range(runs):
        began = time.perf_counter(), time.process_time()
        rows = question().data.num_rows
        seconds.append((time.perf_counter() - began[0], time.process_time() - began[1]))
    clock, processors = (round(min(some), 3) for some in zip(*seconds, strict=True))
    return {"seconds": clock, "of_processors": processors, "cells": rows}


def open_register(arguments: argparse.Namespace, scratch: Path) -> duckdb.DuckDBPyConnection:
    """The store given, or a made-up register."""
    if arguments.store is not None:
        return connect(arguments.store / "folkestrom.duckdb", read_only=True)
    file = (arguments.folder or scratch) / f"derived-{int(arguments.persons)}.duckdb"
    if not file.exists():
        with connect(file) as connection:
            write(connection, int(arguments.persons))
            connection.execute("CHECKPOINT")
    return connect(file, read_only=True)


def main() -> int:
    """Time every question and print the results as JSON; 1 if one took longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=float, default=6.8e6, help="size of a made-up register")
    parser.add_argument("--folder", type=Path, help="where to keep it; else it is made anew")
    parser.add_argument("--store", type=Path, help="a real store instead")
    parser.add_argument("--runs", type=int, default=3, help="runs of each question")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        connection = open_register(arguments, Path(scratch))
        (rows,) = connection.execute("SELECT count(*) FROM residence").fetchall()[0]
        asked = questions(connection) | of_vintages(connection)
        found = {name: timed(ask, arguments.runs) for name, ask in asked.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    result = {"residence_rows": rows, "peak_memory_gib": round(peak, 2), "questions": found}
    print(json.dumps(result, indent=2))
    late = [name for name in LIMITS.keys() & found if LIMITS[name][0] < found[name]["seconds"]]
    return 1 if late and (arguments.store or arguments.persons >= 6e6) else 0


if __name__ == "__main__":
    raise SystemExit(main())
