"""Rates by what past events say: by hand, day by day, and the same as a study's panel has."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.study import Groups
from folkestrom.model.codes import Kind, Reason
from folkestrom.model.time import OPEN, completed_age
from folkestrom.statistics.periods import Period
from tests.analysis.rates.test_exposure import ALWAYS, DAYS, KNOWN, YEAR, exposure, moved, spells
from tests.analysis.rates.test_linked import STAY, born, counts, left, value
from tests.statistics.small_store import hand_made

DAY = timedelta(days=1)
NOTHING = date(1, 1, 1)


def came(day: date, reason: int | None = None, **more: Any) -> tuple[Any, ...]:
    given = {"kind": Kind.IMMIGRATION, "event_date": day, "municipality_from": None, "country": 183}
    return moved(**{**given, "municipality_to": 301, "reason": reason, **more})


def test_the_reason_is_that_of_the_last_immigration_that_states_one() -> None:
    stays = [
        {"valid_from": date(2015, 3, 1), "valid_to": date(2020, 2, 1)},
        {"valid_from": date(2020, 3, 1)},
    ]
    first, again = came(date(2015, 3, 1), Reason.WORK), came(date(2020, 3, 1), Reason.FAMILY)
    connection = hand_made(stays, event=[first, left(date(2020, 2, 1)), again])
    found = counts(connection, YEAR, ["immigration_reason", "immigration_year"])
    assert found == {("work", "2015"): (1, 31), ("family", "2020"): (0, 306)}
    silent = hand_made(stays, event=[first, left(date(2020, 2, 1)), came(date(2020, 3, 1))])
    assert exposure(silent, YEAR, ["immigration_reason"], KNOWN) == {("work",): 31 + 306}


def test_years_are_completed_on_anniversaries_and_by_moves_begun_anew() -> None:
    arrival = date(2016, 2, 29)
    stays = [
        {"valid_from": arrival, "valid_to": date(2020, 5, 1)},
        {"valid_from": date(2020, 5, 1), "municipality": 1103},
    ]
    move = moved(event_date=date(2020, 5, 1), municipality_from=301, municipality_to=1103)
    within = moved(
        event_date=date(2020, 9, 1), municipality_from=1103, municipality_to=1103, position=3
    )
    connection = hand_made(stays, event=[came(arrival), move, within])
    period = Period(date(2019, 1, 1), date(2021, 1, 1))
    names = ["years_since_immigration", "years_in_municipality"]
    assert exposure(connection, period, names, KNOWN) == {
        ("2", "2"): 31 + 28, ("3", "3"): 365, ("4", "4"): 1 + 31 + 30, ("4", "0"): 245,
    }  # fmt: skip
    bands = {"since": Groups("years_in_municipality", starts=(0, 1, 3))}
    assert counts(connection, period, ["since"], groups=bands) == {
        ("0",): (0, 245), ("1-2",): (0, 59), ("3+",): (0, 427),
    }  # fmt: skip


def test_who_was_there_when_the_register_began_has_no_first_day() -> None:
    start = moved(kind=Kind.FIRST_REGISTRATION, event_date=date(1999, 12, 31), municipality_to=301)
    connection = hand_made([{}], event=[start])
    assert counts(connection, YEAR, ["years_in_municipality"]) == {(None,): (0, 366)}


def test_children_until_they_are_grown_or_gone() -> None:
    """Two children of 1 and 2: one is 18 on 1 March, one is born on 1 June and leaves on 1 July."""
    stays = [
        STAY,
        STAY | {"person": 2},
        STAY | {"person": 3, "birth_date": date(2002, 3, 1)},
        {"person": 4, "birth_date": date(2020, 6, 1), "valid_from": date(2020, 6, 1),
         "valid_to": date(2020, 7, 1)},
    ]  # fmt: skip
    attribute = [born(n, 167, *((1, 2) if n > 2 else (None, None))) for n in range(1, 5)]
    status = [(1, 2, None, date(2015, 1, 1), date(2020, 6, 15), *ALWAYS)]
    connection = hand_made(stays, attribute=attribute, marital=status)
    found = exposure(connection, YEAR, ["children"], KNOWN)
    assert found == {("1",): 2 * (31 + 29 + 30), ("0",): 2 * (366 - 90) + 366 + 30}
    assert exposure(connection, YEAR, ["family"], KNOWN) == {
        ("couple_with_children",): 60 + 14,
        ("couple",): 31 + 30 + 31,
        ("single_with_children",): 90 + 16,
        ("single",): 366 - 90 - 92 + (366 - 90) + 366 + 30,
    }
    everybody = {("yes",): 166, ("no",): 3 * 366 + 30 - 166}
    assert exposure(connection, YEAR, ["with_partner"], KNOWN) == everybody


@dataclass
class Life:
    """One person's stays, marital statuses and events, from what is to happen on which days."""

    birth_date: date
    start: int
    steps: list[tuple[date, int | None, int | None]]
    statuses: list[Any] = field(default_factory=list)
    parents: tuple[int | None, int | None] = (None, None)
    stays: list[tuple[int, date, date]] = field(default_factory=list)
    events: list[tuple[date, int, int | None, int | None, int | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        here: int | None = None
        since = NOTHING
        for day, place, reason in self.steps:
            first = not self.events
            if place is None and (here is None or first):
                continue
            if here is not None and place != here:
                self.stays.append((here, since, day))
            kind = self._kind(here, place, first=first)
            self.events.append((day, kind, here, place, reason))
            if place != here:
                here, since = place, day
        if here is not None:
            self.stays.append((here, since, OPEN))

    def _kind(self, here: int | None, place: int | None, *, first: bool) -> int:
        if first:
            return self.start
        if place is None:
            return Kind.EMIGRATION
        return Kind.IMMIGRATION if here is None else Kind.MOVE

    def past(self, day: date) -> dict[str, Any]:
        """What events up to a day say."""
        before = [event for event in self.events if event[0] <= day]
        immigrated = [event for event in before if event[1] == Kind.IMMIGRATION]
        stated = [reason for *_, reason in immigrated if reason is not None]
        known_days = [
            NOTHING if kind == Kind.FIRST_REGISTRATION else when
            for when, kind, here, place, _ in before
            if kind != Kind.EMIGRATION and not (kind == Kind.MOVE and here == place)
        ]
        moved_in = max(known_days, default=NOTHING)
        return {
            "last": immigrated[-1][0] if immigrated else None,
            "first": immigrated[0][0] if immigrated else None,
            "reason": Reason(stated[-1]).name.lower() if stated else "unknown",
            "moved_in": None if moved_in == NOTHING else moved_in,
        }


class Country:
    """Persons of whom every day can be asked for by itself."""

    def __init__(self, lives: list[Life]) -> None:
        first = Life(date(1980, 6, 1), Kind.FIRST_REGISTRATION, [(date(1990, 1, 1), 301, None)])
        self.lives = {**dict(enumerate(lives, 1)), 99: first}

    def store(self) -> Any:
        stays, events, attribute, marital = [], [], [], []
        for person, life in self.lives.items():
            for place, first, last in life.stays:
                days = {"valid_from": first, "valid_to": last}
                who = {"person": person, "birth_date": life.birth_date}
                stays.append({**who, **days, "municipality": place})
            for day, kind, here, place, reason in life.events:
                events.append(moved(
                    position=len(events), person=person, kind=kind, event_date=day,
                    municipality_from=here, municipality_to=place, basic_unit_to=None,
                    country=183, reason=reason if kind == Kind.IMMIGRATION else None,
                    birth_date=life.birth_date, known_from=date(2000, 1, 1),
                ))  # fmt: skip
            attribute.append(born(person, 166, *life.parents))
            marital += [(person, status, None, *days, *ALWAYS) for status, *days in life.statuses]
        return hand_made(stays, event=events, attribute=attribute, marital=marital)

    def codes(self, person: int, day: date, after: int) -> dict[str, str]:
        """What the person is on a day; an event is of the years completed on the day after."""
        life = self.lives[person]
        past = life.past(day)
        at = day + timedelta(days=after)
        own = [child for child in self.lives.values() if person in child.parents]
        children = sum(
            child.parents.count(person)
            for child in own
            if value(child.stays, day) is not None
            and completed_age(child.birth_date, day + DAY) < 18
        )
        partner = value(life.statuses, day) in (2, 6)
        codes = {
            "county": f"{value(life.stays, day) // 100:02d}",
            "year": at.year,
            "immigration_reason": past["reason"],
            "immigration_year": past["last"] and past["last"].year,
            "first_immigration_year": past["first"] and past["first"].year,
            "years_since_immigration": completed(past["last"], at),
            "years_since_first_immigration": completed(past["first"], at),
            "years_in_municipality": completed(past["moved_in"], at),
            "children": children,
            "with_partner": ("no", "yes")[partner],
            "family": ("single", "couple")[partner] + "_with_children" * (children > 0),
        }  # fmt: skip
        settled = codes["years_in_municipality"]
        codes["settled"] = "unknown" if settled is None else ("0-1", "2+")[settled > 1]
        return {name: None if code is None else str(code) for name, code in codes.items()}


def completed(since: date | None, day: date) -> int | None:
    return None if since is None else completed_age(since, day + DAY)


GROUPED = {"settled": Groups("years_in_municipality", starts=(0, 2))}
PLACES = st.sampled_from([301, 1101, 1103, None])
LIVES = st.lists(
    st.builds(
        Life,
        st.dates(date(1980, 1, 1), date(1999, 1, 1)) | st.just(date(1984, 2, 29)),
        st.sampled_from([Kind.FIRST_REGISTRATION, Kind.BIRTH, Kind.IMMIGRATION]),
        st.lists(
            st.tuples(DAYS | st.just(date(2000, 2, 29)), PLACES, st.sampled_from([None, 1, 2])),
            min_size=1, max_size=6, unique_by=lambda step: step[0],
        ).map(lambda steps: sorted(steps, key=lambda step: step[0])),
        spells(st.integers(1, 3)),
        st.tuples(st.none() | st.integers(1, 4), st.none() | st.integers(1, 4)),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=10)
@given(
    LIVES,
    st.sampled_from(
        [
            ["immigration_reason", "immigration_year", "county"],
            ["years_since_immigration", "years_since_first_immigration"],
            ["years_in_municipality", "first_immigration_year", "year"],
            ["children", "with_partner"],
            ["family", "year", "county"],
            ["settled", "family", "immigration_reason"],
        ]
    ),
    st.integers(0, 700),
    st.integers(1, 900),
)
def test_day_by_day(lives: list[Life], by: list[str], shift: int, days: int) -> None:
    country = Country(lives)
    start = date(2000, 1, 1) + timedelta(days=shift)
    period = Period(start, start + timedelta(days=days))
    expected: dict[Any, list[int]] = {}
    for person, life in country.lives.items():
        for n in range(days):
            day = start + timedelta(days=n)
            if value(life.stays, day) is not None:
                codes = country.codes(person, day, 0)
                expected.setdefault(tuple(codes[b] for b in by), [0, 0])[1] += 1
        for day, kind, *_ in life.events:
            if kind == Kind.EMIGRATION and period.start <= day < period.end:
                codes = country.codes(person, day - DAY, 1)
                expected.setdefault(tuple(codes[b] for b in by), [0, 0])[0] += 1
    found = counts(country.store(), period, by, groups=GROUPED)
    assert found == {code: tuple(both) for code, both in expected.items()}
