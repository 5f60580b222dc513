"""Weddings, divorces and moves are as many as published, in any country and by chance apart."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.twin.conftest import SCALE
from tests.twin.reading import Log

#: Statistics Norway, table 05803.
MARRIAGES = {2000: 25_356, 2011: 23_135, 2020: 16_151}
DIVORCES = {2000: 10_053, 2011: 10_207, 2020: 9_355}
#: Statistics Norway, Innenlandske flyttinger 2020.
MOVES = 247_257


@pytest.fixture(scope="module")
def changes(log: Log) -> Counter[tuple[int, str]]:
    """Persons who marry (half a wedding, a whole one without a partner here) and divorce."""
    out = Counter[tuple[int, str]]()
    for person in log.by_person:
        for report in log.effective(person, max(r.known for r in log.by_person[person])):
            if report.kind == "marital_change":
                status = str(report.row["marital_status"])
                whole = status == "married" and report.row["partner"] is None
                out[report.day.year, status] += 2 if whole else 1
    return out


@pytest.mark.parametrize(("status", "published"), [("married", MARRIAGES), ("divorced", DIVORCES)])
def test_as_many_as_published(
    changes: Counter[tuple[int, str]], status: str, published: dict[int, int]
) -> None:
    for year, number in published.items():
        wanted = number * SCALE
        # Couples are whole numbers in 42 groups of sex and age: more than chance at this size.
        assert changes[year, status] / 2 == pytest.approx(wanted, abs=4 * wanted**0.5 + 4)


def test_moves_between_municipalities(log: Log) -> None:
    moves = 0
    for person in log.by_person:
        for report in log.effective(person, max(r.known for r in log.by_person[person])):
            between = report.row["municipality"] != report.row["municipality_from"]
            moves += report.kind == "move" and report.day.year == 2020 and between
    assert moves == pytest.approx(MOVES * SCALE, rel=0.06)
