"""Rates by linked variables and groups: exact days by hand, day by day, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.rates import occurrences
from folkestrom.analysis.study import Groups
from folkestrom.errors import UsageError
from folkestrom.model.countries import COUNTRY_CODES
from folkestrom.model.time import OPEN, completed_age
from folkestrom.statistics.periods import Period
from tests.analysis.rates.linked_store import link
from tests.analysis.rates.test_exposure import DAYS, KNOWN, YEAR, exposure, moved, spells
from tests.statistics.small_store import hand_made

STAY = {"valid_from": date(2015, 1, 1)}


def counts(connection: Any, period: Period, by: list[str], **more: Any) -> dict[Any, Any]:
    """Events and days by codes, as texts."""
    data = occurrences(connection, period, by, **({"known_at": KNOWN} | more)).data
    texts = data.with_columns(pl.col(name).cast(pl.String) for name in by)
    return {row[:-2]: row[-2:] for row in texts.rows()}


def left(day: date, person: int = 1, birth_date: date = date(1980, 6, 1)) -> tuple[Any, ...]:
    return moved(
        person=person,
        position=person,
        birth_date=birth_date,
        kind=8,
        event_date=day,
        municipality_from=301,
        municipality_to=None,
        basic_unit_to=None,
        country=183,
        known_from=date(2020, 1, 1),
    )


INCOME = [
    (1, "low", date(2019, 1, 1), date(2020, 3, 1)),
    (1, "high", date(2020, 3, 1), date(2020, 7, 1)),
    (2, "low", date(2020, 2, 1), date(2020, 2, 2)),
]


def test_stays_are_cut_where_the_value_changes() -> None:
    connection = hand_made([STAY, STAY | {"person": 2}, STAY | {"person": 3}])
    link(connection, "income", INCOME)
    assert exposure(connection, YEAR, ["income"], KNOWN) == {
        ("low",): 31 + 29 + 1,
        ("high",): 31 + 30 + 31 + 30,
        ("unknown",): 184 + 365 + 366,
    }


@pytest.mark.parametrize(
    ("day", "level"),
    [
        ("2020-03-01", "low"),  # the new value begins on the day of leaving: no exposure had it
        ("2020-03-02", "high"),
        ("2020-07-01", "high"),
        ("2020-07-02", "unknown"),
        ("2020-01-01", "low"),
    ],
)
def test_an_event_has_the_value_of_the_last_day_of_exposure(day: str, level: str) -> None:
    end = date.fromisoformat(day)
    connection = hand_made([STAY | {"valid_to": end}], event=[left(end)])
    link(connection, "income", INCOME)
    found = counts(connection, YEAR, ["income"])
    assert {code: events for (code,), (events, _) in found.items() if events} == {level: 1}
    if end > YEAR.start:
        assert found[level,][1] > 0


def test_classes_of_municipalities() -> None:
    moves = [
        STAY | {"valid_to": date(2020, 5, 1)},
        STAY | {"municipality": 1103, "valid_from": date(2020, 5, 1), "valid_to": date(2020, 9, 1)},
        STAY | {"municipality": 1101, "valid_from": date(2020, 9, 1)},
    ]
    starts = moved(kind=1, event_date=date(2015, 1, 1), municipality_to=301)
    connection = hand_made(moves, event=[starts])
    link(
        connection, "centrality", key="municipality",
        rows=[
            (301, 1, date(2000, 1, 1), date(2020, 2, 1)), (301, 2, date(2020, 2, 1), OPEN),
            (1103, 6, date(2000, 1, 1), OPEN),
        ],
    )  # fmt: skip
    assert exposure(connection, YEAR, ["centrality"], KNOWN) == {
        ("1",): 31, ("2",): 29 + 31 + 30, ("6",): 31 + 30 + 31 + 31, ("unknown",): 122,
    }  # fmt: skip
    first = {"first": Groups("first_municipality", by="centrality")}
    found = counts(connection, YEAR, ["first", "first_county"], groups=first)
    assert found == {("1", "03"): (0, 31), ("2", "03"): (0, 335)}


def test_amounts_in_bands() -> None:
    connection = hand_made([STAY, STAY | {"person": 2}])
    link(
        connection, "wealth",
        [
            (1, -5.0, date(2019, 1, 1), date(2020, 1, 11)),
            (1, 0.0, date(2020, 1, 11), date(2020, 1, 31)),
            (1, 1e6, date(2020, 1, 31), OPEN),
        ],
    )  # fmt: skip
    plain = {"band": Groups("wealth", starts=(0, 1e6))}
    assert counts(connection, YEAR, ["band"], groups=plain) == {
        ("0-999999",): (0, 20), ("1000000+",): (0, 336), ("unknown",): (0, 10 + 366),
    }  # fmt: skip
    named = {"band": Groups("wealth", starts=(0, 1e6), other="debt")}
    found = counts(connection, YEAR, ["band"], groups=named)
    assert found["debt",] == (0, 10)
    assert found["unknown",] == (0, 366)
    variables = occurrences(connection, YEAR, ["band"], known_at=KNOWN, groups=named).variables
    order = [category.code for category in variables[0].dimension.categories]
    assert order == ["debt", "0-999999", "1000000+", "unknown"]
    # A band's own name is that band's, and what is below is with it.
    shared = {"band": Groups("wealth", starts=(0, 1e6), other="0-999999")}
    found = counts(connection, YEAR, ["band"], groups=shared)
    assert found["0-999999",] == (0, 30)


def test_halves_of_the_residents_of_each_january() -> None:
    """Person 4 lives abroad and person 5 has no value then: neither moves the halves."""
    people = [STAY | {"person": n} for n in (1, 2, 3, 5)]
    connection = hand_made(people, event=[left(date(2020, 1, 1), 3)])
    first, turn, last = date(2019, 1, 1), date(2020, 1, 1), date(2021, 1, 1)
    values = [(1, 10, 30), (2, 20, 20), (3, 20, 10), (4, 900, 900)]
    rows = [row for n, a, b in values for row in ((n, a, first, turn), (n, b, turn, last))]
    link(connection, "income", [*rows, (5, 900, date(2020, 1, 2), last)])
    half = {"half": Groups("income", quantiles=2)}
    found = counts(connection, Period(first, last), ["year", "half"], groups=half)
    # 2019: 10 | 20 20 has its cut at 20, and equal values go together.
    assert found["2019", "1"] == (0, 3 * 365)
    assert found["2019", "unknown"] == (0, 365)
    # 2020: 10 20 | 30, and person 5 above the cut from 2 January on.
    assert found["2020", "2"] == (0, 366 + 365)
    # Who left on 1 January 2020 did so from the half of 2019.
    assert found["2020", "1"] == (1, 2 * 366)


def test_the_rule_of_groups_of_equal_size_is_told() -> None:
    connection = hand_made([STAY])
    link(connection, "income", [(1, 10, date(2020, 1, 1), OPEN)])
    period = Period(date(2019, 1, 1), date(2021, 1, 1))
    half = {"half": Groups("income", quantiles=2)}
    found = occurrences(connection, period, ["half"], known_at=KNOWN, groups=half)
    (note,) = [variable.note for variable in found.variables]
    assert note is not None
    assert "2 groups of equal size by income among the residents of 1 January" in note.en
    assert "Nobody has one on 1 January of 2019" in note.en


def test_values_as_known_then() -> None:
    connection = hand_made([STAY])
    corrected = date(2022, 1, 1)
    rows = [
        (1, "low", date(2020, 1, 1), date(2021, 1, 1), date(2020, 1, 1), corrected),
        (1, "high", date(2020, 1, 1), date(2020, 3, 1), corrected, OPEN),
    ]
    link(connection, "income", rows)
    assert exposure(connection, YEAR, ["income"], corrected - timedelta(days=1)) == {("low",): 366}
    assert exposure(connection, YEAR, ["income"], corrected) == {("high",): 60, ("unknown",): 306}


def test_a_level_that_is_called_unknown_is_the_unknown_one() -> None:
    connection = hand_made([STAY])
    link(connection, "income", [(1, "low", date(2020, 1, 1), date(2020, 2, 1)),
                                (1, "unknown", date(2020, 2, 1), date(2020, 3, 1))])  # fmt: skip
    assert counts(connection, YEAR, ["income"]) == {("low",): (0, 31), ("unknown",): (0, 335)}


ATTRIBUTE = (1, date(1990, 1, 1), 166, None, None, 1, date(1990, 1, 1), OPEN,
             date(2000, 1, 1), OPEN, 1)  # fmt: skip


def born(person: int, country: int, mother: int | None, father: int | None) -> tuple[Any, ...]:
    sex, birth, *_ = ATTRIBUTE
    return person, sex, birth, country, mother, father, *ATTRIBUTE[5:]


def test_what_studies_derive() -> None:
    """1 and 2 are Swedish and Polish parents, 3 and 4 their children, 5 a native."""
    norway, sweden, poland = (COUNTRY_CODES[code] for code in ("NO", "SE", "PL"))
    attribute = [
        born(1, sweden, None, None), born(2, poland, None, None), born(3, norway, 1, 2),
        born(4, norway, 1, None), born(5, norway, 5, None),
    ]  # fmt: skip
    stays = [STAY | {"person": a[0], "country_of_birth": a[3]} for a in attribute]
    event = moved(person=3, kind=8, country=sweden, municipality_to=None, basic_unit_to=None)
    connection = hand_made(stays, attribute=attribute, event=[event])
    found = counts(connection, YEAR, ["immigrant_group", "children_of_immigrants"])
    assert found == {
        ("nordic", "no"): (0, 366), ("eu8", "no"): (0, 366), ("norwegian_born", "yes"): (1, 366),
        ("native", "unknown"): (0, 366), ("native", "no"): (0, 366),
    }  # fmt: skip
    period = Period(date(2019, 1, 1), date(2021, 1, 1))
    both = {"parts": Groups("immigrant_group", codes={"majority": ["native"]}, other="minority")}
    found = counts(connection, period, ["covid_year", "parts"], groups=both)
    assert found == {
        ("2020", "majority"): (0, 2 * 366), ("2020", "minority"): (1, 3 * 366),
        ("other_years", "majority"): (0, 2 * 365), ("other_years", "minority"): (0, 3 * 365),
    }  # fmt: skip


PERSONS = st.lists(
    st.tuples(
        st.dates(date(1930, 1, 1), date(1999, 1, 1)),
        spells(st.sampled_from([301, 1101, 1103])),
        spells(st.sampled_from(["a", "b"])),
        spells(st.integers(0, 5).map(lambda n: 100_000 * n)),
        st.none() | DAYS,
    ),
    min_size=1,
    max_size=4,
)
CLASSES = spells(st.sampled_from([1, 2]))
GROUPED = {
    "band": Groups("income", starts=(100_000, 400_000)),
    "third": Groups("income", quantiles=3),
    "years": Groups("year", starts=(2000, 2002)),
    "young": Groups("age", starts=(0, 30)),
}


class Lives:
    """Persons of whom every day can be asked for by itself."""

    def __init__(self, persons: list[Any], classes: list[Any]) -> None:
        self.persons, self.classes = persons, classes

    def store(self) -> Any:
        stays = [
            {"person": n, "birth_date": born, "municipality": place, "valid_from": first,
             "valid_to": last}
            for n, (born, places, *_) in enumerate(self.persons, 1)
            for place, first, last in places
        ]  # fmt: skip
        stays.append({"person": 99, "valid_from": date(1990, 1, 1)})
        events = [left(day, n, born) for n, (born, *_, day) in enumerate(self.persons, 1) if day]
        connection = hand_made(stays, event=events)
        for name, place in (("text", 2), ("income", 3)):
            rows = [(n, *row) for n, p in enumerate(self.persons, 1) for row in p[place]]
            link(connection, name, rows)
        link(connection, "centrality", [(301, *row) for row in self.classes], key="municipality")
        return connection

    def codes(self, person: int, place: int, day: date, born: date, after: int) -> dict[str, str]:
        """What the person is on a day; an event is of the year and the age of the day after."""
        text, income = (
            value(self.persons[person - 1][n], day) if person < 99 else None for n in (2, 3)
        )
        centrality = value(self.classes, day) if place == 301 else None
        year = (day + timedelta(days=after)).year
        age = completed_age(born, day + timedelta(days=after + 1))
        cuts = self.cuts(day.year)
        third = None if income is None or not cuts else 1 + sum(income > cut for cut in cuts)
        band = None if income is None or income < 100_000 else income >= 400_000
        codes = {
            "text": text, "centrality": centrality, "third": third,
            "band": None if band is None else ("100000-399999", "400000+")[band],
            "county": f"{place // 100:02d}", "year": year,
            "years": None if year < 2000 else "2000-2001" if year < 2002 else "2002+",
            "young": "0-29" if age < 30 else "30+",
        }  # fmt: skip
        return {n: "unknown" if code is None else str(code) for n, code in codes.items()}

    def cuts(self, year: int) -> list[int]:
        """Thirds of the residents of 1 January with a value: the values at a third and at two."""
        turn = date(year, 1, 1)
        eve = turn - timedelta(days=1)
        there = [p for p in self.persons if value(p[1], eve) is not None]
        listed = sorted(v for p in there if (v := value(p[3], turn)) is not None)
        size = len(listed)
        return [listed[-(-size * n // 3) - 1] for n in (1, 2)] if listed else []


def value(history: list[Any], day: date) -> Any:
    return next((v for v, first, last in history if first <= day < last), None)


@settings(max_examples=10)
@given(
    PERSONS,
    CLASSES,
    st.sampled_from(
        [
            ["text"],
            ["text", "county", "year"],
            ["centrality", "young", "text"],
            ["third", "years"],
            ["band", "third", "centrality", "young", "year"],
        ]
    ),
    st.integers(0, 700),
    st.integers(1, 900),
)
def test_day_by_day(persons: Any, classes: Any, by: list[str], shift: int, days: int) -> None:
    lives = Lives(persons, classes)
    connection = lives.store()
    start = date(2000, 1, 1) + timedelta(days=shift)
    period = Period(start, start + timedelta(days=days))
    expected: dict[Any, list[int]] = {}
    if "third" in by:
        values = [v for p in persons for v in p[3]]
        turns = [
            date(y, 1, 1) for y in range(start.year, (period.end - timedelta(days=1)).year + 1)
        ]
        if not any(first <= turn < last for _, first, last in values for turn in turns):
            with pytest.raises(UsageError, match="has no value on 1 January"):
                counts(connection, period, by, groups=GROUPED)
            return
    everybody = [*enumerate(persons, 1), (99, (date(1980, 6, 1), [(301, date(1990, 1, 1), OPEN)]))]
    for n in range(days):
        day = start + timedelta(days=n)
        for person, life in everybody:
            place = value(life[1], day)
            if place is not None:
                codes = lives.codes(person, place, day, life[0], 0)
                expected.setdefault(tuple(codes[b] for b in by), [0, 0])[1] += 1
            if len(life) > 2 and life[4] == day:
                codes = lives.codes(person, 301, day - timedelta(days=1), life[0], 1)
                expected.setdefault(tuple(codes[b] for b in by), [0, 0])[0] += 1
    found = counts(connection, period, by, groups=GROUPED)
    assert found == {code: tuple(both) for code, both in expected.items()}


@settings(max_examples=5)
@given(PERSONS, CLASSES, st.sampled_from(["text", "centrality", "band"]))
def test_levels_add_up_to_the_whole(persons: Any, classes: Any, linked: str) -> None:
    connection = Lives(persons, classes).store()
    period = Period(date(2000, 3, 1), date(2004, 5, 6))
    by = ["county", "age_group", "year"]
    whole = occurrences(connection, period, by, known_at=KNOWN).data
    parts = occurrences(connection, period, [*by, linked], known_at=KNOWN, groups=GROUPED).data
    sums = parts.group_by(by, maintain_order=True).agg(pl.col("events", "days").sum())
    keys = [pl.col(name).cast(pl.String) for name in by]
    assert sums.with_columns(keys).sort(by).rows() == whole.with_columns(keys).sort(by).rows()


@pytest.mark.parametrize(
    ("by", "groups", "says"),
    [
        ("incom", {}, "Did you mean 'income'"),
        ("something", {}, "folkestrom link FILE --as something"),
        ("text:sex", {}, "Allowed: text, sex"),
        ("income", {}, "would be a group for every number"),
        ("wealth", {}, "wealth_tenth = {of = \"wealth\", quantiles = 10}"),
        ("destination", {}, "is a variable of studies"),
        ("duration", {}, "a linked one too"),
        ("later", {}, "was linked as known from 2031-01-01 on"),
        ("g", {"g": Groups("later", quantiles=2)}, "was linked as known from 2031-01-01 on"),
        ("g", {"g": Groups("incme", quantiles=2)}, "Did you mean 'income'"),
        ("g", {"g": Groups("text", quantiles=2)}, "has codes and no numbers"),
        ("g", {"g": Groups("income", codes={"a": ["1"]})}, "it has no codes"),
        ("g", {"g": Groups("text", codes={"a": ["c"]})}, "is not a code of text"),
        ("g", {"g": Groups("age", quantiles=2)}, "groups of equal size are of linked numbers"),
        ("g", {"g": Groups("old", quantiles=2)}, "has no value on 1 January of any year"),
        ("g", {"g": Groups("county", by="centrality")}, "is not a municipality"),
        ("g", {"g": Groups("municipality", by="income")}, "not a linked variable of municipal"),
        ("g", {"g": Groups("h", quantiles=2), "h": Groups("income", quantiles=2)}, "group itself"),
        ("sex", {"sex": Groups("income", quantiles=2)}, "is a variable already"),
        ("income", {"income": Groups("wealth", quantiles=2)}, "is a variable already"),
    ],
)  # fmt: skip
def test_bad_questions(by: str, groups: Any, says: str) -> None:
    connection = hand_made([STAY])
    spell = (date(2020, 1, 1), date(2021, 1, 1))
    link(connection, "text", [(1, "a", *spell), (1, "b", date(2021, 1, 1), OPEN)])
    link(connection, "income", [(1, 0, *spell), (1, 900_000, date(2021, 1, 1), OPEN)])
    link(connection, "wealth", [(1, 0.5, *spell)])
    link(connection, "duration", [(1, "long", *spell)])
    link(connection, "old", [(1, 5, date(1999, 1, 1), date(2000, 1, 1))])
    link(connection, "later", [(1, "a", *spell)], known_from=date(2031, 1, 1))
    link(connection, "centrality", [(301, 1, *spell)], key="municipality")
    with pytest.raises(UsageError) as refused:
        occurrences(connection, YEAR, [by], known_at=KNOWN, groups=groups)
    assert says in str(refused.value)


def test_births_by_classes_of_places_only() -> None:
    connection = hand_made([STAY])
    link(connection, "centrality", [(301, 1, date(2000, 1, 1), OPEN)], key="municipality")
    link(connection, "income", [(1, "low", date(2000, 1, 1), OPEN)])
    assert counts(connection, YEAR, ["centrality"], event="birth") == {("1",): (0, 366)}
    with pytest.raises(UsageError, match="nobody is exposed to being born"):
        counts(connection, YEAR, ["income"], event="birth")
