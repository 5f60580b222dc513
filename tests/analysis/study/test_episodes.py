"""Episodes of people whose lives are known."""

from __future__ import annotations

from typing import Any

import pytest

from folkestrom.analysis.followup import follow_up
from folkestrom.analysis.study import Entry, Exit, Study, ValueAt, Who, prepared
from folkestrom.app.office.api import Store
from folkestrom.errors import UsageError

ARRIVALS = Entry("immigration", "2004-05-01", "2020-12-01")
LEFT = Exit("2020-12-01", ["return", "onward", "death"])


def rows(store: Store, entry: Entry, exit_: Exit, **more: Any) -> list[dict[str, Any]]:
    return store.study(Study("x", entry=entry, exit=exit_, **more)).episodes().to_pylist()


def ends(found: list[dict[str, Any]]) -> dict[tuple[int, str], tuple[int, int, str]]:
    return {(r["person"], str(r["entry_date"])): (r["start"], r["stop"], r["event"]) for r in found}


def test_who_has_left_again(people: Store) -> None:
    assert ends(rows(people, ARRIVALS, LEFT)) == {
        (12, "2005-06-01"): (0, 1734, "return"),
        (13, "2006-01-15"): (0, 2359, "onward"),
        (14, "2008-05-01"): (0, 1738, "death"),
        (16, "2004-10-01"): (0, 5904, "censored"),  # 30 November 2020
        (17, "2007-03-01"): (0, 5023, "censored"),
    }


def test_every_occurrence_and_no_day_of_follow_up(people: Store) -> None:
    every = Entry("immigration", "2004-05-01", "2020-12-01", occurrence="every")
    study = people.study(Study("x", entry=every, exit=LEFT))
    assert ends(study.episodes().to_pylist())[12, "2015-01-10"] == (0, 2151, "censored")
    chart = study.flow_chart()
    assert [(s.rows, s.persons, s.dropped) for s in chart.steps] == [(7, 6, 0), (6, 5, 1)]
    assert dict(chart.outcomes) == {"censored": 3, "return": 1, "onward": 1, "death": 1}
    first = people.study(Study("x", entry=ARRIVALS, exit=LEFT)).flow_chart()
    assert [s.dropped for s in first.steps] == [0, 1, 1]


def test_delayed_entry(people: Store) -> None:
    entry = Entry("immigration", "2004-05-01", "2020-12-01", observed_from="2012-01-01")
    study = people.study(Study("x", entry=entry, exit=LEFT))
    assert ends(study.episodes().to_pylist()) == {
        (13, "2006-01-15"): (2176, 2359, "onward"),  # from the end of 31 December 2011 on
        (14, "2008-05-01"): (1339, 1738, "death"),
        (16, "2004-10-01"): (2647, 5904, "censored"),
        (17, "2007-03-01"): (1766, 5023, "censored"),
    }
    chart = study.flow_chart()
    assert [s.dropped for s in chart.steps] == [0, 1, 2, 0]
    assert chart.steps[2].text == "left before observation began, on 2012-01-01"


def test_residents_of_a_day(people: Store) -> None:
    found = rows(people, Entry("resident", on="2011-06-01"), Exit("2012-01-01", ["move", "death"]))
    assert ends(found) == {
        (11, "2011-05-31"): (0, 214, "censored"),
        (13, "2011-05-31"): (0, 214, "censored"),
        (14, "2011-05-31"): (0, 214, "censored"),
        (15, "2011-05-31"): (0, 214, "censored"),
        (16, "2011-05-31"): (0, 1, "move"),  # on the very day
        (17, "2011-05-31"): (0, 214, "censored"),
    }


def test_birthdays_moves_and_emigrations_as_entries(people: Store) -> None:
    born = Entry("birthday", "2005-01-01", "2020-01-01", age=24)
    found = rows(people, born, Exit("2020-12-01", ["emigration"]), variables={"age": "entry"})
    # Born on 29 February 1988: 24 on 29 February 2012; born on 28 February 1985: 2009.
    assert ends(found) == {
        (12, "2009-02-28"): (0, 366, "emigration"),
        (13, "2012-02-29"): (0, 123, "emigration"),
    }
    assert {r["age"] for r in found} == {24}
    moves = Entry("move", "2011-01-01", "2012-01-01", occurrence="every")
    assert ends(rows(people, moves, Exit("2012-01-01", ["move", "emigration"]))) == {
        (16, "2011-06-01"): (0, 92, "move"),
        (16, "2011-09-01"): (0, 121, "censored"),
    }
    away = rows(
        people,
        Entry("emigration", "2009-01-01", "2020-01-01"),
        Exit("2020-12-01", ["immigration"]),
        variables={"county": "entry", "income": "entry"},
    )
    assert ends(away)[12, "2010-03-01"] == (0, 1776, "immigration")
    assert ends(away)[13, "2012-07-01"] == (0, 3074, "censored")
    assert away[0]["county"] == "03"  # as of the day before
    assert away[0]["income"] is None  # its interval ended on that day


def test_follow_up_in_the_register_ends_with_leaving_it(people: Store) -> None:
    # Nobody who has emigrated or died is at risk of moving.
    found = ends(rows(people, ARRIVALS, Exit("2020-12-01", ["move"])))
    assert found[13, "2006-01-15"] == (0, 2359, "censored")
    assert found[14, "2008-05-01"] == (0, 1738, "censored")
    found = ends(rows(people, ARRIVALS, Exit("2020-12-01", ["return"], ["move"])))
    assert found[13, "2006-01-15"] == (0, 2359, "censored")
    assert found[16, "2004-10-01"] == (0, 2434, "censored")
    assert found[12, "2005-06-01"] == (0, 1734, "return")


