"""Exposure is the sum of the stocks at the end of its days, whatever it is broken down by."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.rates import occurrences
from folkestrom.classifications.age_groups import PUBLISHED
from folkestrom.classifications.code_lists import country_code
from folkestrom.errors import UsageError
from folkestrom.model.codes import MaritalStatus, Sex
from folkestrom.model.time import OPEN, completed_age
from folkestrom.statistics.changes import changes
from folkestrom.statistics.periods import Period
from tests.statistics.small_store import hand_made

KNOWN = date(2030, 1, 1)
YEAR = Period(date(2020, 1, 1), date(2021, 1, 1))


def exposure(connection: Any, period: Period, by: list[str], known: date) -> dict[Any, int]:
    data = occurrences(connection, period, by, known_at=known).data
    texts = data.with_columns(pl.col(name).cast(pl.String) for name in by)
    return {row[:-2]: row[-1] for row in texts.rows() if row[-1]}


BY_DAY = """
    SELECT d.day, r.municipality, r.sex, r.birth_date, coalesce(m.marital_status, 0),
           c.citizenship, r.person
    FROM (SELECT unnest(generate_series(?::DATE, ?::DATE - 1, INTERVAL 1 DAY))::DATE AS day) d
    JOIN residence r ON r.valid_from <= d.day AND r.valid_to > d.day
      AND r.known_from <= ? AND r.known_to > ?
    LEFT JOIN marital m ON m.person = r.person AND m.valid_from <= d.day AND m.valid_to > d.day
      AND m.known_from <= ? AND m.known_to > ?
    LEFT JOIN citizenship c ON c.person = r.person AND c.valid_from <= d.day
      AND c.valid_to > d.day AND c.known_from <= ? AND c.known_to > ?
