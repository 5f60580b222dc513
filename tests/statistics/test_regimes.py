"""Quarters by the rules of each regime, recounted in plain Python; and what was revised since."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import folkestrom
from folkestrom.errors import UsageError
from folkestrom.model.time import add_months, extraction
from folkestrom.statistics.changes import changes, explain
from folkestrom.statistics.flows import Window
from folkestrom.statistics.periods import Period, quarter_of, split, year
from folkestrom.statistics.regimes.regime import Regime, in_force, regime_of, regimes, ruling
from folkestrom.statistics.revisions import explained
from folkestrom.twin import create
from tests.reference.register import Report, lives
from tests.statistics.small_store import stretched_logs
from tests.statistics.test_changes import (
    AREAS,
    SIGNS,
    TERMS,
    counted_in,
    patient,
    plain_flows,
    plain_stock,
    windows,
    with_known_reach,
)
from tests.twin.reading import Log

QUARTERS = split(date(2000, 4, 1), date(2004, 1, 1), "quarter")
LAST = date(2006, 1, 1)
NOBODY: Any = AREAS["nation"]
IDS = ("1985", "2000", "2005")


# --- the rules, told once more ---


def plain_quarter(
    reports: Sequence[Report],
    quarter: Period,
    regime: str,
    months: int = 1,
    *,
    so_far: bool = False,
) -> dict[str, int]:
    """The account of a quarter, or of the year so far, as each regime's rule says it."""
    new_year = date(quarter.start.year, 1, 1)
    drawn = extraction(quarter.end, months)
    parts = split(new_year, quarter.end, "quarter")

    def counted(window: Window) -> Counter[str]:
        found = plain_flows(reports, window, NOBODY)
        return Counter({term: count for (_, term), count in found.items()})

    def received(part: Period) -> Counter[str]:
        known = [extraction(day, months) for day in (part.start, part.end)]
        return counted(Window(part.start, part.end, *known))

    def happened(start: date, end: date) -> Counter[str]:
        return counted(Window(start, end, drawn, drawn)) if start < end else Counter()

    if regime == "1985":
        own = happened(new_year if so_far else quarter.start, quarter.end)
        before = Counter() if so_far else happened(new_year, quarter.start)
    else:
        each = [received(part) for part in parts]
        own = sum(each, Counter()) if so_far else each[-1]
        before = Counter() if so_far else sum(each[:-1], Counter())
    first = plain_stock(reports, new_year, extraction(new_year, months), NOBODY)[0]
    start = first + net(before)
    end = start + net(own)
    if regime == "2005" and (quarter.end.month, quarter.end.day) == (1, 1):
        end = plain_stock(reports, quarter.end, drawn, NOBODY)[0]
    adjustment = end - start - net(own)
    account = {term: own[term] for term in TERMS}
    return account | {
        "population_start": start, "population_end": end, "adjustment": adjustment,
    }  # fmt: skip


def net(found: Counter[str]) -> int:
    return sum(sign * found[term] for term, sign in SIGNS.items())


@patient
@given(
    st.data(), st.sampled_from(QUARTERS), st.sampled_from(IDS), st.booleans(),
    st.sampled_from([0, 1, 2]),
)  # fmt: skip
def test_quarters_are_those_of_the_plain_rules(
    data: st.DataObject, quarter: Period, regime: str, so_far: bool, months: int
) -> None:
    reports = data.draw(stretched_logs())
    store = with_known_reach(reports)
    asked = Period(date(quarter.start.year, 1, 1), quarter.end) if so_far else quarter
    (found,) = changes(
        store, [asked], regime=regime_of(regime), so_far=so_far, extraction_months=months
    ).rows()
    everybody = [*reports, WITNESS]
    expected = plain_quarter(everybody, quarter, regime, months, so_far=so_far)
    assert {name: found[name] for name in expected} == expected
    if not so_far:
        units = explain(store, quarter, regime=regime_of(regime), extraction_months=months)
        assert sum(row["units"] for row in units.rows()) == expected["adjustment"]


#: Who is there all the time in `with_known_reach`.
WITNESS = Report(
    position=0, person=99, kind=1, received_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC),
    known_from=date(2000, 1, 1), key_hash=1, event_date=date(1999, 12, 31), municipality=301,
    basic_unit=3010001, sex=1, birth_date=date(1980, 1, 1),
)  # fmt: skip


