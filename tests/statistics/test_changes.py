"""Accounts close, areas sum to the nation, and the adjustment is explained to the last unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from folkestrom.errors import UsageError
from folkestrom.statistics import adjustment as explanation
from folkestrom.statistics.changes import changes, explain
from folkestrom.statistics.flows import Window, flows
from folkestrom.statistics.periods import Period, split, year
from folkestrom.variables.registry import VARIABLES
from tests.reference.register import OPEN, Report, as_of, lives
from tests.statistics.small_store import COUNTIES, hand_made, store_of, stretched_logs

patient = settings(
    max_examples=settings().max_examples // 5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)

#: For what asks a dozen questions of every log.
brief = settings(patient, max_examples=settings().max_examples // 15)

Area = Callable[[int], int]
AREAS: dict[str, Area] = {
    "nation": lambda _: 0,
    "county": COUNTIES.__getitem__,
    "municipality": lambda m: m,
}
TERMS = ("births", "deaths", "immigration", "emigration", "internal_in", "internal_out")
SIGNS = dict(zip(TERMS, (1, -1, 1, -1, 1, -1), strict=True))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    days = [draw(st.dates(date(1999, 12, 31), date(2005, 6, 1))) for _ in range(2)]
    known = [draw(st.dates(date(2000, 1, 1), date(2006, 1, 1))) for _ in range(2)]
    start, end = sorted(days)
    known_start, known_end = sorted(known)
    return Window(start, end if end > start else date(2005, 7, 1), known_start, known_end)


# --- the same in plain Python ---


def plain_stock(reports: Sequence[Report], day: date, known_at: date, area: Area) -> Counter[int]:
    state = as_of(reports, day, known_at)
    return Counter(area(s["stay"][0]) for s in state.values() if "stay" in s)


def plain_flows(reports: Sequence[Report], window: Window, area: Area) -> Counter[tuple[int, str]]:
    found: Counter[tuple[int, str]] = Counter()
    for life in lives(reports, window.known_end).values():
        for event in life.events:
            _, _, kind, day, _, first_known, left, reached, *_ = event
            late = day < window.start and first_known > window.known_start
            if late or window.start <= day < window.end:
                found.update(counted_in(kind, left, reached, area))
    return found


def counted_in(kind: int, left: Any, reached: Any, area: Area) -> list[tuple[int, str]]:
    if kind == 5:
        border: Area = (lambda m: m) if area(301) == area(1101) else area
        crossed = border(left) != border(reached)
        return [(area(reached), "internal_in"), (area(left), "internal_out")] if crossed else []
    names = {2: "births", 3: "immigration", 8: "emigration", 9: "deaths"}
    if kind not in names:
        return []
    if kind == 9 and left is None:  # died abroad: nobody's resident, nobody's death
        return []
    return [(area(reached if kind in (2, 3) else left), names[kind])]


def plain_adjustment(reports: Sequence[Report], window: Window, area: Area) -> Counter[int]:
    adjustment = plain_stock(reports, window.end, window.known_end, area)
    adjustment.subtract(plain_stock(reports, window.start, window.known_start, area))
    for (place, term), count in plain_flows(reports, window, area).items():
        adjustment[place] -= SIGNS[term] * count
    return Counter({place: units for place, units in adjustment.items() if units})


# --- properties on random logs ---


@patient
@given(stretched_logs(), windows(), st.sampled_from(sorted(AREAS)))
def test_flows_are_those_of_the_plain_rules(
    reports: list[Report], window: Window, level: str
) -> None:
    store = store_of(reports)
    chosen = [] if level == "nation" else [VARIABLES[level]]
    expected = plain_flows(reports, window, AREAS[level])
    assert _flows(store, window, chosen) == expected


def _flows(
    store: duckdb.DuckDBPyConnection, window: Window, chosen: Any
) -> Counter[tuple[int, str]]:
    table = flows(store, window, chosen).to_pylist()
    cells = {(row.get("v0", 0), term): row[term] for row in table for term in TERMS}
    return Counter({cell: count for cell, count in cells.items() if count})


@patient
@given(stretched_logs(), windows(), st.sampled_from(sorted(AREAS)))
def test_the_explanation_adds_up_to_the_adjustment(
    reports: list[Report], window: Window, level: str
) -> None:
    store = store_of(reports)
    listed = explanation.explain(store, [window], level, when="", known=window.known_end)
    units: Counter[int] = Counter()
    for row in listed.rows():
        assert abs(row["units"]) == 1
        assert row["source_report_id"] is not None
        units[int(row.get(level, 0))] += row["units"]
    found = Counter({place: count for place, count in units.items() if count})
    assert found == plain_adjustment(reports, window, AREAS[level])


@brief
@given(
    stretched_logs(), st.sampled_from(["year", "quarter"]), st.sampled_from(["sex", "birth_year"])
)
def test_accounts_close_and_sum_to_the_nation(
    reports: list[Report], every: Any, fixed: str
) -> None:
    store = with_known_reach(reports)
    periods = split(date(2000, 1, 1), date(2002, 1, 1), every)
    nation = changes(store, periods).data.to_pylist()
    for by in (["county"], ["municipality"], ["municipality", fixed]):
        rows = changes(store, periods, by).data.to_pylist()
        assert all(_closes(row) for row in rows)
        for account in nation:
            _sums_to(account, [r for r in rows if r["period"] == account["period"]], by)
    assert all(_closes(row) and row["internal_in"] == row["internal_out"] for row in nation)
    _continue(nation)


def with_known_reach(reports: list[Report]) -> duckdb.DuckDBPyConnection:
    # A person who is there all the time, so that the log reaches over every period asked for.
    witness = Report(
        position=0,
        person=99,
        kind=1,
        received_at=reports[0].received_at.replace(2000, 1, 1),
        known_from=date(2000, 1, 1),
        key_hash=1,
        event_date=date(1999, 12, 31),
        municipality=301,
        basic_unit=3010001,
        sex=1,
        birth_date=date(1980, 1, 1),
    )
    store = store_of([witness, *reports])
    store.execute("INSERT INTO report (known_from) VALUES (DATE '2006-01-01')")
    return store


def _closes(row: dict[str, Any]) -> bool:
    flowed = sum(sign * row[term] for term, sign in SIGNS.items())
    end = row["population_start"] + flowed + row["border_changes"] + row["adjustment"]
    derived = row["excess_of_births"] + row["net_migration"] + row["net_internal"]
    mean = (row["population_start"] + row["population_end"]) / 2
    return end == row["population_end"] and derived == flowed and row["mean_population"] == mean


def _sums_to(account: dict[str, Any], rows: list[dict[str, Any]], by: list[str]) -> None:
    additive = ["population_start", *TERMS[:4], "adjustment", "population_end", "growth"]
    for term in additive:
        assert sum(row[term] for row in rows) == account[term], (by, term)
    assert sum(row["net_internal"] for row in rows) == 0
    if by != ["county"]:
        assert sum(row["internal_in"] for row in rows) == account["internal_in"]
    else:
        assert sum(row["internal_in"] for row in rows) <= account["internal_in"]


def _continue(accounts: list[dict[str, Any]]) -> None:
    """Each period begins where the one before ended, if both were taken in one way."""
    for before, after in pairwise(accounts):
        assert before["population_end"] == after["population_start"]
    for account in accounts:
        if "Q" in account["period"] and not account["period"].endswith("Q4"):
            assert account["adjustment"] == 0


@brief
@given(stretched_logs())
def test_the_fourth_quarter_bears_and_explains_the_adjustment_of_all_four(
    reports: list[Report],
) -> None:
    store = with_known_reach(reports)
    periods = split(date(2001, 1, 1), date(2002, 1, 1), "quarter")
    accounts = changes(store, periods).data.to_pylist()
    listed = [explain(store, period) for period in periods]
    units = [sum(row["units"] for row in table.rows()) for table in listed]
    assert units == [account["adjustment"] for account in accounts]
    whole = changes(store, periods, quarters="register").data.to_pylist()
    assert accounts[-1]["adjustment"] == sum(account["adjustment"] for account in whole)


# --- by hand ---


#: position, person, kind, event_date, order_in_day, first_known, from, to, units, country, reason,
#: sex, born, known_from, known_to
def event(position: int, kind: int, day: date, known: date, **more: Any) -> tuple[Any, ...]:
    return (
        position, more.get("person", position), kind, day, more.get("nth", 1), known,
        more.get("left"), more.get("reached"), None, None, None, None, 1,
        more.get("born", date(1980, 6, 1)),
        more.get("known_from", known), more.get("known_to", OPEN),
    )  # fmt: skip


def test_every_move_counts_and_those_inside_a_county_are_not_county_migration() -> None:
    known = date(2020, 6, 1)
    events = [
        event(1, 5, date(2020, 3, 1), known, left=1101, reached=1103, person=1),
        event(2, 5, date(2020, 4, 1), known, left=1103, reached=301, person=1),
        event(3, 5, date(2020, 5, 1), known, left=301, reached=301, person=1),
    ]
    store = hand_made([{}], event=events)
    (nation,) = changes(store, [year(2020)]).data.to_pylist()
    assert (nation["internal_in"], nation["internal_out"]) == (2, 2)
    places = {r["municipality"]: r for r in changes(store, [year(2020)], ["municipality"]).rows()}
    assert (places["1103"]["internal_in"], places["1103"]["internal_out"]) == (1, 1)
    assert places["0301"]["internal_in"] == 1
    counties = {r["county"]: r for r in changes(store, [year(2020)], ["county"]).rows()}
    assert (counties["11"]["internal_in"], counties["11"]["internal_out"]) == (0, 1)


def test_a_late_report_is_a_flow_of_the_period_in_which_it_becomes_known() -> None:
    late = event(1, 2, date(2019, 12, 30), date(2020, 2, 2), reached=301)
    in_time = event(2, 2, date(2019, 12, 30), date(2020, 2, 1), reached=301)
    store = hand_made([{}], event=[late, in_time])
    births = [r["births"] for r in changes(store, [year(2019), year(2020)]).rows()]
    assert births == [1, 1]
    now = changes(store, [year(2019), year(2020)], known_at=date(2029, 1, 1))
    assert [r["births"] for r in now.rows()] == [2, 0]


def test_a_death_abroad_is_nobodys() -> None:
    store = hand_made([{}], event=[event(1, 9, date(2020, 6, 1), date(2020, 6, 5))])
    (account,) = changes(store, [year(2020)]).rows()
    assert (account["deaths"], account["adjustment"]) == (0, 0)
    assert explain(store, year(2020)).data.num_rows == 0


def test_flows_alone_by_what_changes_without_an_event() -> None:
    store = hand_made([{}], event=[event(1, 9, date(2020, 6, 1), date(2020, 6, 5), left=301)])
    cells = changes(store, [year(2020)], ["age", "marital_status"])
    assert [m.id for m in cells.specification.measures] == list(TERMS)
    assert [row for row in cells.rows() if row["deaths"]] == [
        {"period": "2020", "age": 40, "marital_status": "unknown", "births": 0, "deaths": 1,
         "immigration": 0, "emigration": 0, "internal_in": 0, "internal_out": 0}
    ]  # fmt: skip


def test_births_by_the_mothers_age() -> None:
    whole = (date(1999, 12, 31), OPEN, date(2000, 1, 1), OPEN, 1)
    store = hand_made(
        [{}],
        event=[
            event(1, 2, date(2020, 6, 1), date(2020, 6, 5), reached=301),
            event(2, 2, date(2020, 6, 1), date(2020, 6, 5), reached=301),
        ],
        attribute=[
            (1, 1, date(2020, 6, 1), 166, 7, None, 1, *whole),
            (7, 2, date(1990, 6, 2), 181, None, None, 2, *whole),
        ],
    )
    found = changes(store, [year(2020)], ["mother_age"]).data.to_pylist()
    assert found == [{"period": "2020", "mother_age": age, "births": 1} for age in (29, None)]
    groups = changes(store, [year(2020)], ["mother_age_five_year"]).data.to_pylist()
    assert [row["mother_age_five_year"] for row in groups] == ["25-29", "unknown"]
    # By country there is migration alone, and here is none.
    of_country = changes(store, [year(2020)], ["country"])
    assert [m.id for m in of_country.specification.measures] == ["immigration", "emigration"]
    assert not of_country.data.num_rows
    with pytest.raises(UsageError, match="describe no flow together"):
        changes(store, [year(2020)], ["country", "mother_age"])


def test_births_by_order_and_the_mothers_marital_status() -> None:
    known = (date(2000, 1, 1), OPEN)
    born = [date(2015, 6, 1), date(2020, 6, 1), date(2020, 6, 1)]  # the last two are twins
    store = hand_made(
        [{}],
        event=[event(n, 2, day, day, reached=301) for n, day in enumerate(born, 1)],
        attribute=[
            (n, 1, day, 166, 7, None, 1, date(1999, 12, 31), OPEN, *known, n)
            for n, day in enumerate(born, 1)
        ],
        marital=[
            (7, 1, None, date(1990, 1, 1), date(2018, 1, 1), *known, 8),
            (7, 2, None, date(2018, 1, 1), OPEN, *known, 9),
        ],
    )
    years = [year(2015), year(2020)]
    found = changes(store, years, ["birth_order", "mother_marital_status"]).data.to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("2015", 1, "never_married", 1), ("2020", 2, "married", 1), ("2020", 3, "married", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda s: changes(s, []), "no period"),
        (lambda s: changes(s, [Period(date(2020, 1, 1), date(2199, 1, 1))]), "what the log knows"),
        (lambda s: changes(s, [year(2020)], ["marital"]), "Did you mean 'marital_status'"),
        (lambda s: changes(s, [year(2020)], quarters="guess"), "summation, register"),
        (lambda s: explain(s, year(2020), "parish"), "nation, county, municipality"),
        (lambda s: Period(date(2020, 1, 1), date(2020, 1, 1)), "not before the end"),
        (lambda s: split(date(2020, 1, 1), date(2020, 5, 1), "quarter"), "does not end a quarter"),
        (lambda s: split(date(2020, 1, 1), date(2020, 5, 1), "week"), "year, quarter, month"),
    ],
)  # fmt: skip
def test_bad_questions_are_answered(ask: Callable[[Any], Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ask(hand_made([{}]))