"""


def day_by_day(connection: Any, period: Period, by: list[str], known: date) -> dict[Any, int]:
    """Residents at the end of every day, each asked for and described by itself."""
    values = [period.start, period.end, *[known] * 6]
    found: Counter[Any] = Counter()
    for day, place, sex, born, status, citizenship, _ in connection.execute(
        BY_DAY, values
    ).fetchall():
        age = None if born is None else max(completed_age(born, day + timedelta(days=1)), 0)
        codes = {
            "year": day.year,
            "municipality": f"{place:04d}",
            "county": f"{place // 100:02d}",
            "sex": Sex(sex).name.lower(),
            "age": age,
            "age_group": "unknown" if age is None else group_of(age),
            "birth_year": born and born.year,
            "marital_status": MaritalStatus(status).name.lower(),
            "citizenship": "unknown" if citizenship is None else country_code(citizenship),
        }
        found[tuple(None if codes[n] is None else str(codes[n]) for n in by)] += 1
    return dict(found)


def group_of(age: int) -> str:
    number = max(n for n, start in enumerate(PUBLISHED.starts) if age >= start)
    return PUBLISHED.categories[number].code


DAYS = st.dates(date(1999, 1, 1), date(2004, 12, 31))
ALWAYS = (date(2000, 1, 1), OPEN, 1)


def spells(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[Any, date, date]]]:
    """Disjoint spells in order, some of them meeting and some with a gap before the next."""
    ends = st.lists(DAYS, min_size=2, max_size=5, unique=True).map(sorted)
    every = ends.flatmap(
        lambda days: st.tuples(*(st.tuples(values, st.booleans()) for _ in days[1:])).map(
            lambda chosen: [
                (value, first, last)
                for (value, there), first, last in zip(chosen, days, days[1:], strict=False)
                if there
            ]
        )
    )
    return every.filter(bool)


LIVES = st.lists(
    st.tuples(
        st.one_of(
            st.none(), st.dates(date(1896, 1, 1), date(1999, 1, 1)), st.just(date(1996, 2, 29))
        ),
        spells(st.sampled_from([301, 1101, 1103])),
        spells(st.integers(1, 3)),
        spells(st.sampled_from([167, 183])),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


def store_of_lives(lives: list[Any]) -> Any:
    stays, marital, citizenship = [], [], []
    for person, (born, places, statuses, countries) in enumerate(lives, 1):
        stays += [
            {"person": person, "birth_date": born, "municipality": place, "valid_from": first,
             "valid_to": last, "sex": 1 + person % 2}
            for place, first, last in places
        ]  # fmt: skip
        marital += [(person, status, None, *days, *ALWAYS) for status, *days in statuses]
        citizenship += [(person, code, *days, *ALWAYS) for code, *days in countries]
    # A person is there from the first day on, so that the log reaches the period.
    stays.append({"person": 99, "valid_from": date(1990, 1, 1)})
    return hand_made(stays, marital=marital, citizenship=citizenship)


@settings(max_examples=12)
@given(
    LIVES,
    st.sampled_from(
        [
            ["year"],
            ["county", "sex", "age", "year"],
            ["age_group", "birth_year"],
            ["marital_status", "year"],
            ["marital_status", "citizenship", "municipality", "age"],
        ]
    ),
    st.integers(0, 700),
    st.integers(1, 900),
)
def test_exposure_is_the_sum_of_stocks(lives: Any, by: list[str], shift: int, days: int) -> None:
    connection = store_of_lives(lives)
    start = date(2000, 1, 1) + timedelta(days=shift)
    period = Period(start, start + timedelta(days=days))
    there = exposure(connection, period, by, KNOWN)
    assert sum(there.values()) >= days
    assert there == day_by_day(connection, period, by, KNOWN)


@pytest.mark.parametrize("born", ["1980-02-29", "1980-03-01", "1999-12-31", "2000-01-01", None])
def test_birthdays_in_and_out_of_leap_years(born: str | None) -> None:
    birth = None if born is None else date.fromisoformat(born)
    row = {"birth_date": birth, "valid_from": date(2000, 1, 1)}
    connection = hand_made([row], attribute=[])
    period = Period(date(2003, 6, 1), date(2009, 2, 28))
    found = exposure(connection, period, ["age", "year"], KNOWN)
    assert sum(found.values()) == (period.end - period.start).days
    assert found == day_by_day(connection, period, ["age", "year"], KNOWN)


def test_gaps_in_a_history_are_unknown() -> None:
    stay = {"valid_from": date(2019, 1, 1)}
    status = (1, 2, None)
    spells = [
        (*status, date(2020, 2, 1), date(2020, 3, 1), date(2000, 1, 1), OPEN, 1),
        (*status, date(2020, 4, 1), date(2020, 12, 1), date(2000, 1, 1), OPEN, 1),
    ]
    connection = hand_made([stay], marital=spells)
    found = exposure(connection, YEAR, ["marital_status"], KNOWN)
    assert found == {("unknown",): 31 + 31 + 31, ("married",): 29 + 244}


def test_a_stay_that_was_only_believed_then() -> None:
    """Exposure is as known: what was annulled later counts for those who did not know."""
    rows = [{"valid_from": date(2019, 1, 1), "known_to": date(2021, 6, 1)}]
    connection = hand_made(rows)
    assert exposure(connection, YEAR, [], date(2021, 5, 31)) == {(): 366}
    assert exposure(connection, YEAR, [], date(2021, 6, 1)) == {}


def test_duration_changes_on_anniversaries() -> None:
    arrival = date(2016, 2, 29)
    event = (
        1,
        1,
        3,
        arrival,
        1,
        arrival,
        None,
        301,
        None,
        3010001,
        166,
        None,
        1,
        None,
        arrival,
        OPEN,
    )
    row = {"valid_from": arrival, "country_of_birth": 183}
    older = {"person": 2, "country_of_birth": 167, "valid_to": date(2012, 1, 1)}
    connection = hand_made([row, older], event=[event])
    found = exposure(connection, Period(arrival, date(2022, 1, 1)), ["duration"], KNOWN)
    assert found == {
        ("0",): (date(2017, 3, 1) - arrival).days,
        ("1",): 365,
        ("2",): 365,
        ("3-4",): (date(2021, 3, 1) - date(2019, 3, 1)).days,
        ("5-9",): (date(2022, 1, 1) - date(2021, 3, 1)).days,
    }


def test_who_was_here_when_the_log_began_has_no_duration() -> None:
    rows = [{"country_of_birth": 183}, {"person": 2, "country_of_birth": 167}]
    connection = hand_made(rows)
    found = exposure(connection, YEAR, ["duration"], KNOWN)
    assert found == {("unknown",): 366, ("born_in_norway",): 366}


EVENT = {
    "position": 1, "person": 1, "kind": 5, "event_date": date(2020, 5, 1), "order_in_day": 1,
    "first_known": date(2020, 5, 2), "municipality_from": 1101, "municipality_to": 1103,
    "basic_unit_from": 11010001, "basic_unit_to": 11030001, "country": None, "reason": None,
    "sex": 1, "birth_date": date(1980, 6, 1), "known_from": date(2020, 5, 2), "known_to": OPEN,
}  # fmt: skip


def moved(**more: Any) -> tuple[Any, ...]:
    return tuple((EVENT | more).values())


@settings(max_examples=6)
@given(
    st.lists(st.tuples(DAYS, st.sampled_from([5, 8, 9]), st.sampled_from([301, 1101])), max_size=6),
    st.sampled_from([["county"], ["sex", "age"], ["marital_status"]]),
)
def test_events_are_the_flows_of_the_account(rows: list[Any], by: list[str]) -> None:
    events = [
        moved(position=n, event_date=day, kind=kind, municipality_from=place,
              municipality_to=1103 if kind == 5 else None, known_from=date(2005, 1, 1))
        for n, (day, kind, place) in enumerate(rows, 1)
    ]  # fmt: skip
    connection = hand_made([{"valid_from": date(1990, 1, 1)}], event=events)
    period = Period(date(2000, 6, 1), date(2003, 1, 1))
    flow = list(changes(connection, [period], by, KNOWN).rows())
    for event, measure in (("emigration", "emigration"), ("death", "deaths")):
        theirs = {tuple(str(row[n]) for n in by): row[measure] for row in flow if row[measure]}
        data = occurrences(connection, period, by, event, known_at=KNOWN).data
        ours = {tuple(str(code) for code in row[:-2]): row[-2] for row in data.rows() if row[-2]}
        assert ours == theirs


def test_destinations() -> None:
    events = [
        moved(),
        moved(position=2, municipality_to=301, basic_unit_to=3010001),
        moved(position=3, municipality_to=1101, basic_unit_to=11010002),
        moved(position=4, kind=8, municipality_to=None, basic_unit_to=None, country=183),
    ]
    connection = hand_made([{"municipality": 1101, "basic_unit": 11010001}], event=events)
    counted = {
        destination: occurrences(
            connection, YEAR, ["county"], "out_migration", destination=destination, known_at=KNOWN
        ).data["events"].sum()
        for destination in ("abroad", "municipality", "county", "anywhere", "03", "11", "1103",
                            "1101", "0301")
    }  # fmt: skip
    assert counted == {
        "abroad": 1, "municipality": 2, "county": 1, "anywhere": 3,
        "03": 1, "11": 0, "1103": 1, "1101": 0, "0301": 1,
    }  # fmt: skip


def test_emigration_to_a_country_and_return() -> None:
    events = [
        moved(kind=8, municipality_to=None, basic_unit_to=None, country=183),
        moved(position=2, kind=8, municipality_to=None, basic_unit_to=None, country=None),
        # Person 1 was resident before, person 2 comes for the first time.
        moved(position=3, kind=3, municipality_from=None, basic_unit_from=None),
        moved(position=4, kind=3, municipality_from=None, basic_unit_from=None, person=2),
    ]
    stays = [{}, {"person": 2, "position": 2, "valid_from": moved()[3]}]
    connection = hand_made(stays, event=events)

    def count(event: str, destination: str | None = None) -> int:
        found = occurrences(
            connection, YEAR, (), event, destination=destination, known_at=KNOWN
        ).data["events"]  # fmt: skip
        return int(found[0])

    there = country_code(183)
    assert count("emigration", there) == count("emigration", "XX") == 1
    assert count("emigration") == count("emigration", "abroad") == 2
    assert count("emigration", "AQ") == 0
    assert (count("immigration"), count("return")) == (2, 1)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"by": ["countty"]}, "Did you mean 'county'"),
        ({"by": ["sex", "sex"]}, "asked for twice"),
        ({"event": "emigrate"}, "Did you mean 'emigration'"),
        ({"event": "out_migration", "destination": "mars"}, "abroad, municipality"),
        ({"event": "emigration", "destination": "Sweden"}, "letters of ISO 3166-1"),
        ({"event": "death", "destination": "abroad"}, "is not where death goes"),
        ({"event": "birth", "by": ["age"]}, "describes the child"),
        ({"only": {"county": "3"}, "by": ["county"]}, "Did you mean '03'"),
        ({"only": {"county": []}, "by": ["county"]}, "keeps nothing"),
        ({"known_at": date(2020, 6, 1)}, "before the period ends"),
    ],
)
def test_bad_questions(asked: dict[str, Any], says: str) -> None:
    connection = hand_made([{}])
    with pytest.raises(UsageError, match=says):
        occurrences(connection, YEAR, **({"known_at": KNOWN} | asked))


@settings(max_examples=10)
@given(
    st.lists(st.tuples(st.integers(1, 3), DAYS, st.sampled_from([301, 1101])), max_size=12),
    st.sampled_from([[], ["county"], ["county", "year"], ["age_group"]]),
)
def test_first_events_are_at_most_the_persons(rows: list[Any], by: list[str]) -> None:
    events = [
        moved(position=n, person=person, event_date=day, kind=8, municipality_from=place,
              municipality_to=None, known_from=date(2005, 1, 1))
        for n, (person, day, place) in enumerate(rows, 1)
    ]  # fmt: skip
    connection = hand_made([{"valid_from": date(1990, 1, 1)}], event=events)
    period = Period(date(1999, 1, 1), date(2005, 1, 1))
    asked: dict[str, Any] = {"known_at": KNOWN}
    with_them = occurrences(connection, period, by, persons=True, **asked).data
    without = occurrences(connection, period, by, **asked).data
    assert with_them.drop("first_events").equals(without)
    assert with_them["first_events"].sum() == len({person for person, *_ in rows})
    assert (with_them["first_events"] <= with_them["events"]).all()
    if by == ["county"]:
        found = dict(with_them.select(pl.col("county").cast(pl.String), "first_events").rows())
        for county in (3, 11):
            persons = {person for person, _, place in rows if place // 100 == county}
            assert found.get(f"{county:02d}", 0) <= len(persons)