@patient
@given(st.data(), windows(), st.sampled_from(QUARTERS), st.sampled_from(sorted(AREAS)))
def test_what_was_revised_adds_up_to_the_difference(
    data: st.DataObject, window: Window, quarter: Period, level: str
) -> None:
    reports = data.draw(stretched_logs())
    store = with_known_reach(reports)
    regime = regime_of(data.draw(st.sampled_from(IDS)))
    drawn = extraction(quarter.end)
    known = max(window.known_end, drawn)
    began = drawn if regime.id == "1985" else extraction(quarter.start)
    published = plain_flows(reports, Window(quarter.start, quarter.end, began, drawn), AREAS[level])
    revised = plain_flows(reports, Window(quarter.start, quarter.end, known, known), AREAS[level])
    revised.subtract(published)
    units: Counter[tuple[int, str]] = Counter()
    for row in explained.explain(store, quarter, level, known, regime).rows():
        assert row["source_report_id"] is not None
        units[int(row.get(level, 0)), row["figure"]] += row["units"]
        if row["why"] == "late":
            assert row["units"] > 0
            assert row["known"] > drawn
    assert {c: n for c, n in units.items() if n} == {c: n for c, n in revised.items() if n}


@patient
@given(st.data(), st.sampled_from(QUARTERS))
def test_two_regimes_differ_by_the_late_reports_alone(data: st.DataObject, quarter: Period) -> None:
    reports = data.draw(stretched_logs())
    store = with_known_reach(reports)
    (old,), (new,) = (
        changes(store, [quarter], regime=regime_of(id)).rows() for id in ("1985", "2000")
    )
    # What stands at the extraction of an earlier day, and was not known at the one before.
    late = plain_flows(
        reports,
        Window(date(1900, 1, 1), quarter.start, extraction(quarter.end), extraction(quarter.end)),
        NOBODY,
    )
    in_time = Counter({(0, term): count for term, count in _known_before(reports, quarter).items()})
    late.subtract(in_time)
    assert {t: new[t] - old[t] for t in TERMS} == {t: late[0, t] for t in TERMS}


def _known_before(reports: Sequence[Report], quarter: Period) -> Counter[str]:
    """Events of earlier days that stand now, and whose report the last extraction had."""
    found: Counter[str] = Counter()
    for life in lives(reports, extraction(quarter.end)).values():
        for row in life.events:
            _, _, kind, day, _, first_known, left, reached, *_ = row
            if day < quarter.start and first_known <= extraction(quarter.start):
                found.update(term for _, term in counted_in(kind, left, reached, NOBODY))
    return found


# --- a synthetic country, recounted from its report files ---


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> tuple[Log, folkestrom.Store]:
    folder = tmp_path_factory.mktemp("regimes")
    made = create(folder / "data", scale=0.0005, first_year=2018, variables=False)
    store = folkestrom.open(folder / "store")
    store.intake(sorted(made.report_folder.glob("*.parquet")))
    return Log(made.report_folder), store


KINDS = {"birth": "births", "death": "deaths", "immigration": "immigration"} | {
    "emigration": "emigration"
}


def recount(log: Log, start: date, end: date, opens: date, closes: date) -> Counter[str]:
    return Counter(
        KINDS[report.kind]
        for person in log.by_person
        for report in log.effective(person, closes)
        if report.kind in KINDS
        and (start <= report.day < end or (report.day < start and opens < report.known <= closes))
    )


@pytest.mark.parametrize("quarter", ["2019Q1", "2019Q4", "2020Q2"])
def test_quarters_of_a_country_are_those_of_its_files(
    country: tuple[Log, folkestrom.Store], quarter: str
) -> None:
    log, store = country
    period = quarter_of(quarter)
    opens, closes = extraction(period.start), extraction(period.end)
    first = date(period.start.year, 1, 1)
    new_year = len(log.stock(first, extraction(first)))
    for regime, began in (("2000", opens), ("1985", closes)):
        wanted = recount(log, period.start, period.end, began, closes)
        found = store.changes(quarter=quarter, regime=regime).to_pylist()[0]
        assert {name: found[name] for name in KINDS.values()} == {
            name: wanted[name] for name in KINDS.values()
        }
        assert found["adjustment"] == 0
        assert found["growth"] == net(wanted)
    if first < period.start:
        before = recount(log, first, period.start, closes, closes)
        assert found["population_start"] == new_year + net(before)


