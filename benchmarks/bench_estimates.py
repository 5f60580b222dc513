"""Back-test of the estimate at the turn of the year, on every year of a store that allows one.

    python benchmarks/bench_estimates.py STORE [--day 12-05] [--published FILE]

For each turn of the year: the estimate made on a day in early December by every method, beside the
population that the extraction had. Intervals of 90 % should hold 88 to 92 % of municipalities, and
80 to 96 % of those of each size. `--published` is a CSV file of estimates that were published
(target, level, estimate, actual_final), whose own errors are printed beside.
"""

from __future__ import annotations

import argparse
import csv
import time
from datetime import date
from pathlib import Path

import numpy as np

import folkestrom
from folkestrom.errors import UsageError
from folkestrom.statistics.estimates.estimating import METHODS
from folkestrom.statistics.estimates.reported import SIZES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--day", default="12-05", help="month and day of the estimates")
    parser.add_argument("--published", type=Path)
    given = parser.parse_args()
    published = of_nation(given.published) if given.published else {}
    errors: dict[str, list[float]] = {method: [] for method in METHODS}
    within: list[tuple[np.ndarray, np.ndarray]] = []
    seconds = []
    print(
        "1 January    population  " + "  ".join(f"{m:>16}" for m in METHODS) + "  published's own"
    )
    store = folkestrom.open(given.store)
    for year in range(1986, 2100):
        turn, known = date(year, 1, 1), f"{year - 1}-{given.day}"
        try:
            begun = time.perf_counter(), time.process_time()
            found = store.estimate(turn, known, "municipality", to="polars")
            seconds.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
            actual = store.population(turn, "municipality", to="polars")
        except UsageError:
            continue
        both = found.join(actual, on="municipality", how="full", coalesce=True).fill_null(0)
        persons, people = both["persons"].to_numpy(), int(actual["persons"].sum())
        held = (both["lower"].to_numpy() <= persons) & (persons <= both["upper"].to_numpy())
        within.append((np.digitize(persons, SIZES), held))
        line = f"{turn}  {people:>11,}"
        for method in METHODS:
            nation = (
                found if method == "delays"
                else store.estimate(turn, known, method=method, to="polars")
            )["estimate"].sum()  # fmt: skip
            errors[method].append((nation - people) / people)
            line += f"  {nation - people:>16,}"
        print(line + f"  {published.get(turn, ''):>15}", flush=True)
    print_summary(errors, within, seconds)


def of_nation(file: Path) -> dict[date, str]:
    """Errors of published estimates of the nation, by the day that they are of."""
    with file.open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["level"] == "nation"]
    return {
        date.fromisoformat(row["target"]): f"{int(row['estimate']) - int(row['actual_final']):,}"
        for row in rows
    }


def print_summary(
    errors: dict[str, list[float]],
    within: list[tuple[np.ndarray, np.ndarray]],
    seconds: list[tuple[float, float]],
) -> None:
    wall, of_processor = np.median(seconds, axis=0)
    print(
        f"\n{len(seconds)} years, all municipalities: {wall:.1f} s an estimate, "
        f"{of_processor:.1f} s of processors"
    )
    for method, found in errors.items():
        print(f"{method:>16}: mean absolute error of the nation {100 * np.abs(found).mean():.4f} %")
    classes, held = (np.concatenate(parts) for parts in zip(*within, strict=True))
    print(f"90 % intervals hold {100 * held.mean():.1f} % of {len(held):,} municipalities")
    for number, (low, high) in enumerate(zip((0, *SIZES), (*SIZES, np.inf), strict=True)):
        inside = held[classes == number]
        if len(inside):
            print(f"  {low:>6,} to {high:>8,.0f}: {100 * inside.mean():5.1f} % of {len(inside):,}")


if __name__ == "__main__":
    main()
