"""Estimates at the turn of the year: what is counted, the practices, and what cannot be asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.engine.steps import run
from folkestrom.errors import UsageError
from folkestrom.model.codes import Kind
from folkestrom.statistics.estimates.estimating import Way, estimate
from folkestrom.statistics.estimates.reported import (
    AGES,
    SIGNS,
    counting_steps,
    reported,
)
from folkestrom.statistics.flows import Window
from folkestrom.statistics.population import population
from folkestrom.variables.vocabulary import Setting, chosen
from tests.reference.register import Identity, Report, replay
from tests.statistics.small_store import COUNTIES, store_of, stretched_logs
from tests.statistics.test_changes import brief, with_known_reach
from tests.statistics.test_coverage import report

days = st.dates(date(2001, 1, 1), date(2004, 12, 31))
PLACES = (301, 1101, 1103)


def counted(store: duckdb.DuckDBPyConnection, window: Window) -> list[tuple[int, ...]]:
    """Component, place, age, how many were known at first, and how many more later."""
    known = {"known_0": window.known_start, "known_1": window.known_end}
    found = run(store, counting_steps(), window.parameters | known).fetchall()
    return [
        (component, place, age, number * (came == 0 < gone),
         number * ((came <= 1) & (gone == 2)) - number * (came == 0 < gone))
        for component, place, age, _, came, gone, number in found
    ]  # fmt: skip


@brief
@given(stretched_logs(), st.lists(days, min_size=3, max_size=3, unique=True))
def test_what_became_known_is_the_difference_of_two_stocks(
    reports: list[Report], chosen: list[date]
) -> None:
    store = with_known_reach(reports)
    end, known, closes = chosen[0], *sorted(chosen[1:])
    start = end - timedelta(days=365)
    net: Counter[str] = Counter()
    signs = list(SIGNS.values())
    # Of a first registration nothing is to come: what changes it is of no component.
    first = "SELECT municipality_to, count(*) FROM event WHERE kind = 1 AND event_date < $end"
    for at, sign in ((closes, -1), (known, 1)):
        within = " AND known_from <= $at AND known_to > $at GROUP BY 1"
        for place, number in store.execute(first + within, {"end": end, "at": at}).fetchall():
            net[f"{place:04d}"] -= sign * number
    for component, place, _, _, new in counted(store, Window(start, end, known, closes)):
        net[f"{place:04d}"] += signs[component] * new
    stocks: Counter[str] = Counter()
    for at, sign in ((closes, 1), (known, -1)):
        for row in population(store, end, ["municipality"], at).rows():
            stocks[row["municipality"]] += sign * row["persons"]
    assert {k: v for k, v in net.items() if v} == {k: v for k, v in stocks.items() if v}


def plain_ends(reports: list[Report], known: date) -> Iterator[tuple[str, int, date]]:
    """Components by the plain interpreter of the register's rules."""
    for person in {one.person for one in reports}:
        theirs = [one for one in reports if one.person == person]
        for _, _, kind, day, _, _, left, reached, *_ in replay(theirs, known, Identity()).events:
            if kind == Kind.MOVE and left != reached:
                inside = COUNTIES[left] == COUNTIES[reached]
                yield "out_to_county" if inside else "out_to_other", left, day
                yield "in_from_county" if inside else "in_from_other", reached, day
            elif kind in (Kind.BIRTH, Kind.IMMIGRATION):
                yield {Kind.BIRTH: "births"}.get(kind, "immigration"), reached, day
            elif kind in (Kind.DEATH, Kind.EMIGRATION) and left is not None:
                yield {Kind.DEATH: "deaths"}.get(kind, "emigration"), left, day


