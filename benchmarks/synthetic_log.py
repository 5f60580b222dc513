"""A made-up report log for benchmarks: all kinds, annulments, corrections, late reports.

Independent of the twin on purpose: the benchmark measures the register, and should not change
when the synthetic country does.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

MICROSECONDS = 1_000_000
DAY = 86_400
STOCK = 10_956  # 31 December 1999, days since 1970
END = 18_659  # 1 February 2021
OUT_OF_ORDER = 0.07
ANNULLED_OR_CORRECTED = 0.02
REPORTS_A_PERSON = 3.7

Columns = dict[str, NDArray[np.generic]]


def report_log(reports: int, seed: int = 1, *, plain: bool = False) -> pa.Table:
    """Return about `reports` rows with the columns of the table `report`, in order of receipt.

    `plain` leaves out what came late, and annulments, corrections and attribute corrections.
    """
    rng = np.random.default_rng(seed)
    columns = _life_courses(int(reports / REPORTS_A_PERSON / (1 + ANNULLED_OR_CORRECTED)), rng)
    columns = _received(columns, rng, 0 if plain else OUT_OF_ORDER)
    if plain:
        kept = columns["kind"] != 4
        columns = {name: values[kept] for name, values in columns.items()}
    columns = _with_annulments(columns, rng, 0 if plain else ANNULLED_OR_CORRECTED)
    order = np.argsort(columns["received_at"], kind="stable")
    target = columns.pop("target")
    columns = {name: values[order] for name, values in columns.items()}
    new_place = np.empty(len(order), np.int64)
    new_place[order] = np.arange(len(order))
    aimed = np.where(target >= 0, new_place[target], -1)[order]
    return _arrow(columns, aimed, rng)


def _life_courses(persons: int, rng: np.random.Generator) -> Columns:
    """Walk all persons one event at a time: the state decides which kinds are possible."""
    start = rng.choice(np.array([1, 2, 3], np.int8), persons, p=[0.62, 0.2, 0.18])
    date = rng.integers(STOCK + 1, END, persons)
    date[start == 1] = STOCK
    number = rng.permutation(persons).astype(np.int64) * 1_297 + 10_000_000_019
    who = np.arange(persons)
    kind, parts = start, []
    while len(who):
        parts.append((number[who], kind, date))
        alive = (kind != 9) & (rng.random(len(who)) > 0.05)
        abroad = kind == 8
        who, date, abroad = who[alive], date[alive], abroad[alive]
        date = date + 1 + rng.exponential(1_750, len(who)).astype(np.int64)
        kind = _next_kind(abroad, rng)
        kept = date < END
        who, date, kind = who[kept], date[kept], kind[kept]
    person, kinds, dates = (np.concatenate(part) for part in zip(*parts, strict=True))
    return {"person": person, "kind": kinds, "event_date": dates.astype(np.int32)}


def _next_kind(abroad: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int8]:
    kinds = np.array([5, 6, 7, 8, 9, 4], np.int8)
    kind = rng.choice(kinds, len(abroad), p=[0.72, 0.1, 0.03, 0.07, 0.07, 0.01])
    kind[abroad & ~np.isin(kind, [6, 7, 9])] = 3
    return kind


def _received(columns: Columns, rng: np.random.Generator, out_of_order: float) -> Columns:
    """Give each report its time of receipt: in the order of events for most of the persons."""
    order = np.lexsort((columns["kind"], columns["event_date"], columns["person"]))
    columns = {name: values[order] for name, values in columns.items()}
    rows = len(order)
    first = np.ones(rows, bool)
    first[1:] = columns["person"][1:] != columns["person"][:-1]
    start = np.flatnonzero(first)
    owner = np.cumsum(first) - 1
    delay = np.minimum(rng.lognormal(1.5, 1.2, rows), 2_000) * DAY
    delay[columns["event_date"] == STOCK] = 0
    late = (rng.random(len(start)) < out_of_order)[owner]
    delay[late] += rng.exponential(900, late.sum()) * DAY
    seconds = columns["event_date"].astype(np.int64) * DAY + delay + rng.random(rows) * DAY
    seconds = seconds.astype(np.int64)
    # A running maximum inside each person: lift persons apart, accumulate, put them back.
    lift = owner * (1 << 36)
    ordered = np.maximum.accumulate(seconds + lift) - lift
    received = np.where(late, seconds, ordered) * MICROSECONDS
    # Those lifted to the same second keep their order by a microsecond each.
    return columns | {"received_at": received + np.arange(rows) - start[owner]}


def _with_annulments(columns: Columns, rng: np.random.Generator, share: float) -> Columns:
    rows = len(columns["person"])
    chosen = rng.choice(rows, int(rows * share), replace=False)
    extra = {name: values[chosen].copy() for name, values in columns.items()}
    annulment = rng.random(len(chosen)) < 0.5
    extra["kind"][annulment] = 10
    later = (rng.exponential(200, len(chosen)) + 1) * DAY * MICROSECONDS
    extra["received_at"] = extra["received_at"] + later.astype(np.int64)
    both = {name: np.concatenate([columns[name], extra[name]]) for name in columns}
    both["target"] = np.concatenate([np.full(rows, -1), chosen])
    return both


def _arrow(columns: Columns, target: NDArray[np.int64], rng: np.random.Generator) -> pa.Table:
    rows = len(target)
    kind, received = columns["kind"], columns["received_at"]
    starts = kind <= 3
    placed = starts | (kind == 5)
    unit = rng.integers(3_010_000, 56_359_999, rows)
    names = pa.array([f"R{place:010d}" for place in range(rows)])

    def number(values: object, dtype: object, where: object = None) -> pa.Array:
        mask = None if where is None else ~np.asarray(where)
        return pa.array(np.asarray(values), mask=mask).cast(dtype)

    def draw(low: int, high: int, where: object, dtype: object) -> pa.Array:
        return number(rng.integers(low, high, rows), dtype, where)

    birth = np.where(kind == 2, columns["event_date"], columns["event_date"] - 9_000)
    aimed = target >= 0
    return pa.table(
        {
            "position": np.arange(1, rows + 1),
            "batch": number(np.ones(rows), pa.int32()),
            "source": number(np.ones(rows), pa.int16()),
            "source_report_id": names,
            "key_hash": rng.integers(0, 2**63, rows).astype(np.uint64),
            "received_at": pa.array(received, pa.timestamp("us")),
            "known_from": number(received // (DAY * MICROSECONDS) + 1, pa.int32()).cast("date32"),
            "person": columns["person"],
            "kind": kind,
            "event_date": number(columns["event_date"], pa.int32(), kind != 10).cast("date32"),
            "municipality_from": number(unit // 10_000, pa.int16(), kind == 5),
            "municipality": number(unit // 10_000, pa.int16(), placed),
            "basic_unit_from": number(unit, pa.int32(), kind == 5),
            "basic_unit": number(unit, pa.int32(), placed),
            "country": draw(0, 240, (kind == 3) | (kind == 8), pa.int16()),
            "country_of_birth": draw(0, 240, starts, pa.int16()),
            "citizenship": draw(0, 240, starts | (kind == 7), pa.int16()),
            "marital_status": draw(1, 6, starts | (kind == 6), pa.int8()),
            "sex": draw(1, 3, starts | (kind == 4), pa.int8()),
            "birth_date": number(birth, pa.int32(), starts).cast("date32"),
            "mother": draw(1, 2**33, kind == 2, pa.int64()),
            "father": draw(1, 2**33, kind == 2, pa.int64()),
            "partner": draw(1, 2**33, kind == 6, pa.int64()),
            "origin": draw(1, 4, starts, pa.int8()),
            "reason": draw(1, 8, kind == 3, pa.int8()),
            "value": pa.nulls(rows, pa.string()),
            "annuls": _aim(names, target, aimed & (kind == 10)),
            "corrects": _aim(names, target, aimed & (kind != 10)),
            "target": pa.array(target + 1, mask=~aimed),
        }
    )


def _aim(names: pa.Array, target: NDArray[np.int64], where: NDArray[np.bool_]) -> pa.Array:
    return names.take(pa.array(np.where(where, target, 0), mask=~where))
