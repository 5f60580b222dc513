"""Vintages and triangles in one pass are what each knowledge date gives by itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.errors import UsageError
from folkestrom.model.countries import COUNTRY_CODES
from folkestrom.model.time import add_months
from folkestrom.quality.revisions import measures
from folkestrom.statistics.flows import Window, flows
from folkestrom.statistics.periods import quarter_of, split, year
from folkestrom.statistics.population import population
from folkestrom.statistics.revisions.triangle import KINDS, revisions
from folkestrom.statistics.revisions.vintages import FIGURES, vintages
from folkestrom.variables.vocabulary import Setting, chosen
from tests.analysis.rates.linked_store import link
from tests.reference.register import OPEN, Report
from tests.statistics.small_store import COUNTIES, hand_made, stretched_logs
from tests.statistics.test_changes import (
    AREAS,
    event,
    patient,
    plain_flows,
    plain_stock,
    with_known_reach,
)

DAY = date(2002, 4, 1)
QUARTER = quarter_of("2002Q1")
#: Variables that are made of what other histories say of persons.
OF_HISTORIES = (
    {"citizenship": "NO,unknown"},
    {"marital_status": "married", "citizenship": "unknown"},
    {"immigrant_category": "parents_unknown,other"},
    {"years_since_immigration": "0-1"},
    {"years_in_municipality": "0-1"},
    {"centrality": "rural,unknown"},
    {"centrality": "urban", "citizenship": "NO,unknown"},
)
#: What is linked of municipalities: known anew, after a time in which it was not known.
CENTRALITY = (
    (301, "urban", date(1999, 1, 1), OPEN, date(2000, 1, 1), date(2003, 1, 1)),
    (301, "rural", date(1999, 1, 1), OPEN, date(2003, 6, 1), OPEN),
    (1101, "urban", date(1999, 1, 1), OPEN, date(2000, 1, 1), OPEN),
    (1103, "rural", date(1999, 1, 1), date(2002, 3, 1), date(2000, 1, 1), OPEN),
    (1103, "urban", date(2002, 3, 1), OPEN, date(2004, 1, 1), date(2005, 1, 1)),
)
OF_CHILDREN = ({"children": "1,2"}, {"with_children": "yes", "citizenship": "NO,unknown"})
OF_MOTHERS = (
    {"mother_age": "0-30,unknown"},
    {"birth_order": "2+"},
    {"mother_marital_status": "married,unknown"},
)
FROM_THEN = st.lists(st.dates(date(2002, 5, 1), date(2006, 1, 1)), min_size=1, max_size=24)


def with_linked_places(reports: list[Report]) -> duckdb.DuckDBPyConnection:
    store = with_known_reach(reports)
    link(store, "centrality", CENTRALITY, key="municipality")
    return store


@patient
@given(stretched_logs(), FROM_THEN, st.sampled_from(["births", "immigration", "internal_out"]))
def test_a_flow_on_each_knowledge_date(
    reports: list[Report], known: list[date], figure: str
) -> None:
    store = with_known_reach(reports)
    found = {r["known_at"]: r[figure] for r in vintages(store, figure, QUARTER, known).rows()}
    assert found == {
        day: plain_flows(reports, Window(QUARTER.start, QUARTER.end, day, day), AREAS["nation"])[
            0, figure
        ]
        for day in known
    }
    rows = vintages(store, figure, QUARTER, known, only={"county": "11"}).data.to_pylist()
    assert [row["known_at"] for row in rows] == sorted({*known})
    for row in rows:
        window = Window(QUARTER.start, QUARTER.end, row["known_at"], row["known_at"])
        assert row[figure] == plain_flows(reports, window, AREAS["county"])[11, figure]
        assert row["revision"] == row[figure] - rows[0][figure]


@patient
@given(stretched_logs(), FROM_THEN)
def test_a_population_on_each_knowledge_date(reports: list[Report], known: list[date]) -> None:
    store = with_linked_places(reports)
    witness = {3: 1, 11: 0}
    for county in (3, 11):
        rows = vintages(store, "population", DAY, known, only={"county": f"{county:02}"}).rows()
        for row in rows:
            stock = plain_stock(reports, DAY, row["known_at"], COUNTIES.__getitem__)
            assert row["persons"] == stock[county] + witness[county]
    # However persons are described: as the population of each knowledge date.
    for only in ({"age": "0-30"}, {"sex": "female", "age": "0-99"}, *OF_HISTORIES, *OF_CHILDREN):
        kept: Any = {name: codes.split(",") for name, codes in only.items()}
        for row in vintages(store, "population", DAY, known, only=kept).rows():
            alone = population(store, DAY, known_at=row["known_at"], only=kept).data
            assert row["persons"] == alone["persons"][0].as_py()


@patient
@given(stretched_logs(), FROM_THEN)
def test_flows_of_persons_who_are_described_anew(reports: list[Report], known: list[date]) -> None:
    store = with_linked_places(reports)
    figures = [("immigration", only) for only in OF_HISTORIES]
    figures += [("births", only) for only in OF_MOTHERS]
    figures += [("emigration", OF_CHILDREN[0]), ("internal_out", {"centrality": "rural"})]
    for figure, only in figures:
        kept: Any = {name: codes.split(",") for name, codes in only.items()}
        for row in vintages(store, figure, QUARTER, known, only=kept).rows():
            day = row["known_at"]
            alone = flows(
                store, Window(QUARTER.start, QUARTER.end, day, day),
                chosen(Setting(store, "flow", day), kept),
            )  # fmt: skip
            assert row[figure] >= 0
            (only_day,) = vintages(store, figure, QUARTER, [day], only=kept).rows()
            assert row[figure] == only_day[figure] <= sum(alone[figure].to_pylist())


@patient
@given(stretched_logs(), st.sampled_from(["year", "quarter", "month"]))
def test_triangles_are_the_flows_of_each_period_at_each_delay(
    reports: list[Report], every: Any
) -> None:
    store = with_known_reach(reports)
    delays = (0, 1, 3, 24)
    periods = {p.code: p for p in split(date(2001, 1, 1), date(2003, 1, 1), every)}
    rows = revisions(store, date(2001, 1, 1), date(2003, 1, 1), every, delays).data.to_pylist()
    assert len(rows) == len(periods) * len(delays) * len(KINDS)
    for row in rows:
        period = periods[row["period"]]
        known = add_months(period.end, row["delay"])
        flows = plain_flows(
            reports, Window(period.start, period.end, known, known), AREAS["municipality"]
        )
        wanted = sum(n for (_, term), n in flows.items() if term == row["figure"])
        assert row["events"] == wanted
    before = {(r["figure"], r["period"], r["delay"]): r["events"] for r in rows}
    for row in rows:
        if row["delay"]:
            first = delays[delays.index(row["delay"]) - 1]
            change = row["events"] - before[row["figure"], row["period"], first]
            assert row["revision"] == change


# --- by hand ---


def late_births() -> Any:
    """Of each quarter of 2019 one birth in time and one that comes two months after."""
    events = []
    for n, period in enumerate(split(date(2019, 1, 1), date(2020, 1, 1), "quarter")):
        events.append(event(2 * n + 1, 2, period.start, period.start, reached=301))
        events.append(event(2 * n + 2, 2, period.start, add_months(period.end, 2), reached=301))
    return hand_made([{}], event=events)


def with_a_merged_mother() -> Any:
    """A mother of two, whom her children name by a number that was merged long ago.

    That the second child is hers, and where she was born, is known from 2003 on; that she is
    married, from 2004 on.
    """
    always, known = date(1900, 1, 1), date(2000, 1, 1)
    later, at_last = date(2003, 1, 1), date(2004, 1, 1)

    def told(person: int, born: date, country: str, mother: int | None, *when: date) -> Any:
        days = (always, OPEN, *when)
        return (person, 2, born, COUNTRY_CODES[country], mother, None, 1, *days, person)

    first, second, her = date(2002, 2, 1), date(2002, 1, 1), date(1970, 1, 1)
    people = ((3, her), (4, first), (5, second))
    return hand_made(
        [
            {"person": n, "sex": 2, "birth_date": born, "valid_from": max(born, known)}
            for n, born in people
        ],
        attribute=[
            told(3, her, "PL", None, known, later), told(3, her, "SE", None, later, OPEN),
            told(4, first, "NO", 98, known, OPEN),
            told(5, second, "NO", None, known, later), told(5, second, "NO", 98, later, OPEN),
        ],
        marital=[
            (3, 1, None, known, OPEN, known, at_last, 1), (3, 2, 4, known, OPEN, at_last, OPEN, 1),
        ],
        identity=[(98, 3, known, OPEN, 1)],
        event=[
            event(3, 1, known, known, reached=301),
            event(4, 2, first, first, reached=301), event(5, 2, second, first, reached=301),
            event(6, 8, date(2002, 3, 1), first, left=301, person=3),
        ],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("figure", "only", "values"),
    [
        ("population", {"children": "1"}, [1, 0, 0]),
        ("population", {"children": "2"}, [0, 1, 1]),
        ("births", {"birth_order": "2"}, [0, 1, 1]),
        ("births", {"mother_marital_status": "married"}, [0, 0, 2]),
        ("births", {"mother_marital_status": "never_married"}, [1, 2, 0]),
        ("births", {"mother_country_of_birth": "SE"}, [0, 2, 2]),
        ("emigration", {"children": "2"}, [0, 1, 1]),
    ],
)
def test_who_is_named_by_a_merged_number(
    figure: str, only: dict[str, str], values: list[int]
) -> None:
    store = with_a_merged_mother()
    known = [date(2002, 6, 1), date(2003, 6, 1), date(2004, 6, 1)]
    of: Any = DAY if figure == "population" else QUARTER
    found = vintages(store, figure, of, known, only=only).data
    assert found[FIGURES[figure].id].to_pylist() == values


def test_measures_are_of_the_first_and_the_last_delay() -> None:
    (row,) = revisions(
        late_births(), date(2019, 1, 1), date(2020, 1, 1), delays=(1, 6), kinds=["births"],
        summary=True,
    ).rows()  # fmt: skip
    expected = measures(np.ones(4), np.full(4, 2.0))
    assert (row["periods"], row["mean_revision"]) == (4, expected.mean)
    assert row["relative_revision"] == pytest.approx(50)
    assert row["bias_t"] is None  # every revision is the same


def test_what_the_log_does_not_reach_is_no_zero() -> None:
    store = late_births()
    store.execute("DELETE FROM report")
    store.execute("INSERT INTO report (known_from) VALUES (DATE '2020-03-15')")
    found = revisions(store, date(2019, 7, 1), date(2020, 1, 1), delays=(1, 3), kinds=["births"])
    seen = [(r["period"], r["delay"], r["events"], r["revision"]) for r in found.rows()]
    assert seen == [("2019Q3", 1, 1, None), ("2019Q3", 3, 2, 1), ("2019Q4", 1, 1, None)]
    with pytest.raises(UsageError, match="one diagonal"):
        revisions(store, date(2019, 10, 1), date(2020, 1, 1), delays=(1, 3))
    with pytest.raises(UsageError, match="not reached by any period"):
        revisions(store, date(2019, 7, 1), date(2020, 1, 1), delays=(1, 3, 9), summary=True)


def test_days_that_are_not_said_go_from_the_extraction_to_the_end_of_the_log() -> None:
    store = late_births()
    found = vintages(store, "births", quarter_of("2019Q1"), every="month", until=date(2019, 7, 31))
    assert found.data["known_at"].to_pylist() == [date(2019, n, 1) for n in (5, 6, 7)]
    assert found.data["births"].to_pylist() == [1, 2, 2]
    years = vintages(store, "births", year(2019)).data["known_at"].to_pylist()
    assert (years[0], years[1], years[-1]) == (
        date(2020, 2, 1), date(2021, 2, 1), date(2030, 1, 1),
    )  # fmt: skip
    two = vintages(store, "births", year(2019), ["published", "latest"]).data["known_at"]
    assert two.to_pylist() == [date(2020, 2, 1), date(2030, 1, 1)]


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda s: vintages(s, "birth", year(2019)), "Did you mean 'births'"),
        (lambda s: vintages(s, "births", date(2019, 1, 1)), "is of a period"),
        (lambda s: vintages(s, "population", year(2019)), "is of a day"),
        (lambda s: vintages(s, "births", year(1990)), "before the log begins"),
        (
            lambda s: vintages(s, "births", year(2019), [date(2020, 1, 31)]),
            "before the extraction on 2020-02-01",
        ),
        (
            lambda s: vintages(s, "births", year(2019), until=date(2019, 2, 1)),
            "until: '2019-02-01' is before the extraction",
        ),
        (
            lambda s: vintages(s, "births", year(2019), until=date(9999, 12, 31)),
            "until: .*later than what the log knows",
        ),
        (
            lambda s: vintages(
                s,
                "births",
                year(2019),
                [date(2021, m, d) for m in range(1, 13) for d in range(1, 29)] * 2
                + [date(2022, m, d) for m in range(1, 13) for d in range(1, 29)],
            ),
            "more knowledge dates than are counted at once",
        ),
        (
            lambda s: vintages(s, "deaths", year(2019), only={"mother_age": "30"}),
            "describes other flows",
        ),
        (lambda s: revisions(s, date(2019, 1, 1), date(2020, 1, 1), delays=(1,)), "two or more"),
        (lambda s: revisions(s, date(2019, 1, 1), date(2020, 1, 1), delays=(2, 1)), "two or more"),
        (
            lambda s: revisions(s, date(2019, 2, 1), date(2019, 5, 1)),
            "does not begin a quarter of the calendar",
        ),
        (
            lambda s: revisions(s, date(2019, 4, 1), date(2020, 4, 1), "year"),
            "does not begin a year of the calendar",
        ),
        (
            lambda s: revisions(s, date(2019, 1, 1), date(2020, 1, 1), kinds=["birth"]),
            "Did you mean 'births'",
        ),
    ],
)
def test_what_cannot_be_asked(ask: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ask(late_births())
