"""Collects one window's reports as columns, times their receipt, revises some, sorts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives.people import FIRST_NUMBER
from folkestrom.twin.lives.random import draws, uniforms
from folkestrom.twin.receipt import quarters
from folkestrom.twin.receipt.channels import DAY, Deliveries, weibull_delays

FIRST_REGISTRATION, BIRTH, IMMIGRATION, ATTRIBUTE, MOVE = 1, 2, 3, 4, 5
MARITAL, CITIZENSHIP, EMIGRATION, DEATH, ANNULMENT = 6, 7, 8, 9, 10

ANNULS, CORRECTS = 1, 2

NUMBERS = ("mother", "father", "partner")
COLUMNS = (
    "municipality_from", "municipality", "unit_from", "unit", "country", "birth_country",
    "citizenship", "marital", "sex", "birth", *NUMBERS, "origin", "reason", "dwelling",
    "dwelling_from",
)  # fmt: skip
"""Content columns, int32, -1 = empty; the last is not written."""

CORRECTED_SHARE, DOUBLED_SHARE = 0.012, 0.006
"""Share of reports corrected, and entered twice with one copy annulled, within the window."""

_RECEIVED, _REVISE, _SHIFT, _LATER = 31, 33, 34, 35


@dataclass
class Rows:
    """Reports as columns; `target` is a row of the same window (>= 0) or -2 - an older number."""

    person: NDArray[np.int32]
    kind: NDArray[np.int8]
    day: NDArray[np.int32]
    late: NDArray[np.bool_]
    relation: NDArray[np.int8]
    target: NDArray[np.int64]
    content: dict[str, NDArray[np.int32]]
    received: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    number: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def __len__(self) -> int:
        """Return the number of reports."""
        return len(self.person)

    def take(self, index: NDArray[np.intp]) -> Rows:
        """Return the rows at `index`."""
        return Rows(
            self.person[index], self.kind[index], self.day[index], self.late[index],
            self.relation[index], self.target[index],
            {k: v[index] for k, v in self.content.items()},
            self.received[index] if len(self.received) else self.received,
            self.number[index] if len(self.number) else self.number,
        )  # fmt: skip


class Collector:
    """Gathers blocks of reports during a window."""

    def __init__(self) -> None:
        self._blocks: list[tuple[int, NDArray[np.int32], dict[str, Any]]] = []

    def add(self, kind: int, persons: NDArray[Any], day: Any, **columns: Any) -> None:
        """Add reports of one kind.

        Parameters
        ----------
        kind
            Code of the kind.
        persons
            Indices of persons.
        day
            Event day(s).
        **columns
            Content columns, and `late` (received after the earlier extraction), `relation`,
            `older` (number of the older report that is annulled or corrected).
        """
        if len(persons):
            self._blocks.append((kind, persons.astype(np.int32), {"day": day, **columns}))

    def count(self, kind: int) -> int:
        """Return how many new reports of a kind there are so far, no revisions of older ones."""
        return sum(len(p) for k, p, columns in self._blocks if k == kind and "older" not in columns)

    def rows(self) -> Rows:
        """Return everything collected, in order of collection."""
        size = sum(len(p) for _, p, _ in self._blocks)
        rows = Rows(
            np.empty(size, np.int32), np.empty(size, np.int8), np.empty(size, np.int32),
            np.zeros(size, np.bool_), np.zeros(size, np.int8), np.full(size, -1, np.int64),
            {name: np.full(size, -1, np.int32) for name in COLUMNS},
        )  # fmt: skip
        at = 0
        for kind, persons, columns in self._blocks:
            part = slice(at, at + len(persons))
            rows.person[part] = persons
            rows.kind[part] = kind
            for name, values in columns.items():
                _place(rows, part, name, values)
            at += len(persons)
        self._blocks.clear()
        return rows


def _place(rows: Rows, part: slice, name: str, values: Any) -> None:
    if name == "older":
        rows.target[part] = -2 - np.asarray(values)
    elif name in ("day", "late", "relation"):
        getattr(rows, name)[part] = values
    elif name in NUMBERS:
        index = np.asarray(values)
        rows.content[name][part] = np.where(index >= 0, index + FIRST_NUMBER, -1)
    else:
        rows.content[name][part] = values


def receive(
    rows: Rows, seed: int, year: int, opens: int, channels: tuple[Deliveries, Deliveries],
    small: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Give every report its time of receipt, in seconds UTC.

    A report about an earlier window comes after that window's extraction (`opens`); others
    come after their event. A delay that would pass the last delivery is drawn anew before it:
    what is to come later has been decided as late. `channels` are those of large and of `small`
    offices.
    """
    counter = np.arange(len(rows)) + 131 * rows.person.astype(np.int64)
    u = draws(seed, counter, year, _RECEIVED)
    scale, shape = weibull_delays()
    start = rows.day.astype(np.int64) * DAY + 8 * 3600
    delay = (scale[rows.kind] * DAY * (-np.log1p(-u)) ** (1.0 / shape[rows.kind])).astype(np.int64)
    last = np.where(small, channels[1].last, channels[0].last)
    room = np.maximum(last - 1 - start, DAY // 2)
    delay = np.where(
        delay >= room, (draws(seed, counter, year, _RECEIVED + 50) * room).astype(np.int64), delay
    )
    after = opens + (u**2 * np.maximum(last - opens - 1, 0)).astype(np.int64)
    moments = np.where(rows.late, after, start + delay)
    rows.received = np.where(small, channels[1].receive(moments), channels[0].receive(moments))
    _keep_order(rows)


def _keep_order(rows: Rows) -> None:
    """Let nothing be received of a person before what started or restored his or her record."""
    starts = np.isin(rows.kind, (BIRTH, IMMIGRATION, ANNULMENT))
    index = np.flatnonzero(np.isin(rows.person, rows.person[starts]))
    first = np.where(rows.kind[index] == ANNULMENT, -1, rows.day[index])
    # Who leaves or dies on the day of birth is born first.
    index = index[np.lexsort((rows.kind[index] != BIRTH, first, rows.person[index]))]
    _, person = np.unique(rows.person[index], return_inverse=True)
    # A second apart at least: one moment is one update of a person.
    far = (person.astype(np.int64) << 40) - np.arange(len(index))
    latest = np.maximum.accumulate(rows.received[index] + far) - far
    rows.received[index] = latest


def receive_found(
    rows: Rows, found: NDArray[np.int64], first_day: int, channel: Deliveries
) -> None:
    """Let the emigration of persons whom a clean-up found be received in a month from a day on."""
    mine = np.flatnonzero(rows.late & (rows.kind == EMIGRATION) & np.isin(rows.person, found))
    at = first_day * DAY + np.arange(len(mine)) * 14 * DAY // max(len(mine), 1)
    rows.received[mine] = channel.receive(at)


def revise(rows: Rows, seed: int, year: int, channel: Deliveries, units: NDArray[np.int16]) -> Rows:
    """Return the rows, some first reported wrongly and corrected, some entered twice.

    Both happen before the window's extraction, so they leave no trace in a year's counts; those of
    its quarters have them.
    """
    closes = channel.last
    u = uniforms(seed, 0, len(rows), year, _REVISE)
    fit = (
        (rows.relation == 0)
        & (rows.received < closes - 5 * DAY)
        & (rows.kind != FIRST_REGISTRATION)
    )
    corrected = np.flatnonzero(fit & (u < CORRECTED_SHARE))
    doubled = np.flatnonzero(fit & (u >= CORRECTED_SHARE) & (u < CORRECTED_SHARE + DOUBLED_SHARE))
    later = _later(rows, np.concatenate([corrected, doubled]), seed, year, closes)
    later = channel.receive(later)
    wrong = _wrong(rows.take(corrected), seed, year, units)
    copies, annulments = rows.take(doubled), rows.take(doubled)
    size = len(rows)
    copies.received += 1800
    _blank(annulments)
    annulments.target[:] = size + len(corrected) + np.arange(len(doubled))
    annulments.received = later[len(corrected) :]
    out = join([rows, wrong, copies, annulments])
    out.relation[corrected] = CORRECTS
    out.target[corrected] = size + np.arange(len(corrected))
    out.received[corrected] = later[: len(corrected)]
    return out


def _later(
    rows: Rows, index: NDArray[np.intp], seed: int, year: int, closes: int
) -> NDArray[np.int64]:
    u = draws(seed, index, year, _LATER)
    first = rows.received[index] + 3600
    delay = (-np.log1p(-u) * 45 * DAY).astype(np.int64)
    room = closes - 1 - first
    return np.asarray(first + np.where(delay >= room, (u * room).astype(np.int64), delay))


def _wrong(rows: Rows, seed: int, year: int, units: NDArray[np.int16]) -> Rows:
    """Return the rows as first reported: another day of the same month, or another basic unit."""
    u = uniforms(seed, 0, len(rows), year, _SHIFT)
    place = (u < 0.4) & (rows.content["unit"] > 0)
    code = rows.content["unit"]
    number = code % 10_000
    many = units[np.maximum(rows.content["municipality"], 0)]
    rows.content["unit"] = np.where(
        place & (many > 1), code - number + number % np.maximum(many, 1) + 1, code
    )
    shift = 1 + (u * 97 % 1 * 6).astype(np.int32)
    date = rows.day.astype("datetime64[D]")
    day_of_month = (date - date.astype("datetime64[M]")).astype(np.int32)
    rows.day = np.where(~place & (day_of_month >= shift), rows.day - shift, rows.day).astype(
        np.int32
    )
    birth = rows.kind == BIRTH
    rows.content["birth"] = np.where(birth, rows.day, rows.content["birth"]).astype(np.int32)
    return rows


def _blank(rows: Rows) -> None:
    """Turn rows into annulments, which carry nothing but their target."""
    rows.kind[:] = ANNULMENT
    rows.relation[:] = ANNULS
    for values in rows.content.values():
        values[:] = -1


def meet_quarters(
    rows: Rows, given: tuple[int, int, int, Deliveries], units: NDArray[np.int16],
    published: NDArray[np.int64],
) -> tuple[Rows, int]:  # fmt: skip
    """Let quarters count what was published (see `quarters`); returns how many are missing too.

    `given` are the seed, the year, the extraction before it, and how reports come.
    """
    receipts = quarters.Receipts(
        *given, rows.person, rows.kind, rows.day, rows.relation, rows.target, rows.received
    )
    quarters.meet(receipts, published)
    for index, annulled, restored in receipts.restored:
        first, second = rows.take(index), rows.take(index)
        for part, received in ((first, annulled), (second, restored)):
            _blank(part)
            part.received = received
        first.target[:] = index
        second.target[:] = len(rows) + np.arange(len(index))
        rows = join([rows, first, second])
    for index, received in receipts.corrected:
        wrong = _wrong(rows.take(index), *given[:2], units)
        rows.relation[index], rows.received[index] = CORRECTS, received
        rows.target[index] = len(rows) + np.arange(len(index))
        rows = join([rows, wrong])
    return rows, receipts.missing


def join(parts: list[Rows]) -> Rows:
    """Return the rows of all parts, one after the other."""
    return Rows(
        person=np.concatenate([p.person for p in parts]),
        kind=np.concatenate([p.kind for p in parts]),
        day=np.concatenate([p.day for p in parts]),
        late=np.concatenate([p.late for p in parts]),
        relation=np.concatenate([p.relation for p in parts]),
        target=np.concatenate([p.target for p in parts]),
        content={k: np.concatenate([p.content[k] for p in parts]) for k in COLUMNS},
        received=np.concatenate([p.received for p in parts]),
    )


def number(rows: Rows, first: int) -> tuple[Rows, NDArray[np.intp]]:
    """Return the rows in order of receipt, numbered from `first`, and that order.

    Targets become report numbers.
    """
    order = np.argsort(rows.received, kind="stable")
    numbers = np.empty(len(rows), np.int64)
    numbers[order] = first + np.arange(len(rows))
    inside = rows.target >= 0
    older = rows.target <= -2
    target = np.full(len(rows), -1, np.int64)
    target[inside] = numbers[rows.target[inside]]
    target[older] = -2 - rows.target[older]
    rows.target = target
    rows.number = numbers
    return rows.take(order), order