def test_variables_at_their_times(people: Store) -> None:
    variables = {
        "age": "entry",
        "reason": ValueAt("immigration_reason", "entry"),
        "destination": "exit",
        "last_place": ValueAt("municipality", "exit"),
        "place_2011": ValueAt("municipality", "2011-09-01"),
        "income": "2010-01-01",
    }
    found = {r["person"]: r for r in rows(people, ARRIVALS, LEFT, variables=variables)}
    wanted = ("age", "reason", "destination", "last_place", "place_2011", "income")
    assert tuple(found[12][name] for name in wanted) == (20, "work", "PL", "0301", "unknown", 100)
    assert tuple(found[16][name] for name in wanted) == (29, "work", None, "1103", "1101", 300)
    assert tuple(found[14][name] for name in wanted) == (58, "work", None, "4601", "4601", None)


def test_cut_where_values_change(people: Store) -> None:
    variables = {"sex": "entry", "county": "varying", "income": "varying"}
    found = rows(
        people, ARRIVALS, LEFT, who=[Who("citizenship", ["DE", "PL"])], variables=variables
    )
    mine = [r for r in found if r["person"] == 16]
    # Moves within a county cut nothing.
    assert [(r["start"], r["stop"], r["event"], r["county"], r["income"]) for r in mine] == [
        (0, 92, "censored", "03", None),
        (92, 2434, "censored", "03", 300),
        (2434, 5904, "censored", "11", 300),
    ]
    other = [r for r in found if r["person"] == 12]
    assert [(r["start"], r["stop"], r["event"], r["income"]) for r in other] == [
        (0, 214, "censored", None), (214, 1734, "return", 100),
    ]  # fmt: skip
    assert {r["sex"] for r in other} == {"male"}


def test_birthdays_cut_too(people: Store) -> None:
    entry = Entry("immigration", "2006-01-01", "2006-02-01", observed_from="2010-03-01")
    found = rows(people, entry, Exit("2012-03-02", ["death"]), variables={"age": "varying"})
    # Born on 29 February 1988: completes a year on 1 March in years without that day.
    assert [(r["start"], r["stop"], r["age"]) for r in found] == [
        (1505, 1506, 21), (1506, 1871, 22), (1871, 2236, 23), (2236, 2237, 24),
    ]  # fmt: skip


def test_places_of_a_linked_class_vary(people: Store) -> None:
    entry = Entry("resident", on="2011-06-15")
    found = rows(people, entry, Exit("2012-01-01", ["death"]), variables={"centrality": "varying"})
    mine = [(r["start"], r["stop"], r["centrality"]) for r in found if r["person"] == 16]
    assert mine == [(0, 17, "remote"), (17, 200, "middle")]


def test_what_cannot_vary_says_so(people: Store) -> None:
    with pytest.raises(UsageError, match="cannot cut episodes"):
        rows(people, ARRIVALS, LEFT, variables={"children": "varying"})


def test_follow_up_takes_the_episodes_as_they_are(people: Store) -> None:
    table = people.study(Study("x", entry=ARRIVALS, exit=LEFT)).episodes()
    event = table["event"].combine_chunks()
    curves = follow_up(
        entry=table["start"], exit=table["stop"], cause=event.indices,
        causes=event.dictionary.to_pylist()[1:],
    )  # fmt: skip
    assert curves.causes == ("return", "onward", "death")


def test_streamed_in_parts_it_is_the_same(people: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from folkestrom.analysis.study import person_ranges

    variables = {"sex": "entry", "county": "varying", "children": "exit"}
    study = people.study(Study("x", entry=ARRIVALS, exit=LEFT, variables=variables))
    whole, chart = study.episodes(), study.flow_chart()
    monkeypatch.setattr(person_ranges, "_FEWEST", 2)
    monkeypatch.setattr(person_ranges, "_MOST", 2)
    assert len(list(study.episode_batches())) > 2
    assert whole.combine_chunks().equals(study.episodes().combine_chunks())
    assert study.flow_chart() == chart


def test_the_fingerprint_follows_what_the_result_follows_from(people: Store) -> None:
    def print_of(**more: Any) -> str:
        given = {"entry": ARRIVALS, "exit": LEFT, "who": [Who("age", from_=18)], **more}
        return people.study(Study(given.pop("title", "x"), **given)).fingerprint

    same = print_of()
    assert same == print_of(title="other words")
    assert same == print_of(who=[Who("age", from_=18, because="adults")])
    others = {
        print_of(known_at="2020-01-01"),
        print_of(who=[Who("age", from_=19)]),
        print_of(variables={"sex": "entry"}),
        print_of(variables={"sex": "exit"}),
        print_of(variables={"income": "entry"}),
    }
    assert len(others | {same}) == 6


def test_the_fingerprint_covers_the_version_of_the_method(
    people: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study("x", entry=ARRIVALS, exit=LEFT)
    prints = {people.study(study).fingerprint}
    for version in (prepared.METHOD_VERSION - 1, prepared.METHOD_VERSION + 1):
        monkeypatch.setattr(prepared, "METHOD_VERSION", version)
        prints.add(people.study(study).fingerprint)
    assert len(prints) == 3
