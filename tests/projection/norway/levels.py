"""Yearly levels of Norway since 1967, that draws are modelled on."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from folkestrom.projection.stochastic.history import History, history_of

FIRST = 1967


def history(reference: Path) -> History:
    """Fertility and mortality of the Human databases, migration of Statistics Norway."""
    place = reference / "mortality_fertility"
    rows: list[dict[str, Any]] = []
    fertility: dict[int, float] = {}
    for line in (place / "NORasfrRR.txt").read_text("utf-8").splitlines()[3:]:
        year, _, rate = line.split()
        fertility[int(year)] = fertility.get(int(year), 0) + float(rate)
    rows += [{"component": "fertility", "year": y, "value": v} for y, v in fertility.items()]
    rates: dict[tuple[int, str, int], list[float]] = {}
    for line in (place / "Mx_1x1.txt").read_text("utf-8").splitlines()[3:]:
        year, age, *values = line.split()
        if int(year) >= FIRST and "+" not in age and int(age) < 100:
            group = int(age) // 5 * 5 if int(age) >= 5 else min(int(age), 1)
            for sex, value in zip(("female", "male"), values, strict=False):
                rates.setdefault((int(year), sex, group), []).append(float(value))
    rows += [{"component": "mortality", "year": y, "sex": s, "age": a, "value": np.mean(v)}
             for (y, s, a), v in rates.items()]  # fmt: skip
    with (reference / "population" / "ssb_05803_1735_2022.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if int(row["år"]) >= FIRST and row["innflyttinger"] != "NA":
                persons = float(row["befolkning_1_januar"])
                for name, value in (
                    ("immigration", float(row["innflyttinger"])),
                    ("emigration", float(row["utflyttinger"]) / persons),
                ):
                    rows.append({"component": name, "year": row["år"], "value": value})
    return history_of(rows)
