"""Quantile groups by rank: equal values together, no resident lost, and what a note says of it."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.rates import occurrences
from folkestrom.analysis.study import Groups
from folkestrom.model.specification import Text
from folkestrom.model.time import OPEN
from folkestrom.statistics.periods import Period
from folkestrom.variables.ranks import rank_sql, ranks, rule_of_ranks
from tests.analysis.rates.linked_store import link
from tests.analysis.rates.test_exposure import KNOWN
from tests.statistics.small_store import hand_made

TURN = date(2020, 1, 1)
NOW = {"eve": TURN - timedelta(days=1), "known": KNOWN}


def country(values: list[float]) -> duckdb.DuckDBPyConnection:
    """A resident for each value."""
    since = date(2015, 1, 1)
    persons = range(1, len(values) + 1)
    connection = hand_made([{"valid_from": since, "person": n} for n in persons])
    link(connection, "income", [(n, v, TURN, OPEN) for n, v in zip(persons, values, strict=True)])
    return connection


def note(values: list[float], many: int) -> Text:
    """What a table of rates by quantile groups says."""
    period = Period(TURN, date(2021, 1, 1))
    groups = {"part": Groups("income", quantiles=many)}
    found = occurrences(country(values), period, ["part"], known_at=KNOWN, groups=groups)
    (said,) = [variable.note for variable in found.variables]
    assert said is not None
    return said


@settings(max_examples=settings().max_examples, deadline=None)
@given(st.lists(st.integers(0, 6).map(float), min_size=1, max_size=40), st.integers(2, 12))
def test_the_group_is_that_of_the_first_of_those_with_the_value(
    values: list[float], many: int
) -> None:
    connection = country(values)
    found = ranks(connection, "income", many, NOW)
    wanted = [many * sum(other < value for other in values) // len(values) for value in values]
    shown = [
        connection.execute(f"SELECT {rank_sql(found, repr(value))}").fetchall()[0][0]
        for value in values
    ]
    assert shown == wanted
    assert {rank.place: rank.persons for rank in found} == {p: wanted.count(p) for p in wanted}


@given(st.sets(st.integers(-50, 50), min_size=1), st.integers(2, 12))
@settings(max_examples=30, deadline=None)
def test_without_ties_the_groups_differ_by_one_resident_at_most(
    values: set[int], many: int
) -> None:
    found = ranks(country([float(value) for value in values]), "income", many, NOW)
    persons = [rank.persons for rank in found] + [0] * (many - len(found))
    assert max(persons) - min(persons) <= 1
    assert "of equal size" in rule_of_ranks("part", "income", many, {2020: found}).en


def test_ties_are_told_with_the_sizes_that_they_make_and_the_groups_that_they_empty() -> None:
    # Of ten, four have the fourth to the seventh rank: they are in the fourth tenth, and nobody
    # is in the next three.
    said = note([1, 2, 3, 4, 4, 4, 4, 5, 6, 7], 10)
    assert "equal size" not in said.en
    assert "Part: 10 groups by rank of income among the residents of 1 January" in said.en
    assert "from 0.0 to 40.0 per cent of these residents" in said.en
    assert "Nobody is in group 5, 6, 7 on 1 January of 2020." in said.en
    assert "like store" not in said.no
    assert "fra 0,0 til 40,0 prosent" in said.no
    assert "Ingen er i gruppe 5, 6, 7 1. januar 2020." in said.no


def test_equal_groups_are_called_equal() -> None:
    said = note([float(n) for n in range(20)], 10)
    assert "10 groups of equal size by income" in said.en
    assert "Nobody" not in said.en


@pytest.mark.parametrize("places", [[2, 0], [1, 0, 2]])
def test_what_lies_between_two_groups_is_in_the_higher_one(places: list[int]) -> None:
    # A value of later in the year is compared with those of 1 January.
    found = ranks(country([10.0, 20.0, 20.0, 30.0, 40.0, 50.0]), "income", 3, NOW)
    assert [(rank.place, rank.highest) for rank in found] == [(0, 20.0), (1, 30.0), (2, 50.0)]
    value = {0: 15.0, 1: 25.0, 2: 90.0}
    for place in places:
        (row,) = duckdb.execute(f"SELECT {rank_sql(found, str(value[place]))}").fetchall()
        assert row == (place,)
