"""How long events and exposure by Lexis triangle take, on as many person-years as may be.

    python benchmarks/bench_rates.py [--persons 1.47e7] [--folder DIR] [--store DIR]

makes a register of derived tables (kept in --folder for the next time), or takes a real store, and
counts deaths and person-days of 21 years by calendar year, single year of age and year of birth:
the best of several runs.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from datetime import date
from pathlib import Path

from bench_statistics import open_register

from folkestrom.analysis.rates.occurrence import occurrences
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.statistics.periods import Period

PERIOD = Period(date(2000, 1, 1), date(2021, 1, 1))
QUESTIONS = {
    "triangles": ["year", "age", "birth_year"],
    "squares": ["year", "age"],
    "triangles by sex": ["year", "age", "birth_year", "sex"],
}
#: Person-years by triangle that are to be counted within so many seconds, on two cores.
PERSON_YEARS, SECONDS = 228e6, 5.0


def main() -> int:
    """Time every question and print the results as JSON; 1 if triangles took too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=float, default=1.47e7, help="size of a made-up register")
    parser.add_argument("--folder", type=Path, help="where to keep it; else it is made anew")
    parser.add_argument("--store", type=Path, help="a real store instead")
    parser.add_argument("--runs", type=int, default=3, help="runs of each question")
    arguments = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        connection = open_register(arguments, Path(scratch))
        (rows,) = connection.execute("SELECT count(*) FROM residence").fetchall()[0]
        for name, by in QUESTIONS.items():
            seconds, busy = [], []
            for _ in range(arguments.runs):
                began, worked = time.perf_counter(), time.process_time()
                counted = occurrences(connection, PERIOD, by, "death", known_at="latest").data
                seconds.append(time.perf_counter() - began)
                busy.append(time.process_time() - worked)
            # On a machine that does other work too, processor time says what is its own.
            found[name] = {"seconds": round(min(seconds), 2), "processor": round(min(busy), 2),
                           "cells": counted.height}  # fmt: skip
        lived = float(counted["days"].sum()) / DAYS_PER_YEAR
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    result = {"residence_rows": rows, "person_years": round(lived), "questions": found,
              "peak_memory_gib": round(peak, 2)}  # fmt: skip
    print(json.dumps(result, indent=2))
    allowed = SECONDS * max(lived / PERSON_YEARS, 1)
    return int(found["triangles"]["seconds"] > allowed)


if __name__ == "__main__":
    raise SystemExit(main())
