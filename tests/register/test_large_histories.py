"""One person with thousands of reports: near-linear in order, bounded in any other."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from folkestrom.register.kernel.sink import Sink
from tests.reference.register import Report, derived_tables
from tests.register.kernel import kernel_sink, kernel_tables

FIRST = date(1900, 1, 1)


def moves(count: int, *, plain: bool = True) -> list[Report]:
    """A birth and a move every third day, each known on a day of its own."""
    return [_report(n, 2 if n == 1 else 5, plain=plain) for n in range(1, count + 1)]


def _report(n: int, kind: int, *, plain: bool) -> Report:
    day = FIRST + timedelta(days=3 * n)
    received = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return Report(
        position=n,
        person=1,
        kind=kind if plain or n % 10 or n == 10 else 4,
        received_at=received,
        known_from=day + timedelta(days=1),
        key_hash=n,
        event_date=day,
        municipality=n % 300,
        basic_unit=n % 1000,
        sex=1,
        birth_date=FIRST,
        citizenship=1,
    )


def shuffled(reports: list[Report], seed: int) -> list[Report]:
    """The same events, told in another order."""
    told = [(r.received_at, r.known_from) for r in reports]
    random.Random(seed).shuffle(told)
    return [
        replace(r, received_at=received, known_from=known)
        for r, (received, known) in zip(reports, told, strict=True)
    ]


def chain(count: int) -> list[Report]:
    """A birth, and annulments of annulments of it."""
    reports = moves(count)
    later = [
        replace(r, kind=10, event_date=None, target=r.position - 1, aims=True) for r in reports[1:]
    ]
    return [reports[0], *later]


def corrections(count: int) -> list[Report]:
    """A birth, a move, and corrections of corrections of the move."""
    first, *rest = moves(count)
    return [first, rest[0], *(replace(r, target=r.position - 1, aims=True) for r in rest[1:])]


@pytest.mark.parametrize(
    "reports",
    [moves(60, plain=False), shuffled(moves(60), 1), chain(40), corrections(40)],
    ids=["attributes", "shuffled", "annulments", "corrections"],
)
def test_small_ones_are_as_the_interpreter_says(reports: list[Report]) -> None:
    expected = derived_tables(reports)
    tables = kernel_tables(reports)
    assert {name: rows for name, rows in tables.items() if rows} == {
        name: rows for name, rows in expected.items() if rows
    }


@pytest.mark.parametrize(
    ("history", "times"),
    [
        (moves, 50),
        (lambda count: moves(count, plain=False), 300),
        (lambda count: shuffled(moves(count), 3), 300),
        (chain, 300),
        (lambda count: shuffled(chain(count), 4), 300),
        (corrections, 300),
    ],
    ids=[
        "in order",
        "attribute corrections",
        "shuffled",
        "annulments",
        "annulments shuffled",
        "corrections",
    ],
)
def test_thousands_of_reports_are_no_problem(
    history: Callable[[int], list[Report]], times: int
) -> None:
    """Ten times the reports take far less than the cube of ten; in order, less than its square.

    Both are measured here, one after the other, so that a slow or busy machine changes nothing.
    """
    few, many = history(500), history(5_000)
    for plain in (True, False):
        needed, found = _needed(many, plain=plain)
        assert needed < times * _needed(few, plain=plain, repeat=5)[0]
        assert found.counts[:6].sum() > 0


def _needed(reports: list[Report], *, plain: bool, repeat: int = 1) -> tuple[float, Sink]:
    """Processor time that the reports take, the least of several times, and what they give."""
    kernel_sink(moves(2), plain=plain)  # compiled, or loaded
    took = []
    for _ in range(repeat):
        began = time.process_time()
        found = kernel_sink(reports, plain=plain, capacity=1 << 20)
        took.append(time.process_time() - began)
    return min(took), found


def test_twice_the_reports_in_order_take_about_twice_the_time() -> None:
    kernel_sink(moves(2))

    def needed(count: int) -> float:
        reports = moves(count)
        took = []
        for _ in range(5):
            began = time.process_time()
            kernel_sink(reports, plain=False, capacity=1 << 16)
            took.append(time.process_time() - began)
        return min(took)

    assert needed(5_000) < 4 * needed(2_500)
