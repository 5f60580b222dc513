"""Episodes and person-years of random registers are what a slow, plain reading of them gives."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.study import Entry, Exit, Panel, Study, ValueAt
from folkestrom.analysis.study.episodes import EpisodeQuery
from folkestrom.analysis.study.panel import PanelQuery
from folkestrom.model.knowledge import Knowledge
from folkestrom.variables.registry import variables_of
from folkestrom.variables.vocabulary import Vocabulary, with_levels
from tests.reference.register import OPEN, Report
from tests.statistics.small_store import hand_made, store_of, stretched_logs

Row = dict[str, Any]
IMMIGRATION, MOVE, EMIGRATION, DEATH = 3, 5, 8, 9


def table(connection: Any, name: str, known: date) -> list[Row]:
    cursor = connection.execute(f"SELECT * FROM {name}")
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [r for r in rows if r["known_from"] <= known < r["known_to"]]


def in_order(events: Iterable[Row]) -> list[Row]:
    return sorted(events, key=lambda e: (e["event_date"], e["order_in_day"]))


def ends(event: Row) -> bool:
    moved = event["municipality_from"] != event["municipality_to"]
    return event["kind"] in (EMIGRATION, DEATH) or (event["kind"] == MOVE and moved)


def slow_panel(connection: Any, years: range, known: date) -> set[tuple[int, int, str, int]]:
    events = in_order(table(connection, "event", known))
    found = set()
    for stay in table(connection, "residence", known):
        for year in years:
            if not stay["valid_from"] <= date(year - 1, 12, 31) < stay["valid_to"]:
                continue
            mine = [
                e["kind"]
                for e in events
                if e["person"] == stay["person"] and e["event_date"].year == year and ends(e)
            ]
            outcome = {MOVE: "another_municipality", EMIGRATION: "abroad", DEATH: None}.get(
                mine[0] if mine else 0, "stay"
            )
            if outcome is not None:
                found.add((stay["person"], year, outcome, stay["municipality"]))
    return found


def slow_episodes(
    connection: Any, entry: Entry, exit_: Exit, known: date
) -> set[tuple[int, date, int, int, str]]:
    events = in_order(table(connection, "event", known))
    assert entry.from_ is not None
    assert entry.to is not None
    found = set()
    for begin in events:
        day = begin["event_date"]
        if begin["kind"] != IMMIGRATION or not entry.from_ <= day < entry.to:
            continue
        after = [
            e
            for e in events
            if e["person"] == begin["person"]
            and ends(e)
            and (e["event_date"], e["order_in_day"]) > (day, begin["order_in_day"])
            and e["event_date"] < exit_.end
        ]
        names = {MOVE: "move", EMIGRATION: "emigration", DEATH: "censored"}
        last = after[0]["event_date"] if after else exit_.end - timedelta(days=1)
        event = names[after[0]["kind"]] if after else "censored"
        entered = 0
        if entry.observed_from is not None:
            entered = max(0, (entry.observed_from - day).days - 1)
        stop = (last - day).days
        if stop > entered:
            found.add((begin["person"], day, entered, stop, event))
    return found


@settings(max_examples=15)
@given(stretched_logs(40), st.integers(0, 3000))
def test_person_years(reports: list[Report], back: int) -> None:
    if not reports:
        return
    connection = store_of(reports)
    last = max(report.known_from for report in reports)
    known = last - timedelta(days=back)
    first = 2001
    if not table(connection, "residence", date(9999, 1, 1)) or last.year <= first:
        return
    panel = Panel(first, last.year, variables=["municipality"])
    study = Study("x", known_at=known, panel=panel)
    knowledge = Knowledge(known, known, known)
    query = PanelQuery(connection, study, panel, words(connection), knowledge)
    rows = [row for batch in query.batches(query.tally) for row in batch.to_pylist()]
    found = {(r["person"], r["year"], r["outcome"], int(r["municipality"])) for r in rows}
    assert len(found) == len(rows)
    assert found == slow_panel(connection, range(first, last.year + 1), known)


@settings(max_examples=15)
@given(stretched_logs(40), st.booleans())
def test_episodes(reports: list[Report], late: bool) -> None:
    if not reports:
        return
    connection = store_of(reports)
    last = max(report.known_from for report in reports)
    observed = date(2003, 1, 1) if late else None
    entry = Entry("immigration", "2000-01-01", "2009-01-01", None, None, "every", observed)
    exit_ = Exit("2012-01-01", ["emigration", "move"])
    study = Study("x", entry=entry, exit=exit_)
    query = EpisodeQuery(connection, study, entry, exit_, words(connection), last)
    rows = [row for batch in query.batches(query.tally) for row in batch.to_pylist()]
    found = [(r["person"], r["entry_date"], r["start"], r["stop"], r["event"]) for r in rows]
    assert len(set(found)) == len(found)
    assert set(found) == slow_episodes(connection, entry, exit_, last)


def words(connection: Any) -> Vocabulary:
    """Every variable; days may be asked for that the log does not reach."""
    known = variables_of("panel")
    known["municipality"] = with_levels(connection, known["municipality"])
    return Vocabulary(known)


def test_a_child_who_leaves_on_the_day_of_entry_is_there_the_day_before() -> None:
    day, known = date(2010, 1, 1), (date(2000, 1, 1), OPEN)
    connection = hand_made(
        [{"person": 1}, {"person": 2, "birth_date": date(2005, 1, 1), "valid_to": day}],
        attribute=[
            (1, 2, date(1980, 6, 1), 166, None, None, 1, date(1999, 12, 31), OPEN, *known, 1),
            (2, 1, date(2005, 1, 1), 166, 1, None, 1, date(2005, 1, 1), OPEN, *known, 2),
        ],
    )
    entry, exit_ = Entry("resident", on=day), Exit("2011-01-01", ["emigration"])
    study = Study("x", entry=entry, exit=exit_, variables={"own": ValueAt("children", "entry")})
    query = EpisodeQuery(connection, study, entry, exit_, words(connection), date(2012, 1, 1))
    rows = [row for batch in query.batches(query.tally) for row in batch.to_pylist()]
    assert {row["person"]: row["own"] for row in rows}[1] == 1
