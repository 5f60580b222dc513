"""Running the kernel on reports of the reference interpreter, without a store in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from folkestrom.register.kernel.memory import new_work
from folkestrom.register.kernel.rows import NO_TARGET, NULL8, NULL16, NULL32, NULL64, ROW, WAITING
from folkestrom.register.kernel.sink import Sink, new_sink, rows_of
from folkestrom.register.kernel.sweep import sweep
from folkestrom.register.merges import rulings
from folkestrom.register.tables import TABLES
from tests.reference.register import Report, Tables

EPOCH = date(1970, 1, 1)
NULLS = {1: NULL8, 2: NULL16, 4: NULL32, 8: NULL64}


def packed(reports: Sequence[Report]) -> np.ndarray:
    """Reports as packed rows, side by side by person."""
    rows = np.zeros(len(reports), ROW)
    ordered = sorted(reports, key=lambda r: r.person)
    for name in ROW.names or ():
        rows[name] = [_number(report, name) for report in ordered]
    return rows


def _number(report: Report, name: str) -> int:
    if name == "target":
        waiting = WAITING if report.aims else NO_TARGET
        return waiting if report.target is None else report.target
    value = getattr(report, name)
    if name == "partner" and report.survivor is not None:
        value = report.survivor
    if value is None:
        return NULLS[ROW[name].itemsize]
    if isinstance(value, datetime):
        return round((value - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
    if isinstance(value, date):
        return (value - EPOCH).days
    return int(value)


def kernel_sink(reports: Sequence[Report], *, plain: bool = True, capacity: int = 64) -> Sink:
    rows = packed(reports)
    rows = np.concatenate([rows, rulings(rows)])
    rows = rows[np.argsort(rows["person"], kind="stable")]
    persons = rows["person"]
    changes = np.flatnonzero(persons[1:] != persons[:-1]) + 1
    starts = np.concatenate(([0], changes, [len(rows)])).astype(np.int64)
    work = new_work(int(np.diff(starts).max()))
    bounds = (0, len(starts) - 1)
    return sweep(rows, starts, bounds, work, new_sink(capacity), plain=plain)


def kernel_tables(reports: Sequence[Report], *, plain: bool = True) -> Tables:
    """The kernel's rows in the form in which the interpreter gives them."""
    sink = kernel_sink(reports, plain=plain)
    tables: Tables = {}
    for number, table in enumerate(TABLES):
        values = rows_of(sink, number)
        lists = [_values(values[i].astype(c.dtype), c.type) for i, c in enumerate(table.columns)]
        rows = list(zip(*lists, strict=True))
        assert len(set(rows)) == len(rows), f"{table.name} holds a row twice"
        tables[table.name] = set(rows)
    return tables


def _values(values: np.ndarray, sql_type: str) -> list[Any]:
    null = NULLS[values.dtype.itemsize]
    if sql_type == "DATE":
        return [None if v == null else EPOCH + timedelta(days=int(v)) for v in values]
    return [None if v == null else int(v) for v in values]
