"""Quarters and months beside their year: what they add up to stands under the table."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import duckdb
import pytest
from hypothesis import given

from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import KnownAt
from folkestrom.statistics.changes import changes, explain
from folkestrom.statistics.flows import FLOWS
from folkestrom.statistics.periods import Period, split, year
from tests.reference.register import Report
from tests.statistics.small_store import hand_made, stretched_logs
from tests.statistics.test_changes import brief, event, with_known_reach

BIRTH, EMIGRATION = 2, 8
QUARTERS = split(date(2020, 1, 1), date(2021, 1, 1), "quarter")
MONTHS = split(date(2020, 1, 1), date(2021, 1, 1), "month")


def annulled_within_the_year() -> duckdb.DuckDBPyConnection:
    """A birth of February that the first quarter counts, and that is annulled in June.

    And an emigration of 2019, counted then, that is annulled in September.
    """
    annulled = date(2020, 6, 1)
    birth = event(
        1, BIRTH, date(2020, 2, 3), date(2020, 2, 9), person=3, reached=301, known_to=annulled
    )
    left = {"left": 301, "known_to": date(2020, 9, 1)}
    emigration = event(2, EMIGRATION, date(2019, 5, 1), date(2019, 5, 9), person=2, **left)
    away = {"person": 2, "valid_to": date(2019, 5, 1), "known_to": date(2020, 9, 1)}
    here = {"person": 2, "known_from": date(2020, 9, 1)}
    child = {"person": 3, "valid_from": date(2020, 2, 3), "birth_date": date(2020, 2, 3)}
    child |= {"known_from": date(2020, 2, 9), "known_to": annulled}
    return hand_made([{}, away, here, child], event=[birth, emigration])


def notes(cells: Cells) -> list[str]:
    return [note.en for note in cells.specification.footnotes]


def test_the_fourth_quarter_and_the_year_have_each_their_adjustment_and_say_so() -> None:
    store = annulled_within_the_year()
    (account,) = changes(store, [year(2020)]).rows()
    assert (account["births"], account["adjustment"]) == (0, 1)
    cells = changes(store, QUARTERS)
    assert [row["births"] for row in cells.rows()] == [1, 0, 0, 0]
    assert [row["adjustment"] for row in cells.rows()] == [0, 0, 0, 0]
    summation, sums = notes(cells)
    assert "the fourth quarter of 2020 bears the adjustment of all four quarters, 0." in summation
    assert "In the account of the year it is 1." in summation
    assert "The quarters of 2020 do not add up to the year" in sums
    assert "Their sum / the year: births 1 / 0. " in sums
    no = [note.no for note in cells.specification.footnotes]
    assert "Summen / året: fødte 1 / 0." in no[1]
    units = [unit["units"] for unit in explain(store, QUARTERS[3]).rows()]
    assert sorted(units) == [-1, 1], "two units that cancel, each with its report"
    assert [unit["units"] for unit in explain(store, year(2020)).rows()] == [1]


def test_the_fourth_quarter_alone_says_what_it_bears() -> None:
    (note,) = notes(changes(annulled_within_the_year(), QUARTERS[3:]))
    assert "In the account of the year it is 1." in note


@pytest.mark.parametrize("by", [[], ["county"], ["age"]])
def test_months_say_it_too(by: list[str]) -> None:
    (note,) = notes(changes(annulled_within_the_year(), MONTHS, by))
    assert "The months of 2020 do not add up to the year" in note
    assert "births 1 / 0" in note
    assert ("statistical adjustment 0 / 1" in note) == (by != ["age"])


def test_quarters_from_the_register_say_it_too() -> None:
    (note,) = notes(changes(annulled_within_the_year(), QUARTERS, quarters="register"))
    assert "births 1 / 0; statistical adjustment 0 / 1." in note


@pytest.mark.parametrize("known_at", ["latest", date(2020, 12, 1)])
def test_what_is_known_on_one_day_adds_up(known_at: KnownAt) -> None:
    said = notes(changes(annulled_within_the_year(), QUARTERS, known_at=known_at))
    assert [note for note in said if "was still to come" not in note] == []


def test_parts_of_a_year_that_are_not_all_of_it_are_not_compared() -> None:
    assert notes(changes(annulled_within_the_year(), QUARTERS[:3])) == []
    assert notes(changes(annulled_within_the_year(), [year(2020)])) == []


@brief
@given(stretched_logs())
def test_a_footnote_stands_where_the_parts_differ_from_the_year_and_only_there(
    reports: list[Report],
) -> None:
    store = with_known_reach(reports)
    (whole,) = changes(store, [year(2001)]).rows()
    for every in ("quarter", "month"):
        cells = changes(store, split(date(2001, 1, 1), date(2002, 1, 1), every))
        rows = list(cells.rows())
        summed: dict[str, Any] = {m.id: sum(row[m.id] for row in rows) for m in FLOWS}
        differs = any(summed[name] != whole[name] for name in summed)
        adjustment = sum(row["adjustment"] for row in rows)
        differs |= every == "month" and adjustment != whole["adjustment"]
        assert any("do not add up" in note for note in notes(cells)) == differs
        net = sum(row["excess_of_births"] + row["net_migration"] for row in rows)
        of_year = whole["excess_of_births"] + whole["net_migration"]
        assert adjustment - whole["adjustment"] == of_year - net, "they differ as the flows do"
        for quarters, own in re.findall(
            r"all four quarters, (-?\d+)\..* it is (-?\d+)\.", "".join(notes(cells))
        ):
            assert (int(quarters), int(own)) == (adjustment, whole["adjustment"])


def test_a_year_in_parts_of_any_length() -> None:
    parts = [Period(date(2020, 1, 1), date(2020, 3, 1)), Period(date(2020, 3, 1), date(2021, 1, 1))]
    (note,) = notes(changes(annulled_within_the_year(), parts))
    assert "The periods of 2020 do not add up to the year" in note
