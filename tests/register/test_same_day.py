"""What several reports of one day say together, in whatever order they were received."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations, product

import pytest

from tests.reference.register import (
    BIRTH,
    CITIZENSHIP_CHANGE,
    DEATH,
    EMIGRATION,
    IMMIGRATION,
    MARITAL_CHANGE,
    MOVE,
    OPEN,
    Report,
    Tables,
    derived_tables,
)
from tests.register.kernel import kernel_tables

BORN, LEFT, DAY = date(2000, 1, 1), date(2010, 1, 1), date(2020, 5, 5)
KINDS = (IMMIGRATION, MOVE, MARITAL_CHANGE, CITIZENSHIP_CHANGE, EMIGRATION, DEATH)
BEFORE = {"no record": (), "resident": (BIRTH,), "abroad": (BIRTH, EMIGRATION)}


def told(number: int, kind: int, day: date) -> Report:
    received = datetime(2021, 1, 1, number, tzinfo=UTC)
    return Report(
        position=number,
        person=1,
        kind=kind,
        received_at=received,
        known_from=received.date() + timedelta(days=1),
        key_hash=number,
        event_date=day,
        municipality=number if kind in (BIRTH, IMMIGRATION, MOVE) else None,
        basic_unit=number if kind in (BIRTH, IMMIGRATION, MOVE) else None,
        marital_status=2 if kind == MARITAL_CHANGE else None,
        citizenship=number if kind in (BIRTH, IMMIGRATION, CITIZENSHIP_CHANGE) else None,
        birth_date=day if kind == BIRTH else BORN,
    )


def history(before: Iterable[int], kinds: Sequence[int]) -> list[Report]:
    """What was before, and reports of some kinds about one day, received in that order."""
    earlier = [told(n, kind, (BORN, LEFT)[n - 1]) for n, kind in enumerate(before, 1)]
    return [*earlier, *(told(n, kind, DAY) for n, kind in enumerate(kinds, len(earlier) + 1))]


def day_of(tables: Tables) -> tuple[list[int], set[int], bool]:
    """Kinds that count on the day, in their order; reasons of flags; whether resident after it."""
    events = sorted(e for e in tables.get("event", set()) if e[3] == DAY)
    kinds = [event[2] for event in sorted(events, key=lambda event: event[4])]
    resident = any(row[8] == OPEN for row in tables.get("stay", set()))
    return kinds, {flag[2] for flag in tables.get("flag", set())}, resident


@pytest.mark.parametrize(
    ("before", "kinds", "counted", "resident"),
    [
        ("resident", (8, 3), [8, 3], True),
        ("abroad", (3, 8), [3, 8], False),
        ("no record", (3, 8), [3, 8], False),
        ("resident", (8, 3, 8), [8, 3, 8], False),
        ("abroad", (3, 8, 3), [3, 8, 3], True),
        ("resident", (8, 3, 5), [5, 8, 3], True),
        ("abroad", (3, 8, 5), [3, 5, 8], False),
        ("resident", (8, 3, 9), [8, 3, 9], False),
        ("abroad", (3, 8, 9), [3, 8, 9], False),
        ("resident", (3, 9), [9], False),
        ("resident", (3, 3, 8), [8, 3], True),
        ("abroad", (3, 8, 8), [3, 8], False),
    ],
)
def test_coming_and_leaving_on_one_day(
    before: str, kinds: Sequence[int], counted: list[int], resident: bool
) -> None:
    flagged = len(kinds) - len(counted)
    for order in permutations(kinds):
        tables = kernel_tables(history(BEFORE[before], order))
        found, _, is_resident = day_of(tables)
        assert (found, is_resident) == (counted, resident)
        assert len(tables["flag"]) == flagged


def test_one_day_apart_is_the_same_as_on_one_day() -> None:
    """Whoever left and came back is where they came back to."""
    left, back = told(2, EMIGRATION, DAY), told(3, IMMIGRATION, DAY)
    tables = kernel_tables([told(1, BIRTH, BORN), left, back])
    stays = {(row[1], row[7], row[8]) for row in tables["stay"]}
    assert stays == {(1, BORN, DAY), (3, DAY, OPEN)}
    assert not tables["flag"]


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("many", [2, 3])
def test_all_pairs_and_triples(before: str, many: int) -> None:
    """The kernel agrees with the interpreter, and the order of receipt changes nothing.

    It may change which of several reports of a kind is which.
    """
    for kinds in product(KINDS, repeat=many):
        if list(kinds) != sorted(kinds):
            continue
        outcomes = set()
        for order in set(permutations(kinds)):
            reports = history(BEFORE[before], order)
            expected = derived_tables(reports)
            tables = kernel_tables(reports)
            assert {k: v for k, v in tables.items() if v} == expected
            counted, flags, resident = day_of(tables)
            outcomes.add((tuple(counted), frozenset(flags), resident))
        assert len(outcomes) == 1, kinds
