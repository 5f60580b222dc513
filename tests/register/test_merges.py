"""Merges that lead on, round in a circle, or to nobody: whoever came last, nobody is lost."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from folkestrom.register import build
from folkestrom.register.flags import FlagReason
from tests.reference.register import OPEN, Report
from tests.register.log import append, empty_log, stored_tables

FIRST = datetime(2020, 1, 1, 12, tzinfo=UTC)


def born(person: int, day: int = 0) -> Report:
    return _report(person, 2, day, municipality=301, basic_unit=3010101, birth_date=FIRST.date())


def merge(person: int, survivor: int, day: int) -> Report:
    return _report(person, 11, day, survivor=survivor)


def _report(person: int, kind: int, day: int, **values: object) -> Report:
    received = FIRST + timedelta(days=day)
    known = received.date() + timedelta(days=1)
    return Report(
        position=0, person=person, kind=kind, received_at=received, known_from=known,
        key_hash=100 * day + person, event_date=received.date(), **values,  # type: ignore[arg-type]
    )  # fmt: skip


def found(*reports: Report) -> tuple[set[int], dict[int, int], dict[int, str]]:
    """Who is resident, who is continued as whom, and whose reports are flagged, in the end.

    The same in whatever order they come, each alone.
    """
    answers, orders = set(), list(itertools.permutations(reports))
    for order in random.Random(1).sample(orders, min(12, len(orders))):
        with empty_log() as connection:
            for position, report in enumerate(order, 1):
                append(connection, [replace(report, position=position)])
                build.update(connection, position - 1)
            worked_in = stored_tables(connection)
            build.rebuild(connection)
            assert stored_tables(connection) == worked_in
            answers.add(
                (
                    frozenset(r[0] for r in worked_in["stay"] if r[-2] == OPEN),
                    frozenset((r[0], r[1]) for r in worked_in["identity"] if r[3] == OPEN),
                    frozenset(
                        (r[1], FlagReason(r[2]).name) for r in worked_in["flag"] if r[4] == OPEN
                    ),
                )
            )
    ((residents, identities, flags),) = answers
    return set(residents), dict(identities), dict(flags)


def test_a_chain_is_followed_to_its_end() -> None:
    residents, identities, flags = found(
        born(1), born(2), born(3), merge(1, 2, day=5), merge(2, 3, day=9)
    )
    assert (residents, identities, flags) == ({3}, {1: 3, 2: 3}, {})


def test_of_two_that_are_each_other_the_last_stands_for_itself() -> None:
    told = (born(1), born(2), merge(1, 2, day=5), merge(2, 1, day=9))
    assert found(*told) == ({2}, {1: 2}, {2: "CIRCULAR_MERGE"})


def test_a_longer_ring_is_cut_at_its_last() -> None:
    ring = (born(2), merge(1, 2, day=9), merge(2, 3, day=5), merge(3, 1, day=7))
    # 1 has no record: 2 and 3 are continued as nobody else, who lead to 1.
    assert found(*ring) == (
        {2}, {}, {1: "CIRCULAR_MERGE", 2: "SURVIVOR_WITHOUT_RECORD", 3: "SURVIVOR_WITHOUT_RECORD"},
    )  # fmt: skip


@pytest.mark.parametrize("registered", [False, True])
def test_who_is_merged_into_nobody_stays(*, registered: bool) -> None:
    told = (born(1), born(2), merge(1, 2, day=5), merge(2, 9, day=6))
    if registered:
        assert found(*told, born(9, day=20)) == ({9}, {1: 9, 2: 9}, {})
    else:
        assert found(*told) == ({2}, {1: 2}, {2: "SURVIVOR_WITHOUT_RECORD"})


def test_the_record_of_who_survives_comes_later() -> None:
    """Both knowledge dates stay: what was published before is what is known of then."""
    with empty_log() as connection:
        for position, report in enumerate([born(1), merge(1, 9, day=5), born(9, day=20)], 1):
            append(connection, [replace(report, position=position)])
            build.update(connection, position - 1)
        tables = stored_tables(connection)
    came = date(2020, 1, 22)
    assert {(r[0], *r[-3:-1]) for r in tables["stay"]} == {
        (1, date(2020, 1, 2), came), (9, came, OPEN)
    }  # fmt: skip
    assert [(*r[:2], r[3], r[4]) for r in tables["flag"]] == [(2, 1, date(2020, 1, 7), came)]