@brief
@given(stretched_logs(), days)
def test_what_was_known_is_by_the_plain_rules(reports: list[Report], known: date) -> None:
    store = with_known_reach(reports)
    start, end = known - timedelta(days=300), known + timedelta(days=30)
    names = list(SIGNS)
    found: Counter[Any] = Counter()
    for component, place, age, number, _ in counted(store, Window(start, end, known, end)):
        if age < len(AGES):
            found[names[component], place, age] += number
    expected: Counter[Any] = Counter()
    for name, place, day in plain_ends(reports, known):
        if start <= day < known:
            age = np.searchsorted(AGES, (known - day).days - 1, side="right") - 1
            expected[name, place, int(age)] += 1
    assert +found == +expected


def country() -> list[Report]:
    """Five years of births, arrivals, departures and moves, told after up to 60 days."""
    generator = np.random.default_rng(7)
    made = [report(n, Kind.FIRST_REGISTRATION, date(1999, 12, 31), date(2000, 1, 1))
            for n in range(1, 601)]  # fmt: skip
    made = [replace(one, municipality=PLACES[n % 3], basic_unit=PLACES[n % 3] * 10_000)
            for n, one in enumerate(made)]  # fmt: skip
    kinds = [Kind.BIRTH, Kind.IMMIGRATION, Kind.MOVE, Kind.EMIGRATION, Kind.DEATH]
    leaving = iter(range(1, 601))
    for n in range(1000):
        kind = kinds[int(generator.integers(5))]
        day = date(2000, 1, 2) + timedelta(days=int(generator.integers(5 * 365)))
        told = day + timedelta(days=1 + int(generator.exponential(12)))
        person = 1000 + n if kind in (Kind.BIRTH, Kind.IMMIGRATION) else next(leaving, None)
        if person is None:
            continue
        place = PLACES[int(generator.integers(3))]
        one = report(person, kind, day, told)
        made.append(replace(one, municipality=place, basic_unit=place * 10_000))
    made.append(report(5000, Kind.BIRTH, date(2005, 3, 1), date(2005, 3, 2)))
    return [replace(one, position=n, key_hash=n) for n, one in enumerate(made, start=1)]


@pytest.fixture(scope="module")
def store() -> duckdb.DuckDBPyConnection:
    return store_of(country())


TURN, MADE = date(2005, 1, 1), date(2004, 12, 5)


def asked(*question: Any) -> list[dict[str, Any]]:
    return list(estimate(*question).rows())


def test_municipalities_add_up_to_counties_and_the_nation(store: duckdb.DuckDBPyConnection) -> None:
    (nation,) = asked(store, TURN, MADE)
    for by in ("county", "municipality"):
        rows = asked(store, TURN, MADE, [by])
        for name in ("known", "estimate"):
            assert sum(row[name] for row in rows) == nation[name]
        for row in rows:
            assert row["lower"] <= row["estimate"] <= row["upper"]
            to_come = row["natural_change"] + row["net_migration"] + row["net_internal"]
            assert row["estimate"] - row["known"] == pytest.approx(to_come, abs=1.2)
        assert sum(row["net_internal"] for row in rows) == pytest.approx(0, abs=0.2)
    known = list(population(store, TURN, ["municipality"], MADE).rows())
    assert [row["persons"] for row in known] == [row["known"] for row in rows]


def test_what_is_reported_later_is_not_looked_at() -> None:
    """A log that ends on the knowledge date says the same, to the last draw."""
    # So that the log reaches the day.
    witness = report(6000, Kind.FIRST_REGISTRATION, date(1999, 12, 31), MADE)
    whole = [*country(), replace(witness, position=9000)]
    longer, shorter = store_of(whole), store_of([r for r in whole if r.known_from <= MADE])
    for method in ("delays", "last-december", "recent-decembers"):
        way = Way(method=method)  # type: ignore[arg-type]
        question = (TURN, MADE, ["municipality"], way)
        assert asked(shorter, *question) == asked(longer, *question)