def test_a_preliminary_year_is_its_quarters(country: tuple[Log, folkestrom.Store]) -> None:
    log, store = country
    preliminary = store.changes(year=2019, preliminary=True, regime="2000").to_pylist()[0]
    quarters = [
        store.changes(quarter=f"2019Q{n}", regime="2000").to_pylist()[0] for n in (1, 2, 3, 4)
    ]
    for name in TERMS:
        assert preliminary[name] == sum(quarter[name] for quarter in quarters)
    assert preliminary["population_end"] == quarters[-1]["population_end"]
    so_far = store.changes(quarter="2019Q4", so_far=True, regime="2000").to_pylist()[0]
    assert so_far == preliminary
    # By the rules of 1985: the fourth quarter as published, and the first three drawn again.
    old = store.changes(year=2019, preliminary=True, regime="1985").to_pylist()[0]
    drawn = date(2020, 2, 1)
    wanted = recount(log, date(2019, 1, 1), date(2020, 1, 1), drawn, drawn)
    assert all(old[name] == wanted[name] for name in KINDS.values())
    fourth = store.changes(quarter="2019Q4", regime="1985").to_pylist()[0]
    assert old["population_end"] == fourth["population_end"]
    final = store.changes(year=2019).to_pylist()[0]
    assert final["population_end"] == len(log.stock(date(2020, 1, 1), drawn))


# --- what was published ---


def test_published_quarters_grow_by_summation_as_their_regime_says(reference: Path) -> None:
    path = reference / "ssb_published_other" / "quarters_as_published.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    by_period = {row["period"]: row for row in rows}
    fourth = [row for row in rows if row["period"].endswith("Q4")]
    assert fourth
    for row in rows:
        births, deaths, came, left = (
            int(row[name]) for name in ("births", "deaths", "immigration", "emigration")
        )
        assert int(row["pop_end"]) - int(row["pop_begin"]) == births - deaths + came - left
    for row in fourth:
        assert in_force(quarter_of(row["period"]).start).growth == "summation"
        assert row["later_final_pop_end"] != row["pop_end"]
    for name in ("births", "deaths", "immigration", "emigration"):
        parts = [int(by_period[f"2015Q{n}"][name]) for n in (1, 2, 3)]
        assert sum(parts) == int(by_period["2015Q1-Q3"][name])


# --- the data, and what cannot be asked ---


def test_regimes_follow_each_other_and_say_what_they_can_make() -> None:
    for regime in regimes():
        assert regime.flows or not regime.preliminary
        # A difference needs flows that count late reports: an adjustment of events in time only
        # would have every late report in it.
        assert regime.growth == "summation" or regime.flows == "received"
        assert regime.citation
        assert regime.text.en != regime.text.no
        assert add_months(regime.valid_from, 12) <= regime.valid_to
    assert [r.about for r in regime_of("2005").readings] == ["growth", "growth"]


def test_the_regime_in_force_decides() -> None:
    def ruled(quarter: str) -> Regime:
        return ruling(quarter_of(quarter).start, None, "flows")

    assert [ruled(q).id for q in ("1985Q1", "1999Q4", "2000Q1", "2004Q4", "2005Q1")] == [
        "1985", "1985", "2000", "2000", "2005",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        ({"quarter": "1975Q1"}, "1974.*no rule for quarterly.*not tell[\\s\\S]*1985, 2000, 2005"),
        ({"quarter": "1960Q1"}, "1951.*no rule for quarterly.*there were none"),
        ({"quarter": "1940Q1"}, "before the first regime"),
        ({"quarter": "1990Q1"}, "before the log begins"),
        ({"quarter": "1975Q1", "regime": "1985"}, "before the log begins"),
        ({"quarter": "2003Q5"}, "not a quarter"),
        ({"quarter": "2003Q1", "regime": "1990"}, "Next: The one in force then is 1985"),
        ({"quarter": "2003Q1", "regime": "1985", "known_at": "latest"}, "has no effect"),
        ({"quarter": "2003Q1", "every": "month"}, "has no effect"),
        ({"quarter": "2003Q1", "year": 2003}, "in one of three ways"),
        ({}, "in one of three ways"),
        ({"year": 2010, "preliminary": True}, "2005.*no rule for preliminary"),
        ({"year": 2003, "regime": "1985"}, "rules quarters and preliminary years"),
        ({"year": 2003, "so_far": True}, "it is of a quarter"),
        ({"quarter": "2003Q1", "preliminary": True}, "it is of a year"),
        ({"year": 2003, "preliminary": True, "known_at": "latest"}, "has no effect"),
        ({"year": 2003, "preliminary": True, "regime": "1985", "by": "county"}, "whole country"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(
    country: tuple[Log, folkestrom.Store], ask: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        country[1].changes(**ask)


def test_nothing_is_revised_before_it_is_drawn(country: tuple[Log, folkestrom.Store]) -> None:
    _, store = country
    with pytest.raises(UsageError, match="before the extraction on 2019-05-01"):
        store.explain(quarter="2019Q1", known_at="2019-04-15")
    assert store.explain(quarter="2019Q1", known_at="2019-05-01").num_rows > 0
    late = store.explain(quarter="2019Q1", known_at="2019-05-01", regime="1985")
    assert late.num_rows == 0
    assert year(2019).code == "2019"
