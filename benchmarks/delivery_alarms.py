"""How often alarms are false on clean days of a store, and how many faults they find.

    python benchmarks/delivery_alarms.py STORE [FROM TO]

Every day from FROM to TO is compared with the days before it, as its own delivery would be. Then
one fault is put into each of 100 days: the day missing, doubled, one kind three times as many, a
municipality silent for a week, all events dated a year too early.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np

import folkestrom
from folkestrom.model.codes import Kind
from folkestrom.quality.alarms.seasonal import WINDOW
from folkestrom.register.quality.deliveries import Arrivals, count_arrivals
from folkestrom.statistics.quality.deliveries import of_cells, of_days

SEED = 1
DAYS = 100


def _until(arrivals: Arrivals, end: int) -> Arrivals:
    start = max(end - WINDOW - 1, 0)
    return Arrivals(
        arrivals.first + timedelta(start), arrivals.reports[start:end].copy(),
        arrivals.late[start:end].copy(), arrivals.flagged[start:end].copy(),
        arrivals.municipalities,
    )  # fmt: skip


def _alarms(of: Arrivals) -> list[str]:
    last = of.first + timedelta(len(of.late) - 1)
    rows = [*of_days(of, 1), *of_cells(of, last)]
    return [f"{row.name} {row.alarm}" for row in rows if row.alarm != "none"]


def _with(fault: str, of: Arrivals, rng: np.random.Generator) -> None:
    if fault == "missing":
        of.reports[-1], of.late[-1], of.flagged[-1] = 0, 0, 0
    elif fault == "doubled":
        of.reports[-1] *= 2
    elif fault == "kind x3":
        of.reports[-1, rng.choice([Kind.BIRTH, Kind.IMMIGRATION, Kind.MOVE, Kind.DEATH])] *= 3
    elif fault == "silent":
        large = np.argsort(of.reports[-35:].sum(axis=(0, 1)))[-50:-1]
        of.reports[-7:, :, rng.choice(large)] = 0
    else:
        of.late[-1] = of.reports[-1].sum()


def main(store: str, first: str = "2017-01-01", last: str = "2020-12-30") -> None:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    begun = start - timedelta(WINDOW)
    with folkestrom.open(Path(store)).reading() as connection:
        arrivals = count_arrivals(connection, 2**31 - 1, begun, end)
    ends = range((start - begun).days + 1, (end - begun).days + 2)
    clean = [_alarms(_until(arrivals, day)) for day in ends]
    many = sum(bool(found) for found in clean)
    print(f"{len(clean)} clean days: {many} with an alarm, {7 * many / len(clean):.2f} a week")
    for kind in sorted({alarm for found in clean for alarm in found}):
        print(f"  {kind}: {sum(kind in found for found in clean)}")
    rng = np.random.default_rng(SEED)
    days = rng.choice([end for end, found in zip(ends, clean, strict=True) if not found], DAYS)
    for fault in ("missing", "doubled", "kind x3", "silent", "a year off"):
        found = 0
        for day in days:
            of = _until(arrivals, int(day))
            _with(fault, of, rng)
            found += bool(_alarms(of))
        print(f"{fault}: found on {found} of {DAYS} days")


if __name__ == "__main__":
    main(*sys.argv[1:])