def test_groups_are_estimated_apart_and_together_are_the_population(
    store: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    (nation,) = asked(store, TURN, MADE)
    cells = estimate(store, TURN, MADE, [], Way(delays_by="country_of_birth"))
    (apart,) = cells.rows()
    assert "country_of_birth" in cells.specification.footnotes[1].en
    assert apart["known"] == nation["known"]
    assert abs(apart["estimate"] - nation["estimate"]) <= 2
    municipality = chosen(Setting(store, "stock", MADE), ["municipality"])[0]
    group = chosen(Setting(store, "flow", MADE), ["sex"])[0]
    window = Window(date(2004, 1, 1), TURN, MADE, date(2005, 2, 1))
    places, whole = reported(store, [window], municipality)
    same, by_sex = reported(store, [window], municipality, group)
    assert same.tolist() == places.tolist()
    summed = by_sex.known.reshape(*whole.known.shape[:2], -1, len(SIGNS), len(places)).sum(axis=2)
    assert np.array_equal(summed, whole.known)
    monkeypatch.setattr("folkestrom.statistics.estimates.reported.MOST_GROUPS", 3)
    with pytest.raises(UsageError, match="too many groups"):
        estimate(store, TURN, MADE, [], Way(delays_by="age"))
    # Nobody's dwelling is known: all are of one group.
    homes = estimate(store, TURN, MADE, ["county"], Way(delays_by="household_type"))
    assert homes.data.equals(estimate(store, TURN, MADE, ["county"]).data)


def test_practices_are_what_populations_say(store: duckdb.DuckDBPyConnection) -> None:
    def persons(day: date, known: date, place: str) -> int:
        found = {r["municipality"]: r["persons"]
                 for r in population(store, day, ["municipality"], known).rows()}  # fmt: skip
        return found.get(place, 0)

    def added(year: int, place: str) -> int:
        final = persons(date(year + 1, 1, 1), date(year + 1, 2, 1), place)
        return final - persons(date(year, 12, 1), date(year, 12, 5), place)

    for place in ("0301", "1101", "1103"):
        now = persons(date(2004, 12, 1), MADE, place)
        before = persons(date(2003, 12, 1), date(2003, 12, 5), place)
        expected = {
            "last-december": now + added(2003, place),
            "relative-growth": now + now * added(2003, place) / before,
            "recent-decembers": now + np.mean([added(year, place) for year in (2001, 2002, 2003)]),
        }
        for method, value in expected.items():
            for multiple in (1, 5):
                way = Way(method=method, round=multiple)  # type: ignore[arg-type]
                rows = asked(store, TURN, MADE, ["municipality"], way)
                (found,) = [row["estimate"] for row in rows if row["municipality"] == place]
                assert abs(found - value) <= multiple / 2
                assert found % multiple == 0


def test_after_the_day_only_late_reports_are_to_come(store: duckdb.DuckDBPyConnection) -> None:
    """On 25 January nearly all is known, and the interval is narrower than in December."""
    (early,) = asked(store, TURN, MADE)
    (late,) = asked(store, TURN, date(2005, 1, 25))
    ((final,),) = (row.values() for row in population(store, TURN).rows())
    assert late["upper"] - late["lower"] < early["upper"] - early["lower"]
    assert abs(late["estimate"] - final) <= 5
    assert early["lower"] <= final <= early["upper"]


@pytest.mark.parametrize(
    ("day", "known", "by", "years", "says"),
    [
        (TURN, date(2005, 2, 1), [], None, "nothing to estimate"),
        (TURN, date(2004, 1, 1), [], None, "a year or more before"),
        (date(2006, 1, 1), date(2005, 12, 5), [], None, "later than what the log knows"),
        (TURN, MADE, ["sex"], None, "not what an estimate is by"),
        (TURN, MADE, [], 1, "too few past years in the log"),
        (date(2002, 1, 1), date(2001, 12, 5), [], None, "too few past years in the log"),
        (date(2001, 1, 1), date(2000, 12, 5), [], None, "no past year in the log"),
    ],
)
def test_what_leaves_nothing_to_estimate_or_too_much(
    store: duckdb.DuckDBPyConnection, day: date, known: date, by: list[str], years: Any, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        estimate(store, day, known, by, Way(years=years))
